//! The receiver's surface for whoever describes it: paths, headers, and every refusal with its
//! answer.

use std::time::Duration;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

pub use super::refusal::{ALLOWED, PROBLEM};
use super::refusal::{Problem, Refusal};
pub use super::routes::{
    ALLOWED_ORIGIN, ALLOWED_RATE, EVENTS, HOOKS, REQUEST_ORIGIN, REQUEST_RATE,
};
use super::signature::{SignatureError, standard_webhooks};
use crate::event::{Found, ParseError};
use crate::log::AppendError;

/// Where a request comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// [`HOOKS`].
    Hooks,
    /// [`EVENTS`].
    Events,
}

/// One way in which a request is turned away.
#[derive(Debug, Clone)]
pub struct TurnedAway {
    /// The status of the answer.
    pub status: u16,
    /// The stable word for it.
    pub code: &'static str,
    /// The header that says how to go on.
    pub header: Option<String>,
    /// The body of the answer.
    pub problem: Value,
}

/// Every way in which a `POST` to a door is turned away.
pub fn turned_away(door: Door) -> Vec<TurnedAway> {
    let refusals = each().into_iter();
    let at_the_door = refusals.filter(|refusal| is_answer_at(refusal, door));
    at_the_door.map(|refusal| described(&refusal)).collect()
}

/// The refusals of no door: another method, another path.
pub fn turned_away_elsewhere() -> Vec<TurnedAway> {
    vec![
        described(&Refusal::WrongMethod),
        described(&Refusal::UnknownPath),
    ]
}

/// The schema of a refusal's body.
pub fn problem_schema(generator: &mut SchemaGenerator) -> Schema {
    generator.root_schema_for::<Problem>()
}

fn described(refusal: &Refusal) -> TurnedAway {
    let header = refusal.header(Duration::ZERO);
    TurnedAway {
        status: refusal.status().as_u16(),
        code: refusal.code(),
        header: header.map(|(name, _)| name.to_string()),
        problem: serde_json::to_value(refusal.problem()).unwrap_or_default(),
    }
}

const fn is_answer_at(refusal: &Refusal, door: Door) -> bool {
    match refusal {
        Refusal::UnknownPath | Refusal::WrongMethod => false,
        Refusal::UnknownSource => matches!(door, Door::Hooks),
        Refusal::TooLarge { .. }
        | Refusal::RecordTooLarge
        | Refusal::SlowBody
        | Refusal::BrokenBody
        | Refusal::BadSignature(_)
        | Refusal::Unconfirmed(_)
        | Refusal::Unanswered => true,
        Refusal::NoCredentials
        | Refusal::WrongToken
        | Refusal::WrongMediaType
        | Refusal::BadCloudEventsHeader
        | Refusal::NotCloudEvents { .. }
        | Refusal::InvalidEvent { .. } => matches!(door, Door::Events),
    }
}

/// One of each refusal, with each of the failures that are its reason.
fn each() -> Vec<Refusal> {
    let mut each = vec![Refusal::BrokenBody, Refusal::BadCloudEventsHeader];
    let wrong = |field: &str, expected, found| ParseError::Field {
        field: field.to_owned(),
        expected,
        found,
    };
    let parse_errors = [
        ParseError::NotJson { line: 3, column: 9 },
        ParseError::DuplicateMember { line: 3, column: 9 },
        wrong("specversion", "\"1.0\"", Found::Nothing),
        wrong("specversion", "\"1.0\"", Found::Text),
        wrong("subject", "a text of 1 to 250 characters", Found::Nothing),
        wrong(
            "data.effective_at",
            "a date or an instant with its offset",
            Found::Number,
        ),
        ParseError::UnknownMember {
            field: "data.efective_at".to_owned(),
        },
        ParseError::UnknownType,
    ];
    each.extend(parse_errors.map(|error| Refusal::of_event(error, None)));
    let signatures = [
        SignatureError::Missing(standard_webhooks::SIGNATURE),
        SignatureError::Duplicated(standard_webhooks::SIGNATURE),
        SignatureError::Malformed(standard_webhooks::TIMESTAMP),
        SignatureError::TooOld,
        SignatureError::TooNew,
        SignatureError::Mismatch,
    ];
    each.extend(signatures.map(Refusal::BadSignature));
    each.extend([
        Refusal::NoCredentials,
        Refusal::WrongToken,
        Refusal::UnknownSource,
        Refusal::SlowBody,
        Refusal::TooLarge { limit: 921_600 },
        Refusal::RecordTooLarge,
        Refusal::WrongMediaType,
    ]);
    let unconfirmed = [
        AppendError::Unconfirmed(String::new()),
        AppendError::Full,
        AppendError::Closed(String::new()),
    ];
    each.extend(unconfirmed.map(Refusal::Unconfirmed));
    each.push(Refusal::Unanswered);
    each
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_refusal_stands_for_a_status_and_a_code_of_its_own() {
        let pairs: Vec<_> = each().iter().map(|it| (it.status(), it.code())).collect();
        let distinct: BTreeSet<_> = pairs.iter().collect();
        assert_eq!(pairs.len(), distinct.len(), "{pairs:?}");
    }

    #[test]
    fn whoever_may_come_back_is_told_when() {
        for turned in turned_away(Door::Hooks) {
            let told = turned.header.as_deref() == Some("retry-after");
            assert_eq!(told, turned.status == 503, "{}", turned.code);
        }
    }
}
