//! Whether a document is one that source can be made of. progenitor and typify panic
//! where it is not, or write code that does not compile.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::{Map, Value};

use super::Error;
use super::api::{Api, Kind, Operation, reference, type_name};

/// Methods that `Client` has beside those of the operations.
const OF_CLIENT: [&str; 9] = [
    "builder", "from_env", "base_url", "http", "config", "clone", "request", "v1", "as_ref",
];
/// What a builder has beside its parameters.
const OF_BUILDER: [&str; 15] = [
    "new",
    "client",
    "options",
    "first_error",
    "body",
    "header",
    "query",
    "timeout",
    "send",
    "send_response",
    "items",
    "pages",
    "stream",
    "follow",
    "clone",
];
/// What the builder of a type has beside its properties.
const OF_TYPE_BUILDER: [&str; 3] = ["build", "first_error", "clone"];

/// Checks what the steps behind this one take for granted.
pub fn check(api: &Api) -> Result<(), Error> {
    check_beta(api.recorded_beta())?;
    let functions = api
        .operations
        .iter()
        .map(|operation| (operation.function(), operation.id));
    distinct("#/paths", "operation", functions, &OF_CLIENT)?;
    for operation in &api.operations {
        check_operation(operation)?;
    }
    let types = api.schemas.keys().map(|name| (type_name(name), *name));
    distinct("#/components/schemas", "schema", types, &[])?;
    for (name, schema) in &api.schemas {
        let place = format!("#/components/schemas/{name}");
        check_names(api, name, &schema.kind, schema.value, &place)?;
        check_parts(schema.value, &place)?;
    }
    Ok(())
}

/// The client makes a header of it without another look.
fn check_beta(beta: &Value) -> Result<(), Error> {
    let is_sendable =
        |beta: &str| !beta.is_empty() && beta.bytes().all(|byte| byte.is_ascii_graphic());
    if beta.is_null() || beta.as_str().is_some_and(is_sendable) {
        return Ok(());
    }
    Err(Error::new(
        "#/info/x-source/beta",
        "the value of the header `OpenAI-Beta` has to be visible ASCII, such as `assistants=v2`",
    ))
}

fn check_operation(operation: &Operation) -> Result<(), Error> {
    let path = operation.path.replace('~', "~0").replace('/', "~1");
    let place = format!("#/paths/{path}/{}", operation.method);
    let parameters = operation
        .parameters
        .iter()
        .map(|parameter| (parameter.function(), parameter.name));
    distinct(&place, "parameter", parameters, &OF_BUILDER)?;

    let in_template: BTreeSet<&str> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect();
    let declared: BTreeSet<&str> = operation
        .in_path()
        .map(|parameter| parameter.name)
        .collect();
    match in_template.symmetric_difference(&declared).next() {
        Some(name) => Err(Error::new(
            place,
            format!(
                "the path parameter `{name}` has to be both in the path and among the parameters"
            ),
        )),
        None => Ok(()),
    }
}

fn check_names(
    api: &Api,
    name: &str,
    kind: &Kind,
    schema: &Map<String, Value>,
    place: &str,
) -> Result<(), Error> {
    match kind {
        Kind::Strings { values } => distinct(
            place,
            "value",
            values
                .iter()
                .map(|value| (value.to_upper_camel_case(), *value)),
            &[],
        ),
        Kind::Tagged { members, .. } | Kind::Events { members } => {
            let tags = members
                .iter()
                .map(|member| (member.tag.to_upper_camel_case(), member.tag));
            distinct(place, "tag", tags, &["Unknown"])?;
            match members
                .iter()
                .find(|member| !api.schemas.contains_key(member.schema))
            {
                Some(member) => Err(Error::new(
                    format!("{place}/discriminator/mapping/{}", member.tag),
                    format!("the schema `{}` does not exist", member.schema),
                )),
                None => Ok(()),
            }
        }
        Kind::Object { .. } => {
            let reserved: &[&str] = if api.requests.contains(name) {
                &OF_TYPE_BUILDER
            } else {
                &[]
            };
            let properties = schema.get("properties").and_then(Value::as_object);
            let names = properties
                .into_iter()
                .flatten()
                .map(|(name, _)| (name.to_snake_case(), name.as_str()));
            distinct(place, "property", names, reserved)
        }
        Kind::Untagged | Kind::Any | Kind::Other => Ok(()),
    }
}

/// Names in Rust that are names, and of one thing each.
fn distinct<'a>(
    place: &str,
    what: &str,
    names: impl Iterator<Item = (String, &'a str)>,
    reserved: &[&str],
) -> Result<(), Error> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (rust_name, name) in names {
        let refuse =
            |reason: String| Err(Error::new(place, format!("the {what} `{name}` {reason}")));
        if !rust_name.starts_with(|first: char| first.is_alphabetic()) {
            return refuse("makes no name in Rust".to_owned());
        }
        if reserved.contains(&rust_name.as_str())
            || matches!(rust_name.as_str(), "self" | "super" | "crate" | "Self")
        {
            return refuse(format!(
                "would be `{rust_name}` in Rust, which has another meaning there"
            ));
        }
        if let Some(other) = taken.insert(rust_name.clone(), name) {
            return refuse(format!("and `{other}` would both be `{rust_name}` in Rust"));
        }
    }
    Ok(())
}

/// Objects, unions and enums have names of their own, which the importer gives them.
fn check_parts(schema: &Map<String, Value>, place: &str) -> Result<(), Error> {
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (name, property) in properties {
        check_part(property, &format!("{place}/properties/{name}"))?;
    }
    if let Some(items) = schema.get("items") {
        check_part(items, &format!("{place}/items"))?;
    }
    Ok(())
}

fn check_part(schema: &Value, place: &str) -> Result<(), Error> {
    if reference(schema).is_some() || reference(&schema["allOf"][0]).is_some() {
        return Ok(());
    }
    if !schema.is_object() {
        return Err(Error::new(place, "the schema is not an object"));
    }
    let values = schema["enum"].as_array().map_or(0, Vec::len);
    let has_name_of_its_own = schema.get("properties").is_some()
        || ["oneOf", "anyOf", "allOf", "not"]
            .iter()
            .any(|union| schema.get(union).is_some())
        || values > 1;
    if has_name_of_its_own {
        return Err(Error::new(
            place,
            "the schema needs a name of its own; import the document first",
        ));
    }
    for nested in ["items", "additionalProperties"] {
        // Whether an object can have others at all is said with a boolean.
        let nested_schema = schema.get(nested).filter(|schema| !schema.is_boolean());
        if let Some(nested_schema) = nested_schema {
            check_part(nested_schema, &format!("{place}/{nested}"))?;
        }
    }
    Ok(())
}
