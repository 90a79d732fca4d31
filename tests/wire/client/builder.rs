//! Settings of a client: base URL, headers, API key.

use std::env;
use std::process::Command;

#[cfg(has_tls)]
use openai_assistants::Client;
use openai_assistants::{ClientBuilder, Credentials};

use super::{empty_server, header, invalid, local, request_of, with_key};
use crate::support::ManualClock;

#[test]
fn a_missing_key_is_an_error_with_advice() {
    let message = invalid(local());
    assert!(
        message.contains("OPENAI_API_KEY") && message.contains("`api_key`"),
        "{message}"
    );
    assert!(local().credentials(Credentials::none()).build().is_ok());
}

#[test]
fn a_base_url_is_checked() {
    for (url, reason) in [
        ("", "is empty"),
        ("localhost/v1", "is not a valid URL"),
        ("/v1", "is not a valid URL"),
        ("ftp://host/v1", "neither http nor https"),
        ("localhost:8080/v1", "neither http nor https"),
        ("mailto:me@host", "neither http nor https"),
        ("http://", "is not a valid URL"),
        ("http://me:pw@host/v1", "user name or password"),
        ("http://host/v1?api-version=1", "belongs in `query`"),
        ("http://host/v1#top", "has a fragment"),
    ] {
        let message = invalid(with_key().base_url(url));
        assert!(message.contains(reason), "{url}: {message}");
        assert!(!message.contains("pw"), "{message}");
    }
}

#[test]
fn trailing_slashes_of_a_base_url_are_dropped() {
    for url in [
        "http://host/v1",
        "http://host/v1/",
        "http://host/v1///",
        " http://host/v1 ",
    ] {
        assert_eq!(
            with_key().base_url(url).build().unwrap().base_url(),
            "http://host/v1"
        );
    }
    assert_eq!(
        with_key()
            .base_url("http://host")
            .build()
            .unwrap()
            .base_url(),
        "http://host"
    );
}

#[cfg(has_tls)]
#[test]
fn the_default_server_is_openai() {
    let client = Client::builder().api_key("sk-secret").build().unwrap();
    assert_eq!(client.base_url(), "https://api.openai.com/v1");
}

#[test]
fn headers_are_checked() {
    assert!(invalid(with_key().header("a b", "c")).contains("`a b` is not a valid header name"));
    let message = invalid(with_key().header("x-token", "hush\n"));
    assert!(
        message.contains("`x-token`") && !message.contains("hush"),
        "{message}"
    );
    assert!(invalid(with_key().organization("a\nb")).contains("openai-organization"));
}

#[test]
fn an_invalid_key_is_not_shown() {
    let message = invalid(local().api_key("sk-secret\n"));
    assert!(!message.contains("secret"), "{message}");
    assert!(invalid(local().api_key(" ")).contains("empty"));
}

#[test]
fn http_needs_no_certificates() {
    // In a separate process, because the environment is shared by all tests.
    let output = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "client::builder::trailing_slashes_of_a_base_url_are_dropped",
        ])
        .envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn the_beta_header_can_be_changed_and_removed() {
    let server = empty_server().await;
    let new = || server.builder(&ManualClock::default());
    let beta = async |builder: ClientBuilder| {
        let request = request_of(&server, builder).await;
        header(&request, "openai-beta").map(str::to_owned)
    };
    assert_eq!(beta(new()).await.unwrap(), "assistants=v2");
    assert_eq!(
        beta(new().beta_header(Some("assistants=v1")))
            .await
            .unwrap(),
        "assistants=v1"
    );
    assert_eq!(beta(new().beta_header(None)).await, None);
}

#[test]
fn debug_shows_no_secret() {
    let builder = with_key().header("x-token", "hush").query("key", "hush");
    let text = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!text.contains("secret") && !text.contains("hush"), "{text}");
    assert!(
        text.contains("x-token") && text.contains("http://localhost/v1"),
        "{text}"
    );
}
