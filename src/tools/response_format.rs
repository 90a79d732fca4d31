//! The response format of structured output, from a Rust type.

use schemars::JsonSchema;
use serde_json::json;

use crate::error::core::{Error, Result};
use crate::tools::naming::check_name;
use crate::tools::schema::generate;
use crate::tools::schema::normalized::Normalized;
use crate::types;

/// Builds a response format: the model returns JSON of type `T`.
///
/// `T` derives `Deserialize` of serde and `JsonSchema` of [schemars](https://docs.rs/schemars) 1.
/// Its name and doc comments are part of the format. The schema is strict: the model sends null for
/// a field that may be missing. It writes the fields in the order of their declaration, so declare
/// the reasoning before the result. The supported types are those of the arguments of a
/// [`Tool`](crate::Tool#arguments).
///
/// Set the format on an assistant or a run. Deserialize the output with
/// [`RunOutcome::parse`](crate::RunOutcome::parse) or
/// [`MessageObject::parse`](types::MessageObject::parse).
///
/// # Errors
/// `T` is not an object with named fields, contains a 128-bit integer or a type that a strict JSON
/// Schema cannot express, such as a map, a tuple or `serde_json::Value`, or has an invalid name. The
/// error contains the path of the field.
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
///     /// The reasoning, step by step.
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
    check_name(&name).map_err(|reason| {
        Error::argument(format!(
            "{reason}; set it with `#[schemars(rename = \"…\")]`"
        ))
    })?;
    let mut schema = generate::schema_of::<T>();
    generate::check_integers(&schema, &name)?;
    let description = generate::take_description(&mut schema);
    let mut format = json!({
        "name": name,
        "schema": Normalized::strict(&name, &schema)?.to_strict(&name)?,
        "strict": true,
    });
    if let Some(description) = description {
        format["description"] = description.into();
    }
    serde_json::from_value(json!({ "type": "json_schema", "json_schema": format })).map_err(
        |error| Error::argument(format!("the response format `{name}` is invalid: {error}")),
    )
}
