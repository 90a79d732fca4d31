//! Changes that upstream may make to a document: each is imported to a client, or refused by the
//! import with a sentence that names the place and the way out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use openai_assistants_codegen::{Module, Options, document, generate};
use serde_json::{Value, json};

/// A small upstream document with the schemas that most changes are made to.
const DOCUMENT: &str = r"
openapi: 3.1.0
info: {title: Small, version: 1.2.3}
paths:
  /threads:
    post:
      operationId: createThread
      tags: [Assistants]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/CreateThreadRequest'}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}}
  /threads/{thread_id}:
    get:
      operationId: getThread
      tags: [Assistants]
      parameters: [{name: thread_id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}}
    delete:
      operationId: deleteThread
      tags: [Assistants]
      parameters: [{name: thread_id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/ThreadObject'}}}}}
components:
  schemas:
    CreateThreadRequest: {type: object, properties: {metadata: {type: object}}}
    ThreadObject:
      type: object
      required: [id, object]
      properties:
        id: {type: string}
        object: {type: string, enum: [thread]}
";

const THREAD: &str = "/components/schemas/ThreadObject/properties";
const REQUEST: &str = "/components/schemas/CreateThreadRequest/properties";

/// Sets values by their JSON pointers, as the operation `add` of JSON Patch does. `null` removes one.
fn patched(mut document: Value, patch: &[(String, Value)]) -> Value {
    for (pointer, value) in patch {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/").replace("~0", "~");
        match document.pointer_mut(parent) {
            Some(Value::Array(items)) if key == "-" => items.push(value.clone()),
            Some(Value::Object(map)) if value.is_null() => drop(map.remove(&key)),
            Some(Value::Object(map)) => drop(map.insert(key, value.clone())),
            other => panic!("{pointer} cannot be set in {other:?}"),
        }
    }
    document
}

/// A folder of one test, which replaces the repository.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("changes")
            .join(test);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .current_dir(&self.0)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Imports a document into `openapi.yaml`. Returns the summary, or the error.
    fn import(&self, document: &Value) -> Result<String, String> {
        self.import_to(document, "openapi.yaml")
    }

    fn import_to(&self, document: &Value, output: &str) -> Result<String, String> {
        fs::write(self.path("new.json"), document.to_string()).unwrap();
        let output = self.xtask(&["spec", "import", "new.json", "--output", output]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        match output.status.success() {
            true => Ok(text(output.stdout)),
            false => Err(text(output.stderr)),
        }
    }

    /// Imports a document that the client can be generated from. Returns the summary and the source.
    fn source(&self, document: &Value) -> (String, String) {
        let summary = self.import(document).unwrap();
        let written = document::read(&self.path("openapi.yaml")).unwrap();
        // The result is canonical: importing it changes nothing.
        let again = self.import(&written).unwrap();
        assert!(again.contains("(unchanged)"), "{}", summary_head(&again));
        (summary, source(&written))
    }
}

/// The first lines of a summary, which has the changes.
fn summary_head(summary: &str) -> String {
    let lines: Vec<&str> = summary.lines().take(20).collect();
    lines.join("\n")
}

/// The source of a client, without whitespace.
fn source(document: &Value) -> String {
    let options = Options {
        module: Module::Root,
        mocks: true,
    };
    let source = generate(document, options).unwrap();
    let mut all = String::new();
    for file in [
        source.types,
        source.operations,
        source.run,
        source.mocks,
        source.smoke_test,
    ] {
        syn::parse_file(&file).unwrap();
        all.extend(file.split_whitespace());
    }
    all
}

fn set(pointer: impl Into<String>, value: Value) -> (String, Value) {
    (pointer.into(), value)
}

fn property(name: &str, schema: Value) -> (String, Value) {
    set(format!("{THREAD}/{name}"), schema)
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Sets a component.
fn component(name: &str, schema: Value) -> (String, Value) {
    set(format!("/components/schemas/{name}"), schema)
}

/// An object that requires all of its properties.
fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

/// Adds an operation below a thread, with a body and the thread as its response.
fn operation(id: &str, content: Option<Value>) -> (String, Value) {
    let response = json!({ "application/json": { "schema": refer("ThreadObject") } });
    let mut post = json!({
        "operationId": id,
        "tags": ["Assistants"],
        "parameters": [{ "name": "thread_id", "in": "path", "required": true, "schema": { "type": "string" } }],
        "responses": { "200": { "content": response } },
    });
    if let Some(content) = content {
        post["requestBody"] = json!({ "content": content });
    }
    set(
        format!("/paths/~1threads~1{{thread_id}}~1{id}"),
        json!({ "post": post }),
    )
}

/// A change that works.
struct Works {
    name: &'static str,
    patch: Vec<(String, Value)>,
    /// Parts of the source without whitespace.
    source: &'static [&'static str],
}

fn works() -> Vec<Works> {
    let text = json!({ "type": "string" });
    let works = |name, patch: Vec<(String, Value)>, source| Works {
        name,
        patch,
        source,
    };
    let thread = json!({ "application/json": { "schema": refer("ThreadObject") } });
    vec![
        works(
            "a second constant",
            vec![
                property("kind", json!({ "const": "chat" })),
                set("/components/schemas/ThreadObject/required/-", json!("kind")),
            ],
            &[
                r#"object.field("object","thread")?;object.field("kind","chat")?;"#,
                r#"=>properties.constant("kind","chat")"#,
            ],
        ),
        works(
            "a single value that callers may leave out",
            vec![set(format!("{REQUEST}/speed"), json!({ "enum": ["fast"] }))],
            &[
                "pubspeed:::std::option::Option<ThreadSpeed>",
                "pubenumThreadSpeed{",
            ],
        ),
        works(
            "201 instead of 200",
            vec![set(
                "/paths/~1threads/post/responses",
                json!({ "201": { "content": thread } }),
            )],
            &[
                "implcrate::client::operation::OperationforCreateThread{typeOutput=types::ThreadObject;",
                "pubfncreated(self,value:&types::ThreadObject)",
            ],
        ),
        works(
            "204 instead of 200",
            vec![
                operation("seal", None),
                set(
                    "/paths/~1threads~1{thread_id}~1seal/post/responses",
                    json!({ "204": { "description": "Sealed." } }),
                ),
            ],
            &[
                "implcrate::client::operation::OperationforSeal{typeOutput=();",
                "pubasyncfnsend(self)->crate::error::core::Result<()>",
                "pubfnno_content(self)",
            ],
        ),
        works(
            "keywords and names of the prelude as operation IDs",
            vec![
                operation("fn", None),
                operation("async", None),
                operation("type", None),
                operation("self", None),
                operation("into", None),
                operation("string", None),
                operation("option", None),
                operation("default", None),
            ],
            &[
                "pubfnfn_(&self)->Fn{",
                "pubfnasync_(&self)->Async{",
                "pubfntype_(&self)->Type{",
                "pubfnself_(&self)->Self_{",
                "fnfn_<F>(",
            ],
        ),
        works(
            "properties with reserved names",
            vec![
                set(format!("{REQUEST}/default"), text.clone()),
                set(format!("{REQUEST}/build"), text.clone()),
                set(format!("{REQUEST}/self"), text.clone()),
                property("self", text.clone()),
            ],
            &[
                "pubfndefault_<M>(",
                "pubfnbuild_<M>(",
                "pubfnself_<M>(",
                r#"object.optional("default",&self.default_)?;"#,
                r#"object.optional("self",&self.self_)?;"#,
            ],
        ),
        works(
            "properties and values that differ in punctuation",
            vec![
                set(format!("{REQUEST}/a-b"), text.clone()),
                set(format!("{REQUEST}/a_b"), text.clone()),
                property("shade", json!({ "enum": ["a b", "a-b", "<"] })),
            ],
            &[
                r#"object.optional("a-b",&self.a_b)?;object.optional("a_b",&self.a_b2)?;"#,
                r#""ab"=>Self::AB,"a-b"=>Self::AB2,"<"=>Self::X,"#,
            ],
        ),
        works(
            "an ID that is an integer, of what is not listed",
            vec![
                component("Numbered", object(json!({ "id": { "type": "integer" } }))),
                property("numbered", refer("Numbered")),
            ],
            &["pubstructNumbered{pubid:i64,"],
        ),
        works(
            "a property with two references",
            vec![
                component("Base", object(json!({ "a": text, "both": text }))),
                component(
                    "More",
                    object(json!({ "b": text, "both": { "enum": ["x", "y"] } })),
                ),
                property("part", json!({ "allOf": [refer("Base"), refer("More")] })),
            ],
            &[
                "pubstructThreadPart{puba:::std::string::String,pubb:::std::string::String,pubboth:ThreadPartBoth,",
            ],
        ),
        works(
            "a reference with required names beside it",
            vec![
                component(
                    "Base",
                    json!({ "type": "object", "properties": { "a": text, "b": text } }),
                ),
                property(
                    "part",
                    json!({ "$ref": "#/components/schemas/Base", "required": ["b"] }),
                ),
            ],
            &[
                "pubstructThreadPart{puba:::std::option::Option<::std::string::String>,pubb:::std::string::String,",
            ],
        ),
        works(
            "an object of two objects",
            vec![
                component("Base", object(json!({ "a": text }))),
                component(
                    "Whole",
                    json!({ "allOf": [refer("Base"), object(json!({ "b": text }))] }),
                ),
                property("whole", refer("Whole")),
            ],
            &["pubstructWhole{puba:::std::string::String,pubb:::std::string::String,"],
        ),
        works(
            "another name of a schema",
            vec![
                component("Real", object(json!({ "a": text }))),
                component("Alias", refer("Real")),
                property("alias", refer("Alias")),
            ],
            &["pubalias:::std::option::Option<Real>"],
        ),
        works(
            "spellings of null, constants and siblings",
            vec![
                component("Plain", object(json!({ "a": text }))),
                property("maybe", json!({ "type": ["string", "null"] })),
                property("nullable", json!({ "type": "string", "nullable": true })),
                property("version", json!({ "const": 1 })),
                property("done", json!({ "const": true })),
                property(
                    "described",
                    json!({ "$ref": "#/components/schemas/Plain", "description": "D.", "deprecated": true }),
                ),
                property(
                    "extended",
                    json!({ "$ref": "#/components/schemas/Plain", "properties": { "b": text } }),
                ),
            ],
            &[
                "pubmaybe:::std::option::Option<::std::string::String>",
                "pubnullable:::std::option::Option<::std::string::String>",
                "pubversion:::std::option::Option<i64>",
                "pubdone:::std::option::Option<bool>",
                "pubdescribed:::std::option::Option<Plain>",
                "pubstructThreadExtended{puba:::std::string::String,",
            ],
        ),
        works(
            "tuples and definitions",
            vec![
                component(
                    "Owner",
                    json!({
                        "type": "object",
                        "properties": { "part": { "$ref": "#/components/schemas/Owner/$defs/part" } },
                        "$defs": { "part": object(json!({ "a": text })) },
                    }),
                ),
                property("owner", refer("Owner")),
                property(
                    "pair",
                    json!({ "type": "array", "prefixItems": [text, { "type": "number" }], "items": false }),
                ),
            ],
            &[
                "pubpart:::std::option::Option<OwnerPart>",
                "pubpair:::std::option::Option<::std::vec::Vec<ThreadPair>>",
            ],
        ),
        works(
            "recursive and open objects",
            vec![
                component(
                    "Node",
                    json!({
                        "type": "object",
                        "properties": { "next": refer("Node"), "nodes": { "type": "array", "items": refer("Node") } },
                        "additionalProperties": true,
                    }),
                ),
                property("node", refer("Node")),
            ],
            &["pubnext:::std::option::Option<::std::boxed::Box<Node>>,pubnodes:"],
        ),
        works(
            "a discriminator with a mapping",
            vec![
                component(
                    "Cat",
                    object(json!({ "sound": text, "lives": { "type": "integer" } })),
                ),
                component("Pet", object(json!({ "sound": text }))),
                component(
                    "Dog",
                    json!({ "allOf": [refer("Pet"), object(json!({ "tail": text }))] }),
                ),
                property(
                    "pet",
                    json!({
                        "oneOf": [refer("Cat"), refer("Dog")],
                        "discriminator": {
                            "propertyName": "sound",
                            "mapping": { "meow": "#/components/schemas/Cat", "woof": "#/components/schemas/Dog" },
                        },
                    }),
                ),
            ],
            &[
                r#"constTAG:&'staticstr="sound";"#,
                r#""meow"=>{Some(crate::json::object::Object::decode(properties).map(Self::Meow))}"#,
                r#"object.field("sound","woof")?;"#,
            ],
        ),
        works(
            "parameters, bodies and responses of other types",
            vec![
                operation(
                    "label",
                    Some(
                        json!({ "application/json": { "schema": { "oneOf": [text, { "type": "array", "items": text }] } } }),
                    ),
                ),
                set(
                    "/paths/~1threads~1{thread_id}~1label/post/parameters",
                    json!([
                        { "name": "thread_id", "in": "path", "required": true, "schema": { "type": "integer" } },
                        { "name": "send", "in": "query", "schema": { "type": "boolean" } },
                        { "name": "mode", "in": "query", "schema": { "const": "fast" } },
                        { "name": "sizes", "in": "query", "schema": { "type": "array", "items": { "type": "integer" } } },
                    ]),
                ),
                set(
                    "/paths/~1threads~1{thread_id}~1label/post/responses/200/content",
                    json!({ "application/json": { "schema": { "type": "array", "items": refer("ThreadObject") } } }),
                ),
            ],
            &[
                "pubstructLabelResponse(pub::std::vec::Vec<ThreadObject>);",
                "pubenumLabelRequest{",
                "pubfnsend_<M>(",
                "mode:::std::option::Option<types::Mode>",
            ],
        ),
        works(
            "a form with a file",
            vec![operation(
                "upload",
                Some(json!({ "multipart/form-data": { "schema": object(json!({
                    "file": { "type": "string", "contentMediaType": "application/octet-stream" },
                    "note": text,
                })) } })),
            )],
            &[r#".form(&body,"file",crate::client::operation::argument("file",self.file)?"#],
        ),
    ]
}

#[test]
fn a_change_becomes_a_client() {
    let original = document::parse(DOCUMENT).unwrap();
    for (
        index,
        Works {
            name,
            patch,
            source,
        },
    ) in works().into_iter().enumerate()
    {
        let folder = Folder::new(&format!("works-{index}"));
        folder.import(&original).unwrap();
        let (summary, generated) = folder.source(&patched(original.clone(), &patch));
        for part in source {
            assert!(
                generated.contains(part),
                "{name}: {part} is not in {generated}"
            );
        }
        assert!(
            !summary.contains("operations left out"),
            "{name}: {summary}"
        );
    }
}

#[test]
fn an_operation_that_cannot_be_called_is_left_out() {
    let folder = Folder::new("left-out");
    let text = json!({ "type": "string" });
    let file = json!({ "type": "string", "format": "binary" });
    let form =
        |properties: Value| json!({ "multipart/form-data": { "schema": object(properties) } });
    let document = patched(
        document::parse(DOCUMENT).unwrap(),
        &[
            operation("noFile", Some(form(json!({ "a": text })))),
            operation("twoFiles", Some(form(json!({ "a": file, "b": file })))),
            operation(
                "binary",
                Some(json!({ "application/octet-stream": { "schema": file } })),
            ),
            operation("text", None),
            set(
                "/paths/~1threads~1{thread_id}~1text/post/responses",
                json!({
                    "200": { "description": "", "content": { "text/plain": { "schema": text } } },
                    "204": { "description": "" },
                }),
            ),
        ],
    );
    let (summary, source) = folder.source(&document);
    let body = |id: &str| format!("#/paths/~1threads~1{{thread_id}}~1{id}/post/requestBody");
    let schema = "content/multipart~1form-data/schema";
    for expected in [
        "operations left out: 4\n".to_owned(),
        format!(
            "  POST /threads/{{thread_id}}/noFile: at {}/{schema}: a form with 0 files cannot be imported; call it with `Client::request`\n",
            body("noFile")
        ),
        format!(
            "at {}/{schema}: a form with 2 files cannot be",
            body("twoFiles")
        ),
        format!(
            "at {}: a request body that is neither JSON nor a form",
            body("binary")
        ),
        "text/post/responses: there is no successful response with JSON or a file".to_owned(),
    ] {
        assert!(
            summary.contains(&expected),
            "{expected} is not in {summary}"
        );
    }
    assert!(source.contains("pubfncreate_thread") && !source.contains("no_file"));
    fs::write(folder.path("old.json"), DOCUMENT).unwrap();
    fs::write(folder.path("new.json"), document.to_string()).unwrap();
    let diff = folder.xtask(&["spec", "diff", "--from", "old.json", "new.json"]);
    let report = String::from_utf8(diff.stdout).unwrap();
    assert!(
        report.contains("  left out POST /threads/{thread_id}/binary: "),
        "{report}"
    );
}

#[test]
fn a_new_operation_needs_descriptions_and_a_row() {
    let folder = Folder::new("row");
    let original = document::parse(DOCUMENT).unwrap();
    folder.import(&original).unwrap();
    let (summary, _) = folder.source(&patched(original, &[operation("archive", None)]));
    for expected in [
        "rows of new operations to add: 1\n  tests/contract/operations.rs: Contract::new(\"archive\", \"POST\", \"/threads/thread_1/archive\", …)\n",
        "\n  operations/archive\n",
    ] {
        assert!(summary.contains(expected), "{expected} is not in {summary}");
    }
}

#[test]
fn a_row_belongs_to_the_file_of_the_feature_or_the_version() {
    let original = document::parse(DOCUMENT).unwrap();
    let of = |feature: &str| {
        let (pointer, mut post) = operation("archive", None);
        post["post"]["x-feature"] = feature.into();
        patched(original.clone(), &[(pointer, post)])
    };
    let folder = Folder::new("rows");
    for (output, feature, file) in [
        ("openapi.yaml", "files", "operations_files.rs"),
        ("openapi.yaml", "foundry", "operations.rs"),
        ("openapi-v1.yaml", "files", "operations_v1.rs"),
        ("my-v1-beta.yaml", "foundry", "operations.rs"),
    ] {
        folder.import_to(&original, output).unwrap();
        let summary = folder.import_to(&of(feature), output).unwrap();
        let row = format!("\n  tests/contract/{file}: Contract::new(\"archive\", ");
        assert!(summary.contains(&row), "{row} is not in {summary}");
    }
}

/// A change that is refused, and the error after the path of the document.
type Refused = (&'static str, Vec<(String, Value)>, &'static str);

fn refused() -> Vec<Refused> {
    let text = json!({ "type": "string" });
    vec![
        (
            "a condition",
            vec![property(
                "part",
                json!({ "type": "object", "properties": { "a": text }, "if": { "required": ["a"] }, "then": {} }),
            )],
            "at #/components/schemas/ThreadObject/properties/part/if: `if` cannot be lowered to OpenAPI 3.0; change it in a copy of the document",
        ),
        (
            "members that nothing tells apart",
            vec![
                component("A", object(json!({ "a": text }))),
                component("B", object(json!({ "b": text }))),
                property("either", json!({ "oneOf": [refer("A"), refer("B")] })),
            ],
            "at #/components/schemas/ThreadObject/properties/either: a union of objects without a discriminator cannot be lowered; correct it with an overlay",
        ),
        (
            "a mapping to unions that nothing tells apart",
            vec![
                component("A", object(json!({ "a": text }))),
                component("B", object(json!({ "b": text }))),
                component("Inner", json!({ "oneOf": [refer("A"), refer("B")] })),
                component("C", object(json!({ "c": text }))),
                property(
                    "nested",
                    json!({
                        "oneOf": [refer("Inner"), refer("C")],
                        "discriminator": { "propertyName": "kind", "mapping": { "inner": "Inner", "c": "C" } },
                    }),
                ),
            ],
            "at #/components/schemas/Inner: a union of objects without a discriminator cannot be lowered; correct it with an overlay",
        ),
        (
            "required names beside a reference to a text",
            vec![
                component("Text", text.clone()),
                property(
                    "part",
                    json!({ "$ref": "#/components/schemas/Text", "required": ["a"] }),
                ),
            ],
            "at #/components/schemas/ThreadObject/properties/part/allOf/0: an `allOf` of several schemas can only be lowered if all of them are objects with properties; change it in a copy of the document",
        ),
        (
            "a property that is defined twice",
            vec![
                component("A", object(json!({ "a": text }))),
                component("B", object(json!({ "a": { "type": "integer" } }))),
                property("both", json!({ "allOf": [refer("A"), refer("B")] })),
            ],
            "at #/components/schemas/ThreadObject/properties/both/allOf/1: the branches of an `allOf` define the property `a` differently; change it in a copy of the document",
        ),
        (
            "a method that the client has",
            vec![operation("config", None)],
            "at #/paths/~1threads~1{thread_id}~1config/post: `config` is a method of `Client` already; set `x-rust-name` of the operation with an overlay",
        ),
        (
            "a constructor of the client",
            vec![operation("new", None)],
            "at #/paths/~1threads~1{thread_id}~1new/post: `new` is a method of `Client` already; set `x-rust-name` of the operation with an overlay",
        ),
        (
            "two operations with one method",
            vec![operation("get_thread", None)],
            "at #/paths: the operation `get_thread` and `getThread` would both be `get_thread` in Rust; set `x-rust-name` of the operation with an overlay",
        ),
        (
            "two schemas with one type",
            vec![
                component("thread_object", object(json!({ "a": text }))),
                property("other", refer("thread_object")),
            ],
            "at #/components/schemas: the schema `thread_object` and `ThreadObject` would both be `ThreadObject` in Rust; rename one in `RENAMED` of xtask/src/spec/naming.rs",
        ),
    ]
}

#[test]
fn a_change_that_cannot_be_a_client_is_refused_with_a_way_out() {
    let original = document::parse(DOCUMENT).unwrap();
    let folder = Folder::new("refused");
    folder.import(&original).unwrap();
    let before = fs::read_to_string(folder.path("openapi.yaml")).unwrap();
    for (name, patch, expected) in refused() {
        let error = folder
            .import(&patched(original.clone(), &patch))
            .unwrap_err();
        assert_eq!(error, format!("error: new.json: {expected}\n"), "{name}");
        let written = fs::read_to_string(folder.path("openapi.yaml")).unwrap();
        assert_eq!(written, before, "{name}");
        let diff = folder.xtask(&["spec", "diff", "new.json"]);
        assert_eq!(diff.status.code(), Some(2), "{name}");
        assert_eq!(String::from_utf8(diff.stderr).unwrap(), error, "{name}");
    }
}

/// The document of the crate, as its upstream document would be.
fn upstream() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut upstream = document::read(&root.join("openapi.yaml")).unwrap();
    upstream["openapi"] = "3.1.0".into();
    upstream["info"]["title"] = "OpenAI API".into();
    for (name, original) in [
        ("FileObject", "OpenAIFile"),
        ("ChunkingStrategy", "ChunkingStrategyRequestParam"),
    ] {
        upstream = renamed(&upstream, name, original);
    }
    upstream
}

/// Renames a schema, and the references to it.
fn renamed(document: &Value, name: &str, new_name: &str) -> Value {
    let at = |name: &str| format!("\"#/components/schemas/{name}\"");
    let text = document.to_string().replace(&at(name), &at(new_name));
    let mut renamed: Value = serde_json::from_str(&text).unwrap();
    let schemas = renamed["components"]["schemas"].as_object_mut().unwrap();
    let schema = schemas.remove(name).unwrap();
    schemas.insert(new_name.to_owned(), schema);
    renamed
}

#[test]
fn a_change_that_handwritten_code_cannot_follow_is_refused() {
    let folder = Folder::new("requirements");
    let upstream = upstream();
    folder.import(&upstream).unwrap();
    let run = "/components/schemas/RunObject/properties";
    let call = "/components/schemas/RunToolCallFunction/properties";
    for (document, expected) in [
        (
            patched(
                upstream.clone(),
                &[set(format!("{run}/id"), json!({ "type": "integer" }))],
            ),
            "new.json: following runs (src/run/): cannot be built, since the document lacks the property `id` of RunObject with the type string, ",
        ),
        (
            patched(
                upstream.clone(),
                &[set(format!("{run}/object"), json!({ "type": "string" }))],
            ),
            "new.json: streams of runs (src/sse/, src/run/stream.rs): cannot be built, since the document lacks the constant `object: thread.run` of RunObject, ",
        ),
        (
            patched(
                upstream.clone(),
                &[set(
                    format!("{call}/arguments"),
                    json!({ "type": "object" }),
                )],
            ),
            "the property `arguments` of RunToolCallFunction with the type string, ",
        ),
        (
            patched(
                upstream.clone(),
                &[set(
                    "/components/schemas/AssistantObject/properties/id",
                    json!({ "type": "integer" }),
                )],
            ),
            "the property `id` of AssistantObject with the type string, ",
        ),
        (
            renamed(&upstream, "RunToolCallFunction", "RunFunction"),
            "the schema RunToolCallFunction, which ",
        ),
    ] {
        let error = folder.import(&document).unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(error.ends_with(": add it with an overlay\n"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        let diff = folder.xtask(&["spec", "diff", "new.json"]);
        assert_eq!(diff.status.code(), Some(2), "{error}");
        assert_eq!(String::from_utf8(diff.stderr).unwrap(), error);
    }
}

#[test]
fn a_correction_of_a_renamed_schema_is_not_lost() {
    let folder = Folder::new("corrections");
    let upstream = upstream();
    folder.import(&upstream).unwrap();
    let name = "MessageContentTextAnnotationsFilePathObject";
    let error = folder
        .import(&renamed(&upstream, name, "FilePathAnnotation"))
        .unwrap_err();
    assert!(
        error.starts_with("error: overlays/corrections.yaml: at line "),
        "{error}"
    );
    assert!(
        error.ends_with(&format!(
            ": the schema `{name}` is `FilePathAnnotation` in this document: add the new name to the target, or the correction is lost\n"
        )),
        "{error}"
    );
    let diff = folder.xtask(&["spec", "diff", "new.json"]);
    assert_eq!(String::from_utf8(diff.stderr).unwrap(), error);

    // A schema that is gone is listed.
    let gone = patched(
        upstream,
        &[
            component(name, Value::Null),
            set(
                "/components/schemas/TextAnnotation/oneOf",
                json!([refer("MessageContentTextAnnotationsFileCitationObject")]),
            ),
            set(
                "/components/schemas/TextAnnotationDelta/oneOf",
                json!([refer(
                    "MessageDeltaContentTextAnnotationsFileCitationObject"
                )]),
            ),
        ],
    );
    let summary = folder.import(&gone).unwrap();
    let expected = "corrections of schemas that are gone: 1\n  overlays/corrections.yaml: line ";
    assert!(summary.contains(expected), "{summary}");
    assert!(summary.contains(&format!(": {name}\n")), "{summary}");
}

#[test]
fn an_operation_id_that_upstream_mends_changes_nothing() {
    let folder = Folder::new("mended");
    let upstream = upstream();
    folder.import(&upstream).unwrap();
    let path =
        "/paths/~1threads~1{thread_id}~1runs~1{run_id}~1submit_tool_outputs/post/operationId";
    assert_eq!(upstream.pointer(path).unwrap(), "submitToolOuputsToRun");
    let mended = patched(upstream, &[set(path, json!("submitToolOutputsToRun"))]);
    let summary = folder.import(&mended).unwrap();
    assert!(summary.contains("(unchanged)"), "{summary}");
}

/// Compiles a client with all the changes that work.
#[test]
fn the_client_compiles_with_all_changes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Folder::new("compiles");
    let mut changed = upstream();
    // The objects of the document, with the properties that the changes expect.
    for Works { patch, .. } in works() {
        changed = patched(changed, &patch);
    }
    let assistant = "/components/schemas/AssistantObject/properties";
    let changed = patched(
        changed,
        &[
            set(format!("{assistant}/object"), json!({ "type": "string" })),
            set(
                format!("{assistant}/arguments"),
                json!({ "type": "object" }),
            ),
        ],
    );
    folder.source(&changed);
    for name in ["src", ".cargo"] {
        fs::create_dir_all(folder.path(name)).unwrap();
    }
    let write = |name: &str, text: &str| fs::write(folder.path(name), text).unwrap();
    write(
        ".cargo/config.toml",
        &format!(
            "[env]\nASSISTANTS_OPENAPI = {:?}\n",
            folder.path("openapi.yaml")
        ),
    );
    write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"changes\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             openai-assistants = {{ path = {root:?}, default-features = false, features = [\"files\", \"mock\", \"tools\"] }}\n\
             serde_json = \"1\"\n"
        ),
    );
    write(
        "src/main.rs",
        r#"use openai_assistants::types::{CreateThreadRequest, ThreadObject, ThreadPet, ThreadShade};

fn main() {
    let thread = serde_json::json!({
        "id": "t", "object": "thread", "kind": "chat", "created_at": 0, "metadata": {}, "tool_resources": null,
        "shade": "a-b", "pet": { "sound": "woof", "tail": "long" }, "self": "s",
    });
    let read: ThreadObject = serde_json::from_value(thread.clone()).unwrap();
    assert!(matches!(read.shade, Some(ThreadShade::AB2)));
    assert!(matches!(&read.pet, Some(ThreadPet::Woof(dog)) if dog.tail == "long"));
    assert_eq!(read.self_.as_deref(), Some("s"));
    assert_eq!(serde_json::to_value(&read).unwrap()["kind"], "chat");
    let request = CreateThreadRequest::builder().default_("d").a_b("1").a_b2("2").build().unwrap();
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        serde_json::json!({ "a-b": "1", "a_b": "2", "default": "d" })
    );
}
"#,
    );
    fs::copy(root.join("Cargo.lock"), folder.path("Cargo.lock")).unwrap();
    let program = Command::new(env!("CARGO"))
        .current_dir(&folder.0)
        .args(["run", "--quiet", "--offline", "--target-dir"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs"))
        .env_remove("ASSISTANTS_OPENAPI")
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&program.stderr);
    assert!(program.status.success(), "{error}");
}
