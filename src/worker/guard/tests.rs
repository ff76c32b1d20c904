//! The guard's arithmetic.

use std::time::Duration;

use super::*;
use crate::plan::Digest;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(n: usize) -> EmployeeId {
    EmployeeId::try_from(format!("e-{n}")).unwrap()
}

fn active() -> PersonState {
    let mut state = PersonState::default();
    state.applied.account = Account::Active(Digest::of(&0));
    state
}

fn lock() -> Operation {
    let profile = crate::provider::Profile::default();
    Operation::lock(profile)
}

/// People with their records, and the guard that counts them.
struct Town {
    guard: Guard,
    people: Vec<(Tally, PersonState)>,
}

impl Town {
    fn of(active_people: usize, partitions: u32) -> Self {
        let mut guard = Guard::new(GuardSettings::default(), partitions);
        let people = (0..active_people)
            .map(|n| {
                let (mut tally, state) = (Tally::default(), active());
                guard.observe(&id(n), &mut tally, &state);
                (tally, state)
            })
            .collect();
        Self { guard, people }
    }

    /// Announces a removal if the guard lets it go.
    fn removes(&mut self, n: usize, now: Timestamp) -> bool {
        let (tally, state) = &mut self.people[n];
        if state.guard.asks(&lock(), true, now).is_some()
            && !self.guard.admits(Budget::Removals, now)
        {
            return false;
        }
        state.guard.announce(&lock(), true, false, now);
        state.applied.account = Account::Unsure;
        self.guard.observe(&id(n), tally, state);
        true
    }

    fn confirms(&mut self, n: usize, now: Timestamp) {
        let (tally, state) = &mut self.people[n];
        state.guard.confirm(&lock(), now);
        state.applied.account = Account::Locked;
        self.guard.observe(&id(n), tally, state);
    }
}

#[test]
fn the_budget_is_rounded_up_as_stated() {
    for (own, partitions, budget) in [
        (101, 1, 10),
        (500, 1, 10),
        (501, 1, 11),
        (1000, 1, 20),
        (25_000, 1, 500),
        (1000, 12, 20),
        (84, 12, 2),
        (10, 12, 1),
    ] {
        let town = Town::of(own, partitions);
        assert_eq!(town.guard.budget(), budget, "{own} of {partitions}");
    }
    assert_eq!(part(0.07, 100), 7);
    assert_eq!(part(0.07, 101), 8);
}

#[test]
fn few_people_are_not_guarded_and_removals_disarm_nothing() {
    assert!(!Town::of(100, 1).guard.is_armed());
    assert!(Town::of(101, 1).guard.is_armed());
    assert!(Town::of(9, 12).guard.is_armed(), "about 108 people");
    let mut town = Town::of(101, 1);
    for n in 0..10 {
        assert!(town.removes(n, at(0)));
        town.confirms(n, at(1));
    }
    assert!(town.guard.is_armed());
    assert!(!town.removes(10, at(1)));
}

#[test]
fn a_guard_that_is_switched_off_holds_nobody() {
    let mut town = Town::of(200, 1);
    town.guard.settings.enabled = false;
    assert!((0..200).all(|n| town.removes(n, at(0))));
}

#[test]
fn a_removal_counts_until_an_hour_after_it_was_confirmed() {
    let mut town = Town::of(200, 1);
    for n in 0..10 {
        assert!(town.removes(n, at(0)));
    }
    assert!(!town.removes(10, at(7200)), "any of them may come true now");
    town.confirms(0, at(7200));
    assert!(!town.removes(10, at(10_799)));
    assert!(town.removes(10, at(10_800)));
    assert!(!town.removes(11, at(10_800)));
}

#[test]
fn trying_again_needs_no_more_room() {
    let mut town = Town::of(200, 1);
    for n in 0..10 {
        assert!(town.removes(n, at(0)));
    }
    for hour in 1..5 {
        assert!(town.removes(3, at(hour * 3600)));
    }
    assert_eq!(town.guard.left(Budget::Removals, at(9999)), 0);
}

#[test]
fn a_released_removal_does_not_count() {
    let mut town = Town::of(200, 1);
    let (tally, state) = &mut town.people[0];
    state.guard.announce(&lock(), true, true, at(0));
    town.guard.observe(&id(0), tally, state);
    assert_eq!(town.guard.left(Budget::Removals, at(0)), 10);
}

#[test]
fn the_budgets_do_not_share_their_room() {
    let mut town = Town::of(200, 1);
    for n in 0..10 {
        assert!(town.removes(n, at(0)));
    }
    assert_eq!(town.guard.left(Budget::Leaves, at(0)), 10);
}

#[test]
fn ends_ahead_are_compared_with_the_room_each_hour_will_have() {
    let mut town = Town::of(200, 1);
    let day = |hour: i64| at(hour * 3600);
    let mut forecast = Forecast::default();
    let mut due = vec![None; 60];
    // Ten an hour fit; the three that come with the last ten do not.
    for (n, before) in due.iter_mut().enumerate().take(33) {
        let hour = i64::try_from(n.min(29) / 10).unwrap();
        forecast.expect(&id(n), before, Some(day(10 + hour)));
    }
    assert_eq!(forecast.review(&town.guard, day(0)), Some(3));
    assert_eq!(forecast.review(&town.guard, day(0)), None);
    // Somebody who went just before takes room from the first hour.
    let soon = day(10).checked_sub(Duration::from_mins(1)).unwrap();
    assert!(town.removes(40, soon));
    town.confirms(40, soon);
    forecast.expect(&id(59), &mut due[59], Some(day(200)));
    assert_eq!(forecast.review(&town.guard, soon), Some(4));
    assert_eq!(forecast.review_at(), Some(day(200 - 24)));
}
