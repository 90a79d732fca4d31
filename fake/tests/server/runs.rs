//! Polled runs.

use std::time::Duration;

use openai_assistants_fake::{
    Echo, FailureCode, IncompleteReason, Reply, Script, Server, SkippingClock, Turn,
};
use serde_json::{Value, json};

use crate::{
    conversation, fake, fetch_run, get, header, http, ok, path, post, rejected, run, seconds,
    serve, text,
};

async fn serve_with_clock(clock: &SkippingClock, script: Script) -> Server {
    let fake = fake(clock).model(script);
    fake.start().await.expect("a port is free")
}

/// The steps of a run and the messages of its thread, oldest first.
async fn steps_and_messages(server: &Server, run: &Value) -> (Vec<Value>, Vec<Value>) {
    let steps = get(server, &format!("{}/steps?order=asc", path(run))).await;
    let messages = format!("/threads/{}/messages?order=asc", text(&run["thread_id"]));
    let list = |page: &Value| page["data"].as_array().cloned().unwrap_or_default();
    (list(&steps), list(&get(server, &messages).await))
}

fn usage(prompt: u64, completion: u64) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_token_details": { "cached_tokens": 0 },
        "completion_tokens_details": { "reasoning_tokens": 0 },
    })
}

#[tokio::test]
async fn a_new_run_is_queued_and_later_completed() {
    let server = serve(Script::new().say("2 + 2 = 4").tokens(20, 7)).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    assert_eq!(created["status"], "queued");
    assert_eq!(created["expires_at"], 1_700_000_600);
    assert_eq!(
        (&created["started_at"], &created["usage"]),
        (&Value::Null, &Value::Null)
    );
    let done = fetch_run(&server, &created).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(
        (&done["started_at"], &done["completed_at"]),
        (&json!(1_700_000_000), &json!(1_700_000_000))
    );
    assert_eq!(done["expires_at"], Value::Null);
    let usage = usage(20, 7);
    assert_eq!(done["usage"], usage);
    let (steps, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(steps.len(), 1);
    assert_eq!(
        (&steps[0]["type"], &steps[0]["status"]),
        (&json!("message_creation"), &json!("completed"))
    );
    assert_eq!(steps[0]["usage"], usage);
    let written = &messages[1];
    assert_eq!(
        steps[0]["step_details"]["message_creation"]["message_id"],
        written["id"]
    );
    assert_eq!(written["content"][0]["text"]["value"], "2 + 2 = 4");
    assert_eq!(
        (&written["role"], &written["status"]),
        (&json!("assistant"), &json!("completed"))
    );
    assert_eq!(
        (&written["run_id"], &written["assistant_id"]),
        (&created["id"], &json!(assistant))
    );
}

#[tokio::test]
async fn a_run_inherits_the_settings_of_its_assistant() {
    let server = serve(Echo).await;
    let body = json!({
        "model": "gpt-4o", "instructions": "Be brief.", "temperature": 0.5,
        "tools": [{ "type": "file_search" }], "response_format": { "type": "json_object" },
    });
    let assistant = post(&server, "/assistants", body).await;
    let thread = text(&post(&server, "/threads", Value::Null).await["id"]);
    let runs = format!("/threads/{thread}/runs");
    let plain = post(&server, &runs, json!({ "assistant_id": assistant["id"] })).await;
    for name in [
        "model",
        "instructions",
        "temperature",
        "tools",
        "response_format",
        "top_p",
    ] {
        assert_eq!(plain[name], assistant[name], "{name}");
    }
    assert_eq!(plain["tool_choice"], "auto");
    assert_eq!(
        plain["truncation_strategy"],
        json!({ "type": "auto", "last_messages": null })
    );
    fetch_run(&server, &plain).await;
    let own = json!({
        "assistant_id": assistant["id"], "model": "gpt-4o-mini", "temperature": 1.5,
        "tools": [{ "type": "code_interpreter" }],
        "additional_instructions": "Say please.", "max_completion_tokens": 500,
        "additional_messages": [{ "role": "user", "content": "And now?" }],
        "tool_choice": { "type": "code_interpreter" },
        "truncation_strategy": { "type": "last_messages", "last_messages": 1 },
        "parallel_tool_calls": false, "metadata": { "a": "1" },
    });
    let run = post(&server, &runs, own.clone()).await;
    assert_eq!(run["instructions"], "Be brief.\nSay please.");
    for name in [
        "model",
        "tools",
        "temperature",
        "max_completion_tokens",
        "tool_choice",
        "truncation_strategy",
        "parallel_tool_calls",
        "metadata",
    ] {
        assert_eq!(run[name], own[name], "{name}");
    }
    let (_, messages) = steps_and_messages(&server, &run).await;
    let texts: Vec<&Value> = messages
        .iter()
        .map(|message| &message["content"][0]["text"]["value"])
        .collect();
    assert_eq!(texts, ["", "And now?", "And now?"]);
    let changed = post(&server, &path(&run), json!({ "metadata": { "b": "2" } })).await;
    assert_eq!(changed["metadata"], json!({ "b": "2" }));
}

#[tokio::test]
async fn a_thread_with_an_active_run_rejects_messages_and_runs() {
    let clock = SkippingClock::default();
    let server = serve_with_clock(
        &clock,
        Script::new()
            .wait(Duration::from_secs(5))
            .say("Done.")
            .say("Again."),
    )
    .await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let id = text(&created["id"]);
    let runs = format!("/threads/{thread}/runs");
    let (status, error) =
        rejected(&server, "POST", &runs, json!({ "assistant_id": assistant })).await;
    assert_eq!(status, 400);
    assert_eq!(
        error["message"],
        format!("Thread {thread} already has an active run {id}.")
    );
    let messages = format!("/threads/{thread}/messages");
    let message = json!({ "role": "user", "content": "And?" });
    let (status, error) = rejected(&server, "POST", &messages, message.clone()).await;
    assert_eq!(status, 400);
    assert_eq!(
        error["message"],
        format!("Can't add messages to {thread} while a run {id} is active.")
    );
    assert_eq!(fetch_run(&server, &created).await["status"], "in_progress");
    clock.skip(Duration::from_secs(5));
    post(&server, &messages, message).await;
    run(&server, &thread, &assistant).await;
}

#[tokio::test]
async fn only_active_runs_have_a_poll_interval() {
    let clock = SkippingClock::default();
    let script = Script::new()
        .wait(Duration::from_secs(5))
        .call("f", json!({}));
    let server = serve_with_clock(&clock, script).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let response = http::send(&server, "GET", &path(&created), &Value::Null).await;
    assert_eq!(header(&response, "openai-poll-after-ms"), Some("10"));
    clock.skip(Duration::from_secs(5));
    let response = http::send(&server, "GET", &path(&created), &Value::Null).await;
    assert_eq!(response.json()["status"], "requires_action");
    assert_eq!(header(&response, "openai-poll-after-ms"), None);
}

#[tokio::test]
async fn parallel_calls_require_all_outputs() {
    let script = Script::new()
        .calls([
            ("get_weather", json!({ "city": "Oslo" })),
            ("get_time", json!("not JSON")),
        ])
        .tokens(10, 4)
        .say("12 °C at noon")
        .tokens(30, 5);
    let server = serve(script).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let blocked = fetch_run(&server, &created).await;
    assert_eq!(blocked["status"], "requires_action");
    assert_eq!(
        (&blocked["usage"], &blocked["required_action"]["type"]),
        (&Value::Null, &json!("submit_tool_outputs"))
    );
    let call = |id: &str, name: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } });
    let calls = json!([
        call("call_0001", "get_weather", r#"{"city":"Oslo"}"#),
        call("call_0002", "get_time", "not JSON"),
    ]);
    assert_eq!(
        blocked["required_action"]["submit_tool_outputs"]["tool_calls"],
        calls
    );

    let submit = format!("{}/submit_tool_outputs", path(&created));
    let output = |id: &str, output: &str| json!({ "tool_call_id": id, "output": output });
    for wrong in [
        json!([]),
        json!([output("call_0001", "12")]),
        json!([output("call_0001", "12"), output("call_0001", "12")]),
        json!([output("call_0001", "12"), output("call_0003", "noon")]),
        json!([
            output("call_0001", "12"),
            output("call_0002", "noon"),
            output("call_0002", "noon")
        ]),
        json!([output("call_0001", "12"), { "output": "noon" }]),
    ] {
        let (status, error) =
            rejected(&server, "POST", &submit, json!({ "tool_outputs": wrong })).await;
        assert_eq!(
            (status, &error["param"]),
            (400, &json!("tool_outputs")),
            "{error}"
        );
    }
    let outputs = json!([output("call_0002", "noon"), output("call_0001", "12")]);
    let queued = post(&server, &submit, json!({ "tool_outputs": outputs })).await;
    assert_eq!(
        (&queued["status"], &queued["required_action"]),
        (&json!("queued"), &Value::Null)
    );
    let done = fetch_run(&server, &created).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["usage"], usage(40, 9));
    let (steps, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(
        (&steps[0]["type"], &steps[1]["type"]),
        (&json!("tool_calls"), &json!("message_creation"))
    );
    assert_eq!(steps[0]["usage"]["total_tokens"], 14);
    let outputs: Vec<&Value> = steps[0]["step_details"]["tool_calls"]
        .as_array()
        .expect("the step has tool calls")
        .iter()
        .map(|call| &call["function"]["output"])
        .collect();
    assert_eq!(outputs, ["12", "noon"]);
    assert_eq!(messages[1]["content"][0]["text"]["value"], "12 °C at noon");
    let (status, error) = rejected(&server, "POST", &submit, json!({ "tool_outputs": [] })).await;
    assert_eq!(status, 400);
    assert_eq!(
        error["message"],
        "Runs in status \"completed\" do not accept tool outputs."
    );
}

#[tokio::test]
async fn a_run_without_tool_outputs_expires() {
    let clock = SkippingClock::default();
    let server = serve_with_clock(&clock, Script::new().call("f", json!({}))).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    clock.skip(Duration::from_secs(599));
    assert_eq!(
        fetch_run(&server, &created).await["status"],
        "requires_action"
    );
    clock.skip(Duration::from_secs(1));
    let expired = fetch_run(&server, &created).await;
    assert_eq!(
        (&expired["status"], &expired["required_action"]),
        (&json!("expired"), &Value::Null)
    );
    let (steps, _) = steps_and_messages(&server, &created).await;
    assert_eq!(
        (&steps[0]["status"], &steps[0]["expired_at"]),
        (&json!("expired"), &json!(seconds(&clock)))
    );
    let message = json!({ "role": "user", "content": "Still there?" });
    post(&server, &format!("/threads/{thread}/messages"), message).await;
}

#[tokio::test]
async fn an_endless_turn_expires() {
    let clock = SkippingClock::default();
    let script = Script::new().turn(
        Turn::new()
            .say("Well")
            .wait(Duration::MAX)
            .fail(FailureCode::ServerError, ""),
    );
    let server = serve_with_clock(&clock, script).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    assert_eq!(fetch_run(&server, &created).await["status"], "in_progress");
    clock.skip(Duration::from_secs(600));
    assert_eq!(fetch_run(&server, &created).await["status"], "expired");
    let (_, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(
        messages[1]["incomplete_details"],
        json!({ "reason": "run_expired" })
    );
}

#[tokio::test]
async fn only_active_runs_can_be_cancelled() {
    let clock = SkippingClock::default();
    let server = serve_with_clock(&clock, Script::new().call("f", json!({})).say("x")).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    fetch_run(&server, &created).await;
    let cancel = format!("{}/cancel", path(&created));
    let cancelling = post(&server, &cancel, Value::Null).await;
    assert_eq!(
        (&cancelling["status"], &cancelling["cancelled_at"]),
        (&json!("cancelling"), &Value::Null)
    );
    let cancelled = fetch_run(&server, &created).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["cancelled_at"]),
        (&json!("cancelled"), &json!(1_700_000_000))
    );
    let (steps, _) = steps_and_messages(&server, &created).await;
    assert_eq!(steps[0]["status"], "cancelled");
    let (status, error) = rejected(&server, "POST", &cancel, Value::Null).await;
    assert_eq!(
        (status, &error["message"]),
        (400, &json!("Cannot cancel run with status 'cancelled'."))
    );
}

#[tokio::test]
async fn a_run_can_fail_in_the_middle_of_a_message() {
    let turn = Turn::new()
        .say("Well, ")
        .fail(FailureCode::InvalidPrompt, "No.");
    let server = serve(Script::new().turn(turn)).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let failed = fetch_run(&server, &created).await;
    assert_eq!(
        (&failed["status"], &failed["failed_at"]),
        (&json!("failed"), &json!(1_700_000_000))
    );
    assert_eq!(
        failed["last_error"],
        json!({ "code": "invalid_prompt", "message": "No." })
    );
    let (steps, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(
        (&steps[0]["status"], &steps[0]["last_error"]["code"]),
        (&json!("failed"), &json!("server_error"))
    );
    assert_eq!(messages[1]["status"], "incomplete");
    assert_eq!(
        messages[1]["incomplete_details"],
        json!({ "reason": "run_failed" })
    );
}

#[tokio::test]
async fn a_scripted_run_can_be_incomplete() {
    let script = Script::new().incomplete("Once upon a", IncompleteReason::MaxCompletionTokens);
    let server = serve(script).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let run = fetch_run(&server, &created).await;
    assert_eq!(
        (&run["status"], &run["incomplete_details"]["reason"]),
        (&json!("incomplete"), &json!("max_completion_tokens"))
    );
    let (steps, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(steps[0]["status"], "completed");
    assert_eq!(
        messages[1]["incomplete_details"],
        json!({ "reason": "max_tokens" })
    );
    assert_eq!(messages[1]["content"][0]["text"]["value"], "Once upon a");
}

#[tokio::test]
async fn token_limits_make_a_run_incomplete() {
    let long = "word ".repeat(300);
    let server = serve(Script::new().say(&long).say(&long)).await;
    let (assistant, thread) = conversation(&server).await;
    let runs = format!("/threads/{thread}/runs");
    let body = json!({ "assistant_id": assistant, "max_completion_tokens": 256 });
    let created = post(&server, &runs, body).await;
    let run = fetch_run(&server, &created).await;
    assert_eq!(
        (&run["status"], &run["incomplete_details"]["reason"]),
        (&json!("incomplete"), &json!("max_completion_tokens"))
    );
    assert_eq!(run["usage"]["completion_tokens"], 256);
    let (_, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(
        messages[1]["content"][0]["text"]["value"],
        "word ".repeat(256)
    );
    let body = json!({ "assistant_id": assistant, "max_prompt_tokens": 256 });
    let created = post(&server, &runs, body).await;
    let run = fetch_run(&server, &created).await;
    assert_eq!(run["incomplete_details"]["reason"], "max_prompt_tokens");
}

#[tokio::test]
async fn the_usage_of_a_run_is_that_of_its_ended_steps() {
    let clock = SkippingClock::default();
    let script = Script::new()
        .turn(Turn::new().say("One").tokens(4, 4))
        .turn(Turn::new().calls([("f", json!({}))]).tokens(5, 1))
        .turn(Turn::new().tokens(3, 0));
    let fake = fake(&clock).model(script).pace(Duration::from_secs(1));
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let cancelled_after = async |seconds| {
        let created = run(&server, &thread, &assistant).await;
        clock.skip(Duration::from_secs(seconds));
        post(&server, &format!("{}/cancel", path(&created)), Value::Null).await;
        clock.skip(Duration::from_secs(1));
        let run = fetch_run(&server, &created).await;
        assert_eq!(run["status"], "cancelled");
        run["usage"]["total_tokens"].clone()
    };
    assert_eq!(cancelled_after(0).await, 0);
    assert_eq!(cancelled_after(9).await, 6);
    // A turn without steps uses tokens too.
    let created = run(&server, &thread, &assistant).await;
    clock.skip(Duration::from_secs(9));
    let run = fetch_run(&server, &created).await;
    assert_eq!(
        (&run["status"], &run["usage"]["total_tokens"]),
        (&json!("completed"), &json!(3))
    );
}

#[tokio::test]
async fn annotations_have_the_positions_of_their_text() {
    let reply = Reply::text("Ü: see 【1】 and sandbox:/a.csv")
        .cite("【1】", "file-1")
        .path("sandbox:/a.csv", "file-2");
    let server = serve(Script::new().say(reply)).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let (_, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(
        messages[1]["content"][0]["text"]["annotations"],
        json!([
            { "type": "file_citation", "text": "【1】", "start_index": 7, "end_index": 10, "file_citation": { "file_id": "file-1" } },
            { "type": "file_path", "text": "sandbox:/a.csv", "start_index": 15, "end_index": 29, "file_path": { "file_id": "file-2" } },
        ])
    );
}

#[tokio::test]
async fn a_refusal_is_a_content_part() {
    let server = serve(Script::new().refuse("I would rather not.")).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let (_, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(
        messages[1]["content"],
        json!([{ "type": "refusal", "refusal": "I would rather not." }])
    );
}

#[tokio::test]
async fn built_in_tools_create_steps() {
    let turn = Turn::new()
        .run_code("print(2 + 2)", "4\n")
        .search([("file-1", "sums.pdf", "2 + 2 = 4")])
        .say("It is 4.");
    let server = serve(Script::new().turn(turn)).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let (steps, _) = steps_and_messages(&server, &created).await;
    assert_eq!(
        steps[0]["step_details"]["tool_calls"],
        json!([{
            "id": "call_0001",
            "type": "code_interpreter",
            "code_interpreter": { "input": "print(2 + 2)", "outputs": [{ "type": "logs", "logs": "4\n" }] },
        }])
    );
    let result = &steps[1]["step_details"]["tool_calls"][0]["file_search"]["results"][0];
    assert_eq!(
        (&result["file_id"], result.get("content")),
        (&json!("file-1"), None)
    );
    assert_eq!(steps[2]["type"], "message_creation");
    let include = "include[]=step_details.tool_calls[*].file_search.results[*].content";
    let step = format!(
        "{}/steps/{}?{include}",
        path(&created),
        text(&steps[1]["id"])
    );
    let step = get(&server, &step).await;
    let result = &step["step_details"]["tool_calls"][0]["file_search"]["results"][0];
    assert_eq!(
        result["content"],
        json!([{ "type": "text", "text": "2 + 2 = 4" }])
    );
    let wrong = format!("{}/steps?include[]=everything", path(&created));
    let (status, error) = rejected(&server, "GET", &wrong, Value::Null).await;
    assert_eq!((status, &error["param"]), (400, &json!("include[]")));
}

#[tokio::test]
async fn unknown_objects_of_a_thread_are_not_found() {
    let server = serve(Echo).await;
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    for (path, what) in [
        (format!("/threads/{thread}/messages/msg_9"), "message"),
        (format!("/threads/{thread}/runs/run_9"), "run"),
        (format!("{}/steps/step_9", path(&created)), "run step"),
        ("/threads/thread_9/runs".to_owned(), "thread"),
    ] {
        let (status, error) = rejected(&server, "GET", &path, Value::Null).await;
        assert_eq!(status, 404);
        assert!(
            text(&error["message"]).starts_with(&format!("No {what} found")),
            "{error}"
        );
    }
    fetch_run(&server, &created).await;
    let runs = format!("/threads/{thread}/runs");
    let (status, _) = rejected(&server, "POST", &runs, json!({ "assistant_id": "asst_9" })).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_pace_delays_status_changes() {
    let clock = SkippingClock::default();
    let fake = fake(&clock)
        .model(Script::new().say("Hi"))
        .pace(Duration::from_secs(1));
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(text(&fetch_run(&server, &created).await["status"]));
        clock.skip(Duration::from_secs(1));
    }
    assert_eq!(
        statuses,
        [
            "queued",
            "in_progress",
            "in_progress",
            "in_progress",
            "in_progress",
            "completed"
        ]
    );
}

#[tokio::test]
async fn a_run_completes_although_its_message_and_assistant_were_deleted() {
    let clock = SkippingClock::default();
    let fake = fake(&clock)
        .model(Script::new().say("Hello there"))
        .pace(Duration::from_secs(1));
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let created = run(&server, &thread, &assistant).await;
    clock.skip(Duration::from_secs(3));
    let (_, messages) = steps_and_messages(&server, &created).await;
    assert_eq!(messages[1]["status"], "in_progress");
    assert_eq!(messages[1]["content"][0]["text"]["value"], "Hello ");
    let message = format!("/threads/{thread}/messages/{}", text(&messages[1]["id"]));
    ok(&server, "DELETE", &message, Value::Null).await;
    let path = format!("/assistants/{assistant}");
    ok(&server, "DELETE", &path, Value::Null).await;
    clock.skip(Duration::from_secs(3));
    assert_eq!(fetch_run(&server, &created).await["status"], "completed");
}
