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
