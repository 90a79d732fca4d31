//! Tests of the rules, with planted violations, and on the repository itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::layers::Layers;
use super::package::Package;
use super::report::report;
use super::rules::{check, check_depth};

const ORDER: &str = "# Layers\n\n```text layers\nsrc: json, error < http < client < lib\n```\n";

fn violations(sources: &[(&str, &str)]) -> Vec<String> {
    let sources: BTreeMap<PathBuf, String> = sources
        .iter()
        .map(|(path, source)| (PathBuf::from(path), format!("//! A file.\n{source}\n")))
        .collect();
    let package = Package::parse("src", sources).expect("it is Rust");
    let order = Layers::parse(ORDER).expect("it has an order");
    let found = check(&package, &order);
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn the_repository_keeps_to_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let report = report(&root).expect("the sources can be read");
    let violations: Vec<_> = report.violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn imports_from_layers_below_are_allowed() {
    let sources = [
        ("lib.rs", "mod client;\npub use client::core::Client;"),
        ("client/mod.rs", "pub mod core;"),
        (
            "client/core.rs",
            "use crate::http::{retry::Policy, request};\nuse crate::json::path;",
        ),
        ("http/retry.rs", "use crate::error::Error;"),
        ("http/request.rs", "fn f() { super::retry::policy() }"),
        ("json/path.rs", ""),
        ("error/mod.rs", ""),
    ];
    assert!(
        violations(&sources).is_empty(),
        "{:?}",
        violations(&sources)
    );
}

#[test]
fn an_upward_import_is_reported_with_file_line_and_rule() {
    let upward = "imports from the layer `client`, which is not below `http` in ARCHITECTURE.md";
    let client = ("client/core.rs", "");
    for source in [
        "\nuse crate::client::core::Client;",
        "use std::fmt;\nuse crate::{client::core, http::retry};",
        "\nfn f() -> crate::client::core::Client { todo!() }",
        "\nuse super::super::client::core;",
        "\nfn f() { assert!(crate::client::core::is_open()) }",
    ] {
        let found = violations(&[client, ("http/retry.rs", source)]);
        assert_eq!(
            found,
            [format!("src/http/retry.rs:3: {upward}")],
            "{source}"
        );
    }
}

#[test]
fn layers_of_the_same_rank_do_not_import_each_other() {
    let found = violations(&[
        ("error/core.rs", "use crate::json::path;"),
        ("json/path.rs", ""),
    ]);
    let rule = "imports from the layer `json`, which is not below `error` in ARCHITECTURE.md";
    assert_eq!(found, [format!("src/error/core.rs:2: {rule}")]);
}

#[test]
fn a_cycle_within_a_layer_is_reported() {
    let found = violations(&[
        ("http/a.rs", "use crate::http::b::B;"),
        ("http/b.rs", "use super::c::C;"),
        ("http/c.rs", "\nuse crate::http::a::A;"),
        ("http/d.rs", "use crate::http::a::A;"),
    ]);
    let cycle = "src/http/a.rs, src/http/b.rs, src/http/c.rs";
    assert_eq!(
        found,
        [format!(
            "src/http/a.rs:2: is part of an import cycle: {cycle}"
        )]
    );
}

#[test]
fn a_module_and_the_child_that_it_uses_are_a_cycle() {
    let found = violations(&[
        ("http/mod.rs", "mod a;\nuse a::A;\npub struct B;"),
        ("http/a.rs", "use crate::http::B;"),
    ]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("import cycle: src/http/a.rs, src/http/mod.rs"));
}

#[test]
fn tests_and_quoted_source_do_not_count() {
    let source = "fn f() { quote! { crate::client::core::Client } }\n\
                  #[cfg(test)]\nuse crate::client::core;\n\
                  #[cfg(test)]\nmod tests { use crate::client::core::Client; }";
    assert!(violations(&[("http/a.rs", source), ("client/core.rs", "")]).is_empty());
}

#[test]
fn modules_for_tests_only_are_not_part_of_the_layout() {
    let found = violations(&[
        ("lib.rs", "#[cfg(test)]\nmod support;\nmod http;"),
        ("support.rs", "use crate::http::a::A;"),
        ("http/a.rs", ""),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn long_files_files_without_a_header_and_unknown_layers_are_reported() {
    let long = "fn f() {}\n".repeat(401);
    let found = violations(&[("http/a.rs", &long), ("tls.rs", "")]);
    assert_eq!(
        found,
        [
            "src/http/a.rs: has 401 lines of code; at most 400 are allowed: split it by concept",
            "src/tls.rs: its layer `tls` is missing from the order in ARCHITECTURE.md",
        ]
    );
    // Comments, documentation and blank lines do not count.
    let documented = "/// A function.\n// A reason.\n\nfn f() {}\n".repeat(400);
    assert!(violations(&[("http/a.rs", &documented)]).is_empty());

    let sources = BTreeMap::from([(PathBuf::from("http/a.rs"), "fn f() {}".to_owned())]);
    let package = Package::parse("src", sources).expect("it is Rust");
    let found = check(&package, &Layers::parse(ORDER).unwrap());
    let header = "does not open with `//! ` and a sentence that states what it holds";
    assert_eq!(found[0].to_string(), format!("src/http/a.rs: {header}"));
}

#[test]
fn an_import_graph_of_more_than_seven_levels_is_reported() {
    let deep = |levels: usize| {
        let sources = (1..=levels).map(|level| {
            let below = format!("//! A file.\nuse crate::l{}::x;\n", level - 1);
            (PathBuf::from(format!("l{level}.rs")), below)
        });
        let package = Package::parse("src", sources.collect()).expect("it is Rust");
        check_depth(&package).map(|violation| violation.to_string())
    };
    assert_eq!(deep(7), None);
    let rule = "is on level 8 of the import graph; at most 7 are allowed";
    assert_eq!(deep(8), Some(format!("src/l8: {rule}")));
}

#[test]
fn an_order_that_cannot_be_parsed_is_an_error() {
    let missing = Layers::parse("# Layers").err().unwrap();
    assert_eq!(missing, "ARCHITECTURE.md has no block ````text layers`");
    let malformed = Layers::parse("```text layers\njson < error\n```")
        .err()
        .unwrap();
    assert_eq!(
        malformed,
        "ARCHITECTURE.md: `json < error` is not `FOLDER: a, b < c`"
    );
}
