//! The receiver over real HTTP: what it keeps, what it refuses, and by which words.

mod events;
mod parting;
mod privacy;
mod webhooks;

use hris_relay::clock::{Clock, SystemClock};
use hris_relay::event::{Event, Strictness};
use hris_relay::log::Record;
use hris_relay::receiver::signature::sign_standard_webhook;
use hris_relay::secret::Secret;
use serde_json::{Value, json};

/// The media type of one event, and of several.
const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

/// A termination as the portal sends it.
fn termination() -> Value {
    json!({
        "type": "hr.employee.terminated.v1", "subject": "E-1001",
        "timestamp": "2026-03-01T09:00:00Z", "data": { "effective_at": "2026-03-31" }
    })
}

/// An update as the ERP sends it.
fn of_erp(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "erp", "type": "hr.employee.updated.v1",
        "subject": "E-1001", "time": "2026-03-01T09:00:00Z",
        "data": { "attributes": { "email": "ada@example.com" } }
    })
}

fn event(record: &Record) -> Event {
    Event::parse(record.payload.as_deref().unwrap(), Strictness::Lenient).unwrap()
}

fn header<'a>(record: &'a Record, name: &str) -> &'a str {
    record.headers.text(name).unwrap()
}

/// The headers that sign a body now.
fn signed(secret: &str, body: &[u8]) -> [(&'static str, String); 3] {
    let now = SystemClock::new().now();
    sign_standard_webhook(&Secret::new(secret), "msg_1", now, body).unwrap()
}
