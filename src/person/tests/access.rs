//! Access revoked and restored while employments go on.

use super::*;

fn employed() -> History {
    history().at("2026-01-10").hired("2026-01-15")
}

#[test]
fn a_revocation_locks_out_somebody_employed() {
    employed()
        .at("2026-03-01T09:30:00Z")
        .revoked()
        .active_at("2026-03-01T09:29:59Z")
        .gone_at("2026-03-01T09:30:00Z")
        .ended_at("2026-03-02", Some("2026-03-01T09:30:00Z"));
}

#[test]
fn a_revocation_for_a_date_ahead_waits_for_it() {
    employed()
        .at("2026-03-01")
        .revoked_from("2026-03-10")
        .active_at("2026-03-09")
        .gone_at("2026-03-10");
}

#[test]
fn a_cancelled_revocation_never_takes_effect() {
    employed()
        .at("2026-03-01")
        .revoked_from("2026-03-10")
        .at("2026-03-02")
        .revocation_cancelled("2026-03-10")
        .active_at("2026-03-11");
}

#[test]
fn a_revocation_does_not_count_against_an_employment_begun_later() {
    employed()
        .at("2026-03-01")
        .revoked()
        .at("2026-03-05")
        .of("second")
        .hired("2026-03-10")
        .gone_at("2026-03-09")
        .active_at("2026-03-10");
}

#[test]
fn a_revocation_counts_against_somebody_only_ever_seen() {
    history()
        .at("2026-01-10")
        .observed(active())
        .at("2026-03-01")
        .revoked()
        .at("2026-03-02")
        .observed(active())
        .gone_at("2026-03-05");
}

#[test]
fn a_restore_from_the_same_source_clears_it() {
    employed()
        .at("2026-03-01")
        .revoked()
        .at("2026-03-05")
        .restored()
        .active_at("2026-03-05");
}

#[test]
fn a_restore_that_is_backdated_clears_it_too() {
    employed()
        .at("2026-03-05")
        .revoked()
        .at("2026-03-06")
        .restored_from("2026-03-04")
        .active_at("2026-03-07");
}

#[test]
fn an_older_restore_that_arrives_late_clears_nothing() {
    employed()
        .at("2026-03-05")
        .revoked()
        .at("2026-03-01")
        .received("2026-03-06")
        .restored()
        .gone_at("2026-03-07");
}

#[test]
fn a_restore_from_another_source_clears_nothing() {
    employed()
        .at("2026-03-01")
        .revoked()
        .at("2026-03-05")
        .from("sso")
        .restored()
        .gone_at("2026-03-05");
}

#[test]
fn a_restore_does_not_clear_a_revocation_still_ahead_of_it() {
    employed()
        .at("2026-03-01")
        .revoked_from("2026-04-01")
        .at("2026-03-05")
        .revoked()
        .at("2026-03-06")
        .restored()
        .active_at("2026-03-07")
        .gone_at("2026-04-01");
}

#[test]
fn a_restore_of_the_same_version_clears_nothing() {
    employed()
        .at("2026-03-01")
        .with_id("a")
        .revoked_from("2026-03-01")
        .with_id("b")
        .restored()
        .gone_at("2026-03-02");
}

#[test]
fn a_start_said_later_and_dated_after_it_clears_it() {
    employed()
        .at("2026-03-01")
        .revoked()
        .at("2026-03-05")
        .hired("2026-03-10")
        .gone_at("2026-03-09")
        .active_at("2026-03-10");
}

#[test]
fn a_start_said_later_but_dated_before_it_clears_nothing() {
    employed()
        .at("2026-03-05")
        .revoked()
        .at("2026-03-06")
        .hired("2026-03-01")
        .gone_at("2026-03-07");
}

#[test]
fn a_start_dated_after_it_but_said_before_clears_nothing_even_when_restated() {
    employed()
        .at("2026-02-01")
        .hired("2026-03-10")
        .at("2026-03-01")
        .revoked()
        .gone_at("2026-03-10")
        .at("2026-03-02")
        .observed(active().since("2026-03-10"))
        .gone_at("2026-03-10");
}

#[test]
fn a_start_known_when_access_was_revoked_for_an_earlier_day_clears_nothing_when_restated() {
    let revoked = employed()
        .at("2026-03-27T07:30:00Z")
        .observed(active().since("2026-03-25"))
        .at("2026-03-27T08:00:00Z")
        .revoked_from("2026-03-23");
    revoked
        .clone()
        .at("2026-03-28T02:00:00Z")
        .observed(active().since("2026-03-25"))
        .gone_at("2026-03-29");
    // A rehire entered late is genuinely newer, and the nights after it do not undo that.
    revoked
        .at("2026-03-28")
        .hired("2026-03-26")
        .at("2026-03-29")
        .observed(active().since("2026-03-26"))
        .active_at("2026-03-30");
}

#[test]
fn after_an_erasure_a_start_that_had_come_when_access_was_revoked_is_taken_for_known_by_then() {
    let revoked = employed()
        .at("2026-02-01")
        .erased()
        .at("2026-03-20")
        .hired("2026-02-05")
        .hired("2026-03-01")
        .at("2026-03-27")
        .revoked_from("2026-02-15");
    revoked
        .clone()
        .at("2026-03-28")
        .observed(active().since("2026-03-01"))
        .gone_at("2026-03-29");
    revoked
        .at("2026-03-28")
        .hired("2026-03-28")
        .active_at("2026-03-29");
}

#[test]
fn across_sources_a_start_is_later_by_the_time_it_was_said() {
    let revoked = employed()
        .versions_by(VersionBy::Sequence)
        .at("2026-03-01")
        .from("sso")
        .revoked()
        .from("hr");
    revoked
        .clone()
        .at("2026-03-05")
        .sequence(2)
        .hired("2026-03-10")
        .active_at("2026-03-10");
    revoked
        .at("2026-02-05")
        .sequence(i64::MAX)
        .hired("2026-03-10")
        .gone_at("2026-03-10");
}

#[test]
fn access_restored_employs_nobody() {
    history()
        .at("2026-03-01")
        .restored()
        .unheard_at("2026-03-02");
    employed()
        .at("2026-03-01")
        .leaves()
        .at("2026-03-02")
        .restored()
        .gone_at("2026-03-03");
}
