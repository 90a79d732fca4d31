//! `Deserialize` and `Serialize` for structs. They follow the serde attributes of the fields, and
//! compile to less code than serde's derives.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Field, Item, ItemStruct, parse_quote};

use super::runtime::{EXTRA, OBJECT, PROPERTIES, RULE};
use super::syntax::{ident, name_of, parameter_of};
use crate::error::Error;
use crate::generator::SECRET;
use crate::model::reference::SCHEMAS;
use crate::model::schema::Constant;

/// What the implementations need to know beside the struct.
pub struct Facts<'a> {
    /// The properties with a single value.
    pub constants: &'a [Constant<'a>],
    /// Whether the object is a run, which is useless without its status.
    pub is_run: bool,
    /// Whether a tagged union has the object as a member. Without a part it is unknown there.
    pub is_member: bool,
    /// The type of a string enum, by its name.
    pub is_string_enum: &'a dyn Fn(&syn::Type) -> bool,
}

/// `Deserialize` and `Serialize` for a struct with named fields.
///
/// # Errors
/// A field has an unsupported serde attribute.
pub fn emit(item: &ItemStruct, facts: &Facts) -> Result<Vec<Item>, Error> {
    let name = &item.ident;
    let spelled = name.to_string();
    let fields = item
        .fields
        .iter()
        .filter_map(|field| FieldRule::of(field, facts));
    let fields: Vec<FieldRule> = fields.collect::<syn::Result<_>>().map_err(|error| {
        Error::at(
            format!("{SCHEMAS}{name}"),
            format!("cannot generate `Deserialize`: {error}"),
        )
    })?;
    let extra = fields
        .iter()
        .find(|field| matches!(field.role, Role::Extra));
    let malformed = fields
        .iter()
        .find(|field| matches!(field.role, Role::Malformed));
    let Some(extra) = extra.map(|field| field.ident) else {
        return Ok(Vec::new());
    };
    let malformed = malformed.map(|field| field.ident);
    let fields: Vec<&FieldRule> = fields
        .iter()
        .filter(|field| matches!(field.role, Role::Property))
        .collect();
    let numbers = 0..fields.len();
    let slots: Vec<_> = numbers
        .clone()
        .map(|number| format_ident!("value_{number}"))
        .collect();
    let properties: Vec<&String> = fields.iter().map(|field| &field.property).collect();
    let positions = numbers.clone();
    let reads = fields.iter().zip(&slots).map(|(field, slot)| {
        let (property, rule) = (&field.property, &field.rule);
        match malformed {
            Some(malformed) if field.property == "data" => {
                quote!(properties.items(#property, &mut #slot, &mut #malformed))
            }
            _ => quote!(properties.set::<#RULE::#rule, _>(#property, &mut #slot)),
        }
    });
    let idents: Vec<_> = fields.iter().map(|field| field.ident).collect();
    let values = fields
        .iter()
        .zip(&slots)
        .map(|(field, slot)| field.value(slot));
    let constants = facts.constants.iter();
    let (constants, constant_values): (Vec<_>, Vec<_>) = constants
        .map(|constant| (constant.property, constant.value))
        .unzip();
    let constant_positions = fields.len()..fields.len() + constants.len();
    let constant_numbers = constant_positions.clone();
    let secrets = fields.iter().filter(|field| field.is_secret);
    let secrets: Vec<&String> = secrets.map(|field| &field.property).collect();
    let hiding = (!secrets.is_empty()).then(|| quote!(.hiding(&[#(#secrets),*])));
    let malformed_slot = malformed.map(|ident| quote!(let mut #ident = ::std::vec::Vec::new();));
    let malformed_value = malformed.map(|ident| quote!(#ident,));
    let writes = fields.iter().map(|field| {
        let (property, ident) = (&field.property, field.ident);
        match malformed {
            Some(malformed) if field.property == "data" => {
                quote!(object.items(#property, &self.#ident, &self.#malformed)?;)
            }
            _ if field.skips_none => quote!(object.optional(#property, &self.#ident)?;),
            _ => quote!(object.field(#property, &self.#ident)?;),
        }
    });

    let file: syn::File = parse_quote! {
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                #OBJECT::decode(deserializer)
            }
        }

        impl #OBJECT::Object for #name {
            const NAME: &'static str = #spelled;

            fn field(property: &str) -> ::std::option::Option<usize> {
                match property {
                    #(#properties => Some(#positions),)*
                    #(#constants => Some(#constant_positions),)*
                    _ => None,
                }
            }

            fn extra(&self) -> &#EXTRA::Extra {
                &self.#extra
            }

            fn decode<'de, A: ::serde::de::MapAccess<'de>>(
                properties: &mut #PROPERTIES::Properties<'de, A>,
            ) -> ::std::result::Result<Self, A::Error> {
                #(let mut #slots = None;)*
                #malformed_slot
                while let Some(field) = properties.next(Self::field)? {
                    match field {
                        #(Some(#numbers) => #reads,)*
                        #(Some(#constant_numbers) => properties.constant(#constants, #constant_values),)*
                        _ => properties.keep(),
                    }?;
                }
                Ok(Self { #(#idents: #values,)* #malformed_value #extra: properties.take_extra()#hiding })
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                let mut object = #OBJECT::Writer::new(serializer, &self.#extra)?;
                #(object.field(#constants, #constant_values)?;)*
                #(#writes)*
                object.end()
            }
        }
    };
    Ok(file.items)
}

/// Removes the serde attributes of a struct: the implementations have their rules.
pub fn strip_attributes(item: &mut ItemStruct) {
    let is_serde = |attribute: &Attribute| attribute.path().is_ident("serde");
    if matches!(item.fields, syn::Fields::Named(_)) {
        item.attrs.retain(|attribute| !is_serde(attribute));
        for field in &mut item.fields {
            field.attrs.retain(|attribute| !is_serde(attribute));
        }
    }
}

/// How a field is deserialized and serialized.
struct FieldRule<'a> {
    ident: &'a syn::Ident,
    property: String,
    role: Role,
    /// A type of the module [`RULE`] that deserializes the value.
    rule: syn::Ident,
    missing: Missing,
    /// Whether `None` is not serialized.
    skips_none: bool,
    /// Whether the value has secrets, which `Debug` does not show.
    is_secret: bool,
}

/// What a field holds.
enum Role {
    /// A property.
    Property,
    /// All unknown and malformed properties.
    Extra,
    /// The malformed items of a page.
    Malformed,
}

/// The value of a missing property.
enum Missing {
    /// An error.
    Error,
    /// An error, unless failures are contained. Then a function of the module [`PROPERTIES`].
    Expected(&'static str),
    Default,
    Of(syn::Path),
}

impl<'a> FieldRule<'a> {
    /// `None` for a field without a name.
    fn of(field: &'a Field, facts: &Facts) -> Option<syn::Result<Self>> {
        let ident = field.ident.as_ref()?;
        let mut field_rule = Self {
            ident,
            property: ident.to_string(),
            role: Role::Property,
            rule: self::ident("AsIs"),
            missing: match parameter_of(&field.ty, "Option") {
                Some(_) => Missing::Default,
                None => Missing::Error,
            },
            skips_none: false,
            is_secret: is_secret(&field.ty),
        };
        let mut attributes = field.attrs.iter();
        let read = attributes.try_for_each(|attribute| field_rule.read(attribute));
        if matches!(field_rule.missing, Missing::Error) {
            field_rule.missing = field_rule.required(&field.ty, facts);
        }
        Some(read.map(|()| field_rule))
    }

    /// What happens if a required property is missing.
    fn required(&self, ty: &syn::Type, facts: &Facts) -> Missing {
        let name = name_of(ty).unwrap_or_default();
        match &*self.property {
            "id" => Missing::Error,
            "status" if facts.is_run => Missing::Error,
            // A response without `data` is not a page.
            "data" if name == "Vec" => Missing::Error,
            _ if (facts.is_string_enum)(ty) => Missing::Expected("unknown"),
            _ => match &*name {
                "bool" | "i64" | "f32" | "f64" | "String" | "Secret" | "Timestamp" => {
                    Missing::Expected("default")
                }
                _ if facts.is_member => Missing::Error,
                _ => Missing::Expected("nothing"),
            },
        }
    }

    fn read(&mut self, attribute: &Attribute) -> syn::Result<()> {
        if !attribute.path().is_ident("serde") {
            return Ok(());
        }
        attribute.parse_nested_meta(|meta| {
            let value: Option<String> = match meta.input.peek(syn::Token![=]) {
                true => Some(meta.value()?.parse::<syn::LitStr>()?.value()),
                false => None,
            };
            let is = |name| meta.path.is_ident(name);
            match value {
                Some(name) if is("rename") => self.property = name,
                Some(function) if is("deserialize_with") => {
                    let (_, name) = function.rsplit_once("::").unwrap_or_default();
                    self.rule = ident(&name.to_upper_camel_case());
                }
                Some(function) if is("default") => {
                    self.missing = Missing::Of(syn::parse_str(&function)?);
                }
                None if is("default") => self.missing = Missing::Default,
                None if is("flatten") => self.role = Role::Extra,
                None if is("skip") => self.role = Role::Malformed,
                Some(_) if is("skip_serializing_if") => self.skips_none = true,
                _ => return Err(meta.error("unsupported serde attribute")),
            }
            Ok(())
        })
    }

    fn value(&self, slot: &syn::Ident) -> TokenStream {
        let property = &self.property;
        match &self.missing {
            Missing::Error => quote!(properties.required(#property, #slot)?),
            Missing::Expected(default) => {
                let default = ident(default);
                quote!(properties.expected(#property, #slot, #PROPERTIES::#default)?)
            }
            Missing::Default => quote!(#slot.unwrap_or_default()),
            Missing::Of(function) => quote!(#slot.unwrap_or_else(#function)),
        }
    }
}

/// Whether a value of this type is a secret, or has one.
fn is_secret(ty: &syn::Type) -> bool {
    let spelled = ty.to_token_stream().to_string().replace(' ', "");
    spelled.contains(SECRET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(item: &ItemStruct) -> Result<Vec<Item>, Error> {
        let facts = Facts {
            constants: &[Constant {
                property: "object",
                value: "thing",
            }],
            is_run: false,
            is_member: false,
            is_string_enum: &|_| false,
        };
        emit(item, &facts)
    }

    #[test]
    fn fields_are_deserialized_by_their_serde_attributes() {
        let items = emitted(&parse_quote! {
            struct Thing {
                id: String,
                #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
                type_: Option<String>,
                #[serde(default, deserialize_with = "crate::json::scalar::integer_or_zero")]
                count: i64,
                #[serde(default = "crate::json::scalar::unknown", deserialize_with = "crate::json::scalar::null_as_unknown")]
                level: Level,
                #[serde(deserialize_with = "crate::json::scalar::null_as_default")]
                data: Vec<String>,
                flag: bool,
                part: Part,
                #[serde(flatten)]
                extra: Map,
            }
        });
        let items = items.expect("the attributes are supported");
        let source: String = quote!(#(#items)*).to_string().split_whitespace().collect();
        for part in [
            r#"match property { "id" => Some(0usize), "type" => Some(1usize), "count" => Some(2usize),"#,
            r#"Some(0usize) => properties.set::<crate::json::rule::AsIs, _>("id", &mut value_0),"#,
            r#"Some(1usize) => properties.set::<crate::json::rule::AsIs, _>("type", &mut value_1),"#,
            r#"Some(2usize) => properties.set::<crate::json::rule::IntegerOrZero, _>("count", &mut value_2),"#,
            r#"Some(3usize) => properties.set::<crate::json::rule::NullAsUnknown, _>("level", &mut value_3),"#,
            r#"Some(4usize) => properties.set::<crate::json::rule::NullAsDefault, _>("data", &mut value_4),"#,
            r#"id: properties.required("id", value_0)?, type_: value_1.unwrap_or_default(),"#,
            r"count: value_2.unwrap_or_default(), level: value_3.unwrap_or_else(crate::json::scalar::unknown),",
            r#"data: properties.required("data", value_4)?,"#,
            r#"flag: properties.expected("flag", value_5, crate::json::properties::default)?,"#,
            r#"part: properties.expected("part", value_6, crate::json::properties::nothing)?,"#,
            r#""object" => Some(7usize), _ => None,"#,
            r#"Some(7usize) => properties.constant("object", "thing"), _ => properties.keep(),"#,
            r"extra: properties.take_extra() }",
            r#"object.field("object", "thing")?; object.field("id", &self.id)?; object.optional("type", &self.type_)?;"#,
        ] {
            let part: String = part.split_whitespace().collect();
            assert!(source.contains(&part), "{part} is not in {source}");
        }
    }

    #[test]
    fn an_unsupported_attribute_is_an_error() {
        let items = emitted(&parse_quote! {
            struct Thing {
                #[serde(alias = "name")]
                id: String,
            }
        });
        let error = items.err().expect("aliases are unsupported").to_string();
        assert!(error.contains("schemas/Thing"), "{error}");
    }
}
