//! Operations and their parameters, with their names in Rust.

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::Value;

use super::reference::reference;
use crate::error::Error;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The property of an operation whose ID is misspelled: the name of its method.
pub const RUST_NAME: &str = "x-rust-name";

/// An operation of the document.
pub struct Operation<'a> {
    /// The operation ID.
    pub id: &'a str,
    /// The name of the method where the operation ID is misspelled: `x-rust-name`.
    pub rust_name: Option<&'a str>,
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
    /// Whether the body has no required properties.
    pub body_is_optional: bool,
    /// The schema of the response.
    pub response: &'a str,
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
        let body = json_schema(&operation["requestBody"]);
        let rust_name = &operation[RUST_NAME];
        if !(rust_name.is_null() || rust_name.is_string()) {
            return Err(error("x-rust-name is not a string"));
        }
        Ok(Self {
            id: operation["operationId"]
                .as_str()
                .ok_or_else(|| error("the operation has no operationId"))?,
            rust_name: rust_name.as_str(),
            method,
            path,
            description: operation["description"].as_str(),
            parameters: parameters
                .iter()
                .map(|parameter| Parameter::read(parameter).map_err(|reason| error(&reason)))
                .collect::<Result<_, Error>>()?,
            body,
            body_is_optional: body.is_some_and(|body| has_no_required(document, body)),
            response: json_schema(&operation["responses"]["200"])
                .ok_or_else(|| error("the response 200 is not JSON of a named schema"))?,
            events: reference(&operation["x-event-stream"]),
        })
    }

    /// Whether the call has the same effect when it is sent twice. The POSTs that change an object
    /// in place are told by their names.
    pub fn is_idempotent(&self) -> bool {
        let changes_in_place = ["modify", "update", "cancel"]
            .iter()
            .any(|verb| self.id.starts_with(verb));
        changes_in_place || matches!(self.method, "get" | "put" | "delete" | "head")
    }

    /// The JSON pointer to the operation.
    pub fn pointer(&self) -> String {
        pointer(self.path, self.method)
    }

    /// The method of `Client`, named as progenitor names it.
    pub fn function(&self) -> String {
        self.rust_name.unwrap_or(self.id).to_snake_case()
    }

    /// The request builder, named as progenitor names it.
    pub fn builder(&self) -> String {
        self.rust_name.unwrap_or(self.id).to_upper_camel_case()
    }

    /// The method named after the operation ID, where the method has another name.
    pub fn deprecated_function(&self) -> Option<String> {
        self.rust_name.map(|_| self.id.to_snake_case())
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

    /// The setter of the request builder, named as progenitor names it: `include` for
    /// `include[]`, and `type_` for the keyword `type`.
    pub fn function(&self) -> String {
        let name = self.name.to_snake_case();
        match syn::parse_str::<syn::Ident>(&name) {
            Ok(_) => name,
            Err(_) => format!("{name}_"),
        }
    }
}

fn pointer(path: &str, method: &str) -> String {
    let path = path.replace('~', "~0").replace('/', "~1");
    format!("#/paths/{path}/{method}")
}

fn has_no_required(document: &Value, schema: &str) -> bool {
    let required = document["components"]["schemas"][schema]["required"].as_array();
    required.is_none_or(Vec::is_empty)
}

fn json_schema(body_or_response: &Value) -> Option<&str> {
    reference(&body_or_response["content"]["application/json"]["schema"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{document, error};

    #[test]
    fn a_response_without_a_named_schema_is_an_error() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["responses"] = json!({});
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: the response 200 is not JSON of a named schema"
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
