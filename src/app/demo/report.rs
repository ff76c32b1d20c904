//! What the demo prints: expected against actual, calls made, what was refused.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::Stage;
use super::actual::{Actual, State, difference};
use super::history::History;
use super::play::Played;

/// The end of a demo.
#[derive(Debug)]
pub(super) struct Report {
    people: BTreeMap<State, (usize, usize)>,
    differing: Vec<String>,
    calls: usize,
    calls_one_by_one: usize,
    overlaps: usize,
    refused: usize,
    quarantined: u64,
    accepted: usize,
    seconds: f64,
}

impl Report {
    pub(super) fn of(stage: &Stage, history: &History, played: &Played) -> Self {
        let actual = Actual::of(stage);
        let mut people: BTreeMap<State, (usize, usize)> = BTreeMap::new();
        for (id, expected) in &history.expected {
            people.entry(State::of(*expected)).or_default().0 += 1;
            people.entry(actual.state_of(id)).or_default().1 += 1;
        }
        let answered = |status| played.answers.get(&status).copied().unwrap_or_default();
        let simulator = stage.simulator.simulator();
        let webhooks = &stage.relay.metrics().receiver.webhooks;
        let quarantined = super::history::SOURCES
            .map(|source| webhooks.with_label_values(&[source, "quarantined"]).get());
        Self {
            people,
            differing: difference(history, &actual),
            calls: simulator.journal(None).len(),
            calls_one_by_one: history.calls_one_by_one,
            overlaps: simulator.overlaps().len(),
            refused: answered(401),
            quarantined: quarantined.iter().sum(),
            accepted: answered(200),
            seconds: (played.sending + played.settling).as_secs_f64(),
        }
    }

    /// Whether everybody is as HR says, and nobody was called twice at once.
    pub(super) fn agrees(&self) -> bool {
        self.differing.is_empty() && self.overlaps == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(vec!["people at StartExam", "HR says", "platform has", ""]);
        for (state, (expected, actual)) in &self.people {
            let verdict = if expected == actual {
                "agrees"
            } else {
                "DIFFERS"
            };
            table.add_row(vec![
                state.to_string(),
                expected.to_string(),
                actual.to_string(),
                verdict.to_owned(),
            ]);
        }
        for column in [1, 2] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(f, "\n{table}\n")?;
        let mut facts = Table::new();
        facts.load_style(UTF8_FULL_CONDENSED);
        for (what, count) in [
            ("webhooks accepted (200)", self.accepted.to_string()),
            (
                "  of these in quarantine: signed, but no event",
                self.quarantined.to_string(),
            ),
            ("webhooks refused (401): forged", self.refused.to_string()),
            ("calls to the platform", self.calls.to_string()),
            (
                "calls of a relay without batches or plan",
                self.calls_one_by_one.to_string(),
            ),
            (
                "calls that overlapped for one person",
                self.overlaps.to_string(),
            ),
            (
                "seconds, from the first webhook on",
                format!("{:.1}", self.seconds),
            ),
        ] {
            facts.add_row(vec![what.to_owned(), count]);
        }
        if let Some(column) = facts.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{facts}\n")?;
        if self.differing.is_empty() {
            write!(f, "Everybody is at the platform as HR says.")
        } else {
            let first: Vec<_> = self.differing.iter().take(10).map(String::as_str).collect();
            let count = self.differing.len();
            write!(f, "{count} people DIFFER, among them {}", first.join(", "))
        }
    }
}

/// What is said before the history is played.
pub(super) fn opening(history: &History, stage: &Stage) -> String {
    let facts: Vec<String> = history
        .facts
        .iter()
        .map(|(fact, count)| format!("{count} {fact}"))
        .collect();
    format!(
        "{} people: {}, 1 forged, 1 poison body; sent in random order.\n\
         receiver http://{}  admin http://{}  simulated StartExam http://{}",
        history.expected.len(),
        facts.join(", "),
        stage.webhooks,
        stage.relay.addresses().admin,
        stage.simulator.addr(),
    )
}

/// What is said when everything stays.
pub(super) fn keeping(stage: &Stage, folder: &Path) -> String {
    let config = folder.join("relay.toml");
    let config = config.display();
    let webhooks = stage.webhooks;
    let admin = stage.relay.addresses().admin;
    let simulator = stage.simulator.addr();
    format!(
        "\nStill running; Ctrl-C ends it and removes {folder}. Try, in another terminal:\n\n\
         \x20 hris-relay send portal terminated 10001 --config {config} --to http://{webhooks}\n\
         \x20 hris-relay send portal hired 20001 --group Sales --attribute first_name=Ada --config {config} --to http://{webhooks}\n\
         \x20 curl -s http://{simulator}/_sim/state\n\
         \x20 curl -s http://{admin}/metrics | grep hris_relay\n\
         \x20 curl -s http://{admin}/health/ready\n",
        folder = folder.display(),
    )
}
