//! Accepts connections, limits their number and closes them at shutdown.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use futures_util::future::{Either, pending, select};
use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tower_service::Service;

use crate::http::fake_service::FakeService;
use crate::http::service::CloseIdle;

/// Time-out for the head of a request. This and [`GRACE`] are real time, since the injected
/// clock does not measure clients.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Time that connections have to finish when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Delay before accepting again after an error, such as too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves connections until shutdown, and until all of them are closed.
pub(crate) async fn serve(listener: TcpListener, service: FakeService, max_connections: usize) {
    let shutdown = service.app.shutdown.clone();
    let max = u32::try_from(max_connections).unwrap_or(u32::MAX);
    let max = max.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
    let permits = Arc::new(Semaphore::new(max as usize));
    {
        let mut stopped = std::pin::pin!(shutdown.requested());
        loop {
            let next = std::pin::pin!(async {
                // The semaphore is never closed.
                let permit = permits.clone().acquire_owned().await.ok()?;
                Some((listener.accept().await, permit))
            });
            let Either::Right((Some((accepted, permit)), _)) = select(stopped.as_mut(), next).await
            else {
                break;
            };
            match accepted {
                Ok((stream, _)) => {
                    let connection = connection(stream, service.clone());
                    tokio::spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(_) => {
                    let _ = timeout(ACCEPT_RETRY, shutdown.requested()).await;
                }
            }
        }
    }
    drop(listener);
    let _ = permits.acquire_many(max).await;
}

/// Serves the requests of a connection.
async fn connection(stream: TcpStream, service: FakeService) {
    // Nagle's algorithm would delay events. An error here costs only speed.
    let _ = stream.set_nodelay(true);
    let (sender, mut ends) = mpsc::unbounded_channel();
    let respond = service_fn(|request| {
        let response = service.clone().call(request);
        let sender = sender.clone();
        async move {
            let (response, end) = with_end(response.await?);
            let _ = end.map(|end| sender.send(end));
            io::Result::Ok(response)
        }
    });
    let mut serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), respond);
    let idle = pin!(async {
        match ends.recv().await {
            Some((end, time)) => {
                let _ = end.await;
                service.app.state.clock.sleep(time).await;
            }
            None => pending().await,
        }
    });
    let stopped = pin!(service.app.shutdown.requested());
    match select(&mut serving, select(stopped, idle)).await {
        Either::Left((Err(error), _)) if is_reset(&error) => {
            let _ = serving.into_parts().io.inner().set_zero_linger();
        }
        Either::Left(_) => {}
        Either::Right(_) => {
            Pin::new(&mut serving).graceful_shutdown();
            // Slower connections are dropped.
            let _ = timeout(GRACE, serving).await;
        }
    }
}

/// The end of a body, and the time until its connection is closed.
type End = (oneshot::Receiver<Infallible>, Duration);

/// Returns the end of the body of a response, if the connection is to be closed after it.
fn with_end(response: Response<Body>) -> (Response<Body>, Option<End>) {
    let Some(CloseIdle(time)) = response.extensions().get().cloned() else {
        return (response, None);
    };
    let (sender, end) = oneshot::channel();
    // The sender is dropped with the body.
    let with_sender = |body: Body| {
        Body::new(body.map_err(move |error| {
            let _ = &sender;
            error
        }))
    };
    (response.map(with_sender), Some((end, time)))
}

/// Whether the response is lost.
fn is_reset(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::ConnectionReset)
}
