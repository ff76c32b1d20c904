//! Erasure: values go, the floor stays, and a leaver stays a leaver.

use super::*;

fn erased() -> History {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .updated("email", "jane@x.test")
        .from("portal")
        .updated("phone", "0170 1234")
        .from("hr")
        .at("2026-03-01")
        .leaves()
        .at("2026-06-01")
        .erased()
}

#[test]
fn an_erasure_leaves_no_value_in_the_record() {
    let record = serde_json::to_string(&erased().person()).unwrap();
    for value in ["jane", "0170", "Sales", "email", "phone", "2026-01-15"] {
        assert!(!record.contains(value), "{value} is still there");
    }
}

#[test]
fn somebody_erased_while_employed_is_gone() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-06-01")
        .erased()
        .gone_at("2026-06-01")
        .ended_at("2026-06-02", Some("2026-06-01"));
}

#[test]
fn an_old_hire_retried_after_the_erasure_never_revives() {
    erased()
        .at("2026-01-10")
        .received("2026-06-02")
        .hired("2026-01-15")
        .at("2026-05-01")
        .received("2026-06-02")
        .observed(active())
        .gone_at("2026-06-03");
}

#[test]
fn an_old_hire_of_another_source_never_revives_either() {
    erased()
        .from("portal")
        .at("2026-05-31")
        .received("2026-06-02")
        .hired("2026-01-15")
        .gone_at("2026-06-03");
}

#[test]
fn old_values_that_arrive_after_the_erasure_leave_no_trace() {
    let erased = erased();
    let before = erased.person();
    let after = erased
        .at("2026-05-01")
        .received("2026-06-01")
        .updated("email", "late@x.test")
        .from("portal")
        .joins("Support")
        .person();
    assert!(before == after);
}

#[test]
fn a_hire_said_after_the_erasure_is_a_new_beginning() {
    erased()
        .at("2026-07-01")
        .hired_into("2026-07-15", "Support")
        .gone_at("2026-07-14")
        .active_at("2026-07-15")
        .has_groups_at("2026-07-15", ["Support"])
        .has_at("2026-07-15", "email", None);
}

#[test]
fn the_newest_erasure_is_the_floor() {
    erased()
        .at("2026-07-01")
        .hired("2026-07-15")
        .at("2026-08-01")
        .erased()
        .gone_at("2026-08-01");
}

#[test]
fn an_erasure_without_the_sequence_its_source_has_covers_what_was_said_before() {
    history()
        .versions_by(VersionBy::Sequence)
        .at("2026-01-10")
        .sequence(1)
        .hired("2026-01-15")
        .at("2026-06-01")
        .erased()
        .gone_at("2026-06-02");
}

#[test]
fn a_floor_of_a_source_with_sequences_covers_lower_ones() {
    let erased = history()
        .versions_by(VersionBy::Sequence)
        .at("2026-01-10")
        .sequence(1)
        .hired("2026-01-15")
        .at("2026-06-01")
        .sequence(5)
        .erased();
    erased
        .clone()
        .at("2026-05-01")
        .sequence(4)
        .hired("2026-05-02")
        .gone_at("2026-06-02");
    erased
        .at("2026-06-02")
        .sequence(6)
        .hired("2026-06-02")
        .active_at("2026-06-02");
}

#[test]
fn an_erasure_between_two_facts_without_their_sequence_forgets_the_older_alone() {
    let history = history()
        .versions_by(VersionBy::Sequence)
        .from("portal")
        .at("2026-04-01")
        .hired("2026-04-01")
        .at("2026-03-01")
        .erased()
        .from("hr")
        .at("2026-02-01")
        .with_id("z")
        .only_in(["Sales"])
        .at("2026-05-01")
        .with_id("a")
        .only_in(["Sales"]);
    for told in told_at_every_place(&history) {
        told.has_groups_at("2026-05-02", ["Sales"]);
    }
}

/// The same facts with the erasure told at every place among them.
fn told_at_every_place(history: &History) -> Vec<History> {
    let (erasures, others): (Vec<Event>, Vec<Event>) = history
        .events
        .iter()
        .cloned()
        .partition(|event| event.fact == Fact::Erased);
    (0..=others.len())
        .map(|place| {
            let mut events = others.clone();
            events.splice(place..place, erasures.clone());
            History {
                events,
                ..history.clone()
            }
        })
        .collect()
}

#[test]
fn an_erasure_told_before_after_or_amid_other_facts_forgets_the_same() {
    let history = erased()
        .at("2026-05-01")
        .received("2026-06-03")
        .updated("email", "late@x.test")
        .from("portal")
        .hired_into("2026-05-02", "Late");
    let expected = serde_json::to_string(&erased().person().without_notes()).unwrap();
    for told in told_at_every_place(&history) {
        told.clone().gone_at("2026-06-04");
        let record = serde_json::to_string(&told.person().without_notes()).unwrap();
        assert_eq!(record, expected);
    }
}

#[test]
fn a_genuine_rehire_outlives_the_erasure_wherever_that_is_told() {
    let history = erased()
        .at("2026-05-01")
        .received("2026-08-01")
        .hired_into("2026-05-02", "Late")
        .at("2026-07-01")
        .hired_into("2026-07-15", "Support")
        .updated("email", "new@x.test");
    for told in told_at_every_place(&history) {
        told.gone_at("2026-07-14")
            .active_at("2026-07-15")
            .has_groups_at("2026-07-15", ["Support"])
            .has_at("2026-07-15", "email", Some("new@x.test"))
            .has_at("2026-07-15", "phone", None);
    }
}

#[test]
fn an_employment_that_another_source_said_before_the_erasure_ends_with_it() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .from("portal")
        .hired("2026-01-15")
        .at("2026-06-01")
        .erased()
        .gone_at("2026-06-01")
        .from("hr")
        .at("2026-06-02")
        .updated("email", "e@x.test")
        .gone_at("2026-06-03");
}

#[test]
fn an_erasure_takes_with_it_what_a_newer_program_wrote_and_this_one_does_not_know() {
    let newer = r#"{"v": 1, "nickname": "jane"}"#;
    let mut person: Person = serde_json::from_str(newer).unwrap();
    let erased = history().at("2026-06-01").erased();
    fold(
        &mut person,
        &erased.events[0],
        &SourceRules::default(),
        erased.now,
    );
    assert!(!serde_json::to_string(&person).unwrap().contains("jane"));
}
