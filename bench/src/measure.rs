//! Runs one row with one client and measures it.

use crate::client::BenchClient;
use crate::floor::Floor;
#[cfg(feature = "generated")]
use crate::generated::Generated;
use crate::ours::Ours;
use crate::payload;
use crate::peer::Peer;
use crate::row::{ClientKind, Row};
use crate::usage::{Stopwatch, Usage};

/// Concurrency of the rows with concurrent calls or runs, and streams.
const CONCURRENT_CALLS: usize = 64;
const CONCURRENT_STREAMS: usize = 1_000;

/// Measures once and prints the usage as JSON.
pub async fn print_usage(row: &str, client: &str, port: &str) -> Result<(), String> {
    let row = Row::from_name(row).ok_or_else(|| format!("unknown row `{row}`"))?;
    let client =
        ClientKind::from_name(client).ok_or_else(|| format!("unknown client `{client}`"))?;
    let base_url = format!("http://127.0.0.1:{port}/v1");
    // In a task, as in a service. A future that the main thread blocks on is woken by
    // another thread each time, which would dominate every figure.
    let usage = tokio::spawn(async move {
        match client {
            ClientKind::Ours => run::<Ours>(row, &base_url).await,
            ClientKind::Peer => run::<Peer>(row, &base_url).await,
            #[cfg(feature = "generated")]
            ClientKind::Generated => run::<Generated>(row, &base_url).await,
            #[cfg(not(feature = "generated"))]
            ClientKind::Generated => unreachable!("rows require the feature `generated`"),
            ClientKind::Floor => run::<Floor>(row, &base_url).await,
        }
    })
    .await
    .map_err(|error| error.to_string())?;
    println!("{}", serde_json::json!(usage));
    Ok(())
}

async fn run<C: BenchClient>(row: Row, base_url: &str) -> Usage {
    let units = row.units();
    let client = C::new(base_url);
    match row {
        Row::DecodePage => {
            let page = payload::page(0, true);
            return repeat(units, || C::decode_page(&page));
        }
        Row::DecodePageUnknown => {
            let page = payload::page_with_unknown();
            return repeat(units, || C::decode_page(&page));
        }
        Row::DecodeRun => {
            let run = payload::run();
            return repeat(units, || C::decode_run(&run));
        }
        // Opens the connection and warms up the code.
        _ => {
            for _ in 0..100 {
                client.call().await;
            }
        }
    }
    let file = tempfile::NamedTempFile::new().expect("a file can be created");
    if row == Row::Upload {
        std::fs::write(file.path(), vec![b'a'; payload::FILE_SIZE]).expect("the file is written");
    }
    let stopwatch = Stopwatch::start();
    match row {
        Row::StreamEvents => client.read_events(units).await,
        Row::StreamText => client.read_text(units).await,
        Row::StreamAccumulate => client.read_snapshots(units).await,
        Row::Call => {
            for _ in 0..units {
                client.call().await;
            }
        }
        Row::CallConcurrent => {
            concurrently(CONCURRENT_CALLS, &client, move |client| async move {
                for _ in 0..units / CONCURRENT_CALLS {
                    client.call().await;
                }
            })
            .await;
        }
        Row::ListAll => client.list_all().await,
        Row::Streams1000 => {
            concurrently(CONCURRENT_STREAMS, &client, move |client| async move {
                client.read_events(units / CONCURRENT_STREAMS).await;
            })
            .await;
        }
        Row::Upload => client.upload(file.path()).await,
        Row::Download => client.download().await,
        Row::FollowConcurrent => {
            concurrently(CONCURRENT_CALLS, &client, move |client| async move {
                for _ in 0..units / CONCURRENT_CALLS {
                    client.follow().await;
                }
            })
            .await;
        }
        Row::DecodePage | Row::DecodePageUnknown | Row::DecodeRun => {}
    }
    stopwatch.stop(units)
}

/// Measures a closure that is called this many times, after a warm-up.
fn repeat(units: usize, mut work: impl FnMut()) -> Usage {
    (0..units / 10).for_each(|_| work());
    let stopwatch = Stopwatch::start();
    (0..units).for_each(|_| work());
    stopwatch.stop(units)
}

/// Runs the work in this many tasks and waits for all of them.
async fn concurrently<C, F>(tasks: usize, client: &C, work: impl Fn(C) -> F)
where
    C: BenchClient,
    F: Future<Output = ()> + Send + 'static,
{
    let tasks: Vec<_> = (0..tasks)
        .map(|_| tokio::spawn(work(client.clone())))
        .collect();
    for task in tasks {
        task.await.expect("the task does not panic");
    }
}
