//! The source files of a package, with their modules and references.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

use super::code::{lines_of_code, test_modules};
use super::references::{Reference, references};

/// A source file.
pub struct File {
    /// Relative to the root of the repository.
    pub path: String,
    /// The module that it holds, such as `["http", "retry"]`; empty for the root of the package.
    pub module: Vec<String>,
    pub references: BTreeSet<Reference>,
    pub lines_of_code: usize,
    /// Whether it opens with a sentence that states what it holds.
    pub has_header: bool,
}

/// The source files of a package.
pub struct Package {
    /// The folder with its sources, such as `src` or `codegen/src`.
    pub folder: String,
    pub files: Vec<File>,
}

impl Package {
    /// Reads the sources of a package.
    ///
    /// # Errors
    /// A file cannot be read or is not Rust.
    pub fn read(root: &Path, folder: &str) -> Result<Self, String> {
        let mut sources = BTreeMap::new();
        let base = root.join(folder);
        let mut folders = vec![base.clone()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder)
                .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
            for entry in entries.flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let source = fs::read_to_string(&path)
                        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                    let relative = path.strip_prefix(&base).unwrap_or(&path).to_path_buf();
                    sources.insert(relative, source);
                }
            }
        }
        Self::parse(folder, sources)
    }

    /// Parses the sources of a package, by their paths in its folder.
    ///
    /// # Errors
    /// A file is not Rust.
    pub fn parse(folder: &str, sources: BTreeMap<PathBuf, String>) -> Result<Self, String> {
        let mut files = Vec::new();
        let mut tests = BTreeSet::new();
        for (relative, source) in sources {
            let path = format!("{folder}/{}", relative.display());
            let tokens: TokenStream = source
                .parse()
                .map_err(|error| format!("{path} is not Rust: {error}"))?;
            tests.extend(test_modules(tokens.clone()).into_iter().map(|name| {
                let mut module = module(&relative);
                module.push(name);
                module
            }));
            files.push(File {
                path,
                module: module(&relative),
                references: references(tokens.clone()),
                lines_of_code: lines_of_code(tokens),
                has_header: source.starts_with("//! "),
            });
        }
        files.retain(|file: &File| !tests.contains(&file.module));
        Ok(Self {
            folder: folder.to_owned(),
            files,
        })
    }

    /// Adds the references of source that the file of a module includes.
    ///
    /// # Errors
    /// There is no such module, or the source is not Rust.
    pub fn include(&mut self, module: &str, source: &str) -> Result<(), String> {
        let tokens: TokenStream = source
            .parse()
            .map_err(|error| format!("the source of `{module}` is not Rust: {error}"))?;
        let file = self
            .files
            .iter_mut()
            .find(|file| file.module.join("::") == module)
            .ok_or_else(|| format!("there is no module `{module}`"))?;
        file.references.extend(references(tokens));
        Ok(())
    }

    /// Returns the indices of the files that a file refers to, each with the line.
    pub fn imports(&self, at: usize) -> Vec<(usize, usize)> {
        let file = &self.files[at];
        let targets = file.references.iter().filter_map(|reference| {
            let target = self.resolve(file, reference)?;
            (target != at).then_some((target, reference.line))
        });
        targets.collect()
    }

    /// Returns the file of the longest module path at the start of a reference.
    fn resolve(&self, file: &File, reference: &Reference) -> Option<usize> {
        let mut module = file.module.clone();
        let mut segments = reference.segments.as_slice();
        match segments.first()?.as_str() {
            "crate" => {
                module.clear();
                segments = &segments[1..];
            }
            "self" => segments = &segments[1..],
            "super" => {
                while let Some(("super", rest)) =
                    segments.split_first().map(|(first, rest)| (&**first, rest))
                {
                    module.pop();
                    segments = rest;
                }
            }
            _ => {}
        }
        module.extend_from_slice(segments);
        (0..=module.len()).rev().find_map(|length| {
            let module = &module[..length];
            self.files.iter().position(|file| file.module == module)
        })
    }
}

/// The module of a file by its path in the folder of its package.
fn module(relative: &Path) -> Vec<String> {
    let path = relative.with_extension("");
    let mut module: Vec<String> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}
