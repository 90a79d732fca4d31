//! CPU time, elapsed time and peak memory of this process.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// The resources used by one measurement.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time per unit of work, in microseconds.
    pub cpu: f64,
    /// Elapsed time per unit of work, in microseconds.
    pub wall: f64,
    /// Peak memory in MiB.
    pub memory: f64,
}

/// The CPU and wall clocks at the start of a measurement.
pub struct Stopwatch {
    cpu: Duration,
    wall: Instant,
}

impl Stopwatch {
    /// Starts a measurement. Call it after set-up and warm-up.
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    pub fn start() -> Self {
        Self {
            cpu: cpu_time(),
            wall: Instant::now(),
        }
    }

    /// Returns the usage since the start, divided by the number of units.
    pub fn stop(&self, units: usize) -> Usage {
        #[expect(clippy::cast_precision_loss, reason = "figures for a table")]
        let per_unit = |time: Duration| time.as_secs_f64() * 1e6 / units as f64;
        Usage {
            cpu: per_unit(cpu_time() - self.cpu),
            wall: per_unit(self.wall.elapsed()),
            memory: peak_memory(),
        }
    }
}

fn cpu_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage succeeds");
    let micros: i64 = [usage.user_time(), usage.system_time()]
        .iter()
        .map(TimeValLike::num_microseconds)
        .sum();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

/// Linux reports KiB.
#[expect(clippy::cast_precision_loss, reason = "figures for a table")]
fn peak_memory() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage succeeds");
    usage.max_rss() as f64 / 1024.0
}
