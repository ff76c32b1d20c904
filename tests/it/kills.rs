//! Ten kills while webhooks come in: whatever was answered 2xx is at the platform in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use hris_relay::operator::sender::{SendError, Sender, Signing, Unsigned};
use hris_relay::provider::startexam::wire::Status;
use hris_relay::secret::Secret;
use hris_relay::simulator::startexam::Running;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::binary::{Installation, free_address};
use crate::support::logs::system_clock;
use crate::support::platform::{ALL, SAFETY, SELLING, platform, section};
use crate::support::said::say;

const EVENTS: usize = 5_000;
const PEOPLE: usize = 600;
const KILLS: usize = 10;
const AT_ONCE: usize = 16;
const SEED: u64 = 41;
/// For the whole of one step, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_mins(2);
/// The configured drain, and what is left to close the log.
const DRAIN: Duration = Duration::from_secs(15);

const SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";
/// Each group with its programs; moving between two of them never leaves what they share.
const GROUPS: [(&str, &[&str]); 3] = [
    ("Sales", &[ALL, SELLING]),
    ("Workshop", &[ALL, SAFETY]),
    ("Office", &[ALL]),
];

/// A group, by its place in `GROUPS`.
type Group = usize;

#[derive(Debug, Clone)]
enum Change {
    Starts { group: Group, name: String },
    Moves { from: Group, to: Group },
    IsCalled(String),
    Leaves { is_dated: bool },
    Stays,
}

/// One thing that happened in HR; no two at the same instant.
#[derive(Debug, Clone)]
struct Happening {
    who: usize,
    at: Timestamp,
    change: Change,
}

/// How somebody must be at the platform: called and registered, or out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expected {
    In(String, BTreeSet<Uuid>),
    Out,
}

fn id(who: usize) -> String {
    format!("e-{who:03}")
}

/// What happens in a company in a day, in the order it happens.
fn history(dice: &mut fastrand::Rng, now: Timestamp) -> Vec<Happening> {
    /// The group of somebody who works here, and the one of somebody who did.
    type Employed = Option<Result<Group, Group>>;
    let begin = now - 20.hours();
    let mut people: Vec<Employed> = vec![None; PEOPLE];
    let mut history = Vec::new();
    for n in 0..EVENTS {
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
fn shuffled(dice: &mut fastrand::Rng) -> Vec<usize> {
    let mut order: Vec<(usize, usize)> = (0..EVENTS)
        .map(|n| {
            let late = if dice.u8(..50) == 0 { EVENTS } else { 200 };
            (n + dice.usize(..late), n)
        })
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, n)| n).collect()
}

/// Reads the accepted facts in HR's order: the last word on each thing counts.
fn reckoned(accepted: &[Happening]) -> BTreeMap<String, Expected> {
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
fn found(platform: &Running) -> BTreeMap<String, Expected> {
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

fn body(happening: &Happening) -> Value {
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

/// Sends one event until it is answered 2xx, as a sender that keeps what it must deliver:
/// the same id and body each time, signed anew.
async fn deliver(sender: &Sender, n: usize, body: Bytes) {
    let signing = Signing::StandardWebhooks(Secret::new(SECRET));
    let webhook = Unsigned {
        path: "/hooks/portal".to_owned(),
        id: format!("msg_{n}"),
        content_type: "application/json",
        body,
    };
    loop {
        let headers = Sender::sign(&webhook, &signing, system_clock().now()).unwrap();
        match sender.post(&webhook, headers).await {
            Ok(reply) if (200..300).contains(&reply.status) => return,
            Ok(reply) => assert_eq!(reply.status, 503, "event {n}"),
            Err(SendError::Unanswered(_)) => {}
            Err(error) => panic!("event {n}: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends everything in this order; notes what was answered 2xx.
async fn send_all(
    receiver: SocketAddr,
    history: Arc<Vec<Happening>>,
    order: Vec<usize>,
    accepted: Arc<Mutex<BTreeSet<usize>>>,
) {
    let sender = Sender::new(&format!("http://{receiver}"), AT_ONCE, system_clock()).unwrap();
    let sending = futures_util::stream::iter(order).map(|n| {
        let body = Bytes::from(body(&history[n]).to_string());
        let sender = &sender;
        async move {
            deliver(sender, n, body).await;
            n
        }
    });
    let mut sent = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
    while let Some(n) = sent.next().await {
        accepted.lock().unwrap().insert(n);
    }
}

fn configuration(receiver: SocketAddr, admin: SocketAddr, platform: &Running) -> String {
    let assignments = GROUPS.map(|(group, programs)| {
        format!("[[assignments]]\ngroup = {group:?}\nstartexam = {{ programs = {programs:?} }}\n")
    });
    format!(
        r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{SECRET}"]
[worker.guard]
least = {PEOPLE}
{section}
{assignments}"#,
        section = section(platform),
        assignments = assignments.concat(),
    )
}

/// Waits for a condition that others bring about.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "not {what} in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_2xx_is_lost_over_ten_kills() {
    let started = Instant::now();
    let mut dice = fastrand::Rng::with_seed(SEED);
    let history = Arc::new(history(&mut dice, system_clock().now()));
    let platform = platform();
    let (receiver, admin) = (free_address(), free_address());
    let installation = Installation::new(&configuration(receiver, admin, &platform));
    let mut relay = installation.start(&["serve"]);
    relay.until_ready(admin);

    let accepted = Arc::new(Mutex::new(BTreeSet::new()));
    let answered = || accepted.lock().unwrap().len();
    let mut sending = JoinSet::new();
    let order = shuffled(&mut dice);
    let noted = Arc::clone(&accepted);
    sending.spawn(send_all(receiver, Arc::clone(&history), order, noted));
    for kill in 1..=KILLS {
        let due = EVENTS * kill / (KILLS + 1);
        until("answered", || answered() >= due).await;
        assert!(answered() < EVENTS, "kill {kill} comes too late");
        relay.kill();
        relay = installation.start(&["serve"]);
        relay.until_ready(admin);
    }
    sending.join_next().await.unwrap().unwrap();
    assert_eq!(answered(), EVENTS);

    let accepted: Vec<Happening> = accepted
        .lock()
        .unwrap()
        .iter()
        .map(|n| history[*n].clone())
        .collect();
    let expected = reckoned(&accepted);
    let deadline = Instant::now() + PATIENCE;
    while found(&platform) != expected && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let found = found(&platform);
    for (who, expected) in &expected {
        assert_eq!(found.get(who), Some(expected), "{who}");
    }
    assert_eq!(found.len(), PEOPLE);
    let out = expected.values().filter(|state| **state == Expected::Out);
    assert!(
        (50..PEOPLE - 50).contains(&out.count()),
        "a lopsided history"
    );
    assert!(platform.simulator().overlaps().is_empty(), "I3");

    let asked = Instant::now();
    assert_eq!(relay.terminate().code(), Some(0));
    assert!(asked.elapsed() < DRAIN, "drained in {:?}", asked.elapsed());
    let calls = platform.simulator().counters().requests;
    platform.stop().await;
    say(&format!(
        "{EVENTS} events about {PEOPLE} people, {KILLS} kills, {calls} calls, {:.0} s: nothing lost",
        started.elapsed().as_secs_f64()
    ));
}
