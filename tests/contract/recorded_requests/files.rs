//! Recorded requests for files and vector stores.

use openai_assistants::types::{
    AutoChunkingStrategy, ChunkingStrategy, CreateFileRequest, CreateVectorStoreFileBatchRequest,
    CreateVectorStoreFileRequest, CreateVectorStoreRequest, FilePurpose, StaticChunking,
    StaticChunkingStrategy, VectorStoreExpirationAfter,
};
use openai_assistants::{Client, Error, Upload};
use serde_json::Value;

use super::{integer, metadata, string, strings};
use crate::recordings::text;
use crate::server::parts;

fn chunking(value: &Value) -> ChunkingStrategy {
    if value["type"] == "auto" {
        return AutoChunkingStrategy::default().into();
    }
    let sizes = build!(
        StaticChunking, &value["static"],
        max_chunk_size_tokens: integer, chunk_overlap_tokens: integer
    );
    let strategy = StaticChunkingStrategy::builder().static_(sizes);
    strategy.try_into().expect("it is complete")
}

/// Uploads the file of a recorded form, or of the response if the form was not recorded.
async fn upload(client: &Client, exchange: &Value) -> Result<(), Error> {
    let form = parts(text(exchange, "request"));
    let part = |name: &str| form.iter().find(|(head, _)| head.starts_with(name));
    let response: Value = serde_json::from_str(text(exchange, "response")).expect("it is JSON");
    let (purpose, name, content) = match (part("purpose\""), part("file\"")) {
        (Some((_, purpose)), Some((head, content))) => {
            let name = head.split('"').nth(2).expect("it has a name");
            (*purpose, name, *content)
        }
        _ => (
            response["purpose"].as_str().unwrap_or("world_domination"),
            response["filename"].as_str().unwrap_or("a.txt"),
            "",
        ),
    };
    // The service also receives purposes that the document does not know.
    let purpose: FilePurpose = serde_json::from_value(purpose.into()).expect("it is text");
    let file = Upload::bytes(name.to_owned(), content.to_owned());
    let body = CreateFileRequest::builder().purpose(purpose);
    client
        .create_file()
        .body(body)
        .file(file)
        .send()
        .await
        .map(drop)
}

/// Sends the request of an exchange by the operation that it calls.
pub async fn send(
    client: &Client,
    exchange: &Value,
    path: &[&str],
    query: &[(String, String)],
    body: &Value,
) -> Result<(), Error> {
    match (text(exchange, "method"), path) {
        ("POST", ["files"]) => upload(client, exchange).await,
        ("GET", ["files", id]) => client.retrieve_file().file_id(*id).send().await.map(drop),
        ("DELETE", ["files", id]) => client.delete_file().file_id(*id).send().await.map(drop),
        ("GET", ["vector_stores"]) => list!(client.list_vector_stores(), query, before).map(drop),
        ("POST", ["vector_stores"]) => {
            let expiration =
                |value: &Value| build!(VectorStoreExpirationAfter, value, days: integer);
            let body = build!(
                CreateVectorStoreRequest, body,
                name: string, file_ids: strings, chunking_strategy: chunking,
                expires_after: expiration, metadata: metadata
            );
            client
                .create_vector_store()
                .body(body)
                .send()
                .await
                .map(drop)
        }
        ("GET", ["vector_stores", id]) => {
            let call = client.get_vector_store().vector_store_id(*id);
            call.send().await.map(drop)
        }
        ("GET", ["vector_stores", id, "files"]) => {
            let call = client.list_vector_store_files().vector_store_id(*id);
            list!(call, query, before, filter).map(drop)
        }
        ("POST", ["vector_stores", id, "files"]) => {
            let body = build!(CreateVectorStoreFileRequest, body, file_id: string);
            let call = client.create_vector_store_file().vector_store_id(*id);
            call.body(body).send().await.map(drop)
        }
        ("DELETE", ["vector_stores", store, "files", id]) => {
            let call = client.delete_vector_store_file().vector_store_id(*store);
            call.file_id(*id).send().await.map(drop)
        }
        ("POST", ["vector_stores", id, "file_batches"]) => {
            let body = build!(CreateVectorStoreFileBatchRequest, body, file_ids: strings);
            let call = client.create_vector_store_file_batch().vector_store_id(*id);
            call.body(body).send().await.map(drop)
        }
        ("POST", ["vector_stores", store, "file_batches", id, "cancel"]) => {
            let call = client
                .cancel_vector_store_file_batch()
                .vector_store_id(*store);
            call.batch_id(*id).send().await.map(drop)
        }
        ("GET", ["vector_stores", store, "file_batches", id, "files"]) => {
            let call = client.list_files_in_vector_store_batch();
            let call = call.vector_store_id(*store).batch_id(*id);
            list!(call, query, before, filter).map(drop)
        }
        call => panic!("no operation for {call:?}"),
    }
}

/// The names and contents of the parts of a form, in the order of their names.
pub fn form(body: &str) -> Vec<(String, String)> {
    let parts = parts(body).into_iter().map(|(head, content)| {
        let name = head.lines().next().unwrap_or_default();
        (name.to_owned(), content.to_owned())
    });
    let mut parts: Vec<_> = parts.collect();
    parts.sort();
    parts
}
