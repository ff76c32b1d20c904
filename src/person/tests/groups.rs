//! Groups and attributes: dated, bound to employments, cut off by gaps.

use super::*;

fn employed() -> History {
    history().at("2026-01-10").hired("2026-01-15")
}

// Dated values.

#[test]
fn the_latest_effective_value_wins_over_a_newer_version() {
    employed()
        .at("2026-02-01")
        .only_in_from("2026-03-01", ["Support"])
        .at("2026-02-10")
        .only_in(["Sales"])
        .has_groups_at("2026-02-28", ["Sales"])
        .has_groups_at("2026-03-01", ["Support"]);
}

#[test]
fn of_values_effective_at_once_the_greater_version_wins() {
    employed()
        .at("2026-02-01")
        .only_in_from("2026-03-01", ["Support"])
        .at("2026-02-10")
        .only_in_from("2026-03-01", ["Sales"])
        .has_groups_at("2026-03-01", ["Sales"]);
}

#[test]
fn a_cancelled_membership_was_never_said() {
    employed()
        .at("2026-02-01")
        .joins("Sales")
        .joins_from("2026-03-01", "Support")
        .at("2026-02-10")
        .joining_cancelled("2026-03-01", "Support")
        .has_groups_at("2026-03-02", ["Sales"]);
}

#[test]
fn joined_and_left_change_a_full_set_said_before() {
    employed()
        .at("2026-02-01")
        .only_in(["Sales", "Berlin"])
        .at("2026-02-02")
        .joins("Support")
        .at("2026-02-03")
        .quits("Sales")
        .has_groups_at("2026-02-03", ["Berlin", "Support"]);
}

#[test]
fn a_full_set_outdates_what_was_joined_and_left_before() {
    employed()
        .at("2026-02-01")
        .joins("Support")
        .at("2026-02-02")
        .only_in(["Sales"])
        .has_groups_at("2026-02-02", ["Sales"]);
}

#[test]
fn of_one_version_left_wins_over_joined() {
    employed()
        .at("2026-02-01")
        .with_id("a")
        .quits("Sales")
        .with_id("b")
        .joins("Sales")
        .has_groups_at("2026-02-02", []);
}

#[test]
fn the_groups_of_a_hire_count_from_its_start() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .has_groups_at("2026-01-14", [])
        .has_groups_at("2026-01-15", ["Sales"]);
}

#[test]
fn only_somebody_active_has_groups() {
    employed()
        .joins("Sales")
        .at("2026-02-01")
        .revoked()
        .has_groups_at("2026-02-02", [])
        .at("2026-02-03")
        .restored()
        .has_groups_at("2026-02-04", ["Sales"]);
}

#[test]
fn an_attribute_for_a_date_ahead_waits_for_it() {
    employed()
        .updated("last_name", "Berg")
        .update(Some("2026-03-01"), Phase::Scheduled, "last_name", "Thal")
        .has_at("2026-02-28", "last_name", Some("Berg"))
        .has_at("2026-03-01", "last_name", Some("Thal"))
        .at("2026-02-01")
        .update(Some("2026-03-01"), Phase::Cancelled, "last_name", "Thal")
        .has_at("2026-03-01", "last_name", Some("Berg"));
}

#[test]
fn a_profile_on_a_hire_is_valid_at_once() {
    let hire = history().at("2026-01-10");
    let fact = Hire {
        attributes: [("email".to_owned(), Some("e@x.test".to_owned()))].into(),
        ..hire.hire("2026-02-01", Phase::Effective)
    };
    hire.says(Fact::Hired(fact)).ahead_at("2026-01-11").has_at(
        "2026-01-11",
        "email",
        Some("e@x.test"),
    );
}

// Employments.

#[test]
fn memberships_belong_to_the_employment_they_name() {
    history()
        .at("2026-01-10")
        .of("teaching")
        .hired_into("2026-01-15", "Teachers")
        .of("research")
        .hired_into("2026-01-15", "Researchers")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .has_groups_at("2026-03-31", ["Researchers", "Teachers"])
        .has_groups_at("2026-04-01", ["Teachers"]);
}

#[test]
fn memberships_that_name_no_employment_belong_to_any() {
    history()
        .at("2026-01-10")
        .of("teaching")
        .hired("2026-01-15")
        .of("research")
        .hired("2026-01-15")
        .of_none()
        .joins("Sales")
        .at("2026-03-01")
        .of("research")
        .terminated("2026-03-31")
        .has_groups_at("2026-04-01", ["Sales"]);
}

// Gaps.

#[test]
fn memberships_effective_before_a_gap_do_not_count_after_it() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-05-01")
        .hired_into("2026-06-01", "Support")
        .has_groups_at("2026-03-31", ["Sales"])
        .has_groups_at("2026-06-01", ["Support"]);
}

#[test]
fn a_gap_still_counts_when_a_later_termination_overwrote_the_end() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-05-01")
        .hired("2026-06-01")
        .at("2026-07-01")
        .terminated("2026-12-31")
        .has_groups_at("2026-07-02", []);
}

#[test]
fn a_gap_still_counts_when_the_rehire_is_restated_after_a_later_termination() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-05-01")
        .hired("2026-06-01")
        .at("2026-07-01")
        .terminated("2026-12-31")
        .at("2026-07-02")
        .observed(active().since("2026-06-01"))
        .has_groups_at("2026-07-03", []);
}

#[test]
fn a_gap_still_counts_when_a_rehire_entered_late_is_restated_every_night() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-06-02")
        .hired("2026-06-01")
        .at("2026-07-01")
        .terminated("2026-12-31")
        .at("2026-07-02")
        .observed(active().since("2026-06-01"))
        .has_groups_at("2026-07-03", []);
}

#[test]
fn a_gap_still_counts_when_no_end_is_observed_after_the_rehire() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-02-01")
        .hired("2026-06-01")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-06-02")
        .observed(active().since("2026-06-01").open_ended())
        .has_groups_at("2026-06-03", []);
}

#[test]
fn a_gap_counts_when_the_rehire_was_entered_before_the_end() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-02-01")
        .hired("2026-06-01")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .has_groups_at("2026-03-31", ["Sales"])
        .has_groups_at("2026-06-01", []);
}

#[test]
fn a_gap_counts_from_the_corrected_end() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-01-20")
        .terminated("2026-05-31")
        .at("2026-02-01")
        .hired("2026-06-01")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .has_groups_at("2026-06-01", []);
}

#[test]
fn a_renewal_without_a_gap_keeps_the_memberships() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .hired("2026-04-01")
        .has_groups_at("2026-03-31T23:59:59.999Z", ["Sales"])
        .has_groups_at("2026-04-01T00:00:00Z", ["Sales"]);
}

#[test]
fn a_renewal_while_an_extended_contract_runs_keeps_the_memberships() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-02-01")
        .terminated("2026-03-31")
        .at("2026-02-10")
        .terminated("2026-06-30")
        .at("2026-03-01")
        .hired("2026-05-01")
        .has_groups_at("2026-05-02", ["Sales"]);
}

#[test]
fn a_rescinded_termination_leaves_no_gap_however_often_it_happens() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-02-01")
        .terminated("2026-03-31")
        .at("2026-02-10")
        .termination_cancelled()
        .at("2026-04-10")
        .hired("2026-05-01")
        .at("2026-06-01")
        .terminated("2026-12-31")
        .at("2026-06-10")
        .termination_cancelled()
        .has_groups_at("2026-06-11", ["Sales"]);
}

#[test]
fn a_gap_of_one_employment_that_another_covers_is_no_gap_for_memberships_of_any() {
    history()
        .at("2026-01-10")
        .of("old")
        .hired("2026-01-15")
        .of_none()
        .joins_from("2026-01-15", "Sales")
        .at("2026-02-01")
        .of("new")
        .hired("2026-03-01")
        .of("old")
        .terminated("2026-03-31")
        .has_groups_at("2026-04-01", ["Sales"]);
}

#[test]
fn a_revived_employment_starts_without_its_old_memberships() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-04-05")
        .observed(active())
        .active_at("2026-04-05")
        .has_groups_at("2026-04-05", []);
}

#[test]
fn somebody_who_never_showed_up_bridges_no_gap() {
    history()
        .at("2026-01-10")
        .of("old")
        .hired("2026-01-15")
        .of_none()
        .joins_from("2026-01-15", "Sales")
        .at("2026-03-01")
        .of("old")
        .terminated("2026-03-31")
        .of("trial")
        .hired("2026-03-15")
        .at("2026-03-05")
        .terminated("2026-03-05")
        .of("new")
        .hired("2026-06-01")
        .has_groups_at("2026-03-20", ["Sales"])
        .gone_at("2026-05-01")
        .has_groups_at("2026-06-01", []);
}

#[test]
fn an_employment_that_begins_when_an_older_end_was_leaves_no_gap() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .terminated("2026-01-15T09:00:00Z")
        .joins_from("2026-01-12", "Sales")
        .at("2026-02-10")
        .hired("2026-01-15T09:00:00Z")
        .has_groups_at("2026-02-11", ["Sales"]);
}

#[test]
fn an_end_that_names_no_employment_moves_no_gap_that_had_begun() {
    history()
        .at("2026-01-10")
        .of("contract")
        .hired("2026-01-15")
        .terminated("2026-02-28")
        .hired("2026-06-01")
        .of_none()
        .joins_from("2026-03-15", "Sales")
        .at("2026-04-01")
        .leaves()
        .gone_at("2026-04-02")
        .has_groups_at("2026-06-01", ["Sales"]);
}

#[test]
fn a_renewal_without_a_gap_keeps_the_memberships_when_another_employment_begins() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .hired("2026-04-01")
        .of("second")
        .hired("2026-06-01")
        .has_groups_at("2026-06-01", ["Sales"]);
}
