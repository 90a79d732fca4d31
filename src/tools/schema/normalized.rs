//! A normalized JSON Schema, and the properties for which null stands for a missing value.

use std::collections::HashSet;

use serde_json::Value;

use crate::tools::schema::reference::find;
use crate::tools::schema::type_fit::{Fit, type_fit};

/// A JSON Schema without `allOf`, `oneOf` and keywords beside references.
///
/// It describes the same values as the original. So an optional property that does not accept null
/// is exactly one that a strict schema makes nullable, and whose null counts as missing.
pub(crate) struct Normalized(pub(super) Value);

impl Normalized {
    /// Whether null stands for a missing property of an object.
    pub(super) fn is_null_missing(&self, object: &Value, name: &str) -> bool {
        let property = object
            .get("properties")
            .and_then(|properties| properties.get(name));
        !required(object).any(|one| one == name)
            && property.is_some_and(|property| !self.accepts_null(property))
    }

    pub(super) fn accepts_null(&self, schema: &Value) -> bool {
        let mut alternatives = self.alternatives(schema).into_iter();
        alternatives.any(|schema| type_fit(schema, &Value::Null) != Fit::No)
    }

    /// Returns the schemas of which a value must match one: neither references nor unions.
    pub(super) fn alternatives<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        // A type may refer to itself without a value in between: `struct A(Option<Box<A>>)`.
        let mut seen = HashSet::new();
        let mut pending = vec![schema];
        let mut alternatives = Vec::new();
        while let Some(schema) = pending.pop() {
            if let Some(Value::String(reference)) = schema.get("$ref") {
                if seen.insert(reference) {
                    pending.extend(find(&self.0, reference));
                }
            } else if let Some(Value::Array(members)) = schema.get("anyOf") {
                pending.extend(members.iter().rev());
            } else {
                alternatives.push(schema);
            }
        }
        alternatives
    }
}

/// Returns the names of the required properties of an object.
pub(super) fn required(object: &Value) -> impl Iterator<Item = &str> {
    let names = object.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str)
}

/// Returns the schema of a property of an object or of a value of a map. The keys are not matched.
pub(super) fn property<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let of = |keyword: &str| object.get(keyword)?.as_object();
    let declared = || of("properties")?.get(name);
    let matching = || of("patternProperties")?.values().next();
    declared()
        .or_else(matching)
        .or_else(|| object.get("additionalProperties"))
}

/// Returns the schema of an item of an array or a tuple.
pub(super) fn item(array: &Value, index: usize) -> Option<&Value> {
    let items = array.get("prefixItems");
    let at = items.and_then(|items| items.get(index));
    at.or_else(|| array.get("items"))
}
