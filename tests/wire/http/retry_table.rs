//! The table of failures and calls: which call is sent again after which failure.

use std::future::ready;

use openai_assistants::{Credentials, Error, HttpRequest, Method, RetryPolicy};
use reqwest::dns::{Name, Resolve, Resolving};
use tower::service_fn;

use super::create_thread;
use crate::support::{CLOSE, ManualClock, STALL, ScriptedServer, response, until, yield_often};

/// What makes every attempt fail.
enum Cause {
    NoServer,
    /// The name of the host does not resolve.
    NoAddress,
    NoToken,
    /// The time-out passes before the provider returns a token.
    SlowToken,
    /// The service in place of reqwest fails.
    NoService,
    /// The time-out passes before the response.
    NoResponse,
    /// The server sends this response.
    Response(String),
    /// The server sends this response, and the time-out passes after its head.
    StalledBody(String),
}

/// The failures, with their class and their cause.
fn rows() -> Vec<(&'static str, &'static str, Cause)> {
    use Cause::{
        NoAddress, NoResponse, NoServer, NoService, NoToken, Response, SlowToken, StalledBody,
    };

    let status = |status| Response(response(status, "", ""));
    let head = "HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{";
    let quota = r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#;
    let moved = "location: http://other.example/v1/threads\r\n";
    let should_retry = |answer| response(500, &format!("x-should-retry: {answer}\r\n"), "");
    vec![
        ("the connection is refused", "not sent", NoServer),
        ("the name does not resolve", "not sent", NoAddress),
        ("no token in time", "not sent", SlowToken),
        ("408", "refused", status(408)),
        ("409", "refused", status(409)),
        ("425", "refused", status(425)),
        ("429", "refused", status(429)),
        ("503", "refused", status(503)),
        (
            "`x-should-retry: true`",
            "refused",
            Response(should_retry("true")),
        ),
        ("no response in time", "unknown", NoResponse),
        (
            "the connection closes without a response",
            "unknown",
            Response(CLOSE.to_string()),
        ),
        ("500", "unknown", status(500)),
        ("502", "unknown", status(502)),
        ("504", "unknown", status(504)),
        (
            "a layer or a service of the caller fails",
            "unknown",
            NoService,
        ),
        (
            "200, then the connection breaks",
            "processed",
            Response(format!("{head}{CLOSE}")),
        ),
        (
            "200, then the time-out passes",
            "processed",
            StalledBody(format!("{head}{STALL}")),
        ),
        ("400", "final", status(400)),
        ("401", "final", status(401)),
        ("403", "final", status(403)),
        ("404", "final", status(404)),
        ("405", "final", status(405)),
        ("422", "final", status(422)),
        (
            "429 with `insufficient_quota`",
            "final",
            Response(response(429, "", quota)),
        ),
        ("501", "final", status(501)),
        (
            "500 with `x-should-retry: false`",
            "final",
            Response(should_retry("false")),
        ),
        (
            "a redirect to another server",
            "final",
            Response(response(307, moved, "")),
        ),
        (
            "303",
            "final",
            Response(response(303, "location: /v1/threads/thread_1\r\n", "")),
        ),
        (
            "200 with the body of an error",
            "final",
            Response(response(200, "", quota)),
        ),
        (
            "200 with JSON that does not match",
            "final",
            Response(response(200, "", "{}")),
        ),
        ("the token provider fails", "final", NoToken),
    ]
}

/// A resolver that knows no name.
struct NoNames;

impl Resolve for NoNames {
    fn resolve(&self, _: Name) -> Resolving {
        Box::pin(ready(Err("there is no such host".into())))
    }
}

/// Sends a call of which every attempt fails.
async fn failure(cause: &Cause, is_idempotent: bool, policy: RetryPolicy) -> Error {
    let (script, clock) = match cause {
        Cause::Response(text) | Cause::StalledBody(text) => (text.clone(), ManualClock::default()),
        Cause::NoResponse | Cause::SlowToken => (STALL.to_string(), ManualClock::expired()),
        Cause::NoServer | Cause::NoAddress | Cause::NoToken | Cause::NoService => {
            (String::new(), ManualClock::default())
        }
    };
    let server = ScriptedServer::start([script]).await;
    let builder = server.builder(&clock).retry(policy);
    let builder = match cause {
        // Port 9 of the loopback interface has no server.
        Cause::NoServer => builder.base_url("http://127.0.0.1:9/v1"),
        Cause::NoAddress => builder
            .base_url("http://assistants.example/v1")
            .no_proxy()
            .http_client_builder(|http| http.dns_resolver(NoNames)),
        Cause::NoToken => builder.credentials(Credentials::from_fn(|| async {
            Err::<String, _>("the vault is closed")
        })),
        Cause::SlowToken => builder.credentials(Credentials::from_fn(|| async {
            std::future::pending::<Result<String, String>>().await
        })),
        Cause::NoService => builder.http_service(service_fn(|_: HttpRequest| {
            ready(Err::<http::Response<String>, _>("the queue is full"))
        })),
        _ => builder,
    };
    let client = builder.build().unwrap();
    let call = tokio::spawn(async move {
        let get = client.get_thread().thread_id("thread_1");
        match is_idempotent {
            true => get.send().await,
            false => create_thread(&client).send().await,
        }
    });
    if let Cause::StalledBody(_) = cause {
        until(|| server.bytes_sent() > 0).await;
        while !call.is_finished() {
            yield_often().await;
            clock.expire_timeouts();
        }
    }
    call.await.unwrap().expect_err("every attempt fails")
}

/// What is done after a failure.
fn action(error: &Error) -> &'static str {
    match error.attempts() {
        3 => "retried",
        1 => "error",
        other => panic!("{other} attempts: {error}"),
    }
}

#[tokio::test]
async fn the_table_of_the_guide_is_what_happens() {
    let mut table = String::from(
        "| failure | class | idempotent | other | other, `retry_unknown` | may have been processed |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for (text, class, cause) in rows() {
        let policy = RetryPolicy::default();
        let idempotent = failure(&cause, true, policy.clone()).await;
        let other = failure(&cause, false, policy.clone()).await;
        let unknown = failure(&cause, false, policy.retry_unknown(true)).await;
        let may_have_been_processed = match other.may_have_been_processed() {
            true => "yes",
            false => "no",
        };
        table += &format!(
            "| {text} | {class} | {} | {} | {} | {may_have_been_processed} |\n",
            action(&idempotent),
            action(&other),
            action(&unknown),
        );
        assert_eq!(other.is_retryable(), class != "final", "{text}: {other}");
    }
    println!("{table}");
    let guide = include_str!("../../../docs/retries.md");
    assert!(
        guide.contains(&table),
        "put this into docs/retries.md:\n{table}"
    );
}

#[tokio::test]
async fn an_attempt_that_may_have_been_processed_is_not_forgotten() {
    let script = [response(502, "", ""), response(409, "", "")];
    let server = ScriptedServer::start(script).await;
    let policy = RetryPolicy::default().retry_unknown(true);
    let builder = server.builder(&ManualClock::default()).retry(policy);
    let call = create_thread(&builder.build().unwrap());
    let error = call.send().await.expect_err("the last status is 409");
    assert!(error.is_conflict() && error.may_have_been_processed());

    let server = ScriptedServer::start([response(429, "", ""), response(400, "", "")]).await;
    let call = create_thread(&server.client());
    let error = call.send().await.expect_err("the last status is 400");
    assert!(error.is_bad_request() && !error.may_have_been_processed());
}

#[tokio::test]
async fn a_raw_call_is_idempotent_by_its_method() {
    for (method, attempts) in [
        (Method::GET, 3),
        (Method::PUT, 3),
        (Method::DELETE, 3),
        (Method::POST, 1),
        (Method::PATCH, 1),
    ] {
        let server = ScriptedServer::start([response(502, "", "")]).await;
        let call = server.client().request(method.clone(), "/things");
        let error = call.send::<()>().await.expect_err("the status is 502");
        assert_eq!(error.attempts(), attempts, "{method}");
    }
}
