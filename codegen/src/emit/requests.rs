//! `Operation` and `StreamingOperation`: how a builder becomes a request.

use proc_macro2::TokenStream;
use quote::quote;

use super::runtime::{DOWNLOAD, ERROR, OPERATION, OPERATION_INFO, REQUEST, SEALED, SETTERS};
use super::syntax::ident;
use crate::model::operation::Operation;
use crate::model::reference::type_name;

/// The content type that a request accepts.
#[derive(Clone, Copy, PartialEq)]
enum Accept {
    Json,
    Events,
}

/// `Operation` for a builder, and `StreamingOperation` if it has events.
pub fn implementations(operation: &Operation) -> TokenStream {
    let name = ident(&operation.builder());
    let output = output(operation);
    let (id, path) = (operation.id, operation.path);
    let method = operation.method.to_uppercase();
    let is_idempotent = operation.is_idempotent();
    let request = request(operation, Accept::Json);
    let streaming = operation.events.map(|events| streaming(operation, events));
    quote! {
        impl #SEALED::Sealed for #name {}

        impl #OPERATION::Operation for #name {
            type Output = #output;

            const INFO: &'static #OPERATION_INFO::OperationInfo = &#OPERATION_INFO::OperationInfo {
                id: #id,
                method: #method,
                path: #path,
                is_idempotent: #is_idempotent,
            };

            fn into_request(self) -> #ERROR::Result<#REQUEST::Request> {
                #request
            }
        }

        #streaming
    }
}

/// The type of a successful response.
pub fn output(operation: &Operation) -> TokenStream {
    match operation.response {
        Some(response) => {
            let response = ident(&type_name(response));
            quote!(types::#response)
        }
        None if operation.is_download => quote!(#DOWNLOAD::Download),
        None => quote!(()),
    }
}

fn streaming(operation: &Operation, events: &str) -> TokenStream {
    let name = ident(&operation.builder());
    let events = ident(&type_name(events));
    let request = request(operation, Accept::Events);
    quote! {
        impl #OPERATION::StreamingOperation for #name {
            type Event = types::#events;

            fn into_stream_request(self) -> #ERROR::Result<#REQUEST::Request> {
                use #OPERATION::Operation;
                #request
            }
        }
    }
}

fn request(operation: &Operation, accept: Accept) -> TokenStream {
    let method = ident(&operation.method.to_uppercase());
    let path = path(operation);
    let (accept, body) = match accept {
        Accept::Json if operation.response.is_none() => ("*/*", quote!(&body)),
        Accept::Json => ("application/json", quote!(&body)),
        Accept::Events => (
            "text/event-stream",
            quote!(&#OPERATION::Streamed::new(&body)),
        ),
    };
    let take_body = operation.body.map(|body| {
        let body = ident(&type_name(body));
        let value = match operation.body_is_optional {
            true => quote!(self.body.unwrap_or_default()),
            false => quote!(#OPERATION::argument("body", self.body)?),
        };
        quote!(let body = types::#body::try_from(#value)?;)
    });
    let file = operation.file.zip(operation.file_setter());
    let body = operation.body.map(|_| match file {
        Some((property, name)) => {
            let file = ident(&name);
            quote!(.form(&body, #property, #OPERATION::argument(#name, self.#file)?)?)
        }
        None => quote!(.json(#body)?),
    });
    let pairs = operation.query_parameters().map(|parameter| {
        let (wire_name, value) = (parameter.name, ident(&parameter.function()));
        match (parameter.is_array, parameter.is_required) {
            (true, _) => quote!(query.extend(self.#value.into_iter().flatten().map(|value| (#wire_name, value.to_string())));),
            (false, false) => quote!(query.extend(self.#value.map(|value| (#wire_name, value.to_string())));),
            (false, true) => {
                let name = parameter.function();
                quote!(query.push((#wire_name, #OPERATION::argument(#name, self.#value)?.to_string()));)
            }
        }
    });
    let pairs: Vec<TokenStream> = pairs.collect();
    let (make_query, add_query) = if pairs.is_empty() {
        (None, None)
    } else {
        (
            Some(quote! {
                let mut query: ::std::vec::Vec<(&str, ::std::string::String)> = ::std::vec::Vec::new();
                #(#pairs)*
            }),
            Some(quote!(.query(&query))),
        )
    };
    quote! {
        #SETTERS::built(self.first_error)?;
        let path = #path;
        #make_query
        #take_body
        let request = #REQUEST::Request::new(
            self.client.into_config(),
            Self::INFO,
            self.options,
            ::reqwest::Method::#method,
            &path,
            #accept,
        )
        #body
        #add_query;
        Ok(request)
    }
}

/// The path of the base URL and of the operation, with each argument as one segment.
fn path(operation: &Operation) -> TokenStream {
    let parts = operation.path.split_inclusive('}').flat_map(|part| {
        let (text, template) = part.split_at(part.find('{').unwrap_or(part.len()));
        let name = template.trim_matches(['{', '}']);
        let mut parameters = operation.path_parameters();
        let argument = parameters.find(|parameter| parameter.name == name);
        let argument = argument.map(|parameter| {
            let value = ident(&parameter.function());
            quote!(&#OPERATION::path_segment(#name, self.#value)?)
        });
        [Some(quote!(#text)), argument]
    });
    let parts = parts.flatten();
    // Allocated once, which `format!` is not.
    quote!([self.client.config().base_path(), #(#parts),*].concat())
}
