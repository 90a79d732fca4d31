//! The methods of `Client`, one for each operation.

use syn::{ImplItemFn, Item, parse_quote};

use super::super::api::{Api, Operation};
use super::{example, ident};

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
        [method(&function, &documentation(api, operation), operation)]
            .into_iter()
            .chain(alias)
    });
    let module = api.module.path();
    parse_quote! {
        /// The operations of the document.
        impl #module::Client {
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
fn documentation(api: &Api, operation: &Operation) -> String {
    let description = operation.description.unwrap_or(operation.id);
    let method = operation.method.to_uppercase();
    let path = operation.path;
    let example = example(api, operation, "", |call| {
        format!("let answer = {call}.send().await?;\nprintln!(\"{{answer:?}}\");")
    });
    format!("{description}\n\nSends `{method} {path}`.\n{example}")
}
