//! The facts an event can state, typed: no field that its kind does not have.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moment::{Moment, When};
use crate::id::{EmploymentId, FactVersion, GroupId, Provider};

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `hr.employee.hired.v1`, and `.rehired.v1`, the same fact by another name.
    Hired(Hire),
    /// `hr.employee.updated.v1`: attributes changed; activates nobody.
    Updated(Update),
    /// `hr.employee.group_changed.v1`.
    GroupChanged(GroupChange),
    /// `hr.employee.terminated.v1`.
    Terminated(Termination),
    /// `hr.employee.access_revoked.v1`: locked out, still employed.
    AccessRevoked(AccessChange),
    /// `hr.employee.access_restored.v1`.
    AccessRestored(AccessChange),
    /// `hr.employee.erased.v1`: the person's data must go.
    Erased,
    /// `hr.employee.snapshot.v1`: the state a sender observed.
    Snapshot(Snapshot),
    /// `relay.*.v1`: what an operator decided.
    Command(Command),
}

impl Fact {
    /// The CloudEvents `type` it travels under.
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Hired(_) => "hr.employee.hired.v1",
            Self::Updated(_) => "hr.employee.updated.v1",
            Self::GroupChanged(_) => "hr.employee.group_changed.v1",
            Self::Terminated(_) => "hr.employee.terminated.v1",
            Self::AccessRevoked(_) => "hr.employee.access_revoked.v1",
            Self::AccessRestored(_) => "hr.employee.access_restored.v1",
            Self::Erased => "hr.employee.erased.v1",
            Self::Snapshot(_) => "hr.employee.snapshot.v1",
            Self::Command(command) => match command.kind {
                CommandKind::Redrive => "relay.redrive.v1",
                CommandKind::Release => "relay.release.v1",
                CommandKind::Reject => "relay.reject.v1",
                CommandKind::Reconcile => "relay.reconcile.v1",
            },
        }
    }
}

/// Whether a dated fact is announced, has happened, or was taken back.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It will happen at `effective_at`.
    Scheduled,
    /// It is so at `effective_at`, or now.
    #[default]
    Effective,
    /// It is not so after all.
    Cancelled,
}

/// A profile attribute's value; none: the source says that it is empty.
pub type Attribute = Option<String>;

/// Profile attributes by their canonical name (`first_name`, `email`, ...).
pub type Attributes = BTreeMap<String, Attribute>;

/// Memberships: what was joined and left, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Groups {
    /// Groups the person is in from then on.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(default)]
    pub joined: BTreeSet<GroupId>,
    /// Groups the person is out of from then on.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(default)]
    pub left: BTreeSet<GroupId>,
    /// All groups the person is in; instead of `joined` and `left`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<BTreeSet<GroupId>>,
}

impl Groups {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && self.current.is_none()
    }

    /// The full set of groups.
    pub fn all(groups: impl IntoIterator<Item = GroupId>) -> Self {
        Self {
            current: Some(groups.into_iter().collect()),
            ..Self::default()
        }
    }
}

/// Somebody starts working here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hire {
    /// Which employment starts.
    pub employment: Option<EmploymentId>,
    /// The first day, or the instant it begins.
    pub start: When,
    /// `Cancelled` withdraws this start.
    pub phase: Phase,
    /// Profile attributes from then on.
    pub attributes: Attributes,
    /// Memberships from then on.
    pub groups: Groups,
}

/// Attributes changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// From when; none: at once.
    pub effective: Option<When>,
    /// `Cancelled` withdraws what was said for `effective`.
    pub phase: Phase,
    /// The changed attributes.
    pub attributes: Attributes,
}

/// Memberships changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// The employment they belong to; none: any.
    pub employment: Option<EmploymentId>,
    /// From when; none: at once.
    pub effective: Option<When>,
    /// `Cancelled` withdraws what was said for `effective`.
    pub phase: Phase,
    /// The memberships.
    pub groups: Groups,
}

/// Why an employment ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The employee gave notice.
    Resignation,
    /// The employer gave notice.
    Dismissal,
    /// The contract ran out.
    ContractEnd,
    /// Retirement.
    Retirement,
    /// The person was deleted in the HR system.
    Deleted,
    /// The record was merged into another person's.
    Merged,
    /// Anything else.
    Other,
}

/// An employment ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// Which employment ends; none: every one begun by then.
    pub employment: Option<EmploymentId>,
    /// The last day worked, or the instant it ends; none: at once.
    pub end: Option<When>,
    /// `Cancelled` takes the end back.
    pub phase: Phase,
    /// Why.
    pub reason: Option<Reason>,
}

/// Access is taken or given back while the employment goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChange {
    /// From when; none: at once.
    pub effective: Option<When>,
    /// `Cancelled` withdraws what was said for `effective`.
    pub phase: Phase,
}

/// The status word of an observed state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Working here.
    Active,
    /// Not working here, or not any more.
    Inactive,
}

/// What a snapshot says of the last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ObservedEnd {
    /// Nothing: the sender does not map it.
    #[default]
    Unmapped,
    /// It is mapped and empty: no end is known to the sender.
    Empty,
    /// The last day, or the instant it ends.
    On(Moment),
}

/// The state of a person as a sender observed it at the event's `time`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The employment the dates, status and groups are of.
    pub employment: Option<EmploymentId>,
    /// The zone its dates are meant in.
    pub zone: Option<super::Zone>,
    /// The status word.
    pub status: Option<Status>,
    /// The first day.
    pub start: Option<Moment>,
    /// The last day.
    pub end: ObservedEnd,
    /// The observed attributes.
    pub attributes: Attributes,
    /// The observed memberships.
    pub groups: Groups,
    /// A line of an imported roster, rather than what a source said by itself.
    pub import: Option<Import>,
}

/// How an imported roster is to be taken. Only the relay's own import says it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Import {
    /// The providers at which people the relay has no record of count as already as planned.
    pub adopt: BTreeSet<Provider>,
}

/// What an operator asks of the workers about one person.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CommandKind {
    /// Clear the dead mark and plan again.
    Redrive,
    /// Let a held removal go.
    Release,
    /// Refuse a held removal.
    Reject,
    /// Assert everything about the person again.
    Reconcile,
}

/// An operator's decision about one person at one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What is asked.
    pub kind: CommandKind,
    /// At which provider.
    pub provider: Provider,
    /// The fact version it judges, as `explain` shows it: a newer fact outdates the command.
    /// None: whatever the facts are, which only a reconciliation may say.
    pub fact_version: Option<FactVersion>,
    /// Who decided.
    pub operator: String,
    /// Why.
    pub reason: String,
}
