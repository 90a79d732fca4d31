//! Generates the client from its document: `openapi.yaml`, or the imported document
//! that the environment variable `ASSISTANTS_OPENAPI` names.

#[path = "build/mod.rs"]
mod build;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENT: &str = "ASSISTANTS_OPENAPI";

fn main() {
    if let Err(reason) = run() {
        // One sentence for a person to read, instead of a panic with a backtrace.
        println!("cargo::error={reason}");
    }
}

fn run() -> Result<(), String> {
    let path = document_path();
    let document = read(&path)?;
    let source = build::generate(&document).map_err(|error| {
        let path = path.display();
        format!("{path}: {error} (is it imported? `cargo xtask spec import` makes a document that can be used)")
    })?;
    write("client.rs", &source.client)?;
    write("mocks.rs", &source.mocks)?;
    tell_schemas(&source.schemas);
    Ok(())
}

/// Handwritten code that needs a schema which older documents lack asks for it:
/// `#[cfg(assistants_schema = "DeleteMessageResponse")]`.
fn tell_schemas(schemas: &[String]) {
    println!("cargo::rustc-check-cfg=cfg(assistants_schema, values(any()))");
    for schema in schemas {
        println!("cargo::rustc-cfg=assistants_schema=\"{schema}\"");
    }
}

/// A relative path starts at the root of this package.
fn document_path() -> PathBuf {
    println!("cargo::rerun-if-env-changed={DOCUMENT}");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let named = env::var_os(DOCUMENT).filter(|path| !path.is_empty());
    let path = root.join(named.unwrap_or_else(|| "openapi.yaml".into()));
    println!("cargo::rerun-if-changed={}", path.display());
    path
}

fn read(path: &Path) -> Result<serde_json::Value, String> {
    build::document::read(path).map_err(|error| error.to_string())
}

fn write(name: &str, source: &str) -> Result<(), String> {
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(&path, source).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
