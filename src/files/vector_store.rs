//! A handle of a vector store.

use crate::client::core::Client;
use crate::files::index_files::{BatchId, FileIds, Files, IndexFiles, Uploads};
use crate::http::upload::Upload;

/// A vector store on the server.
///
/// Created by [`Client::vector_store`].
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// use openai_assistants::Upload;
///
/// let store = client.vector_store("vs_1");
/// let files = [Upload::path("a.md"), Upload::bytes("b.md", "# B")];
/// let indexed = store.upload_and_wait(files).wait().await?;
/// for file in &indexed.failed {
///     println!("{} was not indexed: {:?}", file.id, file.last_error);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VectorStore {
    client: Client,
    id: String,
}

impl Client {
    /// Returns a handle of a vector store. Nothing is sent.
    #[must_use]
    pub fn vector_store(&self, id: impl Into<String>) -> VectorStore {
        VectorStore {
            client: self.clone(),
            id: id.into(),
        }
    }
}

impl VectorStore {
    /// Uploads files, adds them to the store, and waits until they are indexed.
    ///
    /// At most five files are uploaded at the same time. See [`IndexFiles`].
    #[doc(alias = "upload_and_poll")]
    pub fn upload_and_wait(
        &self,
        files: impl IntoIterator<Item = impl Into<Upload>>,
    ) -> IndexFiles<Uploads> {
        let files = files.into_iter().map(Into::into);
        self.index(Files::Uploads(files.collect()))
    }

    /// Adds uploaded files to the store, and waits until they are indexed.
    #[doc(alias = "create_and_poll")]
    pub fn add_and_wait(
        &self,
        file_ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> IndexFiles<FileIds> {
        let ids = file_ids.into_iter().map(Into::into);
        self.index(Files::Uploaded(ids.collect()))
    }

    /// Waits until the files of a batch are indexed, after an earlier wait that ended with an error.
    #[doc(alias = "poll")]
    pub fn wait_for_batch(&self, batch_id: impl Into<String>) -> IndexFiles<BatchId> {
        self.index(Files::Batch(batch_id.into()))
    }

    fn index<S>(&self, files: Files) -> IndexFiles<S> {
        IndexFiles::new(self.client.clone(), self.id.clone(), files)
    }
}
