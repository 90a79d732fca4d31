//! One row for each operation: the call as a user writes it, what it has to send, and
//! an answer that has every kind of value which the document knows in that place.

use std::pin::Pin;

use openai_assistants::types::{
    AssistantToolsCode, AssistantToolsFileSearch, AssistantToolsFunction,
    AssistantsNamedToolChoice, CreateAssistantRequest, CreateFileSearchResources,
    CreateMessageContentPart, CreateMessageRequest, CreateRunRequest, CreateThreadAndRunRequest,
    CreateThreadRequest, CreateToolResources, CreateVectorStore, FunctionObject, ImageFile,
    JsonSchemaFormat, ListOrder, MessageContentImageFileObject, MessageRequestContentTextObject,
    MessageRole, ModifyAssistantRequest, ModifyMessageRequest, ModifyRunRequest,
    ModifyThreadRequest, ResponseFormatJsonSchema, RunStepInclude, StaticChunking,
    StaticChunkingStrategy, SubmitToolOutputsRunRequest, ToolChoiceFunction, ToolOutput,
    TruncationObject, TruncationType,
};
use openai_assistants::{Client, Error};
use serde::Serialize;
use serde_json::{Value, json};

type Answered = Pin<Box<dyn Future<Output = Result<Value, Error>>>>;

pub struct Contract {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub query: Vec<(&'static str, &'static str)>,
    pub body: Option<Value>,
    pub answer: Value,
    pub call: fn(Client) -> Answered,
}

impl Contract {
    fn new(
        id: &'static str,
        method: &'static str,
        path: &'static str,
        answer: Value,
        call: fn(Client) -> Answered,
    ) -> Self {
        Self {
            id,
            method,
            path,
            query: Vec::new(),
            body: None,
            answer,
            call,
        }
    }

    fn query(mut self, query: &[(&'static str, &'static str)]) -> Self {
        self.query = query.to_vec();
        self
    }

    fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

/// Sends the call and writes the answer down as JSON again.
fn answered<T: Serialize>(call: impl Future<Output = Result<T, Error>> + 'static) -> Answered {
    Box::pin(
        async move { Ok(serde_json::to_value(call.await?).expect("an answer can be written")) },
    )
}

const INCLUDE: &str = "step_details.tool_calls[*].file_search.results[*].content";

pub fn contracts() -> Vec<Contract> {
    [assistants(), threads(), messages(), runs(), run_steps()]
        .into_iter()
        .flatten()
        .collect()
}

fn assistants() -> Vec<Contract> {
    vec![
        Contract::new("listAssistants", "GET", "/assistants", page(assistant()), |client| {
            answered(client.list_assistants().limit(5).order(ListOrder::Asc).after("asst_0").before("asst_9").send())
        })
        .query(&[
            ("limit", "5"),
            ("order", "asc"),
            ("after", "asst_0"),
            ("before", "asst_9"),
        ]),
        Contract::new("createAssistant", "POST", "/assistants", assistant(), |client| {
            let function = FunctionObject::builder()
                .name("get_weather")
                .description("The weather in a city.")
                .parameters(json!({ "type": "object", "properties": { "city": { "type": "string" } } }))
                .strict(true);
            let store = CreateVectorStore::builder().file_ids(["file_1"]).chunking_strategy(
                StaticChunkingStrategy::builder()
                    .static_(StaticChunking::builder().max_chunk_size_tokens(800).chunk_overlap_tokens(400)),
            );
            let tools: [openai_assistants::types::AssistantTool; 3] = [
                AssistantToolsCode::default().into(),
                AssistantToolsFileSearch::default().into(),
                AssistantToolsFunction::builder().function(function).try_into().expect("the function is complete"),
            ];
            let format = ResponseFormatJsonSchema::builder()
                .json_schema(JsonSchemaFormat::builder().name("answer").schema(json!({ "type": "object" })));
            let body = CreateAssistantRequest::builder()
                .model("gpt-4o")
                .name("Tutor")
                .tools(tools)
                .tool_resources(
                    CreateToolResources::builder()
                        .file_search(CreateFileSearchResources::builder().vector_stores([store])),
                )
                .metadata([("team", "maths")])
                .temperature(0.5)
                .response_format(format);
            answered(client.create_assistant().body(body).send())
        })
        .body(json!({
            "model": "gpt-4o",
            "name": "Tutor",
            "tools": [
                { "type": "code_interpreter" },
                { "type": "file_search" },
                { "type": "function", "function": {
                    "name": "get_weather",
                    "description": "The weather in a city.",
                    "parameters": { "type": "object", "properties": { "city": { "type": "string" } } },
                    "strict": true,
                } },
            ],
            "tool_resources": { "file_search": { "vector_stores": [{
                "file_ids": ["file_1"],
                "chunking_strategy": {
                    "type": "static",
                    "static": { "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400 },
                },
            }] } },
            "metadata": { "team": "maths" },
            "temperature": 0.5,
            "response_format": {
                "type": "json_schema",
                "json_schema": { "name": "answer", "schema": { "type": "object" } },
            },
        })),
        Contract::new("getAssistant", "GET", "/assistants/asst%2F1", assistant(), |client| {
            answered(client.get_assistant().assistant_id("asst/1").send())
        }),
        Contract::new("modifyAssistant", "POST", "/assistants/asst_1", assistant(), |client| {
            let no_tools: [AssistantToolsCode; 0] = [];
            let body = ModifyAssistantRequest::builder().tools(no_tools).response_format("auto");
            answered(client.modify_assistant().assistant_id("asst_1").body(body).send())
        })
        .body(json!({ "tools": [], "response_format": "auto" })),
        Contract::new("deleteAssistant", "DELETE", "/assistants/asst_1", deleted("assistant.deleted"), |client| {
            answered(client.delete_assistant().assistant_id("asst_1").send())
        }),
    ]
}

fn threads() -> Vec<Contract> {
    vec![
        Contract::new("createThread", "POST", "/threads", thread(), |client| {
            answered(client.create_thread().send())
        })
        .body(json!({})),
        Contract::new(
            "getThread",
            "GET",
            "/threads/thread_1",
            thread(),
            |client| answered(client.get_thread().thread_id("thread_1").send()),
        ),
        Contract::new(
            "modifyThread",
            "POST",
            "/threads/thread_1",
            thread(),
            |client| {
                let body = ModifyThreadRequest::builder().metadata([("seen", "yes")]);
                answered(
                    client
                        .modify_thread()
                        .thread_id("thread_1")
                        .body(body)
                        .send(),
                )
            },
        )
        .body(json!({ "metadata": { "seen": "yes" } })),
        Contract::new(
            "deleteThread",
            "DELETE",
            "/threads/thread_1",
            deleted("thread.deleted"),
            |client| answered(client.delete_thread().thread_id("thread_1").send()),
        ),
    ]
}

fn messages() -> Vec<Contract> {
    vec![
        Contract::new(
            "listMessages",
            "GET",
            "/threads/thread_1/messages",
            page(message()),
            |client| {
                answered(
                    client
                        .list_messages()
                        .thread_id("thread_1")
                        .run_id("run_1")
                        .limit(100)
                        .send(),
                )
            },
        )
        .query(&[("limit", "100"), ("run_id", "run_1")]),
        Contract::new(
            "createMessage",
            "POST",
            "/threads/thread_1/messages",
            message(),
            |client| {
                let parts: Vec<CreateMessageContentPart> = vec![
                    MessageRequestContentTextObject::builder()
                        .text("Look:")
                        .try_into()
                        .expect("the part is complete"),
                    MessageContentImageFileObject::builder()
                        .image_file(ImageFile::builder().file_id("file_2"))
                        .try_into()
                        .expect("the part is complete"),
                ];
                let body = CreateMessageRequest::builder()
                    .role(MessageRole::User)
                    .content(parts);
                answered(
                    client
                        .create_message()
                        .thread_id("thread_1")
                        .body(body)
                        .send(),
                )
            },
        )
        .body(json!({
            "role": "user",
            "content": [
                { "type": "text", "text": "Look:" },
                { "type": "image_file", "image_file": { "file_id": "file_2" } },
            ],
        })),
        Contract::new(
            "getMessage",
            "GET",
            "/threads/thread_1/messages/msg_1",
            message(),
            |client| {
                answered(
                    client
                        .get_message()
                        .thread_id("thread_1")
                        .message_id("msg_1")
                        .send(),
                )
            },
        ),
        Contract::new(
            "modifyMessage",
            "POST",
            "/threads/thread_1/messages/msg_1",
            message(),
            |client| {
                let body = ModifyMessageRequest::builder().metadata([("seen", "yes")]);
                answered(
                    client
                        .modify_message()
                        .thread_id("thread_1")
                        .message_id("msg_1")
                        .body(body)
                        .send(),
                )
            },
        )
        .body(json!({ "metadata": { "seen": "yes" } })),
        Contract::new(
            "deleteMessage",
            "DELETE",
            "/threads/thread_1/messages/msg_1",
            deleted("thread.message.deleted"),
            |client| {
                answered(
                    client
                        .delete_message()
                        .thread_id("thread_1")
                        .message_id("msg_1")
                        .send(),
                )
            },
        ),
    ]
}

fn runs() -> Vec<Contract> {
    vec![
        Contract::new("createThreadAndRun", "POST", "/threads/runs", run(), |client| {
            let question = CreateMessageRequest::builder().role("user").content("How is the weather in Oslo?");
            let body = CreateThreadAndRunRequest::builder()
                .assistant_id("asst_1")
                .thread(CreateThreadRequest::builder().messages([question]))
                .tool_choice("required")
                .parallel_tool_calls(false);
            answered(client.create_thread_and_run().body(body).send())
        })
        .body(json!({
            "assistant_id": "asst_1",
            "thread": { "messages": [{ "role": "user", "content": "How is the weather in Oslo?" }] },
            "tool_choice": "required",
            "parallel_tool_calls": false,
        })),
        Contract::new("listRuns", "GET", "/threads/thread_1/runs", page(run()), |client| {
            answered(client.list_runs().thread_id("thread_1").send())
        }),
        Contract::new("createRun", "POST", "/threads/thread_1/runs", run(), |client| {
            let body = CreateRunRequest::builder()
                .assistant_id("asst_1")
                .max_prompt_tokens(300)
                .truncation_strategy(
                    TruncationObject::builder().type_(TruncationType::LastMessages).last_messages(3),
                )
                .tool_choice(
                    AssistantsNamedToolChoice::builder()
                        .type_("function")
                        .function(ToolChoiceFunction::builder().name("get_weather")),
                );
            let include = [RunStepInclude::StepDetailsToolCallsFileSearchResultsContent];
            answered(client.create_run().thread_id("thread_1").include(include).body(body).send())
        })
        .query(&[("include[]", INCLUDE)])
        .body(json!({
            "assistant_id": "asst_1",
            "max_prompt_tokens": 300,
            "truncation_strategy": { "type": "last_messages", "last_messages": 3 },
            "tool_choice": { "type": "function", "function": { "name": "get_weather" } },
        })),
        Contract::new("getRun", "GET", "/threads/thread_1/runs/run_1", run(), |client| {
            answered(client.get_run().thread_id("thread_1").run_id("run_1").send())
        }),
        Contract::new("modifyRun", "POST", "/threads/thread_1/runs/run_1", run(), |client| {
            let body = ModifyRunRequest::builder().metadata([("seen", "yes")]);
            answered(client.modify_run().thread_id("thread_1").run_id("run_1").body(body).send())
        })
        .body(json!({ "metadata": { "seen": "yes" } })),
        Contract::new("cancelRun", "POST", "/threads/thread_1/runs/run_1/cancel", run(), |client| {
            answered(client.cancel_run().thread_id("thread_1").run_id("run_1").send())
        }),
        Contract::new(
            "submitToolOuputsToRun",
            "POST",
            "/threads/thread_1/runs/run_1/submit_tool_outputs",
            run(),
            |client| {
                let body = SubmitToolOutputsRunRequest::builder()
                    .tool_outputs([ToolOutput::builder().tool_call_id("call_1").output("12 °C")]);
                answered(client.submit_tool_ouputs_to_run().thread_id("thread_1").run_id("run_1").body(body).send())
            },
        )
        .body(json!({ "tool_outputs": [{ "tool_call_id": "call_1", "output": "12 °C" }] })),
    ]
}

fn run_steps() -> Vec<Contract> {
    vec![
        Contract::new(
            "listRunSteps",
            "GET",
            "/threads/thread_1/runs/run_1/steps",
            page(run_step()),
            |client| {
                let include = [RunStepInclude::StepDetailsToolCallsFileSearchResultsContent];
                answered(
                    client
                        .list_run_steps()
                        .thread_id("thread_1")
                        .run_id("run_1")
                        .include(include)
                        .limit(1)
                        .send(),
                )
            },
        )
        .query(&[("limit", "1"), ("include[]", INCLUDE)]),
        Contract::new(
            "getRunStep",
            "GET",
            "/threads/thread_1/runs/run_1/steps/step_1",
            message_step(),
            |client| {
                let include = vec![
                    RunStepInclude::StepDetailsToolCallsFileSearchResultsContent,
                    "else".into(),
                ];
                answered(
                    client
                        .get_run_step()
                        .thread_id("thread_1")
                        .run_id("run_1")
                        .step_id("step_1")
                        .include(include)
                        .send(),
                )
            },
        )
        .query(&[("include[]", INCLUDE), ("include[]", "else")]),
    ]
}

pub fn page(item: Value) -> Value {
    json!({ "object": "list", "first_id": item["id"], "last_id": item["id"], "data": [item], "has_more": false })
}

fn deleted(object: &str) -> Value {
    json!({ "id": "id_1", "object": object, "deleted": true })
}

fn tools() -> Value {
    json!([
        { "type": "code_interpreter" },
        { "type": "file_search", "file_search": {
            "max_num_results": 5, "ranking_options": { "ranker": "auto", "score_threshold": 0.5 },
        } },
        { "type": "function", "function": { "name": "get_weather", "parameters": { "type": "object" }, "strict": false } },
    ])
}

pub fn assistant() -> Value {
    json!({
        "id": "asst_1",
        "object": "assistant",
        "created_at": 1_700_000_000,
        "name": "Tutor",
        "description": null,
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": tools(),
        "tool_resources": {
            "code_interpreter": { "file_ids": ["file_1"] },
            "file_search": { "vector_store_ids": ["vs_1"] },
        },
        "metadata": { "team": "maths" },
        "temperature": 1.0,
        "top_p": 0.5,
        "response_format": { "type": "json_schema", "json_schema": { "name": "answer", "schema": { "type": "object" } } },
    })
}

fn thread() -> Value {
    json!({
        "id": "thread_1",
        "object": "thread",
        "created_at": 1_700_000_001,
        "tool_resources": { "code_interpreter": { "file_ids": [] } },
        "metadata": {},
    })
}

fn message() -> Value {
    json!({
        "id": "msg_1",
        "object": "thread.message",
        "created_at": 1_700_000_002,
        "thread_id": "thread_1",
        "status": "incomplete",
        "incomplete_details": { "reason": "max_tokens" },
        "completed_at": null,
        "incomplete_at": 1_700_000_003,
        "role": "assistant",
        "content": [
            { "type": "text", "text": { "value": "See [1] and [2].", "annotations": [
                { "type": "file_citation", "text": "[1]", "file_citation": { "file_id": "file_1" },
                  "start_index": 4, "end_index": 7 },
                { "type": "file_path", "text": "[2]", "file_path": { "file_id": "file_2" },
                  "start_index": 12, "end_index": 15 },
            ] } },
            { "type": "image_file", "image_file": { "file_id": "file_3", "detail": "low" } },
            { "type": "image_url", "image_url": { "url": "https://example.com/a.png", "detail": "auto" } },
            { "type": "refusal", "refusal": "I cannot help with that." },
        ],
        "assistant_id": "asst_1",
        "run_id": "run_1",
        "attachments": [{ "file_id": "file_1", "tools": [{ "type": "code_interpreter" }, { "type": "file_search" }] }],
        "metadata": {},
    })
}

fn run() -> Value {
    json!({
        "id": "run_1",
        "object": "thread.run",
        "created_at": 1_700_000_002,
        "thread_id": "thread_1",
        "assistant_id": "asst_1",
        "status": "requires_action",
        "required_action": {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": { "tool_calls": [
                { "id": "call_1", "type": "function",
                  "function": { "name": "get_weather", "arguments": "{\"city\": \"Oslo\"}" } },
            ] },
        },
        "last_error": { "code": "server_error", "message": "Once." },
        "expires_at": 1_700_000_602,
        "started_at": 1_700_000_003,
        "cancelled_at": null,
        "failed_at": null,
        "completed_at": null,
        "incomplete_details": { "reason": "max_prompt_tokens" },
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": tools(),
        "metadata": {},
        "usage": { "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27 },
        "temperature": 1.0,
        "top_p": 1.0,
        "max_prompt_tokens": 300,
        "max_completion_tokens": null,
        "truncation_strategy": { "type": "last_messages", "last_messages": 3 },
        "tool_choice": { "type": "function", "function": { "name": "get_weather" } },
        "parallel_tool_calls": true,
        "response_format": "auto",
    })
}

fn run_step() -> Value {
    json!({
        "id": "step_1",
        "object": "thread.run.step",
        "created_at": 1_700_000_003,
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "run_id": "run_1",
        "type": "tool_calls",
        "status": "failed",
        "step_details": { "type": "tool_calls", "tool_calls": [
            { "id": "call_1", "type": "code_interpreter", "code_interpreter": { "input": "print(1)", "outputs": [
                { "type": "logs", "logs": "1\n" },
                { "type": "image", "image": { "file_id": "file_1" } },
            ] } },
            { "id": "call_2", "type": "file_search", "file_search": {
                "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": 0.25 },
                "results": [{ "file_id": "file_2", "file_name": "a.txt", "score": 0.75,
                    "content": [{ "type": "text", "text": "found" }] }],
            } },
            { "id": "call_3", "type": "function",
              "function": { "name": "get_weather", "arguments": "{}", "output": null } },
        ] },
        "last_error": { "code": "rate_limit_exceeded", "message": "Slow down." },
        "expired_at": null,
        "cancelled_at": null,
        "failed_at": 1_700_000_005,
        "completed_at": null,
        "metadata": {},
        "usage": { "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27 },
    })
}

fn message_step() -> Value {
    let mut step = run_step();
    step["type"] = "message_creation".into();
    step["step_details"] =
        json!({ "type": "message_creation", "message_creation": { "message_id": "msg_1" } });
    step
}
