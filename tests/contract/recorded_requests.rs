//! The typed builders send the requests of recorded exchanges with the real service.

use openai_assistants::types::{
    AssistantTool, AssistantToolsCode, AssistantToolsFileSearch, AssistantToolsFileSearchTypeOnly,
    AssistantToolsFunction, AttachmentTool, CreateAssistantRequest, CreateFileSearchResources,
    CreateMessageContent, CreateMessageContentPart, CreateMessageRequest, CreateRunRequest,
    CreateThreadAndRunRequest, CreateThreadRequest, CreateToolResources, CreateVectorStore,
    FileSearchRankingOptions, FileSearchResources, FileSearchSettings, FunctionObject, ImageUrl,
    MessageAttachment, MessageContentImageUrlObject, MessageRequestContentTextObject, Metadata,
    ModifyAssistantRequest, ModifyMessageRequest, ModifyThreadRequest, RunStepInclude,
    SubmitToolOutputsRunRequest, ToolOutput, ToolResources,
};
use openai_assistants::{Client, Error};
use serde_json::Value;

use crate::recordings::{exchanges, text};
use crate::server::{MockResponse, Server};

/// Passes each recorded property to its setter. A property that is not named here is missing in
/// the request, which then differs from the recorded one.
macro_rules! build {
    ($type:ident, $recorded:expr, $($name:ident: $value:expr),+) => {{
        let (mut builder, recorded) = ($type::builder(), $recorded);
        $(if let Some(value) = recorded.get(stringify!($name)) {
            builder = builder.$name($value(value));
        })+
        builder
    }};
}

/// Passes the recorded parameters of a list, of which some lists have more.
macro_rules! list {
    ($call:expr, $query:expr $(, $name:ident)*) => {{
        let mut call = $call;
        for (name, value) in $query {
            call = match name.as_str() {
                "limit" => call.limit(value.parse::<i64>().expect("it is a number")),
                "order" => call.order(value.as_str()),
                "after" => call.after(value.as_str()),
                $(name if name == stringify!($name) => call.$name(value.as_str()),)*
                _ => call,
            };
        }
        call.send().await
    }};
}

#[cfg(feature = "files")]
mod files;

fn string(value: &Value) -> &str {
    value.as_str().expect("it is a string")
}

fn integer(value: &Value) -> i64 {
    value.as_i64().expect("it is an integer")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("it is a number")
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> T) -> Vec<T> {
    let items = value.as_array().expect("it is an array");
    items.iter().map(item).collect()
}

fn strings(value: &Value) -> Vec<String> {
    list(value, |item| string(item).to_owned())
}

fn metadata(value: &Value) -> Metadata {
    let pairs = value.as_object().expect("it is an object").clone();
    pairs.into_iter().collect()
}

fn tools(value: &Value) -> Vec<AssistantTool> {
    let ranking = |value: &Value| build!(FileSearchRankingOptions, value, ranker: string, score_threshold: number);
    let search = |value: &Value| build!(FileSearchSettings, value, max_num_results: integer, ranking_options: ranking);
    let function = |value: &Value| build!(FunctionObject, value, name: string, description: string);
    list(value, |tool| {
        let tool = match string(&tool["type"]) {
            "code_interpreter" => Ok(AssistantToolsCode::default().into()),
            "file_search" => build!(AssistantToolsFileSearch, tool, file_search: search).try_into(),
            _ => build!(AssistantToolsFunction, tool, function: function).try_into(),
        };
        tool.expect("it is complete")
    })
}

fn new_resources(value: &Value) -> CreateToolResources {
    let store = |value: &Value| build!(CreateVectorStore, value, file_ids: strings);
    let stores = |value: &Value| list(value, store);
    let search = |value: &Value| build!(CreateFileSearchResources, value, vector_stores: stores);
    let resources = build!(CreateToolResources, value, file_search: search);
    resources.try_into().expect("it is complete")
}

fn resources(value: &Value) -> ToolResources {
    let search = |value: &Value| build!(FileSearchResources, value, vector_store_ids: strings);
    let resources = build!(ToolResources, value, file_search: search);
    resources.try_into().expect("it is complete")
}

fn content(value: &Value) -> CreateMessageContent {
    let Some(parts) = value.as_array() else {
        return string(value).into();
    };
    let image = |value: &Value| build!(ImageUrl, value, url: string, detail: string);
    let parts = parts.iter().map(|part| -> CreateMessageContentPart {
        let part = match string(&part["type"]) {
            "image_url" => build!(MessageContentImageUrlObject, part, image_url: image).try_into(),
            _ => build!(MessageRequestContentTextObject, part, text: string).try_into(),
        };
        part.expect("it is complete")
    });
    CreateMessageContent::List(parts.collect())
}

fn attachment(value: &Value) -> MessageAttachment {
    let tools = |value: &Value| {
        list(value, |tool| -> AttachmentTool {
            match string(&tool["type"]) {
                "file_search" => AssistantToolsFileSearchTypeOnly::default().into(),
                _ => AssistantToolsCode::default().into(),
            }
        })
    };
    let attachment = build!(MessageAttachment, value, file_id: string, tools: tools);
    attachment.try_into().expect("it is complete")
}

fn message(value: &Value) -> CreateMessageRequest {
    let attachments = |value: &Value| list(value, attachment);
    let message = build!(CreateMessageRequest, value, role: string, content: content, attachments: attachments);
    message.try_into().expect("it is complete")
}

fn messages(value: &Value) -> Vec<CreateMessageRequest> {
    list(value, message)
}

fn thread(value: &Value) -> CreateThreadRequest {
    let thread =
        build!(CreateThreadRequest, value, messages: messages, tool_resources: new_resources);
    thread.try_into().expect("it is complete")
}

/// Sends the request of an exchange by the operation that it calls.
async fn send(
    client: &Client,
    exchange: &Value,
    query: &[(String, String)],
    body: &Value,
) -> Result<(), Error> {
    let path = text(exchange, "path").split('?').next();
    let path: Vec<&str> = path.unwrap_or_default().split('/').skip(1).collect();
    let include: Vec<RunStepInclude> = query
        .iter()
        .filter(|(name, _)| name == "include[]")
        .map(|(_, value)| value.as_str().try_into().expect("it is known"))
        .collect();
    match (text(exchange, "method"), path.as_slice()) {
        ("GET", ["assistants"]) => list!(client.list_assistants(), query).map(drop),
        ("POST", ["assistants"]) => {
            let body = build!(
                CreateAssistantRequest, body,
                model: string, name: string, instructions: string, metadata: metadata,
                tools: tools, tool_resources: new_resources
            );
            client.create_assistant().body(body).send().await.map(drop)
        }
        ("GET", ["assistants", id]) => client
            .get_assistant()
            .assistant_id(*id)
            .send()
            .await
            .map(drop),
        ("POST", ["assistants", id]) => {
            let body = build!(
                ModifyAssistantRequest, body,
                name: string, metadata: metadata, tool_resources: resources
            );
            let call = client.modify_assistant().assistant_id(*id);
            call.body(body).send().await.map(drop)
        }
        ("DELETE", ["assistants", id]) => client
            .delete_assistant()
            .assistant_id(*id)
            .send()
            .await
            .map(drop),
        ("POST", ["threads"]) => client
            .create_thread()
            .body(thread(body))
            .send()
            .await
            .map(drop),
        ("POST", ["threads", "runs"]) => {
            let body =
                build!(CreateThreadAndRunRequest, body, assistant_id: string, thread: thread);
            let call = client.create_thread_and_run().body(body);
            call.stream().await.map(drop)
        }
        ("POST", ["threads", id]) => {
            let body = build!(
                ModifyThreadRequest, body,
                metadata: metadata, tool_resources: resources
            );
            let call = client.modify_thread().thread_id(*id).body(body);
            call.send().await.map(drop)
        }
        ("GET", ["threads", id, "messages"]) => {
            list!(client.list_messages().thread_id(*id), query).map(drop)
        }
        ("POST", ["threads", id, "messages"]) => {
            let call = client.create_message().thread_id(*id);
            call.body(message(body)).send().await.map(drop)
        }
        ("POST", ["threads", thread, "messages", id]) => {
            let body = build!(ModifyMessageRequest, body, metadata: metadata);
            let call = client.modify_message().thread_id(*thread).message_id(*id);
            call.body(body).send().await.map(drop)
        }
        ("DELETE", ["threads", thread, "messages", id]) => {
            let call = client.delete_message().thread_id(*thread);
            call.message_id(*id).send().await.map(drop)
        }
        ("GET", ["threads", id, "runs"]) => {
            list!(client.list_runs().thread_id(*id), query).map(drop)
        }
        ("POST", ["threads", id, "runs"]) => {
            let request = build!(
                CreateRunRequest, body,
                assistant_id: string, additional_messages: messages,
                max_prompt_tokens: integer, max_completion_tokens: integer
            );
            let mut call = client.create_run().thread_id(*id).body(request);
            if !include.is_empty() {
                call = call.include(include);
            }
            if body["stream"] == true {
                call.stream().await.map(drop)
            } else {
                call.send().await.map(drop)
            }
        }
        ("GET", ["threads", thread, "runs", id]) => {
            let call = client.get_run().thread_id(*thread).run_id(*id);
            call.send().await.map(drop)
        }
        ("POST", ["threads", thread, "runs", id, "cancel"]) => {
            let call = client.cancel_run().thread_id(*thread).run_id(*id);
            call.send().await.map(drop)
        }
        ("POST", ["threads", thread, "runs", id, "submit_tool_outputs"]) => {
            let output =
                |value: &Value| build!(ToolOutput, value, tool_call_id: string, output: string);
            let outputs = |value: &Value| list(value, output);
            let request = build!(SubmitToolOutputsRunRequest, body, tool_outputs: outputs);
            let call = client.submit_tool_outputs_to_run().thread_id(*thread);
            let call = call.run_id(*id).body(request);
            if body["stream"] == true {
                call.stream().await.map(drop)
            } else {
                call.send().await.map(drop)
            }
        }
        ("GET", ["threads", thread, "runs", id, "steps"]) => {
            let call = client.list_run_steps().thread_id(*thread).run_id(*id);
            let call = if include.is_empty() {
                call
            } else {
                call.include(include)
            };
            list!(call, query).map(drop)
        }
        ("GET", ["threads", thread, "runs", run, "steps", id]) => {
            let call = client.get_run_step().thread_id(*thread).run_id(*run);
            call.step_id(*id).include(include).send().await.map(drop)
        }
        #[cfg(feature = "files")]
        (_, path @ ["files" | "vector_stores", ..]) => {
            files::send(client, exchange, path, query, body).await
        }
        call => panic!("no operation for {call:?}"),
    }
}

/// Checks the status and the error object of a refused request.
fn check_error(error: &Error, exchange: &Value) {
    let recorded: Value = serde_json::from_str(text(exchange, "response")).expect("it is JSON");
    let recorded = &recorded["error"];
    let status = error.status().map(|status| u64::from(status.as_u16()));
    assert_eq!(status, exchange["status"].as_u64());
    assert_eq!(error.code(), recorded["code"].as_str());
    assert_eq!(error.param(), recorded["param"].as_str());
    assert!(
        error.to_string().contains(string(&recorded["message"])),
        "{error}"
    );
}

#[tokio::test]
async fn recorded_requests_can_be_built_and_are_equal() {
    let Some(exchanges) = exchanges() else { return };
    let server = Server::start(MockResponse::json(200, Value::Null)).await;
    let (mut requests, mut bodies, mut refused) = (0, 0, 0);
    for exchange in &exchanges {
        let (path, query) = match text(exchange, "path").split_once('?') {
            Some((path, query)) => (path, query),
            None => (text(exchange, "path"), ""),
        };
        let is_file = path.starts_with("/files") || path.starts_with("/vector_stores");
        if is_file && !cfg!(feature = "files") {
            continue;
        }
        let query = query
            .replace("%5B", "[")
            .replace("%2A", "*")
            .replace("%5D", "]");
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut query: Vec<(String, String)> = query
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let request = text(exchange, "request");
        let is_form = path == "/files" && exchange["method"] == "POST";
        let mut body: Option<Value> = match request {
            request if request.is_empty() || is_form => None,
            request => Some(serde_json::from_str(request).expect("it is JSON")),
        };
        let response = text(exchange, "response");
        let status = exchange["status"]
            .as_u64()
            .and_then(|status| status.try_into().ok());
        let response = MockResponse::text(status.expect("it is a status"), response);
        server.respond_with(response.header("content-type", text(exchange, "content_type")));

        let recorded = body.clone().unwrap_or_default();
        match send(&server.client(), exchange, &query, &recorded).await {
            Ok(()) => assert_eq!(exchange["status"], 200),
            Err(error) => {
                check_error(&error, exchange);
                refused += 1;
            }
        }

        let sent = server.requests().pop().expect("a request was sent");
        assert_eq!(sent.method, text(exchange, "method"));
        assert_eq!(sent.path, path);
        let mut sent_query = sent.query.clone();
        sent_query.sort();
        query.sort();
        assert_eq!(sent_query, query, "{path}");
        // The method of the call decides whether the response is a stream. `false` is the default.
        if let Some(Value::Object(body)) = &mut body
            && body.get("stream") == Some(&Value::Bool(false))
        {
            body.remove("stream");
        }
        if !is_form {
            assert_eq!(sent.json(), Ok(body.clone()), "{path}");
        }
        // Some forms were not recorded.
        #[cfg(feature = "files")]
        if is_form && !request.is_empty() {
            assert_eq!(files::form(sent.text()), files::form(request));
        }
        requests += 1;
        bodies += usize::from(!request.is_empty());
    }
    println!("{requests} recorded requests, {bodies} with a body, {refused} refused");
}
