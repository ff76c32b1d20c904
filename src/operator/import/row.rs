//! One row of a roster becomes one snapshot event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::bad::BadLine;
use super::columns::{Field, Header};
use super::roster::Cell;
use crate::event::{
    Attributes, Event, Fact, Groups, Import, Moment, ObservedEnd, Snapshot, Status, VersionBy, Zone,
};
use crate::id::{EmployeeId, EmploymentId, EventId, GroupId, Provider, SourceId};
use crate::receiver::settings::SourceSettings;

const EMPLOYEE: &str = "1 to 250 characters without control characters, the source's \
                        subject_prefix included";
const EMPLOYMENT: &str = "1 to 250 characters without control characters";
const GROUPS: &str = "groups separated by `;`, each at most 250 characters without control \
                      characters";
const MOMENT: &str = "a date (2026-03-31) or an instant with its offset (2026-03-31T17:00:00Z)";
const STATUS: &str = "`active` or `inactive`, or a word of the source's active_values or \
                      inactive_values";
const PRESENCE: &str = "a status, a first day or a last day";
const ZONE: &str = "an IANA time zone (Europe/Berlin)";
const SEQUENCE: &str = "an integer: the facts of this source are ordered by it";
const TEXT: &str = "a text";

/// What every event of one import shares.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) source: SourceId,
    pub(super) settings: &'a SourceSettings,
    /// When the roster was exported.
    pub(super) as_of: Timestamp,
    pub(super) adopt: BTreeSet<Provider>,
}

impl Reading<'_> {
    /// The event a row states.
    pub(super) fn event(&self, header: &Header, cells: &[Cell]) -> Result<Event, BadLine> {
        let row = Row { header, cells };
        let subject = row.required(&Field::EmployeeId, EMPLOYEE, |raw| {
            EmployeeId::try_from(format!("{}{raw}", self.settings.subject_prefix)).ok()
        })?;
        let employment = row.filled(&Field::EmploymentId, EMPLOYMENT, |raw| {
            EmploymentId::try_from(raw).ok()
        })?;
        let snapshot = Snapshot {
            zone: row.filled(&Field::TimeZone, ZONE, |raw| raw.parse::<Zone>().ok())?,
            status: row.filled(&Field::Status, STATUS, |raw| self.status(raw))?,
            start: row.filled(&Field::StartDate, MOMENT, |raw| Moment::from_str(raw).ok())?,
            end: row.end()?,
            attributes: row.attributes()?,
            groups: row.groups()?,
            import: Some(Import {
                adopt: self.adopt.clone(),
            }),
            employment,
        };
        let says_nothing = snapshot.status.is_none()
            && snapshot.start.is_none()
            && !matches!(snapshot.end, ObservedEnd::On(_));
        if says_nothing {
            return Err(BadLine::Missing {
                column: row.name(&Field::Status),
                expected: PRESENCE,
            });
        }
        let sequence = row.filled(&Field::Sequence, SEQUENCE, |raw| raw.parse().ok())?;
        if sequence.is_none() && self.settings.version == VersionBy::Sequence {
            return Err(BadLine::Missing {
                column: row.name(&Field::Sequence),
                expected: SEQUENCE,
            });
        }
        Ok(Event {
            id: self.id(&subject, snapshot.employment.as_ref()),
            source: self.source.clone(),
            subject,
            time: Some(self.as_of),
            received_time: None,
            sequence,
            fact: Fact::Snapshot(snapshot),
        })
    }

    /// The same row of the same export is the same event, however often it is imported.
    fn id(&self, subject: &EmployeeId, employment: Option<&EmploymentId>) -> EventId {
        let mut text = String::from("import-");
        let employment = employment.map_or("", EmploymentId::as_str);
        for byte in digest(&[
            self.source.as_str(),
            &self.as_of.to_string(),
            subject.as_str(),
            employment,
        ]) {
            // Writing to a `String` cannot fail.
            let _infallible = write!(text, "{byte:02x}");
        }
        #[expect(
            clippy::expect_used,
            reason = "39 letters, digits and a dash are a name"
        )]
        EventId::try_from(text).expect("an event id")
    }

    fn status(&self, raw: &str) -> Option<Status> {
        let is = |word: &str| word.eq_ignore_ascii_case(raw);
        let any = |words: &[String]| words.iter().any(|word| is(word));
        if is("active") || any(&self.settings.active_values) {
            Some(Status::Active)
        } else if is("inactive") || any(&self.settings.inactive_values) {
            Some(Status::Inactive)
        } else {
            None
        }
    }
}

/// 128 bits of SHA-256 of texts that hold no zero byte.
pub(super) fn digest(texts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    short
}

/// One row with the meaning of its cells.
#[derive(Debug, Clone, Copy)]
struct Row<'a> {
    header: &'a Header,
    cells: &'a [Cell],
}

impl<'a> Row<'a> {
    /// The cells with something of this kind, each with what it holds and its column.
    fn all(self) -> impl Iterator<Item = (&'a Field, &'a Cell, &'a str)> {
        let named = self.header.fields.iter().zip(&self.header.names);
        named
            .zip(self.cells)
            .filter_map(|((field, name), cell)| Some((field.as_ref()?, cell, name.as_str())))
            .filter(|(_, cell, _)| **cell != Cell::Absent)
    }

    /// The column that holds a field, or what it would usually be called.
    fn name(self, wanted: &Field) -> String {
        let fields = self.header.fields.iter().zip(&self.header.names);
        fields
            .filter(|(field, _)| field.as_ref() == Some(wanted))
            .map(|(_, name)| name.clone())
            .next()
            .unwrap_or_else(|| wanted.to_string())
    }

    /// A field's text, which may be empty; none: there is no such cell.
    fn text(self, wanted: &Field, expected: &'static str) -> Result<Option<&'a str>, BadLine> {
        let mut cells = self.all().filter(|(field, ..)| *field == wanted);
        match cells.next() {
            None => Ok(None),
            Some((_, Cell::Text(text), _)) => Ok(Some(text)),
            Some((.., column)) => Err(wrong(column, expected)),
        }
    }

    /// What a field that is not empty says.
    fn filled<T>(
        self,
        wanted: &Field,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, BadLine> {
        self.text(wanted, expected)?
            .filter(|text| !text.is_empty())
            .map(|text| parse(text).ok_or_else(|| wrong(&self.name(wanted), expected)))
            .transpose()
    }

    fn required<T>(
        self,
        wanted: &Field,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, BadLine> {
        self.filled(wanted, expected, parse)?
            .ok_or_else(|| BadLine::Missing {
                column: self.name(wanted),
                expected,
            })
    }

    /// A last day that is mapped and empty says that there is none.
    fn end(self) -> Result<ObservedEnd, BadLine> {
        let field = Field::EndDate;
        match self.text(&field, MOMENT)? {
            None => Ok(ObservedEnd::Unmapped),
            Some("") => Ok(ObservedEnd::Empty),
            Some(text) => Moment::from_str(text)
                .map(ObservedEnd::On)
                .map_err(|_| wrong(&self.name(&field), MOMENT)),
        }
    }

    fn attributes(self) -> Result<Attributes, BadLine> {
        let mut attributes = BTreeMap::new();
        for (field, cell, column) in self.all() {
            let Field::Attribute(name) = field else {
                continue;
            };
            let Cell::Text(text) = cell else {
                return Err(wrong(column, TEXT));
            };
            let value = (!text.is_empty()).then(|| text.clone());
            attributes.insert(name.clone(), value);
        }
        Ok(attributes)
    }

    /// Every group of every column that holds groups; no such column says nothing.
    fn groups(self) -> Result<Groups, BadLine> {
        let mut current = None;
        for (field, cell, column) in self.all() {
            let Field::Groups(prefix) = field else {
                continue;
            };
            let groups: &mut BTreeSet<GroupId> = current.get_or_insert_default();
            let names: Vec<&str> = match cell {
                Cell::Text(text) => text.split(';').collect(),
                Cell::List(texts) => texts.iter().map(String::as_str).collect(),
                Cell::Odd | Cell::Absent => return Err(wrong(column, GROUPS)),
            };
            for name in names
                .into_iter()
                .map(str::trim)
                .filter(|name| !name.is_empty())
            {
                let group = GroupId::try_from(format!("{prefix}{name}"));
                groups.insert(group.map_err(|_| wrong(column, GROUPS))?);
            }
        }
        Ok(Groups {
            current,
            ..Groups::default()
        })
    }
}

fn wrong(column: &str, expected: &'static str) -> BadLine {
    BadLine::Wrong {
        column: column.to_owned(),
        expected,
    }
}
