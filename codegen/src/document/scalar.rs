//! Scalars of YAML 1.2's core schema.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};

/// Returns the value of a scalar, or the reason why JSON cannot represent it.
pub fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let plain = match tag {
        None => style == ScalarStyle::Plain,
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => false,
            "null" | "bool" | "int" | "float" => true,
            _ => return Err(format!("unknown tag `{tag}`")),
        },
        // The non-specific tag `!` makes a string.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => false,
        Some(tag) => return Err(format!("unknown tag `{tag}`")),
    };
    if plain {
        plain_scalar(text)
    } else {
        Ok(text.into())
    }
}

fn plain_scalar(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        ".nan" | ".NaN" | ".NAN" => return Err("`.nan` is not a JSON number".into()),
        _ if matches!(
            text.trim_start_matches(['-', '+']),
            ".inf" | ".Inf" | ".INF"
        ) =>
        {
            return Err(format!("`{text}` is not a JSON number"));
        }
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    })
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_digit())
        || unsigned.strip_prefix('.').is_some_and(|rest| {
            rest.bytes()
                .next()
                .is_some_and(|byte| byte.is_ascii_digit())
        });
    let known = unsigned
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !digits || !known {
        return None;
    }
    if let Ok(integer) = text.parse::<i64>() {
        return Some(integer.into());
    }
    if let Ok(integer) = text.parse::<u64>() {
        return Some(integer.into());
    }
    text.parse::<f64>().ok().and_then(Number::from_f64)
}
