//! The dialect of Foundry Agents: versions, tokens, pages, lists of threads, and MCP approvals.

use openai_assistants_fake::{Script, Server, SkippingClock, Turn};
use serde_json::{Value, json};

use crate::{fake, http, seconds, text};

/// A server with this script, or `None` if `openapi.yaml` has no additions of Foundry.
async fn start(script: Script) -> Option<Server> {
    let fake = fake(&SkippingClock::default()).foundry().model(script);
    let server = fake.start().await.expect("a port is free");
    let is_supported = call(&server, "GET", "/threads", Value::Null).await.status == 200;
    if !is_supported {
        println!("skipped: openapi.yaml has no additions of Foundry");
    }
    is_supported.then_some(server)
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
    let fake = fake(&SkippingClock::default()).foundry();
    let server = fake.start().await.expect("a port is free");
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
    let fake = fake(&SkippingClock::default()).foundry();
    let server = fake.start().await.expect("a port is free");
    assert!(server.url().ends_with("/api/projects/fake"));
    let thread = server.client().create_thread().send().await;
    assert!(thread.is_ok());
}

#[tokio::test]
async fn pages_have_no_first_id() {
    let fake = fake(&SkippingClock::default()).foundry();
    let server = fake.start().await.expect("a port is free");
    let agent = post(&server, "/assistants", json!({ "model": "m" })).await;
    let list = get(&server, "/assistants").await;
    let expected = json!({ "last_id": agent["id"], "has_more": false, "data": [agent] });
    assert_eq!(list, expected);
}

#[tokio::test]
async fn threads_are_listed() {
    let Some(server) = start(Script::new()).await else {
        return;
    };
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
    let Some(server) = start(search()).await else {
        return;
    };
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
    let Some(server) = start(search()).await else {
        return;
    };
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
    let Some(server) = start(search()).await else {
        return;
    };
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
    if call(&server, "GET", "/threads", Value::Null).await.status != 200 {
        println!("skipped: openapi.yaml has no additions of Foundry");
        return;
    }
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
