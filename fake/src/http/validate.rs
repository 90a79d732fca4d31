//! Validates request bodies against the OpenAPI document.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use crate::api_error::{ApiError, MISSING};
use crate::spec::document::Body;

/// Parses and validates a request body. An empty one counts as an empty object.
///
/// A stub accepts properties that cannot be combined, since test suites for stateless mocks
/// send all of them.
pub(crate) fn body(
    expected: Option<&Body>,
    bytes: &[u8],
    is_stub: bool,
) -> Result<Value, ApiError> {
    let Some(expected) = expected else {
        return Ok(Value::Null);
    };
    if bytes.is_empty() {
        return if expected.is_required {
            Err(ApiError::invalid(
                "The request body is missing. Send a JSON object.",
            ))
        } else {
            Ok(Value::Object(serde_json::Map::new()))
        };
    }
    let mut body: Value = serde_json::from_slice(bytes).map_err(|error| {
        ApiError::invalid(format!("The request body is not valid JSON: {error}."))
    })?;
    // Some clients send null for every property that is not set.
    if let Some(properties) = body.as_object_mut() {
        let optional = &expected.optional_non_null;
        properties.retain(|name, value| !(value.is_null() && optional.contains(name)));
    }
    let mut errors = expected.schema.errors(&body);
    let error = errors.find(|error| !(is_stub && matches!(error.kind(), Kind::FalseSchema)));
    let error = error.as_ref().map(api_error);
    drop(errors);
    error.map_or(Ok(body), Err)
}

/// Validates the fields of a form.
pub(crate) fn form(expected: &Body, fields: Value) -> Result<Value, ApiError> {
    let mut errors = expected.schema.errors(&fields);
    let error = errors.next().map(|error| form_error(&error));
    drop(errors);
    error.map_or(Ok(fields), Err)
}

/// The service reports an unknown value in a form otherwise than one in JSON.
fn form_error(error: &ValidationError<'_>) -> ApiError {
    let Kind::Enum { options } = error.kind() else {
        return api_error(error);
    };
    let text = |value: &Value| format!("'{}'", value.as_str().unwrap_or_default());
    let options = options.as_array().into_iter().flatten().map(text);
    let options = options.collect::<Vec<_>>().join(", ");
    let param = parameter_name(error.instance_path().as_str());
    let value = text(error.instance());
    ApiError {
        param: Some(param.clone()),
        ..ApiError::invalid(format!("{value} is not one of [{options}] - '{param}'"))
    }
}

/// Converts a validation error to the error response of the API.
fn api_error(error: &ValidationError<'_>) -> ApiError {
    let path = parameter_name(error.instance_path().as_str());
    let property = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    let (param, code, message) = match error.kind() {
        Kind::Required { property: name } => {
            let param = property(name.as_str().unwrap_or_default());
            let message = format!("Missing required parameter: '{param}'.");
            (param, MISSING, message)
        }
        Kind::AdditionalProperties { unexpected } => {
            let param = property(unexpected.first().map_or("", |name| name));
            let message = format!("Unknown parameter: '{param}'.");
            (param, "unknown_parameter", message)
        }
        Kind::FalseSchema => {
            let message =
                format!("'{path}' cannot be combined with the other properties of its object.");
            (path, "invalid_value", message)
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
            // The value itself is omitted, since it may be long.
            let reason = error.masked_with("the value");
            let name = if path.is_empty() { "body" } else { &path };
            let message = format!("Invalid '{name}': {reason}.");
            (path, code, message)
        }
    };
    ApiError {
        param: Some(param).filter(|param| !param.is_empty()),
        ..ApiError::parameter("", code, message)
    }
}

/// Converts `/messages/0/role` to `messages[0].role`, the notation of the API.
fn parameter_name(pointer: &str) -> String {
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
