//! Which operations belong to the Assistants API, and what they reach.

use std::collections::BTreeSet;

use openai_assistants_codegen::Error;
use serde_json::{Map, Value, json};

use super::pointer::{Pointer, resolve};
use super::schema::{self, PREFIX, Schemas};

/// The methods of OpenAPI 3.0, in the order in which they are written.
pub(super) const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

/// The union of all events of a stream. No operation refers to it.
pub(super) const STREAM_EVENT: &str = "AssistantStreamEvent";

/// The body of a refusal.
pub(super) const ERROR_RESPONSE: &str = "ErrorResponse";

/// An operation as upstream wrote it, references to anything but schemas resolved.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) method: &'static str,
    pub(super) at: Pointer,
    pub(super) deprecated: bool,
    /// Path parameters of the path item first, as upstream orders them.
    pub(super) parameters: Vec<(Pointer, Value)>,
    pub(super) body: Option<Body>,
    /// The status of success, and the schema of its JSON.
    pub(super) success: (String, Pointer, Value),
}

/// What a request carries.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) at: Pointer,
    pub(super) schema: Value,
}

/// The operations of the Assistants API and the components that they reach.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) operations: Vec<Operation>,
    pub(super) schemas: Schemas,
}

/// Cuts the Assistants API out of a complete document.
pub(super) fn cut(document: &Value) -> Result<Closure, Error> {
    let operations = operations(document)?;
    if operations.is_empty() {
        return Err(Error::at(
            "#/paths",
            "there are no Assistants operations: none below `/assistants` or `/threads` has a tag that begins with `Assistant`",
        ));
    }

    let mut reached = Reached {
        document,
        schemas: Schemas::new(),
        open: Vec::new(),
    };
    for operation in &operations {
        for (at, parameter) in &operation.parameters {
            reached.walk(&parameter["schema"], &at.child("schema"))?;
        }
        if let Some(body) = &operation.body {
            reached.walk(&body.schema, &body.at)?;
        }
        reached.walk(&operation.success.2, &operation.success.1)?;
    }
    for root in [STREAM_EVENT, ERROR_RESPONSE, "Error"] {
        if document
            .pointer(&format!("/components/schemas/{root}"))
            .is_some()
        {
            reached.component(root, &Pointer::root())?;
        }
    }
    while let Some(name) = reached.open.pop() {
        reached.walk(&reached.schemas[&name].clone(), &at(&name))?;
    }
    Ok(Closure {
        operations,
        schemas: with_errors(reached.schemas),
    })
}

/// Every document describes refusals, even one that has no schema for them.
fn with_errors(mut schemas: Schemas) -> Schemas {
    schemas.entry(ERROR_RESPONSE.to_owned()).or_insert_with(|| {
        json!({ "type": "object", "properties": { "error": schema::refer_to("Error") }, "required": ["error"] })
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

fn operations(document: &Value) -> Result<Vec<Operation>, Error> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .ok_or_else(|| {
            Error::at(
                "#/paths",
                "there are no paths: this is no OpenAPI document of an API",
            )
        })?;
    let mut operations = Vec::new();
    for (path, item) in paths.iter().filter(|(path, _)| is_assistants_path(path)) {
        let at = Pointer::root().child("paths").child(path);
        let item = item
            .as_object()
            .ok_or_else(|| Error::at(&at, "a path must be an object"))?;
        if item.contains_key("$ref") {
            return Err(Error::at(&at, "a path that is a `$ref` cannot be imported"));
        }
        for method in METHODS {
            if let Some(operation) = item
                .get(method)
                .filter(|operation| is_assistants_operation(operation))
            {
                operations.push(read_operation(
                    document,
                    path,
                    method,
                    item,
                    operation,
                    &at.child(method),
                )?);
            }
        }
    }
    operations.sort_by(|one, other| one.path.cmp(&other.path));
    reject_repeated_ids(&operations)?;
    Ok(operations)
}

/// `/assistants` and `/threads` and what is below them. Other products have
/// threads of their own, below a path of their own (`/chatkit/threads`).
fn is_assistants_path(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("assistants" | "threads"))
}

/// The tag is `Assistants`; one old document has an `Assistant` among them.
/// Documents of other servers may have no tags at all.
fn is_assistants_operation(operation: &Value) -> bool {
    let tags = operation.get("tags").and_then(Value::as_array);
    tags.is_none_or(|tags| {
        tags.iter()
            .filter_map(Value::as_str)
            .any(|tag| tag.starts_with("Assistant"))
    })
}

fn reject_repeated_ids(operations: &[Operation]) -> Result<(), Error> {
    for (index, operation) in operations.iter().enumerate() {
        if operations[..index]
            .iter()
            .any(|other| other.id == operation.id)
        {
            return Err(Error::at(
                &operation.at,
                format!("the operationId `{}` is used twice", operation.id),
            ));
        }
    }
    Ok(())
}

/// Each `{name}` of a path is a parameter, and each path parameter is in the path.
fn check_path(operation: &Operation) -> Result<(), Error> {
    let in_path = |(_, parameter): &&(Pointer, Value)| parameter["in"] == "path";
    let parameters: BTreeSet<&str> = operation
        .parameters
        .iter()
        .filter(in_path)
        .filter_map(|(_, parameter)| parameter["name"].as_str())
        .collect();
    let segments = operation.path.split('{').skip(1);
    let names: BTreeSet<&str> = segments.filter_map(|rest| rest.split('}').next()).collect();
    match names.symmetric_difference(&parameters).next() {
        Some(name) if names.contains(name) => Err(Error::at(
            &operation.at,
            format!("the path has `{{{name}}}`, and no parameter says what that is"),
        )),
        Some(name) => Err(Error::at(
            &operation.at,
            format!("the parameter `{name}` is not in the path"),
        )),
        None => Ok(()),
    }
}

fn read_operation(
    document: &Value,
    path: &str,
    method: &'static str,
    item: &Map<String, Value>,
    operation: &Value,
    at: &Pointer,
) -> Result<Operation, Error> {
    let id = operation
        .get("operationId")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Error::at(
                at,
                "an operation without `operationId` has no name to call it by",
            )
        })?;
    let operation = Operation {
        id: id.to_owned(),
        path: path.to_owned(),
        method,
        at: at.clone(),
        deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
        parameters: parameters(document, item, operation, at)?,
        body: body(document, operation, at)?,
        success: success(document, operation, at)?,
    };
    check_path(&operation)?;
    Ok(operation)
}

/// An operation's own parameters replace those of its path that have the same
/// name and place.
fn parameters(
    document: &Value,
    item: &Map<String, Value>,
    operation: &Value,
    at: &Pointer,
) -> Result<Vec<(Pointer, Value)>, Error> {
    let mut parameters: Vec<(Pointer, Value)> = Vec::new();
    for (list, at) in [
        (item.get("parameters"), at.parent()),
        (operation.get("parameters"), at.clone()),
    ] {
        for (index, parameter) in list
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let at = at.child("parameters").child(index);
            let parameter = follow(document, parameter, &at)?;
            // Every call takes any header, and the client sends the ones that are known.
            if matches!(parameter["in"].as_str(), Some("header" | "cookie")) {
                continue;
            }
            if parameter.get("schema").is_none() {
                return Err(Error::at(
                    &at,
                    "a parameter without `schema` cannot be imported",
                ));
            }
            let same = |other: &Value| {
                other["name"] == parameter["name"] && other["in"] == parameter["in"]
            };
            match parameters.iter_mut().find(|(_, other)| same(other)) {
                Some(replaced) => *replaced = (at, parameter.clone()),
                None => parameters.push((at, parameter.clone())),
            }
        }
    }
    Ok(parameters)
}

fn body(document: &Value, operation: &Value, at: &Pointer) -> Result<Option<Body>, Error> {
    let Some(body) = operation.get("requestBody") else {
        return Ok(None);
    };
    let at = at.child("requestBody");
    let body = follow(document, body, &at)?;
    let schema = json_schema(body).ok_or_else(|| {
        Error::at(
            &at,
            "a request body that is not `application/json` cannot be imported",
        )
    })?;
    Ok(Some(Body {
        required: body.get("required") == Some(&Value::Bool(true)),
        at: at
            .child("content")
            .child("application/json")
            .child("schema"),
        schema: schema.clone(),
    }))
}

/// The first of the 2xx responses that has JSON.
fn success(
    document: &Value,
    operation: &Value,
    at: &Pointer,
) -> Result<(String, Pointer, Value), Error> {
    let at = at.child("responses");
    let responses = operation.get("responses").and_then(Value::as_object);
    for (status, response) in responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'))
    {
        let at = at.child(status);
        if let Some(schema) = json_schema(follow(document, response, &at)?) {
            return Ok((
                status.clone(),
                at.child("content")
                    .child("application/json")
                    .child("schema"),
                schema.clone(),
            ));
        }
    }
    Err(Error::at(
        at,
        "there is no successful response with `application/json`",
    ))
}

fn json_schema(value: &Value) -> Option<&Value> {
    value.get("content")?.get("application/json")?.get("schema")
}

/// Follows references to parameters, request bodies and responses.
fn follow<'a>(document: &'a Value, mut value: &'a Value, at: &Pointer) -> Result<&'a Value, Error> {
    for _ in 0..16 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(value);
        };
        value = resolve(document, reference).ok_or_else(|| dangling(at, reference))?;
    }
    Err(Error::at(at, "a `$ref` that leads back to itself"))
}

fn dangling(at: &Pointer, reference: &str) -> Error {
    if reference.starts_with('#') {
        Error::at(at, format!("the `$ref` `{reference}` leads nowhere"))
    } else {
        Error::at(
            at,
            format!("the `$ref` `{reference}` leads out of the document, which cannot be imported"),
        )
    }
}

struct Reached<'a> {
    document: &'a Value,
    schemas: Schemas,
    /// Components that have not been looked into yet.
    open: Vec<String>,
}

impl Reached<'_> {
    fn walk(&mut self, schema: &Value, at: &Pointer) -> Result<(), Error> {
        if let Some(reference) = schema.get("$ref") {
            let reference = reference
                .as_str()
                .ok_or_else(|| Error::at(at, "a `$ref` must be a string"))?;
            let name = reference
                .strip_prefix(PREFIX)
                .filter(|name| !name.contains('/'))
                .ok_or_else(|| match resolve(self.document, reference) {
                    Some(_) => Error::at(at, format!("the `$ref` `{reference}` leads to something other than a component schema, which cannot be imported")),
                    None => dangling(at, reference),
                })?;
            return self.component(name, at);
        }
        for (keys, part) in schema::parts(schema) {
            let at = keys.iter().fold(at.clone(), |at, key| at.child(key));
            self.walk(part, &at)?;
        }
        Ok(())
    }

    fn component(&mut self, name: &str, from: &Pointer) -> Result<(), Error> {
        if self.schemas.contains_key(name) {
            return Ok(());
        }
        let reference = format!("{PREFIX}{name}");
        let schema =
            resolve(self.document, &reference).ok_or_else(|| dangling(from, &reference))?;
        self.schemas.insert(name.to_owned(), schema.clone());
        self.open.push(name.to_owned());
        Ok(())
    }
}

/// The place of a component.
pub(super) fn at(name: &str) -> Pointer {
    Pointer::root()
        .child("components")
        .child("schemas")
        .child(name)
}

/// Drops the components that nothing reaches any more.
pub(super) fn prune(schemas: &mut Schemas, roots: impl IntoIterator<Item = String>) {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = roots.into_iter().collect();
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name)
            && reached.insert(name)
        {
            open.extend(schema::references(schema));
        }
    }
    schemas.retain(|name, _| reached.contains(name));
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn operations_are_chosen_by_path_and_tag() {
        let document = document(json!({
            "/assistants": {"get": operation("a", "Assistants"), "post": operation("b", "Assistant")},
            "/threads/runs": {"post": operation("c", "Assistants")},
            "/threads/{id}": {"get": operation("d", "Chat")},
            "/chatkit/threads": {"get": operation("e", "Assistants")},
            "/assistants-other": {"get": operation("f", "Assistants")},
            "/models": {"get": operation("g", "Models")},
        }));
        let closure = cut(&document).unwrap();
        let ids: Vec<&str> = closure
            .operations
            .iter()
            .map(|operation| operation.id.as_str())
            .collect();
        assert_eq!(ids, ["a", "b", "c"]);
    }

    #[test]
    fn what_operations_reach_is_kept_and_errors_are_always_described() {
        let closure = cut(&document(
            json!({"/threads": {"get": operation("a", "Assistants")}}),
        ))
        .unwrap();
        let names: Vec<&String> = closure.schemas.keys().collect();
        assert_eq!(names, ["Error", "ErrorResponse", "Part", "Thing"]);
    }

    #[test]
    fn parameters_of_the_path_come_first_and_can_be_replaced_and_headers_are_left_out() {
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
        let closure = cut(&document).unwrap();
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
    fn errors_say_where() {
        let error = |paths| cut(&document(paths)).unwrap_err().to_string();
        assert!(error(json!({})).contains("there are no Assistants operations"));

        let mut dangling = operation("a", "Assistants");
        dangling["parameters"] = json!([{"name": "x", "in": "query", "schema": {"$ref": "#/components/schemas/Nowhere"}}]);
        assert_eq!(
            error(json!({"/threads": {"get": dangling}})),
            "at #/paths/~1threads/get/parameters/0/schema: the `$ref` `#/components/schemas/Nowhere` leads nowhere"
        );

        let mut outside = operation("a", "Assistants");
        outside["requestBody"] = json!({"$ref": "other.yaml#/Body"});
        assert!(error(json!({"/threads": {"get": outside}})).contains("at #/paths/~1threads/get/requestBody: the `$ref` `other.yaml#/Body` leads out of the document"));

        let mut nameless = operation("a", "Assistants");
        nameless.as_object_mut().unwrap().remove("operationId");
        assert!(
            error(json!({"/threads": {"get": nameless}})).starts_with("at #/paths/~1threads/get:")
        );
        assert_eq!(
            error(json!({"/threads/{id}": {"get": operation("a", "Assistants")}})),
            "at #/paths/~1threads~1{id}/get: the path has `{id}`, and no parameter says what that is"
        );
        assert!(error(json!({"/threads": {"get": operation("a", "Assistants"), "post": operation("a", "Assistants")}})).contains("used twice"));
    }

    #[test]
    fn pruning_follows_references() {
        let mut schemas = cut(&document(
            json!({"/threads": {"get": operation("a", "Assistants")}}),
        ))
        .unwrap()
        .schemas;
        prune(&mut schemas, ["Thing".to_owned()]);
        assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Part", "Thing"]);
    }
}
