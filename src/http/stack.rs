//! The path of a call: one layer a line, from the caller to the connection.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tower::retry::RetryLayer;
use tower::{Service, ServiceBuilder};

use crate::error::core::{Error, Result};
use crate::error::response::ResponseHead;
use crate::http::attempt::{Receive, attempt};
use crate::http::authenticate::authenticate;
use crate::http::call::Call;
use crate::http::connect::connect;
use crate::http::from_fn::from_fn;
use crate::http::redirect::follow_redirects;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::retry::Retries;
use crate::http::total_timeout::total_timeout;
use crate::http::trace::trace;

/// Sends a call and returns the response, whole or with its body unread.
pub(crate) async fn send<R: Receive>(call: &Call) -> Result<(ResponseHead, R)> {
    // Boxed, so that the futures of callers are not as deep as the stack.
    let received = Box::pin(stack().call(call.clone()));
    received.await.map_err(|error| call.annotate(error))
}

/// Sends a request and deserializes the response. The call and its span start here, not with the first poll.
///
/// It is not an async function, whose future would have room for the request.
pub(crate) fn receive<T: DeserializeOwned>(
    request: Request,
) -> impl Future<Output = Result<Response<T>>> {
    let call = Call::new(request);
    async move {
        let call = call?;
        let (head, body) = send(&call).await?;
        Response::decode(&call, head, body).map_err(|error| call.annotate(error))
    }
}

/// Sends a request and returns the body of the response.
pub(crate) async fn receive_bytes(request: Request) -> Result<Response<Bytes>> {
    let call = Call::new(request)?;
    let (head, body) = send::<Bytes>(&call).await?;
    Ok(Response::new(body.clone(), &call, head, body))
}

/// The layers have no state of their own: what they need is in the call. They must always be ready: a
/// layer calls the next one without waiting for that.
fn stack<R: Receive>()
-> impl Service<Call, Response = (ResponseHead, R), Error = Error, Future: Send> {
    ServiceBuilder::new()
        .layer(from_fn(trace)) // a span for the call
        .layer(from_fn(total_timeout)) // over all attempts
        .layer(RetryLayer::new(Retries::default())) // classes of failures, back-off, budget
        .map_future(Box::pin) // Retry would move the future of an attempt
        .layer(from_fn(attempt)) // time-out, body and error of an attempt
        .layer(from_fn(authenticate)) // token, renewed once after 401
        .layer(from_fn(follow_redirects)) // within the origin
        .service_fn(connect) // headers and body, to reqwest
}
