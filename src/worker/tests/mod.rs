//! The worker's core against a platform in memory: no clock, no socket, no await.

mod adoption;
mod calm;
mod commands;
mod counts;
mod faults;
mod generation;
mod guard;
mod histories;
mod hr;
mod order;
mod pending;
mod platform;
mod quarantine;
mod retries;
mod strangers;
mod targets;
mod traces;
mod unanswered;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::{BURST, Generation, Limits, PersonState, Worker, WorkerRules, WorkerSettings};
use crate::event::{Event, Fact};
use crate::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use crate::log::{Arrived, Headers, Position, Record, Topic};
use crate::metrics::Metrics;
use crate::person::{self, Person, Rules, SourceRules};
use crate::plan::{Assignment, StartExamAssignment, StartExamPlanner};
use crate::provider::startexam::StartExamSettings;
use crate::provider::{Answer, Call, Failure, Operation, Profile, Target};
use crate::shard::{CallId, Core, Effect, Input};
use crate::traces::TraceContext;
use platform::Does;

/// One worker, one platform, the log between them, and the time.
struct World {
    worker: Worker,
    rules: Arc<WorkerRules>,
    metrics: Metrics,
    now: Timestamp,
    people: BTreeMap<EmployeeId, Person>,
    /// The state topic as it is committed.
    durable: BTreeMap<EmployeeId, Bytes>,
    letters: Vec<Record>,
    in_flight: Vec<(CallId, Call)>,
    script: VecDeque<Does>,
    /// What the platform never accepts: a person, `join <target>` or `leave <target> <person>`.
    refused: BTreeSet<String>,
    /// Programs the platform does not know.
    missing: BTreeSet<String>,
    /// People the platform does not know; it counts those it locks as created.
    strangers: BTreeSet<String>,
    /// People whom the client does not send when they are to join.
    invalid: BTreeSet<String>,
    active: BTreeMap<String, bool>,
    members: BTreeSet<(String, String)>,
    calls: Vec<String>,
    /// Calls nobody waits for any more, and when they take effect all the same.
    late: Vec<(Timestamp, Call)>,
    /// With which profile somebody was locked last.
    locked_with: BTreeMap<String, Profile>,
    /// How far the receiver's clock is ahead.
    ahead: Duration,
    events: u32,
    /// The trace in which HR speaks of somebody.
    traces: BTreeMap<EmployeeId, String>,
    /// What is told of each call: the traces it follows from, and the highest attempt.
    sent: Vec<(Vec<TraceContext>, u32)>,
}

const SALES: &str = "Sales";
const SUPPORT: &str = "Support";

fn rules() -> WorkerRules {
    let assign = |group: &str, program: &str| Assignment {
        group: group.to_owned(),
        startexam: Some(StartExamAssignment {
            programs: vec![program.to_owned(), "all".to_owned()],
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    };
    let fields = BTreeMap::from([("First Name".to_owned(), "first_name".to_owned())]);
    let assignments = vec![assign(SALES, "s"), assign(SUPPORT, "t")];
    let hr = SourceId::try_from("hr").unwrap();
    WorkerRules {
        provider: Provider::STARTEXAM,
        people: Rules {
            sources: BTreeMap::from([(hr, SourceRules::default())]),
            ..Rules::default()
        },
        planner: Box::new(StartExamPlanner::new(
            assignments.clone(),
            &StartExamSettings {
                profile_fields: fields,
                ..StartExamSettings::default()
            },
        )),
        assignments: Generation::new(0, &assignments),
        partitions: 1,
        limits: Limits {
            calls_per_second: 1000.0,
            burst: BURST,
            in_flight: 4,
            accounts: 500,
            mixes: true,
            registrations: 500,
            call_timeout: Duration::from_secs(30),
        },
        settings: WorkerSettings::default(),
    }
}

impl World {
    fn new() -> Self {
        Self::with(rules())
    }

    fn with(rules: WorkerRules) -> Self {
        let rules = Arc::new(rules);
        let metrics = Metrics::new().unwrap();
        Self {
            worker: Worker::new(Arc::clone(&rules), metrics.worker.clone(), 3, 7),
            rules,
            metrics,
            now: "2026-03-02T09:00:00Z".parse().unwrap(),
            people: BTreeMap::new(),
            durable: BTreeMap::new(),
            letters: Vec::new(),
            in_flight: Vec::new(),
            script: VecDeque::new(),
            refused: BTreeSet::new(),
            missing: BTreeSet::new(),
            strangers: BTreeSet::new(),
            invalid: BTreeSet::new(),
            active: BTreeMap::new(),
            members: BTreeSet::new(),
            calls: Vec::new(),
            late: Vec::new(),
            locked_with: BTreeMap::new(),
            ahead: Duration::ZERO,
            events: 0,
            traces: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    /// HR says a fact now; the roster folds it; the worker reads the person.
    fn tell(&mut self, who: &str, fact: Fact) {
        self.events += 1;
        self.pass(Duration::from_millis(1));
        let id = EmployeeId::try_from(who).unwrap();
        let event = Event {
            id: EventId::try_from(format!("event-{}", self.events)).unwrap(),
            source: SourceId::try_from("hr").unwrap(),
            subject: id.clone(),
            time: Some(self.now),
            received_time: Some(self.now.checked_add(self.ahead).unwrap()),
            sequence: None,
            fact,
        };
        let person = self.people.entry(id.clone()).or_default();
        person::fold(person, &event, &SourceRules::default(), self.now);
        let record = self.arrived(Topic::People, &id);
        self.feed(Input::Record(record));
    }

    fn arrived(&self, topic: Topic, id: &EmployeeId) -> Arrived {
        let payload = if topic == Topic::People {
            Bytes::from(serde_json::to_vec(&self.people[id]).unwrap())
        } else {
            self.durable[id].clone()
        };
        Arrived {
            position: Position {
                topic,
                partition: 3,
                offset: 41,
            },
            appended_at: self.now,
            key: Some(Bytes::copy_from_slice(id.as_str().as_bytes())),
            headers: match self.traces.get(id) {
                Some(trace) => Headers::default().with("traceparent", trace.clone()),
                None => Headers::default(),
            }
            .with("event-id", "event-1"),
            payload: Some(payload),
        }
    }

    fn feed(&mut self, input: Input<Answer>) {
        for effect in self.worker.handle(input, self.now) {
            match effect {
                Effect::Write(record) if record.topic == Topic::State(Provider::STARTEXAM) => {
                    let id = std::str::from_utf8(record.key.as_ref().unwrap()).unwrap();
                    let id = EmployeeId::try_from(id).unwrap();
                    self.durable.insert(id, record.payload.unwrap());
                }
                Effect::Write(record) => self.letters.push(record),
                Effect::Stop(stop) => panic!("{stop}"),
                Effect::Call(id, outgoing) => {
                    self.sent.push((outgoing.facts, outgoing.attempt));
                    let call = outgoing.call;
                    self.nobody_is_called_twice_at_once(&call);
                    self.in_flight.push((id, call));
                }
            }
        }
    }

    fn nobody_is_called_twice_at_once(&self, call: &Call) {
        let under_way = self.in_flight.iter().flat_map(|(_, call)| &call.people);
        let under_way: BTreeSet<&EmployeeId> = under_way.map(|(id, _)| id).collect();
        let twice = call.people.iter().any(|(id, _)| under_way.contains(id));
        assert!(!twice, "I3: a call for somebody with a call under way");
    }

    fn pass(&mut self, time: Duration) {
        self.reach(self.now.checked_add(time).unwrap());
    }

    /// Goes to an instant; what takes effect late by then does.
    fn reach(&mut self, instant: Timestamp) {
        self.now = self.now.max(instant);
        let now = self.now;
        let due: Vec<_> = self.late.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, call) in due {
            self.take_effect(&call);
        }
    }

    /// Lets the platform answer the calls under way.
    fn answer(&mut self) {
        for (id, call) in std::mem::take(&mut self.in_flight) {
            let answer = self.perform(&call);
            self.feed(Input::Answered(id, answer));
        }
    }

    /// Lets calls be answered and time pass until nothing is left to do before `until`.
    fn settle_until(&mut self, until: Timestamp) {
        for _ in 0..10_000 {
            self.answer();
            if !self.in_flight.is_empty() {
                continue;
            }
            match self.worker.wake_at() {
                Some(at) if at <= until => {
                    self.reach(at);
                    self.feed(Input::Tick);
                }
                Some(_) | None => {
                    self.reach(until);
                    return;
                }
            }
        }
        panic!("the worker never comes to rest");
    }

    /// The same for a few seconds.
    fn settle(&mut self) {
        self.settle_for(Duration::from_secs(10));
    }

    fn settle_for(&mut self, time: Duration) {
        self.settle_until(self.now.checked_add(time).unwrap());
    }

    /// The process dies and another takes over: only what is committed is left.
    fn crash(&mut self) {
        self.in_flight.clear();
        let metrics = self.metrics.worker.clone();
        let note = self.worker.note();
        self.worker = Worker::new(Arc::clone(&self.rules), metrics, 3, 7);
        self.worker.restore_note(&note.unwrap());
        for id in self.durable.keys().cloned().collect::<Vec<_>>() {
            let state = self.arrived(Topic::State(Provider::STARTEXAM), &id);
            self.worker.restore(state).unwrap();
        }
        for id in self.people.keys().cloned().collect::<Vec<_>>() {
            let person = self.arrived(Topic::People, &id);
            self.worker.restore(person).unwrap();
        }
        self.feed(Input::Restored);
    }

    fn programs(&self, who: &str) -> Vec<&str> {
        let of = |(target, member): &(String, String)| member == who && !target.is_empty();
        let members = self.members.iter().filter(|pair| of(pair));
        members.map(|(target, _)| target.as_str()).collect()
    }

    fn is_active(&self, who: &str) -> bool {
        self.active.get(who).copied().unwrap_or(false)
    }

    fn take_calls(&mut self) -> Vec<String> {
        std::mem::take(&mut self.calls)
    }

    fn dead_letters(&self) -> Vec<(String, String)> {
        let dead = Topic::DeadLetters(Provider::STARTEXAM);
        let letters = self.letters.iter().filter(|record| record.topic == dead);
        letters
            .map(|record| {
                let key = String::from_utf8(record.key.clone().unwrap().into()).unwrap();
                let code = record.headers.text("failure-code").unwrap().to_owned();
                (key, code)
            })
            .collect()
    }

    fn state(&self, who: &str) -> PersonState {
        let id = EmployeeId::try_from(who).unwrap();
        serde_json::from_slice(&self.durable[&id]).unwrap()
    }

    /// The one book that holds anybody.
    fn book(&self) -> String {
        let text = self.metrics.render().unwrap();
        let of =
            |line: &&str| line.starts_with("hris_relay_waiting_people{") && line.ends_with(" 1");
        let lines: Vec<&str> = text.lines().filter(of).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        let state = lines[0].split("state=\"").nth(1).unwrap();
        state.split('"').next().unwrap().to_owned()
    }
}

fn later(world: &World, time: Duration) -> Timestamp {
    world.now.checked_add(time).unwrap()
}
