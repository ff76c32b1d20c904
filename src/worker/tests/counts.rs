//! How many calls a company takes: what a platform bears is what people wait for.

use super::*;
use crate::worker::GuardSettings;

/// A fifth of 25,000 people in calls a fifth as large, to save the test's time.
const PEOPLE: usize = 5000;
const BATCH: usize = 100;

#[test]
fn a_company_that_is_terminated_takes_full_calls() {
    let mut rules = rules();
    rules.limits.accounts = BATCH;
    rules.limits.registrations = BATCH;
    // As StartExam's settings have them by default.
    rules.limits.calls_per_second = 2.0;
    rules.limits.in_flight = 2;
    rules.settings.guard = GuardSettings {
        enabled: false,
        ..GuardSettings::default()
    };
    rules.planner = Box::new(three_programs());
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
    for n in 0..PEOPLE {
        world.worker.restore(of(&state, n)).unwrap();
        world.worker.restore(of(&active, n)).unwrap();
    }
    world.feed(Input::Restored);
    world.settle();
    world.take_calls();
    for n in 0..PEOPLE {
        // 5,000 a second, half of what a roster folds.
        world.pass(Duration::from_micros(200));
        world.feed(Input::Record(of(&gone, n)));
        if world.worker.wake_at().is_some_and(|at| at <= world.now) {
            world.feed(Input::Tick);
        }
        world.answer();
    }
    world.settle_for(Duration::from_hours(1));
    let calls = world.take_calls();
    let locks = calls.iter().filter(|call| call.starts_with("lock")).count();
    let most = PEOPLE / BATCH;
    assert!(
        calls.len() <= 3 * most + most + 5,
        "{locks} calls lock, {} unregister",
        calls.len() - locks
    );
    let last = world.state("e-04999");
    assert_eq!(last.applied.account, crate::plan::Account::Locked);
    assert!(last.applied.targets.is_empty());
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
