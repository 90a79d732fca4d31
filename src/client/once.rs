//! Sends a call exactly once: after an unknown failure, the created object is looked up by a marker.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::error::core::{Error, Result};
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;
use crate::error::response::ResponseHead;
use crate::http::call::Call;
use crate::http::deadline::Deadline;
use crate::http::operation_info::OperationInfo;
use crate::http::path;
use crate::http::request::Request;
use crate::http::request_body::RequestBody;
use crate::http::response::Response;
use crate::http::{retry, stack};
use crate::json::raw::Json;
use crate::sse::stream::EventStream;

/// The key in `metadata` of the objects that calls with `once` create.
///
/// Its value is a random text. Do not set it: calls with `once` do.
pub const ONCE_KEY: &str = "openai_assistants_once";

/// The maximum number of pairs of `metadata`.
const MAX_METADATA: usize = 16;

/// The waits before each look-up: an object may be created after the connection broke.
const DELAYS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// How long each attempt of a look-up may take, and all look-ups with their retries.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(5);
const LOOK_UP_LIMIT: Duration = Duration::from_secs(30);

/// Without a path: errors have the method and path of the look-up.
const LOOK_UP: &OperationInfo = &OperationInfo {
    id: "lookUp",
    method: "GET",
    path: "",
    is_idempotent: true,
};

/// A body whose members keep their text: the order of the keys in a JSON Schema may matter.
type Object = BTreeMap<String, Box<RawValue>>;

/// An object of a list, with the response that it is part of.
struct Found {
    call: Call,
    head: ResponseHead,
    object: Bytes,
}

/// The path of the operation that creates a thread together with its run.
const THREAD_AND_RUN: &str = "/threads/runs";

/// Sends a request that creates an object, and deserializes the object.
pub(super) async fn send<T: DeserializeOwned>(request: Request) -> Result<Response<T>> {
    let adopt = |found: Found, _| Response::decode(&found.call, found.head, found.object);
    exactly_once(request, stack::receive, adopt).await
}

/// Opens the stream of a run that is created. It is open once the first event is there, which has the
/// ID of the run. A stream cannot be opened again: if the run exists, the error has its ID.
pub(super) async fn open<E>(request: Request) -> Result<EventStream<E>> {
    #[derive(Deserialize)]
    struct Run {
        id: String,
        thread_id: String,
    }

    let adopt = |found: Found, error: Error| match serde_json::from_slice::<Run>(&found.object) {
        Ok(run) => Err(error.in_run(Some(&run.thread_id), Some(&run.id))),
        Err(_) => Err(error),
    };
    exactly_once(request, EventStream::begin, adopt).await
}

/// Marks a request and sends it until it is known what came of it. The total time-out and the
/// number of attempts cover all of that.
async fn exactly_once<T>(
    mut request: Request,
    send: impl AsyncFn(Request) -> Result<T>,
    adopt: impl Fn(Found, Error) -> Result<T>,
) -> Result<T> {
    let marker = mark(&mut request).map_err(|error| error.in_operation(request.name(), 0))?;
    let attempts = Arc::new(AtomicU32::new(0));
    request.total_attempts = Some(attempts.clone());
    let limit = request.limit(|limits| limits.total);
    let clock = request.config.clock.clone();
    let mut last = None;
    let work = send_or_adopt(&mut request, &marker, send, adopt, &mut last);
    let result = match limit {
        None => work.await,
        Some(limit) => {
            let in_time = Deadline::new(&clock, limit).before(pin!(work)).await;
            in_time.unwrap_or_else(|| Err(out_of_time(limit, last)))
        }
    };
    result.map_err(|error| {
        let error = error.in_operation(request.name(), attempts.load(Ordering::Relaxed));
        error.in_run(request.run_ids().thread_id.as_deref(), None)
    })
}

/// The error after the total time-out; `last` is why the request has failed before.
fn out_of_time(limit: Duration, last: Option<Error>) -> Error {
    match last {
        // The time-out of the request itself, most likely the same one.
        Some(mut error) if error.kind() == ErrorKind::Timeout => {
            error.add_note("it could not be looked up in time");
            error.unsettled(true)
        }
        last => Error::total_timeout(limit, last.as_ref().map(Error::message), true),
    }
}

/// Sends a marked request. After a failure that leaves open whether it was processed, the object is
/// looked up and adopted. If it does not exist, the request is sent again, unless the server has sent a response.
async fn send_or_adopt<T>(
    request: &mut Request,
    marker: &str,
    send: impl AsyncFn(Request) -> Result<T>,
    adopt: impl Fn(Found, Error) -> Result<T>,
    last: &mut Option<Error>,
) -> Result<T> {
    if request.info.path == THREAD_AND_RUN {
        create_thread(request).await?;
    }
    let policy = request.retry_policy().clone().retry_unknown(false);
    request.options.retry = Some(policy);
    let mut sent = 0;
    loop {
        let mut error = match send(request.clone()).await {
            Ok(received) => return Ok(received),
            Err(error) => error,
        };
        if sent > 0 {
            // Whatever this request has failed for, the earlier one may have been processed: a run
            // that is active already may be the one that it created.
            error = error.unsettled(true);
        }
        if !error.may_have_been_processed() {
            return Err(error);
        }
        *last = Some(error.clone());
        let look_up = look_up(request, marker);
        let mut deadline = Deadline::new(&request.config.clock, LOOK_UP_LIMIT);
        match deadline.before(pin!(look_up)).await {
            Some(Ok(Some(found))) => return adopt(found, error),
            Some(Ok(None)) if error.failure() != Failure::Unknown => return Err(error),
            Some(Ok(None)) => match retry::delay(request, sent, &mut error) {
                Some(delay) => request.config.clock.sleep(delay).await,
                None => return Err(error),
            },
            Some(Err(reason)) => {
                error.add_note(&format!("it could not be looked up: {reason}"));
                return Err(error);
            }
            None => {
                error.add_note(&format!(
                    "it could not be looked up within {LOOK_UP_LIMIT:?}"
                ));
                return Err(error);
            }
        }
        sent += 1;
    }
}

/// Creates the thread of a run, and makes the request that of a run on it. Threads cannot be listed,
/// so a thread whose response was lost remains: it is empty, since the run adds the messages.
async fn create_thread(request: &mut Request) -> Result<()> {
    const THREAD: &OperationInfo = &OperationInfo {
        id: "createThreadAndRun",
        method: "POST",
        path: "/threads",
        is_idempotent: true,
    };
    const RUN: &OperationInfo = &OperationInfo {
        id: "createThreadAndRun",
        method: "POST",
        path: "/threads/{thread_id}/runs",
        is_idempotent: false,
    };
    #[derive(Deserialize)]
    struct Thread {
        id: String,
    }

    let mut run = object(request)?;
    let mut thread = take(&mut run, "thread")?;
    if let Some(messages) = thread.remove("messages") {
        run.insert("additional_messages".to_owned(), messages);
    }
    // A run on an existing thread has no resources of its own.
    let resources = run.remove("tool_resources");
    if let Some(resources) = resources.filter(|resources| resources.get() != "null") {
        thread.insert("tool_resources".to_owned(), resources);
    }
    let threads = request.url.path().trim_end_matches("/runs").to_owned();
    let mut create = Request {
        info: THREAD,
        options: request.options.for_further_call(),
        accept: "application/json",
        ..request.clone()
    };
    create.url.set_path(&threads);
    let created = stack::receive::<Thread>(create.json(&thread)?).await?;
    let id = path::segment("thread_id", &created.into_inner().id)?;
    request.info = RUN;
    request.url.set_path(&format!("{threads}/{id}/runs"));
    set_body(request, &run)
}

/// Adds a marker to the metadata of a request.
fn mark(request: &mut Request) -> Result<String> {
    let mut body = object(request)?;
    let mut pairs = take(&mut body, "metadata")?;
    if pairs.len() >= MAX_METADATA {
        let reason = format!("`once` needs one of the {MAX_METADATA} pairs for its marker");
        return Err(Error::invalid_argument("metadata", reason));
    }
    // The keys of a hasher are random. The jitter of the client is not, in tests.
    let random = || RandomState::new().build_hasher().finish();
    let marker = format!("{:016x}{:016x}", random(), random());
    let value = to_raw_value(&marker).map_err(Error::serialize)?;
    pairs.insert(ONCE_KEY.to_owned(), value);
    let metadata = to_raw_value(&pairs).map_err(Error::serialize)?;
    body.insert("metadata".to_owned(), metadata);
    set_body(request, &body)?;
    Ok(marker)
}

/// The body of a request.
fn object(request: &Request) -> Result<Object> {
    let body = request.body.as_ref();
    serde_json::from_slice(body.map_or(b"{}", RequestBody::as_bytes)).map_err(Error::serialize)
}

/// Takes a member that is an object out of another. It is empty if it is missing or null.
fn take(object: &mut Object, name: &str) -> Result<Object> {
    let member = object.remove(name);
    let member = member.map(|member| serde_json::from_str::<Option<Object>>(member.get()));
    let member = member.transpose();
    let member = member.map_err(|_| Error::invalid_argument(name, "it is not an object"))?;
    Ok(member.flatten().unwrap_or_default())
}

fn set_body(request: &mut Request, body: &Object) -> Result<()> {
    request.body = Some(serde_json::to_vec(body).map_err(Error::serialize)?.into());
    Ok(())
}

/// Looks for the object with this marker among the newest, several times.
async fn look_up(request: &Request, marker: &str) -> Result<Option<Found>> {
    #[derive(Deserialize)]
    struct Page {
        data: Vec<Json>,
    }

    let mut options = request.options.for_further_call();
    let limit = request.limit(|limits| limits.attempt);
    options.limits.attempt = Some(limit.map_or(ATTEMPT_LIMIT, |limit| limit.min(ATTEMPT_LIMIT)));
    let list = Request {
        info: LOOK_UP,
        options,
        method: Method::GET,
        accept: "application/json",
        body: None,
        ..request.clone()
    };
    let list = list.query(&[("limit", "100".to_owned()), ("order", "desc".to_owned())]);
    for delay in DELAYS {
        if !delay.is_zero() {
            request.config.clock.sleep(delay).await;
        }
        let call = Call::new(list.clone())?;
        let (head, body) = stack::send(&call).await?;
        // A page that cannot be read may contain the object.
        let page = Response::<Page>::decode(&call, head.clone(), body)?.into_inner();
        if let Some(object) = page.data.iter().find(|object| has_marker(object, marker)) {
            let object = Bytes::copy_from_slice(object.as_str().as_bytes());
            return Ok(Some(Found { call, head, object }));
        }
    }
    Ok(None)
}

/// Whether the metadata of an object contain the marker.
fn has_marker(object: &Json, marker: &str) -> bool {
    #[derive(Deserialize)]
    struct Marked {
        metadata: Option<Map<String, Value>>,
    }

    let metadata = object
        .parse()
        .ok()
        .and_then(|object: Marked| object.metadata);
    metadata.is_some_and(|pairs| pairs.get(ONCE_KEY) == Some(&marker.into()))
}
