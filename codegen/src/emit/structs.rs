//! Structs: derived traits, and the serde attributes of their fields.

use quote::{ToTokens, quote};
use serde_json::Value;
use syn::{Attribute, Fields, ItemStruct, parse_quote};

use super::runtime::{EXTRA, MALFORMED_ITEM, SCALAR};
use super::syntax::{docs, ident, name_of, parameter_of, renamed, strip_json_schema};
use crate::model::schema::{Constant, Schema};

/// Properties without which a response cannot be used, or identified. They may not be missing.
pub const ESSENTIAL: [&str; 3] = ["id", "status", "type"];

/// Sets the attributes of a struct and its fields.
///
/// `is_sent` marks a type of requests: servers may omit properties, callers may not.
pub fn set_attributes(
    item: &mut ItemStruct,
    schema: &Schema,
    is_sent: bool,
    is_string_enum: impl Fn(&syn::Type) -> bool,
) {
    item.attrs = attributes(item, schema.constants());
    if matches!(item.fields, Fields::Named(_)) {
        item.attrs.push(parse_quote!(#[non_exhaustive]));
    }
    let required = |name: &str| {
        schema
            .value
            .get("required")
            .and_then(Value::as_array)
            .is_some_and(|names| names.iter().any(|required| required == name))
    };
    let properties = schema.value.get("properties");
    let is_page = properties.is_some_and(|properties| properties.get("has_more").is_some());
    let deserialize_with = |function: &str| {
        let function = SCALAR.item(function);
        quote!(deserialize_with = #function)
    };
    for field in &mut item.fields {
        strip_json_schema(&mut field.attrs);
        let Some(ident) = field.ident.as_ref().map(ToString::to_string) else {
            continue;
        };
        let key = renamed(&field.attrs).unwrap_or(ident);
        let (wire_name, name) = schema.property(&key);
        let renamed = (*name != wire_name).then(|| wire_name.clone());
        field.ident = Some(self::ident(&name));
        field
            .attrs
            .retain(|attribute| !attribute.path().is_ident("serde"));
        let mut rules = Vec::new();
        if let Some(name) = renamed {
            rules.push(quote!(rename = #name));
        }
        let may_be_missing = !is_sent && !ESSENTIAL.contains(&wire_name.as_str());
        let ty = &field.ty;
        if let Some(value) = parameter_of(ty, "Option") {
            if !is_sent && is_json_text(&wire_name, value) {
                rules.extend([quote!(default), deserialize_with("json_text")]);
            } else if is_integer(value) {
                rules.extend([quote!(default), deserialize_with("integer_or_null")]);
            }
            // Serde reads a missing property as `None`. A required one is serialized as null.
            if !required(&wire_name) || wire_name == "index" {
                rules.push(quote!(
                    skip_serializing_if = "::std::option::Option::is_none"
                ));
            }
        } else if !is_sent && is_json_text(&wire_name, ty) {
            rules.extend([quote!(default), deserialize_with("json_text")]);
        } else if is_page && wire_name == "data" {
            // A response without `data` is not a page.
            rules.push(deserialize_with("null_as_default"));
        } else if is_collection(ty) || wire_name == "has_more" || may_be_missing && is_scalar(ty) {
            rules.extend([quote!(default), deserialize_with("null_as_default")]);
        } else if may_be_missing && is_string_enum(ty) {
            let default = SCALAR.item("unknown");
            rules.extend([
                quote!(default = #default),
                deserialize_with("null_as_unknown"),
            ]);
        } else if may_be_missing && is_integer(ty) {
            rules.extend([quote!(default), deserialize_with("integer_or_zero")]);
        } else if is_integer(ty) {
            rules.push(deserialize_with("integer"));
        }
        if !rules.is_empty() {
            field.attrs.push(parse_quote!(#[serde(#(#rules),*)]));
        }
    }
}

/// Adds the fields that are not properties: those for unknown properties and malformed items.
pub fn add_fields(item: &mut ItemStruct, schema: &Schema) {
    let Fields::Named(fields) = &mut item.fields else {
        return;
    };
    let has = |name: &str| {
        let properties = schema.value.get("properties");
        properties.is_some_and(|properties| properties.get(name).is_some())
    };
    if has("has_more") && has("data") {
        fields.named.push(parse_quote! {
            /// Items that cannot be deserialized. They are not in `data`.
            #[serde(skip)]
            pub malformed: ::std::vec::Vec<#MALFORMED_ITEM::MalformedItem>
        });
    }
    let extra = ident(if has("extra") {
        "extra_properties"
    } else {
        "extra"
    });
    fields.named.push(parse_quote! {
        /// Unknown and malformed properties, verbatim. They are serialized in place of fields.
        #[serde(flatten)]
        pub #extra: #EXTRA::Extra
    });
}

/// Whether a field holds the properties that have no field.
pub fn is_extra(field: &syn::Field) -> bool {
    let is_flatten = |attribute: &Attribute| {
        attribute.path().is_ident("serde")
            && attribute.to_token_stream().to_string().contains("flatten")
    };
    field.attrs.iter().any(is_flatten)
}

/// The description, the derived traits, and serde's attributes of the type.
pub fn attributes(item: &ItemStruct, constants: &[Constant]) -> Vec<Attribute> {
    let is = |name: &'static str| move |attribute: &&Attribute| attribute.path().is_ident(name);
    let has =
        |attribute: &Attribute, word: &str| attribute.to_token_stream().to_string().contains(word);
    let mut attributes: Vec<Attribute> = docs(&item.attrs).cloned().collect();
    let default = item
        .attrs
        .iter()
        .filter(is("derive"))
        .any(|derive| has(derive, "Default"));
    let default = default.then(|| quote!(Default,));
    let serde = matches!(item.fields, Fields::Unnamed(_))
        .then(|| quote!(::serde::Serialize, ::serde::Deserialize));
    attributes.push(parse_quote! {
        #[derive(Clone, Debug, PartialEq, #default #serde)]
    });
    let rules = item
        .attrs
        .iter()
        .filter(is("serde"))
        .filter(|rule| !has(rule, "deny_unknown_fields"));
    attributes.extend(rules.cloned());
    for Constant { property, value } in constants {
        attributes.push(parse_quote!(#[serde(tag = #property, rename = #value)]));
    }
    attributes
}

/// Servers omit empty lists and maps, or send null.
fn is_collection(ty: &syn::Type) -> bool {
    name_of(ty).is_some_and(|name| matches!(name.as_str(), "Vec" | "BTreeMap" | "Map"))
}

/// Strings, times and floats. Booleans are not included: neither value means "not sent".
fn is_scalar(ty: &syn::Type) -> bool {
    let name = name_of(ty).unwrap_or_default();
    matches!(
        name.as_str(),
        "String" | "Secret" | "Timestamp" | "f32" | "f64"
    )
}

/// The arguments and the output of a function: JSON as text, which some servers send as JSON.
fn is_json_text(property: &str, ty: &syn::Type) -> bool {
    matches!(property, "arguments" | "output") && name_of(ty).as_deref() == Some("String")
}

fn is_integer(ty: &syn::Type) -> bool {
    name_of(ty).as_deref() == Some("i64")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{client, constant, document, fields, object, refer};

    /// The attribute of a field that servers may omit.
    const OPTIONAL: &str =
        r#"#[serde(default,deserialize_with="crate::json::scalar::null_as_default")]"#;

    #[test]
    fn essential_properties_and_those_of_requests_may_not_be_missing() {
        let properties = json!({
            "count": { "type": "integer" }, "flag": { "type": "boolean" }, "id": { "type": "string" },
            "level": refer("Level"), "status": refer("Level"), "text": { "type": "string" },
        });
        let required = ["count", "flag", "id", "level", "status", "text"];
        let file = client(&document(json!({
            "Level": { "type": "string", "enum": ["a", "b"] },
            "ModifyThingRequest": object(properties.clone(), &required),
            "ThingObject": object(properties, &required),
        })));
        assert_eq!(
            fields(&file, "ThingObject"),
            [
                r#"#[serde(default,deserialize_with="crate::json::scalar::integer_or_zero")]count:i64"#.to_owned(),
                "flag:bool".to_owned(),
                "id:::std::string::String".to_owned(),
                r#"#[serde(default="crate::json::scalar::unknown",deserialize_with="crate::json::scalar::null_as_unknown")]level:Level"#.to_owned(),
                "status:Level".to_owned(),
                format!("{OPTIONAL}text:::std::string::String"),
            ]
        );
        assert_eq!(
            fields(&file, "ModifyThingRequest")[..3],
            [
                r#"#[serde(deserialize_with="crate::json::scalar::integer")]count:i64"#,
                "flag:bool",
                "id:::std::string::String",
            ]
        );
    }

    #[test]
    fn a_page_requires_its_items() {
        let items = json!({ "type": "array", "items": { "type": "string" } });
        let page = json!({ "data": items, "has_more": { "type": "boolean" }, "others": items });
        let file = client(&document(json!({
            "Page": object(page, &["data", "has_more", "others"]),
        })));
        assert_eq!(
            fields(&file, "Page")[..2],
            [
                r#"#[serde(deserialize_with="crate::json::scalar::null_as_default")]data:::std::vec::Vec<::std::string::String>"#.to_owned(),
                format!("{OPTIONAL}has_more:bool"),
            ]
        );
    }

    #[test]
    fn a_constant_is_serialized_by_the_type_and_is_not_a_field() {
        let tool = object(
            json!({ "type": constant("function"), "name": { "type": "string" } }),
            &["type", "name"],
        );
        let file = client(&document(json!({ "Tool": tool })));
        assert_eq!(
            fields(&file, "Tool"),
            [format!("{OPTIONAL}name:::std::string::String")]
        );
        let source = prettyplease::unparse(&file);
        assert!(
            source.contains(r#"#[serde(tag = "type", rename = "function")]"#),
            "{source}"
        );
    }

    #[test]
    fn an_object_with_only_a_constant_is_a_struct_without_fields() {
        let file = client(&document(
            json!({ "Code": object(json!({ "type": constant("code") }), &["type"]) }),
        ));
        assert!(fields(&file, "Code").is_empty());
    }

    #[test]
    fn optional_properties_are_options_and_required_ones_are_serialized() {
        let run = object(
            json!({
                "optional": { "type": "array", "items": { "type": "string" } },
                "nullable": { "type": "boolean", "nullable": true },
                "list": { "type": "array", "items": { "type": "string" } },
                "type": { "type": "string", "maxLength": 3 },
            }),
            &["nullable", "list", "type"],
        );
        let file = client(&document(json!({ "Run": run })));
        assert_eq!(
            fields(&file, "Run"),
            [
                r#"#[serde(default,deserialize_with="crate::json::scalar::null_as_default")]list:::std::vec::Vec<::std::string::String>"#,
                "nullable:::std::option::Option<bool>",
                r#"#[serde(skip_serializing_if="::std::option::Option::is_none")]optional:::std::option::Option<::std::vec::Vec<::std::string::String>>"#,
                r#"#[serde(rename="type")]type_:::std::string::String"#,
            ]
        );
    }

    #[test]
    fn a_unix_time_is_a_timestamp() {
        let time = json!({ "type": "integer", "format": "unixtime", "minimum": 0, "description": "When." });
        let mut ended = time.clone();
        ended["nullable"] = true.into();
        let properties =
            json!({ "at": time, "ended": ended, "later": time, "named": refer("Time") });
        let file = client(&document(json!({
            "ThingObject": object(properties, &["at", "ended", "named"]),
            "Time": time,
        })));
        assert_eq!(
            fields(&file, "ThingObject"),
            [
                format!("{OPTIONAL}at:crate::json::timestamp::Timestamp"),
                "ended:::std::option::Option<crate::json::timestamp::Timestamp>".to_owned(),
                r#"#[serde(skip_serializing_if="::std::option::Option::is_none")]later:::std::option::Option<crate::json::timestamp::Timestamp>"#.to_owned(),
                format!("{OPTIONAL}named:crate::json::timestamp::Timestamp"),
            ]
        );
    }

    #[test]
    fn integers_have_lenient_deserializers() {
        let integer = json!({ "type": "integer", "format": "int32" });
        let properties =
            json!({ "count": integer, "most": integer, "ratio": { "type": "number" } });
        let file = client(&document(json!({
            "ThingObject": object(properties, &["count", "ratio"]),
        })));
        assert_eq!(
            fields(&file, "ThingObject"),
            [
                r#"#[serde(default,deserialize_with="crate::json::scalar::integer_or_zero")]count:i64"#.to_owned(),
                r#"#[serde(default,deserialize_with="crate::json::scalar::integer_or_null",skip_serializing_if="::std::option::Option::is_none")]most:::std::option::Option<i64>"#.to_owned(),
                format!("{OPTIONAL}ratio:f64"),
            ]
        );
    }
}
