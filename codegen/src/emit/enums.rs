//! Enums of strings, which keep unknown values verbatim.

use quote::quote;
use syn::{Item, ItemEnum, parse_quote};

use super::runtime::{ERROR, SCALAR, SETTERS};
use super::syntax::{docs, ident};

/// The enum of strings for an enum of typify. `known` has its values, each with its variant.
pub fn emit(item: &ItemEnum, known: &[(&str, String)]) -> Vec<Item> {
    let name = &item.ident;
    let docs = docs(&item.attrs);
    let variants: Vec<_> = known.iter().map(|(_, variant)| ident(variant)).collect();
    let values: Vec<&str> = known.iter().map(|(value, _)| *value).collect();
    let value_docs = values.iter().map(|value| format!("`{value}`"));
    let unknown = unknown_variant(known.iter().map(|(_, variant)| variant.as_str()));
    let (spelled, spelled_unknown) = (name.to_string(), unknown.to_string());
    let strings = [
        quote!(::std::string::String),
        quote!(&::std::string::String),
    ];
    let from_strings = strings.map(|string| {
        quote! {
            impl ::std::convert::TryFrom<#string> for #name {
                type Error = #ERROR::Error;

                /// Fails for a value that is not in the document.
                fn try_from(value: #string) -> #ERROR::Result<Self> {
                    Self::try_from(value.as_str())
                }
            }
        }
    });
    let expectation = format!("a string: {}", values.join(", "));

    let file: syn::File = parse_quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#[doc = #value_docs] #variants,)*
            /// An unknown value, verbatim.
            #unknown(::std::string::String),
        }

        impl #name {
            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #values,)*
                    Self::#unknown(value) => value,
                }
            }
        }

        impl #SCALAR::StringEnum for #name {
            fn from_wire(value: &str) -> Self {
                match value {
                    #(#values => Self::#variants,)*
                    _ => Self::#unknown(value.to_owned()),
                }
            }
        }

        impl ::std::convert::TryFrom<&str> for #name {
            type Error = #ERROR::Error;

            /// Fails for a value that is not in the document.
            fn try_from(value: &str) -> #ERROR::Result<Self> {
                match #SCALAR::StringEnum::from_wire(value) {
                    Self::#unknown(value) => Err(#SETTERS::unknown_value(
                        #spelled,
                        #spelled_unknown,
                        &value,
                        &[#(#values),*],
                    )),
                    known => Ok(known),
                }
            }
        }

        #(#from_strings)*

        impl ::std::convert::AsRef<str> for #name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for #name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                #SCALAR::string_enum(deserializer, #expectation)
            }
        }
    };
    file.items
}

/// The name of the variant for unknown values: `Unknown`, unless the document uses that.
pub fn unknown_variant<'a>(variants: impl Iterator<Item = &'a str>) -> proc_macro2::Ident {
    let taken: Vec<&str> = variants.collect();
    let numbered = (2..).map(|number| format!("Unknown{number}"));
    let mut names = ["Unknown", "Unrecognized"]
        .into_iter()
        .map(str::to_owned)
        .chain(numbered);
    let free = names.find(|name| !taken.contains(&name.as_str()));
    ident(&free.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{client, document, implementations, variants};

    #[test]
    fn an_enum_has_a_variant_for_unknown_values() {
        let status = json!({ "type": "string", "enum": ["queued", "in_progress"] });
        let file = client(&document(json!({ "RunStatus": status })));
        assert_eq!(
            variants(&file, "RunStatus"),
            ["Queued", "InProgress", "Unknown"]
        );
    }

    #[test]
    fn only_text_of_servers_becomes_an_unknown_value() {
        let status = json!({ "type": "string", "enum": ["queued", "unknown"] });
        let document = document(json!({ "RunStatus": status }));
        let from = implementations(&document, "TryFrom");
        let error = r#"crate::types::setters::unknown_value("RunStatus","Unrecognized",&value,&["queued","unknown"])"#;
        assert!(from["RunStatus<&str>"].contains(error), "{from:?}");
        let wire = implementations(&document, "StringEnum");
        assert!(
            wire["RunStatus"].contains("_=>Self::Unrecognized(value.to_owned())"),
            "{wire:?}"
        );
    }

    #[test]
    fn an_enum_with_a_value_unknown_has_a_variant_unrecognized() {
        let status = json!({ "type": "string", "enum": ["known", "unknown"] });
        let file = client(&document(json!({ "Status": status })));
        assert_eq!(
            variants(&file, "Status"),
            ["Known", "Unknown", "Unrecognized"]
        );
    }
}
