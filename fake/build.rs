//! Writes `openapi.yaml` as JSON, which the server embeds: one document for each dialect.

use std::env;
use std::fs;
use std::path::PathBuf;

use openai_assistants_codegen::{document, features};
use serde_json::Value;

/// The operations that Foundry lacks.
const LACKING: [(&str, &str); 3] = [
    ("/vector_stores/{vector_store_id}/search", "post"),
    ("/vector_stores/{vector_store_id}/files/{file_id}", "post"),
    (
        "/vector_stores/{vector_store_id}/files/{file_id}/content",
        "get",
    ),
];

fn main() {
    if let Err(reason) = run() {
        println!("cargo::error={reason}");
    }
}

fn run() -> Result<(), String> {
    let folder = |name| PathBuf::from(env::var_os(name).unwrap_or_default());
    let source = folder("CARGO_MANIFEST_DIR").join("openapi.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let document = document::read(&source).map_err(|error| error.to_string())?;
    for (name, enabled) in [
        ("openapi.json", &["files"][..]),
        ("foundry.json", &["files", "foundry"][..]),
    ] {
        let selected = features::select(&document, &|feature| enabled.contains(&feature));
        let selected = selected.map_err(|error| error.to_string())?;
        let mut selected = selected.into_owned();
        if enabled.contains(&"foundry") {
            adapt_to_foundry(&mut selected);
        }
        let copy = folder("OUT_DIR").join(name);
        fs::write(&copy, selected.to_string())
            .map_err(|error| format!("cannot write {}: {error}", copy.display()))?;
    }
    Ok(())
}

/// Removes the operations that Foundry lacks, and what its pages lack.
fn adapt_to_foundry(document: &mut Value) {
    for (path, method) in LACKING {
        if let Some(methods) = document["paths"][path].as_object_mut() {
            methods.remove(method);
        }
    }
    let schemas = document["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        if schema["properties"]["first_id"].is_null() {
            continue;
        }
        let lacking: &[&str] = match name.as_str() {
            // The list of files has no pages.
            "ListFilesResponse" => &["first_id", "last_id", "has_more"],
            _ => &["object", "first_id"],
        };
        if let Some(required) = schema["required"].as_array_mut() {
            required.retain(|name| !lacking.iter().any(|lacking| name == lacking));
        }
    }
}
