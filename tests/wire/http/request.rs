//! Headers, query and path of a request.

use std::time::Duration;

use openai_assistants::{Client, Credentials, Method, Response};
use reqwest::Url;
use serde_json::Value;
use tower::layer::util::Identity;

use super::{EMPTY_LIST, THREAD, THREAD_BODY, create_thread, seconds};
use crate::support::{ManualClock, ScriptedServer, create_run, response};

#[tokio::test]
async fn a_request_has_the_settings_of_the_client() {
    let server = ScriptedServer::start([response(200, "x-request-id: req_1\r\n", THREAD)]).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder
        .organization("org_1")
        .project("proj_1")
        .query("api-version", "v 1")
        .build()
        .unwrap();
    let response = create_thread(&client).send_response().await.unwrap();
    assert_eq!(
        (response.get_ref().id.as_str(), response.request_id()),
        ("thread_1", Some("req_1"))
    );
    assert_eq!((response.status().as_u16(), response.attempts()), (200, 1));

    let request = &server.requests()[0];
    for line in [
        "POST /v1/threads?api-version=v+1 HTTP/1.1",
        "authorization: Bearer sk-secret-key",
        "openai-beta: assistants=v2",
        "openai-organization: org_1",
        "openai-project: proj_1",
        concat!("user-agent: openai-assistants/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(
            request.lines().any(|other| other == line),
            "{line} in {request}"
        );
    }
    assert!(!request.contains("retry-count"));
    assert!(request.ends_with(THREAD_BODY));
}

#[tokio::test]
async fn a_call_overrides_the_settings_of_the_client() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let clock = ManualClock::default();
    let client = server
        .builder(&clock)
        .header("x-a", "client")
        .query("q", "client")
        .query("r", "1")
        .build()
        .unwrap();
    create_thread(&client)
        .header("x-a", "call")
        .header("authorization", "Bearer other")
        .query("q", "call")
        .timeout(Duration::from_secs(7))
        .send()
        .await
        .unwrap();
    let request = &server.requests()[0];
    assert!(
        request.starts_with("POST /v1/threads?r=1&q=call "),
        "{request}"
    );
    assert!(request.contains("x-a: call") && !request.contains("x-a: client"));
    assert!(request.contains("authorization: Bearer other") && !request.contains("sk-secret-key"));
    assert_eq!(clock.timeouts(), seconds(&[7.0]));
}

#[tokio::test]
async fn an_invalid_header_is_an_error_before_anything_is_sent() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let call = create_thread(&server.client()).header("x-a", "line\nbreak");
    let error = call.send().await.expect_err("the header is invalid");
    assert!(error.is_invalid_argument());
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("createThread"), 0)
    );
    assert!(error.to_string().contains("`x-a`"), "{error}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_post_without_a_body_states_its_length() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let client = server.client();
    let lengths = async || {
        let requests = server.requests();
        let lines = requests.last().unwrap().lines();
        let lengths = lines.filter(|line| line.starts_with("content-length"));
        lengths.map(str::to_owned).collect::<Vec<_>>()
    };
    let cancel = client.cancel_run().thread_id("thread_1").run_id("run_1");
    drop(cancel.send().await);
    assert_eq!(lengths().await, ["content-length: 0"]);
    let put = client.request(Method::PUT, "/things");
    put.send::<Value>().await.unwrap();
    assert_eq!(lengths().await, ["content-length: 0"]);
    create_thread(&client).send().await.unwrap();
    let length = format!("content-length: {}", THREAD_BODY.len());
    assert_eq!(lengths().await, [length]);
    let get = client.get_thread().thread_id("thread_1");
    get.send().await.unwrap();
    assert!(lengths().await.is_empty());
}

#[tokio::test]
async fn the_future_of_a_call_is_small() {
    let builder = Client::builder().base_url("http://localhost/v1");
    let client = builder.api_key("k").build().unwrap();
    let sent = client.get_thread().thread_id("thread_1").send();
    assert!(size_of_val(&sent) <= 512, "{} bytes", size_of_val(&sent));
}

#[tokio::test]
async fn no_content_encoding_is_accepted() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let builder = || server.builder(&ManualClock::default());
    let builders = [
        builder(),
        builder().http_client(reqwest::Client::new()),
        builder().layer(Identity::new()),
    ];
    for builder in builders {
        let client = builder.build().unwrap();
        create_thread(&client).send().await.unwrap();
    }
    let call = create_thread(&server.client());
    call.header("accept-encoding", "br").send().await.unwrap();
    let expected = ["identity", "identity", "identity", "br"];
    assert_eq!(server.requests().len(), expected.len());
    for (request, encoding) in server.requests().iter().zip(expected) {
        let line = format!("\r\naccept-encoding: {encoding}\r\n");
        assert!(request.contains(&line), "{request}");
    }
}

#[tokio::test]
async fn headers_of_the_client_replace_those_of_a_request() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let headers = [
        ("accept", "application/problem+json"),
        ("accept-encoding", "br"),
        ("content-type", "application/vnd.api+json"),
    ];
    let builder = server.builder(&ManualClock::default());
    let builder = headers.into_iter().fold(builder, |builder, (name, value)| {
        builder.header(name, value)
    });
    let call = create_thread(&builder.build().unwrap());
    call.send().await.unwrap();
    let request = &server.requests()[0];
    for (name, value) in headers {
        assert!(
            request.contains(&format!("\r\n{name}: {value}\r\n")),
            "{request}"
        );
        assert_eq!(
            request.matches(&format!("\r\n{name}: ")).count(),
            1,
            "{request}"
        );
    }
}

#[tokio::test]
async fn headers_of_the_connection_are_rejected() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    for name in [
        "Content-Length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
    ] {
        let builder = server.builder(&ManualClock::default());
        let call = create_thread(&builder.clone().build().unwrap()).header(name, "1");
        let key = Credentials::header(name, "1");
        for error in [
            call.send().await.expect_err("the header is rejected"),
            builder.clone().header(name, "1").build().unwrap_err(),
            builder.credentials(key).build().unwrap_err(),
        ] {
            assert!(error.is_invalid_argument(), "{error}");
            let reason = format!("`{}` is set by the HTTP client", name.to_lowercase());
            assert!(error.to_string().contains(&reason), "{error}");
        }
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_query_parameter_has_one_value() {
    let server = ScriptedServer::start([response(200, "", EMPTY_LIST)]).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder
        .query("after", "client")
        .query("v", "1")
        .build()
        .unwrap();
    let list = client.list_assistants().after("a").before("b");
    list.query("before", "call").send().await.unwrap();
    assert_eq!(
        server.request_lines(),
        ["GET /v1/assistants?after=a&v=1&before=call"]
    );
}

#[tokio::test]
async fn a_path_continues_that_of_the_base_url() {
    for path in ["", "/", "/v1//", "//a%20b;c/ü"] {
        let server = ScriptedServer::start([response(200, "", THREAD)]).await;
        let builder = server.builder(&ManualClock::default());
        let base = format!("{}{path}", server.origin);
        let client = builder.base_url(base).build().unwrap();
        let call = client.get_thread().thread_id("t/ü?#");
        call.send().await.unwrap();
        let url = format!("{}/threads/t%2F%C3%BC%3F%23", client.base_url());
        let target = url.strip_prefix(&server.origin).expect("the same server");
        assert_eq!(server.request_lines(), [format!("GET {target}")]);
        assert_eq!(Url::parse(&url).unwrap().as_str(), url);
    }
}

#[tokio::test]
async fn ids_are_percent_encoded() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    for (id, segment) in [
        ("thread_abc-1.2~", "thread_abc-1.2~"),
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("../x", "..%2Fx"),
        ("%2e%2e", "%252e%252e"),
        ("ü", "%C3%BC"),
        ("...", "..."),
    ] {
        let call = server.client().get_thread().thread_id(id);
        call.send().await.unwrap();
        let lines = server.request_lines();
        assert_eq!(
            lines.last().unwrap(),
            &format!("GET /v1/threads/{segment}"),
            "{id}"
        );
    }
}

#[tokio::test]
async fn ids_that_address_another_resource_are_rejected() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    for id in ["", " ", "\t\n", ".", ".."] {
        let call = server.client().get_thread().thread_id(id);
        let error = call.send().await.expect_err("the ID is invalid");
        assert!(error.is_invalid_argument());
        assert!(error.to_string().contains("`thread_id`"), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn errors_have_the_ids_of_the_path() {
    let server = ScriptedServer::start([response(404, "", "")]).await;
    let builder = server.builder(&ManualClock::default());
    let base = format!("{}/threads/threads/runs", server.origin);
    let client = builder.base_url(base).build().unwrap();
    let call = create_run(&client).thread_id("t/1");
    let error = call.stream().await.expect_err("there is no such thread");
    assert_eq!((error.thread_id(), error.run_id()), (Some("t/1"), None));
}

#[test]
fn debug_shows_the_names_of_options_only() {
    let client = Client::builder()
        .base_url("http://localhost")
        .api_key("sk-secret")
        .build()
        .unwrap();
    let call = client.get_thread().thread_id("thread_1");
    let text = format!("{:?}", call.header("x-token", "hush").query("sig", "hush"));
    assert!(
        text.contains("x-token") && text.contains("sig") && !text.contains("hush"),
        "{text}"
    );
}

#[test]
fn calls_can_be_spawned() {
    fn spawned<T: Send + 'static>(_: impl FnOnce(&Client) -> T) {}
    spawned(|client| create_thread(client).send());
    spawned(|client| create_run(client).stream());
    spawned(|client| {
        let call = client.request(Method::POST, "/threads");
        async move {
            call.send_response::<Value>()
                .await
                .map(Response::into_inner)
        }
    });
}
