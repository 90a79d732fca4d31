//! From the OpenAPI document to the client's source, in named steps.
//!
//! ```text
//! openapi.yaml ──read, check──▶ Api ──shape──▶ document for progenitor ──▶ syntax tree ──finish──▶ source
//! ```
//!
//! With the feature `mock` there are two more: typed mocks, and what the example `doctor` calls. Other
//! builds neither compile nor run these.
//!
//! `build.rs` runs the steps at every build; `cargo xtask generate` prints what
//! they make. The tests of each step run with `cargo test --package xtask`.

pub mod api;
mod check;
#[cfg(feature = "mock")]
mod doctor;
pub mod document;
mod events;
mod finish;
mod module;
pub mod needs;
#[cfg(feature = "mock")]
mod sample;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic;

use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use serde_json::{Value, json};

use api::Api;
pub use module::Module;

/// The generated source of the client and of its typed mocks.
pub struct Source {
    /// Schemas, operation builders and the methods of `Client`.
    pub client: String,
    /// Typed httpmock helpers, one pair for each operation.
    #[cfg(feature = "mock")]
    pub mocks: String,
    /// What the example `doctor` knows of the document.
    #[cfg(feature = "mock")]
    pub doctor: String,
    /// What handwritten code finds in the document, and what it does not.
    pub findings: needs::Findings,
}

/// Why a document cannot become a client, and where in the document the reason is.
#[derive(Debug)]
pub struct Error {
    place: String,
    reason: String,
}

impl Error {
    fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.place, self.reason)
    }
}

impl std::error::Error for Error {}

/// Turns a canonical document, as `cargo xtask spec import` writes it, into the source of
/// a module.
///
/// # Errors
/// Names the place in the document that the generator cannot use.
pub fn generate(document: &Value, module: Module) -> Result<Source, Error> {
    let api = Api::read(document, module)?;
    check::check(&api)?;

    let client = run(&shape::for_client(&api)?, Generator::generate_tokens)?;
    #[cfg(feature = "mock")]
    let mocks = run(&shape::for_mocks(&api)?, |generator, document| {
        generator.httpmock(document, &format!("{}::generated", module.inside()))
    })?;

    Ok(Source {
        findings: needs::check(&api),
        client: finish::client(client, &api)?,
        #[cfg(feature = "mock")]
        mocks: finish::mocks(mocks, &api)?,
        #[cfg(feature = "mock")]
        doctor: doctor::source(&api),
    })
}

/// Hands the shaped document to one of progenitor's generators.
fn run(
    shaped: &openapiv3::OpenAPI,
    generate: impl FnOnce(
        &mut Generator,
        &openapiv3::OpenAPI,
    ) -> Result<proc_macro2::TokenStream, progenitor::Error>,
) -> Result<syn::File, Error> {
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_map_type("::std::collections::BTreeMap")
        .with_conversion(
            serde_json::from_value(json!({ "type": "integer", "format": shape::TIMESTAMP }))
                .map_err(|error| Error::new("#", error.to_string()))?,
            "crate::Timestamp",
            [TypeImpl::Display].into_iter(),
        );
    let tokens = without_panic(|| generate(&mut Generator::new(&settings), shaped))?
        .map_err(|error| Error::new("#", format!("progenitor refuses the document: {error}")))?;
    syn::parse2(tokens)
        .map_err(|error| Error::new("#", format!("progenitor's output does not parse: {error}")))
}

/// progenitor panics at what it does not support: that is a sentence like others.
fn without_panic<T>(run: impl FnOnce() -> T) -> Result<T, Error> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(panic::AssertUnwindSafe(run));
    panic::set_hook(hook);
    result.map_err(|payload| {
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
        let message = message.unwrap_or("it gives no reason");
        Error::new(
            "#",
            format!("progenitor gives up on the document: {message}"),
        )
    })
}
