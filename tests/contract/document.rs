//! The OpenAPI document of a version: its operations, events and schemas.

use std::collections::BTreeSet;
use std::path::Path;

use openai_assistants_codegen::{document, features};
use serde_json::{Map, Value, json};

/// An OpenAPI document, with its schemas as JSON schemas.
pub struct Document {
    document: Value,
    json_schemas: Value,
    /// The schemas of request bodies.
    sent: BTreeSet<String>,
}

/// How a response deviates from the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Deviation {
    /// A string enum has an unknown value.
    Enum,
    /// A tagged union has an unknown variant.
    Union,
    /// A property that some servers leave out is missing, although required.
    Missing,
    /// A property is null.
    Null,
    /// An object has an unknown property.
    Extra,
}

impl Document {
    /// Reads the part of a document of the package that the enabled features have.
    pub fn read(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let document = document::read(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let enabled = [
            ("files", cfg!(feature = "files")),
            ("foundry", cfg!(feature = "foundry")),
        ];
        let is_enabled = |feature: &str| enabled.contains(&(feature, true));
        let document = features::select(&document, &is_enabled)
            .unwrap_or_else(|error| panic!("{file}: {error}"))
            .into_owned();
        let json_schemas = json_schema(&document["components"]);
        let mut read = Self {
            document,
            json_schemas,
            sent: BTreeSet::new(),
        };
        read.sent = read.sent();
        read
    }

    pub fn operation_ids(&self) -> BTreeSet<&str> {
        self.operations().map(|(id, _)| id).collect()
    }

    /// Returns the schemas that request bodies refer to, directly or indirectly.
    fn sent(&self) -> BTreeSet<String> {
        let mut open: Vec<&Value> = self
            .operations()
            .map(|(_, operation)| &operation["requestBody"])
            .collect();
        let mut sent = BTreeSet::new();
        while let Some(value) = open.pop() {
            if let Some(name) = Self::name(value)
                && sent.insert(name.to_owned())
            {
                open.push(self.resolve(value));
            }
            match value {
                Value::Object(map) => open.extend(map.values()),
                Value::Array(list) => open.extend(list),
                _ => {}
            }
        }
        sent
    }

    fn operations(&self) -> impl Iterator<Item = (&str, &Value)> {
        let items = self.document["paths"].as_object().expect("paths").values();
        items
            .flat_map(|item| item.as_object().expect("a path item").values())
            .filter_map(|operation| Some((operation["operationId"].as_str()?, operation)))
    }

    fn operation(&self, id: &str) -> &Value {
        self.operations()
            .find(|(found, _)| *found == id)
            .expect("the operation exists")
            .1
    }

    pub fn is_list(&self, id: &str) -> bool {
        let response = self.resolve(self.response_schema(id));
        let has = |name: &str| response["properties"].get(name).is_some();
        // Those with `next_page` have another cursor than the ID of an item.
        has("has_more") && !has("next_page")
    }

    pub fn has_stream(&self, id: &str) -> bool {
        self.operation(id).get("x-event-stream").is_some()
    }

    /// Returns the names of the stream events and the schemas of their data.
    pub fn events(&self) -> impl Iterator<Item = (&str, &Value)> {
        let union = &self.document["components"]["schemas"]["AssistantStreamEvent"];
        let members = union["discriminator"]["mapping"].as_object();
        let members = members.expect("the tag of events is their name");
        members.iter().map(|(name, member)| {
            let member = self.at(member.as_str().expect("a reference"));
            (name.as_str(), &member["properties"]["data"])
        })
    }

    /// Returns the name of a referenced schema.
    pub fn name(schema: &Value) -> Option<&str> {
        Some(target(schema)?.rsplit('/').next().unwrap_or_default())
    }

    pub fn response_schema(&self, id: &str) -> &Value {
        &self.operation(id)["responses"]["200"]["content"]["application/json"]["schema"]
    }

    pub fn validate_body(&self, id: &str, body: &Value) -> Result<(), String> {
        let schema = &self.operation(id)["requestBody"]["content"]["application/json"]["schema"];
        self.validate(schema, body)
    }

    pub fn validate(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let mut root = json_schema(schema);
        root["components"] = self.json_schemas.clone();
        let validator = jsonschema::validator_for(&root)
            .map_err(|error| format!("the schema is invalid: {error}"))?;
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| {
                format!(
                    "{} does not match the document: {error}",
                    error.instance_path()
                )
            })
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors.join("; "))
        }
    }

    /// Returns a value with all properties of a schema. Lists have every member of a union; elsewhere
    /// the number chooses one.
    pub fn sample(&self, schema: &Value, number: usize) -> Value {
        let schema = self.resolve(schema);
        if let Some(members) = schema["oneOf"].as_array() {
            return self.sample(&members[number % members.len()], number);
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[0].clone();
        }
        match schema["type"].as_str() {
            Some("string") => "text".into(),
            Some("integer") => 1.into(),
            Some("number") => 0.5.into(),
            Some("boolean") => true.into(),
            Some("array") => {
                let items = self.resolve(&schema["items"]);
                let members = items["oneOf"].as_array();
                let members = members.map_or(std::slice::from_ref(items), Vec::as_slice);
                members
                    .iter()
                    .map(|item| self.sample(item, number))
                    .collect()
            }
            _ => {
                let properties = schema["properties"].as_object().into_iter().flatten();
                let sample = |(name, property): (&String, &Value)| {
                    (name.clone(), self.sample(property, number))
                };
                properties.map(sample).collect()
            }
        }
    }

    /// Returns all values that deviate from this one in one place: the place, how, and the value.
    pub fn deviations(&self, schema: &Value, value: &Value) -> Vec<(String, Deviation, Value)> {
        let mut places = Vec::new();
        self.walk(schema, value, String::new(), &mut places);
        places
            .into_iter()
            .map(|(pointer, deviation)| {
                let mut deviating = value.clone();
                apply(&mut deviating, &pointer, &deviation);
                (pointer, deviation, deviating)
            })
            .collect()
    }

    fn walk(
        &self,
        schema: &Value,
        value: &Value,
        pointer: String,
        places: &mut Vec<(String, Deviation)>,
    ) {
        // A constant is not deserialized, unless it is the tag of a union.
        let is_constant = schema["enum"]
            .as_array()
            .is_some_and(|values| values.len() == 1);
        let is_kept = !is_constant || pointer.ends_with("/type");
        let is_sent = Self::name(schema).is_some_and(|name| self.sent.contains(name));
        let schema = self.resolve(schema);
        if let Some(branches) = schema["oneOf"].as_array() {
            if schema.get("discriminator").is_some() && value.is_object() {
                places.push((pointer.clone(), Deviation::Union));
            }
            if let Some(branch) = self.branch_of(schema, branches, value) {
                self.walk(branch, value, pointer, places);
            }
            return;
        }
        if schema["enum"].is_array() && value.is_string() && is_kept {
            places.push((pointer.clone(), Deviation::Enum));
        }
        if let Some(items) = value.as_array() {
            for (index, item) in items.iter().enumerate() {
                self.walk(&schema["items"], item, format!("{pointer}/{index}"), places);
            }
        }
        let (Some(properties), Some(object)) =
            (schema["properties"].as_object(), value.as_object())
        else {
            return;
        };
        places.push((pointer.clone(), Deviation::Extra));
        for (name, property) in properties {
            let Some(value) = object.get(name) else {
                continue;
            };
            let pointer = format!("{pointer}/{name}");
            if self.may_be_missing(name, property, is_sent) {
                // A page without `data` is an error.
                if name != "data" {
                    places.push((pointer.clone(), Deviation::Missing));
                }
                places.push((pointer.clone(), Deviation::Null));
            }
            self.walk(property, value, pointer, places);
        }
    }

    /// Whether servers may leave out a property: one that is nullable, an empty list, and a
    /// constant that is known from the endpoint. In objects of responses every string and number
    /// may be missing, unless it identifies the object.
    fn may_be_missing(&self, name: &str, property: &Value, is_sent: bool) -> bool {
        let resolved = self.resolve(property);
        let is_scalar = matches!(
            resolved["type"].as_str(),
            Some("string" | "integer" | "number")
        );
        let is_identifying = ["id", "index", "status", "type"].contains(&name);
        is_scalar && !is_sent && !is_identifying
            || property["nullable"] == true
            || resolved["type"] == "array"
            || name == "object"
            || name == "has_more"
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        target(schema).map_or(schema, |target| self.resolve(self.at(target)))
    }

    fn at(&self, target: &str) -> &Value {
        self.document
            .pointer(target.trim_start_matches('#'))
            .expect("the reference resolves")
    }

    fn branch_of<'a>(
        &'a self,
        schema: &'a Value,
        branches: &'a [Value],
        value: &Value,
    ) -> Option<&'a Value> {
        if let Some(tag) = schema["discriminator"]["propertyName"].as_str() {
            let target = schema["discriminator"]["mapping"][value[tag].as_str()?].as_str()?;
            return Some(self.at(target));
        }
        branches.iter().find(|branch| {
            let branch = self.resolve(branch);
            let ty = branch["type"].as_str().unwrap_or("object");
            match value {
                Value::String(_) => ty == "string",
                Value::Array(_) => ty == "array",
                Value::Object(_) => ty == "object",
                _ => false,
            }
        })
    }
}

fn target(schema: &Value) -> Option<&str> {
    schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())
}

fn apply(response: &mut Value, pointer: &str, deviation: &Deviation) {
    let place = response.pointer_mut(pointer).expect("the place exists");
    match deviation {
        Deviation::Enum => *place = "brand_new_value".into(),
        Deviation::Union => {
            *place = json!({ "type": "brand_new_variant", "nested": { "n": [1, 2.5, null] } })
        }
        Deviation::Null => *place = Value::Null,
        Deviation::Extra => place["brand_new_property"] = json!({ "n": 1 }),
        Deviation::Missing => {
            let (parent, name) = pointer.rsplit_once('/').expect("a property has a parent");
            if let Some(Value::Object(parent)) = response.pointer_mut(parent) {
                parent.remove(name);
            }
        }
    }
}

/// Converts a schema of OpenAPI 3.0 to a JSON schema. Of the keywords in use only `nullable`
/// differs.
fn json_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut converted: Map<String, Value> = map
                .iter()
                .map(|(key, value)| (key.clone(), json_schema(value)))
                .collect();
            converted.remove("discriminator");
            if converted.remove("nullable") == Some(true.into()) {
                return json!({ "anyOf": [converted, { "type": "null" }] });
            }
            Value::Object(converted)
        }
        Value::Array(items) => items.iter().map(json_schema).collect(),
        other => other.clone(),
    }
}
