//! What an answer means: status, fields and words become an outcome. Pure.
//!
//! The page says what an error's fields are and nothing about HTTP statuses, so an answer is
//! read wherever the status does not already say that nobody looked at the request.

use super::answer::{Said, read};
use super::class::{Class, Classes};
use super::request::Asked;
use super::wire::Action;
use crate::provider::http::Reply;
use crate::provider::{Done, Existence, Failure};

/// What the answer means; `account` says whether the person is known to be there.
///
/// # Errors
/// What was refused or failed.
pub(super) fn classify(
    classes: &Classes,
    asked: Asked,
    account: Existence,
    reply: &Reply,
) -> Result<Done, Failure> {
    let status = reply.status;
    let retry_after = reply.retry_after;
    match status {
        200..=299 | 400 | 409 | 422 => {}
        408 | 429 => return Err(Failure::Throttled { retry_after }),
        413 | 414 => return Err(Failure::TooLarge),
        500..=599 => {
            return Err(Failure::Faulted {
                status,
                retry_after,
            });
        }
        // 401 and 403 reject us, 404 is a wrong address; a redirect and whatever else is
        // undocumented come from an address that is not the API.
        _ => return Err(Failure::Unauthorized { status }),
    }
    let is_success = (200..300).contains(&status);
    match read(reply.body.as_deref().unwrap_or_default()) {
        Said::Success if is_success => Ok(Done::Applied),
        Said::Error { code, said } => error(classes.of(code, &said), asked, account, (reply, said)),
        Said::Nothing if !is_success => Err(Failure::Refused {
            status,
            said: String::new(),
        }),
        Said::Success | Said::Nothing => Err(Failure::Garbled { status }),
    }
}

/// What an error means for what was asked.
fn error(
    class: Class,
    asked: Asked,
    account: Existence,
    (reply, said): (&Reply, String),
) -> Result<Done, Failure> {
    let status = reply.status;
    let retry_after = reply.retry_after;
    let is_add = asked.action == Action::Add;
    let is_lock = !asked.is_enabled;
    match class {
        Class::Unauthorized => Err(Failure::Unauthorized { status }),
        Class::Throttled => Err(Failure::Throttled { retry_after }),
        Class::Faulted => Err(Failure::Faulted {
            status,
            retry_after,
        }),
        // Nothing can be read back, so only of somebody who never had an account may it be
        // believed that there is none to lock.
        Class::UnknownPerson if is_lock && account == Existence::Absent => Ok(Done::NotFound),
        Class::UnknownTarget if asked.names_group => Err(Failure::UnknownTarget { status, said }),
        Class::AccountExists if is_add => Err(Failure::AccountExists { status, said }),
        Class::AccountsFull if !is_lock => Err(Failure::AccountsFull { status, said }),
        Class::Refused
        | Class::UnknownPerson
        | Class::UnknownTarget
        | Class::AccountExists
        | Class::AccountsFull => Err(Failure::Refused { status, said }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            retry_after: Some(Duration::from_secs(7)),
            clock_ahead: None,
            body: Some(Bytes::copy_from_slice(body.as_bytes())),
        }
    }

    /// The outcome's word.
    fn outcome(asked: Asked, account: Existence, status: u16, body: &str) -> &'static str {
        let classes = Classes::new(&BTreeMap::new());
        match classify(&classes, asked, account, &reply(status, body)) {
            Ok(Done::Applied) => "applied",
            Ok(Done::NotFound) => "not_found",
            Ok(Done::Linked(_)) => "linked",
            Err(failure) => failure.code(),
        }
    }

    /// The outcomes of an add, a change, a lock of somebody known and one of a stranger.
    fn outcomes(status: u16, body: &str) -> [&'static str; 4] {
        [
            outcome(Asked::ADD, Existence::Absent, status, body),
            outcome(Asked::CHANGE, Existence::Present, status, body),
            outcome(Asked::LOCK, Existence::Present, status, body),
            outcome(Asked::LOCK, Existence::Absent, status, body),
        ]
    }

    #[test]
    fn every_error_of_the_page_means_what_the_contract_says_for_each_operation() {
        let [refused, us] = ["operation_refused", "credentials_rejected"];
        let [group, exists, full] = ["target_unknown", "account_exists", "accounts_full"];
        for (code, expected) in [
            (1001, [refused; 4]),
            (1002, [us; 4]),
            (1003, [us; 4]),
            (1004, [refused, refused, refused, "not_found"]),
            (1005, [group; 4]),
            (1006, [refused; 4]),
            (1007, [exists, refused, refused, refused]),
            (1008, [full, full, refused, refused]),
        ] {
            let body = format!("Status=ERROR|Reason=ERROR {code}|error=whatever");
            assert_eq!(outcomes(200, &body), expected, "{code}");
            assert_eq!(outcomes(400, &body), expected, "{code}");
        }
        let validation = "Status=ERROR|Reason=Validation error|error=email is required";
        assert_eq!(outcomes(200, validation), [refused; 4]);
    }

    #[test]
    fn a_lock_that_may_concern_somebody_there_never_counts_as_done_by_1004() {
        let body = "Status=ERROR|Reason=ERROR 1004";
        for account in [Existence::Perhaps, Existence::Present] {
            assert_eq!(
                outcome(Asked::LOCK, account, 200, body),
                "operation_refused"
            );
        }
    }

    #[test]
    fn an_unknown_group_that_was_not_named_is_no_target() {
        let groupless = Asked {
            names_group: false,
            ..Asked::LOCK
        };
        let body = "Status=ERROR|Reason=ERROR 1005";
        assert_eq!(
            outcome(groupless, Existence::Present, 200, body),
            "operation_refused"
        );
    }

    #[test]
    fn statuses_mean_what_the_contract_says_whatever_the_body() {
        for body in [
            "",
            "Status:SUCCESS,StudentId:1",
            "Status=ERROR|Reason=ERROR 1005",
        ] {
            for (status, word) in [
                (301, "credentials_rejected"),
                (401, "credentials_rejected"),
                (403, "credentials_rejected"),
                (404, "credentials_rejected"),
                (405, "credentials_rejected"),
                (408, "provider_throttled"),
                (413, "call_too_large"),
                (429, "provider_throttled"),
                (500, "provider_faulted"),
                (503, "provider_faulted"),
            ] {
                assert_eq!(outcomes(status, body), [word; 4], "{status} {body}");
            }
        }
        let classes = Classes::new(&BTreeMap::new());
        for status in [429, 503] {
            let failure =
                classify(&classes, Asked::ADD, Existence::Absent, &reply(status, "")).unwrap_err();
            assert_eq!(failure.retry_after(), Some(Duration::from_secs(7)));
        }
    }

    #[test]
    fn a_body_that_says_nothing_leaves_the_outcome_unknown() {
        for body in [
            "",
            "OK",
            "<html>It works!</html>",
            "Status:SUCCESS,Reason:ERROR 1003",
        ] {
            assert_eq!(outcomes(200, body), ["provider_garbled"; 4], "{body}");
            assert_eq!(outcomes(400, body), ["operation_refused"; 4], "{body}");
        }
        let too_long = Reply {
            body: None,
            ..reply(200, "")
        };
        let classes = Classes::new(&BTreeMap::new());
        let said = classify(&classes, Asked::ADD, Existence::Absent, &too_long);
        assert!(said.unwrap_err().is_ambiguous());
        assert_eq!(outcomes(400, "Status:SUCCESS"), ["provider_garbled"; 4]);
        assert_eq!(outcomes(200, "Status:SUCCESS,StudentId:1"), ["applied"; 4]);
    }
}
