//! Helpers for syntax trees: names, type parameters and attributes.

use proc_macro2::{Ident, Span};
use syn::{Attribute, parse_quote};

/// An identifier.
pub fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// The type of a component, by its Rust name.
pub fn named_type(name: &str) -> syn::Type {
    let name = ident(name);
    parse_quote!(#name)
}

/// `T` of `Option<T>`, `Vec<T>` and the like.
pub fn parameter_of<'a>(ty: &'a syn::Type, container: &str) -> Option<&'a syn::Type> {
    let last = last_segment(ty)?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) if last.ident == container => Some(inner),
        _ => None,
    }
}

/// `V` of `BTreeMap<K, V>`.
pub fn last_parameter(ty: &syn::Type) -> Option<&syn::Type> {
    match &last_segment(ty)?.arguments {
        syn::PathArguments::AngleBracketed(arguments) => match arguments.args.last()? {
            syn::GenericArgument::Type(value) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// The name of a type without its path and parameters.
pub fn name_of(ty: &syn::Type) -> Option<String> {
    Some(last_segment(ty)?.ident.to_string())
}

fn last_segment(ty: &syn::Type) -> Option<&syn::PathSegment> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The documentation among attributes.
pub fn docs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
}

/// Removes the JSON schema that typify appends to descriptions.
pub fn strip_json_schema(attributes: &mut [Attribute]) {
    for attribute in attributes {
        if let Some(text) = doc_text(attribute)
            && let Some(schema) = text.find("<details>")
        {
            let text = text[..schema].trim();
            *attribute = parse_quote!(#[doc = #text]);
        }
    }
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The wire name that serde attributes give a field or variant.
pub fn renamed(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(renamed_by)
}

fn renamed_by(attribute: &Attribute) -> Option<String> {
    let mut name = None;
    if attribute.path().is_ident("serde") {
        // Other keys are irrelevant here, so syntax errors in them are ignored.
        let _ = attribute.parse_nested_meta(|meta| {
            let is_rename = meta.path.is_ident("rename");
            if meta.input.peek(syn::Token![=]) {
                let value: syn::LitStr = meta.value()?.parse()?;
                if is_rename {
                    name = Some(value.value());
                }
            }
            Ok(())
        });
    }
    name
}
