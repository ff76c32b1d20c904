//! Versions, starts, ends, what was seen, and the branches of "running at t".

use super::*;

// Version.

#[test]
fn by_default_the_fact_that_occurred_later_wins_however_late_it_arrives() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-02")
        .terminated("2026-06-30")
        .at("2026-03-01")
        .received("2026-03-05")
        .terminated("2026-03-31")
        .active_at("2026-06-30")
        .gone_at("2026-07-01");
}

#[test]
fn a_sequence_decides_where_the_source_has_one() {
    history()
        .versions_by(VersionBy::Sequence)
        .at("2026-01-10")
        .sequence(1)
        .hired("2026-01-15")
        .at("2026-03-02")
        .sequence(2)
        .terminated("2026-03-31")
        .at("2026-03-01")
        .sequence(3)
        .terminated("2026-06-30")
        .active_at("2026-04-01")
        .gone_at("2026-07-01");
}

#[test]
fn a_fact_without_the_sequence_its_source_has_is_older_than_any() {
    history()
        .versions_by(VersionBy::Sequence)
        .at("2026-01-10")
        .sequence(0)
        .hired("2026-01-15")
        .sequence(0)
        .termination_cancelled()
        .at("2026-03-01")
        .terminated("2026-03-31")
        .active_at("2026-04-01");
}

#[test]
fn the_epoch_leads_the_sequence() {
    let before = history()
        .versions_by(VersionBy::Sequence)
        .at("2026-01-10")
        .sequence(900)
        .hired("2026-01-15")
        .at("2026-03-01")
        .sequence(901)
        .terminated("2026-03-31");
    let after = before
        .clone()
        .configure_hr(|hr| hr.epoch = 1)
        .at("2026-03-02")
        .sequence(1)
        .terminated("2026-06-30");
    let mut person = before.person();
    let rules = &after.rules.sources["hr"];
    fold(&mut person, after.events.last().unwrap(), rules, after.now);
    let standing = standing(&person, &after.rules, instant("2026-04-01"));
    assert_eq!(standing.presence, Presence::Active);
}

#[test]
fn the_receipt_decides_where_the_sender_is_synchronous() {
    history()
        .versions_by(VersionBy::ReceivedAt)
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-09")
        .received("2026-03-10")
        .terminated("2026-03-31")
        .at("2026-03-08")
        .received("2026-03-11")
        .terminated("2026-06-30")
        .active_at("2026-04-01");
}

#[test]
fn a_clock_ahead_counts_as_the_receipt_and_cannot_win_for_hours() {
    let history = history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01T18:00:00Z")
        .received("2026-03-01T12:00:00Z")
        .termination_cancelled()
        .at("2026-03-01T13:00:00Z")
        .terminated("2026-03-31")
        .gone_at("2026-04-01");
    let ahead = &history.events[1];
    let rules = SourceRules::default();
    let folded = fold(&mut Person::default(), ahead, &rules, history.now);
    assert!(folded.clock_ahead && folded.changed);
    let mut hardly = ahead.clone();
    hardly.received_time = Some(instant("2026-03-01T17:59:59.1Z"));
    assert!(!fold(&mut Person::default(), &hardly, &rules, history.now).clock_ahead);
}

#[test]
fn of_one_version_the_value_that_gives_less_access_wins() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .with_id("a")
        .terminated("2026-03-31")
        .with_id("b")
        .terminated("2026-06-30")
        .with_id("c")
        .termination_cancelled()
        .gone_at("2026-04-01");
    history()
        .at("2026-01-10")
        .with_id("b")
        .hired("2026-01-15")
        .with_id("a")
        .hire_cancelled("2026-01-15")
        .gone_at("2026-01-16");
    history()
        .at("2026-01-10")
        .with_id("b")
        .hired("2026-01-15")
        .with_id("a")
        .hired("2026-02-15")
        .ahead_at("2026-01-16")
        .active_at("2026-02-16");
    history()
        .at("2026-01-10")
        .hired("2026-01-05")
        .with_id("b")
        .joins_from("2026-01-10", "Sales")
        .with_id("a")
        .joining_cancelled("2026-01-10", "Sales")
        .has_groups_at("2026-01-12", []);
}

#[test]
fn of_one_version_and_the_same_access_the_greater_event_id_wins() {
    let history = history()
        .at("2026-01-10")
        .with_id("b")
        .updated("email", "b@x.test")
        .with_id("a")
        .updated("email", "a@x.test");
    history.has_at("2026-01-10", "email", Some("b@x.test"));
}

#[test]
fn a_superseded_fact_and_a_duplicate_change_nothing() {
    let history = history()
        .at("2026-01-10")
        .updated("email", "new@x.test")
        .at("2026-01-09")
        .updated("email", "old@x.test");
    let mut person = Person::default();
    let rules = SourceRules::default();
    let mut changed = |event| fold(&mut person, event, &rules, history.now).changed;
    let [new, old] = history.events.as_slice() else {
        panic!("two events");
    };
    assert_eq!(
        [changed(new), changed(new), changed(old)],
        [true, false, false]
    );
}

// Starts.

#[test]
fn each_start_date_is_a_register_of_its_own() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-05-01")
        .hired("2026-06-01")
        .at("2026-05-02")
        .hire_cancelled("2026-06-01")
        .active_at("2026-01-15")
        .active_at("2026-06-02");
}

#[test]
fn a_hire_for_a_date_still_ahead_replaces_other_starts_that_were_still_ahead() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-20")
        .hired("2026-03-01")
        .ahead_at("2026-02-02")
        .active_at("2026-03-01");
}

#[test]
fn a_start_can_be_moved_to_an_earlier_date_that_is_still_ahead() {
    history()
        .at("2026-01-10")
        .hired("2026-03-01")
        .at("2026-01-20")
        .hired("2026-02-01")
        .at("2026-02-05")
        .terminated("2026-02-20")
        .active_at("2026-02-01")
        .gone_at("2026-03-02");
}

#[test]
fn a_hire_for_a_date_still_ahead_leaves_starts_that_had_come() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-01-20")
        .hired("2026-03-01")
        .active_at("2026-01-21")
        .active_at("2026-03-02");
}

#[test]
fn a_hire_for_a_date_that_has_come_leaves_starts_that_are_ahead() {
    history()
        .at("2026-01-10")
        .hired("2026-03-01")
        .at("2026-01-20T12:00:00Z")
        .hired("2026-01-20")
        .at("2026-01-25")
        .hire_cancelled("2026-01-20")
        .gone_at("2026-01-26")
        .active_at("2026-03-01");
}

#[test]
fn a_start_that_was_moved_and_then_cancelled_does_not_come_back() {
    history()
        .at("2026-01-10")
        .hired("2026-02-01")
        .at("2026-01-20")
        .hired("2026-03-01")
        .at("2026-01-25")
        .hire_cancelled("2026-03-01")
        .unheard_at("2026-02-02")
        .gone_at("2026-03-01");
}

#[test]
fn an_observed_start_still_ahead_moves_an_announced_one_too() {
    history()
        .at("2026-01-10")
        .observed(inactive().since("2026-02-01"))
        .at("2026-01-20")
        .observed(inactive().since("2026-03-01"))
        .gone_at("2026-02-02")
        .active_at("2026-03-01");
}

#[test]
fn cancelled_withdraws_a_start_that_had_come() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-01-20")
        .hire_cancelled("2026-01-15")
        .gone_at("2026-01-20")
        .ended_at("2026-01-21", Some("2026-01-20"));
}

#[test]
fn a_cancellation_that_arrives_before_its_hire_suppresses_it() {
    history()
        .at("2026-01-12")
        .hire_cancelled("2026-01-15")
        .at("2026-01-10")
        .hired("2026-01-15")
        .gone_at("2026-01-16");
}

// Ends.

#[test]
fn the_newest_termination_is_the_end() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .terminated("2026-04-30")
        .active_at("2026-04-30")
        .gone_at("2026-05-01");
}

#[test]
fn a_termination_without_a_date_ends_at_once() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01T09:30:00Z")
        .leaves()
        .active_at("2026-03-01T09:29:59Z")
        .gone_at("2026-03-01T09:30:00Z");
}

#[test]
fn a_cancelled_termination_sets_the_end_to_none() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .termination_cancelled()
        .active_at("2026-04-01");
}

#[test]
fn an_observed_inactive_ends_at_the_time_of_observation() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01T02:00:00Z")
        .observed(inactive())
        .active_at("2026-03-01T01:59:59Z")
        .gone_at("2026-03-01T02:00:00Z")
        .ended_at("2026-03-05", Some("2026-03-01T02:00:00Z"));
}

#[test]
fn a_snapshot_with_a_passed_end_date_ends_whatever_its_status_word() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-04-02")
        .observed(active().until("2026-03-31"))
        .gone_at("2026-04-02");
}

#[test]
fn a_snapshot_with_an_end_date_ahead_runs_until_then_whatever_its_status_word() {
    history()
        .at("2026-03-01")
        .observed(inactive().since("2026-01-15").until("2026-03-31"))
        .active_at("2026-03-02")
        .gone_at("2026-04-01");
}

#[test]
fn a_snapshot_with_an_empty_end_date_sets_the_end_to_none() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .observed(active().open_ended())
        .active_at("2026-04-01");
}

#[test]
fn a_snapshot_that_does_not_map_the_end_leaves_it() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .at("2026-03-10")
        .observed(active())
        .gone_at("2026-04-01");
}

#[test]
fn inactive_with_an_empty_end_date_ends_at_the_time_of_observation() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .observed(inactive().open_ended())
        .gone_at("2026-03-01");
}

#[test]
fn a_person_never_heard_of_is_neither_active_nor_gone() {
    history()
        .unheard_at("2026-01-01")
        .changes_next("2026-01-01", None)
        .ended_at("2026-01-01", None);
}
