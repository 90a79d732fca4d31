//! Connections: how many there are, how long one may take to ask, and how they end.

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

use crate::app::App;

/// What a connection has to send the head of a request. The injected clock does not tell
/// how long somebody else takes, so that this and [`GRACE`] are real time.
const HEAD: Duration = Duration::from_secs(30);

/// What a connection has to come to its end when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// What passes before a connection is accepted that could not be: files are short.
const RETRY: Duration = Duration::from_millis(100);

/// Serves until the server is to stop, and until all connections have ended.
pub(crate) async fn serve(listener: TcpListener, router: Router, app: Arc<App>) {
    let max = u32::try_from(app.settings.max_connections).unwrap_or(u32::MAX);
    let max = max.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
    let places = Arc::new(Semaphore::new(max as usize));
    {
        let mut stopped = std::pin::pin!(app.stopped());
        loop {
            let next = std::pin::pin!(async {
                // It is never closed.
                let place = places.clone().acquire_owned().await.ok()?;
                Some((listener.accept().await, place))
            });
            let Either::Right((Some((accepted, place)), _)) = select(stopped.as_mut(), next).await
            else {
                break;
            };
            match accepted {
                Ok((stream, _)) => {
                    let connection = connection(stream, router.clone(), app.clone());
                    tokio::spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(_) => {
                    let _ = timeout(RETRY, app.stopped()).await;
                }
            }
        }
    }
    drop(listener);
    let _ = places.acquire_many(max).await;
}

/// Answers the requests of a connection, one after the other.
async fn connection(stream: TcpStream, router: Router, app: Arc<App>) {
    // Without it events wait for one another. It is no more than slow.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let stopped = std::pin::pin!(app.stopped());
    if let Either::Right(_) = select(serving.as_mut(), stopped).await {
        serving.as_mut().graceful_shutdown();
        // Whoever takes longer, or has gone away, gets no answer.
        let _ = timeout(GRACE, serving).await;
    }
}
