//! I10 at every step, told from what takes effect at the platform and what records hold, not
//! from what the guard counts.

use std::collections::{BTreeMap, BTreeSet};

use hris_relay::event::{CommandKind, Fact};
use hris_relay::id::{EmployeeId, FactVersion, Provider};
use hris_relay::log::Topic;
use hris_relay::person::Person;
use hris_relay::provider::Operation;
use hris_relay::worker::{Budget, PersonState};
use jiff::{SignedDuration, Timestamp};

use crate::company::ARMED_ABOVE;
use crate::provider::Account;
use crate::reference::Wanted;
use crate::watch::was_ever;
use crate::world::Shared;

/// An hour counts from a confirmation, and what was asked for may take effect a while after
/// another call was confirmed.
const HOUR: SignedDuration = SignedDuration::from_mins(59);
/// A removal that took somebody else's room is sent within this time: a refused one is sent
/// anew every day.
const RETRIED: SignedDuration = SignedDuration::from_hours(26);
const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Somebody whose durable record says that they are held.
#[derive(Debug)]
struct Hold {
    budget: Budget,
    at: Timestamp,
    /// How many events were folded by then.
    known: i64,
    /// How the platform had them when they were first looked at.
    was: Option<Account>,
}

/// Somebody who lost something at the platform.
#[derive(Debug)]
struct Gone {
    at: Timestamp,
    who: String,
    was_released: bool,
}

/// What is remembered of removals.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    /// Who was locked out, and who was unregistered while active.
    went: [Vec<Gone>; 2],
    /// When removals were sent, and whose.
    sent: Vec<(Timestamp, String)>,
    held: BTreeMap<String, Hold>,
    /// Up to where the worker's records were looked at.
    looked: i64,
    /// Whose removal was approved. A rejection soon after may come too late: nothing that has
    /// begun is rejected half way.
    released: BTreeSet<String>,
    /// The newest decision about somebody: when, which, and about which facts.
    decided: BTreeMap<String, (Timestamp, CommandKind, FactVersion)>,
}

impl Brake {
    fn is_released(&self, who: &str) -> bool {
        self.released.contains(who)
    }
}

/// The facts of a person that operators see, and decide about.
pub(crate) fn facts(shared: &Shared, who: &str) -> FactVersion {
    let record = shared.log.last(Topic::People, who);
    let payload = record.and_then(|record| record.payload.as_deref());
    let person = payload.map(|payload| serde_json::from_slice::<Person>(payload).unwrap());
    person.unwrap_or_default().fact_version()
}

/// An operator decides about somebody.
pub(crate) fn decided(shared: &mut Shared, who: &str, kind: CommandKind, about: FactVersion) {
    let decision = (shared.now, kind, about);
    if kind == CommandKind::Release {
        shared.watch.brake.released.insert(who.to_owned());
    }
    shared.watch.brake.decided.insert(who.to_owned(), decision);
}

/// An operation is sent: nothing that is held may go.
pub(crate) fn sent(shared: &mut Shared, who: &str, operation: &Operation) {
    let now = shared.now;
    match operation {
        Operation::Lock { .. } | Operation::Leave { .. } => {
            if shared.watch.brake.held.contains_key(who) {
                shared.violated(&format!("I10: {who} is held, and goes"));
            }
            shared.watch.brake.sent.push((now, who.to_owned()));
        }
        // Wanted in again, so the release of the removal before is over.
        Operation::Activate { .. } => {
            let decided = shared.watch.brake.decided.get(who);
            if decided.is_some_and(|(at, ..)| *at < now - A_MINUTE) {
                shared.watch.brake.decided.remove(who);
                shared.watch.brake.released.remove(who);
            }
        }
        Operation::Join { .. } => {}
    }
}

/// Something takes effect at the platform: whoever loses something counts.
pub(crate) fn acts(shared: &mut Shared, who: &str, operation: &Operation) {
    let account = shared.platform.accounts.get(who);
    let Some(account) = account.filter(|account| account.is_active) else {
        return;
    };
    let which = match operation {
        Operation::Lock { .. } => 0,
        Operation::Leave { target } if account.targets.contains(&target.0) => 1,
        Operation::Leave { .. } | Operation::Join { .. } | Operation::Activate { .. } => return,
    };
    let state = Topic::State(Provider::STARTEXAM);
    let is_known = |id: &&EmployeeId| shared.log.last(state, id.as_str()).is_some();
    let is_armed = shared.people.iter().filter(is_known).count() > ARMED_ABOVE;
    let Some(most) = shared.budget.filter(|_| is_armed) else {
        return;
    };
    let now = shared.now;
    let brake = &mut shared.watch.brake;
    let gone = Gone {
        at: now,
        who: who.to_owned(),
        was_released: brake.is_released(who),
    };
    brake.went[which].retain(|gone| gone.at > now - HOUR);
    brake.went[which].push(gone);
    // "Plus what a person approved", were it after the first call was sent.
    let is_approved = |gone: &&Gone| gone.was_released || brake.is_released(&gone.who);
    let went = brake.went[which].iter().filter(|gone| !is_approved(gone));
    let people: BTreeSet<&String> = went.map(|gone| &gone.who).collect();
    // A removal that unregisters first takes its room from the removals'.
    if people.len() > most * (1 + which) {
        shared.violated("I10: more people go in an hour than the budget");
    }
}

/// The worker's records changed: what was held is held until somebody decides, or it is not
/// wanted any more.
pub(crate) fn noted(shared: &mut Shared) {
    if shared.budget.is_none() {
        return;
    }
    let state = Topic::State(Provider::STARTEXAM);
    let end = shared.log.end(state);
    let looked = std::mem::replace(&mut shared.watch.brake.looked, end);
    let changed = shared.log.read(state, looked, end);
    let keys: BTreeSet<_> = changed.filter_map(|record| record.key.clone()).collect();
    for id in shared.people.clone() {
        let who = id.as_str();
        if !keys.contains(who.as_bytes()) {
            continue;
        }
        let is = held(shared, who);
        let was = shared.watch.brake.held.get(who);
        let was = was.map(|hold| (hold.budget, hold.at, hold.known));
        if is == was.map(|(budget, ..)| budget) {
            continue;
        }
        if let Some(hold) = was
            && !may_go(shared, &id, hold)
        {
            shared.violated(&format!("I10: {who} was held, and nobody decided"));
        }
        shared.watch.brake.held.remove(who);
        if let Some(budget) = is {
            let hold = Hold {
                budget,
                at: shared.now,
                known: shared.watch.offset(),
                was: None,
            };
            shared.watch.brake.held.insert(who.to_owned(), hold);
        }
    }
}

fn held(shared: &Shared, who: &str) -> Option<Budget> {
    let record = shared.log.last(Topic::State(Provider::STARTEXAM), who)?;
    let state: PersonState = serde_json::from_slice(record.payload.as_deref()?).unwrap();
    state.guard.held.map(|held| held.budget)
}

/// Whether an operator decided about what was held, or HR wanted something else since.
fn may_go(shared: &Shared, id: &EmployeeId, (budget, at, known): (Budget, Timestamp, i64)) -> bool {
    let since = at - A_MINUTE;
    let decided = shared.watch.brake.decided.get(id.as_str());
    let is_decided = decided.is_some_and(|(decided, ..)| *decided >= since);
    let says_more = || {
        let is_fact = |fact: &Fact| !matches!(fact, Fact::Command(_));
        shared.accepted.iter().any(|event| {
            event.subject == *id && is_fact(&event.fact) && event.received_time >= Some(since)
        })
    };
    is_decided
        || match budget {
            Budget::Removals => was_ever(shared, id, (at, known), |want| *want != Wanted::Gone),
            Budget::Leaves => says_more(),
        }
}

/// Whether somebody stays as they are at rest: held, or an operator refused the removal.
pub(crate) fn stays(shared: &mut Shared, who: &str) -> bool {
    let facts = facts(shared, who);
    let decided = shared.watch.brake.decided.get(who);
    let is_kept =
        decided.is_some_and(|(_, kind, about)| *kind == CommandKind::Reject && *about == facts);
    let account = shared.platform.accounts.get(who).cloned();
    let sent = shared.watch.brake.sent.clone();
    let Some(hold) = shared.watch.brake.held.get_mut(who) else {
        return is_kept;
    };
    let went = |at: &Timestamp| at.duration_since(hold.at).abs() < RETRIED;
    let has_others = sent.iter().any(|(at, other)| other != who && went(at));
    let is = account.unwrap_or_default();
    let was = hold.was.get_or_insert_with(|| is.clone());
    // Nobody held loses anything; programs may be joined meanwhile.
    let is_as_before = was.is_active == is.is_active && was.targets.is_subset(&is.targets);
    if !is_as_before {
        shared.violated(&format!("I10: {who} is held, and loses something"));
    } else if !has_others {
        shared.violated(&format!("I10: {who} is held, though nobody went"));
    }
    true
}

/// Those who are held.
pub(crate) fn all_held(shared: &Shared) -> Vec<EmployeeId> {
    let held = &shared.watch.brake.held;
    let is_held = |id: &&EmployeeId| held.contains_key(id.as_str());
    shared.people.iter().filter(is_held).cloned().collect()
}
