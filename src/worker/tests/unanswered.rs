//! Calls whose answer never came, and what is remembered because of them.

use super::*;
use crate::plan::Account;

const HOUR: Duration = Duration::from_hours(1);
/// Twice the call timeout of the tests' platform.
const REASSERT: Duration = Duration::from_mins(1);
/// Long after the call, and before it is asserted again.
const LATE: Duration = Duration::from_secs(50);

fn acts_late() -> Does {
    Does::ActsLate(LATE)
}

/// Somebody whose activation is under way for long, and who has left and is locked by then.
fn left_behind_by_an_activation() -> World {
    let mut world = World::new();
    world.script.push_back(acts_late());
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(Duration::from_millis(100));
    world.terminated("a", None);
    world.settle();
    assert_eq!(world.take_calls(), ["activate a", "lock a"]);
    assert_eq!(world.state("a").applied.account, Account::Locked);
    world
}

#[test]
fn an_activation_that_takes_effect_after_the_lock_is_undone() {
    let mut world = left_behind_by_an_activation();
    world.settle_for(Duration::from_secs(45));
    assert!(world.is_active("a"), "the platform acts after all");
    world.settle();
    assert!(!world.is_active("a"));
    assert_eq!(world.take_calls(), ["lock a"]);
    world.settle_for(HOUR * 48);
    assert!(world.take_calls().is_empty(), "asserted once, not again");
    assert!(world.state("a").reassert.is_empty());
}

#[test]
fn a_crash_forgets_no_call_that_may_still_take_effect() {
    let mut world = left_behind_by_an_activation();
    world.crash();
    world.settle_for(HOUR);
    assert_eq!(world.take_calls(), ["lock a"]);
    assert!(!world.is_active("a"));
}

#[test]
fn a_call_that_its_dead_owner_left_open_is_undone_however_late_it_takes_effect() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.pass(Duration::from_millis(50));
    world.feed(Input::Tick);
    let (_, call) = world.in_flight.pop().unwrap();
    world
        .late
        .push((world.now.checked_add(REASSERT).unwrap(), call));
    world.terminated("a", None);
    world.crash();
    world.settle();
    assert_eq!(world.take_calls(), ["lock a"]);
    world.settle_for(HOUR);
    assert_eq!(world.take_calls(), ["lock a"]);
    assert!(!world.is_active("a"));
}

#[test]
fn a_call_left_open_is_undone_although_an_earlier_one_was_to_be_asserted_sooner() {
    let mut world = World::new();
    world.script.push_back(Does::LosesAnswer);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(Duration::from_millis(100));
    for wait in [LATE, Duration::from_millis(50)] {
        world.pass(wait);
        world.feed(Input::Tick);
    }
    let (_, call) = world.in_flight.pop().unwrap();
    let at = world.now.checked_add(REASSERT).unwrap();
    world.late.push((at, call));
    world.terminated("a", None);
    world.crash();
    world.settle_for(HOUR);
    assert!(!world.is_active("a"));
}

#[test]
fn a_registration_that_takes_effect_late_is_undone() {
    let mut world = World::new();
    world.script.extend([Does::Works, Does::Works, acts_late()]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(Duration::from_millis(300));
    world.moved("a", SUPPORT);
    world.settle();
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
    world.settle_for(HOUR);
    assert_eq!(world.programs("a"), ["program:all", "program:t"]);
    let tidied = world.calls.iter().filter(|call| *call == "program:s -a");
    assert_eq!(tidied.count(), 2, "{:?}", world.calls);
}

#[test]
fn what_was_lost_is_asserted_once_more_and_then_never() {
    let mut world = World::new();
    world.script.push_back(Does::LosesAnswer);
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    let calls = ["activate a", "activate a", "program:all +a", "program:s +a"];
    assert_eq!(world.take_calls(), calls);
    world.settle_for(REASSERT);
    assert_eq!(world.take_calls(), ["activate a"]);
    world.settle_for(HOUR * 48);
    assert!(world.take_calls().is_empty());
}

#[test]
fn a_failure_that_surely_had_no_effect_is_not_asserted_again() {
    for failure in [
        Failure::Unreachable,
        Failure::Throttled { retry_after: None },
        Failure::Unauthorized { status: 403 },
    ] {
        let mut world = World::new();
        world.script.push_back(Does::Fails(failure.clone()));
        world.hired("a", "2026-03-01", SALES);
        world.settle_for(HOUR);
        let calls = ["activate a", "activate a", "program:all +a", "program:s +a"];
        assert_eq!(world.take_calls(), calls, "{failure}");
        assert!(world.state("a").reassert.is_empty(), "{failure}");
    }
}

#[test]
fn a_try_after_the_time_of_a_lost_one_is_itself_the_assertion() {
    let mut world = World::new();
    world.script.extend(vec![Does::LosesAnswer; 12]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(HOUR * 12);
    // The last answer came to a try made an hour after the last lost one.
    let tries = world.calls.iter().filter(|call| *call == "activate a");
    assert_eq!(tries.count(), 13, "{:?}", world.calls);
}

#[test]
fn a_lock_asserted_once_more_is_no_second_removal() {
    let mut world = left_behind_by_an_activation();
    world.settle_for(HOUR);
    let text = world.metrics.render().unwrap();
    let line = "hris_relay_removal_duration_seconds_count{provider=\"startexam\"} 1";
    assert!(text.contains(line), "{text}");
}

#[test]
fn an_erased_person_is_locked_with_the_profile_last_sent_and_then_forgotten() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.crash();
    world.erased("a");
    world.settle();
    let kept = Profile(vec![("First Name".to_owned(), "A".to_owned())]);
    assert_eq!(world.locked_with["a"], kept);
    assert!(!world.is_active("a") && world.programs("a").is_empty());
    assert_eq!(world.state("a").profile, None);
}

#[test]
fn the_kept_profile_outlives_the_lock_while_the_lock_may_have_to_be_repeated() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.script.push_back(Does::LosesAnswer);
    world.erased("a");
    world.settle();
    assert!(world.state("a").profile.is_some());
    world.locked_with.clear();
    world.settle_for(HOUR);
    assert_eq!(world.locked_with["a"].0.len(), 1);
    assert_eq!(world.state("a").profile, None);
}

#[test]
fn somebody_not_erased_is_locked_with_what_hr_says_alone() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.renamed("a", "");
    world.terminated("a", None);
    world.settle();
    assert_eq!(world.locked_with["a"], Profile::default());
}
