//! Which redirects are followed, and where credentials go.

use openai_assistants::{Client, Credentials};

use super::{EMPTY_LIST, THREAD, THREAD_BODY, create_thread};
use crate::support::{ManualClock, ScriptedServer, response};

/// Builds an HTTP client of the caller. Its server needs no TLS, but reqwest needs a provider of
/// cryptography where a feature enables rustls without one.
pub(super) fn http_client(redirects: reqwest::redirect::Policy) -> reqwest::Client {
    #[cfg(feature = "rustls-ring")]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(redirects);
    #[cfg(has_tls)]
    let builder = builder.tls_certs_only([]);
    builder.build().expect("the settings are valid")
}

#[tokio::test]
async fn redirects_within_the_server_are_followed() {
    let moved = response(307, "location: /v2/threads?x=1\r\n", "");
    let server = ScriptedServer::start([moved, response(200, "", THREAD)]).await;
    create_thread(&server.client()).send().await.unwrap();
    assert_eq!(
        server.request_lines(),
        ["POST /v1/threads", "POST /v2/threads?x=1"]
    );
    let second = &server.requests()[1];
    assert!(
        second.contains("authorization: Bearer sk-secret-key") && second.ends_with(THREAD_BODY)
    );
}

#[tokio::test]
async fn redirects_to_other_servers_are_rejected() {
    let other = ScriptedServer::start([response(200, "", THREAD)]).await;
    let location = format!("location: {}/v1/threads?key=1\r\n", other.origin);
    let moved = response(308, &format!("x-request-id: req_1\r\n{location}"), "");
    let server = ScriptedServer::start([moved]).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the redirect is rejected");
    assert!(error.is_redirect() && !error.is_retryable());
    assert_eq!(
        (error.status().unwrap().as_u16(), error.request_id()),
        (308, Some("req_1"))
    );
    assert!(
        error.to_string().contains(&other.origin) && !error.to_string().contains("key=1"),
        "{error}"
    );
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn no_http_client_sends_a_key_to_another_server() {
    let other = ScriptedServer::start([response(200, "", THREAD)]).await;
    let location = format!("location: {}/v1/threads\r\n", other.origin);
    let server = ScriptedServer::start([response(307, &location, "")]).await;
    let rejected = async |client: Client| {
        let error = create_thread(&client)
            .send()
            .await
            .expect_err("the redirect is rejected");
        assert!(
            error.is_redirect() && error.to_string().contains(&other.origin),
            "{error}"
        );
    };
    let follow = reqwest::redirect::Policy::default;
    let key = Credentials::header("api-key", "sk-secret-key");
    let builder = server.builder(&ManualClock::default());

    let own = builder
        .clone()
        .http_client_builder(move |http| http.redirect(follow()));
    rejected(own.credentials(key).build().unwrap()).await;
    assert!(other.requests().is_empty());

    // The caller's HTTP client follows the redirect on its own.
    let http = http_client(follow());
    rejected(builder.http_client(http).build().unwrap()).await;
    let requests = other.requests();
    assert!(
        requests.len() == 1 && !requests[0].contains("sk-secret-key"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn an_http_client_of_the_caller_gets_no_secret_that_it_could_forward() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let http = http_client(reqwest::redirect::Policy::default());
    let builder = server.builder(&ManualClock::default()).http_client(http);
    for builder in [
        builder.clone().header("astra-api-token", "t"),
        builder
            .clone()
            .credentials(Credentials::header("api-key", "k")),
    ] {
        let error = builder.build().expect_err("the header is rejected");
        assert!(error.is_invalid_argument());
        assert!(
            error.to_string().contains("`http_client_builder`"),
            "{error}"
        );
    }

    let client = builder.project("proj_1").build().unwrap();
    let call = create_thread(&client).header("api-key", "k");
    let error = call.send().await.expect_err("the header is rejected");
    assert!(
        error.is_invalid_argument() && error.to_string().contains("`api-key`"),
        "{error}"
    );
    assert!(server.requests().is_empty());

    let call = create_thread(&client).header("authorization", "Bearer other");
    call.send().await.unwrap();
    let request = &server.requests()[0];
    for line in [
        "openai-project: proj_1",
        concat!("user-agent: openai-assistants/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(request.contains(line), "{line} in {request}");
    }
}

#[tokio::test]
async fn the_http_client_can_be_configured_further() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let builder = server.builder(&ManualClock::default());
    let builder = builder.http_client_builder(|http| http.user_agent("mine/1"));
    let client = builder.build().unwrap();
    create_thread(&client).send().await.unwrap();
    assert!(server.requests()[0].contains("user-agent: mine/1"));
}

#[tokio::test]
async fn redirects_that_would_change_the_method_are_rejected() {
    let moved = response(301, "location: /v1/threads/\r\n", "");
    let server = ScriptedServer::start([moved.clone()]).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the redirect is rejected");
    assert!(
        error.is_redirect() && error.to_string().contains("would change POST to GET"),
        "{error}"
    );

    let server = ScriptedServer::start([moved, response(200, "", EMPTY_LIST)]).await;
    assert!(server.client().list_assistants().send().await.is_ok());
}

#[tokio::test]
async fn the_number_of_redirects_is_limited() {
    let headers = "location: /v1/threads\r\nx-request-id: req_1\r\n";
    let server = ScriptedServer::start([response(307, headers, "")]).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the redirects do not end");
    assert!(error.is_redirect());
    assert_eq!(server.requests().len(), 6);
    let status = error.status().map(|status| status.as_u16());
    assert_eq!((status, error.request_id()), (Some(307), Some("req_1")));
    assert_eq!(error.headers()["location"], "/v1/threads");
}

#[tokio::test]
async fn redirects_to_what_is_no_plain_http_url_are_rejected() {
    let server = ScriptedServer::start([]).await;
    let host = server.origin.trim_start_matches("http://");
    for (location, reason) in [
        (format!("http://user:pw@{host}/v1/threads"), "a user name"),
        (format!("//user@{host}/v1/threads"), "a user name"),
        ("file:///v1/threads".to_owned(), "the scheme `file`"),
        (format!("blob:http://{host}/1"), "the scheme `blob`"),
        ("http://[".to_owned(), "without a valid Location header"),
    ] {
        let headers = format!("location: {location}\r\nx-request-id: req_1\r\n");
        server.then(response(307, &headers, ""));
        let before = server.requests().len();
        let call = create_thread(&server.client());
        let error = call.send().await.expect_err("the redirect is rejected");
        assert!(error.is_redirect() && !error.is_retryable());
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(error.request_id(), Some("req_1"));
        assert_eq!(server.requests().len(), before + 1);
    }
}
