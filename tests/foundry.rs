//! The typed extensions of Foundry: their JSON in requests and in responses.

#![cfg(assistants_document = "openapi.yaml")]

use httpmock::{Method, MockServer};
use openai_assistants::foundry::{
    AiSearchIndex, AzureFunction, BingCustomSearch, BingGrounding, BingSearch, BrowserAutomation,
    ConnectedAgent, DeepResearch, FabricDataAgent, Mcp, McpResource, OpenApi, OpenApiAuth,
    SharepointGrounding, StorageQueue, Tool, ToolApproval, ToolApprovalCall, ToolResources,
    UrlCitation,
};
use openai_assistants::mock;
use openai_assistants::types::{
    AssistantTool, CreateAssistantRequest, FunctionObject, ListOrder, RunObject, TextAnnotation,
};
use openai_assistants::{Client, Credentials};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn from_json<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the JSON matches")
}

/// Each tool with its JSON.
fn tools() -> Vec<(Tool, Value)> {
    let function = FunctionObject::builder().name("weather").build();
    let queue = |name: &str| StorageQueue::new("https://queues.example.com", name);
    let mut search = BingSearch::new("c");
    search.market = Some("en-US".to_owned());
    search.set_lang = Some("en".to_owned());
    search.count = Some(5);
    search.freshness = Some("Day".to_owned());
    let binding = |name: &str| {
        json!({ "type": "storage_queue", "storage_queue": {
            "queue_service_endpoint": "https://queues.example.com", "queue_name": name,
        } })
    };
    let openapi = |auth| Tool::from(OpenApi::new("api", json!({ "openapi": "3.0.3" }), auth));
    let openapi_json = |auth: Value| json!({ "type": "openapi", "openapi": { "name": "api", "spec": { "openapi": "3.0.3" }, "auth": auth } });
    let connections = json!({ "connections": [{ "connection_id": "c" }] });
    vec![
        (Tool::AzureAiSearch {}, json!({ "type": "azure_ai_search" })),
        (
            AzureFunction::new(
                function.expect("a named function"),
                queue("in"),
                queue("out"),
            )
            .into(),
            json!({ "type": "azure_function", "azure_function": {
                "function": { "name": "weather" }, "input_binding": binding("in"), "output_binding": binding("out"),
            } }),
        ),
        (
            BingCustomSearch::new("c", "i").into(),
            json!({ "type": "bing_custom_search", "bing_custom_search": {
                "search_configurations": [{ "connection_id": "c", "instance_name": "i" }],
            } }),
        ),
        (
            BingGrounding::from(search).into(),
            json!({ "type": "bing_grounding", "bing_grounding": { "search_configurations": [
                { "connection_id": "c", "market": "en-US", "set_lang": "en", "count": 5, "freshness": "Day" },
            ] } }),
        ),
        (
            BrowserAutomation::new("c").into(),
            json!({ "type": "browser_automation", "browser_automation": { "connection": { "id": "c" } } }),
        ),
        (
            ConnectedAgent::new("asst_2", "stocks", "Returns prices.").into(),
            json!({ "type": "connected_agent", "connected_agent": { "id": "asst_2", "name": "stocks", "description": "Returns prices." } }),
        ),
        (
            DeepResearch::new("o3-deep-research", "c").into(),
            json!({ "type": "deep_research", "deep_research": {
                "deep_research_model": "o3-deep-research",
                "deep_research_bing_grounding_connections": [{ "connection_id": "c" }],
            } }),
        ),
        (
            FabricDataAgent::new("c").into(),
            json!({ "type": "fabric_dataagent", "fabric_dataagent": connections }),
        ),
        (
            Mcp::new("docs", "https://example.com/mcp").into(),
            json!({ "type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp" }),
        ),
        (
            Mcp::new("docs", "https://example.com/mcp")
                .allowed_tools(["search"])
                .into(),
            json!({ "type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp", "allowed_tools": ["search"] }),
        ),
        (
            openapi(OpenApiAuth::Anonymous),
            openapi_json(json!({ "type": "anonymous" })),
        ),
        (
            openapi(OpenApiAuth::Connection {
                connection_id: "c".to_owned(),
            }),
            openapi_json(
                json!({ "type": "connection", "security_scheme": { "connection_id": "c" } }),
            ),
        ),
        (
            openapi(OpenApiAuth::ManagedIdentity {
                audience: "https://a".to_owned(),
            }),
            openapi_json(
                json!({ "type": "managed_identity", "security_scheme": { "audience": "https://a" } }),
            ),
        ),
        (
            SharepointGrounding::new("c").into(),
            json!({ "type": "sharepoint_grounding", "sharepoint_grounding": connections }),
        ),
    ]
}

#[test]
fn tools_are_serialized_in_requests() {
    for (tool, wire) in tools() {
        let body = CreateAssistantRequest::builder().model("m").tools([tool]);
        let body = json!(body.build().expect("a complete body"));
        assert_eq!(body, json!({ "model": "m", "tools": [wire] }));
    }
}

#[test]
fn tools_are_deserialized_from_responses() {
    for (tool, wire) in tools() {
        let received: AssistantTool = from_json(wire.clone());
        assert_eq!(json!(received), wire);
        assert_eq!(Tool::of(&received), Some(tool));
    }
}

#[test]
fn unknown_properties_stay_in_the_general_type() {
    let wire = json!({ "type": "connected_agent", "new": 1, "connected_agent": {
        "id": "asst_2", "name": "stocks", "description": "Returns prices.", "newer": [2],
    } });
    let received: AssistantTool = from_json(wire.clone());
    assert!(matches!(
        Tool::of(&received),
        Some(Tool::ConnectedAgent { .. })
    ));
    assert_eq!(json!(received), wire);
}

#[test]
fn the_typed_form_has_only_known_properties() {
    let agent = json!({ "id": "asst_2", "name": "stocks", "description": "Returns prices." });
    let mut wire = json!({ "type": "connected_agent", "new": 1, "connected_agent": agent });
    wire["connected_agent"]["newer"] = json!([2]);
    let typed = Tool::of(&from_json(wire)).expect("a typed tool");
    assert_eq!(
        json!(AssistantTool::from(typed)),
        json!({ "type": "connected_agent", "connected_agent": agent })
    );
}

#[test]
fn tools_are_deserialized_leniently() {
    let search = json!({ "connection_id": "c", "instance_name": "i", "count": 5.0 });
    for kind in ["bing_grounding", "bing_custom_search"] {
        let wire = json!({ "type": kind, kind: { "search_configurations": [search] } });
        let count = match Tool::of(&from_json(wire)) {
            Some(Tool::BingGrounding { bing_grounding }) => {
                bing_grounding.search_configurations[0].count
            }
            Some(Tool::BingCustomSearch { bing_custom_search }) => {
                bing_custom_search.search_configurations[0].search.count
            }
            other => panic!("{kind}: {other:?}"),
        };
        assert_eq!(count, Some(5), "{kind}");
    }
    for count in [json!(null), json!(5)] {
        let wire = json!({ "type": "bing_grounding", "bing_grounding": {
            "search_configurations": [{ "connection_id": "c", "count": count }],
        } });
        assert!(Tool::of(&from_json(wire)).is_some(), "{count}");
    }
    for kind in ["fabric_dataagent", "sharepoint_grounding"] {
        let wire = json!({ "type": kind, kind: { "connections": null } });
        let tool = Tool::of(&from_json(wire)).map(|tool| json!(tool));
        assert_eq!(
            tool,
            Some(json!({ "type": kind, kind: { "connections": [] } }))
        );
    }
    for scheme in [json!({}), json!(null)] {
        let auth = json!({ "type": "anonymous", "security_scheme": scheme });
        let api = json!({ "name": "api", "spec": {}, "auth": auth });
        let tool = Tool::of(&from_json(json!({ "type": "openapi", "openapi": api })));
        let Some(Tool::OpenApi { openapi }) = tool else {
            panic!("{tool:?}");
        };
        assert_eq!(openapi.auth, OpenApiAuth::Anonymous);
    }
}

#[test]
fn debug_shows_only_the_origin_of_urls() {
    let url = "https://user:hush@example.com:8443/mcp?key=hush#hush";
    let function = FunctionObject::builder().name("weather").build();
    let queue = StorageQueue::new(url, "queue");
    let spec = json!({ "servers": [{ "url": url }] });
    for tool in [
        Tool::from(Mcp::new("docs", url)),
        Tool::from(AzureFunction::new(
            function.expect("a named function"),
            queue.clone(),
            queue,
        )),
    ] {
        let shown = format!("{tool:?}");
        assert!(
            shown.contains("\"https://example.com:8443\"") && !shown.contains("hush"),
            "{shown}"
        );
    }
    let api = Tool::from(OpenApi::new("api", spec, OpenApiAuth::Anonymous));
    for tool in [api, Mcp::new("docs", "user:hush").into()] {
        let shown = format!("{tool:?}");
        assert!(!shown.contains("hush"), "{shown}");
    }
}

#[test]
fn other_tools_have_no_typed_form() {
    for wire in [
        json!({ "type": "code_interpreter" }),
        json!({ "type": "hologram" }),
        json!({ "type": "mcp" }),
        json!({ "type": "connected_agent", "connected_agent": null }),
        json!({}),
    ] {
        assert_eq!(Tool::of(&from_json(wire.clone())), None, "{wire}");
    }
}

#[test]
fn tool_resources_are_serialized() {
    let mut index = AiSearchIndex::new("c", "books");
    index.query_type = Some("simple".to_owned());
    index.top_k = Some(5);
    let server = McpResource::new("docs")
        .header("authorization", "Bearer secret")
        .require_approval("never");
    let resources = ToolResources::default().index(index).mcp(server);
    let wire = json!({
        "azure_ai_search": { "indexes": [
            { "index_connection_id": "c", "index_name": "books", "query_type": "simple", "top_k": 5 },
        ] },
        "mcp": [{ "server_label": "docs", "headers": { "authorization": "Bearer secret" }, "require_approval": "never" }],
    });
    assert_eq!(json!(resources), wire);
    assert_eq!(from_json::<ToolResources>(wire), resources);
    let shown = format!("{resources:?}");
    assert!(
        shown.contains("authorization") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn tool_resources_are_deserialized_leniently() {
    let resources: ToolResources = from_json(json!({
        "azure_ai_search": { "indexes": [{ "top_k": 5.0 }, { "top_k": null }] },
        "mcp": [{ "server_label": "docs" }, { "server_label": "docs", "headers": null }],
    }));
    let search = resources.azure_ai_search.expect("a search resource");
    let top_k: Vec<Option<i64>> = search.indexes.iter().map(|index| index.top_k).collect();
    assert_eq!(top_k, [Some(5), None]);
    let server = McpResource::new("docs");
    assert_eq!(resources.mcp, Some(vec![server.clone(), server]));

    let none: ToolResources = from_json(json!({ "azure_ai_search": { "indexes": null } }));
    let search = none.azure_ai_search.expect("a search resource");
    assert!(search.indexes.is_empty());
}

#[test]
fn url_citations_are_deserialized_from_annotations() {
    let wire = json!({
        "type": "url_citation", "text": "[1]", "start_index": 3, "end_index": 6,
        "url_citation": { "url": "https://example.com", "title": "Example" },
    });
    let citation = UrlCitation::of(&from_json(wire.clone())).expect("a citation");
    assert_eq!(citation.url_citation.title.as_deref(), Some("Example"));
    assert_eq!(json!(citation), wire);
    let bare = json!({ "type": "url_citation", "text": "[1]", "url_citation": { "url": "u" } });
    assert_eq!(json!(UrlCitation::of(&from_json(bare.clone()))), bare);
    for other in [
        json!({ "type": "file_path", "text": "", "file_path": { "file_id": "f" } }),
        json!({ "type": "hologram", "text": "[1]", "url_citation": { "url": "u" } }),
        json!({ "type": "url_citation" }),
    ] {
        assert_eq!(UrlCitation::of(&from_json::<TextAnnotation>(other)), None);
    }
}

fn run_requiring_approval(tool_calls: Value) -> RunObject {
    let mut run = json!(mock::run());
    run["status"] = "requires_action".into();
    run["required_action"] = json!({
        "type": "submit_tool_approval", "submit_tool_approval": { "tool_calls": tool_calls },
    });
    from_json(run)
}

fn call(id: &str) -> Value {
    json!({ "id": id, "type": "mcp", "name": "search", "arguments": "{}", "server_label": "docs" })
}

#[test]
fn calls_that_require_approval_are_deserialized_from_the_run() {
    let run = run_requiring_approval(
        json!([call("call_1"), { "id": "call_2", "type": "hologram" }, call("call_3")]),
    );
    let calls = ToolApprovalCall::of(&run);
    let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["call_1", "call_3"]);
    assert_eq!(json!(calls[0]), call("call_1"));
    assert_eq!(ToolApprovalCall::of(&mock::run()), []);
    assert_eq!(
        ToolApprovalCall::of(&run_requiring_approval(Value::Null)),
        []
    );
}

#[test]
fn only_the_id_of_a_call_is_required() {
    let run = run_requiring_approval(json!([
        { "type": "mcp", "id": "call_1" },
        { "type": "mcp", "id": "call_2", "name": null, "arguments": null, "server_label": null },
        { "type": "mcp", "id": "call_3", "arguments": { "q": "x" } },
        { "type": "mcp", "name": "search" },
    ]));
    let calls = ToolApprovalCall::of(&run);
    let texts: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call.id.as_str(),
                call.name.as_str(),
                call.arguments.as_str(),
            )
        })
        .collect();
    let expected = [
        ("call_1", "", ""),
        ("call_2", "", ""),
        ("call_3", "", r#"{"q":"x"}"#),
    ];
    assert_eq!(texts, expected);
}

async fn server() -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    let client = Client::builder()
        .foundry(format!("{}/api/projects/demo", server.base_url()), "v1")
        .credentials(Credentials::bearer("token-1"))
        .build()
        .expect("the configuration is valid");
    (server, client)
}

#[tokio::test]
async fn approvals_are_submitted_in_one_request() {
    let (server, client) = server().await;
    let mocked = server.mock(|when, then| {
        when.method(Method::POST)
            .path("/api/projects/demo/threads/thread%2F1/runs/run_1/submit_tool_outputs")
            .query_param("api-version", "v1")
            .query_param("x", "y")
            .header("accept", "application/json")
            .header("authorization", "Bearer token-1")
            .header("x-trace", "42")
            .json_body(json!({ "tool_approvals": [
                { "tool_call_id": "call_1", "approve": true, "headers": { "authorization": "Bearer secret" } },
                { "tool_call_id": "call_3", "approve": false },
            ] }));
        then.json_body(json!(mock::run()));
    });
    let calls = ToolApprovalCall::of(&run_requiring_approval(json!([
        call("call_1"),
        call("call_3")
    ])));
    let approvals = [
        calls[0].approve().header("authorization", "Bearer secret"),
        calls[1].deny(),
    ];
    let shown = format!("{approvals:?}");
    assert!(
        shown.contains("authorization") && !shown.contains("secret"),
        "{shown}"
    );
    let call = client.submit_tool_approvals("thread/1", "run_1", approvals);
    let call = call.header("x-trace", "42").query("x", "y");
    let run = call.send().await.expect("a successful call");
    assert_eq!(run.id, "run_1");
    mocked.assert();
}

#[tokio::test]
async fn headers_of_approvals_are_redacted_in_errors() {
    let (server, client) = server().await;
    let error_body =
        json!({ "error": { "message": "Cannot use hush-hush-1 and Bearer hush-hush-2." } });
    server.mock(|when, then| {
        when.method(Method::POST);
        then.status(400).json_body(error_body);
    });
    let approval = ToolApproval::new("call_1", true)
        .header("x-key", "hush-hush-1")
        .header("authorization", "Bearer hush-hush-2");
    let call = || client.submit_tool_approvals("thread_1", "run_1", [approval.clone()]);
    for error in [
        call()
            .send()
            .await
            .expect_err("the server returns an error"),
        call()
            .stream()
            .await
            .expect_err("the server returns an error"),
        call()
            .follow()
            .wait()
            .await
            .expect_err("the server returns an error"),
    ] {
        let shown = format!("{error} {error:?} {:?}", error.body());
        assert!(
            shown.contains("Cannot use *** and") && !shown.contains("hush"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn an_invalid_header_is_an_error_before_anything_is_sent() {
    let (server, client) = server().await;
    let mocked = server.mock(|when, then| {
        when.method(Method::POST);
        then.json_body(json!(mock::run()));
    });
    let approval = ToolApproval::new("call_1", true).header("x-key", "hush-hush\n");
    let call = client.submit_tool_approvals("thread_1", "run_1", [approval]);
    let error = call.send().await.expect_err("the header is invalid");
    let shown = format!("{error} {error:?}");
    assert!(
        error.is_invalid_argument() && shown.contains("x-key") && !shown.contains("hush"),
        "{shown}"
    );
    mocked.assert_calls(0);
}

#[tokio::test]
async fn approvals_can_be_followed_and_streamed() {
    let (server, client) = server().await;
    let path = "/api/projects/demo/threads/thread_1/runs/run_1/submit_tool_outputs";
    let streamed = server.mock(|when, then| {
        let when = when.method(Method::POST).path(path);
        when.json_body(json!({ "tool_approvals": [{ "tool_call_id": "call_1", "approve": true }], "stream": true }));
        then.header("content-type", "text/event-stream").body("event: done\ndata: [DONE]\n\n");
    });
    let followed = server.mock(|when, then| {
        let when = when.method(Method::POST).path(path);
        when.json_body(
            json!({ "tool_approvals": [{ "tool_call_id": "call_1", "approve": true }] }),
        );
        then.json_body(json!(mock::run_in("completed".into())));
    });
    let submit = || {
        let approvals = [ToolApproval::new("call_1", true)];
        client.submit_tool_approvals("thread_1", "run_1", approvals)
    };
    let run = submit().follow().wait().await.expect("a successful call");
    assert_eq!(run.status.as_str(), "completed");
    followed.assert();
    let mut events = submit().stream().await.expect("a stream");
    let event = events.try_next().await.expect("a valid event");
    assert_eq!(event.expect("an event").event(), "done");
    streamed.assert();
}

#[tokio::test]
async fn an_empty_id_is_an_error_before_anything_is_sent() {
    let (_server, client) = server().await;
    let error = client
        .submit_tool_approvals("thread_1", "", [])
        .send()
        .await;
    let error = error.expect_err("the id is empty");
    assert!(
        error.is_invalid_argument() && error.to_string().contains("run_id"),
        "{error}"
    );
    assert_eq!(error.operation(), Some("submitToolApprovals"));
}

#[tokio::test]
async fn threads_are_listed_page_by_page() {
    let (server, client) = server().await;
    let thread = |id: &str| {
        let mut thread = mock::thread();
        thread.id = id.to_owned();
        json!(thread)
    };
    let first = server.mock(|when, then| {
        when.method(Method::GET)
            .path("/api/projects/demo/threads")
            .query_param("api-version", "v1")
            .query_param("limit", "2")
            .query_param("order", "asc")
            .query_param_missing("after");
        then.json_body(json!({
            "object": "list", "data": [thread("t1"), thread("t2")], "first_id": "t1", "last_id": "t2", "has_more": true,
        }));
    });
    let second = server.mock(|when, then| {
        let when = when.method(Method::GET).path("/api/projects/demo/threads");
        when.query_param("after", "t2").query_param("limit", "2");
        then.json_body(json!({ "data": [thread("t3")], "has_more": false }));
    });
    let mut threads = client.list_threads().limit(2).order(ListOrder::Asc).items();
    let mut ids = Vec::new();
    while let Some(thread) = threads.try_next().await.expect("a successful call") {
        ids.push(thread.id);
    }
    assert_eq!(ids, ["t1", "t2", "t3"]);
    first.assert();
    second.assert();
}

#[tokio::test]
async fn a_response_without_data_is_an_error_and_not_an_empty_list() {
    let server = MockServer::start_async().await;
    let mut mock = server.mock(|when, then| {
        when.method(Method::GET).path("/threads");
        then.json_body(json!({ "quota": "none" }));
    });
    let client = Client::builder()
        .base_url(server.base_url())
        .credentials(Credentials::none())
        .build()
        .expect("the configuration is valid");
    let error = client.list_threads().send().await;
    let error = error.expect_err("the response is not a list");
    assert!(error.is_decode(), "{error}");
    assert!(error.to_string().contains("data"), "{error}");

    mock.delete();
    server.mock(|when, then| {
        when.method(Method::GET).path("/threads");
        then.json_body(json!({ "error": { "message": "quota" } }));
    });
    let error = client.list_threads().send().await;
    let error = error.expect_err("the response is not a list");
    assert_eq!(error.message(), "quota");
}
