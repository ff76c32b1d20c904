//! The shapes an event travels in: written from facts, and the source of the JSON Schemas.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::fact::{Attributes, Groups, Import, Phase, Reason, Status};
use super::moment::{Moment, Zone};
use crate::id::{EmployeeId, EmploymentId, EventId, FactVersion, GroupId, Provider, SourceId};

/// A CloudEvents 1.0 event.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Envelope<'a, D> {
    /// The version of CloudEvents.
    #[schemars(extend("const" = "1.0"))]
    pub specversion: &'static str,
    /// Unique per source. The same id again is the same event again.
    pub id: &'a EventId,
    /// The name of the source as the relay's configuration has it: `[sources.<name>]`.
    pub source: &'a SourceId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The employee id of the person it is about, the same whatever the source.
    pub subject: &'a EmployeeId,
    /// When it happened, as the source says. It decides which of two facts is newer, unless
    /// the source is configured to count by `sequence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub time: Option<Timestamp>,
    /// The source's own order of the facts about this person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Sequence>")]
    pub sequence: Option<i64>,
    /// When the relay received it; stamped by the relay, believed from nobody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub receivedtime: Option<Timestamp>,
    /// The media type of `data`.
    #[schemars(extend("pattern" = r"^\s*[Aa]pplication/[Jj]son\s*(;.*)?$"))]
    pub datacontenttype: Option<&'static str>,
    /// What happened, in full. A member that is not listed here is refused.
    pub data: D,
}

/// Stands for an instant in a schema.
struct Instant;

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
        })
    }
}

/// Stands for a CloudEvents integer in a schema, which some writers send as text.
struct Sequence;

impl JsonSchema for Sequence {
    fn schema_name() -> Cow<'static, str> {
        "Sequence".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": i64::MIN,
            "maximum": i64::MAX,
            "pattern": "^-?[0-9]{1,18}$"
        })
    }
}

/// Somebody starts working here.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct HireData<'a> {
    /// Which employment starts, where the source tells them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_id: Option<&'a EmploymentId>,
    /// The first day, or the instant it begins. A day begins at local midnight.
    pub effective_at: Moment,
    /// The zone a day is meant in; none: the source's, else the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<&'a Zone>,
    /// `cancelled` withdraws this start; none: `effective`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Profile attributes from then on; null: the source says that it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<&'a Attributes>,
    /// Memberships from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("not" = { "required": ["current"], "anyOf": [{ "required": ["joined"] }, { "required": ["left"] }] }))]
    pub groups: Option<&'a Groups>,
}

/// Attributes changed. Activates nobody.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["phase"], "properties": { "phase": { "enum": ["scheduled", "cancelled"] } } },
    "then" = { "required": ["effective_at"] }
))]
pub(super) struct UpdateData<'a> {
    /// From when; none: at once. Required if `phase` is `scheduled` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Moment>,
    /// The zone a day is meant in; none: the source's, else the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<&'a Zone>,
    /// `cancelled` withdraws what was said for `effective_at`; none: `effective`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The changed attributes; null: the source says that it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<&'a Attributes>,
}

/// Memberships changed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["phase"], "properties": { "phase": { "enum": ["scheduled", "cancelled"] } } },
    "then" = { "required": ["effective_at"] }
))]
pub(super) struct GroupChangeData<'a> {
    /// The employment they belong to; none: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_id: Option<&'a EmploymentId>,
    /// From when; none: at once. Required if `phase` is `scheduled` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Moment>,
    /// The zone a day is meant in; none: the source's, else the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<&'a Zone>,
    /// `cancelled` withdraws what was said for `effective_at`; none: `effective`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// What was joined and left, or all groups. No group is in `joined` and in `left`.
    #[schemars(extend("oneOf" = [
        { "required": ["current"], "not": { "anyOf": [{ "required": ["joined"] }, { "required": ["left"] }] } },
        { "not": { "required": ["current"] }, "anyOf": [
            { "required": ["joined"], "properties": { "joined": { "minItems": 1 } } },
            { "required": ["left"], "properties": { "left": { "minItems": 1 } } }
        ] }
    ]))]
    pub groups: &'a Groups,
}

/// An employment ends.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["phase"], "properties": { "phase": { "const": "scheduled" } } },
    "then" = { "required": ["effective_at"] }
))]
pub(super) struct TerminationData<'a> {
    /// Which employment ends; none: every one of this source begun by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_id: Option<&'a EmploymentId>,
    /// The last day worked (unless the source is configured to send the first day out), or
    /// the instant it ends; none: at once. Required if `phase` is `scheduled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Moment>,
    /// The zone a day is meant in; none: the source's, else the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<&'a Zone>,
    /// `cancelled` takes the end back; none: `effective`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Access is taken or given back while the employment goes on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "required": ["phase"], "properties": { "phase": { "enum": ["scheduled", "cancelled"] } } },
    "then" = { "required": ["effective_at"] }
))]
pub(super) struct AccessData<'a> {
    /// From when; none: at once. Required if `phase` is `scheduled` or `cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Moment>,
    /// The zone a day is meant in; none: the source's, else the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<&'a Zone>,
    /// `cancelled` withdraws what was said for `effective_at`; none: `effective`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
}

/// The person's data must go.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ErasureData {}

/// The state of a person as the source observed it at the event's `time`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct SnapshotData<'a> {
    /// The employment the dates, status and groups are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employment_id: Option<&'a EmploymentId>,
    /// The zone its days are meant in; none: the source's, else the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<&'a Zone>,
    /// The status word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Moment>,
    /// The last day. Null: the source knows of no end. No such member: it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(
        clippy::option_option,
        reason = "not said, none and a date are three things"
    )]
    pub end_date: Option<Option<Moment>>,
    /// The observed attributes; null: the source says that it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<&'a Attributes>,
    /// The observed memberships: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<CurrentGroups<'a>>,
    /// Set by `hris-relay import` alone; refused from every sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<&'a Import>,
}

/// Memberships as a state has them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CurrentGroups<'a> {
    /// All groups the person is in.
    pub current: &'a BTreeSet<GroupId>,
}

/// An operator's decision about one person at one provider.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CommandData<'a> {
    /// At which provider.
    pub provider: Provider,
    /// The fact version it judges, as `explain` shows it: a newer fact outdates the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, with = "Version")]
    pub fact_version: Option<FactVersion>,
    /// Who decided.
    #[schemars(length(min = 1))]
    pub operator: &'a str,
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: &'a str,
}

/// An operator asks that everything about one person at one provider is asserted again.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ReconcileData<'a> {
    /// At which provider.
    pub provider: Provider,
    /// The fact version it is meant for; none: whatever the facts are by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Version>")]
    pub fact_version: Option<FactVersion>,
    /// Who decided.
    #[schemars(length(min = 1))]
    pub operator: &'a str,
    /// Why.
    #[schemars(length(min = 1))]
    pub reason: &'a str,
}

/// Stands for a fact version in a schema.
struct Version;

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{16}$" })
    }
}
