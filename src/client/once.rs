//! Sends a call exactly once: after an unknown failure, the created object is looked up by a marker.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::error::core::{Error, Result};
use crate::error::response::ResponseHead;
use crate::http::call::Call;
use crate::http::deadline::Deadline;
use crate::http::operation_info::OperationInfo;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::stack;
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

/// Without a path: errors have the method and path of the look-up.
const LOOK_UP: &OperationInfo = &OperationInfo {
    id: "lookUp",
    method: "GET",
    path: "",
    is_idempotent: true,
};

/// An object of a list, with the response that it is part of.
struct Found {
    call: Call,
    head: ResponseHead,
    object: Bytes,
}

/// Sends a request that creates an object, and deserializes the object.
pub(super) async fn send<T: DeserializeOwned>(request: Request) -> Result<Response<T>> {
    let adopt = |found: Found, _| Response::decode(&found.call, found.head, found.object);
    exactly_once(request, stack::receive, adopt).await
}

/// Opens the stream of a run that is created. A stream cannot be opened again: if the run exists,
/// the error has its ID.
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
    exactly_once(request, EventStream::open, adopt).await
}

/// Marks a request and sends it. After an unknown failure the object is looked up and adopted, or the
/// request is sent again if there is none. The total time-out covers all of that.
async fn exactly_once<T>(
    mut request: Request,
    send: impl AsyncFn(Request) -> Result<T>,
    adopt: impl Fn(Found, Error) -> Result<T>,
) -> Result<T> {
    let marker = mark(&mut request)?;
    let policy = request.retry_policy().clone().retry_unknown(false);
    let retries = policy.retries();
    request.options.retry = Some(policy);
    let limit = request.limit(|limits| limits.total);
    let (clock, name) = (request.config.clock.clone(), request.name());
    let work = async {
        let mut sent = 0;
        loop {
            let mut error = match send(request.clone()).await {
                Ok(received) => return Ok(received),
                Err(error) => error,
            };
            // After an unknown failure, the active run may be the one that was created.
            let is_own_run = sent > 0 && error.is_active_run();
            if !error.may_have_been_processed() && !is_own_run {
                return Err(error);
            }
            match look_up(&request, &marker).await {
                Ok(Some(found)) => return adopt(found, error),
                Ok(None) if is_own_run || sent == retries => return Err(error),
                Ok(None) => sent += 1,
                Err(reason) => {
                    error.add_note(&format!("it could not be looked up: {reason}"));
                    return Err(error);
                }
            }
        }
    };
    let Some(limit) = limit else {
        return work.await;
    };
    let received = Deadline::new(&clock, limit).before(work).await;
    received.unwrap_or_else(|| Err(Error::total_timeout(limit, None, true).in_operation(name, 1)))
}

/// Adds a marker to the metadata of a request.
fn mark(request: &mut Request) -> Result<String> {
    let failed = |reason: String| Error::invalid_argument("metadata", reason);
    let body = request.body.as_deref().unwrap_or(b"{}");
    let mut body: Map<String, Value> = serde_json::from_slice(body).map_err(Error::serialize)?;
    let metadata = body.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = Map::new().into();
    }
    let pairs = metadata
        .as_object_mut()
        .ok_or_else(|| failed("it is not an object".to_owned()))?;
    if pairs.len() >= MAX_METADATA {
        let reason = format!("`once` needs one of the {MAX_METADATA} pairs for its marker");
        return Err(failed(reason).in_operation(request.name(), 0));
    }
    // The keys of a hasher are random. The jitter of the client is not, in tests.
    let random = || RandomState::new().build_hasher().finish();
    let marker = format!("{:016x}{:016x}", random(), random());
    pairs.insert(ONCE_KEY.to_owned(), marker.clone().into());
    request.body = Some(serde_json::to_vec(&body).map_err(Error::serialize)?.into());
    Ok(marker)
}

/// Looks for the object with this marker among the newest, several times.
async fn look_up(request: &Request, marker: &str) -> Result<Option<Found>> {
    let list = Request {
        info: LOOK_UP,
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
        let (head, body) = stack::send::<Bytes>(&call).await?;
        if let Some(object) = find(&body, marker) {
            return Ok(Some(Found { call, head, object }));
        }
    }
    Ok(None)
}

/// Returns the object of a page that has the marker.
fn find(page: &Bytes, marker: &str) -> Option<Bytes> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(borrow)]
        data: Vec<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Marked {
        metadata: Option<Map<String, Value>>,
    }

    let page_of: Page<'_> = serde_json::from_slice(page).ok()?;
    let object = page_of.data.iter().find(|object| {
        let object = serde_json::from_str(object.get());
        let metadata = object.ok().and_then(|object: Marked| object.metadata);
        metadata.is_some_and(|pairs| pairs.get(ONCE_KEY) == Some(&marker.into()))
    })?;
    Some(page.slice_ref(object.get().as_bytes()))
}
