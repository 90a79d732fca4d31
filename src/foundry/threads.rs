//! The operation that lists threads.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::core::Client;
use crate::client::operation::{self, Operation};
use crate::client::pagination::{self, Items, List, Page, Pages};
use crate::error::core::Result;
use crate::http::operation_info::OperationInfo;
use crate::http::request::{Request, RequestOptions, request_options};
use crate::http::response::Response;
use crate::http::sealed::Sealed;
use crate::json::scalar;
use crate::types::{ListOrder, ThreadObject};

impl Client {
    /// Lists the threads of a Foundry project.
    ///
    /// Astra Assistants has this operation too.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let mut threads = client.list_threads().limit(100).items();
    /// while let Some(thread) = threads.try_next().await? {
    ///     println!("{}: {}", thread.id, thread.created_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "paginate")]
    pub fn list_threads(&self) -> ListThreads {
        ListThreads {
            client: self.clone(),
            options: RequestOptions::default(),
            limit: None,
            order: None,
            after: None,
            before: None,
        }
    }
}

/// Request builder for the list of threads (`GET /threads`).
///
/// Created by [`Client::list_threads`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send`, `items` or `pages` is called"]
pub struct ListThreads {
    client: Client,
    options: RequestOptions,
    limit: Option<i64>,
    order: Option<ListOrder>,
    after: Option<String>,
    before: Option<String>,
}

impl ListThreads {
    /// Sets the page size, from 1 to 100 threads.
    ///
    /// It does not limit the list as a whole.
    pub fn limit(mut self, limit: i64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sets the order by time of creation.
    ///
    /// The default is newest first.
    pub fn order(mut self, order: ListOrder) -> Self {
        self.order = Some(order);
        self
    }

    /// Sets the cursor: returns threads after this ID.
    pub fn after(mut self, id: impl Into<String>) -> Self {
        self.after = Some(id.into());
        self
    }

    /// Sets the cursor: returns threads before this ID.
    pub fn before(mut self, id: impl Into<String>) -> Self {
        self.before = Some(id.into());
        self
    }

    request_options!();

    /// Sends the request and returns one page.
    ///
    /// # Errors
    /// An argument is invalid, the request failed, the server returned an error, or the response
    /// cannot be deserialized. See [`Error`](crate::Error).
    pub async fn send(self) -> Result<ThreadPage> {
        operation::send(self).await
    }

    /// Sends the request and returns one page with status and headers.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_response(self) -> Result<Response<ThreadPage>> {
        operation::send_response(self).await
    }

    /// Returns a stream over all threads.
    ///
    /// It fetches pages on demand. If only `before` is set, it pages backwards.
    pub fn items(self) -> Items<Self> {
        pagination::items(self)
    }

    /// Returns a stream over the pages of the list.
    pub fn pages(self) -> Pages<Self> {
        pagination::pages(self)
    }
}

impl Sealed for ListThreads {}

impl Operation for ListThreads {
    type Output = ThreadPage;

    const INFO: &'static OperationInfo = &OperationInfo {
        id: "listThreads",
        method: "GET",
        path: "/threads",
    };

    fn into_request(self) -> Result<Request> {
        let query = [
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("order", self.order.map(|order| order.to_string())),
            ("after", self.after),
            ("before", self.before),
        ];
        let query: Vec<(&str, String)> = query
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let path = format!("{}/threads", self.client.config().base_path());
        let request = Request::new(
            self.client.config().clone(),
            Self::INFO,
            self.options,
            Method::GET,
            &path,
            "application/json",
        );
        Ok(request.query(&query))
    }
}

impl List for ListThreads {
    type Item = ThreadObject;
    type Page = ThreadPage;

    fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    fn set_after(&mut self, cursor: Option<String>) {
        self.after = cursor;
    }

    fn set_before(&mut self, cursor: Option<String>) {
        self.before = cursor;
    }
}

/// A page of a list of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "object", rename = "list")]
#[non_exhaustive]
pub struct ThreadPage {
    /// The threads.
    ///
    /// A response without `data` is an error.
    #[serde(deserialize_with = "scalar::null_as_default")]
    pub data: Vec<ThreadObject>,
    /// ID of the first thread: the cursor for `before`.
    pub first_id: Option<String>,
    /// ID of the last thread: the cursor for `after`.
    pub last_id: Option<String>,
    /// Whether there are more pages in this direction.
    #[serde(default, deserialize_with = "scalar::null_as_default")]
    pub has_more: bool,
}

impl Sealed for ThreadPage {}

impl Page for ThreadPage {
    type Item = ThreadObject;

    fn items(&self) -> &[ThreadObject] {
        &self.data
    }

    fn into_items(self) -> Vec<ThreadObject> {
        self.data
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn first_id(&self) -> Option<&str> {
        self.first_id.as_deref()
    }

    fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    fn id(thread: &ThreadObject) -> &str {
        &thread.id
    }
}
