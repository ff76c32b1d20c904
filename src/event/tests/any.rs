//! Any fact an event can state.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;

use super::super::*;
use crate::id::{EmploymentId, FactVersion, GroupId, Provider};

pub(super) fn instants() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_800_000_i64..253_402_207_200_000)
        .prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

fn moments() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (1_i16..=9999, 1_i8..=12, 1_i8..=28)
            .prop_map(|(y, m, d)| Moment::Day(Date::new(y, m, d).unwrap())),
        instants().prop_map(Moment::Instant),
    ]
}

fn zones() -> impl Strategy<Value = Option<Zone>> {
    option::of(
        prop_oneof![Just("Europe/Berlin"), Just("Pacific/Honolulu"), Just("UTC")]
            .prop_map(|zone| zone.parse().unwrap()),
    )
}

fn whens() -> impl Strategy<Value = When> {
    (moments(), zones()).prop_map(|(moment, zone)| When { moment, zone })
}

fn attributes() -> impl Strategy<Value = Attributes> {
    btree_map("\\PC{0,12}", option::of(".{0,12}"), 0..4)
}

fn group_sets() -> impl Strategy<Value = BTreeSet<GroupId>> {
    btree_set(
        "\\PC{1,12}".prop_map(|raw| GroupId::try_from(raw).unwrap()),
        0..4,
    )
}

fn memberships() -> impl Strategy<Value = Groups> {
    prop_oneof![
        group_sets().prop_map(Groups::all),
        (group_sets(), group_sets()).prop_map(|(joined, left)| Groups {
            left: left.difference(&joined).cloned().collect(),
            joined,
            current: None,
        }),
    ]
}

fn employments() -> impl Strategy<Value = Option<EmploymentId>> {
    option::of("\\PC{1,12}".prop_map(|raw| EmploymentId::try_from(raw).unwrap()))
}

fn phases() -> impl Strategy<Value = Phase> {
    prop_oneof![
        Just(Phase::Scheduled),
        Just(Phase::Effective),
        Just(Phase::Cancelled)
    ]
}

/// A date and a phase that may stand together.
fn dated() -> impl Strategy<Value = (Option<When>, Phase)> {
    prop_oneof![
        (whens(), phases()).prop_map(|(when, phase)| (Some(when), phase)),
        Just((None, Phase::Effective)),
    ]
}

fn snapshots() -> impl Strategy<Value = Snapshot> {
    let status = option::of(prop_oneof![Just(Status::Active), Just(Status::Inactive)]);
    let end = prop_oneof![
        Just(ObservedEnd::Unmapped),
        Just(ObservedEnd::Empty),
        moments().prop_map(ObservedEnd::On),
    ];
    let groups = option::of(group_sets()).prop_map(|current| Groups {
        current,
        ..Groups::default()
    });
    let dates = (option::of(moments()), end, zones());
    let adopt = btree_set(Just(Provider::STARTEXAM), 0..2);
    let import = option::of(adopt.prop_map(|adopt| Import { adopt }));
    (employments(), status, dates, attributes(), groups, import).prop_map(
        |(employment, status, (start, end, zone), attributes, groups, import)| Snapshot {
            employment,
            zone,
            status,
            start,
            end,
            attributes,
            groups,
            import,
        },
    )
}

pub(super) fn facts() -> impl Strategy<Value = Fact> {
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
    let updates = (dated(), attributes()).prop_map(|((effective, phase), attributes)| {
        Fact::Updated(Update {
            effective,
            phase,
            attributes,
        })
    });
    let said = memberships().prop_filter("says something", |groups| !groups.is_empty());
    let changes =
        (employments(), dated(), said).prop_map(|(employment, (effective, phase), groups)| {
            Fact::GroupChanged(GroupChange {
                employment,
                effective,
                phase,
                groups,
            })
        });
    prop_oneof![
        hires,
        updates,
        changes,
        ends(),
        snapshots().prop_map(Fact::Snapshot),
    ]
}

/// Facts that take something away, and commands.
fn ends() -> impl Strategy<Value = Fact> {
    let ends = (employments(), dated()).prop_map(|(employment, (end, phase))| {
        Fact::Terminated(Termination {
            employment,
            end,
            phase,
            reason: Some(Reason::ContractEnd),
        })
    });
    let revocations = dated()
        .prop_map(|(effective, phase)| Fact::AccessRevoked(AccessChange { effective, phase }));
    let kinds = prop_oneof![Just(CommandKind::Release), Just(CommandKind::Reconcile)];
    let commands = (kinds, ".{1,12}", any::<[u8; 8]>()).prop_map(|(kind, reason, digest)| {
        let version = FactVersion::new(digest);
        let is_needed = kind != CommandKind::Reconcile || digest[0] > 99;
        Fact::Command(Command {
            kind,
            provider: Provider::STARTEXAM,
            fact_version: is_needed.then_some(version),
            operator: "jo".to_owned(),
            reason,
        })
    });
    prop_oneof![ends, revocations, commands, Just(Fact::Erased)]
}
