//! Sends requests: headers, credentials, time-outs, redirects and retries.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use reqwest::Url;

use crate::error::core::{Error, Result};
use crate::error::redaction::Secrets;
use crate::error::response::{ResponseBody, ResponseHead, request_id};
use crate::http::body::{read_all, read_start, take_head};
use crate::http::clock::Clock;
use crate::http::deadline::Deadline;
use crate::http::redirect;
use crate::http::request::Request;
use crate::http::retry;

/// The header with the number of the retry, named as in the official clients.
const RETRY_COUNT: &str = "x-stainless-retry-count";
const MAX_REDIRECTS: usize = 5;
/// Larger than a page of 100 messages of the maximum size.
const MAX_BODY: usize = 256 * 1024 * 1024;
/// How much of an error body is read, and for how long.
const MAX_ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// A successful response with its whole body.
pub(crate) struct Received {
    pub(crate) head: ResponseHead,
    pub(crate) body: ResponseBody,
    pub(crate) attempts: u32,
}

/// A successful response whose body has not been read.
pub(crate) struct Opened {
    pub(crate) response: reqwest::Response,
    pub(crate) secrets: Secrets,
    /// The time that is left to the attempt.
    pub(crate) deadline: Deadline,
}

/// Sends a request and reads the whole response. The time-out covers the body, and a body that
/// breaks off is retried.
pub(crate) async fn send(request: &mut Request) -> Result<Received> {
    let ((head, body), attempts) = send_with_retries(request, Opened::read).await?;
    Ok(Received {
        head,
        body,
        attempts,
    })
}

/// Sends a request and returns the response with its body unread, and the number of attempts.
pub(crate) async fn open(mut request: Request) -> Result<(Opened, u32)> {
    send_with_retries(&mut request, async |opened| Ok(opened)).await
}

/// Makes attempts until one succeeds or the policy allows no more.
async fn send_with_retries<T>(
    request: &mut Request,
    read: impl AsyncFn(Opened) -> Result<T>,
) -> Result<(T, u32)> {
    prepare(request).map_err(|error| error.in_operation(request.name(), 0))?;
    let request = &*request;
    let config = &*request.config;
    let limit = request.options.timeout().unwrap_or(config.timeout);
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
                "response received"
            );
            read(opened).await
        };
        let error = match attempt.await {
            Ok(received) => return Ok((received, attempts)),
            Err(error) => error.in_operation(request.name(), attempts),
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
            error.kind = error.kind().as_str(),
            status = error.status().map(|status| status.as_u16()),
            request_id = error.request_id(),
            delay = delay.map(|delay| delay.as_secs_f64()),
            "attempt failed"
        );
        let Some(delay) = delay else {
            return Err(error);
        };
        config.clock.sleep(delay).await;
        attempts += 1;
        retries += 1;
    }
}

/// Checks the headers of the call and completes the query. Parameters of the call take
/// precedence over those of the operation, and these over those of the client.
fn prepare(request: &mut Request) -> Result<()> {
    let Request {
        config,
        options,
        url,
        ..
    } = request;
    for (name, value) in options.checked_headers()? {
        config
            .check_header(name, value)
            .map_err(|reason| Error::invalid_argument("header", reason))?;
    }
    let of_call = options.query_pairs();
    if !of_call.is_empty() || !config.query.is_empty() {
        let of_operation: Vec<_> = url.query_pairs().into_owned().collect();
        let of_operation = without(&of_operation, of_call);
        let of_client = without(&config.query, of_call)
            .filter(|(name, _)| of_operation.clone().all(|(other, _)| other != name));
        let pairs = of_operation.clone().chain(of_client).chain(of_call);
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    Ok(())
}

type Pair = (String, String);

/// The pairs whose name is not in `others`.
fn without<'a>(pairs: &'a [Pair], others: &'a [Pair]) -> impl Iterator<Item = &'a Pair> + Clone {
    pairs
        .iter()
        .filter(|(name, _)| others.iter().all(|(other, _)| other != name))
}

type Header = (HeaderName, HeaderValue);

/// Makes one attempt, up to the head of a success. The body of an error is read beyond the
/// deadline: otherwise the status would be lost with it.
async fn attempt(
    request: &Request,
    limit: Duration,
    attempts: &mut u32,
    may_renew: &mut bool,
) -> Result<Opened> {
    let clock = &request.config.clock;
    let mut deadline = Deadline::new(clock, limit);
    let sent = deadline
        .before(send_authenticated(request, attempts, may_renew))
        .await;
    let (response, mut secrets, renewal_error) =
        sent.unwrap_or_else(|| Err(Error::timeout(limit)))?;
    secrets.add(request.options.body_headers());
    if !response.status().is_success() {
        let error = status_error(clock, response, secrets, limit).await;
        return Err(match renewal_error {
            Some(reason) => error.with_note(&reason),
            None => error,
        });
    }
    Ok(Opened {
        response,
        secrets,
        deadline,
    })
}

/// Sends a request with current credentials. On 401 the token is renewed once per call and the
/// request is resent immediately. If the refresh fails, its error is returned with the 401.
async fn send_authenticated(
    request: &Request,
    attempts: &mut u32,
    may_renew: &mut bool,
) -> Result<(reqwest::Response, Secrets, Option<Error>)> {
    let credentials = &request.config.credentials;
    let token = credentials.current().await?;
    let (response, secrets) = send_once(request, token.as_ref(), *attempts).await?;
    let is_rejected = response.status() == StatusCode::UNAUTHORIZED && *may_renew;
    // A configured header takes precedence over the token, which then was not sent.
    let rejected =
        token.filter(|(name, _)| is_rejected && request.headers().all(|(other, _)| other != name));
    let Some(rejected) = rejected else {
        return Ok((response, secrets, None));
    };
    *may_renew = false;
    match credentials.renew(&rejected).await {
        Ok(Some(renewed)) => {
            tracing::debug!("token rejected, resending with a renewed one");
            *attempts += 1;
            let (response, secrets) = send_once(request, Some(&renewed), *attempts).await?;
            Ok((response, secrets, None))
        }
        Ok(None) => Ok((response, secrets, None)),
        Err(reason) => Ok((response, secrets, Some(reason))),
    }
}

/// Sends a request with these credentials and follows redirects within the origin.
async fn send_once(
    request: &Request,
    credentials: Option<&Header>,
    attempt: u32,
) -> Result<(reqwest::Response, Secrets)> {
    let mut target = None;
    for _ in 0..=MAX_REDIRECTS {
        let url = target.as_ref().unwrap_or(&request.url);
        let built = build_request(request, url, credentials, attempt);
        let secrets = Secrets::from_headers(built.headers());
        let http = &request.config.http;
        let mut response = http.execute(built).await.map_err(Error::transport)?;
        match redirect::target(&request.method, url, &response) {
            Ok(None) => return Ok((response, secrets)),
            Ok(url) => target = url,
            Err(reason) => return Err(Error::redirect(take_head(&mut response), reason)),
        }
    }
    Err(Error::too_many_redirects(MAX_REDIRECTS))
}

/// Builds the request of an attempt. Headers of the call take precedence over those of the
/// client, and both over a token.
fn build_request(
    request: &Request,
    url: &Url,
    credentials: Option<&Header>,
    attempt: u32,
) -> reqwest::Request {
    let mut built = reqwest::Request::new(request.method.clone(), url.clone());
    let headers = built.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
    if request.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in request.headers() {
        headers.insert(name, value.clone());
    }
    if attempt > 1 {
        headers.insert(RETRY_COUNT, HeaderValue::from(attempt - 1));
    }
    if let Some((name, value)) = credentials {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    *built.body_mut() = request.body.clone().map(Into::into);
    built
}

impl Opened {
    async fn read(mut self) -> Result<(ResponseHead, ResponseBody)> {
        let head = take_head(&mut self.response);
        let body = read_all(&mut self.response, MAX_BODY);
        match self.deadline.before(body).await {
            Some(Ok(Some(bytes))) => Ok((
                head,
                ResponseBody {
                    bytes,
                    secrets: self.secrets,
                },
            )),
            Some(Ok(None)) => Err(Error::body_too_large(head, MAX_BODY)),
            Some(Err(error)) => Err(Error::transport(error).with_head(head)),
            None => Err(Error::body_timeout(head, self.deadline.limit())),
        }
    }
}

/// Reads the body of an error response, as much of it as arrives in time.
async fn status_error(
    clock: &Arc<dyn Clock>,
    mut response: reqwest::Response,
    secrets: Secrets,
    limit: Duration,
) -> Error {
    let head = take_head(&mut response);
    let deadline = Deadline::new(clock, limit.min(ERROR_BODY_TIMEOUT));
    let bytes = read_start(&mut response, MAX_ERROR_BODY, deadline).await;
    let body = ResponseBody { bytes, secrets };
    let is_retryable = retry::is_retryable(head.status, &head.headers);
    let retry_after = retry::retry_after(&head.headers, clock.now());
    Error::status_error(head, &body, is_retryable, retry_after)
}
