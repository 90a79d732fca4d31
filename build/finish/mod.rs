//! Finishes progenitor's syntax tree: the parts that it cannot know, or for which it
//! has no type, are put in their place here.
//!
//! - `types`: structs, newtypes and their documentation
//! - `objects`: how structs are decoded
//! - `strings`: enums of strings that keep what they do not know
//! - `unions`: enums that are decoded by a tag or by the JSON type
//! - `deltas`: how objects grow by what streams bring
//! - `builders`: builders of what goes into requests
//! - `operations`: one builder for each operation
//! - `requests`: what it sends
//! - `lists`: the pagers of list operations
//! - `methods`: the methods of `Client`
//! - `mocks`: the typed mocks

mod builders;
mod deltas;
mod lists;
mod methods;
#[cfg(feature = "mock")]
mod mocks;
mod objects;
mod operations;
mod requests;
mod strings;
mod types;
mod unions;

use proc_macro2::{Ident, Span};
use syn::{File, Item, ItemMod};

use super::api::{Api, Operation, Parameter, type_name};
use super::{Error, events};

/// Finishes the client.
pub fn client(file: File, api: &Api) -> Result<String, Error> {
    let mut types = types::finish(take_module(&file, "types")?, api)?;
    if api.module.follows_runs() {
        types.extend(deltas::implementations(&types, api)?);
    }
    types.push(builders::module(&types, api));
    types.extend(events::types(api)?);
    let operations = operations::finish(take_module(&file, "builder")?, api)?;
    let methods = methods::of_client(api);
    let beta = api.beta();

    let on_operations = format!(
        "One builder for each operation of the document; [`Client`]({}::Client) has the methods \
         that make them.",
        api.module.inside()
    );

    Ok(prettyplease::unparse(&syn::parse_quote! {
        /// The header `OpenAI-Beta` of the document.
        pub(crate) const BETA: &str = #beta;

        /// The schemas of the document.
        pub mod types {
            #(#types)*
        }

        #[doc = #on_operations]
        pub mod operations {
            use super::types;
            #(#operations)*
        }

        #methods
    }))
}

/// Finishes the typed mocks.
#[cfg(feature = "mock")]
pub fn mocks(file: File, api: &Api) -> Result<String, Error> {
    Ok(prettyplease::unparse(&mocks::finish(file, api)))
}

fn take_module(file: &File, name: &str) -> Result<Vec<Item>, Error> {
    let module = file.items.iter().find_map(|item| match item {
        Item::Mod(ItemMod {
            ident,
            content: Some((_, items)),
            ..
        }) if ident == name => Some(items.clone()),
        _ => None,
    });
    module.ok_or_else(|| Error::new("#", format!("progenitor made no module `{name}`")))
}

/// An example that compiles: what `of` makes of an operation with all that it needs, given
/// as arguments of a function that has `more` of them.
fn example(
    api: &Api,
    operation: &Operation,
    more: &str,
    of: impl FnOnce(&str) -> String,
) -> String {
    let module = api.module.outside();
    let names: Vec<String> = operation.in_path().map(Parameter::function).collect();
    let mut arguments: String = names.iter().map(|name| format!(", {name}: &str")).collect();
    let mut call = format!("client.{}()", operation.function());
    call.extend(names.iter().map(|name| format!(".{name}({name})")));
    if let Some(body) = operation.body {
        arguments += &format!(", body: {module}::types::{}", type_name(body));
        call += ".body(body)";
    }
    format!(
        "\n# Examples\n\n```no_run\n\
         # async fn example(client: &{module}::Client{arguments}{more}) -> openai_assistants::Result<()> {{\n\
         {}\n# Ok(())\n# }}\n```",
        of(&call)
    )
}

pub fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// The type parameter of `Option<T>`, `Vec<T>` and the like.
fn parameter_of<'a>(ty: &'a syn::Type, outer: &str) -> Option<&'a syn::Type> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) if last.ident == outer => Some(inner),
        _ => None,
    }
}

/// The name of a type without its path and parameters.
pub fn name_of(ty: &syn::Type) -> Option<String> {
    match ty {
        syn::Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}
