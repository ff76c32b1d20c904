//! What answers mean, message by message.

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
fn a_session_answers_at_most_one_guid_for_each_person_and_test() {
    let id = "75b2707a-c55a-430e-a7fd-37e7750ad658";
    let most = Asked::Session { most: 2 };
    for (ids, expected) in [
        (format!("{id:?}, {id:?}"), "applied"),
        // Whoever was registered before may be left out.
        (String::new(), "applied"),
        (format!("{id:?}, {id:?}, {id:?}"), "provider_garbled"),
        ("\"willis74\"".to_owned(), "provider_garbled"),
        ("7".to_owned(), "provider_garbled"),
    ] {
        let body = format!("{{\"participantIds\": [{ids}]}}");
        assert_eq!(outcome(most, &reply(200, &body)), expected, "{body}");
    }
    for body in [SYNCED, "{}", "null", ""] {
        assert_eq!(outcome(most, &reply(200, body)), "provider_garbled");
    }
}

#[test]
fn a_refused_session_blames_center_test_or_person() {
    assert_words(
        Asked::Session { most: 2 },
        &[
            (400, "Center 'x' was not found", "target_unknown"),
            (400, "Test 'd288' does not exist", "target_unknown"),
            (400, "Proctoring is not enabled", "target_unknown"),
            (404, "Nothing of this name", "target_unknown"),
            (400, "Employee 'e-1' was not found", "operation_refused"),
            (404, "Test of employee 'e-1' not found", "operation_refused"),
            (400, "validTill is in the past", "operation_refused"),
            (404, "No HTTP resource was found", "credentials_rejected"),
        ],
    );
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
