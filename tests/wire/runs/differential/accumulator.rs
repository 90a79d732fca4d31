//! A naive accumulator of events, written from the rules of the protocol.
//!
//! - `created` starts an object, and starts it anew if it was known. Before the first delta, each
//!   event replaces the object; after it, only the final one does. After that, nothing changes it.
//! - Texts are appended, IDs, types, numbers and the like replaced. A name that is repeated is kept.
//! - Items merge by their index; without one by their ID; without both, parts and tool calls by their
//!   position, and others are new. Missing items are null.
//! - Missing and null properties change nothing. An object of another type replaces the one before.
//! - A delta under a new ID that starts after index 0 continues the message of the delta before,
//!   unless an event announced that. Messages that no event announced give way to completed ones.

use serde_json::{Map, Value, json};

/// The objects of one kind, in order of appearance.
#[derive(Default)]
pub struct Accumulator {
    objects: Vec<Object>,
    last: Option<usize>,
}

struct Object {
    id: String,
    value: Value,
    is_announced: bool,
    has_deltas: bool,
    is_final: bool,
}

impl Accumulator {
    /// Adds an event that contains the object.
    pub fn object(&mut self, status: &str, value: &Value) {
        let is_created = status == "created";
        let is_final = !is_created && status != "in_progress";
        let at = self.find_or_add(&value["id"]);
        let object = &mut self.objects[at];
        let starts_anew = is_created && object.is_announced && !object.is_final;
        if is_final || starts_anew || !object.has_deltas && !object.is_final {
            object.value = value.clone();
            object.has_deltas = false;
        }
        object.is_announced |= is_created || is_final;
        object.is_final |= is_final;
    }

    /// Adds a delta, to be merged into the object.
    pub fn delta(&mut self, id: &Value, starts_at: Option<i64>, delta: &Value) {
        let is_new = self.find(id).is_none();
        let continues = is_new && starts_at > Some(0);
        let continued = self
            .last
            .filter(|last| continues && !self.objects[*last].is_announced);
        let at = continued.unwrap_or_else(|| self.find_or_add(id));
        self.last = Some(at);
        let object = &mut self.objects[at];
        if !object.is_final {
            object.has_deltas = true;
            merge("", &mut object.value, &json!({ "id": id }));
            merge("", &mut object.value, delta);
        }
    }

    /// All objects.
    pub fn snapshots(&self) -> Vec<Value> {
        let objects = self.objects.iter();
        objects.map(|object| object.value.clone()).collect()
    }

    /// The messages of the outcome.
    pub fn outcome(&self) -> Vec<Value> {
        let has_final = self.objects.iter().any(|object| object.is_final);
        let objects = self.objects.iter();
        let objects = objects.filter(|object| object.is_announced || !has_final);
        objects.map(|object| object.value.clone()).collect()
    }

    fn find(&self, id: &Value) -> Option<usize> {
        self.objects.iter().position(|object| *id == object.id)
    }

    fn find_or_add(&mut self, id: &Value) -> usize {
        self.find(id).unwrap_or_else(|| {
            self.objects.push(Object {
                id: id.as_str().expect("an ID").to_owned(),
                value: json!({}),
                is_announced: false,
                has_deltas: false,
                is_final: false,
            });
            self.objects.len() - 1
        })
    }
}

/// Merges a delta of this property.
fn merge(property: &str, target: &mut Value, delta: &Value) {
    match delta {
        Value::Null => {}
        Value::String(more) => {
            let is_replaced = property.ends_with("_id")
                || ["id", "type", "role", "ranker", "detail", "url"].contains(&property);
            let is_repeated = property == "name" && target == delta;
            match target {
                Value::String(text) if !is_replaced && !is_repeated => text.push_str(more),
                _ => *target = delta.clone(),
            }
        }
        Value::Object(properties) => {
            let (old, new) = (&target["type"], &delta["type"]);
            if !target.is_object() || !old.is_null() && !new.is_null() && old != new {
                *target = Map::new().into();
            }
            for (name, delta) in properties.iter().filter(|(_, delta)| !delta.is_null()) {
                merge(name, &mut target[name], delta);
            }
        }
        Value::Array(deltas) => {
            if !target.is_array() {
                *target = json!([]);
            }
            let items = target.as_array_mut().expect("it is a list");
            for (position, delta) in deltas.iter().enumerate() {
                if !delta.is_null() {
                    let at = place(property, position, delta, items);
                    while items.len() <= at {
                        items.push(Value::Null);
                    }
                    merge("", &mut items[at], delta);
                }
            }
        }
        other => *target = other.clone(),
    }
}

/// The position of the item that a delta belongs to.
fn place(property: &str, position: usize, delta: &Value, items: &[Value]) -> usize {
    if let Some(index) = delta["index"].as_u64() {
        return usize::try_from(index).expect("it is small");
    }
    if delta["id"].is_string() {
        let same = items.iter().position(|item| item["id"] == delta["id"]);
        return same.unwrap_or(items.len());
    }
    match property {
        "content" | "tool_calls" => position,
        _ => items.len(),
    }
}
