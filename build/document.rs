//! Reads a YAML or JSON document into a JSON value.
//!
//! Documents come from elsewhere and are big, so reading is strict about what
//! would otherwise be lost without a word (repeated keys, keys that are no text)
//! and bounded in what it builds (nesting, expansion of aliases). Scalars follow
//! the core schema of YAML 1.2: `no` and `on` are text, and so is a date.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deeper documents are refused. The deepest upstream document has 21 levels.
const MAX_DEPTH: usize = 120;

/// What all aliases of a document may expand to, in bytes (about).
const MAX_EXPANSION: usize = 64 << 20;

/// Why a document cannot be used: the file, what is wrong with it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    file: Option<String>,
    place: Option<String>,
    what: String,
}

impl Error {
    /// Something is wrong with the document as a whole.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            file: None,
            place: None,
            what: what.into(),
        }
    }

    /// Something is wrong at one place of the document.
    pub fn at(place: impl fmt::Display, what: impl Into<String>) -> Self {
        Self {
            place: Some(place.to_string()),
            ..Self::new(what)
        }
    }

    /// Names the file, unless an earlier step has done so.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file.get_or_insert_with(|| file.display().to_string());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if let Some(place) = &self.place {
            write!(f, "at {place}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Error {}

/// Reads a file.
///
/// # Errors
/// Says why the file cannot be read, or where its text is neither YAML nor JSON.
pub fn read(path: &Path) -> Result<Value, Error> {
    let bytes = std::fs::read(path)
        .map_err(|error| Error::new(format!("cannot be read: {error}")).in_file(path))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::new("is not text: it holds bytes that are not UTF-8").in_file(path))?;
    parse(&text).map_err(|error| error.in_file(path))
}

/// Reads the text of a document.
///
/// # Errors
/// Says where the text is neither YAML nor JSON.
pub fn parse(text: &str) -> Result<Value, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        return parse_json(text).or_else(|error| parse_yaml(text).map_err(|_| error));
    }
    parse_yaml(text)
}

fn parse_json(text: &str) -> Result<Value, Error> {
    serde_json::from_str::<Unique>(text)
        .map(|unique| unique.0)
        .map_err(|error| {
            let message = error.to_string();
            let what = message
                .split(" at line ")
                .next()
                .unwrap_or(&message)
                .to_owned();
            Error::at(
                format!("line {}, column {}", error.line(), error.column()),
                format!("not valid JSON: {what}"),
            )
        })
}

/// A JSON value whose objects repeat no key.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UniqueKeys;

        impl<'de> Visitor<'de> for UniqueKeys {
            type Value = Unique;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Unique, E> {
                Ok(Unique(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Unique, E> {
                Ok(Unique(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
                let mut array = Vec::new();
                while let Some(Unique(item)) = items.next_element()? {
                    array.push(item);
                }
                Ok(Unique(Value::Array(array)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique, A::Error> {
                let mut map = Map::new();
                while let Some((key, Unique(value))) = entries.next_entry::<String, Unique>()? {
                    if map.contains_key(&key) {
                        return Err(A::Error::custom(format!("the key `{key}` is repeated")));
                    }
                    map.insert(key, value);
                }
                Ok(Unique(Value::Object(map)))
            }
        }

        deserializer.deserialize_any(UniqueKeys)
    }
}

fn parse_yaml(text: &str) -> Result<Value, Error> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| {
            let mark = error.marker();
            Error::at(
                format!("line {}, column {}", mark.line(), mark.col() + 1),
                format!("not valid YAML: {}", error.info()),
            )
        })?;
        builder.event(event, span)?;
    }
    builder
        .document
        .map(|node| node.value)
        .ok_or_else(|| Error::new("is empty"))
}

/// A finished value, with what it costs to copy it and how deep it is.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
    depth: usize,
}

/// An array or object that is still open.
struct Frame {
    anchor: usize,
    size: usize,
    depth: usize,
    open: Open,
}

enum Open {
    Array(Vec<Value>),
    Object {
        map: Map<String, Value>,
        key: Option<String>,
    },
}

/// Builds a value from the events of the parser.
#[derive(Default)]
struct Builder {
    stack: Vec<Frame>,
    /// By the parser's number, of which every definition has its own: a name that
    /// is defined again stands for the newest definition, as YAML wants it.
    anchors: HashMap<usize, Node>,
    expanded: usize,
    document: Option<Node>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Error> {
        let at = |what: String| {
            Error::at(
                format!(
                    "line {}, column {}",
                    span.start.line(),
                    span.start.col() + 1
                ),
                what,
            )
        };
        match event {
            Event::SequenceStart(anchor, tag) => {
                structural_tag(tag.as_deref(), "seq").map_err(at)?;
                self.open(anchor, Open::Array(Vec::new())).map_err(at)
            }
            Event::MappingStart(anchor, tag) => {
                structural_tag(tag.as_deref(), "map").map_err(at)?;
                self.open(
                    anchor,
                    Open::Object {
                        map: Map::new(),
                        key: None,
                    },
                )
                .map_err(at)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close().map_err(at),
            Event::Scalar(text, style, anchor, tag) => {
                if self.expects_key() {
                    return self.key(&text, style).map_err(at);
                }
                let value = scalar(&text, style, tag.as_deref()).map_err(at)?;
                let node = Node {
                    value,
                    size: 16 + text.len(),
                    depth: 0,
                };
                self.define(anchor, &node);
                self.finish(node).map_err(at)
            }
            Event::Alias(anchor) => {
                let node = self.alias(anchor).map_err(at)?;
                self.finish(node).map_err(at)
            }
            Event::DocumentStart(_) if self.document.is_some() => Err(at(
                "a second document starts here: one file holds one document".into(),
            )),
            _ => Ok(()),
        }
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Frame {
                open: Open::Object { key: None, .. },
                ..
            })
        )
    }

    fn key(&mut self, text: &str, style: ScalarStyle) -> Result<(), String> {
        let Some(Frame {
            open: Open::Object { map, key },
            size,
            ..
        }) = self.stack.last_mut()
        else {
            return Err("a key outside an object".into());
        };
        if text == "<<" && style == ScalarStyle::Plain {
            return Err("merge keys (`<<`) are not part of YAML 1.2: write the keys out".into());
        }
        if map.contains_key(text) {
            return Err(format!("the key `{text}` is repeated"));
        }
        *size += 16 + text.len();
        *key = Some(text.to_owned());
        Ok(())
    }

    fn open(&mut self, anchor: usize, open: Open) -> Result<(), String> {
        if self.expects_key() {
            return Err("an array or object is used as a key".into());
        }
        if self.stack.len() >= MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.stack.push(Frame {
            anchor,
            size: 16,
            depth: 0,
            open,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(Frame {
            anchor,
            size,
            depth,
            open,
        }) = self.stack.pop()
        else {
            return Err("an array or object ends that never began".into());
        };
        let value = match open {
            Open::Array(items) => Value::Array(items),
            Open::Object { map, .. } => Value::Object(map),
        };
        let node = Node {
            value,
            size,
            depth: depth + 1,
        };
        self.define(anchor, &node);
        self.finish(node)
    }

    fn define(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn alias(&mut self, anchor: usize) -> Result<Node, String> {
        if self.expects_key() {
            return Err("an alias is used as a key".into());
        }
        let Some(node) = self.anchors.get(&anchor) else {
            return Err("an alias refers to what it stands in".into());
        };
        self.expanded = self.expanded.saturating_add(node.size);
        if self.expanded > MAX_EXPANSION {
            return Err("the aliases of this document expand to too much".into());
        }
        if self.stack.len() + node.depth > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        Ok(node.clone())
    }

    fn finish(&mut self, node: Node) -> Result<(), String> {
        let Some(frame) = self.stack.last_mut() else {
            self.document = Some(node);
            return Ok(());
        };
        frame.size = frame.size.saturating_add(node.size);
        frame.depth = frame.depth.max(node.depth);
        match &mut frame.open {
            Open::Array(items) => items.push(node.value),
            Open::Object { map, key } => {
                let key = key.take().ok_or("a value without a key")?;
                map.insert(key, node.value);
            }
        }
        Ok(())
    }
}

fn structural_tag(tag: Option<&Tag>, expected: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == expected) => {
            Err(format!("the tag `{tag}` is unknown"))
        }
        _ => Ok(()),
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let plain = match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => false,
            "null" | "bool" | "int" | "float" => true,
            _ => return Err(format!("the tag `{tag}` is unknown")),
        },
        // `!` alone marks text.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => false,
        Some(tag) => return Err(format!("the tag `{tag}` is unknown")),
    };
    if plain {
        plain_scalar(text)
    } else {
        Ok(text.into())
    }
}

fn plain_scalar(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        ".nan" | ".NaN" | ".NAN" => return Err("a document cannot hold `.nan`".into()),
        _ if matches!(
            text.trim_start_matches(['-', '+']),
            ".inf" | ".Inf" | ".INF"
        ) =>
        {
            return Err(format!("a document cannot hold `{text}`"));
        }
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    })
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit())
        || unsigned.strip_prefix('.').is_some_and(|rest| {
            rest.bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_digit())
        });
    let known = unsigned
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !digits || !known {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(integer.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
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
    fn a_flow_mapping_is_read_as_yaml() {
        assert_eq!(parse("{a: b}").unwrap(), json!({"a": "b"}));
    }

    #[test]
    fn keys_become_text() {
        assert_eq!(
            parse("200: a\nyes: b\nnull: c\n1.10: d").unwrap(),
            json!({"200": "a", "yes": "b", "null": "c", "1.10": "d"})
        );
    }

    #[test]
    fn yaml_1_1_spellings_are_text() {
        let value =
            parse("[no, On, y, 2024-01-01, 12:30, 1_000, 0x, 1.2.3, '1', \"true\"]").unwrap();
        assert!(
            value.as_array().unwrap().iter().all(Value::is_string),
            "{value}"
        );
    }

    #[test]
    fn numbers_keep_their_kind() {
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
    fn the_newest_definition_of_an_anchor_wins() {
        assert_eq!(
            parse("a: &x 1\nb: *x\nc: &x 2\nd: *x").unwrap(),
            json!({"a": 1, "b": 1, "c": 2, "d": 2})
        );
    }

    #[test]
    fn repeated_keys_are_an_error_with_a_place() {
        assert_eq!(
            error("a: 1\nb:\n  c: 1\n  c: 2\n"),
            "at line 4, column 3: the key `c` is repeated"
        );
        assert!(error(r#"{"a": 1, "a": 2}"#).contains("the key `a` is repeated"));
    }

    #[test]
    fn what_json_cannot_hold_is_an_error() {
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
    fn broken_text_is_an_error_with_a_place() {
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
        assert!(error(&bomb).contains("expand to too much"));
    }
}
