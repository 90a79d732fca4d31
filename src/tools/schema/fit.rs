//! How well a JSON value fits a normalized schema: chooses the member of a union.

use std::collections::HashMap;
use std::ptr;

use serde_json::{Map, Value};

use crate::tools::schema::normalized::{Normalized, item, property, required};
use crate::tools::schema::type_fit::{Fit, type_fit};

/// Compares values with schemas.
///
/// The results are kept by address, because a recursive union would be compared again and again.
pub(super) struct Fitter<'a> {
    schema: &'a Normalized,
    known: HashMap<(*const Value, *const Value), Fit>,
}

impl<'a> Fitter<'a> {
    pub(super) fn new(schema: &'a Normalized) -> Self {
        Self {
            schema,
            known: HashMap::new(),
        }
    }

    /// Returns the alternative of a schema that a value fits best: the first of several, as serde
    /// chooses the variant of an untagged enum.
    pub(super) fn best(&mut self, schema: &'a Value, value: &Value) -> (Fit, Option<&'a Value>) {
        let mut best = (Fit::No, None);
        for alternative in self.schema.alternatives(schema) {
            let fit = self.fit(alternative, value);
            if fit > best.0 {
                best = (fit, Some(alternative));
            }
        }
        best
    }

    fn fit(&mut self, schema: &'a Value, value: &Value) -> Fit {
        let key = (ptr::from_ref(schema), ptr::from_ref(value));
        if let Some(fit) = self.known.get(&key) {
            return *fit;
        }
        let fit = match type_fit(schema, value) {
            Fit::No => Fit::No,
            fit => fit.min(match value {
                Value::Object(properties) => self.object_fit(schema, properties),
                Value::Array(items) => self.array_fit(schema, items),
                _ => Fit::Exact,
            }),
        };
        self.known.insert(key, fit);
        fit
    }

    fn object_fit(&mut self, schema: &'a Value, properties: &Map<String, Value>) -> Fit {
        let is_complete = required(schema).all(|name| properties.contains_key(name));
        let mut all = if is_complete {
            Fit::Exact
        } else {
            Fit::Incomplete
        };
        for (name, value) in properties {
            let fit = match property(schema, name) {
                None => Fit::Exact,
                Some(_) if value.is_null() && self.schema.is_null_missing(schema, name) => {
                    Fit::Exact
                }
                Some(property) => match self.part_fit(property, value) {
                    // The tag of another variant.
                    Fit::Wrong if property.get("const").is_some() => return Fit::No,
                    fit => fit,
                },
            };
            all = all.min(fit);
        }
        all
    }

    fn array_fit(&mut self, schema: &'a Value, items: &[Value]) -> Fit {
        let items = items.iter().enumerate();
        let fits = items.map(|(index, value)| match item(schema, index) {
            Some(schema) => self.part_fit(schema, value),
            None => Fit::Exact,
        });
        fits.min().unwrap_or(Fit::Exact)
    }

    /// Returns how a property or an item contributes to the fit of the whole.
    fn part_fit(&mut self, schema: &'a Value, value: &Value) -> Fit {
        match self.best(schema, value).0 {
            Fit::No | Fit::Incomplete | Fit::Wrong => Fit::Wrong,
            Fit::Loose | Fit::Exact => Fit::Exact,
        }
    }
}
