//! Auto-pagination: streams of the pages and items of a list.
//!
//! From the second page on, the next page is prefetched by a task while the caller reads a page.
//! Dropping the list aborts the task. The first page is fetched without the second, so reading the
//! beginning of a list takes one request.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::client::operation::{self, Operation};
use crate::error::core::{Error, Result};
use crate::http::sealed::Sealed;
use crate::json::malformed_item::MalformedItem;

/// A response that is one page of a list.
///
/// # Examples
///
/// ```
/// use openai_assistants::Page;
///
/// fn ids<P: Page>(page: &P) -> Vec<&str> {
///     page.items().iter().map(P::id).collect()
/// }
/// ```
pub trait Page: Sealed + DeserializeOwned + Send + 'static {
    /// An item of the list.
    type Item: Send + 'static;

    /// Returns the items, in the order of the server.
    fn items(&self) -> &[Self::Item];

    /// Converts the page to its items.
    fn into_items(self) -> Vec<Self::Item>;

    /// Returns the items that cannot be deserialized, in the order of the server.
    fn malformed(&self) -> &[MalformedItem];

    /// Whether there are more items in the direction of paging.
    fn has_more(&self) -> bool;

    /// Returns the cursor of the first item, if the server sent it.
    fn first_id(&self) -> Option<&str>;

    /// Returns the cursor of the last item, if the server sent it.
    fn last_id(&self) -> Option<&str>;

    /// Returns the cursor of an item.
    fn id(item: &Self::Item) -> &str;
}

/// An operation that returns one page of a list.
///
/// Its request builder has the methods `items` and `pages`.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Items, List, Result};
///
/// async fn first<L: List>(mut items: Items<L>) -> Result<Option<L::Item>> {
///     items.try_next().await
/// }
/// ```
pub trait List: Operation<Output = <Self as List>::Page> + Clone {
    /// An item of the list.
    type Item: Send + 'static;

    /// A page of the list.
    type Page: Page<Item = Self::Item>;

    /// Returns the cursor after which the page starts.
    fn after(&self) -> Option<&str>;

    /// Returns the cursor before which the page ends.
    fn before(&self) -> Option<&str>;

    /// Sets the cursor after which the page starts.
    #[doc(hidden)]
    fn set_after(&mut self, cursor: Option<String>);

    /// Sets the cursor before which the page ends.
    #[doc(hidden)]
    fn set_before(&mut self, cursor: Option<String>);
}

/// Returns all items of a list.
pub(crate) fn items<L: List>(list: L) -> Items<L> {
    Items(pages(list).0.map_ok(entries::<L>).try_flatten().boxed())
}

/// Returns all pages of a list.
pub(crate) fn pages<L: List>(list: L) -> Pages<L> {
    let backwards = list.after().is_none() && list.before().is_some();
    let start = if backwards {
        list.before()
    } else {
        list.after()
    };
    let mut seen = SeenCursors::default();
    if let Some(cursor) = start {
        seen.insert(cursor);
    }
    let reader = Reader {
        list,
        backwards,
        seen,
        prefetches: false,
        prefetched: JoinSet::new(),
    };
    Pages(stream::try_unfold(Ok(Some(reader)), read).boxed())
}

/// A stream of all items of a list, with auto-pagination.
///
/// It is a `Stream` of `Result<Item, Error>` that fetches pages on demand. An item that cannot be
/// deserialized is an error with [`is_decode`](crate::Error::is_decode) and its index, and the list
/// continues with the next item. It ends after any other error. To resume, start a new list with `after` set to the ID of the last item. A list with
/// only `before` is read backwards: its pages are in reverse order, the items of each page in the
/// order of the server.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// let mut messages = client.list_messages().thread_id("thread_1").limit(100).items();
/// while let Some(message) = messages.try_next().await? {
///     println!("{}", message.id);
/// }
/// # Ok(())
/// # }
/// ```
#[doc(alias = "paginate")]
#[must_use = "nothing is fetched until the stream is polled"]
pub struct Items<L: List>(BoxStream<'static, Result<L::Item>>);

/// A stream of the pages of a list.
///
/// It is a `Stream` of `Result<Page, Error>` that fetches pages on demand and ends after an error. From the second
/// page on, the next one is fetched in the background and read completely, so a list that is not read does not hold up
/// other calls on an HTTP/2 connection.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// let mut pages = client.list_assistants().limit(50).pages();
/// while let Some(page) = pages.try_next().await? {
///     println!("{} assistants, up to {:?}", page.data.len(), page.last_id);
/// }
/// # Ok(())
/// # }
/// ```
#[doc(alias = "paginate")]
#[must_use = "nothing is fetched until the stream is polled"]
pub struct Pages<L: List>(BoxStream<'static, Result<L::Page>>);

impl<L: List> Pages<L> {
    /// Returns the next page, or `None` after the last.
    ///
    /// # Errors
    /// The page cannot be fetched, or its cursor is missing or repeats.
    pub async fn try_next(&mut self) -> Result<Option<L::Page>> {
        self.0.try_next().await
    }
}

impl<L: List> Items<L> {
    /// Returns the next item, or `None` after the last.
    ///
    /// # Errors
    /// A page cannot be fetched, or its cursor is missing or repeats. If only the item cannot be
    /// deserialized, the list continues with the next item.
    pub async fn try_next(&mut self) -> Result<Option<L::Item>> {
        self.0.try_next().await
    }
}

impl<L: List> Stream for Pages<L> {
    type Item = Result<L::Page>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_next_unpin(context)
    }
}

impl<L: List> Stream for Items<L> {
    type Item = Result<L::Item>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_next_unpin(context)
    }
}

impl<L: List> fmt::Debug for Pages<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({})", L::INFO.id)
    }
}

impl<L: List> fmt::Debug for Items<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Items({})", L::INFO.id)
    }
}

/// The position in a list.
struct Reader<L: List> {
    /// With the cursor of the next page.
    list: L,
    backwards: bool,
    seen: SeenCursors,
    /// Whether the next page is prefetched: from the second page on.
    prefetches: bool,
    /// The task that fetches the next page.
    prefetched: JoinSet<Result<L::Page>>,
}

/// What follows a page: more pages, the end of the list, or an error.
type Next<L> = Result<Option<Reader<L>>>;

/// Reads the next page, and returns it with what follows.
async fn read<L: List>(next: Next<L>) -> Result<Option<(L::Page, Next<L>)>> {
    let Some(mut reader) = next? else {
        return Ok(None);
    };
    let page = match reader.prefetched.join_next().await {
        Some(Ok(page)) => page?,
        // Not prefetched, or the runtime of the task has ended.
        _ => operation::send(reader.list.clone()).await?,
    };
    if !page.has_more() {
        return Ok(Some((page, Ok(None))));
    }
    let Some(cursor) = reader.cursor(&page) else {
        let error = error::<L>("the page has `has_more: true` but no cursor to continue from");
        return Ok(Some((page, Err(error))));
    };
    // The page repeats with its cursor.
    if !reader.seen.insert(&cursor) {
        return Err(error::<L>(
            "the server returned a cursor that was used before",
        ));
    }
    if reader.backwards {
        reader.list.set_before(Some(cursor));
    } else {
        reader.list.set_after(Some(cursor));
    }
    if mem::replace(&mut reader.prefetches, true) {
        let next = operation::send(reader.list.clone());
        reader.prefetched.spawn(next.in_current_span());
    }
    Ok(Some((page, Ok(Some(reader)))))
}

impl<L: List> Reader<L> {
    /// Returns the cursor of the next page: the one that the server sent, or else an item's ID.
    fn cursor(&self, page: &L::Page) -> Option<String> {
        let (sent, item) = match self.backwards {
            true => (page.first_id(), page.items().first()),
            false => (page.last_id(), page.items().last()),
        };
        let item = item.map(L::Page::id);
        [sent, item]
            .into_iter()
            .flatten()
            .find(|cursor| !cursor.is_empty())
            .map(str::to_owned)
    }
}

fn error<L: List>(reason: &str) -> Error {
    Error::pagination(reason).in_operation(L::INFO.id, 0)
}

/// The items of a page, and an error for each malformed one, in the order of the server.
fn entries<L: List>(page: L::Page) -> impl Stream<Item = Result<L::Item>> {
    let mut malformed = page.malformed().to_vec().into_iter().peekable();
    let mut items = page.into_items().into_iter();
    stream::iter((0..).map_while(
        move |index| match malformed.next_if(|item| item.index <= index) {
            Some(item) => Some(Err(malformed_item::<L>(&item))),
            None => items.next().map(Ok),
        },
    ))
}

/// Returns the error of an item that cannot be deserialized.
pub(crate) fn malformed_item<L: List>(item: &MalformedItem) -> Error {
    let error = Error::malformed_item(item.index, &item.reason, &item.value.to_string());
    error.in_operation(L::INFO.id, 0)
}

/// The cursors that were used, as hashes: 8 bytes for each page.
#[derive(Default)]
struct SeenCursors {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl SeenCursors {
    /// Records a cursor. Returns whether it is new.
    fn insert(&mut self, cursor: &str) -> bool {
        self.hashes.insert(self.hasher.hash_one(cursor))
    }
}
