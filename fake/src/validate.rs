//! Requests against the document: what it does not allow is refused, with the name of
//! the parameter.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use crate::document::Body;
use crate::failure::Failure;

/// The body of a request, as JSON, if the operation may have it. An empty body is an
/// empty object, where the operation takes one. A stub takes what cannot be sent together
/// as well, since suites for it send all that there is.
pub(crate) fn body(expected: Option<&Body>, bytes: &[u8], is_stub: bool) -> Result<Value, Failure> {
    let Some(expected) = expected else {
        return Ok(Value::Null);
    };
    if bytes.is_empty() {
        return if expected.is_required {
            Err(Failure::invalid(
                "The body is missing. It has to be a JSON object.",
            ))
        } else {
            Ok(Value::Object(serde_json::Map::new()))
        };
    }
    let mut body: Value = serde_json::from_slice(bytes)
        .map_err(|error| Failure::invalid(format!("The body is not valid JSON: {error}.")))?;
    // Clients that send every property have null for those that are not set.
    if let Some(properties) = body.as_object_mut() {
        properties.retain(|name, value| !(value.is_null() && expected.without_null.contains(name)));
    }
    let mut errors = expected.schema.errors(&body);
    let error = errors.find(|error| !(is_stub && matches!(error.kind(), Kind::FalseSchema)));
    let failure = error.as_ref().map(failure);
    drop(errors);
    failure.map_or(Ok(body), Err)
}

fn failure(error: &ValidationError<'_>) -> Failure {
    let place = parameter(error.instance_path().as_str());
    let below = |name: &str| match place.as_str() {
        "" => name.to_owned(),
        place => format!("{place}.{name}"),
    };
    let (param, code, message) = match error.kind() {
        Kind::Required { property } => {
            let param = below(property.as_str().unwrap_or_default());
            let message = format!("Missing required parameter: '{param}'.");
            (param, "missing_required_parameter", message)
        }
        Kind::AdditionalProperties { unexpected } => {
            let param = below(unexpected.first().map_or("", |name| name));
            let message = format!("Unknown parameter: '{param}'.");
            (param, "unknown_parameter", message)
        }
        Kind::FalseSchema => {
            let message = format!("'{place}' cannot be sent together with what is beside it.");
            (place, "invalid_value", message)
        }
        kind => {
            let code = match kind {
                Kind::Type { .. } => "invalid_type",
                Kind::MaxLength { .. } => "string_above_max_length",
                Kind::MinLength { .. } => "string_below_min_length",
                Kind::MaxItems { .. } => "array_above_max_length",
                Kind::MinItems { .. } => "array_below_min_length",
                Kind::MaxProperties { .. } => "object_above_max_properties",
                Kind::Minimum { .. } => "number_below_min_value",
                Kind::Maximum { .. } => "number_above_max_value",
                _ => "invalid_value",
            };
            // The value may be long, and the caller knows it.
            let what = error.masked_with("it");
            let name = if place.is_empty() { "the body" } else { &place };
            let message = format!("Invalid '{name}': {what}.");
            (place, code, message)
        }
    };
    Failure {
        param: Some(param).filter(|param| !param.is_empty()),
        ..Failure::parameter("", code, message)
    }
}

/// `/messages/0/role` as the API writes it: `messages[0].role`.
fn parameter(pointer: &str) -> String {
    let mut name = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            name += &format!("[{part}]");
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name += &part.replace("~1", "/").replace("~0", "~");
        }
    }
    name
}
