//! An answer as it came over the wire, held to what the document promises.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{complaints, surface};

/// Headers that every HTTP server adds.
const OF_THE_SERVER: [&str; 3] = ["content-length", "date", "connection"];

/// An answer as it came over the wire.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Said {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Sends these bytes and reads one answer.
pub(super) async fn said(address: &str, request: &[u8]) -> Said {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    let whole = async {
        // Who is refused before the body was read is answered, and the connection lingers.
        loop {
            if let Some(said) = whole(&bytes) {
                return said;
            }
            let read = stream.read_buf(&mut bytes).await.unwrap();
            assert_ne!(read, 0, "cut off: {}", String::from_utf8_lossy(&bytes));
        }
    };
    let within = tokio::time::timeout(Duration::from_secs(20), whole).await;
    within.unwrap_or_else(|_| panic!("no answer to {}", String::from_utf8_lossy(request)))
}

/// The answer, once all of it is there.
fn whole(bytes: &[u8]) -> Option<Said> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let said = Said {
        status: status.parse().unwrap(),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: bytes[end + 4..].to_vec(),
    };
    let length: usize = said.header("content-length")?.parse().unwrap();
    (said.body.len() >= length).then_some(said)
}

/// A request as bytes.
pub(super) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> Vec<u8> {
    let mut lines = vec![format!("{method} {path} HTTP/1.1")];
    lines.push("host: relay".to_owned());
    lines.extend(
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}")),
    );
    if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
        lines.push(format!("content-length: {}", body.len()));
    }
    [lines.join("\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

/// The document, and which of its answers were seen.
pub(super) struct Contract {
    pub(super) document: Value,
    pub(super) seen: BTreeSet<String>,
}

impl Contract {
    pub(super) fn new() -> Self {
        Self {
            document: surface(),
            seen: BTreeSet::new(),
        }
    }

    /// Fails unless this answer is one that the document has for this operation.
    pub(super) fn holds(&mut self, method: &str, path: &str, said: &Said) -> String {
        let place = format!("{method} {path} {}", said.status);
        let answers = &self.document["paths"][path][method]["responses"];
        let promised = &answers[said.status.to_string()];
        assert!(promised.is_object(), "{place} is not documented");
        let code = self.body(&place, promised, said);
        let _first = self.seen.insert(format!("{place}{code}"));
        for (name, header) in promised["headers"].as_object().into_iter().flatten() {
            let Some(value) = said.header(name) else {
                assert_ne!(header["required"], true, "{place}: no {name}");
                continue;
            };
            let is_number = header["schema"]["type"] == "integer";
            let value = if is_number {
                value.parse().unwrap()
            } else {
                json!(value)
            };
            let found = complaints(&self.document, &header["schema"], &value);
            assert!(found.is_empty(), "{place}: {name}: {found:#?}");
        }
        for (name, _) in &said.headers {
            let is_promised = promised["headers"][name].is_object() || name == "content-type";
            let is_usual = OF_THE_SERVER.contains(&name.as_str());
            assert!(is_promised || is_usual, "{place}: {name} is not documented");
        }
        code
    }

    /// The body's code, if it is a problem.
    fn body(&self, place: &str, promised: &Value, said: &Said) -> String {
        let Some(media) = said.header("content-type") else {
            assert!(
                promised["content"].is_null() && said.body.is_empty(),
                "{place}"
            );
            return String::new();
        };
        let content = promised["content"][media].as_object();
        let content = content.unwrap_or_else(|| panic!("{place}: {media} is not documented"));
        let text = String::from_utf8(said.body.clone()).unwrap();
        let body = if media.contains("json") {
            serde_json::from_str(&text).unwrap()
        } else {
            json!(text)
        };
        let found = complaints(&self.document, &content["schema"], &body);
        assert!(found.is_empty(), "{place}: {body}: {found:#?}");
        let code = body["code"].as_str();
        code.map(|code| format!(" {code}")).unwrap_or_default()
    }

    /// Every answer of the document, each code of a problem by itself.
    pub(super) fn promised(&self) -> BTreeSet<String> {
        let mut promised = BTreeSet::new();
        for (path, operations) in self.document["paths"].as_object().unwrap() {
            for method in ["get", "post", "options"] {
                let answers = operations[method]["responses"].as_object();
                for (status, answer) in answers.into_iter().flatten() {
                    let place = format!("{method} {path} {status}");
                    let problem = &answer["content"]["application/problem+json"];
                    match problem["examples"].as_object() {
                        None => drop(promised.insert(place)),
                        Some(codes) => {
                            promised.extend(codes.keys().map(|code| format!("{place} {code}")));
                        }
                    }
                }
            }
        }
        promised
    }
}

#[test]
fn an_answer_that_is_not_as_promised_fails() {
    let problem = |code: &str, more: &str| {
        let body = format!(
            r#"{{"type":"a:b","title":"t","status":503,"detail":"d","code":"{code}"{more}}}"#
        );
        body.into_bytes()
    };
    let said = |status: u16, header: (&str, &str), body: Vec<u8>| Said {
        status,
        headers: [header, ("content-type", "application/problem+json")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        body,
    };
    let retry = ("retry-after", "5");
    let holds = |said: Said| {
        let told = std::panic::catch_unwind(|| Contract::new().holds("post", "/events", &said));
        told.is_ok()
    };
    assert!(holds(said(503, retry, problem("log_full", ""))));
    assert!(!holds(said(429, retry, problem("log_full", ""))));
    assert!(!holds(said(
        503,
        ("date", "today"),
        problem("log_full", "")
    )));
    assert!(!holds(said(503, ("x-more", "5"), problem("log_full", ""))));
    assert!(!holds(said(503, retry, problem("too_large", ""))));
    assert!(!holds(said(
        503,
        retry,
        problem("log_full", r#","more":1"#)
    )));
}
