//! Traces: one from a webhook through the log, linked to the call at the platform.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hris_relay::log::kafka::{KafkaLog, KafkaSettings};
use hris_relay::log::sqlite::SqliteLog;
use hris_relay::log::{Arrived, Log, Record, Topic};
use hris_relay::operator::sender::{Sender, Signing, Unsigned};
use hris_relay::provider::http::HeaderValue;
use hris_relay::secret::Secret;
use hris_relay::simulator::startexam::SimulatorSettings;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;

use crate::support::binary::Process;
use crate::support::collector::{Collector, hex, said};
use crate::support::kafka::{cluster, settings};
use crate::support::logs::{moment, system_clock};
use crate::support::platform::{ALL, platform};
use crate::support::relay::Relay;
use crate::support::said::say;
use crate::support::sender::SECRET;

const FORGED: &str = "whsec_bm90LXRoZS1rZXktb2YtdGhlLXBvcnRhbCE=";
const TOKEN: &str = "Bearer token-of-the-collector";
/// What no span may ever say.
const PERSONAL: [&str; 4] = ["e-planted", "Adalgisa", "planted@example.com", "Lovelace"];

const ERP: &str =
    "[sources.erp]\nkind = \"cloudevents\"\nsecrets = [\"token-of-the-erp-system\"]\n";

/// The trace in which HR speaks of the `n`th person; 0 is nobody's.
fn trace(n: usize) -> String {
    format!("0af7651916cd43dd{n:016x}")
}

const SENDERS_SPAN: &str = "b7ad6b7169203331";

fn person(n: usize) -> String {
    format!("e-planted-{n}")
}

/// HR hires somebody, in the trace of their number; answers the status.
async fn hire(receiver: SocketAddr, n: usize, secret: &str) -> u16 {
    let body = json!({
        "type": "hr.employee.hired.v1",
        "timestamp": moment(),
        "subject": person(n),
        "data": {
            "effective_at": "2020-01-01",
            "attributes": {
                "first_name": "Adalgisa", "last_name": "Lovelace", "email": "planted@example.com",
            },
            "groups": { "current": ["Sales"] },
        },
    });
    let webhook = Unsigned {
        path: "/hooks/portal".to_owned(),
        id: format!("msg_{n}"),
        content_type: "application/json",
        body: Bytes::from(body.to_string()),
    };
    let signing = Signing::StandardWebhooks(Secret::new(secret));
    let mut headers = Sender::sign(&webhook, &signing, system_clock().now()).unwrap();
    let traceparent = format!("00-{}-{SENDERS_SPAN}-01", trace(n));
    headers.insert("traceparent", HeaderValue::try_from(traceparent).unwrap());
    headers.insert("tracestate", HeaderValue::from_static("acme=t61"));
    let sender = Sender::new(&format!("http://{receiver}"), 1, system_clock()).unwrap();
    sender.post(&webhook, headers).await.unwrap().status
}

/// A log that a relay has written, as an operator reads it.
struct Place {
    section: String,
    kafka: Option<KafkaSettings>,
}

impl Place {
    const fn sqlite() -> Self {
        Self {
            section: String::new(),
            kafka: None,
        }
    }

    fn kafka(brokers: &str) -> Self {
        let settings = settings(brokers);
        let section = format!(
            "[kafka]\nbrokers = \"{brokers}\"\nprefix = \"{}\"\npartitions = {}\n\
             replication = 1\nappend_timeout = \"20s\"\n",
            settings.prefix, settings.partitions
        );
        Self {
            section,
            kafka: Some(settings),
        }
    }

    async fn records(&self, relay: &Relay, topic: Topic) -> Vec<Arrived> {
        let log: Arc<dyn Log> = if let Some(settings) = &self.kafka {
            Arc::new(KafkaLog::connect(settings, system_clock()).unwrap())
        } else {
            let data = relay.installation.path("data");
            Arc::new(SqliteLog::open_read_only(&data).unwrap())
        };
        let mut records = Vec::new();
        for partition in 0..log.partitions(topic).await.unwrap() {
            records.extend(log.read(topic, partition, 0, 100).await.unwrap());
        }
        log.close().await;
        records
    }
}

/// A relay that gathers people for two seconds before it calls.
fn relay(place: &Place, more: &str) -> Relay {
    let more = format!(
        "{}[[assignments]]\ngroup = \"Sales\"\nstartexam = {{ programs = [\"{ALL}\"] }}\n\
         [worker]\nlinger = \"2s\"\n{more}",
        place.section
    );
    Relay::new(platform(), &more)
}

fn traced(place: &Place, endpoint: SocketAddr) -> Relay {
    let section = format!(
        "[traces]\nendpoint = \"http://{endpoint}\"\nsend_every = \"100ms\"\n\
         headers = {{ authorization = \"{TOKEN}\" }}\n"
    );
    relay(place, &format!("{section}{ERP}"))
}

/// The spans of a relay that has ended.
struct Seen(Vec<Span>);

impl Seen {
    /// The only span of this name in a trace.
    #[track_caller]
    fn only(&self, trace: &str, name: &str) -> &Span {
        let is_it = |span: &&Span| span.name == name && hex(&span.trace_id) == trace;
        let found: Vec<_> = self.0.iter().filter(is_it).collect();
        assert_eq!(found.len(), 1, "{name} in {trace}: {:#?}", self.names());
        found[0]
    }

    fn names(&self) -> BTreeSet<&str> {
        self.0.iter().map(|span| span.name.as_str()).collect()
    }

    fn calls(&self) -> impl Iterator<Item = &Span> {
        let is_call = |span: &&Span| span.name.starts_with("startexam ");
        self.0.iter().filter(is_call)
    }
}

fn traceparent(span: &Span) -> String {
    format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id))
}

/// Follows somebody from the webhook to the people; answers the span that a call follows from.
fn follow<'a>(seen: &'a Seen, trace: &str, event: &Arrived) -> &'a Span {
    let asked = seen.only(trace, "POST /hooks/{source}");
    assert_eq!(hex(&asked.parent_span_id), SENDERS_SPAN);
    assert_eq!(asked.trace_state, "acme=t61");
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/hooks/{source}"),
        ("http.response.status_code", "200"),
        ("hris_relay.source", "portal"),
        ("hris_relay.outcome", "accepted"),
    ] {
        assert_eq!(said(asked, name).as_deref(), Some(value), "{name}");
    }
    let mut above = asked;
    for name in [
        "send hris.events",
        "process hris.events",
        "send hris.people",
        "process hris.people",
    ] {
        let span = seen.only(trace, name);
        assert_eq!(span.parent_span_id, above.span_id, "{name}");
        above = span;
    }
    let sent = seen.only(trace, "send hris.events");
    assert_eq!(event.headers.text("traceparent"), Some(&*traceparent(sent)));
    assert_eq!(event.headers.text("tracestate"), Some("acme=t61"));
    let offset = said(sent, "messaging.kafka.offset");
    assert_eq!(offset, Some(event.position.offset.to_string()));
    above
}

/// Nothing that was exported holds what must not leave.
fn nothing_personal(collector: &Collector) {
    let account = SimulatorSettings::default();
    let key = "ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";
    let secrets = [key, TOKEN, account.secret.expose(), FORGED];
    collector.each(|request| {
        assert_eq!(request.line, "POST /v1/traces HTTP/1.1");
        assert_eq!(request.header("authorization"), TOKEN);
        assert_eq!(request.header("content-type"), "application/x-protobuf");
        for never in PERSONAL.iter().chain(&secrets) {
            let mut at = request.body.windows(never.len());
            assert!(!at.any(|part| part == never.as_bytes()), "{never}");
        }
    });
}

async fn a_webhook_is_followed_to_the_call(place: Place, name: &str) {
    const PEOPLE: usize = 5;
    say(&format!("A trace is followed on {name}"));
    let collector = Collector::start().await;
    let relay = traced(&place, collector.addr);
    let mut process = relay.start();
    assert_eq!(hire(relay.receiver(), 0, FORGED).await, 401);
    for n in 1..=PEOPLE {
        assert_eq!(hire(relay.receiver(), n, SECRET).await, 200);
    }
    process.until("registered", || relay.registered() == PEOPLE);
    process.until("applied", || relay.waiting("applied") == PEOPLE);
    let events = place.records(&relay, Topic::Events).await;
    assert_eq!(process.terminate().code(), Some(0));

    let seen = Seen(collector.spans());
    let facts: BTreeSet<_> = (1..=PEOPLE)
        .map(|n| {
            let of = |event: &&Arrived| event.key_text() == Some(&person(n));
            let event = events.iter().find(of).unwrap();
            let fact = follow(&seen, &trace(n), event);
            (fact.trace_id.clone(), fact.span_id.clone())
        })
        .collect();
    for verb in ["activate", "join"] {
        let name = format!("startexam {verb}");
        let calls = seen.calls().filter(|call| call.name == name);
        let calls: Vec<&Span> = calls.collect();
        let linked = calls.iter().flat_map(|call| &call.links);
        let linked = linked.map(|link| (link.trace_id.clone(), link.span_id.clone()));
        assert_eq!(linked.collect::<BTreeSet<_>>(), facts, "{name}");
        let is_batch = |call: &&Span| call.links.len() > 1;
        assert!(calls.iter().copied().any(|call| is_batch(&call)), "{name}");
        for call in calls {
            let people = said(call, "hris_relay.call.people");
            assert_eq!(people, Some(call.links.len().to_string()));
            assert_eq!(said(call, "hris_relay.call.attempt").as_deref(), Some("1"));
            assert_eq!(said(call, "hris_relay.outcome").as_deref(), Some("applied"));
        }
    }
    let own: BTreeSet<_> = seen.calls().map(traceparent).collect();
    let entries = relay.platform.simulator().journal(None).into_iter();
    let told: BTreeSet<_> = entries.map(|entry| entry.traceparent.unwrap()).collect();
    assert_eq!(
        told, own,
        "the platform is told of each call, and of nothing else"
    );

    let is_refused =
        |span: &&Span| said(span, "hris_relay.outcome").as_deref() == Some("bad_signature");
    let refused: Vec<_> = seen.0.iter().filter(is_refused).collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].parent_span_id.is_empty() && hex(&refused[0].trace_id) != trace(0));
    nothing_personal(&collector);
    relay.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_followed_to_the_call_on_sqlite() {
    a_webhook_is_followed_to_the_call(Place::sqlite(), "SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_followed_to_the_call_on_kafka() {
    let Some(kafka) = cluster() else { return };
    let place = Place::kafka(&kafka.brokers);
    a_webhook_is_followed_to_the_call(place, &kafka.name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_another_producer_is_followed_as_well() {
    let collector = Collector::start().await;
    let relay = traced(&Place::sqlite(), collector.addr);
    let mut process = relay.start();
    let event = json!({
        "specversion": "1.0",
        "id": "erp-1",
        "source": "erp",
        "type": "hr.employee.hired.v1",
        "subject": person(1),
        "time": moment(),
        "data": { "effective_at": "2020-01-01", "groups": { "current": ["Sales"] } },
    });
    let inbox = Record::new(Topic::Inbox, "any", event.to_string())
        .with_header("content-type", "application/cloudevents+json")
        .with_header("traceparent", format!("00-{}-{SENDERS_SPAN}-01", trace(1)));
    let log = SqliteLog::open(&relay.installation.path("data"), system_clock()).unwrap();
    log.append(vec![inbox]).await.unwrap();
    process.until("applied", || relay.waiting("applied") == 1);
    log.close().await;
    assert_eq!(process.terminate().code(), Some(0));

    let seen = Seen(collector.spans());
    let taken = seen.only(&trace(1), "process hris.inbox");
    assert_eq!(hex(&taken.parent_span_id), SENDERS_SPAN);
    let sent = seen.only(&trace(1), "send hris.events");
    assert_eq!(sent.parent_span_id, taken.span_id);
    let fact = seen.only(&trace(1), "process hris.people");
    assert!(seen.calls().count() > 0);
    assert!(
        seen.calls()
            .all(|call| call.links[0].span_id == fact.span_id)
    );
    nothing_personal(&collector);
    relay.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_endpoint_no_context_is_passed_on() {
    let place = Place::sqlite();
    let relay = relay(&place, "");
    let mut process = relay.start();
    assert_eq!(hire(relay.receiver(), 1, SECRET).await, 200);
    process.until("applied", || relay.waiting("applied") == 1);
    for topic in [Topic::Events, Topic::People] {
        for record in place.records(&relay, topic).await {
            assert!(record.headers.trace().is_empty(), "{topic}");
        }
    }
    let entries = relay.platform.simulator().journal(None);
    assert!(!entries.is_empty());
    assert!(entries.iter().all(|entry| entry.traceparent.is_none()));
    assert_eq!(process.terminate().code(), Some(0));
    relay.platform.stop().await;
}

/// A relay whose spans nobody takes does what it does otherwise, and ends in time.
async fn nobody_takes_the_spans(endpoint: SocketAddr, said: &str) {
    let relay = traced(&Place::sqlite(), endpoint);
    let mut process: Process = relay.start();
    for n in 1..=3 {
        assert_eq!(hire(relay.receiver(), n, SECRET).await, 200);
    }
    process.until("applied", || relay.waiting("applied") == 3);
    process.signal("TERM");
    let asked = Instant::now();
    assert_eq!(process.ended().code(), Some(0), "{}", process.said());
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{}",
        process.said()
    );
    assert_eq!(
        process.said().matches(said).count(),
        1,
        "{}",
        process.said()
    );
    relay.platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_costs_nothing_but_spans() {
    let nobody = crate::support::binary::free_address();
    let lost = "Spans are lost until the collector takes them: the collector cannot be reached";
    nobody_takes_the_spans(nobody, lost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_keeps_no_process() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    nobody_takes_the_spans(address, "The last spans were not sent in time").await;
}
