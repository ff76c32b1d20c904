//! The first reading of a roster: every line is looked at, nothing is written.

use std::collections::{BTreeSet, HashMap};

use super::bad::BadLine;
use super::columns::Header;
use super::roster::{Cell, RosterError};
use super::row::{Reading, digest};
use super::{Import, News};
use crate::event::{Event, Fact};

/// Lines between two signs of life.
const STRIDE: u64 = 500;

/// What a roster is found to hold.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Lines with something on them, the header left out.
    pub(super) rows: u64,
    /// Columns nobody mapped.
    pub(super) unknown: BTreeSet<String>,
    bad: BTreeSet<u64>,
}

impl Checked {
    /// How many lines are bad.
    pub(super) fn bad(&self) -> u64 {
        u64::try_from(self.bad.len()).unwrap_or(u64::MAX)
    }

    /// Whether a line is.
    pub(super) fn is_bad(&self, line: u64) -> bool {
        self.bad.contains(&line)
    }
}

/// Reads the whole file, and tells of every line that cannot be imported.
pub(super) async fn check(
    import: &Import<'_>,
    tell: &mut (dyn FnMut(News<'_>) + Send),
) -> Result<Checked, RosterError> {
    let mut roster = import.open()?;
    let reading = import.reading(BTreeSet::new());
    let mut checked = Checked::default();
    let mut seen = Seen::default();
    while let Some((line, cells)) = roster.next()? {
        checked.rows += 1;
        let sound = cells.and_then(|cells| seen.first(&reading, &roster.header, &cells, line));
        if let Err(bad) = sound {
            tell(News::Bad(line, &bad));
            checked.bad.insert(line);
        }
        if checked.rows.is_multiple_of(STRIDE) {
            tell(News::Checking(roster.bytes_read(), roster.length()));
            // Whoever waits for a signal is heard here.
            tokio::task::yield_now().await;
        }
    }
    tell(News::Checking(roster.length(), roster.length()));
    if !roster.header.unknown.is_empty() {
        tell(News::Unknown(&roster.header.unknown));
    }
    checked.unknown = roster.header.unknown;
    Ok(checked)
}

/// The employments that were seen, each with its line: 128 bits of a digest stand for it.
#[derive(Debug, Default)]
struct Seen(HashMap<[u8; 16], u64>);

impl Seen {
    fn first(
        &mut self,
        reading: &Reading<'_>,
        header: &Header,
        cells: &[Cell],
        line: u64,
    ) -> Result<(), BadLine> {
        let event = reading.event(header, cells)?;
        match self.0.insert(employment(&event), line) {
            None => Ok(()),
            Some(first) => {
                self.0.insert(employment(&event), first);
                Err(BadLine::Repeated { first })
            }
        }
    }
}

fn employment(event: &Event) -> [u8; 16] {
    let employment = if let Fact::Snapshot(snapshot) = &event.fact {
        snapshot.employment.as_ref()
    } else {
        None
    };
    digest(&[
        event.subject.as_str(),
        employment.map_or("", |employment| employment.as_str()),
    ])
}
