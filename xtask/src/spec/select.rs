//! Selects the operations of the Assistants API from an upstream document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::pointer::{Pointer, follow};
use openai_assistants_codegen::Error;

/// The methods of OpenAPI 3.0, in output order.
const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

/// An upstream operation. References to anything but schemas are resolved.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) method: &'static str,
    pub(super) at: Pointer,
    pub(super) deprecated: bool,
    /// The parameters of the path item first, in upstream order.
    pub(super) parameters: Vec<(Pointer, Value)>,
    pub(super) body: Option<Body>,
    pub(super) success: Success,
}

/// The JSON body of a request.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) at: Pointer,
    pub(super) schema: Value,
}

/// The successful response with a JSON body.
#[derive(Debug)]
pub(super) struct Success {
    pub(super) status: String,
    pub(super) at: Pointer,
    pub(super) schema: Value,
}

/// Reads the Assistants operations of a document, ordered by path.
pub(super) fn operations(document: &Value) -> Result<Vec<Operation>, Error> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .ok_or_else(|| {
            Error::at(
                "#/paths",
                "there are no paths: this is not an OpenAPI document of an API",
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
                let at = at.child(method);
                operations.push(read_operation(
                    document, path, method, item, operation, &at,
                )?);
            }
        }
    }
    if operations.is_empty() {
        return Err(Error::at(
            "#/paths",
            "there are no Assistants operations: no operation below `/assistants` or `/threads` has a tag that starts with `Assistant`",
        ));
    }
    operations.sort_by(|one, other| one.path.cmp(&other.path));
    reject_repeated_ids(&operations)?;
    Ok(operations)
}

/// Whether a path is `/assistants`, `/threads`, or below one of them.
///
/// Other APIs have threads below paths of their own, such as `/chatkit/threads`.
fn is_assistants_path(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("assistants" | "threads"))
}

/// Whether an operation has a tag of the Assistants API, or no tags at all.
///
/// The tag is `Assistants`; one old document also has `Assistant`. Documents of other
/// servers may omit tags.
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

/// Checks that the path template and the declared path parameters match.
fn check_path(operation: &Operation) -> Result<(), Error> {
    let in_path = |(_, parameter): &&(Pointer, Value)| parameter["in"] == "path";
    let declared: BTreeSet<&str> = operation
        .parameters
        .iter()
        .filter(in_path)
        .filter_map(|(_, parameter)| parameter["name"].as_str())
        .collect();
    let segments = operation.path.split('{').skip(1);
    let in_template: BTreeSet<&str> = segments.filter_map(|rest| rest.split('}').next()).collect();
    match in_template.symmetric_difference(&declared).next() {
        Some(name) if in_template.contains(name) => Err(Error::at(
            &operation.at,
            format!("the path parameter `{{{name}}}` is not declared"),
        )),
        Some(name) => Err(Error::at(
            &operation.at,
            format!("the path has no segment for the path parameter `{name}`"),
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
        .ok_or_else(|| Error::at(at, "an operation without `operationId` cannot be imported"))?;
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

/// The parameters of an operation, which override those of the path item.
///
/// Two parameters are the same if their name and location are equal.
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
            // The client sends the required headers itself, and every call accepts more.
            if matches!(parameter["in"].as_str(), Some("header" | "cookie")) {
                continue;
            }
            if parameter.get("schema").is_none() {
                return Err(Error::at(
                    &at,
                    "a parameter without `schema` cannot be imported",
                ));
            }
            let is_same = |other: &Value| {
                other["name"] == parameter["name"] && other["in"] == parameter["in"]
            };
            match parameters.iter_mut().find(|(_, other)| is_same(other)) {
                Some(overridden) => *overridden = (at, parameter.clone()),
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
        at: json_schema_at(&at),
        schema: schema.clone(),
    }))
}

/// The first 2xx response with a JSON body.
fn success(document: &Value, operation: &Value, at: &Pointer) -> Result<Success, Error> {
    let at = at.child("responses");
    let responses = operation.get("responses").and_then(Value::as_object);
    for (status, response) in responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'))
    {
        let at = at.child(status);
        if let Some(schema) = json_schema(follow(document, response, &at)?) {
            return Ok(Success {
                status: status.clone(),
                at: json_schema_at(&at),
                schema: schema.clone(),
            });
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

fn json_schema_at(at: &Pointer) -> Pointer {
    at.child("content")
        .child("application/json")
        .child("schema")
}
