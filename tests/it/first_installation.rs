//! A first installation: a roster imported beside the accounts that are there already.

use std::fmt::Write;
use std::time::{Duration, Instant};

use hris_relay::id::EmployeeId;
use hris_relay::provider::startexam::wire::Status;
use hris_relay::provider::startexam::{StartExam, StartExamSettings};
use hris_relay::provider::{Answer, Call, Operation, Platform, Profile, Target};
use hris_relay::simulator::startexam::{Running, SimulatorSettings};
use hris_relay::worker::BURST;
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

fn client(platform: &Running) -> StartExam {
    let simulated = SimulatorSettings::default();
    let settings = StartExamSettings {
        base_url: format!("http://{}", platform.addr()),
        allow_insecure_http: true,
        account_id: simulated.account_id,
        secret: Some(simulated.secret),
        profile_id: simulated.profile_id,
        ..StartExamSettings::default()
    };
    StartExam::from_settings(&settings, system_clock()).unwrap()
}

/// Makes the accounts that somebody kept by hand until now.
async fn accounts(platform: &Running, people: usize) {
    let client = client(platform);
    let everybody: Vec<usize> = (0..people).collect();
    for some in everybody.chunks(BATCH) {
        let join = |target: &str| {
            let target = Target(format!("program:{target}"));
            move |_| Operation::join(target.clone())
        };
        let steps: [Box<dyn Fn(usize) -> Operation>; 3] = [
            Box::new(|n| Operation::activate(profile(n))),
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
        // The default rate: a faster platform is called before a batch is full.
        let file = relay.installation.path("relay.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("max_rps = 100.0\n"));
        std::fs::write(&file, text.replace("max_rps = 100.0\n", "")).unwrap();
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

impl Company {
    /// Somebody has changed accounts by hand: they are found, and everybody is asserted.
    async fn reconciles(&self, serve: &mut Process) {
        let by_hand = Call {
            people: vec![(
                EmployeeId::try_from(id(7)).unwrap(),
                Operation::lock(profile(7)),
            )],
        };
        let answer = client(&self.relay.platform).perform(&by_hand).await;
        assert!(matches!(answer, Answer::Counted(_)), "{answer:?}");
        let before = self.requests();
        let said = self.run(&[
            "reconcile",
            "startexam",
            "--operator",
            "jo",
            "--output",
            "json",
        ]);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(
            said["stands"],
            json!({ "asserted": self.people }),
            "{said:#}"
        );
        assert_eq!(said["drift"]["accounts"]["changed"], 1, "{said:#}");
        assert_eq!(said["drift"]["accounts"]["people"], self.people);
        self.until("applied", self.people).await;
        let requests = self.requests_since(before);
        let calls = |targets: Value| {
            requests
                .iter()
                .filter(|it| it["targets"] == targets)
                .count()
        };
        let calls = [
            calls(json!([])),
            calls(json!([ALL])),
            calls(json!([SELLING])),
        ];
        say(&format!(
            "{} people reconciled in {calls:?} syncs and calls a program",
            self.people
        ));
        // The first calls go before their batches are full, and a lock goes alone.
        let full = self.people.div_ceil(BATCH);
        let most = full + full / 10 + 1 + usize::try_from(BURST).unwrap();
        let is_batched = calls.iter().all(|calls| (full..=most).contains(calls));
        assert!(is_batched, "{calls:?}, not {full} to {most} each");
        assert!(serve.said().contains("Relay started"));
        let account = self.relay.platform.simulator().account();
        assert_eq!(account.employees[&id(7)].status, Status::Active);
    }

    /// A roster that ends many employments at once is rehearsed before a worker sees it.
    fn tells_whom_the_guard_would_hold(&self) {
        const LEAVERS: usize = 300;
        let before = self.requests();
        let mut text = roster(self.people, 0);
        for n in 10..10 + LEAVERS {
            let end = system_clock().now().strftime("%Y-%m-%dT%H:%M:%SZ");
            let line = format!("ada.{n}@example.com,Sales,2020-01-01,");
            text = text.replace(&line, &format!("{line}{end}"));
        }
        let as_of = system_clock().now().to_string();
        self.import(&text, &as_of);
        let roster = self.relay.installation.start(&["roster"]);
        let deadline = Instant::now() + Duration::from_mins(1);
        let told = loop {
            let told = self.run(&["check-config", "--against-state", "--output", "json"]);
            let told: Value = serde_json::from_str(&told).unwrap();
            let held = told[0]["held"]["people"].as_u64().unwrap();
            let locked = told[0]["steps"][0]["people"].as_u64().unwrap_or(0);
            if held + locked == u64::try_from(LEAVERS).unwrap() {
                break told;
            }
            assert!(Instant::now() < deadline, "{told:#}");
        };
        let budget = u64::try_from(self.people / 50).unwrap();
        assert_eq!(told[0]["steps"][0]["step"], "lock");
        let locked = told[0]["steps"][0]["people"].as_u64().unwrap();
        assert!((1..=budget).contains(&locked), "{told:#}");
        assert_eq!(self.requests(), before);
        assert_eq!(roster.terminate().code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_installation_calls_nobody_until_something_changes() {
    let company = Company::new(size::people(1000, 25_000)).await;
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
        started.elapsed().saturating_sub(imported)
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
    company.reconciles(&mut serve).await;
    assert_eq!(serve.terminate().code(), Some(0));
    company.tells_whom_the_guard_would_hold();
    company.relay.platform.stop().await;
}
