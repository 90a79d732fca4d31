//! One measurement, in a process of its own: what it took of CPU time, time and memory.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

use crate::contender;
use crate::floor::Floor;
use crate::ours::Ours;
use crate::peer::Peer;
use crate::row::{Row, Who};

/// How long the consumer of a list takes for each page.
const CONSUMER: Duration = Duration::from_millis(5);

/// What one measurement took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Taken {
    /// Microseconds of CPU time for one unit of work.
    pub cpu: f64,
    /// Microseconds that passed, likewise.
    pub wall: f64,
    /// MiB of memory at the highest.
    pub memory: f64,
}

/// Measures once and prints the result as JSON.
pub async fn print(row: &str, who: &str, port: &str) -> Result<(), String> {
    let row = Row::named(row).ok_or("there is no such row")?;
    let who = Who::named(who).ok_or("nobody has this name")?;
    let url = format!("http://127.0.0.1:{port}/v1");
    // In a task, where services make their calls: what the main thread waits for is woken
    // up by another thread each time, and that would be most of every figure.
    let taken = tokio::spawn(async move {
        match who {
            Who::Ours => contender::run::<Ours>(row, &url).await,
            Who::Peer => contender::run::<Peer>(row, &url).await,
            Who::Floor => contender::run::<Floor>(row, &url).await,
        }
    })
    .await
    .map_err(|error| error.to_string())?;
    println!("{}", serde_json::json!(taken));
    Ok(())
}

/// The clocks before some work.
pub struct Before {
    cpu: Duration,
    wall: Instant,
}

impl Before {
    /// To be called when all is set up and warm.
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    pub fn now() -> Self {
        Self {
            cpu: cpu(),
            wall: Instant::now(),
        }
    }

    /// What the work took since.
    pub fn taken(&self, units: usize) -> Taken {
        #[expect(clippy::cast_precision_loss, reason = "figures for a table")]
        let each = |time: Duration| time.as_secs_f64() * 1e6 / units as f64;
        Taken {
            cpu: each(cpu() - self.cpu),
            wall: each(self.wall.elapsed()),
            memory: memory(),
        }
    }
}

/// Takes the time of work that is done this often by a closure, after a warm-up.
pub fn repeated(units: usize, mut work: impl FnMut()) -> Taken {
    (0..units / 10).for_each(|_| work());
    let before = Before::now();
    (0..units).for_each(|_| work());
    before.taken(units)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the consumer's time is part of the row"
)]
pub async fn consume() {
    tokio::time::sleep(CONSUMER).await;
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the system counts");
    let micros: i64 = [usage.user_time(), usage.system_time()]
        .iter()
        .map(TimeValLike::num_microseconds)
        .sum();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

/// Linux counts in KiB.
#[expect(clippy::cast_precision_loss, reason = "figures for a table")]
fn memory() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the system counts");
    usage.max_rss() as f64 / 1024.0
}
