//! The methods of `Client`, one for each operation.

use std::collections::BTreeMap;

use syn::{Attribute, ImplItem, ImplItemFn, Item, parse_quote};

use super::super::Error;
use super::super::api::{Api, Operation, Parameter, type_name};
use super::ident;

/// Second names of methods whose first name is a slip of the upstream document.
const ALIASES: [(&str, &str); 1] = [("submit_tool_ouputs_to_run", "submit_tool_outputs_to_run")];

/// The methods of `Client`, with progenitor's documentation.
pub fn of_client(items: &[Item], api: &Api) -> Result<Vec<Item>, Error> {
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
        if let Some(alias) = alias(&function) {
            let doc = format!("The same as [`{function}`](Self::{function}).");
            methods.push(method(alias, &doc, operation));
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
