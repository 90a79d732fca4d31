//! Server-sent events: a union over the event's name whose members carry `data`.
//!
//! On the wire name and data come in separate lines, so the union is decoded from
//! the two and not from one JSON object. typify has no type for that: this one is
//! made here.

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, Span};
use quote::quote;
use serde_json::Value;

use super::Error;
use super::api::{Api, Kind, Member, reference, type_name};

/// Whether a schema is an event or a union of events, which get no type of their own.
pub fn only_in_events(api: &Api, name: &str) -> bool {
    api.schemas
        .iter()
        .any(|(union, schema)| match &schema.kind {
            Kind::Events { members } => {
                *union == name || members.iter().any(|member| member.schema == name)
            }
            _ => false,
        })
}

/// The types of the events that the operations stream.
pub fn types(api: &Api) -> Result<Vec<syn::Item>, Error> {
    let mut unions: Vec<&str> = api
        .operations
        .iter()
        .filter_map(|operation| operation.events)
        .collect();
    unions.sort_unstable();
    unions.dedup();
    let mut items = Vec::new();
    for union in unions {
        items.extend(event_type(api, union)?);
    }
    Ok(items)
}

fn event_type(api: &Api, union: &str) -> Result<Vec<syn::Item>, Error> {
    let place = || format!("#/components/schemas/{union}");
    let schema = &api.schemas[union];
    let Kind::Events { members } = &schema.kind else {
        return Err(Error::new(
            place(),
            "a stream's events are not a union over the property `event`",
        ));
    };
    let name = ident(&type_name(union));
    let doc = schema
        .value
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or(union);

    let mut variants = Vec::new();
    let mut names = Vec::new();
    let mut decoders = Vec::new();
    for member in members {
        let variant = ident(&member.tag.to_upper_camel_case());
        let tag = member.tag;
        let doc = api.schemas[member.schema]
            .value
            .get("description")
            .and_then(Value::as_str);
        let doc = format!(
            "`{tag}`{}",
            doc.map(|doc| format!(": {doc}")).unwrap_or_default()
        );
        match payload(api, *member)? {
            Some(data) => {
                variants.push(quote!(#[doc = #doc] #variant(::std::boxed::Box<#data>)));
                names.push(quote!(Self::#variant(_) => #tag));
                decoders.push(
                    quote!(#tag => crate::codec::event_data(event, data).map(Self::#variant)),
                );
            }
            None => {
                variants.push(quote!(#[doc = #doc] #variant));
                names.push(quote!(Self::#variant => #tag));
                decoders.push(quote!(#tag => Ok(Self::#variant)));
            }
        }
    }

    let items: syn::File = syn::parse_quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// An event that the document does not name, with its data as it came.
            Unknown {
                /// The name of the event.
                event: ::std::string::String,
                /// The data of the event, most often JSON.
                data: ::std::string::String,
            },
        }

        impl #name {
            /// The name of the event on the wire.
            pub fn event(&self) -> &str {
                match self {
                    #(#names,)*
                    Self::Unknown { event, .. } => event,
                }
            }

            /// Decodes the data of the event of that name. An unknown name is no error.
            ///
            /// # Errors
            /// The data of a known event does not have the form that the document gives it.
            pub fn decode(event: &str, data: &str) -> crate::Result<Self> {
                match event {
                    #(#decoders,)*
                    _ => Ok(Self::Unknown { event: event.to_owned(), data: data.to_owned() }),
                }
            }
        }
    };
    Ok(items.items)
}

/// The type of an event's data; none for a literal such as `[DONE]`, which is not JSON.
fn payload(api: &Api, member: Member) -> Result<Option<Ident>, Error> {
    let data = &api.schemas[member.schema].value["properties"]["data"];
    if let Some(schema) = reference(data).or_else(|| reference(&data["allOf"][0])) {
        return Ok(Some(ident(&type_name(schema))));
    }
    match data["enum"].as_array().map(Vec::as_slice) {
        Some([Value::String(_)]) => Ok(None),
        _ => Err(Error::new(
            format!("#/components/schemas/{}/properties/data", member.schema),
            "the data of an event is neither a named schema nor a literal",
        )),
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
