//! What everybody who is measured can do, and the rows in terms of that.

use std::future::Future;

use crate::measure::{Before, Taken, repeated};
use crate::payload;
use crate::row::Row;

/// How many calls and streams go on at a time in the rows that have many.
const CONCURRENT_CALLS: usize = 64;
const CONCURRENT_STREAMS: usize = 1_000;

/// A client that is measured. What it decodes it hands to `black_box`.
pub trait Contender: Clone + Send + Sync + 'static {
    fn new(url: &str) -> Self;

    /// Decodes a page of messages.
    fn decode_page(json: &[u8]);

    /// Decodes a run.
    fn decode_run(json: &[u8]);

    /// Makes a small call.
    fn call(&self) -> impl Future<Output = ()> + Send;

    /// Reads a stream of that many deltas, event by event.
    fn events(&self, deltas: usize) -> impl Future<Output = ()> + Send;

    /// Reads the text of a stream of that many deltas.
    fn texts(&self, deltas: usize) -> impl Future<Output = ()> + Send;

    /// Reads a stream of that many deltas with snapshots of its message.
    fn snapshots(&self, deltas: usize) -> impl Future<Output = ()> + Send;

    /// Walks a list to its end, with time for each page.
    fn list(&self) -> impl Future<Output = ()> + Send;
}

/// Does the work of a row.
pub async fn run<C: Contender>(row: Row, url: &str) -> Taken {
    let units = row.units();
    let client = C::new(url);
    match row {
        Row::DecodePage => {
            let page = payload::page(0, true);
            return repeated(units, || C::decode_page(&page));
        }
        Row::DecodeRun => {
            let run = payload::run();
            return repeated(units, || C::decode_run(&run));
        }
        // The connection is there, and the code is warm.
        _ => {
            for _ in 0..100 {
                client.call().await;
            }
        }
    }
    let before = Before::now();
    match row {
        Row::StreamEvents => client.events(units).await,
        Row::StreamText => client.texts(units).await,
        Row::StreamAccumulate => client.snapshots(units).await,
        Row::Call => {
            for _ in 0..units {
                client.call().await;
            }
        }
        Row::CallConcurrent => {
            at_once(CONCURRENT_CALLS, &client, move |client| async move {
                for _ in 0..units / CONCURRENT_CALLS {
                    client.call().await;
                }
            })
            .await;
        }
        Row::ListAll => client.list().await,
        Row::Streams1000 => {
            at_once(CONCURRENT_STREAMS, &client, move |client| async move {
                client.events(units / CONCURRENT_STREAMS).await;
            })
            .await;
        }
        Row::DecodePage | Row::DecodeRun => {}
    }
    before.taken(units)
}

/// Does the same many times at once.
async fn at_once<C, F>(times: usize, client: &C, work: impl Fn(C) -> F)
where
    C: Contender,
    F: Future<Output = ()> + Send + 'static,
{
    let tasks: Vec<_> = (0..times)
        .map(|_| tokio::spawn(work(client.clone())))
        .collect();
    for task in tasks {
        task.await.expect("no task fails");
    }
}
