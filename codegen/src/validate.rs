//! Checks what progenitor and typify do not: they panic, or generate source that does not
//! compile.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::error::Error;
use crate::model::api::Api;
use crate::model::operation::Operation;
use crate::model::reference::{SCHEMAS, target, type_name};
use crate::model::schema::{Kind, Schema};

/// Methods that `Client` has in addition to the operations.
const CLIENT_METHODS: [&str; 13] = [
    "until_idle",
    "into_config",
    "new",
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

/// Arguments in the output of progenitor beside the parameters, and methods of its mocks.
const ARGUMENTS: [&str; 4] = ["body", "client", "into_inner", "new"];

/// How a method gets another name.
const RENAME_METHOD: &str = "set `x-rust-name` of the operation with an overlay";

/// How a type gets another name.
const RENAME_TYPE: &str = "rename one in `RENAMED` of xtask/src/spec/naming.rs";

/// What else can be done.
const REMOVE: &str = "remove it with an overlay";

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
    distinct("#/paths", "operation", functions, RENAME_METHOD)?;
    for operation in &api.operations {
        let function = operation.function();
        if CLIENT_METHODS.contains(&&*function) {
            return Err(Error::at(
                operation.pointer(),
                format!("`{function}` is a method of `Client` already"),
            )
            .advise(RENAME_METHOD));
        }
        path_parameters(operation)?;
        query_parameters(api, operation)?;
        contents(api, operation)?;
    }
    let types = api.schemas.keys().map(|name| (type_name(name), *name));
    distinct("#/components/schemas", "schema", types, RENAME_TYPE)?;
    for (name, schema) in &api.schemas {
        let location = format!("{SCHEMAS}{name}");
        members_exist(api, &schema.kind, &location)?;
        nested_schemas(schema, &location)?;
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
    let mut all = operation.parameters.iter();
    if let Some(taken) = all.find(|parameter| ARGUMENTS.contains(&&*parameter.argument())) {
        let name = taken.name;
        let reason = format!("a parameter cannot have the name `{name}`");
        return Err(Error::at(location, reason).advise(REMOVE));
    }
    let file = operation.file_setter().zip(operation.file);
    let arguments = parameters.chain(file);
    distinct(&location, "parameter", arguments, REMOVE)?;

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

/// A query parameter is text, or a list of texts.
fn query_parameters(api: &Api, operation: &Operation) -> Result<(), Error> {
    for parameter in operation.query_parameters() {
        let value = match parameter.is_array {
            true => &parameter.schema["items"],
            false => parameter.schema,
        };
        let is_text = match target(value).map(|name| &api.schemas[name]) {
            Some(schema) => schema.is_primitive() || matches!(schema.kind, Kind::Strings { .. }),
            None => {
                let ty = value["type"].as_str().unwrap_or_default();
                matches!(ty, "boolean" | "integer" | "number")
                    || ty == "string" && value["enum"].is_null()
            }
        };
        if !is_text {
            let name = parameter.name;
            let reason = format!(
                "the query parameter `{name}` is neither a text, a number, a boolean nor a list of these"
            );
            return Err(Error::at(operation.pointer(), reason).advise(REMOVE));
        }
    }
    Ok(())
}

/// Booleans, numbers and strings have no type of their own.
fn contents(api: &Api, operation: &Operation) -> Result<(), Error> {
    for (what, schema) in [("body", operation.body), ("response", operation.response)] {
        if schema.is_some_and(|schema| api.schemas[schema].is_primitive()) {
            let reason = format!("the {what} is neither an object, a list nor a union");
            return Err(Error::at(operation.pointer(), reason).advise(REMOVE));
        }
    }
    Ok(())
}

fn members_exist(api: &Api, kind: &Kind, location: &str) -> Result<(), Error> {
    let (Kind::Tagged { members, .. } | Kind::Events { members }) = kind else {
        return Ok(());
    };
    let mut members = members.iter();
    match members.find(|member| !api.schemas.contains_key(member.schema)) {
        Some(member) => Err(Error::at(
            format!("{location}/discriminator/mapping/{}", member.tag),
            format!("the schema `{}` does not exist", member.schema),
        )),
        None => Ok(()),
    }
}

/// Checks that Rust names are distinct.
fn distinct<'a>(
    location: &str,
    what: &str,
    names: impl Iterator<Item = (String, &'a str)>,
    advice: &str,
) -> Result<(), Error> {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (rust_name, name) in names {
        if let Some(other) = taken.insert(rust_name.clone(), name) {
            let reason =
                format!("the {what} `{name}` and `{other}` would both be `{rust_name}` in Rust");
            return Err(Error::at(location, reason).advise(advice));
        }
    }
    Ok(())
}

/// Nested objects, unions and enums have to be components, which the importer makes them.
fn nested_schemas(schema: &Schema, location: &str) -> Result<(), Error> {
    let properties = schema.value.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let location = format!("{location}/properties/{name}");
        let mut constants = schema.constants().iter();
        if constants.all(|constant| constant.property != name) {
            nested_schema(property, &location)?;
        }
    }
    if let Some(items) = schema.value.get("items") {
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
    let is_enum = schema["type"] == "string" && schema["enum"].is_array();
    let needs_name = schema.get("properties").is_some()
        || ["oneOf", "anyOf", "allOf", "not"]
            .iter()
            .any(|union| schema.get(union).is_some())
        || is_enum;
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

    use crate::test_support::{
        client, constant, document, error, fields, methods, module, object, refer, variants,
    };

    #[test]
    fn values_and_properties_get_distinct_names() {
        let values = |values: Value| {
            let status = json!({ "type": "string", "enum": values });
            variants(&client(&document(json!({ "Status": status }))), "Status")
        };
        assert_eq!(values(json!(["a-b", "a_b"])), ["AB", "AB2", "Unknown"]);
        assert_eq!(values(json!(["<", ">"])), ["X", "X2", "Unknown"]);
        assert_eq!(
            values(json!(["unknown", "unrecognized"])),
            ["Unknown", "Unrecognized", "Unknown2"]
        );
        let text = json!({ "type": "string" });
        let thing = object(
            json!({ "a-b": text, "a_b": text, "build": text, "default": text, "self": text }),
            &["a-b"],
        );
        let fields = fields(
            &client(&document(json!({ "ModifyThingRequest": thing }))),
            "ModifyThingRequest",
        );
        for (field, (property, name)) in fields.iter().zip([
            ("a-b", "a_b:"),
            ("a_b", "a_b2:"),
            ("build", "build_:"),
            ("default", "default_:"),
            ("self", "self_:"),
        ]) {
            let renamed = format!("rename=\"{property}\"");
            assert!(
                field.contains(name) && field.contains(&renamed),
                "{fields:?}"
            );
        }
        assert_eq!(fields.len(), 5, "{fields:?}");
    }

    #[test]
    fn an_inline_constant_that_may_be_left_out_is_an_error() {
        let thing = object(
            json!({ "object": constant("thing"), "mode": constant("fast") }),
            &["object"],
        );
        assert_eq!(
            error(&document(json!({ "Thing": thing }))),
            "at #/components/schemas/Thing/properties/mode: the schema has to be a named component; import the document first"
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
    fn a_parameter_with_a_reserved_name_gets_an_underscore() {
        let mut document = document(json!({}));
        let parameter = json!({ "name": "send", "in": "query", "schema": { "type": "string" } });
        document["paths"]["/things/{thing_id}"]["post"]["parameters"]
            .as_array_mut()
            .expect("parameters")
            .push(parameter);
        let setters = methods(module(&client(&document), "operations"), "ModifyThing");
        let named = |name: &str| setters.iter().filter(|setter| *setter == name).count();
        assert_eq!((named("send_"), named("send")), (1, 1), "{setters:?}");
    }

    #[test]
    fn a_parameter_with_the_name_of_an_argument_is_an_error() {
        let mut document = document(json!({}));
        let parameter = json!({ "name": "client", "in": "query", "schema": { "type": "string" } });
        document["paths"]["/things/{thing_id}"]["post"]["parameters"][0] = parameter;
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: a parameter cannot have the name `client`; remove it with an overlay"
        );
    }

    #[test]
    fn values_without_a_type_are_an_error() {
        let parameter = |schema: Value| {
            let mut document = document(json!({ "Name": { "type": "string" } }));
            let parameters = &mut document["paths"]["/things/{thing_id}"]["post"]["parameters"];
            let parameters = parameters.as_array_mut().expect("parameters");
            parameters.push(json!({ "name": "q", "in": "query", "schema": schema }));
            document
        };
        for schema in [
            json!({ "type": "object" }),
            json!({ "type": "array", "items": refer("ThingObject") }),
            constant("one"),
        ] {
            let reason = error(&parameter(schema));
            assert!(
                reason.starts_with(
                    "at #/paths/~1things~1{thing_id}/post: the query parameter `q` is neither"
                ),
                "{reason}"
            );
        }
        client(&parameter(refer("Name")));
        let mut document = document(json!({ "ThingObject": { "type": "string" } }));
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: the response is neither an object, a list nor a union; remove it with an overlay"
        );
        // A path parameter is text, whatever its type.
        document = parameter(json!({ "type": "integer" }));
        document["paths"]["/things/{thing_id}"]["post"]["parameters"][0]["schema"] =
            json!({ "type": "integer" });
        let source = prettyplease::unparse(&client(&document));
        assert!(
            source.contains("thing_id: ::std::option::Option<::std::string::String>"),
            "{source}"
        );
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
            "at #/paths: the operation `modifyThing` and `modifyThing` would both be `modify_thing` in Rust; set `x-rust-name` of the operation with an overlay"
        );
        document["paths"]["/things/{thing_id}"]["post"]["x-rust-name"] = "clone".into();
        assert_eq!(
            error(&document),
            "at #/paths/~1things~1{thing_id}/post: `clone` is a method of `Client` already; set `x-rust-name` of the operation with an overlay"
        );
    }
}
