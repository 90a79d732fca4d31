//! Pagination of lists.

use openai_assistants::types::ListOrder;
use openai_assistants_fake::{Echo, Server};
use serde_json::{Value, json};

use crate::fake_client::FakeClient;
use crate::{conversation, fetch_run, get, post, rejected, run, serve, text};

/// A server with this number of assistants.
async fn with(count: usize) -> Server {
    let server = serve(Echo).await;
    for _ in 0..count {
        post(&server, "/assistants", json!({ "model": "gpt-4o" })).await;
    }
    server
}

/// The sequential numbers of the assistants of a page, and `has_more`.
async fn page(server: &Server, query: &str) -> (Vec<u32>, bool) {
    let page = get(server, &format!("/assistants?{query}")).await;
    let data = page["data"].as_array().expect("data is a list").clone();
    let ids = data.iter().map(|assistant| text(&assistant["id"]));
    let first = data.first().map(|assistant| assistant["id"].clone());
    let last = data.last().map(|assistant| assistant["id"].clone());
    assert_eq!(page["first_id"], json!(first));
    assert_eq!(page["last_id"], json!(last));
    let numbers = ids.map(|id| {
        id.trim_start_matches("asst_")
            .parse()
            .expect("IDs are sequential")
    });
    (numbers.collect(), page["has_more"] == true)
}

#[tokio::test]
async fn a_page_has_the_newest_twenty_objects_by_default() {
    let server = with(21).await;
    let newest: Vec<u32> = (2..=21).rev().collect();
    assert_eq!(page(&server, "").await, (newest, true));
}

#[tokio::test]
async fn cursors_work_in_both_directions_and_orders() {
    let server = with(6).await;
    assert_eq!(page(&server, "limit=2").await, (vec![6, 5], true));
    assert_eq!(
        page(&server, "limit=2&after=asst_0005").await,
        (vec![4, 3], true)
    );
    assert_eq!(
        page(&server, "limit=2&after=asst_0003").await,
        (vec![2, 1], false)
    );
    assert_eq!(
        page(&server, "limit=2&after=asst_0001").await,
        (vec![], false)
    );
    assert_eq!(
        page(&server, "limit=2&before=asst_0002").await,
        (vec![4, 3], true)
    );
    assert_eq!(
        page(&server, "limit=2&before=asst_0004").await,
        (vec![6, 5], false)
    );
    assert_eq!(page(&server, "limit=2&order=asc").await, (vec![1, 2], true));
    assert_eq!(
        page(&server, "limit=2&order=asc&after=asst_0004").await,
        (vec![5, 6], false)
    );
    assert_eq!(
        page(&server, "limit=2&order=asc&before=asst_0005").await,
        (vec![3, 4], true)
    );
    let between = "order=asc&after=asst_0001&before=asst_0005";
    assert_eq!(page(&server, between).await, (vec![2, 3, 4], false));
}

#[tokio::test]
async fn the_client_paginates_to_the_end_of_a_list() {
    let server = with(7).await;
    let client = server.client();
    for order in [ListOrder::Asc, ListOrder::Desc] {
        let mut items = client
            .list_assistants()
            .limit(3)
            .order(order.clone())
            .items();
        let mut ids = Vec::new();
        while let Some(assistant) = items.try_next().await.expect("the page is returned") {
            ids.push(assistant.id);
        }
        let mut expected: Vec<String> = (1..=7).map(|number| format!("asst_{number:04}")).collect();
        if order == ListOrder::Desc {
            expected.reverse();
        }
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn invalid_limits_orders_and_cursors_are_rejected() {
    let server = with(1).await;
    for (query, param, code) in [
        ("limit=0", "limit", "integer_below_min_value"),
        ("limit=101", "limit", "integer_above_max_value"),
        ("limit=many", "limit", "invalid_type"),
        ("order=up", "order", "invalid_value"),
        ("after=asst_9", "after", "unknown_cursor"),
        ("before=asst_9", "before", "unknown_cursor"),
    ] {
        let path = format!("/assistants?{query}");
        let (status, error) = rejected(&server, "GET", &path, Value::Null).await;
        assert_eq!(
            (status, &error["param"], &error["code"]),
            (400, &json!(param), &json!(code))
        );
    }
}

#[tokio::test]
async fn messages_can_be_filtered_by_run() {
    let server = serve(Echo).await;
    let (assistant, thread) = conversation(&server).await;
    let first = run(&server, &thread, &assistant).await;
    fetch_run(&server, &first).await;
    let second = run(&server, &thread, &assistant).await;
    fetch_run(&server, &second).await;
    let path = format!("/threads/{thread}/messages?run_id={}", text(&first["id"]));
    let list = get(&server, &path).await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(list["data"][0]["run_id"], first["id"]);
    let runs = get(&server, &format!("/threads/{thread}/runs")).await;
    assert_eq!(
        (&runs["first_id"], &runs["last_id"]),
        (&second["id"], &first["id"])
    );
}
