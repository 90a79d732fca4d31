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
fn annotations_have_the_position_of_their_text_in_characters() {
    let cited = "【0†plan】";
    let part = mock::annotated_text(
        &format!("Tee für 4{cited}, as in plan.csv."),
        [
            mock::file_citation(cited, "file_1"),
            mock::file_path("plan.csv", "file_2"),
            mock::file_path("lost", "file_3"),
        ],
    );
    assert_eq!(
        json!(part)["text"]["annotations"],
        json!([
            { "type": "file_citation", "text": cited, "file_citation": { "file_id": "file_1" },
              "start_index": 9, "end_index": 17 },
            { "type": "file_path", "text": "plan.csv", "file_path": { "file_id": "file_2" },
              "start_index": 25, "end_index": 33 },
            { "type": "file_path", "text": "lost", "file_path": { "file_id": "file_3" },
              "start_index": 0, "end_index": 4 },
        ])
    );
}

#[test]
fn a_step_has_tool_calls_of_each_kind() {
    let step = mock::tool_calls_step(vec![
        mock::function_call("call_1", "add", "{}", Some("4")),
        mock::code_interpreter_call("call_2", "print(4)", "4"),
        mock::file_search_call("call_3", &[("file_1", "plan.csv", 0.5)]),
    ]);
    let calls = &json!(step)["step_details"]["tool_calls"];
    assert_eq!(step.type_.as_str(), "tool_calls");
    assert_eq!(calls[0]["function"]["output"], "4");
    assert_eq!(
        calls[1]["code_interpreter"],
        json!({ "input": "print(4)", "outputs": [{ "type": "logs", "logs": "4" }] })
    );
    assert_eq!(
        calls[2]["file_search"]["results"],
        json!([{ "file_id": "file_1", "file_name": "plan.csv", "score": 0.5 }])
    );
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

#[cfg(feature = "files")]
#[test]
fn the_sample_of_a_file_is_in_those_of_a_vector_store() {
    let (store, file) = (mock::vector_store(), mock::vector_store_file());
    assert_eq!((file.id, file.vector_store_id), (mock::file().id, store.id));
    assert_eq!(
        mock::vector_store_file_batch().file_counts,
        store.file_counts
    );
}
