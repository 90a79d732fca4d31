//! How well a JSON value fits the type and the constants of a schema.

use serde_json::{Number, Value};

use crate::tools::schema::keywords::has_type;

/// How well a value fits a schema, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Another JSON type, constant or tag.
    No,
    /// A required property is missing.
    Incomplete,
    /// A property or an item does not fit.
    Wrong,
    /// It fits, with `1.0` for an integer.
    Loose,
    Exact,
}

/// Returns how well a value fits a schema, regardless of its properties and items.
pub(super) fn type_fit(schema: &Value, value: &Value) -> Fit {
    let whole = whole_number(value).map(Value::Number);
    let equals = |one: &Value| one == value || whole.as_ref() == Some(one);
    let constant = schema.get("const");
    let values = schema.get("enum").and_then(Value::as_array);
    if constant.is_some_and(|one| !equals(one)) || values.is_some_and(|all| !all.iter().any(equals))
    {
        return Fit::No;
    }
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match schema.get("type") {
        // The schema `false`, such as that of further properties, accepts nothing.
        None if *schema == false => Fit::No,
        None => Fit::Exact,
        types if has_type(types, name) => Fit::Exact,
        types if name == "integer" && has_type(types, "number") => Fit::Exact,
        types if whole.is_some() && has_type(types, "integer") => Fit::Loose,
        _ => Fit::No,
    }
}

/// Returns the integer that a number with a fraction or an exponent stands for, such as `1.0`.
pub(super) fn whole_number(value: &Value) -> Option<Number> {
    /// Below, a float is the number that was written.
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    let Value::Number(number) = value else {
        return None;
    };
    let float = number.as_f64().filter(|_| number.is_f64())?;
    let is_whole = float.fract() == 0.0 && float.abs() < LIMIT;
    is_whole.then(|| Number::from(float as i64))
}
