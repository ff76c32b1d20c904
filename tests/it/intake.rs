//! The intake on a real log: whoever writes to the inbox, and however, each person has one
//! owner and one record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hris_relay::event::{Admission, Event, Strictness, VersionBy};
use hris_relay::id::{Provider, SourceId};
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::log::{Arrived, Group, Headers, Log, Record, Stage, Topic, header};
use hris_relay::person::{Person, Rules, SourceRules, fold};
use hris_relay::roster::{IntakeHost, RosterHost};
use hris_relay::shard::{ShardSettings, StageError, run_stage};
use jiff::{Timestamp, ToSpan};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::binary::{Installation, free_address, get, metric};
use crate::support::kafka::{cluster, open, settings};
use crate::support::logs::{Harness, Sqlite, system_clock};
use crate::support::stages::process;

const PEOPLE: usize = 40;
const FACTS: usize = 6;

/// Intake and roster in one process; dropped, they end without a farewell.
struct Stages {
    running: JoinSet<Result<(), StageError>>,
    stopping: CancellationToken,
}

impl Stages {
    fn start(log: &Arc<dyn Log>) -> Self {
        let process = process();
        let shard = ShardSettings::default();
        let stopping = CancellationToken::new();
        let mut running = JoinSet::new();
        let admission = Admission {
            source: erp(),
            version: VersionBy::OccurredAt,
            attributes: vec![("email".to_owned(), "email".to_owned())],
            subject_prefix: String::new(),
        };
        let admissions = Arc::new([(erp(), admission)].into());
        let intake = IntakeHost::new(admissions, shard.clone(), process.clone());
        let roster = RosterHost::new(rules(), shard, process);
        let stage = |group, source| Stage {
            group,
            source,
            handover: Duration::from_secs(5),
        };
        running.spawn(run_stage(
            Arc::new(intake),
            Arc::clone(log),
            stage(Group::Intake, Topic::Inbox),
            stopping.clone(),
        ));
        running.spawn(run_stage(
            Arc::new(roster),
            Arc::clone(log),
            stage(Group::Roster, Topic::Events),
            stopping.clone(),
        ));
        Self { running, stopping }
    }

    async fn stop(mut self) {
        self.stopping.cancel();
        while let Some(ended) = self.running.join_next().await {
            ended.unwrap().unwrap();
        }
    }
}

fn erp() -> SourceId {
    SourceId::try_from("erp").unwrap()
}

fn rules() -> Rules {
    Rules {
        sources: BTreeMap::from([(erp(), SourceRules::default())]),
        ..Rules::default()
    }
}

/// Every fact of everybody, long ago: what a fact says does not hang on when it was received.
fn facts() -> Vec<Value> {
    let begin: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let kinds = [
        ("hired", json!({"effective_at": "2026-01-01"})),
        ("updated", json!({"attributes": {"email": "a@x.test"}})),
        ("group_changed", json!({"groups": {"joined": ["Sales"]}})),
        ("terminated", json!({})),
        ("hired", json!({"effective_at": "2026-02-01"})),
        ("access_revoked", json!({})),
    ];
    assert_eq!(kinds.len(), FACTS);
    let of_one = |who: usize| {
        let kinds = kinds.clone();
        (0..).zip(kinds).map(move |(hours, (kind, data))| {
            // Whoever's number is odd has two facts in another order.
            let hours = if who % 2 == 1 && hours == 3 { 5 } else { hours };
            json!({
                "specversion": "1.0", "id": format!("{who}-{hours}-{kind}"), "source": "erp",
                "type": format!("hr.employee.{kind}.v1"), "subject": format!("e-{who:03}"),
                "time": (begin + (hours * 24).hours()).to_string(), "data": data
            })
        })
    };
    (0..PEOPLE).flat_map(of_one).collect()
}

/// Everybody's record, folded from the set of facts without relay or log.
fn reference() -> BTreeMap<String, Person> {
    let mut people = BTreeMap::<String, Person>::new();
    for fact in facts() {
        let event = Event::from_value(&fact, Strictness::Strict).unwrap();
        let person = people.entry(event.subject.as_str().to_owned()).or_default();
        fold(person, &event, &SourceRules::default(), Timestamp::MAX);
    }
    people
        .into_iter()
        .map(|(who, person)| (who, person.without_notes()))
        .collect()
}

/// A fact as one of the three modes carries it: headers and payload.
fn carried(fact: &Value, mode: usize) -> (Vec<(String, String)>, String) {
    let said = |media: &str| vec![("content-type".to_owned(), media.to_owned())];
    match mode % 4 {
        0 => (said("application/cloudevents+json"), fact.to_string()),
        1 => (
            said("application/cloudevents-batch+json"),
            json!([fact]).to_string(),
        ),
        2 => (Vec::new(), fact.to_string()),
        _ => {
            let attributes = fact.as_object().unwrap().iter();
            let beside = attributes.filter(|(name, _)| *name != "data");
            let headers = beside
                .map(|(name, value)| (format!("ce_{name}"), value.as_str().unwrap().to_owned()));
            let mut headers: Vec<_> = headers.collect();
            headers.extend(said("application/json"));
            (headers, fact["data"].to_string())
        }
    }
}

async fn everything(log: &dyn Log, topic: Topic) -> Vec<Arrived> {
    let mut found = Vec::new();
    for partition in 0..log.partitions(topic).await.unwrap() {
        let read = log.read(topic, partition, 0, 100_000).await.unwrap();
        found.extend(read);
    }
    found
}

async fn people(log: &dyn Log) -> BTreeMap<String, Person> {
    let records = everything(log, Topic::People).await;
    let people = records.into_iter().map(|record| {
        let key = record.key_text().unwrap().to_owned();
        let person: Person = serde_json::from_slice(&record.payload.unwrap()).unwrap();
        (key, person.without_notes())
    });
    people.collect()
}

/// Waits until so many events are written and everybody is as the reference has them.
async fn agrees(log: &dyn Log, events: usize) {
    let expected = reference();
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let written = everything(log, Topic::Events).await.len();
        let found = people(log).await;
        if written == events && found == expected {
            return;
        }
        let wrong = expected
            .iter()
            .filter(|(who, person)| found.get(*who) != Some(*person));
        assert!(
            Instant::now() < deadline,
            "{written} events instead of {events}, {} people are not as they should be",
            wrong.count()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Every key lies in one partition of the events, and it is its event's subject.
async fn everybody_has_one_owner(log: &dyn Log) {
    let mut homes = BTreeMap::<String, BTreeSet<u32>>::new();
    for record in everything(log, Topic::Events).await {
        let event = Event::parse(&record.payload.clone().unwrap(), Strictness::Lenient).unwrap();
        assert_eq!(record.key_text(), Some(event.subject.as_str()));
        assert!(event.received_time.is_some());
        let homes = homes.entry(event.subject.as_str().to_owned()).or_default();
        homes.insert(record.position.partition);
    }
    assert_eq!(homes.len(), PEOPLE);
    assert!(homes.values().all(|home| home.len() == 1), "{homes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_other_producers_are_folded_on_sqlite() {
    let place = Sqlite.place().await;
    let log = place.open().await;
    let mut records: Vec<Record> = Vec::new();
    for (mode, fact) in facts().iter().rev().enumerate() {
        let (headers, payload) = carried(fact, mode);
        let headers = headers
            .into_iter()
            .fold(Headers::default(), |all, (name, value)| {
                all.with(name, value)
            });
        records.push(Record {
            topic: Topic::Inbox,
            key: None,
            headers,
            payload: Some(payload.into()),
        });
    }
    let mut garbage = Record::new(Topic::Inbox, "anything", "no event");
    records.push(garbage.clone());
    garbage.payload = None;
    records.push(garbage);
    log.append(records).await.unwrap();
    let stages = Stages::start(&log);
    agrees(&*log, PEOPLE * FACTS).await;
    stages.stop().await;
    everybody_has_one_owner(&*log).await;
    let letters = everything(&*log, Topic::InboxDeadLetters).await;
    let codes: Vec<_> = letters
        .iter()
        .map(|letter| letter.headers.text(header::FAILURE_CODE).unwrap())
        .collect();
    assert_eq!(codes, ["not_json", "empty_record"]);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_that_runs_the_roster_takes_in_what_sources_of_that_kind_wrote() {
    let admin = free_address();
    let installation = Installation::new(&format!(
        "[admin]\nlisten = '{admin}'\n[sources.erp]\nkind = 'cloudevents'\n\
         secrets = ['a token of 16 letters']\n[sources.portal]\nkind = 'standard_webhooks'\n\
         secrets = ['whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h']\n"
    ));
    let mut roster = installation.start(&["roster"]);
    roster.until_ready(admin);
    let log = SqliteLog::open(&installation.path("data"), system_clock()).unwrap();
    let mut foreign = facts()[1].clone();
    foreign["source"] = json!("portal");
    let record = |fact: &Value| Record::new(Topic::Inbox, "any", fact.to_string());
    let records = vec![record(&facts()[0]), record(&foreign)];
    log.append(records).await.unwrap();
    let is_done = || {
        let text = get(admin, "/metrics")
            .map(|(_, text)| text)
            .unwrap_or_default();
        let records = |outcome| {
            metric(
                &text,
                "hris_relay_inbox_records_total",
                &[("outcome", outcome)],
            )
        };
        let folded = metric(&text, "hris_relay_facts_total", &[("outcome", "folded")]);
        [records("taken"), records("dead_lettered"), folded]
            .iter()
            .sum::<f64>()
            > 2.5
    };
    roster.until("done with three outcomes", is_done);
    let (_, health) = get(admin, "/health/ready").unwrap();
    assert!(health.contains("intake"), "{health}");
    assert!(roster.terminate().success());
    let letters = everything(&log, Topic::InboxDeadLetters).await;
    let code = letters[0].headers.text(header::FAILURE_CODE);
    assert_eq!((letters.len(), code), (1, Some("unknown_source")));
    assert_eq!(people(&log).await.len(), 1);
    log.close().await;
}

/// How one producer's records find their partition.
#[derive(Clone, Copy)]
struct Habit {
    partitioner: &'static str,
    key: fn(&str, usize) -> Option<String>,
}

const HABITS: [Habit; 5] = [
    // What librdkafka's clients do by default.
    Habit {
        partitioner: "consistent",
        key: |who, _| Some(who.to_owned()),
    },
    // What Kafka's Java client does.
    Habit {
        partitioner: "murmur2_random",
        key: |who, _| Some(who.to_owned()),
    },
    Habit {
        partitioner: "fnv1a",
        key: |who, _| Some(who.to_owned()),
    },
    Habit {
        partitioner: "consistent_random",
        key: |_, _| None,
    },
    Habit {
        partitioner: "consistent",
        key: |_, number| Some(format!("order-{number}")),
    },
];

/// Writes every fact once, beginning at another one than the other producers.
async fn produce(habit: Habit, number: usize, brokers: String, topic: String) -> usize {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("partitioner", habit.partitioner)
        .set("linger.ms", "2")
        .create()
        .unwrap();
    let facts = facts();
    let first = number * facts.len() / HABITS.len();
    let turned = facts.iter().cycle().skip(first).take(facts.len());
    let mut sent = Vec::new();
    for (index, fact) in turned.enumerate() {
        let (headers, payload) = carried(fact, index + number);
        let key = (habit.key)(fact["subject"].as_str().unwrap(), index);
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (name, value)| {
                all.insert(Header {
                    key: name,
                    value: Some(value),
                })
            });
        let record = FutureRecord::to(&topic).payload(&payload).headers(headers);
        let record = match &key {
            Some(key) => record.key(key),
            None => record,
        };
        sent.push(producer.send_result(record).unwrap());
        if index % 20 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let count = sent.len();
    for delivery in sent {
        delivery.await.unwrap().unwrap();
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn producers_of_every_habit_may_write_the_same_people_at_once_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let settings = settings(&kafka.brokers);
    let log: Arc<dyn Log> = open(&settings);
    log.create_topics(&Topic::all(Provider::ALL)).await.unwrap();
    let stages = Stages::start(&log);
    let topic = format!("{}{}", settings.prefix, Topic::Inbox);
    let mut producers = JoinSet::new();
    for (number, habit) in HABITS.into_iter().enumerate() {
        producers.spawn(produce(habit, number, kafka.brokers.clone(), topic.clone()));
    }
    // Meanwhile the owner goes without a farewell, and another one comes.
    let deadline = Instant::now() + Duration::from_secs(30);
    while everything(&*log, Topic::Events).await.is_empty() {
        assert!(Instant::now() < deadline, "nothing was taken in");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stages);
    let sent: usize = producers.join_all().await.into_iter().sum();
    let inbox = everything(&*log, Topic::Inbox).await;
    let partitions: BTreeSet<u32> = inbox.iter().map(|at| at.position.partition).collect();
    assert!(partitions.len() > 1, "the producers agreed: {partitions:?}");

    let log: Arc<dyn Log> = open(&settings);
    let stages = Stages::start(&log);
    agrees(&*log, sent).await;
    stages.stop().await;
    everybody_has_one_owner(&*log).await;
    assert!(everything(&*log, Topic::InboxDeadLetters).await.is_empty());
    log.close().await;
}
