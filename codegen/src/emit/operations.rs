//! Request builders, one for each operation. Their arguments are those that progenitor finds;
//! sending is handwritten and the same for all operations.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

use super::builders::{self, Accepted};
use super::example::example;
use super::runtime::{CLIENT, ERROR, OPERATION, OPERATION_INFO, OPTIONS, RESPONSE, STREAM, UPLOAD};
use super::syntax::{ident, parameter_of};
use super::{lists, requests};
use crate::error::Error;
use crate::model::api::{Api, Page};
use crate::model::name::pascal;
use crate::model::operation::Operation;
use crate::model::reference::type_name;

/// Replaces progenitor's builders.
pub fn emit(items: Vec<Item>, api: &Api) -> Result<Vec<Item>, Error> {
    let structs: BTreeMap<String, ItemStruct> = items
        .into_iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some((item.ident.to_string(), item)),
            _ => None,
        })
        .collect();
    let mut builders = Vec::new();
    for operation in &api.operations {
        let Some(item) = structs.get(&operation.builder()) else {
            return Err(Error::at(
                operation.pointer(),
                format!("progenitor generated no builder for {}", operation.id),
            ));
        };
        builders.extend(builder(api, operation, item));
        builders.extend(deprecated(operation));
        builders.extend(streams(api, operation));
    }
    let mut pages: BTreeMap<&str, Page> = BTreeMap::new();
    for (operation, page) in api.lists() {
        builders.extend(lists::pagers(api, operation, &page));
        pages.insert(page.schema, page);
    }
    builders.extend(pages.values().flat_map(lists::page));
    builders.push(table(api));
    Ok(builders)
}

/// The builder of one operation, with its setters and its request.
fn builder(api: &Api, operation: &Operation, item: &ItemStruct) -> Vec<Item> {
    let name = &item.ident;
    let arguments = arguments(api, operation, item);
    let fields = arguments
        .iter()
        .map(|(name, ty)| quote!(#name: ::std::option::Option<#ty>));
    let initial = arguments.iter().map(|(name, _)| quote!(#name: None));
    let setters = arguments.iter().map(|(name, ty)| {
        let doc = argument_doc(operation, &name.to_string());
        let is_optional = match operation.body.filter(|_| name == "body") {
            Some(_) => operation.body_is_optional,
            None => operation
                .query_parameters()
                .any(|parameter| !parameter.is_required && *name == parameter.function()),
        };
        builders::setter(&doc, name, &Accepted::of(ty), is_optional)
    });
    let with = with(api, operation);
    let send = send(operation);
    let implementations = requests::implementations(operation);
    let method = operation.method.to_uppercase();
    // What the operation does, in the first sentence of its description.
    let description = operation.description.unwrap_or(operation.id);
    let doc = description.split("\n\n").next().unwrap_or(description);
    let created_by = format!(
        "Request builder for `{0}` (`{method} {1}`), created by [`Client::{2}`]({3}::Client::{2}).",
        operation.id,
        operation.path,
        operation.function(),
        api.module.path()
    );

    let two_requests = api.creates_thread_and_run(operation).then(|| {
        quote! {
            ///
            /// It takes two requests. The first creates the thread without messages, and may leave an empty
            /// thread behind; the second adds the messages with the run. A stream has no event of the
            /// thread.
        }
    });
    let body_options = operation.body.map(|_| match operation.file {
        Some(_) => quote!(#OPTIONS::form_options!();),
        None => quote!(#OPTIONS::body_options!();),
    });
    let once = api.creates_in_list(operation).then(|| {
        quote! {
            /// Creates the object exactly once, also if the response is lost.
            ///
            /// A marker is added to the metadata, as [`ONCE_KEY`](crate::ONCE_KEY). If it is unknown whether
            /// the server has processed the request, the object is looked up by it, and either returned
            /// or created again. The server must keep metadata: one that drops them may create it twice.
            /// After a success status nothing is created again. See [the guide](crate::guides::retries).
            #two_requests
            pub fn once(mut self) -> Self {
                self.options.once = true;
                self
            }
        }
    });

    let file: syn::File = parse_quote! {
        #[doc = #doc]
        ///
        #[doc = #created_by]
        #[derive(Clone, Debug)]
        #[must_use = "nothing is sent until `send` is called"]
        pub struct #name {
            client: #CLIENT::Client,
            pub(crate) options: #OPTIONS::RequestOptions,
            first_error: ::std::option::Option<::std::string::String>,
            #(#fields,)*
        }

        impl #name {
            pub(crate) fn new(client: &impl ::std::convert::AsRef<#CLIENT::Client>) -> Self {
                Self {
                    client: client.as_ref().clone(),
                    options: #OPTIONS::RequestOptions::default(),
                    first_error: None,
                    #(#initial,)*
                }
            }

            #(#setters)*

            #with

            #OPTIONS::request_options!();
            #body_options

            #once

            #send
        }

        #implementations
    };
    file.items
}

/// The method `with`, if the body has a builder.
fn with(api: &Api, operation: &Operation) -> Option<TokenStream> {
    let body = operation.body.filter(|body| api.has_builder(body))?;
    let body = ident(&type_name(body));
    let doc =
        format!("Sets properties of the request body with its [builder](types::builder::{body}).");
    Some(quote! {
        #[doc = #doc]
        ///
        /// It continues the body that was set before.
        pub fn with(
            mut self,
            set: impl ::std::ops::FnOnce(types::builder::#body) -> types::builder::#body,
        ) -> Self {
            self.body = Some(set(self.body.unwrap_or_default()));
            self
        }
    })
}

/// The methods that send the request.
fn send(operation: &Operation) -> TokenStream {
    let output = requests::output(operation);
    if operation.is_download {
        return quote! {
            /// Sends the request and returns the response with its content unread.
            ///
            /// Nothing is retried once the content is read, and its size has no limit. Use [`bytes`](Self::bytes)
            /// for a small file.
            ///
            /// # Errors
            /// The request is invalid or cannot be sent, or the server returns an error. See
            /// [`Error`](crate::Error).
            pub async fn send(self) -> #ERROR::Result<#output> {
                #OPERATION::download(self).await
            }

            /// Sends the request and returns the whole content.
            ///
            /// It is retried if the content breaks off. [`SizeLimits::body`](crate::SizeLimits::body) limits the size.
            ///
            /// # Errors
            /// The same as [`send`](Self::send), or the content is larger than the limit.
            pub async fn bytes(self) -> #ERROR::Result<::bytes::Bytes> {
                #OPERATION::bytes(self).await
            }
        };
    }
    quote! {
        /// Sends the request and deserializes the response.
        ///
        /// # Errors
        /// The request is invalid or cannot be sent, the server returns an error, or the
        /// response cannot be deserialized. See [`Error`](crate::Error).
        pub async fn send(self) -> #ERROR::Result<#output> {
            #OPERATION::send(self).await
        }

        /// Sends the request and returns the response with its status and headers.
        ///
        /// # Errors
        /// The same as [`send`](Self::send).
        pub async fn send_response(self) -> #ERROR::Result<#RESPONSE::Response<#output>> {
            #OPERATION::send_response(self).await
        }
    }
}

/// The builder named after the operation ID, where the builder has another name.
fn deprecated(operation: &Operation) -> Option<Item> {
    let deprecated = ident(&pascal(&operation.deprecated_function()?));
    let name = ident(&operation.builder());
    let doc = format!("The same as [`{name}`].");
    let note = format!("use `{name}`");
    Some(parse_quote! {
        #[doc = #doc]
        #[deprecated = #note]
        pub type #deprecated = #name;
    })
}

/// The method `stream`, if the operation supports streaming.
fn streams(api: &Api, operation: &Operation) -> Option<Item> {
    let name = ident(&operation.builder());
    let event = ident(&type_name(operation.events?));
    let example = example(api.module, operation, |request| {
        format!(
            "let mut events = {request}.stream().await?;\n\
             while let Some(event) = events.try_next().await? {{\n    println!(\"{{}}\", event.event());\n}}"
        )
    });
    Some(parse_quote! {
        impl #name {
            /// Sends the request and returns the events of the response.
            ///
            /// # Errors
            /// The same as [`send`](Self::send). Errors after the start of the stream are items
            /// of the stream.
            #[doc = #example]
            #[doc(alias = "sse")]
            pub async fn stream(self) -> #ERROR::Result<#STREAM::EventStream<types::#event>> {
                #OPERATION::open_stream(self).await
            }
        }
    })
}

/// The names and types of the arguments. progenitor stores conversion results; here the values are stored, and
/// the builder of the body if it has one.
fn arguments(api: &Api, operation: &Operation, item: &ItemStruct) -> Vec<(syn::Ident, syn::Type)> {
    let Fields::Named(fields) = &item.fields else {
        return Vec::new();
    };
    let arguments = fields.named.iter().filter_map(|field| {
        let name = field.ident.clone()?;
        let converted = parameter_of(&field.ty, "Result")?;
        match operation.body.filter(|_| name == "body") {
            Some(body) => {
                let ty = ident(&type_name(body));
                let ty = match api.has_builder(body) {
                    true => parse_quote!(types::builder::#ty),
                    false => parse_quote!(types::#ty),
                };
                Some((name, ty))
            }
            None => Some((
                setter_of(operation, &name),
                parameter_of(converted, "Option")
                    .unwrap_or(converted)
                    .clone(),
            )),
        }
    });
    let file = operation.file_setter();
    let file = file.map(|file| (ident(&file), parse_quote!(#UPLOAD::Upload)));
    arguments.chain(file).collect()
}

/// The setter of an argument of progenitor.
fn setter_of(operation: &Operation, argument: &syn::Ident) -> syn::Ident {
    let mut parameters = operation.parameters.iter();
    let parameter = parameters.find(|parameter| *argument == parameter.argument());
    parameter.map_or_else(
        || argument.clone(),
        |parameter| ident(&parameter.function()),
    )
}

fn argument_doc(operation: &Operation, name: &str) -> Vec<Attribute> {
    let parameter = operation
        .parameters
        .iter()
        .find(|parameter| parameter.function() == name);
    let is_file = operation.file_setter().is_some_and(|file| file == name);
    let doc = match (parameter, operation.body) {
        (Some(parameter), _) => parameter.description.map(str::to_owned),
        (None, _) if is_file => Some("Sets the file to upload.".to_owned()),
        (None, Some(body)) => Some(format!(
            "Sets the request body, a [`{0}`](types::{0}) or its builder.",
            type_name(body)
        )),
        (None, None) => None,
    };
    let doc = doc.unwrap_or_else(|| format!("Sets `{name}`."));
    vec![parse_quote!(#[doc = #doc])]
}

/// The table of all operations.
fn table(api: &Api) -> Item {
    let rows = api
        .operations
        .iter()
        .map(|operation| ident(&operation.builder()));
    let operation = OPERATION;
    parse_quote! {
        /// All operations, in the order of their paths.
        pub const ALL: &[&#OPERATION_INFO::OperationInfo] =
            &[#(<#rows as #operation::Operation>::INFO),*];
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};
    use syn::Item;

    use crate::features;
    use crate::model::name::pascal;
    use crate::module::Module;
    use crate::test_support::{
        client, client_of, document, fields, macros, methods, module, parse, source,
        streaming_document, upload_document,
    };

    #[test]
    fn an_operation_becomes_a_builder_and_a_method() {
        let file = client(&document(json!({})));
        let operations = module(&file, "operations");
        let builder = methods(operations, "ModifyThing");
        for expected in ["thing_id", "body", "with", "send", "send_response"] {
            assert!(
                builder.iter().any(|method| method == expected),
                "{expected} is missing from {builder:?}"
            );
        }
        assert_eq!(methods(operations, "Client"), ["modify_thing"]);
    }

    #[test]
    fn a_streaming_operation_has_no_stream_property_in_its_body() {
        let file = client(&streaming_document());
        assert_eq!(
            fields(&file, "ModifyThingRequest").len(),
            1,
            "`stream` is not a field"
        );
        let streaming = module(&file, "operations").iter().any(|item| match item {
            Item::Impl(item) => item.trait_.as_ref().is_some_and(|(path, _)| {
                path.segments
                    .last()
                    .is_some_and(|segment| segment.ident == "StreamingOperation")
            }),
            _ => false,
        });
        assert!(streaming);
    }

    #[test]
    fn a_form_has_a_setter_for_its_file() {
        let document = upload_document();
        let file = client(&document);
        let builder = methods(module(&file, "operations"), "AddThing");
        assert!(builder.contains(&"file".to_owned()), "{builder:?}");
        assert_eq!(
            fields(&file, "AddThingRequest").len(),
            1,
            "`file` is not a field"
        );
        let operations: String = source(&document, Module::Root)
            .operations
            .split_whitespace()
            .collect();
        for part in [
            r#".form(&body,"file",crate::client::operation::argument("file",self.file)?,)?"#,
            r#"types::AddThingRequest::try_from(crate::client::operation::argument("body",self.body)?,)?"#,
        ] {
            assert!(operations.contains(part), "{part} is not in {operations}");
        }
    }

    #[test]
    fn a_form_that_requires_only_its_file_needs_no_body() {
        let mut document = upload_document();
        document["components"]["schemas"]["AddThingRequest"]["required"] = json!(["file"]);
        let operations = source(&document, Module::Root).operations;
        let default =
            "let body = types::AddThingRequest::try_from(self.body.unwrap_or_default())?;";
        assert!(operations.contains(default), "{operations}");
    }

    #[test]
    fn a_file_in_a_response_is_a_download() {
        let file = client(&upload_document());
        let builder = methods(module(&file, "operations"), "ReadThing");
        assert!(
            builder.ends_with(&["send".to_owned(), "bytes".to_owned()]),
            "{builder:?}"
        );
        let operations = source(&upload_document(), Module::Root).operations;
        assert!(operations.contains("type Output = crate::client::download::Download;"));
    }

    #[test]
    fn every_operation_with_a_body_accepts_properties_beyond_the_document() {
        for (name, of) in [
            ("openapi.yaml", Module::Root),
            ("openapi-v1.yaml", Module::V1),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
            let document = crate::document::read(&path).expect("the document is readable");
            let document = features::select(&document, &|_| true).expect("the marks are valid");
            let file = client_of(&document, of);
            let paths = document["paths"].as_object().expect("it has paths");
            let operations = paths.values().filter_map(Value::as_object).flatten();
            let mut bodies = 0;
            for (_, operation) in operations {
                let Some(id) = operation["operationId"].as_str() else {
                    continue;
                };
                let name = operation["x-rust-name"].as_str().unwrap_or(id);
                let macros = macros(module(&file, "operations"), &pascal(name));
                let has_body = operation.get("requestBody").is_some();
                let options = ["body_options", "form_options"];
                let has_options = macros.iter().any(|name| options.contains(&&**name));
                assert_eq!(has_options, has_body, "{id}: {macros:?}");
                bodies += usize::from(has_body);
            }
            assert!(bodies > 10, "{bodies} operations of {name} have a body");
        }
    }

    #[test]
    fn a_parameter_named_like_a_keyword_gets_an_underscore() {
        let mut document = document(json!({}));
        let parameter = json!({ "name": "type", "in": "query", "schema": { "type": "string" } });
        document["paths"]["/things/{thing_id}"]["post"]["parameters"]
            .as_array_mut()
            .expect("parameters")
            .push(parameter);
        let file = client(&document);
        assert!(methods(module(&file, "operations"), "ModifyThing").contains(&"type_".to_owned()));
    }

    #[test]
    fn an_operation_with_a_rust_name_keeps_its_id_and_deprecates_the_name_of_the_id() {
        let mut document = document(json!({}));
        document["paths"]["/things/{thing_id}"]["post"]["x-rust-name"] = "update_thing".into();
        let source = source(&document, Module::Root);
        let operations = parse(&source.operations).items;
        assert_eq!(
            methods(&operations, "Client"),
            ["update_thing", "modify_thing"]
        );
        assert!(methods(&operations, "UpdateThing").contains(&"send".to_owned()));
        for part in [
            r#"id: "modifyThing","#,
            "#[deprecated = \"use `UpdateThing`\"]\npub type ModifyThing = UpdateThing;",
            "#[deprecated = \"use `update_thing`\"]\n    pub fn modify_thing(&self) -> UpdateThing",
        ] {
            assert!(
                source.operations.contains(part),
                "{part} is not in {}",
                source.operations
            );
        }
        for part in [
            "fn update_thing<",
            "fn modify_thing<",
            "self.update_thing(config_fn)",
        ] {
            assert!(
                source.mocks.contains(part),
                "{part} is not in {}",
                source.mocks
            );
        }
    }
}
