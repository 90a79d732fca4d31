//! Messages.

use openai_assistants_fake::Echo;
use serde_json::{Value, json};

use crate::{get, ok, post, rejected, serve, text};

#[tokio::test]
async fn request_content_is_converted_to_message_content() {
    let server = serve(Echo).await;
    let thread = text(&post(&server, "/threads", Value::Null).await["id"]);
    let messages = format!("/threads/{thread}/messages");
    let plain = post(
        &server,
        &messages,
        json!({ "role": "user", "content": "Hello" }),
    )
    .await;
    let part = |text: &str| json!({ "type": "text", "text": { "value": text, "annotations": [] } });
    assert_eq!(plain["content"], json!([part("Hello")]));
    assert_eq!(plain["status"], "completed");
    assert_eq!(
        (&plain["run_id"], &plain["assistant_id"]),
        (&Value::Null, &Value::Null)
    );

    let parts = json!([
        { "type": "text", "text": "Look:" },
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } },
        { "type": "image_file", "image_file": { "file_id": "file-1", "detail": "low" } },
    ]);
    let attachments = json!([{ "file_id": "file-2", "tools": [{ "type": "file_search" }] }]);
    let body = json!({ "role": "assistant", "content": parts, "attachments": attachments });
    let message = post(&server, &messages, body).await;
    assert_eq!(
        message["content"],
        json!([
            part("Look:"),
            { "type": "image_url", "image_url": { "url": "https://example.com/a.png", "detail": "auto" } },
            { "type": "image_file", "image_file": { "file_id": "file-1", "detail": "low" } },
        ])
    );
    assert_eq!(
        (&message["role"], &message["attachments"]),
        (&json!("assistant"), &attachments)
    );
}

#[tokio::test]
async fn the_metadata_of_a_message_can_be_modified_and_the_message_deleted() {
    let server = serve(Echo).await;
    let body =
        json!({ "messages": [{ "role": "user", "content": "a", "metadata": { "k": "v" } }] });
    let thread = text(&post(&server, "/threads", body).await["id"]);
    let list = get(&server, &format!("/threads/{thread}/messages")).await;
    assert_eq!(list["data"][0]["metadata"], json!({ "k": "v" }));
    let path = format!("/threads/{thread}/messages/{}", text(&list["first_id"]));
    let changed = post(&server, &path, json!({ "metadata": { "x": "y" } })).await;
    assert_eq!(changed["metadata"], json!({ "x": "y" }));
    let deleted = ok(&server, "DELETE", &path, Value::Null).await;
    assert_eq!(deleted["object"], "thread.message.deleted");
    let (status, _) = rejected(&server, "GET", &path, Value::Null).await;
    assert_eq!(status, 404);
    let list = get(&server, &format!("/threads/{thread}/messages")).await;
    let empty = json!({ "object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false });
    assert_eq!(list, empty);
}
