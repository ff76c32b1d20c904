//! The forms an answer may have. Pure.

use serde_json::{Map, Value};

use super::settings::ResponseShape;
use crate::simulator::shared::Answer;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const XML: &str = "text/xml; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// An answer with these fields, in their order.
pub(super) fn answer(shape: ResponseShape, status: u16, fields: &[(&str, &str)]) -> Answer {
    let (content_type, body) = match shape {
        ResponseShape::Text => (TEXT, joined(fields, ":", ",")),
        ResponseShape::KeyValue => (TEXT, joined(fields, "=", "|")),
        ResponseShape::Json => (JSON, json(fields)),
        ResponseShape::Xml => (XML, xml(fields)),
        ResponseShape::Html => (HTML, html(fields)),
    };
    Answer {
        status,
        content_type,
        body: body.into_bytes(),
    }
}

fn joined(fields: &[(&str, &str)], assigned: &str, between: &str) -> String {
    let fields = fields.iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| format!("{name}{assigned}{value}"))
        .collect();
    fields.join(between)
}

fn json(fields: &[(&str, &str)]) -> String {
    let members: Map<String, Value> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    Value::from(members).to_string()
}

fn xml(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter();
    let fields: Vec<_> = fields
        .map(|(name, value)| format!("<{name}>{}</{name}>", escaped(value)))
        .collect();
    let fields = fields.concat();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Response>{fields}</Response>")
}

/// As a page of the server's own would wrap a line, byte order mark included.
fn html(fields: &[(&str, &str)]) -> String {
    let line = escaped(&joined(fields, ":", ","));
    format!(
        "\u{feff}\r\n\r\n<!DOCTYPE html>\r\n<html>\r\n<head><title>Error or success</title>\
         <script>var status = 'ERROR 1003';</script></head>\r\n<body>\r\n<form method=\"post\" \
         action=\"./ManageCandidate.aspx\">\r\n<span id=\"lblResult\">{line}</span>\r\n</form>\
         \r\n</body>\r\n</html>"
    )
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_has_every_form() {
        let success = [("Status", "SUCCESS"), ("StudentId", "123")];
        let error = [
            ("Status", "ERROR"),
            ("Reason", "ERROR 1007"),
            ("error", "Username already exist"),
        ];
        for (shape, fields, content_type, expected) in [
            (
                ResponseShape::Text,
                success.as_slice(),
                TEXT,
                "Status:SUCCESS,StudentId:123",
            ),
            (
                ResponseShape::KeyValue,
                error.as_slice(),
                TEXT,
                "Status=ERROR|Reason=ERROR 1007|error=Username already exist",
            ),
            (
                ResponseShape::Json,
                success.as_slice(),
                JSON,
                r#"{"Status":"SUCCESS","StudentId":"123"}"#,
            ),
            (
                ResponseShape::Xml,
                success.as_slice(),
                XML,
                "<Status>SUCCESS</Status><StudentId>123</StudentId>",
            ),
            (
                ResponseShape::Html,
                success.as_slice(),
                HTML,
                "<span id=\"lblResult\">Status:SUCCESS,StudentId:123</span>",
            ),
        ] {
            let answer = answer(shape, 200, fields);
            let body = String::from_utf8(answer.body).unwrap();
            assert!(body.contains(expected), "{body}");
            assert_eq!((answer.status, answer.content_type), (200, content_type));
        }
    }
}
