//! A roster from a file: every row becomes a snapshot event on `hris.events`.
//!
//! In come CSV or JSON Lines, a source and the instant of the export; out come events of
//! that source, a report of every line that is none, and what became of people. A file is
//! read twice: first checked whole, so that a wrong mapping writes nothing, then imported.
//!
//! An event's id is made of source, instant, employee and employment, and rows that would
//! change nothing are not appended. So an import that broke off is simply run again: the
//! truth about how far it came is in `hris.people`, and no journal can disagree with it.

mod bad;
mod check;
mod columns;
mod csv;
mod json_lines;
mod lines;
mod people;
mod roster;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use self::check::{Checked, check};
use self::columns::Columns;
use self::people::People;
use self::roster::Roster;
use self::row::Reading;
use super::appending::{append, record};
use super::topics::holds_any;
use crate::clock::Clock;
use crate::event::Event;
use crate::id::{Provider, SourceId};
use crate::log::{AppendError, ConsumeError, Log, Topic};
use crate::person::Rules;
use crate::receiver::settings::SourceSettings;

pub use self::bad::BadLine;
pub use self::columns::MapError;
pub use self::roster::RosterError;

/// Events appended together.
const TOGETHER: usize = 500;

/// What the rows of a file look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a line that names the columns.
    Csv {
        /// What separates them.
        delimiter: u8,
    },
    /// A JSON object a line.
    JsonLines,
}

/// What is imported, and how.
#[derive(Debug)]
pub struct Import<'a> {
    /// The file.
    pub file: &'a Path,
    /// What it looks like.
    pub format: Format,
    /// The source whose facts its rows are.
    pub source: SourceId,
    /// That source's settings.
    pub settings: &'a SourceSettings,
    /// When the file was exported: what makes its facts newer or older than others.
    pub as_of: Timestamp,
    /// Where people the relay has no record of count as already as planned.
    pub adopt: Adopt,
    /// Column and field of every mapping made by hand.
    pub mapped: &'a [(String, String)],
    /// More bad lines than this, and nothing is imported; none: [`most_bad`].
    pub max_bad: Option<u64>,
    /// Nothing is appended.
    pub is_dry_run: bool,
    /// How facts are read.
    pub rules: &'a Rules,
}

/// Where people the relay has no record of count as already as planned.
#[derive(Debug, Clone)]
pub enum Adopt {
    /// Exactly there.
    At(BTreeSet<Provider>),
    /// At those of these providers that hold no state yet, or that an earlier run of the same
    /// import adopted at: broken off, it goes on as it began.
    Usual(Vec<Provider>),
}

/// The most bad lines of a file with so many rows: one in a hundred, and ten in any case.
pub const fn most_bad(rows: u64) -> u64 {
    let share = rows.div_ceil(100);
    if share > 10 { share } else { 10 }
}

/// Why a file is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The export cannot be younger than now.
    #[error("--as-of is in the future: it must say when the file was exported")]
    Future,
    /// The file cannot be read as a roster.
    #[error(transparent)]
    Roster(#[from] RosterError),
    /// Too many lines are bad for the others to be believed.
    #[error(
        "{bad} of {rows} lines are bad, more than {most}: nothing was imported; mend the file or \
         its mapping, or allow more with --max-bad"
    )]
    TooManyBad {
        /// Bad lines.
        bad: u64,
        /// All lines with something on them.
        rows: u64,
        /// The most that may be bad.
        most: u64,
    },
    /// The file was written while it was read.
    #[error("the file changed while it was imported: run the same command again")]
    Changed,
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ConsumeError),
    /// The log did not take the events.
    #[error("the rows before line {line} are imported; run the same command again to go on")]
    Append {
        /// The first line that may be missing.
        line: u64,
        /// Why.
        #[source]
        source: AppendError,
    },
}

/// What an import tells while it runs.
#[derive(Debug)]
pub enum News<'a> {
    /// The file is being checked: bytes read, and all there are.
    Checking(u64, u64),
    /// A line is not imported.
    Bad(u64, &'a BadLine),
    /// Columns that nobody mapped; their cells are passed over.
    Unknown(&'a BTreeSet<String>),
    /// Rows are being imported: how many are done, and all there are.
    Importing(u64, u64),
}

/// What came of an import, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Lines with something on them, the header left out.
    pub rows: u64,
    /// Lines that were not imported.
    pub bad: u64,
    /// Columns that nobody mapped.
    pub unknown_columns: BTreeSet<String>,
    /// People in the file.
    pub people: u64,
    /// Employments in the file: its good lines.
    pub employments: u64,
    /// People of the file who are active, with everything known about them.
    pub active: u64,
    /// People of the file whose first day is still ahead.
    pub ahead: u64,
    /// People of the file who have left or lost access.
    pub gone: u64,
    /// People of the file of whom nothing tells whether they work here: their source does not
    /// employ, or only an end is known.
    pub unheard: u64,
    /// Lines that changed what is known and were appended, or would be.
    pub changed: u64,
    /// Lines that told nothing new: imported before, or older than what is known.
    pub unchanged: u64,
    /// Active people who are not in the file. An import removes nobody.
    pub active_elsewhere: u64,
    /// Where people the relay has no record of count as already as planned.
    pub adopt: BTreeSet<Provider>,
}

/// Checks the file, then imports its good lines. No log: as on an empty one.
///
/// # Errors
/// When the file or the log cannot be read or written, or too many lines are bad.
pub async fn import(
    import: &Import<'_>,
    log: Option<&dyn Log>,
    clock: &dyn Clock,
    tell: &mut (dyn FnMut(News<'_>) + Send),
) -> Result<Summary, ImportError> {
    if import.as_of > clock.now() {
        return Err(ImportError::Future);
    }
    let checked = check(import, tell).await?;
    let most = import.max_bad.unwrap_or(most_bad(checked.rows));
    if checked.bad() > most {
        return Err(ImportError::TooManyBad {
            bad: checked.bad(),
            rows: checked.rows,
            most,
        });
    }
    let people = People::known(log).await?;
    let writing = Writing {
        adopt: import.adopt.decide(&people, import.as_of, log).await?,
        import,
        log: log.filter(|_| !import.is_dry_run),
        people,
        batch: Vec::new(),
        batch_line: 1,
        changed: 0,
        unchanged: 0,
    };
    writing.run(checked, clock, tell).await
}

impl Import<'_> {
    fn open(&self) -> Result<Roster, RosterError> {
        let columns = Columns::new(self.settings, self.mapped)?;
        Roster::open(self.file, self.format, columns)
    }

    fn reading(&self, adopt: BTreeSet<Provider>) -> Reading<'_> {
        Reading {
            source: self.source.clone(),
            settings: self.settings,
            as_of: self.as_of,
            adopt,
        }
    }
}

impl Adopt {
    async fn decide(
        &self,
        people: &People,
        as_of: Timestamp,
        log: Option<&dyn Log>,
    ) -> Result<BTreeSet<Provider>, ConsumeError> {
        let configured = match self {
            Self::At(providers) => return Ok(providers.clone()),
            Self::Usual(configured) => configured,
        };
        let mut adopt = people.adopted(as_of);
        adopt.retain(|provider| configured.contains(provider));
        for &provider in configured {
            let has_state = match log {
                Some(log) => holds_any(log, Topic::State(provider)).await?,
                None => false,
            };
            if !has_state {
                adopt.insert(provider);
            }
        }
        Ok(adopt)
    }
}

/// The second reading: good lines into the log.
struct Writing<'a> {
    import: &'a Import<'a>,
    log: Option<&'a dyn Log>,
    people: People,
    adopt: BTreeSet<Provider>,
    batch: Vec<Event>,
    /// The line of the first event that is not confirmed.
    batch_line: u64,
    changed: u64,
    unchanged: u64,
}

impl Writing<'_> {
    async fn run(
        mut self,
        checked: Checked,
        clock: &dyn Clock,
        tell: &mut (dyn FnMut(News<'_>) + Send),
    ) -> Result<Summary, ImportError> {
        let mut roster = self.import.open()?;
        let reading = self.import.reading(self.adopt.clone());
        let mut done = 0;
        while let Some((line, cells)) = roster.next()? {
            done += 1;
            if checked.is_bad(line) {
                continue;
            }
            let event = cells.and_then(|cells| reading.event(&roster.header, &cells));
            let mut event = event.map_err(|_| ImportError::Changed)?;
            event.received_time = Some(clock.now());
            self.take(event, line);
            if self.batch.len() >= TOGETHER {
                self.flush().await?;
                tell(News::Importing(done, checked.rows));
            }
        }
        if done != checked.rows {
            return Err(ImportError::Changed);
        }
        self.flush().await?;
        tell(News::Importing(done, checked.rows));
        Ok(self.summary(checked, clock.now()))
    }

    fn take(&mut self, event: Event, line: u64) {
        if self.people.fold(&event, self.import.rules) {
            self.changed += 1;
            if self.batch.is_empty() {
                self.batch_line = line;
            }
            self.batch.push(event);
        } else {
            self.unchanged += 1;
        }
    }

    async fn flush(&mut self) -> Result<(), ImportError> {
        let records = self.batch.drain(..).map(|event| record(&event)).collect();
        let Some(log) = self.log else {
            // Whoever waits for a signal is heard here.
            tokio::task::yield_now().await;
            return Ok(());
        };
        let line = self.batch_line;
        let failed = |source| ImportError::Append { line, source };
        append(log, records).await.map_err(failed)
    }

    fn summary(self, checked: Checked, now: Timestamp) -> Summary {
        let count = self.people.count(self.import.rules, now);
        Summary {
            rows: checked.rows,
            bad: checked.bad(),
            unknown_columns: checked.unknown,
            employments: self.changed + self.unchanged,
            changed: self.changed,
            unchanged: self.unchanged,
            adopt: self.adopt,
            ..count
        }
    }
}
