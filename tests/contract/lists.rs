//! Lists: auto-pagination returns all items.

use serde_json::{Value, json};

use crate::server::{MockResponse, Server};
use crate::{expect, for_every_operation};

/// A page of items that differ only in their IDs.
fn page(item: &Value, ids: &[&str], has_more: bool) -> MockResponse {
    let items = ids.iter().map(|id| {
        let mut item = item.clone();
        item["id"] = (*id).into();
        item
    });
    let items: Vec<Value> = items.collect();
    let (first, last) = (ids.first(), ids.last());
    MockResponse::json(
        200,
        json!({ "object": "list", "data": items, "first_id": first, "last_id": last, "has_more": has_more }),
    )
}

#[tokio::test]
async fn lists_are_read_to_their_end() {
    for_every_operation(async |version, contract| {
        let is_list = version.document.is_list(contract.id);
        expect(
            "whether the contract has `items`",
            contract.items.is_some(),
            is_list,
        )?;
        let Some(items) = contract.items else {
            return Ok(());
        };
        let item = &contract.response["data"][0];
        let pages = [
            page(item, &["id_4", "id_3"], true),
            page(item, &["id_2"], true),
            page(item, &["id_1"], false),
        ];
        let server = Server::in_turn(pages).await;
        let ids = items(server.client()).await;
        let ids = ids.map_err(|error| format!("a page fails: {error}"))?;
        expect("the list", ids.join(" ").as_str(), "id_4 id_3 id_2 id_1")?;

        let requests = server.requests();
        expect("the number of requests", requests.len(), 3)?;
        let cursors = [None, Some("id_3"), Some("id_2")];
        for (request, cursor) in requests.iter().zip(cursors) {
            expect("the path", request.path.as_str(), contract.path)?;
            let query = cursor.map(|cursor| ("after", cursor));
            expect("the query", request.query(), Vec::from_iter(query))?;
            let beta = request.header("openai-beta");
            expect("OpenAI-Beta", beta, Some(version.beta))?;
        }
        Ok(())
    })
    .await;
}
