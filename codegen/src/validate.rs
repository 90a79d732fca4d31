//! Checks what progenitor and typify do not: they panic, or generate source that does not
//! compile.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::model::api::Api;
use crate::model::operation::Operation;
use crate::model::reference::{SCHEMAS, target, type_name};
use crate::model::schema::Kind;

/// Methods that `Client` has in addition to the operations.
const CLIENT_METHODS: [&str; 10] = [
    "builder",
    "from_env",
    "base_url",
    "http",
    "config",
    "clone",
    "request",
    "v1",
    "as_ref",
    "vector_store",
];
/// Methods and fields that a request builder has in addition to the parameters.
const REQUEST_BUILDER_MEMBERS: [&str; 22] = [
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
    "items",
    "pages",
    "stream",
    "follow",
    "clone",
];
/// Methods and fields that the builder of a type has in addition to the properties.
const TYPE_BUILDER_MEMBERS: [&str; 3] = ["build", "first_error", "clone"];

/// Checks what the later steps rely on.
///
/// # Errors
/// The document cannot be turned into a client; the error has the location.
pub fn validate(api: &Api) -> Result<(), Error> {
    beta(api.recorded_beta())?;
    let functions = api.operations.iter().flat_map(|operation| {
        let deprecated = operation.deprecated_function();
        let names = [Some(operation.function()), deprecated].into_iter();
        names.flatten().map(|name| (name, operation.id))
    });
    distinct("#/paths", "operation", functions, &CLIENT_METHODS)?;
    for operation in &api.operations {
        path_parameters(operation)?;
    }
    let types = api.schemas.keys().map(|name| (type_name(name), *name));
    distinct("#/components/schemas", "schema", types, &[])?;
    for (name, schema) in &api.schemas {
        let location = format!("{SCHEMAS}{name}");
        names(api, name, &schema.kind, schema.value, &location)?;
        nested_schemas(schema.value, &location)?;
    }
    Ok(())
}

/// The client uses the value as a header without further checks.
fn beta(beta: &Value) -> Result<(), Error> {
    let is_valid =
        |beta: &str| !beta.is_empty() && beta.bytes().all(|byte| byte.is_ascii_graphic());
    if beta.is_null() || beta.as_str().is_some_and(is_valid) {
        return Ok(());
    }
    Err(Error::at(
        "#/info/x-source/beta",
        "the value of the header `OpenAI-Beta` has to be visible ASCII, such as `assistants=v2`",
    ))
}

fn path_parameters(operation: &Operation) -> Result<(), Error> {
    let location = operation.pointer();
    let parameters = operation
        .parameters
        .iter()
        .map(|parameter| (parameter.function(), parameter.name));
    let file = operation.file.map(|file| (file.to_snake_case(), file));
    let arguments = parameters.chain(file);
    distinct(&location, "parameter", arguments, &REQUEST_BUILDER_MEMBERS)?;

    let in_template: BTreeSet<&str> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect();
    let declared: BTreeSet<&str> = operation
        .path_parameters()
        .map(|parameter| parameter.name)
        .collect();
    match in_template.symmetric_difference(&declared).next() {
        Some(name) => Err(Error::at(
            location,
            format!(
                "the path parameter `{name}` has to be both in the path and among the parameters"
            ),
        )),
        None => Ok(()),
    }
}

fn names(
    api: &Api,
    name: &str,
    kind: &Kind,
    schema: &Map<String, Value>,
    location: &str,
) -> Result<(), Error> {
    match kind {
        Kind::Strings { values } => {
            let variants = values
                .iter()
                .map(|value| (value.to_upper_camel_case(), *value));
            distinct(location, "value", variants, &[])
        }
        Kind::Tagged { members, .. } | Kind::Events { members } => {
            let variants: BTreeMap<(&str, String), &str> = members
                .iter()
                .map(|member| ((member.schema, member.variant()), member.tag))
                .collect();
            let variants = variants
                .into_iter()
                .map(|((_, variant), tag)| (variant, tag));
            distinct(location, "tag", variants, &["Unknown"])?;
            match members
                .iter()
                .find(|member| !api.schemas.contains_key(member.schema))
            {
                Some(member) => Err(Error::at(
                    format!("{location}/discriminator/mapping/{}", member.tag),
                    format!("the schema `{}` does not exist", member.schema),
                )),
                None => Ok(()),
            }
        }
        Kind::Object { .. } => {
            let reserved: &[&str] = match api.requests.contains(name) {
                true => &TYPE_BUILDER_MEMBERS,
                false => &[],
            };
            let properties = schema.get("properties").and_then(Value::as_object);
            let fields = properties
                .into_iter()
                .flatten()
                .map(|(name, _)| (name.to_snake_case(), name.as_str()));
            distinct(location, "property", fields, reserved)
        }
        Kind::Untagged | Kind::FreeForm | Kind::Other => Ok(()),
    }
}

/// Checks that Rust names are valid, not reserved and distinct.
fn distinct<'a>(
    location: &str,
    what: &str,
    names: impl Iterator<Item = (String, &'a str)>,
    reserved: &[&str],
) -> Result<(), Error> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (rust_name, name) in names {
        let error =
            |reason: String| Err(Error::at(location, format!("the {what} `{name}` {reason}")));
        if !rust_name.starts_with(|first: char| first.is_alphabetic()) {
            return error("cannot be a name in Rust".to_owned());
        }
        if reserved.contains(&rust_name.as_str())
            || matches!(rust_name.as_str(), "self" | "super" | "crate" | "Self")
        {
            return error(format!("would be `{rust_name}` in Rust, which is reserved"));
        }
        if let Some(other) = taken.insert(rust_name.clone(), name) {
            return error(format!("and `{other}` would both be `{rust_name}` in Rust"));
        }
    }
    Ok(())
}

/// Nested objects, unions and enums have to be components, which the importer makes them.
fn nested_schemas(schema: &Map<String, Value>, location: &str) -> Result<(), Error> {
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (name, property) in properties {
        nested_schema(property, &format!("{location}/properties/{name}"))?;
    }
    if let Some(items) = schema.get("items") {
        nested_schema(items, &format!("{location}/items"))?;
    }
    Ok(())
}

fn nested_schema(schema: &Value, location: &str) -> Result<(), Error> {
    if target(schema).is_some() {
        return Ok(());
    }
    if !schema.is_object() {
        return Err(Error::at(location, "the schema is not an object"));
    }
    let values = schema["enum"].as_array().map_or(0, Vec::len);
    let needs_name = schema.get("properties").is_some()
        || ["oneOf", "anyOf", "allOf", "not"]
            .iter()
            .any(|union| schema.get(union).is_some())
        || values > 1;
    if needs_name {
        return Err(Error::at(
            location,
            "the schema has to be a named component; import the document first",
        ));
    }
    for keyword in ["items", "additionalProperties"] {
        // A boolean `additionalProperties` is not a schema.
        let nested = schema.get(keyword).filter(|schema| !schema.is_boolean());
        if let Some(nested) = nested {
            nested_schema(nested, &format!("{location}/{keyword}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_support::{client, document, error, object, refer};

    #[test]
    fn invalid_rust_names_are_an_error() {
        let values =
            |values: Value| document(json!({ "Status": { "type": "string", "enum": values } }));
        assert_eq!(
            error(&values(json!(["a-b", "a_b"]))),
            "at #/components/schemas/Status: the value `a_b` and `a-b` would both be `AB` in Rust"
        );
        assert_eq!(
            error(&values(json!(["<", ">"]))),
            "at #/components/schemas/Status: the value `<` cannot be a name in Rust"
        );
        let thing = object(json!({ "build": { "type": "string" } }), &[]);
        assert_eq!(
            error(&document(json!({ "ModifyThingRequest": thing }))),
            "at #/components/schemas/ModifyThingRequest: the property `build` would be `build` in Rust, which is reserved"
        );
    }

    #[test]
    fn an_undeclared_path_parameter_is_an_error() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["parameters"] = json!([]);
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: the path parameter `thing_id` has to be both in the path and among the parameters"
        );
    }

    #[test]
    fn a_parameter_with_a_reserved_name_is_an_error() {
        let mut document = document(json!({}));
        let parameter = json!({ "name": "send", "in": "query", "schema": { "type": "string" } });
        document["paths"]["/things/{thing_id}"]["post"]["parameters"]
            .as_array_mut()
            .expect("parameters")
            .push(parameter);
        assert!(error(&document).contains("the parameter `send` would be `send` in Rust"));
    }

    #[test]
    fn an_inline_union_is_an_error() {
        let inline = object(
            json!({ "of": { "oneOf": [{ "type": "string" }, { "type": "integer" }] } }),
            &[],
        );
        assert_eq!(
            error(&document(json!({ "Thing": inline }))),
            "at #/components/schemas/Thing/properties/of: the schema has to be a named component; import the document first"
        );
    }

    #[test]
    fn a_mapping_to_a_missing_schema_is_an_error() {
        let union = json!({
            "oneOf": [refer("ThingObject")],
            "discriminator": { "propertyName": "type", "mapping": { "thing": "#/components/schemas/Nowhere" } },
        });
        assert_eq!(
            error(&document(json!({ "Union": union }))),
            "at #/components/schemas/Union/discriminator/mapping/thing: the schema `Nowhere` does not exist"
        );
    }

    #[test]
    fn an_invalid_header_value_is_an_error() {
        for beta in [json!("assistants=v2ü"), json!("a b"), json!(""), json!(2)] {
            let mut document = document(json!({}));
            document["info"]["x-source"]["beta"] = beta;
            assert_eq!(
                error(&document),
                "at #/info/x-source/beta: the value of the header `OpenAI-Beta` has to be visible ASCII, such as `assistants=v2`"
            );
        }
    }

    #[test]
    fn a_property_that_is_not_a_schema_is_an_error() {
        for property in [json!(true), json!(1), json!(null), json!([])] {
            let thing = object(json!({ "of": property }), &[]);
            assert_eq!(
                error(&document(json!({ "Thing": thing }))),
                "at #/components/schemas/Thing/properties/of: the schema is not an object"
            );
        }
        let open = json!({ "of": { "type": "object", "additionalProperties": true } });
        client(&document(json!({ "Thing": object(open, &[]) })));
    }

    #[test]
    fn a_rust_name_that_is_not_free_is_an_error() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["x-rust-name"] = "modify_thing".into();
        assert_eq!(
            error(&document),
            "at #/paths: the operation `modifyThing` and `modifyThing` would both be `modify_thing` in Rust"
        );
    }
}
