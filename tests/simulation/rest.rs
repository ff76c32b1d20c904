//! At rest the platform is what the reference says, for everybody.

use std::collections::BTreeSet;

use hris_relay::event::Event;
use hris_relay::id::Provider;
use hris_relay::log::Topic;
use hris_relay::person::Rules;
use hris_relay::worker::PersonState;
use jiff::{SignedDuration, Timestamp};

use crate::brake;
use crate::company::{GRACE, profile, targets};
use crate::history::{History, Kind};
use crate::provider::Account;
use crate::reference::{Wanted, wanted};
use crate::watch::plan;
use crate::words::words;
use crate::world::Shared;

/// Compares everybody; whoever changes just now is looked at another time.
pub(crate) fn check(history: &History, rules: &Rules, shared: &mut Shared) {
    let now = shared.now;
    for id in &history.people {
        let of = |event: &&Event| event.subject == *id;
        let facts: Vec<Event> = shared.accepted.iter().filter(of).cloned().collect();
        let words = words(&facts, rules);
        let at = |t: Timestamp| wanted(&words, GRACE, t);
        let want = at(now);
        if want != at(now - SignedDuration::from_mins(3)) || facts.is_empty() {
            continue;
        }
        if brake::stays(shared, id.as_str()) {
            continue;
        }
        let account = shared.platform.accounts.get(id.as_str()).cloned();
        let mut dead = dead(shared, id.as_str());
        dead.retain(|name| {
            shared
                .watch
                .is_buried(id.as_str(), name, plan(&want, shared.kind).as_ref())
        });
        let missing = shared.missing();
        if let Some(wrong) = compare(&want, account.as_ref(), &dead, &missing, shared.kind) {
            let who = id.as_str();
            shared.violated(&format!(
                "{who}: {wrong}; wanted {want:?}, is {account:?}, dead {dead:?}"
            ));
        }
    }
}

fn dead(shared: &Shared, person: &str) -> BTreeSet<String> {
    let record = shared.log.last(Topic::State(Provider::STARTEXAM), person);
    let payload = record.and_then(|record| record.payload.clone());
    let state = payload.map(|payload| serde_json::from_slice::<PersonState>(&payload).unwrap());
    let dead = state.map(|state| state.dead.into_keys().map(|name| name.0).collect());
    dead.unwrap_or_default()
}

fn compare(
    want: &Wanted,
    account: Option<&Account>,
    dead: &BTreeSet<String>,
    missing: &BTreeSet<String>,
    kind: Kind,
) -> Option<&'static str> {
    let mut is = account.cloned().unwrap_or_default();
    // Whether somebody is in a program that the platform does not know is left open.
    is.targets.retain(|target| !missing.contains(target));
    let (groups, attributes) = match want {
        Wanted::Gone | Wanted::NotYet => {
            let is_missing = *want == Wanted::Gone && account.is_none();
            return if is.is_active {
                Some("can still get in")
            } else if !is.targets.is_empty() {
                Some("is still registered")
            } else {
                is_missing.then_some("was never locked")
            };
        }
        Wanted::Active(groups, attributes) => (groups, attributes),
    };
    let Some(mut targets) = targets(groups, kind) else {
        return (!is.targets.is_empty()).then_some("is still registered");
    };
    targets.retain(|target| !missing.contains(target));
    if dead.contains("activate") {
        return None;
    }
    let lacks = targets.difference(&is.targets);
    let mut lacks = lacks.filter(|target| !dead.contains(&format!("join {target}")));
    if !is.is_active {
        Some("cannot get in")
    } else if is.profile != profile(attributes) {
        Some("has another profile")
    } else if lacks.next().is_some() {
        Some("is not registered")
    } else {
        is.targets
            .difference(&targets)
            .next()
            .map(|_| "is still registered")
    }
}
