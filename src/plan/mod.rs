//! Desired minus applied: what a person still needs at one platform. Pure.
//!
//! In come where HR says a person stands and what is applied at the platform; out come the
//! operations that are possible now, the most urgent first. Level-triggered: ten changes
//! during an outage become one call, and nothing to do sends nothing. It must never let a
//! later step of a removal delay the lock.

mod applied;
mod aspect;
mod assignments;
pub mod cirrus;
pub mod examtesting;
pub mod startexam;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use jiff::Timestamp;

use crate::person::{Presence, Standing};
use crate::provider::{Operation, Profile, Target};

pub use applied::{Account, Applied, Digest, Membership};
pub use aspect::Aspect;
pub use assignments::Assignment;
pub use cirrus::{CirrusAssignment, CirrusPlanner, CirrusSchedule};
pub use examtesting::{ExamTestingAssignment, ExamTestingPlanner};
pub use startexam::{StartExamAssignment, StartExamPlanner};

/// How a person should be at a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The account.
    pub account: DesiredAccount,
    /// What the person should be registered to.
    pub targets: BTreeSet<Target>,
    /// The person is active, but no assignment maps any of their groups.
    pub is_unmapped: bool,
    /// When the newest fact about them was received: no part of the plan, but some platforms
    /// ask from when a registration counts.
    pub heard: Option<Timestamp>,
}

/// How a person's account should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesiredAccount {
    /// Active, with this profile.
    Active(Profile),
    /// Locked, whether or not the relay made the account.
    Locked(Profile),
    /// Not active yet: locked only if the relay may have activated it.
    NotYet(Profile),
    /// As it is.
    Untouched,
}

impl DesiredAccount {
    /// Whether the person must not be able to get in.
    pub const fn is_locked_out(&self) -> bool {
        match self {
            Self::Locked(_) | Self::NotYet(_) => true,
            Self::Active(_) | Self::Untouched => false,
        }
    }
}

impl Desired {
    /// How somebody who stands so should be: locked out, not active yet, or active and
    /// registered to what their groups mean; none: nobody mapped any of those.
    fn of(
        standing: &Standing,
        profile: Profile,
        targets: impl FnOnce() -> Option<BTreeSet<Target>>,
    ) -> Self {
        let (account, targets, is_unmapped) = match standing.presence {
            Presence::Gone => (DesiredAccount::Locked(profile), None, false),
            Presence::Unheard | Presence::Ahead => (DesiredAccount::NotYet(profile), None, false),
            Presence::Active => match targets() {
                Some(targets) => (DesiredAccount::Active(profile), Some(targets), false),
                None => (DesiredAccount::Untouched, None, true),
            },
        };
        Self {
            account,
            targets: targets.unwrap_or_default(),
            is_unmapped,
            heard: None,
        }
    }

    /// Registrations that are, or may be, in force and should not be.
    fn unwanted<'a>(&'a self, applied: &'a Applied) -> impl Iterator<Item = &'a Target> {
        let targets = applied.targets.keys();
        targets.filter(|target| !self.targets.contains(*target))
    }

    /// What tells this plan from another: a dead mark counts only for the plan it was made
    /// under.
    pub fn digest(&self) -> Digest {
        let account = match &self.account {
            DesiredAccount::Active(profile) => ("active", Some(profile)),
            DesiredAccount::Locked(_) => ("locked", None),
            DesiredAccount::NotYet(_) => ("not_yet", None),
            DesiredAccount::Untouched => ("untouched", None),
        };
        Digest::of(&(account, &self.targets))
    }
}

/// What a platform is told: always the full mapped set, since none documents whether it keeps or
/// clears what is left out. `fields`: its field name -> canonical attribute name.
fn mapped(fields: &BTreeMap<String, String>, standing: &Standing) -> Profile {
    let fields = fields.iter().filter_map(|(field, attribute)| {
        let value = standing.attributes.get(attribute)?;
        Some((field.clone(), value.clone()))
    });
    Profile(fields.collect())
}

/// How one platform is planned for.
pub trait Planner: Debug + Send + Sync {
    /// How a person who stands so should be at the platform.
    fn desired(&self, standing: &Standing) -> Desired;

    /// The operations that are possible now, most urgent first; empty: nothing to do.
    fn steps(&self, desired: &Desired, applied: &Applied) -> Vec<Operation>;

    /// Registrations that are not wanted any more and that the platform cannot take back:
    /// they are forgotten without a call, so that they are made anew when they are wanted
    /// again.
    fn lapsed(&self, _desired: &Desired, _applied: &Applied) -> Vec<Target> {
        Vec::new()
    }

    /// Whether a field of the profile outlasts the facts: HR says it of nobody who has left, so
    /// a lock sends it as it was sent last.
    fn outlasts(&self, _field: &str) -> bool {
        false
    }

    /// Whether a registration at this target needs a call of its own.
    fn goes_alone(&self, _target: &Target) -> bool {
        false
    }
}
