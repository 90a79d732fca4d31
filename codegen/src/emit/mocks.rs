//! Typed mocks: progenitor's, with our own matchers for paths, arrays and streams.

use std::collections::BTreeMap;

use syn::{File, ImplItem, ImplItemFn, Item, ItemImpl, ItemMod, TraitItem, parse_quote};

use super::runtime::{self, FORM, MOCK, URL_PATH, V1_CONSTANTS};
use super::syntax::{ident, name_of};
use crate::model::api::Api;
use crate::model::operation::{Operation, Parameter};
use crate::model::reference::type_name;
use crate::module::Module;

/// The operations by the names of their builders.
type Operations<'a> = BTreeMap<String, &'a Operation<'a>>;

/// Completes and documents progenitor's mocks.
pub fn emit(mut file: File, api: &Api) -> File {
    let operations: Operations = api
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
                let module = runtime::module(api.module);
                for item in items {
                    match item {
                        // progenitor imports the whole crate.
                        Item::Use(_) => *item = parse_quote!(use #module::types;),
                        item => complete(item, &operations, api.module),
                    }
                }
            }
            Item::Trait(item) => {
                let deprecated: Vec<TraitItem> = item
                    .items
                    .iter()
                    .filter_map(|method| deprecated(method, &operations))
                    .collect();
                item.items.extend(deprecated);
                for member in &mut item.items {
                    if let TraitItem::Fn(function) = member {
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

/// The method named after the operation ID, where the method has another name.
fn deprecated(member: &TraitItem, operations: &Operations) -> Option<TraitItem> {
    let TraitItem::Fn(function) = member else {
        return None;
    };
    let name = &function.sig.ident;
    let operation = operations
        .values()
        .find(|operation| *name == operation.function())?;
    let mut deprecated = function.clone();
    deprecated.sig.ident = ident(&operation.deprecated_function()?);
    deprecated.default = Some(parse_quote!({ self.#name(config_fn) }));
    let note = format!("use `{name}`");
    deprecated.attrs.push(parse_quote!(#[deprecated = #note]));
    Some(TraitItem::Fn(deprecated))
}

fn complete(item: &mut Item, operations: &Operations, module: Module) {
    match item {
        Item::Struct(item) => {
            let name = item.ident.to_string();
            if let Some(operation) = of(&name, "When", operations) {
                let doc = format!("Selects requests of `{}`.", operation.id);
                item.attrs.push(parse_quote!(#[doc = #doc]));
            }
            if let Some(operation) = of(&name, "Then", operations) {
                let doc = format!("Sets the response of `{}`.", operation.id);
                item.attrs.push(parse_quote!(#[doc = #doc]));
            }
        }
        Item::Impl(item) => {
            let Some(name) = name_of(&item.self_ty) else {
                return;
            };
            let when = of(&name, "When", operations);
            let then = of(&name, "Then", operations);
            if let Some(operation) = when {
                let body = operation.file.map(|_| "body".to_owned());
                let replaced: Vec<String> = replaced_parameters(operation)
                    .map(Parameter::argument)
                    .chain(body)
                    .collect();
                item.items
                    .retain(|member| !replaced.iter().any(|name| is_method(member, name)));
            }
            document(item);
            if let Some(operation) = when {
                complete_when(item, operation, operations, module);
            }
            if let Some(events) = then.and_then(|then| then.events) {
                item.items.push(events_response(events));
            }
            if then.is_some_and(|then| then.is_download) {
                item.items.retain(|member| !is_method(member, "ok"));
                item.items.push(content_response());
            }
        }
        _ => {}
    }
}

/// The operation of a type `…When` or `…Then`.
fn of<'a>(name: &str, suffix: &str, operations: &Operations<'a>) -> Option<&'a Operation<'a>> {
    operations.get(name.strip_suffix(suffix)?).copied()
}

fn document(item: &mut ItemImpl) {
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member {
            let name = function.sig.ident.to_string();
            let doc = method_doc(&name);
            function.attrs.push(parse_quote!(#[doc = #doc]));
            match &*name {
                "client_error" => check_status(function, 400),
                "server_error" => check_status(function, 500),
                _ => {}
            }
        }
    }
}

fn complete_when(
    item: &mut ItemImpl,
    operation: &Operation,
    operations: &Operations,
    module: Module,
) {
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member
            && function.sig.ident == "new"
        {
            exclude_other_paths(function, operation, operations);
            if module == Module::V1 {
                require_version(function);
            }
        }
    }
    if operation.events.is_some() {
        item.items.push(streamed());
    }
    if let Some(file) = operation.file {
        item.items.extend(form(file));
    }
    let parameters = replaced_parameters(operation);
    item.items
        .extend(parameters.map(|parameter| match parameter.is_path {
            true => path_parameter(operation, parameter),
            false => array_parameter(parameter),
        }));
}

/// Matches requests for a stream. `body` cannot: the type of the body has no `stream`.
fn streamed() -> ImplItem {
    parse_quote! {
        /// Matches requests for a stream.
        pub fn streamed(self) -> Self {
            Self(self.0.json_body_includes(r#"{"stream": true}"#))
        }
    }
}

/// Matchers of the parts of a form.
fn form(file: &str) -> [ImplItem; 2] {
    let file = format!("name=\"{file}\"; filename=");
    [
        parse_quote! {
            /// Matches requests that upload a file of this name.
            pub fn file_name(self, name: &str) -> Self {
                Self(self.0.body_includes(format!("{}\"{}\"", #file, #FORM::escape(name))))
            }
        },
        parse_quote! {
            /// Matches requests with this field, such as `expires_after[seconds]`.
            pub fn field(self, name: &str, value: &str) -> Self {
                Self(self.0.body_includes(format!("name=\"{}\"\r\n\r\n{value}\r\n--", #FORM::escape(name))))
            }
        },
    ]
}

/// A response that is the content of a file.
fn content_response() -> ImplItem {
    parse_quote! {
        /// Responds with status 200 and these bytes.
        pub fn ok(self, content: impl ::std::convert::AsRef<[u8]>) -> Self {
            Self(self.0.status(200).header("content-type", "application/octet-stream").body(content))
        }
    }
}

fn is_method(member: &ImplItem, name: &str) -> bool {
    matches!(member, ImplItem::Fn(function) if function.sig.ident == name)
}

/// A response that is a stream of events.
fn events_response(events: &str) -> ImplItem {
    let event = ident(&type_name(events));
    parse_quote! {
        /// Responds with a stream of these events.
        pub fn events<'a>(self, events: impl ::std::iter::IntoIterator<Item = &'a types::#event>) -> Self {
            let body: ::std::string::String = events
                .into_iter()
                .map(|event| #MOCK::event(event.event(), event.data()))
                .collect();
            Self(self.0.status(200).header("content-type", "text/event-stream").body(body))
        }
    }
}

/// Keeps `/threads/{thread_id}` from matching `/threads/runs`, which is another operation.
fn exclude_other_paths(new: &mut ImplItemFn, operation: &Operation, operations: &Operations) {
    let others = operations
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

/// Allows mocks of both versions on one server: their paths are the same.
fn require_version(new: &mut ImplItemFn) {
    let constants = V1_CONSTANTS;
    let statements = &new.block.stmts;
    new.block = parse_quote!({
        let inner = inner.header("openai-beta", #constants::BETA);
        #(#statements)*
    });
}

/// Whether a template such as `/threads/{thread_id}` matches a path.
fn matches(template: &str, path: &str) -> bool {
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(part, other)| {
                part == other || (part.starts_with('{') && !other.starts_with('{'))
            })
}

/// Replaces progenitor's assertion that the status is of the class that starts here, whose message lacks the status.
fn check_status(function: &mut ImplItemFn, start: u16) {
    let name = function.sig.ident.to_string();
    let end = start + 99;
    let message = format!("`{name}` takes a status from {start} to {end}, not {{}}");
    function.attrs.push(parse_quote!(#[track_caller]));
    function.block.stmts[0] =
        parse_quote!(assert!((#start..=#end).contains(&status), #message, status););
}

fn method_doc(name: &str) -> String {
    match name {
        "new" => "Wraps the untyped form of httpmock.".to_owned(),
        "into_inner" => {
            "Returns the untyped form of httpmock, for anything outside the document.".to_owned()
        }
        "ok" => "Responds with status 200 and this value.".to_owned(),
        "created" => "Responds with status 201 and this value.".to_owned(),
        "accepted" => "Responds with status 202 and this value.".to_owned(),
        "no_content" => "Responds with status 204.".to_owned(),
        "client_error" => "Responds with this status, from 400 to 499.".to_owned(),
        "server_error" => "Responds with this status, from 500 to 599.".to_owned(),
        "body" => "Matches requests with exactly this body.".to_owned(),
        name => format!("Matches requests with this `{name}`, or without one for `None`."),
    }
}

/// Parameters whose matchers progenitor cannot generate, or generates for IDs that are
/// neither percent-encoded nor escaped.
fn replaced_parameters<'a>(operation: &'a Operation) -> impl Iterator<Item = &'a Parameter<'a>> {
    operation
        .parameters
        .iter()
        .filter(|parameter| parameter.is_path || parameter.is_array)
}

/// The matcher of a path parameter: percent-encoded text, not a regular expression.
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
            let value = regex::escape(&#URL_PATH::encode_segment(value));
            let path = regex::Regex::new(&format!(#pattern, value)).expect("the pattern is valid");
            Self(self.0.path_matches(path))
        }
    }
}

/// The matcher of an array parameter, which is sent as one pair for each item.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::module::Module;
    use crate::test_support::{document, methods, module, parse, source, upload_document};

    #[test]
    fn mocks_of_files_match_parts_and_respond_with_bytes() {
        let mocks = source(&upload_document(), Module::Root).mocks;
        let file = parse(&mocks);
        let upload = methods(module(&file, "operations"), "AddThingWhen");
        assert_eq!(upload, ["new", "into_inner", "file_name", "field"]);
        assert_eq!(
            mocks
                .matches("content: impl ::std::convert::AsRef<[u8]>")
                .count(),
            1
        );
        let download = methods(module(&file, "operations"), "ReadThingThen");
        assert_eq!(download.iter().filter(|method| *method == "ok").count(), 1);
    }

    #[test]
    fn mocks_have_array_parameters() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["parameters"].as_array_mut().expect("parameters").push(json!({
            "name": "include[]", "in": "query", "schema": { "type": "array", "items": { "type": "string" } },
        }));
        let file = parse(&source(&document, Module::Root).mocks);
        let mocks = methods(module(&file, "operations"), "ModifyThingWhen");
        assert!(mocks.contains(&"include".to_owned()), "{mocks:?}");
    }
}
