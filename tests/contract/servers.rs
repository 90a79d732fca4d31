//! Requests to each kind of server: a create, a page of a list, a stream and a raw call.

use std::collections::BTreeMap;

use openai_assistants::types::{CreateAssistantRequest, CreateRunRequest};
use openai_assistants::{Client, ClientBuilder, Credentials, Method, RetryPolicy};
use serde_json::{Value, json};

use crate::contract::page;
use crate::objects::{assistant, run};
use crate::server::{MockResponse, Request, Server};

struct Dialect {
    /// Configures a client for a server of this origin.
    client: fn(&str) -> ClientBuilder,
    /// The path of the base URL.
    base: &'static str,
    query: &'static [(&'static str, &'static str)],
    /// The headers, apart from those of every call.
    headers: &'static [(&'static str, &'static str)],
}

const BETA: (&str, &str) = ("openai-beta", "assistants=v2");
const BEARER: (&str, &str) = ("authorization", "Bearer token-1");

async fn token() -> Result<&'static str, std::io::Error> {
    Ok("token-1")
}

fn dialects() -> [(&'static str, Dialect); 6] {
    [
        (
            "OpenAI-compatible",
            Dialect {
                client: |origin| {
                    let builder = Client::builder().base_url(format!("{origin}/v1"));
                    builder
                        .api_key("token-1")
                        .organization("org_1")
                        .project("proj_1")
                },
                base: "/v1",
                query: &[],
                headers: &[
                    BEARER,
                    BETA,
                    ("openai-organization", "org_1"),
                    ("openai-project", "proj_1"),
                ],
            },
        ),
        (
            "Azure OpenAI with a key",
            Dialect {
                client: |origin| {
                    let builder = Client::builder().api_key("key-1");
                    builder.azure_openai(origin, "2024-05-01-preview")
                },
                base: "/openai",
                query: &[("api-version", "2024-05-01-preview")],
                headers: &[("api-key", "key-1"), BETA],
            },
        ),
        (
            "Azure OpenAI with Entra",
            Dialect {
                client: |origin| {
                    let builder = Client::builder().azure_openai(origin, "2024-05-01-preview");
                    builder.credentials(Credentials::from_fn(token))
                },
                base: "/openai",
                query: &[("api-version", "2024-05-01-preview")],
                headers: &[BEARER, BETA],
            },
        ),
        (
            "Foundry Agents classic",
            Dialect {
                client: |origin| {
                    let project = format!("{origin}/api/projects/demo/");
                    let builder = Client::builder().foundry(project, "v1");
                    builder.credentials(Credentials::from_fn(token))
                },
                base: "/api/projects/demo",
                query: &[("api-version", "v1")],
                headers: &[BEARER],
            },
        ),
        (
            "Astra Assistants",
            Dialect {
                client: |origin| {
                    let builder = Client::builder().base_url(format!("{origin}/v1"));
                    builder
                        .api_key("token-1")
                        .header("astra-api-token", "AstraCS:1")
                        .header("embedding-model", "text-embedding-3-small")
                },
                base: "/v1",
                query: &[],
                headers: &[
                    ("astra-api-token", "AstraCS:1"),
                    BEARER,
                    ("embedding-model", "text-embedding-3-small"),
                    BETA,
                ],
            },
        ),
        (
            "open-assistant-api",
            Dialect {
                client: |origin| {
                    let builder = Client::builder().base_url(format!("{origin}/api/v1"));
                    builder
                        .api_key("token-1")
                        .beta_header(Some("assistants=v1"))
                },
                base: "/api/v1",
                query: &[],
                headers: &[BEARER, ("openai-beta", "assistants=v1")],
            },
        ),
    ]
}

impl Dialect {
    fn client(&self, server: &Server) -> Client {
        let builder = (self.client)(&server.origin()).retry(RetryPolicy::never());
        builder.build().expect("the configuration is valid")
    }

    /// Checks the whole request, apart from the headers that HTTP needs.
    fn check(
        &self,
        name: &str,
        request: &Request,
        line: (&str, &str),
        query: &[(&str, &str)],
        content: (&str, Option<Value>),
    ) {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let (accept, body) = content;
        let (method, path) = line;
        assert_eq!(request.method, method, "{name}");
        assert_eq!(request.path, format!("{}{path}", self.base), "{name}");
        // The order of parameters is not significant.
        let sorted = |mut pairs: Vec<(String, String)>| {
            pairs.sort();
            pairs
        };
        let expected = sorted(owned(&[query, self.query].concat()));
        assert_eq!(sorted(request.query.clone()), expected, "{name}");
        let mut headers: BTreeMap<String, String> = request.headers().into_iter().collect();
        for name in ["host", "user-agent", "content-length"] {
            headers.remove(name);
        }
        let of_every_call = [("accept", accept), ("accept-encoding", "identity")];
        let mut expected = [self.headers, &of_every_call].concat();
        if body.is_some() {
            expected.push(("content-type", "application/json"));
        }
        let expected: BTreeMap<String, String> = owned(&expected).into_iter().collect();
        assert_eq!(headers, expected, "{name}");
        assert_eq!(request.json().expect("it is JSON"), body, "{name}");
    }
}

#[tokio::test]
async fn an_assistant_is_created_on_every_server() {
    for (name, dialect) in dialects() {
        let server = Server::start(MockResponse::json(200, assistant())).await;
        let body = CreateAssistantRequest::builder().model("m");
        let call = dialect.client(&server).create_assistant().body(body);
        call.send().await.expect(name);
        let request = server.only_request().unwrap();
        let content = ("application/json", Some(json!({ "model": "m" })));
        dialect.check(name, &request, ("POST", "/assistants"), &[], content);
    }
}

#[tokio::test]
async fn a_page_is_listed_on_every_server() {
    for (name, dialect) in dialects() {
        let server = Server::start(MockResponse::json(200, page(assistant()))).await;
        let call = dialect.client(&server).list_assistants();
        call.limit(5).after("asst_0").send().await.expect(name);
        let request = server.only_request().unwrap();
        let query = [("limit", "5"), ("after", "asst_0")];
        let content = ("application/json", None);
        dialect.check(name, &request, ("GET", "/assistants"), &query, content);
    }
}

#[tokio::test]
async fn a_run_is_streamed_on_every_server() {
    for (name, dialect) in dialects() {
        let events = format!(
            "event: thread.run.completed\ndata: {}\n\nevent: done\ndata: [DONE]\n\n",
            run()
        );
        let response = MockResponse::text(200, &events);
        let server = Server::start(response.header("content-type", "text/event-stream")).await;
        let body = CreateRunRequest::builder().assistant_id("asst_1");
        let call = dialect.client(&server).create_run().thread_id("thread_1");
        let mut events = call.body(body).stream().await.expect(name);
        while events.try_next().await.expect(name).is_some() {}
        let request = server.only_request().unwrap();
        let body = json!({ "assistant_id": "asst_1", "stream": true });
        let content = ("text/event-stream", Some(body));
        let line = ("POST", "/threads/thread_1/runs");
        dialect.check(name, &request, line, &[], content);
    }
}

#[tokio::test]
async fn a_raw_call_is_sent_to_every_server() {
    for (name, dialect) in dialects() {
        let response = json!({ "data": [{ "id": "thread_1" }], "has_more": false });
        let server = Server::start(MockResponse::json(200, response.clone())).await;
        let call = dialect.client(&server).request(Method::GET, "/threads");
        let threads = call.query("limit", "5").send::<Value>().await.expect(name);
        assert_eq!(threads, response);
        let request = server.only_request().unwrap();
        let content = ("application/json", None);
        dialect.check(
            name,
            &request,
            ("GET", "/threads"),
            &[("limit", "5")],
            content,
        );
    }
}
