//! The form of the model's answers, from a Rust type.

use schemars::JsonSchema;
use serde_json::json;

use crate::error::{Error, Result};
use crate::tools::{self, strict};
use crate::types;

/// The response format by which the model answers with the JSON of a type.
///
/// The type derives `Deserialize` of serde and `JsonSchema` of
/// [schemars](https://docs.rs/schemars) 1. Its name and doc comments are part of the
/// format, and the schema is strict: fields that may be missing are sent as null. The
/// model writes the fields in the order in which they are declared, so put what leads to
/// a result in front of it. What the type may be is the same as for the arguments of a
/// [`Tool`](crate::Tool#arguments).
///
/// An assistant, a run, or both may have a format; their answers are read by
/// [`RunOutcome::parse`](crate::RunOutcome::parse) and
/// [`MessageObject::parse`](types::MessageObject::parse).
///
/// # Errors
/// The type is not an object with named members, contains something that a strict JSON
/// Schema cannot express, such as a map, a tuple or `serde_json::Value`, or has a name
/// that cannot be sent. The error names the place.
///
/// # Examples
///
/// ```
/// use openai_assistants::response_format;
/// use openai_assistants::types::CreateRunRequest;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// /// The solution of an exercise.
/// #[derive(Deserialize, JsonSchema)]
/// struct Solution {
///     /// The way to it, step by step.
///     steps: Vec<String>,
///     answer: f64,
/// }
///
/// let body = CreateRunRequest::builder()
///     .assistant_id("asst_1")
///     .response_format(response_format::<Solution>()?);
/// # body.build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
pub fn response_format<T: JsonSchema>() -> Result<types::AssistantsApiResponseFormatOption> {
    let name = T::schema_name();
    tools::check_name(&name)
        .map_err(|reason| Error::unusable(format!("{reason} by `#[schemars(rename = \"…\")]`")))?;
    let mut schema = strict::of::<T>();
    let description = strict::take_description(&mut schema);
    let mut format = json!({
        "name": name,
        "schema": strict::strict(&name, &schema)?,
        "strict": true,
    });
    if let Some(description) = description {
        format["description"] = description.into();
    }
    serde_json::from_value(json!({ "type": "json_schema", "json_schema": format })).map_err(
        |error| Error::unusable(format!("the format `{name}` cannot be described: {error}")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The solution of an exercise.
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Solution {
        #[serde(default)]
        steps: Vec<String>,
        answer: f64,
    }

    #[test]
    fn the_model_comes_to_the_answer_by_the_steps() {
        let format = serde_json::to_string(&response_format::<Solution>().unwrap()).unwrap();
        assert!(
            format.contains(r#""required":["steps","answer"]"#),
            "{format}"
        );
        let place = |name| format.find(name).expect("it is a property");
        assert!(place(r#""steps":{"#) < place(r#""answer":{"#), "{format}");
    }

    #[test]
    fn the_format_has_the_name_and_the_description_of_the_type() {
        let format = serde_json::to_value(response_format::<Solution>().unwrap()).unwrap();
        assert_eq!(
            format,
            json!({"type": "json_schema", "json_schema": {
                "name": "Solution",
                "description": "The solution of an exercise.",
                "strict": true,
                "schema": {
                    "type": "object",
                    "properties": {
                        "answer": {"type": "number"},
                        "steps": {"type": ["array", "null"], "items": {"type": "string"}},
                    },
                    "required": ["steps", "answer"],
                    "additionalProperties": false,
                },
            }})
        );
    }

    #[test]
    fn a_type_that_is_no_format_is_refused() {
        #[derive(JsonSchema)]
        #[schemars(rename = "Größe")]
        struct Size {}
        let message = response_format::<Size>().unwrap_err().to_string();
        assert!(message.contains("`Größe` cannot be sent"), "{message}");
        let error = response_format::<Vec<Solution>>().unwrap_err();
        assert!(error.is_invalid_argument());
        assert!(error.to_string().contains("is not an object"), "{error}");
    }
}
