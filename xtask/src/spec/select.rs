//! Selects the operations of the Assistants API, files and vector stores from a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use openai_assistants_codegen::{Error, features};

use super::canonical::{DESCRIPTION, RUST_NAME, is_canonical};
use super::pointer::{Pointer, follow};

/// The methods of OpenAPI 3.0, in output order.
const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

/// Extensions of an operation that the import keeps.
const EXTENSIONS: [&str; 3] = [RUST_NAME, features::FEATURE, DESCRIPTION];

/// A part of the API that is imported.
struct Part {
    /// The first segment of the paths.
    segment: &'static str,
    /// The start of the tag upstream, in lower case: documents differ in case and number.
    prefix: &'static str,
    tag: &'static str,
    feature: Option<&'static str>,
}

/// Other APIs have threads below paths of their own, such as `/chatkit/threads`.
const PARTS: [Part; 4] = [
    Part {
        segment: "assistants",
        prefix: "assistant",
        tag: ASSISTANTS,
        feature: None,
    },
    Part {
        segment: "threads",
        prefix: "assistant",
        tag: ASSISTANTS,
        feature: None,
    },
    Part {
        segment: "files",
        prefix: "file",
        tag: "Files",
        feature: Some(FILES),
    },
    Part {
        segment: VECTOR_STORES,
        prefix: "vector",
        tag: "Vector stores",
        feature: Some(FILES),
    },
];

const ASSISTANTS: &str = "Assistants";
const FILES: &str = "files";
const VECTOR_STORES: &str = "vector_stores";

/// The media types of requests and responses, by preference.
const MEDIA_TYPES: [&str; 3] = [
    "application/json",
    "multipart/form-data",
    "application/octet-stream",
];

/// An upstream operation. References to anything but schemas are resolved.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) method: &'static str,
    pub(super) at: Pointer,
    pub(super) tag: String,
    pub(super) deprecated: bool,
    pub(super) extensions: Map<String, Value>,
    /// The parameters of the path item first, in upstream order.
    pub(super) parameters: Vec<(Pointer, Value)>,
    pub(super) body: Option<Body>,
    pub(super) success: Success,
}

/// The body of a request.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    pub(super) content: Content,
}

/// The successful response.
#[derive(Debug)]
pub(super) struct Success {
    pub(super) status: String,
    pub(super) content: Content,
}

/// The media type of a body, and its schema.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) media_type: &'static str,
    pub(super) at: Pointer,
    pub(super) schema: Value,
}

impl Content {
    /// Whether the body is the content of a file.
    pub(super) fn is_binary(&self) -> bool {
        self.schema["format"] == "binary"
    }

    pub(super) fn read(value: &Value, at: &Pointer) -> Option<Self> {
        let content = value.get("content")?;
        let (media_type, schema) = MEDIA_TYPES
            .iter()
            .find_map(|name| Some((*name, content.get(name)?.get("schema")?)))?;
        Some(Self {
            media_type,
            at: at.child("content").child(media_type).child("schema"),
            schema: schema.clone(),
        })
    }
}

/// How operations are selected from an upstream document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// By path and tag.
    Tagged,
    /// By path, because servers have tags of their own.
    AnyTag,
}

/// Reads the operations of a document, ordered by path: all of a canonical one, or else those of
/// the parts.
pub(super) fn operations(document: &Value, scope: Scope) -> Result<Vec<Operation>, Error> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .ok_or_else(|| {
            Error::at(
                "#/paths",
                "there are no paths: this is not an OpenAPI document of an API",
            )
        })?;
    let is_canonical = is_canonical(document);
    // Before vector stores, files were attached to assistants.
    let has_stores = paths.contains_key(&format!("/{VECTOR_STORES}"));
    let mut operations = Vec::new();
    for (path, item) in paths {
        let part = part(path).filter(|part| part.feature.is_none() || has_stores);
        if part.is_none() && !is_canonical {
            continue;
        }
        let at = Pointer::root().child("paths").child(path);
        let item = item
            .as_object()
            .ok_or_else(|| Error::at(&at, "a path must be an object"))?;
        if item.contains_key("$ref") {
            return Err(Error::at(&at, "a path that is a `$ref` cannot be imported"));
        }
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let part = part.filter(|part| scope == Scope::AnyTag || has_tag(operation, part));
            if part.is_none() && !is_canonical {
                continue;
            }
            let at = at.child(method);
            let mut read = read_operation(document, path, method, item, operation, &at)?;
            if let Some(part) = part.filter(|_| !is_canonical) {
                read.tag = part.tag.to_owned();
                read.extensions.extend(
                    part.feature
                        .map(|name| (features::FEATURE.to_owned(), name.into())),
                );
            }
            operations.push(read);
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

fn part(path: &str) -> Option<&'static Part> {
    let segment = path.split('/').nth(1);
    PARTS.iter().find(|part| segment == Some(part.segment))
}

/// Whether an operation has a tag of the part, or no tags at all.
///
/// The tag is `Assistants`; one old document also has `Assistant`. Documents of other
/// servers may omit tags, or write `VectorStores`.
fn has_tag(operation: &Value, part: &Part) -> bool {
    let tags = operation.get("tags").and_then(Value::as_array);
    tags.is_none_or(|tags| {
        tags.iter()
            .filter_map(Value::as_str)
            .any(|tag| tag.to_lowercase().starts_with(part.prefix))
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
        tag: operation["tags"][0]
            .as_str()
            .unwrap_or(ASSISTANTS)
            .to_owned(),
        deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
        extensions: EXTENSIONS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), operation.get(*name)?.clone())))
            .collect(),
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
    let content = Content::read(body, &at).filter(|content| !content.is_binary());
    let content = content.ok_or_else(|| {
        Error::at(
            &at,
            "a request body that is neither JSON nor a form cannot be imported",
        )
    })?;
    Ok(Some(Body {
        required: body.get("required") == Some(&Value::Bool(true)),
        content,
    }))
}

/// The first 2xx response with a body that is JSON or a file.
fn success(document: &Value, operation: &Value, at: &Pointer) -> Result<Success, Error> {
    let at = at.child("responses");
    let responses = operation.get("responses").and_then(Value::as_object);
    for (status, response) in responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'))
    {
        let at = at.child(status);
        if let Some(content) = Content::read(follow(document, response, &at)?, &at) {
            return Ok(Success {
                status: status.clone(),
                content,
            });
        }
    }
    Err(Error::at(
        at,
        "there is no successful response with JSON or a file",
    ))
}
