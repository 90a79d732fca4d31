//! Paths, the Cargo program and the error context that all commands share.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process;

use openai_assistants_codegen::Module;
use xtask::spec::module::file_name;

/// Environment variable with the document that the crate is built from.
pub(crate) const DOCUMENT: &str = "ASSISTANTS_OPENAPI";

/// Returns the root of the repository that Cargo runs this command for.
pub(crate) fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    xtask
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// Returns the path of the canonical document of the crate.
pub(crate) fn canonical_document() -> PathBuf {
    document_of(Module::Root)
}

/// Returns the path of the canonical document of a module.
pub(crate) fn document_of(module: Module) -> PathBuf {
    root().join(file_name(module))
}

/// The Cargo that runs this command.
pub(crate) fn cargo() -> process::Command {
    process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Prefixes an error with the action that failed.
pub(crate) fn context<E: Display>(action: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{action}: {error}")
}
