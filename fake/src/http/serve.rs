//! Accepts connections, limits their number and closes them at shutdown.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::{Either, select};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::http::shutdown::Shutdown;

/// Time-out for the head of a request. This and [`GRACE`] are real time, since the injected
/// clock does not measure clients.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Time that connections have to finish when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Delay before accepting again after an error, such as too many open files.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves connections until shutdown, and until all of them are closed.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    shutdown: Shutdown,
) {
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
                    let connection = connection(stream, router.clone(), shutdown.clone());
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
async fn connection(stream: TcpStream, router: Router, shutdown: Shutdown) {
    // Nagle's algorithm would delay events. An error here costs only speed.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let stopped = std::pin::pin!(shutdown.requested());
    if let Either::Right(_) = select(serving.as_mut(), stopped).await {
        serving.as_mut().graceful_shutdown();
        // Slower connections are dropped.
        let _ = timeout(GRACE, serving).await;
    }
}
