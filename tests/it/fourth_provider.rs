//! A fourth platform, made of nothing but what `docs/adding-a-provider.md` asks for: the seam
//! is enough, and no stage knows a platform by name.
//!
//! Proctorly seats people in rooms. It takes one person a request, makes the account with the
//! first seat, and has no way to change it but to lock it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use hris_relay::event::{Event, Fact, Groups, Hire, Phase, Termination, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Record, Topic};
use hris_relay::person::{Presence, Rules, SourceRules, Standing};
use hris_relay::plan::{Account, Applied, Desired, DesiredAccount, Membership, Planner};
use hris_relay::provider::{
    Answer, Call, Capacity, Done, Failure, Operation, Platform, Profile, Target,
};
use hris_relay::worker::{BURST, Generation, Limits, WorkerRules, WorkerSettings};

use crate::support::logs::{Harness, Sqlite, moment, system_clock};
use crate::support::stages::Stages;

const PROCTORLY: Provider = Provider::unregistered("proctorly");

/// What Proctorly holds of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seat {
    is_locked: bool,
    room: Option<String>,
}

/// The platform and its client in one.
#[derive(Debug, Default)]
struct Proctorly {
    seats: Mutex<BTreeMap<String, Seat>>,
    requests: Mutex<usize>,
}

#[async_trait]
impl Platform for Proctorly {
    async fn perform(&self, call: &Call) -> Answer {
        *self.requests.lock().unwrap() += 1;
        let mut seats = self.seats.lock().unwrap();
        let [(id, operation)] = call.people.as_slice() else {
            return Answer::Failed(Failure::TooLarge);
        };
        let id = id.as_str().to_owned();
        let done = match operation {
            Operation::Join {
                target, profile, ..
            } => {
                if profile.is_none() && !seats.contains_key(&id) {
                    Done::NotFound
                } else {
                    let seat = Seat {
                        is_locked: false,
                        room: Some(target.0.clone()),
                    };
                    seats.insert(id, seat);
                    Done::Applied
                }
            }
            Operation::Activate { .. } | Operation::Lock { .. } => match seats.get_mut(&id) {
                None => Done::NotFound,
                Some(seat) => {
                    seat.is_locked = operation.is_lock();
                    Done::Applied
                }
            },
            Operation::Leave { .. } => match seats.get_mut(&id) {
                None => Done::NotFound,
                Some(seat) => {
                    seat.room = None;
                    Done::Applied
                }
            },
        };
        Answer::Each(vec![Ok(done)])
    }
}

/// One room for everybody; the account comes with the seat.
#[derive(Debug)]
struct Rooms;

impl Planner for Rooms {
    fn desired(&self, standing: &Standing) -> Desired {
        let profile = Profile::default();
        let (account, targets) = match standing.presence {
            Presence::Active => {
                let room = Target("room:1".to_owned());
                (DesiredAccount::Active(profile), BTreeSet::from([room]))
            }
            Presence::Gone => (DesiredAccount::Locked(profile), BTreeSet::new()),
            Presence::Unheard | Presence::Ahead => {
                (DesiredAccount::NotYet(profile), BTreeSet::new())
            }
        };
        Desired {
            account,
            targets,
            is_unmapped: false,
            heard: None,
        }
    }

    fn steps(&self, desired: &Desired, applied: &Applied) -> Vec<Operation> {
        let mut steps = Vec::new();
        let is_known = applied.account != Account::Unknown;
        match &desired.account {
            DesiredAccount::Active(profile) => {
                if is_known && !matches!(applied.account, Account::Active(_)) {
                    steps.push(Operation::activate(profile.clone()));
                }
                for target in &desired.targets {
                    if applied.targets.get(target) != Some(&Membership::Joined) {
                        steps.push(Operation::Join {
                            target: target.clone(),
                            profile: (!is_known).then(|| profile.clone()),
                            heard: None,
                            is_repeat: applied.targets.contains_key(target),
                        });
                    }
                }
            }
            DesiredAccount::Locked(profile) | DesiredAccount::NotYet(profile) => {
                if is_known && applied.account != Account::Locked {
                    steps.push(Operation::lock(profile.clone()));
                }
            }
            DesiredAccount::Untouched => {}
        }
        let leaves = applied.targets.keys();
        let leaves = leaves.filter(|target| !desired.targets.contains(*target));
        steps.extend(leaves.cloned().map(Operation::leave));
        steps
    }
}

fn rules() -> Rules {
    let hr = SourceId::try_from("hr").unwrap();
    Rules {
        sources: BTreeMap::from([(hr, SourceRules::default())]),
        ..Rules::default()
    }
}

fn worker_rules() -> WorkerRules {
    let capacity = Capacity {
        calls_per_second: 1000.0,
        in_flight: 2,
        accounts: 1,
        registrations: 1,
        mixes: false,
        call_timeout: Duration::from_secs(10),
    };
    WorkerRules {
        provider: PROCTORLY,
        people: rules(),
        planner: Box::new(Rooms),
        assignments: Generation::new(0, &[]),
        partitions: 1,
        limits: Limits::new(capacity, BURST),
        settings: WorkerSettings::default(),
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

fn hired(who: &str) -> Record {
    let hire = Hire {
        employment: None,
        start: When::instant(system_clock().now()),
        phase: Phase::Effective,
        attributes: BTreeMap::new(),
        groups: Groups::all([GroupId::try_from("Sales").unwrap()]),
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

async fn seated(platform: &Proctorly, expected: &BTreeMap<String, Seat>) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let seats = platform.seats.lock().unwrap().clone();
        if seats == *expected {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{seats:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_nobody_has_heard_of_follows_with_nothing_but_a_client_and_a_plan() {
    let place = Sqlite.place().await;
    let log = place.open().await;
    let mut topics = Topic::all(Provider::ALL);
    topics.extend(Topic::all(&[PROCTORLY]));
    log.create_topics(&topics).await.unwrap();
    let platform = Arc::new(Proctorly::default());
    let own = Arc::clone(&platform);
    let client: Arc<dyn Platform> = own;
    let stages = Stages::start(&log, rules(), worker_rules(), Arc::clone(&client));
    let people = ["e-1", "e-2", "e-3"];
    log.append(people.map(hired).to_vec()).await.unwrap();
    let seat = |is_locked: bool| Seat {
        is_locked,
        room: (!is_locked).then(|| "room:1".to_owned()),
    };
    let mut expected: BTreeMap<String, Seat> =
        people.map(|who| (who.to_owned(), seat(false))).into();
    seated(&platform, &expected).await;
    assert_eq!(
        *platform.requests.lock().unwrap(),
        3,
        "a seat makes the account"
    );

    log.append(vec![terminated("e-2")]).await.unwrap();
    expected.insert("e-2".to_owned(), seat(true));
    seated(&platform, &expected).await;
    stages.stop().await;

    // Its state is its own: a new process calls nobody, and lets somebody in again.
    let requests = *platform.requests.lock().unwrap();
    let stages = Stages::start(&log, rules(), worker_rules(), client);
    log.append(vec![hired("e-2")]).await.unwrap();
    expected.insert("e-2".to_owned(), seat(false));
    seated(&platform, &expected).await;
    stages.stop().await;
    let more = *platform.requests.lock().unwrap() - requests;
    assert_eq!(more, 2, "one call to activate, one to seat");
    log.close().await;
}
