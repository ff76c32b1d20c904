//! A first installation: a roster imported beside the accounts that are there already.

use std::fmt::Write;
use std::time::{Duration, Instant};

use hris_relay::id::EmployeeId;
use hris_relay::provider::startexam::wire::Status;
use hris_relay::provider::startexam::{StartExam, StartExamSettings};
use hris_relay::provider::{Answer, Call, Operation, Platform, Profile, Target};
use hris_relay::simulator::startexam::{Running, SimulatorSettings};
use serde_json::{Value, json};

use crate::support::binary::Process;
use crate::support::logs::system_clock;
use crate::support::platform::{ALL, SELLING, platform};
use crate::support::relay::Relay;
use crate::support::said::say;
use crate::support::size;

/// People in one call.
const BATCH: usize = 500;
const AS_OF: &str = "2026-03-31T02:00:00Z";

fn id(n: usize) -> String {
    format!("e-{n:05}")
}

/// What the platform holds of somebody, field by field as the relay would send it.
fn profile(n: usize) -> Profile {
    let email = format!("ada.{n}@example.com");
    let fields = [
        ("Email", email.as_str()),
        ("First Name", "Ada"),
        ("Last Name", "Lovelace"),
    ];
    Profile(
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    )
}

/// Makes the accounts that somebody kept by hand until now.
async fn accounts(platform: &Running, people: usize) {
    let simulated = SimulatorSettings::default();
    let settings = StartExamSettings {
        base_url: format!("http://{}", platform.addr()),
        allow_insecure_http: true,
        account_id: simulated.account_id,
        secret: Some(simulated.secret),
        profile_id: simulated.profile_id,
        ..StartExamSettings::default()
    };
    let client = StartExam::from_settings(&settings, system_clock()).unwrap();
    let everybody: Vec<usize> = (0..people).collect();
    for some in everybody.chunks(BATCH) {
        let join = |target: &str| {
            let target = Target(format!("program:{target}"));
            move |_| Operation::Join {
                target: target.clone(),
            }
        };
        let steps: [Box<dyn Fn(usize) -> Operation>; 3] = [
            Box::new(|n| Operation::Activate {
                profile: profile(n),
            }),
            Box::new(join(ALL)),
            Box::new(join(SELLING)),
        ];
        for step in steps {
            let of = |n: &usize| (EmployeeId::try_from(id(*n)).unwrap(), step(*n));
            let people = some.iter().map(of).collect();
            let answer = client.perform(&Call { people }).await;
            assert!(matches!(answer, Answer::Counted(_)), "{answer:?}");
        }
    }
}

/// The roster, but for those who are not in it.
fn roster(people: usize, without: usize) -> String {
    let mut text =
        String::from("employee_id,first_name,last_name,email,groups,start_date,end_date\n");
    for n in without..people {
        let id = id(n);
        writeln!(
            text,
            "{id},Ada,Lovelace,ada.{n}@example.com,Sales,2020-01-01,"
        )
        .unwrap();
    }
    text
}

/// A company whose relay is about to be installed.
struct Company {
    relay: Relay,
    people: usize,
}

impl Company {
    async fn new(people: usize) -> Self {
        let platform = platform();
        accounts(&platform, people).await;
        let assignments = format!(
            "[[assignments]]\ngroup = \"Sales\"\n\
             startexam = {{ programs = [\"{ALL}\", \"{SELLING}\"] }}\n"
        );
        let relay = Relay::new(platform, &assignments);
        Self { relay, people }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let ended = self.relay.installation.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    fn import(&self, text: &str, as_of: &str) -> String {
        let file = self.relay.installation.path("people.csv");
        std::fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        self.run(&["import", &file, "--source", "portal", "--as-of", as_of])
    }

    /// Waits until so many people are in a book.
    async fn until(&self, state: &str, people: usize) {
        let patience = Duration::from_mins(3);
        let deadline = Instant::now() + patience;
        loop {
            let waiting = self
                .relay
                .metric("hris_relay_waiting_people", &[("state", state)]);
            if format!("{waiting:.0}") == people.to_string() {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{waiting} of {people} are {state}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The methods and people of the requests since there were so many.
    fn requests_since(&self, before: usize) -> Vec<Value> {
        let journal = self.relay.platform.simulator().journal(None);
        journal[before..].iter().map(|entry| json!(entry)).collect()
    }

    fn requests(&self) -> usize {
        self.relay.platform.simulator().journal(None).len()
    }

    /// Waits until the platform was asked so often, and says that it is asked no more.
    async fn until_asked(&self, times: usize, running: &mut Process) {
        running.until("asked", || self.requests() >= times);
        self.until("applied", self.people).await;
        assert_eq!(self.requests(), times, "{:#?}", self.requests_since(times));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_installation_calls_nobody_until_something_changes() {
    let company = Company::new(size::people(2000, 25_000)).await;
    let people = company.people;
    let before = company.requests();
    let started = Instant::now();
    let said = company.import(&roster(people, 0), AS_OF);
    assert!(said.contains("adopted at startexam"), "{said}");
    let imported = started.elapsed();
    let mut serve = company.relay.start();
    company.until("applied", people).await;
    say(&format!(
        "{people} people: imported in {imported:.1?}, adopted {:.1?} later",
        started.elapsed() - imported
    ));
    assert_eq!(company.requests(), before, "nobody is called");
    let told = company.run(&["check-config", "--against-state"]);
    let nothing = format!("startexam: 0 calls would be made first, with {people} people known\n");
    assert!(told.starts_with(&nothing), "{told}");

    // A profile changes: one call. A termination: one person is locked and leaves programs.
    let email = json!({ "attributes": { "email": "ada@new.example.com" } });
    company.relay.tell(2, "updated", &[id(1)], &email).await;
    company.until_asked(before + 1, &mut serve).await;
    let left = json!({});
    company.relay.tell(1, "terminated", &[id(2)], &left).await;
    company.until_asked(before + 4, &mut serve).await;
    let account = company.relay.platform.simulator().account();
    assert_eq!(
        account.employees[&id(1)].data["Email"],
        "ada@new.example.com"
    );
    let hidden = account
        .employees
        .iter()
        .filter(|(_, it)| it.status == Status::Hidden);
    let hidden: Vec<&String> = hidden.map(|(id, _)| id).collect();
    assert_eq!(hidden, [&id(2)]);
    assert!(account.employees[&id(2)].programs.is_empty());
    assert_eq!(serve.terminate().code(), Some(0));
    company.relay.platform.stop().await;
}
