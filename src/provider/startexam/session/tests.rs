//! Windows, contradictions and the body of a session.

use super::*;

const TEST: &str = "d288d3c9-6c23-46e9-9fac-3cc0301d84ef";

fn sound() -> SessionSettings {
    SessionSettings {
        center: "mycenter".to_owned(),
        tests: vec![TEST.to_owned()],
        valid_days: Some(10),
        ..SessionSettings::default()
    }
}

fn instant(raw: &str) -> Timestamp {
    raw.parse().unwrap()
}

fn window(settings: &SessionSettings, heard: &[&str], now: &str) -> [String; 2] {
    let session = Session::from_settings(settings, false).unwrap();
    let heard = heard.iter().map(|raw| instant(raw));
    let query = session.query(std::iter::empty(), heard, instant(now));
    [query.valid_from, query.valid_till]
}

#[test]
fn the_body_of_the_contracts_vector_is_built_byte_for_byte() {
    let session = Session::from_settings(&sound(), false).unwrap();
    let heard = std::iter::once(instant("2026-03-31T02:56:25Z"));
    let people = std::iter::once("willis74".to_owned());
    let query = session.query(people, heard, instant("2026-03-31T02:56:25Z"));
    let body = serde_json::to_string(&query).unwrap();
    assert_eq!(
        body,
        r#"{"center":"mycenter","validFrom":"2026-03-31T00:00:00Z","validTill":"2026-04-10T23:59:59Z","proctoring":false,"doNotCreateIfExist":true,"tests":["d288d3c9-6c23-46e9-9fac-3cc0301d84ef"],"employees":[{"id":"willis74"}]}"#
    );
    assert_eq!(body.len(), 217);
}

#[test]
fn nobody_gets_less_than_the_days_however_late_or_shared_the_call_is() {
    let facts = ["2026-03-31T23:59:59Z", "2026-03-29T12:00:00Z"];
    for (heard, now, expected) in [
        (
            &facts[..],
            facts[0],
            ["2026-03-29T00:00:00Z", "2026-04-10T23:59:59Z"],
        ),
        // The fact was told long ahead, or the platform was away.
        (
            &facts[1..],
            "2026-05-01T08:00:00Z",
            ["2026-03-29T00:00:00Z", "2026-05-11T23:59:59Z"],
        ),
        (
            &[][..],
            "2026-05-01T08:00:00Z",
            ["2026-05-01T00:00:00Z", "2026-05-11T23:59:59Z"],
        ),
    ] {
        assert_eq!(window(&sound(), heard, now), expected);
    }
}

#[test]
fn fixed_dates_are_whole_days_and_instants_what_they_say() {
    for (from, till, expected) in [
        (
            "2026-03-31",
            "2026-04-10",
            ["2026-03-31T00:00:00Z", "2026-04-10T23:59:59Z"],
        ),
        (
            "2026-03-31T10:00:00+02:00",
            "2026-03-31T09:00:00Z",
            ["2026-03-31T08:00:00Z", "2026-03-31T09:00:00Z"],
        ),
    ] {
        let settings = SessionSettings {
            valid_from: Some(from.to_owned()),
            valid_till: Some(till.to_owned()),
            valid_days: None,
            ..sound()
        };
        assert_eq!(
            window(&settings, &["2020-01-01T00:00:00Z"], "2026-05-01T08:00:00Z"),
            expected
        );
    }
}

#[test]
fn every_contradiction_is_named_with_its_key() {
    type Change = fn(&mut SessionSettings);
    let cases: [(Change, &str); 11] = [
        (|s| s.center.clear(), "s.center"),
        (|s| s.tests.clear(), "s.tests"),
        (|s| s.tests = vec!["one".to_owned()], "s.tests"),
        (|s| s.tests.push(TEST.to_uppercase()), "s.tests"),
        (
            |s| s.tests = (0..11).map(|n| Uuid::from_u128(n).to_string()).collect(),
            "s.tests",
        ),
        (|s| s.valid_days = None, "s.valid_days"),
        (|s| s.valid_days = Some(0), "s.valid_days"),
        (
            |s| s.valid_from = Some("2026-03-31".to_owned()),
            "s.valid_from",
        ),
        (
            |s| {
                s.valid_days = None;
                s.valid_from = Some("2026-03-31".to_owned());
                s.valid_till = Some("2026-03-30".to_owned());
            },
            "s.valid_till",
        ),
        (
            |s| {
                s.valid_days = None;
                s.valid_from = Some("soon".to_owned());
                s.valid_till = Some("2026-03-30".to_owned());
            },
            "s.valid_from",
        ),
        (
            |s| {
                s.proctoring_parameters
                    .insert("Type".to_owned(), "Offline".to_owned());
            },
            "s.proctoring_parameters",
        ),
    ];
    for (change, key) in cases {
        let mut settings = sound();
        change(&mut settings);
        // Without links, so that each contradiction stands alone.
        let complaints = settings.complaints("s", false);
        let keys: Vec<_> = complaints.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, [key], "{complaints:?}");
    }
    assert_eq!(sound().complaints("s", true), []);
}

#[test]
fn a_session_with_links_has_one_test() {
    let mut two = sound();
    two.tests.push(Uuid::from_u128(1).to_string());
    assert_eq!(two.complaints("s", false), []);
    let complaints = two.complaints("s", true);
    assert_eq!(complaints.len(), 1);
    assert!(complaints[0].to_string().starts_with("s.tests = [\"d288"));
    two.links = false;
    assert_eq!(two.complaints("s", true), []);
}
