//! Serializes a document as YAML that YAML 1.1 and 1.2 parsers read identically.
//!
//! Uses block style, orders keys for human readers, and quotes ambiguous scalars.

use std::fmt::Write as _;
use std::path::Path;

use openai_assistants_codegen::{Error, document};
use serde_json::{Map, Value};

/// Long strings are wrapped at this column.
const WIDTH: usize = 96;

/// Keywords in output order. Others follow alphabetically.
const ORDER: &[&str] = &[
    // The document, a path, an operation, a parameter, a response.
    "openapi",
    "info",
    "title",
    "version",
    "operationId",
    "x-rust-name",
    "x-feature",
    "name",
    "in",
    "url",
    "description",
    "license",
    "x-source",
    "servers",
    "security",
    "tags",
    "deprecated",
    "style",
    "explode",
    "parameters",
    "requestBody",
    "responses",
    "paths",
    "components",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "trace",
    "x-event-stream",
    "schemas",
    "securitySchemes",
    // A schema.
    "$ref",
    "allOf",
    "type",
    "scheme",
    "format",
    "nullable",
    "enum",
    "default",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "required",
    "items",
    "properties",
    "additionalProperties",
    "oneOf",
    "discriminator",
    "propertyName",
    "mapping",
    "x-features",
    // After what a parameter, body or response requires.
    "schema",
    "content",
];

/// Keywords whose value is a map with arbitrary keys.
const NAMED: &[&str] = &[
    "paths",
    "responses",
    "content",
    "schemas",
    "securitySchemes",
    "properties",
    "mapping",
    "x-features",
    "variables",
    "default",
];

/// Writes a file atomically.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    let fail =
        |error: std::io::Error| Error::new(format!("cannot be written: {error}")).in_file(path);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        fail(error)
    })
}

/// Serializes a document, and verifies the result by parsing it.
pub(super) fn to_string(document: &Value, header: &str) -> Result<String, Error> {
    let mut text: String = header.lines().map(|line| format!("# {line}\n")).collect();
    if let Value::Object(map) = document {
        entries(&mut text, map, 0, false);
    }
    match document::parse(&text) {
        Ok(read) if read == *document => Ok(text),
        Ok(_) => Err(Error::new(
            "the document cannot be serialized as YAML: parsing it returns a different document",
        )),
        Err(error) => Err(Error::new(format!(
            "the document cannot be serialized as YAML: {error}"
        ))),
    }
}

fn entries(text: &mut String, map: &Map<String, Value>, indent: usize, named: bool) {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort();
    if !named {
        keys.sort_by_key(|key| {
            ORDER
                .iter()
                .position(|known| known == key)
                .unwrap_or(ORDER.len())
        });
    }
    for (index, key) in keys.into_iter().enumerate() {
        // The first entry of a list item follows its dash.
        if index > 0 || text.is_empty() || text.ends_with('\n') {
            let _ = write!(text, "{:indent$}", "");
        }
        text.push_str(&scalar(key));
        text.push(':');
        let below_named = !named && NAMED.contains(&key.as_str());
        node(text, &map[key], indent, below_named);
    }
}

/// Writes the value after a key or a dash.
fn node(text: &mut String, value: &Value, indent: usize, named: bool) {
    match value {
        Value::Object(map) if map.is_empty() => text.push_str(" {}\n"),
        Value::Array(list) if list.is_empty() => text.push_str(" []\n"),
        Value::Object(map) => {
            text.push('\n');
            entries(text, map, indent + 2, named);
        }
        Value::Array(list) => {
            text.push('\n');
            for item in list {
                let _ = write!(text, "{:1$}-", "", indent + 2);
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        text.push(' ');
                        entries(text, map, indent + 4, false);
                    }
                    _ => node(text, item, indent + 2, false),
                }
            }
        }
        Value::String(string) => string_value(text, string, indent + 2),
        Value::Number(number) => {
            let _ = writeln!(text, " {}", number_text(number));
        }
        Value::Bool(_) | Value::Null => {
            let _ = writeln!(text, " {value}");
        }
    }
}

/// Formats a number. YAML 1.1 parses `1e20` as a string; floats need a point and a sign.
fn number_text(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['-', '+']) {
        ""
    } else {
        "+"
    };
    format!("{mantissa}{point}e{sign}{exponent}")
}

fn string_value(text: &mut String, string: &str, indent: usize) {
    let lines: Vec<&str> = string.split('\n').collect();
    let literal = lines.len() > 1 && block_safe(&lines);
    let folded = lines.len() == 1
        && indent + string.len() > WIDTH
        && block_safe(&lines)
        && !string.contains("  ");
    if literal {
        text.push_str(" |-\n");
        lines.iter().for_each(|line| block_line(text, line, indent));
    } else if folded {
        text.push_str(" >-\n");
        wrap(string, WIDTH.saturating_sub(indent))
            .iter()
            .for_each(|line| block_line(text, line, indent));
    } else {
        text.push(' ');
        text.push_str(&scalar(string));
        text.push('\n');
    }
}

/// Whether a block scalar preserves the text.
fn block_safe(lines: &[&str]) -> bool {
    let ends = [lines.first(), lines.last()];
    ends.into_iter().flatten().all(|line| !line.is_empty())
        && !lines
            .first()
            .is_some_and(|line| line.starts_with([' ', '\t']))
        && lines
            .iter()
            .all(|line| !line.ends_with([' ', '\t']) && line.chars().all(printable))
}

fn printable(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn block_line(text: &mut String, line: &str, indent: usize) {
    if !line.is_empty() {
        let _ = write!(text, "{:indent$}{line}", "");
    }
    text.push('\n');
}

fn wrap(string: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in string.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Formats a string on one line: plain if unambiguous, quoted otherwise.
fn scalar(string: &str) -> String {
    if plain_safe(string) {
        return string.to_owned();
    }
    if string.chars().all(printable) {
        return format!("'{}'", string.replace('\'', "''"));
    }
    let mut quoted = String::from("\"");
    for character in string.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            character if printable(character) => quoted.push(character),
            character => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(character));
            }
        }
    }
    quoted.push('"');
    quoted
}

fn plain_safe(string: &str) -> bool {
    const KEYWORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let first = string
        .chars()
        .next()
        .is_some_and(|first| first.is_alphabetic() || matches!(first, '/' | '$' | '_'));
    first
        && !string.ends_with([' ', ':'])
        && !string.contains(": ")
        && !string.contains(" #")
        && string.chars().all(printable)
        && !KEYWORDS.contains(&string.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_ordered_for_human_readers() {
        let document = json!({"components": {"schemas": {
            "B": {"$ref": "#/x"},
            "A": {
                "properties": {"type": {"enum": ["a", "no"], "type": "string", "description": "A: b."}},
                "required": ["type"],
                "type": "object",
                "description": "What it is.",
            },
        }}});
        assert_eq!(
            to_string(&document, "Top.").unwrap(),
            "\
# Top.
components:
  schemas:
    A:
      description: What it is.
      type: object
      required:
        - type
      properties:
        type:
          description: 'A: b.'
          type: string
          enum:
            - a
            - 'no'
    B:
      $ref: '#/x'
"
        );
    }

    #[test]
    fn long_text_is_folded_and_paragraphs_are_kept() {
        let long = "word ".repeat(40).trim_end().to_owned();
        let text = to_string(
            &json!({"description": long, "title": "One.\n\n- two\n  three"}),
            "",
        )
        .unwrap();
        assert!(text.contains("description: >-\n  word word"), "{text}");
        assert!(
            text.contains("title: |-\n  One.\n\n  - two\n    three\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= WIDTH));
    }

    #[test]
    fn every_string_round_trips() {
        let texts = [
            "",
            " ",
            "a ",
            " a",
            "no",
            "Yes",
            "null",
            "~",
            "1",
            "1.5",
            "1e3",
            "0x1F",
            "12:30",
            "2024-01-01",
            "- a",
            "? a",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "'a'",
            "\"a\"",
            "it's",
            "[a]",
            "{a}",
            "*a",
            "&a",
            "!a",
            "|",
            ">",
            "%a",
            "@a",
            "`a`",
            "a\nb",
            "a\nb\n",
            "\na",
            "a\n\n\nb",
            "a\n  b\nc",
            "  a\nb",
            "a \nb",
            "tab\tin",
            "\u{7f}",
            "\u{85}",
            "\u{a0}",
            "😀",
            "\u{feff}a",
            "é",
            "\r\n",
            "\u{0}",
            "=",
            "<<",
            "...",
            "---",
            "a\\b",
            "/threads/{thread_id}",
            "include[]",
        ];
        for text in texts {
            let repeated = format!("{text} {}", "word ".repeat(30));
            for text in [text, repeated.as_str(), repeated.trim_end()] {
                to_string(&json!({"description": text, "list": [text, [text]], "properties": {text: {"type": text}}}), "").unwrap();
            }
        }
    }

    #[test]
    fn numbers_keep_their_type() {
        let document = json!({"a": [1, -1, 1.0, 0.5, 1e20, 1.5e-9, 18446744073709551615u64]});
        let text = to_string(&document, "").unwrap();
        assert!(text.contains("- 1.0e+20\n"), "{text}");
    }

    #[test]
    fn empty_and_nested_collections_are_written() {
        to_string(&json!({"a": {}, "b": [], "c": [[], {}, [["x"]], {"d": {"e": [{"f": []}]}}], "g": null}), "").unwrap();
    }
}
