//! Lowers schemas from OpenAPI 3.1, or from mixtures of 3.0 and 3.1, to OpenAPI 3.0.
//!
//! In the result `null` is always `nullable: true` where a schema is used, every union is
//! a `oneOf`, and a constant is an `enum` with one value. Documentation and unknown keywords
//! are dropped, apart from the marks and descriptions of overlays. A lowered schema stays as
//! it is.

use std::collections::BTreeSet;

use openai_assistants_codegen::Error;
use openai_assistants_codegen::features::FEATURE;
use serde_json::{Map, Value, json};

use super::canonical::UNION_OF_ONE;
use super::constraints;
use super::discriminator;
use super::intersection::{intersect, reference_with_siblings, tuple_items};
use super::keywords::{is_null, is_nullable, is_unconstrained, only_requires, union};
use super::keywords::{reject_combination, reject_unsupported};
use super::pointer::Pointer;
use super::schema::{self, EXTENSIONS, Kind, PREFIX, Schemas, kind};

type Object = Map<String, Value>;

/// Keywords that define the type of a schema and exclude each other.
const TYPE_KEYWORDS: [&str; 5] = ["items", "enum", "const", "oneOf", "anyOf"];

/// Keywords of an object that may stand beside `allOf`.
const OBJECT_KEYWORDS: [&str; 3] = ["properties", "required", "additionalProperties"];

/// Maximum depth of nested `allOf` merges, to detect cycles.
const MAX_MERGES: usize = 16;

/// Lowers schemas that may refer to these components.
pub(super) struct Lowering {
    raw: Schemas,
    /// Components that allow `null`, which OpenAPI 3.0 expresses where they are used.
    nullable: BTreeSet<String>,
}

impl Lowering {
    pub(super) fn new(raw: Schemas) -> Result<Self, Error> {
        let mut lowering = Self {
            raw,
            nullable: BTreeSet::new(),
        };
        // A component is also nullable if it refers to a nullable one.
        loop {
            let mut nullable = BTreeSet::new();
            for (name, schema) in &lowering.raw {
                if is_nullable(&lowering.schema(schema, &Pointer::component(name))?) {
                    nullable.insert(name.clone());
                }
            }
            if nullable == lowering.nullable {
                return Ok(lowering);
            }
            lowering.nullable = nullable;
        }
    }

    /// Lowers all components.
    pub(super) fn components(&self) -> Result<Schemas, Error> {
        let mut lowered = Schemas::new();
        for (name, raw) in &self.raw {
            let mut schema = self.component(raw, &Pointer::component(name))?;
            if let Some(map) = schema.as_object_mut() {
                map.remove("nullable");
            }
            lowered.insert(name.clone(), schema);
        }
        Ok(lowered)
    }

    /// Lowers a component. A union with one member, tagged or a primitive, stays a union, which may
    /// grow.
    fn component(&self, raw: &Value, at: &Pointer) -> Result<Value, Error> {
        let mut schema = self.schema(raw, at)?;
        let one_branch = union(raw, at)?.is_some_and(|(_, branches)| branches.len() == 1);
        if one_branch && (kind(&schema) == Some(Kind::Primitive) || self.is_tagged(&schema, at)?) {
            schema = union_of(schema);
        }
        Ok(schema)
    }

    fn is_tagged(&self, schema: &Value, at: &Pointer) -> Result<bool, Error> {
        let (name, target) = schema::target(schema, &self.raw);
        Ok(match name {
            Some(_) => discriminator::has_conventional_tag(&self.schema(target, at)?),
            None => discriminator::has_conventional_tag(schema),
        })
    }

    /// Lowers one schema.
    pub(super) fn schema(&self, raw: &Value, at: &Pointer) -> Result<Value, Error> {
        self.lower(raw, at, 0)
    }

    fn lower(&self, raw: &Value, at: &Pointer, merges: usize) -> Result<Value, Error> {
        let Some(object) = raw.as_object() else {
            return Err(Error::at(at, "a schema must be an object"));
        };
        reject_unsupported(object, at)?;
        let rewritten = tuple_items(object, at)?.or_else(|| reference_with_siblings(object));
        let object = rewritten.as_ref().unwrap_or(object);

        let mut lowered = if object.contains_key("$ref") {
            self.lower_reference(object, at)?
        } else if object.contains_key("allOf") {
            self.lower_all_of(object, at, merges)?
        } else if let Some((keyword, branches)) = union(raw, at)? {
            reject_combination(
                object,
                &["properties", "items", "enum", "const"],
                "a union",
                at,
            )?;
            let lowered = self.lower_union(keyword, branches, at, merges)?;
            match object.contains_key(UNION_OF_ONE) && branches.len() == 1 {
                true => union_of(lowered),
                false => lowered,
            }
        } else {
            self.lower_plain(object, at, merges)?
        };

        if object.get("nullable") == Some(&Value::Bool(true)) {
            schema::set(&mut lowered, "nullable", true.into());
        }
        if let Some(default) = object
            .get("default")
            .filter(|default| constraints::is_valid_default(default, &lowered))
        {
            schema::set(&mut lowered, "default", default.clone());
        }
        if object.get("deprecated") == Some(&Value::Bool(true)) {
            schema::set(&mut lowered, "deprecated", true.into());
        }
        for extension in EXTENSIONS {
            if let Some(value) = object.get(extension) {
                schema::set(&mut lowered, extension, value.clone());
            }
        }
        Ok(lowered)
    }

    fn lower_reference(&self, object: &Object, at: &Pointer) -> Result<Value, Error> {
        reject_combination(object, &TYPE_KEYWORDS, "a `$ref`", at)?;
        reject_combination(
            object,
            &["allOf", "properties", "additionalProperties"],
            "a `$ref`",
            at,
        )?;
        let name = object["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix(PREFIX))
            .unwrap_or_default();
        let mut lowered = schema::reference_to(name);
        if self.nullable.contains(name) {
            schema::set(&mut lowered, "nullable", true.into());
        }
        Ok(lowered)
    }

    fn lower_all_of(&self, object: &Object, at: &Pointer, merges: usize) -> Result<Value, Error> {
        let branches = object["allOf"]
            .as_array()
            .ok_or_else(|| Error::at(at.child("allOf"), "must be a list"))?;
        reject_combination(object, &TYPE_KEYWORDS, "an `allOf`", at)?;

        let mut nullable = false;
        let mut constrained = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            nullable |= is_nullable(branch);
            if !is_unconstrained(branch) {
                constrained.push((at.child("allOf").child(index), branch.clone()));
            }
        }
        let mut siblings = object.clone();
        siblings.retain(|keyword, _| OBJECT_KEYWORDS.contains(&keyword.as_str()));
        if !siblings.is_empty() {
            constrained.push((at.clone(), siblings.into()));
        }

        let mut lowered = match constrained.as_slice() {
            [] => {
                return Err(Error::at(at, "an `allOf` without a type cannot be lowered"));
            }
            [(at, one)] => self.lower(one, at, merges)?,
            several => self.merge(several, at, merges)?,
        };
        if nullable {
            schema::set(&mut lowered, "nullable", true.into());
        }
        Ok(lowered)
    }

    /// Merges the branches of an `allOf` into one object.
    fn merge(
        &self,
        branches: &[(Pointer, Value)],
        at: &Pointer,
        merges: usize,
    ) -> Result<Value, Error> {
        if merges >= MAX_MERGES {
            return Err(Error::at(
                at,
                "an `allOf` that refers to itself cannot be lowered",
            ));
        }
        let mut merged = json!({ "type": "object", "properties": {}, "required": [] });
        for (branch_at, branch) in branches {
            if only_requires(branch) {
                add_required(&mut merged, branch);
                continue;
            }
            let target = schema::reference(branch)
                .and_then(|name| self.raw.get(name))
                .unwrap_or(branch);
            let lowered = self.lower(target, branch_at, merges + 1)?;
            if kind(&lowered) != Some(Kind::Object) {
                return Err(Error::at(
                    branch_at,
                    "an `allOf` of several schemas can only be lowered if all of them are objects with properties",
                ));
            }
            for (name, property) in schema::properties(&lowered) {
                let both = match merged["properties"].get(name) {
                    Some(other) => intersect(other, property),
                    None => Some(property.clone()),
                };
                merged["properties"][name] = both.ok_or_else(|| {
                    Error::at(
                        branch_at,
                        format!(
                            "the branches of an `allOf` define the property `{name}` differently"
                        ),
                    )
                })?;
            }
            add_required(&mut merged, &lowered);
            if lowered.get("additionalProperties") == Some(&Value::Bool(false)) {
                merged["additionalProperties"] = false.into();
            }
        }
        self.lower(&merged, at, merges)
    }

    fn lower_union(
        &self,
        keyword: &str,
        branches: &[Value],
        at: &Pointer,
        merges: usize,
    ) -> Result<Value, Error> {
        let mut nullable = false;
        let mut lowered = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if is_null(branch) {
                nullable = true;
                continue;
            }
            let mut branch = self.lower(branch, &at.child(keyword).child(index), merges)?;
            let mut siblings = schema::take_siblings(&mut branch);
            nullable |= siblings.remove("nullable").is_some();
            if siblings.contains_key(FEATURE) {
                return Err(Error::at(
                    at.child(keyword).child(index),
                    "a member of a union cannot be marked: mark its component, or name its tag in `x-features` of the union",
                ));
            }
            lowered.push((branch, siblings));
        }
        let mut schema = match lowered.len() {
            0 => {
                return Err(Error::at(
                    at,
                    "a schema that only allows `null` cannot be lowered",
                ));
            }
            1 => {
                let (mut only, siblings) = lowered.remove(0);
                schema::put_siblings(&mut only, siblings);
                only
            }
            _ => {
                json!({ "oneOf": lowered.into_iter().flat_map(|(branch, _)| flatten(branch)).collect::<Vec<_>>() })
            }
        };
        if nullable {
            schema::set(&mut schema, "nullable", true.into());
        }
        Ok(schema)
    }

    fn lower_plain(&self, object: &Object, at: &Pointer, merges: usize) -> Result<Value, Error> {
        let (types, nullable) = constraints::types(object, at)?;
        let mut schemas = Vec::new();
        for name in &types {
            schemas.push(self.lower_type(name, object, at, merges)?);
        }
        let mut schema = match schemas.len() {
            0 => return Err(Error::at(at, "a schema without a `type` cannot be lowered")),
            1 => schemas.remove(0),
            _ => json!({ "oneOf": schemas }),
        };
        if nullable {
            schema::set(&mut schema, "nullable", true.into());
        }
        Ok(schema)
    }

    fn lower_type(
        &self,
        name: &str,
        object: &Object,
        at: &Pointer,
        merges: usize,
    ) -> Result<Value, Error> {
        let keywords = constraints::keywords_of_type(name)
            .ok_or_else(|| Error::at(at, format!("the type `{name}` cannot be lowered")))?;
        let mut lowered = Object::new();
        lowered.insert("type".into(), name.into());
        for keyword in keywords {
            let Some(value) = object.get(*keyword) else {
                continue;
            };
            let at = at.child(keyword);
            let value = match *keyword {
                "items" => self.lower(value, &at, merges)?,
                "properties" => self.lower_properties(value, &at, merges)?,
                "additionalProperties" if value.as_object().is_some_and(|map| !map.is_empty()) => {
                    self.lower(value, &at, merges)?
                }
                "additionalProperties" if value.is_object() => true.into(),
                _ if constraints::is_well_formed(keyword, value) => value.clone(),
                _ => return Err(Error::at(at, format!("`{keyword}` cannot be {value}"))),
            };
            lowered.insert((*keyword).to_owned(), value);
        }
        if let Some(values) = constraints::values(object) {
            if values.is_empty()
                || !values
                    .iter()
                    .all(|value| constraints::is_of_type(value, name))
            {
                let list = Value::from(values);
                return Err(Error::at(at, format!("a {name} cannot be one of {list}")));
            }
            lowered.insert("enum".into(), values.into());
        }
        if name == "string" && constraints::is_file(&Value::Object(object.clone())) {
            lowered.insert("format".into(), "binary".into());
        }
        match name {
            "array" if !lowered.contains_key("items") => {
                return Err(Error::at(at, "an array without `items` cannot be lowered"));
            }
            "object" => constraints::normalize_object(&mut lowered),
            "integer" | "number" => constraints::normalize_limits(&mut lowered),
            _ => {}
        }
        Ok(Value::Object(lowered))
    }

    fn lower_properties(&self, value: &Value, at: &Pointer, merges: usize) -> Result<Value, Error> {
        let properties = value
            .as_object()
            .ok_or_else(|| Error::at(at, "must be an object"))?;
        let mut lowered = Object::new();
        for (name, property) in properties {
            let mut property = self.lower(property, &at.child(name), merges)?;
            constraints::normalize_timestamp(name, &mut property);
            lowered.insert(name.clone(), property);
        }
        Ok(Value::Object(lowered))
    }
}

/// Makes a schema the only member of a union.
fn union_of(mut schema: Value) -> Value {
    let siblings = schema::take_siblings(&mut schema);
    let mut union = json!({ "oneOf": [schema] });
    schema::put_siblings(&mut union, siblings);
    union
}

fn add_required(merged: &mut Value, branch: &Value) {
    let names = branch
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    if let Some(required) = merged["required"].as_array_mut() {
        required.extend(names.cloned());
    }
}

/// The branches of a nested union, or the schema itself.
fn flatten(schema: Value) -> Vec<Value> {
    match schema.get("oneOf") {
        Some(Value::Array(branches)) => branches.clone(),
        _ => vec![schema],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components() -> Schemas {
        [
            ("Plain", json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})),
            ("Nullable", json!({"anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "null"}]})),
            ("AlsoNullable", json!({"$ref": "#/components/schemas/Nullable"})),
        ]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
    }

    fn lower(raw: Value) -> Result<Value, String> {
        let lowering = Lowering::new(components()).unwrap();
        lowering
            .schema(&raw, &Pointer::root().child("x"))
            .map_err(|error| error.to_string())
    }

    fn assert_lowered(raw: Value, expected: Value) {
        assert_eq!(lower(raw.clone()), Ok(expected), "{raw}");
    }

    const PLAIN: &str = "#/components/schemas/Plain";

    #[test]
    fn timestamps_are_recognized_in_every_spelling() {
        let of = |time: Value| json!({"type": "object", "properties": {"created_at": time}});
        let time = json!({"type": "integer", "format": "unixtime"});
        for raw in [
            json!({"type": "integer", "description": "The Unix timestamp (in seconds)."}),
            json!({"type": "integer", "format": "unixtime"}),
            json!({"type": "number", "format": "double"}),
        ] {
            assert_lowered(of(raw), of(time.clone()));
        }
        let mut nullable = time;
        nullable["nullable"] = true.into();
        for raw in [
            json!({"type": "integer", "nullable": true}),
            json!({"anyOf": [{"type": "integer", "format": "unixtime"}, {"type": "null"}]}),
        ] {
            assert_lowered(of(raw), of(nullable.clone()));
        }
    }

    #[test]
    fn the_extensions_of_overlays_are_kept() {
        let marked = json!({"type": "string", "enum": ["a", "b"], "x-feature": "files", "x-features": {"b": "foundry"}});
        assert_lowered(marked.clone(), marked);
        assert_lowered(
            json!({"$ref": PLAIN, "x-description": "Plain.", "x-other": 1}),
            json!({"allOf": [{"$ref": PLAIN}], "x-description": "Plain."}),
        );
        let member = json!({"oneOf": [{"$ref": PLAIN, "x-feature": "files"}, {"type": "string"}]});
        assert!(
            lower(member)
                .unwrap_err()
                .starts_with("at #/x/oneOf/0: a member of a union cannot be marked")
        );
    }

    #[test]
    fn every_spelling_of_null_becomes_nullable() {
        let text = json!({"type": "string", "maxLength": 5, "nullable": true});
        for raw in [
            json!({"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}),
            json!({"oneOf": [{"type": "null"}, {"type": "string", "maxLength": 5}]}),
            json!({"type": ["string", "null"], "maxLength": 5}),
            json!({"type": "string", "maxLength": 5, "nullable": true}),
            json!({"anyOf": [{"type": "string", "maxLength": 5}], "nullable": true}),
            json!({"anyOf": [{"type": "string", "maxLength": 5}, {"enum": [null]}]}),
        ] {
            assert_lowered(raw, text.clone());
        }

        let reference = json!({"allOf": [{"$ref": PLAIN}], "nullable": true});
        for raw in [
            json!({"$ref": PLAIN, "nullable": true}),
            json!({"allOf": [{"$ref": PLAIN}, {"nullable": true}]}),
            json!({"allOf": [{"$ref": PLAIN}], "nullable": true}),
            json!({"anyOf": [{"$ref": PLAIN}, {"type": "null"}]}),
        ] {
            assert_lowered(raw, reference.clone());
        }
    }

    #[test]
    fn a_nullable_component_is_nullable_where_it_is_used() {
        for name in ["Nullable", "AlsoNullable"] {
            let reference = format!("{PREFIX}{name}");
            assert_lowered(
                json!({"$ref": reference}),
                json!({"allOf": [{"$ref": reference}], "nullable": true}),
            );
        }
        let components = Lowering::new(components()).unwrap().components().unwrap();
        assert_eq!(
            components["Nullable"],
            json!({"type": "object", "additionalProperties": {"type": "string"}})
        );
    }

    #[test]
    fn constraints_are_kept_and_documentation_is_dropped() {
        assert_lowered(
            json!({"type": "integer", "title": "T", "description": "D", "example": 1, "x-y": 1, "minimum": 1, "default": 2, "deprecated": true}),
            json!({"type": "integer", "minimum": 1, "default": 2, "deprecated": true}),
        );
    }

    #[test]
    fn openapi_3_1_becomes_3_0() {
        assert_lowered(
            json!({"const": "a"}),
            json!({"type": "string", "enum": ["a"]}),
        );
        assert_lowered(
            json!({"type": "number", "exclusiveMinimum": 0}),
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": true}),
        );
        assert_lowered(
            json!({"type": ["string", "integer", "null"], "minLength": 1, "minimum": 2}),
            json!({"oneOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 2}], "nullable": true}),
        );
        assert_lowered(
            json!({"type": "string", "examples": ["a"]}),
            json!({"type": "string"}),
        );
    }

    #[test]
    fn objects_are_normalized() {
        assert_lowered(
            json!({"type": "object"}),
            json!({"type": "object", "additionalProperties": true}),
        );
        assert_lowered(
            json!({"additionalProperties": {}}),
            json!({"type": "object", "additionalProperties": true}),
        );
        assert_lowered(
            json!({"properties": {"b": {"type": "string"}, "a": {"type": "string"}}, "required": ["b", "items", "a"]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]}),
        );
    }

    #[test]
    fn branches_that_only_require_properties_are_ignored() {
        assert_lowered(
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        );
    }

    #[test]
    fn all_of_merges_compatible_objects() {
        assert_lowered(
            json!({"allOf": [{"$ref": PLAIN}, {"properties": {"b": {"type": "integer"}}}, {"required": ["b"]}]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a", "b"]}),
        );
        let error =
            lower(json!({"allOf": [{"$ref": PLAIN}, {"properties": {"a": {"type": "integer"}}}]}))
                .unwrap_err();
        assert_eq!(
            error,
            "at #/x/allOf/1: the branches of an `allOf` define the property `a` differently"
        );
    }

    #[test]
    fn an_invalid_default_is_dropped() {
        let items = json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
        let mut raw = items.clone();
        raw["default"] = json!([]);
        assert_lowered(raw, items);
    }

    #[test]
    fn a_named_union_with_one_tagged_or_primitive_member_stays_a_union() {
        let mut raw = components();
        raw.insert("Event".into(), json!({"oneOf": [{"type": "object", "properties": {"event": {"const": "a"}}, "required": ["event"]}]}));
        raw.insert("Output".into(), json!({"oneOf": [{"type": "string"}]}));
        raw.insert("Alias".into(), json!({"oneOf": [{"$ref": PLAIN}]}));
        let lowered = Lowering::new(raw).unwrap().components().unwrap();
        assert_eq!(kind(&lowered["Event"]), Some(Kind::Union));
        assert_eq!(lowered["Output"], json!({"oneOf": [{"type": "string"}]}));
        assert_eq!(kind(&lowered["Alias"]), Some(Kind::Reference));
    }

    #[test]
    fn errors_contain_the_location_of_what_cannot_be_lowered() {
        for (raw, expected) in [
            (
                json!({"type": "object", "properties": {"a": {"not": {}}}}),
                "at #/x/properties/a/not: `not`",
            ),
            (
                json!({"type": "array", "prefixItems": []}),
                "at #/x/prefixItems: `prefixItems`",
            ),
            (
                json!({"type": "object", "patternProperties": {}}),
                "at #/x/patternProperties",
            ),
            (json!({"$defs": {}}), "at #/x/$defs"),
            (json!({}), "at #/x: a schema without a `type`"),
            (
                json!({"type": "null"}),
                "at #/x: a schema that only allows `null`",
            ),
            (
                json!({"type": "file"}),
                "at #/x: the type `file` cannot be lowered",
            ),
            (json!({"type": "array"}), "at #/x: an array without `items`"),
            (json!({"type": 5}), "at #/x/type: must be a name"),
            (
                json!({"type": "string", "maxLength": "many"}),
                "at #/x/maxLength: `maxLength` cannot be \"many\"",
            ),
            (
                json!({"type": "string", "enum": [1]}),
                "at #/x: a string cannot be one of [1]",
            ),
            (json!({"type": "string", "enum": "a"}), "at #/x/enum"),
            (json!({"oneOf": {}}), "at #/x: `oneOf` must be a list"),
            (
                json!({"oneOf": [true]}),
                "at #/x/oneOf/0: a schema must be an object",
            ),
            (json!({"allOf": []}), "at #/x: an `allOf` without a type"),
            (
                json!({"allOf": [{"$ref": PLAIN}], "anyOf": [{"type": "string"}]}),
                "at #/x: an `allOf` that also has `anyOf`",
            ),
            (
                json!({"$ref": PLAIN, "properties": {}}),
                "at #/x: a `$ref` that also has `properties`",
            ),
            (
                json!({"oneOf": [{"type": "string"}], "anyOf": [{"type": "string"}]}),
                "at #/x: a schema with `oneOf` and `anyOf`",
            ),
        ] {
            let error = lower(raw.clone()).unwrap_err();
            assert!(error.starts_with(expected), "{raw}: {error}");
        }
    }
}
