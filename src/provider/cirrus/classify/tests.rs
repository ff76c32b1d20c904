//! Every row of the contract's table of errors (3.7): a signal, and what it means.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::settings::CirrusSettings;
use super::{Asked, Patterns, Refusal};
use crate::provider::http::Reply;
use crate::provider::{Done, Failure};

const ADD: Asked = Asked::Add { people: 1 };
const PUT: Asked = Asked::Put { people: 1 };
const REMOVE: Asked = Asked::Remove { people: 1 };
const REMOVE_TWO: Asked = Asked::Remove { people: 2 };
const USER: Asked = Asked::User;
const SCHEDULE: Asked = Asked::Schedule;
const EVERY: [Asked; 5] = [ADD, PUT, REMOVE, USER, SCHEDULE];

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        retry_after: None,
        clock_ahead: None,
        body: Some(Bytes::from(body.to_owned())),
    }
}

fn patterns() -> Patterns {
    Patterns::from(&CirrusSettings::default())
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Nobody => "nobody",
        Refusal::Exists(_) => "exists",
        Refusal::NoPath => "no_path",
        Refusal::Failed(failure) => failure.code(),
    }
}

fn outcome(asked: Asked, reply: &Reply) -> &'static str {
    match patterns().read(asked, reply) {
        Ok(_) => "success",
        Err(refusal) => word(&refusal),
    }
}

/// What a refusal means, and that it means the same in every shape.
fn said(asked: Asked, status: u16, text: &str) -> &'static str {
    let shapes = [
        json!({ "Success": false, "Errors": text }),
        json!({ "Success": false, "Errors": [text] }),
        json!({ "Success": false, "Errors": [{ "Message": text }] }),
        json!({ "Message": text }),
        json!({ "Success": false, "Errors": text.replace('\'', "\u{2019}") }),
        json!({ "Success": false, "Errors": text.to_uppercase() }),
    ];
    let mut words = shapes.map(|body| outcome(asked, &reply(status, &body.to_string())));
    words.sort_unstable();
    assert_eq!(words[0], words[5], "{asked:?} {status} {text}");
    words[0]
}

/// The same for a number, with words that say nothing.
fn numbered(asked: Asked, code: u32) -> &'static str {
    let shapes = [
        json!({ "Success": false, "Errors": code.to_string() }),
        json!({ "Success": false, "Errors": [code] }),
        json!({ "Success": false, "Errors": [{ "Code": code, "Message": "no" }] }),
        json!({ "Message": format!("{code}: no") }),
    ];
    let mut words = shapes.map(|body| outcome(asked, &reply(400, &body.to_string())));
    words.sort_unstable();
    assert_eq!(words[0], words[3], "{asked:?} {code}");
    words[0]
}

fn success(asked: Asked) -> Value {
    match asked {
        Asked::Add { .. } => json!({ "Result": "ok", "Schedule": {}, "Candidates": [] }),
        Asked::Schedule => json!({
            "Content": { "ExternalId": "s", "Candidates": [] }, "Success": true, "Errors": null,
        }),
        Asked::Put { .. } | Asked::Remove { .. } => {
            json!({ "Content": {}, "Success": true, "Errors": null })
        }
        Asked::User => json!({ "Content": null, "Success": true, "Errors": null }),
    }
}

#[test]
fn row_2xx_with_a_valid_shape_is_a_success() {
    for asked in EVERY {
        for status in [200, 201, 202] {
            let body = success(asked).to_string();
            assert_eq!(
                outcome(asked, &reply(status, &body)),
                "success",
                "{asked:?}"
            );
        }
    }
    // Whatever else comes with such a status may have been done.
    for (asked, body) in [
        (ADD, "{}"),
        (ADD, ""),
        (ADD, "<html>"),
        (ADD, r#"{"Result":"ok","Candidates":null}"#),
        (SCHEDULE, r#"{"Content":null,"Success":true}"#),
        (SCHEDULE, r#"{"Content":{"Candidates":[]},"Success":true}"#),
        (PUT, "<html>"),
        (REMOVE, "[]"),
        (USER, "<html>"),
    ] {
        let found = outcome(asked, &reply(200, body));
        assert_eq!(found, "provider_garbled", "{asked:?} {body}");
    }
    // The codes of "Update user" are unseen: any 2xx, with a body or without.
    for asked in [PUT, REMOVE, USER] {
        assert_eq!(outcome(asked, &reply(204, "")), "success");
    }
    let mut endless = reply(200, "");
    endless.body = None;
    assert_eq!(outcome(USER, &endless), "provider_garbled");
}

#[test]
fn a_refusal_may_wear_a_status_of_success() {
    for (asked, body, expected) in [
        (
            ADD,
            json!({ "Message": "Candidate [a] already exists" }),
            "exists",
        ),
        (
            ADD,
            json!({ "Success": false, "Errors": "no" }),
            "operation_refused",
        ),
        (USER, json!({ "Success": false, "Errors": "202" }), "nobody"),
        (USER, json!({ "Errors": "no" }), "operation_refused"),
        (
            PUT,
            json!({ "Success": false, "Errors": "no" }),
            "operation_refused",
        ),
    ] {
        assert_eq!(
            outcome(asked, &reply(200, &body.to_string())),
            expected,
            "{body}"
        );
    }
}

#[test]
fn row_schedule_hasnt_been_found_is_an_unknown_target() {
    let text = "Schedule hasn't been found by external id";
    for asked in [ADD, PUT, REMOVE, SCHEDULE] {
        for status in [400, 404] {
            assert_eq!(said(asked, status, text), "target_unknown", "{asked:?}");
        }
    }
    let about_somebody = "Schedule [s]: candidate [a] not found";
    assert_eq!(said(ADD, 400, about_somebody), "operation_refused");
}

#[test]
fn row_no_external_ids_have_been_provided_is_a_refusal() {
    let text = "No external ids have been provided";
    for asked in [PUT, REMOVE] {
        assert_eq!(said(asked, 400, text), "operation_refused");
    }
}

#[test]
fn row_no_users_were_found_by_external_ids_means_that_nobody_is_there() {
    let text = "No users were found by external ids";
    for asked in [PUT, REMOVE, REMOVE_TWO, USER] {
        assert_eq!(said(asked, 400, text), "nobody", "{asked:?}");
    }
    assert_eq!(said(ADD, 400, text), "operation_refused");
}

#[test]
fn row_cant_update_activated_schedule_is_a_target_that_has_started() {
    let text = "Can't update activated schedule";
    for asked in [ADD, PUT, REMOVE, REMOVE_TWO] {
        assert_eq!(said(asked, 400, text), "target_started", "{asked:?}");
    }
    assert_eq!(said(USER, 400, text), "operation_refused");
}

#[test]
fn rows_about_the_scheduler_reject_our_set_up() {
    for text in [
        "Scheduler hasn't been set in External API settings",
        "Selected scheduler no longer has permission to schedule",
    ] {
        for asked in EVERY {
            assert_eq!(said(asked, 400, text), "credentials_rejected", "{asked:?}");
        }
    }
}

#[test]
fn row_already_exists_asks_who_is_on_the_schedule() {
    for text in [
        "Candidate with external id [a|b] already exists",
        "ALREADY EXISTS",
    ] {
        assert_eq!(said(ADD, 400, text), "exists");
        assert_eq!(said(ADD, 409, text), "exists");
        assert_eq!(said(PUT, 400, text), "exists");
        assert_eq!(said(USER, 400, text), "operation_refused");
    }
}

#[test]
fn row_schedule_is_already_activated_is_of_a_call_that_is_never_made() {
    let text = "Schedule is already activated";
    assert_eq!(said(ADD, 400, text), "target_started");
}

#[test]
fn row_102_unknown_error_is_a_fault_of_cirrus() {
    for asked in EVERY {
        assert_eq!(numbered(asked, 102), "provider_faulted", "{asked:?}");
        assert_eq!(said(asked, 400, "Unknown error"), "provider_faulted");
    }
}

#[test]
fn row_202_user_not_found_means_that_nobody_is_there() {
    for asked in [USER, PUT, REMOVE] {
        assert_eq!(numbered(asked, 202), "nobody", "{asked:?}");
        assert_eq!(said(asked, 400, "User not found"), "nobody", "{asked:?}");
        assert_eq!(said(asked, 404, "User not found"), "nobody", "{asked:?}");
    }
    // In a batch it may be about any of them: alone, it is known.
    assert_eq!(numbered(REMOVE_TWO, 202), "operation_refused");
    assert_eq!(
        said(REMOVE_TWO, 400, "User [a] not found"),
        "operation_refused"
    );
}

#[test]
fn rows_260_200_and_201_are_refusals() {
    for code in [260, 200, 201] {
        for asked in EVERY {
            assert_eq!(
                numbered(asked, code),
                "operation_refused",
                "{code} {asked:?}"
            );
        }
    }
}

#[test]
fn rows_about_groups_blame_the_schedule_they_are_configured_for() {
    let unknown = "Group with ExternalId [NewGroup] is not found.";
    assert_eq!(said(ADD, 400, unknown), "target_unknown");
    assert_eq!(said(USER, 400, unknown), "operation_refused");
    let used = "Group or its children are used";
    assert_eq!(said(ADD, 400, used), "operation_refused");
}

#[test]
fn row_any_other_400_is_a_refusal() {
    for asked in EVERY {
        assert_eq!(said(asked, 400, "Bad request"), "operation_refused");
        assert_eq!(outcome(asked, &reply(400, "")), "operation_refused");
        assert_eq!(
            outcome(asked, &reply(422, "plain words")),
            "operation_refused"
        );
    }
}

#[test]
fn rows_401_and_403_reject_our_credentials() {
    for asked in EVERY {
        assert_eq!(outcome(asked, &reply(401, "")), "credentials_rejected");
        let text = "Not allowed to use external API";
        assert_eq!(said(asked, 403, text), "credentials_rejected");
        assert_eq!(said(asked, 400, text), "credentials_rejected");
    }
}

#[test]
fn row_404_is_a_wrong_address_unless_it_speaks_of_somebody() {
    for body in ["", "<html>", r#"{"Message":"Url not found"}"#] {
        for asked in [ADD, REMOVE, USER, SCHEDULE] {
            let found = outcome(asked, &reply(404, body));
            assert_eq!(found, "credentials_rejected", "{asked:?} {body}");
        }
        // There are two paths for it: the other one is tried.
        assert_eq!(outcome(PUT, &reply(404, body)), "no_path");
    }
    // Of what the path of a user names, only the user is left.
    assert_eq!(outcome(USER, &reply(404, r#"{"Success":false}"#)), "nobody");
    assert_eq!(
        Failure::from(Refusal::NoPath).code(),
        "credentials_rejected"
    );
}

#[test]
fn rows_429_and_5xx_are_waited_for() {
    for asked in EVERY {
        for (status, expected) in [
            (408, "provider_throttled"),
            (429, "provider_throttled"),
            (500, "provider_faulted"),
            (502, "provider_faulted"),
            (503, "provider_faulted"),
            (504, "provider_faulted"),
            (413, "call_too_large"),
            (302, "credentials_rejected"),
            (405, "credentials_rejected"),
        ] {
            let page = reply(status, "<html>schedule not found, already exists</html>");
            assert_eq!(outcome(asked, &page), expected, "{asked:?} {status}");
        }
    }
    let wait = Some(std::time::Duration::from_secs(7));
    for status in [429, 503] {
        let waiting = Reply {
            retry_after: wait,
            ..reply(status, "")
        };
        let refusal = patterns().read(USER, &waiting).unwrap_err();
        assert_eq!(Failure::from(refusal).retry_after(), wait);
    }
}

#[test]
fn an_error_of_one_person_is_read_like_one_of_a_request() {
    let item = |asked, text: &str| {
        let trouble = super::Trouble {
            text: text.to_owned(),
            ..super::Trouble::default()
        };
        let outcome = patterns().item(asked, &trouble);
        outcome.map_err(|failure| failure.code())
    };
    assert_eq!(item(REMOVE_TWO, "User not found"), Ok(Done::NotFound));
    assert_eq!(
        item(REMOVE_TWO, "Can't update activated schedule"),
        Err("target_started")
    );
    assert_eq!(item(PUT, "no"), Err("operation_refused"));
}

#[test]
fn words_are_kept_for_the_dead_letter() {
    let body = json!({ "Success": false, "Errors": ["one", { "Message": "two" }] });
    let refusal = patterns().read(USER, &reply(400, &body.to_string()));
    let failure = Failure::from(refusal.unwrap_err());
    assert_eq!(failure.said(), Some("one; two"));
}

#[test]
fn patterns_are_what_the_settings_say() {
    let settings = CirrusSettings {
        unknown_target_patterns: vec!["planning*unbekannt".to_owned()],
        unknown_user_codes: vec![7],
        ..CirrusSettings::default()
    };
    let patterns = Patterns::from(&settings);
    let word = |body: Value| {
        let refusal = patterns.read(REMOVE, &reply(400, &body.to_string()));
        word(&refusal.unwrap_err())
    };
    assert_eq!(
        word(json!({ "Message": "Planning s unbekannt" })),
        "target_unknown"
    );
    assert_eq!(
        word(json!({ "Message": "Schedule not found" })),
        "operation_refused"
    );
    assert_eq!(word(json!({ "Errors": [7] })), "nobody");
    assert_eq!(word(json!({ "Errors": [202] })), "operation_refused");
}
