//! What is applied for a person at a platform, as far as the relay knows.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Aspect;
use crate::provider::{Existence, Operation, Profile, Target};

/// A short name for a value's content: 64 bits of SHA-256, as 16 hexadecimal digits. It
/// stands for personal data where the data itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a value's JSON.
    pub fn of(value: &impl Serialize) -> Self {
        // Values of this crate serialise: maps have text keys and nothing fails by itself.
        let json = serde_json::to_vec(value).unwrap_or_default();
        let hash = Sha256::digest(json);
        let mut text = String::with_capacity(16);
        for byte in hash.iter().take(8) {
            // Writing to a `String` cannot fail.
            let _infallible = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

/// The account at the platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "profile")]
pub enum Account {
    /// The relay never did anything about it.
    #[default]
    Unknown,
    /// A call about it is in flight, or its answer never came.
    Unsure,
    /// Active, with the profile of this digest.
    Active(Digest),
    /// Locked.
    Locked,
}

/// One registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// In force.
    Joined,
    /// A call about it is in flight, or its answer never came.
    Unsure,
}

/// What is applied for a person at a platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Applied {
    /// The account.
    pub account: Account,
    /// It was confirmed, or adopted, once: whatever became of it since, it is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_present: bool,
    /// A call that may have made it got no answer. A lock makes none, so one without an answer
    /// says nothing of whose account it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub may_be_present: bool,
    /// Registrations that are, or may be, in force.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub targets: BTreeMap<Target, Membership>,
}

impl Applied {
    /// Notes, before a call is sent, that its operation may be in force from now on.
    pub fn announce(&mut self, operation: &Operation) {
        for aspect in Aspect::all_of(operation) {
            self.doubt(aspect);
        }
        self.may_be_present |= operation.makes_account();
    }

    /// Notes that something may be otherwise than it was confirmed.
    pub fn doubt(&mut self, aspect: Aspect) {
        match aspect {
            Aspect::Account => self.account = Account::Unsure,
            Aspect::Target(target) => {
                self.targets.insert(target, Membership::Unsure);
            }
        }
    }

    /// The same for everything the relay ever did.
    pub fn doubt_everything(&mut self) {
        if self.account != Account::Unknown {
            self.account = Account::Unsure;
        }
        for membership in self.targets.values_mut() {
            *membership = Membership::Unsure;
        }
    }

    /// What may or may not be in force.
    pub fn unsure(&self) -> impl Iterator<Item = Aspect> {
        let account = (self.account == Account::Unsure).then_some(Aspect::Account);
        let targets = self.targets.iter();
        account.into_iter().chain(
            targets
                .filter(|(_, membership)| **membership == Membership::Unsure)
                .map(|(target, _)| Aspect::Target(target.clone())),
        )
    }

    /// Whether the account is there.
    pub fn existence(&self) -> Existence {
        if self.is_present {
            Existence::Present
        } else if self.may_be_present {
            Existence::Perhaps
        } else {
            Existence::Absent
        }
    }

    /// Notes that an operation is in force.
    pub fn confirm(&mut self, operation: &Operation) {
        match operation {
            Operation::Lock { .. } => {
                self.account = Account::Locked;
                self.is_there();
            }
            Operation::Activate { profile, .. } => self.activated(profile),
            Operation::Join {
                target, profile, ..
            } => {
                self.targets.insert(target.clone(), Membership::Joined);
                if let Some(profile) = profile {
                    self.activated(profile);
                }
            }
            Operation::Leave { target } => {
                self.targets.remove(target);
            }
        }
    }

    fn activated(&mut self, profile: &Profile) {
        self.account = Account::Active(profile_digest(profile));
        self.is_there();
    }

    fn is_there(&mut self) {
        self.is_present = true;
        self.may_be_present = false;
    }

    /// Notes that the platform does not know the person of an operation: whoever is to be
    /// removed is, and whoever is to be active has no account yet, and so can be registered
    /// nowhere, whatever was confirmed.
    pub fn miss(&mut self, operation: &Operation) {
        self.is_present = false;
        self.may_be_present = false;
        match operation {
            Operation::Lock { .. } => self.account = Account::Locked,
            Operation::Activate { .. } => self.has_no_account(),
            Operation::Join { target, .. } => {
                self.has_no_account();
                self.targets.remove(target);
            }
            Operation::Leave { target } => {
                self.targets.remove(target);
            }
        }
    }

    fn has_no_account(&mut self) {
        self.account = Account::Unknown;
        for membership in self.targets.values_mut() {
            *membership = Membership::Unsure;
        }
    }

    /// Takes an announcement back: the operation surely did not happen, so things are as
    /// they were `before` it.
    pub fn take_back(&mut self, operation: &Operation, before: &Self) {
        self.may_be_present = before.may_be_present;
        match operation {
            Operation::Lock { .. } | Operation::Activate { .. } => {
                self.account.clone_from(&before.account);
            }
            Operation::Join { target, .. } | Operation::Leave { target } => {
                if operation.makes_account() {
                    self.account.clone_from(&before.account);
                }
                match before.targets.get(target) {
                    Some(membership) => self.targets.insert(target.clone(), *membership),
                    None => self.targets.remove(target),
                };
            }
        }
    }
}

/// The digest under which an active account's profile is known.
pub(super) fn profile_digest(profile: &Profile) -> Digest {
    Digest::of(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join() -> Operation {
        Operation::join(Target("program:p".to_owned()))
    }

    #[test]
    fn an_announced_operation_may_be_in_force_until_it_is_confirmed_or_taken_back() {
        let before = Applied::default();
        let mut applied = before.clone();
        applied.announce(&join());
        assert_eq!(applied.targets.values().next(), Some(&Membership::Unsure));
        let mut refused = applied.clone();
        refused.take_back(&join(), &before);
        assert_eq!(refused, before);
        applied.confirm(&join());
        assert_eq!(applied.targets.values().next(), Some(&Membership::Joined));
    }

    #[test]
    fn a_join_that_may_make_the_account_leaves_it_in_doubt_until_it_is_over() {
        let profile = Profile(vec![("Email".to_owned(), "ada".to_owned())]);
        let target = Target("schedule:s".to_owned());
        let making = Operation::Join {
            target: target.clone(),
            profile: Some(profile.clone()),
            heard: None,
            is_repeat: false,
        };
        let before = Applied::default();
        assert_eq!(before.existence(), Existence::Absent);
        let mut applied = before.clone();
        applied.announce(&making);
        assert_eq!(applied.existence(), Existence::Perhaps);
        let mut refused = applied.clone();
        refused.take_back(&making, &before);
        assert_eq!(refused, before);
        applied.confirm(&making);
        assert_eq!(applied.account, Account::Active(profile_digest(&profile)));
        assert_eq!(applied.existence(), Existence::Present);
        applied.miss(&Operation::join(target));
        assert_eq!(applied, before, "the platform knows nobody of that name");
    }

    #[test]
    fn a_lock_without_an_answer_makes_nobody_ours() {
        let mut applied = Applied::default();
        applied.announce(&Operation::lock(Profile::default()));
        assert_eq!(applied.account, Account::Unsure);
        assert_eq!(applied.existence(), Existence::Absent);
        applied.announce(&Operation::activate(Profile::default()));
        applied.announce(&Operation::lock(Profile::default()));
        assert_eq!(applied.existence(), Existence::Perhaps);
    }

    #[test]
    fn an_account_that_was_confirmed_once_is_there_whatever_is_in_doubt() {
        let mut applied = Applied::default();
        applied.confirm(&Operation::activate(Profile::default()));
        applied.doubt_everything();
        assert_eq!(applied.existence(), Existence::Present);
        applied.miss(&Operation::lock(Profile::default()));
        assert_eq!(
            (applied.account.clone(), applied.existence()),
            (Account::Locked, Existence::Absent)
        );
    }

    #[test]
    fn a_digest_tells_profiles_apart_and_shows_nothing_of_them() {
        let profile = |name: &str| Profile(vec![("First Name".to_owned(), name.to_owned())]);
        assert_eq!(
            profile_digest(&profile("Ada")),
            profile_digest(&profile("Ada"))
        );
        assert_ne!(
            profile_digest(&profile("Ada")),
            profile_digest(&profile("Eve"))
        );
        assert_eq!(profile_digest(&profile("Ada")).0.len(), 16);
    }
}
