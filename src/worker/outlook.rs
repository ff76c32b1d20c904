//! What HR wants of a person at this provider, read from their record at an instant.

use jiff::Timestamp;

use super::adoption::HISTORY;
use super::guard::Judgement;
use super::refresh::Redrive;
use super::rules::WorkerRules;
use super::settings::RemovalsOfUnknown;
use super::state::PersonState;
use crate::event::CommandKind;
use crate::id::{EventId, FactVersion};
use crate::person::{self, Person, Standing};
use crate::plan::{Applied, Desired, Digest};
use crate::provider::{Operation, Profile};

/// More dates than this between now and an end are not looked through.
const MOST_DATES: usize = 32;

/// What an import means for somebody of whom the worker knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Imported {
    /// They left long ago, and nobody but imports ever said so: never asserted.
    History,
    /// The provider has them as planned.
    Adopted,
}

/// What HR wants of a person, until something changes.
#[derive(Debug, Clone)]
pub(super) struct Outlook {
    pub(super) desired: Desired,
    pub(super) digest: Digest,
    /// When it must be looked at again.
    pub(super) next_change: Option<Timestamp>,
    /// Since when somebody gone should be locked out: the fact's receipt, or its date if
    /// that came later.
    pub(super) removal_since: Option<Timestamp>,
    /// Their end was told ahead, and has come.
    pub(super) fell_due: bool,
    /// HR has forgotten what they were called.
    pub(super) is_erased: bool,
    /// Until when somebody who stays active is unregistered from nothing.
    pub(super) calm_until: Option<Timestamp>,
    /// When somebody who is not to be removed yet will be.
    pub(super) removal_at: Option<Timestamp>,
    /// The version of the facts that say so.
    pub(super) fact_version: FactVersion,
    /// The newest redrive.
    pub(super) redrive: Option<Redrive>,
    /// The newest reconciliation that is about these facts, or about any.
    pub(super) reconcile: Option<EventId>,
    /// What their import means for somebody of whom the worker knows nothing.
    import: Option<Imported>,
    /// What an operator decided of these very facts.
    pub(super) judgement: Option<Judgement>,
}

impl Outlook {
    /// Whether they count as already as planned, if the worker has no record of them.
    pub(super) fn is_adopted(&self) -> bool {
        self.import == Some(Imported::Adopted)
    }

    /// Whether somebody whom the relay never did anything about is left as they are.
    fn leaves_alone(&self, rules: &WorkerRules, state: &PersonState) -> bool {
        let is_unheard = state.applied == Applied::default() && !state.is_adopted;
        let is_skipped = match rules.settings.removals_of_unknown {
            RemovalsOfUnknown::Assert => self.import == Some(Imported::History),
            RemovalsOfUnknown::Skip => self.is_removal(),
        };
        is_unheard && is_skipped
    }

    /// Whether HR wants the person out.
    pub(super) const fn is_removal(&self) -> bool {
        self.desired.account.is_locked_out()
    }

    /// The operations that are possible now, most urgent first.
    pub(super) fn steps(&self, rules: &WorkerRules, state: &PersonState) -> Vec<Operation> {
        if self.leaves_alone(rules, state) {
            return Vec::new();
        }
        let mut steps = rules.planner.steps(&self.desired, &state.applied);
        if let Some(kept) = &state.profile {
            for step in &mut steps {
                if let Operation::Lock { profile, .. } = step {
                    fill(profile, kept, |field| {
                        self.is_erased || rules.planner.outlasts(field)
                    });
                }
            }
        }
        steps
    }
}

/// Adds the fields that a profile lacks, of those that are to be kept.
fn fill(profile: &mut Profile, kept: &Profile, is_kept: impl Fn(&str) -> bool) {
    for (field, value) in &kept.0 {
        if is_kept(field) && !profile.0.iter().any(|(known, _)| known == field) {
            profile.0.push((field.clone(), value.clone()));
        }
    }
    profile.0.sort();
}

/// Reads a person's record: what HR wants now; none if it cannot be read.
pub(super) fn look(record: &[u8], rules: &WorkerRules, now: Timestamp) -> Option<Outlook> {
    let person: Person = serde_json::from_slice(record).ok()?;
    let standing = person::standing(&person, &rules.people, now);
    let mut desired = rules.planner.desired(&standing);
    desired.heard = person.received;
    // A receiver whose clock is ahead prolongs no wait.
    let heard = person.received.map(|received| received.min(now));
    let calm_until = heard.and_then(|heard| heard.checked_add(rules.settings.calm).ok());
    let removal_at = if desired.account.is_locked_out() {
        None
    } else {
        removal_at(&person, rules, &standing)
    };
    let fact_version = person.fact_version();
    let redrive = person.redrive(rules.provider).map(|redrive| Redrive {
        event: redrive.event.clone(),
        is_about_these: redrive.fact_version == Some(fact_version),
    });
    let reconcile = person
        .reconcile(rules.provider)
        .filter(|it| it.fact_version.is_none_or(|about| about == fact_version));
    Some(Outlook {
        fact_version,
        redrive,
        reconcile: reconcile.map(|reconcile| reconcile.event.clone()),
        digest: desired.digest(),
        next_change: standing.next_change,
        calm_until: calm_until.filter(|_| standing.is_active()),
        fell_due: standing.ended_at.is_some() && standing.ended_at > person.received,
        is_erased: person.is_erased_by_anybody(),
        removal_since: person.received.max(standing.ended_at),
        import: imported(&person, &standing, rules, now),
        removal_at,
        judgement: judgement(&person, rules),
        desired,
    })
}

/// The version of the facts in a person's record.
pub(super) fn fact_version(record: &[u8]) -> Option<FactVersion> {
    let person: Person = serde_json::from_slice(record).ok()?;
    Some(person.fact_version())
}

fn imported(
    person: &Person,
    standing: &Standing,
    rules: &WorkerRules,
    now: Timestamp,
) -> Option<Imported> {
    let recent = now.checked_sub(HISTORY).unwrap_or(Timestamp::MIN);
    let is_long_gone = standing.ended_at.is_some_and(|ended_at| ended_at < recent);
    if is_long_gone && person.is_only_imported() {
        return Some(Imported::History);
    }
    let is_adopted = person.is_adopted_at(rules.provider);
    is_adopted.then_some(Imported::Adopted)
}

/// A decision about other facts than the present ones has no effect.
fn judgement(person: &Person, rules: &WorkerRules) -> Option<Judgement> {
    let decision = person.judgement(rules.provider)?;
    let kind = match decision.kind {
        CommandKind::Release => Judgement::Release,
        CommandKind::Reject => Judgement::Reject,
        CommandKind::Redrive | CommandKind::Reconcile => return None,
    };
    (decision.fact_version == Some(person.fact_version())).then_some(kind)
}

/// The first instant ahead at which the person must be locked out.
fn removal_at(person: &Person, rules: &WorkerRules, standing: &Standing) -> Option<Timestamp> {
    let mut next = standing.next_change;
    for _ in 0..MOST_DATES {
        let at = next?;
        let then = person::standing(person, &rules.people, at);
        if rules.planner.desired(&then).account.is_locked_out() {
            return Some(at);
        }
        next = then.next_change;
    }
    None
}
