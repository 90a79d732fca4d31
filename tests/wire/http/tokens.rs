//! Tokens of providers: one for each attempt, and a refresh on 401.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use openai_assistants::{Credentials, Method, RetryPolicy, TokenProvider};

use super::{THREAD, THREAD_BODY, create_thread, seconds};
use crate::support::{ManualClock, STALL, ScriptedServer, response, until, yield_often};

type BoxError = Box<dyn Error + Send + Sync>;
type Token<'a> = Pin<Box<dyn Future<Output = Result<String, BoxError>> + Send + 'a>>;

/// A provider of these tokens in turn, which repeats the last one. It records the tokens that the
/// server rejected.
#[derive(Clone)]
struct Tokens(Arc<Mutex<(Vec<&'static str>, Vec<String>)>>);

impl Tokens {
    fn new(tokens: &[&'static str]) -> Self {
        let tokens = tokens.iter().rev().copied().collect();
        Self(Arc::new(Mutex::new((tokens, Vec::new()))))
    }

    fn next(&self) -> Result<String, BoxError> {
        let tokens = &mut self.0.lock().unwrap().0;
        let token = match tokens.as_slice() {
            [last] => Some(*last),
            _ => tokens.pop(),
        };
        match token {
            Some("") => Err("the vault is closed".into()),
            token => Ok(token.unwrap_or_default().to_owned()),
        }
    }

    fn rejected(&self) -> Vec<String> {
        self.0.lock().unwrap().1.clone()
    }
}

impl TokenProvider for Tokens {
    fn token(&self) -> Token<'_> {
        Box::pin(async { self.next() })
    }

    fn refresh<'a>(&'a self, rejected: &'a str) -> Token<'a> {
        Box::pin(async {
            self.0.lock().unwrap().1.push(rejected.to_owned());
            self.next()
        })
    }
}

/// A function that returns `token-0`, `token-1` and so on.
fn counting() -> Credentials {
    let count = AtomicU32::new(0);
    Credentials::from_fn(move || {
        let token = format!("token-{}", count.fetch_add(1, Ordering::Relaxed));
        async { Ok::<_, std::io::Error>(token) }
    })
}

/// The tokens of the requests.
fn tokens(server: &ScriptedServer) -> Vec<String> {
    let token = |request: &String| {
        let line = request
            .lines()
            .find_map(|line| line.strip_prefix("authorization: Bearer "));
        line.unwrap_or_default().to_owned()
    };
    server.requests().iter().map(token).collect()
}

#[tokio::test]
async fn every_attempt_requests_a_token() {
    let script = [response(503, "", ""), response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let client = server
        .builder(&ManualClock::default())
        .credentials(counting())
        .build()
        .unwrap();
    create_thread(&client).send().await.unwrap();
    let requests = server.requests();
    assert!(requests[0].contains("authorization: Bearer token-0"));
    assert!(requests[1].contains("authorization: Bearer token-1"));
}

#[tokio::test]
async fn a_rejected_token_is_refreshed() {
    let script = [response(401, "", "expired"), response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let clock = ManualClock::default();
    let provider = Tokens::new(&["old", "new"]);
    let builder = server.builder(&clock).retry(RetryPolicy::never());
    let builder = builder.credentials(Credentials::provider(provider.clone()));
    let client = builder.build().unwrap();
    let response = create_thread(&client).send_response().await.unwrap();
    assert_eq!(
        (response.attempts(), tokens(&server)),
        (2, vec!["old".to_owned(), "new".to_owned()])
    );
    assert_eq!(provider.rejected(), ["old"]);
    assert!(clock.sleeps().is_empty(), "the request is resent at once");
    let second = &server.requests()[1];
    assert!(second.contains("x-stainless-retry-count: 1") && second.ends_with(THREAD_BODY));
}

#[tokio::test]
async fn a_function_is_called_for_another_token() {
    let script = [response(401, "", ""), response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.credentials(counting()).build().unwrap();
    create_thread(&client).send().await.unwrap();
    assert_eq!(tokens(&server), ["token-0", "token-1"]);
}

#[tokio::test]
async fn a_token_is_refreshed_once_per_call() {
    let rejected = response(401, "", "no");
    let script = [rejected.clone(), response(503, "", ""), rejected];
    let server = ScriptedServer::start(script).await;
    let clock = ManualClock::default();
    let provider = Tokens::new(&["1", "2", "3", "4"]);
    let builder = server
        .builder(&clock)
        .retry(RetryPolicy::default().max_retries(1));
    let builder = builder.credentials(Credentials::provider(provider.clone()));
    let error = create_thread(&builder.build().unwrap())
        .send()
        .await
        .expect_err("the token is rejected");
    assert!(error.is_authentication());
    assert_eq!((error.body(), error.attempts()), (Some("no"), 3));
    assert_eq!(tokens(&server), ["1", "2", "3"]);
    assert_eq!(provider.rejected(), ["1"]);
    // The refresh did not use up the one retry, which was for the 503.
    assert_eq!(clock.sleeps(), seconds(&[0.5]));
}

#[tokio::test]
async fn the_same_token_is_not_sent_again() {
    let script = [response(401, "x-request-id: req_1\r\n", "no")];
    let server = ScriptedServer::start(script).await;
    let provider = Tokens::new(&["same"]);
    let builder = server.builder(&ManualClock::default());
    let builder = builder.credentials(Credentials::provider(provider.clone()));
    let error = create_thread(&builder.build().unwrap())
        .send()
        .await
        .expect_err("the token is rejected");
    assert_eq!(
        (
            error.status().unwrap().as_u16(),
            error.request_id(),
            error.body(),
            error.attempts()
        ),
        (401, Some("req_1"), Some("no"), 1)
    );
    assert_eq!(
        (provider.rejected(), server.requests().len()),
        (vec!["same".to_owned()], 1)
    );
}

#[tokio::test]
async fn a_failed_refresh_is_part_of_the_error() {
    let server = ScriptedServer::start([response(401, "", "no")]).await;
    let builder = server.builder(&ManualClock::default());
    let provider = Credentials::provider(Tokens::new(&["old", "", ""]));
    let error = create_thread(&builder.credentials(provider).build().unwrap())
        .send()
        .await
        .expect_err("the token is rejected");
    assert!(error.is_authentication());
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    for part in ["no", "the vault is closed"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
}

#[tokio::test]
async fn the_time_out_of_an_attempt_covers_the_refresh() {
    struct Pending;

    impl TokenProvider for Pending {
        fn token(&self) -> Token<'_> {
            Box::pin(async { Ok("old".to_owned()) })
        }

        fn refresh<'a>(&'a self, _: &'a str) -> Token<'a> {
            Box::pin(std::future::pending())
        }
    }

    let server = ScriptedServer::start([response(401, "", "no")]).await;
    let clock = ManualClock::default();
    let builder = server.builder(&clock).retry(RetryPolicy::never());
    let builder = builder.credentials(Credentials::provider(Pending));
    let call = tokio::spawn(create_thread(&builder.build().unwrap()).send());
    until(|| server.requests().len() == 1).await;
    yield_often().await;
    clock.expire_timeouts();
    let error = call.await.unwrap().expect_err("there is no token");
    assert!(error.is_timeout(), "{error}");
    assert_eq!((error.attempts(), clock.timeouts()), (1, seconds(&[600.0])));
    assert!(
        error
            .message()
            .contains("the token provider returned no token within the `timeout` of 600s")
    );
    assert!(!error.may_have_been_processed());
}

#[tokio::test]
async fn a_token_provider_that_is_too_slow_is_named() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let slow = Credentials::from_fn(std::future::pending::<Result<String, BoxError>>);
    let builder = server.builder(&ManualClock::expired()).credentials(slow);
    let call = create_thread(&builder.build().unwrap());
    let error = call.send().await.expect_err("there is no token");
    assert!(error.is_timeout() && !error.may_have_been_processed());
    assert!(
        error
            .message()
            .contains("the token provider returned no token within the `timeout` of 600s")
    );
    assert_eq!(error.attempts(), 3);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_response_that_is_too_slow_is_not_blamed_on_the_token_provider() {
    let server = ScriptedServer::start([STALL.to_string()]).await;
    let clock = ManualClock::default();
    let builder = server.builder(&clock).credentials(counting());
    let builder = builder.retry(RetryPolicy::never());
    let call = tokio::spawn(create_thread(&builder.build().unwrap()).send());
    until(|| server.requests().len() == 1).await;
    yield_often().await;
    clock.expire_timeouts();
    let error = call.await.unwrap().expect_err("there is no response");
    assert_eq!(error.message(), "no response within the `timeout` of 600s");
}

#[tokio::test]
async fn only_tokens_of_a_provider_are_refreshed() {
    let server = ScriptedServer::start([response(401, "", "")]).await;
    let builder = server.builder(&ManualClock::default());
    for credentials in [
        Credentials::bearer("k"),
        Credentials::header("api-key", "k"),
        Credentials::none(),
    ] {
        let client = builder.clone().credentials(credentials).build().unwrap();
        let error = create_thread(&client)
            .send()
            .await
            .expect_err("the key is rejected");
        assert_eq!(error.attempts(), 1);
    }
    // The call has a token of its own, in place of one from the provider.
    let provider = Tokens::new(&["1", "2"]);
    let builder = builder.credentials(Credentials::provider(provider.clone()));
    let call = create_thread(&builder.build().unwrap()).header("authorization", "Bearer own");
    let error = call.send().await.expect_err("the token is rejected");
    assert_eq!(error.attempts(), 1);
    assert!(provider.rejected().is_empty());
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn opening_a_stream_refreshes_a_token() {
    let script = [response(401, "", ""), response(200, "", "data: 1\n\n")];
    let server = ScriptedServer::start(script).await;
    let builder = server.builder(&ManualClock::default());
    let provider = Credentials::provider(Tokens::new(&["old", "new"]));
    let client = builder.credentials(provider).build().unwrap();
    let call = client.request(Method::POST, "/threads");
    let events = call.stream().await.unwrap();
    assert_eq!(
        (events.attempts(), tokens(&server)),
        (2, vec!["old".to_owned(), "new".to_owned()])
    );
}
