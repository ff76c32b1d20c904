//! Folding one event into a person's registers.

use jiff::Timestamp;

use super::access::Access;
use super::record::{Decision, Employed, Person, SourceFacts};
use super::register::{Register, Stamp, Version, say};
use super::rules::SourceRules;
use crate::event::{
    AccessChange, Attributes, Command, CommandKind, Event, Fact, GroupChange, Hire, Moment,
    ObservedEnd, Phase, Snapshot, Status, Termination, Update, VersionBy, When,
};

/// What a fact did to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// Whether a register changed; if not, the fact is superseded or a duplicate.
    pub changed: bool,
    /// Whether it claims to have happened after it was received: a wrong clock or zone.
    pub clock_ahead: bool,
}

/// Folds an event that arrived at `arrived_at` (used where nobody stamped a receipt).
///
/// Invariant: any order and any repetition of the same events leads to the same record.
pub fn fold(
    person: &mut Person,
    event: &Event,
    rules: &SourceRules,
    arrived_at: Timestamp,
) -> Folded {
    let received = event.received_time.unwrap_or(arrived_at);
    let clock_ahead = event.time.is_some_and(|time| time > received);
    let stamp = stamp(event, rules, received);
    let before = person.clone();
    match &event.fact {
        Fact::Erased => {
            let floor = person
                .erased
                .entry(event.source.clone())
                .or_insert_with(|| stamp.clone());
            if *floor < stamp {
                *floor = stamp;
            }
        }
        Fact::Command(command) => decide(person, command, stamp),
        fact @ (Fact::Hired(_)
        | Fact::Updated(_)
        | Fact::GroupChanged(_)
        | Fact::Terminated(_)
        | Fact::AccessRevoked(_)
        | Fact::AccessRestored(_)
        | Fact::Snapshot(_)) => {
            let facts = person.sources.entry(event.source.clone()).or_default();
            state(facts, fact, stamp);
        }
    }
    person.forget_erased();
    let changed = *person != before;
    if changed {
        person.received = person.received.max(Some(received));
    }
    Folded {
        changed,
        clock_ahead,
    }
}

/// Stamps a fact: an occurred-at later than its receipt counts as its receipt.
fn stamp(event: &Event, rules: &SourceRules, received: Timestamp) -> Stamp {
    let occurred = event.time.unwrap_or(received).min(received);
    let (said_at, order) = match rules.version_by {
        VersionBy::OccurredAt => (occurred, occurred.as_millisecond()),
        VersionBy::Sequence => (occurred, event.sequence.unwrap_or(i64::MIN)),
        VersionBy::ReceivedAt => (received, received.as_millisecond()),
    };
    Stamp {
        version: Version {
            epoch: rules.epoch,
            order,
        },
        said_at: crate::clock::whole_milliseconds(said_at),
        event: event.id.clone(),
    }
}

fn decide(person: &mut Person, command: &Command, stamp: Stamp) {
    let kind = match command.kind {
        CommandKind::Redrive => "redrive",
        CommandKind::Release => "release",
        CommandKind::Reject => "reject",
    };
    let value = Decision {
        kind: kind.to_owned(),
        fact_version: command.fact_version.clone(),
    };
    let mut slot = person.commands.remove(&command.provider);
    say(&mut slot, Register { stamp, value });
    if let Some(newest) = slot {
        person.commands.insert(command.provider, newest);
    }
}

fn state(facts: &mut SourceFacts, fact: &Fact, stamp: Stamp) {
    match fact {
        Fact::Hired(hire) => hired(facts, hire, &stamp),
        Fact::Updated(update) => updated(facts, update, &stamp),
        Fact::GroupChanged(change) => group_changed(facts, change, &stamp),
        Fact::Terminated(termination) => terminated(facts, termination, stamp),
        Fact::AccessRevoked(change) => access(facts, change, Access::Revoked, stamp),
        Fact::AccessRestored(change) => access(facts, change, Access::Restored, stamp),
        Fact::Snapshot(snapshot) => observed(facts, snapshot, &stamp),
        Fact::Erased | Fact::Command(_) => {}
    }
}

fn hired(facts: &mut SourceFacts, hire: &Hire, stamp: &Stamp) {
    let employed = Employed::new(hire.employment.as_ref());
    let stands = hire.phase != Phase::Cancelled;
    facts
        .employments
        .entry(employed.clone())
        .or_default()
        .start(&hire.start, stamp.clone(), stands);
    if !hire.groups.is_empty() {
        facts.memberships.entry(employed).or_default().say(
            &hire.groups,
            Some(&hire.start),
            stamp,
            stands,
        );
    }
    // A profile is good from the moment it is known, not from the first day.
    if stands {
        attributes(facts, &hire.attributes, None, stamp, stands);
    }
}

fn updated(facts: &mut SourceFacts, update: &Update, stamp: &Stamp) {
    let stands = update.phase != Phase::Cancelled;
    let effective = update.effective.as_ref();
    attributes(facts, &update.attributes, effective, stamp, stands);
}

fn attributes(
    facts: &mut SourceFacts,
    said: &Attributes,
    effective: Option<&When>,
    stamp: &Stamp,
    stands: bool,
) {
    for (name, value) in said {
        facts.attributes.entry(name.clone()).or_default().say(
            effective,
            stamp.clone(),
            stands.then(|| value.clone().unwrap_or_default()),
        );
    }
}

fn group_changed(facts: &mut SourceFacts, change: &GroupChange, stamp: &Stamp) {
    let stands = change.phase != Phase::Cancelled;
    let employed = Employed::new(change.employment.as_ref());
    facts.memberships.entry(employed).or_default().say(
        &change.groups,
        change.effective.as_ref(),
        stamp,
        stands,
    );
}

fn terminated(facts: &mut SourceFacts, termination: &Termination, stamp: Stamp) {
    let employed = Employed::new(termination.employment.as_ref());
    let employment = facts.employments.entry(employed).or_default();
    match termination.phase {
        Phase::Cancelled => employment.no_end(stamp),
        Phase::Scheduled | Phase::Effective => employment.end(termination.end.as_ref(), stamp),
    }
}

fn access(facts: &mut SourceFacts, change: &AccessChange, said: Access, stamp: Stamp) {
    let value = (change.phase != Phase::Cancelled).then_some(said);
    facts.access.say(change.effective.as_ref(), stamp, value);
}

/// An observed state: its own dates speak before its status word.
fn observed(facts: &mut SourceFacts, snapshot: &Snapshot, stamp: &Stamp) {
    let employed = Employed::new(snapshot.employment.as_ref());
    let when = |moment: Moment| When {
        moment,
        zone: snapshot.zone.clone(),
    };
    let says_employment = snapshot.status.is_some()
        || snapshot.start.is_some()
        || snapshot.end != ObservedEnd::Unmapped;
    if says_employment {
        let employment = facts.employments.entry(employed.clone()).or_default();
        if let Some(start) = snapshot.start {
            employment.observe_start(&when(start), stamp.clone());
        }
        match (snapshot.end, snapshot.status) {
            (ObservedEnd::On(end), status) => {
                employment.end(Some(&when(end)), stamp.clone());
                // Of one version the end outweighs it; it revives nobody, but it tells that
                // an employment of which no start is known runs until its end.
                if status == Some(Status::Active) {
                    employment.see(stamp.clone());
                }
            }
            // The two disagree, and of one version the value that gives less access wins.
            (ObservedEnd::Empty | ObservedEnd::Unmapped, Some(Status::Inactive)) => {
                employment.end(None, stamp.clone());
            }
            (ObservedEnd::Empty, status) => {
                employment.no_end(stamp.clone());
                if status == Some(Status::Active) {
                    employment.see(stamp.clone());
                }
            }
            (ObservedEnd::Unmapped, Some(Status::Active)) => employment.see(stamp.clone()),
            (ObservedEnd::Unmapped, None) => {}
        }
    }
    if !snapshot.groups.is_empty() {
        let memberships = facts.memberships.entry(employed).or_default();
        memberships.say(&snapshot.groups, None, stamp, true);
    }
    attributes(facts, &snapshot.attributes, None, stamp, true);
}
