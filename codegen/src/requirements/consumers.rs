//! The parts of the handwritten layer, and what each requires of the document.

/// A part of the handwritten layer.
pub struct Consumer {
    /// The name that callers know.
    pub name: &'static str,
    /// The Cargo feature that enables it.
    pub feature: Option<&'static str>,
    /// The schema in its `#[cfg(assistants_schema = "…")]`. A part without one cannot be
    /// left out: the build fails if its requirements are not met.
    pub cfg: Option<&'static str>,
    /// The required operations, by the ID that their method is named after.
    pub operations: &'static [&'static str],
    /// The required schemas, each with properties, tags or values. A property with the suffix
    /// `?` has to be an `Option`; any other must not be one. [`TAGGED`] requires a tagged
    /// union, which keeps unknown members.
    pub schemas: &'static [(&'static str, &'static [&'static str])],
}

/// Among the tags of a schema: it has to be a tagged union.
pub const TAGGED: &str = "|";

pub const CONSUMERS: &[Consumer] = &[
    Consumer {
        name: "following runs (src/run/)",
        feature: None,
        cfg: None,
        operations: &[
            "getRun",
            "cancelRun",
            "listRuns",
            "listMessages",
            "listRunSteps",
            "submitToolOutputsToRun",
        ],
        schemas: &[
            (
                "RunObject",
                &[
                    "id",
                    "thread_id",
                    "status",
                    "created_at",
                    "required_action?",
                ],
            ),
            ("RunStatus", &[]),
            (
                "MessageObject",
                &[
                    "id",
                    "thread_id",
                    "created_at",
                    "run_id?",
                    "role",
                    "content",
                ],
            ),
            ("MessageRole", &["user", "assistant"]),
            ("MessageContent", &["text"]),
            ("MessageContentTextObject", &["text"]),
            ("MessageText", &["value"]),
            (
                "RunStepObject",
                &["id", "thread_id", "run_id", "step_details"],
            ),
            ("RunStepToolCall", &[]),
            ("ListRunsResponse", &["data"]),
            ("ListMessagesResponse", &["data", "has_more"]),
            ("ListRunStepsResponse", &["data", "has_more"]),
        ],
    },
    Consumer {
        name: "tools (src/tools/)",
        feature: Some("tools"),
        cfg: None,
        operations: &[],
        schemas: &[
            ("RunRequiredAction", &["submit_tool_outputs"]),
            ("RunToolCall", &["function"]),
            ("RunToolCallObject", &["id", "function"]),
            ("RunToolCallFunction", &["name", "arguments"]),
            ("SubmitToolOutputsRunRequest", &["tool_outputs"]),
            ("ToolOutput", &["tool_call_id?", "output?"]),
            ("AssistantTool", &["function"]),
        ],
    },
    Consumer {
        name: "the feature `foundry` (src/foundry/)",
        feature: Some("foundry"),
        cfg: None,
        operations: &[],
        schemas: &[
            ("AssistantTool", &[TAGGED]),
            ("FunctionObject", &[]),
            ("ListOrder", &["asc", "desc"]),
            ("RunRequiredAction", &[TAGGED]),
            ("TextAnnotation", &[TAGGED]),
            ("ThreadObject", &["id"]),
        ],
    },
    Consumer {
        name: "the feature `mock` (src/mock/)",
        feature: Some("mock"),
        cfg: None,
        operations: &[],
        schemas: &[
            ("AssistantObject", &[]),
            ("ThreadObject", &[]),
            ("ListAssistantsResponse", &[]),
            ("DeleteAssistantResponse", &[]),
            ("DeleteThreadResponse", &[]),
            ("ErrorResponse", &[]),
            ("RunStatus", &["requires_action"]),
        ],
    },
    Consumer {
        name: "streams of runs (src/sse/, src/run/stream.rs)",
        feature: None,
        cfg: None,
        operations: &[],
        schemas: &[
            (
                "AssistantStreamEvent",
                &[
                    "thread.created",
                    "thread.run.completed",
                    "thread.run.step.completed",
                    "thread.run.step.delta",
                    "thread.message.completed",
                    "thread.message.delta",
                    "done",
                ],
            ),
            ("ThreadObject", &["id"]),
            ("MessageDeltaObject", &["id", "delta"]),
            ("MessageDelta", &["content?"]),
            ("MessageDeltaContent", &["text"]),
            ("MessageDeltaContentTextObject", &["text?"]),
            ("RunStepDeltaObject", &["id", "delta"]),
            ("RunStepDetails", &["tool_calls"]),
            ("RunStepDetailsToolCallsObject", &["tool_calls"]),
            ("RunStepToolCall", &["function"]),
            ("RunStepDetailsToolCallsFunctionObject", &["id", "function"]),
            ("FunctionCall", &["name", "arguments"]),
            ("RunRequiredAction", &["submit_tool_outputs"]),
            ("RunToolCall", &["function"]),
            ("RunToolCallFunction", &["name", "arguments"]),
        ],
    },
    Consumer {
        name: "`response_format` and strict tools",
        feature: Some("tools"),
        cfg: Some("ResponseFormatJsonSchema"),
        operations: &[],
        schemas: &[
            ("ResponseFormatJsonSchema", &[]),
            ("AssistantsApiResponseFormatOption", &[]),
        ],
    },
    Consumer {
        name: "refusals in messages",
        feature: Some("tools"),
        cfg: Some("MessageContentRefusalObject"),
        operations: &[],
        schemas: &[
            ("MessageContent", &["refusal"]),
            ("MessageContentRefusalObject", &["refusal"]),
        ],
    },
    Consumer {
        name: "waiting until files are indexed (src/files/)",
        feature: Some("files"),
        cfg: Some("VectorStoreFileBatchObject"),
        operations: &[
            "createFile",
            "createVectorStoreFileBatch",
            "getVectorStoreFileBatch",
            "listFilesInVectorStoreBatch",
        ],
        schemas: &[
            ("CreateFileRequest", &["purpose"]),
            ("FilePurpose", &["assistants"]),
            ("FileObject", &["id"]),
            (
                "CreateVectorStoreFileBatchRequest",
                &["file_ids?", "attributes?", "chunking_strategy?"],
            ),
            ("VectorStoreFileAttributes", &[]),
            ("ChunkingStrategy", &[TAGGED]),
            (
                "VectorStoreFileBatchObject",
                &["id", "status", "file_counts"],
            ),
            ("VectorStoreFileCounts", &["completed", "total"]),
            ("VectorStoreFileObject", &["id", "status"]),
        ],
    },
    Consumer {
        name: "the ready-made response of deleteMessage",
        feature: Some("mock"),
        cfg: Some("DeleteMessageResponse"),
        operations: &["deleteMessage"],
        schemas: &[("DeleteMessageResponse", &[])],
    },
];
