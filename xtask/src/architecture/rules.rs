//! Checks packages against the rules of the layout.

use std::collections::BTreeSet;
use std::fmt;

use super::graph::{Graph, cycles, levels};
use super::layers::Layers;
use super::package::{File, Package};

/// The layer of the file at the root of a package.
const ROOT: &str = "lib";
/// The deepest import graph of the layers of `src/`.
const MAX_LEVELS: usize = 7;
const MAX_LINES_OF_CODE: usize = 400;

/// A rule that a file breaks.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    pub path: String,
    /// 0 if the rule is about the whole file.
    pub line: usize,
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.rule),
            line => write!(f, "{}:{line}: {}", self.path, self.rule),
        }
    }
}

/// The layer of a file: the first segment of its module.
pub fn layer(file: &File) -> &str {
    file.module.first().map_or(ROOT, String::as_str)
}

/// Checks a package. Returns all violations.
pub fn check(package: &Package, order: &Layers) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (at, file) in package.files.iter().enumerate() {
        check_file(file, &mut violations);
        check_order(package, at, order, &mut violations);
    }
    check_cycles(package, &mut violations);
    violations
}

fn check_file(file: &File, violations: &mut Vec<Violation>) {
    let mut add = |rule: String| {
        violations.push(Violation {
            path: file.path.clone(),
            line: 0,
            rule,
        });
    };
    if file.lines_of_code > MAX_LINES_OF_CODE {
        add(format!(
            "has {} lines of code; at most {MAX_LINES_OF_CODE} are allowed: split it by concept",
            file.lines_of_code
        ));
    }
    if !file.has_header {
        add("does not open with `//! ` and a sentence that states what it holds".to_owned());
    }
}

fn check_order(package: &Package, at: usize, order: &Layers, violations: &mut Vec<Violation>) {
    let folder = &package.folder;
    let file = &package.files[at];
    let from = layer(file);
    let Some(rank) = order.rank(folder, from) else {
        violations.push(Violation {
            path: file.path.clone(),
            line: 0,
            rule: format!("its layer `{from}` is missing from the order in ARCHITECTURE.md"),
        });
        return;
    };
    for (target, line) in package.imports(at) {
        let to = layer(&package.files[target]);
        let is_below = || order.rank(folder, to).is_none_or(|below| below < rank);
        if to != from && !is_below() {
            violations.push(Violation {
                path: file.path.clone(),
                line,
                rule: format!(
                    "imports from the layer `{to}`, which is not below `{from}` in ARCHITECTURE.md"
                ),
            });
        }
    }
}

fn check_cycles(package: &Package, violations: &mut Vec<Violation>) {
    let graph = file_graph(package);
    for cycle in cycles(&graph) {
        let paths: Vec<_> = cycle.iter().map(|&at| &*package.files[at].path).collect();
        let first = cycle[0];
        let imports = package.imports(first);
        let line = imports.iter().find(|(target, _)| cycle.contains(target));
        violations.push(Violation {
            path: package.files[first].path.clone(),
            line: line.map_or(0, |(_, line)| *line),
            rule: format!("is part of an import cycle: {}", paths.join(", ")),
        });
    }
}

/// The import graph of the files of a package.
pub fn file_graph(package: &Package) -> Graph {
    (0..package.files.len())
        .map(|at| {
            package
                .imports(at)
                .into_iter()
                .map(|(target, _)| target)
                .collect()
        })
        .collect()
}

/// The layers of a package, each with its level in the import graph.
pub fn layer_levels(package: &Package) -> Vec<(String, usize)> {
    let names: BTreeSet<&str> = package.files.iter().map(layer).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| *name != ROOT).collect();
    let index = |name: &str| names.iter().position(|other| *other == name);
    let mut graph: Graph = vec![BTreeSet::new(); names.len()];
    for (at, file) in package.files.iter().enumerate() {
        for (target, _) in package.imports(at) {
            let to = layer(&package.files[target]);
            if let (Some(from), Some(to)) = (index(layer(file)), index(to))
                && from != to
            {
                graph[from].insert(to);
            }
        }
    }
    let levels = levels(&graph);
    names
        .iter()
        .map(|name| (*name).to_owned())
        .zip(levels)
        .collect()
}

/// Checks the depth of the import graph of the client.
pub fn check_depth(client: &Package) -> Option<Violation> {
    let deepest = layer_levels(client)
        .into_iter()
        .max_by_key(|(_, level)| *level)?;
    let (name, level) = deepest;
    (level > MAX_LEVELS).then(|| Violation {
        path: format!("{}/{name}", client.folder),
        line: 0,
        rule: format!("is on level {level} of the import graph; at most {MAX_LEVELS} are allowed"),
    })
}
