//! Configuration of a client, pagination and raw calls.

mod bounds;
mod builder;
mod environment;
mod extra_body;
mod once;
mod once_thread;
mod pagination;
mod presets;
mod proxies;
mod raw;
mod setters;
mod size_limits;

use openai_assistants::{Client, ClientBuilder};

use crate::support::{ScriptedServer, response};

/// A server of empty lists.
async fn empty_server() -> ScriptedServer {
    ScriptedServer::start([response(200, "", r#"{"data":[],"has_more":false}"#)]).await
}

/// The request that a client with these settings sends.
async fn request_of(server: &ScriptedServer, builder: ClientBuilder) -> String {
    let client = builder.build().expect("the settings are valid");
    client.list_assistants().send().await.expect("a list");
    server.requests().pop().expect("there is a request")
}

/// The value of a header in a request.
fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let mut values = request
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let value = values.next();
    assert_eq!(values.next(), None, "{name} has one value");
    value
}

/// The error of settings that are invalid.
fn invalid(builder: ClientBuilder) -> String {
    let error = builder.build().expect_err("the settings are invalid");
    assert!(error.is_invalid_argument());
    error.to_string()
}

/// A builder for a server without TLS, which is optional.
fn local() -> ClientBuilder {
    Client::builder().base_url("http://localhost/v1")
}

fn with_key() -> ClientBuilder {
    local().api_key("sk-secret")
}
