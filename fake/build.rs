//! Writes `openapi.yaml` as JSON, which the server embeds: one document for each dialect.

use std::env;
use std::fs;
use std::path::PathBuf;

use openai_assistants_codegen::{document, features};

fn main() {
    if let Err(reason) = run() {
        println!("cargo::error={reason}");
    }
}

fn run() -> Result<(), String> {
    let folder = |name| PathBuf::from(env::var_os(name).unwrap_or_default());
    let source = folder("CARGO_MANIFEST_DIR").join("../openapi.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let document = document::read(&source).map_err(|error| error.to_string())?;
    for (name, enabled) in [
        ("openapi.json", &["files"][..]),
        ("foundry.json", &["files", "foundry"][..]),
    ] {
        let selected = features::select(&document, &|feature| enabled.contains(&feature));
        let selected = selected.map_err(|error| error.to_string())?;
        let copy = folder("OUT_DIR").join(name);
        fs::write(&copy, selected.to_string())
            .map_err(|error| format!("cannot write {}: {error}", copy.display()))?;
    }
    Ok(())
}
