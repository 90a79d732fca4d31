//! The methods of `Client`, one for each operation.

use syn::{Attribute, ImplItemFn, Item, parse_quote};

use super::example::example;
use super::runtime;
use super::syntax::ident;
use crate::model::api::Api;
use crate::model::operation::Operation;

/// The methods that create request builders.
pub fn emit(api: &Api) -> Item {
    let methods = api.operations.iter().flat_map(|operation| {
        let function = operation.function();
        let deprecated = operation.deprecated_function().map(|name| {
            let doc = format!("The same as [`{function}`](Self::{function}).");
            let note = format!("use `{function}`");
            let attributes = [
                parse_quote!(#[doc = #doc]),
                parse_quote!(#[deprecated = #note]),
            ];
            method(&name, &attributes, operation)
        });
        let documentation = documentation(api, operation);
        [method(&function, &documentation, operation)]
            .into_iter()
            .chain(deprecated)
    });
    let client = runtime::client(api.module);
    parse_quote! {
        /// The operations of the API.
        impl #client::Client {
            #(#methods)*
        }
    }
}

fn method(name: &str, attributes: &[Attribute], operation: &Operation) -> ImplItemFn {
    let name = ident(name);
    let builder = ident(&operation.builder());
    parse_quote! {
        #(#attributes)*
        pub fn #name(&self) -> #builder {
            #builder::new(self)
        }
    }
}

/// The description, the ways to send the request, and an example.
fn documentation(api: &Api, operation: &Operation) -> Vec<Attribute> {
    let description = operation.description.unwrap_or(operation.id);
    let method = operation.method.to_uppercase();
    let path = operation.path;
    let builder = operation.builder();
    let mut sends = format!("Sends `{method} {path}`.");
    if api.follows_run(operation) {
        sends += &format!(
            " Use [`follow`]({builder}::follow) to poll or stream the run until it is \
             terminal or requires action."
        );
    }
    if operation.events.is_some() {
        sends += &format!(" Use [`stream`]({builder}::stream) to receive its events.");
    }
    let example = example(api.module, operation, |request| {
        format!("let response = {request}.send().await?;\nprintln!(\"{{response:?}}\");")
    });
    let doc = format!("{description}\n\n{sends}\n{example}");
    let mut attributes = vec![parse_quote!(#[doc = #doc])];
    if operation.function().starts_with("get_") {
        attributes.push(parse_quote!(#[doc(alias = "retrieve")]));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::module::Module;
    use crate::test_support::{document, source};

    #[test]
    fn each_module_has_its_own_client_and_header() {
        let mut document = document(json!({}));
        let source = |document: &Value, module| {
            let source = source(document, module);
            source.constants + &source.operations
        };
        let root = source(&document, Module::Root);
        assert!(root.contains(r#"BETA: &str = "assistants=v2""#), "{root}");
        assert!(
            root.contains("impl crate::client::core::Client {"),
            "{root}"
        );

        document["info"]["x-source"]["beta"] = "assistants=v1".into();
        let v1 = source(&document, Module::V1);
        assert!(v1.contains(r#"BETA: &str = "assistants=v1""#), "{v1}");
        assert!(v1.contains("impl crate::v1::client::Client {"), "{v1}");
        assert!(
            v1.contains("(client: &openai_assistants::v1::Client,"),
            "{v1}"
        );
        assert!(
            v1.contains("body: openai_assistants::v1::types::ModifyThingRequest"),
            "{v1}"
        );
    }
}
