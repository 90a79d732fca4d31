//! Steps of the client's build script: generating, writing to `OUT_DIR`, directives for Cargo.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::document;
use crate::error::Error;
use crate::module::Module;
use crate::requirements::{Compatibility, Unmet};
use crate::steps::{Options, Source, generate};

/// Reads a document and generates the source of a module; with the feature `mock`, also its
/// typed mocks and smoke test. The script is run again when the document changes.
///
/// # Errors
/// The document cannot be read, or cannot be turned into a client.
pub fn generate_from(path: &Path, module: Module) -> Result<Source, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let document = document::read(path).map_err(|error| error.to_string())?;
    let mocks = has_feature("mock");
    generate(&document, Options { module, mocks }).map_err(|error| {
        let error = error.in_file(path);
        format!("{error} (documents have to be imported first, with `cargo xtask spec import`)")
    })
}

/// Sets `cfg(assistants_schema = "…")` for each schema that handwritten code can use, and
/// warns about what is left out.
///
/// # Errors
/// The document does not meet a requirement without which nothing can be built.
pub fn report(compatibility: &Compatibility, path: &Path) -> Result<(), String> {
    println!("cargo::rustc-check-cfg=cfg(assistants_schema, values(any()))");
    for schema in &compatibility.schemas {
        println!("cargo::rustc-cfg=assistants_schema=\"{schema}\"");
    }
    let unmet = compatibility.unmet.iter();
    let (fatal, others): (Vec<&Unmet>, Vec<&Unmet>) = unmet
        .filter(|unmet| unmet.feature.is_none_or(has_feature))
        .partition(|unmet| unmet.is_fatal);
    let in_file = |unmet: &Unmet| Error::new(&unmet.message).in_file(path).to_string();
    for unmet in others {
        println!("cargo::warning={}", in_file(unmet));
    }
    match fatal.first() {
        Some(unmet) => Err(in_file(unmet)),
        None => Ok(()),
    }
}

/// Whether a feature of the client is enabled.
pub fn has_feature(name: &str) -> bool {
    let name = name.to_uppercase().replace('-', "_");
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

/// A path relative to the root of the client.
pub fn in_package(path: impl AsRef<Path>) -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(path)
}

/// Writes a file of generated source to `OUT_DIR`.
///
/// # Errors
/// The file cannot be written.
pub fn write(name: &str, source: &str) -> Result<(), String> {
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(&path, source).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
