//! Why a request is turned away, and the answer that says what to mend (RFC 9457).

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::outcome::Outcome;
use super::signature::SignatureError;
use crate::event::ParseError;
use crate::log::AppendError;

/// The media type of a refusal's body.
pub const PROBLEM: &str = "application/problem+json";
/// The methods that the receiver's paths take.
pub const ALLOWED: &str = "POST, OPTIONS";

/// Why a request is turned away. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("there is nothing here: webhooks go to /hooks/<source>, CloudEvents to /events")]
    UnknownPath,
    #[error("send it with POST")]
    WrongMethod,
    #[error("no source of this name takes webhooks here: compare the address with [sources]")]
    UnknownSource,
    #[error("the body is larger than {limit} bytes: send fewer events at once")]
    TooLarge { limit: usize },
    #[error("the log takes no record this large: raise its limit or lower receiver.body_limit")]
    RecordTooLarge,
    #[error("the body did not arrive in time: send it again")]
    SlowBody,
    #[error("the body broke off: send it again")]
    BrokenBody,
    #[error("the webhook is not believed: {0}")]
    BadSignature(SignatureError),
    #[error("send a bearer token, or sign as Standard Webhooks says")]
    NoCredentials,
    #[error("the bearer token is no secret of a source of kind `cloudevents`")]
    WrongToken,
    #[error(
        "send application/cloudevents+json, application/cloudevents-batch+json, or JSON with \
         ce- headers; in UTF-8 and not compressed"
    )]
    WrongMediaType,
    #[error("a ce- header is there twice, or is not percent-encoded UTF-8")]
    BadCloudEventsHeader,
    #[error("this is no CloudEvents 1.0 event: {error}")]
    NotCloudEvents {
        index: Option<usize>,
        error: ParseError,
    },
    #[error("this is no event that the relay takes: {error}")]
    InvalidEvent {
        index: Option<usize>,
        error: ParseError,
    },
    #[error("the event log has not confirmed: send it again")]
    Unconfirmed(#[source] AppendError),
    #[error("the event log has not confirmed in time: send it again")]
    Unanswered,
}

/// Why a request was turned away (RFC 9457). Nothing of it was kept, and no value of it is
/// repeated.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Problem {
    /// The code as an address: a name, not a page.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri"))]
    kind: String,
    /// What happened, in a few words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What happened and what to mend, in a sentence for people.
    detail: String,
    /// What happened, as a stable word.
    code: &'static str,
    /// The dotted path of the field that is wrong, where it is one field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    field: Option<String>,
    /// What was expected in that field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    expected: Option<String>,
    /// The place of the wrong event in a batch, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize")]
    index: Option<usize>,
}

impl Refusal {
    /// The refusal of one event; `index` is its place in a batch.
    pub(crate) fn of_event(error: ParseError, index: Option<usize>) -> Self {
        let is_none = match error.field() {
            None | Some("specversion") => true,
            Some(field) => field.starts_with('('),
        };
        if is_none {
            Self::NotCloudEvents { index, error }
        } else {
            Self::InvalidEvent { index, error }
        }
    }

    /// The stable word for this refusal.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::UnknownPath => "unknown_path",
            Self::WrongMethod => "wrong_method",
            Self::UnknownSource => "unknown_source",
            Self::TooLarge { .. } => "too_large",
            Self::SlowBody => "slow_body",
            Self::BrokenBody => "broken_body",
            Self::BadSignature(error) => error.code(),
            Self::NoCredentials => "no_credentials",
            Self::WrongToken => "wrong_token",
            Self::WrongMediaType => "wrong_media_type",
            Self::BadCloudEventsHeader => "bad_cloudevents_header",
            Self::NotCloudEvents { error, .. } | Self::InvalidEvent { error, .. } => error.code(),
            Self::RecordTooLarge => AppendError::TooLarge.code(),
            Self::Unconfirmed(error) => error.code(),
            Self::Unanswered => "log_unanswered",
        }
    }

    /// What the metric calls it.
    pub(crate) const fn outcome(&self) -> Outcome {
        match self {
            Self::UnknownPath | Self::WrongMethod | Self::UnknownSource => Outcome::UnknownSource,
            Self::TooLarge { .. } | Self::RecordTooLarge => Outcome::TooLarge,
            Self::SlowBody | Self::BrokenBody => Outcome::BrokenBody,
            Self::BadSignature(_) | Self::NoCredentials | Self::WrongToken => Outcome::BadSignature,
            Self::WrongMediaType
            | Self::BadCloudEventsHeader
            | Self::NotCloudEvents { .. }
            | Self::InvalidEvent { .. } => Outcome::Invalid,
            Self::Unconfirmed(_) | Self::Unanswered => Outcome::Unconfirmed,
        }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        match self {
            Self::UnknownPath | Self::UnknownSource => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } | Self::RecordTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenBody | Self::BadCloudEventsHeader | Self::NotCloudEvents { .. } => {
                StatusCode::BAD_REQUEST
            }
            Self::BadSignature(_) | Self::NoCredentials | Self::WrongToken => {
                StatusCode::UNAUTHORIZED
            }
            Self::WrongMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidEvent { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unconfirmed(_) | Self::Unanswered => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::UnknownPath | Self::UnknownSource => "Nothing listens here",
            Self::WrongMethod => "Wrong method",
            Self::TooLarge { .. } | Self::RecordTooLarge => "Too large",
            Self::SlowBody | Self::BrokenBody => "The body did not arrive",
            Self::BadSignature(_) | Self::NoCredentials | Self::WrongToken => "Not believed",
            Self::WrongMediaType => "Wrong media type",
            Self::BadCloudEventsHeader | Self::NotCloudEvents { .. } => "No CloudEvents event",
            Self::InvalidEvent { .. } => "Invalid event",
            Self::Unconfirmed(_) | Self::Unanswered => "Come back later",
        }
    }

    /// The body of the answer.
    pub(crate) fn problem(&self) -> Problem {
        let (error, index) = match self {
            Self::NotCloudEvents { error, index } | Self::InvalidEvent { error, index } => {
                (Some(error), *index)
            }
            Self::UnknownPath
            | Self::WrongMethod
            | Self::UnknownSource
            | Self::TooLarge { .. }
            | Self::RecordTooLarge
            | Self::SlowBody
            | Self::BrokenBody
            | Self::BadSignature(_)
            | Self::NoCredentials
            | Self::WrongToken
            | Self::WrongMediaType
            | Self::BadCloudEventsHeader
            | Self::Unconfirmed(_)
            | Self::Unanswered => (None, None),
        };
        Problem {
            kind: format!("https://hris-relay.dev/problems/{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            code: self.code(),
            field: error.and_then(|error| error.field().map(str::to_owned)),
            expected: error.and_then(ParseError::expected),
            index,
        }
    }

    /// The header that says how to go on.
    pub(crate) fn header(&self, retry_after: Duration) -> Option<(HeaderName, String)> {
        match self {
            Self::Unconfirmed(_) | Self::Unanswered => {
                Some((RETRY_AFTER, retry_after.as_secs().max(1).to_string()))
            }
            Self::NoCredentials | Self::WrongToken => Some((WWW_AUTHENTICATE, "Bearer".to_owned())),
            Self::WrongMethod => Some((ALLOW, ALLOWED.to_owned())),
            Self::UnknownPath
            | Self::UnknownSource
            | Self::TooLarge { .. }
            | Self::RecordTooLarge
            | Self::SlowBody
            | Self::BrokenBody
            | Self::BadSignature(_)
            | Self::WrongMediaType
            | Self::BadCloudEventsHeader
            | Self::NotCloudEvents { .. }
            | Self::InvalidEvent { .. } => None,
        }
    }

    /// The answer; a sender that may try again is told when.
    pub(crate) fn response(&self, retry_after: Duration) -> HttpResponse {
        let mut answer = HttpResponseBuilder::new(self.status());
        answer.content_type(PROBLEM);
        if let Some(header) = self.header(retry_after) {
            answer.insert_header(header);
        }
        let body = serde_json::to_vec(&self.problem()).unwrap_or_default();
        answer.body(body)
    }
}
