//! Operations and their parameters, with their names in Rust.

use serde_json::{Map, Value};

use super::name::{pascal, snake};
use super::reference::reference;
use crate::error::Error;
use crate::features::FEATURE;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

pub const JSON: &str = "application/json";
/// The media type of a body with a file.
pub const FORM: &str = "multipart/form-data";
/// The media type of a response that is the content of a file.
pub const BINARY: &str = "application/octet-stream";

/// The property of an operation whose ID is misspelled: the name of its method.
pub const RUST_NAME: &str = "x-rust-name";

/// Methods and fields that a request builder has in addition to the parameters.
const RESERVED_SETTERS: [&str; 23] = [
    "new",
    "client",
    "options",
    "first_error",
    "body",
    "extra_body",
    "header",
    "query",
    "connect_timeout",
    "timeout",
    "total_timeout",
    "stream_idle_timeout",
    "retry",
    "once",
    "bytes",
    "send",
    "send_response",
    "with",
    "items",
    "pages",
    "stream",
    "follow",
    "clone",
];

/// An operation of the document.
pub struct Operation<'a> {
    /// The operation ID.
    pub id: &'a str,
    /// The name of the method where the operation ID is misspelled: `x-rust-name`.
    pub rust_name: Option<&'a str>,
    /// The Cargo feature that it belongs to.
    pub feature: Option<&'a str>,
    /// The HTTP method, in lower case.
    pub method: &'a str,
    /// The path template.
    pub path: &'a str,
    /// The description.
    pub description: Option<&'a str>,
    /// The path and query parameters.
    pub parameters: Vec<Parameter<'a>>,
    /// The schema of the request body.
    pub body: Option<&'a str>,
    /// The property of the body that is a file. The body is then sent as `multipart/form-data`.
    pub file: Option<&'a str>,
    /// Whether the body has no required properties.
    pub body_is_optional: bool,
    /// The schema of the response, unless it is the content of a file or empty.
    pub response: Option<&'a str>,
    /// Whether the response is the content of a file.
    pub is_download: bool,
    /// The schema of the events, if the operation supports streaming.
    pub events: Option<&'a str>,
}

/// A path or query parameter.
pub struct Parameter<'a> {
    /// The name on the wire.
    pub name: &'a str,
    /// The description.
    pub description: Option<&'a str>,
    /// Whether it is a path parameter.
    pub is_path: bool,
    /// Whether it is an array.
    pub is_array: bool,
    /// Whether it is required.
    pub is_required: bool,
    /// The schema of its values.
    pub schema: &'a Value,
}

/// The operations of a document, in the order of its paths.
pub(super) fn read_all(document: &Value) -> Result<Vec<Operation<'_>>, Error> {
    let none = || Error::at("#/paths", "the document has no operations");
    let paths = document["paths"].as_object().ok_or_else(none)?;
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operations.push(Operation::read(document, path, method, operation)?);
            }
        }
    }
    match operations.is_empty() {
        true => Err(none()),
        false => Ok(operations),
    }
}

impl<'a> Operation<'a> {
    fn read(
        document: &'a Value,
        path: &'a str,
        method: &'a str,
        operation: &'a Value,
    ) -> Result<Self, Error> {
        let error = |reason: &str| Error::at(pointer(path, method), reason);
        let parameters = operation["parameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let form = schema_of(&operation["requestBody"], FORM);
        let body = json_schema(&operation["requestBody"]).or(form);
        let file = form.map(|form| file_property(document, form));
        let no_file = || error("the form has to have one property of the format `binary`");
        let file = file.map(|file| file.ok_or_else(no_file)).transpose()?;
        let status = success_status(operation)
            .ok_or_else(|| error("the operation has no response with a status from 200 to 299"))?;
        let success = &operation["responses"][status];
        let response = json_schema(success);
        let is_download = response.is_none() && success["content"].get(BINARY).is_some();
        let is_empty = success["content"].as_object().is_none_or(Map::is_empty);
        if response.is_none() && !is_download && !is_empty {
            return Err(error(&format!(
                "the response {status} is neither JSON of a named schema nor application/octet-stream"
            )));
        }
        let rust_name = &operation[RUST_NAME];
        if !(rust_name.is_null() || rust_name.is_string()) {
            return Err(error("x-rust-name is not a string"));
        }
        Ok(Self {
            id: operation["operationId"]
                .as_str()
                .ok_or_else(|| error("the operation has no operationId"))?,
            rust_name: rust_name.as_str(),
            feature: operation[FEATURE].as_str(),
            method,
            path,
            description: operation["description"].as_str(),
            parameters: parameters
                .iter()
                .map(|parameter| Parameter::read(parameter).map_err(|reason| error(&reason)))
                .collect::<Result<_, Error>>()?,
            body,
            file,
            body_is_optional: body.is_some_and(|body| has_no_required(document, body, file)),
            response,
            is_download,
            events: reference(&operation["x-event-stream"]),
        })
    }

    /// Whether the call has the same effect when it is sent twice. The POSTs that create nothing are
    /// told by their names.
    pub fn is_idempotent(&self) -> bool {
        let creates_nothing = ["modify", "update", "cancel", "search"]
            .iter()
            .any(|verb| self.id.starts_with(verb));
        creates_nothing || matches!(self.method, "get" | "put" | "delete" | "head")
    }

    /// The JSON pointer to the operation.
    pub fn pointer(&self) -> String {
        pointer(self.path, self.method)
    }

    /// The method of `Client`.
    pub fn function(&self) -> String {
        snake(self.rust_name.unwrap_or(self.id))
    }

    /// The request builder.
    pub fn builder(&self) -> String {
        pascal(self.rust_name.unwrap_or(self.id))
    }

    /// The method named after the operation ID, where the method has another name.
    pub fn deprecated_function(&self) -> Option<String> {
        self.rust_name.map(|_| snake(self.id))
    }

    /// The setter of the file of the body.
    pub fn file_setter(&self) -> Option<String> {
        self.file.map(setter)
    }

    /// The path parameters.
    pub fn path_parameters(&self) -> impl Iterator<Item = &Parameter<'a>> {
        self.parameters.iter().filter(|parameter| parameter.is_path)
    }

    /// The query parameters.
    pub fn query_parameters(&self) -> impl Iterator<Item = &Parameter<'a>> {
        self.parameters
            .iter()
            .filter(|parameter| !parameter.is_path)
    }
}

impl<'a> Parameter<'a> {
    fn read(parameter: &'a Value) -> Result<Self, String> {
        let name = parameter["name"]
            .as_str()
            .ok_or("a parameter has no name")?;
        let is_path = match parameter["in"].as_str() {
            Some("path") => true,
            Some("query") => false,
            _ => {
                return Err(format!(
                    "the parameter `{name}` is neither a path nor a query parameter"
                ));
            }
        };
        Ok(Self {
            name,
            description: parameter["description"].as_str(),
            is_path,
            is_array: parameter["schema"]["type"] == "array",
            is_required: parameter["required"] == true,
            schema: &parameter["schema"],
        })
    }

    /// The setter of the request builder: `include` for `include[]`, `type_` for the keyword `type`,
    /// and `send_` for `send`, which is a method of every builder.
    pub fn function(&self) -> String {
        setter(self.name)
    }

    /// The name of the parameter in the output of progenitor.
    pub fn argument(&self) -> String {
        snake(self.name)
    }
}

fn setter(name: &str) -> String {
    let name = snake(name);
    match RESERVED_SETTERS.contains(&&*name) {
        true => name + "_",
        false => name,
    }
}

fn pointer(path: &str, method: &str) -> String {
    let path = path.replace('~', "~0").replace('/', "~1");
    format!("#/paths/{path}/{method}")
}

/// The status of the successful response: 200, or else the first from 201 to 299.
pub fn success_status(operation: &Value) -> Option<&str> {
    let responses = operation["responses"].as_object()?;
    let statuses = responses.keys().map(String::as_str);
    let mut successes = statuses.filter(|status| status.starts_with('2'));
    let first = successes.next();
    match responses.contains_key("200") {
        true => Some("200"),
        false => first,
    }
}

/// Whether no property is required, beside that of the file.
fn has_no_required(document: &Value, schema: &str, file: Option<&str>) -> bool {
    let schema = &document["components"]["schemas"][schema];
    let mut required = schema["required"].as_array().into_iter().flatten();
    // Only structs have a default.
    schema["properties"].is_object() && required.all(|name| name.as_str() == file)
}

/// The only property of a form that is a file.
fn file_property<'a>(document: &'a Value, form: &str) -> Option<&'a str> {
    let properties = document["components"]["schemas"][form]["properties"].as_object()?;
    let mut files = properties
        .iter()
        .filter(|(_, property)| property["format"] == "binary");
    match (files.next(), files.next()) {
        (Some((name, _)), None) => Some(name),
        _ => None,
    }
}

fn json_schema(body_or_response: &Value) -> Option<&str> {
    schema_of(body_or_response, JSON)
}

fn schema_of<'a>(body_or_response: &'a Value, media_type: &str) -> Option<&'a str> {
    reference(&body_or_response["content"][media_type]["schema"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{document, error, upload_document};

    #[test]
    fn a_response_without_a_named_schema_is_an_error() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["responses"] = json!({});
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: the operation has no response with a status from 200 to 299"
        );
        let text = json!({ "content": { "text/plain": { "schema": { "type": "string" } } } });
        document["paths"]["/things/{thing_id}"]["post"]["responses"] = json!({ "201": text });
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: the response 201 is neither JSON of a named schema nor application/octet-stream"
        );
    }

    #[test]
    fn a_form_without_a_file_is_an_error() {
        let mut document = upload_document();
        let form = &mut document["components"]["schemas"]["AddThingRequest"];
        form["properties"]["file"]["format"] = json!("byte");
        assert_eq!(
            error(&document),
            "at #/paths/~1things/post: the form has to have one property of the format `binary`"
        );
    }

    #[test]
    fn a_rust_name_that_is_not_a_string_is_an_error() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["x-rust-name"] = json!(1);
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: x-rust-name is not a string"
        );
    }
}
