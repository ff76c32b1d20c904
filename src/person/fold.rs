//! Folding one event into a person's registers.

use jiff::{SignedDuration, Timestamp};

use super::access::Access;
use super::employment::Employment;
use super::record::{Employed, Person, SourceFacts};
use super::register::{Stamp, Version, Word};
use super::rules::SourceRules;
use crate::event::{
    AccessChange, Attributes, Event, Fact, GroupChange, Groups, Hire, Moment, ObservedEnd, Phase,
    Snapshot, Status, Termination, Update, VersionBy, When,
};
use crate::id::SourceId;
use crate::mutation::{Mutation, is_on};

/// What a fact did to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent answers, not the states of a machine"
)]
pub struct Folded {
    /// Whether a register changed; if not, the fact is superseded or a duplicate.
    pub changed: bool,
    /// Whether anything of the record changed, were it only how lately the person was heard
    /// of: then it is to be written.
    pub is_news: bool,
    /// Whether it claims to have happened more than a second after it was received: a wrong
    /// clock or zone.
    pub clock_ahead: bool,
    /// Whether its sequence is lower than one known of its source, though it happened later:
    /// the source counts anew, and its epoch was not raised.
    pub sequence_fell: bool,
}

/// Two clocks that are set agree better than this.
const AGREEING: SignedDuration = SignedDuration::from_secs(1);

/// Folds an event that arrived at `arrived_at` (used where nobody stamped a receipt).
///
/// Invariant: any order and any repetition of the same events leads to the same record. Of a
/// source with sequences an erasure asks that they do not run against its clock, because it
/// also covers what was said before it.
pub fn fold(
    person: &mut Person,
    event: &Event,
    rules: &SourceRules,
    arrived_at: Timestamp,
) -> Folded {
    let (received, occurred) = arrival(event, arrived_at);
    let clock_ahead = occurred.duration_since(received) > AGREEING;
    // Operators' decisions are compared with each other alone, whoever says them.
    let of_operators = SourceRules::default();
    let is_command = matches!(event.fact, Fact::Command(_));
    let stamp = stamp(
        event,
        if is_command { &of_operators } else { rules },
        received,
    );
    let sequence_fell = !is_command
        && rules.version_by == VersionBy::Sequence
        && person
            .newest_of(&event.source)
            .is_some_and(|newest| stamp.version < newest.version && newest.said_at < stamp.said_at);
    person.received = person.received.max(Some(received));
    let is_heard = person.heard.hear(&event.fact, &stamp);
    let changed = match &event.fact {
        Fact::Erased => person.erase(&event.source, stamp),
        Fact::Command(command) => {
            let commands = person.commands.entry(command.provider).or_default();
            commands.say(command, stamp)
        }
        fact @ (Fact::Hired(_)
        | Fact::Updated(_)
        | Fact::GroupChanged(_)
        | Fact::Terminated(_)
        | Fact::AccessRevoked(_)
        | Fact::AccessRestored(_)
        | Fact::Snapshot(_)) => {
            !person.is_erased(&event.source, &stamp) && state(person, &event.source, fact, stamp)
        }
    };
    Folded {
        changed,
        is_news: changed || is_heard,
        clock_ahead,
        sequence_fell,
    }
}

/// When an event was received and when it occurred, as it says itself.
pub(super) fn arrival(event: &Event, arrived_at: Timestamp) -> (Timestamp, Timestamp) {
    let received = event.received_time.unwrap_or(arrived_at);
    (received, event.time.unwrap_or(received))
}

/// Stamps a fact: an occurred-at later than its receipt counts as its receipt. A roster is as
/// old as its export, however fresh its source's facts are when they arrive.
fn stamp(event: &Event, rules: &SourceRules, received: Timestamp) -> Stamp {
    let latest = if is_on(Mutation::ClockAheadWins) {
        Timestamp::MAX
    } else {
        received
    };
    let occurred = event.time.unwrap_or(received).min(latest);
    let (said_at, order) = match rules.version_by {
        VersionBy::OccurredAt => (occurred, occurred.as_millisecond()),
        VersionBy::Sequence => (occurred, event.sequence.unwrap_or(unsequenced(occurred))),
        VersionBy::ReceivedAt if is_import(&event.fact) => (occurred, occurred.as_millisecond()),
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

/// The order of a fact without the sequence its source has: older than any sequence, and among
/// its like by when it was said. Facts of one version would hide each other whatever an erasure
/// between them covers.
fn unsequenced(said_at: Timestamp) -> i64 {
    i64::MIN.saturating_add(said_at.as_millisecond().max(0))
}

const fn is_import(fact: &Fact) -> bool {
    matches!(fact, Fact::Snapshot(snapshot) if snapshot.import.is_some())
}

impl Person {
    /// The stamp with the greatest version of what a source said, erased or not.
    fn newest_of(&self, source: &SourceId) -> Option<&Stamp> {
        let facts = self.sources.get(source).into_iter();
        facts
            .flat_map(SourceFacts::stamps)
            .chain(self.erased.get(source))
            .max_by_key(|stamp| (stamp.version, stamp.said_at))
    }
}

fn state(person: &mut Person, source: &SourceId, fact: &Fact, stamp: Stamp) -> bool {
    // Taken out and put back, so that a fact that says nothing leaves no trace.
    let mut facts = person.sources.remove(source).unwrap_or_default();
    let keeps_first = !person.is_erased_by_anybody();
    let changed = match fact {
        Fact::Hired(hire) => hired(&mut facts, hire, &stamp, keeps_first),
        Fact::Updated(update) => updated(&mut facts, update, &stamp),
        Fact::GroupChanged(change) => group_changed(&mut facts, change, &stamp),
        Fact::Terminated(termination) => terminated(&mut facts, termination, stamp),
        Fact::AccessRevoked(change) => access(&mut facts, change, Access::Revoked, &stamp),
        Fact::AccessRestored(change) => access(&mut facts, change, Access::Restored, &stamp),
        Fact::Snapshot(snapshot) => observed(&mut facts, snapshot, &stamp, keeps_first),
        Fact::Erased | Fact::Command(_) => false,
    };
    if !facts.is_empty() {
        person.sources.insert(source.clone(), facts);
    }
    changed
}

fn hired(facts: &mut SourceFacts, hire: &Hire, stamp: &Stamp, keeps_first: bool) -> bool {
    let employed = Employed::new(hire.employment.as_ref());
    let from_start = word(stamp, Some(&hire.start), hire.phase);
    // A profile is good from the moment it is known, not from the first day.
    let at_once = word(stamp, None, hire.phase);
    attributes(facts, at_once, &hire.attributes)
        | groups(facts, from_start, &employed, &hire.groups)
        | start(facts, employed, from_start, keeps_first)
}

/// Says a start, or that there is none then; its first word is kept where it can be known.
fn start(facts: &mut SourceFacts, employed: Employed, said: Word<'_>, keeps_first: bool) -> bool {
    let Some(date) = said.effective else {
        return false;
    };
    let employment = employment(facts, employed);
    let is_first = keeps_first && said.stands && employment.first(date, said.stamp);
    employment.start(date, said.stamp.clone(), said.stands) | is_first
}

fn word<'a>(stamp: &'a Stamp, effective: Option<&'a When>, phase: Phase) -> Word<'a> {
    Word {
        stamp,
        effective,
        stands: phase != Phase::Cancelled,
    }
}

fn employment(facts: &mut SourceFacts, employed: Employed) -> &mut Employment {
    facts.employments.entry(employed).or_default()
}

fn updated(facts: &mut SourceFacts, update: &Update, stamp: &Stamp) -> bool {
    let word = word(stamp, update.effective.as_ref(), update.phase);
    attributes(facts, word, &update.attributes)
}

fn attributes(facts: &mut SourceFacts, word: Word<'_>, said: &Attributes) -> bool {
    if word.is_empty() {
        return false;
    }
    let mut changed = false;
    for (name, value) in said {
        let attribute = facts.attributes.entry(name.clone()).or_default();
        changed |= attribute.say(word, value.clone().unwrap_or_default());
    }
    changed
}

fn group_changed(facts: &mut SourceFacts, change: &GroupChange, stamp: &Stamp) -> bool {
    let employed = Employed::new(change.employment.as_ref());
    let word = word(stamp, change.effective.as_ref(), change.phase);
    groups(facts, word, &employed, &change.groups)
}

fn groups(facts: &mut SourceFacts, word: Word<'_>, employed: &Employed, said: &Groups) -> bool {
    if said.is_empty() || word.is_empty() {
        return false;
    }
    let memberships = facts.memberships.entry(employed.clone()).or_default();
    memberships.say(word, said)
}

fn terminated(facts: &mut SourceFacts, termination: &Termination, stamp: Stamp) -> bool {
    let employment = employment(facts, Employed::new(termination.employment.as_ref()));
    match termination.phase {
        Phase::Cancelled if is_on(Mutation::CancelledTerminationIgnored) => false,
        Phase::Cancelled => employment.rescind_end(stamp),
        Phase::Scheduled | Phase::Effective => employment.end(termination.end.as_ref(), stamp),
    }
}

fn access(facts: &mut SourceFacts, change: &AccessChange, said: Access, stamp: &Stamp) -> bool {
    let word = word(stamp, change.effective.as_ref(), change.phase);
    facts.access.say(word, said)
}

/// An observed state: its own dates speak before its status word.
fn observed(
    facts: &mut SourceFacts,
    snapshot: &Snapshot,
    stamp: &Stamp,
    keeps_first: bool,
) -> bool {
    let employed = Employed::new(snapshot.employment.as_ref());
    let word = word(stamp, None, Phase::Effective);
    attributes(facts, word, &snapshot.attributes)
        | groups(facts, word, &employed, &snapshot.groups)
        | observed_start(facts, &employed, snapshot, stamp, keeps_first)
        | observed_employment(facts, employed, snapshot, stamp)
}

fn observed_start(
    facts: &mut SourceFacts,
    employed: &Employed,
    snapshot: &Snapshot,
    stamp: &Stamp,
    keeps_first: bool,
) -> bool {
    snapshot.start.is_some_and(|moment| {
        let date = when(snapshot, moment);
        let said = word(stamp, Some(&date), Phase::Effective);
        start(facts, employed.clone(), said, keeps_first)
    })
}

fn when(snapshot: &Snapshot, moment: Moment) -> When {
    let zone = snapshot.zone.clone();
    When { moment, zone }
}

fn observed_employment(
    facts: &mut SourceFacts,
    employed: Employed,
    snapshot: &Snapshot,
    stamp: &Stamp,
) -> bool {
    let says_nothing = snapshot.status.is_none() && snapshot.end == ObservedEnd::Unmapped;
    if says_nothing {
        return false;
    }
    let employment = employment(facts, employed);
    let ended = match (snapshot.end, snapshot.status) {
        (ObservedEnd::On(end), _) => employment.end(Some(&when(snapshot, end)), stamp.clone()),
        // The two disagree, and of one version the value that gives less access wins.
        (ObservedEnd::Empty | ObservedEnd::Unmapped, Some(Status::Inactive)) => {
            employment.end(None, stamp.clone())
        }
        (ObservedEnd::Empty, Some(Status::Active) | None) => employment.see_no_end(stamp.clone()),
        (ObservedEnd::Unmapped, Some(Status::Active) | None) => false,
    };
    if is_on(Mutation::SeenMovesStart) && snapshot.status == Some(Status::Active) {
        employment.start(&When::instant(stamp.said_at), stamp.clone(), true);
    }
    // Of one version an end outweighs it; it revives nobody, but it tells that an employment
    // of which no start is known runs until its end.
    let seen = snapshot.status == Some(Status::Active) && employment.see(stamp.clone());
    ended | seen
}
