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
    /// The files that could not be uploaded, in the order in which they were passed.
    pub not_uploaded: Vec<NotUploaded>,
    /// The batches, at most 500 files each, with their status and counts.
    pub batches: Vec<VectorStoreFileBatchObject>,
    /// The files that could not be indexed, or whose batch was cancelled.
    pub failed: Vec<VectorStoreFileObject>,
}

/// A file that could not be uploaded.
///
/// # Examples
///
/// ```no_run
/// # fn example(indexed: openai_assistants::Indexed) {
/// for file in &indexed.not_uploaded {
///     println!("{}, file {}: {}", file.name, file.index, file.error);
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NotUploaded {
    /// The position of the file among those that were passed. Names may repeat.
    pub index: usize,
    /// The file name with which it was uploaded.
    pub name: String,
    /// Why it could not be uploaded.
    pub error: Error,
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
