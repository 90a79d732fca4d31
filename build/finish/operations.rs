//! Operations. progenitor's builders are kept as far as the request; how it is sent,
//! retried and decoded is handwritten, and the same for all of them.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Fields, ImplItem, ImplItemFn, Item, ItemImpl, ItemStruct, Pat, Stmt, parse_quote,
};

use super::super::Error;
use super::super::api::{Api, Operation, Page, Parameter, Presence, type_name};
use super::{field_ident, ident, name_of};

/// Second names of methods whose first name is a slip of the upstream document.
const ALIASES: [(&str, &str); 1] = [("submit_tool_ouputs_to_run", "submit_tool_outputs_to_run")];

/// Turns progenitor's builders into those that callers see.
pub fn finish(items: Vec<Item>, api: &Api) -> Result<Vec<Item>, Error> {
    let mut structs: BTreeMap<String, ItemStruct> = BTreeMap::new();
    let mut impls: BTreeMap<String, ItemImpl> = BTreeMap::new();
    for item in items {
        match item {
            Item::Struct(item) => {
                structs.insert(item.ident.to_string(), item);
            }
            Item::Impl(item) => {
                if let Some(name) = name_of(&item.self_ty) {
                    impls.insert(name, item);
                }
            }
            _ => {}
        }
    }
    let lists: BTreeMap<&str, Page> = api
        .lists()
        .map(|(operation, page)| (operation.id, page))
        .collect();
    let mut finished = Vec::new();
    let mut pages: Vec<&str> = Vec::new();
    for operation in &api.operations {
        let name = operation.builder();
        let (Some(item), Some(block)) = (structs.remove(&name), impls.remove(&name)) else {
            return Err(Error::new(
                "#/paths",
                format!("progenitor made no builder for {}", operation.id),
            ));
        };
        finished.extend(builder(operation, item, block, api)?);
        if let Some(page) = lists.get(operation.id) {
            finished.extend(list(operation, page));
            if !pages.contains(&page.schema) {
                pages.push(page.schema);
                finished.push(page_of(page));
            }
        }
    }
    finished.push(table(api));
    Ok(finished)
}

/// The methods of `Client`, with progenitor's documentation.
pub fn methods(items: &[Item], api: &Api) -> Result<Vec<Item>, Error> {
    let docs: BTreeMap<String, Vec<Attribute>> = items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(item) if item.trait_.is_none() => Some(&item.items),
            _ => None,
        })
        .flatten()
        .filter_map(|item| match item {
            ImplItem::Fn(function) => {
                Some((function.sig.ident.to_string(), function.attrs.clone()))
            }
            _ => None,
        })
        .collect();
    let mut methods = Vec::new();
    for operation in &api.operations {
        let function = operation.function();
        let Some(attributes) = docs.get(&function) else {
            return Err(Error::new(
                "#/paths",
                format!("progenitor made no method for {}", operation.id),
            ));
        };
        let doc = documentation(operation, attributes, api);
        methods.push(method(&function, &doc, operation));
        for (first, second) in ALIASES {
            let alias = if function == first {
                second
            } else if function == second {
                first
            } else {
                continue;
            };
            methods.push(method(
                alias,
                &format!("The same as [`{function}`](Self::{function})."),
                operation,
            ));
        }
    }
    let block: Item = parse_quote! {
        /// The operations of the document.
        impl crate::Client {
            #(#methods)*
        }
    };
    Ok(vec![block])
}

fn method(name: &str, doc: &str, operation: &Operation) -> ImplItemFn {
    let name = ident(name);
    let builder = ident(&operation.builder());
    parse_quote! {
        #[doc = #doc]
        pub fn #name(&self) -> operations::#builder {
            operations::#builder::new(self)
        }
    }
}

/// progenitor's text with an example that compiles.
fn documentation(operation: &Operation, attributes: &[Attribute], api: &Api) -> String {
    let text: Vec<String> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            syn::Meta::NameValue(pair) => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let text = text.join("\n");
    let text = text.split("```ignore").next().unwrap_or_default().trim();

    let path_parameters: Vec<String> = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.is_path)
        .map(Parameter::function)
        .collect();
    let mut arguments: String = path_parameters
        .iter()
        .map(|name| format!(", {name}: &str"))
        .collect();
    let mut calls: String = path_parameters
        .iter()
        .map(|name| format!("\n    .{name}({name})"))
        .collect();
    if let Some(body) = operation.body {
        arguments += &format!(", body: openai_assistants::types::{}", type_name(body));
        calls += "\n    .body(body)";
    }
    let is_list = api.lists().any(|(list, _)| list.id == operation.id);
    let result = if is_list { "page" } else { "answer" };
    format!(
        "{text}\n\n# Examples\n\n```no_run\n\
         # async fn example(client: &openai_assistants::Client{arguments}) -> openai_assistants::Result<()> {{\n\
         let {result} = client\n    .{}(){calls}\n    .send()\n    .await?;\n\
         # Ok(())\n# }}\n```",
        operation.function(),
    )
}

/// One operation: the builder, its setters and how it becomes a request.
fn builder(
    operation: &Operation,
    mut item: ItemStruct,
    block: ItemImpl,
    api: &Api,
) -> Result<Vec<Item>, Error> {
    let name = item.ident.clone();
    let body_type = operation.body.map(|body| ident(&type_name(body)));
    let mut send = None;
    let mut setters = Vec::new();
    let mut initial = Vec::new();
    for member in block.items {
        let ImplItem::Fn(function) = member else {
            continue;
        };
        match function.sig.ident.to_string().as_str() {
            "new" => initial = initial_values(&function, body_type.as_ref(), operation, api),
            "body_map" => {}
            "send" => send = Some(function),
            _ => setters.push(setter(function, operation, api)),
        }
    }
    let send = send.ok_or_else(|| {
        Error::new(
            "#/paths",
            format!("progenitor made no `send` for {}", operation.id),
        )
    })?;

    item.generics = syn::Generics::default();
    item.attrs = vec![parse_quote!(#[derive(Clone, Debug)])];
    let doc = format!(
        "Builder for [`Client::{0}`](crate::Client::{0}).",
        operation.function()
    );
    let Fields::Named(fields) = &mut item.fields else {
        return Ok(Vec::new());
    };
    for field in &mut fields.named {
        match field.ident.as_ref().map(ToString::to_string).as_deref() {
            Some("client") => field.ty = parse_quote!(crate::Client),
            Some("body") => {
                field.ty =
                    parse_quote!(::std::result::Result<types::#body_type, ::std::string::String>)
            }
            _ => {}
        }
    }
    let fields = fields.named.iter();

    let output = ident(&type_name(operation.response));
    let (id, method, path) = (
        operation.id,
        operation.method.to_uppercase(),
        operation.path,
    );
    let request = request(&send, Answer::Json)?;
    let streaming = operation
        .events
        .map(|events| streaming(&name, events, &send))
        .transpose()?;
    let send_doc = format!("Sends `{method} {path}` and decodes the answer.");

    let file: syn::File = parse_quote! {
        #[doc = #doc]
        #[derive(Clone, Debug)]
        #[must_use = "nothing is sent until `send` is called"]
        pub struct #name {
            #(#fields,)*
            options: crate::operation::RequestOptions,
        }

        impl #name {
            pub(crate) fn new(client: &crate::Client) -> Self {
                Self {
                    #(#initial,)*
                    options: crate::operation::RequestOptions::default(),
                }
            }

            #(#setters)*

            /// Adds a header to this call, in place of a configured one of that name.
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
                self.options.header(name.as_ref(), value.as_ref());
                self
            }

            /// Adds a query parameter to this call.
            pub fn query(mut self, name: impl Into<::std::string::String>, value: impl Into<::std::string::String>) -> Self {
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

        impl crate::operation::Operation for #name {
            type Output = types::#output;

            const INFO: &'static crate::operation::OperationInfo = &crate::operation::OperationInfo {
                id: #id,
                method: #method,
                path: #path,
            };

            fn into_request(self) -> crate::Result<crate::operation::Request> {
                #request
            }
        }

        #streaming
    };
    Ok(file.items)
}

/// The fields that progenitor's `new` sets.
fn initial_values(
    function: &ImplItemFn,
    body: Option<&syn::Ident>,
    operation: &Operation,
    api: &Api,
) -> Vec<TokenStream> {
    let Some(Stmt::Expr(syn::Expr::Struct(value), _)) = function.block.stmts.last() else {
        return Vec::new();
    };
    let path_parameters: Vec<String> = operation
        .parameters
        .iter()
        .map(Parameter::function)
        .collect();
    value
        .fields
        .iter()
        .map(|field| {
            let syn::Member::Named(name) = &field.member else {
                return field.to_token_stream();
            };
            match name.to_string().as_str() {
                "client" => quote!(client: client.clone()),
                "body" => {
                    let body = body.expect("an operation with a body names its schema");
                    let schema = api
                        .schemas
                        .iter()
                        .find(|(name, _)| *body == type_name(name));
                    let optional =
                        schema.is_some_and(|(_, schema)| schema.value.get("required").is_none());
                    if optional {
                        quote!(body: Ok(::std::default::Default::default()))
                    } else {
                        quote!(body: Err("it is not set: call `body`".to_owned()))
                    }
                }
                field_name
                    if path_parameters.iter().any(|name| name == field_name)
                        && field.expr.to_token_stream().to_string().starts_with("Err") =>
                {
                    let missing = format!("it is not set: call `{field_name}`");
                    quote!(#name: Err(#missing.to_owned()))
                }
                _ => field.to_token_stream(),
            }
        })
        .collect()
}

/// A setter with the documentation of its parameter.
fn setter(mut function: ImplItemFn, operation: &Operation, api: &Api) -> ImplItemFn {
    let name = function.sig.ident.to_string();
    let doc = if name == "body" {
        operation.body.map(|body| {
            format!(
                "The body of the request, a [`{0}`](types::{0}) or a builder of one.",
                type_name(body)
            )
        })
    } else {
        parameter_doc(operation, &name, api)
    };
    if name == "body" {
        function = without_builder_conversion(function);
    } else {
        function.block = plain_message(function.block);
    }
    let doc = doc.unwrap_or_else(|| format!("Sets `{name}`."));
    function.attrs = vec![parse_quote!(#[doc = #doc])];
    function
}

fn parameter_doc(operation: &Operation, function: &str, api: &Api) -> Option<String> {
    let parameters =
        api.document["paths"][operation.path][operation.method]["parameters"].as_array()?;
    let parameter = parameters.iter().find(|parameter| {
        parameter["name"]
            .as_str()
            .is_some_and(|name| field_ident(name) == function)
    })?;
    parameter["description"].as_str().map(str::to_owned)
}

/// The body is kept as the value itself rather than as typify's builder of it.
fn without_builder_conversion(mut function: ImplItemFn) -> ImplItemFn {
    function.block = parse_quote!({
        self.body = value.try_into().map_err(|error| error.to_string());
        self
    });
    function
}

/// progenitor's message spells out Rust paths.
fn plain_message(mut block: syn::Block) -> syn::Block {
    struct PlainMessage;
    impl syn::visit_mut::VisitMut for PlainMessage {
        fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
            *literal = syn::LitStr::new(
                "the value that it was given cannot be converted",
                literal.span(),
            );
        }
    }
    syn::visit_mut::VisitMut::visit_block_mut(&mut PlainMessage, &mut block);
    block
}

/// The form of the answer that a request asks for.
#[derive(Clone, Copy, PartialEq)]
enum Answer {
    Json,
    Events,
}

/// The part of progenitor's `send` that makes the request.
fn request(send: &ImplItemFn, answer: Answer) -> Result<TokenStream, Error> {
    let is_request =
        |statement: &Stmt| matches!(statement, Stmt::Local(local) if binds(&local.pat, "request"));
    let end = send
        .block
        .stmts
        .iter()
        .position(is_request)
        .ok_or_else(|| Error::new("#/paths", "progenitor's `send` makes no request"))?;
    let statements = send.block.stmts[..=end].iter().filter(|statement| !sets_api_version(statement)).map(|statement| {
        match statement {
            Stmt::Local(local) if destructures(&local.pat) => destructure(&local.pat),
            Stmt::Local(local) => match argument(&local.pat) {
                Some(name) if is_argument(local) => quote! {
                    let #name = #name.map_err(|error| crate::Error::invalid_argument(stringify!(#name), error))?;
                },
                _ => rewrite(local.to_token_stream(), answer),
            },
            other => rewrite(other.to_token_stream(), answer),
        }
    });
    Ok(quote! {
        #(#statements)*
        Ok(crate::operation::Request::new(client, Self::INFO, options, request))
    })
}

fn binds(pattern: &Pat, name: &str) -> bool {
    matches!(pattern, Pat::Ident(pattern) if pattern.ident == name)
}

fn destructures(pattern: &Pat) -> bool {
    matches!(pattern, Pat::Struct(_))
}

/// `let Self { client, limit, … } = self;`, with the options of the call.
fn destructure(pattern: &Pat) -> TokenStream {
    let fields = match pattern {
        Pat::Struct(pattern) => pattern.fields.iter().collect(),
        _ => Vec::new(),
    };
    quote!(let Self { #(#fields,)* options } = self;)
}

fn argument(pattern: &Pat) -> Option<syn::Ident> {
    match pattern {
        Pat::Ident(pattern) => Some(pattern.ident.clone()),
        _ => None,
    }
}

/// `let limit = limit.map_err(…)?;`, which unwraps what a setter was given.
fn is_argument(local: &syn::Local) -> bool {
    local.init.as_ref().is_some_and(|init| {
        matches!(*init.expr, syn::Expr::Try(_)) && !binds(&local.pat, "request")
    })
}

/// The header `api-version` is dropshot's; the protocol has a query parameter of
/// that name instead, for the servers that want one.
fn sets_api_version(statement: &Stmt) -> bool {
    let text = statement.to_token_stream().to_string();
    text.contains("header_map . append") && text.contains("\"api-version\"")
        || text.starts_with("let mut header_map")
}

/// Replaces what progenitor's runtime does by what this crate's does.
fn rewrite(tokens: TokenStream, answer: Answer) -> TokenStream {
    let (accept, body) = match answer {
        Answer::Json => ("application/json", quote!(json(&body))),
        Answer::Events => (
            "text/event-stream",
            quote!(json(&crate::operation::Streamed::new(&body))),
        ),
    };
    let rules = [
        (quote!(client.baseurl), quote!(client.base_url())),
        (quote!(client.client), quote!(client.http())),
        (quote!(let mut request), quote!(let request)),
        (quote!(#[allow(unused_mut)]), quote!()),
        (quote!(.headers(header_map)), quote!()),
        (
            quote!(.build()?),
            quote!(.build().map_err(crate::Error::from_build)?),
        ),
        (quote!("application/json"), quote!(#accept)),
        (quote!(json(&body)), body),
    ];
    let tokens = rules
        .into_iter()
        .fold(tokens, |tokens, (from, to)| replace(tokens, &from, &to));
    check_path_arguments(tokens)
}

/// `encode_path(&id.to_string())` becomes a call that also refuses what would
/// address another resource.
fn check_path_arguments(tokens: TokenStream) -> TokenStream {
    let mut result = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(name) if name == "encode_path" => {
                let Some(TokenTree::Group(argument)) = tokens.next() else {
                    continue;
                };
                let argument: Vec<TokenTree> = argument.stream().into_iter().collect();
                let Some(TokenTree::Ident(name)) = argument.get(1) else {
                    continue;
                };
                result.extend(quote!(crate::operation::path_segment(stringify!(#name), &#name)?));
            }
            TokenTree::Group(group) => {
                let inner = check_path_arguments(group.stream());
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

/// Replaces every run of tokens that reads like `from`.
fn replace(tokens: TokenStream, from: &TokenStream, to: &TokenStream) -> TokenStream {
    let pattern: Vec<String> = from
        .clone()
        .into_iter()
        .map(|token| token.to_string())
        .collect();
    let tokens: Vec<TokenTree> = tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => TokenTree::Group(proc_macro2::Group::new(
                group.delimiter(),
                replace(group.stream(), from, to),
            )),
            token => token,
        })
        .collect();
    let mut result = TokenStream::new();
    let mut at = 0;
    while at < tokens.len() {
        let window = tokens.get(at..at + pattern.len());
        if window.is_some_and(|window| {
            window
                .iter()
                .map(ToString::to_string)
                .eq(pattern.iter().cloned())
        }) {
            result.extend(to.clone());
            at += pattern.len();
        } else {
            result.extend([tokens[at].clone()]);
            at += 1;
        }
    }
    result
}

/// The form of a streaming operation that asks for events.
fn streaming(name: &syn::Ident, events: &str, send: &ImplItemFn) -> Result<TokenStream, Error> {
    let events = ident(&type_name(events));
    let request = request(send, Answer::Events)?;
    Ok(quote! {
        impl crate::operation::StreamingOperation for #name {
            type Event = types::#events;

            fn into_stream_request(self) -> crate::Result<crate::operation::Request> {
                use crate::operation::Operation;
                #request
            }
        }
    })
}

/// The pagers of a list operation.
fn list(operation: &Operation, page: &Page) -> Vec<Item> {
    let name = ident(&operation.builder());
    let item = ident(&type_name(page.item));
    let response = ident(&type_name(page.schema));
    let before = operation
        .parameters
        .iter()
        .any(|parameter| parameter.name == "before");
    let (get_before, set_before) = if before {
        (
            quote!(self.before.as_ref().ok()?.as_deref()),
            quote!(self.before = Ok(cursor);),
        )
    } else {
        (quote!(None), quote!(let _ = cursor;))
    };
    let items_doc = format!(
        "Every [`{0}`](types::{0}) of the list, page after page.",
        type_name(page.item)
    );
    let example = |method: &str| {
        let arguments: String = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.is_path)
            .map(|parameter| format!(", {}: &str", parameter.function()))
            .collect();
        let calls: String = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.is_path)
            .map(|parameter| format!(".{0}({0})", parameter.function()))
            .collect();
        format!(
            "\n# Examples\n\n```no_run\nuse futures_util::TryStreamExt;\n\n\
             # async fn example(client: &openai_assistants::Client{arguments}) -> openai_assistants::Result<()> {{\n\
             let mut {method} = client.{}(){calls}.{method}();\n\
             while let Some(next) = {method}.try_next().await? {{\n    println!(\"{{next:?}}\");\n}}\n\
             # Ok(())\n# }}\n```",
            operation.function()
        )
    };
    let items_example = example("items");
    let pages_example = example("pages");
    let file: syn::File = parse_quote! {
        impl #name {
            #[doc = #items_doc]
            ///
            /// `limit` is the size of a page, not of the whole list. With `before`
            /// set, and `after` not, the list is walked backwards.
            #[doc = #items_example]
            pub fn items(self) -> crate::pagination::Items<Self> {
                crate::pagination::items(self)
            }

            /// The pages of the list, one answer after the other.
            #[doc = #pages_example]
            pub fn pages(self) -> crate::pagination::Pages<Self> {
                crate::pagination::pages(self)
            }
        }

        impl crate::pagination::List for #name {
            type Item = types::#item;
            type Page = types::#response;

            fn after(&self) -> ::std::option::Option<&str> {
                self.after.as_ref().ok()?.as_deref()
            }

            fn before(&self) -> ::std::option::Option<&str> {
                #get_before
            }

            fn set_after(&mut self, cursor: ::std::option::Option<::std::string::String>) {
                self.after = Ok(cursor);
            }

            fn set_before(&mut self, cursor: ::std::option::Option<::std::string::String>) {
                #set_before
            }
        }
    };
    file.items
}

fn page_of(page: &Page) -> Item {
    let response = ident(&type_name(page.schema));
    let item = ident(&type_name(page.item));
    let cursor = |presence: Presence, field: &str| {
        let field = ident(field);
        match presence {
            Presence::Always => quote!(Some(&self.#field)),
            Presence::Sometimes => quote!(self.#field.as_deref()),
            Presence::Never => quote!(None),
        }
    };
    let first_id = cursor(page.first_id, "first_id");
    let last_id = cursor(page.last_id, "last_id");
    parse_quote! {
        impl crate::pagination::Page for types::#response {
            type Item = types::#item;

            fn items(&self) -> &[types::#item] {
                &self.data
            }

            fn into_items(self) -> ::std::vec::Vec<types::#item> {
                self.data
            }

            fn has_more(&self) -> bool {
                self.has_more
            }

            fn first_id(&self) -> ::std::option::Option<&str> {
                #first_id
            }

            fn last_id(&self) -> ::std::option::Option<&str> {
                #last_id
            }

            fn id(item: &types::#item) -> &str {
                &item.id
            }
        }
    }
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
