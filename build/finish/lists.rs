//! Lists: the pagers of the operations that answer with a page.

use quote::quote;
use syn::{Item, parse_quote};

use super::super::api::{Api, Operation, Page, Presence, type_name};
use super::{example, ident};

/// The pagers of a list operation.
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
        "Every [`{0}`](types::{0}) of the list, page after page.",
        type_name(page.item)
    );
    let example = |method: &str| {
        example(api, operation, "", |call| {
            format!(
                "let mut {method} = {call}.{method}();\n\
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

/// How a response is a page.
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
        impl crate::operation::Sealed for types::#response {}

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
    };
    file.items
}
