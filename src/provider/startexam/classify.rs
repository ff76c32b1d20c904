//! What an answer means: status, headers and words become an outcome. Pure.
//!
//! Documented are 200, 400, 403, 404 and 500, with a free-text `message` for the refusals
//! (help page "Responses"). A refusal blames a person only where it can be about one:
//! whatever could be our address, clock, signature, profile or program is blamed on those,
//! so that a mistake of ours dead-letters nobody.

use std::time::Duration;

use super::request::Asked;
use super::settings::StartExamSettings;
use super::wire::{Message, ProgramChanged, Synced};
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
            Asked::Sync { .. } | Asked::Program { .. } if mentions_employee(&said) => {
                Err(Failure::Refused { status, said })
            }
            // Of what a program request names, only the program is left.
            Asked::Program { .. } => Err(Failure::UnknownTarget { status, said }),
            // "Sync Employees" creates whom it does not know: the profile is left, or the
            // address.
            Asked::Sync { .. } => Err(Failure::Unauthorized { status }),
        }
    }

    fn is_unknown_target(&self, asked: Asked, said: &str) -> bool {
        matches!(asked, Asked::Program { .. }) && any_sparing_employees(&self.unknown_target, said)
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
    }
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
mod tests {
    use bytes::Bytes;

    use super::*;

    const SYNC: Asked = Asked::Sync { people: 2 };
    const MIXED: Asked = Asked::Program {
        joins: 1,
        leaves: 1,
    };
    const JOIN: Asked = Asked::Program {
        joins: 1,
        leaves: 0,
    };
    const LEAVE: Asked = Asked::Program {
        joins: 0,
        leaves: 1,
    };
    const SYNCED: &str = r#"{"employeesCreated":2,"employeesDataUpdated":0,"employeesStatusChangedToActive":0,"employeesStatusChangedToHidden":0,"employeesNotChanged":0}"#;
    const REGISTERED: &str = r#"{"employeesRegistered":0,"attemptsRegistered":0,"employeesUnregistered":0,"attemptsUnregistered":0,"totalEmployeesInProgram":99}"#;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: None,
            clock_ahead: None,
            body: Some(Bytes::from(body.to_owned())),
        }
    }

    fn said(status: u16, message: &str) -> Reply {
        reply(
            status,
            &serde_json::json!({ "message": message }).to_string(),
        )
    }

    fn patterns(applied: &[&str]) -> Patterns {
        let applied_patterns = applied.iter().map(|&text| text.to_owned()).collect();
        Patterns::from(&StartExamSettings {
            applied_patterns,
            ..StartExamSettings::default()
        })
    }

    /// The outcome's word: `applied` or a failure code.
    fn outcome(asked: Asked, reply: &Reply) -> &'static str {
        match patterns(&[]).classify(asked, reply) {
            Ok(Done::Applied) => "applied",
            Ok(Done::NotFound) => "not_found",
            Ok(Done::Linked(_)) => "linked",
            Err(failure) => failure.code(),
        }
    }

    #[test]
    fn a_success_is_applied_only_when_it_can_be_read() {
        for (asked, body, expected) in [
            (SYNC, SYNCED, "applied"),
            (MIXED, REGISTERED, "applied"),
            (SYNC, REGISTERED, "provider_garbled"),
            (MIXED, SYNCED, "provider_garbled"),
            (SYNC, "", "provider_garbled"),
            (SYNC, "<html>", "provider_garbled"),
            (SYNC, "{}", "provider_garbled"),
            (JOIN, "null", "provider_garbled"),
        ] {
            assert_eq!(outcome(asked, &reply(200, body)), expected, "{body}");
        }
        let mut endless = reply(200, SYNCED);
        endless.body = None;
        assert_eq!(outcome(SYNC, &endless), "provider_garbled");
    }

    #[test]
    fn counters_that_leave_somebody_out_are_no_success() {
        let three = Asked::Sync { people: 3 };
        assert_eq!(outcome(three, &reply(200, SYNCED)), "provider_garbled");
    }

    #[test]
    fn a_status_alone_decides_where_words_do_not_matter() {
        for (status, expected) in [
            (301, "credentials_rejected"),
            (401, "credentials_rejected"),
            (402, "credentials_rejected"),
            (403, "credentials_rejected"),
            (404, "credentials_rejected"),
            (405, "credentials_rejected"),
            (408, "provider_throttled"),
            (413, "call_too_large"),
            (415, "credentials_rejected"),
            (429, "provider_throttled"),
            (500, "provider_faulted"),
            (502, "provider_faulted"),
            (503, "provider_faulted"),
            (504, "provider_faulted"),
        ] {
            for asked in [SYNC, MIXED] {
                let page = reply(status, "<html>employee program date</html>");
                assert_eq!(outcome(asked, &page), expected, "{status}");
            }
        }
    }

    fn assert_words(asked: Asked, table: &[(u16, &str, &str)]) {
        for (status, message, expected) in table {
            let found = outcome(asked, &said(*status, message));
            assert_eq!(found, *expected, "{asked:?} {status} {message}");
        }
    }

    #[test]
    fn a_refused_sync_blames_the_person_only_if_it_can_be_about_one() {
        let clock = "HTTP header 'Date' is incorrect: it's older than 15 minutes";
        assert_words(
            SYNC,
            &[
                (403, clock, "clock_rejected"),
                (403, "No right to update candidates", "credentials_rejected"),
                (400, "Value of 'Email' is not valid", "operation_refused"),
                (400, "Unknown program", "operation_refused"),
                (400, "Profile 'p' was not found", "credentials_rejected"),
                (
                    400,
                    "Field 'x' does not exist in profile",
                    "credentials_rejected",
                ),
                (400, "Bad 'Authorization' header", "credentials_rejected"),
                (404, "Profile 'p' was not found", "credentials_rejected"),
                (404, "Not found", "credentials_rejected"),
                (404, "Employee '7' was not found", "operation_refused"),
            ],
        );
    }

    #[test]
    fn a_refused_program_call_blames_the_program_unless_an_employee_is_named() {
        assert_words(
            JOIN,
            &[
                (404, "Program '95a6' was not found", "target_unknown"),
                (400, "Program '95a6' does not exist", "target_unknown"),
                (404, "Not found", "target_unknown"),
                (404, "No HTTP resource was found", "credentials_rejected"),
                (404, "Employee '7' was not found", "operation_refused"),
                (400, "Employee '7' was not found", "operation_refused"),
                (400, "Program P: employee 7 not found", "operation_refused"),
                (409, "Employee '7' is busy", "operation_refused"),
                (422, "Employee '7' is hidden", "operation_refused"),
            ],
        );
    }

    #[test]
    fn an_unregistration_of_one_person_may_be_in_force_anyway() {
        let patterns = patterns(&["not registered"]);
        let leaves = Asked::Program {
            joins: 0,
            leaves: 2,
        };
        let unknown = "Employee '7' was not found";
        let stranger = "Employee '7' is not registered here";
        for (asked, status, words, expected) in [
            (LEAVE, 400, unknown, Ok(Done::NotFound)),
            (LEAVE, 404, unknown, Ok(Done::NotFound)),
            (LEAVE, 400, stranger, Ok(Done::Applied)),
            (LEAVE, 404, "Not found", Err("target_unknown")),
            (JOIN, 400, unknown, Err("operation_refused")),
            (MIXED, 400, unknown, Err("operation_refused")),
            (leaves, 400, unknown, Err("operation_refused")),
            (SYNC, 400, unknown, Err("operation_refused")),
            (leaves, 400, stranger, Err("operation_refused")),
        ] {
            let outcome = patterns.classify(asked, &said(status, words));
            let outcome = outcome.map_err(|failure| failure.code());
            assert_eq!(outcome, expected, "{asked:?} {words}");
        }
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept() {
        let wait = Some(Duration::from_secs(7));
        for status in [408, 429, 500, 503] {
            let reply = Reply {
                retry_after: wait,
                ..reply(status, "")
            };
            let failure = patterns(&[]).classify(SYNC, &reply).unwrap_err();
            assert_eq!(failure.retry_after(), wait, "{status}");
        }
    }

    #[test]
    fn the_platforms_words_are_kept_up_to_a_limit() {
        for (reply, expected) in [
            (said(400, "  no  "), "no".to_owned()),
            (reply(400, "plain words"), "plain words".to_owned()),
            (reply(400, r#"{"Message":"no"}"#), "no".to_owned()),
            (said(400, &"é".repeat(5000)), "é".repeat(1000)),
        ] {
            let failure = patterns(&[]).classify(SYNC, &reply).unwrap_err();
            assert_eq!(failure.said(), Some(expected.as_str()));
            assert!(!failure.to_string().contains(&expected));
        }
    }
}
