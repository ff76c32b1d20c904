//! Random histories: what any hour sees.

use super::*;

/// Whatever HR, operators and crashes do, in no hour go more than the budget who were not
/// released.
#[test]
fn no_hour_sees_more_unapproved_locks_than_the_budget() {
    for seed in 0..40 {
        let (most, locks) = wild_history(seed);
        assert!(
            most <= 10,
            "seed {seed}: {most} of {locks} locks in an hour"
        );
    }
}

const SLICE: Duration = Duration::from_mins(2);

fn wild_history(seed: u64) -> (usize, usize) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut world = World::company(150);
    let mut released = BTreeMap::new();
    let mut gone: Vec<Timestamp> = Vec::new();
    for _ in 0..60 {
        let who = name(dice.usize(0..150));
        match dice.u8(0..12) {
            0..=3 => {
                let from = dice.usize(0..150);
                world.terminated_all(from..(from + dice.usize(1..20)).min(150));
            }
            4 | 5 => world.hired(&who, "2026-03-01", SALES),
            6 => world.crash(),
            7 => {
                let kind = if dice.bool() {
                    CommandKind::Release
                } else {
                    CommandKind::Reject
                };
                world.decided(&who, kind);
                let id = EmployeeId::try_from(who.as_str()).unwrap();
                let version = world.people[&id].fact_version();
                released.remove(&who);
                if kind == CommandKind::Release {
                    released.insert(who, version);
                }
            }
            8 => world.script.extend([Does::LosesAnswer, Does::LosesAnswer]),
            9 => world.script.push_back(Does::Fails(Failure::Unanswered)),
            10 => {
                world.refused.clear();
                world.refused.insert(who);
            }
            _ => world.moved(&who, SUPPORT),
        }
        for _ in 0..dice.u8(1..10) {
            let before = world.active.clone();
            world.passes(SLICE);
            let went = before
                .iter()
                .filter(|(who, was)| **was && !world.is_active(who));
            let went = went.filter(|(who, _)| {
                let id = EmployeeId::try_from(who.as_str()).unwrap();
                released.get(*who) != Some(&world.people[&id].fact_version())
            });
            gone.extend(went.map(|_| world.now));
        }
    }
    let hour = HOUR.checked_sub(SLICE * 2).unwrap();
    let most = gone
        .iter()
        .map(|end| {
            let start = end.checked_sub(hour).unwrap();
            gone.iter().filter(|at| **at > start && *at <= end).count()
        })
        .max();
    (most.unwrap_or_default(), gone.len())
}
