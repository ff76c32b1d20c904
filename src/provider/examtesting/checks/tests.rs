//! Which settings are refused, and why.

use super::*;
use crate::provider::examtesting::Class;

/// What has no default.
const SOUND: &str = "institution_id = '4711'\napi_key = 'hunter1'\napi_pass = 'hunter2'\n\
                     password_secret = 'hunter3'\n";

fn settings(more: &str) -> ExamTestingSettings {
    toml::from_str(&format!("{SOUND}{more}")).unwrap()
}

fn complaints_of(more: &str) -> Vec<String> {
    let complaints = settings(more).complaints("p");
    complaints.iter().map(ToString::to_string).collect()
}

/// Each setting is refused, and the complaint begins so.
fn assert_refused(cases: &[(&str, &str)]) {
    for (more, said) in cases {
        let complaints = complaints_of(more);
        let found = complaints.iter().any(|one| one.starts_with(said));
        assert!(found, "{more}: {complaints:?}");
        assert!(!complaints.concat().contains("hunter"), "{complaints:?}");
    }
}

#[test]
fn only_the_account_and_the_password_secret_have_no_default() {
    assert_eq!(complaints_of(""), [""; 0]);
    let complaints = ExamTestingSettings::default().complaints("p");
    let keys: Vec<_> = complaints.into_iter().map(|one| one.key).collect();
    let missing = ["institution_id", "api_key", "api_pass", "password_secret"];
    assert_eq!(keys, missing.map(|key| format!("p.{key}")));
}

#[test]
fn addresses_secrets_and_limits_that_cannot_be_are_refused() {
    assert_refused(&[
        (
            "base_url = 'http://api.examtesting.com'",
            "p.base_url = http://api.examtesting.com: must be https, or allow_insecure_http",
        ),
        (
            "base_url = 'https://host/ManageCandidate.aspx'",
            "p.base_url = https://host/ManageCandidate.aspx: must be scheme and host only",
        ),
        (
            "base_url = 'https://me:hunter2@host'",
            "p.base_url = [redacted]: ",
        ),
        (
            "api_pass_file = '/nowhere/pass'",
            "p.api_pass_file = /nowhere/pass: p.api_pass is set as well",
        ),
        (
            "password_length = 7",
            "p.password_length = 7: must be 8 to 64",
        ),
        (
            "password_length = 65",
            "p.password_length = 65: must be 8 to 64",
        ),
        (
            "max_len = 19",
            "p.max_len = 19: must not be less than p.password_length (20)",
        ),
        ("max_rps = nan", "p.max_rps = NaN: must be more than 0"),
        ("max_rps = 0.0", "p.max_rps = 0: must be more than 0"),
        (
            "max_rps = 0.06",
            "p.max_rps = 0.06: a lock may take two requests within p.call_timeout (30s)",
        ),
        (
            "max_in_flight = 0",
            "p.max_in_flight = 0: must be at least 1",
        ),
        (
            "connect_timeout = '30s'",
            "p.connect_timeout = 30s: must be more than 0 and shorter than p.call_timeout",
        ),
    ]);
}

#[test]
fn names_and_fields_that_find_nobody_are_refused() {
    assert_refused(&[
        (
            "fields = { Email = 'email' }",
            "p.fields = \"Email\" = \"email\": the page's parameters are firstname, ",
        ),
        (
            "fields = { email = '' }",
            "p.fields = \"email\" = \"\": the attribute may not be empty",
        ),
        ("fields = {}", "p.fields.email = (not set): required"),
        (
            "username_template = 'student'",
            "p.username_template = \"student\": must have at least one of {id}",
        ),
        (
            "stusid_template = '{id'",
            "p.stusid_template = \"{id\": must have",
        ),
        (
            "send_stusid_on_add = false",
            "p.send_stusid_on_add = false: nobody could be found again: set p.update_key",
        ),
        (
            "classes = { '*' = 'refused' }",
            "p.classes = \"*\": must be a code, or a pattern with a letter",
        ),
    ]);
}

#[test]
fn plain_http_and_ids_of_the_platforms_own_must_be_chosen() {
    let chosen = "base_url = 'http://api.examtesting.com'\nallow_insecure_http = true\n\
                  send_stusid_on_add = false\nupdate_key = 'username'";
    assert_eq!(complaints_of(chosen), [""; 0]);
}

#[test]
fn switches_are_written_as_the_contract_writes_them() {
    let settings = settings(
        "update_key = 'stusID'\nparam_location = 'query'\nupdate_sends_password = 'omit'\n\
         classes = { 1004 = 'refused', 'try again' = 'faulted' }",
    );
    assert_eq!(settings.update_key, UpdateKey::StudentId);
    assert_eq!(settings.classes["1004"], Class::Refused);
    assert_eq!(settings.classes["try again"], Class::Faulted);
}

#[test]
fn no_secret_shows_in_debug_or_when_written() {
    let settings = settings("");
    let credentials = settings.credentials("p").unwrap();
    let written = toml::to_string(&settings).unwrap();
    let debug = format!("{settings:?} {credentials:?}");
    for shown in [debug, written] {
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
