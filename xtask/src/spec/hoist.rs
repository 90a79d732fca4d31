//! Gives every inline object, union and list of values a name of its own.
//!
//! Afterwards a component or parameter holds, besides references, only strings,
//! numbers, booleans, constants, and arrays and maps of such.

use std::collections::BTreeMap;

use openai_assistants_codegen::Error;
use serde_json::{Value, json};

use super::closure;
use super::discriminator;
use super::naming::{self, Names, Stem};
use super::pointer::Pointer;
use super::schema::{self, Kind, Schemas, kind};

/// Moves inline schemas into components.
pub(super) struct Hoist {
    /// The components that upstream named, lowered.
    upstream: Schemas,
    names: Names,
    /// All components so far.
    pub(super) components: Schemas,
    /// The names given, and where the first schema of that name was found.
    pub(super) given: BTreeMap<String, Pointer>,
}

/// Where a schema stands: what names begin with there, and the place for errors.
#[derive(Clone)]
struct Place {
    stem: Stem,
    at: Pointer,
}

impl Place {
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

    /// An item of a property is named after the property.
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
    /// Hoists from the components of the closure. What servers send goes first, so
    /// that the plain names are theirs.
    pub(super) fn new(upstream: Schemas) -> Result<Self, Error> {
        let mut names = Names::default();
        for (name, schema) in &upstream {
            names.take(name, &shape(schema));
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
            given: BTreeMap::new(),
        };
        for name in order {
            let place = Place {
                stem: Stem::of_component(&name),
                at: closure::at(&name),
            };
            let body = hoist.body(hoist.upstream[&name].clone(), &name, &place)?;
            hoist.components.insert(name, body);
        }
        Ok(hoist)
    }

    /// A parameter's schema.
    pub(super) fn parameter(
        &mut self,
        schema: Value,
        name: &str,
        operation: &str,
        at: &Pointer,
    ) -> Result<Value, Error> {
        let place = Place {
            stem: Stem::of_parameters(operation).with(name),
            at: at.clone(),
        };
        // A list of values to choose from is a list that grows, even if it has
        // one value today.
        if kind(&schema) == Some(Kind::Array) && kind(&schema["items"]) == Some(Kind::Constant) {
            let mut schema = schema;
            schema["items"] = self.name(schema["items"].take(), &place.item("items"))?;
            return Ok(schema);
        }
        self.inline(schema, &place)
    }

    /// The schema of a request or response, which always has a name.
    pub(super) fn message(
        &mut self,
        schema: Value,
        name: &str,
        at: &Pointer,
    ) -> Result<Value, Error> {
        if kind(&schema) == Some(Kind::Reference) {
            let mut schema = schema;
            schema::take_place(&mut schema);
            return Ok(schema);
        }
        self.name(
            schema,
            &Place {
                stem: Stem::of_component(name).named(name),
                at: at.clone(),
            },
        )
    }

    fn inline(&mut self, mut schema: Value, place: &Place) -> Result<Value, Error> {
        match kind(&schema) {
            Some(Kind::Reference | Kind::Primitive | Kind::Constant) => Ok(schema),
            Some(Kind::Array) => {
                schema["items"] = self.inline(schema["items"].take(), &place.item("items"))?;
                Ok(schema)
            }
            Some(Kind::Map) => {
                if schema["additionalProperties"].is_object() {
                    schema["additionalProperties"] = self.inline(
                        schema["additionalProperties"].take(),
                        &place.item("additionalProperties"),
                    )?;
                }
                Ok(schema)
            }
            Some(Kind::Enum | Kind::Object | Kind::Union) => self.name(schema, place),
            None => Err(Error::at(
                &place.at,
                "a schema without a `type` cannot be imported",
            )),
        }
    }

    /// Makes a schema a component, and refers to it.
    fn name(&mut self, mut schema: Value, place: &Place) -> Result<Value, Error> {
        let about_place = schema::take_place(&mut schema);
        let (name, new) = self.names.choose(&place.stem, &schema).ok_or_else(|| {
            Error::at(
                &place.at,
                "all names for this schema are taken by schemas of other shapes",
            )
        })?;
        if new {
            self.given.insert(name.clone(), place.at.clone());
            let body = self.body(schema, &name, &place.named(&name))?;
            self.components.insert(name.clone(), body);
        }
        let mut reference = schema::refer_to(&name);
        schema::put_place(&mut reference, about_place);
        Ok(reference)
    }

    /// What is in a component.
    fn body(&mut self, mut schema: Value, name: &str, place: &Place) -> Result<Value, Error> {
        match kind(&schema) {
            Some(Kind::Object) => {
                let properties: Vec<(String, Value)> = schema::properties(&schema)
                    .map(|(name, property)| (name.clone(), property.clone()))
                    .collect();
                for (property, value) in properties {
                    schema["properties"][&property] =
                        self.inline(value, &place.property(&property))?;
                }
                if schema
                    .get("additionalProperties")
                    .is_some_and(Value::is_object)
                {
                    let value = schema["additionalProperties"].take();
                    schema["additionalProperties"] =
                        self.inline(value, &place.part("additionalProperties", "Value"))?;
                }
                Ok(schema)
            }
            Some(Kind::Union) => {
                let branches = schema["oneOf"].as_array().cloned().unwrap_or_default();
                schema["oneOf"] = self.members(branches, name, place)?.into();
                Ok(schema)
            }
            Some(Kind::Array) => {
                schema["items"] =
                    self.inline(schema["items"].take(), &place.part("items", "Item"))?;
                Ok(schema)
            }
            Some(Kind::Map) if schema["additionalProperties"].is_object() => {
                let value = schema["additionalProperties"].take();
                schema["additionalProperties"] =
                    self.inline(value, &place.part("additionalProperties", "Value"))?;
                Ok(schema)
            }
            Some(_) => Ok(schema),
            None => Err(Error::at(
                &place.at,
                "a schema without a `type` cannot be imported",
            )),
        }
    }

    fn members(
        &mut self,
        branches: Vec<Value>,
        name: &str,
        place: &Place,
    ) -> Result<Vec<Value>, Error> {
        let forms = branches
            .iter()
            .map(|branch| self.json_form(branch, 0))
            .collect::<Option<Vec<_>>>();
        let forms = forms.ok_or_else(|| {
            Error::at(
                &place.at,
                "a union with a branch that is itself of several forms in JSON cannot be lowered",
            )
        })?;
        if forms.iter().all(|form| *form == "object") {
            return self.tagged_members(branches, name, place);
        }

        let (objects, others): (Vec<_>, Vec<_>) = branches
            .into_iter()
            .zip(forms)
            .partition(|(_, form)| *form == "object");
        let mut seen = Vec::new();
        let mut members = Vec::new();
        for (branch, form) in others {
            if seen.contains(&form) {
                return Err(Error::at(
                    &place.at,
                    format!(
                        "a union with several branches that are {form}s in JSON cannot be lowered"
                    ),
                ));
            }
            seen.push(form);
            members.push(self.other_member(branch, place)?);
        }
        let mut objects: Vec<Value> = objects.into_iter().map(|(branch, _)| branch).collect();
        match objects.len() {
            0 => {}
            1 => {
                let object = objects.remove(0);
                members.push(self.inline(object, &place.part("oneOf", "Object"))?);
            }
            _ => members
                .push(self.name(json!({ "oneOf": objects }), &place.part("oneOf", "Object"))?),
        }
        Ok(members)
    }

    /// A member that is no object: told apart by its form in JSON.
    fn other_member(&mut self, branch: Value, place: &Place) -> Result<Value, Error> {
        match kind(&branch) {
            // A word beside other types is one of several to come.
            Some(Kind::Constant | Kind::Enum) => self.name(branch, &place.part("oneOf", "Mode")),
            Some(Kind::Array) => {
                let mut branch = branch;
                branch["items"] =
                    self.inline(branch["items"].take(), &place.part("oneOf", "Item"))?;
                Ok(branch)
            }
            _ => self.inline(branch, &place.part("oneOf", "Value")),
        }
    }

    /// Members that a tag tells apart are named after its values.
    fn tagged_members(
        &mut self,
        branches: Vec<Value>,
        name: &str,
        place: &Place,
    ) -> Result<Vec<Value>, Error> {
        let tag = discriminator::infer(&branches, &self.upstream).ok_or_else(|| {
            Error::at(
                &place.at,
                "a union of objects without a tag that tells them apart cannot be lowered",
            )
        })?;
        let mut members = Vec::new();
        for (index, branch) in branches.into_iter().enumerate() {
            if kind(&branch) == Some(Kind::Reference) {
                members.push(branch);
                continue;
            }
            let value = branch["properties"][&tag.property]["enum"][0]
                .as_str()
                .unwrap_or_default();
            let suffix = if tag.property == "event" {
                "Event"
            } else {
                name
            };
            let member = format!("{}{suffix}", naming::pascal(value));
            let stem = place.stem.with(value).named(&member);
            members.push(self.name(
                branch,
                &Place {
                    stem,
                    at: place.at.child("oneOf").child(index),
                },
            )?);
        }
        Ok(members)
    }

    /// What a value of a schema is in JSON.
    fn json_form(&self, schema: &Value, depth: usize) -> Option<&'static str> {
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
                let mut forms = branches
                    .iter()
                    .map(|branch| self.json_form(branch, depth + 1));
                let first = forms.next()??;
                forms.all(|form| form == Some(first)).then_some(first)
            }
        }
    }
}

/// A schema without what is said about the place.
fn shape(schema: &Value) -> Value {
    let mut shape = schema.clone();
    schema::take_place(&mut shape);
    shape
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
    fn inline_schemas_get_names_and_keep_what_is_said_about_the_place() {
        let schemas = hoist(json!({"ThingObject": object(json!({
            "mode": {"type": "string", "enum": ["a", "b"], "default": "a", "nullable": true},
            "kind": {"type": "string", "enum": ["thing"]},
            "parts": {"type": "array", "maxItems": 3, "items": object(json!({"state": {"type": "string", "enum": ["x", "y"]}}))},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }))}))
        .unwrap();
        assert_eq!(
            schemas.keys().collect::<Vec<_>>(),
            ["ThingMode", "ThingObject", "ThingPart", "ThingPartState"]
        );
        let properties = &schemas["ThingObject"]["properties"];
        assert_eq!(
            properties["mode"],
            json!({"allOf": [schema::refer_to("ThingMode")], "default": "a", "nullable": true})
        );
        assert_eq!(
            properties["kind"],
            json!({"type": "string", "enum": ["thing"]})
        );
        assert_eq!(
            properties["parts"],
            json!({"type": "array", "maxItems": 3, "items": schema::refer_to("ThingPart")})
        );
        assert_eq!(
            schemas["ThingMode"],
            json!({"type": "string", "enum": ["a", "b"]})
        );
    }

    #[test]
    fn what_servers_send_gets_the_plain_name() {
        let schemas = hoist(json!({
            "CreateThingRequest": object(json!({"part": object(json!({"a": {"type": "string"}}))})),
            "ThingObject": object(json!({"part": object(json!({"b": {"type": "string"}}))})),
        }))
        .unwrap();
        assert_eq!(
            schemas["ThingObject"]["properties"]["part"],
            schema::refer_to("ThingPart")
        );
        assert_eq!(
            schemas["CreateThingRequest"]["properties"]["part"],
            schema::refer_to("CreateThingPart")
        );
    }

    #[test]
    fn members_are_named_after_their_tags() {
        let event = json!({"type": "object", "required": ["event"], "properties": {"event": {"type": "string", "enum": ["thing.part.in_progress"]}}});
        let schemas = hoist(json!({
            "ThingObject": object(json!({"strategy": {"oneOf": [tagged("auto"), tagged("static")]}})),
            "ThingStreamEvent": {"oneOf": [event]},
        }))
        .unwrap();
        assert_eq!(
            schemas["ThingStrategy"]["oneOf"],
            json!([
                schema::refer_to("AutoThingStrategy"),
                schema::refer_to("StaticThingStrategy")
            ])
        );
        assert_eq!(
            schemas["ThingStreamEvent"]["oneOf"],
            json!([schema::refer_to("ThingPartInProgressEvent")])
        );
    }

    #[test]
    fn a_word_or_one_of_several_objects_is_a_union_of_two() {
        let schemas = hoist(json!({
            "A": tagged("a"),
            "B": tagged("b"),
            "Option": {"oneOf": [{"type": "string", "enum": ["auto"]}, schema::refer_to("A"), schema::refer_to("B")]},
        }))
        .unwrap();
        assert_eq!(
            schemas["Option"]["oneOf"],
            json!([
                schema::refer_to("OptionMode"),
                schema::refer_to("OptionObject")
            ])
        );
        assert_eq!(
            schemas["OptionObject"]["oneOf"],
            json!([schema::refer_to("A"), schema::refer_to("B")])
        );
    }

    #[test]
    fn text_or_parts_are_told_apart_by_their_form() {
        let schemas = hoist(json!({"CreateThingRequest": object(json!({
            "content": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"oneOf": [tagged("a"), tagged("b")]}}]},
        }))}))
        .unwrap();
        assert_eq!(
            schemas["ThingContent"]["oneOf"],
            json!([{"type": "string"}, {"type": "array", "items": schema::refer_to("ThingContentItem")}])
        );
    }

    #[test]
    fn an_array_parameter_has_a_named_choice() {
        let mut hoist = Hoist::new(Schemas::new()).unwrap();
        let schema = json!({"type": "array", "items": {"type": "string", "enum": ["a"]}});
        let schema = hoist
            .parameter(schema, "fields[]", "listThings", &Pointer::root())
            .unwrap();
        assert_eq!(schema["items"], schema::refer_to("Field"));
        let order = |hoist: &mut Hoist, last: &str| {
            let schema = json!({"type": "string", "enum": ["asc", last], "default": "asc"});
            hoist
                .parameter(schema, "order", "listThings", &Pointer::root())
                .unwrap()
        };
        assert_eq!(
            order(&mut hoist, "desc"),
            json!({"allOf": [schema::refer_to("ListOrder")], "default": "asc"})
        );
        assert_eq!(
            schema::reference(&order(&mut hoist, "random")),
            Some("ListThingsOrder")
        );
    }

    #[test]
    fn unions_that_cannot_be_told_apart_are_an_error() {
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
            hoist(json!({"Thing": {"oneOf": [schema::refer_to("Thing"), {"type": "string"}]}}));
        assert!(
            endless
                .unwrap_err()
                .starts_with("at #/components/schemas/Thing: a union")
        );
    }
}
