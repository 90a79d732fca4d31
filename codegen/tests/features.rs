//! Compares the source of `openapi.yaml` with features to the source without.

use std::collections::BTreeSet;
use std::path::Path;

use openai_assistants_codegen::{Module, Options, document, features, generate};
use quote::ToTokens;
use syn::{ImplItem, Item};

/// The fields, variants and methods of the client of `openapi.yaml`, with their types.
fn items(enabled: &[&str]) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
    let document = document::read(&path).expect("openapi.yaml is readable");
    let selected = features::select(&document, &|name| enabled.contains(&name));
    let options = Options {
        module: Module::Root,
        mocks: false,
    };
    let source = generate(&selected.expect("the features are known"), options);
    let source = source.expect("the document is valid");
    let file = syn::parse_file(&(source.types + &source.operations)).expect("the source parses");
    let mut items = BTreeSet::new();
    for item in file.items {
        match item {
            Item::Struct(item) => items.extend(item.fields.iter().map(|field| {
                format!("{}.{}: {}", item.ident, text(&field.ident), text(&field.ty))
            })),
            Item::Enum(item) => items.extend(item.variants.iter().map(|variant| {
                format!("{}::{}{}", item.ident, variant.ident, text(&variant.fields))
            })),
            Item::Impl(item) => {
                let of = item.trait_.map_or(String::new(), |of| text(&of.0)) + &text(&item.self_ty);
                items.extend(item.items.iter().filter_map(|part| match part {
                    ImplItem::Fn(function) => Some(format!("{of}: {}", text(&function.sig))),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    items
}

fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

#[test]
fn features_only_add_to_the_source() {
    let none = items(&[]);
    let all = items(&features::FEATURES);
    let changed: Vec<&String> = none.difference(&all).collect();
    assert!(changed.is_empty(), "{changed:#?}");
    let files = items(&["files"]);
    assert!(files.len() > none.len() + 500, "{}", files.len());
    let of_files =
        |item: &&String| item.starts_with("VectorStoreObject.") || item.starts_with("FileObject.");
    assert!(files.iter().any(|item| of_files(&item)));
    assert_eq!(none.iter().find(of_files), None);
}
