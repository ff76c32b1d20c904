//! Who may come in: date, length, media type and signature of a request. Pure.

use std::time::SystemTime;

use super::account::Refusal;
use super::settings::SimulatorSettings;
use crate::provider::startexam::signature::{Signer, string_to_sign};
use crate::simulator::shared::Request;

/// What the gate looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) method: &'a str,
    /// Without the query.
    pub(super) path: &'a str,
    pub(super) date: Option<&'a str>,
    pub(super) content_length: Option<&'a str>,
    pub(super) content_type: Option<&'a str>,
    pub(super) authorization: Option<&'a str>,
    /// Bytes of the body that came.
    pub(super) length: usize,
}

impl<'a> Head<'a> {
    pub(super) fn of(request: &Request<'a>) -> Self {
        Self {
            method: request.method,
            path: request.path,
            date: request.header("date"),
            content_length: request.header("content-length"),
            content_type: request.header("content-type"),
            authorization: request.header("authorization"),
            length: request.body.len(),
        }
    }
}

/// Lets a request in.
///
/// Only the message about the date's age is published (help page "Responses"); the others
/// are worded alike.
pub(super) fn admit(
    rules: &SimulatorSettings,
    signer: &Signer,
    now: SystemTime,
    head: Head<'_>,
) -> Result<(), Refusal> {
    let date = head.date.unwrap_or_default();
    check_date(rules, now, date)?;
    let is_signed = {
        let expected = string_to_sign(head.method, head.path, date, head.length);
        signer.accepts(&expected, head.authorization.unwrap_or_default())
    };
    if !is_signed {
        return Err(forbidden("HTTP header 'Authorization' is incorrect"));
    }
    if head.method == "GET" {
        return Ok(());
    }
    if head.content_length != Some(head.length.to_string().as_str()) {
        return Err(Refusal::bad("HTTP header 'Content-Length' is incorrect"));
    }
    let media_type = head.content_type.unwrap_or_default();
    match media_type.split(';').next() {
        Some("application/json") => Ok(()),
        _ => Err(Refusal::bad("HTTP header 'Content-Type' is incorrect")),
    }
}

fn check_date(rules: &SimulatorSettings, now: SystemTime, raw: &str) -> Result<(), Refusal> {
    let parsed = httpdate::parse_http_date(raw).ok();
    // RFC 1123 only: the parser also reads two older forms.
    let date = parsed.filter(|date| httpdate::fmt_http_date(*date) == raw);
    let Some(date) = date else {
        return Err(forbidden("HTTP header 'Date' is incorrect"));
    };
    let age = now.duration_since(date).unwrap_or_default();
    let ahead = date.duration_since(now).unwrap_or_default();
    let minutes = |window: std::time::Duration| window.as_secs() / 60;
    if rules.oldest_date < age {
        let minutes = minutes(rules.oldest_date);
        let message = format!("HTTP header 'Date' is incorrect: it's older than {minutes} minutes");
        return Err(forbidden(message));
    }
    if rules.furthest_date < ahead {
        let minutes = minutes(rules.furthest_date);
        let message =
            format!("HTTP header 'Date' is incorrect: it's more than {minutes} minutes ahead");
        return Err(forbidden(message));
    }
    Ok(())
}

fn forbidden(message: impl Into<String>) -> Refusal {
    Refusal {
        status: 403,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DATE: &str = "Tue, 31 Mar 2026 01:21:33 GMT";
    const SIGNATURE: &str = "SharedKey 99:8VWsEilsBF3LuUksVN1oBfKfWWLK2N5GTgExivZVyxY=";

    fn sound() -> Head<'static> {
        Head {
            method: "POST",
            path: "/v1/program/employees",
            date: Some(DATE),
            content_length: Some("191"),
            content_type: Some("application/json; charset=utf-8"),
            authorization: Some(SIGNATURE),
            length: 191,
        }
    }

    /// What the gate says to a head that comes `late` seconds after its date.
    fn said(head: Head<'_>, late: i64) -> Option<(u16, String)> {
        let rules = SimulatorSettings::default();
        let signer = rules.signer("s").unwrap();
        let shift = Duration::from_secs(late.unsigned_abs());
        let date = httpdate::parse_http_date(DATE).unwrap();
        let now = if late < 0 { date - shift } else { date + shift };
        let refused = admit(&rules, &signer, now, head).err();
        refused.map(|refusal| (refusal.status, refusal.message))
    }

    #[test]
    fn a_sound_request_comes_in_for_fifteen_minutes() {
        for late in [-900, 0, 900] {
            assert_eq!(said(sound(), late), None, "{late}");
        }
        let older = "HTTP header 'Date' is incorrect: it's older than 15 minutes";
        assert_eq!(said(sound(), 901), Some((403, older.to_owned())));
        assert_eq!(said(sound(), -901).unwrap().0, 403);
    }

    #[test]
    fn a_capital_in_the_path_is_signed_as_a_small_letter() {
        let head = Head {
            path: "/V1/Program/Employees",
            ..sound()
        };
        assert_eq!(said(head, 0), None);
    }

    #[test]
    fn whatever_is_signed_must_be_what_came() {
        for head in [
            Head {
                method: "PUT",
                ..sound()
            },
            Head {
                path: "/v1/employees",
                ..sound()
            },
            Head {
                length: 190,
                ..sound()
            },
            Head {
                authorization: None,
                ..sound()
            },
            Head {
                authorization: Some("SharedKey 99:AAAA"),
                ..sound()
            },
            Head {
                date: None,
                ..sound()
            },
            Head {
                date: Some("Tuesday, 31-Mar-26 01:21:33 GMT"),
                ..sound()
            },
            Head {
                date: Some("Tue, 31 Mar 2026 01:21:34 GMT"),
                ..sound()
            },
        ] {
            assert_eq!(said(head, 0).unwrap().0, 403, "{head:?}");
        }
    }

    #[test]
    fn length_and_media_type_must_be_said() {
        for head in [
            Head {
                content_length: None,
                ..sound()
            },
            Head {
                content_length: Some("0191"),
                ..sound()
            },
            Head {
                content_type: None,
                ..sound()
            },
            Head {
                content_type: Some("text/plain"),
                ..sound()
            },
        ] {
            assert_eq!(said(head, 0).unwrap().0, 400, "{head:?}");
        }
    }
}
