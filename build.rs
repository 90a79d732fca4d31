//! Generates the client from its document: `openapi.yaml`, or the imported document
//! that the environment variable `ASSISTANTS_OPENAPI` names. With the feature `v1`, also
//! the module `v1` from `openapi-v1.yaml`.

#[path = "build/mod.rs"]
mod build;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use build::{Module, Source};

const DOCUMENT: &str = "ASSISTANTS_OPENAPI";

fn main() {
    if let Err(reason) = run() {
        // One sentence for a person to read, instead of a panic with a backtrace.
        println!("cargo::error={reason}");
    }
}

fn run() -> Result<(), String> {
    let source = generate(&document_path(), Module::Root)?;
    write("client.rs", &source.client)?;
    write("mocks.rs", &source.mocks)?;
    tell_schemas(&source.schemas);
    if env::var_os("CARGO_FEATURE_V1").is_some() {
        let source = generate(&in_package("openapi-v1.yaml".as_ref()), Module::V1)?;
        write("client_v1.rs", &source.client)?;
        write("mocks_v1.rs", &source.mocks)?;
    }
    Ok(())
}

fn generate(path: &Path, module: Module) -> Result<Source, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let document = build::document::read(path).map_err(|error| error.to_string())?;
    build::generate(&document, module).map_err(|error| {
        let path = path.display();
        format!("{path}: {error} (is it imported? `cargo xtask spec import` makes a document that can be used)")
    })
}

/// Handwritten code that needs a schema which older documents lack asks for it:
/// `#[cfg(assistants_schema = "DeleteMessageResponse")]`.
fn tell_schemas(schemas: &[String]) {
    println!("cargo::rustc-check-cfg=cfg(assistants_schema, values(any()))");
    for schema in schemas {
        println!("cargo::rustc-cfg=assistants_schema=\"{schema}\"");
    }
}

fn document_path() -> PathBuf {
    println!("cargo::rerun-if-env-changed={DOCUMENT}");
    let named = env::var_os(DOCUMENT).filter(|path| !path.is_empty());
    in_package(named.unwrap_or_else(|| "openapi.yaml".into()).as_ref())
}

/// A relative path starts at the root of this package.
fn in_package(path: &Path) -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(path)
}

fn write(name: &str, source: &str) -> Result<(), String> {
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(&path, source).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
