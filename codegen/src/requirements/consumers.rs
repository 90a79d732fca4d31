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
    /// The required schemas, each with properties, tags or values. A property is written with its
    /// type, a list in brackets: `data: [RunObject]`. With the suffix `?` it has to be an `Option`, and
    /// with `~` it may be one; any other must not be one. `any` accepts every type. A constant is written with its value:
    /// `object = thread.run`. [`TAGGED`] requires a tagged union, which keeps unknown members.
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
                    "id: string",
                    "thread_id: string",
                    "status: RunStatus",
                    "created_at: time",
                    "required_action?: RunRequiredAction",
                ],
            ),
            ("RunStatus", &[]),
            (
                "MessageObject",
                &[
                    "id: string",
                    "thread_id: string",
                    "created_at: time",
                    "run_id?: string",
                    "role: MessageRole",
                    "content: [MessageContent]",
                ],
            ),
            ("MessageRole", &["user", "assistant"]),
            ("MessageContent", &["text"]),
            ("MessageContentTextObject", &["text: MessageText"]),
            ("MessageText", &["value: string"]),
            (
                "RunStepObject",
                &[
                    "id: string",
                    "thread_id: string",
                    "run_id: string",
                    "step_details: RunStepDetails",
                ],
            ),
            ("RunStepToolCall", &[]),
            ("ListRunsResponse", &["data: [RunObject]"]),
            (
                "ListMessagesResponse",
                &["data: [MessageObject]", "has_more: boolean"],
            ),
            (
                "ListRunStepsResponse",
                &["data: [RunStepObject]", "has_more: boolean"],
            ),
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
            (
                "RunToolCallObject",
                &["id: string", "function: RunToolCallFunction"],
            ),
            (
                "RunToolCallFunction",
                &["name: string", "arguments: string"],
            ),
            (
                "SubmitToolOutputsRunRequest",
                &["tool_outputs~: [ToolOutput]"],
            ),
            ("ToolOutput", &["tool_call_id?: string", "output?: any"]),
            ("AssistantTool", &["function"]),
        ],
    },
    Consumer {
        name: "the feature `mock` (src/mock/)",
        feature: Some("mock"),
        cfg: None,
        operations: &[],
        schemas: &[
            ("AssistantObject", &["id: string"]),
            ("ThreadObject", &[]),
            ("ListAssistantsResponse", &[]),
            ("DeleteAssistantResponse", &[]),
            ("DeleteThreadResponse", &[]),
            ("ErrorResponse", &[]),
            ("RunStatus", &["requires_action"]),
            ("TextAnnotation", &[TAGGED]),
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
            ("ThreadObject", &["id: string"]),
            ("RunObject", &["object = thread.run"]),
            ("MessageObject", &["object = thread.message"]),
            ("RunStepObject", &["object = thread.run.step"]),
            (
                "MessageDeltaObject",
                &[
                    "object = thread.message.delta",
                    "id: string",
                    "delta: MessageDelta",
                ],
            ),
            ("MessageDelta", &["content?: [MessageDeltaContent]"]),
            ("MessageDeltaContent", &["text"]),
            (
                "MessageDeltaContentTextObject",
                &["text?: MessageTextDelta"],
            ),
            (
                "RunStepDeltaObject",
                &[
                    "object = thread.run.step.delta",
                    "id: string",
                    "delta: RunStepDelta",
                ],
            ),
            ("RunStepDetails", &["tool_calls"]),
            (
                "RunStepDetailsToolCallsObject",
                &["tool_calls: [RunStepToolCall]"],
            ),
            ("RunStepToolCall", &["function"]),
            (
                "RunStepDetailsToolCallsFunctionObject",
                &["id: string", "function: FunctionCall"],
            ),
            ("FunctionCall", &["name: string", "arguments: string"]),
            ("RunRequiredAction", &["submit_tool_outputs"]),
            ("RunToolCall", &["function"]),
            (
                "RunToolCallFunction",
                &["name: string", "arguments: string"],
            ),
        ],
    },
    Consumer {
        name: "content parts of new messages (src/types/content.rs)",
        feature: None,
        cfg: Some("CreateMessageContentPart"),
        operations: &[],
        schemas: &[
            (
                "CreateMessageContentPart",
                &["text", "image_url", "image_file"],
            ),
            ("MessageRequestContentTextObject", &["text: string"]),
            ("MessageContentImageUrlObject", &["image_url: ImageUrl"]),
            ("ImageUrl", &["url: string"]),
            ("MessageContentImageFileObject", &["image_file: ImageFile"]),
            ("ImageFile", &["file_id: string"]),
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
            ("MessageContentRefusalObject", &["refusal: string"]),
        ],
    },
    Consumer {
        name: "approvals and actions on a computer (src/foundry/)",
        feature: Some("foundry"),
        cfg: Some("RunToolCallMcp"),
        operations: &[],
        schemas: &[
            ("RunRequiredAction", &["submit_tool_approval"]),
            (
                "SubmitToolApprovalRequiredAction",
                &["submit_tool_approval: SubmitToolApprovalAction"],
            ),
            ("SubmitToolApprovalAction", &["tool_calls: [RunToolCall]"]),
            ("RunToolCall", &["mcp", "computer_use_preview"]),
            ("RunToolCallMcp", &["id: string"]),
            ("RunToolCallComputerUse", &["id: string"]),
            (
                "SubmitToolOutputsRunRequest",
                &[
                    "tool_outputs~: [ToolOutput]",
                    "tool_approvals~: [ToolApproval]",
                ],
            ),
            (
                "ToolApproval",
                &["tool_call_id: string", "approve: boolean"],
            ),
            (
                "ToolOutput",
                &[
                    "tool_call_id?: string",
                    "output?: any",
                    "type?: ToolOutputType",
                ],
            ),
            ("ToolOutputType", &["computer_call_output"]),
            ("ComputerScreenshot", &[]),
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
            ("CreateFileRequest", &["purpose: FilePurpose"]),
            ("FilePurpose", &["assistants"]),
            ("FileObject", &["id: string"]),
            (
                "CreateVectorStoreFileBatchRequest",
                &[
                    "file_ids?: [string]",
                    "attributes?: VectorStoreFileAttributes",
                    "chunking_strategy?: ChunkingStrategy",
                ],
            ),
            ("VectorStoreFileAttributes", &[]),
            ("ChunkingStrategy", &[TAGGED]),
            (
                "VectorStoreFileBatchObject",
                &[
                    "id: string",
                    "status: VectorStoreFileStatus",
                    "file_counts: VectorStoreFileCounts",
                ],
            ),
            (
                "VectorStoreFileCounts",
                &["completed: integer", "total: integer"],
            ),
            (
                "VectorStoreFileObject",
                &["id: string", "status: VectorStoreFileStatus"],
            ),
        ],
    },
    Consumer {
        name: "ready-made files and vector stores",
        feature: Some("mock"),
        cfg: Some("VectorStoreFileBatchObject"),
        operations: &[],
        schemas: &[
            ("FileObject", &[]),
            ("VectorStoreObject", &[]),
            ("VectorStoreFileObject", &[]),
            ("VectorStoreFileBatchObject", &[]),
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
