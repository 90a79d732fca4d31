//! Operations: one builder for each, with the arguments that progenitor finds. How they
//! are sent, retried and decoded is handwritten, and the same for all of them.

use std::collections::BTreeMap;

use heck::ToUpperCamelCase;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

use super::super::Error;
use super::super::api::{Api, Operation, Page, type_name};
use super::{builders, example, ident, lists, methods, parameter_of, requests};

/// The schema that `src/run/` follows.
const RUN: &str = "RunObject";

/// Turns progenitor's builders into those that callers see.
pub fn finish(items: Vec<Item>, api: &Api) -> Result<Vec<Item>, Error> {
    let structs: BTreeMap<String, ItemStruct> = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some((item.ident.to_string(), item)),
            _ => None,
        })
        .collect();
    let mut finished = Vec::new();
    for operation in &api.operations {
        let Some(item) = structs.get(&operation.builder()) else {
            return Err(Error::new(
                "#/paths",
                format!("progenitor made no builder for {}", operation.id),
            ));
        };
        finished.extend(builder(api, operation, item));
        finished.extend(alias(operation));
        finished.extend(streams(api, operation));
        if api.module.follows_runs() && operation.response == RUN {
            finished.push(runs(api, operation));
        }
    }
    let mut pages: BTreeMap<&str, Page> = BTreeMap::new();
    for (operation, page) in api.lists() {
        finished.extend(lists::pagers(api, operation, &page));
        pages.insert(page.schema, page);
    }
    finished.extend(pages.values().flat_map(lists::page));
    finished.push(table(api));
    Ok(finished)
}

/// One operation: the builder, its setters and how it becomes a request.
fn builder(api: &Api, operation: &Operation, item: &ItemStruct) -> Vec<Item> {
    let name = &item.ident;
    let arguments = arguments(operation, item);
    let fields = arguments
        .iter()
        .map(|(name, ty)| quote!(#name: ::std::option::Option<#ty>));
    let initial = arguments.iter().map(|(name, _)| quote!(#name: None));
    let setters = arguments.iter().map(|(name, ty)| {
        let doc = argument_doc(operation, &name.to_string());
        builders::setter(&doc, name, ty)
    });
    let output = ident(&type_name(operation.response));
    let implementations = requests::implementations(operation);
    let doc = format!(
        "Builder for [`Client::{0}`]({1}::Client::{0}).",
        operation.function(),
        api.module.inside()
    );
    let send_doc = format!(
        "Sends `{} {}` and decodes the answer.",
        operation.method.to_uppercase(),
        operation.path
    );

    let file: syn::File = parse_quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        #[must_use = "nothing is sent until `send` is called"]
        pub struct #name {
            client: crate::Client,
            pub(crate) options: crate::operation::RequestOptions,
            first_error: ::std::option::Option<::std::string::String>,
            #(#fields,)*
        }

        impl #name {
            pub(crate) fn new(client: &impl ::std::convert::AsRef<crate::Client>) -> Self {
                Self {
                    client: client.as_ref().clone(),
                    options: crate::operation::RequestOptions::default(),
                    first_error: None,
                    #(#initial,)*
                }
            }

            #(#setters)*

            /// Adds a header to this call, in place of a configured one of that name.
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
                self.options.header(name.as_ref(), value.as_ref());
                self
            }

            /// Adds a query parameter to this call, in place of configured ones of that name.
            pub fn query(
                mut self,
                name: impl Into<::std::string::String>,
                value: impl Into<::std::string::String>,
            ) -> Self {
                self.options.query(name.into(), value.into());
                self
            }

            /// Limits how long each attempt of this call may take.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.options.timeout(timeout);
                self
            }

            #[doc = #send_doc]
            ///
            /// # Errors
            /// [`Error`](crate::Error) tells what went wrong: before anything was sent,
            /// on the way, at the server, or in the answer.
            pub async fn send(self) -> crate::Result<types::#output> {
                crate::operation::send(self).await
            }

            /// Like [`send`](Self::send), with the status and the headers of the answer.
            ///
            /// # Errors
            /// As [`send`](Self::send).
            pub async fn send_response(self) -> crate::Result<crate::Response<types::#output>> {
                crate::operation::send_response(self).await
            }
        }

        #implementations
    };
    file.items
}

/// The second name of a builder whose method has one.
fn alias(operation: &Operation) -> Option<Item> {
    let alias = ident(&methods::alias(&operation.function())?.to_upper_camel_case());
    let name = ident(&operation.builder());
    let doc = format!("The same as [`{name}`].");
    Some(parse_quote! {
        #[doc = #doc]
        pub type #alias = #name;
    })
}

/// What an operation that can answer with a stream has besides.
fn streams(api: &Api, operation: &Operation) -> Option<Item> {
    let name = ident(&operation.builder());
    let event = ident(&type_name(operation.events?));
    let example = example(api, operation, "", |call| {
        format!(
            "let mut events = {call}.stream().await?;\n\
             while let Some(event) = events.try_next().await? {{\n    println!(\"{{}}\", event.event());\n}}"
        )
    });
    Some(parse_quote! {
        impl #name {
            /// Sends the call, and gives out the events of the run as they come.
            ///
            /// # Errors
            /// As [`send`](Self::send), up to the beginning of the stream. What goes
            /// wrong later comes as an item of the stream.
            #[doc = #example]
            pub async fn stream(self) -> crate::Result<crate::EventStream<types::#event>> {
                crate::stream::open(self).await
            }
        }
    })
}

/// What an operation that answers with a run has besides.
fn runs(api: &Api, operation: &Operation) -> Item {
    let name = ident(&operation.builder());
    let example = example(api, operation, "", |call| {
        format!("let run = {call}.follow().wait().await?;\nprintln!(\"{{}}\", run.status);")
    });
    parse_quote! {
        impl #name {
            /// Follows the run to where it rests: until it has ended, or waits for what
            /// its caller has to do.
            #[doc = #example]
            pub fn follow(self) -> crate::Follow<Self> {
                crate::Follow::new(self)
            }
        }
    }
}

/// The names and types of progenitor's arguments, which it keeps as results of
/// conversions. The body is kept as the value itself rather than as typify's builder.
fn arguments(operation: &Operation, item: &ItemStruct) -> Vec<(syn::Ident, syn::Type)> {
    let Fields::Named(fields) = &item.fields else {
        return Vec::new();
    };
    let arguments = fields.named.iter().filter_map(|field| {
        let name = field.ident.clone()?;
        let converted = parameter_of(&field.ty, "Result")?;
        match operation.body.filter(|_| name == "body") {
            Some(body) => {
                let body = ident(&type_name(body));
                Some((name, parse_quote!(types::#body)))
            }
            None => Some((
                name,
                parameter_of(converted, "Option")
                    .unwrap_or(converted)
                    .clone(),
            )),
        }
    });
    arguments.collect()
}

fn argument_doc(operation: &Operation, name: &str) -> Vec<Attribute> {
    let parameter = operation
        .parameters
        .iter()
        .find(|parameter| parameter.function() == name);
    let doc = match (parameter, operation.body) {
        (Some(parameter), _) => parameter.description.map(str::to_owned),
        (None, Some(body)) => Some(format!(
            "The body of the request: a [`{0}`](types::{0}), or a builder of one.",
            type_name(body)
        )),
        (None, None) => None,
    };
    let doc = doc.unwrap_or_else(|| format!("Sets `{name}`."));
    vec![parse_quote!(#[doc = #doc])]
}

/// All operations, for tools that go through the whole document.
fn table(api: &Api) -> Item {
    let rows = api
        .operations
        .iter()
        .map(|operation| ident(&operation.builder()));
    parse_quote! {
        /// Every operation of the document, in the order of its paths.
        pub const ALL: &[&crate::operation::OperationInfo] =
            &[#(<#rows as crate::operation::Operation>::INFO),*];
    }
}
