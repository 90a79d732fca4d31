//! What setters of builders accept, and the JSON that is sent for it.

use std::collections::{BTreeMap, HashMap};

use openai_assistants::Client;
use openai_assistants::types::{
    AssistantToolsCode, AssistantToolsFileSearch, CreateAssistantRequest, CreateMessageContentPart,
    CreateMessageRequest, CreateRunRequest, CreateThreadRequest, ImageUrl, ListOrder,
    MessageContentImageUrlObject, MessageRole, Metadata, RunStatus, ThreadObject,
};
use serde_json::{Value, json};

use super::empty_server;
use crate::support::{ManualClock, ScriptedServer, json_response, response};

/// The JSON of the body of a request.
fn body_of(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("there is a body");
    serde_json::from_str(body).expect("the body is JSON")
}

fn client(server: &ScriptedServer) -> Client {
    let builder = server.builder(&ManualClock::default());
    builder.build().expect("the settings are valid")
}

#[test]
fn optional_values_are_set_from_options_too() {
    let name: Option<String> = Some("Tutor".to_owned());
    let unknown: Option<&str> = None;
    let temperature: Option<f32> = Some(0.5);
    let metadata: Option<Metadata> = Some([("team", "maths")].into());
    let body = CreateAssistantRequest::builder()
        .model("gpt-4o")
        .name(name)
        .description(unknown)
        .instructions(Some("Explain."))
        .temperature(temperature)
        .top_p(1.0)
        .reasoning_effort(Some("low"))
        .metadata(metadata)
        .tools(Some([AssistantToolsCode::builder()]))
        .extra(None::<HashMap<String, Value>>);
    assert_eq!(
        json!(body.build().unwrap()),
        json!({
            "model": "gpt-4o", "name": "Tutor", "instructions": "Explain.", "temperature": 0.5, "top_p": 1.0,
            "reasoning_effort": "low", "metadata": { "team": "maths" }, "tools": [{ "type": "code_interpreter" }],
        })
    );
    let unset = CreateAssistantRequest::builder().model("m").name("Tutor");
    let unset = unset.name(None::<String>).build().unwrap();
    assert_eq!(json!(unset), json!({ "model": "m" }));
}

#[test]
fn a_text_may_be_a_reference_to_a_string() {
    let texts = ["gpt-4o", "low", "user", "auto", "Hi"].map(str::to_owned);
    let [model, effort, role, choice, content] = &texts;
    let body = CreateAssistantRequest::builder().model(model);
    let body = body.reasoning_effort(effort).build().unwrap();
    assert_eq!(
        json!(body),
        json!({ "model": "gpt-4o", "reasoning_effort": "low" })
    );
    let message = CreateMessageRequest::builder().role(role).content(content);
    let body = CreateRunRequest::builder()
        .assistant_id(model)
        .tool_choice(choice);
    assert_eq!(json!(body.build().unwrap())["tool_choice"], "auto");
    let expected = json!({ "role": "user", "content": "Hi" });
    assert_eq!(json!(message.build().unwrap()), expected);
    let parts = CreateMessageRequest::builder()
        .role(role)
        .content([content]);
    let part = json!({ "type": "text", "text": "Hi" });
    assert_eq!(json!(parts.build().unwrap())["content"], json!([part]));
}

#[tokio::test]
async fn parameters_of_a_query_are_set_from_options_too() {
    let server = empty_server().await;
    let client = client(&server);
    let limit: Option<i64> = None;
    let after: Option<String> = Some("asst_1".to_owned());
    let list = client.list_assistants().limit(limit).after(after);
    list.order(Some(ListOrder::Asc)).send().await.unwrap();
    let request = &server.requests()[0];
    assert!(
        request.starts_with("GET /v1/assistants?order=asc&after=asst_1 HTTP/1.1"),
        "{request}"
    );
}

#[test]
fn further_calls_add_to_lists_and_maps() {
    let none: Option<Vec<AssistantToolsCode>> = None;
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .tools([AssistantToolsCode::builder()])
        .tools(none)
        .tools([AssistantToolsFileSearch::builder()])
        .metadata([("a", "1"), ("b", "2")])
        .metadata([("b", "3")])
        .extra([("x", 1)]);
    assert_eq!(
        json!(body.build().unwrap()),
        json!({
            "assistant_id": "asst_1", "tools": [{ "type": "code_interpreter" }, { "type": "file_search" }],
            "metadata": { "a": "1", "b": "3" }, "x": 1,
        })
    );
    let empty: [AssistantToolsCode; 0] = [];
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .tools(empty);
    assert_eq!(json!(body.build().unwrap())["tools"], json!([]));
}

#[test]
fn metadata_are_set_from_any_map_or_list_of_pairs() {
    let owned = || ("team".to_owned(), "maths".to_owned());
    let builder = CreateThreadRequest::builder;
    let bodies = [
        builder().metadata(HashMap::from([owned()])),
        builder().metadata(BTreeMap::from([("team", "maths")])),
        builder().metadata(vec![owned()]),
        builder().metadata([("team", json!("maths"))]),
        builder().metadata(Metadata::from([owned()])),
        builder().metadata(Some(HashMap::from([owned()]))),
    ];
    for body in bodies {
        let body = json!(body.build().unwrap());
        assert_eq!(body, json!({ "metadata": { "team": "maths" } }));
    }
    let metadata: Metadata = [owned()].into();
    let pairs: Vec<_> = (&metadata).into_iter().collect();
    assert_eq!(pairs, [(&"team".to_owned(), &json!("maths"))]);
}

#[cfg(feature = "v1")]
#[test]
fn metadata_of_v1_are_set_from_any_map_or_list_of_pairs() {
    use openai_assistants::v1::types::CreateThreadRequest;

    let bodies = [
        CreateThreadRequest::builder().metadata(HashMap::from([("team", "maths")])),
        CreateThreadRequest::builder().metadata([("team", "maths")]),
        CreateThreadRequest::builder().metadata(Some(vec![("team", "maths")])),
    ];
    for body in bodies {
        let body = json!(body.build().unwrap());
        assert_eq!(body, json!({ "metadata": { "team": "maths" } }));
    }
}

#[test]
fn content_is_text_or_a_list_of_parts_texts_or_builders() {
    let message = || CreateMessageRequest::builder().role("user");
    let image = ImageUrl::builder()
        .url("https://example.com/a.png")
        .detail("low");
    let image = MessageContentImageUrlObject::builder().image_url(image);
    let parts = [
        CreateMessageContentPart::text("Look:"),
        CreateMessageContentPart::image_url("https://example.com/a.png"),
        CreateMessageContentPart::image_file("file_1"),
    ];
    let text = |text: &str| json!({ "type": "text", "text": text });
    let expected = json!([
        text("Look:"),
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } },
        { "type": "image_file", "image_file": { "file_id": "file_1" } },
    ]);
    for (body, content) in [
        (message().content("Hi"), json!("Hi")),
        (message().content("Hi".to_owned()), json!("Hi")),
        (message().content(parts.clone()), expected.clone()),
        (message().content(Vec::from(parts)), expected),
        (message().content(["a", "b"]), json!([text("a"), text("b")])),
        (
            message().content([image]),
            json!([{ "type": "image_url", "image_url": { "url": "https://example.com/a.png", "detail": "low" } }]),
        ),
    ] {
        assert_eq!(json!(body.build().unwrap())["content"], content);
    }
    let incomplete = message().content([MessageContentImageUrlObject::builder()]);
    assert_eq!(
        incomplete.build().unwrap_err().to_string(),
        "`content` is invalid: `image_url` of MessageContentImageUrlObject is not set: call `.image_url(…)`"
    );
}

#[tokio::test]
async fn a_misspelled_value_is_an_error_before_anything_is_sent() {
    let server = empty_server().await;
    let client = client(&server);
    let message = || client.create_message().thread_id("thread_1");
    let error = message().with(|body| body.role("usr").content("Hi")).send();
    let error = error.await.unwrap_err();
    assert!(error.is_invalid_argument());
    assert_eq!(
        error.to_string(),
        "createMessage failed: `role` is invalid: `usr` is not one of `user`, `assistant`: \
         pass `MessageRole::Unknown(…)` to send it nevertheless"
    );
    let error = client.list_assistants().order("up").send().await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("`up` is not one of `asc`, `desc`"),
        "{error}"
    );
    let choice = CreateRunRequest::builder().tool_choice("always").build();
    let error = choice.unwrap_err().to_string();
    assert!(
        error.contains("`always` is not one of `none`, `auto`, `required`"),
        "{error}"
    );
    assert_eq!(server.requests(), [""; 0]);

    let role = MessageRole::Unknown("system".to_owned());
    let body = CreateMessageRequest::builder().role(role).content("Hi");
    assert_eq!(json!(body.build().unwrap())["role"], "system");
    let received: RunStatus = serde_json::from_value(json!("paused")).unwrap();
    assert_eq!(received, RunStatus::Unknown("paused".to_owned()));
}

#[tokio::test]
async fn a_body_is_set_by_its_builder_without_an_import() {
    let thread = json!({ "id": "thread_1", "object": "thread", "created_at": 1, "metadata": {} });
    let server = ScriptedServer::start([json_response(&thread)]).await;
    let call = client(&server).create_thread();
    let call = call.with(|body| body.metadata([("team", "maths")]));
    let thread: ThreadObject = call.send().await.unwrap();
    assert_eq!(thread.id, "thread_1");
    let request = &server.requests()[0];
    assert_eq!(body_of(request), json!({ "metadata": { "team": "maths" } }));
}

#[tokio::test]
async fn a_body_that_is_set_is_continued_by_its_builder() {
    let server = ScriptedServer::start([response(200, "", "{}")]).await;
    let named = CreateAssistantRequest::builder().model("m").name("Tutor");
    let call = client(&server).create_assistant().body(named);
    let call = call.with(|body| body.metadata([("team", "maths")]));
    drop(call.with(|body| body.name("Coach")).send().await);
    // The second call sets the missing `model`.
    let call = client(&server).create_assistant();
    let call = call.with(|body| body.name("Coach"));
    drop(call.with(|body| body.model("m")).send().await);
    let call = client(&server).create_assistant();
    let call = call.body(CreateAssistantRequest::builder().name("Coach"));
    drop(call.with(|body| body.model("m")).send().await);
    let bodies: Vec<_> = server
        .requests()
        .iter()
        .map(|request| body_of(request))
        .collect();
    let name = json!({ "model": "m", "name": "Coach" });
    let both = json!({ "model": "m", "name": "Coach", "metadata": { "team": "maths" } });
    assert_eq!(bodies, [both, name.clone(), name]);
}

#[tokio::test]
async fn an_error_of_a_builder_names_the_call_to_make() {
    let server = empty_server().await;
    let client = client(&server);
    let message = || client.create_message();
    let complete = || CreateMessageRequest::builder().role("user").content("Hi");
    let of = |result: openai_assistants::Result<_>| result.unwrap_err().to_string();
    assert_eq!(
        of(message().thread_id("t").send().await),
        "createMessage failed: `body` is not set: call `.body(…)` or `.with(…)`"
    );
    assert_eq!(
        of(message().body(complete()).send().await),
        "createMessage failed: `thread_id` is not set: call `.thread_id(…)`"
    );
    let empty = message().thread_id("t").with(|body| body.role("user"));
    assert_eq!(
        of(empty.send().await),
        "createMessage failed: `content` of CreateMessageRequest is not set: call `.content(…)`"
    );
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn a_body_that_is_continued_keeps_its_lists_and_extra_properties() {
    let server = ScriptedServer::start([response(200, "", "{}")]).await;
    let assistant = CreateAssistantRequest::builder()
        .model("m")
        .extra([("seed", 7)]);
    let assistant = assistant.tools([AssistantToolsCode::builder()]).build();
    let call = client(&server).create_assistant().body(assistant.unwrap());
    let call = call.with(|body| body.tools([AssistantToolsFileSearch::builder()]));
    drop(call.send().await);
    let tools = json!([{ "type": "code_interpreter" }, { "type": "file_search" }]);
    assert_eq!(
        body_of(&server.requests()[0]),
        json!({ "model": "m", "seed": 7, "tools": tools })
    );
}

#[tokio::test]
async fn a_body_replaces_the_one_before_and_its_errors() {
    let server = ScriptedServer::start([response(200, "", "{}")]).await;
    let message = || client(&server).create_message().thread_id("thread_1");
    let valid = || CreateMessageRequest::builder().role("user").content("Hi");
    drop(
        message()
            .with(|body| body.role("usr"))
            .body(valid())
            .send()
            .await,
    );
    assert_eq!(
        body_of(&server.requests()[0]),
        json!({ "role": "user", "content": "Hi" })
    );
    let invalid = message().body(valid().role("usr"));
    let error = invalid.with(|body| body.role("user")).send().await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("`usr` is not one of"), "{error}");
}
