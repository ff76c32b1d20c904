//! "Running at t", branch by branch, and employments that end together.

use super::*;

#[test]
fn without_an_end_it_runs_from_its_start() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .ahead_at("2026-01-14T23:59:59.999Z")
        .active_at("2026-01-15T00:00:00Z")
        .active_at("2036-01-15");
}

#[test]
fn with_an_end_ahead_it_runs_until_then() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .active_at("2026-03-31T23:59:59.999Z")
        .gone_at("2026-04-01T00:00:00Z");
}

#[test]
fn an_end_after_the_start_ends_it_whichever_was_said_first() {
    history()
        .at("2026-01-05")
        .terminated("2026-03-31")
        .at("2026-01-10")
        .hired("2026-01-15")
        .gone_at("2026-04-01");
}

#[test]
fn of_an_end_and_a_start_at_one_instant_the_greater_version_decides() {
    let start = |history: History| history.hired("2026-02-01T09:00:00Z");
    let end = |history: History| history.terminated("2026-02-01T09:00:00Z");
    end(start(history().at("2026-01-10")).at("2026-01-11")).gone_at("2026-02-02");
    start(end(history().at("2026-01-10")).at("2026-01-11")).active_at("2026-02-02");
}

#[test]
fn of_an_end_and_a_start_at_one_instant_and_of_one_version_the_end_wins() {
    history()
        .at("2026-01-10")
        .with_id("a")
        .terminated("2026-02-01T09:00:00Z")
        .with_id("b")
        .hired("2026-02-01T09:00:00Z")
        .gone_at("2026-02-02");
}

#[test]
fn a_start_after_the_end_is_a_rehire() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-05-01")
        .hired("2026-06-01")
        .gone_at("2026-05-31")
        .active_at("2026-06-01");
}

#[test]
fn a_rehire_entered_before_the_end_runs_from_its_start() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-02-01")
        .hired("2026-06-01")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .gone_at("2026-05-31")
        .active_at("2026-06-01");
}

#[test]
fn a_rehire_that_is_to_end_one_day_does_not_bridge_the_gap_before_it() {
    let left = history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-04-15")
        .hired("2026-06-01")
        .terminated("2026-12-31");
    left.clone()
        .gone_at("2026-04-16")
        .ended_at("2026-04-16", Some("2026-03-31T23:59:59.999999999Z"))
        .active_at("2026-06-01")
        .gone_at("2027-01-01");
    left.at("2026-04-20")
        .termination_cancelled()
        .gone_at("2026-04-21")
        .active_at("2027-01-01");
}

#[test]
fn a_termination_rescinded_after_a_rehire_was_entered_leaves_no_gap() {
    history()
        .at("2026-01-10")
        .hired_into("2026-01-15", "Sales")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .hired("2026-06-01")
        .at("2026-03-20")
        .termination_cancelled()
        .active_at("2026-04-01")
        .has_groups_at("2026-06-02", ["Sales"]);
}

#[test]
fn a_newer_end_before_the_only_start_is_a_no_show() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-20")
        .leaves()
        .gone_at("2026-02-01");
}

#[test]
fn a_no_show_whose_end_is_corrected_runs_until_then() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-01-11")
        .terminated("2026-01-12")
        .at("2026-01-16")
        .hired("2026-06-01")
        .gone_at("2026-01-17")
        .at("2026-01-18")
        .terminated("2026-12-31")
        .active_at("2026-01-20")
        .gone_at("2027-01-01");
}

#[test]
fn a_hire_said_after_a_no_show_runs() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-20")
        .leaves()
        .at("2026-01-25")
        .hired("2026-02-01")
        .active_at("2026-02-01");
}

#[test]
fn hire_terminate_rehire_terminate_are_four_effects() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-05-01")
        .hired("2026-06-01")
        .at("2026-08-01")
        .terminated("2026-08-31")
        .active_at("2026-03-31")
        .gone_at("2026-09-01");
}

// Seen.

#[test]
fn seen_counts_alone_where_no_start_and_no_end_is_known() {
    history()
        .at("2026-01-10")
        .observed(active())
        .active_at("2026-01-10");
}

#[test]
fn seen_never_moves_a_start() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-20")
        .observed(active())
        .ahead_at("2026-01-21")
        .active_at("2026-02-01");
}

#[test]
fn seen_runs_until_an_end_that_is_ahead() {
    history()
        .at("2026-01-10")
        .observed(active().until("2026-03-31"))
        .active_at("2026-01-11")
        .gone_at("2026-04-01");
}

#[test]
fn seen_revives_only_when_later_than_the_end_by_the_grace() {
    let ended = history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31");
    ended
        .clone()
        .at("2026-04-01T23:59:59Z")
        .observed(active())
        .gone_at("2026-04-02")
        .disputed_at("2026-04-02");
    ended
        .at("2026-04-02T00:00:00Z")
        .observed(active())
        .active_at("2026-04-02")
        .undisputed_at("2026-04-02");
}

#[test]
fn seen_that_is_not_newer_than_the_end_revives_nobody() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-04-05")
        .observed(active())
        .at("2026-04-06")
        .terminated("2026-03-31")
        .gone_at("2026-04-06")
        .undisputed_at("2026-04-06");
}

#[test]
fn a_cancelled_hire_is_not_revived_by_an_early_active_status() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-20")
        .observed(active())
        .at("2026-01-25")
        .hire_cancelled("2026-02-01")
        .unheard_at("2026-01-26")
        .gone_at("2026-02-02");
}

#[test]
fn seen_counts_again_when_newer_than_the_withdrawal_of_the_start() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-25")
        .hire_cancelled("2026-02-01")
        .at("2026-02-10")
        .observed(active())
        .active_at("2026-02-10");
}

// Ends of several employments.

#[test]
fn an_end_that_names_no_employment_ends_every_employment_begun_by_then() {
    let history = history()
        .at("2026-01-10")
        .of("teaching")
        .hired("2026-01-15")
        .of("research")
        .hired("2026-01-15")
        .of("sabbatical")
        .hired("2026-06-01")
        .at("2026-03-01")
        .of_none()
        .terminated("2026-03-31");
    history
        .active_at("2026-03-31")
        .gone_at("2026-04-01")
        .active_at("2026-06-01");
}

#[test]
fn an_end_that_names_no_employment_leaves_the_employments_of_other_sources() {
    history()
        .at("2026-01-10")
        .of("teaching")
        .hired("2026-01-15")
        .from("portal")
        .of_none()
        .at("2026-03-01")
        .leaves()
        .active_at("2026-04-01");
}

#[test]
fn an_end_that_names_no_employment_moves_one_that_was_still_ahead() {
    let contract = history()
        .at("2026-01-10")
        .of("contract")
        .hired("2026-01-15")
        .at("2026-02-01")
        .terminated("2026-03-31")
        .of_none();
    contract
        .clone()
        .at("2026-03-01")
        .terminated("2026-06-30")
        .active_at("2026-04-01")
        .gone_at("2026-07-01");
    contract
        .at("2026-04-10")
        .terminated("2026-06-30")
        .gone_at("2026-04-11");
}

#[test]
fn an_end_that_names_no_employment_ends_one_that_was_rehired_too() {
    history()
        .at("2026-01-10")
        .of("contract")
        .hired("2026-01-15")
        .terminated("2026-02-28")
        .at("2026-03-10")
        .hired("2026-03-15")
        .at("2026-04-01")
        .of_none()
        .leaves()
        .gone_at("2026-04-02");
}

#[test]
fn an_employment_whose_end_is_rescinded_since_outlives_an_end_that_names_none() {
    history()
        .at("2026-01-10")
        .of("contract")
        .hired("2026-01-15")
        .at("2026-02-01")
        .of_none()
        .terminated("2026-03-31")
        .at("2026-02-10")
        .of("contract")
        .termination_cancelled()
        .active_at("2026-04-01");
}

#[test]
fn any_end_also_ends_the_nameless_employment_of_its_source() {
    history()
        .at("2026-01-10")
        .observed(active())
        .at("2026-03-01")
        .of("contract")
        .terminated("2026-03-31")
        .active_at("2026-03-31")
        .gone_at("2026-04-01");
}

#[test]
fn a_named_end_leaves_other_named_employments() {
    history()
        .at("2026-01-10")
        .of("teaching")
        .hired("2026-01-15")
        .of("research")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .active_at("2026-04-01");
}
