//! Unions: enums whose variant is selected by a tag or by the JSON type of the value.
//!
//! typify would try one variant after the other. Unknown values are kept verbatim.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::Value;
use syn::{Attribute, Fields, Item, parse_quote};

use super::enums::unknown_variant;
use super::runtime::{OBJECT, PROPERTIES, SCALAR, TAGGED, UNTAGGED};
use super::syntax::{docs, ident};
use super::union_conversions::{conversions, from_number, from_text, is_string_enum};
use crate::error::Error;
use crate::model::api::{Api, Presence};
use crate::model::reference::{SCHEMAS, reference, type_name};
use crate::model::schema::{Kind, Member};

/// A union whose variant is selected by the value of one property.
pub fn tagged(
    name: &Ident,
    attributes: &[Attribute],
    tag: &str,
    members: &[Member],
    api: &Api,
) -> Vec<Item> {
    // By variant: its tags, which are sorted, and its schema.
    let mut variants: Vec<(Ident, Vec<&str>, &str)> = Vec::new();
    for member in members {
        let variant = ident(&member.variant);
        match variants.iter_mut().find(|(known, ..)| *known == variant) {
            Some((_, tags, _)) => tags.push(member.tag),
            None => variants.push((variant, vec![member.tag], member.schema)),
        }
    }
    let variant_docs = variants.iter().map(|(_, tags, _)| {
        let tags: Vec<String> = tags.iter().map(|value| format!("`{value}`")).collect();
        format!("`{tag}`: {}", tags.join(", "))
    });
    let types: Vec<Ident> = variants
        .iter()
        .map(|(.., schema)| ident(&type_name(schema)))
        .collect();
    let arms = variants.iter().map(|(variant, tags, schema)| {
        // The tag is a field of a member for which it is not a constant.
        let schema = api.schemas.get(schema);
        let constants = schema.map_or(&[][..], |schema| schema.constants());
        let is_constant = constants.iter().any(|constant| constant.property == tag);
        let push = (!is_constant).then(|| quote!(properties.push_tag(#tag, tag);));
        quote!(#(#tags)|* => {
            #push
            Some(#OBJECT::Object::decode(properties).map(Self::#variant))
        })
    });
    let arms: Vec<TokenStream> = arms.collect();
    let variants: Vec<Ident> = variants
        .iter()
        .map(|(variant, ..)| variant.clone())
        .collect();
    let unknown = unknown_variant(members.iter().map(|member| member.variant.as_str()));
    let definition = definition(
        name,
        attributes,
        quote!(#(#[doc = #variant_docs] #variants(#types),)*),
        &variants,
        &unknown,
        "An unknown member, verbatim.",
    );
    let conversions = conversions(
        name,
        variants.iter().zip(types.iter().map(|ty| quote!(#ty))),
        api,
    );

    let id = id(name, members, &variants, &unknown, api);

    let file: syn::File = parse_quote! {
        #definition

        #id

        impl #TAGGED::Tagged for #name {
            const TAG: &'static str = #tag;

            fn variant<'de, A: ::serde::de::MapAccess<'de>>(
                tag: &str,
                properties: &mut #PROPERTIES::Properties<'de, A>,
            ) -> ::std::option::Option<::std::result::Result<Self, A::Error>> {
                match tag {
                    #(#arms)*
                    _ => None,
                }
            }

            fn unknown(value: ::serde_json::Value) -> Self {
                Self::#unknown(value)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                #TAGGED::tagged(deserializer)
            }
        }

        #conversions
    };
    file.items
}

/// The method `id()`, if every member has an ID.
fn id(
    name: &Ident,
    members: &[Member],
    variants: &[Ident],
    unknown: &Ident,
    api: &Api,
) -> Option<TokenStream> {
    let has_id = |member: &Member| {
        matches!(api.schemas[member.schema].kind, Kind::Object { .. })
            && api.presence(member.schema, "id") == Presence::Always
            && api.is_text(member.schema, "id")
    };
    members.iter().all(has_id).then(|| {
        quote! {
            impl #name {
                /// The ID of the member. An unknown member may lack it.
                pub fn id(&self) -> ::std::option::Option<&str> {
                    match self {
                        #(Self::#variants(member) => Some(&member.id),)*
                        Self::#unknown(value) => value.get("id")?.as_str(),
                    }
                }
            }
        }
    })
}

/// A union whose variant is selected by the JSON type of the value. typify makes an enum of it, or a
/// newtype if it has one member.
pub fn untagged<'a>(
    name: &Ident,
    attributes: &[Attribute],
    typified: impl Iterator<Item = &'a Fields>,
    api: &Api,
) -> Result<Vec<Item>, Error> {
    let schema = api
        .schemas
        .iter()
        .find(|(schema, _)| *name == type_name(schema))
        .map(|(_, schema)| schema.value);
    let branches: &[Value] = schema
        .and_then(|schema| schema["oneOf"].as_array())
        .map_or(&[], Vec::as_slice);
    let mut by_json_type = BTreeMap::new();
    let mut variants = Vec::new();
    let mut types = Vec::new();
    let branches: Vec<Value> = branches.iter().map(|branch| inlined(api, branch)).collect();
    for (branch, fields) in branches.iter().zip(typified) {
        let json_type = json_type(api, branch);
        let (variant, ty) = match (reference(branch), fields) {
            (Some(schema), _) => {
                let ty = ident(&type_name(schema));
                (ty.clone(), quote!(#ty))
            }
            // As received: `3` and `3.0` are different texts.
            (None, _) if json_type == "number" => (ident("Number"), quote!(::serde_json::Number)),
            (None, Fields::Unnamed(fields)) => {
                let ty = &fields.unnamed[0].ty;
                (ident(variant_name(json_type)), quote!(#ty))
            }
            _ => return Err(ambiguous(name, "a branch has no type")),
        };
        if by_json_type.insert(json_type, variant.clone()).is_some() {
            return Err(ambiguous(
                name,
                &format!("two branches have the JSON type {json_type}"),
            ));
        }
        variants.push(variant);
        types.push(ty);
    }
    let names: Vec<String> = variants.iter().map(ToString::to_string).collect();
    let unknown = unknown_variant(names.iter().map(String::as_str));
    let variant_docs = branches.iter().map(|branch| match reference(branch) {
        Some(schema) => format!("[`{}`]", type_name(schema)),
        None => format!("A JSON {}.", branch["type"].as_str().unwrap_or("value")),
    });
    let definition = definition(
        name,
        attributes,
        quote!(#(#[doc = #variant_docs] #variants(#types),)*),
        &variants,
        &unknown,
        "A value of an unknown JSON type, verbatim.",
    );
    let conversions = conversions(name, variants.iter().zip(types.iter().cloned()), api);
    let is_enum = |variant: &Ident| {
        let mut typed = variants.iter().zip(&types);
        typed.any(|(known, ty)| known == variant && is_string_enum(ty, api))
    };
    let methods = by_json_type.iter().map(|(json_type, variant)| match *json_type {
        "string" => {
            let text_value = match is_enum(variant) {
                true => quote!(#SCALAR::StringEnum::from_wire(&text)),
                false => quote!(text.into_owned().into()),
            };
            quote! {
            fn string<E: ::serde::de::Error>(text: ::std::borrow::Cow<'de, str>) -> ::std::result::Result<Self, E> {
                Ok(Self::#variant(#text_value))
            }
            }
        }
        "array" => quote! {
            fn array<D: ::serde::Deserializer<'de>>(items: D) -> ::std::result::Result<Self, D::Error> {
                ::serde::Deserialize::deserialize(items).map(Self::#variant)
            }
        },
        "object" => quote! {
            fn object<A: ::serde::de::MapAccess<'de>>(members: A) -> ::std::result::Result<Self, A::Error> {
                let members = ::serde::de::value::MapAccessDeserializer::new(members);
                ::serde::Deserialize::deserialize(members).map(Self::#variant)
            }
        },
        "boolean" => quote! {
            fn boolean(value: bool) -> Self {
                Self::#variant(value)
            }
        },
        _ => quote! {
            fn number<D: ::serde::Deserializer<'de>>(value: D) -> ::std::result::Result<Self, D::Error> {
                ::serde::Deserialize::deserialize(value).map(Self::#variant)
            }
        },
    });
    let text = by_json_type
        .get("string")
        .map(|variant| from_text(name, variant, is_enum(variant)));
    let number = types
        .iter()
        .any(|ty| ty.to_string() == quote!(::serde_json::Number).to_string())
        .then(|| from_number(name, &unknown));

    let file: syn::File = parse_quote! {
        #definition

        impl<'de> #UNTAGGED::Untagged<'de> for #name {
            #(#methods)*

            fn unknown(value: ::serde_json::Value) -> Self {
                Self::#unknown(value)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                #UNTAGGED::untagged(deserializer)
            }
        }

        #conversions
        #text
        #number
    };
    Ok(file.items)
}

/// A branch, without a reference to a component that has no type.
fn inlined(api: &Api, branch: &Value) -> Value {
    let primitive = reference(branch)
        .map(|name| &api.schemas[name])
        .filter(|schema| schema.is_primitive());
    primitive.map_or_else(
        || branch.clone(),
        |schema| Value::Object(schema.value.clone()),
    )
}

/// The name of the variant of an inline branch.
fn variant_name(json_type: &str) -> &'static str {
    match json_type {
        "string" => "Text",
        "array" => "List",
        "boolean" => "Boolean",
        "number" => "Number",
        _ => "Object",
    }
}

fn ambiguous(name: &Ident, reason: &str) -> Error {
    Error::at(
        format!("{SCHEMAS}{name}"),
        format!("the union has no discriminator, and {reason}"),
    )
}

fn definition(
    name: &Ident,
    attributes: &[Attribute],
    known: TokenStream,
    variants: &[Ident],
    unknown: &Ident,
    unknown_doc: &str,
) -> TokenStream {
    let docs = docs(attributes);
    quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #known
            #[doc = #unknown_doc]
            #unknown(::serde_json::Value),
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                match self {
                    #(Self::#variants(member) => member.serialize(serializer),)*
                    Self::#unknown(value) => value.serialize(serializer),
                }
            }
        }
    }
}

fn json_type<'a>(api: &'a Api, branch: &'a Value) -> &'a str {
    let Some(schema) = reference(branch) else {
        return match branch["type"].as_str() {
            Some("integer") => "number",
            Some(json_type) => json_type,
            None => "object",
        };
    };
    match &api.schemas[schema].kind {
        Kind::Strings { .. } => "string",
        Kind::Other => match api.schemas[schema].value["type"].as_str() {
            Some("integer") => "number",
            Some(json_type) => json_type,
            None => "object",
        },
        _ => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{
        self, client, constant, document, error, fields, methods, module, object, refer, variants,
    };

    #[test]
    fn a_tagged_union_has_a_variant_for_each_tag_and_for_unknown_ones() {
        let file = client(&document(json!({
            "Code": object(json!({ "type": constant("code_interpreter") }), &["type"]),
            "Function": object(json!({ "type": constant("function") }), &["type"]),
            "Tool": {
                "oneOf": [refer("Code"), refer("Function")],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {
                        "code_interpreter": "#/components/schemas/Code",
                        "function": "#/components/schemas/Function",
                    },
                },
            },
        })));
        assert_eq!(
            variants(&file, "Tool"),
            ["CodeInterpreter", "Function", "Unknown"]
        );
    }

    #[test]
    fn a_union_with_one_member_is_an_enum() {
        let file = client(&document(json!({
            "Outputs": object(json!({ "type": constant("outputs") }), &["type"]),
            "Action": {
                "oneOf": [refer("Outputs")],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": { "outputs": "#/components/schemas/Outputs" },
                },
            },
        })));
        assert_eq!(variants(&file, "Action"), ["Outputs", "Unknown"]);
    }

    #[test]
    fn an_untagged_union_has_a_variant_for_each_json_type() {
        let content = json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": refer("ThingObject") }] });
        let file = client(&document(json!({ "Content": content })));
        assert_eq!(variants(&file, "Content"), ["Text", "List", "Unknown"]);
    }

    #[test]
    fn an_untagged_union_with_one_member_is_a_union() {
        let file = client(&document(json!({
            "Content": { "oneOf": [{ "type": "string" }] },
            "ThingObject": object(json!({ "content": refer("Content") }), &["content"]),
        })));
        assert_eq!(variants(&file, "Content"), ["Text", "Unknown"]);
        assert_eq!(fields(&file, "ThingObject"), ["content:Content"]);
    }

    #[test]
    fn a_member_with_several_tags_keeps_its_tag() {
        let filters = object(
            json!({ "filters": { "type": "array", "items": refer("Filter") }, "type": refer("Connective") }),
            &["type", "filters"],
        );
        let document = document(json!({
            "Comparison": object(json!({ "type": refer("Operator"), "key": { "type": "string" } }), &["type", "key"]),
            "Compound": filters,
            "Connective": { "type": "string", "enum": ["and", "or"] },
            "Operator": { "type": "string", "enum": ["eq", "ne"] },
            "Filter": {
                "oneOf": [refer("Comparison"), refer("Compound")],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {
                        "and": "#/components/schemas/Compound",
                        "eq": "#/components/schemas/Comparison",
                        "ne": "#/components/schemas/Comparison",
                        "or": "#/components/schemas/Compound",
                    },
                },
            },
        }));
        let file = client(&document);
        assert_eq!(
            variants(&file, "Filter"),
            ["Compound", "Comparison", "Unknown"]
        );
        assert!(fields(&file, "Compound")[0].ends_with("filters:::std::vec::Vec<Filter>"));
        let source: String = prettyplease::unparse(&file).split_whitespace().collect();
        let arm = r#""eq"|"ne"=>{properties.push_tag("type",tag);Some(crate::json::object::Object::decode(properties).map(Self::Comparison),)}"#;
        assert!(source.contains(arm), "{source}");
    }

    #[test]
    fn a_number_of_an_untagged_union_is_kept_as_received() {
        let value =
            json!({ "oneOf": [{ "type": "string" }, { "type": "number" }, { "type": "boolean" }] });
        let map = json!({ "type": "object", "additionalProperties": refer("Value") });
        let file = client(&document(json!({ "Value": value, "Values": map })));
        assert_eq!(
            variants(&file, "Value"),
            ["Text", "Number", "Boolean", "Unknown"]
        );
        let source = prettyplease::unparse(&file);
        for part in [
            "Number(::serde_json::Number)",
            "impl ::std::convert::From<f64> for Value",
        ] {
            assert!(source.contains(part), "{part} is not in {source}");
        }
    }

    #[test]
    fn a_primitive_component_in_an_untagged_union_has_no_type() {
        let value = json!({ "oneOf": [refer("Name"), refer("Flag")] });
        let file = client(&document(json!({
            "Value": value,
            "Name": { "type": "string", "maxLength": 9 },
            "Flag": { "type": "boolean" },
        })));
        assert_eq!(variants(&file, "Value"), ["Text", "Boolean", "Unknown"]);
        let source = prettyplease::unparse(&file);
        assert!(source.contains("Boolean(bool)"), "{source}");
    }

    #[test]
    fn an_untagged_union_of_objects_is_an_error() {
        let both = json!({ "oneOf": [refer("ThingObject"), refer("ErrorResponse")] });
        let reason = error(&document(json!({ "Both": both })));
        assert_eq!(
            reason,
            "at #/components/schemas/Both: the union has no discriminator, and two branches have the JSON type object"
        );
    }

    #[test]
    fn a_union_whose_members_all_have_an_id_has_a_method_id() {
        let member = |tag: &str, required: &[&str]| {
            test_support::object(
                json!({ "type": constant(tag), "id": { "type": "string" } }),
                required,
            )
        };
        let methods_of_union = |required: &[&str]| {
            let file = client(&document(json!({
                "Code": member("code", &["type", "id"]),
                "Search": member("search", required),
                "Call": {
                    "oneOf": [refer("Code"), refer("Search")],
                    "discriminator": {
                        "propertyName": "type",
                        "mapping": {
                            "code": "#/components/schemas/Code",
                            "search": "#/components/schemas/Search",
                        },
                    },
                },
            })));
            methods(module(&file, "types"), "Call")
        };
        assert_eq!(methods_of_union(&["type", "id"]), ["id"]);
        assert!(methods_of_union(&["type"]).is_empty());
    }
}
