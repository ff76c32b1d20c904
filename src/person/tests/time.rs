//! Zones, midnights, last days and the timers that follow from them.

use super::*;
use crate::event::TerminationDay;

#[test]
fn a_date_is_meant_in_the_events_zone_first() {
    history()
        .configure_hr(|hr| hr.zone = Some(zone("Europe/Berlin")))
        .in_zone("Pacific/Auckland")
        .at("2026-01-10")
        .hired("2026-01-15")
        .ahead_at("2026-01-14T10:59:59Z")
        .active_at("2026-01-14T11:00:00Z");
}

#[test]
fn a_date_without_a_zone_is_meant_in_the_sources() {
    history()
        .configure_hr(|hr| hr.zone = Some(zone("Europe/Berlin")))
        .configure(|rules| rules.zone = zone("Pacific/Honolulu"))
        .at("2026-01-10")
        .hired("2026-01-15")
        .ahead_at("2026-01-14T22:59:59Z")
        .active_at("2026-01-14T23:00:00Z");
}

#[test]
fn a_date_of_a_source_without_a_zone_is_meant_in_the_relays() {
    history()
        .configure(|rules| rules.zone = zone("Pacific/Honolulu"))
        .at("2026-01-10")
        .hired("2026-01-15")
        .ahead_at("2026-01-15T09:59:59Z")
        .active_at("2026-01-15T10:00:00Z");
}

#[test]
fn a_date_of_a_snapshot_is_meant_in_its_zone() {
    history()
        .in_zone("Pacific/Honolulu")
        .at("2026-01-10")
        .observed(active().since("2026-01-01").until("2026-03-31"))
        .active_at("2026-04-01T09:59:59.999Z")
        .gone_at("2026-04-01T10:00:00Z");
}

#[test]
fn the_instant_is_computed_when_it_is_asked_for() {
    let record = history().at("2026-01-10").hired("2026-01-15").person();
    let presence_in = |name: &str| {
        let rules = history().configure(|rules| rules.zone = zone(name)).rules;
        standing(&record, &rules, instant("2026-01-14T12:00:00Z")).presence
    };
    assert_eq!(presence_in("UTC"), Presence::Ahead);
    assert_eq!(presence_in("Pacific/Auckland"), Presence::Active);
}

#[test]
fn a_last_day_is_worked_in_honolulu_berlin_and_auckland() {
    for (name, last, first_out) in [
        (
            "Pacific/Honolulu",
            "2026-04-01T09:59:59.999Z",
            "2026-04-01T10:00:00Z",
        ),
        (
            "Europe/Berlin",
            "2026-03-31T21:59:59.999Z",
            "2026-03-31T22:00:00Z",
        ),
        (
            "Pacific/Auckland",
            "2026-03-31T10:59:59.999Z",
            "2026-03-31T11:00:00Z",
        ),
    ] {
        history()
            .in_zone(name)
            .at("2026-01-10")
            .hired("2026-01-15")
            .at("2026-03-01")
            .terminated("2026-03-31")
            .active_at(last)
            .gone_at(first_out);
    }
}

#[test]
fn a_first_day_out_is_not_worked() {
    history()
        .configure_hr(|hr| hr.termination_day = TerminationDay::FirstDayOut)
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .active_at("2026-03-30T23:59:59.999Z")
        .gone_at("2026-03-31T00:00:00Z");
}

#[test]
fn an_instant_needs_no_zone_and_no_midnight() {
    history()
        .in_zone("Pacific/Auckland")
        .at("2026-01-10")
        .hired("2026-01-15T08:00:00+01:00")
        .terminated("2026-03-31T17:00:00+02:00")
        .active_at("2026-01-15T07:00:00Z")
        .active_at("2026-03-31T14:59:59Z")
        .gone_at("2026-03-31T15:00:00Z");
}

#[test]
fn a_last_day_on_which_the_clocks_change_ends_at_local_midnight() {
    for (last_day, end) in [
        ("2026-03-29", "2026-03-29T22:00:00Z"),
        ("2026-10-25", "2026-10-25T23:00:00Z"),
    ] {
        history()
            .in_zone("Europe/Berlin")
            .at("2026-01-10")
            .hired("2026-01-15")
            .terminated(last_day)
            .changes_next("2026-02-01", Some(end))
            .gone_at(end);
    }
}

#[test]
fn a_first_day_whose_midnight_is_skipped_begins_with_its_first_hour() {
    history()
        .in_zone("Africa/Cairo")
        .at("2026-01-10")
        .hired("2026-04-24")
        .ahead_at("2026-04-23T21:59:59.999Z")
        .active_at("2026-04-23T22:00:00Z");
}

#[test]
fn the_next_change_is_the_next_date_of_any_register() {
    let mut dated = history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .joins_from("2026-02-01", "Sales")
        .update(Some("2026-03-01"), Phase::Scheduled, "email", "e@x.test")
        .revoked_from("2026-04-01")
        .terminated("2026-04-30");
    for (after, next) in [
        ("2026-01-12", Some("2026-01-15T00:00:00Z")),
        ("2026-01-15T00:00:00Z", Some("2026-02-01T00:00:00Z")),
        ("2026-02-01T00:00:00Z", Some("2026-03-01T00:00:00Z")),
        ("2026-03-01T00:00:00Z", Some("2026-04-01T00:00:00Z")),
        ("2026-04-01T00:00:00Z", Some("2026-05-01T00:00:00Z")),
        ("2026-05-01T00:00:00Z", None),
    ] {
        dated = dated.changes_next(after, next);
    }
}

#[test]
fn a_fact_said_a_moment_ahead_of_our_clock_has_a_timer_too() {
    let employed = history().at("2026-01-10").hired("2026-01-15");
    for said_ahead in [
        employed.clone().at("2026-03-01T12:00:00.3Z").leaves(),
        employed.clone().at("2026-03-01T12:00:00.3Z").revoked(),
    ] {
        said_ahead
            .active_at("2026-03-01T12:00:00Z")
            .changes_next("2026-03-01T12:00:00Z", Some("2026-03-01T12:00:00.3Z"))
            .gone_at("2026-03-01T12:00:00.3Z");
    }
}
