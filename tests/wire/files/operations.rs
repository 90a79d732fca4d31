//! The generated operations: typed bodies, names and values.

use openai_assistants::types::{
    ComparisonFilter, CompoundFilter, CreateFileRequest, FilePurpose, VectorStoreFileAttributes,
};
use openai_assistants::{ErrorKind, Upload};
use serde_json::json;

use crate::support::{ScriptedServer, json_response, response};

#[tokio::test]
async fn an_upload_has_its_properties_in_front_of_the_file() {
    let object = json!({ "id": "file_1", "object": "file", "bytes": 3, "created_at": 1, "filename": "a.md", "purpose": "assistants" });
    let server = ScriptedServer::start([json_response(&object)]).await;
    let call = server
        .client()
        .create_file()
        .body(CreateFileRequest::builder().purpose(FilePurpose::Assistants))
        .extra_body(json!({ "expires_after": { "anchor": "created_at", "seconds": 3600 }, "left_out": null, "tags": ["a", "b"] }))
        .file(Upload::bytes("a.md", "# A"));
    let file = call.send().await.unwrap();
    assert_eq!(
        (file.id.as_str(), file.filename.as_str()),
        ("file_1", "a.md")
    );
    let request = &server.requests()[0];
    let names: Vec<&str> = request
        .lines()
        .filter_map(|line| line.strip_prefix("Content-Disposition: form-data; "))
        .collect();
    assert_eq!(
        names,
        [
            r#"name="purpose""#,
            r#"name="expires_after[anchor]""#,
            r#"name="expires_after[seconds]""#,
            r#"name="tags[]""#,
            r#"name="tags[]""#,
            r#"name="file"; filename="a.md""#,
        ]
    );
}

#[tokio::test]
async fn an_upload_without_its_file_is_an_error() {
    let server = ScriptedServer::start([]).await;
    let body = CreateFileRequest::builder().purpose(FilePurpose::Assistants);
    let error = server.client().create_file().body(body).send().await;
    let error = error.expect_err("there is no file");
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.to_string().contains("`file` is not set"), "{error}");
}

#[tokio::test]
async fn a_download_returns_the_content() {
    let server = ScriptedServer::start([response(200, "", "# A")]).await;
    let client = server.client();
    assert_eq!(
        client
            .download_file()
            .file_id("file_1")
            .bytes()
            .await
            .unwrap(),
        "# A"
    );
    let file = client
        .download_file()
        .file_id("file_1")
        .send()
        .await
        .unwrap();
    assert_eq!(file.bytes().await.unwrap(), "# A");
    assert_eq!(server.request_lines(), ["GET /v1/files/file_1/content"; 2]);
}

#[test]
fn a_filter_keeps_its_operator_and_numbers_as_received() {
    let json = json!({ "type": "or", "filters": [
        { "key": "year", "type": "gte", "value": 2020 },
        { "type": "and", "filters": [{ "type": "in", "key": "team", "value": ["docs", 3, 1.5] }] },
    ] });
    let filter: CompoundFilter = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(filter.filters.len(), 2);
    assert_eq!(serde_json::to_value(&filter).unwrap(), json);
    let built = ComparisonFilter::builder()
        .type_("gte")
        .key("year")
        .value(2020)
        .build()
        .unwrap();
    assert_eq!(
        serde_json::to_value(built).unwrap(),
        json!({ "key": "year", "type": "gte", "value": 2020 })
    );
}

#[test]
fn attributes_are_texts_numbers_and_booleans() {
    let text = r#"{"big":9007199254740993,"flag":true,"float":3.0,"team":"docs","year":3}"#;
    let attributes: VectorStoreFileAttributes = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&attributes).unwrap(), text);
    let built = VectorStoreFileAttributes::from([("year", 3)]);
    assert_eq!(serde_json::to_value(built).unwrap(), json!({ "year": 3 }));
}
