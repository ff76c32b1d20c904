//! What an answer means: status, headers and words become an outcome. Pure.
//!
//! Documented are 200, 400, 403, 404 and 500, with a free-text `message` for the refusals
//! (help page "Responses"). A refusal blames a person only where it can be about one:
//! whatever could be our address, clock, signature, profile or program is blamed on those,
//! so that a mistake of ours dead-letters nobody.

use std::time::Duration;

use uuid::Uuid;

use super::request::Asked;
use super::settings::StartExamSettings;
use super::wire::{Message, ProgramChanged, Registered, Synced};
use crate::provider::http::Reply;
use crate::provider::pattern::{any, any_sparing_employees, mentions_employee};
use crate::provider::{Counted, Done, Failure};

/// Longest part of a platform's message that is kept.
const LONGEST_SAID: usize = 1000;

/// The words that tell refusals apart, from the settings of the same names.
#[derive(Debug, Clone)]
pub(super) struct Patterns {
    applied: Vec<String>,
    unknown_employee: Vec<String>,
    unknown_target: Vec<String>,
    setup: Vec<String>,
    clock: Vec<String>,
}

impl From<&StartExamSettings> for Patterns {
    fn from(settings: &StartExamSettings) -> Self {
        Self {
            applied: settings.applied_patterns.clone(),
            unknown_employee: settings.unknown_employee_patterns.clone(),
            unknown_target: settings.unknown_target_patterns.clone(),
            setup: settings.setup_patterns.clone(),
            clock: settings.clock_patterns.clone(),
        }
    }
}

impl Patterns {
    /// What the answer means for everybody in the call.
    pub(super) fn classify(&self, asked: Asked, reply: &Reply) -> Result<Done, Failure> {
        let status = reply.status;
        let retry_after: Option<Duration> = reply.retry_after;
        match status {
            200..=299 if is_complete(asked, reply) => Ok(Done::Applied),
            200..=299 => Err(Failure::Garbled { status }),
            400 | 409 | 422 => self.refusal(asked, status, words(reply)),
            403 if self.is_about_the_clock(reply) => Err(Failure::WrongClock),
            404 => self.not_found(asked, message(reply)),
            408 | 429 => Err(Failure::Throttled { retry_after }),
            413 => Err(Failure::TooLarge),
            500..=599 => Err(Failure::Faulted {
                status,
                retry_after,
            }),
            // 401 and 403 reject us; a redirect, a wrong method or media type and whatever
            // else is undocumented comes from an address that is not the API.
            _ => Err(Failure::Unauthorized { status }),
        }
    }

    fn is_about_the_clock(&self, reply: &Reply) -> bool {
        message(reply).is_some_and(|said| any(&self.clock, &said))
    }

    /// 400: something in the request is not to the platform's liking.
    fn refusal(&self, asked: Asked, status: u16, said: String) -> Result<Done, Failure> {
        if self.is_unknown_target(asked, &said) {
            Err(Failure::UnknownTarget { status, said })
        } else if let Some(done) = self.done(asked, &said) {
            Ok(done)
        } else if any(&self.setup, &said) {
            Err(Failure::Unauthorized { status })
        } else {
            Err(Failure::Refused { status, said })
        }
    }

    /// 404: the program, an employee, the profile or the address is unknown.
    fn not_found(&self, asked: Asked, said: Option<String>) -> Result<Done, Failure> {
        let status = 404;
        let Some(said) = said.filter(|said| !any(&self.setup, said)) else {
            return Err(Failure::Unauthorized { status });
        };
        if self.is_unknown_target(asked, &said) {
            return Err(Failure::UnknownTarget { status, said });
        }
        if let Some(done) = self.done(asked, &said) {
            return Ok(done);
        }
        match asked {
            Asked::Sync { .. } | Asked::Program { .. } | Asked::Session { .. }
                if mentions_employee(&said) =>
            {
                Err(Failure::Refused { status, said })
            }
            // Of what such a request names, only the program, or center and tests, are left.
            Asked::Program { .. } | Asked::Session { .. } => {
                Err(Failure::UnknownTarget { status, said })
            }
            // "Sync Employees" creates whom it does not know: the profile is left, or the
            // address.
            Asked::Sync { .. } => Err(Failure::Unauthorized { status }),
        }
    }

    fn is_unknown_target(&self, asked: Asked, said: &str) -> bool {
        let names_target = match asked {
            Asked::Program { .. } | Asked::Session { .. } => true,
            Asked::Sync { .. } => false,
        };
        names_target && any_sparing_employees(&self.unknown_target, said)
    }

    /// Whether a refused unregistration is in force anyway. Only for one person alone: in a
    /// batch the words may be about any of them.
    fn done(&self, asked: Asked, said: &str) -> Option<Done> {
        let alone = Asked::Program {
            joins: 0,
            leaves: 1,
        };
        if asked != alone {
            None
        } else if any(&self.unknown_employee, said) {
            Some(Done::NotFound)
        } else {
            any(&self.applied, said).then_some(Done::Applied)
        }
    }
}

/// Whether a success is whole: its counters are all there, and those of a sync account for
/// everybody, since "not changed" is counted too (page "Sync Employees").
fn is_complete(asked: Asked, reply: &Reply) -> bool {
    let Some(body) = &reply.body else {
        return false;
    };
    match asked {
        Asked::Sync { people } => serde_json::from_slice::<Synced>(body)
            .is_ok_and(|synced| u64::try_from(people).is_ok_and(|sent| sent <= synced.total())),
        Asked::Program { .. } => serde_json::from_slice::<ProgramChanged>(body).is_ok(),
        Asked::Session { most } => participants(body).is_some_and(|ids| ids.len() <= most),
    }
}

/// The ids of the sessions that a success made; none if it cannot be read. Fewer than asked
/// for are no fault: some may have been registered before.
pub(super) fn participants(body: &[u8]) -> Option<Vec<Uuid>> {
    let registered: Registered = serde_json::from_slice(body).ok()?;
    let ids = registered.participant_ids.iter();
    ids.map(|id| Uuid::try_parse(id).ok()).collect()
}

/// What the counters of a success say.
pub(super) fn counted(asked: Asked, reply: &Reply) -> Counted {
    let body = reply.body.as_deref().unwrap_or_default();
    match asked {
        Asked::Sync { people } => {
            let synced: Option<Synced> = serde_json::from_slice(body).ok();
            synced.map_or(Counted::default(), |synced| Counted {
                created: synced.created,
                changed: u64::try_from(people)
                    .unwrap_or(u64::MAX)
                    .saturating_sub(synced.not_changed),
            })
        }
        Asked::Program { .. } => {
            let program: Option<ProgramChanged> = serde_json::from_slice(body).ok();
            program.map_or(Counted::default(), |program| Counted {
                created: 0,
                changed: program
                    .employees_registered
                    .saturating_add(program.employees_unregistered),
            })
        }
        // Which employees the ids are for is not said where there are several tests.
        Asked::Session { .. } => Counted::default(),
    }
}

/// The platform's `message`, if the body has one.
fn message(reply: &Reply) -> Option<String> {
    let body = reply.body.as_ref()?;
    let parsed: Message = serde_json::from_slice(body).ok()?;
    Some(shortened(&parsed.message))
}

/// The platform's `message`, or else its body as text.
fn words(reply: &Reply) -> String {
    let body = reply.body.as_deref().unwrap_or_default();
    message(reply).unwrap_or_else(|| shortened(&String::from_utf8_lossy(body)))
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(LONGEST_SAID).collect()
}

#[cfg(test)]
mod tests;
