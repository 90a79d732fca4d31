//! Error bodies of servers, and how errors present them.

use std::error::Error as _;
use std::time::Duration;

use openai_assistants::types::{CreateMessageRequest, MessageRole};
use openai_assistants::{Client, Error, RetryPolicy};

use crate::support::{ManualClock, ScriptedServer, response};

/// The error of `createMessage` after this response.
async fn error_of(status: u16, body: &str) -> Error {
    let script = [response(status, "x-request-id: req_1\r\n", body)];
    let server = ScriptedServer::start(script).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.retry(RetryPolicy::never()).build().unwrap();
    let message = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("Hello");
    client
        .create_message()
        .thread_id("thread_1")
        .body(message)
        .send()
        .await
        .expect_err("it is an error status")
}

#[test]
fn an_error_can_be_sent_and_is_small() {
    fn check<T: std::error::Error + Send + Sync + 'static>() {}
    check::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
}

#[tokio::test]
async fn the_documented_error_body_is_parsed() {
    let error = error_of(
        400,
        r#"{"error":{"message":"Unknown parameter","type":"invalid_request_error","code":"unknown","param":"role"}}"#,
    )
    .await;
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    assert_eq!(error.message(), "Unknown parameter");
    assert_eq!(error.api_type(), Some("invalid_request_error"));
    assert_eq!(error.code(), Some("unknown"));
    assert_eq!(error.param(), Some("role"));
    assert_eq!(error.request_id(), Some("req_1"));
    assert_eq!(error.operation(), Some("createMessage"));
    assert!(error.is_bad_request() && !error.is_retryable());
    assert_eq!(
        error.to_string(),
        "createMessage failed: 400 Bad Request: Unknown parameter (code unknown, param role, request req_1)"
    );
}

#[tokio::test]
async fn other_error_bodies_are_parsed_as_far_as_possible() {
    for (body, message, code) in [
        (r#"{"error":"no"}"#, "no", None),
        (r#"{"error":"no","code":7}"#, "no", Some("7")),
        (r#"{"message":"no"}"#, "no", None),
        (r#"{"detail":"no"}"#, "no", None),
        (r#"{"detail":{"message":"no"}}"#, "no", None),
        (
            r#"{"detail":[{"loc":["body","limit",0],"msg":"no","type":"x"}]}"#,
            "body.limit.0: no",
            None,
        ),
        (
            r#"{"error":{"message":"no","code":429}}"#,
            "no",
            Some("429"),
        ),
        (
            r#"{"message":"no","type":"t","code":"c","param":null}"#,
            "no",
            Some("c"),
        ),
        (
            r#"{"error":{"message":null,"code":"c"}}"#,
            r#"{"error":{"message":null,"code":"c"}}"#,
            Some("c"),
        ),
        (r#"{"error":null,"message":"no"}"#, "no", None),
        (
            r#"{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}"#,
            "Route GET:/x not found",
            None,
        ),
        (
            r#"{"message":["no","never"],"error":"Bad Request","statusCode":400}"#,
            "no; never",
            None,
        ),
        (r#"{"message":"","error":"no"}"#, "no", None),
        (
            r#"{"error":"invalid_request","error_description":"no"}"#,
            "no",
            None,
        ),
        (r#"{"error":["no","never"]}"#, "no; never", None),
        (r#"[{"error":{"message":"no"}}]"#, "no", None),
        (r#""no""#, "no", None),
        ("<html>no</html>", "<html>no</html>", None),
        ("", "", None),
        ("{}", "{}", None),
        ("null", "null", None),
    ] {
        let error = error_of(502, body).await;
        assert_eq!((error.message(), error.code()), (message, code), "{body}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(502));
        assert_eq!(error.request_id(), Some("req_1"));
        assert_eq!(error.body(), Some(body));
    }
}

#[tokio::test]
async fn errors_advise_what_to_do() {
    let active = error_of(
        400,
        r#"{"error":{"message":"Can't add messages to thread_1 while a run run_1 is active.","type":"invalid_request_error"}}"#,
    )
    .await;
    assert_eq!(
        active.to_string(),
        "createMessage failed: 400 Bad Request: Can't add messages to thread_1 while a run run_1 is active. \
         (request req_1); wait until that run is terminal, or cancel it"
    );
    for (status, body, advice) in [
        (
            401,
            "",
            "401 Unauthorized (request req_1); check the API key or token",
        ),
        (
            404,
            r#"{"error":{"message":"No thread found with id 'thread_1'."}}"#,
            "check the ID, the account that it belongs to, and the base URL",
        ),
        (
            429,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            "check the plan and its billing",
        ),
        (
            200,
            r#"{"id":"msg_1""#,
            "; the call may have been processed: check that before you send it again",
        ),
        (
            500,
            "",
            "retry later; the call may have been processed: check that before you send it again",
        ),
    ] {
        let error = error_of(status, body).await;
        assert!(error.to_string().ends_with(advice), "{error}");
    }

    let server = ScriptedServer::start([response(200, "", "{")]).await;
    let get = server.client().get_thread().thread_id("thread_1");
    let error = get.send().await.expect_err("it is not an object");
    assert!(!error.to_string().contains("may have been"), "{error}");

    let server = ScriptedServer::start([]).await;
    let client = server.builder(&ManualClock::expired()).build().unwrap();
    let error = client
        .get_thread()
        .thread_id("thread_1")
        .timeout(Duration::from_secs(600))
        .send()
        .await
        .expect_err("the time-out passed");
    assert!(
        error
            .to_string()
            .contains("within the `timeout` of 600s (3 attempts); increase the time-out"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_route_is_told_from_a_missing_object() {
    let advice = "the server may not have this operation, or not at this base URL";
    for (status, body) in [
        (404, ""),
        (404, "{}"),
        (404, r#"{"detail":"Not Found"}"#),
        (404, r#"{"error":{"message":"Not found."}}"#),
        (
            404,
            r#"{"message":"Route POST:/x not found","error":"Not Found","statusCode":404}"#,
        ),
        (404, "Cannot POST /v1/threads/thread_1/messages"),
        (
            404,
            r#"{"error":{"message":"Invalid URL (POST /v1/x)","type":"invalid_request_error"}}"#,
        ),
        (404, "404 page not found"),
        (404, "<html><body>nginx</body></html>"),
        (405, ""),
        (405, r#"{"detail":"Method Not Allowed"}"#),
        (501, "no"),
    ] {
        let error = error_of(status, body).await.to_string();
        assert!(error.ends_with(advice), "{error}");
    }
    for message in [
        "No thread found with id 'thread_1'.",
        "thread_1 not found",
        "There is no such assistant/thread",
    ] {
        let error = error_of(404, message).await.to_string();
        let advice = "; check the ID, the account that it belongs to, and the base URL";
        assert!(error.ends_with(advice), "{error}");
    }
}

#[tokio::test]
async fn the_message_is_one_line_of_bounded_length() {
    let error = error_of(500, &format!("a\nb\r\n{}", "x".repeat(100_000))).await;
    assert!(error.to_string().len() < 1000);
    assert!(format!("{error:?}").len() < 1500);
    assert!(!error.to_string().contains('\n'));
}

#[tokio::test]
async fn each_status_has_its_predicate() {
    type Check = fn(&Error) -> bool;
    let checks: [(u16, Check); 9] = [
        (400, Error::is_bad_request),
        (401, Error::is_authentication),
        (403, Error::is_permission_denied),
        (404, Error::is_not_found),
        (408, Error::is_timeout),
        (409, Error::is_conflict),
        (422, Error::is_bad_request),
        (429, Error::is_rate_limited),
        (503, Error::is_server_error),
    ];
    for (status, check) in checks {
        assert!(check(&error_of(status, "").await), "{status}");
        assert!(!check(&error_of(418, "").await), "{status}");
    }
}

#[tokio::test]
async fn a_decode_error_has_the_path_of_the_value() {
    let body = r#"{"usage":"x","id":1}"#;
    let server = ScriptedServer::start([response(200, "", body)]).await;
    let call = server
        .client()
        .get_run()
        .thread_id("thread_1")
        .run_id("run_1");
    let error = call.send().await.expect_err("a number is not a string");
    assert!(error.is_decode() && !error.is_retryable());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert!(
        error
            .to_string()
            .starts_with("getRun failed: the server returned 200 OK, but "),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("`id`: invalid type: integer `1`, expected a string"),
        "{error}"
    );
    assert_eq!(error.body(), Some(body));
    assert!(error.source().is_some());
}

/// Not a test: a program whose `main` returns an error.
#[tokio::test]
#[ignore = "run by `a_program_prints_the_text_of_its_error`"]
async fn program() -> openai_assistants::Result<()> {
    let client = Client::builder()
        .base_url("http://127.0.0.1:1/v1")
        .api_key("any")
        .retry(RetryPolicy::never());
    client.build()?.create_thread().send().await?;
    Ok(())
}

#[test]
fn a_program_prints_the_text_of_its_error() {
    let test = std::env::current_exe().expect("the path of this program");
    let output = std::process::Command::new(test)
        .args(["--exact", "errors::program", "--ignored", "--nocapture"])
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stderr).expect("it prints text");
    let mut lines = text.lines().skip_while(|line| !line.starts_with("Error: "));
    let line = lines.next().unwrap_or_else(|| panic!("{text}"));
    assert!(
        line.starts_with("Error: createThread failed: the connection failed (http://")
            && line.ends_with("; check the base URL and the network"),
        "{text}"
    );
    assert_eq!(lines.next(), Some("  caused by: error sending request"));
}

#[tokio::test]
async fn debug_has_the_text_and_its_alternate_form_the_fields() {
    let error = error_of(404, "thread_1 not found").await;
    assert_eq!(format!("{error:?}"), error.to_string());
    let fields = format!("{error:#?}");
    assert!(
        fields.starts_with("Error {\n    kind: Status,\n"),
        "{fields}"
    );
    assert!(fields.contains("thread_1 not found"), "{fields}");
}
