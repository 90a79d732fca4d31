//! The typed mocks: progenitor's, with the parameters that it cannot mock.

use std::collections::BTreeMap;

use syn::{File, ImplItem, Item, ItemMod, parse_quote};

use super::super::Module;
use super::super::api::{Api, Operation, Parameter, type_name};
use super::{ident, methods, name_of};

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
                    finish_operation(item, &builders, api.module);
                }
            }
            Item::Trait(item) => {
                let aliases: Vec<syn::TraitItem> =
                    item.items.iter().filter_map(alias_in_trait).collect();
                item.items.extend(aliases);
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

/// The method of the trait under its second name, if it has one.
fn alias_in_trait(member: &syn::TraitItem) -> Option<syn::TraitItem> {
    let syn::TraitItem::Fn(function) = member else {
        return None;
    };
    let name = &function.sig.ident;
    let mut alias = function.clone();
    alias.sig.ident = ident(methods::alias(&name.to_string())?);
    alias.default = Some(parse_quote!({ self.#name(config_fn) }));
    Some(syn::TraitItem::Fn(alias))
}

fn finish_operation(item: &mut Item, builders: &BTreeMap<String, &Operation>, module: Module) {
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
            let operation = name
                .strip_suffix("When")
                .and_then(|name| builders.get(name));
            if let Some(operation) = operation {
                let remade: Vec<String> = remade_parameters(operation)
                    .map(Parameter::function)
                    .collect();
                item.items.retain(|member| match member {
                    ImplItem::Fn(function) => !remade.contains(&function.sig.ident.to_string()),
                    _ => true,
                });
            }
            for member in &mut item.items {
                if let ImplItem::Fn(function) = member {
                    let doc = method_doc(&function.sig.ident.to_string());
                    function.attrs.push(parse_quote!(#[doc = #doc]));
                    if let Some(operation) = operation.filter(|_| function.sig.ident == "new") {
                        leave_paths_to_their_operations(function, operation, builders);
                        if module == Module::V1 {
                            leave_requests_to_their_version(function);
                        }
                    }
                }
            }
            let streams = |suffix| {
                let operation = name
                    .strip_suffix(suffix)
                    .and_then(|name| builders.get(name));
                operation.and_then(|operation| operation.events)
            };
            if streams("When").is_some() {
                item.items.push(streamed());
            }
            if let Some(events) = streams("Then") {
                item.items.push(answer_with(events));
            }
            if let Some(operation) = operation {
                item.items
                    .extend(remade_parameters(operation).map(|parameter| {
                        if parameter.is_path {
                            path_parameter(operation, parameter)
                        } else {
                            array_parameter(parameter)
                        }
                    }));
            }
        }
        _ => {}
    }
}

/// The requests for a stream, which `body` cannot match: it has no `stream`.
fn streamed() -> ImplItem {
    parse_quote! {
        /// Matches requests for a stream.
        pub fn streamed(self) -> Self {
            Self(self.0.json_body_includes(r#"{"stream": true}"#))
        }
    }
}

/// An answer that is a stream of events.
fn answer_with(events: &str) -> ImplItem {
    let event = ident(&type_name(events));
    parse_quote! {
        /// Answers with a stream of these events, and nothing behind them.
        pub fn events<'a>(self, events: impl ::std::iter::IntoIterator<Item = &'a types::#event>) -> Self {
            let body: ::std::string::String = events
                .into_iter()
                .map(|event| crate::mock::event(event.event(), event.data()))
                .collect();
            Self(self.0.status(200).header("content-type", "text/event-stream").body(body))
        }
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

/// The mocks of both versions may be on one server, and the paths are the same.
fn leave_requests_to_their_version(new: &mut syn::ImplItemFn) {
    let statements = &new.block.stmts;
    new.block = parse_quote!({
        let inner = inner.header("openai-beta", crate::v1::generated::BETA);
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

/// Parameters whose setters progenitor cannot make, or makes without regard to what
/// ids look like on the wire.
fn remade_parameters<'a>(operation: &'a Operation) -> impl Iterator<Item = &'a Parameter<'a>> {
    operation
        .parameters
        .iter()
        .filter(|parameter| parameter.is_path || parameter.is_array)
}

/// An id is text, not a regular expression, and stands percent-encoded in a path.
fn path_parameter(operation: &Operation, parameter: &Parameter) -> ImplItem {
    let name = ident(&parameter.function());
    let doc = format!("Matches requests with this `{}`.", parameter.name);
    let parts = operation
        .path
        .split('/')
        .map(|part| match part.strip_prefix('{') {
            Some(template) if template.strip_suffix('}') == Some(parameter.name) => "{}".to_owned(),
            Some(_) => "[^/]*".to_owned(),
            None => part.to_owned(),
        });
    let pattern = format!("^{}$", parts.collect::<Vec<_>>().join("/"));
    parse_quote! {
        #[doc = #doc]
        pub fn #name(self, value: &str) -> Self {
            let value = regex::escape(&crate::operation::encode_segment(value));
            let path = regex::Regex::new(&format!(#pattern, value)).expect("the pattern is valid");
            Self(self.0.path_matches(path))
        }
    }
}

/// An array in the query is one pair for each of its items.
fn array_parameter(parameter: &Parameter) -> ImplItem {
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
}
