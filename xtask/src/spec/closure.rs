//! Computes the transitive closure of the schemas that the operations reach.

use std::collections::BTreeSet;

use openai_assistants_codegen::Error;
use serde_json::{Value, json};

use super::canonical::{ERROR_RESPONSE, STREAM_EVENT};
use super::pointer::{Pointer, resolve};
use super::schema::{self, PREFIX, Schemas};
use super::select::{self, Operation, Scope};
use super::{definitions, discriminator};

/// The operations of the Assistants API and the components that they reach.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) operations: Vec<Operation>,
    pub(super) schemas: Schemas,
}

/// Extracts the Assistants API from an upstream document.
pub(super) fn extract(document: &Value) -> Result<Closure, Error> {
    extract_scope(document, Scope::Tagged)
}

/// Extracts the operations of a scope.
pub(super) fn extract_scope(document: &Value, scope: Scope) -> Result<Closure, Error> {
    let document = &*definitions::lift(document);
    let operations = select::operations(document, scope)?;
    let mut reached = Reached {
        document,
        schemas: Schemas::new(),
        pending: Vec::new(),
    };
    for operation in &operations {
        for (at, parameter) in &operation.parameters {
            reached.visit(&parameter["schema"], &at.child("schema"))?;
        }
        if let Some(body) = &operation.body {
            reached.visit(&body.content.schema, &body.content.at)?;
        }
        if let Some(success) = &operation.success.content {
            reached.visit(&success.schema, &success.at)?;
        }
    }
    for root in [STREAM_EVENT, ERROR_RESPONSE, "Error"] {
        if document
            .pointer(&format!("/components/schemas/{root}"))
            .is_some()
        {
            reached.add(root, &Pointer::root())?;
        }
    }
    while let Some(name) = reached.pending.pop() {
        let schema = reached.schemas[&name].clone();
        reached.visit(&schema, &Pointer::component(&name))?;
    }
    let mut schemas = with_errors(reached.schemas);
    discriminator::tag_members(&mut schemas);
    Ok(Closure {
        operations,
        schemas,
    })
}

/// Adds the schemas of error responses if the document does not define them.
fn with_errors(mut schemas: Schemas) -> Schemas {
    schemas.entry(ERROR_RESPONSE.to_owned()).or_insert_with(|| {
        json!({ "type": "object", "properties": { "error": schema::reference_to("Error") }, "required": ["error"] })
    });
    if schema::references(&schemas[ERROR_RESPONSE])
        .iter()
        .any(|name| name == "Error")
    {
        schemas.entry("Error".to_owned()).or_insert_with(|| {
            json!({
                "type": "object",
                "properties": {
                    "code": { "type": "string", "nullable": true },
                    "message": { "type": "string" },
                    "param": { "type": "string", "nullable": true },
                    "type": { "type": "string" },
                },
                "required": ["code", "message", "param", "type"],
            })
        });
    }
    schemas
}

/// The components found so far.
struct Reached<'a> {
    document: &'a Value,
    schemas: Schemas,
    /// Components whose references have not been followed yet.
    pending: Vec<String>,
}

impl Reached<'_> {
    fn visit(&mut self, schema: &Value, at: &Pointer) -> Result<(), Error> {
        if let Some(reference) = schema.get("$ref") {
            let reference = reference
                .as_str()
                .ok_or_else(|| Error::at(at, "a `$ref` must be a string"))?;
            let name = reference
                .strip_prefix(PREFIX)
                .filter(|name| !name.contains('/'));
            let Some(name) = name else {
                resolve(self.document, reference, at)?;
                return Err(Error::at(
                    at,
                    format!("the `$ref` `{reference}` does not refer to a component schema"),
                ));
            };
            return self.add(name, at);
        }
        for (keys, subschema) in schema::subschemas(schema) {
            let at = keys.iter().fold(at.clone(), |at, key| at.child(key));
            self.visit(subschema, &at)?;
        }
        Ok(())
    }

    fn add(&mut self, name: &str, referrer: &Pointer) -> Result<(), Error> {
        if self.schemas.contains_key(name) {
            return Ok(());
        }
        let reference = format!("{PREFIX}{name}");
        let mut schema = resolve(self.document, &reference, referrer)?.clone();
        resolve_recursion(&mut schema, &reference);
        self.schemas.insert(name.to_owned(), schema);
        self.pending.push(name.to_owned());
        Ok(())
    }
}

/// Replaces `$recursiveRef: "#"`, with which a component of OpenAPI 3.1 refers to itself.
fn resolve_recursion(schema: &mut Value, reference: &str) {
    if schema.get("$recursiveRef").is_some_and(|at| at == "#") {
        *schema = json!({ "$ref": reference });
    }
    for part in schema::subschemas_mut(schema) {
        resolve_recursion(part, reference);
    }
}

/// Removes the components that the roots do not reach.
pub(super) fn prune(schemas: &mut Schemas, roots: impl IntoIterator<Item = String>) {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<String> = roots.into_iter().collect();
    while let Some(name) = pending.pop() {
        if let Some(schema) = schemas.get(&name)
            && reached.insert(name)
        {
            pending.extend(schema::references(schema));
        }
    }
    schemas.retain(|name, _| reached.contains(name));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::select::Content;

    fn operation(id: &str, tag: &str) -> Value {
        json!({
            "operationId": id,
            "tags": [tag],
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
        })
    }

    fn document(paths: Value) -> Value {
        json!({"paths": paths, "components": {
            "schemas": {"Thing": {"type": "object", "properties": {"part": {"$ref": "#/components/schemas/Part"}}},
                        "Part": {"type": "string"},
                        "Other": {"type": "string"}},
            "parameters": {"Id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}},
        }})
    }

    #[test]
    fn operations_are_selected_by_path_and_tag() {
        let document = document(json!({
            "/assistants": {"get": operation("a", "Assistants"), "post": operation("b", "Assistant")},
            "/threads/runs": {"post": operation("c", "Assistants")},
            "/threads/{id}": {"get": operation("d", "Chat")},
            "/chatkit/threads": {"get": operation("e", "Assistants")},
            "/assistants-other": {"get": operation("f", "Assistants")},
            "/models": {"get": operation("g", "Models")},
        }));
        let closure = extract(&document).unwrap();
        let ids: Vec<&str> = closure
            .operations
            .iter()
            .map(|operation| operation.id.as_str())
            .collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }

    #[test]
    fn reachable_components_are_kept_and_error_schemas_are_added() {
        let closure = extract(&document(
            json!({"/threads": {"get": operation("a", "Assistants")}}),
        ))
        .unwrap();
        let names: Vec<&String> = closure.schemas.keys().collect();
        assert_eq!(names, ["Error", "ErrorResponse", "Part", "Thing"]);
    }

    #[test]
    fn path_item_parameters_come_first_can_be_overridden_and_headers_are_omitted() {
        let mut get = operation("a", "Assistants");
        get["parameters"] = json!([
            {"name": "q", "in": "query", "schema": {"type": "string"}},
            {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
            {"name": "OpenAI-Beta", "in": "header", "required": true, "schema": {"type": "string"}},
        ]);
        let document = document(json!({"/threads/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": get,
        }}));
        let closure = extract(&document).unwrap();
        let parameters: Vec<_> = closure.operations[0]
            .parameters
            .iter()
            .map(|(_, parameter)| (&parameter["name"], &parameter["schema"]["type"]))
            .collect();
        assert_eq!(
            parameters,
            [
                (&json!("id"), &json!("integer")),
                (&json!("q"), &json!("string"))
            ]
        );
    }

    #[test]
    fn a_component_may_refer_to_itself() {
        let mut document = document(json!({"/threads": {"get": operation("a", "Assistants")}}));
        document["components"]["schemas"]["Thing"] = json!({"$recursiveAnchor": true, "type": "object", "properties": {
            "parts": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"$recursiveRef": "#"}]}},
        }});
        let closure = extract(&document).unwrap();
        assert_eq!(
            closure.schemas["Thing"]["properties"]["parts"]["items"]["oneOf"][1],
            schema::reference_to("Thing")
        );
    }

    #[test]
    fn files_are_selected_with_vector_stores_and_marked() {
        let files = json!({"get": operation("a", "Files"), "post": operation("b", "Chat")});
        let ids = |paths: Value| -> Vec<(String, String, Value)> {
            let closure = extract(&document(paths)).unwrap();
            let operations = closure.operations.into_iter();
            operations
                .map(|operation| {
                    let mark = operation.extensions.get("x-feature").cloned();
                    (operation.id, operation.tag, mark.unwrap_or_default())
                })
                .collect()
        };
        let thread = json!({"get": operation("c", "Assistants")});
        let one = |id: &str, tag: &str, mark: Value| (id.to_owned(), tag.to_owned(), mark);
        assert_eq!(
            ids(json!({"/files": files, "/threads": thread})),
            [one("c", "Assistants", Value::Null)],
            "version 1 attached files to assistants"
        );
        let stores = json!({"get": operation("d", "VectorStores")});
        assert_eq!(
            ids(json!({"/files": files, "/threads": thread, "/vector_stores": stores})),
            [
                one("a", "Files", json!("files")),
                one("c", "Assistants", Value::Null),
                one("d", "Vector stores", json!("files")),
            ]
        );
    }

    #[test]
    fn forms_and_files_are_read_and_other_bodies_are_not() {
        let form =
            json!({"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Thing"}}});
        let binary =
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}});
        let read = |body: &Value, response: &Value| {
            let mut post = operation("a", "Assistants");
            post["requestBody"] = json!({"content": body});
            post["responses"] = json!({"200": {"content": response}});
            let closure = extract(&document(json!({"/threads": {"post": post}})));
            closure.map(|closure| {
                let operation = &closure.operations[0];
                let body = operation.body.as_ref().map(|body| body.content.media_type);
                (
                    body,
                    operation
                        .success
                        .content
                        .as_ref()
                        .is_some_and(Content::is_binary),
                )
            })
        };
        assert_eq!(
            read(&form, &binary).unwrap(),
            (Some("multipart/form-data"), true)
        );
        for (body, response, expected) in [
            (
                &binary,
                &form,
                "requestBody: a request body that is neither JSON nor a form",
            ),
            (
                &form,
                &json!({"text/plain": {}}),
                "responses: there is no successful response with JSON or a file",
            ),
        ] {
            let error = read(body, response).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn errors_contain_the_location() {
        let error = |paths| extract(&document(paths)).unwrap_err().to_string();
        assert!(error(json!({})).contains("there are no Assistants operations"));

        let mut dangling = operation("a", "Assistants");
        dangling["parameters"] = json!([{"name": "x", "in": "query", "schema": {"$ref": "#/components/schemas/Nowhere"}}]);
        assert_eq!(
            error(json!({"/threads": {"get": dangling}})),
            "at #/paths/~1threads/get/parameters/0/schema: the `$ref` `#/components/schemas/Nowhere` does not resolve"
        );

        let mut outside = operation("a", "Assistants");
        outside["requestBody"] = json!({"$ref": "other.yaml#/Body"});
        assert!(error(json!({"/threads": {"get": outside}})).contains("at #/paths/~1threads/get/requestBody: the `$ref` `other.yaml#/Body` points outside of the document"));

        let mut nameless = operation("a", "Assistants");
        nameless.as_object_mut().unwrap().remove("operationId");
        assert!(
            error(json!({"/threads": {"get": nameless}})).starts_with("at #/paths/~1threads/get:")
        );
        assert_eq!(
            error(json!({"/threads/{id}": {"get": operation("a", "Assistants")}})),
            "at #/paths/~1threads~1{id}/get: the path parameter `{id}` is not declared"
        );
        assert!(error(json!({"/threads": {"get": operation("a", "Assistants"), "post": operation("a", "Assistants")}})).contains("used twice"));
    }

    #[test]
    fn pruning_follows_references() {
        let mut schemas = extract(&document(
            json!({"/threads": {"get": operation("a", "Assistants")}}),
        ))
        .unwrap()
        .schemas;
        prune(&mut schemas, ["Thing".to_owned()]);
        assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Part", "Thing"]);
    }
}
