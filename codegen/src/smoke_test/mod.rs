//! The source of a smoke test, which the example `doctor` includes: a table of the operations
//! with sample bodies, and functions that call each operation through its builder.

mod sample;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Value, json};

use crate::emit::syntax::ident;
use crate::model::api::Api;
use crate::model::operation::{Operation, Parameter};
use crate::model::reference::type_name;
use sample::{Extent, sample};

/// The source of the smoke test.
pub fn emit(api: &Api) -> String {
    let id_parameters = id_parameters(api);
    let rows = api
        .operations
        .iter()
        .map(|operation| row(api, operation, &id_parameters));
    let calls = api.operations.iter().map(|operation| {
        let (id, call) = (operation.id, call(api, operation));
        let call = match operation.is_download {
            true => quote!(content(&#call.bytes().await?)),
            false => quote!(answer(#call.send_response().await?)),
        };
        // Boxed: together, the calls would need more than the stack of a thread.
        quote!(#id => ::std::boxed::Box::pin(async { #call }).await)
    });
    let lists = api
        .operations
        .iter()
        .filter(|operation| pages(api, operation));
    let lists = lists.map(|operation| {
        let (id, request) = (operation.id, request(operation));
        quote!(#id => collect(#request .limit(1i64).order(order).items()).await)
    });
    let streams = api.operations.iter().filter_map(|operation| {
        let event = ident(&type_name(operation.events?));
        let (id, call) = (operation.id, call(api, operation));
        Some(quote!(#id => watch(#call.stream().await, types::#event::event, types::#event::data).await))
    });
    prettyplease::unparse(&syn::parse_quote! {
        /// All operations, in the order of their paths.
        pub const CALLS: &[Call] = &[#(#rows),*];

        /// Calls an operation. `argument` returns the value of a path parameter.
        pub async fn call(
            client: &Client,
            id: &str,
            argument: impl Fn(&str) -> String,
            body: Value,
        ) -> Outcome<Answer> {
            match id {
                #(#calls,)*
                _ => Err(unknown(id)),
            }
        }

        /// Fetches all items of a list, in pages of one item.
        pub async fn list(
            client: &Client,
            id: &str,
            argument: impl Fn(&str) -> String,
            order: &str,
        ) -> Outcome<Vec<Value>> {
            match id {
                #(#lists,)*
                _ => Err(unknown(id)),
            }
        }

        /// Calls an operation and reads its stream.
        pub async fn stream(
            client: &Client,
            id: &str,
            argument: impl Fn(&str) -> String,
            body: Value,
        ) -> Outcome<Watched> {
            match id {
                #(#streams,)*
                _ => Err(unknown(id)),
            }
        }
    })
}

/// The path parameter that takes the ID of an object, by the schema of the object: the
/// response of `GET /threads/{thread_id}` is identified by `thread_id`.
fn id_parameters<'a>(api: &Api<'a>) -> BTreeMap<&'a str, &'a str> {
    let reads = api
        .operations
        .iter()
        .filter(|operation| operation.method == "get");
    reads
        .filter_map(|operation| {
            let (_, last) = operation.path.rsplit_once('/')?;
            let parameter = last.strip_prefix('{')?.strip_suffix('}')?;
            Some((operation.response?, parameter))
        })
        .collect()
}

fn row(api: &Api, operation: &Operation, id_parameters: &BTreeMap<&str, &str>) -> TokenStream {
    let (id, path) = (operation.id, operation.path);
    let method = operation.method.to_uppercase();
    let page = operation.response.and_then(|response| api.page(response));
    let object = page.map(|page| page.item).or(operation.response);
    let names = object.and_then(|object| id_parameters.get(object));
    let names = option(names.map(|name| quote!(#name)));
    let feature = option(operation.feature.map(|feature| quote!(#feature)));
    let (streams, pages) = (operation.events.is_some(), pages(api, operation));
    let body = option(operation.body.map(|schema| {
        let minimal = body(api, operation, schema, Extent::Minimal).to_string();
        let body = body(api, operation, schema, Extent::Full);
        let (properties, full) = (
            body.as_object().into_iter().flat_map(serde_json::Map::keys),
            body.to_string(),
        );
        quote!(Body { properties: &[#(#properties),*], least: #minimal, full: #full })
    }));
    quote! {
        Call {
            id: #id,
            method: #method,
            path: #path,
            feature: #feature,
            names: #names,
            streams: #streams,
            pages: #pages,
            body: #body,
        }
    }
}

/// A valid body, without `stream`, which the method that is called determines, and without the file,
/// which has a setter of its own.
fn body(api: &Api, operation: &Operation, schema: &str, extent: Extent) -> Value {
    let mut body = sample(api, &refer(schema), extent);
    if let Some(properties) = body.as_object_mut() {
        let stream = operation.events.map(|_| "stream");
        for name in stream.into_iter().chain(operation.file) {
            properties.remove(name);
        }
    }
    body
}

/// Whether an operation returns pages, in an order and of a size that the caller sets.
fn pages(api: &Api, operation: &Operation) -> bool {
    let has = |name: &str| operation.query_parameters().any(|query| query.name == name);
    api.lists().any(|(list, _)| list.id == operation.id) && has("limit") && has("order")
}

/// The builder of an operation with its path parameters.
fn request(operation: &Operation) -> TokenStream {
    let function = ident(&operation.function());
    let path = operation.path_parameters().map(|parameter| {
        let (setter, name) = (ident(&parameter.function()), parameter.name);
        quote!(.#setter(argument(#name)))
    });
    quote!(client.#function()#(#path)*)
}

/// The builder of an operation with its arguments.
fn call(api: &Api, operation: &Operation) -> TokenStream {
    let request = request(operation);
    let query = operation.query_parameters().filter_map(|parameter| {
        let (setter, value) = (ident(&parameter.function()), query_value(api, parameter)?);
        Some(quote!(.#setter(#value)))
    });
    let body = operation.body.map(|schema| {
        let schema = ident(&type_name(schema));
        quote!(.body(typed::<types::#schema>(body)?))
    });
    let file = operation.file_setter().map(|setter| {
        let setter = ident(&setter);
        quote!(.#setter(openai_assistants::Upload::bytes("doctor.txt", "How are you?")))
    });
    quote!(#request #(#query)*#body #file)
}

/// The sample value of a query parameter. IDs are only sent if they are required.
fn query_value(api: &Api, parameter: &Parameter) -> Option<TokenStream> {
    let name = parameter.name;
    let literal = |value: &Value| match value {
        Value::String(text) => Some(quote!(#text)),
        Value::Bool(value) => Some(quote!(#value)),
        Value::Number(number) if number.is_f64() => number.as_f64().map(|value| quote!(#value)),
        Value::Number(number) => number.as_i64().map(|value| quote!(#value)),
        _ => None,
    };
    match sample(api, parameter.schema, Extent::Minimal) {
        Value::Array(items) => {
            let items = items.iter().map(literal).collect::<Option<Vec<_>>>()?;
            Some(quote!([#(#items),*]))
        }
        Value::String(_) if parameter.schema["type"] == "string" => {
            parameter.is_required.then(|| quote!(argument(#name)))
        }
        value => literal(&value),
    }
}

fn refer(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Module;
    use crate::test_support::upload_document;

    fn document() -> Value {
        let id = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
        let query =
            |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
        let json = |schema: &str| json!({ "content": { "application/json": { "schema": refer(schema) } } });
        let text = json!({ "type": "string" });
        let event = |tag: &str, data: Value| {
            json!({ "type": "object", "required": ["event", "data"], "properties": {
                "event": { "type": "string", "enum": [tag] }, "data": data,
            } })
        };
        json!({
            "openapi": "3.0.3",
            "paths": {
                "/things": { "get": {
                    "operationId": "listThings",
                    "x-feature": "files",
                    "parameters": [
                        query("limit", json!({ "type": "integer", "default": 20 })),
                        query("order", refer("Order")),
                        query("include[]", json!({ "type": "array", "items": refer("Order") })),
                        query("after", text.clone()),
                    ],
                    "responses": { "200": json("ListThings") },
                } },
                "/things/{thing_id}": {
                    "get": { "operationId": "getThing", "parameters": [id("thing_id")], "responses": { "200": json("Thing") } },
                    "post": {
                        "operationId": "runThing", "parameters": [id("thing_id")], "requestBody": json("RunThing"),
                        "responses": { "200": json("Thing") }, "x-event-stream": refer("Events"),
                    },
                },
            },
            "components": { "schemas": {
                "Thing": { "type": "object", "required": ["id"], "properties": { "id": text } },
                "ListThings": { "type": "object", "required": ["data", "has_more"], "properties": {
                    "data": { "type": "array", "items": refer("Thing") }, "has_more": { "type": "boolean" },
                } },
                "Order": { "type": "string", "enum": ["asc", "desc"] },
                "RunThing": { "type": "object", "required": ["how"], "properties": {
                    "how": { "type": "string" }, "stream": { "type": "boolean" }, "why": { "type": "string" },
                } },
                "Events": { "oneOf": [refer("Done"), refer("Ran"), refer("Failed")], "discriminator": {
                    "propertyName": "event",
                    "mapping": {
                        "done": "#/components/schemas/Done",
                        "error": "#/components/schemas/Failed",
                        "thing.ran": "#/components/schemas/Ran",
                    },
                } },
                "Done": event("done", json!({ "type": "string", "enum": ["[DONE]"] })),
                "Ran": event("thing.ran", refer("Thing")),
                "Failed": event("error", refer("Thing")),
            } },
        })
    }

    /// The source without whitespace.
    fn source_of(document: &Value) -> String {
        let source = emit(&Api::read(document, Module::Root).expect("the document is valid"));
        source.split_whitespace().collect()
    }

    #[test]
    fn each_operation_is_called_with_its_arguments() {
        let source = source_of(&document());
        for call in [
            r#"client.list_things().limit(20i64).order("asc").include(["asc"]).send_response()"#,
            r#"client.get_thing().thing_id(argument("thing_id")).send_response()"#,
            r#".body(typed::<types::RunThing>(body)?).send_response()"#,
        ] {
            assert!(source.contains(call), "{call} is not in {source}");
        }
    }

    #[test]
    fn files_are_uploaded_and_downloaded() {
        let source = source_of(&upload_document());
        for call in [
            r#"client.add_thing().body(typed::<types::AddThingRequest>(body)?).file(openai_assistants::Upload::bytes("doctor.txt","Howareyou?",),).send_response()"#,
            r#"content(&client.read_thing().thing_id(argument("thing_id")).bytes().await?,)"#,
            r#"body:Some(Body{properties:&["purpose"],"#,
        ] {
            assert!(source.contains(call), "{call} is not in {source}");
        }
    }

    #[test]
    fn lists_are_fetched_in_pages_of_one_item() {
        let source = source_of(&document());
        let list = r#"collect(client.list_things().limit(1i64).order(order).items()).await"#;
        assert!(source.contains(list), "{source}");
        assert_eq!(source.matches("pages:true").count(), 1);
    }

    #[test]
    fn operations_have_their_feature() {
        let source = source_of(&document());
        assert_eq!(
            source
                .matches(r#"path:"/things",feature:Some("files"),"#)
                .count(),
            1
        );
        assert_eq!(source.matches("feature:None").count(), 2);
    }

    #[test]
    fn only_streaming_operations_are_streamed() {
        let source = source_of(&document());
        assert_eq!(source.matches(".stream().await").count(), 1);
        assert_eq!(source.matches("streams:true").count(), 1);
    }

    #[test]
    fn bodies_have_no_stream_property() {
        let source = source_of(&document());
        let body = r#"Body{properties:&["how","why"],least:"{\"how\":\"text\"}",full:"{\"how\":\"text\",\"why\":\"text\"}",}"#;
        assert!(source.contains(body), "{source}");
    }

    #[test]
    fn objects_are_identified_by_the_parameter_of_their_path() {
        let source = source_of(&document());
        assert_eq!(
            source.matches(r#"names:Some("thing_id")"#).count(),
            3,
            "{source}"
        );
    }
}
