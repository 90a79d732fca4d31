//! Selects the operations of the Assistants API, files and vector stores from a document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use openai_assistants_codegen::{Error, features};

use super::canonical::{DESCRIPTION, RUST_NAME, is_canonical};
use super::pointer::{Pointer, follow};
use super::{constraints, naming};

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
const MEDIA_TYPES: [&str; 3] = ["application/json", FORM, "application/octet-stream"];

/// The media type of a body with a file.
const FORM: &str = "multipart/form-data";

/// The status of a response without a body.
const NO_CONTENT: &str = "204";

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
    /// `None` for a response without a body.
    pub(super) content: Option<Content>,
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
    /// By path and tag, without those that the client cannot call.
    Callable,
    /// By path and tag.
    Tagged,
    /// By path, because servers have tags of their own.
    AnyTag,
}

/// The operations of a document, and those that the client cannot call.
struct Selection {
    operations: Vec<Operation>,
    left_out: Vec<LeftOut>,
}

/// An operation that the client cannot call, and the reason.
struct LeftOut {
    route: String,
    reason: Error,
}

/// Reads the operations of a document, ordered by path: all of a canonical one, or else those of
/// the parts.
pub(super) fn operations(document: &Value, scope: Scope) -> Result<Vec<Operation>, Error> {
    select(document, scope).map(|selection| selection.operations)
}

/// Lists the operations of the parts that the client cannot call, each with the reason.
pub(super) fn left_out(document: &Value) -> Result<Vec<String>, Error> {
    let left_out = select(document, Scope::Callable)?.left_out.into_iter();
    let lines = left_out.map(|LeftOut { route, reason }| {
        format!("{route}: {reason}; call it with `Client::request`")
    });
    Ok(lines.collect())
}

fn select(document: &Value, scope: Scope) -> Result<Selection, Error> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .ok_or_else(|| {
            Error::at(
                "#/paths",
                "there are no paths: this is not an OpenAPI document of an API",
            )
            .advise("import one that has paths")
        })?;
    let is_canonical = is_canonical(document);
    // Before vector stores, files were attached to assistants.
    let has_stores = paths.contains_key(&format!("/{VECTOR_STORES}"));
    let mut operations = Vec::new();
    let mut left_out = Vec::new();
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
            let may_be_left_out = scope == Scope::Callable && !is_canonical;
            if may_be_left_out && let Some(reason) = unsupported(document, operation, &at)? {
                let route = format!("{} {path}", method.to_uppercase());
                left_out.push(LeftOut { route, reason });
                continue;
            }
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
        if !left_out.is_empty() {
            return Err(left_out.swap_remove(0).reason);
        }
        return Err(Error::at(
            "#/paths",
            "there are no Assistants operations: no operation below `/assistants` or `/threads` has a tag that starts with `Assistant`",
        )
        .advise("tag them in a copy of the document"));
    }
    operations.sort_by(|one, other| one.path.cmp(&other.path));
    reject_repeated_ids(&operations)?;
    Ok(Selection {
        operations,
        left_out,
    })
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
        id: naming::operation_id(id).to_owned(),
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
        body: body(document, operation, at)??,
        success: success(document, operation, at)??,
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

/// Returns why the client cannot call an operation, if it cannot.
fn unsupported(document: &Value, operation: &Value, at: &Pointer) -> Result<Option<Error>, Error> {
    let reason = match body(document, operation, at)? {
        Err(reason) => Some(reason),
        Ok(body) => body.and_then(|body| form_error(document, &body.content)),
    };
    Ok(match reason {
        Some(reason) => Some(reason),
        None => success(document, operation, at)?.err(),
    })
}

/// A form is sent with one file, whose property has the format `binary`.
fn form_error(document: &Value, content: &Content) -> Option<Error> {
    if content.media_type != FORM {
        return None;
    }
    let form = follow(document, &content.schema, &content.at).ok()?;
    let properties = form.get("properties").and_then(Value::as_object);
    let properties = properties.into_iter().flatten();
    let files = properties.filter(|(_, property)| constraints::is_file(property));
    match files.count() {
        1 => None,
        count => Some(Error::at(
            &content.at,
            format!("a form with {count} files cannot be imported"),
        )),
    }
}

/// The body of a request. The inner error says that it is neither JSON nor a form.
fn body(
    document: &Value,
    operation: &Value,
    at: &Pointer,
) -> Result<Result<Option<Body>, Error>, Error> {
    let Some(body) = operation.get("requestBody") else {
        return Ok(Ok(None));
    };
    let at = at.child("requestBody");
    let body = follow(document, body, &at)?;
    let content = Content::read(body, &at).filter(|content| !content.is_binary());
    let body = content.map(|content| Body {
        required: body.get("required") == Some(&Value::Bool(true)),
        content,
    });
    Ok(body.map(Some).ok_or_else(|| {
        Error::at(
            &at,
            "a request body that is neither JSON nor a form cannot be imported",
        )
    }))
}

/// The first 2xx response with a body that is JSON or a file, or else one without a body. The
/// inner error says that there is no such response.
fn success(
    document: &Value,
    operation: &Value,
    at: &Pointer,
) -> Result<Result<Success, Error>, Error> {
    let at = at.child("responses");
    let responses = operation.get("responses").and_then(Value::as_object);
    let mut empty = None;
    let mut is_readable = true;
    for (status, response) in responses
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'))
    {
        let at = at.child(status);
        let response = follow(document, response, &at)?;
        let content = Content::read(response, &at);
        let success = |content| Success {
            status: status.clone(),
            content,
        };
        match content {
            Some(content) => return Ok(Ok(success(Some(content)))),
            // Other statuses have bodies, which documents may omit.
            None if status == NO_CONTENT && response.get("content").is_none() => {
                empty = Some(success(None));
            }
            None => is_readable &= response.get("content").is_none(),
        }
    }
    let empty = empty.filter(|_| is_readable);
    Ok(empty.ok_or_else(|| Error::at(at, "there is no successful response with JSON or a file")))
}
