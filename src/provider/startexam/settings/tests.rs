//! What is refused in settings, and how it is said.

use super::*;

fn valid() -> StartExamSettings {
    StartExamSettings {
        account_id: 99,
        secret: Some(Secret::new("hunter2")),
        profile_id: "d51b5efd-fb21-4cb8-94e2-145014839465".to_owned(),
        ..StartExamSettings::default()
    }
}

fn complaints_of(change: impl FnOnce(&mut StartExamSettings)) -> Vec<String> {
    let mut settings = valid();
    change(&mut settings);
    let complaints = settings.complaints("providers.startexam");
    complaints.iter().map(ToString::to_string).collect()
}

#[test]
fn only_account_secret_and_profile_have_no_default() {
    assert_eq!(complaints_of(|_| ()), [""; 0]);
    let keys: Vec<_> = StartExamSettings::default()
        .complaints("p")
        .into_iter()
        .map(|complaint| complaint.key)
        .collect();
    assert_eq!(keys, ["p.account_id", "p.secret", "p.profile_id"]);
}

#[test]
fn an_address_without_tls_must_be_allowed() {
    let local = "http://127.0.0.1:1".to_owned();
    assert_eq!(
        complaints_of(|s| s.base_url.clone_from(&local)),
        [
            "providers.startexam.base_url = http://127.0.0.1:1: must be https, or allow_insecure_http must be true"
        ]
    );
    let allowed = complaints_of(|s| {
        s.base_url = local;
        s.allow_insecure_http = true;
    });
    assert_eq!(allowed, [""; 0]);
}

#[test]
fn an_address_is_scheme_and_host_only() {
    for refused in [
        "api.startexam.com",
        "ftp://api.startexam.com",
        "https://api.startexam.com/v1",
        "https://api.startexam.com/?a=b",
    ] {
        let complaints = complaints_of(|s| refused.clone_into(&mut s.base_url));
        assert_eq!(complaints.len(), 1, "{refused}");
    }
    let shown = complaints_of(|s| "https://me:hunter2@host".clone_into(&mut s.base_url));
    assert!(shown[0].contains(REDACTED) && !shown[0].contains("hunter2"));
}

#[test]
fn limits_that_the_platform_would_refuse_are_refused() {
    type Change = fn(&mut StartExamSettings);
    let cases: [(Change, &str); 7] = [
        (|s| s.sync_batch_max = 501, "sync_batch_max = 501"),
        (|s| s.program_batch_max = 0, "program_batch_max = 0"),
        (|s| s.max_rps = 0.0, "max_rps = 0"),
        (|s| s.max_rps = f64::NAN, "max_rps = NaN"),
        (|s| s.max_in_flight = 0, "max_in_flight = 0"),
        (
            |s| s.connect_timeout = s.call_timeout,
            "connect_timeout = 30s",
        ),
        (
            |s| s.secret_encoding = SecretEncoding::Base64,
            "secret_encoding = base64",
        ),
    ];
    for (change, said) in cases {
        let complaints = complaints_of(change);
        assert_eq!(complaints.len(), 1, "{said}");
        let expected = format!("providers.startexam.{said}: ");
        assert!(complaints[0].starts_with(&expected), "{complaints:?}");
    }
}

#[test]
fn the_secret_shows_neither_in_debug_nor_when_written() {
    let settings = valid();
    let written = toml::to_string(&settings).unwrap();
    for shown in [format!("{settings:?}"), written] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
