//! Enums of strings. A server may send a value that the document does not name: it
//! is kept, and written back as it came.

use syn::{Item, ItemEnum, parse_quote};

use super::ident;
use super::types::rename;

/// Makes an open enum of typify's closed one.
pub fn open(item: &ItemEnum) -> Vec<Item> {
    let name = &item.ident;
    let docs = item
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"));
    let variants: Vec<_> = item.variants.iter().map(|variant| &variant.ident).collect();
    let values: Vec<String> = item
        .variants
        .iter()
        .map(|variant| {
            variant
                .attrs
                .iter()
                .find_map(rename)
                .unwrap_or_else(|| variant.ident.to_string())
        })
        .collect();
    let value_docs = values.iter().map(|value| format!("`{value}`"));
    let unknown = catch_all(variants.iter().map(ToString::to_string));
    let expectation = format!("a string: {}", values.join(", "));

    let file: syn::File = parse_quote! {
        #(#docs)*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#[doc = #value_docs] #variants,)*
            /// A value that the document does not name, as it came.
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

        impl ::std::convert::From<&str> for #name {
            fn from(value: &str) -> Self {
                match value {
                    #(#values => Self::#variants,)*
                    _ => Self::#unknown(value.to_owned()),
                }
            }
        }

        impl ::std::convert::From<::std::string::String> for #name {
            fn from(value: ::std::string::String) -> Self {
                Self::from(value.as_str())
            }
        }

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
                crate::codec::string(deserializer, #expectation)
            }
        }
    };
    file.items
}

/// The name of the variant for what is unknown: `Unknown`, unless the document has that.
pub fn catch_all(variants: impl Iterator<Item = String>) -> proc_macro2::Ident {
    let taken = variants.into_iter().any(|variant| variant == "Unknown");
    ident(if taken { "Unrecognized" } else { "Unknown" })
}
