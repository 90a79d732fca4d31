//! The way of a request to the server and of its answer back: settings, credentials,
//! time-outs, redirects, retries. None of it depends on the types of an operation.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Url;

use crate::clock::{Clock, Deadline};
use crate::error::{Body, Error, Head, Result, Secrets, request_id};
use crate::operation::Request;
use crate::retry;

/// Tells the server which attempt it sees, by the name that the official clients use.
const RETRY_COUNT: &str = "x-stainless-retry-count";
const MAX_REDIRECTS: usize = 5;
/// A page of a hundred messages of the largest size has less.
const MAX_BODY: usize = 256 * 1024 * 1024;
/// How much of the body of an error is read, and for how long: the status says more.
const MAX_ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// A successful answer, read to its end.
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Body,
    pub(crate) attempts: u32,
}

/// An answer whose body is yet to be read.
pub(crate) struct Opened {
    pub(crate) response: reqwest::Response,
    pub(crate) secrets: Secrets,
    /// Of the attempt, as far as it has come.
    pub(crate) deadline: Deadline,
}

/// Sends a request and reads its answer. The time-out covers the body, and a body that
/// breaks off is asked for again.
pub(crate) async fn send(request: &mut Request) -> Result<Answer> {
    let ((head, body), attempts) = exchange(request, Opened::read).await?;
    Ok(Answer {
        head,
        body,
        attempts,
    })
}

/// Sends a request and leaves its answer to be read, for as long as that goes on; tells
/// how many attempts it took.
pub(crate) async fn open(mut request: Request) -> Result<(Opened, u32)> {
    exchange(&mut request, async |opened| Ok(opened)).await
}

/// Makes attempts until one succeeds or no more is allowed.
async fn exchange<T>(
    request: &mut Request,
    read: impl AsyncFn(Opened) -> Result<T>,
) -> Result<(T, u32)> {
    prepare(request).map_err(|error| error.at(request.name(), 0))?;
    let request = &*request;
    let config = request.client.config();
    let limit = request.options.time_limit().unwrap_or(config.timeout);
    let mut attempts = 1;
    let mut retries = 0;
    let mut may_renew = true;
    loop {
        let attempt = async {
            let opened = attempt(request, limit, &mut attempts, &mut may_renew).await?;
            tracing::debug!(
                operation = &*request.name(),
                attempt = attempts,
                status = opened.response.status().as_u16(),
                request_id = request_id(opened.response.headers()),
                "answered"
            );
            read(opened).await
        };
        let error = match attempt.await {
            Ok(received) => return Ok((received, attempts)),
            Err(error) => error.at(request.name(), attempts),
        };
        let delay = match error.is_retryable() {
            true => config
                .retry
                .delay(retries, error.retry_after(), (config.random)()),
            false => None,
        };
        tracing::debug!(
            operation = &*request.name(),
            attempt = attempts,
            failure = error.kind(),
            status = error.status().map(|status| status.as_u16()),
            request_id = error.request_id(),
            delay = delay.map(|delay| delay.as_secs_f64()),
            "failed"
        );
        let Some(delay) = delay else {
            return Err(error);
        };
        config.clock.sleep(delay).await;
        attempts += 1;
        retries += 1;
    }
}

/// Checks the headers of the call, and adds the parameters of the client, then those of the
/// call, which win. An argument of the operation wins over the client's parameter of that name.
fn prepare(request: &mut Request) -> Result<()> {
    let Request {
        client,
        options,
        url,
        ..
    } = request;
    let config = client.config();
    for (name, value) in options.checked_headers()? {
        config
            .admit(name, value)
            .map_err(|reason| Error::invalid_argument("header", reason))?;
    }
    let own = options.query_pairs();
    if !own.is_empty() || !config.query.is_empty() {
        let arguments: Vec<_> = url.query_pairs().into_owned().collect();
        let arguments = without(&arguments, own);
        let configured = without(&config.query, own)
            .filter(|(name, _)| arguments.clone().all(|(other, _)| other != name));
        let pairs = arguments.clone().chain(configured).chain(own);
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Ok(())
}

type Pair = (String, String);

/// The pairs whose name is none of `others`.
fn without<'a>(pairs: &'a [Pair], others: &'a [Pair]) -> impl Iterator<Item = &'a Pair> + Clone {
    pairs
        .iter()
        .filter(|(name, _)| others.iter().all(|(other, _)| other != name))
}

type Header = (HeaderName, HeaderValue);

/// One attempt, up to the head of a success. What an error says is read beyond the
/// deadline, which would take its status along.
async fn attempt(
    request: &Request,
    limit: Duration,
    attempts: &mut u32,
    may_renew: &mut bool,
) -> Result<Opened> {
    let clock = &request.client.config().clock;
    let mut deadline = Deadline::new(clock, limit);
    let answered = deadline.before(answer(request, attempts, may_renew)).await;
    let (response, mut secrets, no_other) =
        answered.unwrap_or_else(|| Err(Error::timeout(limit)))?;
    secrets.add(request.options.values_in_body());
    if !response.status().is_success() {
        let error = failure(clock, response, secrets, limit).await;
        return Err(match no_other {
            Some(reason) => error.and(&reason),
            None => error,
        });
    }
    Ok(Opened {
        response,
        secrets,
        deadline,
    })
}

/// The answer to a request with credentials that are good now. A token that the server
/// refuses is asked for again, once in a call; the second try is no retry, and waits for
/// nothing. If there is no other, the refusal comes with the reason for that.
async fn answer(
    request: &Request,
    attempts: &mut u32,
    may_renew: &mut bool,
) -> Result<(reqwest::Response, Secrets, Option<Error>)> {
    let credentials = &request.client.config().credentials;
    let shown = credentials.current().await?;
    let (response, secrets) = ask(request, shown.as_ref(), *attempts).await?;
    let is_refused = response.status() == StatusCode::UNAUTHORIZED && *may_renew;
    // A header of the settings goes in front of the token, which then is not to blame.
    let refused =
        shown.filter(|(name, _)| is_refused && request.settings().all(|(other, _)| other != name));
    let Some(refused) = refused else {
        return Ok((response, secrets, None));
    };
    *may_renew = false;
    match credentials.renewed(&refused).await {
        Ok(Some(renewed)) => {
            tracing::debug!("the token was refused, trying another");
            *attempts += 1;
            let (response, secrets) = ask(request, Some(&renewed), *attempts).await?;
            Ok((response, secrets, None))
        }
        Ok(None) => Ok((response, secrets, None)),
        Err(reason) => Ok((response, secrets, Some(reason))),
    }
}

/// The answer to a request with these credentials. It follows where the server points to
/// another place of its own.
async fn ask(
    request: &Request,
    credentials: Option<&Header>,
    attempt: u32,
) -> Result<(reqwest::Response, Secrets)> {
    let http = request.client.http();
    let mut place = None;
    for _ in 0..=MAX_REDIRECTS {
        let url = place.as_ref().unwrap_or(&request.url);
        let signed = signed(request, url, credentials, attempt);
        let secrets = Secrets::of(signed.headers());
        let mut response = http.execute(signed).await.map_err(Error::transport)?;
        match redirect(&request.method, url, &response) {
            Ok(None) => return Ok((response, secrets)),
            Ok(url) => place = url,
            Err(reason) => return Err(Error::redirect(take_head(&mut response), reason)),
        }
    }
    Err(Error::circle(format!(
        "the server pointed elsewhere more than {MAX_REDIRECTS} times"
    )))
}

/// A request as it goes out. The settings of the call win over those of the client, and both
/// over a token.
fn signed(
    request: &Request,
    url: &Url,
    credentials: Option<&Header>,
    attempt: u32,
) -> reqwest::Request {
    let mut signed = reqwest::Request::new(request.method.clone(), url.clone());
    let headers = signed.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
    if request.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in request.settings() {
        headers.insert(name, value.clone());
    }
    if attempt > 1 {
        headers.insert(RETRY_COUNT, HeaderValue::from(attempt - 1));
    }
    if let Some((name, value)) = credentials {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    *signed.body_mut() = request.body.clone().map(Into::into);
    signed
}

/// Where the answer of `asked` points to; a reason if the client must not go there.
fn redirect(
    method: &Method,
    asked: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, String> {
    let answered = response.url();
    if answered != asked && answered.origin() != asked.origin() {
        return Err(format!(
            "the HTTP client followed the server to {}, of its own accord and without credentials: build it with \
             `redirect(Policy::none())`; if that is the right place, set the base URL to it",
            answered.origin().ascii_serialization()
        ));
    }
    let keeps_method = match response.status().as_u16() {
        307 | 308 => true,
        301..=303 => matches!(*method, Method::GET | Method::HEAD),
        _ => return Ok(None),
    };
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok());
    let Some(url) = location.and_then(|location| answered.join(location).ok()) else {
        return Err("the server points elsewhere, but not to where; check the base URL".to_owned());
    };
    if url.origin() != answered.origin() {
        let origin = url.origin().ascii_serialization();
        return Err(format!(
            "the server points to {origin}, where credentials must not follow; if that is the right place, \
             set the base URL to it"
        ));
    }
    if !keeps_method {
        let path = url.path();
        return Err(format!(
            "the server points to {path}, where a {method} would become a GET; check the base URL"
        ));
    }
    Ok(Some(url))
}

impl Opened {
    async fn read(mut self) -> Result<(Head, Body)> {
        let head = take_head(&mut self.response);
        let whole = whole(&mut self.response, MAX_BODY);
        match self.deadline.before(whole).await {
            Some(Ok(Some(bytes))) => Ok((
                head,
                Body {
                    bytes,
                    secrets: self.secrets,
                },
            )),
            Some(Ok(None)) => Err(Error::long_answer(head, MAX_BODY)),
            Some(Err(error)) => Err(Error::transport(error).with_head(head)),
            None => Err(Error::stalled(head, self.deadline.limit())),
        }
    }
}

/// All of a body, unless it is longer than the limit.
async fn whole(response: &mut reqwest::Response, limit: usize) -> reqwest::Result<Option<Bytes>> {
    let Some(first) = response.chunk().await? else {
        return Ok(Some(Bytes::new()));
    };
    let Some(mut chunk) = response.chunk().await? else {
        return Ok(Some(first));
    };
    let mut bytes = BytesMut::from(first);
    loop {
        if chunk.len() > limit.saturating_sub(bytes.len()) {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
        match response.chunk().await? {
            Some(next) => chunk = next,
            None => return Ok(Some(bytes.freeze())),
        }
    }
}

/// The error that an answer tells of, with as much of its body as can be had.
async fn failure(
    clock: &Arc<dyn Clock>,
    mut response: reqwest::Response,
    secrets: Secrets,
    limit: Duration,
) -> Error {
    let head = take_head(&mut response);
    let deadline = Deadline::new(clock, limit.min(ERROR_BODY_TIMEOUT));
    let bytes = beginning(&mut response, MAX_ERROR_BODY, deadline).await;
    let body = Body { bytes, secrets };
    let retry_after = retry::retry_after(&head.headers, clock.now());
    Error::api(head, &body, retry_after)
}

/// As much of a body as can be had in time, for an error to show.
pub(crate) async fn beginning(
    response: &mut reqwest::Response,
    limit: usize,
    mut deadline: Deadline,
) -> Bytes {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < limit
            && let Ok(Some(chunk)) = response.chunk().await
        {
            bytes.extend_from_slice(&chunk[..chunk.len().min(limit - bytes.len())]);
        }
    };
    deadline.before(read).await;
    bytes.into()
}

pub(crate) fn take_head(response: &mut reqwest::Response) -> Head {
    Head {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;
    use crate::auth::{BoxError, BoxFuture};
    use crate::operation::{Operation, send, send_response};
    use crate::testing::{
        CreateThing, STALL, Server, TestClock, create_thing, list_things, reply, turns, until,
    };
    use crate::{Client, Credentials, RetryPolicy, TokenProvider};

    const THING: &str = r#"{"id":"thing_1"}"#;

    /// A ready-made HTTP client that needs no TLS.
    fn local() -> reqwest::ClientBuilder {
        crate::tls::configure(reqwest::Client::builder(), false).unwrap()
    }

    fn seconds(seconds: &[f64]) -> Vec<Duration> {
        seconds
            .iter()
            .copied()
            .map(Duration::from_secs_f64)
            .collect()
    }

    #[tokio::test]
    async fn a_request_carries_the_settings() {
        let server = Server::start([reply(200, "x-request-id: req_1\r\n", THING)]).await;
        let builder = server.builder(&TestClock::default());
        let client = builder
            .organization("org_1")
            .project("proj_1")
            .query("api-version", "v 1")
            .build()
            .unwrap();
        let response = send_response(create_thing(&client)).await.unwrap();
        assert_eq!(
            (response.id.as_str(), response.request_id()),
            ("thing_1", Some("req_1"))
        );
        assert_eq!((response.status().as_u16(), response.attempts()), (200, 1));

        let request = &server.requests()[0];
        for line in [
            "POST /v1/things?api-version=v+1 HTTP/1.1",
            "authorization: Bearer sk-secret-key",
            "openai-beta: assistants=v2",
            "openai-organization: org_1",
            "openai-project: proj_1",
            "user-agent: openai-assistants/0.1.0",
        ] {
            assert!(
                request.lines().any(|other| other == line),
                "{line} in {request}"
            );
        }
        assert!(!request.contains("retry-count"));
        assert!(request.ends_with(r#"{"a":1}"#));
    }

    #[tokio::test]
    async fn a_call_overrides_the_settings() {
        let server = Server::start([reply(200, "", THING)]).await;
        let clock = TestClock::default();
        let client = server
            .builder(&clock)
            .header("x-a", "client")
            .query("q", "client")
            .query("r", "1")
            .build()
            .unwrap();
        let mut call = create_thing(&client);
        call.options.header("x-a", "call");
        call.options.header("authorization", "Bearer other");
        call.options.query("q".to_owned(), "call".to_owned());
        call.options.timeout(Duration::from_secs(7));
        send(call).await.unwrap();
        let request = &server.requests()[0];
        assert!(
            request.starts_with("POST /v1/things?r=1&q=call "),
            "{request}"
        );
        assert!(request.contains("x-a: call") && !request.contains("x-a: client"));
        assert!(
            request.contains("authorization: Bearer other") && !request.contains("sk-secret-key")
        );
        assert_eq!(clock.timeouts(), seconds(&[7.0]));
    }

    #[tokio::test]
    async fn a_header_that_cannot_be_sent_is_an_error_before_anything_is_sent() {
        let server = Server::start([reply(200, "", THING)]).await;
        let mut call = create_thing(&server.client());
        call.options.header("x-a", "line\nbreak");
        let error = send(call).await.expect_err("it is refused");
        assert!(error.is_invalid_argument());
        assert_eq!(
            (error.operation(), error.attempts()),
            (Some("createThing"), 0)
        );
        assert!(error.to_string().contains("`x-a`"), "{error}");
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn failures_are_tried_again() {
        let server = Server::start([
            reply(500, "", ""),
            reply(429, "retry-after: 3\r\n", ""),
            reply(200, "", THING),
        ])
        .await;
        let clock = TestClock::default();
        let response = send_response(create_thing(&server.builder(&clock).build().unwrap()))
            .await
            .unwrap();
        assert_eq!(response.attempts(), 3);
        assert_eq!(clock.sleeps(), seconds(&[0.5, 3.0]));
        assert_eq!(clock.timeouts(), seconds(&[600.0; 3]));
        let requests = server.requests();
        assert!(!requests[0].contains("x-stainless-retry-count"));
        assert!(requests[1].contains("x-stainless-retry-count: 1"));
        assert!(
            requests[2].contains("x-stainless-retry-count: 2")
                && requests[2].ends_with(r#"{"a":1}"#)
        );
    }

    #[tokio::test]
    async fn retries_come_to_an_end() {
        let server =
            Server::start([reply(503, "x-request-id: req_9\r\n", "<html>down</html>")]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it is down");
        assert!(error.is_server_error() && error.is_retryable());
        assert_eq!(
            (error.attempts(), error.request_id(), error.body()),
            (3, Some("req_9"), Some("<html>down</html>"))
        );
        assert_eq!(server.requests().len(), 3);
    }

    #[tokio::test]
    async fn a_wait_beyond_the_cap_is_left_to_the_caller() {
        let server = Server::start([reply(429, "retry-after: 121\r\n", "")]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it is busy");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(121)));
        assert_eq!(error.attempts(), 1);
    }

    #[tokio::test]
    async fn a_date_is_compared_to_the_clock() {
        let date = "retry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\n";
        let server = Server::start([reply(503, date, ""), reply(200, "", THING)]).await;
        let clock = TestClock::default();
        send(create_thing(&server.builder(&clock).build().unwrap()))
            .await
            .unwrap();
        assert_eq!(clock.sleeps(), seconds(&[30.0]));
    }

    #[tokio::test]
    async fn the_server_decides_about_retries() {
        let server = Server::start([
            reply(400, "x-should-retry: true\r\n", ""),
            reply(500, "x-should-retry: false\r\n", ""),
        ])
        .await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it fails");
        assert_eq!(
            (error.attempts(), error.status().unwrap().as_u16()),
            (2, 500)
        );
    }

    #[tokio::test]
    async fn a_refused_connection_is_tried_again() {
        let clock = TestClock::default();
        let server = Server::start([]).await;
        // Port 9 of the loopback interface has no server.
        let client = server
            .builder(&clock)
            .base_url("http://127.0.0.1:9/v1")
            .build()
            .unwrap();
        let error = send(create_thing(&client))
            .await
            .expect_err("nobody is there");
        assert!(error.is_connect() && error.is_retryable() && !error.is_timeout());
        assert_eq!(
            (error.status(), error.attempts(), clock.sleeps().len()),
            (None, 3, 2)
        );
        assert!(error.to_string().contains("check the base URL"), "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_asked_for_again() {
        let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\"".to_owned();
        let server = Server::start([String::new(), cut.clone(), reply(200, "", THING)]).await;
        assert_eq!(
            send(create_thing(&server.client())).await.unwrap().id,
            "thing_1"
        );

        let server = Server::start([cut]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it breaks off");
        assert!(error.is_connect(), "{error:?}");
    }

    #[tokio::test]
    async fn an_attempt_that_takes_too_long_is_made_again() {
        let clock = TestClock::late();
        let server = Server::start([]).await;
        let client = server
            .builder(&clock)
            .timeout(Duration::from_secs(9))
            .build()
            .unwrap();
        let error = send(create_thing(&client)).await.expect_err("it is late");
        assert!(error.is_timeout() && error.is_retryable());
        assert_eq!(error.attempts(), 3);
        assert!(error.to_string().contains("no answer within 9s"), "{error}");
    }

    #[tokio::test]
    async fn an_error_whose_body_stalls_is_told_with_what_came() {
        let head = "HTTP/1.1 401 X\r\nx-request-id: req_1\r\ncontent-length: 99\r\n\r\n";
        let server = Server::start([format!("{head}not you{STALL}")]).await;
        let clock = TestClock::default();
        let call = create_thing(&server.builder(&clock).build().unwrap());
        let call = tokio::spawn(send(call));
        until(|| clock.timeouts() == seconds(&[600.0, 5.0])).await;
        turns().await;
        clock.pass();
        let error = call.await.unwrap().expect_err("it is refused");
        assert!(error.is_authentication() && !error.is_timeout(), "{error}");
        assert_eq!(
            (error.request_id(), error.body(), error.attempts()),
            (Some("req_1"), Some("not you"), 1)
        );
    }

    #[tokio::test]
    async fn the_patience_with_an_error_is_no_longer_than_the_time_out() {
        let server = Server::start([format!(
            "HTTP/1.1 401 X\r\ncontent-length: 9\r\n\r\n{STALL}"
        )])
        .await;
        let clock = TestClock::default();
        let mut call = create_thing(&server.builder(&clock).build().unwrap());
        call.options.timeout(Duration::from_secs(2));
        let call = tokio::spawn(send(call));
        until(|| clock.timeouts() == seconds(&[2.0, 2.0])).await;
        clock.pass();
        assert!(call.await.unwrap().unwrap_err().is_authentication());
    }

    #[tokio::test]
    async fn a_success_that_stalls_keeps_its_head() {
        let head = "HTTP/1.1 200 X\r\nx-request-id: req_1\r\ncontent-length: 99\r\n\r\n";
        let server = Server::start([format!("{head}{{{STALL}")]).await;
        let clock = TestClock::default();
        let builder = server.builder(&clock).retry(RetryPolicy::never());
        let call = tokio::spawn(send(create_thing(&builder.build().unwrap())));
        until(|| server.requests().len() == 1).await;
        turns().await;
        clock.pass();
        let error = call.await.unwrap().expect_err("it stalls");
        assert!(error.is_timeout() && error.is_retryable());
        assert_eq!(
            (error.status().unwrap().as_u16(), error.request_id()),
            (200, Some("req_1"))
        );
        assert!(
            error
                .to_string()
                .contains("answered 200 OK, but not all of it within 600s"),
            "{error}"
        );
        assert_eq!(clock.timeouts(), seconds(&[600.0]));
    }

    #[tokio::test]
    async fn every_attempt_asks_for_a_token() {
        let server = Server::start([reply(500, "", ""), reply(200, "", THING)]).await;
        let count = AtomicU32::new(0);
        let credentials = Credentials::from_fn(move || {
            let token = format!("token-{}", count.fetch_add(1, Ordering::Relaxed));
            async { Ok::<_, std::io::Error>(token) }
        });
        let client = server
            .builder(&TestClock::default())
            .credentials(credentials)
            .build()
            .unwrap();
        send(create_thing(&client)).await.unwrap();
        let requests = server.requests();
        assert!(requests[0].contains("authorization: Bearer token-0"));
        assert!(requests[1].contains("authorization: Bearer token-1"));
    }

    /// A source of these tokens, in turn, and the last one ever after; and what it was
    /// told of tokens that were refused.
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

        fn refused(&self) -> Vec<String> {
            self.0.lock().unwrap().1.clone()
        }
    }

    impl TokenProvider for Tokens {
        fn token(&self) -> BoxFuture<'_, Result<String, BoxError>> {
            Box::pin(async { self.next() })
        }

        fn refresh<'a>(&'a self, refused: &'a str) -> BoxFuture<'a, Result<String, BoxError>> {
            Box::pin(async {
                self.0.lock().unwrap().1.push(refused.to_owned());
                self.next()
            })
        }
    }

    /// The tokens of the requests.
    fn tokens(server: &Server) -> Vec<String> {
        let token = |request: &String| {
            let line = request
                .lines()
                .find_map(|line| line.strip_prefix("authorization: Bearer "));
            line.unwrap_or_default().to_owned()
        };
        server.requests().iter().map(token).collect()
    }

    #[tokio::test]
    async fn a_token_that_is_refused_is_asked_for_again() {
        let server = Server::start([reply(401, "", "expired"), reply(200, "", THING)]).await;
        let clock = TestClock::default();
        let source = Tokens::new(&["old", "new"]);
        let builder = server.builder(&clock).retry(RetryPolicy::never());
        let builder = builder.credentials(Credentials::provider(source.clone()));
        let client = builder.build().unwrap();
        let response = send_response(create_thing(&client)).await.unwrap();
        assert_eq!(
            (response.attempts(), tokens(&server)),
            (2, vec!["old".to_owned(), "new".to_owned()])
        );
        assert_eq!(source.refused(), ["old"]);
        assert!(clock.sleeps().is_empty(), "nothing is waited for");
        let second = &server.requests()[1];
        assert!(second.contains("x-stainless-retry-count: 1") && second.ends_with(r#"{"a":1}"#));
    }

    #[tokio::test]
    async fn a_closure_is_asked_for_another_token_as_well() {
        let server = Server::start([reply(401, "", ""), reply(200, "", THING)]).await;
        let count = AtomicU32::new(0);
        let credentials = Credentials::from_fn(move || {
            let token = format!("token-{}", count.fetch_add(1, Ordering::Relaxed));
            async { Ok::<_, std::io::Error>(token) }
        });
        let builder = server.builder(&TestClock::default());
        let client = builder.credentials(credentials).build().unwrap();
        send(create_thing(&client)).await.unwrap();
        assert_eq!(tokens(&server), ["token-0", "token-1"]);
    }

    #[tokio::test]
    async fn a_token_is_asked_for_again_once_in_a_call() {
        let refused = reply(401, "", "no");
        let server = Server::start([refused.clone(), reply(503, "", ""), refused]).await;
        let clock = TestClock::default();
        let source = Tokens::new(&["1", "2", "3", "4"]);
        let builder = server
            .builder(&clock)
            .retry(RetryPolicy::default().max_retries(1));
        let builder = builder.credentials(Credentials::provider(source.clone()));
        let error = send(create_thing(&builder.build().unwrap()))
            .await
            .expect_err("it is refused");
        assert!(error.is_authentication());
        assert_eq!((error.body(), error.attempts()), (Some("no"), 3));
        assert_eq!(tokens(&server), ["1", "2", "3"]);
        assert_eq!(source.refused(), ["1"]);
        // The second try left the one retry to the 503.
        assert_eq!(clock.sleeps(), seconds(&[0.5]));
    }

    #[tokio::test]
    async fn the_same_token_is_not_tried_again() {
        let server = Server::start([reply(401, "x-request-id: req_1\r\n", "no")]).await;
        let source = Tokens::new(&["same"]);
        let builder = server.builder(&TestClock::default());
        let builder = builder.credentials(Credentials::provider(source.clone()));
        let error = send(create_thing(&builder.build().unwrap()))
            .await
            .expect_err("it is refused");
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
            (source.refused(), server.requests().len()),
            (vec!["same".to_owned()], 1)
        );
    }

    #[tokio::test]
    async fn a_source_without_another_token_says_why() {
        let server = Server::start([reply(401, "", "no")]).await;
        let builder = server.builder(&TestClock::default());
        let source = Credentials::provider(Tokens::new(&["old", "", ""]));
        let error = send(create_thing(&builder.credentials(source).build().unwrap()))
            .await
            .expect_err("it is refused");
        assert!(error.is_authentication());
        assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
        for told in ["no", "the vault is closed"] {
            assert!(error.to_string().contains(told), "{error}");
        }
        assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    }

    #[tokio::test]
    async fn a_source_that_does_not_answer_is_waited_for_as_long_as_for_an_answer() {
        struct Silent;

        impl TokenProvider for Silent {
            fn token(&self) -> BoxFuture<'_, Result<String, BoxError>> {
                Box::pin(async { Ok("old".to_owned()) })
            }

            fn refresh<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<String, BoxError>> {
                Box::pin(std::future::pending())
            }
        }

        let server = Server::start([reply(401, "", "no")]).await;
        let clock = TestClock::default();
        let builder = server.builder(&clock).retry(RetryPolicy::never());
        let builder = builder.credentials(Credentials::provider(Silent));
        let call = tokio::spawn(send(create_thing(&builder.build().unwrap())));
        until(|| server.requests().len() == 1).await;
        turns().await;
        clock.pass();
        let error = call.await.unwrap().expect_err("there is no token");
        assert!(error.is_timeout(), "{error}");
        assert_eq!((error.attempts(), clock.timeouts()), (1, seconds(&[600.0])));
    }

    #[tokio::test]
    async fn what_is_no_token_of_a_source_is_not_tried_again() {
        let server = Server::start([reply(401, "", "")]).await;
        let builder = server.builder(&TestClock::default());
        for credentials in [
            Credentials::bearer("k"),
            Credentials::header("api-key", "k"),
            Credentials::none(),
        ] {
            let client = builder.clone().credentials(credentials).build().unwrap();
            let error = send(create_thing(&client))
                .await
                .expect_err("it is refused");
            assert_eq!(error.attempts(), 1);
        }
        // The call has a token of its own, which the source knows nothing of.
        let source = Tokens::new(&["1", "2"]);
        let builder = builder.credentials(Credentials::provider(source.clone()));
        let mut call = create_thing(&builder.build().unwrap());
        call.options.header("authorization", "Bearer own");
        assert_eq!(send(call).await.expect_err("it is refused").attempts(), 1);
        assert!(source.refused().is_empty());
        assert_eq!(server.requests().len(), 4);
    }

    #[tokio::test]
    async fn a_stream_has_a_second_token_too() {
        let server = Server::start([reply(401, "", ""), reply(200, "", "data: 1\n\n")]).await;
        let builder = server.builder(&TestClock::default());
        let source = Credentials::provider(Tokens::new(&["old", "new"]));
        let client = builder.credentials(source).build().unwrap();
        let (_, attempts) = open(create_thing(&client).into_request().unwrap())
            .await
            .unwrap();
        assert_eq!(
            (attempts, tokens(&server)),
            (2, vec!["old".to_owned(), "new".to_owned()])
        );
    }

    #[tokio::test]
    async fn any_success_is_one() {
        for status in [200, 201, 202, 299] {
            let server = Server::start([reply(status, "", THING)]).await;
            assert_eq!(
                send(create_thing(&server.client())).await.unwrap().id,
                "thing_1"
            );
        }
    }

    #[tokio::test]
    async fn an_answer_of_another_shape_is_a_decode_error() {
        for (body, text) in [
            ("", "the answer is empty"),
            (r#"{"id":7}"#, "at `id`"),
            ("<html>", "it begins `<html>`"),
        ] {
            let server = Server::start([reply(200, "x-request-id: req_1\r\n", body)]).await;
            let error = send(create_thing(&server.client()))
                .await
                .expect_err("it does not decode");
            assert!(
                error.is_decode() && error.to_string().contains(text),
                "{error}"
            );
            assert_eq!(
                (error.status().unwrap().as_u16(), error.request_id()),
                (200, Some("req_1"))
            );
            assert_eq!(error.body(), Some(body));
            assert_eq!(server.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_quoted_key_is_blotted_out() {
        let body = r#"{"error":{"message":"Incorrect API key provided: sk-secret-key"}}"#;
        let server = Server::start([reply(401, "", body)]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it is refused");
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
            let server = Server::start([reply(400, "", body)]).await;
            let builder = server.builder(&TestClock::default()).api_key(key);
            let error = send(create_thing(&builder.build().unwrap()))
                .await
                .expect_err("it is refused");
            assert_eq!(error.message(), message);
            let word = Some("key-of-8");
            assert_eq!((error.code(), error.param()), (word, word));
            assert_eq!(error.api_type(), word);
        }
    }

    #[tokio::test]
    async fn every_secret_header_is_blotted_out() {
        let quoted = "call-secret, token-secret, sk-secret-key and org_12345";
        for (status, body) in [
            (400, format!(r#"{{"error":{{"message":"{quoted}"}}}}"#)),
            (400, quoted.to_owned()),
            (200, format!(r#"{{"id":["{quoted}"]}}"#)),
            (200, format!(r#""{quoted}""#)),
            (200, quoted.to_owned()),
        ] {
            let server = Server::start([reply(status, "", &body)]).await;
            let builder = server.builder(&TestClock::default());
            let builder = builder.header("astra-api-token", "token-secret");
            let client = builder.organization("org_12345").build().unwrap();
            let texts = async |call: CreateThing| {
                let error = send(call).await.expect_err("it fails");
                let source = std::error::Error::source(&error).map(ToString::to_string);
                format!(
                    "{error} {error:?} {} {:?} {source:?}",
                    error.message(),
                    error.body()
                )
            };
            let text = texts(create_thing(&client)).await;
            assert!(
                !text.contains("token-secret") && !text.contains("sk-secret-key"),
                "{text}"
            );
            assert!(text.contains("org_12345"), "{text}");

            let mut call = create_thing(&client);
            call.options.header("authorization", "bearer call-secret");
            let text = texts(call).await;
            assert!(
                !text.contains("token-secret") && !text.contains("call-secret"),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn a_parameter_has_one_value() {
        let server = Server::start([reply(200, "", r#"{"data":[],"has_more":false}"#)]).await;
        let builder = server.builder(&TestClock::default());
        let client = builder
            .query("after", "client")
            .query("v", "1")
            .build()
            .unwrap();
        let mut list = list_things(&client);
        list.after = Some("a".to_owned());
        list.before = Some("b".to_owned());
        list.options.query("before".to_owned(), "call".to_owned());
        send(list).await.unwrap();
        assert_eq!(server.lines(), ["GET /v1/things?after=a&v=1&before=call"]);
    }

    #[tokio::test]
    async fn a_very_long_error_body_is_cut_off() {
        let server = Server::start([reply(418, "", &"x".repeat(1_000_000))]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it is an error");
        assert_eq!(error.body().map(str::len), Some(MAX_ERROR_BODY));
        assert_eq!(error.status().unwrap().as_u16(), 418);
    }

    #[tokio::test]
    async fn redirects_within_the_server_are_followed() {
        let moved = reply(307, "location: /v2/things?x=1\r\n", "");
        let server = Server::start([moved, reply(200, "", THING)]).await;
        send(create_thing(&server.client())).await.unwrap();
        assert_eq!(server.lines(), ["POST /v1/things", "POST /v2/things?x=1"]);
        let second = &server.requests()[1];
        assert!(
            second.contains("authorization: Bearer sk-secret-key")
                && second.ends_with(r#"{"a":1}"#)
        );
    }

    #[tokio::test]
    async fn redirects_to_other_servers_are_refused() {
        let other = Server::start([reply(200, "", THING)]).await;
        let moved = reply(
            308,
            &format!(
                "x-request-id: req_1\r\nlocation: {}/v1/things?key=1\r\n",
                other.origin
            ),
            "",
        );
        let server = Server::start([moved]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it is refused");
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
    async fn no_http_client_takes_a_key_to_another_server() {
        let other = Server::start([reply(200, "", THING)]).await;
        let moved = format!("location: {}/v1/things\r\n", other.origin);
        let server = Server::start([reply(307, &moved, "")]).await;
        let refused = async |client: Client| {
            let error = send(create_thing(&client))
                .await
                .expect_err("it is refused");
            assert!(
                error.is_redirect() && error.to_string().contains(&other.origin),
                "{error}"
            );
        };
        let follow = reqwest::redirect::Policy::default;
        let key = Credentials::header("api-key", "sk-secret-key");
        let builder = server.builder(&TestClock::default());

        let own = builder
            .clone()
            .http_client_builder(move |http| http.redirect(follow()));
        refused(own.credentials(key).build().unwrap()).await;
        assert!(other.requests().is_empty());

        // This one does not ask before it goes elsewhere.
        let http = local().redirect(follow()).build().unwrap();
        refused(builder.http_client(http).build().unwrap()).await;
        let requests = other.requests();
        assert!(
            requests.len() == 1 && !requests[0].contains("sk-secret-key"),
            "{requests:?}"
        );
    }

    #[tokio::test]
    async fn a_ready_made_http_client_gets_no_secret_that_it_may_take_along() {
        let server = Server::start([reply(200, "", THING)]).await;
        let http = local().build().unwrap();
        let builder = server.builder(&TestClock::default()).http_client(http);
        for builder in [
            builder.clone().header("astra-api-token", "t"),
            builder
                .clone()
                .credentials(Credentials::header("api-key", "k")),
        ] {
            let error = builder.build().expect_err("it is refused");
            assert!(error.is_invalid_argument());
            assert!(
                error.to_string().contains("`http_client_builder`"),
                "{error}"
            );
        }

        let client = builder.project("proj_1").build().unwrap();
        let mut call = create_thing(&client);
        call.options.header("api-key", "k");
        let error = send(call).await.expect_err("it is refused");
        assert!(
            error.is_invalid_argument() && error.to_string().contains("`api-key`"),
            "{error}"
        );
        assert!(server.requests().is_empty());

        let mut call = create_thing(&client);
        call.options.header("authorization", "Bearer other");
        send(call).await.unwrap();
        let request = &server.requests()[0];
        for line in [
            "openai-project: proj_1",
            "user-agent: openai-assistants/0.1.0",
        ] {
            assert!(request.contains(line), "{line} in {request}");
        }
    }

    #[tokio::test]
    async fn the_http_client_can_be_set_up_further() {
        let server = Server::start([reply(200, "", THING)]).await;
        let builder = server.builder(&TestClock::default());
        let builder = builder.http_client_builder(|http| http.user_agent("mine/1"));
        send(create_thing(&builder.build().unwrap())).await.unwrap();
        assert!(server.requests()[0].contains("user-agent: mine/1"));
    }

    #[tokio::test]
    async fn redirects_that_would_change_the_method_are_refused() {
        let moved = reply(301, "location: /v1/things/\r\n", "");
        let server = Server::start([moved.clone()]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it is refused");
        assert!(
            error.is_redirect() && error.to_string().contains("a POST would become a GET"),
            "{error}"
        );

        let server =
            Server::start([moved, reply(200, "", r#"{"data":[],"has_more":false}"#)]).await;
        assert!(send(list_things(&server.client())).await.is_ok());
    }

    #[tokio::test]
    async fn redirects_in_a_circle_come_to_an_end() {
        let server = Server::start([reply(307, "location: /v1/things\r\n", "")]).await;
        let error = send(create_thing(&server.client()))
            .await
            .expect_err("it goes round");
        assert!(error.is_redirect());
        assert_eq!(server.requests().len(), MAX_REDIRECTS + 1);
    }

    #[tokio::test]
    async fn a_stream_is_opened_like_any_call() {
        let server = Server::start([reply(503, "", ""), reply(200, "", "data: 1\n\n")]).await;
        let clock = TestClock::default();
        let request = create_thing(&server.builder(&clock).build().unwrap())
            .into_request()
            .unwrap();
        let (opened, attempts) = open(request).await.unwrap();
        assert_eq!(attempts, 2);
        assert_eq!(opened.response.text().await.unwrap(), "data: 1\n\n");
    }

    #[test]
    fn calls_can_be_spawned() {
        fn check<T: Send + 'static>(_: impl FnOnce(&Client) -> T) {}
        check(|client| send(create_thing(client)));
        check(|client| open(create_thing(client).into_request().unwrap()));
    }
}
