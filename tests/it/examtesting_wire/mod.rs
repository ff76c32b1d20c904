//! The ExamTesting client against its simulator, and against a socket that answers anything.

mod calls;
mod errors;
mod guide;
mod next_steps;
mod page;
mod secrets;
mod simulator;

use std::net::SocketAddr;
use std::time::Duration;

use hris_relay::id::EmployeeId;
use hris_relay::provider::examtesting::ExamTestingSettings;
use hris_relay::provider::examtesting::{ExamTesting, Passwords};
use hris_relay::provider::{Answer, Call, Done, Existence, Operation, Platform, Profile, Target};
use hris_relay::secret::Secret;
use hris_relay::simulator::examtesting::{Running, Simulator, SimulatorSettings, Student};
use hris_relay::simulator::shared::Fault;

use crate::support::logs::system_clock;

const PASSWORD_SECRET: &str = "correct horse battery staple";

/// A running simulator; port 0 of this machine.
fn start(rules: SimulatorSettings) -> Running {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    Simulator::start(rules, addr, system_clock()).unwrap()
}

/// Settings of a client that fits the simulator's defaults.
fn settings(addr: SocketAddr) -> ExamTestingSettings {
    let rules = SimulatorSettings::default();
    ExamTestingSettings {
        base_url: format!("http://{addr}"),
        allow_insecure_http: true,
        institution_id: rules.institution_id,
        api_key: Some(rules.api_key),
        api_pass: Some(rules.api_pass),
        password_secret: Some(Secret::new(PASSWORD_SECRET)),
        max_rps: 50.0,
        ..ExamTestingSettings::default()
    }
}

fn client(settings: &ExamTestingSettings) -> ExamTesting {
    ExamTesting::from_settings(settings, system_clock()).unwrap()
}

/// A client whose calls end after a moment.
fn impatient(addr: SocketAddr) -> ExamTesting {
    client(&ExamTestingSettings {
        connect_timeout: Duration::from_millis(500),
        call_timeout: Duration::from_secs(1),
        ..settings(addr)
    })
}

fn call(id: &str, operation: Operation) -> Call {
    let id = EmployeeId::try_from(id).unwrap();
    Call {
        people: vec![(id, operation)],
    }
}

/// The password that the client derives for a user of the simulator's institution.
fn password(user: &str) -> String {
    let institution = SimulatorSettings::default().institution_id;
    let length = ExamTestingSettings::default().password_length;
    let passwords = Passwords::new(&Secret::new(PASSWORD_SECRET), &institution, length);
    passwords.of(user).expose().to_owned()
}

/// What HR knows of Ada, in this group.
fn ada(group: &str) -> Profile {
    let fields = [
        ("email", "ada@example.com"),
        ("firstname", "Ada"),
        ("groupName", group),
        ("lastname", "Lovelace"),
    ];
    Profile(
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    )
}

fn activate(profile: &Profile, account: Existence) -> Operation {
    let group = profile.0.iter().find(|(name, _)| name == "groupName");
    Operation::Activate {
        profile: profile.clone(),
        target: group.map(|(_, group)| Target(format!("group:{group}"))),
        account,
    }
}

fn lock(profile: &Profile, account: Existence) -> Operation {
    Operation::Lock {
        profile: profile.clone(),
        target: None,
        account,
    }
}

/// The outcome's word: `applied`, `not_found` or a failure code.
async fn outcome(client: &ExamTesting, id: &str, operation: Operation) -> &'static str {
    match client.perform(&call(id, operation)).await {
        Answer::Applied => "applied",
        Answer::Counted(_) => "counted",
        Answer::Failed(failure) => failure.code(),
        Answer::Each(each) => match each.as_slice() {
            [Ok(Done::NotFound)] => "not_found",
            _ => "each",
        },
    }
}

/// Performs operations for one person that must all be applied.
async fn apply(client: &ExamTesting, id: &str, operations: impl IntoIterator<Item = Operation>) {
    for operation in operations {
        assert_eq!(outcome(client, id, operation).await, "applied");
    }
}

/// The student of this user name.
fn student(running: &Running, user: &str) -> Student {
    running.simulator().account().students[user].clone()
}

fn faults(script: serde_json::Value) -> Vec<Fault> {
    serde_json::from_value(script).unwrap()
}
