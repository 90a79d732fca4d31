//! The typed mocks: progenitor's, with the parameters that it cannot mock.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{File, ImplItem, Item, ItemMod, parse_quote};

use super::super::api::{Api, Operation};
use super::{ident, name_of};

/// Completes progenitor's mocks and documents them.
pub fn finish(mut file: File, api: &Api) -> File {
    let builders: BTreeMap<String, &Operation> = api
        .operations
        .iter()
        .map(|operation| (operation.builder(), operation))
        .collect();
    for item in &mut file.items {
        match item {
            Item::Mod(ItemMod {
                content: Some((_, items)),
                ..
            }) => {
                for item in items {
                    finish_operation(item, &builders);
                }
            }
            Item::Trait(item) => {
                for member in &mut item.items {
                    if let syn::TraitItem::Fn(function) = member {
                        let doc = format!("Mocks `{}`.", function.sig.ident);
                        function.attrs.push(parse_quote!(#[doc = #doc]));
                    }
                }
            }
            _ => {}
        }
    }
    file
}

fn finish_operation(item: &mut Item, builders: &BTreeMap<String, &Operation>) {
    match item {
        Item::Struct(item) => {
            let name = item.ident.to_string();
            if let Some(operation) = name
                .strip_suffix("When")
                .and_then(|name| builders.get(name))
            {
                let doc = format!("Which requests of `{}` are answered.", operation.id);
                item.attrs.push(parse_quote!(#[doc = #doc]));
            }
            if let Some(operation) = name
                .strip_suffix("Then")
                .and_then(|name| builders.get(name))
            {
                let doc = format!("How requests of `{}` are answered.", operation.id);
                item.attrs.push(parse_quote!(#[doc = #doc]));
            }
        }
        Item::Impl(item) => {
            let Some(name) = name_of(&item.self_ty) else {
                return;
            };
            for member in &mut item.items {
                if let ImplItem::Fn(function) = member {
                    let doc = method_doc(&function.sig.ident.to_string());
                    function.attrs.push(parse_quote!(#[doc = #doc]));
                    let block = escape_ids(quote::ToTokens::to_token_stream(&function.block));
                    function.block = parse_quote!(#block);
                }
            }
            if let Some(operation) = name
                .strip_suffix("When")
                .and_then(|name| builders.get(name))
            {
                item.items.extend(array_parameters(operation));
                for member in &mut item.items {
                    if let ImplItem::Fn(function) = member
                        && function.sig.ident == "new"
                    {
                        leave_paths_to_their_operations(function, operation, builders);
                    }
                }
            }
        }
        _ => {}
    }
}

/// `/threads/{thread_id}` is not to answer for `/threads/runs`, which is an operation
/// of its own.
fn leave_paths_to_their_operations(
    new: &mut syn::ImplItemFn,
    operation: &Operation,
    builders: &BTreeMap<String, &Operation>,
) {
    let others = builders
        .values()
        .filter(|other| other.method == operation.method && other.path != operation.path);
    let paths: Vec<&str> = others
        .map(|other| other.path)
        .filter(|path| matches(operation.path, path))
        .collect();
    let statements = &new.block.stmts;
    new.block = parse_quote!({
        let inner = inner #(.path_not(#paths))*;
        #(#statements)*
    });
}

/// Whether a template such as `/threads/{thread_id}` also stands for this path.
fn matches(template: &str, path: &str) -> bool {
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(part, other)| {
                part == other || (part.starts_with('{') && !other.starts_with('{'))
            })
}

fn method_doc(name: &str) -> String {
    match name {
        "new" => "Wraps httpmock's untyped form.".to_owned(),
        "into_inner" => {
            "httpmock's untyped form, for what the document does not permit.".to_owned()
        }
        "ok" => "Answers with status 200 and this value.".to_owned(),
        "client_error" => "Answers with this status, from 400 to 499.".to_owned(),
        "server_error" => "Answers with this status, from 500 to 599.".to_owned(),
        "body" => "Matches requests with exactly this body.".to_owned(),
        name => format!("Matches requests with this `{name}`; `None` matches those without one."),
    }
}

/// An id is text, not a regular expression.
fn escape_ids(tokens: TokenStream) -> TokenStream {
    let mut result = TokenStream::new();
    let mut in_regex = false;
    for token in tokens {
        match token {
            TokenTree::Ident(name) if name == "Regex" || name == "format" => {
                in_regex = true;
                result.extend([TokenTree::Ident(name)]);
            }
            TokenTree::Group(group) => {
                let text = group.stream().to_string();
                let inner = if in_regex
                    && text.ends_with("value . to_string ()")
                    && text.starts_with('"')
                {
                    let format = group.stream().into_iter().next();
                    quote!(#format, regex::escape(value))
                } else {
                    escape_ids(group.stream())
                };
                result.extend([TokenTree::Group(proc_macro2::Group::new(
                    group.delimiter(),
                    inner,
                ))]);
            }
            token => result.extend([token]),
        }
    }
    result
}

/// An array in the query is one pair for each of its items.
fn array_parameters(operation: &Operation) -> Vec<ImplItem> {
    let arrays = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.is_array);
    arrays
        .map(|parameter| {
            let name = ident(&parameter.function());
            let wire_name = parameter.name;
            let doc = format!("Matches requests with each of these as `{wire_name}`.");
            parse_quote! {
                #[doc = #doc]
                pub fn #name<I>(self, values: I) -> Self
                where
                    I: ::std::iter::IntoIterator,
                    I::Item: ::std::string::ToString,
                {
                    Self(values.into_iter().fold(self.0, |when, value| {
                        when.query_param(#wire_name, value.to_string())
                    }))
                }
            }
        })
        .collect()
}
