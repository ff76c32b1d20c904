//! Every record that a running relay writes is a message of its topic, headers included.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hris_relay::id::Provider;
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::log::{Arrived, Headers, Log, Record, Topic};
use hris_relay::operator::topics::{Offsets, each_record};
use hris_relay::simulator::cirrus::{Running, Simulator, SimulatorSettings};
use jiff::ToSpan;
use serde_json::{Map, Value, json};

use super::{resolved, topics, validator};
use crate::support::binary::{Installation, Process, free_address, get};
use crate::support::logs::system_clock;
use crate::support::sender::{SECRET, tell};

/// A relay with a source of each kind, and one platform.
struct Company {
    installation: Installation,
    platform: Running,
    receiver: SocketAddr,
    admin: SocketAddr,
}

impl Company {
    fn new() -> Self {
        let anywhere = "127.0.0.1:0".parse().unwrap();
        let tenant = SimulatorSettings::default();
        let (path, secret) = (tenant.base_path.clone(), tenant.secret.clone());
        let platform = Simulator::start(tenant, anywhere, system_clock()).unwrap();
        let (receiver, admin) = (free_address(), free_address());
        let text = format!(
            r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{SECRET}"]
[sources.erp]
kind = "cloudevents"
secrets = ["a-bearer-token-of-the-erp"]
[[assignments]]
group = "Sales"
cirrus = {{ schedules = [{{ schedule = "ScEXT1", group = "GrEXT1", group_name = "Group" }}] }}
[providers.cirrus]
base_url = "http://{platform}{path}"
allow_insecure_http = true
secret = "{secret}"
publish_links = true
links_base = "https://exams.example.org"
max_rps = 100.0
[traces]
# Nobody collects them: records carry them all the same.
endpoint = "http://{nobody}"
timeout = "1s"
"#,
            nobody = free_address(),
            platform = platform.addr(),
            secret = secret.expose(),
        );
        let installation = Installation::new(&text);
        let made = installation.run(&["topics", "create"]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        Self {
            installation,
            platform,
            receiver,
            admin,
        }
    }

    /// HR says so, through the portal.
    async fn says(&self, id: &str, kind: &str, who: &str, data: Value) {
        let event = json!({
            "type": format!("hr.employee.{kind}.v1"), "subject": who,
            "timestamp": system_clock().now() - 5.minutes(), "data": data
        });
        tell(self.receiver, id, vec![event.to_string()]).await;
    }

    /// What other producers write, and what nobody should.
    async fn others_write(&self) {
        let log = SqliteLog::open(&self.installation.path("data"), system_clock()).unwrap();
        let event = json!({
            "specversion": "1.0", "id": "erp-1", "source": "erp", "subject": "e-3",
            "type": "hr.employee.access_revoked.v1", "time": "2026-03-01T09:00:00Z"
        });
        let inbox = |headers, payload: String| Record {
            topic: Topic::Inbox,
            key: None,
            headers,
            payload: Some(payload.into()),
        };
        let structured = Headers::default().with("content-type", "application/cloudevents+json");
        let batch = Headers::default().with("content-type", "application/cloudevents-batch+json");
        let mut binary = Headers::default();
        for (name, value) in [
            ("specversion", "1.0"),
            ("id", "erp-2"),
            ("source", "erp"),
            ("type", "hr.employee.terminated.v1"),
            ("subject", "e-4"),
            ("time", "2026-03-01T09:00:00Z"),
        ] {
            binary = binary.with(format!("ce_{name}"), value);
        }
        log.append(vec![
            inbox(structured, event.to_string()),
            inbox(batch, json!([event]).to_string()),
            inbox(binary, String::new()),
            inbox(Headers::default().with("x-own", "1"), "no event".to_owned()),
            Record::new(Topic::Events, "e-1", "no event"),
        ])
        .await
        .unwrap();
        log.close().await;
    }

    /// What an operator imports and decides.
    fn operators_write(&self) {
        let file = self.installation.path("people.csv");
        std::fs::write(&file, "employee_id,status\ne-9,active\n").unwrap();
        let file = file.display().to_string();
        let import = ["import", &file, "--source", "portal", "--as-of"];
        let as_of = ["2026-03-31T02:00:00Z", "--no-adopt"];
        let imported = self.installation.run(&[&import[..], &as_of].concat());
        assert_eq!(imported.code, Some(0), "{}", imported.stderr);
        let ended = self.installation.run(&[
            "command",
            "redrive",
            "--provider",
            "cirrus",
            "--person",
            "odd",
            "--fact-version",
            "present",
            "--operator",
            "jo",
            "--reason",
            "mended",
        ]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    async fn records(&self) -> Vec<Arrived> {
        let log = SqliteLog::open_read_only(&self.installation.path("data")).unwrap();
        let mut records = Vec::new();
        for topic in Topic::all(&[Provider::CIRRUS]) {
            let mut keep = |record: Arrived| records.push(record);
            each_record(&log, topic, Offsets::default(), &mut keep)
                .await
                .unwrap();
        }
        records
    }

    /// Waits until every topic holds something.
    async fn until_all_are_written(&self, process: &mut Process) {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
        loop {
            let records = self.records().await;
            let is_written = |topic: &Topic| records.iter().any(|it| it.position.topic == *topic);
            let missing: Vec<Topic> = Topic::all(&[Provider::CIRRUS])
                .into_iter()
                .filter(|topic| !is_written(topic))
                .collect();
            if missing.is_empty() {
                return;
            }
            let in_time = tokio::time::Instant::now() < deadline;
            assert!(in_time, "{missing:?} hold nothing: {}", process.said());
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}

/// The channel of a topic.
fn channel(document: &Value, topic: Topic) -> &Value {
    let address = topic.to_string().replace("cirrus", "{provider}");
    let channels = document["channels"].as_object().unwrap().values();
    let mut found = channels.filter(|channel| channel["address"] == address);
    found.next().unwrap_or_else(|| panic!("no {topic}"))
}

/// The names of the messages that a record is, and why it is not each of the others.
fn messages(document: &Value, record: &Arrived) -> (Vec<String>, BTreeMap<String, String>) {
    let headers: Map<String, Value> = record
        .headers
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(std::str::from_utf8(value).unwrap())))
        .collect();
    let bytes = record.payload.as_deref().unwrap_or_default();
    // Bytes as they came may be no JSON.
    let payload =
        serde_json::from_slice(bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(bytes)));
    let key = json!(record.key_text());
    let (mut is, mut is_not) = (Vec::new(), BTreeMap::new());
    let channel = channel(document, record.position.topic);
    for (name, message) in channel["messages"].as_object().unwrap() {
        let message = resolved(document, message);
        let is_empty = bytes.is_empty() && name == "binary";
        let mut parts = vec![
            (&message["headers"], Value::Object(headers.clone())),
            (&message["bindings"]["kafka"]["key"], key.clone()),
        ];
        if !is_empty {
            parts.push((&message["payload"], payload.clone()));
        }
        let found = parts.iter().find_map(|(schema, value)| {
            let validator = validator(document, schema);
            validator.iter_errors(value).next().map(|it| it.to_string())
        });
        match found {
            None => is.push(name.clone()),
            Some(why) => drop(is_not.insert(name.clone(), why)),
        }
    }
    (is, is_not)
}

fn are_as_the_document_says(records: &[Arrived]) {
    let document = topics();
    let mut seen = BTreeMap::<Topic, Vec<String>>::new();
    for record in records {
        let topic = record.position.topic;
        let (is, is_not) = messages(&document, record);
        // What the test itself wrote to show what becomes of it.
        let is_ours = record.payload.as_deref() == Some(b"no event")
            && matches!(topic, Topic::Events | Topic::Inbox);
        assert_ne!(is.is_empty(), !is_ours, "{topic}: {record:?}\n{is_not:#?}");
        seen.entry(topic).or_default().extend(is);
    }
    for topic in Topic::all(&[Provider::CIRRUS]) {
        assert!(seen.contains_key(&topic), "nothing on {topic}");
    }
    let is_traced = |record: &Arrived| record.headers.text("traceparent").is_some();
    for topic in [Topic::Events, Topic::People, Topic::Quarantine] {
        let of_topic = |record: &&Arrived| record.position.topic == topic;
        let any = records.iter().filter(of_topic).any(is_traced);
        assert!(any, "no trace on {topic}");
    }
    let said = |topic: Topic, message: &str| seen[&topic].iter().any(|it| it == message);
    for message in [
        "hired",
        "terminated",
        "access_revoked",
        "snapshot",
        "redrive",
    ] {
        assert!(said(Topic::Events, message), "no {message}");
    }
    for message in ["access_revoked", "batch", "binary"] {
        assert!(said(Topic::Inbox, message), "no {message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_of_a_run_is_a_message_of_its_topic() {
    let company = Company::new();
    let mut process = company.installation.start(&["serve"]);
    process.until_ready(company.admin);
    let sales = |email: &str| {
        json!({
            "effective_at": "2020-01-01", "groups": { "current": ["Sales"] },
            "attributes": { "first_name": "Ada", "last_name": "Byron", "email": email }
        })
    };
    for who in ["e-1", "e-2"] {
        company
            .says(who, "hired", who, sales("ada@example.com"))
            .await;
    }
    // No platform takes this address.
    company
        .says("odd", "hired", "odd", sales("ada at nowhere"))
        .await;
    company
        .says(
            "end",
            "terminated",
            "e-2",
            json!({ "reason": "resignation" }),
        )
        .await;
    tell(company.receiver, "broken", vec!["{".to_owned()]).await;
    company.others_write().await;
    company.until_all_are_written(&mut process).await;
    company.operators_write();
    assert_eq!(get(company.admin, "/health/live").unwrap().0, 200);
    assert!(process.terminate().success());

    are_as_the_document_says(&company.records().await);
    company.platform.stop().await;
}
