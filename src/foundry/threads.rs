//! The operation that lists threads.

use http::Method;
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::client::core::Client;
use crate::client::operation::{self, Operation};
use crate::client::pagination::{self, Items, List, Page, Pages};
use crate::error::core::Result;
use crate::http::operation_info::OperationInfo;
use crate::http::options::{RequestOptions, request_options};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::sealed::Sealed;
use crate::json::extra::Extra;
use crate::json::malformed_item::MalformedItem;
use crate::json::object::{self, Object, Writer};
use crate::json::properties::Properties;
use crate::json::rule::{AsIs, NullAsDefault};
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
        is_idempotent: true,
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
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ThreadPage {
    /// The threads.
    ///
    /// A response without `data` is an error.
    pub data: Vec<ThreadObject>,
    /// ID of the first thread: the cursor for `before`.
    pub first_id: Option<String>,
    /// ID of the last thread: the cursor for `after`.
    pub last_id: Option<String>,
    /// Whether there are more pages in this direction.
    pub has_more: bool,
    /// Items that cannot be deserialized. They are not in `data`.
    pub malformed: Vec<MalformedItem>,
    /// Unknown and malformed properties, verbatim. They are serialized in place of fields.
    pub extra: Extra,
}

impl<'de> Deserialize<'de> for ThreadPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object::decode(deserializer)
    }
}

impl Object for ThreadPage {
    const NAME: &'static str = "ThreadPage";

    fn field(property: &str) -> Option<usize> {
        let fields = ["data", "first_id", "last_id", "has_more", "object"];
        fields.iter().position(|field| *field == property)
    }

    fn extra(&self) -> &Extra {
        &self.extra
    }

    fn decode<'de, A: MapAccess<'de>>(
        properties: &mut Properties<'de, A>,
    ) -> Result<Self, A::Error> {
        let (mut data, mut first_id, mut last_id, mut has_more) = (None, None, None, None);
        let mut malformed = Vec::new();
        while let Some(field) = properties.next(Self::field)? {
            match field {
                Some(0) => properties.items("data", &mut data, &mut malformed),
                Some(1) => properties.set::<AsIs, _>("first_id", &mut first_id),
                Some(2) => properties.set::<AsIs, _>("last_id", &mut last_id),
                Some(3) => properties.set::<NullAsDefault, _>("has_more", &mut has_more),
                Some(4) => properties.constant("object", "list"),
                _ => properties.keep(),
            }?;
        }
        Ok(Self {
            data: properties.required("data", data)?,
            first_id: first_id.unwrap_or_default(),
            last_id: last_id.unwrap_or_default(),
            has_more: has_more.unwrap_or_default(),
            malformed,
            extra: properties.take_extra(),
        })
    }
}

impl Serialize for ThreadPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Writer::new(serializer, &self.extra)?;
        object.field("object", "list")?;
        object.items("data", &self.data, &self.malformed)?;
        object.field("first_id", &self.first_id)?;
        object.field("last_id", &self.last_id)?;
        object.field("has_more", &self.has_more)?;
        object.end()
    }
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

    fn malformed(&self) -> &[MalformedItem] {
        &self.malformed
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
