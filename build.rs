//! Generates the client from `openapi.yaml`, or from the imported document that the environment
//! variable `ASSISTANTS_OPENAPI` names; with the feature `v1`, also the module `v1` from
//! `openapi-v1.yaml`.

use std::env;
use std::path::{Path, PathBuf};

use openai_assistants_codegen::Module;
use openai_assistants_codegen::build_script::{
    generate_from, has_feature, in_package, report, write,
};

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
    write("client.rs", &source.client)?;
    write("run.rs", &source.run)?;
    write("constants.rs", &source.constants)?;
    write("mocks.rs", &source.mocks)?;
    write("doctor.rs", &source.smoke_test)?;
    set_document_cfg(&path);
    report(&source.compatibility, &path)?;
    if has_feature("v1") {
        let source = generate_from(&in_package("openapi-v1.yaml"), Module::V1)?;
        write("client_v1.rs", &source.client)?;
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

/// Tests are written for `openapi.yaml`: `#[cfg(assistants_document = "openapi.yaml")]`.
fn set_document_cfg(path: &Path) {
    println!("cargo::rustc-check-cfg=cfg(assistants_document, values(\"{CANONICAL}\"))");
    match *path == in_package(CANONICAL) {
        true => println!("cargo::rustc-cfg=assistants_document=\"{CANONICAL}\""),
        false => println!(
            "cargo::warning={}: tests and examples are for {CANONICAL} and are left out, except \
             the example `doctor`; `cargo xtask doctor` tests this client",
            path.display()
        ),
    }
}
