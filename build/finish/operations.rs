//! Operations. progenitor's builders are kept with their setters; how they are sent,
//! retried and decoded is handwritten, and the same for all of them.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Fields, ImplItem, ImplItemFn, Item, ItemImpl, ItemStruct, parse_quote};

use super::super::Error;
use super::super::api::{Api, Operation, Page, type_name};
use super::{field_ident, ident, lists, name_of, parameter_of, requests};

/// Turns progenitor's builders into those that callers see.
pub fn finish(items: Vec<Item>, api: &Api) -> Result<Vec<Item>, Error> {
    let mut structs: BTreeMap<String, ItemStruct> = BTreeMap::new();
    let mut impls: BTreeMap<String, ItemImpl> = BTreeMap::new();
    for item in items {
        match item {
            Item::Struct(item) => drop(structs.insert(item.ident.to_string(), item)),
            Item::Impl(item) => {
                if let Some(name) = name_of(&item.self_ty) {
                    impls.insert(name, item);
                }
            }
            _ => {}
        }
    }
    let mut finished = Vec::new();
    for operation in &api.operations {
        let name = operation.builder();
        let (Some(item), Some(block)) = (structs.remove(&name), impls.remove(&name)) else {
            return Err(Error::new(
                "#/paths",
                format!("progenitor made no builder for {}", operation.id),
            ));
        };
        finished.extend(builder(operation, &item, block, api));
    }
    let mut pages: BTreeMap<&str, Page> = BTreeMap::new();
    for (operation, page) in api.lists() {
        finished.extend(lists::pagers(operation, &page));
        pages.insert(page.schema, page);
    }
    finished.extend(pages.values().map(lists::page));
    finished.push(table(api));
    Ok(finished)
}

/// One operation: the builder, its setters and how it becomes a request.
fn builder(operation: &Operation, item: &ItemStruct, block: ItemImpl, api: &Api) -> Vec<Item> {
    let name = &item.ident;
    let arguments = arguments(operation, item);
    let fields = arguments.iter().map(|(name, ty)| quote!(#name: #ty));
    let initial = arguments.iter().map(|(name, ty)| {
        let value = initial_value(operation, name, ty, api);
        quote!(#name: #value)
    });
    let setters = block.items.into_iter().filter_map(|member| match member {
        ImplItem::Fn(function) => setter(function, operation, api),
        _ => None,
    });
    let output = ident(&type_name(operation.response));
    let implementations = requests::implementations(operation);
    let doc = format!(
        "Builder for [`Client::{0}`](crate::Client::{0}).",
        operation.function()
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
            options: crate::operation::RequestOptions,
            #(#fields,)*
        }

        impl #name {
            pub(crate) fn new(client: &crate::Client) -> Self {
                Self {
                    client: client.clone(),
                    options: crate::operation::RequestOptions::default(),
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

/// The fields of progenitor's builder. The body is kept as the value itself rather
/// than as typify's builder of it.
fn arguments(operation: &Operation, item: &ItemStruct) -> Vec<(syn::Ident, syn::Type)> {
    let Fields::Named(fields) = &item.fields else {
        return Vec::new();
    };
    let fields = fields
        .named
        .iter()
        .filter_map(|field| Some((field.ident.clone()?, &field.ty)));
    fields
        .filter(|(name, _)| name != "client")
        .map(|(name, ty)| match operation.body {
            Some(body) if name == "body" => {
                let body = ident(&type_name(body));
                (
                    name,
                    parse_quote!(::std::result::Result<types::#body, ::std::string::String>),
                )
            }
            _ => (name, ty.clone()),
        })
        .collect()
}

/// What an argument is until it is set: nothing if it is optional, or else the reason
/// why the call cannot be sent.
fn initial_value(
    operation: &Operation,
    name: &syn::Ident,
    ty: &syn::Type,
    api: &Api,
) -> TokenStream {
    let optional_body = operation
        .body
        .filter(|_| name == "body")
        .and_then(|body| api.schemas.get(body));
    if optional_body.is_some_and(|schema| schema.value.get("required").is_none()) {
        return quote!(Ok(::std::default::Default::default()));
    }
    match parameter_of(ty, "Result").and_then(|argument| parameter_of(argument, "Option")) {
        Some(_) => quote!(Ok(None)),
        None => {
            let reason = format!("it is not set: call `.{name}(…)`");
            quote!(Err(#reason.to_owned()))
        }
    }
}

/// A setter of progenitor's, with the documentation of its parameter.
fn setter(mut function: ImplItemFn, operation: &Operation, api: &Api) -> Option<ImplItemFn> {
    let name = function.sig.ident.to_string();
    let doc = match (name.as_str(), operation.body) {
        ("new" | "send" | "body_map", _) => return None,
        ("body", Some(body)) => {
            function.block = parse_quote!({
                self.body = value.try_into().map_err(|error| error.to_string());
                self
            });
            format!(
                "The body of the request: a [`{0}`](types::{0}), or a builder of one.",
                type_name(body)
            )
        }
        _ => {
            say_plainly(&mut function.block);
            parameter_doc(operation, &name, api).unwrap_or_else(|| format!("Sets `{name}`."))
        }
    };
    function.attrs = vec![parse_quote!(#[doc = #doc])];
    Some(function)
}

fn parameter_doc(operation: &Operation, function: &str, api: &Api) -> Option<String> {
    let parameters =
        api.document["paths"][operation.path][operation.method]["parameters"].as_array()?;
    let parameter = parameters.iter().find(|parameter| {
        let name = parameter["name"].as_str();
        name.is_some_and(|name| field_ident(name) == function)
    })?;
    parameter["description"].as_str().map(str::to_owned)
}

/// progenitor's message about a conversion that failed spells out Rust paths.
fn say_plainly(block: &mut syn::Block) {
    struct Plainly;
    impl syn::visit_mut::VisitMut for Plainly {
        fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
            *literal = syn::LitStr::new("the value cannot be converted", literal.span());
        }
    }
    syn::visit_mut::VisitMut::visit_block_mut(&mut Plainly, block);
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
