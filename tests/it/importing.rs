//! `import` as its operators run it: a file, a running roster, exit codes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hris_relay::log::Topic;
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::operator::topics::{Offsets, each_record, latest};

use crate::support::binary::{Ended, Installation, Process, free_address};
use crate::support::kafka::cluster;
use crate::support::size;

const AS_OF: &str = "2026-03-31T02:00:00Z";
/// More than any machine takes for a large file.
const PATIENCE: Duration = Duration::from_mins(2);

/// An installation with one source and no platform.
struct Site {
    installation: Installation,
}

impl Site {
    fn new(log: &str) -> Self {
        let text = format!(
            "{log}[admin]\nlisten = \"{}\"\n[sources.portal]\nkind = \"standard_webhooks\"\n\
             secrets = [\"whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h\"]\n",
            free_address()
        );
        let installation = Installation::new(&text);
        Self { installation }
    }

    fn with_file(name: &str, text: &str) -> Self {
        let site = Self::new("");
        std::fs::write(site.installation.path(name), text).unwrap();
        site
    }

    fn arguments(&self, name: &str, more: &[&str]) -> Vec<String> {
        let file = self.installation.path(name).display().to_string();
        let usual = ["import", &file, "--source", "portal", "--as-of", AS_OF];
        usual
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    }

    fn import(&self, name: &str, more: &[&str]) -> Ended {
        let arguments = self.arguments(name, more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.installation.run(&arguments)
    }

    fn roster(&self) -> Process {
        self.installation.start(&["roster"])
    }

    async fn people(&self) -> BTreeMap<String, Bytes> {
        let log = SqliteLog::open_read_only(&self.installation.path("data")).unwrap();
        latest(&log, Topic::People).await.unwrap()
    }

    async fn events(&self) -> usize {
        let Ok(log) = SqliteLog::open_read_only(&self.installation.path("data")) else {
            return 0;
        };
        let mut events = 0;
        let mut count = |_| events += 1;
        let begin = Offsets::default();
        each_record(&log, Topic::Events, begin, &mut count)
            .await
            .unwrap();
        events
    }

    /// Waits until the roster knows so many people.
    async fn until_known(&self, people: usize) -> BTreeMap<String, Bytes> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let known = self.people().await;
            if known.len() >= people {
                return known;
            }
            assert!(Instant::now() < deadline, "{} of {people}", known.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A roster of so many lines, 37 of them bad, and what is said of each bad one.
fn roster(lines: usize) -> (String, Vec<String>) {
    const BAD: usize = 37;
    let mut text = String::from("employee_id,first_name,email,groups,start_date,end_date,status\n");
    let mut said = Vec::new();
    let every = lines / BAD;
    for n in 0..lines {
        let number = n + 2;
        if n % every != every / 2 || said.len() == BAD {
            let end = if n % 20 == 0 { "2026-01-31" } else { "" };
            let status = if end.is_empty() { "active" } else { "inactive" };
            let group = ["Sales", "Workshop; Night"][n % 2];
            writeln!(
                text,
                "e-{n},Ada {n},ada.{n}@example.com,{group},2020-01-01,{end},{status}"
            )
            .unwrap();
            continue;
        }
        let date = "expected a date (2026-03-31) or an instant with its offset \
                    (2026-03-31T17:00:00Z)";
        let (line, reason) = match said.len() % 5 {
            0 => (
                format!("e-{n},Ada,a@b,Sales,01.02.2020,,active"),
                format!("start_date: {date}"),
            ),
            1 => (
                format!("e-{n},Ada,a@b,Sales,2020-01-01,2020-13-01,"),
                format!("end_date: {date}"),
            ),
            2 => (
                ",Ada,a@b,Sales,2020-01-01,,active".to_owned(),
                "employee_id: expected 1 to 250 characters without control characters, the \
                 source's subject_prefix included, found nothing"
                    .to_owned(),
            ),
            3 => (
                format!("e-{n},Ada,Sales,2020-01-01,,active"),
                "expected 7 cells as in the header, found 6".to_owned(),
            ),
            _ => (
                "e-1,Ada,a@b,Sales,2020-01-01,,active".to_owned(),
                "the same person and employment as on line 3, which counts".to_owned(),
            ),
        };
        writeln!(text, "{line}").unwrap();
        said.push(format!("line {number}: {reason}"));
    }
    assert_eq!(said.len(), BAD);
    (text, said)
}

fn bad_lines(ended: &Ended) -> Vec<&str> {
    let lines = ended.stderr.lines();
    lines.filter(|line| line.starts_with("line ")).collect()
}

#[track_caller]
fn says(ended: &Ended, lines: &[(usize, &str)]) {
    for (count, what) in lines {
        let line = format!("{count:>9} {what}");
        assert!(
            ended.stdout.contains(&line),
            "no {line:?}: {}",
            ended.stdout
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_reported_the_rest_is_imported_and_a_second_run_changes_nothing() {
    let lines = size::people(10_000, 100_000);
    let (text, said) = roster(lines);
    let site = Site::with_file("people.csv", &text);
    let running = site.roster();
    let first = site.import("people.csv", &[]);
    assert_eq!(first.code, Some(65), "{}", first.stderr);
    assert_eq!(bad_lines(&first), said);
    let good = lines - said.len();
    says(
        &first,
        &[
            (lines, "lines"),
            (37, "bad, not imported"),
            (good, "people"),
            (good, "appended"),
            (0, "changed nothing"),
        ],
    );
    let people = site.until_known(good).await;
    assert_eq!((people.len(), site.events().await), (good, good));

    let second = site.import("people.csv", &[]);
    assert_eq!(second.code, Some(65));
    assert_eq!(bad_lines(&second), said);
    says(&second, &[(0, "appended"), (good, "changed nothing")]);
    assert_eq!(site.events().await, good);
    assert_eq!(site.people().await, people);
    assert_eq!(running.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_from_standard_input_is_imported_as_a_file_is() {
    let (text, said) = roster(4_000);
    let good = 4_000 - said.len();
    let site = Site::with_file("people.csv", &text);
    let running = site.roster();
    let arguments = ["import", "-", "--source", "portal", "--as-of", AS_OF];
    let nameless = site.installation.run_with_input(&arguments, &text);
    assert_eq!(nameless.code, Some(2), "{}", nameless.stderr);
    assert!(nameless.stderr.contains("add --format csv"));
    let arguments = [&arguments[..], &["--format", "csv"]].concat();
    let first = site.installation.run_with_input(&arguments, &text);
    assert_eq!(bad_lines(&first), said);
    says(&first, &[(4_000, "lines"), (good, "appended")]);
    site.until_known(good).await;
    let file = site.import("people.csv", &[]);
    says(&file, &[(0, "appended"), (good, "changed nothing")]);
    assert_eq!(running.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_killed_is_simply_run_again() {
    let (text, _) = roster(6000);
    let whole = Site::with_file("people.csv", &text);
    let broken = Site::with_file("people.csv", &text);
    assert_eq!(whole.import("people.csv", &[]).code, Some(65));

    let arguments = broken.arguments("people.csv", &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let import = broken.installation.start_bare(
        &[
            &arguments[..],
            &[
                "--config",
                broken.installation.path("relay.toml").to_str().unwrap(),
            ],
        ]
        .concat(),
    );
    let deadline = Instant::now() + PATIENCE;
    while broken.events().await == 0 {
        assert!(Instant::now() < deadline, "{}", import.said());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    import.kill();
    let come_so_far = broken.events().await;
    // No roster has run: the rows are appended again, and the fold makes nothing of them.
    assert_eq!(broken.import("people.csv", &[]).code, Some(65));
    assert_eq!(broken.events().await, come_so_far + 5963);

    let rosters = [whole.roster(), broken.roster()];
    let expected = whole.until_known(5963).await;
    let found = broken.until_known(5963).await;
    assert_eq!(expected.len(), found.len());
    for (who, record) in &expected {
        assert_eq!(unstamped(record), unstamped(&found[who]));
    }
    for roster in rosters {
        assert_eq!(roster.terminate().code(), Some(0));
    }
}

/// A record without the instant at which it was received.
fn unstamped(record: &[u8]) -> serde_json::Value {
    let mut record: serde_json::Value = serde_json::from_slice(record).unwrap();
    record.as_object_mut().unwrap().remove("received");
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reaches_every_partition_and_is_known_again_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let (text, said) = roster(1000);
    let site = Site::new(&format!(
        "[kafka]\nbrokers = \"{}\"\nprefix = \"import-{}.\"\npartitions = 3\n\
         replication = 1\nappend_timeout = \"20s\"\nsession_timeout = \"6s\"\n",
        kafka.brokers,
        std::process::id()
    ));
    std::fs::write(site.installation.path("people.csv"), text).unwrap();
    assert_eq!(site.installation.run(&["topics", "create"]).code, Some(0));
    let dry = site.import("people.csv", &["--dry-run", "--max-bad", "37"]);
    says(&dry, &[(963, "would be appended")]);
    let first = site.import("people.csv", &["--max-bad", "37"]);
    assert_eq!(bad_lines(&first), said, "{}", first.stderr);
    says(&first, &[(963, "appended")]);
    let roster = site.roster();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let again = site.import("people.csv", &["--dry-run", "--max-bad", "37"]);
        if again.stdout.contains("      963 would change nothing") {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "{}{}",
            again.stdout,
            roster.said()
        );
    }
    assert_eq!(roster.terminate().code(), Some(0));
}

#[test]
fn a_dry_run_leaves_no_trace_and_answers_json() {
    let site = Site::with_file("people.csv", "employee_id,status\na,active\nb,gone\n");
    let ended = site.import("people.csv", &["--dry-run", "--output", "json"]);
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["dry_run"], true);
    assert_eq!(document["summary"]["active"], 1);
    assert_eq!(document["bad_lines"][0]["line"], 3);
    assert_eq!(document["bad_lines"][0]["code"], "line_wrong_value");
    assert!(!site.installation.path("data").exists());
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    let site = Site::with_file("people.csv", "employee_id,status\na,active\n");
    std::fs::write(site.installation.path("people.txt"), "a").unwrap();
    for (name, more, code, says) in [
        ("people.txt", &[][..], 2, "add --format csv"),
        (
            "people.csv",
            &["--map", "status=employee_id"],
            2,
            "both hold employee_id",
        ),
        (
            "people.csv",
            &["--map", "status=pay"],
            2,
            "`pay` is no field",
        ),
        (
            "people.csv",
            &["--delimiter", ";"],
            2,
            "is --delimiter right?",
        ),
        ("people.csv", &["--delimiter", "ab"], 2, "one character"),
        (
            "people.csv",
            &["--adopt", "--no-adopt"],
            2,
            "cannot be used with",
        ),
        ("none.csv", &[], 1, "the file cannot be read"),
    ] {
        let ended = site.import(name, more);
        assert_eq!(ended.code, Some(code), "{more:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{more:?}: {}", ended.stderr);
    }
    let file = site.installation.path("people.csv").display().to_string();
    for (as_of, says) in [
        ("2026-03-31", "with its offset"),
        ("2999-01-01T00:00:00Z", "in the future"),
    ] {
        let ended = site
            .installation
            .run(&["import", &file, "--source", "portal", "--as-of", as_of]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
    let ended = site
        .installation
        .run(&["import", &file, "--source", "portal"]);
    assert!(ended.stderr.contains("--as-of"), "{}", ended.stderr);
    let ended = site
        .installation
        .run(&["import", &file, "--source", "nobody", "--as-of", AS_OF]);
    assert!(
        ended.stderr.contains("expected one of [portal]"),
        "{}",
        ended.stderr
    );
}
