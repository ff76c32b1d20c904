//! What follows at Cirrus, row by row of the contract's table of errors: roster and worker on a
//! real log, against the simulated tenant over the wire.
//!
//! What each signal means is in `provider/cirrus/classify/tests.rs`, under the same names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hris_relay::event::{Event, Fact, GroupChange, Groups, Hire, Phase, Termination, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Log, Record, Topic};
use hris_relay::person::{Rules, SourceRules};
use hris_relay::plan::{Assignment, CirrusAssignment, CirrusPlanner, CirrusSchedule};
use hris_relay::provider::PlatformSettings;
use hris_relay::provider::cirrus::{Cirrus, CirrusSettings};
use hris_relay::secret::Secret;
use hris_relay::simulator::cirrus::{
    Account, Readd, Running, ScheduleSettings, Simulator, SimulatorSettings,
};
use hris_relay::worker::{BURST, Generation, Limits, WorkerRules, WorkerSettings};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::logs::{Harness, Place, Sqlite, system_clock};
use crate::support::stages::Stages;

const TOKEN: &str = "simulated-eapi-token";

/// A company whose exams are at Cirrus: group `Sales` takes `ScEXT1`, `Support` `ScEXT2`.
struct Company {
    tenant: Running,
    log: Arc<dyn Log>,
    stages: Stages,
    token: NamedTempFile,
    _place: Arc<dyn Place>,
}

impl Company {
    async fn with(change: impl FnOnce(&mut SimulatorSettings)) -> Self {
        let mut rules = SimulatorSettings::default();
        change(&mut rules);
        let addr = ([127, 0, 0, 1], 0).into();
        let tenant = Simulator::start(rules, addr, system_clock()).unwrap();
        let token = NamedTempFile::new().unwrap();
        std::fs::write(token.path(), TOKEN).unwrap();
        let settings = CirrusSettings {
            base_url: format!("http://{}/api/v1/integrations", tenant.addr()),
            allow_insecure_http: true,
            secret_file: Some(token.path().to_owned()),
            max_rps: 1000.0,
            call_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(1),
            ..CirrusSettings::default()
        };
        let place = Sqlite.place().await;
        let log = place.open().await;
        log.create_topics(&Topic::all(Provider::ALL)).await.unwrap();
        let client = Cirrus::from_settings(&settings, system_clock()).unwrap();
        let stages = Stages::start(
            &log,
            people_rules(),
            worker_rules(&settings),
            Arc::new(client),
        );
        Self {
            tenant,
            log,
            stages,
            token,
            _place: place,
        }
    }

    async fn says(&self, who: &str, fact: Fact) {
        let now = system_clock().now();
        let event = Event {
            id: EventId::try_from(format!("{who}-{now}-{}", fact.event_type())).unwrap(),
            source: SourceId::try_from("hr").unwrap(),
            subject: EmployeeId::try_from(who).unwrap(),
            time: Some(now),
            received_time: Some(now),
            sequence: None,
            fact,
        };
        let record = Record::new(Topic::Events, who, event.to_json());
        self.log.append(vec![record]).await.unwrap();
    }

    async fn hires(&self, people: &[&str]) {
        for who in people {
            let attributes = [
                ("first_name", "Ada"),
                ("last_name", "Lovelace"),
                ("email", "ada@example.com"),
            ];
            let hire = Hire {
                employment: None,
                start: When::instant(system_clock().now()),
                phase: Phase::Effective,
                attributes: attributes
                    .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
                    .into(),
                groups: groups(&["Sales"]),
            };
            self.says(who, Fact::Hired(hire)).await;
        }
    }

    async fn moves(&self, who: &str, to: &[&str]) {
        let change = GroupChange {
            employment: None,
            effective: None,
            phase: Phase::Effective,
            groups: groups(to),
        };
        self.says(who, Fact::GroupChanged(change)).await;
    }

    async fn dismisses(&self, who: &str) {
        let termination = Termination {
            employment: None,
            end: None,
            phase: Phase::Effective,
            reason: None,
        };
        self.says(who, Fact::Terminated(termination)).await;
    }

    fn account(&self) -> Account {
        self.tenant.simulator().account()
    }

    fn listed(&self, schedule: &str) -> Vec<String> {
        let account = self.account();
        let candidates = account.schedules.get(schedule);
        candidates.map_or_else(Vec::new, |one| one.candidates.keys().cloned().collect())
    }

    /// Waits until so many people, and no others, are on the schedule.
    async fn seats(&self, schedule: &str, people: &[&str]) {
        self.until(schedule, || self.listed(schedule) == people)
            .await;
    }

    async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !is_so() {
            let journal = self.tenant.simulator().journal(None);
            assert!(
                tokio::time::Instant::now() < deadline,
                "{what}: {journal:#?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn faults(&self, script: Value) {
        let script = serde_json::from_value(script).unwrap();
        self.tenant.simulator().script(script);
    }

    /// Requests so far by method and what follows the base path.
    fn requests(&self, wanted: &str) -> usize {
        let journal = self.tenant.simulator().journal(None);
        let asked = journal.iter().map(|entry| {
            let path = entry.path.trim_start_matches("/api/v1/integrations");
            format!("{} {path}", entry.method)
        });
        asked.filter(|asked| asked.starts_with(wanted)).count()
    }

    /// Everybody's dead letters: who, the operation and the code.
    async fn dead(&self) -> Vec<(String, String, String)> {
        let topic = Topic::DeadLetters(Provider::CIRRUS);
        let mut found = Vec::new();
        for partition in 0..self.log.partitions(topic).await.unwrap() {
            for letter in self.log.read(topic, partition, 0, 1000).await.unwrap() {
                let body: Value = serde_json::from_slice(&letter.payload.clone().unwrap()).unwrap();
                let text = |member: &str| body[member].as_str().unwrap().to_owned();
                let who = letter.key_text().unwrap().to_owned();
                found.push((who, text("operation"), text("outcome")));
            }
        }
        found
    }

    async fn ends(self) {
        let overlaps = self.tenant.simulator().overlaps();
        assert!(overlaps.is_empty(), "{overlaps:?}");
        self.stages.stop().await;
        self.log.close().await;
        self.tenant.stop().await;
    }
}

fn groups(names: &[&str]) -> Groups {
    let names = names.iter();
    Groups::all(names.map(|name| GroupId::try_from(*name).unwrap()))
}

fn people_rules() -> Rules {
    let hr = SourceId::try_from("hr").unwrap();
    Rules {
        sources: BTreeMap::from([(hr, SourceRules::default())]),
        ..Rules::default()
    }
}

fn worker_rules(settings: &CirrusSettings) -> WorkerRules {
    let assign = |group: &str, schedule: &str| Assignment {
        group: group.to_owned(),
        cirrus: Some(CirrusAssignment {
            schedules: vec![CirrusSchedule {
                schedule: schedule.to_owned(),
                group: format!("Gr{group}"),
                group_name: group.to_owned(),
            }],
        }),
        ..Assignment::default()
    };
    let assignments = vec![assign("Sales", "ScEXT1"), assign("Support", "ScEXT2")];
    WorkerRules {
        provider: Provider::CIRRUS,
        people: people_rules(),
        planner: Box::new(CirrusPlanner::new(assignments, settings)),
        assignments: Generation::new(0, &[]),
        partitions: 1,
        limits: Limits::new(settings.capacity(), BURST),
        settings: WorkerSettings {
            retry_shortest: Duration::from_millis(50),
            probe_every: Duration::from_millis(100),
            calm: Duration::from_millis(50),
            ..WorkerSettings::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_2xx_is_a_life_without_a_call_too_many() {
    let company = Company::with(|_| ()).await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    company.moves("a", &["Support"]).await;
    company.seats("ScEXT2", &["a"]).await;
    company.seats("ScEXT1", &[]).await;
    company.dismisses("a").await;
    company.seats("ScEXT2", &[]).await;
    assert!(company.account().users["a"].login_disabled);
    assert_eq!(company.requests(""), 5, "add, put, delete; lock, delete");
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    assert!(!company.account().users["a"].login_disabled);
    assert_eq!(company.requests(""), 7, "let in, put");
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_left_out_of_the_answer_is_tried_once_alone() {
    let company = Company::with(|rules| rules.partial_success = true).await;
    company.hires(&["a", "b", "c", "d"]).await;
    company.seats("ScEXT1", &["a", "b", "c", "d"]).await;
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_not_found_on_put_makes_the_user_and_registers_everywhere() {
    let company = Company::with(|_| ()).await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    // Somebody purged the user at Cirrus.
    company.tenant.simulator().reset();
    company.moves("a", &["Sales", "Support"]).await;
    company.seats("ScEXT2", &["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    assert!(company.account().users.contains_key("a"));
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_not_found_on_removal_count_as_removed() {
    let company = Company::with(|_| ()).await;
    // Nobody ever made them: asserted all the same.
    company.dismisses("never-there").await;
    company
        .until("lock", || company.requests("PATCH") == 1)
        .await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    company.tenant.simulator().reset();
    company.dismisses("a").await;
    company
        .until("leave", || company.requests("DELETE") == 1)
        .await;
    company.hires(&["b"]).await;
    company.seats("ScEXT1", &["b"]).await;
    assert_eq!(company.requests(""), 3, "nothing is repeated");
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_schedule_hasnt_been_found_holds_the_schedule_and_dead_letters_nobody() {
    let company = Company::with(|rules| {
        rules.schedules.retain(|schedule| schedule.id != "ScEXT1");
    })
    .await;
    company.hires(&["a", "b", "c"]).await;
    company.hires(&["d"]).await;
    company.moves("d", &["Support"]).await;
    company.seats("ScEXT2", &["d"]).await;
    assert_eq!(company.dead().await, []);
    let schedule = ScheduleSettings {
        id: "ScEXT1".to_owned(),
        is_activated: false,
    };
    company.tenant.simulator().put_schedule(&schedule);
    company.seats("ScEXT1", &["a", "b", "c"]).await;
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_cant_update_activated_schedule_locks_and_keeps_the_removal() {
    let company = Company::with(|rules| rules.schedule_activated = true).await;
    company.hires(&["a", "b"]).await;
    company.seats("ScEXT1", &["a", "b"]).await;
    company.dismisses("a").await;
    company
        .until("lock", || company.account().users["a"].login_disabled)
        .await;
    company
        .until("leave", || company.requests("DELETE") == 1)
        .await;
    // Whoever comes is served, whatever is kept.
    company.hires(&["c"]).await;
    company.seats("ScEXT1", &["a", "b", "c"]).await;
    assert_eq!(company.dead().await, []);
    assert_eq!(company.requests("DELETE"), 1, "kept for an hour");
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_about_the_scheduler_stop_everything_until_it_is_set() {
    let company = Company::with(|rules| rules.scheduler_unset = true).await;
    company.hires(&["a", "b"]).await;
    company
        .until("probe", || company.requests("POST") >= 2)
        .await;
    assert_eq!(company.dead().await, []);
    company
        .tenant
        .simulator()
        .switch(|rules| rules.scheduler_unset = false);
    company.seats("ScEXT1", &["a", "b"]).await;
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_already_exists_is_settled_by_the_schedule() {
    let company = Company::with(|rules| rules.readd = Readd::ErrorAlreadyExists).await;
    // Done, but never answered: found before it is repeated.
    company.faults(json!([{ "action": { "do": "drop_after_commit" } }]));
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    company.hires(&["b"]).await;
    company.seats("ScEXT1", &["a", "b"]).await;
    let tally = company.tenant.simulator().tally();
    assert_eq!((tally.candidates_added, tally.users_made), (2, 2));
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_102_unknown_error_is_tried_again() {
    let company = Company::with(|_| ()).await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    let unknown = json!({ "do": "status", "status": 400, "message": "102: Unknown error" });
    company.faults(json!([{ "match": { "method": "PATCH" }, "times": 2, "action": unknown }]));
    company.dismisses("a").await;
    company
        .until("lock", || company.account().users["a"].login_disabled)
        .await;
    assert!(3 <= company.requests("PATCH"));
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_any_other_400_is_cut_until_one_stands_alone() {
    let company = Company::with(|rules| rules.user_in_trash = vec!["t".to_owned()]).await;
    company.hires(&["a", "b", "t", "c"]).await;
    company.seats("ScEXT1", &["a", "b", "c"]).await;
    let t = (
        "t".to_owned(),
        "join".to_owned(),
        "operation_refused".to_owned(),
    );
    let mut dead = company.dead().await;
    while dead.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        dead = company.dead().await;
    }
    assert_eq!(dead, [t]);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_cirrus_cannot_take_is_a_dead_letter_without_a_call() {
    let company = Company::with(|_| ()).await;
    company.hires(&["jane@example.com", "a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    let mut dead = company.dead().await;
    while dead.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        dead = company.dead().await;
    }
    assert_eq!(dead[0].2, "profile_invalid");
    assert_eq!(dead.len(), 1);
    // Locking them out is no dead letter: nobody is there by that name.
    company.dismisses("jane@example.com").await;
    company.dismisses("a").await;
    company.seats("ScEXT1", &[]).await;
    assert_eq!(company.dead().await.len(), 1);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_401_and_403_wait_for_the_token_and_dead_letter_nobody() {
    let company = Company::with(|_| ()).await;
    company.tenant.simulator().switch(|rules| {
        rules.secret = Secret::new("rotated");
    });
    company.hires(&["a", "b"]).await;
    company
        .until("probe", || company.requests("POST") >= 2)
        .await;
    assert_eq!(company.dead().await, []);
    std::fs::write(company.token.path(), "rotated\n").unwrap();
    company.seats("ScEXT1", &["a", "b"]).await;
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_429_and_5xx_are_read_back_before_they_are_repeated() {
    for (action, repeated) in [
        (json!({ "do": "status", "status": 429 }), 0),
        (json!({ "do": "status", "status": 503 }), 0),
        (json!({ "do": "partial", "people": 1, "status": 500 }), 0),
        (json!({ "do": "garbage_body" }), 0),
        (json!({ "do": "drop_before" }), 0),
    ] {
        let company = Company::with(|rules| rules.readd = Readd::ErrorAlreadyExists).await;
        company.faults(json!([{ "match": { "method": "POST" }, "action": action.clone() }]));
        company.hires(&["a", "b", "c"]).await;
        company.seats("ScEXT1", &["a", "b", "c"]).await;
        let tally = company.tenant.simulator().tally();
        assert_eq!(tally.candidates_added_again, repeated, "{action}");
        assert_eq!(tally.candidates_added, 3, "{action}");
        assert_eq!(company.dead().await, [], "{action}");
        company.ends().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_404_url_not_found_stops_everything_and_dead_letters_nobody() {
    let company = Company::with(|_| ()).await;
    let gone = json!({ "do": "status", "status": 404, "message": "Url not found" });
    company.faults(json!([{ "times": 3, "action": gone }]));
    company.hires(&["a", "b"]).await;
    company.seats("ScEXT1", &["a", "b"]).await;
    assert_eq!(company.dead().await, []);
    company.ends().await;
}
