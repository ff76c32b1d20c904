//! Every row of the contract's table of errors (1.5): signal in, failure out, next step right.
//!
//! Roster, worker and client are real, the platform is its simulator. What follows a failure
//! shows in the requests that come after it: how many, for how many people, after how long.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hris_relay::app;
use hris_relay::config::{self, Settings};
use hris_relay::event::{Event, Fact, Groups, Hire, Phase, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Log, Record, Topic};
use hris_relay::simulator::shared::Entry;
use hris_relay::simulator::startexam::{Running, Simulator, SimulatorSettings};
use serde_json::{Value, json};

use crate::support::logs::{Harness, Sqlite, moment, system_clock};
use crate::support::stages::Stages;

const SYNC: &str = "/v1/employees";
const PROGRAM: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
/// Once everything waits, it is tried again after this long; a retry waits far less.
const PROBE: Duration = Duration::from_secs(1);

pub(crate) fn settings(platform: &Running, meaning: &str, more: &str) -> Settings {
    let account = SimulatorSettings::default();
    let text = format!(
        r#"
[[assignments]]
group = "Sales"
startexam = {{ {meaning} }}
[providers.startexam]
base_url = "http://{addr}"
allow_insecure_http = true
account_id = {id}
secret = "{secret}"
profile_id = "{profile}"
max_rps = 1000.0
connect_timeout = "1s"
call_timeout = "3s"
{more}
[worker]
linger = "300ms"
retry_shortest = "20ms"
probe_every = "1s"
reassert_after = "1h"
[sources.hr]
kind = "cloudevents"
secrets = ["c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"]
"#,
        addr = platform.addr(),
        id = account.account_id,
        secret = account.secret.expose(),
        profile = account.profile_id,
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    std::fs::write(&file, text).unwrap();
    let nothing = BTreeMap::new();
    config::load::<Settings>(Some(&file), &nothing)
        .unwrap()
        .settings
}

pub(crate) fn hired(who: &str) -> Record {
    hired_from(who, When::day("2020-01-01".parse().unwrap()))
}

pub(crate) fn hired_from(who: &str, start: When) -> Record {
    let hire = Hire {
        employment: None,
        start,
        phase: Phase::Effective,
        attributes: BTreeMap::from([("first_name".to_owned(), Some("Ada".to_owned()))]),
        groups: Groups::all([GroupId::try_from("Sales").unwrap()]),
    };
    told(who, Fact::Hired(hire))
}

/// HR says so at this moment.
pub(crate) fn told(who: &str, fact: Fact) -> Record {
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

/// What became of it all.
struct Ended {
    /// The requests to one path, in order.
    requests: Vec<Entry>,
    /// Who is in the program.
    members: usize,
    /// Code, person and the platform's words.
    letters: Vec<(String, String, Value)>,
}

impl Ended {
    fn statuses(&self) -> Vec<u16> {
        // A request whose connection broke has no status.
        let requests = self.requests.iter();
        requests.map(|one| one.status.unwrap_or_default()).collect()
    }

    fn sizes(&self) -> Vec<usize> {
        self.requests.iter().map(|one| one.people).collect()
    }

    /// The wait between the end of a request and the next one.
    fn wait_after(&self, request: usize) -> Duration {
        let ended = self.requests[request].finished.unwrap();
        let next = self.requests[request + 1].started;
        Duration::try_from(next.duration_since(ended)).unwrap_or_default()
    }
}

async fn letters(log: &dyn Log) -> Vec<(String, String, Value)> {
    let topic = Topic::DeadLetters(Provider::STARTEXAM);
    let mut found = Vec::new();
    for partition in 0..log.partitions(topic).await.unwrap() {
        for record in log.read(topic, partition, 0, 1000).await.unwrap() {
            let who = record.key_text().unwrap().to_owned();
            let body: Value = serde_json::from_slice(&record.payload.unwrap()).unwrap();
            let code = body["outcome"].as_str().unwrap().to_owned();
            found.push((code, who, body["said"].clone()));
        }
    }
    found
}

/// Hires so many people while the script is played; ends when all of them but `dead` are in
/// the program, and `dead` are dead letters.
async fn play(people: usize, dead: usize, path: &str, script: Value) -> Ended {
    let anywhere = "127.0.0.1:0".parse().unwrap();
    let platform =
        Simulator::start(SimulatorSettings::default(), anywhere, system_clock()).unwrap();
    let simulator = platform.simulator();
    simulator.script(serde_json::from_value(script.clone()).unwrap());
    let place = Sqlite.place().await;
    let log: Arc<dyn Log> = place.open().await;
    log.create_topics(&Topic::all(Provider::ALL)).await.unwrap();
    let meaning = format!("programs = [\"{PROGRAM}\"]");
    let settings = settings(&platform, &meaning, "");
    let (rules, client) = app::worker(&settings, Provider::STARTEXAM, system_clock()).unwrap();
    let hires = (0..people).map(|n| hired(&format!("e-{n}"))).collect();
    log.append(hires).await.unwrap();
    let stages = Stages::start(&log, app::people_rules(&settings), rules, client);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    let (members, letters) = loop {
        let programs = simulator.account().programs;
        let members = programs[&PROGRAM.parse().unwrap()].members.len();
        let letters = letters(&*log).await;
        if (members, letters.len()) == (people - dead, dead) {
            break (members, letters);
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "{members} members, {letters:?} under {script}: {:#?}",
            simulator.journal(None)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    stages.stop().await;
    log.close().await;
    assert_eq!(simulator.overlaps(), [], "I3");
    let requests = simulator.journal(None).into_iter();
    Ended {
        requests: requests.filter(|one| one.path == path).collect(),
        members,
        letters,
    }
}

fn answer(path: &str, times: u64, status: u16, message: Option<&str>) -> Value {
    json!([{ "match": { "path": path }, "times": times,
        "action": { "do": "status", "status": status, "message": message } }])
}

const PROGRAM_PATH: &str = "/v1/program/employees";
const OLD: &str = "HTTP header 'Date' is incorrect: it's older than 15 minutes";

#[tokio::test(flavor = "multi_thread")]
async fn row_200_whole_is_success() {
    let ended = play(3, 0, SYNC, json!([])).await;
    assert_eq!((ended.statuses(), ended.members), (vec![200], 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn row_200_that_cannot_be_read_is_repeated() {
    let garbage = json!([{ "match": { "path": SYNC }, "action": { "do": "garbage_body" } }]);
    let ended = play(1, 0, SYNC, garbage).await;
    assert_eq!(ended.statuses(), [200, 200]);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_400_for_several_is_cut_until_the_bad_one_stands_alone() {
    let bad = json!([{ "match": { "path": SYNC, "person": "e-2" }, "times": 100,
        "action": { "do": "status", "status": 400, "message": "Value is not valid" } }]);
    let ended = play(4, 1, SYNC, bad).await;
    let mut sizes = ended.sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 1, 2, 2, 4]);
    let letter = (
        "operation_refused".to_owned(),
        "e-2".to_owned(),
        json!("Value is not valid"),
    );
    assert_eq!(ended.letters, [letter]);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_400_for_one_is_a_dead_letter_with_the_message() {
    let bad = answer(SYNC, 100, 400, Some("Value is not valid"));
    let ended = play(1, 1, SYNC, bad).await;
    assert_eq!(ended.statuses(), [400]);
    assert_eq!(ended.letters[0].2, "Value is not valid");
}

#[tokio::test(flavor = "multi_thread")]
async fn row_403_about_the_date_is_tried_once_more_and_then_stops_everything() {
    let once = play(1, 0, SYNC, answer(SYNC, 1, 403, Some(OLD))).await;
    assert_eq!(once.statuses(), [403, 200]);
    assert!(once.wait_after(0) < PROBE / 2);
    let twice = play(1, 0, SYNC, answer(SYNC, 2, 403, Some(OLD))).await;
    assert_eq!(twice.statuses(), [403, 403, 200]);
    assert!(twice.wait_after(1) >= PROBE / 2, "{:?}", twice.requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_401_403_and_a_404_of_everything_stop_everything_and_bury_nobody() {
    for status in [401, 403, 404] {
        let ended = play(3, 0, SYNC, answer(SYNC, 1, status, None)).await;
        assert_eq!(ended.statuses()[0], status);
        assert!(ended.wait_after(0) >= PROBE / 2, "{status}");
        assert_eq!(ended.letters, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_404_of_a_program_makes_that_program_wait_and_buries_nobody() {
    let message = Some("Program was not found");
    let unknown = answer(PROGRAM_PATH, 1, 404, message);
    let ended = play(3, 0, PROGRAM_PATH, unknown).await;
    assert_eq!(ended.statuses()[0], 404);
    assert!(ended.wait_after(0) >= PROBE / 2);
    assert_eq!(ended.letters, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_500_502_503_504_are_repeated() {
    for status in [500, 502, 503, 504] {
        let ended = play(1, 0, SYNC, answer(SYNC, 1, status, None)).await;
        assert_eq!(ended.statuses(), [status, 200]);
        assert_eq!(ended.letters, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_408_and_429_wait_as_long_as_they_are_asked_to() {
    for status in [408, 429] {
        let slow = json!([{ "match": { "path": SYNC },
            "action": { "do": "status", "status": status, "retry_after": "1" } }]);
        let ended = play(1, 0, SYNC, slow).await;
        assert_eq!(ended.statuses(), [status, 200]);
        assert!(
            ended.wait_after(0) >= Duration::from_millis(900),
            "{status}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_413_is_cut_in_two() {
    let ended = play(4, 0, SYNC, answer(SYNC, 1, 413, None)).await;
    let mut sizes = ended.sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 2, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_without_an_answer_is_repeated_whether_it_was_done_or_not() {
    for action in [
        json!({ "do": "drop_before" }),
        json!({ "do": "drop_after_commit" }),
        json!({ "do": "slow", "lasting": "5s" }),
        json!({ "do": "partial", "people": 0 }),
    ] {
        let script = json!([{ "match": { "path": SYNC }, "action": action }]);
        let ended = play(1, 0, SYNC, script).await;
        assert_eq!(ended.requests.len(), 2, "{action}");
        assert_eq!(ended.letters, []);
    }
}
