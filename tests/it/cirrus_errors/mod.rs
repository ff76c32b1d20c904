//! What follows at Cirrus, row by row of the contract's table of errors: roster and worker on a
//! real log, against the simulated tenant over the wire.
//!
//! What each signal means is in `provider/cirrus/classify/tests.rs`, under the same names.

mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hris_relay::event::{Event, Fact, GroupChange, Groups, Hire, Phase, Termination, Update, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Log, Record, Topic};
use hris_relay::person::{Rules, SourceRules};
use hris_relay::plan::{Assignment, CirrusAssignment, CirrusPlanner, CirrusSchedule};
use hris_relay::provider::PlatformSettings;
use hris_relay::provider::cirrus::{Cirrus, CirrusSettings};
use hris_relay::simulator::cirrus::{Account, Running, Simulator, SimulatorSettings};
use hris_relay::worker::{BURST, Generation, Limits, WorkerRules, WorkerSettings};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::support::logs::{Harness, Place, Sqlite, moment, system_clock};
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
        let now = moment();
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
            self.hires_into(who, &["Sales"]).await;
        }
    }

    async fn hires_into(&self, who: &str, to: &[&str]) {
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
            groups: groups(to),
        };
        self.says(who, Fact::Hired(hire)).await;
    }

    async fn renames(&self, who: &str, first_name: &str) {
        let name = ("first_name".to_owned(), Some(first_name.to_owned()));
        let update = Update {
            effective: None,
            phase: Phase::Effective,
            attributes: BTreeMap::from([name]),
        };
        self.says(who, Fact::Updated(update)).await;
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
