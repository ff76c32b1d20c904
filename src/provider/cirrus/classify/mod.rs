//! What an answer means: status, envelope and words become an outcome. Pure.
//!
//! Documented are 200, 400, 403, 404 and 500, the refusals by words or numbers. A refusal
//! blames a person only where it can be about one: whatever could be our token, our address,
//! the tenant's set-up or the schedule is blamed on those, so that a mistake of ours
//! dead-letters nobody.

use super::envelope::{Envelope, Trouble, plain, text};
use super::settings::CirrusSettings;
use crate::provider::http::Reply;
use crate::provider::pattern::{any, any_sparing};
use crate::provider::{Done, Failure};

/// Words that make a person of what a pattern about schedules spans.
const PEOPLE: [&str; 2] = ["user", "candidate"];

/// What was asked of Cirrus: what an answer means depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To add so many people, who are made where they are not there.
    Add {
        /// How many.
        people: usize,
    },
    /// To add so many people who are there.
    Put {
        /// How many.
        people: usize,
    },
    /// To remove so many people.
    Remove {
        /// How many.
        people: usize,
    },
    /// To change one user.
    User,
    /// Who is on a schedule.
    Schedule,
}

/// Why an answer is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Cirrus knows none of the people.
    Nobody,
    /// Somebody is there already; this failure is for whoever turns out not to be.
    Exists(Failure),
    /// It does not know the path.
    NoPath,
    /// Anything else.
    Failed(Failure),
}

impl From<Refusal> for Failure {
    /// The failure where no special case of a refusal can help.
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Failed(failure) | Refusal::Exists(failure) => failure,
            Refusal::NoPath => Self::Unauthorized { status: 404 },
            Refusal::Nobody => Self::Refused {
                status: 400,
                said: String::new(),
            },
        }
    }
}

/// The words that tell refusals apart, from the settings of the same names.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    nobody: Vec<String>,
    unknown_user: Vec<String>,
    unknown_user_codes: Vec<u32>,
    exists: Vec<String>,
    unknown_target: Vec<String>,
    started: Vec<String>,
    setup: Vec<String>,
    fault: Vec<String>,
    fault_codes: Vec<u32>,
}

impl From<&CirrusSettings> for Patterns {
    fn from(settings: &CirrusSettings) -> Self {
        Self {
            nobody: settings.nobody_patterns.clone(),
            unknown_user: settings.unknown_user_patterns.clone(),
            unknown_user_codes: settings.unknown_user_codes.clone(),
            exists: settings.exists_patterns.clone(),
            unknown_target: settings.unknown_target_patterns.clone(),
            started: settings.started_patterns.clone(),
            setup: settings.setup_patterns.clone(),
            fault: settings.fault_patterns.clone(),
            fault_codes: settings.fault_codes.clone(),
        }
    }
}

impl Patterns {
    /// Reads an answer; what comes back is a success of the request as a whole.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn read(&self, asked: Asked, reply: &Reply) -> Result<Envelope, Refusal> {
        let status = reply.status;
        let retry_after = reply.retry_after;
        let failed = |failure| Err(Refusal::Failed(failure));
        match status {
            200..=299 => self.success(asked, reply),
            400 | 409 | 422 => Err(self.refusal(asked, status, &troubles(reply))),
            404 => Err(self.not_found(asked, reply)),
            408 | 429 => failed(Failure::Throttled { retry_after }),
            413 => failed(Failure::TooLarge),
            500..=599 => failed(Failure::Faulted {
                status,
                retry_after,
            }),
            // 401 and 403 reject us; a redirect, a wrong method or media type and whatever
            // else is undocumented comes from an address that is not the API.
            _ => failed(Failure::Unauthorized { status }),
        }
    }

    /// What an error that names one person means for that person.
    ///
    /// # Errors
    /// Why their operation is not in force.
    pub(super) fn item(&self, asked: Asked, trouble: &Trouble) -> Result<Done, Failure> {
        match self.refusal(asked.alone(), 200, std::slice::from_ref(trouble)) {
            Refusal::Nobody => Ok(Done::NotFound),
            refusal @ (Refusal::Exists(_) | Refusal::NoPath | Refusal::Failed(_)) => {
                Err(refusal.into())
            }
        }
    }

    /// A status that says success: each call has its own shape for it, and a refusal may wear
    /// the status too (pages "Remove user", "Create schedule").
    fn success(&self, asked: Asked, reply: &Reply) -> Result<Envelope, Refusal> {
        let status = reply.status;
        let garbled = Refusal::Failed(Failure::Garbled { status });
        let is_empty = reply.body.as_ref().is_some_and(bytes::Bytes::is_empty);
        let needs_no_words = matches!(
            asked,
            Asked::Put { .. } | Asked::Remove { .. } | Asked::User
        );
        if is_empty && needs_no_words {
            return Ok(Envelope::default());
        }
        let Some(envelope) = Envelope::read(reply.body.as_ref()) else {
            return Err(garbled);
        };
        let troubles = envelope.troubles();
        let is_shaped = match asked {
            Asked::Add { .. } => envelope.objects("Candidates").is_some(),
            Asked::Schedule => envelope
                .content()
                .is_some_and(|content| text(content, "ExternalId").is_some()),
            Asked::Put { .. } | Asked::Remove { .. } => {
                envelope.content().is_some() || troubles.is_empty()
            }
            Asked::User => troubles.is_empty(),
        };
        match (envelope.is_success(), is_shaped) {
            (Some(true) | None, true) => Ok(envelope),
            (Some(false), _) => Err(self.refusal(asked, status, &troubles)),
            (_, false) if troubles.is_empty() => Err(garbled),
            (_, false) => Err(self.refusal(asked, status, &troubles)),
        }
    }

    /// 404: the path is unknown, unless Cirrus speaks of what the path names.
    fn not_found(&self, asked: Asked, reply: &Reply) -> Refusal {
        let status = 404;
        let elsewhere = match asked {
            Asked::Put { .. } => Refusal::NoPath,
            Asked::Add { .. } | Asked::Remove { .. } | Asked::User | Asked::Schedule => {
                Refusal::Failed(Failure::Unauthorized { status })
            }
        };
        let Some(envelope) = Envelope::read(reply.body.as_ref()) else {
            return elsewhere;
        };
        let troubles = envelope.troubles();
        let is_setup = troubles.iter().any(|one| any(&self.setup, &one.text));
        match self.refusal(asked, status, &troubles) {
            _ if is_setup => elsewhere,
            // Of what the path of a user names, only the user is left.
            Refusal::Failed(Failure::Refused { .. }) if asked == Asked::User => Refusal::Nobody,
            Refusal::Failed(Failure::Refused { .. }) => elsewhere,
            refusal @ (Refusal::Nobody
            | Refusal::Exists(_)
            | Refusal::NoPath
            | Refusal::Failed(_)) => refusal,
        }
    }

    /// Something in the request is not to Cirrus' liking.
    fn refusal(&self, asked: Asked, status: u16, troubles: &[Trouble]) -> Refusal {
        let says = |patterns: &[String]| troubles.iter().any(|one| any(patterns, &one.text));
        let numbers = |codes: &[u32]| {
            let mut found = troubles.iter().filter_map(|one| one.code);
            found.any(|code| codes.contains(&code))
        };
        if says(&self.setup) {
            return Refusal::Failed(Failure::Unauthorized { status });
        }
        if says(&self.fault) || numbers(&self.fault_codes) {
            let retry_after = None;
            return Refusal::Failed(Failure::Faulted {
                status,
                retry_after,
            });
        }
        let is_about_schedule = asked != Asked::User;
        let said = said(troubles);
        if is_about_schedule && says(&self.started) {
            return Refusal::Failed(Failure::TargetStarted { status, said });
        }
        let is_unknown = says(&self.unknown_user) || numbers(&self.unknown_user_codes);
        let may_be_unknown = !matches!(asked, Asked::Add { .. } | Asked::Schedule);
        // In a batch, words about a user may be about any of them.
        if may_be_unknown && (says(&self.nobody) || is_unknown && asked.is_alone()) {
            return Refusal::Nobody;
        }
        let spares = |one: &Trouble| any_sparing(&self.unknown_target, &one.text, &PEOPLE);
        if is_about_schedule && troubles.iter().any(spares) {
            return Refusal::Failed(Failure::UnknownTarget { status, said });
        }
        let is_there = matches!(asked, Asked::Add { .. } | Asked::Put { .. }) && says(&self.exists);
        let refused = Failure::Refused { status, said };
        if is_there {
            Refusal::Exists(refused)
        } else {
            Refusal::Failed(refused)
        }
    }
}

impl Asked {
    const fn is_alone(self) -> bool {
        match self {
            Self::Add { people } | Self::Put { people } | Self::Remove { people } => people == 1,
            Self::User => true,
            Self::Schedule => false,
        }
    }

    /// The same for one person.
    const fn alone(self) -> Self {
        match self {
            Self::Add { .. } => Self::Add { people: 1 },
            Self::Put { .. } => Self::Put { people: 1 },
            Self::Remove { .. } => Self::Remove { people: 1 },
            Self::User => Self::User,
            Self::Schedule => Self::Schedule,
        }
    }
}

/// What a refusal says, or else its body as text.
fn troubles(reply: &Reply) -> Vec<Trouble> {
    let envelope = Envelope::read(reply.body.as_ref());
    let found = envelope.map(|envelope| envelope.troubles());
    let found = found.unwrap_or_default();
    if !found.is_empty() {
        return found;
    }
    let body = reply.body.as_deref().unwrap_or_default();
    let text = plain(&String::from_utf8_lossy(body));
    vec![Trouble {
        text,
        ..Trouble::default()
    }]
}

fn said(troubles: &[Trouble]) -> String {
    let texts: Vec<_> = troubles.iter().map(|one| one.text.as_str()).collect();
    plain(&texts.join("; "))
}

#[cfg(test)]
mod tests;
