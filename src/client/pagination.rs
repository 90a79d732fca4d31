//! Auto-pagination: streams of the pages and items of a list.
//!
//! From the second page on, the next page is prefetched: its request is sent before a page is
//! returned, and the task of the connection receives the head of the response. The body is read
//! whenever the caller polls, and the time-out runs only while the caller waits for it. There is
//! no task per list, and dropping the list cancels the prefetch. The first page is fetched
//! without the second, so reading the beginning of a list takes one request.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use crate::client::operation::{self, Operation};
use crate::error::core::{Error, Result};
use crate::http::deadline::NO_WAKER;
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
pub trait Page: Sealed + Send + 'static {
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
    Items {
        pages: pages(list),
        page: Vec::new().into_iter(),
        malformed: VecDeque::new(),
        index: 0,
    }
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
    Pages {
        list,
        backwards,
        seen,
        prefetches: false,
        next: Next::Idle,
    }
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
pub struct Items<L: List> {
    pages: Pages<L>,
    /// The items of the current page that have not been returned.
    page: vec::IntoIter<L::Item>,
    /// The malformed items of the current page that have not been returned.
    malformed: VecDeque<MalformedItem>,
    /// The index of the next item in its page.
    index: usize,
}

/// A stream of the pages of a list.
///
/// It is a `Stream` of `Result<Page, Error>` that fetches pages on demand and ends after an error.
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
pub struct Pages<L: List> {
    /// With the cursor of the next page.
    list: L,
    backwards: bool,
    seen: SeenCursors,
    /// Whether the next page is requested before it is polled for.
    prefetches: bool,
    next: Next<L::Page>,
}

/// The state of the next page.
enum Next<P> {
    /// Not requested.
    Idle,
    Requested(Pin<Box<dyn Future<Output = Result<P>> + Send>>),
    Received(Result<P>),
    /// There is no further page.
    End,
}

impl<L: List> Pages<L> {
    /// Returns the next page, or `None` after the last.
    ///
    /// # Errors
    /// The page cannot be fetched, or its cursor is missing or repeats.
    pub async fn try_next(&mut self) -> Result<Option<L::Page>> {
        poll_fn(|context| self.poll_page(context)).await.transpose()
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<L::Page>>> {
        loop {
            match mem::replace(&mut self.next, Next::End) {
                Next::Idle => self.next = self.request(),
                Next::Requested(mut page) => match page.as_mut().poll(context) {
                    Poll::Ready(result) => self.next = Next::Received(result),
                    Poll::Pending => {
                        self.next = Next::Requested(page);
                        return Poll::Pending;
                    }
                },
                Next::Received(Ok(page)) => {
                    self.next = self.after(&page);
                    self.poll_prefetch();
                    return Poll::Ready(Some(Ok(page)));
                }
                Next::Received(Err(error)) => return Poll::Ready(Some(Err(error))),
                Next::End => return Poll::Ready(None),
            }
        }
    }

    /// Makes progress on a prefetched page without waiting. It wakes no task: the page is
    /// polled again when the caller needs it.
    fn poll_prefetch(&mut self) {
        if let Next::Requested(page) = &mut self.next
            && let Poll::Ready(result) = page.as_mut().poll(&mut Context::from_waker(&NO_WAKER))
        {
            self.next = Next::Received(result);
        }
    }

    fn request(&self) -> Next<L::Page> {
        Next::Requested(Box::pin(operation::send(self.list.clone())))
    }

    /// Returns the state after a page.
    fn after(&mut self, page: &L::Page) -> Next<L::Page> {
        if !page.has_more() {
            return Next::End;
        }
        let Some(cursor) = self.cursor(page) else {
            return fail::<L>("the page has `has_more: true` but no cursor to continue from");
        };
        if !self.seen.insert(&cursor) {
            return fail::<L>("the server returned a cursor that was used before");
        }
        if self.backwards {
            self.list.set_before(Some(cursor));
        } else {
            self.list.set_after(Some(cursor));
        }
        if mem::replace(&mut self.prefetches, true) {
            self.request()
        } else {
            Next::Idle
        }
    }

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

fn fail<L: List>(reason: &str) -> Next<L::Page> {
    Next::Received(Err(Error::pagination(reason).in_operation(L::INFO.id, 0)))
}

/// Returns the error of an item that cannot be deserialized.
pub(crate) fn malformed_item<L: List>(item: &MalformedItem) -> Error {
    let error = Error::malformed_item(item.index, &item.reason, &item.value.to_string());
    error.in_operation(L::INFO.id, 0)
}

impl<L: List> Items<L> {
    /// Returns the next item, or `None` after the last.
    ///
    /// # Errors
    /// A page cannot be fetched, or its cursor is missing or repeats. If only the item cannot be
    /// deserialized, the list continues with the next item.
    pub async fn try_next(&mut self) -> Result<Option<L::Item>> {
        poll_fn(|context| self.poll_item(context)).await.transpose()
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<L::Item>>> {
        loop {
            let index = self.index;
            let malformed = match self.malformed.front() {
                Some(item) if item.index <= index => self.malformed.pop_front(),
                _ => None,
            };
            let next = match malformed {
                Some(item) => Some(Err(malformed_item::<L>(&item))),
                None => self.page.next().map(Ok),
            };
            if let Some(item) = next {
                self.index += 1;
                self.pages.poll_prefetch();
                return Poll::Ready(Some(item));
            }
            match ready!(self.pages.poll_page(context)) {
                Some(Ok(page)) => {
                    self.malformed = page.malformed().to_vec().into();
                    self.page = page.into_items().into_iter();
                    self.index = 0;
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<L: List> Stream for Pages<L> {
    type Item = Result<L::Page>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_page(context)
    }
}

impl<L: List> Stream for Items<L> {
    type Item = Result<L::Item>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(context)
    }
}

// Neither has fields that are pinned in place.
impl<L: List> Unpin for Pages<L> {}
impl<L: List> Unpin for Items<L> {}

impl<L: List> fmt::Debug for Pages<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cursor = if self.backwards {
            self.list.before()
        } else {
            self.list.after()
        };
        f.debug_struct("Pages")
            .field("operation", &L::INFO.id)
            .field("cursor", &cursor)
            .finish_non_exhaustive()
    }
}

impl<L: List> fmt::Debug for Items<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("buffered", &self.page.len())
            .finish()
    }
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
