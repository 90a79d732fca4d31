//! The second peer: openai-client-base, which openapi-generator generates from the same document.

use std::hint::black_box;
use std::path::Path;

use openai_client_base::apis::configuration::Configuration;
use openai_client_base::apis::{assistants_api, files_api};
use openai_client_base::models::ListMessagesResponse;

use crate::client::{BenchClient, process_page};

#[derive(Clone)]
pub struct Generated(Configuration);

impl BenchClient for Generated {
    fn new(base_url: &str) -> Self {
        Self(Configuration {
            base_path: base_url.to_owned(),
            bearer_access_token: Some("any".to_owned()),
            ..Configuration::default()
        })
    }

    fn decode_page(json: &[u8]) {
        let page: ListMessagesResponse = serde_json::from_slice(json).expect("the page decodes");
        black_box(page);
    }

    async fn call(&self) {
        let call = assistants_api::get_thread().configuration(&self.0);
        let thread = call.thread_id("t").call().await;
        black_box(thread.expect("the call succeeds"));
    }

    async fn list_all(&self) {
        let mut after: Option<String> = None;
        loop {
            let call = assistants_api::list_messages().configuration(&self.0);
            let call = call.thread_id("t").limit(100);
            let page = call.maybe_after(after.as_deref()).call().await;
            let page = page.expect("the list continues");
            after = Some(page.last_id.clone()).filter(|_| page.has_more);
            black_box(page);
            process_page().await;
            if after.is_none() {
                break;
            }
        }
    }

    async fn upload(&self, file: &Path) {
        let call = files_api::create_file().configuration(&self.0);
        let file = call.file(file.to_owned()).purpose("assistants").call();
        black_box(file.await.expect("the call succeeds"));
    }

    async fn download(&self) {
        let call = files_api::download_file().configuration(&self.0);
        let mut response = call.file_id("f").call().await.expect("the call succeeds");
        while let Some(chunk) = response.chunk().await.expect("the body is complete") {
            black_box(chunk);
        }
    }
}
