//! What follows each row of the contract's error table: HR's facts through roster and worker
//! to the simulated platform, on a real log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hris_relay::event::{Event, Fact, Groups, Hire, Phase, Termination, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Log, Record, Topic};
use hris_relay::person::{Rules, SourceRules};
use hris_relay::plan::{Assignment, ExamTestingAssignment, ExamTestingPlanner};
use hris_relay::provider::PlatformSettings;
use hris_relay::provider::examtesting::{ExamTesting, ExamTestingSettings};
use hris_relay::simulator::examtesting::{Account, Running, SimulatorSettings};
use hris_relay::worker::{BURST, Generation, GuardSettings, Limits, WorkerRules, WorkerSettings};
use serde_json::{Value, json};

use super::{faults, settings, start};
use crate::support::logs::{Harness, Place, Sqlite, moment, system_clock};
use crate::support::stages::Stages;

/// A relay for one simulated account.
struct Relay {
    platform: Running,
    log: Arc<dyn Log>,
    stages: Option<Stages>,
    _place: Arc<dyn Place>,
}

impl Relay {
    async fn start(rules: SimulatorSettings) -> Self {
        let platform = start(rules);
        let place = Sqlite.place().await;
        let log = place.open().await;
        log.create_topics(&Topic::all(Provider::ALL)).await.unwrap();
        let account = settings(platform.addr());
        let client = ExamTesting::from_settings(&account, system_clock()).unwrap();
        let stages = Stages::start(&log, people(), worker_rules(&account), Arc::new(client));
        Self {
            platform,
            log,
            stages: Some(stages),
            _place: place,
        }
    }

    async fn hears(&self, facts: impl IntoIterator<Item = Record>) {
        let facts = facts.into_iter().collect();
        self.log.append(facts).await.unwrap();
    }

    fn script(&self, script: Value) {
        self.platform.simulator().script(faults(script));
    }

    /// Waits until the account is so.
    async fn comes_to(&self, what: &str, is_so: impl Fn(&Account) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !is_so(&self.platform.simulator().account()) {
            let account = self.platform.simulator().account();
            let now = tokio::time::Instant::now();
            assert!(now < deadline, "not {what}: {:?}", account.students);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until somebody was asked about so often.
    async fn asks(&self, who: &str, times: usize) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while self.asked(who) < times {
            let now = tokio::time::Instant::now();
            assert!(now < deadline, "{who} was asked about {}", self.asked(who));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn asked(&self, who: &str) -> usize {
        self.platform.simulator().journal(Some(who)).len()
    }

    async fn stop(mut self) {
        if let Some(stages) = self.stages.take() {
            stages.stop().await;
        }
        assert!(self.platform.simulator().overlaps().is_empty(), "I3");
        self.log.close().await;
        self.platform.stop().await;
    }
}

fn people() -> Rules {
    let hr = SourceId::try_from("hr").unwrap();
    Rules {
        sources: BTreeMap::from([(hr, SourceRules::default())]),
        ..Rules::default()
    }
}

fn worker_rules(account: &ExamTestingSettings) -> WorkerRules {
    let assign = |group: &str, class: &str| Assignment {
        group: group.to_owned(),
        examtesting: Some(ExamTestingAssignment {
            group: class.to_owned(),
        }),
        ..Assignment::default()
    };
    let assignments = vec![
        assign("Sales", "Class A"),
        assign("Support", "Class B"),
        assign("Research", "Class Z"),
    ];
    WorkerRules {
        provider: Provider::EXAMTESTING,
        people: people(),
        planner: Box::new(ExamTestingPlanner::new(assignments, account)),
        assignments: Generation::new(0, &[]),
        partitions: 1,
        limits: Limits::new(account.capacity(), BURST),
        settings: WorkerSettings {
            probe_every: Duration::from_secs(1),
            calm: Duration::from_millis(10),
            guard: GuardSettings {
                enabled: false,
                ..GuardSettings::default()
            },
            ..WorkerSettings::default()
        },
    }
}

fn fact(who: &str, fact: Fact) -> Record {
    let now = moment();
    let event = Event {
        id: EventId::try_from(format!("{who}-{now}")).unwrap(),
        source: SourceId::try_from("hr").unwrap(),
        subject: EmployeeId::try_from(who).unwrap(),
        time: Some(now),
        received_time: Some(now),
        sequence: None,
        fact,
    };
    Record::new(Topic::Events, who, event.to_json())
}

fn hired(who: &str, group: &str) -> Record {
    let attributes = [("first_name", "Ada"), ("email", "ada@example.com")];
    let hire = Hire {
        employment: None,
        start: When::day("2020-01-01".parse().unwrap()),
        phase: Phase::Effective,
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
            .into(),
        groups: Groups::all([GroupId::try_from(group).unwrap()]),
    };
    fact(who, Fact::Hired(hire))
}

fn terminated(who: &str) -> Record {
    let termination = Termination {
        employment: None,
        end: None,
        phase: Phase::Effective,
        reason: None,
    };
    fact(who, Fact::Terminated(termination))
}

fn is_in(account: &Account, who: &str) -> bool {
    account.students.get(who).is_some_and(|one| one.is_enabled)
}

fn is_out(account: &Account, who: &str) -> bool {
    account.students.get(who).is_some_and(|one| !one.is_enabled)
}

fn class<'a>(account: &'a Account, who: &str) -> Option<&'a str> {
    let groups = &account.students.get(who)?.groups;
    groups.iter().next().map(String::as_str)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fact_takes_one_call_and_a_leaver_keeps_their_group() {
    let relay = Relay::start(SimulatorSettings::default()).await;
    relay
        .hears([hired("e-1", "Sales"), hired("e-2", "Support")])
        .await;
    relay
        .comes_to("hired", |account| {
            is_in(account, "e-1") && is_in(account, "e-2")
        })
        .await;
    relay.hears([hired("e-1", "Support")]).await;
    relay
        .comes_to("moved", |account| class(account, "e-1") == Some("Class B"))
        .await;
    // The strict account wants group and e-mail address with every update.
    relay.hears([terminated("e-1")]).await;
    relay
        .comes_to("locked", |account| is_out(account, "e-1"))
        .await;
    let calls = (relay.asked("e-1"), relay.asked("e-2"));
    assert_eq!(calls, (3, 1));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_1007_an_add_without_an_answer_is_recognised_and_changed() {
    let relay = Relay::start(SimulatorSettings {
        lost_reply_after_commit: true,
        ..SimulatorSettings::default()
    })
    .await;
    relay.hears([hired("e-1", "Sales")]).await;
    relay.asks("e-1", 1).await;
    relay
        .comes_to("added", |account| is_in(account, "e-1"))
        .await;
    relay.script(json!([]));
    relay.hears([hired("e-1", "Support")]).await;
    relay
        .comes_to("changed", |account| {
            class(account, "e-1") == Some("Class B")
        })
        .await;
    let tally = relay.platform.simulator().tally();
    assert_eq!((tally.added, tally.errors), (1, 1), "one answer of 1007");
    relay.hears([terminated("e-1")]).await;
    relay
        .comes_to("locked", |account| is_out(account, "e-1"))
        .await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_1007_the_name_of_a_stranger_is_given_up_and_nobody_else_waits() {
    let relay = Relay::start(SimulatorSettings::default()).await;
    let account = settings(relay.platform.addr());
    let client = super::client(&account);
    let stranger = super::activate(
        &super::ada("Class B"),
        hris_relay::provider::Existence::Absent,
    );
    super::apply(&client, "e-1", [stranger]).await;
    relay
        .hears([hired("e-1", "Sales"), hired("e-2", "Sales")])
        .await;
    relay
        .comes_to("hired", |account| is_in(account, "e-2"))
        .await;
    assert_eq!(
        relay.asked("e-1"),
        2,
        "once by the stranger, once by the relay"
    );
    let account = relay.platform.simulator().account();
    assert_eq!(
        class(&account, "e-1"),
        Some("Class B"),
        "the stranger is untouched"
    );
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_1005_an_unknown_group_holds_its_own_people_until_it_is_there() {
    let relay = Relay::start(SimulatorSettings::default()).await;
    let [lost, found] = ["Research", "Sales"];
    relay
        .hears([hired("e-1", lost), hired("e-2", lost), hired("e-3", found)])
        .await;
    relay
        .comes_to("hired", |account| is_in(account, "e-3"))
        .await;
    relay.asks("e-1", 1).await;
    relay.hears([terminated("e-3")]).await;
    relay
        .comes_to("locked", |account| is_out(account, "e-3"))
        .await;
    relay.platform.simulator().put_group("Class Z", true);
    relay
        .comes_to("mended", |account| {
            is_in(account, "e-1") && is_in(account, "e-2")
        })
        .await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_1008_a_full_account_makes_only_new_people_wait() {
    let relay = Relay::start(SimulatorSettings {
        student_cap: Some(1),
        ..SimulatorSettings::default()
    })
    .await;
    relay.hears([hired("e-1", "Sales")]).await;
    relay
        .comes_to("hired", |account| is_in(account, "e-1"))
        .await;
    relay.hears([hired("e-2", "Sales")]).await;
    relay.asks("e-2", 1).await;
    relay.hears([hired("e-1", "Support")]).await;
    relay
        .comes_to("moved", |account| class(account, "e-1") == Some("Class B"))
        .await;
    relay.hears([terminated("e-1")]).await;
    relay
        .comes_to("locked", |account| is_out(account, "e-1"))
        .await;
    assert!(!is_in(&relay.platform.simulator().account(), "e-2"));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_1004_a_stranger_who_is_gone_is_done_and_one_of_ours_is_tried_again() {
    let relay = Relay::start(SimulatorSettings::default()).await;
    relay
        .hears([terminated("e-9"), hired("e-1", "Sales")])
        .await;
    relay
        .comes_to("hired", |account| is_in(account, "e-1"))
        .await;
    relay.asks("e-9", 1).await;
    // Somebody removes the account behind the relay's back.
    relay.platform.simulator().reset();
    relay.hears([terminated("e-1")]).await;
    relay.asks("e-1", 1).await;
    relay.hears([terminated("e-9")]).await;
    relay.hears([hired("e-2", "Sales")]).await;
    relay
        .comes_to("hired", |account| is_in(account, "e-2"))
        .await;
    assert_eq!(relay.asked("e-9"), 0, "done before");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_1003_and_5xx_nothing_is_given_up() {
    let relay = Relay::start(SimulatorSettings::default()).await;
    relay.script(json!([
        { "action": { "do": "status", "status": 200, "message": "ERROR 1003" } },
        { "action": { "do": "status", "status": 500 } },
        { "action": { "do": "status", "status": 404 } },
        { "action": { "do": "garbage_body" } },
    ]));
    relay
        .hears([hired("e-1", "Sales"), hired("e-2", "Support")])
        .await;
    relay
        .comes_to("hired", |account| {
            is_in(account, "e-1") && is_in(account, "e-2")
        })
        .await;
    relay.stop().await;
}
