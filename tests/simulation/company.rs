//! The relay's configuration in every history, and what it means for the platform.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hris_relay::event::{TerminationDay, VersionBy};
use hris_relay::id::{Provider, SourceId};
use hris_relay::person::{Rules, SourceRules};
use hris_relay::plan::{Assignment, StartExamAssignment, StartExamPlanner};
use hris_relay::provider::startexam::{RemovalOrder, StartExamSettings};
use hris_relay::shard::ShardSettings;
use hris_relay::worker::{Generation, GuardSettings, Limits, WorkerRules, WorkerSettings};
use jiff::SignedDuration;

use crate::history::Kind;
use crate::provider::CALL_TIMEOUT;

/// An owner that was not heard of for so long has lost its partition.
pub(crate) const SESSION: SignedDuration = SignedDuration::from_secs(20);
/// How often an owner is heard of.
pub(crate) const HEARTBEAT: SignedDuration = SignedDuration::from_secs(3);
/// How much later than an end an observed "active" must be to revive.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// A guarded history lets one of so many people go in an hour.
pub(crate) const SHARE: u8 = 4;
/// Where the worker knows more people than this.
pub(crate) const ARMED_ABOVE: usize = 2;

const FIELDS: [(&str, &str); 2] = [("Email", "email"), ("First Name", "first_name")];

/// Two sources that employ, one of them with sequences; a synchronous one; one that only
/// revokes and enriches. A fifth, `retired`, is not configured.
pub(crate) fn rules() -> Rules {
    let source = |name: &str| SourceId::try_from(name).unwrap();
    let zoned = |zone: &str| Some(zone.parse().unwrap());
    let hr = SourceRules {
        zone: zoned("Europe/Berlin"),
        ..SourceRules::default()
    };
    let erp = SourceRules {
        version_by: VersionBy::Sequence,
        zone: zoned("Pacific/Auckland"),
        termination_day: TerminationDay::FirstDayOut,
        ..SourceRules::default()
    };
    let scim = SourceRules {
        employs: false,
        version_by: VersionBy::ReceivedAt,
        ..SourceRules::default()
    };
    let sso = SourceRules {
        employs: false,
        ..SourceRules::default()
    };
    Rules {
        precedence: vec![source("scim"), source("hr")],
        sources: [("hr", hr), ("erp", erp), ("scim", scim), ("sso", sso)]
            .map(|(name, rules)| (source(name), rules))
            .into(),
        revival_grace: GRACE.unsigned_abs(),
        ..Rules::default()
    }
}

/// The programs of the groups; none: nobody mapped any of them.
pub(crate) fn targets(groups: &BTreeSet<String>, kind: Kind) -> Option<BTreeSet<String>> {
    let programs = |group: &String| match group.as_str() {
        // What the new assignments say.
        "Sales" if kind == Kind::Rollout => Some(["program:t", "program:u"].as_slice()),
        "Sales" => Some(["program:s", "program:all"].as_slice()),
        "Support" => Some(["program:t", "program:all"].as_slice()),
        "Berlin" => Some(["program-external:b"].as_slice()),
        _ => None,
    };
    let mapped: Vec<_> = groups.iter().filter_map(programs).collect();
    let all = mapped.concat().into_iter().map(str::to_owned).collect();
    (!mapped.is_empty()).then_some(all)
}

/// The profile as the platform has it.
pub(crate) fn profile(attributes: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let fields = FIELDS.iter().filter_map(|(field, attribute)| {
        let value = attributes.get(*attribute)?;
        Some(((*field).to_owned(), value.clone()))
    });
    fields.collect()
}

fn assignments(is_new: bool) -> Vec<Assignment> {
    let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect();
    let assign = |group: &str, programs: &[&str], external: &[&str]| Assignment {
        group: group.to_owned(),
        startexam: Some(StartExamAssignment {
            programs: texts(programs),
            external_programs: texts(external),
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    };
    let sales = if is_new { ["t", "u"] } else { ["s", "all"] };
    vec![
        assign("Sales", &sales, &[]),
        assign("Support", &["t", "all"], &[]),
        assign("Berlin", &[], &["b"]),
    ]
}

/// One in [`SHARE`] of three people and more; elsewhere there are too few to guard.
fn guard(kind: Kind) -> GuardSettings {
    match kind {
        Kind::Guarded(_) => GuardSettings {
            share: 1.0 / f64::from(SHARE),
            least: 1,
            armed_above: ARMED_ABOVE,
            ..GuardSettings::default()
        },
        Kind::Plain | Kind::Rollout => GuardSettings::default(),
    }
}

pub(crate) fn worker_rules(order: RemovalOrder, kind: Kind, is_new: bool) -> WorkerRules {
    let fields = FIELDS.map(|(field, attribute)| (field.to_owned(), attribute.to_owned()));
    let settings = StartExamSettings {
        profile_fields: fields.into(),
        removal_order: order,
        ..StartExamSettings::default()
    };
    WorkerRules {
        provider: Provider::STARTEXAM,
        people: rules(),
        planner: Box::new(StartExamPlanner::new(assignments(is_new), &settings)),
        partitions: 1,
        assignments: Generation::new(u64::from(is_new), &assignments(is_new)),
        limits: Limits {
            calls_per_second: 20.0,
            burst: 4,
            in_flight: 3,
            accounts: 3,
            registrations: 2,
            mixes: true,
            call_timeout: CALL_TIMEOUT,
        },
        settings: WorkerSettings {
            // Fewer probes than in earnest, since histories jump over days of them.
            probe_every: Duration::from_mins(20),
            guard: guard(kind),
            ..WorkerSettings::default()
        },
    }
}

pub(crate) fn shard_settings() -> ShardSettings {
    ShardSettings {
        lease: Duration::from_secs(5),
        drain: CALL_TIMEOUT + Duration::from_secs(2),
        ..ShardSettings::default()
    }
}
