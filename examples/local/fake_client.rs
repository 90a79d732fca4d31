//! Clients of a fake server, which itself depends on no client.

use openai_assistants::{Client, ClientBuilder};
use openai_assistants_fake::{FakeService, Server};

/// Creates clients of a fake server.
pub trait FakeClient {
    /// Creates a builder of clients, for further settings.
    fn client_builder(&self) -> ClientBuilder;

    fn client(&self) -> Client {
        let client = self.client_builder().build();
        client.expect("the URL is valid, and so is a key that fits in a header")
    }
}

impl FakeClient for Server {
    fn client_builder(&self) -> ClientBuilder {
        builder(&self.url(), self.api_key())
    }
}

impl FakeClient for FakeService {
    fn client_builder(&self) -> ClientBuilder {
        builder(&self.url(), self.api_key()).http_service(self.clone())
    }
}

fn builder(url: &str, key: &str) -> ClientBuilder {
    let builder = match url.contains("/api/projects/") {
        true => Client::builder().foundry(url, "v1"),
        false => Client::builder().base_url(url),
    };
    builder.api_key(key)
}
