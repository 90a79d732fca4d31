//! The dialect of Foundry Agents: versions, tokens, pages, lists of threads, and MCP approvals.

use openai_assistants::ToolSet;
use openai_assistants::types::CreateRunRequest;
use openai_assistants_fake::{Script, Server, SkippingClock, Turn};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fake_client::FakeClient;
use crate::shared_clock::SharedClock;
use crate::{fake, http, seconds, text};

/// A server with this script.
async fn start(script: Script) -> Server {
    let fake = fake(&SkippingClock::default()).foundry().model(script);
    fake.start().await.expect("a port is free")
}

async fn call(server: &Server, method: &str, path: &str, body: Value) -> http::Response {
    let separator = if path.contains('?') { '&' } else { '?' };
    let target = format!("/api/projects/demo{path}{separator}api-version=v1");
    let headers = [("authorization", "Bearer token")];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    http::raw(server, method, &target, &headers, &body).await
}

async fn ok(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let response = call(server, method, path, body).await;
    assert_eq!(response.status, 200, "{method} {path}: {}", response.body);
    response.json()
}

async fn post(server: &Server, path: &str, body: Value) -> Value {
    ok(server, "POST", path, body).await
}

async fn get(server: &Server, path: &str) -> Value {
    ok(server, "GET", path, Value::Null).await
}

/// Starts a run of an agent with an MCP server.
async fn run(server: &Server, approval: Value, stream: bool) -> http::Response {
    let tool =
        json!({ "type": "mcp", "server_label": "docs", "server_url": "https://example.com" });
    let agent = post(
        server,
        "/assistants",
        json!({ "model": "m", "tools": [tool] }),
    )
    .await;
    let thread = post(server, "/threads", json!({})).await;
    let mut mcp = json!([{ "server_label": "docs", "headers": {} }]);
    if !approval.is_null() {
        mcp[0]["require_approval"] = approval;
    }
    let body = json!({
        "assistant_id": agent["id"],
        "tool_resources": { "mcp": mcp },
        "stream": stream,
    });
    let path = format!("/threads/{}/runs", text(&thread["id"]));
    call(server, "POST", &path, body).await
}

fn search() -> Script {
    let turn = Turn::new().mcp("docs", "search", &json!({ "query": "tickets" }), "20 euros");
    Script::new().turn(turn.say("It is 20 euros."))
}

fn path(run: &Value) -> String {
    crate::path(run)
}

async fn steps(server: &Server, run: &Value) -> Vec<Value> {
    let list = get(server, &format!("{}/steps?order=asc", path(run))).await;
    list["data"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_version_and_a_token_are_required() {
    let server = start(Script::new()).await;
    let bearer = ("authorization", "Bearer token");
    for (target, header, status, code) in [
        (
            "/assistants",
            bearer,
            400,
            json!("MissingApiVersionParameter"),
        ),
        (
            "/assistants?api-version=",
            bearer,
            400,
            json!("MissingApiVersionParameter"),
        ),
        (
            "/assistants?api-version=v1",
            ("api-key", "key"),
            401,
            Value::Null,
        ),
        ("/assistants?api-version=v1", bearer, 200, Value::Null),
    ] {
        let response = http::raw(&server, "GET", target, &[header], "").await;
        let found = &response.json()["error"]["code"];
        assert_eq!((response.status, found), (status, &code), "{target}");
    }
}

#[tokio::test]
async fn the_client_of_the_server_speaks_the_dialect() {
    let server = start(Script::new()).await;
    assert!(server.url().ends_with("/api/projects/fake"));
    let thread = server.client().create_thread().send().await;
    assert!(thread.is_ok());
}

#[tokio::test]
async fn pages_have_no_first_id() {
    let server = start(Script::new()).await;
    let agent = post(&server, "/assistants", json!({ "model": "m" })).await;
    let list = get(&server, "/assistants").await;
    let expected = json!({ "last_id": agent["id"], "has_more": false, "data": [agent] });
    assert_eq!(list, expected);
}

#[tokio::test]
async fn the_list_of_files_has_no_pages() {
    let server = start(Script::new()).await;
    let list = get(&server, "/files").await;
    assert_eq!(list, json!({ "object": "list", "data": [] }));
    for _ in 0..2 {
        upload(&server).await;
    }
    let list = get(&server, "/files?limit=1&order=asc").await;
    assert_eq!(list["data"][1]["id"], "file-0001");
    assert_eq!(list.as_object().map(|list| list.len()), Some(2));
}

async fn upload(server: &Server) {
    let body = "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n--x\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\na\r\n--x--\r\n";
    let headers = [
        ("authorization", "Bearer token"),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let response = http::raw(server, "POST", "/files?api-version=v1", &headers, body).await;
    assert_eq!(response.status, 200, "{}", response.body);
}

#[tokio::test]
async fn what_foundry_lacks_is_not_served() {
    let server = start(Script::new()).await;
    post(&server, "/vector_stores", json!({})).await;
    for (method, path, status) in [
        ("POST", "/vector_stores/vs_0001/search", 404),
        ("POST", "/vector_stores/vs_0001/files/file-1", 405),
        ("GET", "/vector_stores/vs_0001/files/file-1/content", 404),
    ] {
        let response = call(&server, method, path, json!({})).await;
        assert_eq!(response.status, status, "{path}");
    }
    let bearer = [("authorization", "Bearer token")];
    for (prefix, status) in [("", 200), ("/api/projects/a", 200), ("/v1", 404)] {
        let target = format!("{prefix}/assistants?api-version=v1");
        let response = http::raw(&server, "GET", &target, &bearer, "").await;
        assert_eq!(response.status, status, "{prefix}");
    }
    let server = crate::serve(Script::new()).await;
    let response = http::raw(&server, "GET", "/api/projects/a/assistants", &bearer, "").await;
    assert_eq!(response.status, 404);
}

#[tokio::test]
async fn threads_are_listed() {
    let server = start(Script::new()).await;
    let first = post(&server, "/threads", json!({})).await;
    let second = post(&server, "/threads", json!({})).await;
    assert_eq!(
        get(&server, "/threads").await["data"],
        json!([second, first])
    );
    let page = get(&server, "/threads?limit=1&order=asc").await;
    assert_eq!(
        (&page["data"], &page["has_more"]),
        (&json!([first]), &json!(true))
    );
}

#[tokio::test]
async fn a_call_of_an_mcp_server_is_approved() {
    let server = start(search()).await;
    let created = run(&server, Value::Null, false).await.json();
    let blocked = get(&server, &path(&created)).await;
    assert_eq!(blocked["status"], "requires_action");
    let call = json!({
        "id": "call_0001",
        "type": "mcp",
        "server_label": "docs",
        "name": "search",
        "arguments": "{\"query\":\"tickets\"}",
    });
    let expected = json!({
        "type": "submit_tool_approval",
        "submit_tool_approval": { "tool_calls": [call] },
    });
    assert_eq!(blocked["required_action"], expected);
    let submit = format!("{}/submit_tool_outputs", path(&created));
    for (body, param) in [
        (json!({ "tool_outputs": [] }), "tool_approvals"),
        (json!({ "tool_approvals": [] }), "tool_approvals"),
        (
            json!({ "tool_approvals": [{ "tool_call_id": "call_9", "approve": true }] }),
            "tool_approvals",
        ),
    ] {
        let response = self::call(&server, "POST", &submit, body).await;
        assert_eq!(
            (response.status, &response.json()["error"]["param"]),
            (400, &json!(param))
        );
    }
    let approval = json!({ "tool_approvals": [{ "tool_call_id": "call_0001", "approve": true }] });
    let queued = post(&server, &submit, approval).await;
    assert_eq!(
        (&queued["status"], &queued["required_action"]),
        (&json!("queued"), &Value::Null)
    );
    assert_eq!(get(&server, &path(&created)).await["status"], "completed");

    let steps = steps(&server, &created).await;
    let types: Vec<&Value> = steps.iter().map(|step| &step["type"]).collect();
    assert_eq!(types, ["activities", "tool_calls", "message_creation"]);
    assert_eq!(
        steps[0]["step_details"]["activities"][0]["type"],
        "mcp_list_tools"
    );
    let mut executed = call;
    executed["output"] = json!("20 euros");
    assert_eq!(steps[1]["step_details"]["tool_calls"], json!([executed]));
}

#[tokio::test]
async fn a_denied_call_has_no_output() {
    let server = start(search()).await;
    let created = run(&server, json!("always"), false).await.json();
    get(&server, &path(&created)).await;
    let submit = format!("{}/submit_tool_outputs", path(&created));
    let denial = json!({ "tool_approvals": [{ "tool_call_id": "call_0001", "approve": false }] });
    post(&server, &submit, denial).await;
    assert_eq!(get(&server, &path(&created)).await["status"], "completed");
    let steps = steps(&server, &created).await;
    assert_eq!(steps[1]["step_details"]["tool_calls"][0]["output"], "");
}

#[tokio::test]
async fn an_exempt_server_is_called_at_once() {
    let server = start(search()).await;
    let response = run(&server, json!("never"), true).await;
    let names = response.names();
    assert!(!names.contains(&"thread.run.requires_action"), "{names:?}");
    assert_eq!(names.last(), Some(&"done"));
    let deltas = response.events().into_iter();
    let mut deltas = deltas.filter(|(name, _)| *name == "thread.run.step.delta");
    let (_, delta) = deltas.next().expect("the call is streamed");
    let delta: Value = serde_json::from_str(delta).expect("it is JSON");
    assert_eq!(delta["delta"]["step_details"]["type"], "mcp");
}

#[tokio::test]
async fn a_blocked_run_expires_and_is_cancelled() {
    let clock = SkippingClock::default();
    let server = fake(&clock).foundry().model(search().repeat());
    let server = server.start().await.expect("a port is free");
    let cancelled = run(&server, Value::Null, false).await.json();
    get(&server, &path(&cancelled)).await;
    post(
        &server,
        &format!("{}/cancel", path(&cancelled)),
        Value::Null,
    )
    .await;
    assert_eq!(get(&server, &path(&cancelled)).await["status"], "cancelled");
    let expired = run(&server, Value::Null, false).await.json();
    assert_eq!(expired["expires_at"], seconds(&clock) + 600);
    clock.skip(std::time::Duration::from_secs(600));
    assert_eq!(get(&server, &path(&expired)).await["status"], "expired");
}

#[tokio::test]
async fn one_action_has_approvals_and_function_calls() {
    let turn = Turn::new().mcp("docs", "search", &json!({}), "20 euros");
    let turn = turn.calls([("get_weather", json!({ "city": "Oslo" }))]);
    let script = Script::new()
        .turn(turn)
        .say("20 euros, and 12 °C.")
        .repeat();
    for approve in [true, false] {
        let server = start(script.clone()).await;
        let created = run(&server, Value::Null, false).await.json();
        let blocked = get(&server, &path(&created)).await;
        let function = json!({ "name": "get_weather", "arguments": "{\"city\":\"Oslo\"}" });
        let mcp = json!({
            "id": "call_0001",
            "type": "mcp",
            "server_label": "docs",
            "name": "search",
            "arguments": "{}",
        });
        let expected = json!({
            "type": "submit_tool_approval",
            "submit_tool_approval": { "tool_calls": [
                mcp,
                { "id": "call_0002", "type": "function", "function": function },
            ] },
        });
        assert_eq!(blocked["required_action"], expected);
        let submit = format!("{}/submit_tool_outputs", path(&created));
        let approvals = json!([{ "tool_call_id": "call_0001", "approve": approve }]);
        let outputs = json!([{ "tool_call_id": "call_0002", "output": "12 °C" }]);
        for (body, param) in [
            (json!({ "tool_approvals": approvals }), "tool_outputs"),
            (json!({ "tool_outputs": outputs }), "tool_approvals"),
        ] {
            let response = call(&server, "POST", &submit, body).await;
            let found = &response.json()["error"]["param"];
            assert_eq!((response.status, found), (400, &json!(param)));
        }
        let both = json!({ "tool_approvals": approvals, "tool_outputs": outputs });
        let queued = post(&server, &submit, both).await;
        assert_eq!(queued["status"], "queued");
        assert_eq!(get(&server, &path(&created)).await["status"], "completed");

        let steps = steps(&server, &created).await;
        let types: Vec<&Value> = steps.iter().map(|step| &step["type"]).collect();
        assert_eq!(types, ["activities", "tool_calls", "message_creation"]);
        let calls = &steps[1]["step_details"]["tool_calls"];
        let output = if approve { "20 euros" } else { "" };
        assert_eq!(calls[0]["output"], output);
        assert_eq!(calls[1]["function"]["output"], "12 °C");
    }
}

/// Doubles a number.
#[derive(Deserialize, JsonSchema)]
struct Double {
    number: u32,
}

#[tokio::test]
async fn a_followed_run_approves_and_calls_functions_at_once() {
    let turn = Turn::new().mcp("docs", "search", &json!({}), "20 euros");
    let turn = turn.calls([("double", json!({ "number": 2 }))]);
    let script = Script::new().turn(turn).say("20 euros, and 4.");
    let clock = SkippingClock::default();
    let server = fake(&clock).foundry().model(script);
    let server = server.start().await.expect("a port is free");
    let client = server
        .client_builder()
        .clock(SharedClock(clock.clone()))
        .build();
    let client = client.expect("the settings are valid");
    let agent = post(&server, "/assistants", json!({ "model": "m" })).await;
    let thread = post(&server, "/threads", json!({})).await;
    let run = client.create_run().thread_id(text(&thread["id"]));
    let body = CreateRunRequest::builder().assistant_id(text(&agent["id"]));
    let tools = ToolSet::builder()
        .function(|double: Double| async move { Ok::<_, String>((2 * double.number).to_string()) })
        .build()
        .expect("the tools are valid");
    let run = run.body(body).follow().tools(&tools);
    let run = run.approve(async |call| call.server_label == "docs");
    let run = run.wait().await.expect("the run ends");
    assert_eq!(run.status.as_str(), "completed");
    let steps = get(
        &server,
        &format!("/threads/{}/runs/{}/steps", run.thread_id, run.id),
    )
    .await;
    let calls = &steps["data"][1]["step_details"]["tool_calls"];
    assert_eq!(calls[0]["output"], "20 euros");
    assert_eq!(calls[1]["function"]["output"], "4");
    let files = client
        .list_files()
        .send()
        .await
        .expect("there are no pages");
    assert!(files.data.is_empty());
}
