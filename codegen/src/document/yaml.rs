//! Parsing of YAML text, with limits on nesting and on the expansion of aliases.

use std::collections::{BTreeMap, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use super::pointer::escape;
use super::scalar::scalar;
use crate::error::Error;

/// Maximum nesting. The deepest upstream document has 21 levels.
const MAX_DEPTH: usize = 120;

/// Maximum size that all aliases together expand to, in bytes (approximately).
const MAX_EXPANSION: usize = 64 << 20;

/// The lines on which the values of a document begin, by JSON pointer.
pub type Lines = BTreeMap<String, usize>;

/// Parses YAML text.
pub fn parse(text: &str) -> Result<Value, Error> {
    build(text, Builder::default()).map(|(value, _)| value)
}

/// Parses YAML text, and records on which line each value begins.
pub fn parse_located(text: &str) -> Result<(Value, Lines), Error> {
    let builder = Builder {
        lines: Some(Lines::new()),
        ..Builder::default()
    };
    build(text, builder)
}

fn build(text: &str, mut builder: Builder) -> Result<(Value, Lines), Error> {
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
    let node = builder.document.ok_or_else(|| Error::new("is empty"))?;
    Ok((node.value, builder.lines.unwrap_or_default()))
}

/// A complete value with its approximate size and its depth.
#[derive(Clone)]
struct Node {
    value: Value,
    size: usize,
    depth: usize,
}

/// An array or object whose end has not been parsed.
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

/// Builds a value from parser events.
#[derive(Default)]
struct Builder {
    stack: Vec<Frame>,
    /// Anchored values by the ID that the parser assigns to each definition. A redefined
    /// name gets a new ID, so that an alias refers to the latest definition, as YAML requires.
    anchors: HashMap<usize, Node>,
    expanded: usize,
    document: Option<Node>,
    /// `None` if lines are not recorded.
    lines: Option<Lines>,
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
        let is_value = matches!(
            event,
            Event::SequenceStart(..)
                | Event::MappingStart(..)
                | Event::Scalar(..)
                | Event::Alias(_)
        );
        if is_value && !self.expects_key() {
            self.record(span.start.line());
        }
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
            Event::DocumentStart(_) if self.document.is_some() => {
                Err(at("the file has more than one document".into()))
            }
            _ => Ok(()),
        }
    }

    /// Records the line of the value that begins here.
    fn record(&mut self, line: usize) {
        let Some(lines) = &mut self.lines else {
            return;
        };
        let pointer = self.stack.iter().map(|frame| match &frame.open {
            Open::Array(items) => format!("/{}", items.len()),
            Open::Object { key, .. } => format!("/{}", escape(key.as_deref().unwrap_or_default())),
        });
        lines.insert(pointer.collect(), line);
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
            return Err("key outside an object".into());
        };
        if text == "<<" && style == ScalarStyle::Plain {
            return Err("merge keys (`<<`) are not part of YAML 1.2".into());
        }
        if map.contains_key(text) {
            return Err(format!("duplicate key `{text}`"));
        }
        *size += 16 + text.len();
        *key = Some(text.to_owned());
        Ok(())
    }

    fn open(&mut self, anchor: usize, open: Open) -> Result<(), String> {
        if self.expects_key() {
            return Err("an array or object cannot be a key".into());
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
            return Err("unexpected end of an array or object".into());
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
            return Err("an alias cannot be a key".into());
        }
        let Some(node) = self.anchors.get(&anchor) else {
            return Err("an alias refers to a value that contains it".into());
        };
        self.expanded = self.expanded.saturating_add(node.size);
        if self.expanded > MAX_EXPANSION {
            return Err(format!(
                "the aliases expand to more than {} MiB",
                MAX_EXPANSION >> 20
            ));
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
                let key = key.take().ok_or("value without a key")?;
                map.insert(key, node.value);
            }
        }
        Ok(())
    }
}

fn structural_tag(tag: Option<&Tag>, expected: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == expected) => {
            Err(format!("unknown tag `{tag}`"))
        }
        _ => Ok(()),
    }
}
