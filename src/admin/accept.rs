//! Which format of metrics whoever asks wants: the `Accept` header (RFC 9110, section 12.5.1).

use actix_web::http::header::{ACCEPT, HeaderMap};

use crate::metrics::Format;

const OPENMETRICS: &str = "application/openmetrics-text";
const TEXT: [&str; 3] = ["text/plain", "text/*", "*/*"];

/// `OpenMetrics` for whoever names it and does not prefer plain text, else the classic text.
pub(super) fn format(headers: &HeaderMap) -> Format {
    let (mut open, mut text) = (0, 0);
    for header in headers.get_all(ACCEPT) {
        for range in header.to_str().unwrap_or_default().split(',') {
            let (kind, weight) = read(range);
            if kind == Kind::OpenMetrics {
                open = weight.max(open);
            } else if kind == Kind::Text {
                text = weight.max(text);
            }
        }
    }
    if open > 0 && open >= text {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    OpenMetrics,
    Text,
    Other,
}

/// What a media range asks for, and its weight in thousandths.
fn read(range: &str) -> (Kind, u16) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let mut kind = if name == OPENMETRICS {
        Kind::OpenMetrics
    } else if TEXT.contains(&name.as_str()) {
        Kind::Text
    } else {
        Kind::Other
    };
    let mut weight = 1000;
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        match (key.trim().to_ascii_lowercase().as_str(), value.trim()) {
            ("q", value) => weight = thousandths(value),
            // Another version of OpenMetrics than the one that is written.
            ("version", value)
                if kind == Kind::OpenMetrics && value.trim_matches('"') != "1.0.0" =>
            {
                kind = Kind::Other;
            }
            _ => {}
        }
    }
    (kind, weight)
}

/// A weight from 0 to 1 with at most three digits; none that is not one.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    if fraction.len() > 3 {
        return 0;
    }
    let digits = format!("{whole}{fraction:0<3}");
    digits.parse().unwrap_or(0).min(1000)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn wanted(accept: &[&'static str]) -> Format {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(ACCEPT, HeaderValue::from_static(value));
        }
        format(&headers)
    }

    #[test]
    fn prometheus_gets_openmetrics_in_every_version_of_it() {
        // What Prometheus 2.42, 2.55 and 3.5 send.
        for accept in [
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
        ] {
            assert_eq!(wanted(&[accept]), Format::OpenMetrics, "{accept}");
        }
        assert_eq!(
            wanted(&["Application/OpenMetrics-Text"]),
            Format::OpenMetrics
        );
        assert_eq!(
            wanted(&[
                "text/plain;q=0.5",
                "application/openmetrics-text; version=\"1.0.0\""
            ]),
            Format::OpenMetrics
        );
    }

    #[test]
    fn everybody_else_gets_the_classic_text() {
        for accept in [
            &[][..],
            &["*/*"],
            &["text/html,application/xhtml+xml,*/*;q=0.8"],
            &["text/plain;version=0.0.4"],
            &["text/plain, application/openmetrics-text;q=0.9"],
            &["application/openmetrics-text;q=0"],
            &["application/openmetrics-text;version=0.0.1"],
            &["application/openmetrics-text;version=2.0.0"],
            &["application/openmetrics-text;q=nonsense"],
            &["application/json;version=1.0.0"],
        ] {
            assert_eq!(wanted(accept), Format::Text, "{accept:?}");
        }
    }
}
