//! Restores the JSON that a model wrote according to a strict schema to that of the type.

use serde_json::Value;

use crate::tools::schema::fit::Fitter;
use crate::tools::schema::keywords::has_type;
use crate::tools::schema::normalized::{Normalized, item, property};
use crate::tools::schema::type_fit::whole_number;

impl Normalized {
    /// Removes the nulls that a strict schema introduces, and returns the text if it has changed.
    ///
    /// A number such as `1.0` becomes an integer where the schema has one, and an outermost `{}`
    /// becomes null for a unit type. Text that is not JSON is left to the deserializer.
    pub(crate) fn restore(&self, text: &str) -> Option<String> {
        let mut value = serde_json::from_str(text).ok()?;
        let mut is_changed = false;
        if value == Value::Object(Default::default()) && self.is_unit() {
            (value, is_changed) = (Value::Null, true);
        }
        self.restore_value(&self.0, &mut value, &mut is_changed);
        is_changed.then(|| value.to_string())
    }

    fn is_unit(&self) -> bool {
        let mut alternatives = self.alternatives(&self.0).into_iter();
        alternatives.all(|schema| schema.get("type").is_some_and(|name| name == "null"))
    }

    fn restore_value(&self, schema: &Value, value: &mut Value, is_changed: &mut bool) {
        let alternatives = self.alternatives(schema);
        let schema = match alternatives[..] {
            [only] => Some(only),
            _ => Fitter::new(self).best(schema, value).1,
        };
        let Some(schema) = schema else { return };
        match value {
            Value::Object(properties) => {
                let count = properties.len();
                properties
                    .retain(|name, value| !value.is_null() || !self.is_null_missing(schema, name));
                *is_changed |= properties.len() != count;
                for (name, value) in properties {
                    if let Some(schema) = property(schema, name) {
                        self.restore_value(schema, value, is_changed);
                    }
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter_mut().enumerate() {
                    if let Some(schema) = item(schema, index) {
                        self.restore_value(schema, value, is_changed);
                    }
                }
            }
            Value::Number(_) => {
                let types = schema.get("type");
                if has_type(types, "integer")
                    && !has_type(types, "number")
                    && let Some(number) = whole_number(value)
                {
                    (*value, *is_changed) = (number.into(), true);
                }
            }
            _ => {}
        }
    }
}
