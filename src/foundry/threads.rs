//! The list of threads.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::codec;
use crate::error::Result;
use crate::operation::{
    self, Operation, OperationInfo, Request, RequestOptions, Response, Sealed, options,
};
use crate::pagination::{self, Items, List, Page, Pages};
use crate::types::{ListOrder, ThreadObject};

impl Client {
    /// Lists the threads of a project of Foundry. (Astra Assistants has this list as well.)
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let mut threads = client.list_threads().limit(100).items();
    /// while let Some(thread) = threads.try_next().await? {
    ///     println!("{} of {}", thread.id, thread.created_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
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

/// Made by [`Client::list_threads`].
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
    /// How many threads one page holds, from 1 to 100. It is the size of a page, not of the
    /// whole list.
    pub fn limit(mut self, limit: i64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Order by time of creation; the newest first if it is left out.
    pub fn order(mut self, order: ListOrder) -> Self {
        self.order = Some(order);
        self
    }

    /// Cursor: the page begins behind the thread with this id.
    pub fn after(mut self, id: impl Into<String>) -> Self {
        self.after = Some(id.into());
        self
    }

    /// Cursor: the page ends ahead of the thread with this id.
    pub fn before(mut self, id: impl Into<String>) -> Self {
        self.before = Some(id.into());
        self
    }

    options!();

    /// Sends `GET /threads` and decodes the page that it is answered with.
    ///
    /// # Errors
    /// [`Error`](crate::Error) tells what went wrong: before anything was sent, on the way, at the server,
    /// or in the answer.
    pub async fn send(self) -> Result<ThreadPage> {
        operation::send(self).await
    }

    /// Like [`send`](Self::send), with the status and the headers of the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_response(self) -> Result<Response<ThreadPage>> {
        operation::send_response(self).await
    }

    /// Every thread of the list, page after page. With `before` set, and `after` not, the
    /// list is walked backwards.
    pub fn items(self) -> Items<Self> {
        pagination::items(self)
    }

    /// The pages of the list, one answer after the other.
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
        let path = format!("{}/threads", self.client.base_path());
        let request = Request::new(
            self.client,
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

/// One page of a list of threads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "object", rename = "list")]
#[non_exhaustive]
pub struct ThreadPage {
    /// The threads of this page. Without it the answer is none of a list.
    #[serde(deserialize_with = "codec::null_as_default")]
    pub data: Vec<ThreadObject>,
    /// Id of the first thread of the page: the cursor for `before`.
    pub first_id: Option<String>,
    /// Id of the last thread of the page: the cursor for `after`.
    pub last_id: Option<String>,
    /// Whether more threads follow in the direction of paging.
    #[serde(default, deserialize_with = "codec::null_as_default")]
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
