//! No call repeats a secret, whatever a server echoes: in errors, `Debug`, spans and events.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use openai_assistants::types::{CreateMessageRequest, MessageRole, RunObject};
use openai_assistants::{Client, Error, Method, Secret};
use serde_json::{Value, json};

use crate::spans::Spans;
use crate::support::{
    CLOSE, KEYS, ManualClock, STREAM_HEAD, ScriptedServer, checked_fields, create_run, event,
    event_stream, leak, response, run_event,
};

/// The secret of the clients.
const SECRET: &str = "hush/hush+hush=";

/// Follows the secret in each response. It is not a secret.
const PUBLIC: &str = "org_12345";

/// The secret in each form in which servers echo it.
fn forms() -> Vec<String> {
    let encoded = |encode: fn(u8) -> String| SECRET.bytes().map(encode).collect();
    vec![
        SECRET.to_owned(),
        format!("Bearer {SECRET}"),
        "hush%2Fhush%2bhush%3D".to_owned(),
        encoded(|byte| format!("%{byte:02X}")),
        r"hush\/hush\u002bhush\u003D".to_owned(),
        STANDARD.encode(SECRET),
        URL_SAFE.encode(format!("user:{SECRET}")),
        STANDARD.encode(format!("Bearer {SECRET}")),
    ]
}

/// Responses that echo a text in one place each.
fn responses(echo: &str) -> Vec<String> {
    let echo = format!("{echo} {PUBLIC}");
    let error = format!(r#"{{"error":{{"message":"no: {echo}","code":"c","param":"p"}}}}"#);
    let id = format!("x-request-id: {}\r\n", echo.replace('\\', "/"));
    let mut run = crate::support::run("queued");
    let started = run_event(&run);
    run["status"] = json!({});
    let malformed = format!(r#"{{"id":["{echo}"],"data":{{"a":"{echo}"}}}}"#);
    vec![
        response(400, "", &error),
        response(401, &id, ""),
        response(429, "retry-after: 1\r\n", &error),
        response(500, "", &echo),
        response(404, "", &format!("<html>{echo}</html>")),
        response(301, &format!("location: /v1/{echo}\r\n"), ""),
        response(
            307,
            &format!("location: http://other.example/{echo}\r\n"),
            "",
        ),
        response(200, "", &error),
        response(200, &id, &malformed),
        response(200, "", &echo),
        response(200, "content-encoding: br\r\n", &echo),
        format!("HTTP/1.1 200 X\r\n{id}content-length: 9999\r\n\r\n{echo}{CLOSE}"),
        event_stream(&event("error", &error)),
        event_stream(&format!(
            "{started}{}",
            event("thread.run.completed", &malformed)
        )),
        event_stream(&format!(
            "{started}event: thread.message.delta\ndata: {echo}"
        )),
        format!(
            "{STREAM_HEAD}{}\r\n{started}{CLOSE}",
            id.replace("x-request-id", "x-other")
        ),
    ]
}

/// All texts of an error.
fn texts(error: &Error) -> String {
    let mut texts = format!(
        "{error} {error:?} {} {:?} {:?} {:?} {:?} {:?} {:?}",
        error.message(),
        error.body(),
        error.headers(),
        error.request_id(),
        error.code(),
        error.param(),
        error.api_type(),
    );
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        texts += &format!(" {error} {error:?}");
        source = error.source();
    }
    texts
}

/// The texts of a result. What a response contains is the caller's.
fn of_result<T>(result: Result<T, Error>) -> String {
    result.as_ref().err().map_or_else(String::new, texts)
}

type Texts<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

/// A call in each way, with its texts.
fn calls(client: &Client) -> Vec<(&'static str, Texts<'_>)> {
    fn debug(value: &impl Debug) -> String {
        format!("{value:?} {value:#?} ")
    }
    let raw = || client.request(Method::POST, "/things");
    let message = CreateMessageRequest::builder();
    let message = message.role(MessageRole::User).content("Hello");
    vec![
        (
            "send",
            Box::pin(async move {
                let call = client.create_message().thread_id("thread_1").body(message);
                debug(&client) + &debug(&call) + &of_result(call.send().await)
            }),
        ),
        (
            "send_response",
            Box::pin(async move {
                let sent = client.get_run().thread_id("thread_1").run_id("run_1");
                of_result(sent.send_response().await)
            }),
        ),
        (
            "items",
            Box::pin(async move {
                let mut items = client.list_runs().thread_id("thread_1").items();
                debug(&items) + &of_result(items.try_next().await)
            }),
        ),
        (
            "raw send",
            Box::pin(async move {
                let call = raw().json(&Secret::from(SECRET));
                debug(&call) + &of_result(call.send::<RunObject>().await)
            }),
        ),
        (
            "raw bytes",
            Box::pin(async move { of_result(raw().send_bytes().await) }),
        ),
        (
            "raw stream",
            Box::pin(async move {
                match raw().stream().await {
                    Ok(mut events) => debug(&events) + &of_result(events.try_next().await),
                    Err(error) => texts(&error),
                }
            }),
        ),
        (
            "stream",
            Box::pin(async move {
                let mut all = String::new();
                match create_run(client).stream().await {
                    Ok(mut events) => {
                        while let Some(event) = events.try_next().await.transpose() {
                            all += &of_result(event);
                        }
                        all + &debug(&events)
                    }
                    Err(error) => texts(&error),
                }
            }),
        ),
        (
            "text_deltas",
            Box::pin(async move {
                match create_run(client).stream().await {
                    Ok(events) => of_result(events.text_deltas().try_next().await),
                    Err(error) => texts(&error),
                }
            }),
        ),
        (
            "accumulate",
            Box::pin(async move {
                match create_run(client).stream().await {
                    Ok(events) => of_result(events.accumulate().finish().await),
                    Err(error) => texts(&error),
                }
            }),
        ),
        (
            "follow",
            Box::pin(async move {
                let follow = create_run(client).follow();
                debug(&follow) + &of_result(follow.outcome().await)
            }),
        ),
        (
            "follow stream",
            Box::pin(async move {
                match create_run(client).follow().stream().await {
                    Ok(events) => of_result(events.finish().await),
                    Err(error) => texts(&error),
                }
            }),
        ),
        (
            "once",
            Box::pin(async move { of_result(create_run(client).once().send().await) }),
        ),
        #[cfg(feature = "files")]
        (
            "download",
            Box::pin(async move {
                match raw().download().await {
                    Ok(mut download) => {
                        let mut texts = debug(&download);
                        loop {
                            let next = download.try_next().await;
                            let is_last = !matches!(next, Ok(Some(_)));
                            texts += &of_result(next);
                            if is_last {
                                break texts;
                            }
                        }
                    }
                    Err(error) => texts(&error),
                }
            }),
        ),
    ]
}

/// Clients whose secret is in another place of the request each.
fn clients(server: &ScriptedServer) -> Vec<Client> {
    let builder = || server.builder(&ManualClock::default());
    let clients = [
        builder().api_key(SECRET),
        builder().header("authorization", format!("Basic {SECRET}")),
        builder().header("cookie", format!("a=1; session={SECRET}; b=2")),
        builder().query("sig", SECRET),
    ];
    for client in &clients {
        assert_eq!(leak(&format!("{client:?} {client:#?}"), SECRET), None);
    }
    let clients = clients.into_iter().map(|builder| builder.build());
    clients
        .map(|client| client.expect("the settings are valid"))
        .collect()
}

#[tokio::test]
async fn no_call_repeats_a_secret_that_a_server_echoes() {
    let (spans, _guard) = Spans::collect();
    let mut echoed = std::collections::BTreeMap::new();
    for (index, form) in forms().into_iter().enumerate() {
        assert!(
            leak(&form, SECRET).is_some(),
            "{form} is a form of the secret"
        );
        for reply in responses(&form) {
            let server = ScriptedServer::start([reply.clone()]).await;
            let clients = clients(&server);
            // All with the plain secret, and one with each other form.
            let others = match index {
                0 => &clients[..],
                _ => &clients[index % clients.len()..][..1],
            };
            for client in others {
                for (name, texts) in calls(client) {
                    let texts = texts.await;
                    if let Some(form) = leak(&texts, SECRET) {
                        panic!("{name} repeats the secret {form} of {reply}: {texts}");
                    }
                    // The secret was there to be redacted.
                    *echoed.entry(name).or_insert(0) += usize::from(texts.contains("***"));
                }
            }
        }
    }
    let spans = spans.text();
    assert!(
        spans.contains("retry") || spans.contains("attempt"),
        "{spans}"
    );
    assert_eq!(leak(&spans, SECRET), None);
    for (name, _) in calls(&ScriptedServer::start([]).await.client()) {
        assert!(echoed[name] > 10, "{name}: {echoed:?}");
    }
}

#[tokio::test]
async fn the_secrets_in_the_body_of_a_raw_call_are_redacted() {
    #[derive(serde::Serialize)]
    struct Body {
        key: Secret,
    }
    let error = format!("no: {SECRET}");
    let server = ScriptedServer::start([response(400, "", &error)]).await;
    let client = server.client();
    let body = Body { key: SECRET.into() };
    let call = client.request(Method::POST, "/things").json(&body);
    let error = call.send::<Value>().await.expect_err("the status is 400");
    assert_eq!(error.message(), "no: ***");
    let call = client.create_thread().extra_body(&body);
    let error = call.send().await.expect_err("the status is 400");
    assert_eq!(error.message(), "no: ***");
    // A text that is not marked is not known to be a secret.
    let call = client.request(Method::POST, "/things");
    let error = call.json(&SECRET).send::<Value>().await.unwrap_err();
    assert_eq!(error.message(), format!("no: {SECRET}"));
}

#[test]
fn each_form_of_a_secret_is_found() {
    for form in forms() {
        for text in [form.clone(), format!("no: \"{form}\"…"), format!("a{form}")] {
            assert!(leak(&text, SECRET).is_some(), "{text}");
        }
    }
    assert_eq!(leak("hush/hush+hush and aHVzaC9odXNoK2h1c2g", SECRET), None);
    for key in KEYS {
        assert!(leak(&format!("Authorization: Bearer {key}"), key).is_some());
    }
}

#[tokio::test]
async fn the_spans_and_events_of_all_tests_are_checked() {
    let server = ScriptedServer::start([response(400, "", "no")]).await;
    let before = checked_fields();
    let sent = server.client().create_thread().send().await;
    sent.expect_err("the status is 400");
    assert!(checked_fields() > before);
    for key in KEYS {
        let logged = std::panic::catch_unwind(|| tracing::info!("key {key}"));
        logged.expect_err("the event has a key");
    }
}
