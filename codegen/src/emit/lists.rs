//! List operations: auto-pagination by item and by page.

use quote::quote;
use syn::{Item, parse_quote};

use super::example::example;
use super::runtime::{MALFORMED_ITEM, PAGINATION, SEALED};
use super::syntax::ident;
use crate::model::api::{Api, Page, Presence};
use crate::model::operation::Operation;
use crate::model::reference::type_name;

/// `items` and `pages` of a list operation.
pub fn pagers(api: &Api, operation: &Operation, page: &Page) -> Vec<Item> {
    let name = ident(&operation.builder());
    let item = ident(&type_name(page.item));
    let response = ident(&type_name(page.schema));
    let before = operation
        .parameters
        .iter()
        .any(|parameter| parameter.name == "before");
    let (get_before, set_before) = if before {
        (
            quote!(self.before.as_deref()),
            quote!(self.before = cursor;),
        )
    } else {
        (quote!(None), quote!(let _ = cursor;))
    };
    let items_doc = format!(
        "Returns all items of the list, each a [`{0}`](types::{0}).",
        type_name(page.item)
    );
    let example = |method: &str| {
        example(api.module, operation, |request| {
            format!(
                "let mut {method} = {request}.{method}();\n\
                 while let Some(next) = {method}.try_next().await? {{\n    println!(\"{{next:?}}\");\n}}"
            )
        })
    };
    let items_example = example("items");
    let pages_example = example("pages");
    let file: syn::File = parse_quote! {
        impl #name {
            #[doc = #items_doc]
            ///
            /// Fetches pages on demand. `limit` is the size of a page, not of the whole list. If
            /// only `before` is set, the items are returned in reverse order.
            #[doc = #items_example]
            #[doc(alias = "paginate")]
            pub fn items(self) -> #PAGINATION::Items<Self> {
                #PAGINATION::items(self)
            }

            /// Returns the pages of the list.
            #[doc = #pages_example]
            #[doc(alias = "paginate")]
            pub fn pages(self) -> #PAGINATION::Pages<Self> {
                #PAGINATION::pages(self)
            }
        }

        impl #PAGINATION::List for #name {
            type Item = types::#item;
            type Page = types::#response;

            fn after(&self) -> ::std::option::Option<&str> {
                self.after.as_deref()
            }

            fn before(&self) -> ::std::option::Option<&str> {
                #get_before
            }

            fn set_after(&mut self, cursor: ::std::option::Option<::std::string::String>) {
                self.after = cursor;
            }

            fn set_before(&mut self, cursor: ::std::option::Option<::std::string::String>) {
                #set_before
            }
        }
    };
    file.items
}

/// `Page` for the response of a list operation.
pub fn page(page: &Page) -> Vec<Item> {
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
    let file: syn::File = parse_quote! {
        impl #SEALED::Sealed for types::#response {}

        impl #PAGINATION::Page for types::#response {
            type Item = types::#item;

            fn items(&self) -> &[types::#item] {
                &self.data
            }

            fn into_items(self) -> ::std::vec::Vec<types::#item> {
                self.data
            }

            fn malformed(&self) -> &[#MALFORMED_ITEM::MalformedItem] {
                &self.malformed
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
    };
    file.items
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{client, document, methods, module, object, refer, responses};

    #[test]
    fn a_list_operation_has_items_and_pages() {
        let mut document = document(json!({
            "ListThingsResponse": object(
                json!({
                    "data": { "type": "array", "items": refer("ThingObject") },
                    "last_id": { "type": "string", "nullable": true },
                    "has_more": { "type": "boolean" },
                }),
                &["data", "last_id", "has_more"],
            ),
        }));
        document["paths"]["/things"] = json!({ "get": {
            "operationId": "listThings",
            "parameters": [{ "name": "after", "in": "query", "schema": { "type": "string" } }],
            "responses": responses("ListThingsResponse"),
        } });
        let file = client(&document);
        let builder = methods(module(&file, "operations"), "ListThings");
        assert!(
            builder.contains(&"items".to_owned()) && builder.contains(&"pages".to_owned()),
            "{builder:?}"
        );
    }
}
