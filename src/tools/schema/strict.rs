//! Converts a JSON Schema to the strict subset of the API.
//!
//! Strict objects are closed and name all their properties as required, so an optional property
//! becomes a nullable one. Only plain local references are allowed, and neither `allOf` nor
//! `oneOf`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::error::core::Result;
use crate::tools::schema::keywords::{Keywords, any_of, has_type, merge, nullable, supported};
use crate::tools::schema::reference::{DEFINITIONS, decode_name, find, resolve};
use crate::tools::schema::root::require_object;
use crate::tools::schema::unsupported::{not_strict, untyped};

/// The API accepts 10 levels and 5,000 properties. A larger schema is recursive once its
/// references are inlined.
const MAX_DEPTH: usize = 64;
const MAX_SCHEMAS: usize = 20_000;

/// Converts a schema with an object as its root to the strict subset.
///
/// # Errors
/// The strict subset cannot express the schema. The error names the path.
pub(crate) fn to_strict(name: &str, root: &Value) -> Result<Value> {
    let mut converter = Converter {
        root,
        depth: 0,
        schemas: 0,
        pending: Vec::new(),
    };
    let schema = converter.inline(converter.referenced("#", name)?, name)?;
    let mut schema = require_object(schema, name)?;
    let mut definitions = Keywords::new();
    while let Some(name) = converter.pending.pop() {
        if !definitions.contains_key(&decode_name(&name)) {
            let definition = converter.referenced(&format!("{DEFINITIONS}{name}"), &name)?;
            definitions.insert(decode_name(&name), converter.inline(definition, &name)?);
        }
    }
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    Ok(schema)
}

/// The state of a conversion.
///
/// Its methods take paths such as `Trip.stops[].city` for errors.
struct Converter<'a> {
    root: &'a Value,
    /// The nesting depth of the schema at hand.
    depth: usize,
    /// The number of schemas converted so far.
    schemas: usize,
    /// Referenced definitions that are not converted yet, possibly with duplicates.
    pending: Vec<String>,
}

impl Converter<'_> {
    /// Converts a schema. A schema that is only a reference stays one.
    ///
    /// The strict subset allows no description beside a reference. Such a reference is inlined,
    /// unless the type is recursive: then the description is dropped.
    fn convert(&mut self, schema: Keywords, path: &str) -> Result<Value> {
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let is_described = schema.len() == 2 && schema.contains_key("description");
            if schema.len() == 1 || is_described && self.is_recursive(reference) {
                resolve(self.root, reference, path)?;
                let name = reference.strip_prefix(DEFINITIONS);
                self.pending.extend(name.map(str::to_owned));
                return Ok(json!({ "$ref": reference }));
            }
        }
        self.inline(schema, path)
    }

    /// Converts a schema and inlines its reference.
    fn inline(&mut self, schema: Keywords, path: &str) -> Result<Value> {
        self.depth += 1;
        self.schemas += 1;
        if self.depth > MAX_DEPTH || self.schemas > MAX_SCHEMAS {
            let problem = "is too large or recurses too deeply";
            return Err(not_strict(path, problem, "use a simpler type"));
        }
        let converted = self.combine(schema, path);
        self.depth -= 1;
        converted
    }

    /// Resolves one of the keywords that combine schemas, and converts the result.
    fn combine(&mut self, mut schema: Keywords, path: &str) -> Result<Value> {
        if let Some(Value::String(reference)) = schema.remove("$ref") {
            merge(&mut schema, self.referenced(&reference, path)?, path)?;
            return self.inline(schema, path);
        }
        // `allOf` is the last, because merging adds to it.
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(members)) = schema.remove(keyword) {
                if keyword != "allOf" && members.len() > 1 {
                    return self.union(members, schema, path);
                }
                for member in members {
                    merge(&mut schema, supported(member, path)?, path)?;
                }
                return self.convert(schema, path);
            }
        }
        self.without_combinators(schema, path)
    }

    /// Converts a union.
    ///
    /// The keywords beside it are merged into each member, since schemars
    /// describes an enum that is flattened into a struct that way. The description stays outside.
    fn union(&mut self, members: Vec<Value>, mut common: Keywords, path: &str) -> Result<Value> {
        let description = common.remove("description");
        let mut converted = Vec::new();
        for member in members {
            let mut schema = common.clone();
            merge(&mut schema, supported(member, path)?, path)?;
            converted.push(self.convert(schema, path)?);
        }
        Ok(any_of(converted, description))
    }

    /// Converts a schema that does not combine others.
    fn without_combinators(&mut self, mut schema: Keywords, path: &str) -> Result<Value> {
        if !schema.contains_key("type") {
            return Err(untyped(path));
        }
        if has_type(&schema, "array") {
            let path = format!("{path}[]");
            let items = supported(schema.remove("items").unwrap_or_default(), &path)?;
            schema.insert("items".to_owned(), self.convert(items, &path)?);
        }
        if has_type(&schema, "object") {
            let required = schema.remove("required").unwrap_or_default();
            let required = required.as_array().map_or(&[][..], Vec::as_slice);
            let mut properties = Keywords::new();
            if let Some(Value::Object(all)) = schema.remove("properties") {
                for (name, property) in all {
                    let path = format!("{path}.{name}");
                    let mut property = self.convert(supported(property, &path)?, &path)?;
                    if !required.iter().any(|one| *one == name) {
                        property = nullable(property);
                    }
                    properties.insert(name, property);
                }
            }
            let names: Vec<_> = properties.keys().cloned().collect();
            schema.insert("additionalProperties".to_owned(), false.into());
            schema.insert("required".to_owned(), names.into());
            schema.insert("properties".to_owned(), properties.into());
        }
        Ok(schema.into())
    }

    /// Returns the supported keywords of the schema that a reference points to.
    fn referenced(&self, reference: &str, path: &str) -> Result<Keywords> {
        supported(resolve(self.root, reference, path)?.clone(), path)
    }

    /// Whether a schema refers to itself, directly or through others.
    ///
    /// Uses a list in place of
    /// recursion, because definitions may form a chain of any length.
    fn is_recursive(&self, start: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut pending = Vec::from_iter(find(self.root, start));
        while let Some(value) = pending.pop() {
            match value {
                Value::Array(items) => pending.extend(items),
                Value::Object(properties) => pending.extend(properties.values()),
                _ => {}
            }
            if let Some(Value::String(reference)) = value.get("$ref")
                && seen.insert(reference.as_str())
            {
                pending.extend(find(self.root, reference));
            }
        }
        seen.contains(start)
    }
}
