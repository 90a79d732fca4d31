//! Ready-made objects for mocks.

use openai_assistants::mock;
use serde_json::json;

#[test]
fn a_run_can_require_tool_outputs() {
    let run = mock::requires_action(&[("call_1", "add", "{}"), ("call_2", "add", "no JSON")]);
    assert_eq!(run.status.as_str(), "requires_action");
    let action = json!(run.required_action);
    assert_eq!(action["type"], "submit_tool_outputs");
    assert_eq!(
        action["submit_tool_outputs"]["tool_calls"],
        json!([
            { "id": "call_1", "type": "function", "function": { "name": "add", "arguments": "{}" } },
            { "id": "call_2", "type": "function", "function": { "name": "add", "arguments": "no JSON" } },
        ])
    );
}

#[test]
fn a_tool_call_is_a_function_call() {
    let call = mock::tool_call("call_1", "add", "{}");
    assert_eq!(call.call.id(), Some("call_1"));
    assert_eq!(json!(call.call)["function"]["name"], "add");
}

#[test]
fn an_outcome_returns_the_text_of_its_messages() {
    let outcome = mock::outcome(mock::run(), vec![mock::message()], vec![mock::run_step()]);
    assert_eq!(outcome.text(), "2 + 2 = 4");
    assert_eq!(outcome.steps.len(), 1);
}

#[cfg(feature = "tools")]
#[test]
fn structured_output_can_be_a_refusal() {
    let mut message = mock::message();
    message.content = vec![mock::refusal("I cannot help with that.")];
    let parsed = message
        .parse::<serde_json::Value>()
        .expect("a refusal is not an error");
    let expected = openai_assistants::Parsed::Refusal("I cannot help with that.".to_owned());
    assert_eq!(parsed, expected);
}
