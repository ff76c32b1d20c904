//! The headers of records: what each says, and which message has which.

use serde_json::{Map, Value, json};

use crate::log::header;

/// Headers of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headers {
    /// Those that are always there.
    pub(super) always: &'static [&'static str],
    /// Those that may be there.
    pub(super) perhaps: &'static [&'static str],
    /// Whether others may be there, as somebody else wrote them.
    pub(super) and_others: bool,
}

/// Of an event on `hris.events`: what came by the inbox says where it was.
pub(super) const EVENT: Headers = Headers {
    always: &[header::EVENT_ID, header::CONTENT_TYPE],
    perhaps: &[
        header::ORIGIN_TOPIC,
        header::ORIGIN_PARTITION,
        header::ORIGIN_OFFSET,
        header::TRACEPARENT,
        header::TRACESTATE,
    ],
    and_others: false,
};

/// Of a person's record: the event that changed it, and its trace.
pub(super) const PERSON: Headers = Headers {
    always: &[header::EVENT_ID],
    perhaps: &[header::TRACEPARENT, header::TRACESTATE],
    and_others: false,
};

/// Of links: the event that the person's record came from.
pub(super) const LINKS: Headers = Headers {
    always: &[header::EVENT_ID],
    perhaps: &[],
    and_others: false,
};

/// Of a worker's own record of a person.
pub(super) const NONE: Headers = Headers {
    always: &[],
    perhaps: &[],
    and_others: false,
};

/// Of something done at a platform.
pub(super) const OUTCOME: Headers = Headers {
    always: &[header::EVENT_ID, header::FACT_VERSION],
    perhaps: &[],
    and_others: false,
};

/// Of something given up at a platform.
pub(super) const DEAD_LETTER: Headers = Headers {
    always: &[
        header::EVENT_ID,
        header::FACT_VERSION,
        header::FAILURE_CODE,
        header::FAILURE_REASON,
        header::ATTEMPT,
        header::FIRST_SEEN,
    ],
    perhaps: &[],
    and_others: false,
};

/// Of a record that could not be read: its own, and why.
pub(super) const UNREAD: Headers = Headers {
    always: &[
        header::FAILURE_CODE,
        header::FAILURE_REASON,
        header::ORIGIN_TOPIC,
        header::ORIGIN_PARTITION,
        header::ORIGIN_OFFSET,
    ],
    perhaps: &[
        header::EVENT_ID,
        header::CONTENT_TYPE,
        header::TRACEPARENT,
        header::TRACESTATE,
    ],
    and_others: true,
};

/// Of a body in quarantine.
pub(super) const QUARANTINED: Headers = Headers {
    always: &[
        header::FAILURE_CODE,
        header::FAILURE_REASON,
        header::RECEIVED_TIME,
        header::CONTENT_TYPE,
    ],
    perhaps: &[header::EVENT_ID, header::TRACEPARENT, header::TRACESTATE],
    and_others: false,
};

impl Headers {
    /// The schema of all of them together.
    pub(super) fn schema(self) -> Value {
        let named = self.always.iter().chain(self.perhaps);
        let properties: Map<String, Value> = named
            .map(|name| ((*name).to_owned(), reference(name)))
            .collect();
        json!({
            "type": "object",
            "required": self.always,
            "properties": properties,
            "additionalProperties": self.and_others
        })
    }
}

/// The reference to a header's schema.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/header.{name}") })
}

/// The schema of each header, under the name by which messages refer to it.
pub(super) fn schemas() -> impl Iterator<Item = (String, Value)> {
    let each = each().into_iter().chain(of_the_trace());
    each.map(|(name, schema)| (format!("header.{name}"), schema))
}

/// A header's value is UTF-8 text, numbers too.
fn each() -> [(&'static str, Value); 11] {
    let text = |description: &str| json!({ "description": description, "type": "string" });
    let like = |description: &str, pattern: &str| json!({ "description": description, "type": "string", "pattern": pattern });
    let instant = |description: &str| json!({ "description": description, "type": "string", "format": "date-time" });
    let code = "Why, as a stable word: the codes of docs/operations.md.";
    [
        (
            header::EVENT_ID,
            text(
                "The id of the event in the record, or of the one it came from; unique per source.",
            ),
        ),
        (
            header::CONTENT_TYPE,
            text("The media type of the payload. Empty: none was said."),
        ),
        (header::FAILURE_CODE, like(code, "^[a-z][a-z0-9_]*$")),
        (
            header::FAILURE_REASON,
            text("The same in a sentence for people. It repeats no value of the record."),
        ),
        (
            header::ATTEMPT,
            like("Which try it was, from 1.", "^[1-9][0-9]*$"),
        ),
        (
            header::FACT_VERSION,
            like(
                "The version of the facts it came from, as operators' commands name it.",
                "^[0-9a-f]{16}$",
            ),
        ),
        (header::FIRST_SEEN, instant("When the first try failed.")),
        (
            header::ORIGIN_TOPIC,
            text("The topic of the record it was made from."),
        ),
        (
            header::ORIGIN_PARTITION,
            like("The partition of the record it was made from.", "^[0-9]+$"),
        ),
        (
            header::ORIGIN_OFFSET,
            like("The offset of the record it was made from.", "^[0-9]+$"),
        ),
        (
            header::RECEIVED_TIME,
            instant("When the relay received it."),
        ),
    ]
}

/// Where traces are on.
fn of_the_trace() -> [(&'static str, Value); 2] {
    let parent = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}";
    [
        (
            header::TRACEPARENT,
            json!({
                "description": "The trace it belongs to (W3C Trace Context); there where traces \
                                are on.",
                "type": "string", "pattern": parent
            }),
        ),
        (
            header::TRACESTATE,
            json!({
                "description": "What the tracing systems on the way added to it.",
                "type": "string"
            }),
        ),
    ]
}
