//! Exports files and vector stores from mocked servers, and restores them.

use std::fs;

use httpmock::Method::{GET, POST};
use httpmock::MockServer;
use indicatif::ProgressBar;
use openai_assistants::types::{
    CreateAssistantRequest, CreateFileRequest, CreateMessageRequest, FilePurpose,
};
use openai_assistants::{Client, RetryPolicy, Upload};
use openai_assistants_fake::{Fake, FakeBuilder, Fault, Server};
use serde_json::{Value, from_value, json};
use tempfile::TempDir;

use crate::archive::{self, Archive};
use crate::fake_client::FakeClient;
use crate::report::Report;
use crate::restore::restore;

fn client(server: &MockServer) -> Client {
    let builder = Client::builder().base_url(server.base_url()).api_key("k");
    let client = builder.retry(RetryPolicy::never()).build();
    client.expect("the settings are valid")
}

/// A list, or the response to a creation.
fn respond(server: &MockServer, method: httpmock::Method, path: &str, body: &Value) {
    server.mock(|when, then| {
        when.method(method).path(path);
        then.status(200).json_body(body.clone());
    });
}

fn list(server: &MockServer, path: &str, objects: Value) {
    let body = json!({ "object": "list", "data": objects, "has_more": false });
    respond(server, GET, path, &body);
}

#[tokio::test]
async fn files_and_vector_stores_are_moved_with_their_content() {
    let old = MockServer::start_async().await;
    list(
        &old,
        "/assistants",
        json!([{
            "id": "asst_1", "model": "m", "vendor": { "only": "exported" },
            "tool_resources": { "file_search": { "vector_store_ids": ["vs_1"] } },
        }]),
    );
    list(
        &old,
        "/files",
        json!([
            { "id": "file_1", "filename": "ä.md", "purpose": "assistants" },
            { "id": "file_2", "filename": "b.md", "purpose": "assistants_output" },
        ]),
    );
    list(
        &old,
        "/vector_stores",
        json!([{ "id": "vs_1", "name": "Docs", "usage_bytes": 3 }]),
    );
    list(
        &old,
        "/vector_stores/vs_1/files",
        json!([
            { "id": "file_1", "attributes": { "team": "docs" }, "status": "completed" },
            { "id": "file_2", "status": "completed" },
        ]),
    );
    list(&old, "/threads", json!([]));
    old.mock(|when, then| {
        when.method(GET).path("/files/file_1/content");
        then.status(200).body("# A");
    });
    old.mock(|when, then| {
        when.method(GET).path("/files/file_2/content");
        then.status(400).body("it cannot be downloaded");
    });
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::new(ProgressBar::hidden());
    let client_of_old = client(&old);
    let export = crate::export(&client_of_old, folder.path(), None, &mut report);
    let summary = export.await.unwrap();
    assert!(
        summary.ends_with("1 assistants, 2 files, 1 vector_stores"),
        "{summary}"
    );
    assert_eq!(
        report.problems,
        ["/files/file_2: its content is not exported"]
    );
    let content = fs::read_to_string(folder.path().join("files/file_1")).unwrap();
    assert_eq!(content, "# A");
    let lines = fs::read_to_string(folder.path().join("objects.jsonl")).unwrap();
    assert!(lines.contains(r#""vendor":{"only":"exported"}"#), "{lines}");

    let new = MockServer::start_async().await;
    let upload = new.mock(|when, then| {
        let file = "name=\"file\"; filename=\"ä.md\"\r\nContent-Type: text/markdown\r\n\r\n# A";
        when.method(POST).path("/files").body_includes(file);
        then.status(200)
            .json_body(json!({ "id": "file_9", "object": "file" }));
    });
    let store = new.mock(|when, then| {
        let body = json!({ "name": "Docs", "metadata": { "restored_from": "vs_1" } });
        when.method(POST).path("/vector_stores").json_body(body);
        then.status(200).json_body(json!({ "id": "vs_9" }));
    });
    let added = new.mock(|when, then| {
        let body = json!({ "file_id": "file_9", "attributes": { "team": "docs" } });
        when.method(POST)
            .path("/vector_stores/vs_9/files")
            .json_body(body);
        then.status(200).json_body(json!({ "id": "file_9" }));
    });
    let assistant = new.mock(|when, then| {
        let resources = json!({ "file_search": { "vector_store_ids": ["vs_9"] } });
        let metadata = json!({ "restored_from": "asst_1" });
        let body = json!({ "model": "m", "tool_resources": resources, "metadata": metadata });
        when.method(POST).path("/assistants").json_body(body);
        then.status(200).json_body(json!({ "id": "asst_9" }));
    });
    // The file without content is neither uploaded nor added.
    let mut report = Report::new(ProgressBar::hidden());
    let count = restore(&client(&new), folder.path(), &mut report).await;
    assert_eq!(count.unwrap(), 4);
    let expected = [
        "file_2: the archive does not have its content",
        "/vector_stores/vs_1/files/file_2: the file is not restored",
    ];
    assert_eq!(report.problems, expected);
    for mock in [upload, store, added, assistant] {
        mock.assert_calls(1);
    }
}

#[tokio::test]
async fn lists_that_the_server_lacks_are_named() {
    let server = MockServer::start_async().await;
    list(&server, "/assistants", json!([]));
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::new(ProgressBar::hidden());
    let client = client(&server);
    let export = crate::export(&client, folder.path(), None, &mut report);
    export.await.unwrap();
    let missing = ["files", "vector_stores", "threads"];
    let mut expected = missing.map(|list| format!("{list}: the server does not have the list"));
    expected[2] += "; pass a file with the IDs of the threads: `--threads FILE`";
    assert_eq!(report.problems, expected);
    assert_eq!(archive::read(folder.path()).unwrap().missing(), missing);
}

#[tokio::test]
async fn a_wrong_base_url_is_an_error() {
    let server = MockServer::start_async().await;
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::new(ProgressBar::hidden());
    let client = client(&server);
    let export = crate::export(&client, folder.path(), None, &mut report);
    let error = export.await.unwrap_err().to_string();
    assert!(
        error.ends_with("has no list at all: check the base URL"),
        "{error}"
    );

    // The folder is still free for the server of the right URL.
    let right = MockServer::start_async().await;
    for path in ["/assistants", "/files", "/vector_stores", "/threads"] {
        list(&right, path, json!([]));
    }
    let client = self::client(&right);
    let export = crate::export(&client, folder.path(), None, &mut report);
    export.await.expect("the lists are exported");
}

#[tokio::test]
async fn a_file_that_cannot_be_downloaded_for_another_reason_ends_the_export() {
    for status in [401, 403, 429] {
        let fault = Fault::status(status);
        let server = Fake::builder()
            .fault_on("downloadFile", fault)
            .start()
            .await;
        let server = server.unwrap();
        let client = server
            .client_builder()
            .retry(RetryPolicy::never())
            .build()
            .unwrap();
        let upload = client.create_file().file(Upload::bytes("a.md", "# A"));
        let body = CreateFileRequest::builder().purpose(FilePurpose::Assistants);
        upload.body(body).send().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut report = Report::new(ProgressBar::hidden());
        let export = crate::export(&client, folder.path(), Some(Vec::new()), &mut report);
        let error = export.await.unwrap_err().to_string();
        assert!(error.contains(&status.to_string()), "{error}");
        assert!(!Archive::open(folder.path()).unwrap().has("files"));
    }
}

#[tokio::test]
async fn a_rejected_object_and_references_to_it_are_left_out() {
    let (old, new) = (fake(Fake::builder()).await, Fake::builder());
    let client = old.client();
    let body = CreateFileRequest::builder().purpose(FilePurpose::Assistants);
    let upload = client.create_file().file(Upload::bytes("a.md", "# A"));
    let file = upload.body(body).send().await.unwrap().id;
    let store = client.create_vector_store().send().await.unwrap().id;
    let body = json!({ "model": "m", "tool_resources": {
        "code_interpreter": { "file_ids": [file] }, "file_search": { "vector_store_ids": [store] },
    } });
    let create = client
        .create_assistant()
        .body(from_value::<CreateAssistantRequest>(body).unwrap());
    let assistant = create.send().await.unwrap().id;
    let thread = client.create_thread().send().await.unwrap().id;
    let body = json!({ "role": "user", "content": [
        { "type": "text", "text": "Look" }, { "type": "image_file", "image_file": { "file_id": file } },
    ], "attachments": [{ "file_id": file, "tools": [{ "type": "code_interpreter" }] }] });
    let create = client.create_message().thread_id(&thread);
    let body = from_value::<CreateMessageRequest>(body).unwrap();
    let message = create.body(body).send().await.unwrap().id;
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::new(ProgressBar::hidden());
    let export = crate::export(&client, folder.path(), Some(vec![thread]), &mut report);
    export.await.unwrap();

    let new = new.fault_on("createFile", Fault::status(422));
    let client = fake(new.fault_on("createVectorStore", Fault::status(400))).await;
    let client = client.client();
    let mut report = Report::new(ProgressBar::hidden());
    let count = restore(&client, folder.path(), &mut report).await;
    assert_eq!(count.unwrap(), 3);
    assert!(
        report.problems[0].starts_with(&format!("{file}: ")),
        "{:?}",
        report.problems
    );
    assert!(report.problems[0].contains("422"), "{:?}", report.problems);
    assert!(
        report.problems[1].starts_with(&format!("{store}: ")),
        "{:?}",
        report.problems
    );
    let left_out = |key: &str, id: &str| format!("{key}: {id} is not restored and left out");
    let mut expected = vec![left_out(&assistant, &file), left_out(&assistant, &store)];
    expected.extend([left_out(&message, &file), left_out(&message, &file)]);
    assert_eq!(report.problems[2..], expected);
}

async fn fake(builder: FakeBuilder) -> Server {
    builder.start().await.expect("it starts")
}

#[tokio::test]
async fn an_archive_is_not_restored_to_its_source_nor_continued_from_another_server() {
    let (old, new) = (fake(Fake::builder()).await, fake(Fake::builder()).await);
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::new(ProgressBar::hidden());
    let client = old.client();
    let export = crate::export(&client, folder.path(), Some(Vec::new()), &mut report);
    export.await.unwrap();
    let error = restore(&client, folder.path(), &mut report)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is the server that was exported"),
        "{error}"
    );
    let client = new.client();
    let export = crate::export(&client, folder.path(), None, &mut report);
    let error = export.await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("is an export of {}", old.client().base_url())),
        "{error}"
    );
}

async fn export_of_a_file_and_a_vector_store() -> (TempDir, Report) {
    let old = fake(Fake::builder()).await;
    let client = old.client();
    let body = CreateFileRequest::builder().purpose(FilePurpose::Assistants);
    let upload = client.create_file().file(Upload::bytes("a.md", "# A"));
    upload.body(body).send().await.unwrap();
    client.create_vector_store().send().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut report = Report::new(ProgressBar::hidden());
    let export = crate::export(&client, folder.path(), Some(Vec::new()), &mut report);
    export.await.unwrap();
    (folder, report)
}

#[tokio::test]
async fn an_object_whose_response_was_lost_is_found_and_not_created_again() {
    let (folder, mut report) = export_of_a_file_and_a_vector_store().await;

    let new = Fake::builder().fault_times(1, "createFile", Fault::lost());
    let new = fake(new.fault_times(1, "createVectorStore", Fault::lost())).await;
    let client = new.client_builder().retry(RetryPolicy::never());
    let client = client.build().unwrap();
    for _ in ["file", "vector store"] {
        restore(&client, folder.path(), &mut report)
            .await
            .unwrap_err();
    }
    let count = restore(&client, folder.path(), &mut report).await;
    assert_eq!(count.unwrap(), 1);
    assert_eq!(client.list_files().send().await.unwrap().data.len(), 1);
    let stores = client.list_vector_stores().send().await.unwrap();
    assert_eq!(stores.data.len(), 1);
}

#[test]
fn two_servers_in_the_environment_are_an_error() {
    let error = crate::client(|name| Some(format!("https://{name}"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "OPENAI_BASE_URL and AZURE_OPENAI_ENDPOINT are both set: unset one of them"
    );
    let project = |name: &str| match name {
        "PROJECT_ENDPOINT" => Some("https://a.test/p".to_owned()),
        "OPENAI_API_KEY" => Some("token".to_owned()),
        _ => None,
    };
    assert_eq!(
        crate::client(project).unwrap().base_url(),
        "https://a.test/p"
    );
}

#[tokio::test]
async fn a_server_of_azure_and_further_headers_are_those_of_the_environment() {
    let server = MockServer::start_async().await;
    let mock = server.mock(|when, then| {
        when.path("/openai/assistants")
            .query_param("api-version", "2024-05-01-preview")
            .header("api-key", "secret")
            .header("x-team", "maths=1")
            .header("x-region", "eu");
        then.json_body(json!({ "data": [], "has_more": false }));
    });
    let variable = |name: &str| match name {
        "AZURE_OPENAI_ENDPOINT" => Some(server.base_url()),
        "AZURE_OPENAI_API_KEY" => Some("secret".to_owned()),
        "OPENAI_API_VERSION" => Some("2024-05-01-preview".to_owned()),
        "OPENAI_HEADERS" => Some("x-team = maths=1\n\nx-region=eu".to_owned()),
        _ => None,
    };
    let client = crate::client(variable).expect("the settings are valid");
    client.list_assistants().send().await.expect("a list");
    mock.assert();
}

#[tokio::test]
async fn a_restore_says_what_to_do_about_a_rejection_and_goes_on() {
    for (status, advice) in [
        (405, "the server cannot create it"),
        (413, "raise the limit of the server"),
        (415, "upload it in another format"),
        (501, "the server cannot create it"),
    ] {
        let (folder, mut report) = export_of_a_file_and_a_vector_store().await;

        let new = Fake::builder().fault_on("createFile", Fault::status(status));
        let new = fake(new).await;
        let client = new.client_builder().retry(RetryPolicy::never());
        let client = client.build().unwrap();
        let count = restore(&client, folder.path(), &mut report).await;
        assert_eq!(count.unwrap(), 1, "{status}");
        let [problem] = &report.problems[..] else {
            panic!("{:?}", report.problems);
        };
        assert!(
            problem.contains(&status.to_string()) && problem.contains(advice),
            "{problem}"
        );
    }
}

#[test]
fn only_finished_units_are_read_and_partial_downloads_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(folder.path()).unwrap();
    let objects = |id| vec![("/threads".to_owned(), json!({ "id": id }).into())];
    archive.finish("thread_1", objects("thread_1")).unwrap();
    archive.finish("thread_2", objects("thread_2")).unwrap();
    let path = folder.path().join("objects.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let end = text.trim_end().rfind('\n').unwrap() + 1;
    fs::write(&path, &text[..end]).unwrap();
    let contents = archive::read(folder.path()).unwrap();
    assert_eq!(contents.lines.len(), 1);
    assert_eq!(contents.missing()[archive::UNITS.len()..], ["thread_2"]);

    fs::write(folder.path().join("files/.tmpA1"), "# ").unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    assert_eq!(
        fs::read_dir(folder.path().join("files")).unwrap().count(),
        0
    );
    assert!(archive.content("a/b.c").ends_with("files/a%2Fb%2Ec"));
    assert_ne!(archive.content("a/b"), archive.content("a_b"));
}

#[tokio::test]
async fn run_steps_have_the_results_of_file_search() {
    for is_refused in [false, true] {
        let server = MockServer::start_async().await;
        for path in [
            "/assistants",
            "/files",
            "/vector_stores",
            "/threads/t/messages",
        ] {
            list(&server, path, json!([]));
        }
        respond(&server, GET, "/threads/t", &json!({ "id": "t" }));
        list(
            &server,
            "/threads/t/runs",
            json!([{ "id": "r" }, { "id": "s" }]),
        );
        let included = server.mock(|when, then| {
            let value = "step_details.tool_calls[*].file_search.results[*].content";
            when.method(GET)
                .path_matches("/threads/t/runs/[rs]/steps")
                .query_param("include[]", value);
            let body = json!({ "data": [{ "id": "step" }], "has_more": false });
            let status = if is_refused { 400 } else { 200 };
            then.status(status).json_body(body);
        });
        for run in ["r", "s"] {
            list(
                &server,
                &format!("/threads/t/runs/{run}/steps"),
                json!([{ "id": "step" }]),
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let mut report = Report::new(ProgressBar::hidden());
        let client = client(&server);
        let threads = Some(vec!["t".to_owned()]);
        let export = crate::export(&client, folder.path(), threads, &mut report);
        assert!(export.await.unwrap().contains("2 steps"));
        // After a refusal it is not requested again.
        included.assert_calls(if is_refused { 1 } else { 2 });
    }
}
