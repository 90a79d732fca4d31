//! Adds files to a vector store, and waits until they are indexed.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use crate::client::core::Client;
use crate::client::operation;
use crate::error::core::Result;
use crate::files::indexed::{Indexed, NotUploaded};
use crate::http::path;
use crate::http::sealed::Sealed;
use crate::http::upload::Upload;
use crate::run::limits::Limits;
use crate::run::polling::Pace;
use crate::run::wait_settings::{WaitSettings, wait_setters};
use crate::types::setters::{Given, IntoPairs, IntoValue};
use crate::types::{
    AttributeValue, ChunkingStrategy, FilePurpose, VectorStoreFileBatchObject as Batch,
    VectorStoreFileObject, builder,
};

/// How many files a server accepts in a batch.
const MAX_BATCH: usize = 500;
/// The statuses of a batch that do not change any more.
const TERMINAL: [&str; 3] = ["completed", "failed", "cancelled"];
/// How many files are uploaded at the same time.
const CONCURRENCY: usize = 5;

type OnState = Box<dyn FnMut(&Batch) + Send>;

/// The files that are added.
pub(super) enum Files {
    Uploads(Vec<Upload>),
    Uploaded(Vec<String>),
    Batch(String),
}

/// Files are uploaded and added, see [`IndexFiles`].
///
/// # Examples
///
/// ```
/// use openai_assistants::{IndexFiles, Uploads};
///
/// fn one_by_one(files: IndexFiles<Uploads>) -> IndexFiles<Uploads> {
///     files.concurrency(1)
/// }
/// ```
#[derive(Debug)]
pub enum Uploads {}

/// Files that are on the server are added, see [`IndexFiles`].
///
/// # Examples
///
/// ```
/// use openai_assistants::{FileIds, IndexFiles, VectorStore};
///
/// fn add(store: &VectorStore, ids: Vec<String>) -> IndexFiles<FileIds> {
///     store.add_and_wait(ids)
/// }
/// ```
#[derive(Debug)]
pub enum FileIds {}

/// Files were added earlier, see [`IndexFiles`].
///
/// # Examples
///
/// ```
/// use openai_assistants::{BatchId, IndexFiles, VectorStore};
///
/// fn resume(store: &VectorStore, batch_id: &str) -> IndexFiles<BatchId> {
///     store.wait_for_batch(batch_id)
/// }
/// ```
#[derive(Debug)]
pub enum BatchId {}

/// Files are added to the store, see [`IndexFiles`].
///
/// # Examples
///
/// ```
/// use openai_assistants::{AddsFiles, IndexFiles};
///
/// fn of_docs<S: AddsFiles>(files: IndexFiles<S>) -> IndexFiles<S> {
///     files.attributes([("team", "docs")])
/// }
/// ```
pub trait AddsFiles: Sealed {}

impl Sealed for Uploads {}
impl Sealed for FileIds {}
impl AddsFiles for Uploads {}
impl AddsFiles for FileIds {}

/// Adds files to a vector store, and waits until they are indexed.
///
/// Created by the methods of [`VectorStore`](crate::VectorStore). The status `failed` or `cancelled` of a
/// file is part of the outcome. So is a file that cannot be uploaded; the others are added. An unknown
/// status of a batch counts as in progress.
///
/// `S` states where the files come from: [`Uploads`], [`FileIds`] or [`BatchId`]. What does not apply to them
/// cannot be set:
///
/// ```compile_fail
/// # fn example(store: openai_assistants::VectorStore) {
/// store.wait_for_batch("vsfb_1").attributes([("team", "docs")]);
/// # }
/// ```
///
/// ```compile_fail
/// # fn example(store: openai_assistants::VectorStore) {
/// store.add_and_wait(["file_1"]).concurrency(2);
/// # }
/// ```
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// use std::time::Duration;
/// use openai_assistants::Upload;
///
/// let files = ["a.md", "b.md"].map(Upload::path);
/// let indexed = client
///     .vector_store("vs_1")
///     .upload_and_wait(files)
///     .attributes([("team", "docs")])
///     .deadline(Duration::from_secs(300))
///     .on_state(|batch| println!("{}: {} indexed", batch.id, batch.file_counts.completed))
///     .wait()
///     .await?;
/// println!("{:?}", indexed.is_complete());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until `wait` is called"]
pub struct IndexFiles<S = Uploads> {
    store: Store,
    files: Files,
    source: PhantomData<fn() -> S>,
    wait: WaitSettings,
    on_state: Option<OnState>,
}

/// The vector store, and how files are added to it.
struct Store {
    client: Client,
    id: String,
    concurrency: usize,
    /// What all uploads have in common.
    file: builder::CreateFileRequest,
    /// What all batches have in common.
    batch: builder::CreateVectorStoreFileBatchRequest,
}

impl<S> IndexFiles<S> {
    pub(super) fn new(client: Client, store_id: String, files: Files) -> Self {
        Self {
            store: Store {
                client,
                id: store_id,
                concurrency: CONCURRENCY,
                file: builder::CreateFileRequest::default().purpose(FilePurpose::Assistants),
                batch: builder::CreateVectorStoreFileBatchRequest::default(),
            },
            files,
            source: PhantomData,
            wait: WaitSettings::default(),
            on_state: None,
        }
    }
}

impl IndexFiles<Uploads> {
    /// Sets the purpose of the uploaded files. The default is `assistants`.
    pub fn purpose(mut self, purpose: impl IntoValue<FilePurpose, Given>) -> Self {
        self.store.file = self.store.file.purpose(purpose);
        self
    }

    /// Sets how many files are uploaded at the same time. The default is 5.
    pub fn concurrency(mut self, files: usize) -> Self {
        self.store.concurrency = files.max(1);
        self
    }
}

impl<S: AddsFiles> IndexFiles<S> {
    /// Sets attributes of all files. A further call adds pairs.
    pub fn attributes<M>(mut self, pairs: impl IntoPairs<AttributeValue, M>) -> Self {
        self.store.batch = self.store.batch.attributes(pairs);
        self
    }

    /// Sets how all files are split into chunks.
    pub fn chunking_strategy<M>(mut self, strategy: impl IntoValue<ChunkingStrategy, M>) -> Self {
        self.store.batch = self.store.batch.chunking_strategy(strategy);
        self
    }
}

impl<S> IndexFiles<S> {
    wait_setters!();

    /// Calls a function with each batch that is created or polled.
    ///
    /// Keep its ID to resume after an error, with
    /// [`wait_for_batch`](crate::VectorStore::wait_for_batch).
    pub fn on_state(mut self, function: impl FnMut(&Batch) + Send + 'static) -> Self {
        self.on_state = Some(Box::new(function));
        self
    }

    /// Uploads the files, creates the batches, and polls until all files are indexed.
    ///
    /// A poll with a transient failure is repeated, as in [`Follow::wait`](crate::Follow::wait).
    ///
    /// # Errors
    /// A setting is invalid, and nothing is sent. A batch cannot be created, and the message has the IDs of the files that were uploaded for it. A
    /// batch cannot be fetched, the deadline passes, or the caller cancels: a deadline and a
    /// cancellation name the batch, and [`on_state`](Self::on_state) has received it in any case.
    pub async fn wait(self) -> Result<Indexed> {
        let Self {
            store,
            files,
            wait,
            mut on_state,
            ..
        } = self;
        // An invalid setting is an error before anything is sent.
        store.file.clone().build()?;
        store.batch.clone().build()?;
        path::segment("vector_store_id", &store.id)?;
        let interval = wait.interval;
        let (_, mut limits) = wait.start(&store.client.config().clock);
        let mut report = |batch: &Batch| {
            if let Some(on_state) = &mut on_state {
                on_state(batch);
            }
        };
        let mut indexed = Indexed::default();
        let (file_ids, mut batch_ids) = match files {
            Files::Uploads(files) => {
                let ids = store.upload(files, &mut limits, &mut indexed).await?;
                (ids, Vec::new())
            }
            Files::Uploaded(ids) => (ids, Vec::new()),
            Files::Batch(id) => (Vec::new(), vec![id]),
        };
        for ids in file_ids.chunks(MAX_BATCH) {
            let created = limits.run(store.create(ids)).await;
            let created = created.unwrap_or_else(|reason| {
                Err(reason.error("the batch may not exist").unsettled(true))
            });
            let batch = created.map_err(|mut error| {
                error.add_note(&format!("uploaded, and not added: {}", ids.join(", ")));
                error
            })?;
            report(&batch);
            batch_ids.push(batch.id);
        }
        for id in batch_ids {
            let pace = Pace::new(interval);
            let batch = store.finished(&id, pace, &mut limits, &mut report).await?;
            if batch.file_counts.completed < batch.file_counts.total {
                let failed = limits.run(store.failed_files(&id)).await;
                indexed.failed.extend(failed.unwrap_or_else(|reason| {
                    Err(reason.error(&format!("the files of the batch {id} are not listed")))
                })?);
            }
            indexed.batches.push(batch);
        }
        Ok(indexed)
    }
}

impl Store {
    /// Uploads files, and returns their IDs.
    async fn upload(
        &self,
        files: Vec<Upload>,
        limits: &mut Limits,
        indexed: &mut Indexed,
    ) -> Result<Vec<String>> {
        let count = files.len();
        let files = files.into_iter().enumerate();
        let uploads = stream::iter(files).map(|(index, file)| async move {
            let name = file.name().to_owned();
            let create = self.client.create_file().body(self.file.clone());
            let sent = create.file(file).send().await;
            (
                index,
                sent.map_err(|error| NotUploaded { index, name, error }),
            )
        });
        // A slow upload does not hold back the IDs of others: an error names them.
        let mut uploads = uploads.buffer_unordered(self.concurrency).boxed();
        let mut uploaded = Vec::new();
        let collected = limits
            .run(async {
                while let Some(upload) = uploads.next().await {
                    uploaded.push(upload);
                }
            })
            .await;
        uploaded.sort_by_key(|(index, _)| *index);
        for (_, upload) in uploaded {
            match upload {
                Ok(file) => indexed.uploaded.push(file),
                Err(failure) => indexed.not_uploaded.push(failure),
            }
        }
        let ids = indexed.uploaded.iter().map(|file| file.id.clone());
        let ids: Vec<String> = ids.collect();
        collected.map_err(|reason| {
            let mut text = format!("{} of {count} files are uploaded", ids.len());
            if !ids.is_empty() {
                text += &format!(", and not added: {}", ids.join(", "));
            }
            reason.error(&text).unsettled(true)
        })?;
        Ok(ids)
    }

    async fn create(&self, file_ids: &[String]) -> Result<Batch> {
        let body = self.batch.clone().file_ids(file_ids.to_vec());
        let create = self.client.create_vector_store_file_batch();
        create.vector_store_id(&self.id).body(body).send().await
    }

    /// Polls until the status of a batch is terminal.
    async fn finished(
        &self,
        id: &str,
        mut pace: Pace,
        limits: &mut Limits,
        report: &mut impl FnMut(&Batch),
    ) -> Result<Batch> {
        let clock = &self.client.config().clock;
        let mut delay = Duration::ZERO;
        let mut state = format!("the batch {id} was not fetched");
        loop {
            let poll = async {
                if !delay.is_zero() {
                    clock.sleep(delay).await;
                }
                let get = self.client.get_vector_store_file_batch();
                let get = get.vector_store_id(&self.id).batch_id(id);
                operation::send_response(get).await
            };
            let polled = limits.run(poll).await;
            match polled.map_err(|reason| reason.error(&state))? {
                Ok(response) => {
                    pace.update(response.headers());
                    delay = pace.delay();
                    let batch = response.into_inner();
                    report(&batch);
                    if TERMINAL.contains(&batch.status.as_str()) {
                        return Ok(batch);
                    }
                    let counts = &batch.file_counts;
                    state = format!(
                        "the batch {id} is `{}` and has indexed {} of {} files",
                        batch.status, counts.completed, counts.total
                    );
                }
                Err(error) => {
                    let transient = pace.delay_after(&error);
                    delay = transient.ok_or(error)?;
                }
            }
        }
    }

    /// Fetches the files of a batch that are not indexed.
    async fn failed_files(&self, id: &str) -> Result<Vec<VectorStoreFileObject>> {
        let list = self.client.list_files_in_vector_store_batch();
        let list = list.vector_store_id(&self.id).batch_id(id);
        let mut files = list.limit(100).items();
        let mut failed = Vec::new();
        while let Some(file) = files.try_next().await? {
            if file.status.as_str() != "completed" {
                failed.push(file);
            }
        }
        Ok(failed)
    }
}

impl<S> fmt::Debug for IndexFiles<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexFiles")
            .field("store_id", &self.store.id)
            .field("interval", &self.wait.interval)
            .field("deadline", &self.wait.deadline)
            .finish_non_exhaustive()
    }
}
