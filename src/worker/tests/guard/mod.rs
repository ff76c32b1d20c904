//! The brake on removals (I10): histories in which more people go than may.

mod hours;

use super::*;
use crate::event::{Command, CommandKind, Fact};
use crate::worker::GuardSettings;

const HOUR: Duration = Duration::from_hours(1);

fn name(n: usize) -> String {
    format!("e-{n:04}")
}

impl World {
    /// A company whose people are all hired and registered.
    fn company(people: usize) -> Self {
        Self::company_with(rules(), people)
    }

    fn company_with(rules: WorkerRules, people: usize) -> Self {
        let mut world = Self::with(rules);
        for n in 0..people {
            world.hired(&name(n), "2026-03-01", SALES);
        }
        world.settle();
        world.take_calls();
        world
    }

    fn terminated_all(&mut self, people: impl Iterator<Item = usize>) {
        for n in people {
            self.terminated(&name(n), None);
        }
    }

    /// An operator decides about the facts as they are.
    fn decided(&mut self, who: &str, kind: CommandKind) {
        let id = EmployeeId::try_from(who).unwrap();
        let version = self.people[&id].fact_version();
        self.decided_about(who, kind, version);
    }

    fn decided_about(&mut self, who: &str, kind: CommandKind, version: crate::id::FactVersion) {
        self.tell(
            who,
            Fact::Command(Command {
                kind,
                provider: Provider::STARTEXAM,
                fact_version: Some(version),
                operator: "ada".to_owned(),
                reason: "looked at".to_owned(),
            }),
        );
    }

    fn passes(&mut self, time: Duration) {
        let until = self.now.checked_add(time).unwrap();
        self.settle_until(until);
    }

    fn active_people(&self) -> usize {
        self.active.values().filter(|active| **active).count()
    }

    fn shows(&self, metric: &str, labels: &str, value: usize) {
        let text = self.metrics.render().unwrap();
        let all = format!("{labels}partition=\"3\",provider=\"startexam\"");
        let line = format!("hris_relay_{metric}{{{all}}} {value}");
        assert!(text.contains(&line), "{line} is not in:\n{text}");
    }

    fn book_has(&self, state: &str, people: usize) {
        let text = self.metrics.render().unwrap();
        let labels = format!("partition=\"3\",provider=\"startexam\",state=\"{state}\"");
        let line = format!("hris_relay_waiting_people{{{labels}}} {people}");
        assert!(text.contains(&line), "{line} is not in:\n{text}");
    }
}

#[test]
fn a_mass_termination_stops_at_the_budget_while_hires_flow() {
    let mut world = World::company(1000);
    world.terminated_all(0..500);
    world.hired("new", "2026-03-01", SALES);
    world.settle();
    assert_eq!(world.active_people(), 981, "2 % of 1,000 may go in an hour");
    assert!(world.is_active("new"));
    world.book_has("held", 480);
    world.shows("removal_budget_left_people", "budget=\"removals\",", 0);
    // Nothing that is held goes by itself, however long nobody looks.
    world.passes(HOUR * 24 * 9);
    assert_eq!(world.active_people(), 981);
    world.book_has("held", 480);
    let registered = world
        .members
        .iter()
        .filter(|(target, _)| target == "program:s");
    assert_eq!(registered.count(), 981, "nobody held is unregistered");
    assert!(world.dead_letters().is_empty());
}

#[test]
fn a_restart_refills_nothing() {
    let mut world = World::company(1000);
    world.terminated_all(0..15);
    world.settle();
    assert_eq!(world.active_people(), 985);
    world.crash();
    world.terminated_all(15..30);
    world.settle();
    assert_eq!(world.active_people(), 980);
    world.crash();
    world.passes(HOUR / 2);
    world.terminated_all(30..40);
    world.settle();
    assert_eq!(world.active_people(), 980);
    world.book_has("held", 20);
    // An hour later new removals go; what is held still does not.
    world.crash();
    world.passes(HOUR);
    world.terminated_all(40..45);
    world.settle();
    assert_eq!(world.active_people(), 975);
    world.book_has("held", 20);
}

#[test]
fn what_an_operator_releases_goes_and_does_not_count() {
    let mut world = World::company(500);
    world.terminated_all(0..100);
    world.settle();
    world.book_has("held", 90);
    let held = |world: &World| (0..100).map(name).find(|who| world.is_active(who)).unwrap();
    for _ in 0..50 {
        let who = held(&world);
        world.decided(&who, CommandKind::Release);
        world.settle();
        assert!(!world.is_active(&who) && world.programs(&who).is_empty());
    }
    world.book_has("held", 40);
    world.passes(HOUR);
    world.terminated_all(200..210);
    world.settle();
    assert_eq!(
        world.active_people(),
        430,
        "the released took nobody's room"
    );
}

#[test]
fn a_release_approves_no_removal_that_comes_after_a_way_back_in() {
    let mut world = World::company(200);
    world.terminated_all(0..11);
    world.settle();
    let who = (0..11).map(name).find(|who| world.is_active(who)).unwrap();
    // No call about them is ever answered, so nothing that was let go is ever over.
    world
        .script
        .extend(vec![Does::Fails(Failure::Unanswered); 100]);
    world.decided(&who, CommandKind::Release);
    world.settle();
    world.termination_rescinded(&who);
    world.settle();
    let calls = world.take_calls();
    assert!(calls.contains(&format!("lock {who}")), "{calls:?}");
    assert!(calls.contains(&format!("activate {who}")), "{calls:?}");
    world.terminated(&who, None);
    world.passes(HOUR / 4);
    assert_eq!(world.take_calls(), [""; 0], "the hour's budget is used up");
    world.book_has("held", 1);
}

#[test]
fn a_command_about_older_facts_has_no_effect() {
    let mut world = World::company(200);
    world.terminated_all(0..12);
    world.settle();
    let who = (0..12).map(name).find(|who| world.is_active(who)).unwrap();
    let id = EmployeeId::try_from(who.as_str()).unwrap();
    let version = world.people[&id].fact_version();
    world.renamed(&who, "Ada");
    world.decided_about(&who, CommandKind::Release, version);
    world.settle();
    assert!(world.is_active(&who));
    world.book_has("held", 2);
    world.decided(&who, CommandKind::Release);
    world.settle();
    assert!(!world.is_active(&who));
}

#[test]
fn whom_an_operator_keeps_stays_until_a_newer_fact() {
    let mut world = World::company(200);
    world.terminated_all(0..12);
    world.settle();
    let who = (0..12).map(name).find(|who| world.is_active(who)).unwrap();
    world.decided(&who, CommandKind::Reject);
    world.passes(HOUR * 24);
    world.crash();
    world.passes(HOUR * 24);
    assert!(world.is_active(&who) && !world.programs(&who).is_empty());
    world.book_has("rejected", 1);
    world.book_has("held", 1);
    world.terminated(&who, Some("2026-03-01"));
    world.settle();
    assert!(!world.is_active(&who), "HR says it anew, and there is room");
}

#[test]
fn a_removal_that_has_begun_is_not_rejected_half_way() {
    let mut world = World::company(200);
    world.script.push_back(Does::LosesAnswer);
    world.terminated("e-0000", None);
    world.pass(Duration::from_millis(50));
    world.feed(Input::Tick);
    world.answer();
    world.decided("e-0000", CommandKind::Reject);
    world.passes(HOUR);
    assert!(!world.is_active("e-0000") && world.programs("e-0000").is_empty());
    world.book_has("rejected", 0);
}

#[test]
fn a_rehire_takes_the_hold_away() {
    let mut world = World::company(200);
    world.terminated_all(0..30);
    world.settle();
    world.book_has("held", 20);
    world.take_calls();
    let held: Vec<String> = (0..30)
        .map(name)
        .filter(|who| world.is_active(who))
        .collect();
    for who in &held {
        world.hired(who, "2026-03-03", SALES);
    }
    world.settle_until("2026-03-02T23:59:59Z".parse().unwrap());
    world.book_has("held", 20);
    world.settle_until("2026-03-03T02:00:00Z".parse().unwrap());
    world.book_has("held", 0);
    assert!(world.take_calls().is_empty(), "they never went");
    assert!(held.iter().all(|who| world.state(who).guard.held.is_none()));
    // Terminated once more they ask for room once more.
    for who in &held {
        world.terminated(who, None);
    }
    world.settle();
    world.book_has("held", 10);
}

#[test]
fn unregistrations_of_active_people_have_a_budget_of_their_own() {
    let mut world = World::company(500);
    for n in 0..100 {
        world.moved(&name(n), SUPPORT);
    }
    world.passes(HOUR / 2);
    let members = |world: &World, target: &str| {
        let of = world.members.iter().filter(|(name, _)| name == target);
        of.count()
    };
    assert_eq!(members(&world, "program:t"), 100, "registrations flow");
    assert_eq!(members(&world, "program:s"), 490);
    world.book_has("held", 90);
    world.terminated_all(200..205);
    world.settle();
    assert_eq!(world.active_people(), 495, "removals have their own budget");
    let who = (0..100)
        .map(name)
        .find(|who| world.programs(who).len() == 3)
        .unwrap();
    world.decided(&who, CommandKind::Release);
    world.passes(HOUR / 2);
    assert_eq!(world.programs(&who), ["program:all", "program:t"]);
    world.book_has("held", 89);
}

#[test]
fn asserting_a_lock_again_takes_no_room() {
    let mut world = World::company(200);
    world.terminated_all(0..10);
    world.settle();
    assert_eq!(world.active_people(), 190);
    // Their locks are unsure again, as after a reconciliation.
    for n in 0..10 {
        let mut state = world.state(&name(n));
        assert!(state.guard.is_out);
        state.applied.account = crate::plan::Account::Unsure;
        let id = EmployeeId::try_from(name(n)).unwrap();
        let bytes = serde_json::to_vec(&state).unwrap();
        world.durable.insert(id, bytes.into());
    }
    world.take_calls();
    world.crash();
    world.settle();
    assert_eq!(
        world.take_calls().len(),
        1,
        "all ten are locked in one call"
    );
    world.book_has("held", 0);
}

#[test]
fn whoever_is_held_stays_registered_whichever_step_comes_first() {
    let mut rules = rules();
    let programs = vec!["s".to_owned(), "all".to_owned()];
    let assignment = Assignment {
        group: SALES.to_owned(),
        startexam: Some(StartExamAssignment {
            programs,
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    };
    let settings = StartExamSettings {
        profile_fields: BTreeMap::new(),
        removal_order: crate::provider::startexam::RemovalOrder::UnregisterFirst,
        ..StartExamSettings::default()
    };
    let planner = StartExamPlanner::new(vec![assignment], &settings);
    rules.planner = Box::new(planner);
    let mut world = World::company_with(rules, 200);
    world.terminated_all(0..20);
    world.passes(HOUR * 3);
    for n in 0..20 {
        let who = name(n);
        assert_eq!(world.is_active(&who), world.programs(&who).len() == 2);
    }
    assert_eq!(world.active_people(), 190);
}

#[test]
fn ends_due_within_a_day_are_told_and_released_ahead() {
    let mut world = World::company(200);
    for n in 0..30 {
        world.terminated(&name(n), Some("2026-03-10"));
    }
    world.settle_until("2026-03-09T23:59:59Z".parse().unwrap());
    world.shows("removals_ahead_beyond_budget_people", "", 0);
    world.settle_until("2026-03-10T00:01:00Z".parse().unwrap());
    world.shows("removals_ahead_beyond_budget_people", "", 20);
    for n in 0..15 {
        world.decided(&name(n), CommandKind::Release);
    }
    world.passes(HOUR);
    world.shows("removals_ahead_beyond_budget_people", "", 5);
    assert_eq!(world.active_people(), 200, "released is not gone");
    world.settle_until("2026-03-11T00:01:00Z".parse().unwrap());
    assert_eq!(world.active_people(), 175);
    assert!((0..15).all(|n| !world.is_active(&name(n))));
    world.book_has("held", 5);
}

#[test]
fn a_hundred_people_or_fewer_are_not_guarded() {
    let mut world = World::company(100);
    world.terminated_all(0..100);
    world.settle();
    assert_eq!(world.active_people(), 0);
    world.book_has("held", 0);
}

#[test]
fn people_the_relay_never_saw_active_are_guarded_too() {
    // Their accounts may be older than the relay.
    let mut world = World::new();
    for n in 0..300 {
        world.hired(&name(n), "2026-03-01", "Nobody mapped this");
    }
    world.terminated_all(0..300);
    world.settle();
    let locked: usize = world.active.values().filter(|active| !**active).count();
    assert_eq!(locked, 101, "the guard is armed above 100 records");
    world.book_has("held", 199);
}

#[test]
fn a_guard_that_is_switched_off_lets_everybody_go() {
    let mut rules = rules();
    rules.settings.guard = GuardSettings {
        enabled: false,
        ..GuardSettings::default()
    };
    let mut world = World::company_with(rules, 300);
    world.terminated_all(0..300);
    world.settle();
    assert_eq!(world.active_people(), 0);
}
