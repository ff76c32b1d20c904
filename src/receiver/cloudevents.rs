//! CloudEvents over HTTP: structured, batched and binary requests become events. Pure.
//!
//! Source: CloudEvents HTTP protocol binding 1.0.

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;
use super::source::Source;
use crate::event::{Carrier, Event, Unreadable};

/// The events of a request, all of them or none.
pub(crate) fn events(
    source: &Source,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<Event>, Refusal> {
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Refusal::WrongMediaType);
    }
    let content_type = match headers.get(CONTENT_TYPE) {
        None => None,
        Some(value) => Some(text(value).ok_or(Refusal::WrongMediaType)?),
    };
    let carrier = Carrier {
        content_type,
        attributes: attributes(headers)?,
        body,
        is_trusting: false,
    };
    let events = carrier.events().map_err(|why| match why {
        Unreadable::WrongMediaType => Refusal::WrongMediaType,
        Unreadable::BadAttribute => Refusal::BadCloudEventsHeader,
        Unreadable::Body(error) => Refusal::of_event(error, None),
    })?;
    events
        .into_iter()
        .map(|carried| {
            let admitted = carried
                .event
                .and_then(|event| source.admission.admit(event));
            admitted.map_err(|error| Refusal::of_event(error, carried.index))
        })
        .collect()
}

/// The attributes in `ce-` headers, which are percent-encoded.
fn attributes(headers: &HeaderMap) -> Result<Vec<(String, String)>, Refusal> {
    let named = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().strip_prefix("ce-")?, value)));
    named
        .map(|(name, value)| {
            let decoded = text(value)
                .and_then(|raw| percent_decode_str(raw).decode_utf8().ok())
                .ok_or(Refusal::BadCloudEventsHeader)?;
            Ok((name.to_owned(), decoded.into_owned()))
        })
        .collect()
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;
    use serde_json::{Value, json};

    use super::*;
    use crate::receiver::settings::SourceSettings;

    fn source() -> Source {
        let settings = "kind = 'cloudevents'\nsecrets = ['a token of 16 letters']";
        let settings: SourceSettings = toml::from_str(settings).unwrap();
        Source::from_settings("erp", &settings).unwrap()
    }

    fn event(id: &str) -> Value {
        json!({
            "specversion": "1.0", "id": id, "source": "erp", "subject": "E-1",
            "type": "hr.employee.terminated.v1", "time": "2026-03-01T09:00:00Z",
            "data": { "reason": "resignation" }
        })
    }

    fn read(pairs: &[(&str, &str)], body: &str) -> Result<Vec<Event>, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            );
        }
        events(&source(), &headers, body.as_bytes())
    }

    const BINARY: [(&str, &str); 6] = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "erp"),
        ("ce-subject", "E-1"),
        ("ce-type", "hr.employee.terminated.v1"),
        ("ce-time", "2026-03-01T09:00:00Z"),
    ];

    #[test]
    fn the_three_modes_carry_the_same_event() {
        let structured = [(
            "content-type",
            "application/cloudevents+json; charset=UTF-8",
        )];
        let batch = [("content-type", "application/cloudevents-batch+json")];
        let one = read(&structured, &event("1").to_string()).unwrap();
        let many = json!([event("1"), event("2")]).to_string();
        assert_eq!(read(&batch, &many).unwrap()[..1], one[..]);
        assert_eq!(read(&batch, &many).unwrap().len(), 2);
        assert_eq!(read(&batch, "[]").unwrap(), []);
        let single = read(&batch, &event("1").to_string()).unwrap_err();
        assert!(matches!(single, Refusal::NotCloudEvents { .. }));
        let mut binary = BINARY.to_vec();
        binary.push(("content-type", "application/json"));
        assert_eq!(read(&binary, r#"{"reason":"resignation"}"#).unwrap(), one);
    }

    #[test]
    fn headers_are_percent_decoded_once() {
        let mut headers = BINARY.to_vec();
        headers[3] = ("ce-subject", "E-%C3%A9-%2525");
        let events = read(&headers, "").unwrap();
        assert_eq!(events[0].subject.as_str(), "E-é-%25");
        headers.push(("ce-dataschema", "https://example.com/terminated.json"));
        assert_eq!(read(&headers, "").unwrap(), events);
        for wrong in [
            ("ce-subject", "E-%ff"),
            ("ce-id", "2"),
            ("ce-data", "x"),
            ("ce-datacontenttype", "application/json"),
        ] {
            let mut headers = BINARY.to_vec();
            headers.push(wrong);
            let refused = read(&headers, "").unwrap_err();
            assert_eq!(refused.code(), "bad_cloudevents_header");
        }
    }

    #[test]
    fn other_media_types_are_refused() {
        for pairs in [
            vec![("content-type", "application/json")],
            vec![("content-type", "application/cloudevents+avro")],
            vec![(
                "content-type",
                "application/cloudevents+json; charset=latin1",
            )],
            vec![
                ("content-type", "application/cloudevents+json"),
                ("content-encoding", "gzip"),
            ],
            vec![("content-type", "text/xml"), ("ce-specversion", "1.0")],
            vec![],
        ] {
            let refused = read(&pairs, &event("1").to_string()).unwrap_err();
            assert_eq!(refused.code(), "wrong_media_type", "{pairs:?}");
        }
    }

    #[test]
    fn one_wrong_event_refuses_the_batch_and_is_named() {
        let batch = [("content-type", "application/cloudevents-batch+json")];
        let mut wrong = event("2");
        wrong["source"] = json!("portal");
        let refused = read(&batch, &json!([event("1"), wrong]).to_string()).unwrap_err();
        let Refusal::InvalidEvent { index, error } = refused else {
            panic!("an invalid event");
        };
        assert_eq!((index, error.field()), (Some(1), Some("source")));
    }
}
