//! Pages and items of lists: cursors, errors and prefetch.

use std::convert::Infallible;
use std::sync::Arc;

use futures_core::Stream;
use openai_assistants::operations::ListAssistants;
use openai_assistants::{Credentials, Error, Items, Pages, RetryPolicy};

use super::empty_server;
use crate::support::{ManualClock, PAUSE, STALL, ScriptedServer, response, until, yield_often};

fn page(ids: &[&str], more: &str) -> String {
    let data: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    response(
        200,
        "",
        &format!(r#"{{"data":[{}],{more}}}"#, data.join(",")),
    )
}

const MORE: &str = r#""has_more":true"#;
const LAST: &str = r#""has_more":false"#;

/// Reads a list to its end. Returns the IDs of its items, and the error that ended it.
async fn read(list: ListAssistants) -> (Vec<String>, Option<Error>) {
    let mut items = list.items();
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
    let server = ScriptedServer::start([
        page(&["a", "b"], r#""has_more":true,"last_id":"b""#),
        page(&["c", "d"], r#""has_more":true,"last_id":"d""#),
        page(&["e"], LAST),
    ])
    .await;
    let (ids, error) = read(server.client().list_assistants()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    assert_eq!(
        server.request_lines(),
        [
            "GET /v1/assistants",
            "GET /v1/assistants?after=b",
            "GET /v1/assistants?after=d"
        ]
    );
}

#[tokio::test]
async fn the_last_item_is_the_cursor_of_a_page_without_one() {
    for more in [
        MORE,
        r#""has_more":true,"last_id":null"#,
        r#""has_more":true,"last_id":"""#,
    ] {
        let server = ScriptedServer::start([page(&["a", "b"], more), page(&["c"], LAST)]).await;
        let (ids, error) = read(server.client().list_assistants()).await;
        assert!(error.is_none());
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(server.request_lines()[1], "GET /v1/assistants?after=b");
    }
}

#[tokio::test]
async fn a_list_can_be_read_backwards() {
    let server = ScriptedServer::start([
        page(&["c", "d"], r#""has_more":true,"first_id":"c""#),
        page(&["a", "b"], MORE),
        page(&[], LAST),
    ])
    .await;
    let (ids, error) = read(server.client().list_assistants().before("e")).await;
    assert!(error.is_none());
    assert_eq!(ids, ["c", "d", "a", "b"]);
    assert_eq!(
        server.request_lines(),
        [
            "GET /v1/assistants?before=e",
            "GET /v1/assistants?before=c",
            "GET /v1/assistants?before=a"
        ]
    );
}

#[tokio::test]
async fn a_list_is_resumed_from_a_cursor_up_to_another() {
    let server = ScriptedServer::start([page(&["c"], MORE), page(&["d"], LAST)]).await;
    let list = server.client().list_assistants().after("b").before("e");
    assert_eq!(read(list).await.0, ["c", "d"]);
    assert_eq!(
        server.request_lines(),
        [
            "GET /v1/assistants?after=b&before=e",
            "GET /v1/assistants?after=c&before=e"
        ]
    );
}

#[tokio::test]
async fn more_pages_without_a_cursor_are_an_error() {
    let server = ScriptedServer::start([page(&["a"], MORE), page(&[], MORE)]).await;
    let (ids, error) = read(server.client().list_assistants()).await;
    let error = error.expect("there is no cursor");
    assert_eq!(
        (ids, error.operation()),
        (vec!["a".to_owned()], Some("listAssistants"))
    );
    assert!(
        error.to_string().contains("no cursor to continue from"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_repeated_cursor_is_an_error() {
    let script = [page(&["a"], MORE), page(&["b"], MORE), page(&["a"], MORE)];
    let server = ScriptedServer::start(script).await;
    let (ids, error) = read(server.client().list_assistants()).await;
    assert_eq!(ids, ["a", "b"], "the page that repeats is not returned");
    assert!(
        error
            .expect("the list repeats")
            .to_string()
            .contains("a cursor that was used before")
    );
    assert_eq!(server.requests().len(), 3);

    // A server that ignores the cursor.
    let server = ScriptedServer::start([page(&["a", "b"], MORE)]).await;
    let (ids, error) = read(server.client().list_assistants()).await;
    assert_eq!(
        (ids, error.is_some()),
        (vec!["a".to_owned(), "b".to_owned()], true)
    );

    let server = ScriptedServer::start([page(&["a"], MORE)]).await;
    let (ids, error) = read(server.client().list_assistants().after("a")).await;
    assert_eq!(
        (ids.len(), error.is_some(), server.requests().len()),
        (0, true, 1)
    );
}

#[tokio::test]
async fn a_failed_page_ends_the_list() {
    let server = ScriptedServer::start([page(&["a"], MORE), response(404, "", "")]).await;
    let (ids, error) = read(server.client().list_assistants()).await;
    assert_eq!(ids, ["a"]);
    assert!(error.expect("the page is missing").is_not_found());
}

#[tokio::test]
async fn an_empty_list_is_valid() {
    let server = empty_server().await;
    let (ids, error) = read(server.client().list_assistants()).await;
    assert!(ids.is_empty() && error.is_none());
}

#[tokio::test]
async fn pages_are_returned_as_received() {
    let server = ScriptedServer::start([page(&["a", "b"], MORE), page(&["c"], LAST)]).await;
    let mut pages = server.client().list_assistants().pages();
    assert_eq!(pages.try_next().await.unwrap().unwrap().data.len(), 2);
    assert_eq!(pages.try_next().await.unwrap().unwrap().data.len(), 1);
    assert!(pages.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn one_page_is_prefetched_from_the_second_on() {
    let ids = ["a", "b", "c", "d"];
    let server = ScriptedServer::start(ids.map(|id| page(&[id], MORE))).await;
    let mut pages = server.client().list_assistants().pages();
    assert!(server.requests().is_empty());
    pages.try_next().await.unwrap();
    yield_often().await;
    assert_eq!(
        server.requests().len(),
        1,
        "the first page is fetched alone"
    );

    pages.try_next().await.unwrap();
    until(|| server.requests().len() == 3).await;
    yield_often().await;
    assert_eq!(
        server.requests().len(),
        3,
        "one page is prefetched, not two"
    );
    assert_eq!(pages.try_next().await.unwrap().unwrap().data[0].id, "c");
}

#[tokio::test]
async fn the_time_between_polls_does_not_count_towards_the_time_out() {
    let in_pieces = |id| {
        page(&[id], MORE)
            .replace("\r\n\r\n", &format!("\r\n\r\n{PAUSE}"))
            .replace("],", &format!("],{PAUSE}"))
    };
    let server = ScriptedServer::start(["a", "b", "c", "d"].map(in_pieces)).await;
    let clock = ManualClock::default();
    let builder = server.builder(&clock).retry(RetryPolicy::never());
    let client = builder.build().unwrap();

    let size = in_pieces("a").replace(PAUSE, "").len();
    let mut pages = client.list_assistants().pages();
    for (id, sent) in [("a", 1), ("b", 3), ("c", 4), ("d", 5)] {
        let page = pages.try_next().await.expect("it is in time").unwrap();
        assert_eq!(page.data[0].id, id);
        // Nobody polls while the server sends the next page.
        until(|| server.bytes_sent() == sent * size).await;
        yield_often().await;
        clock.expire_timeouts();
    }
}

#[tokio::test]
async fn the_prefetch_progresses_while_items_are_read() {
    let ids: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let script = [page(&["a"], MORE), page(&ids, MORE), response(500, "", "")];
    let server = ScriptedServer::start(script).await;
    let mut items = server.client().list_assistants().items();
    let mut count = 0;
    // The prefetched page fails and is retried twice.
    while server.requests().len() < 5 {
        let item = items.try_next().await.expect("the page before is valid");
        assert!(item.is_some());
        count += 1;
        tokio::task::yield_now().await;
    }
    assert!(count < ids.len(), "items are left");
    // Its error is kept until it is due.
    let error = loop {
        match items.try_next().await {
            Ok(item) => assert!(item.is_some()),
            Err(error) => break error,
        }
        count += 1;
    };
    assert_eq!(count, 1 + ids.len());
    assert!(error.is_server_error());
    assert_eq!((error.attempts(), server.requests().len()), (3, 5));
}

#[tokio::test]
async fn a_prefetch_does_not_hold_a_lock_of_the_token_provider() {
    let lock = Arc::new(tokio::sync::Mutex::new(()));
    let provider = Credentials::from_fn(move || {
        let lock = lock.clone();
        async move {
            let _guard = lock.lock().await;
            tokio::task::yield_now().await;
            Ok::<_, Infallible>("token".to_owned())
        }
    });
    let server = ScriptedServer::start(["a", "b", "c"].map(|id| page(&[id], MORE))).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.credentials(provider).build().unwrap();
    let mut pages = client.list_assistants().pages();
    pages.try_next().await.unwrap();
    pages.try_next().await.unwrap();

    // The list is kept and not polled.
    let other = client.list_assistants();
    let other = tokio::spawn(async move { other.send().await });
    until(|| other.is_finished()).await;
    other.await.unwrap().unwrap();
}

#[tokio::test]
async fn dropping_a_list_aborts_the_prefetch() {
    let script = [page(&["a"], MORE), page(&["b"], MORE), STALL.to_string()];
    let server = ScriptedServer::start(script).await;
    let mut items = server.client().list_assistants().items();
    items.try_next().await.unwrap();
    items.try_next().await.unwrap();
    until(|| server.requests().len() == 3).await;
    yield_often().await;
    assert_eq!(server.closed_by_client(), 0);
    drop(items);
    until(|| server.closed_by_client() == 1).await;
}

#[test]
fn lists_are_streams_that_can_be_sent_and_moved() {
    fn check<T: Stream + Send + Unpin + 'static>() {}
    check::<Items<ListAssistants>>();
    check::<Pages<ListAssistants>>();
}

#[tokio::test]
async fn a_malformed_item_is_an_error_and_the_list_continues() {
    let page =
        |items: &str, more: &str| response(200, "", &format!(r#"{{"data":[{items}],{more}}}"#));
    let script = [
        page(
            r#"{"id":"a"},{"name":"b"},{"id":"c"},{"id":7}"#,
            r#""has_more":true,"last_id":"d""#,
        ),
        page(r#"null,{"id":"e"}"#, LAST),
    ];
    let server = ScriptedServer::start(script).await;
    let mut items = server.client().list_assistants().items();
    let mut read = Vec::new();
    loop {
        match items.try_next().await {
            Ok(Some(item)) => read.push(item.id),
            Ok(None) => break,
            Err(error) => {
                assert!(
                    error.is_decode() && error.operation() == Some("listAssistants"),
                    "{error}"
                );
                read.push(error.to_string());
            }
        }
    }
    let error = |at: usize, reason: &str| {
        format!(
            "listAssistants failed: the item of the page at `data[{at}]` does not match the document: {reason}"
        )
    };
    assert_eq!(
        read,
        [
            "a".to_owned(),
            error(1, "missing field `id`"),
            "c".to_owned(),
            error(3, "`id`: invalid type: integer `7`, expected a string"),
            error(0, "invalid type: null, expected struct AssistantObject"),
            "e".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_page_keeps_its_malformed_items() {
    let body = r#"{"object":"list","data":[{"name":"b"},{"id":"c"}],"has_more":false,"next":1}"#;
    let server = ScriptedServer::start([response(200, "", body)]).await;
    let response = server
        .client()
        .list_assistants()
        .send_response()
        .await
        .unwrap();
    assert_eq!(response.body(), body.as_bytes());
    let page = response.into_inner();
    assert_eq!((page.data.len(), page.malformed[0].index), (1, 0));
    assert_eq!(page.malformed[0].value, serde_json::json!({ "name": "b" }));
    assert_eq!(page.extra["next"], 1);
    let written = serde_json::to_value(&page).unwrap();
    assert_eq!(written["data"][0], serde_json::json!({ "name": "b" }));
    assert_eq!(
        (&written["data"][1]["id"], &written["next"]),
        (&"c".into(), &1.into())
    );
}
