//! Emits source: replaces and completes what progenitor and typify generate.

mod builders;
mod client;
mod deltas;
mod enums;
pub mod events;
mod example;
mod lists;
mod mocks;
mod newtypes;
mod object;
mod operations;
mod requests;
mod run;
mod runtime;
mod structs;
pub mod syntax;
mod types;
mod union_conversions;
mod unions;

pub use structs::ESSENTIAL;
use syn::{File, Item, ItemMod};

use crate::error::Error;
use crate::model::api::Api;

/// The source of the types, and of the operations with the methods of `Client`.
pub struct Client {
    pub types: String,
    pub operations: String,
}

/// The source of the types, the operations and the methods of `Client`.
pub fn client(file: File, api: &Api) -> Result<Client, Error> {
    let Items {
        mut types,
        operations,
    } = items(file, api)?;
    for item in &mut types {
        if let Item::Struct(item) = item {
            object::strip_attributes(item);
        }
    }
    Ok(Client {
        types: unparse(types),
        operations: unparse(operations),
    })
}

/// The syntax trees of the types, and of the operations with the methods of `Client`.
pub struct Items {
    /// With the serde attributes that the implementations follow.
    pub types: Vec<Item>,
    pub operations: Vec<Item>,
}

/// The types, the operations and the methods of `Client`.
pub fn items(file: File, api: &Api) -> Result<Items, Error> {
    let events = events::emit(api)?;
    let mut types = types::emit(take_module(&file, "types")?, api)?;
    if api.module.follows_runs() {
        types.extend(deltas::merge::emit(&types, api)?);
    }
    types.push(builders::emit(&types, api));
    types.extend(events.types);

    let module = runtime::module(api.module);
    let mut operations = vec![syn::parse_quote!(use #module::types;)];
    operations.extend(operations::emit(take_module(&file, "builder")?, api)?);
    operations.extend(events.implementations);
    operations.push(client::emit(api));
    Ok(Items { types, operations })
}

/// The methods that follow runs.
pub fn run(api: &Api) -> String {
    unparse(run::emit(api))
}

/// The constants that the document specifies.
pub fn constants(api: &Api) -> String {
    let beta = api.beta();
    prettyplease::unparse(&syn::parse_quote! {
        /// The value of the header `OpenAI-Beta`.
        pub(crate) const BETA: &str = #beta;
    })
}

/// The typed mocks.
pub fn mocks(file: File, api: &Api) -> String {
    prettyplease::unparse(&mocks::emit(file, api))
}

fn unparse(items: Vec<Item>) -> String {
    prettyplease::unparse(&syn::parse_quote!(#(#items)*))
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
    module.ok_or_else(|| Error::new(format!("progenitor generated no module `{name}`")))
}
