//! Reads a YAML or JSON document into a JSON value, with positions in errors.
//!
//! Upstream documents are large and not under the control of this project. Reading is
//! therefore strict (repeated keys and keys that are not strings are errors) and bounded
//! (nesting, expansion of aliases). Scalars follow the core schema of YAML 1.2: `no`, `on`
//! and dates are strings.

mod json;
mod pointer;
mod scalar;
mod yaml;

use std::path::Path;

use serde_json::Value;

use crate::error::Error;

pub use pointer::escape;
pub use yaml::{Lines, parse_located};

/// Reads a file.
///
/// # Errors
/// The file cannot be read, or is neither YAML nor JSON.
pub fn read(path: &Path) -> Result<Value, Error> {
    let bytes = std::fs::read(path)
        .map_err(|error| Error::new(format!("cannot be read: {error}")).in_file(path))?;
    let text = String::from_utf8(bytes).map_err(|_| Error::new("is not UTF-8").in_file(path))?;
    parse(&text).map_err(|error| error.in_file(path))
}

/// Parses the text of a document.
///
/// # Errors
/// The text is neither YAML nor JSON.
pub fn parse(text: &str) -> Result<Value, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        return json::parse(text).or_else(|error| yaml::parse(text).map_err(|_| error));
    }
    yaml::parse(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_give_the_same_value() {
        let yaml = "a: 1\nb: [x, 'y', 2.5]\nc: {d: null, e: true}\n";
        let json = r#"{"a": 1, "b": ["x", "y", 2.5], "c": {"d": null, "e": true}}"#;
        assert_eq!(parse(yaml).unwrap(), parse(json).unwrap());
    }

    #[test]
    fn json_keeps_surrogate_pairs() {
        assert_eq!(
            parse(r#"{"a": "\ud83d\ude00"}"#).unwrap(),
            json!({"a": "😀"})
        );
    }

    #[test]
    fn flow_mappings_are_yaml() {
        assert_eq!(parse("{a: b}").unwrap(), json!({"a": "b"}));
    }

    #[test]
    fn keys_become_strings() {
        assert_eq!(
            parse("200: a\nyes: b\nnull: c\n1.10: d").unwrap(),
            json!({"200": "a", "yes": "b", "null": "c", "1.10": "d"})
        );
    }

    #[test]
    fn yaml_1_1_spellings_are_strings() {
        let value =
            parse("[no, On, y, 2024-01-01, 12:30, 1_000, 0x, 1.2.3, '1', \"true\"]").unwrap();
        assert!(
            value.as_array().unwrap().iter().all(Value::is_string),
            "{value}"
        );
    }

    #[test]
    fn integers_and_floats_stay_distinct() {
        assert_eq!(
            parse("[0, -7, 18446744073709551615, 0x1F, 0o17, 1.5, 1e3, -9223372036854776000]")
                .unwrap(),
            json!([
                0,
                -7,
                18446744073709551615u64,
                31,
                15,
                1.5,
                1000.0,
                -9223372036854776000.0
            ])
        );
    }

    #[test]
    fn the_latest_definition_of_an_anchor_wins() {
        assert_eq!(
            parse("a: &x 1\nb: *x\nc: &x 2\nd: *x").unwrap(),
            json!({"a": 1, "b": 1, "c": 2, "d": 2})
        );
    }

    #[test]
    fn the_lines_of_values_are_recorded() {
        let text =
            "a: 1\n# A comment.\nb:\n  - c: x\n    d/e:\n      f: y\n  - &z [1,\n     2]\ng: *z\n";
        let (value, lines) = parse_located(text).unwrap();
        assert_eq!(value, parse(text).unwrap());
        let expected = [
            ("", 1),
            ("/a", 1),
            ("/b", 4),
            ("/b/0", 4),
            ("/b/0/c", 4),
            ("/b/0/d~1e", 6),
            ("/b/0/d~1e/f", 6),
            ("/b/1", 7),
            ("/b/1/0", 7),
            ("/b/1/1", 8),
            ("/g", 9),
        ];
        let expected = expected.map(|(pointer, line)| (pointer.to_owned(), line));
        assert_eq!(lines, Lines::from(expected));
    }

    #[test]
    fn duplicate_keys_are_an_error_with_a_position() {
        assert_eq!(
            error("a: 1\nb:\n  c: 1\n  c: 2\n"),
            "at line 4, column 3: duplicate key `c`"
        );
        assert!(error(r#"{"a": 1, "a": 2}"#).contains("duplicate key `a`"));
    }

    #[test]
    fn values_that_json_cannot_represent_are_an_error() {
        for text in [
            "a: .nan",
            "a: -.inf",
            "? [a]\n: b",
            "a: !custom b",
            "a: &x [*x]",
            "a: 1\n---\nb: 2",
            "<<: {a: 1}",
        ] {
            assert!(
                error(text).starts_with("at line"),
                "{text}: {}",
                error(text)
            );
        }
        assert_eq!(error(""), "is empty");
    }

    #[test]
    fn invalid_text_is_an_error_with_a_position() {
        assert!(error("a: [1, 2\nb: 3").starts_with("at line"));
        assert!(error("{\"a\" 1}").starts_with("at line 1, column"));
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(error(&"- ".repeat(1000)).contains("levels deep"));
        for text in ["[".repeat(100_000), format!("a: {}", "[".repeat(100_000))] {
            assert!(error(&text).contains("recursion limit"));
        }
    }

    #[test]
    fn expansion_of_aliases_is_bounded() {
        let mut bomb = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        assert!(error(&bomb).contains("expand to more than 64 MiB"));
    }
}
