//! Parts of the client's build script: directives for Cargo, paths, and files in `OUT_DIR`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::requirements::{Compatibility, Unmet};

/// The message of an error in a document.
pub fn message(error: Error, path: &Path) -> String {
    let error = error.in_file(path);
    format!("{error} (documents have to be imported first, with `cargo xtask spec import`)")
}

/// Sets `cfg(assistants_document = "…")` if the client is generated from the document that its
/// tests are written for.
pub fn set_document_cfg(path: &Path, canonical: &str) {
    println!("cargo::rustc-check-cfg=cfg(assistants_document, values(\"{canonical}\"))");
    match *path == in_package(canonical) {
        true => println!("cargo::rustc-cfg=assistants_document=\"{canonical}\""),
        false => println!(
            "cargo::warning={}: tests and examples are for {canonical} and are left out, except \
             the example `doctor`, which tests a server with this client",
            path.display()
        ),
    }
}

/// Sets `cfg(has_tls)` if one of the TLS libraries is enabled.
pub fn set_tls_cfg() {
    println!("cargo::rustc-check-cfg=cfg(has_tls)");
    if ["rustls", "rustls-ring", "native-tls"]
        .into_iter()
        .any(has_feature)
    {
        println!("cargo::rustc-cfg=has_tls");
    }
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
