//! Tests the command `cargo xtask spec diff`: exit codes and reports.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

const DOCUMENT: &str = r"
openapi: 3.1.0
info: {title: Everything, version: 1.2.3}
paths:
  /threads:
    post:
      operationId: createThread
      tags: [Assistants]
      description: Their words.
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/CreateThreadRequest'}}}}
      responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}}
components:
  schemas:
    CreateThreadRequest:
      type: object
      properties: {name: {type: string}}
    ThreadObject:
      type: object
      description: Their words.
      required: [id]
      properties:
        id: {type: string}
        status: {type: string, enum: [open, closed]}
";

/// A folder of one test, which replaces the repository.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("diff")
            .join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .env("CARGO_MANIFEST_DIR", self.0.join("xtask"))
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Returns the exit code and the output.
    fn diff(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.xtask(&[&["spec", "diff"], arguments].concat());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    }
}

#[test]
fn without_drift_it_exits_with_0() {
    let folder = Folder::new("same");
    let upstream = folder.write("in.yaml", DOCUMENT);
    let imported = folder.0.join("openapi.yaml").display().to_string();
    let import = folder.xtask(&["spec", "import", &upstream]);
    assert!(import.status.success());

    let words = folder.write("words.yaml", &DOCUMENT.replace("Their", "Other"));
    for (from, to) in [
        (&imported, &upstream),
        (&upstream, &imported),
        (&upstream, &words),
    ] {
        let (code, text) = folder.diff(&["--from", from, to]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.ends_with("\nno drift\n"), "{text}");
    }
    let (code, text) = folder.diff(&[&upstream, "--json"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({
            "from": imported,
            "to": upstream,
            "bump": "none",
            "bump_before_one": "none",
            "changes": [],
            "left_out": [],
        })
    );
}

#[test]
fn an_edited_canonical_document_is_compared_as_it_would_be_imported() {
    let folder = Folder::new("canonical");
    let upstream = folder.write("in.yaml", DOCUMENT);
    let import = |source: &str| folder.xtask(&["spec", "import", source]).status;
    assert!(import(&upstream).success());
    let imported = fs::read_to_string(folder.0.join("openapi.yaml")).unwrap();
    // A schema without a name, which an import names, and one without a use, which it drops.
    let edited = imported
        .replace(
            "      properties:\n        name:\n",
            "      properties:\n        color:\n          type: string\n          enum:\n            - red\n            - blue\n        name:\n",
        )
        .replace(
            "    ThreadObject:\n",
            "    Spare:\n      type: string\n      enum:\n        - a\n        - b\n    ThreadObject:\n",
        );
    let edited = folder.write("edited.yaml", &edited);
    let (code, text) = folder.diff(&[&edited]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("enum: red, blue\n"), "{text}");
    assert!(!text.contains("Spare"), "{text}");
    assert!(import(&edited).success());
}

#[test]
fn with_drift_it_exits_with_1_and_lists_breaking_changes_first() {
    let folder = Folder::new("drift");
    let from = folder.write("from.yaml", DOCUMENT);
    let changed = DOCUMENT
        .replace("[open, closed]", "[open, archived]")
        .replace(
            "info: {title: Everything, version: 1.2.3}",
            "info: {title: Everything, version: 1.3.0}",
        );
    let to = folder.write("to.yaml", &changed);

    let (code, text) = folder.diff(&["--from", &from, &to]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text,
        format!(
            "from {from} (API 1.2.3, OpenAPI 3.1.0)\n\
             to   {to} (API 1.3.0, OpenAPI 3.1.0)\n\
             \x20 - schemas/ThreadStatus/enum/closed (breaking: variant removed)\n\
             \x20 + schemas/ThreadStatus/enum/archived\n\
             changes: 1 added, 1 removed, 0 changed; 1 breaking\n\
             version: major, before 1.0 minor\n"
        )
    );

    let (code, text) = folder.diff(&["--from", &from, &to, "--json"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        serde_json::from_str::<Value>(&text).unwrap(),
        json!({
            "from": from,
            "to": to,
            "bump": "major",
            "bump_before_one": "minor",
            "changes": [
                {
                    "kind": "value", "what": "removed", "name": "closed",
                    "place": "schemas/ThreadStatus/enum/closed", "detail": null,
                    "breaking": true, "reason": "variant removed",
                },
                {
                    "kind": "value", "what": "added", "name": "archived",
                    "place": "schemas/ThreadStatus/enum/archived", "detail": null,
                    "breaking": false, "reason": null,
                },
            ],
            "left_out": [],
        })
    );
}

#[test]
fn the_version_depends_on_the_changes() {
    let folder = Folder::new("bump");
    let from = folder.write("from.yaml", DOCUMENT);
    for (old, new, version) in [
        (
            "required: [id]",
            "required: []",
            "version: major, before 1.0 minor\n",
        ),
        (
            "{name: {type: string}}",
            "{name: {type: string}, a: {type: string}}",
            "version: minor, before 1.0 patch\n",
        ),
        (
            "{name: {type: string}}",
            "{name: {type: string, maxLength: 9}}",
            "version: patch\n",
        ),
    ] {
        let to = folder.write("to.yaml", &DOCUMENT.replace(old, new));
        let (code, text) = folder.diff(&["--from", &from, &to]);
        assert_eq!(code, Some(1));
        assert!(text.ends_with(version), "{text}");
    }
}

#[test]
fn unusable_input_exits_with_2_and_one_error() {
    let folder = Folder::new("unusable");
    let fails = |arguments: &[&str], expected: &str| {
        for json in [&[][..], &["--json"]] {
            let output = folder.xtask(&[&["spec", "diff"], arguments, json].concat());
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{error}");
            assert!(error.starts_with("error: "), "{error}");
            assert!(error.contains(expected), "{expected} is missing in {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
            assert_eq!(output.stdout, b"");
        }
    };
    let good = folder.write("good.yaml", DOCUMENT);
    let missing = folder.0.join("none.yaml").display().to_string();
    fails(&["--from", &good, &missing], "none.yaml: cannot be read");
    fails(&["--from", &missing, &good], "none.yaml: cannot be read");
    // The default of `--from` is the document of the repository, which does not exist.
    fails(&[&good], "openapi.yaml: cannot be read");

    let no_operations = "at #/paths: there are no Assistants operations";
    for (text, expected) in [
        ("a: [1\nb: 2", "bad.yaml: at line 2, column"),
        ("", "bad.yaml: is empty"),
        ("a: 1", "bad.yaml: is not an OpenAPI document"),
        ("swagger: '2.0'", "Swagger 2.0 cannot be imported"),
        (&DOCUMENT.replace("[Assistants]", "[Chat]"), no_operations),
        (
            "{openapi: 3.0.3, info: {title: OpenAI Assistants API, version: '1'}, paths: {}}",
            no_operations,
        ),
    ] {
        let bad = folder.write("bad.yaml", text);
        fails(&["--from", &good, &bad], expected);
    }
}

#[test]
fn invalid_arguments_exit_with_2_and_other_failures_with_1() {
    let folder = Folder::new("usage");
    for arguments in [
        &["spec", "diff"][..],
        &["spec", "diff", "a", "--what"],
        &["spec", "differ"],
        &["conformance", "--seeds", "0"],
        &[],
    ] {
        let output = folder.xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    for arguments in [
        &["generate", "none.yaml"][..],
        &["spec", "import", "none.yaml"],
    ] {
        let output = folder.xtask(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    }
    let help = folder.xtask(&["spec", "diff", "--help"]);
    assert_eq!(help.status.code(), Some(0));
}

/// The upstream documents are not part of this repository.
#[test]
fn the_changes_between_the_upstream_documents_are_listed() {
    let upstream = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/upstream");
    if !upstream.exists() {
        println!("skipped: {} does not exist", upstream.display());
        return;
    }
    let folder = Folder::new("upstream");
    let document = |name: &str| upstream.join(name).display().to_string();
    let newest = document("openai-2026-08-21.yaml");

    let (code, text) = folder.diff(&["--from", &document("openai-2024-04-16.yaml"), &newest]);
    assert_eq!(code, Some(1));
    for expected in [
        "- operations/createAssistantFile: ",
        "- operations/getMessageFile: ",
        "+ operations/deleteMessage: ",
        "~ operations/listAssistants: deprecated",
        "+ operations/createRun/parameters/include[]",
        "~ schemas/AssistantsApiNamedToolChoice: renamed to AssistantsNamedToolChoice",
        "- schemas/AssistantObject/properties/file_ids ",
        "+ schemas/AssistantObject/properties/tool_resources: ",
        "+ schemas/CreateMessageRequest/properties/attachments: ",
        "~ schemas/ThreadObject/properties/metadata: type changed from map to Metadata",
        "+ schemas/ToolChoiceMode/enum/required",
        "+ schemas/RunStatus/enum/incomplete",
        "- schemas/AssistantTool/oneOf/retrieval: ",
        "+ schemas/AssistantTool/oneOf/file_search: ",
        "+ schemas/MessageContent/oneOf/refusal: ",
        "+ events/thread.run.incomplete: ",
    ] {
        assert!(
            text.contains(&format!("  {expected}")),
            "{expected} is missing in\n{text}"
        );
    }

    let (code, text) = folder.diff(&["--from", &document("openai-2025-04-29.yaml"), &newest]);
    assert_eq!(code, Some(1));
    for expected in [
        "  + schemas/ReasoningEffort/enum/max\n",
        "  + schemas/ComparisonOperator/enum/nin\n",
        "  ~ schemas/CreateVectorStoreFileBatchRequest/properties/file_ids: now optional (breaking",
        "changes: 16 added, 0 removed, 11 changed; 1 breaking\n",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    assert!(
        text.ends_with("version: major, before 1.0 minor\n"),
        "{text}"
    );
}

#[test]
fn a_mark_of_a_feature_that_marks_nothing_is_an_error() {
    let folder = Folder::new("marks");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
    let before = fs::read_to_string(path).unwrap();
    let head = "    RunStatus:\n";
    let marked = before.replace(
        head,
        &format!("{head}      x-features:\n        gone: files\n"),
    );
    let (from, to) = (
        folder.write("from.yaml", &before),
        folder.write("to.yaml", &marked),
    );
    let output = folder.xtask(&["spec", "diff", "--from", &from, &to]);
    let error = String::from_utf8(output.stderr).unwrap();
    let expected =
        "to.yaml: at #/components/schemas/RunStatus/x-features/gone: there is no such value or tag";
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(expected), "{error}");
}
