//! What the document of a version says of bodies, answers and events, read from its file.

use std::collections::BTreeSet;
use std::path::Path;

use openai_assistants_codegen::document;
use serde_json::{Map, Value, json};

/// A document, and its schemas as JSON schemas.
pub struct Document {
    document: Value,
    json_schemas: Value,
    /// The schemas of what callers send.
    sent: BTreeSet<String>,
}

/// A way in which a server's answer differs from what the document says.
#[derive(Clone, Debug, PartialEq)]
pub enum Oddity {
    /// A string enum has a value that the document does not name.
    Enum,
    /// A tagged union has a member that the document does not name.
    Union,
    /// A property that servers leave out is missing, although required.
    Missing,
    /// A property is null.
    Null,
    /// An object has a property that the document does not name.
    Extra,
}

impl Document {
    /// Reads it from a file of the package.
    pub fn read(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let document = document::read(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
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

    /// The schemas that request bodies reach.
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
        let answer = self.resolve(self.answer_schema(id));
        answer["properties"].get("has_more").is_some()
    }

    pub fn has_stream(&self, id: &str) -> bool {
        self.operation(id).get("x-event-stream").is_some()
    }

    /// The events of the streams: their names, and the schemas of their data.
    pub fn events(&self) -> impl Iterator<Item = (&str, &Value)> {
        let union = &self.document["components"]["schemas"]["AssistantStreamEvent"];
        let members = union["discriminator"]["mapping"].as_object();
        let members = members.expect("events have their names for a tag");
        members.iter().map(|(name, member)| {
            let member = self.at(member.as_str().expect("a reference"));
            (name.as_str(), &member["properties"]["data"])
        })
    }

    /// The name of a schema that is referred to.
    pub fn name(schema: &Value) -> Option<&str> {
        Some(target(schema)?.rsplit('/').next().unwrap_or_default())
    }

    pub fn answer_schema(&self, id: &str) -> &Value {
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
            .map_err(|error| format!("the schema is unusable: {error}"))?;
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| {
                format!(
                    "{} does not fit the document: {error}",
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

    /// Every way of bending a value of this schema: where, how, and the result.
    pub fn bend(&self, schema: &Value, value: &Value) -> Vec<(String, Oddity, Value)> {
        let mut places = Vec::new();
        self.walk(schema, value, String::new(), &mut places);
        places
            .into_iter()
            .map(|(pointer, oddity)| {
                let mut bent = value.clone();
                apply(&mut bent, &pointer, &oddity);
                (pointer, oddity, bent)
            })
            .collect()
    }

    fn walk(
        &self,
        schema: &Value,
        value: &Value,
        pointer: String,
        places: &mut Vec<(String, Oddity)>,
    ) {
        // A constant stands where it is used; an enum of one value has a name of its own.
        let is_constant = schema["enum"]
            .as_array()
            .is_some_and(|values| values.len() == 1);
        let is_kept = !is_constant || pointer.ends_with("/type");
        let is_sent = Self::name(schema).is_some_and(|name| self.sent.contains(name));
        let schema = self.resolve(schema);
        if let Some(branches) = schema["oneOf"].as_array() {
            if schema.get("discriminator").is_some() && value.is_object() {
                places.push((pointer.clone(), Oddity::Union));
            }
            if let Some(branch) = self.branch_of(schema, branches, value) {
                self.walk(branch, value, pointer, places);
            }
            return;
        }
        if schema["enum"].is_array() && value.is_string() && is_kept {
            places.push((pointer.clone(), Oddity::Enum));
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
        places.push((pointer.clone(), Oddity::Extra));
        for (name, property) in properties {
            let Some(value) = object.get(name) else {
                continue;
            };
            let pointer = format!("{pointer}/{name}");
            if self.may_be_missing(name, property, is_sent) {
                // Without it the answer is none of a list.
                if name != "data" {
                    places.push((pointer.clone(), Oddity::Missing));
                }
                places.push((pointer.clone(), Oddity::Null));
            }
            self.walk(property, value, pointer, places);
        }
    }

    /// Servers leave out what may be null, lists that are empty, and what says no more
    /// than the endpoint does. Of an object that callers do not send, all text and numbers
    /// may be missing that it is not told by.
    fn may_be_missing(&self, name: &str, property: &Value, is_sent: bool) -> bool {
        let resolved = self.resolve(property);
        let is_scalar = matches!(
            resolved["type"].as_str(),
            Some("string" | "integer" | "number")
        );
        let is_told_by_it = ["id", "index", "status", "type"].contains(&name);
        is_scalar && !is_sent && !is_told_by_it
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

fn apply(answer: &mut Value, pointer: &str, oddity: &Oddity) {
    let place = answer.pointer_mut(pointer).expect("the place exists");
    match oddity {
        Oddity::Enum => *place = "brand_new_value".into(),
        Oddity::Union => {
            *place = json!({ "type": "brand_new_member", "nested": { "n": [1, 2.5, null] } })
        }
        Oddity::Null => *place = Value::Null,
        Oddity::Extra => place["brand_new_property"] = json!({ "n": 1 }),
        Oddity::Missing => {
            let (parent, name) = pointer.rsplit_once('/').expect("a property has a parent");
            if let Some(Value::Object(parent)) = answer.pointer_mut(parent) {
                parent.remove(name);
            }
        }
    }
}

/// OpenAPI 3.0 as JSON schema: `nullable` is the one keyword that differs here.
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
