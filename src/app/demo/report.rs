//! What the demo prints: expected against actual, calls made, what was refused.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::Stage;
use super::actual::{State, difference};
use super::history::History;
use super::platforms::Simulated;
use super::play::Played;

/// The end of a demo.
#[derive(Debug)]
pub(super) struct Report {
    /// How many people HR has in each state, and each platform.
    people: BTreeMap<State, (usize, Vec<usize>)>,
    platforms: Vec<Followed>,
    calls_one_by_one: usize,
    refused: usize,
    quarantined: u64,
    accepted: usize,
    sending: Duration,
}

/// What a table says of a platform.
type Cell<'a> = &'a dyn Fn(&Followed) -> String;

/// How a platform followed.
#[derive(Debug)]
struct Followed {
    name: &'static str,
    differing: Vec<String>,
    calls: usize,
    overlaps: usize,
    agreed: Option<Duration>,
}

impl Report {
    pub(super) fn of(stage: &Stage, history: &History, played: &Played) -> Self {
        let mut people: BTreeMap<State, (usize, Vec<usize>)> = BTreeMap::new();
        let nobody = || (0, vec![0; stage.platforms.len()]);
        let looks: Vec<_> = stage.platforms.iter().map(|it| it.look()).collect();
        for (id, expected) in &history.expected {
            people.entry(State::of(*expected)).or_insert_with(nobody).0 += 1;
            for (place, state_of) in looks.iter().enumerate() {
                let row = people.entry(state_of(id)).or_insert_with(nobody);
                if let Some(count) = row.1.get_mut(place) {
                    *count += 1;
                }
            }
        }
        let answered = |status| played.answers.get(&status).copied().unwrap_or_default();
        let webhooks = &stage.relay.metrics().receiver.webhooks;
        let quarantined = super::history::SOURCES
            .map(|source| webhooks.with_label_values(&[source, "quarantined"]).get());
        let platforms = stage.platforms.iter().zip(&played.agreed);
        Self {
            people,
            platforms: platforms
                .map(|(platform, agreed)| Followed {
                    name: platform.name(),
                    differing: difference(history, &**platform),
                    calls: platform.calls(),
                    overlaps: platform.overlaps(),
                    agreed: *agreed,
                })
                .collect(),
            calls_one_by_one: history.calls_one_by_one,
            refused: answered(401),
            quarantined: quarantined.iter().sum(),
            accepted: answered(200),
            sending: played.sending,
        }
    }

    /// Whether everybody is everywhere as HR says, and nobody was called twice at once.
    pub(super) fn agrees(&self) -> bool {
        let agrees = |it: &Followed| it.differing.is_empty() && it.overlaps == 0;
        self.platforms.iter().all(agrees)
    }

    fn people(&self) -> Table {
        let names = self.platforms.iter().map(|platform| platform.name);
        let mut table = table();
        table.set_header(["people", "HR says"].into_iter().chain(names).chain([""]));
        for (state, (expected, actual)) in &self.people {
            let verdict = if actual.iter().all(|count| count == expected) {
                "agree"
            } else {
                "DIFFER"
            };
            let counts = [expected]
                .into_iter()
                .chain(actual)
                .map(ToString::to_string);
            let row = [state.to_string()].into_iter().chain(counts);
            table.add_row(row.chain([verdict.to_owned()]));
        }
        align(&mut table, 1..=self.platforms.len().saturating_add(1));
        table
    }

    fn followed(&self) -> Table {
        let mut table = table();
        let names = self.platforms.iter().map(|platform| platform.name);
        table.set_header([""].into_iter().chain(names));
        let seconds = |agreed: Option<Duration>| {
            agreed.map_or("never".to_owned(), |it| format!("{:.1}", it.as_secs_f64()))
        };
        let rows: [(&str, Cell<'_>); 3] = [
            ("calls", &|it| it.calls.to_string()),
            ("calls that overlapped for one person", &|it| {
                it.overlaps.to_string()
            }),
            ("seconds until everybody agreed", &|it| seconds(it.agreed)),
        ];
        for (what, cell) in rows {
            let cells = self.platforms.iter().map(cell);
            table.add_row([what.to_owned()].into_iter().chain(cells));
        }
        align(&mut table, 1..=self.platforms.len());
        table
    }

    fn facts(&self) -> Table {
        let mut table = table();
        for (what, count) in [
            ("webhooks accepted (200)", self.accepted.to_string()),
            (
                "  of these in quarantine: signed, but no event",
                self.quarantined.to_string(),
            ),
            ("webhooks refused (401): forged", self.refused.to_string()),
            (
                "calls to StartExam without batches or plan",
                self.calls_one_by_one.to_string(),
            ),
            (
                "seconds it took to send them",
                format!("{:.1}", self.sending.as_secs_f64()),
            ),
        ] {
            table.add_row(vec![what.to_owned(), count]);
        }
        align(&mut table, 1..=1);
        table
    }
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table
}

fn align(table: &mut Table, columns: RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n\n{}\n", self.people(), self.followed())?;
        writeln!(f, "{}\n", self.facts())?;
        if let Some(last) = self.platforms.last() {
            writeln!(
                f,
                "{} answered its first three calls with 503; the others did not wait for it.",
                last.name
            )?;
        }
        if self.agrees() {
            return write!(f, "Everybody is at every platform as HR says.");
        }
        for platform in &self.platforms {
            let first = platform.differing.iter().take(10).map(String::as_str);
            let first: Vec<_> = first.collect();
            if !first.is_empty() {
                let (name, count) = (platform.name, platform.differing.len());
                writeln!(
                    f,
                    "{name}: {count} people DIFFER, among them {}",
                    first.join(", ")
                )?;
            }
        }
        Ok(())
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
         receiver http://{}  admin http://{}  simulated {}",
        history.expected.len(),
        facts.join(", "),
        stage.webhooks,
        stage.relay.addresses().admin,
        simulated(stage).join("  "),
    )
}

fn simulated(stage: &Stage) -> Vec<String> {
    let shown = |it: &dyn Simulated| format!("{} http://{}", it.name(), it.addr());
    let platforms = stage.platforms.iter();
    platforms.map(|platform| shown(&**platform)).collect()
}

/// What is said when everything stays.
pub(super) fn keeping(stage: &Stage, folder: &Path) -> String {
    let config = folder.join("relay.toml");
    let config = config.display();
    let webhooks = stage.webhooks;
    let admin = stage.relay.addresses().admin;
    let states = stage.platforms.iter().map(|platform| {
        let addr = platform.addr();
        format!("\x20 curl -s http://{addr}/_sim/state\n")
    });
    let states: String = states.collect();
    format!(
        "\nStill running; Ctrl-C ends it and removes {folder}. Try, in another terminal:\n\n\
         \x20 hris-relay send portal terminated 10001 --config {config} --to http://{webhooks}\n\
         \x20 hris-relay send portal hired 20001 --group Sales --attribute first_name=Ada --config {config} --to http://{webhooks}\n\
         {states}\
         \x20 curl -s http://{admin}/metrics | grep hris_relay\n\
         \x20 curl -s http://{admin}/health/ready\n",
        folder = folder.display(),
    )
}
