//! Generates the client from its document: `openapi.yaml`, or the imported document
//! that the environment variable `ASSISTANTS_OPENAPI` names. With the feature `v1`, also
//! the module `v1` from `openapi-v1.yaml`.

#[path = "build/mod.rs"]
mod build;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use build::needs::{Findings, Lack};
use build::{Module, Source};

const DOCUMENT: &str = "ASSISTANTS_OPENAPI";
const CANONICAL: &str = "openapi.yaml";

fn main() {
    if let Err(reason) = run() {
        // One sentence for a person to read, instead of a panic with a backtrace.
        println!("cargo::error={reason}");
    }
}

fn run() -> Result<(), String> {
    let path = document_path();
    let source = generate(&path, Module::Root)?;
    write("client.rs", &source.client)?;
    #[cfg(feature = "mock")]
    {
        write("mocks.rs", &source.mocks)?;
        write("doctor.rs", &source.doctor)?;
    }
    tell_document(&path);
    tell(&source.findings, &path)?;
    if has_feature("v1") {
        let source = generate(&in_package("openapi-v1.yaml"), Module::V1)?;
        write("client_v1.rs", &source.client)?;
        #[cfg(feature = "mock")]
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

/// The tests are written for `openapi.yaml`, and ask for it:
/// `#[cfg(assistants_document = "openapi.yaml")]`.
fn tell_document(path: &Path) {
    println!("cargo::rustc-check-cfg=cfg(assistants_document, values(\"openapi.yaml\"))");
    if *path == in_package(CANONICAL) {
        println!("cargo::rustc-cfg=assistants_document=\"{CANONICAL}\"");
    } else {
        println!(
            "cargo::warning={}: the tests are for {CANONICAL} and are left out, and of the examples \
             only `doctor` is for every document; `cargo xtask doctor` tries this client",
            path.display()
        );
    }
}

/// Handwritten code that needs a schema which older documents lack asks for it:
/// `#[cfg(assistants_schema = "DeleteMessageResponse")]`. What that leaves out is said.
fn tell(findings: &Findings, path: &Path) -> Result<(), String> {
    println!("cargo::rustc-check-cfg=cfg(assistants_schema, values(any()))");
    for schema in &findings.schemas {
        println!("cargo::rustc-cfg=assistants_schema=\"{schema}\"");
    }
    let lacks = findings.lacks.iter();
    let (fatal, others): (Vec<&Lack>, Vec<&Lack>) = lacks
        .filter(|lack| lack.feature.is_none_or(has_feature))
        .partition(|lack| lack.is_fatal);
    for lack in others {
        println!("cargo::warning={}: {}", path.display(), lack.sentence);
    }
    match fatal.first() {
        Some(lack) => Err(format!("{}: {}", path.display(), lack.sentence)),
        None => Ok(()),
    }
}

fn has_feature(name: &str) -> bool {
    let name = name.to_uppercase().replace('-', "_");
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

fn document_path() -> PathBuf {
    println!("cargo::rerun-if-env-changed={DOCUMENT}");
    let named = env::var_os(DOCUMENT).filter(|path| !path.is_empty());
    in_package(named.unwrap_or_else(|| CANONICAL.into()))
}

/// A relative path starts at the root of this package.
fn in_package(path: impl AsRef<Path>) -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(path)
}

fn write(name: &str, source: &str) -> Result<(), String> {
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join(name);
    fs::write(&path, source).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
