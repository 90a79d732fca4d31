//! Enums of server-sent events.
//!
//! On the wire the name and the data of an event are separate lines, so that an event is
//! deserialized from the two and not from one JSON object. typify has no such type.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use serde_json::Value;
use syn::Item;

use super::runtime::{ERROR, EVENT, RUN_STATE, SEALED, STREAM};
use super::syntax::ident;
use crate::error::Error;
use crate::model::api::Api;
use crate::model::events::{Payload, payload, unions};
use crate::model::name::{distinct, snake};
use crate::model::reference::{SCHEMAS, type_name};
use crate::model::schema::Kind;

/// The constant `object` of a run.
pub const RUN: &str = "thread.run";

/// The source of the events that operations stream.
#[derive(Default)]
pub struct Events {
    /// An enum for each union of events.
    pub types: Vec<Item>,
    /// How each of the enums is deserialized from an event.
    pub implementations: Vec<Item>,
}

/// The enums of the events that operations stream, and their implementations of `StreamEvent`.
pub fn emit(api: &Api) -> Result<Events, Error> {
    let mut events = Events::default();
    for union in unions(api) {
        event_enum(api, union, &mut events)?;
    }
    Ok(events)
}

fn event_enum(api: &Api, union: &str, events: &mut Events) -> Result<(), Error> {
    let schema = &api.schemas[union];
    let Kind::Events { members } = &schema.kind else {
        return Err(Error::at(
            format!("{SCHEMAS}{union}"),
            "the events of a stream are not a union over the property `event`",
        ));
    };
    let name = ident(&type_name(union));
    let description = |schema: &str| {
        let value = api.schemas[schema].value;
        value.get("description").and_then(Value::as_str)
    };
    let doc = description(union).unwrap_or(union);

    let mut variants = Vec::new();
    let mut names = Vec::new();
    let mut decoders = Vec::new();
    let mut encoders = Vec::new();
    let mut payloads: BTreeMap<&str, Vec<Ident>> = BTreeMap::new();
    for member in members {
        let variant = ident(&member.variant);
        let tag = member.tag;
        let doc = match description(member.schema) {
            Some(description) => format!("`{tag}`: {description}"),
            None => format!("`{tag}`"),
        };
        match payload(api, member)? {
            Payload::Schema(schema) => {
                let data = ident(&type_name(schema));
                payloads.entry(schema).or_default().push(variant.clone());
                variants.push(quote!(#[doc = #doc] #variant(::std::boxed::Box<#data>)));
                names.push(quote!(Self::#variant(_) => #tag));
                encoders.push(quote!(Self::#variant(data) => ::serde_json::to_string(data)));
                let deserialize = ident(match api.schemas[schema].kind {
                    Kind::Object { .. } => "deserialize_object",
                    _ => "deserialize",
                });
                decoders
                    .push(quote!(#tag => #EVENT::#deserialize(event, data).map(Self::#variant)));
            }
            Payload::Literal(data) => {
                variants.push(quote!(#[doc = #doc] #variant));
                names.push(quote!(Self::#variant => #tag));
                encoders.push(quote!(Self::#variant => Ok(#data.to_owned())));
                decoders.push(quote!(#tag => Ok(Self::#variant)));
            }
        }
    }
    let accessors = payloads.keys().map(|schema| accessor_name(api, schema));
    let accessors = distinct(accessors, snake, &["event", "data"]);
    let run_state = run_state(api, payloads.keys().copied().zip(&accessors));
    let accessors = payloads
        .iter()
        .zip(&accessors)
        .map(|((schema, variants), name)| accessor(schema, name, variants));

    let types: syn::File = syn::parse_quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// An unknown event, with its data verbatim.
            Unknown {
                /// The name of the event.
                event: ::std::string::String,
                /// The data of the event, usually JSON.
                data: ::std::string::String,
            },
        }

        impl #name {
            /// Returns the name of the event.
            pub fn event(&self) -> &str {
                match self {
                    #(#names,)*
                    Self::Unknown { event, .. } => event,
                }
            }

            /// Returns the data of the event as on the wire: JSON, or a word such as `[DONE]`.
            ///
            /// # Errors
            /// A value cannot be serialized as JSON.
            pub fn data(&self) -> ::serde_json::Result<::std::string::String> {
                match self {
                    #(#encoders,)*
                    Self::Unknown { data, .. } => Ok(data.clone()),
                }
            }

            #(#accessors)*
        }
    };
    let implementations: syn::File = syn::parse_quote! {
        impl #SEALED::Sealed for types::#name {}

        impl #STREAM::StreamEvent for types::#name {
            fn decode(event: &str, data: &str) -> #ERROR::Result<Self> {
                match event {
                    #(#decoders,)*
                    _ => Ok(Self::Unknown { event: event.to_owned(), data: data.to_owned() }),
                }
            }

            fn run_state(&self) -> ::std::option::Option<#RUN_STATE::RunState<'_>> {
                #run_state
            }
        }
    };
    events.types.extend(types.items);
    events.implementations.extend(implementations.items);
    Ok(())
}

/// A method that returns the data of all events of one type.
fn accessor(schema: &str, name: &str, variants: &[Ident]) -> TokenStream {
    let function = ident(name);
    let data = ident(&type_name(schema));
    let doc = format!("Returns the [`{data}`] of the event, if it has one.");
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

/// The constant `object` without its prefix, such as `run_step` for `thread.run.step`, or the
/// name of the schema without its suffix, such as `error` for `ErrorObject`.
fn accessor_name<'a>(api: &Api<'a>, schema: &'a str) -> &'a str {
    match api.schemas[schema].object() {
        Some(object) => object.strip_prefix("thread.").unwrap_or(object),
        None => schema.strip_suffix("Object").unwrap_or(schema),
    }
}

/// The state of the run that an event carries.
fn run_state<'a>(
    api: &Api,
    mut payloads: impl Iterator<Item = (&'a str, &'a String)>,
) -> TokenStream {
    match payloads.find(|(schema, _)| api.schemas[schema].object() == Some(RUN)) {
        Some((_, accessor)) => {
            let run = ident(accessor);
            quote! {
                self.#run().map(|run| #RUN_STATE::RunState {
                    id: &run.id,
                    thread_id: &run.thread_id,
                    status: run.status.as_str(),
                })
            }
        }
        None => quote!(None),
    }
}

#[cfg(test)]
mod tests {
    use crate::test_support::{client, methods, module, streaming_document, variants};

    #[test]
    fn events_become_one_enum() {
        let file = client(&streaming_document());
        assert_eq!(
            variants(&file, "ThingEvent"),
            ["Done", "ThingChanged", "Unknown"]
        );
    }

    #[test]
    fn payloads_have_accessors_without_the_suffix_of_their_schema() {
        let file = client(&streaming_document());
        assert_eq!(
            methods(module(&file, "types"), "ThingEvent"),
            ["event", "data", "thing"]
        );
    }
}
