//! Roster and worker on a real log, against the simulated platform over the wire.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::kafka::{OnKafka, cluster};
use crate::support::logs::{Harness, Place, Sqlite, moment, system_clock};
use crate::support::stages::Stages;
use hris_relay::event::{Event, Fact, Groups, Hire, Phase, Termination, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Log, Record, Topic};
use hris_relay::person::{Rules, SourceRules};
use hris_relay::plan::{Assignment, StartExamAssignment, StartExamPlanner};
use hris_relay::provider::startexam::wire::Status;
use hris_relay::provider::startexam::{StartExam, StartExamSettings};
use hris_relay::simulator::startexam::{Running, Simulator, SimulatorSettings};
use hris_relay::worker::{BURST, Generation, GuardSettings, Limits, WorkerRules, WorkerSettings};

const PROGRAM: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
const PEOPLE: usize = 200;

fn rules() -> Rules {
    let hr = SourceId::try_from("hr").unwrap();
    Rules {
        sources: BTreeMap::from([(hr, SourceRules::default())]),
        ..Rules::default()
    }
}

fn worker_rules() -> WorkerRules {
    let assignment = Assignment {
        group: "Sales".to_owned(),
        startexam: Some(StartExamAssignment {
            programs: vec![PROGRAM.to_owned()],
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    };
    let fields = BTreeMap::from([("First Name".to_owned(), "first_name".to_owned())]);
    WorkerRules {
        provider: Provider::STARTEXAM,
        people: rules(),
        planner: Box::new(StartExamPlanner::new(
            vec![assignment],
            &StartExamSettings {
                profile_fields: fields,
                ..StartExamSettings::default()
            },
        )),
        assignments: Generation::new(0, &[]),
        partitions: 1,
        limits: Limits {
            calls_per_second: 1000.0,
            burst: BURST,
            in_flight: 2,
            accounts: 500,
            registrations: 500,
            mixes: true,
            call_timeout: Duration::from_secs(10),
        },
        settings: WorkerSettings {
            // Half of the company leaves at once.
            guard: GuardSettings {
                enabled: false,
                ..GuardSettings::default()
            },
            ..WorkerSettings::default()
        },
    }
}

fn start(log: &Arc<dyn Log>, platform: &Running) -> Stages {
    let client = StartExam::from_settings(&account(platform), system_clock()).unwrap();
    Stages::start(log, rules(), worker_rules(), Arc::new(client))
}

fn account(platform: &Running) -> StartExamSettings {
    let simulated = SimulatorSettings::default();
    StartExamSettings {
        base_url: format!("http://{}", platform.addr()),
        allow_insecure_http: true,
        account_id: simulated.account_id,
        secret: Some(simulated.secret),
        profile_id: simulated.profile_id,
        ..StartExamSettings::default()
    }
}

fn fact(who: &str, id: String, fact: Fact) -> Record {
    let now = moment();
    let event = Event {
        id: EventId::try_from(id).unwrap(),
        source: SourceId::try_from("hr").unwrap(),
        subject: EmployeeId::try_from(who).unwrap(),
        time: Some(now),
        received_time: Some(now),
        sequence: None,
        fact,
    };
    Record::new(Topic::Events, who, event.to_json())
}

fn hired(who: &str) -> Record {
    let first_name = ("first_name".to_owned(), Some("Ada".to_owned()));
    let hire = Hire {
        employment: None,
        start: When::day("2020-01-01".parse().unwrap()),
        phase: Phase::Effective,
        attributes: BTreeMap::from([first_name]),
        groups: Groups::all([GroupId::try_from("Sales").unwrap()]),
    };
    fact(who, format!("hired-{who}"), Fact::Hired(hire))
}

fn terminated(who: &str) -> Record {
    let termination = Termination {
        employment: None,
        end: None,
        phase: Phase::Effective,
        reason: None,
    };
    fact(who, format!("left-{who}"), Fact::Terminated(termination))
}

fn people() -> Vec<String> {
    (0..PEOPLE).map(|n| format!("e-{n:03}")).collect()
}

/// Waits until the platform has as many active people and members as HR says.
async fn agrees(platform: &Running, active: usize, members: usize) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let account = platform.simulator().account();
        let is_active = account
            .employees
            .values()
            .filter(|e| e.status == Status::Active);
        let is_member = account
            .employees
            .values()
            .filter(|e| !e.programs.is_empty());
        let found = (is_active.count(), is_member.count());
        if found == (active, members) {
            return;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{found:?} active and registered instead of {:?}",
            (active, members)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Hires, a stop, terminations while nothing runs, a new start: the platform follows.
async fn the_platform_follows_over_a_restart(place: Arc<dyn Place>) {
    let anywhere = "127.0.0.1:0".parse().unwrap();
    let platform =
        Simulator::start(SimulatorSettings::default(), anywhere, system_clock()).unwrap();
    let log = place.open().await;
    log.create_topics(&Topic::all(Provider::ALL)).await.unwrap();
    let stages = start(&log, &platform);
    let hires = people().iter().map(|who| hired(who)).collect();
    log.append(hires).await.unwrap();
    agrees(&platform, PEOPLE, PEOPLE).await;
    stages.stop().await;
    log.close().await;
    let calls = platform.simulator().journal(None).len();

    let log = place.open().await;
    let leavers = people();
    let leavers: Vec<Record> = leavers
        .iter()
        .step_by(2)
        .map(|who| terminated(who))
        .collect();
    log.append(leavers).await.unwrap();
    // A hire that HR retries after the termination changes nothing.
    let late = people().iter().step_by(4).map(|who| hired(who)).collect();
    log.append(late).await.unwrap();
    let stages = start(&log, &platform);
    agrees(&platform, PEOPLE / 2, PEOPLE / 2).await;
    stages.stop().await;
    log.close().await;

    assert!(platform.simulator().overlaps().is_empty(), "I3");
    let more = platform.simulator().journal(None).len() - calls;
    assert!(
        more <= 30,
        "{more} calls for {} leavers in batches",
        PEOPLE / 2
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_follows_over_a_restart_on_sqlite() {
    the_platform_follows_over_a_restart(Sqlite.place().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_follows_over_a_restart_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let (brokers, name) = (kafka.brokers.clone(), kafka.name.clone());
    let place = OnKafka { brokers, name }.place().await;
    the_platform_follows_over_a_restart(place).await;
}
