//! The StartExam client against its simulator, and against a socket that answers anything.

mod calls;
mod failures;
mod guide;
mod secrets;
mod sessions;
mod simulator;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hris_relay::clock::{Clock, SystemClock, whole_milliseconds};
use hris_relay::id::EmployeeId;
use hris_relay::provider::startexam::{StartExam, StartExamSettings};
use hris_relay::provider::{Answer, Call, Done, Operation, Platform, Profile, Target};
use hris_relay::simulator::shared::Fault;
use hris_relay::simulator::startexam::{Running, Simulator, SimulatorSettings};
use jiff::{SignedDuration, Timestamp};

/// Programs of the simulator's defaults.
const SALES: &str = "program:95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
const SUPPORT: &str = "program-external:support";

/// The machine's clock, set wrong by so many seconds.
#[derive(Debug)]
struct WrongClock {
    clock: SystemClock,
    ahead: AtomicI64,
}

impl WrongClock {
    fn ahead_by(seconds: i64) -> Arc<Self> {
        Arc::new(Self {
            clock: SystemClock::new(),
            ahead: AtomicI64::new(seconds),
        })
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        whole_milliseconds(self.clock.now().checked_add(ahead).unwrap())
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }
}

/// A running simulator; port 0 of this machine.
fn start(rules: SimulatorSettings) -> Running {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    Simulator::start(rules, addr, WrongClock::ahead_by(0)).unwrap()
}

/// Settings of a client that fits the simulator's defaults.
fn settings(addr: SocketAddr) -> StartExamSettings {
    let rules = SimulatorSettings::default();
    StartExamSettings {
        base_url: format!("http://{addr}"),
        allow_insecure_http: true,
        account_id: rules.account_id,
        secret: Some(rules.secret),
        profile_id: rules.profile_id,
        ..StartExamSettings::default()
    }
}

fn client(settings: &StartExamSettings) -> StartExam {
    StartExam::from_settings(settings, WrongClock::ahead_by(0)).unwrap()
}

/// A client whose calls end after a moment.
fn impatient(addr: SocketAddr) -> StartExam {
    client(&StartExamSettings {
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

fn activate() -> Operation {
    Operation::activate(Profile::default())
}

fn lock() -> Operation {
    Operation::lock(Profile::default())
}

fn join(target: &str) -> Operation {
    let target = Target(target.to_owned());
    Operation::join(target)
}

fn leave(target: &str) -> Operation {
    let target = Target(target.to_owned());
    Operation::leave(target)
}

/// The outcome's word: `applied` or a failure code.
async fn outcome(client: &StartExam, call: &Call) -> &'static str {
    match client.perform(call).await {
        Answer::Applied | Answer::Counted(_) => "applied",
        Answer::Failed(failure) => failure.code(),
        Answer::Each(each) => match each.first() {
            Some(Ok(Done::NotFound)) => "not_found",
            Some(_) | None => "each",
        },
    }
}

/// Performs calls that must all be applied.
async fn apply(client: &StartExam, calls: impl IntoIterator<Item = Call>) {
    for call in calls {
        assert_eq!(outcome(client, &call).await, "applied");
    }
}

fn faults(script: serde_json::Value) -> Vec<Fault> {
    serde_json::from_value(script).unwrap()
}
