//! Random histories: no order and no repetition matters, no leaver comes back, no timer is
//! missed, and the record stays small.

use std::borrow::Borrow;

use jiff::ToSpan;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::any::{LAST, any_facts, employing_facts, event, half_day, histories, rules, states};
use super::*;
use crate::id::Provider;

fn folded(events: impl IntoIterator<Item: Borrow<Event>>) -> Person {
    let rules = rules();
    let mut person = Person::default();
    for event in events {
        let event = event.borrow();
        let source = &rules.sources[&event.source];
        fold(&mut person, event, source, instant("2030-01-01"));
    }
    person
}

fn json(person: &Person) -> String {
    serde_json::to_string(person).unwrap()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_order_and_any_repetition_give_the_same_record(
        (told, retold) in histories(any_facts()).prop_flat_map(|told| {
            let retold = Just(told.clone()).prop_shuffle();
            (Just(told), retold)
        }),
        repeated in vec(any::<Index>(), 0..6),
    ) {
        let again = repeated.iter().map(|index| index.get(&told));
        let (one, other) = (folded(&told), folded(again.chain(&retold)));
        prop_assert_eq!(json(&one), json(&other));
        prop_assert!(one == other);
        prop_assert_eq!(one.fact_version(), other.fact_version());
    }

    #[test]
    fn a_decision_leaves_the_fact_version_and_a_changed_register_moves_it(
        told in histories(any_facts()),
    ) {
        let (rules, mut person) = (rules(), Person::default());
        for event in &told {
            let before = person.fact_version();
            let folded = fold(&mut person, event, &rules.sources[&event.source], instant("2030-01-01"));
            let moves = folded.changed && !matches!(event.fact, Fact::Command(_));
            prop_assert_eq!(person.fact_version() != before, moves);
        }
    }

    #[test]
    fn whether_somebody_is_adopted_is_a_question_to_the_set_of_facts(
        told in histories(any_facts()),
    ) {
        let person = folded(&told);
        let said_at = |event: &Event| event.time.min(event.received_time).unwrap();
        let facts = || told.iter().filter(|event| !matches!(event.fact, Fact::Command(_)));
        let import = |event: &Event| match &event.fact {
            Fact::Snapshot(state) => state.import.clone(),
            Fact::Hired(_)
            | Fact::Updated(_)
            | Fact::GroupChanged(_)
            | Fact::Terminated(_)
            | Fact::AccessRevoked(_)
            | Fact::AccessRestored(_)
            | Fact::Erased
            | Fact::Command(_) => None,
        };
        let adopts = |event: &&Event| import(event).is_some_and(|said| !said.adopt.is_empty());
        let newest = facts().map(said_at).max();
        let adopted = facts().filter(adopts).map(said_at).max();
        let is_adopted = adopted.is_some() && adopted >= newest;
        prop_assert_eq!(person.is_adopted_at(Provider::STARTEXAM), is_adopted);
        let is_only_imported = facts().count() > 0 && facts().all(|event| import(event).is_some());
        prop_assert_eq!(person.is_only_imported(), is_only_imported);
    }

    #[test]
    fn a_fact_told_again_changes_nothing(told in histories(any_facts())) {
        let (rules, mut person) = (rules(), folded(&told));
        for event in &told {
            let source = &rules.sources[&event.source];
            let folded = fold(&mut person, event, source, instant("2030-01-01"));
            prop_assert!(!folded.is_news);
        }
    }

    #[test]
    fn a_fact_changes_the_record_exactly_when_it_says_so(told in histories(any_facts())) {
        let (rules, mut person) = (rules(), Person::default());
        for event in &told {
            let mut before = person.clone();
            let source = &rules.sources[&event.source];
            let folded = fold(&mut person, event, source, instant("2030-01-01"));
            before.received = person.received;
            prop_assert_eq!(folded.is_news, before != person);
            before.heard = person.heard.clone();
            prop_assert_eq!(folded.changed, before != person);
        }
    }

    #[test]
    fn a_record_survives_its_json_unchanged(told in histories(any_facts()), time in 0..LAST * 2) {
        let (rules, person) = (rules(), folded(&told));
        let read: Person = serde_json::from_str(&json(&person)).unwrap();
        prop_assert!(read == person);
        prop_assert_eq!(json(&read), json(&person));
        let time = half_day(time);
        let (one, other) = (standing(&person, &rules, time), standing(&read, &rules, time));
        prop_assert!(one == other);
    }

    #[test]
    fn nothing_changes_before_the_next_change(
        told in histories(any_facts()),
        time in 0..LAST * 2,
        percent in 0..100_i64,
    ) {
        let (rules, person) = (rules(), folded(&told));
        let now = standing(&person, &rules, half_day(time));
        let until = now.next_change.unwrap_or(half_day(LAST * 4));
        let wait = until.as_millisecond() - half_day(time).as_millisecond() - 1;
        let between = half_day(time) + (wait * percent / 99).milliseconds();
        prop_assert!(now == standing(&person, &rules, between));
    }

    #[test]
    fn older_facts_never_make_a_leaver_active(
        older in histories(employing_facts()),
        later in 0..60_i64,
    ) {
        let leaves = || Fact::Terminated(Termination {
            employment: None,
            end: None,
            phase: Phase::Effective,
            reason: None,
        });
        let left_at = [event("hr", LAST, 0, 98, leaves()), event("portal", LAST, 0, 99, leaves())];
        let person = folded(left_at.iter().chain(&older));
        let standing = standing(&person, &rules(), half_day(LAST + later));
        prop_assert!(!standing.is_active());
    }

    #[test]
    fn older_facts_never_make_somebody_erased_known_again(older in histories(states())) {
        let erased = event("hr", LAST + 8, 0, 99, Fact::Erased);
        let alone = folded([&erased]);
        prop_assert_eq!(json(&alone), json(&folded([&erased].into_iter().chain(&older))));
    }
}

// Size.

/// The length of the record after that many nights of the same state.
fn length_after(nights: i64, state: &Snapshot) -> usize {
    let mut employed = history().at("2026-01-01").hired("2026-01-01");
    for night in 0..nights {
        let time = instant("2026-01-02T02:00:00Z") + (night * 24).hours();
        employed = employed
            .at(&time.to_string())
            .with_id(&format!("night-{night:03}"))
            .observed(state.clone());
    }
    json(&employed.person()).len()
}

#[test]
fn a_year_of_nightly_snapshots_does_not_grow_the_record() {
    let profile = Snapshot {
        attributes: [("email".to_owned(), Some("e@x.test".to_owned()))].into(),
        groups: Groups::all([group("Sales"), group("Berlin")]),
        ..Snapshot::default()
    };
    for state in [
        active(),
        inactive(),
        active().since("2026-01-01").open_ended(),
        active().since("2025-06-01").until("2027-12-31"),
    ] {
        let state = Snapshot {
            attributes: profile.attributes.clone(),
            groups: profile.groups.clone(),
            ..state
        };
        assert_eq!(length_after(365, &state), length_after(2, &state));
    }
}

#[test]
fn nightly_snapshots_grow_the_record_only_until_the_announced_first_day() {
    let state = inactive().since("2026-02-01");
    assert_eq!(length_after(365, &state), length_after(32, &state));
}
