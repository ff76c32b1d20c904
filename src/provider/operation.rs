//! What is asked of a platform for one person, in words that no platform owns.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a platform is told about a person: field name and value, as the platform names them.
///
/// Personal data: its `Debug` says only how many fields there are.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile(pub Vec<(String, String)>);

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Profile({} fields)", self.0.len())
    }
}

/// Something at a platform that people are registered to, as configuration names it:
/// `program:<guid>` (StartExam), `schedule:<id>` (Cirrus), `group:<name>` (ExamTesting).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Target(pub String);

/// Whether somebody's account is there, as far as the relay knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existence {
    /// The relay never made it, and nobody said that it was there.
    #[default]
    Absent,
    /// A call that may have made it got no answer.
    Perhaps,
    /// It was confirmed, or adopted, once.
    Present,
}

/// One step for one person at one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "op")]
pub enum Operation {
    /// Lock the person out.
    Lock {
        /// The last profile known, which some platforms ask for.
        profile: Profile,
        /// Where the person is, if the platform asks for that with every call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Target>,
        /// Whether there is anybody to lock out.
        #[serde(default)]
        account: Existence,
    },
    /// Make the account exist, be active and carry this profile.
    Activate {
        /// The full profile.
        profile: Profile,
        /// Where the person is to be, if the platform asks for that with every call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Target>,
        /// Whether the account is to be made or to be changed.
        #[serde(default)]
        account: Existence,
    },
    /// Register to a target.
    Join {
        /// Which.
        target: Target,
        /// The full profile, if registering makes the account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<Profile>,
        /// When the fact behind it was received.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heard: Option<Timestamp>,
        /// An earlier try got no answer, so it may be in force already.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_repeat: bool,
    },
    /// Unregister from a target.
    Leave {
        /// Which.
        target: Target,
    },
}

impl Operation {
    /// Locks somebody out who has this profile.
    pub const fn lock(profile: Profile) -> Self {
        Self::Lock {
            profile,
            target: None,
            account: Existence::Absent,
        }
    }

    /// Activates with this profile.
    pub const fn activate(profile: Profile) -> Self {
        Self::Activate {
            profile,
            target: None,
            account: Existence::Absent,
        }
    }

    /// Registers to a target whoever has an account.
    pub const fn join(target: Target) -> Self {
        Self::Join {
            target,
            profile: None,
            heard: None,
            is_repeat: false,
        }
    }

    /// Unregisters from a target.
    pub const fn leave(target: Target) -> Self {
        Self::Leave { target }
    }

    /// The target the operation names.
    pub const fn target(&self) -> Option<&Target> {
        match self {
            Self::Lock { target, .. } | Self::Activate { target, .. } => target.as_ref(),
            Self::Join { target, .. } | Self::Leave { target } => Some(target),
        }
    }

    /// The target the operation registers to or unregisters from.
    pub const fn registration(&self) -> Option<&Target> {
        match self {
            Self::Join { target, .. } | Self::Leave { target } => Some(target),
            Self::Lock { .. } | Self::Activate { .. } => None,
        }
    }

    /// The word for it in records, and for people.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Lock { .. } => "lock",
            Self::Activate { .. } => "activate",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
        }
    }

    /// Whether it locks somebody out.
    pub const fn is_lock(&self) -> bool {
        matches!(self, Self::Lock { .. })
    }

    /// Whether it may make an account.
    pub const fn makes_account(&self) -> bool {
        match self {
            Self::Activate { account, .. } => !matches!(account, Existence::Present),
            Self::Join { profile, .. } => profile.is_some(),
            Self::Lock { .. } | Self::Leave { .. } => false,
        }
    }
}
