//! Generates the source of the `openai-assistants` client from its OpenAPI document.
//!
//! ```text
//! document ─features─▶ selected ─read, validate─▶ model ─normalize─▶ OpenAPI ─progenitor─▶ syntax tree ─emit─▶ source
//! ```
//!
//! The build script of the client runs these steps at every build. [`generate`] returns:
//!
//! - `types`: the types of requests and responses
//! - `operations`: request builders and the methods of `Client`
//! - `run`: the methods that follow runs, for the module `run`
//! - `constants`: values that the document specifies, for modules below the types
//! - `mocks`: typed mocks for httpmock
//! - `smoke_test`: calls of every operation, for the example `doctor`
//! - `compatibility`: what handwritten code requires, and the document lacks
//!
//! The generated code refers to private items of the client. This crate is internal to it and has no
//! stable interface of its own.

#![forbid(unsafe_code)]

pub mod build_script;
pub mod document;
mod emit;
mod error;
pub mod features;
mod generator;
mod model;
mod module;
mod normalize;
mod requirements;
mod smoke_test;
#[cfg(test)]
mod test_support;
mod validate;

pub use emit::ESSENTIAL;
pub use error::Error;
pub use model::api::DEFAULT_BETA;
pub use module::Module;
pub use requirements::{Compatibility, Unmet};

use model::api::Api;
use serde_json::Value;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The module that the source is for.
    pub module: Module,
    /// Whether to generate the typed mocks.
    pub mocks: bool,
}

/// Generated source, file by file.
pub struct Source {
    /// The types of requests and responses.
    pub types: String,
    /// Request builders and the methods of `Client`.
    pub operations: String,
    /// The methods that follow runs. Empty for a module whose runs are not followed.
    pub run: String,
    /// The constants that the document specifies.
    pub constants: String,
    /// The typed mocks, if they were requested.
    pub mocks: String,
    /// The calls of every operation.
    pub smoke_test: String,
    /// How well the document meets the requirements of handwritten code.
    pub compatibility: Compatibility,
}

/// Generates the source of a module from a canonical document, which
/// `cargo xtask spec import` writes.
///
/// # Errors
/// The document cannot be turned into a client; the error has the location.
pub fn generate(document: &Value, options: Options) -> Result<Source, Error> {
    generator::without_panic(|| source(document, options))
}

/// Checks all that the build of the client checks, with each combination of Cargo features.
///
/// # Errors
/// The document cannot be turned into a client; the error has the location.
pub fn check(document: &Value, module: Module) -> Result<Compatibility, Error> {
    let selections = selections(document)?;
    for (index, (_, selected)) in selections.iter().enumerate() {
        let options = Options {
            module,
            // Those of fewer features are the same.
            mocks: index + 1 == selections.len(),
        };
        generate(selected, options)?;
    }
    compatibility(document, module)
}

/// How well a document meets the requirements of handwritten code, with each combination of Cargo
/// features.
///
/// # Errors
/// The document is not usable; the error has the location.
pub fn compatibility(document: &Value, module: Module) -> Result<Compatibility, Error> {
    let mut compatibility = Compatibility::default();
    for (enabled, selected) in selections(document)? {
        let api = Api::read(&selected, module)?;
        compatibility.add(requirements::check(&api), &enabled);
    }
    Ok(compatibility)
}

/// What Cargo features select of a document, and their names. Features that select the same are
/// omitted, and the whole is the last.
fn selections(document: &Value) -> Result<Vec<(Vec<&'static str>, Value)>, Error> {
    let mut selections: Vec<(Vec<&str>, Value)> = Vec::new();
    for enabled in combinations(&features::FEATURES) {
        let selected = features::select(document, &|name| enabled.contains(&name))?.into_owned();
        selections.retain(|(_, known)| *known != selected);
        selections.push((enabled, selected));
    }
    Ok(selections)
}

/// The properties of an object schema that are not fields, since they have a single value: its type
/// serializes them.
pub fn constants(schema: &Value) -> impl Iterator<Item = &str> {
    let constants = schema.as_object().map(model::schema::constants);
    let constants = constants.into_iter().flatten();
    constants.map(|constant| constant.property)
}

/// All subsets of the names, the whole last.
fn combinations(names: &[&'static str]) -> Vec<Vec<&'static str>> {
    let Some((first, rest)) = names.split_first() else {
        return vec![Vec::new()];
    };
    let without = combinations(rest);
    let with = without.iter().map(|names| [&[*first], &names[..]].concat());
    without.iter().cloned().chain(with).collect()
}

fn source(document: &Value, options: Options) -> Result<Source, Error> {
    let api = Api::read(document, options.module)?;
    validate::validate(&api)?;
    let client = generator::client(&normalize::for_client(&api)?)?;
    let mocks = match options.mocks {
        true => mocks(&api)?,
        false => String::new(),
    };
    let client = emit::client(client, &api)?;
    Ok(Source {
        types: client.types,
        operations: client.operations,
        run: emit::run(&api),
        constants: emit::constants(&api),
        mocks,
        smoke_test: smoke_test::emit(&api),
        compatibility: requirements::check(&api),
    })
}

fn mocks(api: &Api) -> Result<String, Error> {
    let mocks = generator::mocks(&normalize::for_mocks(api)?, api.module)?;
    Ok(emit::mocks(mocks, api))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::events;
    use crate::test_support::streaming_document;

    /// The JSON pointers to all values of a document.
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        let parts: Vec<(String, &Value)> = match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, part)| (key.replace('~', "~0").replace('/', "~1"), part))
                .collect(),
            Value::Array(list) => (0..)
                .map(|index: usize| index.to_string())
                .zip(list)
                .collect(),
            _ => Vec::new(),
        };
        for (key, part) in parts {
            let at = format!("{at}/{key}");
            pointers(part, &at, found);
            found.push(at);
        }
    }

    /// All steps except progenitor, which is slow and whose panics are caught.
    fn run_steps(document: &Value) -> Result<(), Error> {
        let api = Api::read(document, Module::Root)?;
        validate::validate(&api)?;
        normalize::for_client(&api)?;
        normalize::for_mocks(&api)?;
        events::payloads(&api)?;
        emit::events::emit(&api)?;
        requirements::check(&api);
        smoke_test::emit(&api);
        Ok(())
    }

    #[test]
    fn edited_documents_never_panic() {
        let document = streaming_document();
        let mut found = Vec::new();
        pointers(&document, "", &mut found);
        let mut panics = Vec::new();
        let mut errors = 0;
        for pointer in found {
            for value in [json!(true), json!(1), json!(null), json!([]), json!({})] {
                let mut edited = document.clone();
                *edited.pointer_mut(&pointer).expect("the value exists") = value.clone();
                match std::panic::catch_unwind(|| run_steps(&edited).is_err()) {
                    Ok(is_error) => errors += usize::from(is_error),
                    Err(_) => panics.push(format!("{pointer} = {value}")),
                }
            }
        }
        assert_eq!(panics, [""; 0]);
        assert!(errors > 100, "{errors}");
    }
}
