//! Lists, page after page.
//!
//! While a page is in the caller's hands, the one behind it is on its way: its request
//! goes out before the page is handed over, and the connection's own task receives the
//! head of the answer. The body is read whenever the caller asks for something; the
//! time-out runs only while the caller waits for it. That takes no task of the list's
//! own; dropping the list ends it. The first page is fetched alone, so that a look at
//! the top of a list costs one request.

use std::collections::HashSet;
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_core::Stream;

use crate::clock::NOBODY;
use crate::error::{Error, Result};
use crate::operation::{self, Operation, Sealed};

/// An answer that is one page of a list.
pub trait Page: Sealed + Send + 'static {
    /// What the list is of.
    type Item: Send + 'static;

    /// The items, in the order of the server.
    fn items(&self) -> &[Self::Item];

    /// The items by themselves.
    fn into_items(self) -> Vec<Self::Item>;

    /// Whether there is another page behind this one.
    fn has_more(&self) -> bool;

    /// The cursor at the beginning of the page, if the server sent it.
    fn first_id(&self) -> Option<&str>;

    /// The cursor at the end of the page, if the server sent it.
    fn last_id(&self) -> Option<&str>;

    /// The cursor of an item.
    fn id(item: &Self::Item) -> &str;
}

/// An operation that answers with one page of a list.
///
/// Its builder has the methods `items` and `pages`.
pub trait List: Operation<Output = <Self as List>::Page> + Clone {
    /// What the list is of.
    type Item: Send + 'static;

    /// A page of it.
    type Page: Page<Item = Self::Item>;

    /// The cursor that the list starts behind.
    fn after(&self) -> Option<&str>;

    /// The cursor that the list ends in front of.
    fn before(&self) -> Option<&str>;

    /// Sets the cursor that the list starts behind.
    fn set_after(&mut self, cursor: Option<String>);

    /// Sets the cursor that the list ends in front of.
    fn set_before(&mut self, cursor: Option<String>);
}

/// All items of `list`.
pub(crate) fn items<L: List>(list: L) -> Items<L> {
    Items {
        pages: pages(list),
        page: Vec::new().into_iter(),
    }
}

/// All pages of `list`.
pub(crate) fn pages<L: List>(list: L) -> Pages<L> {
    let backwards = list.after().is_none() && list.before().is_some();
    let start = if backwards {
        list.before()
    } else {
        list.after()
    };
    let mut seen = Seen::default();
    if let Some(cursor) = start {
        seen.is_new(cursor);
    }
    Pages {
        list,
        backwards,
        seen,
        read_ahead: false,
        next: Next::Ask,
    }
}

/// The items of a list, fetched page by page: a `Stream` of `Result<Item, Error>`.
///
/// After an error it ends. To go on from where it was, start again with `after` set to
/// the id of the last item that came. A list that is walked backwards, with `before`,
/// has its pages in reverse order and the items of each as the server sends them.
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
#[must_use = "nothing is fetched until items are asked for"]
pub struct Items<L: List> {
    pages: Pages<L>,
    page: vec::IntoIter<L::Item>,
}

/// The pages of a list as the server sends them: a `Stream` of `Result<Page, Error>`.
///
/// After an error it ends.
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
#[must_use = "nothing is fetched until pages are asked for"]
pub struct Pages<L: List> {
    /// With the cursor of the page to fetch next.
    list: L,
    backwards: bool,
    seen: Seen,
    read_ahead: bool,
    next: Next<L::Page>,
}

enum Next<P> {
    Ask,
    Asked(Pin<Box<dyn Future<Output = Result<P>> + Send>>),
    Here(Result<P>),
    End,
}

impl<L: List> Pages<L> {
    /// The next page; nothing after the last.
    ///
    /// # Errors
    /// The page cannot be fetched, or the list does not come to an end.
    pub async fn try_next(&mut self) -> Result<Option<L::Page>> {
        poll_fn(|context| self.poll_page(context)).await.transpose()
    }

    fn poll_page(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<L::Page>>> {
        loop {
            match mem::replace(&mut self.next, Next::End) {
                Next::Ask => self.next = self.ask(),
                Next::Asked(mut page) => match page.as_mut().poll(context) {
                    Poll::Ready(result) => self.next = Next::Here(result),
                    Poll::Pending => {
                        self.next = Next::Asked(page);
                        return Poll::Pending;
                    }
                },
                Next::Here(Ok(page)) => {
                    self.next = self.behind(&page);
                    self.advance();
                    return Poll::Ready(Some(Ok(page)));
                }
                Next::Here(Err(error)) => return Poll::Ready(Some(Err(error))),
                Next::End => return Poll::Ready(None),
            }
        }
    }

    /// Goes on with the page that is on its way, as far as that can be done without
    /// waiting. Nobody is woken for it: it is looked at again when it is due.
    fn advance(&mut self) {
        if let Next::Asked(page) = &mut self.next
            && let Poll::Ready(result) = page.as_mut().poll(&mut Context::from_waker(&NOBODY))
        {
            self.next = Next::Here(result);
        }
    }

    fn ask(&self) -> Next<L::Page> {
        Next::Asked(Box::pin(operation::send(self.list.clone())))
    }

    /// What comes after a page.
    fn behind(&mut self, page: &L::Page) -> Next<L::Page> {
        if !page.has_more() {
            return Next::End;
        }
        let Some(cursor) = self.cursor(page) else {
            return fail::<L>("the server says that there are more pages, but not where");
        };
        if !self.seen.is_new(&cursor) {
            return fail::<L>("the server points to a page that has been fetched before");
        }
        if self.backwards {
            self.list.set_before(Some(cursor));
        } else {
            self.list.set_after(Some(cursor));
        }
        if mem::replace(&mut self.read_ahead, true) {
            self.ask()
        } else {
            Next::Ask
        }
    }

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
    Next::Here(Err(Error::paging(reason).at(L::INFO.id, 0)))
}

impl<L: List> Items<L> {
    /// The next item; nothing after the last.
    ///
    /// # Errors
    /// A page cannot be fetched, or the list does not come to an end.
    pub async fn try_next(&mut self) -> Result<Option<L::Item>> {
        poll_fn(|context| self.poll_item(context)).await.transpose()
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<L::Item>>> {
        loop {
            if let Some(item) = self.page.next() {
                self.pages.advance();
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(context)) {
                Some(Ok(page)) => self.page = page.into_items().into_iter(),
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

// Nothing in them is ever pinned in place.
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
            .field("at_hand", &self.page.len())
            .finish()
    }
}

/// The cursors that have been followed, as 8 bytes each.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

impl Seen {
    fn is_new(&mut self, cursor: &str) -> bool {
        self.hashes.insert(self.hasher.hash_one(cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RetryPolicy;
    use crate::testing::{ListThings, PAUSE, Server, TestClock, list_things, reply, turns, until};

    fn page(ids: &[&str], more: &str) -> String {
        let data: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
        reply(
            200,
            "",
            &format!(r#"{{"data":[{}],{more}}}"#, data.join(",")),
        )
    }

    const MORE: &str = r#""has_more":true"#;
    const LAST: &str = r#""has_more":false"#;

    /// The ids that come, and the error that ends them.
    async fn walk(list: ListThings) -> (Vec<String>, Option<Error>) {
        let mut items = items(list);
        let mut ids = Vec::new();
        let error = loop {
            match items.try_next().await {
                Ok(Some(item)) => ids.push(item.id),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert!(matches!(items.try_next().await, Ok(None)), "it has ended");
        (ids, error)
    }

    #[tokio::test]
    async fn all_pages_are_fetched() {
        let server = Server::start([
            page(&["a", "b"], r#""has_more":true,"last_id":"b""#),
            page(&["c", "d"], r#""has_more":true,"last_id":"d""#),
            page(&["e"], LAST),
        ])
        .await;
        let (ids, error) = walk(list_things(&server.client())).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(ids, ["a", "b", "c", "d", "e"]);
        assert_eq!(
            server.lines(),
            [
                "GET /v1/things",
                "GET /v1/things?after=b",
                "GET /v1/things?after=d"
            ]
        );
    }

    #[tokio::test]
    async fn the_last_item_stands_in_for_a_cursor() {
        for more in [
            MORE,
            r#""has_more":true,"last_id":null"#,
            r#""has_more":true,"last_id":"""#,
        ] {
            let server = Server::start([page(&["a", "b"], more), page(&["c"], LAST)]).await;
            let (ids, error) = walk(list_things(&server.client())).await;
            assert!(error.is_none());
            assert_eq!(ids, ["a", "b", "c"]);
            assert_eq!(server.lines()[1], "GET /v1/things?after=b");
        }
    }

    #[tokio::test]
    async fn a_list_can_be_walked_backwards() {
        let server = Server::start([
            page(&["c", "d"], r#""has_more":true,"first_id":"c""#),
            page(&["a", "b"], MORE),
            page(&[], LAST),
        ])
        .await;
        let mut list = list_things(&server.client());
        list.before = Some("e".to_owned());
        let (ids, error) = walk(list).await;
        assert!(error.is_none());
        assert_eq!(ids, ["c", "d", "a", "b"]);
        assert_eq!(
            server.lines(),
            [
                "GET /v1/things?before=e",
                "GET /v1/things?before=c",
                "GET /v1/things?before=a"
            ]
        );
    }

    #[tokio::test]
    async fn a_list_is_resumed_from_a_cursor_up_to_another() {
        let server = Server::start([page(&["c"], MORE), page(&["d"], LAST)]).await;
        let mut list = list_things(&server.client());
        (list.after, list.before) = (Some("b".to_owned()), Some("e".to_owned()));
        assert_eq!(walk(list).await.0, ["c", "d"]);
        assert_eq!(
            server.lines(),
            [
                "GET /v1/things?after=b&before=e",
                "GET /v1/things?after=c&before=e"
            ]
        );
    }

    #[tokio::test]
    async fn more_without_a_cursor_is_an_error() {
        let server = Server::start([page(&["a"], MORE), page(&[], MORE)]).await;
        let (ids, error) = walk(list_things(&server.client())).await;
        let error = error.expect("the list has no end");
        assert_eq!(
            (ids, error.operation()),
            (vec!["a".to_owned()], Some("listThings"))
        );
        assert!(error.to_string().contains("not where"), "{error}");
        assert_eq!(server.requests().len(), 2);
    }

    #[tokio::test]
    async fn a_cursor_that_repeats_is_an_error() {
        let server =
            Server::start([page(&["a"], MORE), page(&["b"], MORE), page(&["a"], MORE)]).await;
        let (ids, error) = walk(list_things(&server.client())).await;
        assert_eq!(ids, ["a", "b", "a"]);
        assert!(
            error
                .expect("it goes round")
                .to_string()
                .contains("fetched before")
        );
        assert_eq!(server.requests().len(), 3);

        let server = Server::start([page(&["a"], MORE)]).await;
        let mut list = list_things(&server.client());
        list.after = Some("a".to_owned());
        let (ids, error) = walk(list).await;
        assert_eq!(
            (ids.len(), error.is_some(), server.requests().len()),
            (1, true, 1)
        );
    }

    #[tokio::test]
    async fn a_page_that_fails_ends_the_list() {
        let server = Server::start([page(&["a"], MORE), reply(404, "", "")]).await;
        let (ids, error) = walk(list_things(&server.client())).await;
        assert_eq!(ids, ["a"]);
        assert!(error.expect("the page is missing").is_not_found());
    }

    #[tokio::test]
    async fn an_empty_list_is_no_error() {
        let server = Server::start([page(&[], LAST)]).await;
        let (ids, error) = walk(list_things(&server.client())).await;
        assert!(ids.is_empty() && error.is_none());
    }

    #[tokio::test]
    async fn pages_come_as_they_are() {
        let server = Server::start([page(&["a", "b"], MORE), page(&["c"], LAST)]).await;
        let mut pages = pages(list_things(&server.client()));
        assert_eq!(pages.try_next().await.unwrap().unwrap().data.len(), 2);
        assert_eq!(pages.try_next().await.unwrap().unwrap().data.len(), 1);
        assert!(pages.try_next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn one_page_is_fetched_ahead_from_the_second_on() {
        let ids = ["a", "b", "c", "d"];
        let server = Server::start(ids.map(|id| page(&[id], MORE))).await;
        let mut pages = pages(list_things(&server.client()));
        assert!(server.requests().is_empty());
        pages.try_next().await.unwrap();
        assert!(
            matches!(pages.next, Next::Ask),
            "the first page comes alone"
        );

        pages.try_next().await.unwrap();
        until(|| server.requests().len() == 3).await;
        turns().await;
        assert_eq!(
            server.requests().len(),
            3,
            "one page is fetched ahead, not two"
        );
        assert_eq!(pages.try_next().await.unwrap().unwrap().data[0].id, "c");
    }

    #[tokio::test]
    async fn the_time_that_the_caller_takes_is_not_the_servers() {
        let pieces = |id| page(&[id], MORE).replace("\r\n\r\n", &format!("\r\n\r\n{PAUSE}"));
        let pieces = |id| pieces(id).replace(r#"],"#, &format!("],{PAUSE}"));
        let server = Server::start(["a", "b", "c", "d"].map(pieces)).await;
        let clock = TestClock::default();
        let builder = server.builder(&clock).retry(RetryPolicy::never());
        let list = list_things(&builder.build().unwrap());

        let mut pages = pages(list.clone());
        for id in ["a", "b", "c", "d"] {
            let page = pages.try_next().await.expect("it is in time").unwrap();
            assert_eq!(page.data[0].id, id);
            turns().await;
            clock.pass();
        }
    }

    #[tokio::test]
    async fn the_page_ahead_goes_on_while_items_are_taken() {
        let ids: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let server =
            Server::start([page(&["a"], MORE), page(&ids, MORE), reply(500, "", "")]).await;
        let mut items = items(list_things(&server.client()));
        // The page behind fails, is tried again twice, and is kept until it is due.
        while server.requests().len() < 5 || !matches!(items.pages.next, Next::Here(Err(_))) {
            assert!(
                items
                    .try_next()
                    .await
                    .expect("the page before is good")
                    .is_some()
            );
            tokio::task::yield_now().await;
        }
        assert!(items.page.len() > 0);
    }

    #[test]
    fn lists_are_streams_that_can_be_sent_and_moved() {
        fn check<T: Stream + Send + Unpin + 'static>() {}
        check::<Items<ListThings>>();
        check::<Pages<ListThings>>();
    }
}
