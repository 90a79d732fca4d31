//! Secrets that a server quotes do not reach errors.

use openai_assistants::operations::CreateThread;

use super::{THREAD, create_thread};
use crate::support::{ManualClock, ScriptedServer, response};

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
