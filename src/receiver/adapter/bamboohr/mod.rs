//! `BambooHR` webhooks: event-based (thin) and field-based (a batch of items with values).
//!
//! Source: <https://documentation.bamboohr.com/docs/webhooks>.

mod item;
mod mapping;
mod trouble;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(crate) use mapping::Mapping;

use self::item::Item;
use self::trouble::Trouble;
use super::{Mapped, Unmappable, form};
use crate::event::{
    Event, Fact, Groups, Hire, Moment, ObservedEnd, Phase, Reason, Snapshot, Status, Termination,
    When, read_json,
};
use crate::id::{EmployeeId, EventId};
use crate::receiver::signature::bamboohr::hex;
use crate::receiver::source::Source;

/// Maps a body that was signed at `sent_at`.
pub(crate) fn map(
    source: &Source,
    mapping: &Mapping,
    headers: &HeaderMap,
    body: &[u8],
    sent_at: Timestamp,
) -> Mapped {
    let value = if is_form(headers) {
        form::read(body).ok_or_else(|| whole(Trouble::NotForm))
    } else {
        read_json(body).map_err(|error| Mapped::unmappable(error.code(), error.to_string()))
    };
    let value = match value {
        Ok(value) => value,
        Err(mapped) => return mapped,
    };
    let reader = Reader { source, mapping };
    if let Some(Value::Array(items)) = value.get("employees") {
        return reader.batch(items);
    }
    match value.get("type").and_then(Value::as_str) {
        Some(kind) => reader.single(kind, &value, body, sent_at),
        None => whole(Trouble::UnknownShape),
    }
}

/// A body that is no fact at all.
fn whole(trouble: Trouble) -> Mapped {
    Mapped::unmappable(trouble.code(), format!("the body {trouble}"))
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|raw| {
        raw.to_ascii_lowercase()
            .starts_with("application/x-www-form-urlencoded")
    })
}

/// The name of a fact that its sender gave none: the hash of its own bytes.
fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

struct Reader<'a> {
    source: &'a Source,
    mapping: &'a Mapping,
}

impl Reader<'_> {
    /// The event-based family: the body is one notice.
    fn single(&self, kind: &str, value: &Value, body: &[u8], sent_at: Timestamp) -> Mapped {
        match kind {
            "employee.deleted" => {
                let notice = Item::of_notice(value);
                // The form encoding has no timestamp of its own; a deletion is final, so
                // that the instant of signing will do.
                let time = notice.time().unwrap_or(sent_at);
                let id = notice.text("employeeId");
                let event = id.and_then(|id| self.event(&id, time, hash(body), deleted()));
                event.map_or_else(
                    || whole(Trouble::NoEmployeeId),
                    |event| Mapped {
                        events: vec![event],
                        unmappable: None,
                    },
                )
            }
            "employee.created" | "employee.updated" => whole(Trouble::NeedsRead),
            _ => Mapped::default(),
        }
    }

    /// The field-based family: every item by itself, so that one that cannot be mapped
    /// holds back no other.
    fn batch(&self, items: &[Value]) -> Mapped {
        let mut mapped = Mapped::default();
        let mut troubles = Vec::new();
        for (index, value) in items.iter().enumerate() {
            let mut found = Vec::new();
            mapped.events.extend(self.item(value, &mut found));
            troubles.extend(found.into_iter().map(|trouble| (index, trouble)));
        }
        mapped.unmappable = summed_up(&troubles);
        mapped
    }

    fn item(&self, value: &Value, troubles: &mut Vec<Trouble>) -> Option<Event> {
        let item = Item::of_batch(value);
        let Some(time) = item.time() else {
            troubles.push(Trouble::NoTime);
            return None;
        };
        let fact = match item
            .text("action")
            .map(|action| action.to_lowercase())
            .as_deref()
        {
            Some("created") => self.created(&item, time, troubles)?,
            Some("updated") | None => self.observed(&item, troubles)?,
            Some("deleted") => deleted(),
            Some(_) => {
                troubles.push(Trouble::UnknownAction);
                return None;
            }
        };
        let id = match &self.mapping.employee_id {
            Some(field) => item.field(field).text(),
            None => item.text("id"),
        };
        let event =
            id.and_then(|id| self.event(&id, time, hash(value.to_string().as_bytes()), fact));
        if event.is_none() {
            troubles.push(Trouble::NoEmployeeId);
        }
        event
    }

    fn event(&self, id: &str, time: Timestamp, hash: String, fact: Fact) -> Option<Event> {
        if id.is_empty() {
            return None;
        }
        Some(Event {
            id: EventId::try_from(hash).ok()?,
            source: self.source.id().clone(),
            subject: EmployeeId::try_from(format!("{}{id}", self.source.admission.subject_prefix))
                .ok()?,
            time: Some(time),
            received_time: None,
            sequence: None,
            fact,
        })
    }

    /// A new person. Where the first day is mapped but not here, the update that follows
    /// every creation carries it; what is here already counts as observed. Most creations
    /// arrive without any field.
    fn created(
        &self,
        item: &Item<'_>,
        time: Timestamp,
        troubles: &mut Vec<Trouble>,
    ) -> Option<Fact> {
        if self.is_more_than_here(item) {
            return self.observed(item, troubles);
        }
        let start = match &self.mapping.hire_date {
            None => When::instant(time),
            Some(field) => match item.field(field).day() {
                Ok(Some(Some(moment))) => When { moment, zone: None },
                Ok(Some(None) | None) | Err(()) => {
                    return item.has_fields().then(|| self.observed(item, troubles))?;
                }
            },
        };
        Some(Fact::Hired(Hire {
            employment: None,
            start,
            phase: Phase::Effective,
            attributes: self.mapping.attributes(item),
            groups: self.groups(item, troubles),
        }))
    }

    /// Whether a person is not simply here: a last day is known, or the status is not plainly
    /// one of those for working here. A hire could not say it, and would let in a leaver.
    fn is_more_than_here(&self, item: &Item<'_>) -> bool {
        let last_day = self.mapping.termination_date.as_deref();
        let last_day = last_day.map(|field| item.field(field).day());
        let status = self.mapping.status(item);
        !matches!(last_day, None | Some(Ok(None | Some(None))))
            || !matches!(status, Ok(None | Some(Status::Active)))
    }

    /// What the posted fields say of a person.
    fn observed(&self, item: &Item<'_>, troubles: &mut Vec<Trouble>) -> Option<Fact> {
        if !item.has_fields() {
            troubles.push(Trouble::NeedsRead);
            return None;
        }
        let before = troubles.len();
        let mut read = |field: &Option<String>| day(item, field.as_deref()?, troubles);
        let start = read(&self.mapping.hire_date).flatten();
        let end = match read(&self.mapping.termination_date) {
            None => ObservedEnd::Unmapped,
            Some(None) => ObservedEnd::Empty,
            Some(Some(moment)) => ObservedEnd::On(moment),
        };
        let status = self.mapping.status(item).unwrap_or_else(|trouble| {
            troubles.push(trouble);
            None
        });
        let snapshot = Snapshot {
            status,
            start,
            end,
            attributes: self.mapping.attributes(item),
            groups: self.groups(item, troubles),
            ..Snapshot::default()
        };
        if snapshot != Snapshot::default() {
            return Some(Fact::Snapshot(snapshot));
        }
        if before == troubles.len() {
            troubles.push(Trouble::NoMappedField);
        }
        None
    }

    fn groups(&self, item: &Item<'_>, troubles: &mut Vec<Trouble>) -> Groups {
        self.mapping.groups(item).unwrap_or_else(|trouble| {
            troubles.push(trouble);
            Groups::default()
        })
    }
}

/// The day in a field: none if the field is not there or is no day, none within if it is
/// there and empty.
#[expect(
    clippy::option_option,
    reason = "not said, none and a date are three things"
)]
fn day(item: &Item<'_>, field: &str, troubles: &mut Vec<Trouble>) -> Option<Option<Moment>> {
    item.field(field).day().unwrap_or_else(|()| {
        troubles.push(Trouble::BadDate);
        None
    })
}

fn deleted() -> Fact {
    Fact::Terminated(Termination {
        employment: None,
        end: None,
        phase: Phase::Effective,
        reason: Some(Reason::Deleted),
    })
}

/// A reason names this many items.
const MOST_NAMED: usize = 10;

/// One reason for all troubles of a batch, by item number.
fn summed_up(troubles: &[(usize, Trouble)]) -> Option<Unmappable> {
    let (_, first) = troubles.first()?;
    let alike = troubles.iter().all(|(_, other)| other == first);
    let named = troubles.iter().take(MOST_NAMED);
    let mut reasons: Vec<String> = named
        .map(|(index, trouble)| format!("item {} {trouble}", index.saturating_add(1)))
        .collect();
    if let Some(more) = troubles
        .len()
        .checked_sub(MOST_NAMED)
        .filter(|more| *more > 0)
    {
        reasons.push(format!("and {more} more"));
    }
    Some(Unmappable {
        code: if alike { *first } else { Trouble::Several }.code(),
        reason: reasons.join("; "),
        event_id: None,
    })
}

#[cfg(test)]
mod tests;
