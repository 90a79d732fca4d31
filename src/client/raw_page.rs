//! Auto-pagination of raw calls.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::client::operation::Operation;
use crate::client::pagination::{self, Items, List, Page, Pages};
use crate::client::raw::{INFO, RawRequest};
use crate::error::core::Result;
use crate::http::operation_info::OperationInfo;
use crate::http::request::Request;
use crate::http::sealed::Sealed;
use crate::json::lenient;
use crate::json::malformed_item::MalformedItem;
use crate::json::raw::Json;

const AFTER: &str = "after";
const BEFORE: &str = "before";

impl RawRequest {
    /// Returns all items of a list, with auto-pagination by the query parameter `after`.
    ///
    /// The response has `data` and `has_more`. The cursor of the next page is `last_id`, or else the `id`
    /// of the last item. With only `before` in the query, the list is read backwards.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// use openai_assistants::Method;
    /// use openai_assistants::types::ThreadObject;
    ///
    /// let call = client.request(Method::GET, "/threads").query("limit", "100");
    /// let mut threads = call.items::<ThreadObject>();
    /// while let Some(thread) = threads.try_next().await? {
    ///     println!("{}", thread.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "paginate")]
    pub fn items<T: DeserializeOwned + Send + 'static>(self) -> Items<RawList<T>> {
        pagination::items(RawList::new(self))
    }

    /// Returns the pages of a list, as [`items`](Self::items) does.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let call = client.request(openai_assistants::Method::GET, "/batches");
    /// let mut pages = call.pages::<serde_json::Value>();
    /// while let Some(page) = pages.try_next().await? {
    ///     println!("{} batches", page.data.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "paginate")]
    pub fn pages<T: DeserializeOwned + Send + 'static>(self) -> Pages<RawList<T>> {
        pagination::pages(RawList::new(self))
    }
}

/// A raw call that returns one page of a list of `T`.
///
/// Created by [`RawRequest::items`] and [`RawRequest::pages`].
///
/// # Examples
///
/// ```
/// use openai_assistants::types::ThreadObject;
/// use openai_assistants::{Items, RawList, Result};
///
/// async fn count(mut threads: Items<RawList<ThreadObject>>) -> Result<usize> {
///     let mut count = 0;
///     while threads.try_next().await?.is_some() {
///         count += 1;
///     }
///     Ok(count)
/// }
/// ```
pub struct RawList<T> {
    call: RawRequest,
    item: PhantomData<fn() -> T>,
}

impl<T> RawList<T> {
    fn new(call: RawRequest) -> Self {
        Self {
            call,
            item: PhantomData,
        }
    }
}

impl<T> Clone for RawList<T> {
    fn clone(&self) -> Self {
        Self::new(self.call.clone())
    }
}

impl<T> fmt::Debug for RawList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawList").field(&self.call).finish()
    }
}

impl<T> Sealed for RawList<T> {}

impl<T: DeserializeOwned + Send + 'static> Operation for RawList<T> {
    type Output = RawPage<T>;

    const INFO: &'static OperationInfo = INFO;

    fn into_request(self) -> Result<Request> {
        self.call.into_request("application/json")
    }
}

impl<T: DeserializeOwned + Send + 'static> List for RawList<T> {
    type Item = T;
    type Page = RawPage<T>;

    fn after(&self) -> Option<&str> {
        self.call.options.query_value(AFTER)
    }

    fn before(&self) -> Option<&str> {
        self.call.options.query_value(BEFORE)
    }

    fn set_after(&mut self, cursor: Option<String>) {
        self.call.options.set_query(AFTER, cursor);
    }

    fn set_before(&mut self, cursor: Option<String>) {
        self.call.options.set_query(BEFORE, cursor);
    }
}

/// A page of a list of a raw call.
///
/// # Examples
///
/// ```
/// use openai_assistants::RawPage;
///
/// let json = r#"{"data": [{"id": "batch_1"}], "has_more": true}"#;
/// let page: RawPage<serde_json::Value> = serde_json::from_str(json)?;
/// assert_eq!(page.last_id.as_deref(), Some("batch_1"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RawPage<T> {
    /// The items, in the order of the server.
    pub data: Vec<T>,
    /// Items that cannot be deserialized. They are not in `data`.
    pub malformed: Vec<MalformedItem>,
    /// Whether there are more items in the direction of paging.
    pub has_more: bool,
    /// The cursor of the first item, or else its ID.
    pub first_id: Option<String>,
    /// The cursor of the last item, or else its ID.
    pub last_id: Option<String>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for RawPage<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Received {
            data: Option<Vec<Json>>,
            has_more: Option<bool>,
            first_id: Option<String>,
            last_id: Option<String>,
        }

        #[derive(Deserialize)]
        struct Identified {
            id: Option<String>,
        }

        let page = Received::deserialize(deserializer)?;
        let received = page
            .data
            .ok_or_else(|| serde::de::Error::missing_field("data"))?;
        let id = |item: Option<&Json>| item?.parse::<Identified>().ok()?.id;
        let (mut data, mut malformed) = (Vec::new(), Vec::new());
        for (index, item) in received.iter().enumerate() {
            match lenient::from_str(item.as_str()) {
                Ok(item) => data.push(item),
                Err(error) => malformed.push(MalformedItem {
                    index,
                    value: lenient::value(item),
                    reason: lenient::reason(&error),
                }),
            }
        }
        Ok(Self {
            data,
            malformed,
            has_more: page.has_more.unwrap_or_default(),
            first_id: page.first_id.or_else(|| id(received.first())),
            last_id: page.last_id.or_else(|| id(received.last())),
        })
    }
}

impl<T> Sealed for RawPage<T> {}

impl<T: DeserializeOwned + Send + 'static> Page for RawPage<T> {
    type Item = T;

    fn items(&self) -> &[T] {
        &self.data
    }

    fn into_items(self) -> Vec<T> {
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

    /// Returns nothing: the page has the IDs of its first and last item.
    fn id(_: &T) -> &str {
        ""
    }
}
