//! `command`: an operator's decision as an event, beside a running roster.

use hris_relay::event::{CommandKind, Event, Fact, Strictness};
use hris_relay::id::Provider;
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::log::{Arrived, Topic};
use hris_relay::operator::topics::{Offsets, each_record, find};
use hris_relay::person::Person;

use crate::support::binary::{Installation, free_address, run};

fn installation() -> Installation {
    Installation::new(&format!(
        "[admin]\nlisten = \"{}\"\n[sources.portal]\nkind = \"standard_webhooks\"\n\
         secrets = [\"whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h\"]\n",
        free_address()
    ))
}

async fn person(installation: &Installation, who: &str) -> Option<Person> {
    let log = SqliteLog::open_read_only(&installation.path("data")).ok()?;
    let record = find(&log, Topic::People, who).await.unwrap()?;
    Some(serde_json::from_slice(&record).unwrap())
}

/// Waits until a person's record is as expected.
async fn until(installation: &Installation, is_so: impl Fn(&Person) -> bool) -> Person {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        if let Some(person) = person(installation, "a").await.filter(&is_so) {
            return person;
        }
        assert!(tokio::time::Instant::now() < deadline, "not in time");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn commands(installation: &Installation) -> Vec<Event> {
    let log = SqliteLog::open_read_only(&installation.path("data")).unwrap();
    let mut commands = Vec::new();
    let mut keep = |record: Arrived| {
        let event = Event::parse(&record.payload.unwrap(), Strictness::Lenient).unwrap();
        if matches!(event.fact, Fact::Command(_)) {
            commands.push(event);
        }
    };
    let begin = Offsets::default();
    each_record(&log, Topic::Events, begin, &mut keep)
        .await
        .unwrap();
    commands
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_an_event_about_the_facts_that_were_judged() {
    let site = installation();
    let file = site.path("people.csv");
    std::fs::write(&file, "employee_id,status\na,active\n").unwrap();
    let file = file.display().to_string();
    let import = |as_of: &str| site.run(&["import", &file, "--source", "portal", "--as-of", as_of]);
    assert_eq!(import("2026-03-31T02:00:00Z").code, Some(0));
    let roster = site.start(&["roster"]);
    let judged = until(&site, |_| true).await.fact_version().to_string();

    let decide = |person: &str, more: &[&str]| {
        let usual = [
            "command",
            "release",
            "--provider",
            "startexam",
            "--reason",
            "closed",
        ];
        site.run(&[&usual[..], &["--person", person], more].concat())
    };
    let shown = decide("a", &["--dry-run", "--operator", "jo"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains(&judged), "{}", shown.stdout);
    assert_eq!(commands(&site).await, []);

    let said = decide("a", &["--fact-version", &judged, "--operator", "jo"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let event = commands(&site).await.remove(0);
    let Fact::Command(command) = &event.fact else {
        panic!("no command");
    };
    let by = (command.operator.as_str(), command.reason.as_str());
    assert_eq!((command.kind, by), (CommandKind::Release, ("jo", "closed")));
    let judged_by = |person: &Person| person.judgement(Provider::STARTEXAM).is_some();
    let person = until(&site, judged_by).await;
    assert_eq!(
        person.fact_version().to_string(),
        judged,
        "a command is no fact"
    );

    std::fs::write(site.path("people.csv"), "employee_id,status\na,inactive\n").unwrap();
    assert_eq!(import("2026-04-30T02:00:00Z").code, Some(0));
    until(&site, |person| person.fact_version().to_string() != judged).await;
    for (person, version, says) in [
        ("a", judged.as_str(), "by now: look again"),
        ("b", "present", "no such person"),
    ] {
        let refused = decide(person, &["--fact-version", version, "--operator", "jo"]);
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert!(refused.stderr.contains(says), "{}", refused.stderr);
    }
    assert_eq!(
        decide("a", &[]).code,
        Some(2),
        "a decision names what it judges"
    );
    assert_eq!(commands(&site).await.len(), 1);
    assert_eq!(roster.terminate().code(), Some(0));
}

#[test]
fn the_help_shows_how_to_decide() {
    let help = run(&["command", "--help"]).stdout;
    assert!(
        help.contains("Examples:") && help.contains("--fact-version"),
        "{help}"
    );
}
