//! The JSON Schema of a Rust type in the subset that the API calls strict, and how what
//! a model writes by such a schema is read.
//!
//! Strict objects are closed and name all their properties as required, so a property
//! that may be missing becomes one that may be null. Only plain local references are
//! allowed, and neither `allOf` nor `oneOf`.

use std::collections::BTreeSet;
use std::fmt;

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

type Keywords = Map<String, Value>;

/// What the strict subset knows, apart from what puts schemas together.
const KEPT: [&str; 17] = [
    "additionalProperties",
    "const",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "multipleOf",
    "pattern",
    "properties",
    "required",
    "type",
];
/// What cannot be left out without accepting something else. What is in no list only
/// narrows a value or comments on it (`minLength`, `default`, `title`), and is left out.
const REFUSED: [&str; 11] = [
    "$dynamicRef",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
];
/// Two of these cannot both hold, unless they are equal.
const SHAPE: [&str; 5] = ["additionalProperties", "const", "enum", "items", "type"];
const FORMATS: [&str; 9] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "time",
    "uuid",
];
const DEFINITIONS: &str = "#/$defs/";

/// The API takes 10 levels and 5,000 properties. More than this is a schema that has no
/// end once its references are written out.
const DEPTH_LIMIT: usize = 64;
const SIZE_LIMIT: usize = 20_000;

/// The schema of what a type is decoded from, as schemars makes it.
pub(crate) fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12();
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// Takes the description off a schema.
pub(crate) fn take_description(schema: &mut Value) -> Option<String> {
    match schema.as_object_mut()?.remove("description")? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A schema in its strict form. Its outermost value is an object.
///
/// # Errors
/// There is no such form. The error names the place.
pub(crate) fn strict(name: &str, root: &Value) -> Result<Value> {
    let mut writer = Writer {
        root,
        size: 0,
        named: BTreeSet::new(),
        waiting: Vec::new(),
    };
    let place = Place::start(name);
    let keywords = object(writer.whole(root, &place)?, &place)?;
    let mut schema = writer.write(keywords, &place)?;
    let mut definitions = Keywords::new();
    while let Some(name) = writer.waiting.pop() {
        let place = Place::start(&name);
        let definition = writer.resolve(&format!("{DEFINITIONS}{name}"), &place)?;
        let definition = writer.whole(definition, &place)?;
        definitions.insert(decoded(&name), writer.write(definition, &place)?);
    }
    if !definitions.is_empty() {
        schema["$defs"] = definitions.into();
    }
    Ok(schema)
}

/// A schema as it is. Its outermost value is an object.
///
/// # Errors
/// It is not an object.
pub(crate) fn plain(name: &str, root: &Value) -> Result<Value> {
    let place = Place::start(name);
    let Value::Object(schema) = root else {
        return Err(place.error(NO_OBJECT));
    };
    let mut schema = schema.clone();
    if let Some(Value::String(reference)) = schema.remove("$ref") {
        let Value::Object(target) = resolve(root, &reference, &place)? else {
            return Err(place.error(NO_OBJECT));
        };
        let target = target.clone();
        target.into_iter().for_each(|(keyword, value)| {
            schema.entry(keyword).or_insert(value);
        });
    }
    schema.remove("$schema");
    schema.remove("title");
    object(schema, &place).map(Value::Object)
}

const NO_OBJECT: &str = "is not an object with named members, which the outermost value has to be: put it into a field of a struct";

/// What describes an object. A type without content is an object without members.
fn object(mut schema: Keywords, place: &Place) -> Result<Keywords> {
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            schema
                .entry("properties")
                .or_insert_with(|| Keywords::new().into());
            Ok(schema)
        }
        Some("null") => {
            schema.insert("type".into(), "object".into());
            schema.insert("properties".into(), Keywords::new().into());
            schema.insert("additionalProperties".into(), false.into());
            Ok(schema)
        }
        _ => Err(place.error(NO_OBJECT)),
    }
}

/// Where in a type, such as `Trip.stops[].city`.
struct Place {
    text: String,
    depth: usize,
}

impl Place {
    fn start(name: &str) -> Self {
        Self {
            text: name.to_owned(),
            depth: 0,
        }
    }

    fn inside(&self, step: impl fmt::Display) -> Self {
        Self {
            text: format!("{}{step}", self.text),
            depth: self.depth + 1,
        }
    }

    fn error(&self, reason: impl fmt::Display) -> Error {
        Error::unusable(format!("`{}` {reason}", self.text))
    }

    fn refused(&self, what: &str, instead: &str) -> Error {
        self.error(format_args!(
            "{what}, which a strict JSON Schema cannot express: {instead} (a tool may be `strict(false)` instead)"
        ))
    }

    fn is_anything(&self) -> Error {
        self.refused("can be any JSON value", "use a type of its own")
    }

    fn is_map(&self) -> Error {
        self.refused(
            "is a map or takes members of any name",
            "use a list of structs with a name and a value",
        )
    }
}

struct Writer<'a> {
    root: &'a Value,
    /// How many schemas have been put together.
    size: usize,
    /// The definitions that are referred to, and those of them still to be written.
    named: BTreeSet<String>,
    waiting: Vec<String>,
}

impl<'a> Writer<'a> {
    /// The strict form of a schema.
    fn schema(&mut self, schema: &Value, place: &Place) -> Result<Value> {
        if let Some(reference) = self.reference(schema) {
            return self.refer(reference, place);
        }
        let whole = self.whole(schema, place)?;
        self.write(whole, place)
    }

    /// What a schema refers to, if it does nothing else. The description of a place goes
    /// if the type is part of itself: written out, there would be no end to it.
    fn reference<'s>(&self, schema: &'s Value) -> Option<&'s str> {
        let schema = schema.as_object()?;
        let mut keywords = schema.iter().filter(|(keyword, _)| counts(keyword));
        let reference = match (keywords.next()?, keywords.next()) {
            ((keyword, Value::String(reference)), None) if keyword == "$ref" => reference,
            ((keyword, Value::Array(members)), None)
                if matches!(keyword.as_str(), "allOf" | "anyOf" | "oneOf")
                    && members.len() == 1 =>
            {
                self.reference(&members[0])?
            }
            _ => return None,
        };
        let is_plain = !schema.contains_key("description");
        (is_plain || self.is_recursive(reference)).then_some(reference)
    }

    fn is_recursive(&self, start: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![start];
        while let Some(reference) = waiting.pop() {
            let mut inside = Vec::new();
            if let Some(schema) = target(self.root, reference) {
                references(schema, &mut inside);
            }
            if reference == "#" || inside.contains(&start) {
                return true;
            }
            waiting.extend(inside.into_iter().filter(|inner| seen.insert(*inner)));
        }
        false
    }

    fn refer(&mut self, reference: &str, place: &Place) -> Result<Value> {
        self.resolve(reference, place)?;
        if let Some(name) = reference.strip_prefix(DEFINITIONS)
            && self.named.insert(name.to_owned())
        {
            self.waiting.push(name.to_owned());
        }
        Ok(json!({ "$ref": reference }))
    }

    fn resolve(&self, reference: &str, place: &Place) -> Result<&'a Value> {
        resolve(self.root, reference, place)
    }

    /// A schema in one piece: what it refers to and what `allOf` puts together is merged
    /// into it. Where there is a choice, it has `anyOf` and at most a description. What
    /// is inside of it is as it was.
    fn whole(&mut self, schema: &Value, place: &Place) -> Result<Keywords> {
        self.size += 1;
        if place.depth > DEPTH_LIMIT || self.size > SIZE_LIMIT {
            return Err(place.refused(
                "is too large or contains itself too often",
                "use a simpler type",
            ));
        }
        let Value::Object(schema) = schema else {
            return Err(place.is_anything());
        };
        if let Some(keyword) = REFUSED
            .iter()
            .find(|keyword| schema.contains_key(**keyword))
        {
            return Err(match *keyword {
                "prefixItems" => place.refused("is a tuple", "use a struct with named fields"),
                "patternProperties" | "propertyNames" => place.is_map(),
                other => place.refused(&format!("has `{other}`"), "use another type"),
            });
        }
        let mut whole: Keywords = schema
            .iter()
            .filter(|(keyword, _)| KEPT.contains(&keyword.as_str()))
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        let inner = place.inside("");
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let part = self.whole(self.resolve(reference, place)?, &inner)?;
            whole = self.merge(whole, part, place)?;
        }
        let members = |keyword| schema.get(keyword).and_then(Value::as_array);
        for member in members("allOf").into_iter().flatten() {
            let part = self.whole(member, &inner)?;
            whole = self.merge(whole, part, place)?;
        }
        for members in ["anyOf", "oneOf"].into_iter().filter_map(members) {
            let part = match members.as_slice() {
                [member] => self.whole(member, &inner)?,
                members => choice_of(members.to_vec()),
            };
            whole = self.merge(whole, part, place)?;
        }
        Ok(whole)
    }

    /// What fits both. Comments and limits of the first count more.
    fn merge(&mut self, mut one: Keywords, mut other: Keywords, place: &Place) -> Result<Keywords> {
        let is_bare = |schema: &Keywords| schema.keys().all(|keyword| keyword == "description");
        if is_bare(&one) || is_bare(&other) {
            other.append(&mut one);
            return Ok(other);
        }
        if one.contains_key("anyOf") || other.contains_key("anyOf") {
            // It is about the choice, and not about its members.
            let descriptions = [&mut one, &mut other].map(|schema| schema.remove("description"));
            let choice = if one.contains_key("anyOf") {
                self.choice(&one, &other, place)?
            } else {
                self.choice(&other, &one, place)?
            };
            return Ok(described(choice, descriptions.into_iter().flatten().next()));
        }
        for (keyword, value) in other {
            match (one.get_mut(&keyword), value) {
                (None, value) => drop(one.insert(keyword, value)),
                (Some(Value::Object(all)), Value::Object(more)) if keyword == "properties" => {
                    for (name, schema) in more {
                        if all.get(&name).is_some_and(|present| *present != schema) {
                            return Err(place.refused(
                                &format!("has `{name}` twice with different types"),
                                "rename one of them",
                            ));
                        }
                        all.insert(name, schema);
                    }
                }
                (Some(Value::Array(all)), Value::Array(more)) if keyword == "required" => {
                    let new: Vec<_> = more
                        .into_iter()
                        .filter(|name| !all.contains(name))
                        .collect();
                    all.extend(new);
                }
                (Some(present), value)
                    if SHAPE.contains(&keyword.as_str()) && *present != value =>
                {
                    return Err(place.refused(
                        &format!("has to fit two schemas that differ in `{keyword}`"),
                        "use another type",
                    ));
                }
                _ => {}
            }
        }
        Ok(one)
    }

    /// Each member of a choice, merged with what they have in common.
    fn choice(&mut self, choice: &Keywords, common: &Keywords, place: &Place) -> Result<Keywords> {
        let members = choice.get("anyOf").and_then(Value::as_array);
        let members = members
            .into_iter()
            .flatten()
            .map(|member| {
                let place = place.inside("");
                let member = self.whole(member, &place)?;
                self.merge(member, common.clone(), &place)
                    .map(Value::Object)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(choice_of(members))
    }

    /// The strict form of a schema in one piece.
    fn write(&mut self, mut schema: Keywords, place: &Place) -> Result<Value> {
        if let Some(Value::Array(members)) = schema.get_mut("anyOf") {
            let place = place.inside("");
            for member in members {
                *member = self.schema(member, &place)?;
            }
            return Ok(schema.into());
        }
        if !schema.contains_key("type") {
            let types = types_of_values(&schema).ok_or_else(|| place.is_anything())?;
            schema.insert("type".to_owned(), types);
        }
        if has_type(&schema, "object") {
            self.close(&mut schema, place)?;
        }
        if has_type(&schema, "array") {
            let items = schema
                .get("items")
                .ok_or_else(|| place.inside("[]").is_anything())?;
            let items = self.schema(items, &place.inside("[]"))?;
            schema.insert("items".to_owned(), items);
        }
        let format = schema.get("format").and_then(Value::as_str);
        if format.is_some_and(|format| !FORMATS.contains(&format)) {
            schema.remove("format");
        }
        Ok(schema.into())
    }

    /// No other members, and all of them required.
    fn close(&mut self, schema: &mut Keywords, place: &Place) -> Result<()> {
        match schema.get("additionalProperties") {
            None | Some(Value::Bool(false)) => {}
            Some(_) => return Err(place.is_map()),
        }
        let required = schema.remove("required").unwrap_or_default();
        let is_required = |name: &str| {
            let required = required.as_array();
            required.is_some_and(|names| names.iter().any(|known| known == name))
        };
        let mut properties = match schema.remove("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Keywords::new(),
        };
        for (name, property) in &mut properties {
            let written = self.schema(property, &place.inside(format_args!(".{name}")))?;
            *property = if is_required(name) {
                written
            } else {
                nullable(written)
            };
        }
        let names: Vec<_> = properties.keys().cloned().collect();
        schema.insert("additionalProperties".to_owned(), false.into());
        schema.insert("required".to_owned(), names.into());
        schema.insert("properties".to_owned(), properties.into());
        Ok(())
    }
}

/// Whether a keyword says something of the value.
fn counts(keyword: &str) -> bool {
    let composes = ["$ref", "allOf", "anyOf", "oneOf"].contains(&keyword);
    let is_kept = KEPT.contains(&keyword) && keyword != "description";
    composes || is_kept || REFUSED.contains(&keyword)
}

fn choice_of(members: Vec<Value>) -> Keywords {
    Keywords::from_iter([("anyOf".to_owned(), members.into())])
}

fn described(mut schema: Keywords, description: Option<Value>) -> Keywords {
    if let Some(description) = description {
        schema.insert("description".to_owned(), description);
    }
    schema
}

fn has_type(schema: &Keywords, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(types)) => types.iter().any(|one| one == name),
        _ => false,
    }
}

/// The JSON types of the values that a schema lists. The API wants them to be named.
fn types_of_values(schema: &Keywords) -> Option<Value> {
    let values = match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => values.as_slice(),
        (_, Some(value)) => std::slice::from_ref(value),
        _ => return None,
    };
    let types: BTreeSet<_> = values.iter().map(type_of).collect();
    Some(match Vec::from_iter(types).as_slice() {
        [only] => json!(only),
        types => json!(types),
    })
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A strict schema that accepts null as well.
fn nullable(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else {
        return schema;
    };
    if accepts_null(&schema) {
        return schema.into();
    }
    let null = json!({ "type": "null" });
    if let Some(Value::Array(members)) = schema.get_mut("anyOf") {
        members.push(null);
        return schema.into();
    }
    match schema.get("type") {
        Some(Value::String(only)) if only != "object" && !schema.contains_key("const") => {
            let types = json!([only, "null"]);
            schema.insert("type".to_owned(), types);
            if let Some(Value::Array(values)) = schema.get_mut("enum") {
                values.push(Value::Null);
            }
            schema.into()
        }
        _ => {
            let description = schema.remove("description");
            described(choice_of(vec![schema.into(), null]), description).into()
        }
    }
}

fn accepts_null(schema: &Keywords) -> bool {
    if let Some(Value::Array(members)) = schema.get("anyOf") {
        let mut members = members.iter().filter_map(Value::as_object);
        return members.any(accepts_null);
    }
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), _) => values.contains(&Value::Null),
        (_, Some(value)) => value.is_null(),
        _ => has_type(schema, "null"),
    }
}

fn resolve<'a>(root: &'a Value, reference: &str, place: &Place) -> Result<&'a Value> {
    target(root, reference).ok_or_else(|| {
        place.error(format_args!(
            "refers to `{reference}`, which is not in the schema: only `#` and `{DEFINITIONS}…` can be used"
        ))
    })
}

fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    match reference.strip_prefix(DEFINITIONS) {
        Some(name) => root.get("$defs")?.get(decoded(name)),
        None => (reference == "#").then_some(root),
    }
}

/// The name in a reference: a part of a JSON pointer in the fragment of a URI.
fn decoded(name: &str) -> String {
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.replace("~1", "/").replace("~0", "~")
}

/// Every reference in a schema, and what looks like one.
fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(reference) if name == "$ref" => found.push(reference),
                    _ if name == "$defs" => {}
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Decodes what a model has written by a schema of this module: null may stand for a
/// value that is missing, and an empty object for one without content.
///
/// # Errors
/// It is not JSON, or has another form. The error is that of the text as it came.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let value = serde_json::from_str(text).map(without_nulls);
        match value {
            Ok(Value::Object(members)) if members.is_empty() => {
                T::deserialize(Value::Object(members)).or_else(|_| T::deserialize(Value::Null))
            }
            Ok(value) => T::deserialize(value),
            Err(error) => Err(error),
        }
        .map_err(|_| error)
    })
}

/// A value without those members of its objects that are null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, member)| !member.is_null())
            .map(|(name, member)| (name, without_nulls(member)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use serde::{Deserialize, Serialize};

    use super::*;

    fn strict_of<T: JsonSchema>() -> Value {
        strict(&T::schema_name(), &of::<T>()).expect("the type has a strict schema")
    }

    fn refusal_of<T: JsonSchema>() -> String {
        let error = strict(&T::schema_name(), &of::<T>()).expect_err("it has none");
        assert!(error.is_invalid_argument());
        error.to_string()
    }

    fn written(schema: Value) -> Value {
        strict("Given", &schema).expect("it has a strict form")
    }

    /// A schema of an object with one member.
    fn with(property: Value) -> Value {
        json!({
            "type": "object",
            "properties": {"x": property},
            "required": ["x"],
            "additionalProperties": false,
        })
    }

    /// Checks that the rules hold everywhere.
    fn check(schema: &Value) {
        match schema {
            Value::Object(members) => {
                for keyword in [
                    "allOf",
                    "oneOf",
                    "default",
                    "title",
                    "$schema",
                    "prefixItems",
                ] {
                    assert!(!members.contains_key(keyword), "{keyword}: {schema:#}");
                }
                if members.contains_key("$ref") {
                    assert_eq!(members.len(), 1, "{schema:#}");
                }
                if has_type(members, "object") {
                    let names: Vec<_> = members["properties"].as_object().unwrap().keys().collect();
                    assert_eq!(members["required"], json!(names), "{schema:#}");
                    assert_eq!(members["additionalProperties"], false, "{schema:#}");
                }
                for (keyword, value) in members {
                    match keyword.as_str() {
                        "properties" | "$defs" => {
                            value.as_object().unwrap().values().for_each(check)
                        }
                        "enum" | "const" => {}
                        _ => check(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }

    /// Inside.
    #[derive(Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
    struct Inner {
        /// How many.
        count: u32,
        note: Option<String>,
    }

    fn inner() -> Value {
        json!({
            "description": "Inside.",
            "type": "object",
            "properties": {
                "count": {"description": "How many.", "type": "integer", "minimum": 0},
                "note": {"type": ["string", "null"]},
            },
            "required": ["count", "note"],
            "additionalProperties": false,
        })
    }

    /// Colour of something.
    #[derive(Deserialize, JsonSchema)]
    enum Colour {
        Red,
        #[serde(rename = "dark green")]
        Green,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Shape {
        /// Round.
        Circle {
            radius: f64,
        },
        Point,
        Other(Inner),
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code)]
    struct Tree {
        children: Vec<Tree>,
        /// The one beside it.
        next: Option<Box<Tree>>,
    }

    #[test]
    fn plain_members_keep_their_types_and_descriptions() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Plain {
            text: String,
            letter: char,
            /// True or not.
            flag: bool,
            small: u8,
            big: u64,
            signed: i64,
            real: f64,
            list: Vec<String>,
            set: HashSet<bool>,
            three: [bool; 3],
            nothing: (),
        }
        assert_eq!(
            strict_of::<Plain>(),
            json!({
                "type": "object",
                "properties": {
                    "text": {"type": "string"},
                    "letter": {"type": "string"},
                    "flag": {"description": "True or not.", "type": "boolean"},
                    "small": {"type": "integer", "minimum": 0, "maximum": 255},
                    "big": {"type": "integer", "minimum": 0},
                    "signed": {"type": "integer"},
                    "real": {"type": "number"},
                    "list": {"type": "array", "items": {"type": "string"}},
                    "set": {"type": "array", "items": {"type": "boolean"}},
                    "three": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3},
                    "nothing": {"type": "null"},
                },
                "required": [
                    "big", "flag", "letter", "list", "nothing", "real", "set", "signed", "small", "text", "three"
                ],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn what_may_be_missing_may_be_null() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Optional {
            text: Option<String>,
            list: Option<Vec<u8>>,
            inner: Option<Inner>,
            #[serde(default)]
            number: u32,
            #[serde(default)]
            colour: Colour2,
            #[serde(default)]
            fallback: Inner,
            /// Which one.
            #[serde(default)]
            described: Inner,
            shape: Option<Shape2>,
        }
        #[derive(Default, JsonSchema, Serialize)]
        enum Colour2 {
            #[default]
            Red,
        }
        #[derive(JsonSchema)]
        #[serde(untagged)]
        #[allow(dead_code)]
        enum Shape2 {
            A(bool),
            B(String),
        }
        let schema = strict_of::<Optional>();
        check(&schema);
        let nothing = json!({"type": "null"});
        let reference = json!({"$ref": "#/$defs/Inner"});
        let mut described = inner();
        described.as_object_mut().unwrap().remove("description");
        for (name, expected) in [
            ("text", json!({"type": ["string", "null"]})),
            (
                "list",
                json!({"type": ["array", "null"], "items": {"type": "integer", "minimum": 0, "maximum": 255}}),
            ),
            ("inner", json!({"anyOf": [reference, nothing]})),
            ("number", json!({"type": ["integer", "null"], "minimum": 0})),
            (
                "colour",
                json!({"anyOf": [{"$ref": "#/$defs/Colour2"}, nothing]}),
            ),
            ("fallback", json!({"anyOf": [reference, nothing]})),
            (
                "described",
                json!({"description": "Which one.", "anyOf": [described, nothing]}),
            ),
            (
                "shape",
                json!({"anyOf": [{"$ref": "#/$defs/Shape2"}, nothing]}),
            ),
        ] {
            assert_eq!(schema["properties"][name], expected, "{name}");
        }
        assert_eq!(schema["$defs"]["Inner"], inner());
        assert_eq!(
            schema["$defs"]["Colour2"],
            json!({"type": "string", "enum": ["Red"]})
        );
    }

    #[test]
    fn null_joins_an_enum_a_constant_and_a_choice() {
        for (property, expected) in [
            (
                json!({"type": "string", "enum": ["a"], "description": "d"}),
                json!({"type": ["string", "null"], "enum": ["a", null], "description": "d"}),
            ),
            (
                json!({"const": "a", "description": "d"}),
                json!({"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}], "description": "d"}),
            ),
            (
                json!({"enum": ["a", 1]}),
                json!({"anyOf": [{"type": ["integer", "string"], "enum": ["a", 1]}, {"type": "null"}]}),
            ),
            (
                json!({"enum": ["a", null]}),
                json!({"type": ["null", "string"], "enum": ["a", null]}),
            ),
            (
                json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
            ),
            (json!({"type": "null"}), json!({"type": "null"})),
        ] {
            let schema = written(json!({"type": "object", "properties": {"x": property}}));
            assert_eq!(schema, with(expected));
        }
    }

    #[test]
    fn shared_types_are_defined_once_and_referred_to() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Outer {
            one: Inner,
            many: Vec<Inner>,
            colour: Colour,
            boxed: Box<Inner>,
        }
        let inner_reference = json!({"$ref": "#/$defs/Inner"});
        assert_eq!(
            strict_of::<Outer>(),
            json!({
                "type": "object",
                "properties": {
                    "one": inner_reference,
                    "many": {"type": "array", "items": inner_reference},
                    "colour": {"$ref": "#/$defs/Colour"},
                    "boxed": inner_reference,
                },
                "required": ["boxed", "colour", "many", "one"],
                "additionalProperties": false,
                "$defs": {
                    "Colour": {
                        "description": "Colour of something.",
                        "type": "string",
                        "enum": ["Red", "dark green"],
                    },
                    "Inner": inner(),
                },
            })
        );
    }

    #[test]
    fn a_described_place_has_the_type_written_out() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Outer {
            /// The one.
            x: Inner,
        }
        let mut expected = inner();
        expected["description"] = "The one.".into();
        assert_eq!(strict_of::<Outer>(), with(expected));
    }

    #[test]
    fn a_type_in_itself_stays_a_reference() {
        let schema = strict_of::<Tree>();
        check(&schema);
        assert_eq!(
            schema["properties"]["children"]["items"],
            json!({"$ref": "#"})
        );
        assert_eq!(
            schema["properties"]["next"],
            json!({"description": "The one beside it.", "anyOf": [{"$ref": "#"}, {"type": "null"}]})
        );

        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Calculation {
            term: Term,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        enum Term {
            Number(f64),
            Sum {
                /// In front.
                left: Box<Term>,
                /// Behind.
                right: Box<Term>,
            },
        }
        let schema = strict_of::<Calculation>();
        check(&schema);
        let sum = &schema["$defs"]["Term"]["anyOf"][1]["properties"]["Sum"];
        assert_eq!(sum["properties"]["left"], json!({"$ref": "#/$defs/Term"}));
    }

    #[test]
    fn an_enum_with_a_tag_is_a_choice_of_objects() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Drawing {
            shapes: Vec<Shape>,
        }
        let schema = strict_of::<Drawing>();
        check(&schema);
        let tag = |name| json!({"type": "string", "const": name});
        assert_eq!(
            schema["$defs"],
            json!({"Shape": {"anyOf": [
                {
                    "description": "Round.",
                    "type": "object",
                    "properties": {"kind": tag("circle"), "radius": {"type": "number"}},
                    "required": ["kind", "radius"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "properties": {"kind": tag("point")},
                    "required": ["kind"],
                    "additionalProperties": false,
                },
                {
                    "description": "Inside.",
                    "type": "object",
                    "properties": {
                        "count": {"description": "How many.", "type": "integer", "minimum": 0},
                        "kind": tag("other"),
                        "note": {"type": ["string", "null"]},
                    },
                    "required": ["count", "kind", "note"],
                    "additionalProperties": false,
                },
            ]}})
        );
    }

    #[test]
    fn other_enums_are_choices_too() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        enum External {
            Nothing,
            Number(u8),
            Inner(Inner),
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        #[serde(tag = "t", content = "c")]
        enum Adjacent {
            Nothing,
            Inner(Inner),
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        #[serde(untagged)]
        enum Untagged {
            Number(u8),
            Inner(Inner),
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        enum Described {
            /// One.
            A,
            /// Two.
            B,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct All {
            external: External,
            adjacent: Adjacent,
            untagged: Untagged,
            described: Described,
        }
        let schema = strict_of::<All>();
        check(&schema);
        let definitions = &schema["$defs"];
        assert_eq!(
            definitions["External"]["anyOf"].as_array().unwrap().len(),
            3
        );
        assert_eq!(
            definitions["Adjacent"]["anyOf"].as_array().unwrap().len(),
            2
        );
        assert_eq!(
            definitions["Untagged"]["anyOf"][1],
            json!({"$ref": "#/$defs/Inner"})
        );
        assert_eq!(
            definitions["Described"],
            json!({"anyOf": [
                {"description": "One.", "type": "string", "const": "A"},
                {"description": "Two.", "type": "string", "const": "B"},
            ]})
        );
    }

    #[test]
    fn flattened_types_are_merged() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Flat {
            own: bool,
            #[serde(flatten)]
            inner: Inner,
        }
        let schema = strict_of::<Flat>();
        check(&schema);
        assert_eq!(schema["required"], json!(["count", "note", "own"]));

        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Placed {
            x: i32,
            #[serde(flatten)]
            shape: Shape,
            #[serde(flatten)]
            colour: Tagged,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        #[serde(tag = "colour")]
        enum Tagged {
            Red,
            Grey { level: u8 },
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Outer {
            placed: Placed,
        }
        let schema = strict_of::<Outer>();
        check(&schema);
        let required: Vec<_> = schema["$defs"]["Placed"]["anyOf"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|one| {
                one["anyOf"]
                    .as_array()
                    .cloned()
                    .unwrap_or(vec![one.clone()])
            })
            .map(|one| one["required"].clone())
            .collect();
        assert_eq!(required.len(), 6);
        assert!(
            required.contains(&json!(["colour", "kind", "level", "radius", "x"])),
            "{required:?}"
        );
    }

    #[test]
    fn schemas_that_belong_together_become_one() {
        let part = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]});
        let expected = json!({
            "type": "object",
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
            "required": ["a", "b"],
            "additionalProperties": false,
        });
        assert_eq!(written(json!({"allOf": [part("a"), part("b")]})), expected);
        let mut beside = part("a");
        beside["$ref"] = "#/$defs/B~1%3C~0".into();
        beside["$defs"] = json!({"B/<~": part("b")});
        assert_eq!(written(beside), expected);
        // A reference in an `allOf` of its own is a reference.
        let single = written(json!({
            "type": "object",
            "properties": {"x": {"allOf": [{"$ref": "#/$defs/N"}]}},
            "required": ["x"],
            "$defs": {"N": {"type": "number"}, "Unused": true},
        }));
        assert_eq!(single["properties"]["x"], json!({"$ref": "#/$defs/N"}));
        assert_eq!(single["$defs"], json!({"N": {"type": "number"}}));
    }

    #[test]
    fn what_only_narrows_or_comments_is_left_out() {
        let schema = written(json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Given",
            "type": "object",
            "properties": {"x": {
                "title": "X", "type": "string", "minLength": 1, "maxLength": 9, "default": "a",
                "examples": ["b"], "deprecated": true, "pattern": "^a", "format": "date-time",
            }},
            "required": ["x"],
        }));
        assert_eq!(
            schema,
            with(json!({"type": "string", "pattern": "^a", "format": "date-time"}))
        );
        for (format, is_kept) in [
            ("uint64", false),
            ("double", false),
            ("uri", false),
            ("uuid", true),
            ("date", true),
        ] {
            let schema = written(with(json!({"type": "string", "format": format})));
            assert_eq!(
                schema["properties"]["x"].get("format").is_some(),
                is_kept,
                "{format}"
            );
        }
    }

    #[test]
    fn members_may_have_the_names_of_keywords() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Odd {
            title: String,
            default: Option<String>,
            #[serde(rename = "$ref")]
            reference: String,
            properties: Vec<String>,
            #[serde(rename = "anyOf")]
            any_of: bool,
        }
        let schema = strict_of::<Odd>();
        assert_eq!(
            schema["required"],
            json!(["$ref", "anyOf", "default", "properties", "title"])
        );
        assert_eq!(schema["properties"]["title"], json!({"type": "string"}));
    }

    #[test]
    fn a_schema_of_its_own_for_a_member_counts() {
        fn date(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({"type": "string", "format": "date", "title": "Day"})
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Dated {
            #[schemars(schema_with = "date")]
            x: String,
        }
        assert_eq!(
            strict_of::<Dated>(),
            with(json!({"type": "string", "format": "date"}))
        );
    }

    #[test]
    fn types_without_content_are_empty_objects() {
        #[derive(JsonSchema)]
        struct Unit;
        #[derive(JsonSchema)]
        struct Empty {}
        let expected = json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
        assert_eq!(strict_of::<Unit>(), expected);
        assert_eq!(strict_of::<Empty>(), expected);
        assert_eq!(strict_of::<()>(), expected);
    }

    #[test]
    fn a_wrapper_is_what_it_wraps() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Wrapper(Inner);
        assert_eq!(strict_of::<Wrapper>(), inner());
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        #[serde(tag = "kind")]
        enum Only {
            This { count: u8 },
        }
        assert_eq!(strict_of::<Only>()["required"], json!(["count", "kind"]));
    }

    #[test]
    fn what_cannot_be_expressed_is_named_with_its_place() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Map {
            scores: BTreeMap<String, u8>,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Numbered {
            scores: HashMap<u8, u8>,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Tuple {
            pairs: Vec<(u8, u8)>,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Anything {
            inner: Vec<Deep>,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Deep {
            value: Value,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Values {
            list: Vec<Value>,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Rest {
            own: u8,
            #[serde(flatten)]
            rest: BTreeMap<String, u8>,
        }
        for (message, place) in [
            (refusal_of::<Map>(), "`Map.scores` is a map"),
            (refusal_of::<Numbered>(), "`Numbered.scores` is a map"),
            (refusal_of::<Tuple>(), "`Tuple.pairs[]` is a tuple"),
            (
                refusal_of::<Anything>(),
                "`Deep.value` can be any JSON value",
            ),
            (
                refusal_of::<Values>(),
                "`Values.list[]` can be any JSON value",
            ),
            (
                refusal_of::<Rest>(),
                "`Rest` is a map or takes members of any name",
            ),
        ] {
            assert!(message.starts_with(place), "{message}");
            assert!(message.contains(": use a"), "{message}");
        }
    }

    #[test]
    fn the_outermost_value_is_an_object() {
        for message in [
            refusal_of::<Shape>(),
            refusal_of::<String>(),
            refusal_of::<Value>(),
            refusal_of::<Vec<Inner>>(),
            refusal_of::<Option<Inner>>(),
            refusal_of::<Colour>(),
            plain("Shape", &of::<Shape>()).unwrap_err().to_string(),
            plain("Any", &json!(true)).unwrap_err().to_string(),
        ] {
            assert!(message.contains("is not an object"), "{message}");
            assert!(
                message.contains("put it into a field of a struct"),
                "{message}"
            );
        }
    }

    #[test]
    fn no_schema_goes_on_for_ever() {
        let around =
            json!({"type": "object", "properties": {"a": {"type": "object", "$ref": "#"}}});
        let circle = json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}});
        let both = json!({"type": "object", "properties": {
            "a": {"type": "object", "$ref": "#"}, "b": {"type": "object", "$ref": "#"},
        }});
        for schema in [around, circle, both, json!({"$ref": "#"})] {
            let message = strict("Given", &schema).unwrap_err().to_string();
            assert!(message.contains("contains itself too often"), "{message}");
        }
        let elsewhere = json!({"$ref": "https://example.com/schema"});
        for result in [strict("Given", &elsewhere), plain("Given", &elsewhere)] {
            let message = result.unwrap_err().to_string();
            assert!(
                message.contains("refers to `https://example.com/schema`"),
                "{message}"
            );
        }
    }

    #[test]
    fn what_contradicts_itself_is_an_error() {
        for (one, other, reason) in [
            (
                json!({"type": "string"}),
                json!({"type": "integer"}),
                "differ in `type`",
            ),
            (
                with(json!({"type": "string"})),
                with(json!({"type": "integer"})),
                "has `x` twice",
            ),
        ] {
            let schema = with(json!({"allOf": [one, other]}));
            let message = strict("Given", &schema).unwrap_err().to_string();
            assert!(
                message.starts_with("`Given.x`") && message.contains(reason),
                "{message}"
            );
        }
        let message = strict("Given", &with(json!({"not": {}})))
            .unwrap_err()
            .to_string();
        assert!(message.contains("`Given.x` has `not`"), "{message}");
    }

    #[test]
    fn a_plain_schema_has_everything_that_was_in_it() {
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Loose {
            #[schemars(length(min = 1))]
            name: String,
            rest: BTreeMap<String, Value>,
        }
        #[derive(JsonSchema)]
        #[allow(dead_code)]
        struct Wrapper(Loose);
        let expected = json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "rest": {"type": "object", "additionalProperties": true},
            },
            "required": ["name", "rest"],
        });
        assert_eq!(plain("Loose", &of::<Loose>()).unwrap(), expected);
        let wrapped = plain("Wrapper", &of::<Wrapper>()).unwrap();
        assert_eq!(wrapped["properties"], expected["properties"]);
        let unit = plain("null", &of::<()>()).unwrap();
        assert_eq!(unit["type"], "object");
    }

    #[test]
    fn what_the_schema_admits_can_be_decoded() {
        #[derive(Debug, Deserialize, JsonSchema)]
        #[allow(dead_code)]
        struct Drawing {
            shapes: Vec<Placed>,
            trees: Option<Vec<Tree>>,
            #[serde(default)]
            scale: u32,
        }
        #[derive(Debug, Deserialize, JsonSchema)]
        #[allow(dead_code)]
        struct Placed {
            x: i32,
            #[serde(flatten)]
            shape: Shape,
        }
        let schema = strict_of::<Drawing>();
        check(&schema);
        let schema = jsonschema::validator_for(&schema).expect("it is a schema");
        let tree = json!({"children": [], "next": {"children": [], "next": null}});
        let circle = json!({"x": 1, "kind": "circle", "radius": 2.5});
        let other = json!({"x": 1, "kind": "other", "count": 1, "note": null});
        for (value, is_good) in [
            (
                json!({"shapes": [circle, other], "trees": [tree], "scale": 2}),
                true,
            ),
            (json!({"shapes": [], "trees": null, "scale": null}), true),
            (json!({"shapes": [], "trees": null}), false),
            (
                json!({"shapes": [], "trees": null, "scale": 1, "more": 1}),
                false,
            ),
            (
                json!({"shapes": [{"kind": "point"}], "trees": null, "scale": 1}),
                false,
            ),
            (
                json!({"shapes": [], "trees": [{"children": [1], "next": null}], "scale": 1}),
                false,
            ),
        ] {
            assert_eq!(schema.is_valid(&value), is_good, "{value}");
            if is_good {
                read::<Drawing>(&value.to_string()).expect("it is a drawing");
            }
        }
    }

    #[test]
    fn null_may_stand_for_what_is_missing() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Question {
            #[serde(default)]
            limit: u32,
            #[serde(default)]
            inner: Inner,
            note: Option<String>,
            values: Vec<Option<u8>>,
        }
        let text = r#"{"limit": null, "inner": {"count": 3, "note": null}, "note": null, "values": [1, null]}"#;
        let expected = Question {
            limit: 0,
            inner: Inner {
                count: 3,
                note: None,
            },
            note: None,
            values: vec![Some(1), None],
        };
        assert_eq!(read::<Question>(text).unwrap(), expected);
        // Where null is a value, it is one.
        let text = r#"{"a": null}"#;
        assert_eq!(read::<Value>(text).unwrap(), json!({"a": null}));
        let map: HashMap<String, Option<u8>> = read(text).unwrap();
        assert_eq!(map.len(), 1);
    }

    #[test]
    fn an_empty_object_is_a_value_without_content() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Unit;
        assert_eq!(read::<Unit>("{}").unwrap(), Unit);
        read::<()>("{}").unwrap();
        assert!(read::<()>(r#"{"a": 1}"#).is_err());
        assert!(read::<Inner>("{}").is_err());
    }

    #[test]
    fn the_error_is_about_the_text_as_it_came() {
        let error = read::<Inner>(r#"{"count": null}"#).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("invalid type: null, expected u32 at line 1"),
            "{error}"
        );
        assert!(read::<Inner>("{\"count\": ").unwrap_err().is_eof());
    }
}
