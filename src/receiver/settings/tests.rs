//! What the settings refuse, and by which words.

use super::*;

const KEY: &str = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LTAx";

fn read(text: &str) -> BTreeMap<String, SourceSettings> {
    toml::from_str(text).unwrap()
}

fn said(text: &str) -> Vec<String> {
    source_complaints("sources", &read(text))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_defaults_are_taken() {
    assert_eq!(ReceiverSettings::default().complaints("receiver"), []);
    let portal = format!("[portal]\nkind = 'standard_webhooks'\nsecrets = ['{KEY}']");
    assert_eq!(said(&portal), Vec::<String>::new());
    let settings = &read(&portal)["portal"];
    assert_eq!(settings.tolerance(), Duration::from_mins(5));
    assert!(settings.employs);
}

#[test]
fn a_source_is_read_in_full() {
    let text = "
        [bamboohr]
        kind = 'bamboohr'
        secrets = ['123b929362d51613054f71e5e5d4bf2c']
        tolerance = '3h'
        time_zone = 'Europe/Berlin'
        termination_date = 'first_day_out'
        epoch = 2
        status_field = 'Status'
        hire_date_field = 'Hire Date'
        termination_date_field = 'Termination Date'
        attributes = { first_name = 'First Name' }
        group_fields = { Department = '', Location = 'Location:' }
    ";
    assert_eq!(said(text), Vec::<String>::new());
    let settings = &read(text)["bamboohr"];
    assert_eq!(settings.tolerance(), Duration::from_hours(3));
    assert_eq!(
        settings.attributes.pairs(),
        [("first_name".to_owned(), "First Name".to_owned())]
    );
    let again: SourceSettings = toml::from_str(&toml::to_string(settings).unwrap()).unwrap();
    assert_eq!(again.group_fields, settings.group_fields);
}

#[test]
fn unknown_keys_of_a_source_are_seen() {
    let mut unknown = Vec::new();
    let text = format!("[portal]\nkind = 'cloudevents'\nsecrets = ['{KEY}']\nemploy = true");
    let read: Result<BTreeMap<String, SourceSettings>, _> =
        serde_ignored::deserialize(toml::Deserializer::parse(&text).unwrap(), |path| {
            unknown.push(path.to_string());
        });
    assert!(read.is_ok());
    assert_eq!(unknown, ["portal.employ"]);
}

#[test]
fn every_contradiction_is_named() {
    for (text, wanted) in [
        (
            "[a]",
            "sources.a.kind = (not set): required: `bamboohr`, `standard_webhooks` or `cloudevents`",
        ),
        (
            "[a]\nkind = 'bamboohr'",
            "sources.a.secrets = (not set): required: set it, or secret_files, or nobody can sign",
        ),
        (
            "[a]\nkind = 'bamboohr'\nsecrets = ['short']",
            "sources.a.secrets = [redacted]: must be at least 16 bytes long",
        ),
        (
            "[a]\nkind = 'standard_webhooks'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.secrets = [redacted]: must be `whsec_` or `whpk_` followed by the key in base64",
        ),
        (
            "[a]\nkind = 'bamboohr'\nversion = 'sequence'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.version = sequence: BambooHR counts nothing: use `occurred_at`",
        ),
        (
            "[a]\nkind = 'cloudevents'\nversion = 'received_at'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.version = received_at: webhooks arrive late and in any order: use `occurred_at` or `sequence`",
        ),
        (
            "[a]\nkind = 'cloudevents'\nstatus_field = 'x'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.status_field = (set): a `cloudevents` source sends canonical events",
        ),
        (
            "[a]\nkind = 'bamboohr'\ntolerance = '0s'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.tolerance = 0s: must be longer than 0s",
        ),
        (
            "[a]\nkind = 'bamboohr'\ninactive_values = ['ACTIVE']\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.inactive_values = active: is among the active_values as well",
        ),
        (
            "[a]\nkind = 'bamboohr'\nhire_date_field = 'd'\ntermination_date_field = 'd'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a.termination_date_field = (set): is the hire_date_field as well: everybody would leave on their first day",
        ),
        (
            "['a b']\nkind = 'bamboohr'\nsecrets = ['123b929362d51613054f71e5e5d4bf2c']",
            "sources.a b = a b: a source's name is 1 to 64 letters, digits, `-` and `_`: it stands in its webhook's address",
        ),
    ] {
        assert_eq!(said(text), [wanted]);
    }
}

#[test]
fn two_sources_at_events_cannot_share_a_secret() {
    let one = |name: &str| format!("[{name}]\nkind = 'cloudevents'\nsecrets = ['{KEY}']\n");
    assert_eq!(
        said(&(one("a") + &one("b"))),
        ["sources.b.secrets = [redacted]: sources.a has the same secret: it tells them apart"]
    );
}

#[test]
fn a_receiver_that_answers_too_late_is_refused() {
    let settings: ReceiverSettings =
        toml::from_str("answer_within = '4s'\nbody_limit = '1 KiB'\nworkers = 0").unwrap();
    let said: Vec<String> = settings
        .complaints("receiver")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        said,
        [
            "receiver.answer_within = 4s: must be at most 3s: some senders wait no longer",
            "receiver.body_limit = 1024 B: must be at least 16 KiB: senders put several people in one webhook",
            "receiver.workers = 0: must be at least 1",
        ]
    );
}
