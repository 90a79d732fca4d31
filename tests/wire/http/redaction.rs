//! Secrets that a server quotes do not reach errors.

use std::sync::atomic::{AtomicU32, Ordering};

use openai_assistants::operations::CreateThread;
use openai_assistants::{Client, Credentials, Error};

use super::{THREAD, create_thread};
use crate::support::{CLOSE, ManualClock, ScriptedServer, create_run, event_stream, response};

/// All texts of an error.
fn texts(error: &Error) -> String {
    let source = std::error::Error::source(error);
    format!(
        "{error} {error:?} {error:#?} {} {:?} {:?} {source:?}",
        error.message(),
        error.body(),
        error.headers()
    )
}

#[tokio::test]
async fn a_quoted_key_is_redacted() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-secret-key"}}"#;
    let server = ScriptedServer::start([response(401, "", body)]).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the key is rejected");
    let text = format!("{error} {error:?} {:?} {}", error.body(), error.message());
    assert!(
        error.is_authentication() && !text.contains("sk-secret-key"),
        "{text}"
    );
    assert!(error.message().ends_with("provided: ***"));
}

#[tokio::test]
async fn a_key_that_is_a_word_of_the_error_leaves_it_readable() {
    let body = r#"{"error":{"message":"no, key-of-8","type":"key-of-8","code":"key-of-8","param":"key-of-8"}}"#;
    for (key, message) in [
        ("error", "no, key-of-8"),
        ("0", "no, key-of-8"),
        ("message\":", "no, key-of-8"),
        ("key-of-8", "no, ***"),
    ] {
        let server = ScriptedServer::start([response(400, "", body)]).await;
        let builder = server.builder(&ManualClock::default()).api_key(key);
        let error = create_thread(&builder.build().unwrap())
            .send()
            .await
            .expect_err("the status is 400");
        assert_eq!(error.message(), message);
        let word = Some("key-of-8");
        assert_eq!((error.code(), error.param()), (word, word));
        assert_eq!(error.api_type(), word);
    }
}

#[tokio::test]
async fn a_key_in_place_of_a_word_of_the_error_is_redacted() {
    let key = "sk-0123456789abcdef";
    let body =
        format!(r#"{{"error":{{"message":"no","type":"{key}","code":"{key}","param":"{key}"}}}}"#);
    let server = ScriptedServer::start([response(400, "", &body)]).await;
    let builder = server.builder(&ManualClock::default()).api_key(key);
    let call = create_thread(&builder.build().unwrap()).send().await;
    let error = call.expect_err("the status is 400");
    assert!(!texts(&error).contains(key), "{error}");
    let hidden = Some("***");
    assert_eq!((error.code(), error.param()), (hidden, hidden));
    assert_eq!(error.api_type(), hidden);
}

#[tokio::test]
async fn every_secret_header_is_redacted() {
    let quoted = "call-secret, token-secret, sk-secret-key and org_12345";
    for (status, body) in [
        (400, format!(r#"{{"error":{{"message":"{quoted}"}}}}"#)),
        (400, quoted.to_owned()),
        (200, format!(r#"{{"id":["{quoted}"]}}"#)),
        (200, format!(r#""{quoted}""#)),
        (200, quoted.to_owned()),
    ] {
        let server = ScriptedServer::start([response(status, "", &body)]).await;
        let builder = server.builder(&ManualClock::default());
        let builder = builder.header("astra-api-token", "token-secret");
        let client = builder.organization("org_12345").build().unwrap();
        let texts = async |call: CreateThread| {
            let error = call.send().await.expect_err("it is not a thread");
            let source = std::error::Error::source(&error).map(ToString::to_string);
            format!(
                "{error} {error:?} {} {:?} {source:?}",
                error.message(),
                error.body()
            )
        };
        let text = texts(create_thread(&client)).await;
        assert!(
            !text.contains("token-secret") && !text.contains("sk-secret-key"),
            "{text}"
        );
        assert!(text.contains("org_12345"), "{text}");

        let call = create_thread(&client).header("authorization", "bearer call-secret");
        let text = texts(call).await;
        assert!(
            !text.contains("token-secret") && !text.contains("call-secret"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn header_values_are_secrets_unless_the_header_is_known() {
    let quoted = "token-12345, sk-secret-key, org_12345, agent/12345, assistants=v2";
    let script = [response(400, "", quoted), response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let builder = server.builder(&ManualClock::default());
    let builder = builder
        .header("x-token", "token-12345")
        .organization("org_12345");
    let client = builder.header("user-agent", "agent/12345").build().unwrap();
    let error = create_thread(&client)
        .send()
        .await
        .expect_err("the status is 400");
    assert_eq!(
        error.message(),
        "***, ***, org_12345, agent/12345, assistants=v2"
    );
    create_thread(&client).send().await.unwrap();
    for line in [
        "x-token: token-12345",
        "authorization: Bearer sk-secret-key",
        "openai-organization: org_12345",
        "user-agent: agent/12345",
        "openai-beta: assistants=v2",
    ] {
        let request = &server.requests()[1];
        assert!(
            request.lines().any(|other| other == line),
            "{line} in {request}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_redacted_in_each_form_and_each_part_of_a_response() {
    // The key is `hush/hush+hush`.
    let (plain, url) = ("hush/hush+hush", "hush%2Fhush%2bhush");
    let (json, base64) = (r"hush\/hush\u002Bhush", "aHVzaC9odXNoK2h1c2g=");
    let in_basic = "dXNlcjpodXNoL2h1c2graHVzaA==";
    let builder = |server: &ScriptedServer| server.builder(&ManualClock::default());
    let header = |value: &'static str| {
        move |server: &ScriptedServer| builder(server).header("authorization", value)
    };
    type Build<'a> = Box<dyn Fn(&ScriptedServer) -> openai_assistants::ClientBuilder + 'a>;
    let clients: [Build<'_>; 7] = [
        Box::new(|server| builder(server).api_key(plain)),
        Box::new(|server| builder(server).credentials(Credentials::header("api-key", plain))),
        Box::new(header("Basic hush/hush+hush")),
        Box::new(header("Token hush/hush+hush")),
        Box::new(|server| builder(server).header("cookie", "a=1; session=hush/hush+hush; b=2")),
        Box::new(|server| builder(server).query("key", plain)),
        Box::new(move |server| {
            let token = move || async move { Ok::<_, std::io::Error>(plain) };
            builder(server).credentials(Credentials::from_fn(token))
        }),
    ];
    for build in clients {
        for form in [plain, url, json, base64, in_basic] {
            let message = format!(r#"{{"error":{{"message":"no: {form}"}}}}"#);
            let id = format!("x-request-id: req {form}\r\n");
            let location = format!("location: /v1/{form}\r\n");
            let elsewhere = format!("location: http://other.example/{form}\r\n");
            for response in [
                response(400, "", &message),
                response(400, "", form),
                response(400, &id, ""),
                response(301, &location, ""),
                response(307, &elsewhere, ""),
                response(200, "", &message),
                response(200, "", form),
                response(200, "", &format!(r#"{{"id":["{form}"]}}"#)),
                response(200, &id, &format!(r#"{{"id":"{form}","id":1}}"#)),
                format!("HTTP/1.1 200 X\r\n{id}content-length: 99\r\n\r\n{form}{CLOSE}"),
            ] {
                let server = ScriptedServer::start([response.clone()]).await;
                let client = build(&server).build().unwrap();
                let error = create_thread(&client).send().await;
                let text = texts(&error.expect_err("it is not a thread"));
                let parts = [plain, "hush%2", "hush\\", "aHVzaC9odXNo", "odXNoL2h1c2"];
                for part in parts {
                    assert!(!text.contains(part), "{response:?}: {text}");
                }
            }
        }
    }
}

#[tokio::test]
async fn secrets_of_a_call_are_redacted_in_streams() {
    let quoted = "no: call-secret and query-secret";
    let error = format!(r#"{{"error":{{"message":"{quoted}"}}}}"#);
    let malformed = format!("event: thread.run.created\ndata: {{\"id\":\"{quoted}\n\n");
    for script in [
        event_stream(&format!("event: error\ndata: {error}\n\n")),
        event_stream(&malformed),
        event_stream(&error),
        response(200, "content-type: application/json\r\n", quoted),
        response(400, "", quoted),
    ] {
        let script = script.replace("req_1", "req-call-secret");
        let server = ScriptedServer::start([script]).await;
        let call = create_run(&server.client()).header("x-key", "call-secret");
        let error = match call.query("sig", "query-secret").stream().await {
            Ok(mut events) => events.try_next().await.expect_err("there is an error"),
            Err(error) => error,
        };
        let text = texts(&error);
        assert!(!text.contains("call-secret"), "{text}");
        assert!(!text.contains("query-secret"), "{text}");
    }
}

#[tokio::test]
async fn a_token_that_was_renewed_is_redacted_too() {
    let count = AtomicU32::new(0);
    let credentials = Credentials::from_fn(move || {
        let token = format!("secret-token-{}", count.fetch_add(1, Ordering::Relaxed));
        async { Ok::<_, std::io::Error>(token) }
    });
    let quoted = "not secret-token-0, secret-token-1 or secret-token-2";
    let script = [
        response(503, "", ""),
        response(401, "", ""),
        response(400, "", quoted),
    ];
    let server = ScriptedServer::start(script).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.credentials(credentials).build().unwrap();
    let error = create_thread(&client).send().await.unwrap_err();
    assert_eq!(error.message(), "not ***, *** or ***");
}

#[tokio::test]
async fn a_secret_is_redacted_where_a_text_is_cut() {
    let client = async |body: &str| -> Client {
        ScriptedServer::start([response(400, "", body)])
            .await
            .client()
    };
    for visible in 4..="sk-secret-key".len() {
        let body = "x".repeat(64 * 1024 - visible) + "sk-secret-key";
        let error = create_thread(&client(&body).await).send().await;
        let body = error.unwrap_err().body().unwrap().to_owned();
        assert!(body.ends_with("x***"), "{}", &body[body.len() - 20..]);
    }
    for before in 560..600 {
        let body = "x".repeat(before) + "sk-secret-key and more";
        let error = create_thread(&client(&body).await).send().await;
        let text = texts(&error.unwrap_err());
        assert!(!text.contains("sk-s"), "{text}");
    }
}

#[tokio::test]
async fn values_that_are_no_secrets_are_not_redacted() {
    let quoted = "no api-version 2024-05-01-preview after assistant_1";
    let server = ScriptedServer::start([response(400, "", quoted)]).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.query("api-version", "2024-05-01-preview");
    let call = create_thread(&client.build().unwrap());
    let call = call.query("after", "assistant_1");
    assert_eq!(call.send().await.unwrap_err().message(), quoted);
}
