//! A company's history by chance, and what must come of it, reckoned independently.

use std::collections::{BTreeMap, BTreeSet};

use hris_relay::provider::startexam::wire::Status;
use hris_relay::simulator::startexam::Running;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::platform::{ALL, SAFETY, SELLING};

pub(super) const PEOPLE: usize = 600;
/// Each group with its programs; moving between two of them never leaves what they share.
pub(super) const GROUPS: [(&str, &[&str]); 3] = [
    ("Sales", &[ALL, SELLING]),
    ("Workshop", &[ALL, SAFETY]),
    ("Office", &[ALL]),
];

/// A group, by its place in `GROUPS`.
pub(super) type Group = usize;

#[derive(Debug, Clone)]
pub(super) enum Change {
    Starts { group: Group, name: String },
    Moves { from: Group, to: Group },
    IsCalled(String),
    Leaves { is_dated: bool },
    Stays,
}

/// One thing that happened in HR; no two at the same instant.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) who: usize,
    pub(super) at: Timestamp,
    pub(super) change: Change,
}

/// How somebody must be at the platform: called and registered, or out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    In(String, BTreeSet<Uuid>),
    Out,
}

pub(super) fn id(who: usize) -> String {
    format!("e-{who:03}")
}

/// What happens in a company in a day, in the order it happens.
pub(super) fn history(dice: &mut fastrand::Rng, events: usize, now: Timestamp) -> Vec<Happening> {
    /// The group of somebody who works here, and the one of somebody who did.
    type Employed = Option<Result<Group, Group>>;
    let begin = now - 20.hours();
    let mut people: Vec<Employed> = vec![None; PEOPLE];
    let mut history = Vec::new();
    for n in 0..events {
        let who = if n < PEOPLE { n } else { dice.usize(..PEOPLE) };
        let name = format!("Name {n}");
        let another = dice.usize(..GROUPS.len());
        let start = |group| Change::Starts {
            group,
            name: name.clone(),
        };
        let change = match (people[who], dice.u8(..10)) {
            (Some(Ok(_)), 0..3) => Change::Leaves {
                is_dated: dice.bool(),
            },
            (Some(Ok(from)), 3..7) if from != another => Change::Moves { from, to: another },
            (Some(Err(_)), 0..2) => Change::Stays,
            (None, _) | (Some(Err(_)), 2..8) => start(another),
            (Some(_), _) => Change::IsCalled(name),
        };
        people[who] = Some(match (&change, people[who]) {
            (Change::Leaves { .. }, Some(Ok(group))) => Err(group),
            (Change::Stays, Some(Err(group))) => Ok(group),
            (Change::Starts { .. } | Change::Moves { .. }, _) => Ok(another),
            (_, unchanged) => unchanged.unwrap(),
        });
        let at = begin + (i64::try_from(n).unwrap() * 10).seconds();
        history.push(Happening { who, at, change });
    }
    history
}

/// The order of sending: a little out of order, and some facts long after the others.
pub(super) fn shuffled(dice: &mut fastrand::Rng, events: usize) -> Vec<usize> {
    let mut order: Vec<(usize, usize)> = (0..events)
        .map(|n| {
            let late = if dice.u8(..50) == 0 { events } else { 200 };
            (n + dice.usize(..late), n)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, n)| n).collect()
}

/// Reads the accepted facts in HR's order: the last word on each thing counts.
pub(super) fn reckoned(accepted: &[Happening]) -> BTreeMap<String, Expected> {
    let mut in_order: Vec<&Happening> = accepted.iter().collect();
    in_order.sort_by_key(|happening| happening.at);
    let mut people: BTreeMap<String, (bool, String, Group)> = BTreeMap::new();
    for happening in in_order {
        let (works, called, in_group) = people.entry(id(happening.who)).or_default();
        match &happening.change {
            Change::Starts { group, name } => {
                (*works, *in_group) = (true, *group);
                called.clone_from(name);
            }
            Change::Moves { to, .. } => *in_group = *to,
            Change::IsCalled(name) => called.clone_from(name),
            Change::Leaves { .. } => *works = false,
            Change::Stays => *works = true,
        }
    }
    let expected = |(works, called, group): (bool, String, Group)| {
        let programs = GROUPS[group].1.iter().map(|id| id.parse().unwrap());
        if works {
            Expected::In(called, programs.collect())
        } else {
            Expected::Out
        }
    };
    people
        .into_iter()
        .map(|(who, person)| (who, expected(person)))
        .collect()
}

/// How everybody is at the platform. Whoever is hidden in a program is not out.
pub(super) fn found(platform: &Running) -> BTreeMap<String, Expected> {
    let employees = platform.simulator().account().employees.into_iter();
    employees
        .map(|(who, employee)| {
            let called = employee.data.get("First Name").cloned();
            let is_out = employee.status == Status::Hidden && employee.programs.is_empty();
            let state = if is_out {
                Expected::Out
            } else {
                Expected::In(called.unwrap_or_default(), employee.programs)
            };
            (who, state)
        })
        .collect()
}

pub(super) fn body(happening: &Happening) -> Value {
    let (kind, data) = match &happening.change {
        Change::Starts { group, name } => {
            let data = json!({
                "effective_at": happening.at,
                "attributes": { "first_name": name },
                "groups": { "current": [GROUPS[*group].0] },
            });
            ("hired", data)
        }
        Change::Moves { from, to } => {
            let data = json!({ "groups": { "joined": [GROUPS[*to].0], "left": [GROUPS[*from].0] }});
            ("group_changed", data)
        }
        Change::IsCalled(name) => ("updated", json!({ "attributes": { "first_name": name } })),
        Change::Leaves { is_dated: true } => {
            ("terminated", json!({ "effective_at": happening.at }))
        }
        Change::Leaves { is_dated: false } => ("terminated", json!({})),
        Change::Stays => ("terminated", json!({ "phase": "cancelled" })),
    };
    json!({
        "type": format!("hr.employee.{kind}.v1"),
        "timestamp": happening.at,
        "subject": id(happening.who),
        "data": data,
    })
}
