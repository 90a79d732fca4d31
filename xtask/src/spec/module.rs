//! The module of the crate that a canonical document is for, by the name of the file.

use std::path::Path;

use openai_assistants_codegen::Module;

const V1: &str = "openapi-v1.yaml";

/// Returns the name of the canonical document of a module.
pub fn file_name(module: Module) -> &'static str {
    match module {
        Module::Root => "openapi.yaml",
        Module::V1 => V1,
    }
}

/// Returns the module that a canonical document is for.
pub(super) fn module_of(document: &Path) -> Module {
    match document.file_name() {
        Some(name) if name == V1 => Module::V1,
        _ => Module::Root,
    }
}
