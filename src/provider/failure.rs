//! Why a platform did not do what a call asked, by who must act.

use std::fmt;
use std::time::Duration;

/// Who must act before the same call can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The platform: wait and repeat.
    Provider,
    /// The person's operation: it will never be taken unchanged.
    Event,
    /// The program, schedule or group that configuration names: ours to fix.
    Target,
    /// Our credentials, clock or address: every call fails alike.
    Us,
}

/// Why a platform did not take a call, or one person of it.
///
/// `said` is the platform's own message: it may hold personal data, so it goes into the
/// dead letter's payload and never into a log line, header, label or `Display`.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No connection: the call was surely not seen.
    #[error("provider could not be reached")]
    Unreachable,
    /// No answer in time, or the connection broke: the call may still take effect.
    #[error("provider did not answer")]
    Unanswered,
    /// An answer that cannot be read: the call may have taken effect.
    #[error("provider answered {status} with a body that cannot be read")]
    Garbled {
        /// HTTP status.
        status: u16,
    },
    /// It asked us to slow down (408, 429).
    #[error("provider is throttling")]
    Throttled {
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// It failed on its own side (5xx).
    #[error("provider failed with status {status}")]
    Faulted {
        /// HTTP status.
        status: u16,
        /// How long it asked us to wait.
        retry_after: Option<Duration>,
    },
    /// The request is larger than it takes (413): it must be cut smaller.
    #[error("provider refused the size of the call")]
    TooLarge,
    /// It will never take this operation (400).
    #[error("provider refused the operation with status {status}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Its message.
        said: String,
    },
    /// It does not know the program, schedule or group.
    #[error("provider does not know the target")]
    UnknownTarget {
        /// HTTP status.
        status: u16,
        /// Its message.
        said: String,
    },
    /// Somebody has an account by that name.
    #[error("provider has an account by that name already")]
    AccountExists {
        /// HTTP status.
        status: u16,
        /// Its message.
        said: String,
    },
    /// It makes no more accounts: a limit of the plan is reached.
    #[error("provider makes no more accounts")]
    AccountsFull {
        /// HTTP status.
        status: u16,
        /// Its message.
        said: String,
    },
    /// The exam at the target has started: nobody can be unregistered any more.
    #[error("provider changes nothing at a target that has started")]
    TargetStarted {
        /// HTTP status.
        status: u16,
        /// Its message.
        said: String,
    },
    /// The platform would refuse what we know of the person, so nothing was sent.
    #[error("the field {field} {reason}")]
    Invalid {
        /// The field, as the platform names it.
        field: &'static str,
        /// What is wrong with its value.
        reason: &'static str,
    },
    /// It does not know us, or the address is wrong (401, 403, systematic 404).
    #[error("provider rejected our credentials with status {status}")]
    Unauthorized {
        /// HTTP status.
        status: u16,
    },
    /// It says that our clock is wrong.
    #[error("provider says that our clock is wrong")]
    WrongClock,
}

impl fmt::Debug for Failure {
    /// Without the platform's words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({}: {self})", self.code())
    }
}

impl Failure {
    /// Every word that `code` answers.
    pub const CODES: &'static [&'static str] = &[
        "provider_unreachable",
        "provider_unanswered",
        "provider_garbled",
        "provider_throttled",
        "provider_faulted",
        "call_too_large",
        "operation_refused",
        "target_unknown",
        "account_exists",
        "accounts_full",
        "target_started",
        "profile_invalid",
        "credentials_rejected",
        "clock_rejected",
    ];

    /// The stable word of this failure: metric label, dead-letter header, `docs/operations.md`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "provider_unreachable",
            Self::Unanswered => "provider_unanswered",
            Self::Garbled { .. } => "provider_garbled",
            Self::Throttled { .. } => "provider_throttled",
            Self::Faulted { .. } => "provider_faulted",
            Self::TooLarge => "call_too_large",
            Self::Refused { .. } => "operation_refused",
            Self::UnknownTarget { .. } => "target_unknown",
            Self::AccountExists { .. } => "account_exists",
            Self::AccountsFull { .. } => "accounts_full",
            Self::TargetStarted { .. } => "target_started",
            Self::Invalid { .. } => "profile_invalid",
            Self::Unauthorized { .. } => "credentials_rejected",
            Self::WrongClock => "clock_rejected",
        }
    }

    /// Who must act: this alone decides what happens next.
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Unreachable
            | Self::Unanswered
            | Self::Garbled { .. }
            | Self::Throttled { .. }
            | Self::Faulted { .. } => Blame::Provider,
            Self::TooLarge
            | Self::Refused { .. }
            | Self::AccountExists { .. }
            | Self::TargetStarted { .. }
            | Self::Invalid { .. } => Blame::Event,
            Self::UnknownTarget { .. } | Self::AccountsFull { .. } => Blame::Target,
            Self::Unauthorized { .. } | Self::WrongClock => Blame::Us,
        }
    }

    /// Whether the call may have taken effect, or may still.
    pub const fn is_ambiguous(&self) -> bool {
        match self {
            Self::Unanswered | Self::Garbled { .. } | Self::Faulted { .. } => true,
            Self::Unreachable
            | Self::Throttled { .. }
            | Self::TooLarge
            | Self::Refused { .. }
            | Self::UnknownTarget { .. }
            | Self::AccountExists { .. }
            | Self::AccountsFull { .. }
            | Self::TargetStarted { .. }
            | Self::Invalid { .. }
            | Self::Unauthorized { .. }
            | Self::WrongClock => false,
        }
    }

    /// Whether nothing was sent for the person, so that it says nothing of the platform, of
    /// the target or of whoever shared the call.
    pub const fn is_unsent(&self) -> bool {
        matches!(self, Self::Invalid { .. })
    }

    /// Whether the platform speaks of itself, not of what it was asked.
    pub const fn speaks_of_platform(&self) -> bool {
        matches!(self, Self::Unreachable | Self::Throttled { .. }) || self.retry_after().is_some()
    }

    /// How long the platform asked us to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after } | Self::Faulted { retry_after, .. } => *retry_after,
            Self::Unreachable
            | Self::Unanswered
            | Self::Garbled { .. }
            | Self::TooLarge
            | Self::Refused { .. }
            | Self::UnknownTarget { .. }
            | Self::AccountExists { .. }
            | Self::AccountsFull { .. }
            | Self::TargetStarted { .. }
            | Self::Invalid { .. }
            | Self::Unauthorized { .. }
            | Self::WrongClock => None,
        }
    }

    /// Whether another failure is the same as far as a machine can tell: the platform's words
    /// may name a person.
    pub fn is_like(&self, other: &Self) -> bool {
        self.code() == other.code() && self.status() == other.status()
    }

    const fn status(&self) -> Option<u16> {
        match self {
            Self::Garbled { status }
            | Self::Faulted { status, .. }
            | Self::Refused { status, .. }
            | Self::UnknownTarget { status, .. }
            | Self::AccountExists { status, .. }
            | Self::AccountsFull { status, .. }
            | Self::TargetStarted { status, .. }
            | Self::Unauthorized { status } => Some(*status),
            Self::Unreachable
            | Self::Unanswered
            | Self::Throttled { .. }
            | Self::TooLarge
            | Self::Invalid { .. }
            | Self::WrongClock => None,
        }
    }

    /// The platform's own words, where it gave some. May hold personal data.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Refused { said, .. }
            | Self::UnknownTarget { said, .. }
            | Self::AccountExists { said, .. }
            | Self::AccountsFull { said, .. }
            | Self::TargetStarted { said, .. } => Some(said),
            Self::Unreachable
            | Self::Unanswered
            | Self::Garbled { .. }
            | Self::Throttled { .. }
            | Self::Faulted { .. }
            | Self::TooLarge
            | Self::Invalid { .. }
            | Self::Unauthorized { .. }
            | Self::WrongClock => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_platform_show_in_no_output_of_ours() {
        let said = "jane@example.com is unknown".to_owned();
        let failure = Failure::Refused { status: 400, said };
        for shown in [format!("{failure:?}"), failure.to_string()] {
            assert!(!shown.contains("jane"), "{shown}");
            assert!(shown.contains("400"), "{shown}");
        }
    }
}
