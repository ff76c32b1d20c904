//! The known traps: histories that real HR systems produce and naive folds get wrong.

use super::*;

#[test]
fn a_nightly_snapshot_after_which_hr_enters_a_termination_dated_earlier() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-04-02T02:00:00Z")
        .observed(active())
        .at("2026-04-02T10:00:00Z")
        .terminated("2026-03-31")
        .gone_at("2026-04-02T10:00:00Z")
        .at("2026-04-03T02:00:00Z")
        .observed(inactive())
        .gone_at("2026-04-03");
}

#[test]
fn a_renewal_entered_before_the_old_contract_ends() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-02-01")
        .terminated("2026-06-30")
        .at("2026-05-01")
        .hired("2026-07-01")
        .active_at("2026-06-30T23:59:59.999Z")
        .active_at("2026-07-01T00:00:00Z")
        .has_groups_at("2026-07-01", ["Sales"]);
    history()
        .at("2026-01-10")
        .of("first")
        .hired("2026-01-15")
        .terminated("2026-06-30")
        .at("2026-05-01")
        .of("second")
        .hired("2026-07-01")
        .active_at("2026-06-30T23:59:59.999Z")
        .active_at("2026-07-01T00:00:00Z");
}

#[test]
fn a_rehire_cancelled_and_then_the_termination_rescinded() {
    let told_with_dates = history().at("2026-01-10").hired("2026-01-15");
    let told_by_status = history().at("2026-01-10").observed(active());
    for employed in [told_with_dates, told_by_status] {
        employed
            .at("2026-03-01")
            .terminated("2026-03-31")
            .at("2026-04-10")
            .hired("2026-06-01")
            .at("2026-04-20")
            .hire_cancelled("2026-06-01")
            .gone_at("2026-06-02")
            .at("2026-04-25")
            .termination_cancelled()
            .active_at("2026-04-25")
            .active_at("2026-06-02");
    }
}

#[test]
fn a_rehire_entered_late_and_cancelled_and_then_the_termination_rescinded() {
    history()
        .at("2026-01-10")
        .observed(active())
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-06-02")
        .hired("2026-06-01")
        .at("2026-06-03")
        .hire_cancelled("2026-06-01")
        .gone_at("2026-06-04")
        .at("2026-06-05")
        .termination_cancelled()
        .active_at("2026-06-05");
}

#[test]
fn a_contractors_last_day_the_day_before_their_first_as_employee() {
    let contractor = history()
        .at("2026-01-10")
        .of("contractor")
        .hired("2026-01-15")
        .of_none()
        .joins_from("2026-01-15", "Sales")
        .at("2026-03-01")
        .of("employee")
        .hired("2026-04-01");
    let ended_by_name = contractor.clone().of("contractor").terminated("2026-03-31");
    let ended_by_none = contractor.of_none().terminated("2026-03-31");
    for history in [ended_by_name, ended_by_none] {
        history
            .active_at("2026-03-31T23:59:59.999Z")
            .active_at("2026-04-01T00:00:00Z")
            .has_groups_at("2026-04-01", ["Sales"]);
    }
}

#[test]
fn a_no_show() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-25")
        .terminated("2026-01-25")
        .gone_at("2026-02-01")
        .gone_at("2026-03-01")
        .at("2026-01-10")
        .received("2026-02-02")
        .hired("2026-02-01")
        .gone_at("2026-02-03");
}

#[test]
fn a_roster_import_without_employment_ids_followed_by_a_named_termination() {
    for imported in [active(), active().since("2020-01-01").open_ended()] {
        history()
            .at("2026-01-10")
            .observed(imported)
            .at("2026-03-01")
            .of("contract-1")
            .terminated("2026-03-31")
            .active_at("2026-03-31")
            .gone_at("2026-04-01")
            .at("2026-03-20")
            .termination_cancelled()
            .active_at("2026-04-01");
    }
}

#[test]
fn a_stale_snapshot_retried_after_the_termination() {
    for stale in [
        active(),
        active().open_ended(),
        active().since("2026-01-15").open_ended(),
        active().since("2026-01-15").until("2027-12-31"),
    ] {
        history()
            .at("2026-01-10")
            .hired("2026-01-15")
            .at("2026-03-05")
            .leaves()
            .at("2026-03-04")
            .received("2026-03-09")
            .observed(stale)
            .gone_at("2026-03-10");
    }
}

#[test]
fn an_old_hire_retried_after_a_newer_termination() {
    history()
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-01-10")
        .received("2026-04-02")
        .hired("2026-01-15")
        .gone_at("2026-04-03");
}
