//! The only place that reads the time.

use std::fmt::Debug;
use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// Where the time comes from; tests bring their own.
pub trait Clock: Debug + Send + Sync {
    /// The wall clock in UTC, in whole milliseconds.
    ///
    /// Invariant: whole milliseconds. A last day ends one nanosecond before midnight
    /// (`person::when`), so no reading falls between that end and a start at midnight.
    fn now(&self) -> Timestamp;

    /// Time since some fixed point, for measuring; it never goes back, and it runs on while
    /// the process is stopped and the machine sleeps.
    fn elapsed(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Duration,
}

impl SystemClock {
    /// A clock whose `elapsed` starts at zero.
    pub fn new() -> Self {
        Self {
            started: since_boot(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> Timestamp {
        whole_milliseconds(Timestamp::now())
    }

    fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.started)
    }
}

/// Linux's monotonic clock stands still while the machine sleeps; this one does not.
#[cfg(target_os = "linux")]
const RUNS_ON: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const RUNS_ON: ClockId = ClockId::Monotonic;

fn since_boot() -> Duration {
    Duration::try_from(clock_gettime(RUNS_ON)).unwrap_or_default()
}

/// Cuts an instant down to whole milliseconds.
pub fn whole_milliseconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_reads_whole_milliseconds() {
        let now = SystemClock::new().now();
        assert_eq!(now.subsec_nanosecond() % 1_000_000, 0);
    }
}
