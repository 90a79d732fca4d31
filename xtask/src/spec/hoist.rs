//! Hoists inline objects, unions and enums into named components.
//!
//! In the result components and parameters contain only references, primitives, constants,
//! and arrays and maps of these.

use std::collections::BTreeMap;

use openai_assistants_codegen::{Error, constants};
use serde_json::{Value, json};

use super::discriminator;
use super::naming::{self, Names, Stem};
use super::pointer::Pointer;
use super::schema::{self, Kind, Schemas, kind};

/// Moves inline schemas into components, which it names.
pub(super) struct Hoist {
    /// The lowered upstream components.
    upstream: Schemas,
    names: Names,
    /// The components created so far.
    pub(super) components: Schemas,
    /// The generated names, with the location of the first schema of each.
    pub(super) generated: BTreeMap<String, Pointer>,
}

/// The context of a schema: the stem of its name, and its location for errors.
#[derive(Clone)]
struct Context {
    stem: Stem,
    at: Pointer,
}

impl Context {
    fn property(&self, name: &str) -> Self {
        Self {
            stem: self.stem.with(name),
            at: self.at.child("properties").child(name),
        }
    }

    fn part(&self, keyword: &str, name: &str) -> Self {
        Self {
            stem: self.stem.with(name),
            at: self.at.child(keyword),
        }
    }

    /// The context of an item, which is named after its property.
    fn item(&self, keyword: &str) -> Self {
        Self {
            stem: self.stem.singular(),
            at: self.at.child(keyword),
        }
    }

    fn named(&self, name: &str) -> Self {
        Self {
            stem: self.stem.named(name),
            at: self.at.clone(),
        }
    }
}

impl Hoist {
    /// Hoists from upstream components, requests last.
    ///
    /// Schemas in responses thereby get the shorter names.
    pub(super) fn new(upstream: Schemas) -> Result<Self, Error> {
        let mut names = Names::default();
        for (name, schema) in &upstream {
            names.reserve(name, &without_siblings(schema));
        }
        let order: Vec<String> = {
            let (requests, others): (Vec<_>, Vec<_>) = upstream
                .keys()
                .cloned()
                .partition(|name| name.ends_with("Request"));
            others.into_iter().chain(requests).collect()
        };
        let mut hoist = Self {
            upstream,
            names,
            components: Schemas::new(),
            generated: BTreeMap::new(),
        };
        for name in order {
            let context = Context {
                stem: Stem::of_component(&name),
                at: Pointer::component(&name),
            };
            let component = hoist.component(hoist.upstream[&name].clone(), &name, &context)?;
            hoist.components.insert(name, component);
        }
        Ok(hoist)
    }

    /// Hoists from the schema of a parameter.
    pub(super) fn parameter(
        &mut self,
        schema: Value,
        name: &str,
        operation: &str,
        at: &Pointer,
    ) -> Result<Value, Error> {
        let context = Context {
            stem: Stem::of_parameters(operation).with(name),
            at: at.clone(),
        };
        self.item(schema, &context)
    }

    /// Hoists the schema of a request or response body, which is always a component.
    pub(super) fn body(&mut self, schema: Value, name: &str, at: &Pointer) -> Result<Value, Error> {
        if kind(&schema) == Some(Kind::Reference) {
            let mut schema = schema;
            schema::take_siblings(&mut schema);
            return Ok(schema);
        }
        self.hoist(
            schema,
            &Context {
                stem: Stem::of_component(name).named(name),
                at: at.clone(),
            },
        )
    }

    fn inline(&mut self, mut schema: Value, context: &Context) -> Result<Value, Error> {
        match kind(&schema) {
            Some(Kind::Reference | Kind::Primitive | Kind::Constant) => Ok(schema),
            Some(Kind::Array) => {
                schema["items"] = self.item(schema["items"].take(), &context.item("items"))?;
                Ok(schema)
            }
            Some(Kind::Map) => {
                if schema["additionalProperties"].is_object() {
                    schema["additionalProperties"] = self.item(
                        schema["additionalProperties"].take(),
                        &context.item("additionalProperties"),
                    )?;
                }
                Ok(schema)
            }
            Some(Kind::Enum | Kind::Object | Kind::Union) => self.hoist(schema, context),
            None => Err(Error::at(
                &context.at,
                "a schema without a `type` cannot be imported",
            )),
        }
    }

    /// Hoists from an item or a value of a map. An enum of one value may get more.
    fn item(&mut self, schema: Value, context: &Context) -> Result<Value, Error> {
        match kind(&schema) {
            Some(Kind::Constant) => self.hoist(schema, context),
            _ => self.inline(schema, context),
        }
    }

    /// Creates or reuses a component for the schema, and returns a reference to it.
    fn hoist(&mut self, mut schema: Value, context: &Context) -> Result<Value, Error> {
        let siblings = schema::take_siblings(&mut schema);
        let (name, is_new) = self.names.choose(&context.stem, &schema).ok_or_else(|| {
            Error::at(
                &context.at,
                "all candidate names of this schema are used by different schemas",
            )
        })?;
        if is_new {
            self.generated.insert(name.clone(), context.at.clone());
            let component = self.component(schema, &name, &context.named(&name))?;
            self.components.insert(name.clone(), component);
        }
        let mut reference = schema::reference_to(&name);
        schema::put_siblings(&mut reference, siblings);
        Ok(reference)
    }

    /// Hoists from the direct subschemas of a component.
    fn component(
        &mut self,
        mut schema: Value,
        name: &str,
        context: &Context,
    ) -> Result<Value, Error> {
        match kind(&schema) {
            Some(Kind::Object) => {
                let properties: Vec<(String, Value)> = schema::properties(&schema)
                    .map(|(name, property)| (name.clone(), property.clone()))
                    .collect();
                let constants: Vec<String> = constants(&schema).map(str::to_owned).collect();
                for (property, value) in properties {
                    let context = context.property(&property);
                    schema["properties"][&property] = match constants.contains(&property) {
                        true => value,
                        false => self.item(value, &context)?,
                    };
                }
                if schema
                    .get("additionalProperties")
                    .is_some_and(Value::is_object)
                {
                    let value = schema["additionalProperties"].take();
                    schema["additionalProperties"] =
                        self.item(value, &context.part("additionalProperties", "Value"))?;
                }
                Ok(schema)
            }
            Some(Kind::Union) => {
                let branches = schema["oneOf"].as_array().cloned().unwrap_or_default();
                schema["oneOf"] = self.members(branches, name, context)?.into();
                Ok(schema)
            }
            Some(Kind::Array) => {
                schema["items"] =
                    self.item(schema["items"].take(), &context.part("items", "Item"))?;
                Ok(schema)
            }
            Some(Kind::Map) if schema["additionalProperties"].is_object() => {
                let value = schema["additionalProperties"].take();
                schema["additionalProperties"] =
                    self.item(value, &context.part("additionalProperties", "Value"))?;
                Ok(schema)
            }
            Some(_) => Ok(schema),
            None => Err(Error::at(
                &context.at,
                "a schema without a `type` cannot be imported",
            )),
        }
    }

    fn members(
        &mut self,
        branches: Vec<Value>,
        name: &str,
        context: &Context,
    ) -> Result<Vec<Value>, Error> {
        let json_types = branches
            .iter()
            .map(|branch| self.json_type(branch, 0))
            .collect::<Option<Vec<_>>>();
        let json_types = json_types.ok_or_else(|| {
            Error::at(
                &context.at,
                "a union with a branch of several JSON types cannot be lowered",
            )
        })?;
        if json_types.iter().all(|json_type| *json_type == "object") {
            return self.tagged_members(branches, name, context);
        }

        let (objects, others): (Vec<_>, Vec<_>) = branches
            .into_iter()
            .zip(json_types)
            .partition(|(_, json_type)| *json_type == "object");
        let mut seen = Vec::new();
        let mut members = Vec::new();
        for (branch, json_type) in others {
            if seen.contains(&json_type) {
                return Err(Error::at(
                    &context.at,
                    format!(
                        "a union with several branches of the JSON type {json_type} cannot be lowered"
                    ),
                ));
            }
            seen.push(json_type);
            members.push(self.untagged_member(branch, context)?);
        }
        let mut objects: Vec<Value> = objects.into_iter().map(|(branch, _)| branch).collect();
        match objects.len() {
            0 => {}
            1 => {
                let object = objects.remove(0);
                members.push(self.inline(object, &context.part("oneOf", "Object"))?);
            }
            _ => members.push(self.hoist(
                json!({ "oneOf": objects }),
                &context.part("oneOf", "Object"),
            )?),
        }
        Ok(members)
    }

    /// Hoists a member that is not an object. Its JSON type identifies it.
    fn untagged_member(&mut self, branch: Value, context: &Context) -> Result<Value, Error> {
        match kind(&branch) {
            // A constant beside other types may become an enum.
            Some(Kind::Constant | Kind::Enum) => self.hoist(branch, &context.part("oneOf", "Mode")),
            Some(Kind::Array) => {
                let mut branch = branch;
                branch["items"] =
                    self.item(branch["items"].take(), &context.part("oneOf", "Item"))?;
                Ok(branch)
            }
            _ => self.inline(branch, &context.part("oneOf", "Value")),
        }
    }

    /// Hoists members with a discriminator, whose values name them.
    fn tagged_members(
        &mut self,
        branches: Vec<Value>,
        name: &str,
        context: &Context,
    ) -> Result<Vec<Value>, Error> {
        let discriminator = discriminator::infer(&branches, &self.upstream).ok_or_else(|| {
            Error::at(
                &context.at,
                "a union of objects without a discriminator cannot be lowered",
            )
        })?;
        let mut members = Vec::new();
        for (index, branch) in branches.into_iter().enumerate() {
            if kind(&branch) == Some(Kind::Reference) {
                members.push(branch);
                continue;
            }
            let value = branch["properties"][&discriminator.property]["enum"][0]
                .as_str()
                .unwrap_or_default();
            let suffix = if discriminator.property == "event" {
                "Event"
            } else {
                name
            };
            let member = format!("{}{suffix}", naming::pascal(value));
            let stem = context.stem.with(value).named(&member);
            members.push(self.hoist(
                branch,
                &Context {
                    stem,
                    at: context.at.child("oneOf").child(index),
                },
            )?);
        }
        Ok(members)
    }

    /// Returns the JSON type of the values of a schema.
    fn json_type(&self, schema: &Value, depth: usize) -> Option<&'static str> {
        if depth > 8 {
            return None;
        }
        let (_, schema) = schema::target(schema, &self.upstream);
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => Some("string"),
            Some("integer" | "number") => Some("number"),
            Some("boolean") => Some("boolean"),
            Some("array") => Some("array"),
            Some("object") => Some("object"),
            _ => {
                let branches = schema.get("oneOf")?.as_array()?;
                let mut json_types = branches
                    .iter()
                    .map(|branch| self.json_type(branch, depth + 1));
                let first = json_types.next()??;
                json_types
                    .all(|json_type| json_type == Some(first))
                    .then_some(first)
            }
        }
    }
}

/// A schema without its sibling keywords.
fn without_siblings(schema: &Value) -> Value {
    let mut schema = schema.clone();
    schema::take_siblings(&mut schema);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hoist(components: Value) -> Result<Schemas, String> {
        let components = components
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .collect();
        Hoist::new(components)
            .map(|hoist| hoist.components)
            .map_err(|error| error.to_string())
    }

    fn object(properties: Value) -> Value {
        json!({"type": "object", "properties": properties})
    }

    fn tagged(value: &str) -> Value {
        json!({"type": "object", "required": ["type"], "properties": {"type": {"type": "string", "enum": [value]}}})
    }

    #[test]
    fn inline_schemas_are_named_and_sibling_keywords_stay() {
        let mut thing = object(json!({
            "mode": {"type": "string", "enum": ["a", "b"], "default": "a", "nullable": true},
            "kind": {"type": "string", "enum": ["thing"]},
            "parts": {"type": "array", "maxItems": 3, "items": object(json!({"state": {"type": "string", "enum": ["x", "y"]}}))},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }));
        thing["required"] = json!(["kind"]);
        let schemas = hoist(json!({ "ThingObject": thing })).unwrap();
        assert_eq!(
            schemas.keys().collect::<Vec<_>>(),
            ["ThingMode", "ThingObject", "ThingPart", "ThingPartState"]
        );
        let properties = &schemas["ThingObject"]["properties"];
        assert_eq!(
            properties["mode"],
            json!({"allOf": [schema::reference_to("ThingMode")], "default": "a", "nullable": true})
        );
        assert_eq!(
            properties["kind"],
            json!({"type": "string", "enum": ["thing"]})
        );
        assert_eq!(
            properties["parts"],
            json!({"type": "array", "maxItems": 3, "items": schema::reference_to("ThingPart")})
        );
        assert_eq!(
            schemas["ThingMode"],
            json!({"type": "string", "enum": ["a", "b"]})
        );
    }

    #[test]
    fn a_single_value_that_may_be_left_out_or_repeated_is_an_enum() {
        let one = json!({"type": "string", "enum": ["one"]});
        let schemas = hoist(json!({"CreateThingRequest": object(json!({
            "type": one,
            "mode": one,
            "parts": {"type": "array", "items": one},
        }))}))
        .unwrap();
        let properties = &schemas["CreateThingRequest"]["properties"];
        assert_eq!(properties["type"], one);
        assert_eq!(properties["mode"], schema::reference_to("ThingMode"));
        assert_eq!(
            properties["parts"]["items"],
            schema::reference_to("ThingPart")
        );
        assert_eq!(schemas["ThingMode"], one);
    }

    #[test]
    fn response_schemas_get_the_shorter_names() {
        let schemas = hoist(json!({
            "CreateThingRequest": object(json!({"part": object(json!({"a": {"type": "string"}}))})),
            "ThingObject": object(json!({"part": object(json!({"b": {"type": "string"}}))})),
        }))
        .unwrap();
        assert_eq!(
            schemas["ThingObject"]["properties"]["part"],
            schema::reference_to("ThingPart")
        );
        assert_eq!(
            schemas["CreateThingRequest"]["properties"]["part"],
            schema::reference_to("CreateThingPart")
        );
    }

    #[test]
    fn members_are_named_after_their_discriminator_values() {
        let event = json!({"type": "object", "required": ["event"], "properties": {"event": {"type": "string", "enum": ["thing.part.in_progress"]}}});
        let schemas = hoist(json!({
            "ThingObject": object(json!({"strategy": {"oneOf": [tagged("auto"), tagged("static")]}})),
            "ThingStreamEvent": {"oneOf": [event]},
        }))
        .unwrap();
        assert_eq!(
            schemas["ThingStrategy"]["oneOf"],
            json!([
                schema::reference_to("AutoThingStrategy"),
                schema::reference_to("StaticThingStrategy")
            ])
        );
        assert_eq!(
            schemas["ThingStreamEvent"]["oneOf"],
            json!([schema::reference_to("ThingPartInProgressEvent")])
        );
    }

    #[test]
    fn a_constant_or_one_of_several_objects_is_a_union_of_two() {
        let schemas = hoist(json!({
            "A": tagged("a"),
            "B": tagged("b"),
            "Option": {"oneOf": [{"type": "string", "enum": ["auto"]}, schema::reference_to("A"), schema::reference_to("B")]},
        }))
        .unwrap();
        assert_eq!(
            schemas["Option"]["oneOf"],
            json!([
                schema::reference_to("OptionMode"),
                schema::reference_to("OptionObject")
            ])
        );
        assert_eq!(
            schemas["OptionObject"]["oneOf"],
            json!([schema::reference_to("A"), schema::reference_to("B")])
        );
    }

    #[test]
    fn untagged_members_differ_in_their_json_type() {
        let schemas = hoist(json!({"CreateThingRequest": object(json!({
            "content": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"oneOf": [tagged("a"), tagged("b")]}}]},
        }))}))
        .unwrap();
        assert_eq!(
            schemas["ThingContent"]["oneOf"],
            json!([{"type": "string"}, {"type": "array", "items": schema::reference_to("ThingContentItem")}])
        );
    }

    #[test]
    fn the_items_of_an_array_parameter_are_an_enum() {
        let mut hoist = Hoist::new(Schemas::new()).unwrap();
        let schema = json!({"type": "array", "items": {"type": "string", "enum": ["a"]}});
        let schema = hoist
            .parameter(schema, "fields[]", "listThings", &Pointer::root())
            .unwrap();
        assert_eq!(schema["items"], schema::reference_to("Field"));
        let order = |hoist: &mut Hoist, last: &str| {
            let schema = json!({"type": "string", "enum": ["asc", last], "default": "asc"});
            hoist
                .parameter(schema, "order", "listThings", &Pointer::root())
                .unwrap()
        };
        assert_eq!(
            order(&mut hoist, "desc"),
            json!({"allOf": [schema::reference_to("ListOrder")], "default": "asc"})
        );
        assert_eq!(
            schema::reference(&order(&mut hoist, "random")),
            Some("ListThingsOrder")
        );
    }

    #[test]
    fn ambiguous_unions_are_an_error() {
        let plain = object(json!({"a": {"type": "string"}}));
        for union in [
            json!([plain, object(json!({"b": {"type": "string"}}))]),
            json!([{"type": "integer"}, {"type": "number"}]),
        ] {
            let error =
                hoist(json!({"Thing": object(json!({"part": {"oneOf": union}}))})).unwrap_err();
            assert!(
                error.starts_with("at #/components/schemas/Thing/properties/part: a union"),
                "{error}"
            );
        }
        let endless =
            hoist(json!({"Thing": {"oneOf": [schema::reference_to("Thing"), {"type": "string"}]}}));
        assert!(
            endless
                .unwrap_err()
                .starts_with("at #/components/schemas/Thing: a union")
        );
    }
}
