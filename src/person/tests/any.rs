//! Any history of one person: facts of several sources that collide, late and ahead.

use std::collections::BTreeMap;

use jiff::ToSpan;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::event::{Command, CommandKind, Import};
use crate::id::{FactVersion, Provider};

/// Two sources that employ, one of them with sequences, and one that only enriches.
pub(super) fn rules() -> Rules {
    history()
        .configure(|rules| {
            let portal = rules.sources.get_mut("portal").unwrap();
            portal.version_by = VersionBy::Sequence;
            portal.zone = Some(zone("Pacific/Auckland"));
        })
        .rules
}

/// Half-days since 2026-01-01: few, so that versions and dates collide.
pub(super) fn half_day(number: i64) -> Timestamp {
    instant("2026-01-01T00:00:00Z") + (number * 12).hours()
}

pub(super) const LAST: i64 = 40;

fn moments() -> impl Strategy<Value = Moment> {
    (0..LAST, any::<bool>()).prop_map(|(number, is_day)| {
        let instant = half_day(number);
        if is_day {
            Moment::Day(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
        } else {
            Moment::Instant(instant)
        }
    })
}

fn whens() -> impl Strategy<Value = When> {
    let zones = option::weighted(0.2, select(vec!["Pacific/Honolulu", "Europe/Berlin"]));
    (moments(), zones).prop_map(|(moment, name)| When {
        moment,
        zone: name.map(zone),
    })
}

fn phases() -> impl Strategy<Value = Phase> {
    select(vec![Phase::Effective, Phase::Scheduled, Phase::Cancelled])
}

fn employments() -> impl Strategy<Value = Option<EmploymentId>> {
    let names = select(vec!["first", "second"]);
    option::of(names.prop_map(|name| EmploymentId::try_from(name).unwrap()))
}

fn memberships() -> impl Strategy<Value = Groups> {
    let some =
        || proptest::collection::btree_set(select(vec!["A", "B", "C"]).prop_map(group), 0..3);
    (some(), some(), option::weighted(0.3, some())).prop_map(|(joined, left, current)| {
        let left = left.difference(&joined).cloned().collect();
        Groups {
            joined,
            left,
            current,
        }
    })
}

fn attributes() -> impl Strategy<Value = BTreeMap<String, Option<String>>> {
    let names = select(vec!["email", "phone"]).prop_map(str::to_owned);
    let values = option::of(select(vec!["1", "2"]).prop_map(str::to_owned));
    proptest::collection::btree_map(names, values, 0..2)
}

fn snapshots() -> impl Strategy<Value = Fact> {
    let statuses = option::of(select(vec![Status::Active, Status::Inactive]));
    let ends = prop_oneof![
        Just(ObservedEnd::Unmapped),
        Just(ObservedEnd::Empty),
        moments().prop_map(ObservedEnd::On),
    ];
    let start = option::of(moments());
    let adopting = proptest::collection::btree_set(Just(Provider::STARTEXAM), 0..2);
    let import = option::weighted(0.3, adopting.prop_map(|adopt| Import { adopt }));
    (
        employments(),
        statuses,
        start,
        ends,
        attributes(),
        memberships(),
        import,
    )
        .prop_map(
            |(employment, status, start, end, attributes, groups, import)| {
                Fact::Snapshot(Snapshot {
                    employment,
                    zone: None,
                    status,
                    start,
                    end,
                    attributes,
                    groups,
                    import,
                })
            },
        )
}

pub(super) fn employing_facts() -> impl Strategy<Value = Fact> {
    let hires = (
        employments(),
        whens(),
        phases(),
        attributes(),
        memberships(),
    )
        .prop_map(|(employment, start, phase, attributes, groups)| {
            Fact::Hired(Hire {
                employment,
                start,
                phase,
                attributes,
                groups,
            })
        });
    let terminations =
        (employments(), option::of(whens()), phases()).prop_map(|(employment, end, phase)| {
            Fact::Terminated(Termination {
                employment,
                end,
                phase,
                reason: None,
            })
        });
    prop_oneof![4 => hires, 3 => terminations, 3 => snapshots()]
}

pub(super) fn enriching_facts() -> impl Strategy<Value = Fact> {
    let changes = (employments(), option::of(whens()), phases(), memberships()).prop_map(
        |(employment, effective, phase, groups)| {
            Fact::GroupChanged(GroupChange {
                employment,
                effective,
                phase,
                groups,
            })
        },
    );
    let updates =
        (option::of(whens()), phases(), attributes()).prop_map(|(effective, phase, attributes)| {
            Fact::Updated(Update {
                effective,
                phase,
                attributes,
            })
        });
    let access = (option::of(whens()), phases(), any::<bool>()).prop_map(
        |(effective, phase, is_revoked)| {
            let change = AccessChange { effective, phase };
            if is_revoked {
                Fact::AccessRevoked(change)
            } else {
                Fact::AccessRestored(change)
            }
        },
    );
    prop_oneof![changes, updates, access]
}

/// An event of a source whose sequence, where it has one, follows its time.
pub(super) fn event(source_name: &str, number: i64, delay: i64, id: usize, fact: Fact) -> Event {
    let has_sequence = source_name == "portal";
    let delay = if has_sequence { delay.abs() } else { delay };
    Event {
        id: EventId::try_from(format!("event-{id:02}")).unwrap(),
        source: source(source_name),
        subject: EmployeeId::try_from("e-17").unwrap(),
        time: Some(half_day(number)),
        received_time: Some(half_day(number + delay)),
        sequence: has_sequence.then_some(number),
        fact,
    }
}

/// Events of one person, some late, some with a clock ahead, told in some order.
pub(super) fn histories(facts: impl Strategy<Value = Fact>) -> impl Strategy<Value = Vec<Event>> {
    let told = (
        select(vec!["hr", "portal", "sso"]),
        0..LAST,
        -2..8_i64,
        facts,
    );
    vec(told, 1..14)
        .prop_map(|told| {
            let numbered = told.into_iter().enumerate();
            numbered
                .map(|(id, (source, number, delay, fact))| event(source, number, delay, id, fact))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn commands() -> impl Strategy<Value = Fact> {
    let kinds = vec![
        CommandKind::Redrive,
        CommandKind::Release,
        CommandKind::Reject,
        CommandKind::Reconcile,
    ];
    let versions =
        select(vec![1, 2]).prop_map(|last| FactVersion::new([0, 0, 0, 0, 0, 0, 0, last]));
    (select(kinds), option::of(versions)).prop_map(|(kind, fact_version)| {
        Fact::Command(Command {
            kind,
            provider: Provider::STARTEXAM,
            fact_version,
            operator: "operator".to_owned(),
            reason: "reason".to_owned(),
        })
    })
}

pub(super) fn states() -> impl Strategy<Value = Fact> {
    prop_oneof![8 => employing_facts(), 5 => enriching_facts()]
}

pub(super) fn any_facts() -> impl Strategy<Value = Fact> {
    prop_oneof![20 => states(), 1 => Just(Fact::Erased), 1 => commands()]
}
