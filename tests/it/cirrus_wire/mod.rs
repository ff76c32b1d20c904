//! The Cirrus client against its simulator, and against a socket that answers what it is told.

mod additions;
mod calls;
mod failures;
mod pages;
mod scripted;
mod secrets;
mod simulator;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hris_relay::clock::SystemClock;
use hris_relay::id::EmployeeId;
use hris_relay::provider::cirrus::{Cirrus, CirrusSettings, Group};
use hris_relay::provider::{Answer, Call, Done, Existence, Operation, Platform, Profile, Target};
use hris_relay::secret::Secret;
use hris_relay::simulator::cirrus::{Running, Simulator, SimulatorSettings};
use hris_relay::simulator::shared::Fault;

/// A schedule of the simulator's defaults.
const SCHEDULE: &str = "schedule:ScEXT1";

/// Where the API is, below the host.
const BASE: &str = "/api/v1/integrations";

/// A running simulator; port 0 of this machine.
fn start(change: impl FnOnce(&mut SimulatorSettings)) -> Running {
    let mut rules = SimulatorSettings::default();
    change(&mut rules);
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    Simulator::start(rules, addr, Arc::new(SystemClock::new())).unwrap()
}

/// Settings of a client that fits the simulator's defaults, and that need not wait between
/// the requests of a call.
fn settings(addr: SocketAddr) -> CirrusSettings {
    CirrusSettings {
        base_url: format!("http://{addr}{BASE}"),
        allow_insecure_http: true,
        secret: Some(Secret::new("simulated-eapi-token")),
        max_rps: 1000.0,
        ..CirrusSettings::default()
    }
}

fn client(settings: &CirrusSettings) -> Cirrus {
    Cirrus::from_settings(settings, Arc::new(SystemClock::new())).unwrap()
}

/// A client whose calls end after a moment.
fn impatient(addr: SocketAddr) -> Cirrus {
    client(&CirrusSettings {
        connect_timeout: Duration::from_millis(500),
        call_timeout: Duration::from_secs(1),
        ..settings(addr)
    })
}

fn call(people: impl IntoIterator<Item = (impl AsRef<str>, Operation)>) -> Call {
    let people = people
        .into_iter()
        .map(|(id, operation)| (EmployeeId::try_from(id.as_ref()).unwrap(), operation))
        .collect();
    Call { people }
}

fn profile(fields: &[(&str, &str)]) -> Profile {
    let fields = fields.iter();
    Profile(
        fields
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

/// Somebody as the page's sample has them.
fn john() -> Profile {
    profile(&[
        ("FirstName", "John"),
        ("LastName", "Doe"),
        ("Email", "john.doe@gmail.com"),
    ])
}

fn target() -> Target {
    Target(SCHEDULE.to_owned())
}

/// To add somebody who may not be there, as the planner asks it.
fn make_with(profile: &Profile, is_repeat: bool) -> Operation {
    let group = Group {
        id: "GrEXT1".to_owned(),
        name: "Group_ext_1".to_owned(),
    };
    Operation::Join {
        target: target(),
        profile: Some(group.making(profile)),
        heard: None,
        is_repeat,
    }
}

fn make() -> Operation {
    make_with(&john(), false)
}

fn make_again() -> Operation {
    make_with(&john(), true)
}

/// To add somebody who is there.
fn join() -> Operation {
    Operation::join(target())
}

fn leave() -> Operation {
    Operation::leave(target())
}

fn lock() -> Operation {
    Operation::lock(Profile::default())
}

fn activate() -> Operation {
    Operation::Activate {
        profile: john(),
        target: None,
        account: Existence::Present,
    }
}

/// One word a person: what was done, or the failure's code.
async fn ends(client: &Cirrus, call: &Call) -> Vec<&'static str> {
    let word = |done: &Done| match done {
        Done::Applied => "applied",
        Done::Linked(_) => "linked",
        Done::NotFound => "not_found",
    };
    match client.perform(call).await {
        Answer::Applied => vec!["applied"; call.people.len()],
        Answer::Each(each) => {
            let ends = each.iter();
            ends.map(|end| end.as_ref().map_or_else(|failure| failure.code(), word))
                .collect()
        }
        Answer::Failed(failure) => vec![failure.code(); call.people.len()],
        Answer::Counted(_) => panic!("Cirrus counts nothing"),
    }
}

/// The same for a call for one person.
async fn end(client: &Cirrus, id: &str, operation: Operation) -> &'static str {
    ends(client, &call([(id, operation)])).await[0]
}

/// Who is on the schedule.
fn listed(running: &Running) -> Vec<String> {
    let account = running.simulator().account();
    let candidates = account.schedules["ScEXT1"].candidates.keys();
    candidates.cloned().collect()
}

/// Methods of the requests so far, oldest first.
fn methods(running: &Running) -> Vec<String> {
    let entries = running.simulator().journal(None);
    entries.into_iter().map(|entry| entry.method).collect()
}

fn script(running: &Running, faults: serde_json::Value) {
    let faults: Vec<Fault> = serde_json::from_value(faults).unwrap();
    running.simulator().script(faults);
}
