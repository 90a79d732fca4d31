//! Passages of files that file search finds.

use serde_json::{Value, json};

/// A passage of a file that file search finds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Passage {
    /// ID of the file.
    pub file_id: String,
    /// Name of the file.
    pub file_name: String,
    /// Attributes of the file in its vector store.
    pub attributes: Value,
    /// The share of the words of the query that the passage has, from 0 to 1.
    pub score: f64,
    /// The text.
    pub text: String,
    /// The line of the text that has the most words of the query.
    pub line: String,
}

impl Passage {
    /// A passage of a script.
    pub(crate) fn scripted(file_id: String, file_name: String, text: String) -> Self {
        Self {
            file_id,
            file_name,
            attributes: json!({}),
            score: 0.9,
            line: text.clone(),
            text,
        }
    }
}
