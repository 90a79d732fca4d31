//! From the OpenAPI document to the client's source, in named steps.
//!
//! ```text
//! openapi.yaml ──read──▶ Api ──shape──▶ document for progenitor ──▶ syntax tree ──finish──▶ source
//! ```
//!
//! `build.rs` runs the steps at every build; `cargo xtask generate` prints what
//! they make. The tests of each step run with `cargo test --package xtask`.

pub mod api;
pub mod document;
mod events;
mod finish;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

use api::Api;

/// The generated source of the client and of its typed mocks.
pub struct Source {
    /// Schemas, operation builders and the methods of `Client`.
    pub client: String,
    /// Typed httpmock helpers, one pair for each operation.
    pub mocks: String,
    /// The names of the schemas, for handwritten code that needs one of them.
    pub schemas: Vec<String>,
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

/// Turns a canonical document, as `cargo xtask spec import` writes it, into source.
///
/// # Errors
/// Names the place in the document that the generator cannot use.
pub fn generate(document: &Value) -> Result<Source, Error> {
    let api = Api::read(document)?;

    let client = run(&shape::for_client(&api)?, Generator::generate_tokens)?;
    let mocks = run(&shape::for_mocks(&api)?, |generator, document| {
        generator.httpmock(document, "crate::generated")
    })?;

    Ok(Source {
        schemas: api.schemas.keys().map(ToString::to_string).collect(),
        client: finish::client(client, &api)?,
        mocks: finish::mocks(mocks, &api)?,
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
        .with_map_type("::std::collections::BTreeMap");
    let tokens = generate(&mut Generator::new(&settings), shaped)
        .map_err(|error| Error::new("#", format!("progenitor refuses the document: {error}")))?;
    syn::parse2(tokens)
        .map_err(|error| Error::new("#", format!("progenitor's output does not parse: {error}")))
}
