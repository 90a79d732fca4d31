//! The additions of Foundry: their JSON in requests and in responses.

#![cfg(assistants_document = "openapi.yaml")]

#[path = "contract/loss.rs"]
mod loss;

use std::fmt;
use std::fs;

use httpmock::{Method, MockServer};
use loss::lost;
use openai_assistants::types::{
    AiSearchIndex, AssistantObject, AssistantStreamEvent, AssistantTool,
    AssistantToolsAzureAiSearch, AssistantToolsAzureFunction, AssistantToolsBingCustomSearch,
    AssistantToolsBingGrounding, AssistantToolsBrowserAutomation, AssistantToolsComputerUse,
    AssistantToolsConnectedAgent, AssistantToolsDeepResearch, AssistantToolsFabricDataAgent,
    AssistantToolsMcp, AssistantToolsOpenApi, AssistantToolsSharepointGrounding, AzureAiSearch,
    AzureFunction, AzureFunctionBinding, AzureFunctionQueue, BingCustomSearch,
    BingCustomSearchConfiguration, BingGrounding, BingGroundingConfiguration, BrowserAutomation,
    BrowserConnection, ComputerUse, ConnectedAgent, CreateAssistantRequest, CreateRunRequest,
    CreateThreadAndRunRequest, CreateToolResources, DeepResearch, ErrorResponse, FabricDataAgent,
    FunctionObject, ListOrder, ListRunsResponse, McpResource, MessageDeltaObject, MessageObject,
    OpenApiAnonymousAuth, OpenApiAudience, OpenApiAuth, OpenApiConnectionAuth, OpenApiFunction,
    OpenApiManagedAuth, RunObject, RunRequiredAction, RunStatus, RunStepDeltaObject, RunStepObject,
    RunStepToolCall, RunToolCall, RunToolCallMcp, SharepointGrounding, SubmitToolOutputsRunRequest,
    TextAnnotation, TextAnnotationDelta, ThreadObject, ToolApproval, ToolConnection, ToolResources,
};
#[cfg(feature = "files")]
use openai_assistants::types::{
    CreateVectorStoreFileBatchRequest, FileObject, VectorStoreFileBatchObject,
    VectorStoreFileObject, VectorStoreObject,
};
use openai_assistants::{Client, Credentials, StreamEvent as _, mock};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn from_json<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the JSON matches")
}

fn tool<T: TryInto<AssistantTool, Error: fmt::Debug>>(tool: T) -> AssistantTool {
    tool.try_into().expect("the tool is complete")
}

fn connection() -> openai_assistants::types::builder::ToolConnection {
    ToolConnection::builder().connection_id("c")
}

fn function(queue: &str) -> AssistantTool {
    let binding = |name: &str| {
        let queue = AzureFunctionQueue::builder().queue_service_endpoint(queue);
        AzureFunctionBinding::builder().storage_queue(queue.queue_name(name))
    };
    let function = AzureFunction::builder()
        .function(FunctionObject::builder().name("weather"))
        .input_binding(binding("in"))
        .output_binding(binding("out"));
    tool(AssistantToolsAzureFunction::builder().azure_function(function))
}

fn mcp(url: &str) -> openai_assistants::types::builder::AssistantToolsMcp {
    let mcp = AssistantToolsMcp::builder().server_label("docs");
    mcp.server_url(url)
}

fn openapi<A: TryInto<OpenApiAuth, Error: fmt::Display>>(auth: A) -> AssistantTool {
    let document = json!({ "openapi": "3.0.3" });
    let document = document.as_object().expect("it is an object").clone();
    let api = OpenApiFunction::builder().name("api").spec(document);
    tool(AssistantToolsOpenApi::builder().openapi(api.auth(auth)))
}

/// Each tool with its JSON.
fn tools() -> Vec<(AssistantTool, Value)> {
    let binding = |name: &str| {
        json!({ "type": "storage_queue", "storage_queue": {
            "queue_service_endpoint": "https://queues.example.com", "queue_name": name,
        } })
    };
    let openapi_json = |auth: Value| json!({ "type": "openapi", "openapi": { "name": "api", "spec": { "openapi": "3.0.3" }, "auth": auth } });
    let connections = json!({ "connections": [{ "connection_id": "c" }] });
    let custom = BingCustomSearchConfiguration::builder().connection_id("c");
    let custom = BingCustomSearch::builder().search_configurations([custom.instance_name("i")]);
    let search = BingGroundingConfiguration::builder()
        .connection_id("c")
        .market("en-US")
        .set_lang("en")
        .count(5)
        .freshness("Day");
    let browser = BrowserConnection::builder().id("c");
    let browser = BrowserAutomation::builder().connection(browser);
    let computer = ComputerUse::builder()
        .display_width(1280)
        .display_height(720)
        .environment("browser");
    let agent = ConnectedAgent::builder()
        .id("asst_2")
        .name("stocks")
        .description("Returns prices.");
    let research = DeepResearch::builder()
        .deep_research_model("o3-deep-research")
        .bing_grounding_connections([connection()]);
    let fabric = FabricDataAgent::builder().connections([connection()]);
    let sharepoint = SharepointGrounding::builder().connections([connection()]);
    vec![
        (
            AssistantToolsAzureAiSearch::default().into(),
            json!({ "type": "azure_ai_search" }),
        ),
        (
            function("https://queues.example.com"),
            json!({ "type": "azure_function", "azure_function": {
                "function": { "name": "weather" }, "input_binding": binding("in"), "output_binding": binding("out"),
            } }),
        ),
        (
            tool(AssistantToolsBingCustomSearch::builder().bing_custom_search(custom)),
            json!({ "type": "bing_custom_search", "bing_custom_search": {
                "search_configurations": [{ "connection_id": "c", "instance_name": "i" }],
            } }),
        ),
        (
            tool(
                AssistantToolsBingGrounding::builder()
                    .bing_grounding(BingGrounding::builder().search_configurations([search])),
            ),
            json!({ "type": "bing_grounding", "bing_grounding": { "search_configurations": [
                { "connection_id": "c", "market": "en-US", "set_lang": "en", "count": 5, "freshness": "Day" },
            ] } }),
        ),
        (
            tool(AssistantToolsBrowserAutomation::builder().browser_automation(browser)),
            json!({ "type": "browser_automation", "browser_automation": { "connection": { "id": "c" } } }),
        ),
        (
            tool(AssistantToolsComputerUse::builder().computer_use_preview(computer)),
            json!({ "type": "computer_use_preview", "computer_use_preview": {
                "display_width": 1280, "display_height": 720, "environment": "browser",
            } }),
        ),
        (
            tool(AssistantToolsConnectedAgent::builder().connected_agent(agent)),
            json!({ "type": "connected_agent", "connected_agent": { "id": "asst_2", "name": "stocks", "description": "Returns prices." } }),
        ),
        (
            tool(AssistantToolsDeepResearch::builder().deep_research(research)),
            json!({ "type": "deep_research", "deep_research": {
                "deep_research_model": "o3-deep-research",
                "bing_grounding_connections": [{ "connection_id": "c" }],
            } }),
        ),
        (
            tool(AssistantToolsFabricDataAgent::builder().fabric_dataagent(fabric)),
            json!({ "type": "fabric_dataagent", "fabric_dataagent": connections }),
        ),
        (
            tool(mcp("https://example.com/mcp")),
            json!({ "type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp" }),
        ),
        (
            tool(mcp("https://example.com/mcp").allowed_tools(["search"])),
            json!({ "type": "mcp", "server_label": "docs", "server_url": "https://example.com/mcp", "allowed_tools": ["search"] }),
        ),
        (
            openapi(OpenApiAnonymousAuth::default()),
            openapi_json(json!({ "type": "anonymous" })),
        ),
        (
            openapi(OpenApiConnectionAuth::builder().security_scheme(connection())),
            openapi_json(
                json!({ "type": "connection", "security_scheme": { "connection_id": "c" } }),
            ),
        ),
        (
            openapi(
                OpenApiManagedAuth::builder()
                    .security_scheme(OpenApiAudience::builder().audience("https://a")),
            ),
            openapi_json(
                json!({ "type": "managed_identity", "security_scheme": { "audience": "https://a" } }),
            ),
        ),
        (
            tool(AssistantToolsSharepointGrounding::builder().sharepoint_grounding(sharepoint)),
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
        assert_eq!(received, tool);
    }
}

#[test]
fn unknown_properties_are_kept() {
    let wire = json!({ "type": "connected_agent", "new": 1, "connected_agent": {
        "id": "asst_2", "name": "stocks", "description": "Returns prices.", "newer": [2],
    } });
    let received: AssistantTool = from_json(wire.clone());
    let AssistantTool::ConnectedAgent(tool) = &received else {
        panic!("{received:?}");
    };
    assert_eq!(tool.extra["new"], 1);
    assert_eq!(tool.connected_agent.extra["newer"], json!([2]));
    assert_eq!(json!(received), wire);
}

#[test]
fn tools_are_deserialized_leniently() {
    let search = json!({ "connection_id": "c", "instance_name": "i", "count": 5.0 });
    for kind in ["bing_grounding", "bing_custom_search"] {
        let wire = json!({ "type": kind, kind: { "search_configurations": [search] } });
        let count = match from_json(wire) {
            AssistantTool::BingGrounding(tool) => {
                tool.bing_grounding.search_configurations[0].count
            }
            AssistantTool::BingCustomSearch(tool) => {
                tool.bing_custom_search.search_configurations[0].count
            }
            other => panic!("{kind}: {other:?}"),
        };
        assert_eq!(count, Some(5), "{kind}");
    }
    for count in [json!(null), json!(5)] {
        let wire = json!({ "type": "bing_grounding", "bing_grounding": {
            "search_configurations": [{ "connection_id": "c", "count": count }],
        } });
        let tool: AssistantTool = from_json(wire);
        assert!(matches!(tool, AssistantTool::BingGrounding(_)), "{count}");
    }
    for kind in ["fabric_dataagent", "sharepoint_grounding"] {
        let wire = json!({ "type": kind, kind: { "connections": null } });
        let tool: AssistantTool = from_json(wire);
        assert!(!matches!(tool, AssistantTool::Unknown(_)), "{tool:?}");
        assert_eq!(json!(tool), json!({ "type": kind, kind: {} }));
    }
    for scheme in [json!({}), json!(null)] {
        let auth = json!({ "type": "anonymous", "security_scheme": scheme });
        let api = json!({ "name": "api", "spec": {}, "auth": auth });
        let tool: AssistantTool = from_json(json!({ "type": "openapi", "openapi": api }));
        let AssistantTool::Openapi(tool) = tool else {
            panic!("{tool:?}");
        };
        assert!(matches!(tool.openapi.auth, OpenApiAuth::Anonymous(_)));
    }
}

#[test]
fn debug_shows_only_the_origin_of_urls() {
    let url = "https://user:hush@example.com:8443/mcp?key=hush#hush";
    for tool in [tool(mcp(url)), function(url)] {
        let shown = format!("{tool:?}");
        assert!(
            shown.contains("\"https://example.com:8443\"") && !shown.contains("hush"),
            "{shown}"
        );
    }
    let shown = format!("{:?}", mcp("user:hush"));
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn debug_does_not_show_a_malformed_secret() {
    let (server, client) = server().await;
    let resource =
        json!({ "server_label": "docs", "headers": { "x-key": ["hush"] }, "new": "shown" });
    let mut run = json!(mock::run());
    run["tool_resources"] = json!({ "mcp": [resource] });
    server.mock(|when, then| {
        when.method(Method::GET);
        then.json_body(run.clone());
    });
    let fetch = client.get_run().thread_id("thread_1").run_id("run_1");
    let run = fetch.send().await.expect("the property is contained");
    let resources = run.tool_resources.clone().expect("resources");
    let received = &resources.mcp.as_ref().expect("a resource")[0];
    assert_eq!(received.extra["headers"], json!({ "x-key": ["hush"] }));
    assert_eq!(json!(received), resource);
    let shown = format!("{run:?}");
    assert!(
        shown.contains(r#"{"headers": ***, "new": String("shown")}"#) && !shown.contains("hush"),
        "{shown}"
    );
}

#[test]
fn other_tools_are_unknown() {
    for wire in [
        json!({ "type": "hologram" }),
        json!({ "type": "hologram", "mcp": {} }),
        json!({}),
    ] {
        let tool: AssistantTool = from_json(wire.clone());
        assert!(matches!(tool, AssistantTool::Unknown(_)), "{tool:?}");
        assert_eq!(json!(tool), wire);
    }
}

#[test]
fn tool_resources_are_serialized() {
    let index = AiSearchIndex::builder()
        .index_connection_id("c")
        .index_name("books")
        .query_type("simple")
        .top_k(5);
    let server = McpResource::builder()
        .server_label("docs")
        .headers([("authorization", "Bearer secret")])
        .require_approval("never");
    let wire = json!({
        "azure_ai_search": { "indexes": [
            { "index_connection_id": "c", "index_name": "books", "query_type": "simple", "top_k": 5 },
        ] },
        "mcp": [{ "server_label": "docs", "headers": { "authorization": "Bearer secret" }, "require_approval": "never" }],
    });
    let search = AzureAiSearch::builder().indexes([index]);
    let new = CreateToolResources::builder()
        .azure_ai_search(search.clone())
        .mcp([server.clone()]);
    let body = CreateAssistantRequest::builder()
        .model("m")
        .tool_resources(new);
    let body = json!(body.build().expect("a complete body"));
    assert_eq!(body, json!({ "model": "m", "tool_resources": wire }));

    let resources = ToolResources::builder()
        .azure_ai_search(search)
        .mcp([server]);
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .tool_resources(resources.clone());
    let body = body.build().expect("a complete body");
    assert_eq!(
        json!(body),
        json!({ "assistant_id": "asst_1", "tool_resources": wire })
    );
    assert_eq!(
        from_json::<ToolResources>(wire),
        body.tool_resources.expect("resources")
    );
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
    let indexes = search.indexes.expect("indexes");
    let top_k: Vec<Option<i64>> = indexes.iter().map(|index| index.top_k).collect();
    assert_eq!(top_k, [Some(5), None]);
    let none: [(&str, &str); 0] = [];
    let server = McpResource::builder().server_label("docs").headers(none);
    let server = server.build().expect("a complete resource");
    assert_eq!(resources.mcp, Some(vec![server.clone(), server]));

    let none: ToolResources = from_json(json!({ "azure_ai_search": { "indexes": null } }));
    let search = none.azure_ai_search.expect("a search resource");
    assert!(search.indexes.is_none_or(|indexes| indexes.is_empty()));
}

#[test]
fn url_citations_are_deserialized_from_annotations() {
    let wire = json!({
        "type": "url_citation", "text": "[1]", "start_index": 3, "end_index": 6,
        "url_citation": { "url": "https://example.com", "title": "Example" },
    });
    let annotation: TextAnnotation = from_json(wire.clone());
    let TextAnnotation::UrlCitation(citation) = &annotation else {
        panic!("{annotation:?}");
    };
    assert_eq!(citation.url_citation.title.as_deref(), Some("Example"));
    assert_eq!(json!(annotation), wire);
    let bare = json!({ "type": "url_citation", "text": "[1]", "url_citation": { "url": "u" } });
    let annotation: TextAnnotation = from_json(bare.clone());
    assert!(matches!(annotation, TextAnnotation::UrlCitation(_)));
    assert_eq!(json!(annotation), bare);
    for other in [
        json!({ "type": "file_path", "text": "", "file_path": { "file_id": "f" } }),
        json!({ "type": "hologram", "text": "[1]", "url_citation": { "url": "u" } }),
    ] {
        let annotation: TextAnnotation = from_json(other);
        assert!(!matches!(annotation, TextAnnotation::UrlCitation(_)));
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

/// The calls that require approval.
fn calls_of(run: &RunObject) -> Vec<RunToolCallMcp> {
    let Some(RunRequiredAction::SubmitToolApproval(action)) = &run.required_action else {
        return Vec::new();
    };
    let calls = action.submit_tool_approval.tool_calls.iter();
    let calls = calls.filter_map(|call| match call {
        RunToolCall::Mcp(call) => Some(call.clone()),
        _ => None,
    });
    calls.collect()
}

fn call(id: &str) -> Value {
    json!({ "id": id, "type": "mcp", "name": "search", "arguments": "{}", "server_label": "docs" })
}

#[test]
fn calls_that_require_approval_are_deserialized_from_the_run() {
    let run = run_requiring_approval(
        json!([call("call_1"), { "id": "call_2", "type": "hologram" }, call("call_3")]),
    );
    let calls = calls_of(&run);
    let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["call_1", "call_3"]);
    assert_eq!(json!(calls[0]), call("call_1"));
    assert_eq!(calls_of(&mock::run()), []);
    assert_eq!(calls_of(&run_requiring_approval(Value::Null)), []);
}

#[test]
fn only_the_id_of_a_call_is_required() {
    let run = run_requiring_approval(json!([
        { "type": "mcp", "id": "call_1" },
        { "type": "mcp", "id": "call_2", "name": null, "arguments": null, "server_label": null },
        { "type": "mcp", "id": "call_3", "arguments": { "q": "x" } },
    ]));
    let calls = calls_of(&run);
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
async fn a_call_without_an_id_is_kept_as_json() {
    let (server, client) = server().await;
    let mut run = json!(mock::run());
    run["status"] = "requires_action".into();
    let without_id = json!({ "type": "mcp", "name": "search" });
    run["required_action"] = json!({ "type": "submit_tool_approval", "submit_tool_approval": {
        "tool_calls": [call("call_1"), without_id],
    } });
    server.mock(|when, then| {
        when.method(Method::GET);
        then.json_body(run.clone());
    });
    let fetch = client.get_run().thread_id("thread_1").run_id("run_1");
    let run = fetch.send().await.expect("the call is contained");
    let Some(RunRequiredAction::SubmitToolApproval(action)) = &run.required_action else {
        panic!("{run:?}");
    };
    assert_eq!(
        action.submit_tool_approval.tool_calls[1],
        RunToolCall::Unknown(without_id)
    );
    assert_eq!(calls_of(&run).len(), 1);
}

/// A submission of these approvals.
fn submit<A: TryInto<ToolApproval, Error: fmt::Display>>(
    client: &Client,
    thread_id: &str,
    run_id: &str,
    approvals: impl IntoIterator<Item = A>,
) -> openai_assistants::operations::SubmitToolOutputsToRun {
    let body = SubmitToolOutputsRunRequest::builder().tool_approvals(approvals);
    let submit = client.submit_tool_outputs_to_run();
    submit.thread_id(thread_id).run_id(run_id).body(body)
}

fn approval(call_id: &str, approve: bool) -> openai_assistants::types::builder::ToolApproval {
    ToolApproval::builder()
        .tool_call_id(call_id)
        .approve(approve)
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
    let calls = calls_of(&run_requiring_approval(json!([
        call("call_1"),
        call("call_3")
    ])));
    let approvals = [
        approval(&calls[0].id, true).headers([("authorization", "Bearer secret")]),
        approval(&calls[1].id, false),
    ];
    let shown = format!("{approvals:?}");
    assert!(
        shown.contains("authorization") && !shown.contains("secret"),
        "{shown}"
    );
    let call = submit(&client, "thread/1", "run_1", approvals);
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
    let approval = approval("call_1", true).headers([
        ("x-key", "hush-hush-1"),
        ("authorization", "Bearer hush-hush-2"),
    ]);
    let call = || submit(&client, "thread_1", "run_1", [approval.clone()]);
    for error in [
        call()
            .send()
            .await
            .expect_err("the server returns an error"),
        call()
            .extra_body(json!({ "note": 1 }))
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
async fn headers_of_tool_resources_are_redacted_in_errors() {
    let (server, client) = server().await;
    server.mock(|when, then| {
        when.method(Method::POST);
        then.status(400)
            .json_body(json!({ "error": { "message": "Cannot use hush-hush-1." } }));
    });
    let docs = McpResource::builder().server_label("docs");
    let docs = docs.headers([("x-key", "hush-hush-1")]);
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id("asst_1")
        .tool_resources(ToolResources::builder().mcp([docs]));
    let call = || client.create_thread_and_run().body(body.clone());
    for error in [
        call()
            .send()
            .await
            .expect_err("the server returns an error"),
        // It creates the thread with the resources first.
        call()
            .once()
            .send()
            .await
            .expect_err("the server returns an error"),
    ] {
        let shown = format!("{error} {error:?} {:?}", error.body());
        assert!(
            shown.contains("Cannot use ***") && !shown.contains("hush"),
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
    let approval = approval("call_1", true).headers([("x-key", "hush-hush\n")]);
    let call = submit(&client, "thread_1", "run_1", [approval]);
    let error = call.send().await.expect_err("the header is invalid");
    let shown = format!("{error} {error:?}");
    assert!(
        error.is_invalid_argument() && shown.contains("x-key") && !shown.contains("hush"),
        "{shown}"
    );
    mocked.assert_calls(0);
}

#[tokio::test]
async fn secrets_that_are_not_headers_may_have_control_characters() {
    let (server, client) = server().await;
    let mocked = server.mock(|when, then| {
        when.method(Method::POST);
        then.json_body(json!(mock::assistant()));
    });
    let tool = tool(mcp("https://example.com/mcp\n"));
    let body = CreateAssistantRequest::builder().model("m").tools([tool]);
    let created = client.create_assistant().body(body).send().await;
    created.expect("the server decides");
    mocked.assert();
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
        then.json_body(json!(mock::run_in(RunStatus::Completed)));
    });
    let submit = || submit(&client, "thread_1", "run_1", [approval("call_1", true)]);
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
    let none: [ToolApproval; 0] = [];
    let error = submit(&client, "thread_1", "", none).send().await;
    let error = error.expect_err("the id is empty");
    assert!(
        error.is_invalid_argument() && error.to_string().contains("run_id"),
        "{error}"
    );
    assert_eq!(error.operation(), Some("submitToolOuputsToRun"));
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

/// Deserializes and serializes again. Returns what was lost, or what has no type.
fn round_trip<T: DeserializeOwned + Serialize + fmt::Debug>(received: &Value) -> Option<String> {
    let object: T = match serde_json::from_value(received.clone()) {
        Ok(object) => object,
        Err(error) => return Some(error.to_string()),
    };
    untyped(&object).or_else(|| lost(received, Some(&json!(object))))
}

/// Returns what has no type.
fn untyped(object: &impl fmt::Debug) -> Option<String> {
    let shown = format!("{object:?}");
    let mut parts = ["Unknown(", "Unknown {", "extra: {\""].into_iter();
    let part = parts.find(|part| shown.contains(part))?;
    Some(format!("{part} in {shown}"))
}

/// Decodes an event and serializes its data again. Returns what was lost, or what has no type.
fn event_round_trip(received: &Value) -> Option<String> {
    let name = received["event"].as_str().expect("it has a name");
    let text = match &received["data"] {
        Value::String(text) => text.clone(),
        data => data.to_string(),
    };
    let event = match AssistantStreamEvent::decode(name, &text) {
        Ok(event) => event,
        Err(error) => return Some(error.to_string()),
    };
    // The data of some events is a word.
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    let serialized = json(event.data().expect("the data is serializable"));
    let renamed = (event.event() != name).then(|| format!("{event:?}"));
    renamed
        .or_else(|| untyped(&event))
        .or_else(|| lost(&json(text), Some(&serialized)))
}

#[test]
fn data_of_events_that_is_lost_or_untyped_is_noticed() {
    let of = |data: Value| event_round_trip(&json!({ "event": "thread.created", "data": data }));
    let thread = json!({ "id": "thread_1", "object": "thread", "created_at": 1, "metadata": {} });
    assert_eq!(of(thread.clone()), None);
    let mut untyped = thread;
    untyped["new"] = json!(1);
    assert!(of(untyped).is_some_and(|what| what.starts_with("extra: {")));
    let unknown = json!({ "event": "hologram", "data": "[DONE]" });
    assert!(event_round_trip(&unknown).is_some_and(|what| what.starts_with("Unknown {")));
}

/// The examples are not part of this repository.
#[test]
fn every_example_is_typed_and_read_without_loss() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/upstream/foundry-examples.json"
    );
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: {path} does not exist");
        return;
    };
    let examples: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    let (mut read, mut failures) = (0, Vec::new());
    for example in &examples {
        let schema = example["schema"].as_str().expect("it has a schema");
        let mut value = example["value"].clone();
        let failure = match schema {
            "Agent" => round_trip::<AssistantObject>(&value),
            "AgentThread" => round_trip::<ThreadObject>(&value),
            "AgentV1Error" => round_trip::<ErrorResponse>(&value),
            "AgentsCreateAgentRequest" => round_trip::<CreateAssistantRequest>(&value),
            "AgentsPagedResultThreadRun" => round_trip::<ListRunsResponse>(&value),
            "AgentStreamEvent" => event_round_trip(&value),
            "MessageDeltaChunk" => round_trip::<MessageDeltaObject>(&value),
            "MessageDeltaTextAnnotation" => round_trip::<TextAnnotationDelta>(&value),
            "MessageTextAnnotation" => round_trip::<TextAnnotation>(&value),
            "RequiredAction" => round_trip::<RunRequiredAction>(&value),
            "RunStep" => round_trip::<RunStepObject>(&value),
            "RunStepDeltaChunk" => round_trip::<RunStepDeltaObject>(&value),
            "RunStepToolCall" => round_trip::<RunStepToolCall>(&value),
            "RunsSubmitToolOutputsRequest" => {
                // The method that is called determines it.
                value.as_object_mut().map(|body| body.remove("stream"));
                round_trip::<SubmitToolOutputsRunRequest>(&value)
            }
            "ThreadMessage" => round_trip::<MessageObject>(&value),
            "ThreadRun" => round_trip::<RunObject>(&value),
            "ToolDefinition" => round_trip::<AssistantTool>(&value),
            #[cfg(feature = "files")]
            "FileInfo" => round_trip::<FileObject>(&value),
            #[cfg(feature = "files")]
            "VectorStore" => round_trip::<VectorStoreObject>(&value),
            #[cfg(feature = "files")]
            "VectorStoreFile" => round_trip::<VectorStoreFileObject>(&value),
            #[cfg(feature = "files")]
            "VectorStoreFileBatch" => round_trip::<VectorStoreFileBatchObject>(&value),
            #[cfg(feature = "files")]
            "VectorStoreFileBatchesCreateRequest" => {
                round_trip::<CreateVectorStoreFileBatchRequest>(&value)
            }
            #[cfg(not(feature = "files"))]
            "FileInfo"
            | "VectorStore"
            | "VectorStoreFile"
            | "VectorStoreFileBatch"
            | "VectorStoreFileBatchesCreateRequest" => continue,
            other => panic!("there is no type for {other}"),
        };
        read += 1;
        failures.extend(failure.map(|failure| format!("{schema}: {failure}")));
    }
    assert!(failures.is_empty(), "{failures:#?}");
    // Five are of files and vector stores.
    assert_eq!(read, if cfg!(feature = "files") { 60 } else { 55 });
}
