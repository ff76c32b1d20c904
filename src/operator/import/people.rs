//! The people an import finds, and what its rows make of them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;

use super::Summary;
use crate::event::Event;
use crate::id::Provider;
use crate::log::{ConsumeError, Log, Topic};
use crate::operator::topics::latest;
use crate::person::{self, Person, Presence, Rules, SourceRules, fold, standing};

/// Everybody on `hris.people`, as bytes: memory is bounded by people, not by the file.
#[derive(Debug, Default)]
pub(super) struct People(BTreeMap<String, Known>);

#[derive(Debug, Default)]
struct Known {
    record: Bytes,
    is_in_file: bool,
}

impl People {
    /// Everybody the log knows; nobody without one.
    pub(super) async fn known(log: Option<&dyn Log>) -> Result<Self, ConsumeError> {
        let Some(log) = log else {
            return Ok(Self::default());
        };
        let known = |(id, record)| {
            let is_in_file = false;
            (id, Known { record, is_in_file })
        };
        let latest = latest(log, Topic::People).await?;
        Ok(Self(latest.into_iter().map(known).collect()))
    }

    /// Folds an event as the roster will; says whether it tells anything new. Of a record that
    /// cannot be read nobody knows, so the roster must decide.
    pub(super) fn fold(&mut self, event: &Event, rules: &Rules) -> bool {
        let known = self.0.entry(event.subject.as_str().to_owned()).or_default();
        known.is_in_file = true;
        let Some(mut person) = read(&known.record) else {
            return true;
        };
        let default = SourceRules::default();
        let source = rules.sources.get(&event.source).unwrap_or(&default);
        let received = event.received_time.unwrap_or_default();
        let folded = fold(&mut person, event, source, received);
        if folded.is_news {
            // A record of maps with text keys serialises.
            known.record = serde_json::to_vec(&person).unwrap_or_default().into();
        }
        folded.is_news
    }

    /// Where an earlier run of the same import adopted.
    pub(super) fn adopted(&self, as_of: Timestamp) -> BTreeSet<Provider> {
        let mut adopted = BTreeSet::new();
        for known in self.0.values() {
            let person = read(&known.record).unwrap_or_default();
            let same = person.imports().filter(|(_, at)| *at == as_of);
            adopted.extend(same.flat_map(|(adopt, _)| adopt));
        }
        adopted
    }

    /// Counts where everybody stands at `now`.
    pub(super) fn count(&self, rules: &Rules, now: Timestamp) -> Summary {
        let mut summary = Summary::default();
        for known in self.0.values() {
            let person = read(&known.record).unwrap_or_default();
            let presence = standing(&person, rules, now).presence;
            if !known.is_in_file {
                summary.active_elsewhere += u64::from(presence == Presence::Active);
                continue;
            }
            summary.people += 1;
            *match presence {
                Presence::Active => &mut summary.active,
                Presence::Ahead => &mut summary.ahead,
                Presence::Gone => &mut summary.gone,
                Presence::Unheard => &mut summary.unheard,
            } += 1;
        }
        summary
    }
}

fn read(record: &[u8]) -> Option<Person> {
    if record.is_empty() {
        return Some(Person::default());
    }
    let person: Person = serde_json::from_slice(record).ok()?;
    (person.v <= person::FORMAT).then_some(person)
}
