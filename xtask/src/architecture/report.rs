//! Reads the packages of the repository, checks them, and describes their structure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use openai_assistants_codegen::{Module, Options, document, features, generate};

use super::graph::cycles;
use super::layers::Layers;
use super::package::Package;
use super::rules::{self, Violation};

/// The folder with the sources of the client.
const CLIENT: &str = "src";

/// The structure of the repository, and the rules that it breaks.
pub struct Report {
    pub text: String,
    pub violations: Vec<Violation>,
}

/// Checks the packages that ARCHITECTURE.md has an order for.
///
/// # Errors
/// A file cannot be read, or ARCHITECTURE.md has no order.
pub fn report(root: &Path) -> Result<Report, String> {
    let architecture = root.join("ARCHITECTURE.md");
    let text = fs::read_to_string(&architecture)
        .map_err(|error| format!("cannot read {}: {error}", architecture.display()))?;
    let order = Layers::parse(&text)?;
    let mut report = Report {
        text: String::new(),
        violations: Vec::new(),
    };
    for folder in order.folders() {
        let mut package = Package::read(root, folder)?;
        if folder == CLIENT {
            add_generated(root, &mut package)?;
        }
        report.violations.extend(rules::check(&package, &order));
        if folder == CLIENT {
            report.violations.extend(rules::check_depth(&package));
        }
        describe(&package, &mut report.text);
    }
    Ok(report)
}

/// Adds the imports of the generated source to the files that include it.
fn add_generated(root: &Path, client: &mut Package) -> Result<(), String> {
    let document = document::read(&root.join("openapi.yaml")).map_err(|error| error.to_string())?;
    let options = Options {
        module: Module::Root,
        mocks: true,
    };
    let source = features::select(&document, &|_| true)
        .and_then(|document| generate(&document, options))
        .map_err(|error| error.to_string())?;
    for (module, source) in [
        ("types", source.types),
        ("operations", source.operations),
        ("run::generated", source.run),
        ("mock", source.mocks),
    ] {
        client.include(module, &source)?;
    }
    Ok(())
}

fn describe(package: &Package, text: &mut String) {
    let cycles = cycles(&rules::file_graph(package)).len();
    let code: usize = package.files.iter().map(|file| file.lines_of_code).sum();
    let longest = package.files.iter().max_by_key(|file| file.lines_of_code);
    let longest = longest.map_or(String::new(), |file| {
        format!("; longest {} ({})", file.path, file.lines_of_code)
    });
    let levels = rules::layer_levels(package);
    let depth = levels.iter().map(|(_, level)| *level).max().unwrap_or(0);
    let _ = writeln!(
        text,
        "{}: {} files, {code} lines of code, {depth} levels, {cycles} cycles{longest}",
        package.folder,
        package.files.len()
    );
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &package.files {
        *lines.entry(rules::layer(file)).or_default() += file.lines_of_code;
    }
    let mut levels: Vec<_> = levels.iter().map(|(name, level)| (*level, name)).collect();
    levels.sort();
    for (level, name) in levels {
        let _ = writeln!(text, "  {level} {name}: {} lines of code", lines[&**name]);
    }
}
