//! What must hold at every step, whatever goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use hris_relay::event::{Event, Strictness};
use hris_relay::id::{EmployeeId, Provider};
use hris_relay::log::{Group, Topic};
use hris_relay::person::{Person, Rules, fold};
use hris_relay::plan::{Account, Membership};
use hris_relay::provider::{Answer, Blame, Call, Operation};
use hris_relay::worker::PersonState;
use jiff::{SignedDuration, Timestamp};

use crate::brake::{self, Brake};
use crate::company::{self, GRACE};
use crate::history::Kind;
use crate::reference::{Wanted, wanted};
use crate::words::words;
use crate::world::Shared;

/// More calls than this in one history, and something calls without end.
const MOST_CALLS: u64 = 1000;

/// What is remembered for the promises that span steps.
#[derive(Debug)]
pub(crate) struct Watch {
    rules: Rules,
    /// Until when a person is in a call.
    busy: BTreeMap<String, Timestamp>,
    /// Confirmed locks: when they were asked for, and how many events were folded by then.
    locked: BTreeMap<String, (Timestamp, i64)>,
    /// Locks that were refused to one person alone, when that was and how many events were folded
    /// by then, and until when the durable record has waited since.
    refused: BTreeMap<String, ((Timestamp, i64), Option<Timestamp>)>,
    /// Operations that were refused for good, with the plans they may have belonged to.
    buried: Vec<(String, String, Vec<Option<Plan>>)>,
    /// The people of the events up to the roster's committed offset.
    folded: BTreeMap<String, Person>,
    offset: i64,
    calls: u64,
    pub(crate) brake: Brake,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self {
            rules: company::rules(),
            busy: BTreeMap::new(),
            locked: BTreeMap::new(),
            refused: BTreeMap::new(),
            buried: Vec::new(),
            folded: BTreeMap::new(),
            offset: 0,
            calls: 0,
            brake: Brake::default(),
        }
    }

    /// A connection is closed: what was asked may still happen, but nobody is in the call.
    pub(crate) fn hang_up(&mut self, person: &str, over_at: Timestamp) {
        if self.busy.get(person) == Some(&over_at) {
            self.busy.remove(person);
        }
    }

    /// The answer to a lock has reached its owner.
    pub(crate) fn locked(&mut self, person: &str, asked: (Timestamp, i64)) {
        self.locked.insert(person.to_owned(), asked);
    }

    /// Whether an operation was refused for good under this plan.
    pub(crate) fn is_buried(&self, person: &str, operation: &str, plan: Option<&Plan>) -> bool {
        let mut buried = self.buried.iter();
        buried.any(|(who, what, plans)| {
            who == person && what == operation && plans.iter().any(|one| one.as_ref() == plan)
        })
    }

    /// How many calls were made.
    pub(crate) const fn calls(&self) -> u64 {
        self.calls
    }

    /// How many events the people reflect.
    pub(crate) const fn offset(&self) -> i64 {
        self.offset
    }
}

/// A call starts.
pub(crate) fn call(shared: &mut Shared, call: &Call, over_at: Timestamp, answer: &Answer) {
    let now = shared.now;
    shared.watch.calls += 1;
    if shared.watch.calls > MOST_CALLS {
        shared.violated("I8: calls are made without end");
    }
    for (id, operation) in &call.people {
        let who = id.as_str();
        let busy = shared.watch.busy.insert(who.to_owned(), over_at);
        if busy.is_some_and(|until| until > now) {
            shared.violated(&format!("I3: {who} is in two calls at once"));
        }
        if !is_announced(shared, who, operation) {
            shared.violated(&format!(
                "a call for {who} is not announced in their record"
            ));
        }
        brake::sent(shared, who, operation);
        match operation {
            Operation::Activate { .. } => {
                shared.watch.refused.remove(who);
                if let Some(asked) = shared.watch.locked.remove(who)
                    && !is_justified(shared, id, asked)
                {
                    shared.violated(&format!("I5: {who} was locked and is activated again"));
                }
            }
            Operation::Lock { .. } => {
                let refused = shared.watch.refused.remove(who);
                let waiting = refused.filter(|(_, waits)| waits.is_some_and(|until| now < until));
                // "A changed plan ignores a dead mark": facts that wanted them in since have
                // called that lock off, and this is another one.
                if waiting.is_some_and(|(refused, _)| !is_justified(shared, id, refused)) {
                    shared.violated(&format!("the refused lock of {who} did not wait its hour"));
                }
                if let (Answer::Failed(failure), [_]) = (answer, call.people.as_slice())
                    && failure.blame() == Blame::Event
                {
                    let known = shared.watch.offset;
                    shared
                        .watch
                        .refused
                        .insert(who.to_owned(), ((now, known), None));
                }
            }
            Operation::Join { .. } | Operation::Leave { .. } => {}
        }
    }
    bury(shared, call, answer);
}

/// Notes who is refused, and what they may have been planned for: the worker may know less
/// than the roster.
fn bury(shared: &mut Shared, call: &Call, answer: &Answer) {
    for (index, (id, operation)) in call.people.iter().enumerate() {
        let failure = match answer {
            Answer::Failed(failure) => Some(failure),
            Answer::Each(each) => each[index].as_ref().err(),
            Answer::Applied | Answer::Counted(_) => None,
        };
        let name = match operation {
            Operation::Activate { .. } => "activate".to_owned(),
            Operation::Join { target, .. } => format!("join {}", target.0),
            Operation::Lock { .. } | Operation::Leave { .. } => continue,
        };
        if failure.is_none_or(|failure| failure.blame() != Blame::Event) {
            continue;
        }
        let most = usize::try_from(shared.watch.offset).unwrap();
        let plans = (most.saturating_sub(4)..=most).map(|known| {
            let words = words(&facts(shared, id, known), &shared.watch.rules);
            plan(&wanted(&words, GRACE, shared.now), shared.kind)
        });
        let plans = plans.collect();
        shared
            .watch
            .buried
            .push((id.as_str().to_owned(), name, plans));
    }
}

/// Programs and profile of somebody active.
pub(crate) type Plan = (Option<BTreeSet<String>>, Vec<(String, String)>);

pub(crate) fn plan(wanted: &Wanted, kind: Kind) -> Option<Plan> {
    match wanted {
        Wanted::Active(groups, attributes) => {
            Some((company::targets(groups, kind), company::profile(attributes)))
        }
        Wanted::Gone | Wanted::NotYet => None,
    }
}

/// The first accepted events, as far as they are about somebody.
fn facts(shared: &Shared, id: &EmployeeId, known: usize) -> Vec<Event> {
    let of = |event: &&Event| event.subject == *id;
    shared.accepted[..known]
        .iter()
        .filter(of)
        .cloned()
        .collect()
}

/// Whether the durable record says that the operation may be in force.
fn is_announced(shared: &Shared, person: &str, operation: &Operation) -> bool {
    let record = shared.log.last(Topic::State(Provider::STARTEXAM), person);
    let Some(payload) = record.and_then(|record| record.payload.as_deref()) else {
        return false;
    };
    let state: PersonState = serde_json::from_slice(payload).unwrap();
    match operation {
        Operation::Lock { .. } | Operation::Activate { .. } => {
            state.applied.account == Account::Unsure
        }
        Operation::Join { target, .. } | Operation::Leave { target } => {
            state.applied.targets.get(target) == Some(&Membership::Unsure)
        }
    }
}

/// Whether the facts folded by the time a lock was asked for, or any accepted since, ever made
/// somebody active from then on.
fn is_justified(shared: &Shared, id: &EmployeeId, asked: (Timestamp, i64)) -> bool {
    was_ever(shared, id, asked, |want| matches!(want, Wanted::Active(..)))
}

/// Whether the facts that were folded at an instant, or any accepted since, ever wanted something
/// of somebody from then on.
pub(crate) fn was_ever(
    shared: &Shared,
    id: &EmployeeId,
    (since, folded): (Timestamp, i64),
    is_it: impl Fn(&Wanted) -> bool,
) -> bool {
    let folded = usize::try_from(folded).unwrap();
    (folded..=shared.accepted.len()).any(|known| {
        let words = words(&facts(shared, id, known), &shared.watch.rules);
        let between = words
            .iter()
            .map(|word| word.from + SignedDuration::from_millis(1));
        let between = between.filter(|at| (since..shared.now).contains(at));
        let mut times = between.chain([since, shared.now]);
        times.any(|t| is_it(&wanted(&words, GRACE, t)))
    })
}

/// A stage's commit was accepted: it must say what follows from everything before its offset.
pub(crate) fn committed(shared: &mut Shared, group: Group) {
    let source = if group == Group::Roster {
        Topic::Events
    } else {
        Topic::People
    };
    let Some(offset) = shared.log.committed(group).offset else {
        return;
    };
    if group != Group::Roster {
        waiting(shared);
        brake::noted(shared);
    }
    if offset > shared.log.end(source) {
        shared.violated(&format!(
            "I6: {group} has committed {offset}, which is not there yet"
        ));
    } else if group == Group::Roster {
        folded(shared, offset);
    }
}

/// Notes until when refused locks wait, as far as the record says so.
fn waiting(shared: &mut Shared) {
    let Shared { watch, log, .. } = shared;
    for (who, (_, waits)) in &mut watch.refused {
        let record = log.last(Topic::State(Provider::STARTEXAM), who);
        let payload = record.and_then(|record| record.payload.as_deref());
        let state = payload.map(|payload| serde_json::from_slice::<PersonState>(payload).unwrap());
        let trying = state.map(|state| state.trying).unwrap_or_default();
        let lock = trying.into_iter().find(|(name, _)| name.0 == "lock");
        *waits = lock.map(|(_, lock)| lock.next_at).or(*waits);
    }
}

fn folded(shared: &mut Shared, offset: i64) {
    if offset < shared.watch.offset {
        shared.violated("I6: the roster's offset went back");
    }
    let mut touched = Vec::new();
    for record in shared.log.read(Topic::Events, shared.watch.offset, offset) {
        let payload = record.payload.as_deref().unwrap();
        let event = Event::parse(payload, Strictness::Lenient).unwrap();
        let who = event.subject.as_str().to_owned();
        let Some(rules) = shared.watch.rules.sources.get(&event.source) else {
            continue;
        };
        let person = shared.watch.folded.entry(who.clone()).or_default();
        fold(person, &event, rules, record.appended_at);
        touched.push(who);
    }
    shared.watch.offset = offset;
    for who in touched {
        let record = shared.log.last(Topic::People, &who);
        let payload = record.and_then(|record| record.payload.clone());
        let written = payload.map(|payload| serde_json::from_slice::<Person>(&payload).unwrap());
        let facts = written.unwrap_or_default().fact_version();
        if facts != shared.watch.folded[&who].fact_version() {
            shared.violated(&format!("I6: the record of {who} lacks what was committed"));
        }
    }
}
