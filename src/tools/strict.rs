//! The JSON Schema of a Rust type in the subset that the API calls strict, and how what
//! a model writes by such a schema is read.
//!
//! Strict objects are closed and name all their properties as required, so a property
//! that may be missing becomes one that may be null. Only plain local references are
//! allowed, and neither `allOf` nor `oneOf`.

use std::collections::BTreeSet;
use std::fmt::Display;

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// A schema, keyword by keyword.
type Keywords = Map<String, Value>;

/// The formats of strings that the strict subset knows.
const FORMATS: &str = "date date-time duration email hostname ipv4 ipv6 time uuid";
/// What references to definitions begin with.
const DEFINITIONS: &str = "#/$defs/";

/// The API takes 10 levels and 5,000 properties. More than this is a schema that has no
/// end once its references are written out.
const DEPTH_LIMIT: usize = 64;
const SIZE_LIMIT: usize = 20_000;

/// Why an outermost value is refused.
const NO_OBJECT: &str = "is not an object with named members, which the outermost value has to be: put it into a field of a struct";

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
        depth: 0,
        size: 0,
        waiting: Vec::new(),
    };
    let mut schema = object(writer.inline(writer.target("#", name)?, name)?, name)?;
    let mut definitions = Keywords::new();
    while let Some(name) = writer.waiting.pop() {
        if !definitions.contains_key(&decoded(&name)) {
            let definition = writer.target(&format!("{DEFINITIONS}{name}"), &name)?;
            definitions.insert(decoded(&name), writer.inline(definition, &name)?);
        }
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
    let mut schema = root.as_object().cloned().unwrap_or_default();
    if let Some(Value::String(reference)) = schema.remove("$ref") {
        let target = resolve(root, &reference, name)?.as_object().cloned();
        for (keyword, value) in target.unwrap_or_default() {
            schema.entry(keyword).or_insert(value);
        }
    }
    schema.remove("$schema");
    schema.remove("title");
    object(schema.into(), name)
}

/// What describes an object. A type without content is an object without members.
fn object(mut schema: Value, place: &str) -> Result<Value> {
    match schema["type"].as_str() {
        Some("object") if schema.get("properties").is_some() => {}
        Some("object") => schema["properties"] = json!({}),
        Some("null") => {
            schema["type"] = "object".into();
            schema["properties"] = json!({});
            schema["required"] = json!([]);
            schema["additionalProperties"] = false.into();
        }
        _ => return Err(error(place, NO_OBJECT)),
    }
    Ok(schema)
}

/// Puts a schema into the strict form. Places are such as `Trip.stops[].city`.
struct Writer<'a> {
    root: &'a Value,
    /// How many schemas are being written, each as a part of the one before.
    depth: usize,
    /// How many schemas have been written.
    size: usize,
    /// Definitions that are referred to. They may be there twice.
    waiting: Vec<String>,
}

impl Writer<'_> {
    /// The strict form of a schema. What does nothing but refer goes on doing so.
    ///
    /// A description beside the reference goes if the type is part of itself: written
    /// out, there would be no end to it.
    fn schema(&mut self, schema: Keywords, place: &str) -> Result<Value> {
        if let Some(Value::String(reference)) = schema.get("$ref") {
            let is_described = schema.len() == 2 && schema.contains_key("description");
            if schema.len() == 1 || is_described && self.is_recursive(reference) {
                resolve(self.root, reference, place)?;
                let name = reference.strip_prefix(DEFINITIONS);
                self.waiting.extend(name.map(str::to_owned));
                return Ok(json!({ "$ref": reference }));
            }
        }
        self.inline(schema, place)
    }

    /// The strict form of a schema, with what it refers to written out.
    fn inline(&mut self, schema: Keywords, place: &str) -> Result<Value> {
        self.depth += 1;
        self.size += 1;
        if self.depth > DEPTH_LIMIT || self.size > SIZE_LIMIT {
            let what = "is too large or contains itself too often";
            return Err(refused(place, what, "use a simpler type"));
        }
        let written = self.step(schema, place);
        self.depth -= 1;
        written
    }

    /// Takes away one of the keywords that put schemas together, until none is left.
    fn step(&mut self, mut schema: Keywords, place: &str) -> Result<Value> {
        if let Some(Value::String(reference)) = schema.remove("$ref") {
            merge(&mut schema, self.target(&reference, place)?, place)?;
            return self.inline(schema, place);
        }
        // `allOf` is the last: merging puts there what has no room elsewhere.
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(members)) = schema.remove(keyword) {
                if keyword != "allOf" && members.len() > 1 {
                    return self.choice(members, schema, place);
                }
                for member in members {
                    merge(&mut schema, known(member, place)?, place)?;
                }
                return self.schema(schema, place);
            }
        }
        self.leaf(schema, place)
    }

    /// A choice. What stands beside it counts for each member: so schemars describes an
    /// enum that is flattened into a struct. But the description is that of the choice.
    fn choice(&mut self, of: Vec<Value>, mut common: Keywords, place: &str) -> Result<Value> {
        let description = common.remove("description");
        let mut members = Vec::new();
        for member in of {
            let mut schema = common.clone();
            merge(&mut schema, known(member, place)?, place)?;
            members.push(self.schema(schema, place)?);
        }
        Ok(any_of(members, description))
    }

    /// The strict form of a schema that is not put together from others.
    fn leaf(&mut self, mut schema: Keywords, place: &str) -> Result<Value> {
        if !schema.contains_key("type") {
            return Err(is_anything(place));
        }
        if has_type(&schema, "array") {
            let place = format!("{place}[]");
            let items = known(schema.remove("items").unwrap_or_default(), &place)?;
            schema.insert("items".to_owned(), self.schema(items, &place)?);
        }
        if has_type(&schema, "object") {
            let required = schema.remove("required").unwrap_or_default();
            let required = required.as_array().map_or(&[][..], Vec::as_slice);
            let mut properties = Keywords::new();
            if let Some(Value::Object(members)) = schema.remove("properties") {
                for (name, member) in members {
                    let place = format!("{place}.{name}");
                    let mut member = self.schema(known(member, &place)?, &place)?;
                    if !required.iter().any(|one| *one == name) {
                        member = nullable(member);
                    }
                    properties.insert(name, member);
                }
            }
            let names: Vec<_> = properties.keys().cloned().collect();
            schema.insert("additionalProperties".to_owned(), false.into());
            schema.insert("required".to_owned(), names.into());
            schema.insert("properties".to_owned(), properties.into());
        }
        Ok(schema.into())
    }

    /// The keywords of what a reference stands for.
    fn target(&self, reference: &str, place: &str) -> Result<Keywords> {
        known(resolve(self.root, reference, place)?.clone(), place)
    }

    /// Whether what a reference stands for refers to itself. A list takes the place of
    /// recursion, because definitions may form a chain of any length.
    fn is_recursive(&self, start: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = Vec::from_iter(find(self.root, start));
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(items) => waiting.extend(items),
                Value::Object(members) => waiting.extend(members.values()),
                _ => {}
            }
            if let Some(Value::String(reference)) = value.get("$ref")
                && seen.insert(reference.as_str())
            {
                waiting.extend(find(self.root, reference));
            }
        }
        seen.contains(start)
    }
}

/// The keywords of a schema that the strict subset knows. What only narrows a value or
/// comments on it (`minLength`, `default`, `title`) is left out; what cannot be left out
/// without accepting something else is refused.
fn known(schema: Value, place: &str) -> Result<Keywords> {
    let Value::Object(schema) = schema else {
        return Err(is_anything(place));
    };
    let mut known = Keywords::new();
    for (keyword, value) in schema {
        let (what, instead) = match keyword.as_str() {
            "format" if !FORMATS.split(' ').any(|format| value == format) => continue,
            "$ref" | "anyOf" | "oneOf" | "allOf" | "type" | "enum" | "const" | "description"
            | "properties" | "required" | "items" | "minItems" | "maxItems" | "pattern"
            | "format" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
            | "multipleOf" => {
                known.insert(keyword, value);
                continue;
            }
            // Every object is closed in the end.
            "additionalProperties" | "unevaluatedProperties" if value == false => continue,
            "additionalProperties"
            | "unevaluatedProperties"
            | "patternProperties"
            | "propertyNames" => (
                "is a map or takes members of any name",
                "use a list of structs with a name and a value",
            ),
            "prefixItems" => ("is a tuple", "use a struct with named fields"),
            "not" | "if" | "then" | "else" | "contains" | "dependentRequired"
            | "dependentSchemas" | "$dynamicRef" => {
                (&*format!("has `{keyword}`"), "use another type")
            }
            _ => continue,
        };
        return Err(refused(place, what, instead));
    }
    Ok(known)
}

/// Adds to a schema what another one asks for. The first description counts.
fn merge(one: &mut Keywords, other: Keywords, place: &str) -> Result<()> {
    for (keyword, value) in other {
        match (keyword.as_str(), one.get_mut(&keyword), value) {
            (_, None, value) => drop(one.insert(keyword, value)),
            ("description", ..) => {}
            ("properties", Some(Value::Object(all)), Value::Object(more)) => {
                for (name, property) in more {
                    if all.get(&name).is_some_and(|present| *present != property) {
                        let what = format!("has `{name}` twice with different types");
                        return Err(refused(place, &what, "rename one of them"));
                    }
                    all.insert(name, property);
                }
            }
            ("required" | "allOf", Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            ("$ref" | "anyOf" | "oneOf", Some(_), value) => {
                if let Value::Array(all) = one.entry("allOf").or_insert_with(|| json!([])) {
                    all.push(json!({ keyword: value }));
                }
            }
            (_, Some(present), value) if *present == value => {}
            _ => {
                let what = format!("has to fit two schemas that differ in `{keyword}`");
                return Err(refused(place, &what, "use another type"));
            }
        }
    }
    Ok(())
}

/// A strict schema that accepts null as well.
fn nullable(mut schema: Value) -> Value {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(members)) = schema.get_mut("anyOf") {
        if !members.contains(&null) {
            members.push(null);
        }
        return schema;
    }
    let mut types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::String(only) if only != "object" && schema.get("const").is_none() => {
            vec![only.as_str().into()]
        }
        _ => {
            let description = schema
                .as_object_mut()
                .and_then(|one| one.remove("description"));
            return any_of(vec![schema, null], description);
        }
    };
    if !types.contains(&"null".into()) {
        types.push("null".into());
        schema["type"] = types.into();
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema
}

/// A choice, and what it is about.
fn any_of(members: Vec<Value>, description: Option<Value>) -> Value {
    let mut schema = json!({ "anyOf": members });
    if let Some(description) = description {
        schema["description"] = description;
    }
    schema
}

/// Whether values may be of a JSON type.
fn has_type(schema: &Keywords, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|one| one == name),
        only => only.is_some_and(|only| only == name),
    }
}

/// What a reference stands for. It is an error if that is nothing.
fn resolve<'a>(root: &'a Value, reference: &str, place: &str) -> Result<&'a Value> {
    find(root, reference).ok_or_else(|| {
        error(place, format_args!(
            "refers to `{reference}`, which is not in the schema: only `#` and `{DEFINITIONS}…` can be used"
        ))
    })
}

/// What a reference stands for, if it is one to this schema.
fn find<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
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

/// An error that names the place.
fn error(place: &str, reason: impl Display) -> Error {
    Error::unusable(format!("`{place}` {reason}"))
}

/// What has no strict form, and what to do about it.
fn refused(place: &str, what: &str, instead: &str) -> Error {
    error(
        place,
        format_args!("{what}, which a strict JSON Schema cannot express: {instead}"),
    )
}

/// A value of which nothing is known cannot be described.
fn is_anything(place: &str) -> Error {
    let instead = "use a type of its own, or name the `type` in a schema given as JSON";
    refused(place, "can be any JSON value", instead)
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
#[allow(dead_code, reason = "only the schemas of the types count")]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use serde::{Deserialize, Serialize};

    use super::*;

    fn strict_of<T: JsonSchema>() -> Value {
        strict(&T::schema_name(), &of::<T>()).expect("the type has a strict schema")
    }

    fn written(schema: Value) -> Value {
        strict("Given", &schema).expect("it has a strict form")
    }

    /// A strict schema of an object.
    fn closed(properties: Value) -> Value {
        let names: Vec<_> = properties.as_object().unwrap().keys().collect();
        json!({"type": "object", "required": names, "additionalProperties": false, "properties": properties})
    }

    fn with(property: Value) -> Value {
        closed(json!({ "x": property }))
    }

    /// Checks that the rules hold everywhere.
    fn check(schema: &Value) {
        match schema {
            Value::Object(members) => {
                for keyword in ["allOf", "oneOf", "default", "title", "$schema"] {
                    assert!(!members.contains_key(keyword), "{keyword}: {schema:#}");
                }
                let is_reference = members.contains_key("$ref");
                assert!(!is_reference || members.len() == 1, "{schema:#}");
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
        let mut inner = closed(json!({
            "count": {"description": "How many.", "type": "integer", "minimum": 0},
            "note": {"type": ["string", "null"]},
        }));
        inner["description"] = "Inside.".into();
        inner
    }

    /// Colour of something.
    #[derive(Deserialize, JsonSchema)]
    enum Colour {
        Red,
        #[serde(rename = "dark green")]
        Green,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
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
    struct Tree {
        children: Vec<Tree>,
        /// The one beside it.
        next: Option<Box<Tree>>,
    }

    #[test]
    fn plain_members_keep_their_types_and_descriptions() {
        #[derive(JsonSchema)]
        struct Plain {
            letter: char,
            /// True or not.
            flag: bool,
            big: u64,
            real: f64,
            set: HashSet<bool>,
            three: [bool; 3],
            nothing: (),
        }
        let properties = json!({
            "letter": {"type": "string"},
            "flag": {"description": "True or not.", "type": "boolean"},
            "big": {"type": "integer", "minimum": 0},
            "real": {"type": "number"},
            "set": {"type": "array", "items": {"type": "boolean"}},
            "three": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3},
            "nothing": {"type": "null"},
        });
        assert_eq!(strict_of::<Plain>(), closed(properties));
    }

    #[test]
    fn what_may_be_missing_may_be_null() {
        #[derive(JsonSchema)]
        struct Optional {
            text: Option<String>,
            inner: Option<Inner>,
            #[serde(default)]
            number: u32,
            #[serde(default)]
            fallback: Inner,
            /// Which one.
            #[serde(default)]
            described: Inner,
        }
        let schema = strict_of::<Optional>();
        check(&schema);
        let nothing = json!({"type": "null"});
        let reference = json!({"$ref": "#/$defs/Inner"});
        let mut described = inner();
        described.as_object_mut().unwrap().remove("description");
        let described = json!({"description": "Which one.", "anyOf": [described, nothing]});
        let properties = json!({
            "text": {"type": ["string", "null"]},
            "inner": {"anyOf": [reference, nothing]},
            "number": {"type": ["integer", "null"], "minimum": 0},
            "fallback": {"anyOf": [reference, nothing]},
            "described": described,
        });
        assert_eq!(schema["properties"], properties);
        assert_eq!(schema["$defs"], json!({"Inner": inner()}));
    }

    #[test]
    fn null_joins_an_enum_a_constant_and_a_choice() {
        for [property, expected] in [
            [
                json!({"type": "string", "enum": ["a"], "description": "d"}),
                json!({"type": ["string", "null"], "enum": ["a", null], "description": "d"}),
            ],
            [
                json!({"type": "string", "const": "a", "description": "d"}),
                json!({"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}], "description": "d"}),
            ],
            [
                json!({"type": ["string", "integer"]}),
                json!({"type": ["string", "integer", "null"]}),
            ],
            [
                json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
            ],
            [json!({"type": "null"}), json!({"type": "null"})],
        ] {
            let schema = written(json!({"type": "object", "properties": {"x": property}}));
            assert_eq!(schema, with(expected));
        }
    }

    #[test]
    fn shared_types_are_defined_once_and_written_out_where_they_are_described() {
        #[derive(JsonSchema)]
        struct Outer {
            many: Vec<Inner>,
            /// The one.
            one: Box<Inner>,
            colour: Colour,
        }
        let mut one = inner();
        one["description"] = "The one.".into();
        let mut expected = closed(json!({
            "many": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
            "one": one,
            "colour": {"$ref": "#/$defs/Colour"},
        }));
        let colour = json!({"type": "string", "enum": ["Red", "dark green"], "description": "Colour of something."});
        expected["$defs"] = json!({"Colour": colour, "Inner": inner()});
        assert_eq!(strict_of::<Outer>(), expected);
    }

    #[test]
    fn a_type_in_itself_stays_a_reference() {
        let next = json!({"description": "The one beside it.", "anyOf": [{"$ref": "#"}, {"type": "null"}]});
        let children = json!({"type": "array", "items": {"$ref": "#"}});
        let expected = closed(json!({"children": children, "next": next}));
        assert_eq!(strict_of::<Tree>(), expected);

        #[derive(JsonSchema)]
        struct Calculation {
            term: Term,
        }
        #[derive(JsonSchema)]
        enum Term {
            Number(f64),
            Sum {
                /// In front.
                left: Box<Term>,
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
        struct Drawing {
            shapes: Vec<Shape>,
        }
        let tag = |name| json!({"type": "string", "const": name});
        let mut circle = closed(json!({"kind": tag("circle"), "radius": {"type": "number"}}));
        circle["description"] = "Round.".into();
        let mut other = inner();
        other["properties"]["kind"] = tag("other");
        other["required"] = json!(["kind", "count", "note"]);
        let point = closed(json!({"kind": tag("point")}));
        let definitions = json!({"Shape": {"anyOf": [circle, point, other]}});
        assert_eq!(strict_of::<Drawing>()["$defs"], definitions);
    }

    #[test]
    fn other_enums_are_choices_too() {
        #[derive(JsonSchema)]
        enum External {
            Nothing,
            Number(u8),
            Inner(Inner),
        }
        #[derive(JsonSchema)]
        #[serde(tag = "t", content = "c")]
        enum Adjacent {
            Nothing,
            Inner(Inner),
        }
        #[derive(JsonSchema)]
        #[serde(untagged)]
        enum Untagged {
            Number(u8),
            Inner(Inner),
        }
        #[derive(JsonSchema)]
        struct All {
            external: External,
            adjacent: Adjacent,
            untagged: Untagged,
        }
        let schema = strict_of::<All>();
        check(&schema);
        let inner = json!({"$ref": "#/$defs/Inner"});
        let choice = |name: &str| schema["$defs"][name]["anyOf"].as_array().unwrap().clone();
        assert_eq!(choice("External").len(), 3);
        assert_eq!(choice("Adjacent")[1]["properties"]["c"], inner);
        assert_eq!(choice("Untagged")[1], inner);
    }

    #[test]
    fn flattened_types_are_merged() {
        #[derive(JsonSchema)]
        #[serde(tag = "colour")]
        enum Tagged {
            Red,
            Grey { level: u8 },
        }
        #[derive(JsonSchema)]
        struct Placed {
            x: i32,
            #[serde(flatten)]
            inner: Option<Inner>,
            #[serde(flatten)]
            shape: Shape,
            #[serde(flatten)]
            colour: Option<Tagged>,
        }
        #[derive(JsonSchema)]
        struct Outer {
            placed: Placed,
        }
        let schema = strict_of::<Outer>();
        check(&schema);
        // What has no colour is a choice too.
        let text = schema["$defs"]["Placed"].to_string();
        for (names, count) in [
            (r#""x","count","note","kind","radius","colour","level""#, 1),
            (r#""x","count","note","kind","colour""#, 2),
            (r#""x","count","note","kind""#, 2),
        ] {
            let required = format!(r#""required":[{names}]"#);
            assert_eq!(text.matches(&required).count(), count, "{required}: {text}");
        }
    }

    #[test]
    fn schemas_that_belong_together_become_one() {
        let text = json!({"type": "string"});
        let part = |name: &str| closed(json!({ name: text }));
        let expected = closed(json!({"a": text, "b": text}));
        assert_eq!(written(json!({"allOf": [part("a"), part("b")]})), expected);
        let mut beside = part("a");
        beside["$ref"] = "#/$defs/B~1%3C~0".into();
        beside["$defs"] = json!({"B/<~": part("b")});
        assert_eq!(written(beside), expected);
        // A reference in an `allOf` of its own is a reference.
        let mut single = with(json!({"allOf": [{"$ref": "#/$defs/N"}]}));
        single["$defs"] = json!({"N": {"type": "number"}, "Unused": true});
        let mut expected = with(json!({"$ref": "#/$defs/N"}));
        expected["$defs"] = json!({"N": {"type": "number"}});
        assert_eq!(written(single), expected);
    }

    #[test]
    fn what_only_narrows_or_comments_is_left_out() {
        let mut schema = with(json!({
            "title": "X", "type": "string", "minLength": 1, "maxLength": 9, "default": "a",
            "examples": ["b"], "deprecated": true, "pattern": "^a", "format": "date-time",
        }));
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = "Given".into();
        let left = json!({"type": "string", "pattern": "^a", "format": "date-time"});
        assert_eq!(written(schema), with(left));
        for format in ["uint64", "double", "uri", "date time"] {
            let schema = written(with(json!({"type": "string", "format": format})));
            assert_eq!(schema, with(json!({"type": "string"})));
        }
    }

    #[test]
    fn members_may_have_the_names_of_keywords() {
        #[derive(JsonSchema)]
        struct Odd {
            title: String,
            #[serde(rename = "$ref")]
            reference: String,
            properties: Vec<String>,
            #[serde(rename = "anyOf")]
            any_of: bool,
        }
        let schema = strict_of::<Odd>();
        let names = json!(["title", "$ref", "properties", "anyOf"]);
        assert_eq!(schema["required"], names);
        assert_eq!(schema["properties"]["title"], json!({"type": "string"}));
    }

    #[test]
    fn types_without_content_are_empty_objects() {
        #[derive(JsonSchema)]
        struct Unit;
        #[derive(JsonSchema)]
        struct Empty {}
        let expected = closed(json!({}));
        assert_eq!(strict_of::<Unit>(), expected);
        assert_eq!(strict_of::<Empty>(), expected);
        assert_eq!(strict_of::<()>(), expected);
    }

    #[test]
    fn a_wrapper_is_what_it_wraps() {
        #[derive(JsonSchema)]
        struct Wrapper(Inner);
        assert_eq!(strict_of::<Wrapper>(), inner());
        #[derive(JsonSchema)]
        #[serde(tag = "kind")]
        enum Only {
            This { count: u8 },
        }
        assert_eq!(strict_of::<Only>()["required"], json!(["kind", "count"]));
    }

    #[test]
    fn what_cannot_be_expressed_is_named_with_its_place() {
        #[derive(JsonSchema)]
        struct Given<T> {
            x: Vec<T>,
        }
        #[derive(JsonSchema)]
        struct Deep {
            value: Value,
        }
        #[derive(JsonSchema)]
        struct Rest {
            own: u8,
            #[serde(flatten)]
            shape: Shape,
            #[serde(flatten)]
            rest: BTreeMap<String, u8>,
        }
        for (schema, place) in [
            (of::<Given<BTreeMap<String, u8>>>(), "`Given.x[]` is a map"),
            (of::<Given<HashMap<u8, u8>>>(), "`Given.x[]` is a map"),
            (of::<Given<(u8, u8)>>(), "`Given.x[]` is a tuple"),
            (of::<Given<Value>>(), "`Given.x[]` can be any JSON value"),
            (of::<Given<Deep>>(), "`Deep.value` can be any JSON value"),
            (of::<Given<Rest>>(), "`Rest` is a map or takes members"),
            (with(json!({"enum": ["a"]})), "`Given.x` can be any JSON"),
            (with(json!({"not": {}})), "`Given.x` has `not`"),
        ] {
            let error = strict("Given", &schema).unwrap_err();
            assert!(error.is_invalid_argument());
            let message = error.to_string();
            assert!(message.starts_with(place), "{message}");
            assert!(message.contains(": use a"), "{message}");
        }
    }

    #[test]
    fn the_outermost_value_is_an_object() {
        let list = of::<Vec<Inner>>();
        for schema in [of::<Shape>(), of::<Colour>(), of::<Option<Inner>>(), list] {
            for result in [strict("Given", &schema), plain("Given", &schema)] {
                let message = result.unwrap_err().to_string();
                let expected = message.starts_with("`Given` is not an object");
                assert!(expected && message.contains(": put it into"), "{message}");
            }
        }
        assert!(strict("Any", &json!(true)).is_err());
        assert!(plain("Any", &json!(true)).is_err());
    }

    #[test]
    fn no_schema_goes_on_for_ever() {
        let circle = json!({"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}});
        let itself = json!({"type": "object", "$ref": "#"});
        for schema in [
            json!({"$ref": "#"}),
            json!({"$ref": "#/$defs/A", "$defs": circle}),
            json!({"type": "object", "properties": {"a": itself, "b": itself}}),
            json!({"oneOf": [{"$ref": "#", "type": "object"}, {"type": "object"}]}),
            json!({"allOf": [{"$ref": "#"}, {"$ref": "#"}]}),
        ] {
            let message = strict("Given", &schema).unwrap_err().to_string();
            assert!(message.contains("contains itself too often"), "{message}");
        }
        // A long chain is none that has no end.
        let mut chain = with(json!({"$ref": "#/$defs/0", "description": "First."}));
        for at in 0..10_000 {
            let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
            chain["$defs"][at.to_string()] = with(next);
        }
        chain["$defs"]["10000"] = json!({"type": "string"});
        check(&written(chain));
        let elsewhere = json!({"$ref": "https://example.com/schema"});
        for result in [strict("Given", &elsewhere), plain("Given", &elsewhere)] {
            let message = result.unwrap_err().to_string();
            let reason = "refers to `https://example.com/schema`";
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_an_error() {
        let [one, other] = ["string", "integer"].map(|name| json!({"type": name}));
        for (members, reason) in [
            (json!([one, other]), "differ in `type`"),
            (
                json!([with(one.clone()), with(other.clone())]),
                "has `x` twice",
            ),
        ] {
            let error = strict("Given", &with(json!({"allOf": members}))).unwrap_err();
            let message = error.to_string();
            let is_placed = message.starts_with("`Given.x`");
            assert!(is_placed && message.contains(reason), "{message}");
        }
    }

    #[test]
    fn a_plain_schema_has_everything_that_was_in_it() {
        #[derive(JsonSchema)]
        struct Loose {
            #[schemars(length(min = 1))]
            name: String,
            rest: BTreeMap<String, Value>,
        }
        #[derive(JsonSchema)]
        struct Wrapper(Loose);
        let properties = json!({
            "name": {"type": "string", "minLength": 1},
            "rest": {"type": "object", "additionalProperties": true},
        });
        let expected =
            json!({"type": "object", "required": ["name", "rest"], "properties": properties});
        assert_eq!(plain("Loose", &of::<Loose>()).unwrap(), expected);
        let wrapped = plain("Wrapper", &of::<Wrapper>()).unwrap();
        assert_eq!(wrapped["properties"], expected["properties"]);
        let unit = plain("null", &of::<()>()).unwrap();
        assert_eq!(unit["type"], "object");
    }

    #[test]
    fn what_the_schema_admits_can_be_decoded() {
        #[derive(Debug, Deserialize, JsonSchema)]
        struct Drawing {
            shapes: Vec<Placed>,
            trees: Option<Vec<Tree>>,
            #[serde(default)]
            scale: u32,
        }
        #[derive(Debug, Deserialize, JsonSchema)]
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
        let bad_tree = json!({"children": [1], "next": null});
        for value in [
            json!({"shapes": [circle, other], "trees": [tree], "scale": 2}),
            json!({"shapes": [], "trees": null, "scale": null}),
        ] {
            assert!(schema.is_valid(&value), "{value}");
            read::<Drawing>(&value.to_string()).expect("it is a drawing");
        }
        for value in [
            json!({"shapes": [], "trees": null}),
            json!({"shapes": [], "trees": null, "scale": 1, "more": 1}),
            json!({"shapes": [{"kind": "point"}], "trees": null, "scale": 1}),
            json!({"shapes": [], "trees": [bad_tree], "scale": 1}),
        ] {
            assert!(!schema.is_valid(&value), "{value}");
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
        let text = r#"{"limit": null, "inner": {"count": 0, "note": null}, "note": null, "values": [1, null]}"#;
        let expected = Question {
            limit: 0,
            inner: Inner::default(),
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
