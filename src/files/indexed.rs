//! The outcome of indexing files.

use crate::error::core::Error;
use crate::types::{FileObject, VectorStoreFileBatchObject, VectorStoreFileObject};

/// What became of files that were added to a vector store.
///
/// A file that could not be uploaded or indexed is part of the outcome, and not an error.
///
/// # Examples
///
/// ```no_run
/// # async fn example(store: openai_assistants::VectorStore) -> openai_assistants::Result<()> {
/// let indexed = store.add_and_wait(["file_1", "file_2"]).wait().await?;
/// if !indexed.is_complete() {
///     println!("{} of the files are missing", indexed.failed.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Indexed {
    /// The uploaded files, in the order in which they were passed.
    pub uploaded: Vec<FileObject>,
    /// The names of the files that could not be uploaded, with the reason.
    pub not_uploaded: Vec<(String, Error)>,
    /// The batches, at most 500 files each, with their status and counts.
    pub batches: Vec<VectorStoreFileBatchObject>,
    /// The files that could not be indexed, or whose batch was cancelled.
    pub failed: Vec<VectorStoreFileObject>,
}

impl Indexed {
    /// Whether all files were uploaded and indexed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let mut batches = self.batches.iter();
        self.not_uploaded.is_empty()
            && batches.all(|batch| {
                let counts = &batch.file_counts;
                batch.status.as_str() == "completed" && counts.completed == counts.total
            })
    }
}
