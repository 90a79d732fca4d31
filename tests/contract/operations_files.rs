//! The contracts of files and vector stores. `downloadFile`, whose response is not JSON, is tested in
//! `tests/wire/files/`.

use openai_assistants::Upload;
use openai_assistants::types::{
    AttributeFilter, ComparisonFilter, CompoundFilter, CreateFileRequest,
    CreateVectorStoreFileBatchRequest, CreateVectorStoreFileRequest, CreateVectorStoreRequest,
    FileExpirationAfter, ListOrder, ModifyVectorStoreRequest, StaticChunking,
    StaticChunkingStrategy, UpdateVectorStoreFileAttributesRequest, VectorStoreExpirationAfter,
    VectorStoreSearchRequest,
};
use serde_json::{Value, json};

use crate::contract::{Contract, deleted, ids_of, page, response_of};

const STORE: &str = "/vector_stores/vs_1";

pub fn file() -> Value {
    json!({
        "id": "file_1", "object": "file", "bytes": 12, "created_at": 1_700_000_000, "expires_at": 1_700_003_600,
        "filename": "a.md", "purpose": "assistants", "status": "processed", "status_details": "done",
    })
}

fn counts() -> Value {
    json!({ "in_progress": 0, "completed": 2, "failed": 1, "cancelled": 0, "total": 3 })
}

pub fn store() -> Value {
    json!({
        "id": "vs_1", "object": "vector_store", "created_at": 1_700_000_000, "name": "Docs", "usage_bytes": 12,
        "file_counts": counts(), "status": "completed", "expires_after": { "anchor": "last_active_at", "days": 7 },
        "expires_at": 1_700_003_600, "last_active_at": 1_700_000_001, "metadata": { "team": "docs" },
    })
}

pub fn store_file() -> Value {
    json!({
        "id": "file_1", "object": "vector_store.file", "usage_bytes": 12, "created_at": 1_700_000_000,
        "vector_store_id": "vs_1", "status": "failed",
        "last_error": { "code": "unsupported_file", "message": "No text." },
        "chunking_strategy": { "type": "static", "static": { "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400 } },
        "attributes": { "team": "docs", "year": 2025, "score": 0.5, "public": true },
    })
}

pub fn batch() -> Value {
    json!({
        "id": "vsfb_1", "object": "vector_store.files_batch", "created_at": 1_700_000_000, "vector_store_id": "vs_1",
        "status": "completed", "file_counts": counts(),
    })
}

pub fn found() -> Value {
    json!({
        "object": "vector_store.search_results.page", "search_query": ["Oslo"], "has_more": false, "next_page": null,
        "data": [{
            "file_id": "file_1", "filename": "a.md", "score": 0.5, "attributes": { "year": 2025 },
            "content": [{ "type": "text", "text": "Oslo has 12 °C." }],
        }],
    })
}

pub fn content() -> Value {
    json!({
        "object": "vector_store.file_content.page", "data": [{ "type": "text", "text": "# A" }], "has_more": false,
        "next_page": null,
    })
}

fn chunking() -> StaticChunkingStrategy {
    let chunking = StaticChunking::builder()
        .max_chunk_size_tokens(800)
        .chunk_overlap_tokens(400);
    let strategy = StaticChunkingStrategy::builder().static_(chunking);
    strategy.build().expect("it is complete")
}

fn chunking_json() -> Value {
    json!({ "type": "static", "static": { "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400 } })
}

pub fn contracts() -> Vec<Contract> {
    [files(), stores(), store_files(), batches()]
        .into_iter()
        .flatten()
        .collect()
}

fn files() -> Vec<Contract> {
    vec![
        Contract::new("listFiles", "GET", "/files", page(file()), |client| {
            let list = client.list_files().purpose("assistants").limit(5);
            response_of(list.order(ListOrder::Asc).after("file_0").send())
        })
        .query(&[
            ("purpose", "assistants"),
            ("limit", "5"),
            ("order", "asc"),
            ("after", "file_0"),
        ])
        .items(|client| ids_of(client.list_files().items())),
        Contract::new("createFile", "POST", "/files", file(), |client| {
            let body = CreateFileRequest::builder().purpose("assistants");
            let body = body.expires_after(FileExpirationAfter::builder().seconds(3600));
            let file = Upload::bytes("a.md", "# A");
            response_of(client.create_file().body(body).file(file).send())
        })
        .form(&[
            ("expires_after[anchor]\"", "created_at"),
            ("expires_after[seconds]\"", "3600"),
            ("purpose\"", "assistants"),
            (
                "file\"; filename=\"a.md\"\r\nContent-Type: text/markdown",
                "# A",
            ),
        ]),
        Contract::new("retrieveFile", "GET", "/files/file_1", file(), |client| {
            response_of(client.retrieve_file().file_id("file_1").send())
        }),
        Contract::new(
            "deleteFile",
            "DELETE",
            "/files/file_1",
            deleted("file"),
            |client| response_of(client.delete_file().file_id("file_1").send()),
        ),
    ]
}

fn stores() -> Vec<Contract> {
    vec![
        Contract::new("listVectorStores", "GET", "/vector_stores", page(store()), |client| {
            let list = client.list_vector_stores().limit(5).order(ListOrder::Asc);
            response_of(list.after("vs_0").before("vs_9").send())
        })
        .query(&[("limit", "5"), ("order", "asc"), ("after", "vs_0"), ("before", "vs_9")])
        .items(|client| ids_of(client.list_vector_stores().items())),
        Contract::new("createVectorStore", "POST", "/vector_stores", store(), |client| {
            let body = CreateVectorStoreRequest::builder()
                .name("Docs")
                .file_ids(["file_1"])
                .chunking_strategy(chunking())
                .expires_after(VectorStoreExpirationAfter::builder().days(7))
                .metadata([("team", "docs")]);
            response_of(client.create_vector_store().body(body).send())
        })
        .body(json!({
            "name": "Docs", "file_ids": ["file_1"], "chunking_strategy": chunking_json(),
            "expires_after": { "anchor": "last_active_at", "days": 7 }, "metadata": { "team": "docs" },
        })),
        Contract::new("getVectorStore", "GET", STORE, store(), |client| {
            response_of(client.get_vector_store().vector_store_id("vs_1").send())
        }),
        Contract::new("modifyVectorStore", "POST", STORE, store(), |client| {
            let body = ModifyVectorStoreRequest::builder().name("Docs");
            response_of(client.modify_vector_store().vector_store_id("vs_1").body(body).send())
        })
        .body(json!({ "name": "Docs" })),
        Contract::new("deleteVectorStore", "DELETE", STORE, deleted("vector_store.deleted"), |client| {
            response_of(client.delete_vector_store().vector_store_id("vs_1").send())
        }),
        Contract::new("searchVectorStore", "POST", "/vector_stores/vs_1/search", found(), |client| {
            let year = ComparisonFilter::builder().type_("gte").key("year").value(2020);
            let year: AttributeFilter = year.build().expect("it is complete").into();
            let team = ComparisonFilter::builder().type_("eq").key("team").value("docs");
            let team: AttributeFilter = team.build().expect("it is complete").into();
            let filters = CompoundFilter::builder().type_("and").filters([year, team]);
            let body = VectorStoreSearchRequest::builder()
                .query("Oslo")
                .max_num_results(3)
                .filters(filters);
            response_of(client.search_vector_store().vector_store_id("vs_1").body(body).send())
        })
        .body(json!({
            "query": "Oslo", "max_num_results": 3,
            "filters": { "type": "and", "filters": [
                { "type": "gte", "key": "year", "value": 2020 }, { "type": "eq", "key": "team", "value": "docs" },
            ] },
        })),
    ]
}

fn store_files() -> Vec<Contract> {
    const FILES: &str = "/vector_stores/vs_1/files";
    const FILE: &str = "/vector_stores/vs_1/files/file_1";
    vec![
        Contract::new("listVectorStoreFiles", "GET", FILES, page(store_file()), |client| {
            let list = client.list_vector_store_files().vector_store_id("vs_1").limit(5);
            let list = list.order(ListOrder::Asc).after("file_0").before("file_9");
            response_of(list.filter("failed").send())
        })
        .query(&[
            ("limit", "5"),
            ("order", "asc"),
            ("after", "file_0"),
            ("before", "file_9"),
            ("filter", "failed"),
        ])
        .items(|client| ids_of(client.list_vector_store_files().vector_store_id("vs_1").items())),
        Contract::new("createVectorStoreFile", "POST", FILES, store_file(), |client| {
            let body = CreateVectorStoreFileRequest::builder().file_id("file_1");
            let body = body.chunking_strategy(chunking()).attributes([("team", "docs")]);
            response_of(client.create_vector_store_file().vector_store_id("vs_1").body(body).send())
        })
        .body(json!({
            "file_id": "file_1", "chunking_strategy": chunking_json(), "attributes": { "team": "docs" },
        })),
        Contract::new("getVectorStoreFile", "GET", FILE, store_file(), |client| {
            let get = client.get_vector_store_file().vector_store_id("vs_1");
            response_of(get.file_id("file_1").send())
        }),
        Contract::new("updateVectorStoreFileAttributes", "POST", FILE, store_file(), |client| {
            let body = UpdateVectorStoreFileAttributesRequest::builder().attributes([("year", 2025)]);
            let update = client.update_vector_store_file_attributes();
            response_of(update.vector_store_id("vs_1").file_id("file_1").body(body).send())
        })
        .body(json!({ "attributes": { "year": 2025 } })),
        Contract::new(
            "deleteVectorStoreFile",
            "DELETE",
            FILE,
            deleted("vector_store.file.deleted"),
            |client| {
                let delete = client.delete_vector_store_file().vector_store_id("vs_1");
                response_of(delete.file_id("file_1").send())
            },
        ),
        Contract::new(
            "retrieveVectorStoreFileContent",
            "GET",
            "/vector_stores/vs_1/files/file_1/content",
            content(),
            |client| {
                let retrieve = client.retrieve_vector_store_file_content();
                response_of(retrieve.vector_store_id("vs_1").file_id("file_1").send())
            },
        ),
    ]
}

fn batches() -> Vec<Contract> {
    const BATCHES: &str = "/vector_stores/vs_1/file_batches";
    const BATCH: &str = "/vector_stores/vs_1/file_batches/vsfb_1";
    vec![
        Contract::new(
            "createVectorStoreFileBatch",
            "POST",
            BATCHES,
            batch(),
            |client| {
                let file = CreateVectorStoreFileRequest::builder().file_id("file_1");
                let body = CreateVectorStoreFileBatchRequest::builder().files([file]);
                let create = client
                    .create_vector_store_file_batch()
                    .vector_store_id("vs_1");
                response_of(create.body(body).send())
            },
        )
        .body(json!({ "files": [{ "file_id": "file_1" }] })),
        Contract::new("getVectorStoreFileBatch", "GET", BATCH, batch(), |client| {
            let get = client.get_vector_store_file_batch().vector_store_id("vs_1");
            response_of(get.batch_id("vsfb_1").send())
        }),
        Contract::new(
            "cancelVectorStoreFileBatch",
            "POST",
            "/vector_stores/vs_1/file_batches/vsfb_1/cancel",
            batch(),
            |client| {
                let cancel = client
                    .cancel_vector_store_file_batch()
                    .vector_store_id("vs_1");
                response_of(cancel.batch_id("vsfb_1").send())
            },
        ),
        Contract::new(
            "listFilesInVectorStoreBatch",
            "GET",
            "/vector_stores/vs_1/file_batches/vsfb_1/files",
            page(store_file()),
            |client| {
                let list = client
                    .list_files_in_vector_store_batch()
                    .vector_store_id("vs_1");
                response_of(list.batch_id("vsfb_1").limit(5).filter("failed").send())
            },
        )
        .query(&[("limit", "5"), ("filter", "failed")])
        .items(|client| {
            let list = client
                .list_files_in_vector_store_batch()
                .vector_store_id("vs_1");
            ids_of(list.batch_id("vsfb_1").items())
        }),
    ]
}
