//! Generates names for schemas that are inline upstream.
//!
//! A name consists of the name of the enclosing schema, without `Object`, `Request`,
//! `Response` and the verb of a request, and the name of the property (singular for items of
//! an array). [`PREFERRED`] overrides generated names. Schemas share a name only if they are
//! equal.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::PREFIX;

/// Generated names and their overrides.
#[rustfmt::skip]
const PREFERRED: &[(&str, &str)] = &[
    // Tools and their resources.
    ("RunTool", "AssistantTool"),
    ("ThreadAndRunTool", "AssistantTool"),
    ("AssistantToolsFunctionFunction", "FunctionObject"),
    ("FileSearchRankingOptionsRanker", "FileSearchRanker"),
    ("AssistantToolsFileSearchFileSearch", "FileSearchSettings"),
    ("AssistantToolResources", "ToolResources"),
    ("ThreadToolResources", "ToolResources"),
    ("ThreadAndRunToolResources", "ToolResources"),
    ("RunToolResources", "ToolResources"),
    ("AssistantToolsFileSearchTypeOnlyFileSearch", "FileSearchSettings"),
    ("CreateAssistantToolResources", "CreateToolResources"),
    ("CreateThreadToolResources", "CreateToolResources"),
    ("ToolResourcesCodeInterpreter", "CodeInterpreterResources"),
    ("ToolResourcesFileSearch", "FileSearchResources"),
    ("CreateToolResourcesCodeInterpreter", "CodeInterpreterResources"),
    ("CreateToolResourcesFileSearch", "CreateFileSearchResources"),
    ("CreateFileSearchResourcesVectorStore", "CreateVectorStore"),
    ("CreateVectorStoreChunkingStrategy", "ChunkingStrategy"),
    ("StaticChunkingStrategyStatic", "StaticChunking"),
    ("AssistantsNamedToolChoiceType", "ToolChoiceType"),
    ("AssistantsNamedToolChoiceFunction", "ToolChoiceFunction"),
    ("AssistantsApiNamedToolChoiceType", "ToolChoiceType"),
    ("AssistantsApiNamedToolChoiceFunction", "ToolChoiceFunction"),
    ("AssistantsApiToolChoiceOptionMode", "ToolChoiceMode"),
    ("ToolOutputsRunToolOutput", "ToolOutput"),
    ("ToolOutputOutput", "ToolOutputContent"),
    // Response formats.
    ("AssistantsApiResponseFormatOptionMode", "ResponseFormatMode"),
    ("AssistantsApiResponseFormatOptionObject", "ResponseFormat"),
    ("AssistantsApiResponseFormatType", "ResponseFormatType"),
    ("ResponseFormatJsonSchemaJsonSchema", "JsonSchemaFormat"),
    // Parameters.
    ("Order", "ListOrder"),
    ("Include", "RunStepInclude"),
    // Messages and their content.
    ("MessageIncompleteDetailsReason", "MessageIncompleteReason"),
    ("MessageAttachmentTool", "AttachmentTool"),
    ("CreateMessageAttachmentTool", "AttachmentTool"),
    ("CreateMessageContentItem", "CreateMessageContentPart"),
    ("MessageContentImageFileImageFile", "ImageFile"),
    ("MessageContentImageUrlImageUrl", "ImageUrl"),
    ("ImageFileDetail", "ImageDetail"),
    ("ImageUrlDetail", "ImageDetail"),
    ("MessageContentTextText", "MessageText"),
    ("MessageTextAnnotation", "TextAnnotation"),
    ("MessageContentTextAnnotationsFileCitationFileCitation", "FileCitation"),
    ("MessageContentTextAnnotationsFilePathFilePath", "FilePath"),
    // Deltas of messages.
    ("MessageDeltaDelta", "MessageDelta"),
    ("MessageDeltaRole", "MessageRole"),
    ("MessageDeltaContentImageFileImageFile", "ImageFileDelta"),
    ("MessageDeltaContentImageUrlImageUrl", "ImageUrlDelta"),
    ("ImageFileDeltaDetail", "ImageDetail"),
    ("ImageUrlDeltaDetail", "ImageDetail"),
    ("MessageDeltaContentTextText", "MessageTextDelta"),
    ("MessageTextDeltaAnnotation", "TextAnnotationDelta"),
    ("MessageDeltaContentTextAnnotationsFileCitationFileCitation", "FileCitationDelta"),
    ("MessageDeltaContentTextAnnotationsFilePathFilePath", "FilePathDelta"),
    // Files and vector stores.
    ("CreateFilePurpose", "FilePurpose"),
    ("VectorStoreChunkingStrategy", "ChunkingStrategy"),
    ("VectorStoreFileBatchFileCounts", "VectorStoreFileCounts"),
    ("VectorStoreFileBatchStatus", "VectorStoreFileStatus"),
    ("Filter", "VectorStoreFileStatus"),
    ("VectorStoreFileLastError", "VectorStoreFileError"),
    ("VectorStoreFileContentData", "VectorStoreFileContent"),
    ("VectorStoreFileAttributesValue", "AttributeValue"),
    ("VectorStoreFileAttributeValue", "AttributeValue"),
    ("CompoundFilterFilter", "AttributeFilter"),
    ("VectorStoreSearchFilters", "AttributeFilter"),
    ("ComparisonFilterType", "ComparisonOperator"),
    ("CompoundFilterType", "CompoundOperator"),
    ("VectorStoreSearchRankingOptionsRanker", "VectorStoreSearchRanker"),
    // Runs.
    ("RunIncompleteDetailsReason", "RunIncompleteReason"),
    ("RunLastError", "RunError"),
    ("SubmitToolOutputsRunRequiredAction", "SubmitToolOutputsRequiredAction"),
    ("SubmitToolOutputsRequiredActionSubmitToolOutputs", "SubmitToolOutputsAction"),
    ("SubmitToolOutputsActionToolCall", "RunToolCall"),
    ("SubmitToolApprovalActionToolCall", "RunToolCall"),
    // Run steps.
    ("RunStepLastError", "RunStepError"),
    ("RunStepStepDetails", "RunStepDetails"),
    ("RunStepDetailsMessageCreationMessageCreation", "MessageCreation"),
    ("RunStepDetailsToolCallsToolCall", "RunStepToolCall"),
    ("RunStepDetailsToolCallsCodeCodeInterpreter", "CodeInterpreterCall"),
    ("RunStepDetailsToolCallsCodeOutputImageImage", "CodeInterpreterImage"),
    ("RunStepDetailsToolCallsFileSearchFileSearch", "FileSearchCall"),
    ("RunStepDetailsToolCallsFileSearchResultContent", "FileSearchResultContent"),
    ("TextFileSearchResultContent", "FileSearchResultText"),
    ("RunStepDetailsToolCallsFunctionFunction", "FunctionCall"),
    ("CodeInterpreterCallOutput", "CodeInterpreterOutput"),
    // Deltas of run steps.
    ("RunStepDeltaDelta", "RunStepDelta"),
    ("RunStepDeltaStepDetails", "RunStepDeltaDetails"),
    ("RunStepDeltaStepDetailsMessageCreationMessageCreation", "MessageCreationDelta"),
    ("RunStepDeltaStepDetailsToolCallsToolCall", "RunStepToolCallDelta"),
    ("RunStepDeltaStepDetailsMcpToolCall", "RunStepToolCallDelta"),
    ("RunStepDeltaStepDetailsOpenApiToolCall", "RunStepToolCallDelta"),
    ("RunStepDeltaStepDetailsToolCallsCodeCodeInterpreter", "CodeInterpreterCallDelta"),
    ("RunStepDeltaStepDetailsToolCallsCodeOutputImageImage", "CodeInterpreterImageDelta"),
    ("RunStepDeltaStepDetailsToolCallsFileSearchFileSearch", "FileSearchCallDelta"),
    ("RunStepDeltaStepDetailsToolCallsFunctionFunction", "FunctionCallDelta"),
    ("CodeInterpreterCallDeltaOutput", "CodeInterpreterOutputDelta"),
];

/// Upstream components that get another name.
const RENAMED: [(&str, &str); 9] = [
    // In Rust, `Error` is the error of a failed call.
    ("Error", "ErrorObject"),
    ("OpenAIFile", "FileObject"),
    // The requests of assistants and threads have these inline, and the objects are equal.
    ("StaticChunkingStrategy", "StaticChunking"),
    (
        "StaticChunkingStrategyRequestParam",
        "StaticChunkingStrategy",
    ),
    (
        "StaticChunkingStrategyResponseParam",
        "StaticChunkingStrategy",
    ),
    ("AutoChunkingStrategyRequestParam", "AutoChunkingStrategy"),
    (
        "OtherChunkingStrategyResponseParam",
        "OtherChunkingStrategy",
    ),
    ("ChunkingStrategyRequestParam", "ChunkingStrategy"),
    ("UpdateVectorStoreRequest", "ModifyVectorStoreRequest"),
];

/// Suffixes of component names that describe the use of a schema.
const SUFFIXES: [&str; 3] = ["Object", "Request", "Response"];

/// Verbs at the start of the names of requests.
const VERBS: [&str; 3] = ["Create", "Modify", "Submit"];

/// Returns the operation ID that documents of all dates get. Upstream may mend a misspelled one,
/// which is part of no request.
pub(super) fn operation_id(id: &str) -> &str {
    match id {
        "submitToolOutputsToRun" => "submitToolOuputsToRun",
        id => id,
    }
}

/// Renames components, and the references to them. Equal components become one.
pub(super) fn rename_components(document: &mut Value) {
    for (name, renamed) in RENAMED {
        let schemas = document.pointer_mut("/components/schemas");
        let Some(schemas) = schemas.and_then(Value::as_object_mut) else {
            return;
        };
        let schema = schemas.get(name);
        if schema.is_none()
            || schemas
                .get(renamed)
                .is_some_and(|other| Some(other) != schema)
        {
            continue;
        }
        if let Some(schema) = schemas.remove(name) {
            schemas.insert(renamed.to_owned(), schema);
            replace(document, &at(name), &at(renamed));
        }
    }
}

fn at(component: &str) -> String {
    format!("{PREFIX}{component}")
}

/// Replaces a text wherever it is a value.
pub(super) fn replace(value: &mut Value, text: &str, replacement: &str) {
    match value {
        Value::String(found) if found == text => *found = replacement.to_owned(),
        Value::Array(items) => {
            for item in items {
                replace(item, text, replacement);
            }
        }
        Value::Object(map) => {
            for item in map.values_mut() {
                replace(item, text, replacement);
            }
        }
        _ => {}
    }
}

/// Returns the name that the import gives to an upstream component.
pub(super) fn renamed(component: &str) -> &str {
    let mut renamed = RENAMED.iter();
    let found = renamed.find(|(name, _)| *name == component);
    found.map_or(component, |(_, renamed)| renamed)
}

/// Candidate prefixes for the names of nested schemas, by preference.
#[derive(Clone, Debug)]
pub(super) struct Stem(Vec<String>);

impl Stem {
    /// The stem for schemas in an upstream component.
    pub(super) fn of_component(name: &str) -> Self {
        let stem = SUFFIXES
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .filter(|stem| !stem.is_empty())
            .unwrap_or(name);
        let noun = VERBS
            .iter()
            .find_map(|verb| stem.strip_prefix(verb))
            .filter(|noun| !noun.is_empty() && name.ends_with("Request"));
        let mut stems: Vec<String> = noun
            .into_iter()
            .chain([stem, name])
            .map(str::to_owned)
            .collect();
        stems.dedup();
        Self(stems)
    }

    /// The stem for schemas in a schema with the generated name `name`.
    pub(super) fn named(&self, name: &str) -> Self {
        let mut stems = vec![name.to_owned()];
        stems.extend(self.0.last().filter(|last| *last != name).cloned());
        Self(stems)
    }

    /// The stem for the parameters of an operation.
    pub(super) fn of_parameters(operation: &str) -> Self {
        Self(vec![String::new(), pascal(operation)])
    }

    /// Appends the name of a property or another part.
    pub(super) fn with(&self, part: &str) -> Self {
        Self(
            self.0
                .iter()
                .map(|stem| format!("{stem}{}", pascal(part)))
                .collect(),
        )
    }

    /// Converts the names to singular, for the items of an array.
    pub(super) fn singular(&self) -> Self {
        Self(self.0.iter().map(|stem| singular(stem)).collect())
    }
}

/// The used names, each with its schema.
#[derive(Default)]
pub(super) struct Names {
    used: BTreeMap<String, Value>,
}

impl Names {
    /// Reserves the name of an upstream component.
    pub(super) fn reserve(&mut self, name: &str, schema: &Value) {
        self.used.insert(name.to_owned(), schema.clone());
    }

    /// Chooses the name of a schema. Returns it and whether it is new.
    pub(super) fn choose(&mut self, stem: &Stem, schema: &Value) -> Option<(String, bool)> {
        for generated in &stem.0 {
            for name in [preferred(generated), generated] {
                let is_new = match self.used.get(name) {
                    None => true,
                    Some(other) if other == schema => false,
                    Some(_) => continue,
                };
                self.used.insert(name.to_owned(), schema.clone());
                // A different schema must not get the generated name of this one.
                self.used
                    .entry(generated.clone())
                    .or_insert_with(|| schema.clone());
                return Some((name.to_owned(), is_new));
            }
        }
        None
    }
}

fn preferred(generated: &str) -> &str {
    PREFERRED
        .iter()
        .find(|(name, _)| *name == generated)
        .map_or(generated, |(_, preferred)| preferred)
}

/// Converts a name to Pascal case.
///
/// Examples: `tool_calls` → `ToolCalls`, `thread.run.created` → `ThreadRunCreated`,
/// `include[]` → `Include`.
pub(super) fn pascal(name: &str) -> String {
    let words = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if ["sses", "xes", "ches", "shes"]
        .iter()
        .any(|plural| name.ends_with(plural))
    {
        return name[..name.len() - 2].to_owned();
    }
    match name.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name(names: &mut Names, component: &str, property: &str, schema: &Value) -> String {
        names
            .choose(&Stem::of_component(component).with(property), schema)
            .unwrap()
            .0
    }

    #[test]
    fn names_become_pascal_case() {
        for (word, expected) in [
            ("tool_calls", "ToolCalls"),
            ("thread.run.step.in_progress", "ThreadRunStepInProgress"),
            ("include[]", "Include"),
            ("createRun", "CreateRun"),
            ("é", ""),
        ] {
            assert_eq!(pascal(word), expected);
        }
    }

    #[test]
    fn plurals_become_singular() {
        for (plural, expected) in [
            ("Tools", "Tool"),
            ("Categories", "Category"),
            ("Boxes", "Box"),
            ("Content", "Content"),
            ("Status", "Status"),
            ("Class", "Class"),
            ("Analysis", "Analysis"),
        ] {
            assert_eq!(singular(plural), expected);
        }
    }

    #[test]
    fn names_omit_the_use_of_a_schema() {
        let mut names = Names::default();
        assert_eq!(
            name(&mut names, "RunObject", "status", &json!(1)),
            "RunStatus"
        );
        assert_eq!(
            name(&mut names, "CreateMessageRequest", "role", &json!(2)),
            "MessageRole"
        );
        assert_eq!(
            name(&mut names, "SubmitThingRequest", "x", &json!(3)),
            "ThingX"
        );
        assert_eq!(
            name(&mut names, "CreateThing", "x", &json!(4)),
            "CreateThingX"
        );
    }

    #[test]
    fn only_equal_schemas_share_a_name() {
        let mut names = Names::default();
        assert_eq!(
            name(&mut names, "MessageObject", "part", &json!(1)),
            "MessagePart"
        );
        assert_eq!(
            name(&mut names, "ModifyMessageRequest", "part", &json!(1)),
            "MessagePart"
        );
        assert_eq!(
            name(&mut names, "CreateMessageRequest", "part", &json!(2)),
            "CreateMessagePart"
        );
        names.reserve("ThingA", &json!(0));
        names.reserve("CreateThingA", &json!(0));
        assert_eq!(
            name(&mut names, "CreateThingRequest", "a", &json!(1)),
            "CreateThingRequestA"
        );
        assert!(
            names
                .choose(&Stem::of_component("Thing").with("a"), &json!(1))
                .is_none()
        );
    }

    #[test]
    fn preferred_names_override_generated_names() {
        let mut names = Names::default();
        assert_eq!(
            name(&mut names, "AssistantObject", "tool_resources", &json!(1)),
            "ToolResources"
        );
        assert_eq!(
            name(
                &mut names,
                "CreateAssistantRequest",
                "tool_resources",
                &json!(2)
            ),
            "CreateToolResources"
        );
        assert_eq!(
            name(
                &mut names,
                "CreateThreadRequest",
                "tool_resources",
                &json!(3)
            ),
            "ThreadToolResources"
        );
    }

    #[test]
    fn no_generated_name_has_two_overrides() {
        for (index, (generated, _)) in PREFERRED.iter().enumerate() {
            assert!(
                !PREFERRED[..index]
                    .iter()
                    .any(|(other, _)| other == generated),
                "{generated}"
            );
        }
    }

    #[test]
    fn equal_components_become_one_and_different_ones_stay() {
        let mut document = json!({"components": {"schemas": {
            "StaticChunkingStrategyRequestParam": {"type": "object"},
            "StaticChunkingStrategyResponseParam": {"type": "object"},
            "AutoChunkingStrategy": {"type": "string"},
            "AutoChunkingStrategyRequestParam": {"type": "object"},
        }}});
        rename_components(&mut document);
        assert_eq!(
            document["components"]["schemas"],
            json!({
                "StaticChunkingStrategy": {"type": "object"},
                "AutoChunkingStrategy": {"type": "string"},
                "AutoChunkingStrategyRequestParam": {"type": "object"},
            })
        );
    }

    #[test]
    fn upstream_components_are_renamed_with_their_references() {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let mut document = json!({"components": {"schemas": {
            "Error": {"type": "object"},
            "ErrorResponse": {"properties": {"error": {"allOf": [reference("Error")]}}},
        }}});
        rename_components(&mut document);
        let renamed = json!({"components": {"schemas": {
            "ErrorObject": {"type": "object"},
            "ErrorResponse": {"properties": {"error": {"allOf": [reference("ErrorObject")]}}},
        }}});
        assert_eq!(document, renamed);
        rename_components(&mut document);
        assert_eq!(document, renamed, "renaming is idempotent");
    }
}
