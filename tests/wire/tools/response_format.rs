//! Response formats from Rust types.

use openai_assistants::response_format;
use schemars::JsonSchema;
use serde_json::json;

/// The solution of an exercise.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema matters")]
struct Solution {
    #[serde(default)]
    steps: Vec<String>,
    answer: f64,
}

#[test]
fn properties_are_sent_in_the_order_of_declaration() {
    let format = serde_json::to_string(&response_format::<Solution>().unwrap()).unwrap();
    assert!(
        format.contains(r#""required":["steps","answer"]"#),
        "{format}"
    );
    let position = |name| format.find(name).expect("a property");
    assert!(
        position(r#""steps":{"#) < position(r#""answer":{"#),
        "{format}"
    );
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
fn an_unsuitable_type_is_an_error() {
    #[derive(JsonSchema)]
    #[schemars(rename = "Größe")]
    struct Size {}
    let message = response_format::<Size>().unwrap_err().to_string();
    assert!(message.contains("invalid name `Größe`"), "{message}");
    let error = response_format::<Vec<Solution>>().unwrap_err();
    assert!(error.is_invalid_argument());
    assert!(error.to_string().contains("is not an object"), "{error}");
}
