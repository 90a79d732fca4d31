//! Tests the command `cargo xtask spec import`: exit code, output and files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A minimal upstream document with an item of every kind that the import handles.
const DOCUMENT: &str = r"
openapi: 3.1.0
info: {title: Everything, version: 1.2.3, description: Their words.}
servers: [{url: https://example.invalid}]
paths:
  /models:
    get: {operationId: listModels, tags: [Models], responses: {'200': {description: ok}}}
  /threads:
    post:
      operationId: createThread
      tags: [Assistants]
      summary: Their words.
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/CreateThreadRequest'}}}}
      responses:
        200: {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}
        429: {$ref: '#/components/responses/TooMany'}
  /threads/{thread_id}:
    get:
      operationId: getThread
      tags: [Assistants]
      parameters:
        - {name: thread_id, in: path, required: true, schema: {type: string}, description: Their words.}
        - {name: 'include[]', in: query, schema: {type: array, items: {type: string, enum: [owner]}}}
      responses:
        200: {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}
components:
  responses:
    TooMany: {description: Their words.}
  schemas:
    Metadata:
      anyOf: [{type: object, additionalProperties: {type: string}}, {type: 'null'}]
    CreateThreadRequest:
      type: object
      properties:
        model: {anyOf: [{type: string}, {$ref: '#/components/schemas/Models'}]}
        stream: {type: boolean, nullable: true}
    Models: {type: string, enum: [a, b]}
    ThreadObject:
      type: object
      description: Their words.
      required: [id, object, status, metadata, missing]
      properties:
        id: {type: string}
        object: {const: thread}
        status: {type: string, enum: [open, closed], x-note: Their words.}
        metadata: {$ref: '#/components/schemas/Metadata'}
        tools:
          type: array
          items:
            oneOf:
              - {type: object, required: [type], properties: {type: {const: search}}}
              - {type: object, required: [type], properties: {type: {const: call}}}
    AssistantStreamEvent:
      oneOf:
        - {type: object, required: [event, data], properties: {event: {const: thread.created}, data: {$ref: '#/components/schemas/ThreadObject'}}}
";

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn import(&self, document: &Path) -> Output {
        let output = self.0.join("openapi.yaml");
        self.import_to(document, &output)
    }

    /// The import with this folder as the repository.
    fn command(&self, document: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .env("CARGO_MANIFEST_DIR", self.0.join("xtask"))
            .args(["spec", "import"])
            .arg(document);
        command
    }

    fn import_to(&self, document: &Path, output: &Path) -> Output {
        self.command(document)
            .arg("--output")
            .arg(output)
            .output()
            .unwrap()
    }

    fn import_ok(&self, document: &Path) -> String {
        let output = self.import(document);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_document_is_extracted_named_and_lowered() {
    let folder = Folder::new("cut");
    let summary = folder.import_ok(&folder.write("in.yaml", DOCUMENT));
    assert!(
        summary.contains("2 operations, 12 schemas (6 named by the import)"),
        "{summary}"
    );
    assert!(summary.contains("changes: first import"), "{summary}");
    assert!(
        summary.contains("\n  schemas/ThreadObject/properties/status\n"),
        "{summary}"
    );

    let written = folder.read("openapi.yaml");
    for expected in [
        "openapi: '3.0.3'\n",
        "      operationId: createThread\n",
        "      x-event-stream:\n        $ref: '#/components/schemas/AssistantStreamEvent'\n",
        "    ThreadTool:\n      oneOf:\n        - $ref: '#/components/schemas/SearchThreadTool'\n",
        "          search: '#/components/schemas/SearchThreadTool'\n",
        "        metadata:\n          allOf:\n            - $ref: '#/components/schemas/Metadata'\n          nullable: true\n",
        "        model:\n          type: string\n",
        "    ThreadStatus:\n",
        "    ThreadCreatedEvent:\n",
        "        '5XX':\n",
        "                $ref: '#/components/schemas/ErrorResponse'\n",
    ] {
        assert!(
            written.contains(expected),
            "{expected} is missing in\n{written}"
        );
    }
    for unexpected in [
        "Their words",
        "Models",
        "missing",
        "x-note",
        "anyOf",
        "null'",
    ] {
        assert!(
            !written.contains(unexpected),
            "{unexpected} is in\n{written}"
        );
    }
}

#[test]
fn a_second_import_changes_nothing() {
    let folder = Folder::new("idempotent");
    let document = folder.write("in.yaml", DOCUMENT);
    folder.import_ok(&document);
    let first = folder.read("openapi.yaml");
    let summary = folder.import_ok(&document);
    assert!(summary.contains("(unchanged)"), "{summary}");
    assert!(
        summary.contains("changes: 0 added, 0 removed, 0 changed; 0 breaking"),
        "{summary}"
    );
    assert_eq!(folder.read("openapi.yaml"), first);

    // The output can be imported, too.
    let copy = folder.write("copy.yaml", &first);
    assert!(folder.import_ok(&copy).contains("(unchanged)"));
}

#[test]
fn descriptions_are_kept_and_changes_are_listed() {
    let folder = Folder::new("descriptions");
    folder.import_ok(&folder.write("in.yaml", DOCUMENT));
    let described = folder
        .read("openapi.yaml")
        .replace(
            "    ThreadStatus:\n",
            "    ThreadStatus:\n      description: 'Ours: kept.'\n",
        )
        .replace(
            "        status:\n",
            "        status:\n          description: Ours as well.\n",
        );
    // OpenAPI 3.0 ignores siblings of `$ref`, so the import wraps the reference in `allOf`.
    folder.write("openapi.yaml", &described);

    let changed = DOCUMENT
        .replace("[open, closed]", "[open, archived]")
        .replace("id: {type: string}", "name: {type: string}");
    let summary = folder.import_ok(&folder.write("changed.yaml", &changed));
    for expected in [
        "- schemas/ThreadStatus/enum/closed (breaking: variant removed)",
        "+ schemas/ThreadStatus/enum/archived\n",
        "- schemas/ThreadObject/properties/id (breaking: field removed)",
        "+ schemas/ThreadObject/properties/name: string\n",
        "2 added, 2 removed, 0 changed; 2 breaking",
    ] {
        assert!(
            summary.contains(expected),
            "{expected} is missing in\n{summary}"
        );
    }
    assert!(!summary.contains("\n  schemas/ThreadStatus\n"), "{summary}");
    let written = folder.read("openapi.yaml");
    assert!(
        written.contains("      description: 'Ours: kept.'\n"),
        "{written}"
    );
    assert!(
        written.contains("          description: Ours as well.\n          allOf:\n"),
        "{written}"
    );
}

#[test]
fn a_new_output_copies_the_descriptions_of_the_repository() {
    let folder = Folder::new("vocabulary");
    let document = folder.write("in.yaml", DOCUMENT);
    folder.import_ok(&document);
    let described = folder.read("openapi.yaml").replace(
        "    ThreadStatus:\n",
        "    ThreadStatus:\n      description: Ours.\n",
    );
    folder.write("openapi.yaml", &described);

    let elsewhere = folder.0.join("elsewhere.yaml");
    assert!(folder.import_to(&document, &elsewhere).status.success());
    assert!(
        folder
            .read("elsewhere.yaml")
            .contains("      description: Ours.\n")
    );
}

#[test]
fn a_canonical_document_keeps_its_descriptions_unless_the_output_has_others() {
    let folder = Folder::new("canonical");
    folder.import_ok(&folder.write("in.yaml", DOCUMENT));
    let plain = folder.read("openapi.yaml");
    let describe = |text: &str, name: &str, description: &str| {
        let head = format!("    {name}:\n");
        text.replace(&head, &format!("{head}      description: {description}\n"))
    };
    let described = describe(&plain, "ThreadStatus", "New.");
    let described = describe(&described, "ThreadObject", "New.");
    let canonical = folder.write("canonical.yaml", &described);
    folder.write("openapi.yaml", &describe(&plain, "ThreadObject", "Old."));
    folder.import_ok(&canonical);
    let expected = describe(&plain, "ThreadStatus", "New.");
    let expected = describe(&expected, "ThreadObject", "Old.");
    assert_eq!(folder.read("openapi.yaml"), expected);
}

#[test]
fn a_mark_of_a_feature_that_marks_nothing_is_an_error() {
    let folder = Folder::new("marks");
    folder.import_ok(&folder.write("in.yaml", DOCUMENT));
    let before = folder.read("openapi.yaml");
    let head = "    ThreadStatus:\n";
    let marks = format!("{head}      x-features:\n        gone: files\n");
    let marked = folder.write("marked.yaml", &before.replace(head, &marks));
    let output = folder.import(&marked);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    let expected = "marked.yaml: at #/components/schemas/ThreadStatus/x-features/gone: there is no such value or tag";
    assert!(error.contains(expected), "{error}");
    assert_eq!(folder.read("openapi.yaml"), before);
}

#[test]
fn json_and_yaml_are_imported_equally() {
    let folder = Folder::new("json");
    folder.import_ok(&folder.write("in.yaml", DOCUMENT));
    let yaml = folder.read("openapi.yaml");
    let value = serde_json::json!({
        "openapi": "3.0.1",
        "info": {"title": "x", "version": "1"},
        "paths": {"/threads": {"get": {
            "operationId": "getIt", "tags": ["Assistants"],
            "responses": {"200": {"content": {"application/json": {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}}}},
        }}},
    });
    folder.import_ok(&folder.write("in.json", &value.to_string()));
    let json = folder.read("openapi.yaml");
    assert_ne!(json, yaml);
    assert!(json.contains("    GetItResponse:\n"), "{json}");

    let as_yaml = "
openapi: 3.0.1
info: {title: x, version: '1'}
paths:
  /threads:
    get:
      operationId: getIt
      tags: [Assistants]
      responses: {200: {content: {application/json: {schema: {type: object, properties: {a: {type: string}}}}}}}
";
    assert!(
        folder
            .import_ok(&folder.write("same.yaml", as_yaml))
            .contains("(unchanged)")
    );
}

/// An overlay that adds a property, an operation and a component.
const OVERLAY: &str = "
overlay: 1.1.0
info: {title: Mine, version: '1'}
actions:
  - target: $.components.schemas.ThreadObject
    update: {properties: {owner: {$ref: '#/components/schemas/Owner', description: Who owns it.}}}
  - target: $.components.schemas
    update: {Owner: {type: object, properties: {name: {type: [string, 'null']}}}}
  - target: $.paths
    update:
      /owners:
        get:
          operationId: listOwners
          description: Lists the owners.
          x-feature: foundry
          responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/Owner'}}}}}
";

#[test]
fn overlays_apply_to_the_lowered_document() {
    let folder = Folder::new("overlay");
    let document = folder.write("in.yaml", DOCUMENT);
    let overlay = folder.write("mine.yaml", OVERLAY);
    let run = |arguments: &[&str]| {
        let output = folder.command(&document).args(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (String::from_utf8(output.stdout).unwrap(), error)
    };
    let overlay = overlay.display().to_string();
    let (lowered, error) = run(&["--lowered"]);
    assert_eq!(error, "");
    for expected in [
        "    ThreadObject:\n",
        "          items:\n            oneOf:\n",
    ] {
        assert!(
            lowered.contains(expected),
            "{expected} is missing in\n{lowered}"
        );
    }
    assert!(!folder.0.join("openapi.yaml").exists());

    let (summary, error) = run(&["--overlay", &overlay]);
    assert_eq!(error, "");
    assert!(summary.contains("\n3 operations"), "{summary}");
    let written = folder.read("openapi.yaml");
    for expected in [
        "  /owners:\n    get:\n      operationId: listOwners\n      x-feature: foundry\n      description: Lists the owners.\n",
        "        owner:\n          description: Who owns it.\n          allOf:\n            - $ref: '#/components/schemas/Owner'\n",
        "    Owner:\n      type: object\n      properties:\n        name:\n          type: string\n          nullable: true\n",
    ] {
        assert!(
            written.contains(expected),
            "{expected} is missing in\n{written}"
        );
    }
    assert!(!written.contains("x-description"), "{written}");

    // The result is canonical, and is imported without the overlay.
    let copy = folder.write("copy.yaml", &written);
    assert!(folder.import_ok(&copy).contains("(unchanged)"));
}

#[test]
fn an_invalid_overlay_is_one_error_and_keeps_the_output() {
    let folder = Folder::new("overlay-errors");
    let document = folder.write("in.yaml", DOCUMENT);
    folder.import_ok(&document);
    let before = folder.read("openapi.yaml");
    let thread = "$.components.schemas.ThreadObject\n";
    for (overlay, expected) in [
        (
            OVERLAY.replace(thread, "$.components.schemas.ThreadObjekt\n"),
            "mine.yaml: at line 5: the target $.components.schemas.ThreadObjekt selects nothing in ",
        ),
        (
            OVERLAY.replace("x-feature: foundry", "x-feature: foundri"),
            "mine.yaml: at line 15: the target $.paths: unknown feature \"foundri\"",
        ),
        (
            format!(
                "{OVERLAY}  - target: $.components.schemas.ThreadObject.properties.status\n    update: {{x-features: {{opened: files}}}}\n"
            ),
            "mine.yaml: at line 17: the target $.components.schemas.ThreadObject.properties.status: at #/components/schemas/ThreadStatus/x-features/opened: there is no such value or tag",
        ),
        (
            OVERLAY
                .replace(
                    "{properties: {owner: ",
                    "{required: [owner], properties: {owner: {x-feature: files, allOf: [",
                )
                .replace("it.}}}", "it.}]}}}"),
            "at #/components/schemas/ThreadObject/properties/owner: a property of a feature cannot be required",
        ),
    ] {
        let overlay = folder.write("mine.yaml", &overlay);
        let output = folder
            .command(&document)
            .arg("--overlay")
            .arg(overlay)
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(expected), "{error}");
        assert_eq!(folder.read("openapi.yaml"), before);
    }
}

#[test]
fn invalid_input_is_one_error_and_keeps_the_output() {
    let folder = Folder::new("errors");
    folder.import_ok(&folder.write("in.yaml", DOCUMENT));
    let before = folder.read("openapi.yaml");
    let thread = "$ref: '#/components/schemas/ThreadObject'";
    for (name, text, expected) in [
        ("not yaml", "a: [1\nb: 2", "at line 2, column"),
        ("empty", "", "is empty"),
        ("only text", "hello", "is not an OpenAPI document"),
        ("binary", "\u{0}\u{1}", "not valid YAML"),
        (
            "repeated key",
            "openapi: 3.0.0\nopenapi: 3.1.0\n",
            "at line 2, column 1: duplicate key `openapi`",
        ),
        (
            "no openapi",
            "info: {version: 1}",
            "is not an OpenAPI document: the property `openapi` is missing",
        ),
        (
            "swagger",
            "swagger: '2.0'",
            "at #/swagger: Swagger 2.0 cannot be imported",
        ),
        (
            "3.2",
            "openapi: 3.2.0",
            "at #/openapi: OpenAPI 3.2.0 cannot be imported",
        ),
        (
            "no paths",
            "openapi: 3.0.0\ninfo: {version: '1'}",
            "at #/paths: there are no paths",
        ),
        (
            "no operations",
            &DOCUMENT.replace("tags: [Assistants]", "tags: [Chat]"),
            "at #/paths: there are no Assistants operations",
        ),
        (
            "dangling",
            &DOCUMENT.replace(
                "{$ref: '#/components/schemas/Metadata'}",
                "{$ref: '#/components/schemas/Nowhere'}",
            ),
            "at #/components/schemas/ThreadObject/properties/metadata: the `$ref` `#/components/schemas/Nowhere` does not resolve",
        ),
        (
            "outside",
            &DOCUMENT.replacen(thread, "$ref: 'other.yaml#/Thread'", 1),
            "at #/paths/~1threads/post/responses/200/content/application~1json/schema: the `$ref` `other.yaml#/Thread` points outside of the document",
        ),
        (
            "not lowered",
            &DOCUMENT.replace("id: {type: string}", "id: {type: string, not: {const: a}}"),
            "at #/components/schemas/ThreadObject/properties/id/not: `not` cannot be lowered",
        ),
        (
            "no tag",
            &DOCUMENT.replace("{const: call}", "{type: string}"),
            "at #/components/schemas/ThreadObject/properties/tools/items: a union of objects without a discriminator",
        ),
    ] {
        let document = folder.write("bad.yaml", text);
        let output = folder.import(&document);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {error}");
        assert_eq!(error.lines().count(), 1, "{name}: {error}");
        assert!(
            error.starts_with(&format!("error: {}: {expected}", document.display()))
                || error.contains(expected),
            "{name}: {error}"
        );
        assert!(
            error.contains(&document.display().to_string()),
            "{name}: {error}"
        );
        assert_eq!(folder.read("openapi.yaml"), before, "{name}");
    }

    let output = folder.import(&folder.0.join("none.yaml"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("none.yaml: cannot be read:"), "{error}");
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        3,
        "only the input of the test and the output"
    );
}

#[test]
fn an_unreadable_previous_document_is_not_overwritten() {
    let folder = Folder::new("previous");
    folder.write("openapi.yaml", "<<<<<<< a\n=======\n");
    let output = folder.import(&folder.write("in.yaml", DOCUMENT));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("openapi.yaml: ")
    );
    assert_eq!(folder.read("openapi.yaml"), "<<<<<<< a\n=======\n");
}

/// The upstream documents are not part of this repository.
#[test]
fn the_upstream_documents_are_imported() {
    let upstream = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/upstream");
    let Ok(entries) = fs::read_dir(&upstream) else {
        println!("skipped: {} does not exist", upstream.display());
        return;
    };
    let documents = entries.map(|entry| entry.unwrap().path());
    // The other documents there are not of OpenAI.
    for document in documents.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("openai-") && (name.ends_with(".yaml") || name.ends_with(".json"))
    }) {
        let folder = Folder::new(document.file_stem().unwrap().to_str().unwrap());
        let summary = folder.import_ok(&document);
        assert!(
            summary.contains("\n44 operations") || summary.contains("\n28 operations"),
            "{summary}"
        );
        let first = folder.read("openapi.yaml");
        assert!(first.contains(
            "      operationId: submitToolOuputsToRun\n      x-rust-name: submit_tool_outputs_to_run\n"
        ));
        assert!(folder.import_ok(&document).contains("(unchanged)"));
        let copy = folder.write("copy.yaml", &first);
        assert!(folder.import_ok(&copy).contains("(unchanged)"));
    }
}
