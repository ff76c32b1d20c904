//! What the disk under the logs does with an `fsync`: the floor of a durable answer.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use hris_relay::clock::Clock;

use crate::place::FOLDERS;

const WRITES: u32 = 300;
/// A page of the embedded log.
const PAGE: [u8; 4096] = [7; 4096];

/// Cores, and the latency of a durable write of one page, in a line.
pub(super) fn described(clock: &Arc<dyn Clock>) -> anyhow::Result<String> {
    let mut file = tempfile::tempfile_in(FOLDERS).context("no file can be made")?;
    let mut took = Vec::new();
    for _ in 0..WRITES {
        let started = clock.elapsed();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        took.push(clock.elapsed().saturating_sub(started));
    }
    took.sort_unstable();
    let cores = std::thread::available_parallelism()?;
    Ok(format!(
        "{cores} cores; 4 KiB written and synced to the disk in {:.2} ms (p50), {:.2} ms (p99)",
        milliseconds(at(&took, 50)),
        milliseconds(at(&took, 99)),
    ))
}

/// The value below which `percent` of the sorted values are.
pub(super) fn at(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
