//! Runs progenitor, and turns panics into errors.

use std::cell::Cell;
use std::panic;
use std::sync::Once;

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use serde_json::json;

use crate::error::Error;
use crate::model::schema::{SECRET_FORMAT, TIMESTAMP_FORMAT};
use crate::module::Module;

/// The type of timestamps in generated code.
pub const TIMESTAMP: &str = "crate::json::timestamp::Timestamp";

/// The type of secrets in generated code.
pub(crate) const SECRET: &str = "crate::json::secret::Secret";

/// The syntax tree of types and request builders.
///
/// # Errors
/// progenitor does not support the document.
pub fn client(document: &OpenAPI) -> Result<syn::File, Error> {
    run(|generator| generator.generate_tokens(document))
}

/// The syntax tree of typed mocks.
///
/// # Errors
/// progenitor does not support the document.
pub fn mocks(document: &OpenAPI, module: Module) -> Result<syn::File, Error> {
    run(|generator| generator.httpmock(document, module.path()))
}

fn run(
    generate: impl FnOnce(&mut Generator) -> Result<TokenStream, progenitor::Error>,
) -> Result<syn::File, Error> {
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_map_type("::std::collections::BTreeMap");
    for (json_type, format, ty, implements) in [
        (
            "integer",
            TIMESTAMP_FORMAT,
            TIMESTAMP,
            Some(TypeImpl::Display),
        ),
        ("string", SECRET_FORMAT, SECRET, None),
    ] {
        let schema = serde_json::from_value(json!({ "type": json_type, "format": format }));
        let schema = schema.map_err(|error| Error::new(error.to_string()))?;
        settings.with_conversion(schema, ty, implements.into_iter());
    }
    let tokens = generate(&mut Generator::new(&settings)).map_err(|error| {
        Error::new(format!("progenitor does not support the document: {error}"))
    })?;
    syn::parse2(tokens)
        .map_err(|error| Error::new(format!("the output of progenitor does not parse: {error}")))
}

thread_local! {
    /// Whether a panic of this thread becomes an error, and is not printed.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs the generator. progenitor panics on documents that it does not support.
pub fn without_panic<T>(run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_CAUGHT.get() {
                hook(info);
            }
        }));
    });
    let outer = IS_CAUGHT.replace(true);
    let result = panic::catch_unwind(panic::AssertUnwindSafe(run));
    IS_CAUGHT.set(outer);
    result.unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
        let message = message.unwrap_or("no reason given");
        Err(Error::new(format!("the generator panicked: {message}")))
    })
}
