//! `check-config --against-state`: the calls a configuration would make, before it makes them.

use std::fmt::Write;
use std::time::{Duration, Instant};

use hris_relay::log::Topic;
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::operator::topics::latest;
use serde_json::Value;

use crate::support::binary::{Installation, free_address};
use crate::support::platform::{ALL, SELLING, platform, section};

const AS_OF: &str = "2026-03-31T02:00:00Z";

fn configuration(section: &str, programs: &str) -> String {
    format!(
        r#"
[receiver]
listen = "{}"
[admin]
listen = "{}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h"]
[[assignments]]
group = "Sales"
startexam = {{ programs = [{programs}] }}
{section}"#,
        free_address(),
        free_address()
    )
}

async fn known(site: &Installation) -> usize {
    let Ok(log) = SqliteLog::open_read_only(&site.path("data")) else {
        return 0;
    };
    latest(&log, Topic::People).await.unwrap().len()
}

async fn states(site: &Installation) -> usize {
    let Ok(log) = SqliteLog::open_read_only(&site.path("data")) else {
        return 0;
    };
    let state = Topic::State(hris_relay::id::Provider::STARTEXAM);
    latest(&log, state).await.unwrap().len()
}

/// The steps that were told: verb, target, people.
fn steps(document: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = document[0]["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            let people = step["people"].as_u64().unwrap();
            (text(&step["step"]), text(&step["target"]), people)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_tells_the_calls_it_would_make_and_makes_none() {
    let platform = platform();
    let section = section(&platform);
    let site = Installation::new(&configuration(&section, &format!("\"{ALL}\"")));
    let against = |more: &[&str]| {
        let ended = site.run(&[&["check-config", "--against-state"], more].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout
    };
    assert_eq!(
        against(&[]),
        "startexam: 0 calls would be made first, with 0 people known\n"
    );
    assert!(!site.path("data").exists());

    let mut file = String::from("employee_id,groups,start_date,end_date\n");
    for n in 0..60 {
        let (group, end) = match n {
            0..10 => ("Sales", "2026-03-30"),
            10..20 => ("Kitchen", ""),
            _ => ("Sales", ""),
        };
        writeln!(file, "e-{n:02},{group},2020-01-01,{end}").unwrap();
    }
    std::fs::write(site.path("people.csv"), file).unwrap();
    let path = site.path("people.csv").display().to_string();
    let import = [
        "import",
        &path,
        "--source",
        "portal",
        "--as-of",
        AS_OF,
        "--no-adopt",
    ];
    assert_eq!(site.run(&import).code, Some(0));
    let roster = site.start(&["roster"]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while known(&site).await < 60 {
        assert!(Instant::now() < deadline, "{}", roster.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let told: Value = serde_json::from_str(&against(&["--output", "json"])).unwrap();
    let step = |verb: &str, target: &str, people| (verb.to_owned(), target.to_owned(), people);
    let all = format!("program:{ALL}");
    let expected = [step("activate", "", 40), step("join", &all, 40)];
    let mut found = steps(&told);
    // People of whom only an import says that they left long ago are left alone.
    found.retain(|(verb, ..)| verb != "lock");
    assert_eq!(found, expected, "{told:#}");
    assert_eq!(told[0]["books"]["unmapped"], 10);

    // The same configuration with one more program, in a text for people.
    site.configure(&configuration(
        &section,
        &format!("\"{ALL}\", \"{SELLING}\""),
    ));
    let text = against(&["--people", "2"]);
    let line = format!("       40 people join program:{SELLING}  e-20  e-21  ...");
    assert!(text.contains(&line), "{text}");

    assert!(platform.simulator().journal(None).is_empty());
    assert_eq!(states(&site).await, 0);
    assert_eq!(roster.terminate().code(), Some(0));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_generation_of_assignments_would_only_lock() {
    let platform = platform();
    let section = section(&platform);
    let site = Installation::new("");
    let (one, two) = (format!("\"{ALL}\""), format!("\"{ALL}\", \"{SELLING}\""));
    let configure = |generation: u32, programs: &str| {
        let text = configuration(&section, programs);
        site.configure(&format!("assignments_generation = {generation}\n{text}"));
    };
    configure(2, &one);
    let file = site.path("people.csv");
    let rows: Vec<String> = (0..40)
        .map(|n| format!("e-{n:02},Sales,active\n"))
        .collect();
    std::fs::write(
        &file,
        format!("employee_id,groups,status\n{}", rows.concat()),
    )
    .unwrap();
    let file = file.display().to_string();
    let import = [
        "import", &file, "--source", "portal", "--as-of", AS_OF, "--adopt",
    ];
    assert_eq!(site.run(&import).code, Some(0));
    let serve = site.start(&["serve"]);
    let deadline = Instant::now() + Duration::from_secs(30);
    while states(&site).await < 40 {
        assert!(Instant::now() < deadline, "{}", serve.said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(serve.terminate().code(), Some(0));
    let told = || -> Value {
        let ended = site.run(&["check-config", "--against-state", "--output", "json"]);
        serde_json::from_str(&ended.stdout).unwrap()
    };
    assert_eq!(told()[0]["calls"], 0);
    configure(1, &two);
    let outdated = told();
    assert_eq!(
        (&outdated[0]["calls"], &outdated[0]["books"]["outdated"]),
        (&0.into(), &40.into())
    );
    configure(3, &two);
    let joins = ("join".to_owned(), format!("program:{SELLING}"), 40);
    assert_eq!(steps(&told()), [joins]);
    assert!(platform.simulator().journal(None).is_empty());
    platform.stop().await;
}
