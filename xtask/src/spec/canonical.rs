//! Names that make a document of this project canonical: title, extensions and schemas.

use serde_json::Value;

/// The title of canonical documents, and of no others.
pub(super) const TITLE: &str = "OpenAI Assistants API";

/// Extension of `info`: facts about the upstream document.
pub(super) const SOURCE: &str = "x-source";

/// Extension of an operation: the event type of its stream.
pub(super) const EVENT_STREAM: &str = "x-event-stream";

/// Extension of an operation: the name of its method, if the ID is misspelled.
pub(super) const RUST_NAME: &str = "x-rust-name";

/// Extension of whatever an overlay describes, until descriptions are carried over.
pub(super) const DESCRIPTION: &str = "x-description";

/// Extension of a tagged object or a primitive that becomes a union of one member.
pub(super) const UNION_OF_ONE: &str = "x-union-of-one";

/// Extension of a member of a union of deltas: the tag of the member that it continues.
pub(super) const MERGES_INTO: &str = "x-merges-into";

/// The union of all stream events. No upstream operation refers to it.
pub(super) const STREAM_EVENT: &str = "AssistantStreamEvent";

/// The body of error responses.
pub(super) const ERROR_RESPONSE: &str = "ErrorResponse";

/// Returns whether the importer wrote the document. It may have been edited since.
pub(super) fn is_canonical(document: &Value) -> bool {
    document
        .pointer("/info/title")
        .is_some_and(|title| title == TITLE)
}
