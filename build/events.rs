//! Server-sent events: a union over the event's name whose members carry `data`.
//!
//! On the wire name and data come in separate lines, so the union is decoded from
//! the two and not from one JSON object. typify has no type for that: this one is
//! made here.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use serde_json::Value;

use super::Error;
use super::api::{Api, Constant, Kind, Member, reference, type_name};

/// The constant of an object that is a run.
const RUN: &str = "thread.run";

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
    let mut items = Vec::new();
    for union in unions(api) {
        items.extend(event_type(api, union)?);
    }
    Ok(items)
}

/// The schemas of the data of all events.
pub fn payloads<'a>(api: &Api<'a>) -> Result<BTreeSet<&'a str>, Error> {
    let mut payloads = BTreeSet::new();
    for union in unions(api) {
        if let Kind::Events { members } = &api.schemas[union].kind {
            for member in members {
                if let Payload::Schema(schema) = payload(api, *member)? {
                    payloads.insert(schema);
                }
            }
        }
    }
    Ok(payloads)
}

/// The events that the operations stream.
fn unions<'a>(api: &Api<'a>) -> BTreeSet<&'a str> {
    let events = api.operations.iter().map(|operation| operation.events);
    events.flatten().collect()
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
    let mut writers = Vec::new();
    let mut payloads: BTreeMap<&str, Vec<Ident>> = BTreeMap::new();
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
            Payload::Schema(schema) => {
                let data = ident(&type_name(schema));
                payloads.entry(schema).or_default().push(variant.clone());
                variants.push(quote!(#[doc = #doc] #variant(::std::boxed::Box<#data>)));
                names.push(quote!(Self::#variant(_) => #tag));
                writers.push(quote!(Self::#variant(data) => ::serde_json::to_string(data)));
                decoders.push(
                    quote!(#tag => crate::codec::event_data(event, data).map(Self::#variant)),
                );
            }
            Payload::Literal(data) => {
                variants.push(quote!(#[doc = #doc] #variant));
                names.push(quote!(Self::#variant => #tag));
                writers.push(quote!(Self::#variant => Ok(#data.to_owned())));
                decoders.push(quote!(#tag => Ok(Self::#variant)));
            }
        }
    }
    let accessors = payloads
        .iter()
        .map(|(schema, variants)| accessor(api, schema, variants));
    let run_state = run_state(api, payloads.keys().copied());

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

            /// The data of the event as it is on the wire: JSON, or a word such as `[DONE]`.
            ///
            /// # Errors
            /// A value in it cannot be JSON.
            pub fn data(&self) -> ::serde_json::Result<::std::string::String> {
                match self {
                    #(#writers,)*
                    Self::Unknown { data, .. } => Ok(data.clone()),
                }
            }

            #(#accessors)*
        }

        impl crate::operation::Sealed for #name {}

        impl crate::stream::StreamEvent for #name {
            fn decode(event: &str, data: &str) -> crate::Result<Self> {
                match event {
                    #(#decoders,)*
                    _ => Ok(Self::Unknown { event: event.to_owned(), data: data.to_owned() }),
                }
            }

            fn run_state(&self) -> ::std::option::Option<crate::stream::RunState<'_>> {
                #run_state
            }
        }
    };
    Ok(items.items)
}

/// A method that gives out the data of all events that carry one type.
fn accessor(api: &Api, schema: &str, variants: &[Ident]) -> TokenStream {
    let function = ident(&accessor_name(api, schema));
    let data = ident(&type_name(schema));
    let doc = format!("The [`{data}`] that the event carries, if it is one that does.");
    quote! {
        #[doc = #doc]
        pub fn #function(&self) -> ::std::option::Option<&#data> {
            match self {
                #(Self::#variants(data))|* => Some(data),
                _ => None,
            }
        }
    }
}

/// The constant of the schema without its family, or its name: `run_step` for
/// `thread.run.step`.
fn accessor_name(api: &Api, schema: &str) -> String {
    let name = object(api, schema).unwrap_or(schema);
    name.strip_prefix("thread.").unwrap_or(name).to_snake_case()
}

/// The value of the constant `object`.
pub fn object<'a>(api: &Api<'a>, schema: &str) -> Option<&'a str> {
    match api.schemas.get(schema)?.kind {
        Kind::Object {
            constant:
                Some(Constant {
                    property: "object",
                    value,
                }),
        } => Some(value),
        _ => None,
    }
}

/// What the event says of its run.
fn run_state<'a>(api: &Api, mut payloads: impl Iterator<Item = &'a str>) -> TokenStream {
    match payloads.find(|schema| object(api, schema) == Some(RUN)) {
        Some(schema) => {
            let run = ident(&accessor_name(api, schema));
            quote! {
                self.#run().map(|run| crate::stream::RunState {
                    id: &run.id,
                    thread_id: &run.thread_id,
                    status: run.status.as_str(),
                })
            }
        }
        None => quote!(None),
    }
}

/// What an event carries.
enum Payload<'a> {
    Schema(&'a str),
    /// Text that is always the same and no JSON, such as `[DONE]`.
    Literal(&'a str),
}

fn payload<'a>(api: &Api<'a>, member: Member) -> Result<Payload<'a>, Error> {
    let properties = api.schemas[member.schema].value.get("properties");
    let data = properties.map_or(&Value::Null, |properties| &properties["data"]);
    if let Some(schema) = reference(data).or_else(|| reference(&data["allOf"][0])) {
        return Ok(Payload::Schema(schema));
    }
    match data["enum"].as_array().map(Vec::as_slice) {
        Some([Value::String(text)]) => Ok(Payload::Literal(text)),
        _ => Err(Error::new(
            format!("#/components/schemas/{}/properties/data", member.schema),
            "the data of an event is neither a named schema nor a literal",
        )),
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
