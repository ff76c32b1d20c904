//! The tables a reader sees.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::disk::{at, milliseconds};
use crate::load::Sent;
use crate::place::Kind;
use crate::terminations::Measured;
use crate::webhooks;

/// Calls a second of an account that is configured with no more than it needs.
const DEFAULT_RPS: f64 = 2.0;

const MEBIBYTE: f64 = 1_048_576.0;

pub(super) fn webhooks() -> Table {
    headed(["at once", "requests", "requests/s", "p50", "p99"])
}

pub(super) fn add_webhooks(table: &mut Table, concurrency: usize, sent: &Sent) {
    let latency = |percent| format!("{:.2} ms", milliseconds(at(&sent.latencies, percent)));
    add(
        table,
        [
            concurrency.to_string(),
            sent.requests.to_string(),
            format!("{:.0}", webhooks::rate(sent)),
            latency(50),
            latency(99),
        ],
    );
}

pub(super) fn terminations() -> Table {
    headed([
        "log",
        "in the log",
        "last lock",
        "people/s",
        "all tidied",
        "lock calls",
        "tidying calls",
        "all calls at 2/s",
        "restored",
        "memory",
    ])
}

pub(super) fn add_terminations(table: &mut Table, kind: &Kind, measured: &Measured) {
    let calls = measured.lock_calls + measured.tidy_calls;
    let by_default = f64::from(u32::try_from(calls).unwrap_or(u32::MAX)) / DEFAULT_RPS;
    add(
        table,
        [
            kind.to_string(),
            format!("{:.2} s", measured.appended.as_secs_f64()),
            format!("{:.2} s", measured.locked.as_secs_f64()),
            format!(
                "{:.0}",
                f64::from(measured.people) / measured.locked.as_secs_f64()
            ),
            format!("{:.2} s", measured.tidied.as_secs_f64()),
            measured.lock_calls.to_string(),
            measured.tidy_calls.to_string(),
            format!("{by_default:.0} s"),
            format!("{:.2} s", measured.restored.as_secs_f64()),
            format!("{:.0} MiB", measured.resident_bytes / MEBIBYTE),
        ],
    );
}

fn headed<const N: usize>(names: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(names);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn add<const N: usize>(table: &mut Table, cells: [String; N]) {
    table.add_row(cells);
}
