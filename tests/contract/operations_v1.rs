//! The contracts of version 1, one for each operation.

use openai_assistants::Client;
use openai_assistants::v1::operations::{
    CreateAssistant, CreateRun, CreateThreadAndRun, SubmitToolOutputsToRun,
};
use openai_assistants::v1::types::{
    AssistantTool, AssistantToolsCode, AssistantToolsFunction, AssistantToolsRetrieval,
    AssistantsApiNamedToolChoice, AssistantsApiResponseFormat, CreateAssistantFileRequest,
    CreateAssistantRequest, CreateMessageRequest, CreateRunRequest, CreateThreadAndRunRequest,
    CreateThreadRequest, FunctionObject, ListOrder, MessageRole, ModifyAssistantRequest,
    ModifyMessageRequest, ModifyRunRequest, ModifyThreadRequest, ResponseFormatType,
    SubmitToolOutputsRunRequest, ToolChoiceFunction, ToolChoiceType, ToolOutput, TruncationObject,
    TruncationType,
};
use serde_json::json;

use crate::contract::{Contract, deleted, events_of, ids_of, page, response_of};
use crate::objects_v1::{
    assistant, assistant_file, message, message_file, message_step, run, run_step, seen, thread,
};

pub fn contracts() -> Vec<Contract> {
    [
        assistants(),
        assistant_files(),
        threads(),
        messages(),
        message_files(),
        runs(),
        run_steps(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn create_assistant(client: &Client) -> CreateAssistant {
    let function = FunctionObject::builder()
        .name("get_weather")
        .description("The weather in a city.")
        .parameters(json!({ "type": "object", "properties": { "city": { "type": "string" } } }));
    let function = AssistantToolsFunction::builder().function(function);
    let tools: [AssistantTool; 3] = [
        AssistantToolsCode::default().into(),
        AssistantToolsRetrieval::default().into(),
        function.try_into().expect("the function is complete"),
    ];
    let json = AssistantsApiResponseFormat::builder().type_(ResponseFormatType::JsonObject);
    let body = CreateAssistantRequest::builder()
        .model("gpt-4")
        .name("Tutor")
        .description("For pupils.")
        .instructions("MockResponse in JSON.")
        .tools(tools)
        .file_ids(["file_1"])
        .metadata(seen())
        .temperature(0.5)
        .top_p(0.25)
        .response_format(json);
    client.v1().create_assistant().body(body)
}

fn assistants() -> Vec<Contract> {
    vec![
        Contract::new("listAssistants", "GET", "/assistants", page(assistant()), |client| {
            let list = client.v1().list_assistants().limit(5).order(ListOrder::Asc);
            response_of(list.after("asst_0").before("asst_9").send())
        })
        .query(&[
            ("limit", "5"),
            ("order", "asc"),
            ("after", "asst_0"),
            ("before", "asst_9"),
        ])
        .items(|client| ids_of(client.v1().list_assistants().items())),
        Contract::new("createAssistant", "POST", "/assistants", assistant(), |client| {
            response_of(create_assistant(&client).send())
        })
        .body(json!({
            "model": "gpt-4",
            "name": "Tutor",
            "description": "For pupils.",
            "instructions": "MockResponse in JSON.",
            "tools": [
                { "type": "code_interpreter" },
                { "type": "retrieval" },
                { "type": "function", "function": {
                    "name": "get_weather",
                    "description": "The weather in a city.",
                    "parameters": { "type": "object", "properties": { "city": { "type": "string" } } },
                } },
            ],
            "file_ids": ["file_1"],
            "metadata": { "seen": { "by": ["me"], "times": 1 } },
            "temperature": 0.5,
            "top_p": 0.25,
            "response_format": { "type": "json_object" },
        })),
        Contract::new("getAssistant", "GET", "/assistants/asst%2F1", assistant(), |client| {
            response_of(client.v1().get_assistant().assistant_id("asst/1").send())
        }),
        Contract::new("modifyAssistant", "POST", "/assistants/asst_1", assistant(), |client| {
            let no_tools: [AssistantToolsCode; 0] = [];
            let no_files: [&str; 0] = [];
            let body = ModifyAssistantRequest::builder()
                .tools(no_tools)
                .file_ids(no_files)
                .response_format("auto");
            let call = client.v1().modify_assistant().assistant_id("asst_1");
            response_of(call.body(body).send())
        })
        .body(json!({ "tools": [], "file_ids": [], "response_format": "auto" })),
        Contract::new(
            "deleteAssistant",
            "DELETE",
            "/assistants/asst_1",
            deleted("assistant.deleted"),
            |client| response_of(client.v1().delete_assistant().assistant_id("asst_1").send()),
        ),
    ]
}

fn assistant_files() -> Vec<Contract> {
    vec![
        Contract::new(
            "listAssistantFiles",
            "GET",
            "/assistants/asst_1/files",
            page(assistant_file()),
            |client| {
                let list = client.v1().list_assistant_files().assistant_id("asst_1");
                response_of(list.limit(2).before("file_9").send())
            },
        )
        .query(&[("limit", "2"), ("before", "file_9")])
        .items(|client| {
            let list = client.v1().list_assistant_files();
            ids_of(list.assistant_id("asst_1").items())
        }),
        Contract::new(
            "createAssistantFile",
            "POST",
            "/assistants/asst_1/files",
            assistant_file(),
            |client| {
                let body = CreateAssistantFileRequest::builder().file_id("file_1");
                let call = client.v1().create_assistant_file().assistant_id("asst_1");
                response_of(call.body(body).send())
            },
        )
        .body(json!({ "file_id": "file_1" })),
        Contract::new(
            "getAssistantFile",
            "GET",
            "/assistants/asst_1/files/file%201",
            assistant_file(),
            |client| {
                let call = client.v1().get_assistant_file().assistant_id("asst_1");
                response_of(call.file_id("file 1").send())
            },
        ),
        Contract::new(
            "deleteAssistantFile",
            "DELETE",
            "/assistants/asst_1/files/file_1",
            deleted("assistant.file.deleted"),
            |client| {
                let call = client.v1().delete_assistant_file().assistant_id("asst_1");
                response_of(call.file_id("file_1").send())
            },
        ),
    ]
}

fn threads() -> Vec<Contract> {
    vec![
        Contract::new("createThread", "POST", "/threads", thread(), |client| {
            response_of(client.v1().create_thread().send())
        })
        .body(json!({})),
        Contract::new(
            "getThread",
            "GET",
            "/threads/thread_1",
            thread(),
            |client| response_of(client.v1().get_thread().thread_id("thread_1").send()),
        ),
        Contract::new(
            "modifyThread",
            "POST",
            "/threads/thread_1",
            thread(),
            |client| {
                let body = ModifyThreadRequest::builder().metadata(seen());
                let call = client.v1().modify_thread().thread_id("thread_1");
                response_of(call.body(body).send())
            },
        )
        .body(json!({ "metadata": seen() })),
        Contract::new(
            "deleteThread",
            "DELETE",
            "/threads/thread_1",
            deleted("thread.deleted"),
            |client| response_of(client.v1().delete_thread().thread_id("thread_1").send()),
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
                let list = client.v1().list_messages().thread_id("thread_1");
                response_of(list.run_id("run_1").limit(100).send())
            },
        )
        .query(&[("limit", "100"), ("run_id", "run_1")])
        .items(|client| ids_of(client.v1().list_messages().thread_id("thread_1").items())),
        Contract::new(
            "createMessage",
            "POST",
            "/threads/thread_1/messages",
            message(),
            |client| {
                let body = CreateMessageRequest::builder()
                    .role(MessageRole::User)
                    .content("What does it say?")
                    .file_ids(["file_1", "file_2"])
                    .metadata(seen());
                let call = client.v1().create_message().thread_id("thread_1");
                response_of(call.body(body).send())
            },
        )
        .body(json!({
            "role": "user",
            "content": "What does it say?",
            "file_ids": ["file_1", "file_2"],
            "metadata": seen(),
        })),
        Contract::new(
            "getMessage",
            "GET",
            "/threads/thread_1/messages/msg_1",
            message(),
            |client| {
                let call = client.v1().get_message().thread_id("thread_1");
                response_of(call.message_id("msg_1").send())
            },
        ),
        Contract::new(
            "modifyMessage",
            "POST",
            "/threads/thread_1/messages/msg_1",
            message(),
            |client| {
                let body = ModifyMessageRequest::builder().metadata(seen());
                let call = client.v1().modify_message().thread_id("thread_1");
                response_of(call.message_id("msg_1").body(body).send())
            },
        )
        .body(json!({ "metadata": seen() })),
    ]
}

fn message_files() -> Vec<Contract> {
    vec![
        Contract::new(
            "listMessageFiles",
            "GET",
            "/threads/thread_1/messages/msg_1/files",
            page(message_file()),
            |client| {
                let list = client.v1().list_message_files().thread_id("thread_1");
                response_of(list.message_id("msg_1").order("desc").send())
            },
        )
        .query(&[("order", "desc")])
        .items(|client| {
            let list = client.v1().list_message_files().thread_id("thread_1");
            ids_of(list.message_id("msg_1").items())
        }),
        Contract::new(
            "getMessageFile",
            "GET",
            "/threads/thread_1/messages/msg_1/files/file_1",
            message_file(),
            |client| {
                let call = client.v1().get_message_file().thread_id("thread_1");
                response_of(call.message_id("msg_1").file_id("file_1").send())
            },
        ),
    ]
}

fn create_thread_and_run(client: &Client) -> CreateThreadAndRun {
    let question = CreateMessageRequest::builder()
        .role("user")
        .content("How is the weather in Oslo?")
        .file_ids(["file_1"]);
    let tools: [AssistantToolsRetrieval; 1] = [AssistantToolsRetrieval::default()];
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id("asst_1")
        .thread(CreateThreadRequest::builder().messages([question]))
        .tools(tools)
        .tool_choice("auto")
        .response_format("none");
    client.v1().create_thread_and_run().body(body)
}

fn create_run(client: &Client) -> CreateRun {
    let more = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("In short.");
    let truncation = TruncationObject::builder()
        .type_(TruncationType::LastMessages)
        .last_messages(3);
    let choice = AssistantsApiNamedToolChoice::builder()
        .type_(ToolChoiceType::Function)
        .function(ToolChoiceFunction::builder().name("get_weather"));
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .model("gpt-4")
        .instructions("Be kind.")
        .additional_instructions("Be brief.")
        .additional_messages([more])
        .max_prompt_tokens(300)
        .max_completion_tokens(400)
        .truncation_strategy(truncation)
        .tool_choice(choice);
    let call = client.v1().create_run().thread_id("thread_1");
    call.body(body)
}

fn submit_tool_outputs(client: &Client) -> SubmitToolOutputsToRun {
    let output = ToolOutput::builder().tool_call_id("call_1").output("12 °C");
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs([output]);
    let call = client.v1().submit_tool_outputs_to_run();
    call.thread_id("thread_1").run_id("run_1").body(body)
}

fn runs() -> Vec<Contract> {
    vec![
        Contract::new("createThreadAndRun", "POST", "/threads/runs", run(), |client| {
            response_of(create_thread_and_run(&client).send())
        })
        .events(|client| events_of(create_thread_and_run(&client).stream()))
        .body(json!({
            "assistant_id": "asst_1",
            "thread": { "messages": [
                { "role": "user", "content": "How is the weather in Oslo?", "file_ids": ["file_1"] },
            ] },
            "tools": [{ "type": "retrieval" }],
            "tool_choice": "auto",
            "response_format": "none",
        })),
        Contract::new("listRuns", "GET", "/threads/thread_1/runs", page(run()), |client| {
            response_of(client.v1().list_runs().thread_id("thread_1").send())
        })
        .items(|client| ids_of(client.v1().list_runs().thread_id("thread_1").items())),
        Contract::new("createRun", "POST", "/threads/thread_1/runs", run(), |client| {
            response_of(create_run(&client).send())
        })
        .events(|client| events_of(create_run(&client).stream()))
        .body(json!({
            "assistant_id": "asst_1",
            "model": "gpt-4",
            "instructions": "Be kind.",
            "additional_instructions": "Be brief.",
            "additional_messages": [{ "role": "user", "content": "In short." }],
            "max_prompt_tokens": 300,
            "max_completion_tokens": 400,
            "truncation_strategy": { "type": "last_messages", "last_messages": 3 },
            "tool_choice": { "type": "function", "function": { "name": "get_weather" } },
        })),
        Contract::new("getRun", "GET", "/threads/thread_1/runs/run_1", run(), |client| {
            let call = client.v1().get_run().thread_id("thread_1");
            response_of(call.run_id("run_1").send())
        }),
        Contract::new("modifyRun", "POST", "/threads/thread_1/runs/run_1", run(), |client| {
            let body = ModifyRunRequest::builder().metadata(seen());
            let call = client.v1().modify_run().thread_id("thread_1");
            response_of(call.run_id("run_1").body(body).send())
        })
        .body(json!({ "metadata": seen() })),
        Contract::new("cancelRun", "POST", "/threads/thread_1/runs/run_1/cancel", run(), |client| {
            let call = client.v1().cancel_run().thread_id("thread_1");
            response_of(call.run_id("run_1").send())
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
                let list = client.v1().list_run_steps().thread_id("thread_1");
                response_of(list.run_id("run_1").limit(1).send())
            },
        )
        .query(&[("limit", "1")])
        .items(|client| {
            let list = client.v1().list_run_steps().thread_id("thread_1");
            ids_of(list.run_id("run_1").items())
        }),
        Contract::new(
            "getRunStep",
            "GET",
            "/threads/thread_1/runs/run_1/steps/step_1",
            message_step(),
            |client| {
                let call = client.v1().get_run_step().thread_id("thread_1");
                response_of(call.run_id("run_1").step_id("step_1").send())
            },
        ),
    ]
}
