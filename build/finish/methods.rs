//! The methods of `Client`, one for each operation.

use syn::{ImplItemFn, Item, parse_quote};

use super::super::api::{Api, Operation, type_name};
use super::{example_arguments, ident};

/// Second names of methods whose first name is a slip of the upstream document.
const ALIASES: [(&str, &str); 1] = [("submit_tool_ouputs_to_run", "submit_tool_outputs_to_run")];

/// The methods that make the builders.
pub fn of_client(api: &Api) -> Item {
    let methods = api.operations.iter().flat_map(|operation| {
        let function = operation.function();
        let alias = alias(&function).map(|alias| {
            let doc = format!("The same as [`{function}`](Self::{function}).");
            method(alias, &doc, operation)
        });
        [method(&function, &documentation(operation), operation)]
            .into_iter()
            .chain(alias)
    });
    parse_quote! {
        /// The operations of the document.
        impl crate::Client {
            #(#methods)*
        }
    }
}

/// The second name of a method, if it has one.
pub fn alias(function: &str) -> Option<&'static str> {
    ALIASES.iter().find_map(|(first, second)| match function {
        name if name == *first => Some(*second),
        name if name == *second => Some(*first),
        _ => None,
    })
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

/// The description in the document, and an example that compiles.
fn documentation(operation: &Operation) -> String {
    let (mut arguments, mut calls) = example_arguments(operation);
    if let Some(body) = operation.body {
        arguments += &format!(", body: openai_assistants::types::{}", type_name(body));
        calls += ".body(body)";
    }
    let function = operation.function();
    let description = operation.description.unwrap_or(operation.id);
    let method = operation.method.to_uppercase();
    let path = operation.path;
    format!(
        "{description}\n\nSends `{method} {path}`.\n\n# Examples\n\n```no_run\n\
         # async fn example(client: &openai_assistants::Client{arguments}) -> openai_assistants::Result<()> {{\n\
         let answer = client.{function}(){calls}.send().await?;\n\
         println!(\"{{answer:?}}\");\n\
         # Ok(())\n# }}\n```"
    )
}
