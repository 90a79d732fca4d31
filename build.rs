//! Generates the client from `openapi.yaml`, or from the imported document that the environment
//! variable `ASSISTANTS_OPENAPI` names; with the feature `v1`, also the module `v1` from
//! `openapi-v1.yaml`.

use std::env;
use std::path::{Path, PathBuf};

use openai_assistants_codegen::build_script::{
    has_feature, in_package, message, report, set_document_cfg, set_tls_cfg, write,
};
use openai_assistants_codegen::{Module, Options, Source, document, features, generate};

const DOCUMENT: &str = "ASSISTANTS_OPENAPI";
const CANONICAL: &str = "openapi.yaml";

fn main() {
    if let Err(reason) = run() {
        // Cargo prints this line instead of a panic with a backtrace.
        println!("cargo::error={reason}");
    }
}

fn run() -> Result<(), String> {
    let path = document_path();
    let source = generate_from(&path, Module::Root)?;
    write("types.rs", &source.types)?;
    write("operations.rs", &source.operations)?;
    write("run.rs", &source.run)?;
    write("constants.rs", &source.constants)?;
    write("mocks.rs", &source.mocks)?;
    write("doctor.rs", &source.smoke_test)?;
    set_document_cfg(&path, CANONICAL);
    set_tls_cfg();
    report(&source.compatibility, &path)?;
    if has_feature("v1") {
        let source = generate_from(&in_package("openapi-v1.yaml"), Module::V1)?;
        write("types_v1.rs", &source.types)?;
        write("operations_v1.rs", &source.operations)?;
        write("constants_v1.rs", &source.constants)?;
        write("mocks_v1.rs", &source.mocks)?;
    }
    Ok(())
}

fn document_path() -> PathBuf {
    println!("cargo::rerun-if-env-changed={DOCUMENT}");
    let named = env::var_os(DOCUMENT).filter(|path| !path.is_empty());
    in_package(named.unwrap_or_else(|| CANONICAL.into()))
}

fn generate_from(path: &Path, module: Module) -> Result<Source, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let document = document::read(path).map_err(|error| error.to_string())?;
    let mocks = has_feature("mock");
    features::select(&document, &has_feature)
        .and_then(|document| generate(&document, Options { module, mocks }))
        .map_err(|error| message(error, path))
}
