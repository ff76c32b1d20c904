//! How many calls a company takes: what a platform bears is what people wait for.

use super::*;
use crate::plan::{
    CirrusAssignment, CirrusPlanner, CirrusSchedule, ExamTestingAssignment, ExamTestingPlanner,
};
use crate::provider::PlatformSettings;
use crate::provider::cirrus::CirrusSettings;
use crate::provider::examtesting::ExamTestingSettings;
use crate::worker::GuardSettings;

/// A fifth of 25,000 people in calls a fifth as large, to save the test's time.
const PEOPLE: usize = 5000;
const BATCH: usize = 100;

/// Terminates that many people, each registered as the planner says, at 5,000 a second: half of
/// what a roster folds. Says which calls that took.
fn terminated(mut rules: WorkerRules, people: usize) -> Vec<String> {
    rules.settings.guard = GuardSettings {
        enabled: false,
        ..GuardSettings::default()
    };
    let mut world = World::with(rules);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(Duration::from_mins(1));
    let template = EmployeeId::try_from("a").unwrap();
    let state = world.arrived(Topic::State(Provider::STARTEXAM), &template);
    let active = world.arrived(Topic::People, &template);
    world.terminated("a", None);
    let gone = world.arrived(Topic::People, &template);
    let of = |record: &Arrived, n: usize| Arrived {
        key: Some(Bytes::from(format!("e-{n:05}"))),
        ..record.clone()
    };
    let metrics = world.metrics.worker.clone();
    world.worker = Worker::new(Arc::clone(&world.rules), metrics, 3, 7);
    world.in_flight.clear();
    for n in 0..people {
        world.worker.restore(of(&state, n)).unwrap();
        world.worker.restore(of(&active, n)).unwrap();
    }
    world.feed(Input::Restored);
    world.settle();
    world.take_calls();
    for n in 0..people {
        world.pass(Duration::from_micros(200));
        world.feed(Input::Record(of(&gone, n)));
        if world.worker.wake_at().is_some_and(|at| at <= world.now) {
            world.feed(Input::Tick);
        }
        world.answer();
    }
    world.settle_for(Duration::from_hours(1));
    let last = world.state(&format!("e-{:05}", people - 1));
    assert_eq!(last.applied.account, crate::plan::Account::Locked);
    assert!(last.applied.targets.is_empty());
    world.take_calls()
}

fn locks(calls: &[String]) -> usize {
    calls.iter().filter(|call| call.starts_with("lock")).count()
}

#[test]
fn a_company_that_is_terminated_takes_full_calls_at_startexam() {
    let mut rules = rules();
    rules.limits.accounts = BATCH;
    rules.limits.registrations = BATCH;
    // As StartExam's settings have them by default.
    rules.limits.calls_per_second = 2.0;
    rules.limits.in_flight = 2;
    rules.planner = Box::new(three_programs());
    let calls = terminated(rules, PEOPLE);
    let most = PEOPLE / BATCH;
    assert!(
        calls.len() <= 3 * most + most + 5,
        "{} calls lock, {} unregister",
        locks(&calls),
        calls.len() - locks(&calls)
    );
}

/// Cirrus locks one user a request, and takes 50 off a schedule in one.
#[test]
fn a_company_that_is_terminated_takes_a_call_a_person_and_one_for_fifty_at_cirrus() {
    let schedule = CirrusSchedule {
        schedule: "s".to_owned(),
        group: "g".to_owned(),
        group_name: "G".to_owned(),
    };
    let assignment = Assignment {
        group: SALES.to_owned(),
        cirrus: Some(CirrusAssignment {
            schedules: vec![schedule],
        }),
        ..Assignment::default()
    };
    let settings = CirrusSettings::default();
    let mut rules = rules();
    rules.limits = Limits::new(settings.capacity(), BURST);
    rules.limits.calls_per_second = 1000.0;
    rules.planner = Box::new(CirrusPlanner::new(vec![assignment], &settings));
    let calls = terminated(rules, 1000);
    assert_eq!(locks(&calls), 1000);
    let removals = calls.len() - locks(&calls);
    assert!((20..=25).contains(&removals), "{removals} calls remove");
}

/// `ExamTesting` takes one student a request, and there is nothing to unregister.
#[test]
fn a_company_that_is_terminated_takes_a_call_a_person_at_examtesting() {
    let assignment = Assignment {
        group: SALES.to_owned(),
        examtesting: Some(ExamTestingAssignment {
            group: "Class A".to_owned(),
        }),
        ..Assignment::default()
    };
    let settings = ExamTestingSettings::default();
    let mut rules = rules();
    rules.limits = Limits::new(settings.capacity(), BURST);
    rules.limits.calls_per_second = 1000.0;
    rules.planner = Box::new(ExamTestingPlanner::new(vec![assignment], &settings));
    let calls = terminated(rules, 1000);
    assert_eq!((locks(&calls), calls.len()), (1000, 1000));
}

fn three_programs() -> StartExamPlanner {
    let assignment = Assignment {
        group: SALES.to_owned(),
        startexam: Some(StartExamAssignment {
            programs: ["a", "b", "c"].map(str::to_owned).to_vec(),
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    };
    let settings = StartExamSettings::default();
    StartExamPlanner::new(vec![assignment], &settings)
}
