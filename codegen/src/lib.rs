//! Generates the source of the `openai-assistants` client from its OpenAPI document.
//!
//! ```text
//! document ─read, validate─▶ model ─normalize─▶ OpenAPI ─progenitor─▶ syntax tree ─emit─▶ source
//! ```
//!
//! The build script of the client runs these steps at every build. [`generate`] returns:
//!
//! - `client`: types, request builders and the methods of `Client`
//! - `run`: the methods that follow runs, for the module `run`
//! - `constants`: values that the document specifies, for modules below the types
//! - `mocks`: typed mocks for httpmock
//! - `smoke_test`: calls of every operation, for the example `doctor`
//! - `compatibility`: what handwritten code requires, and the document lacks
//!
//! A module imports only from modules before it in this list: `error`, `module`, `document`,
//! `model`, `validate`, `normalize`, `requirements`, `generator`, `emit`, `smoke_test`, `steps`,
//! `build_script`.

#![forbid(unsafe_code)]

pub mod build_script;
pub mod document;
mod emit;
mod error;
mod generator;
mod model;
mod module;
mod normalize;
mod requirements;
mod smoke_test;
mod steps;
#[cfg(test)]
mod test_support;
mod validate;

pub use error::Error;
pub use model::api::DEFAULT_BETA;
pub use module::Module;
pub use requirements::{Compatibility, Unmet};
pub use steps::{Options, Source, generate};
