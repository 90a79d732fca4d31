//! The contracts of version 2, one for each operation.

use openai_assistants::Client;
use openai_assistants::operations::{CreateRun, CreateThreadAndRun, SubmitToolOutputsToRun};
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
use serde_json::json;

use crate::contract::{Contract, deleted, events_of, ids_of, page, response_of};
use crate::objects::{assistant, message, message_step, run, run_step, thread};

const INCLUDE: &str = "step_details.tool_calls[*].file_search.results[*].content";

pub fn contracts() -> Vec<Contract> {
    [
        assistants(),
        threads(),
        #[cfg(feature = "foundry")]
        list_threads(),
        messages(),
        runs(),
        run_steps(),
        #[cfg(feature = "files")]
        crate::operations_files::contracts(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn assistants() -> Vec<Contract> {
    vec![
        Contract::new("listAssistants", "GET", "/assistants", page(assistant()), |client| {
            response_of(client.list_assistants().limit(5).order(ListOrder::Asc).after("asst_0").before("asst_9").send())
        })
        .query(&[
            ("limit", "5"),
            ("order", "asc"),
            ("after", "asst_0"),
            ("before", "asst_9"),
        ])
        .items(|client| ids_of(client.list_assistants().items())),
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
            response_of(client.create_assistant().body(body).send())
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
            response_of(client.get_assistant().assistant_id("asst/1").send())
        }),
        Contract::new("modifyAssistant", "POST", "/assistants/asst_1", assistant(), |client| {
            let no_tools: [AssistantToolsCode; 0] = [];
            let body = ModifyAssistantRequest::builder().tools(no_tools).response_format("auto");
            response_of(client.modify_assistant().assistant_id("asst_1").body(body).send())
        })
        .body(json!({ "tools": [], "response_format": "auto" })),
        Contract::new("deleteAssistant", "DELETE", "/assistants/asst_1", deleted("assistant.deleted"), |client| {
            response_of(client.delete_assistant().assistant_id("asst_1").send())
        }),
    ]
}

#[cfg(feature = "foundry")]
fn list_threads() -> Vec<Contract> {
    let list = Contract::new("listThreads", "GET", "/threads", page(thread()), |client| {
        response_of(
            client
                .list_threads()
                .limit(5)
                .order(ListOrder::Asc)
                .after("thread_0")
                .before("thread_9")
                .send(),
        )
    });
    let list = list.query(&[
        ("limit", "5"),
        ("order", "asc"),
        ("after", "thread_0"),
        ("before", "thread_9"),
    ]);
    vec![list.items(|client| ids_of(client.list_threads().items()))]
}

fn threads() -> Vec<Contract> {
    vec![
        Contract::new("createThread", "POST", "/threads", thread(), |client| {
            response_of(client.create_thread().send())
        })
        .body(json!({})),
        Contract::new(
            "getThread",
            "GET",
            "/threads/thread_1",
            thread(),
            |client| response_of(client.get_thread().thread_id("thread_1").send()),
        ),
        Contract::new(
            "modifyThread",
            "POST",
            "/threads/thread_1",
            thread(),
            |client| {
                let body = ModifyThreadRequest::builder().metadata([("seen", "yes")]);
                response_of(
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
            |client| response_of(client.delete_thread().thread_id("thread_1").send()),
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
                response_of(
                    client
                        .list_messages()
                        .thread_id("thread_1")
                        .run_id("run_1")
                        .limit(100)
                        .send(),
                )
            },
        )
        .query(&[("limit", "100"), ("run_id", "run_1")])
        .items(|client| ids_of(client.list_messages().thread_id("thread_1").items())),
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
                response_of(
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
                response_of(
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
                response_of(
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
                response_of(
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

fn create_thread_and_run(client: &Client) -> CreateThreadAndRun {
    let question = CreateMessageRequest::builder()
        .role("user")
        .content("How is the weather in Oslo?");
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id("asst_1")
        .thread(CreateThreadRequest::builder().messages([question]))
        .tool_choice("required")
        .parallel_tool_calls(false);
    client.create_thread_and_run().body(body)
}

fn create_run(client: &Client) -> CreateRun {
    let truncation = TruncationObject::builder()
        .type_(TruncationType::LastMessages)
        .last_messages(3);
    let choice = AssistantsNamedToolChoice::builder()
        .type_("function")
        .function(ToolChoiceFunction::builder().name("get_weather"));
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .max_prompt_tokens(300)
        .truncation_strategy(truncation)
        .tool_choice(choice);
    let include = [RunStepInclude::StepDetailsToolCallsFileSearchResultsContent];
    let call = client.create_run().thread_id("thread_1");
    call.include(include).body(body)
}

fn submit_tool_outputs(client: &Client) -> SubmitToolOutputsToRun {
    let output = ToolOutput::builder().tool_call_id("call_1").output("12 °C");
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs([output]);
    let call = client.submit_tool_outputs_to_run().thread_id("thread_1");
    call.run_id("run_1").body(body)
}

fn runs() -> Vec<Contract> {
    vec![
        Contract::new("createThreadAndRun", "POST", "/threads/runs", run(), |client| {
            response_of(create_thread_and_run(&client).send())
        })
        .events(|client| events_of(create_thread_and_run(&client).stream()))
        .body(json!({
            "assistant_id": "asst_1",
            "thread": { "messages": [{ "role": "user", "content": "How is the weather in Oslo?" }] },
            "tool_choice": "required",
            "parallel_tool_calls": false,
        })),
        Contract::new("listRuns", "GET", "/threads/thread_1/runs", page(run()), |client| {
            response_of(client.list_runs().thread_id("thread_1").send())
        })
        .items(|client| ids_of(client.list_runs().thread_id("thread_1").items())),
        Contract::new("createRun", "POST", "/threads/thread_1/runs", run(), |client| {
            response_of(create_run(&client).send())
        })
        .events(|client| events_of(create_run(&client).stream()))
        .query(&[("include[]", INCLUDE)])
        .body(json!({
            "assistant_id": "asst_1",
            "max_prompt_tokens": 300,
            "truncation_strategy": { "type": "last_messages", "last_messages": 3 },
            "tool_choice": { "type": "function", "function": { "name": "get_weather" } },
        })),
        Contract::new("getRun", "GET", "/threads/thread_1/runs/run_1", run(), |client| {
            response_of(client.get_run().thread_id("thread_1").run_id("run_1").send())
        }),
        Contract::new("modifyRun", "POST", "/threads/thread_1/runs/run_1", run(), |client| {
            let body = ModifyRunRequest::builder().metadata([("seen", "yes")]);
            response_of(client.modify_run().thread_id("thread_1").run_id("run_1").body(body).send())
        })
        .body(json!({ "metadata": { "seen": "yes" } })),
        Contract::new("cancelRun", "POST", "/threads/thread_1/runs/run_1/cancel", run(), |client| {
            response_of(client.cancel_run().thread_id("thread_1").run_id("run_1").send())
        }),
        Contract::new(
            "submitToolOuputsToRun",
            "POST",
            "/threads/thread_1/runs/run_1/submit_tool_outputs",
            run(),
            |client| response_of(submit_tool_outputs(&client).send()),
        )
        .events(|client| events_of(submit_tool_outputs(&client).stream()))
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
                response_of(
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
        .query(&[("limit", "1"), ("include[]", INCLUDE)])
        .items(|client| {
            let steps = client.list_run_steps().thread_id("thread_1");
            ids_of(steps.run_id("run_1").items())
        }),
        Contract::new(
            "getRunStep",
            "GET",
            "/threads/thread_1/runs/run_1/steps/step_1",
            message_step(),
            |client| {
                let include = vec![
                    RunStepInclude::StepDetailsToolCallsFileSearchResultsContent,
                    RunStepInclude::Unknown("else".to_owned()),
                ];
                response_of(
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
