//! What a person's data may look like: names, types and limits of the pages. Pure.
//!
//! Where pages differ the stricter limit counts. This table is written from the pages and
//! shares nothing with the client's, so that one cannot repeat the other's mistake.

use serde_json::{Map, Value};

use super::answers::Refusal;
use crate::provider::cirrus::is_external_id;

/// What a member must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A text of so many characters at most.
    Text(usize),
    /// The same, and not empty.
    Required(usize),
    /// An external id.
    Id,
    /// An address of so many characters at most.
    Address(usize),
    /// The text `true` or `false`.
    FlagText,
    /// A boolean.
    Flag,
    /// A whole number.
    Whole,
    /// Texts.
    Texts,
}

/// A candidate of "Add candidates to existing schedule extended".
pub(super) const CANDIDATE: [(&str, Form); 21] = [
    ("UserName", Form::Text(50)),
    ("CandidateExtId", Form::Id),
    ("FirstName", Form::Required(500)),
    ("LastName", Form::Required(500)),
    ("Email", Form::Address(100)),
    ("Password", Form::Text(500)),
    ("SpecialNeeds", Form::FlagText),
    ("ReasonableAdjustmentPercentage", Form::Whole),
    ("Photo", Form::Text(500)),
    ("Company", Form::Text(100)),
    ("City", Form::Text(50)),
    ("State", Form::Text(50)),
    ("CountryCode", Form::Text(20)),
    ("PostalCode", Form::Text(50)),
    ("AddressLine1", Form::Text(500)),
    ("AddressLine2", Form::Text(500)),
    ("PhoneNumber", Form::Text(50)),
    ("RegistrationNumber", Form::Text(500)),
    ("VoucherId", Form::Text(500)),
    ("CompId", Form::Text(500)),
    ("ProctorUIds", Form::Texts),
];

/// Members that a candidate must have.
pub(super) const MANDATORY: [&str; 4] = ["CandidateExtId", "FirstName", "LastName", "Email"];

/// A user of "Add user" and "Update user".
pub(super) const USER: [(&str, Form); 24] = [
    ("LastName", Form::Required(500)),
    ("FirstName", Form::Required(500)),
    ("Email", Form::Address(100)),
    ("UserName", Form::Required(50)),
    ("Role", Form::Required(500)),
    ("Photo", Form::Text(500)),
    ("DateOfBirth", Form::Text(10)),
    ("Company", Form::Text(100)),
    ("CountryCode", Form::Text(20)),
    ("State", Form::Text(50)),
    ("City", Form::Text(50)),
    ("PostalCode", Form::Text(50)),
    ("PostalAddress", Form::Text(500)),
    ("AddressLine1", Form::Text(500)),
    ("AddressLine2", Form::Text(500)),
    ("PhoneNumber", Form::Text(50)),
    ("CellularPhone", Form::Text(50)),
    ("SpecialNeeds", Form::Flag),
    ("ReasonableAdjustmentPercentage", Form::Whole),
    ("EnableReadSpeaker", Form::Flag),
    ("DisableLogin", Form::Flag),
    ("DisablePasswordReset", Form::Flag),
    ("Hierarchies", Form::Texts),
    ("Labels", Form::Texts),
];

/// Refuses members that the table does not name, or whose values have another form.
pub(super) fn check(members: &Map<String, Value>, table: &[(&str, Form)]) -> Result<(), Refusal> {
    for (name, value) in members {
        let Some((_, form)) = table.iter().find(|(known, _)| known == name) else {
            return Err(Refusal::bad(format!("Parameter [{name}] is unknown")));
        };
        if !form.holds(value) {
            return Err(Refusal::bad(format!("Parameter [{name}] is not valid")));
        }
    }
    let needs = members.get("SpecialNeeds");
    let is_granted = needs == Some(&Value::Bool(true)) || needs == Some(&Value::from("true"));
    if members.contains_key("ReasonableAdjustmentPercentage") && !is_granted {
        let text =
            "Parameter [ReasonableAdjustmentPercentage] can only be sent if SpecialNeeds=true";
        return Err(Refusal::bad(text));
    }
    Ok(())
}

impl Form {
    fn holds(self, value: &Value) -> bool {
        let text = value.as_str();
        let fits = |longest: usize| text.is_some_and(|text| text.chars().count() <= longest);
        let is_filled = text.is_some_and(|text| !text.trim().is_empty());
        match self {
            Self::Text(longest) => fits(longest),
            Self::Required(longest) => fits(longest) && is_filled,
            Self::Id => text.is_some_and(is_external_id),
            Self::Address(longest) => fits(longest) && text.is_some_and(is_address),
            Self::FlagText => matches!(text, Some("true" | "false")),
            Self::Flag => value.is_boolean(),
            Self::Whole => value.is_u64(),
            Self::Texts => value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_string)),
        }
    }
}

fn is_address(text: &str) -> bool {
    let mut parts = text.split('@');
    let (local, domain, rest) = (parts.next(), parts.next(), parts.next());
    let is_filled = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    let is_plain = !text.contains(char::is_whitespace);
    is_filled(local) && is_filled(domain) && rest.is_none() && is_plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn is_taken(members: &Value, table: &[(&str, Form)]) -> bool {
        check(members.as_object().unwrap(), table).is_ok()
    }

    #[test]
    fn a_candidates_flag_is_a_text_and_a_users_a_boolean() {
        for (value, of_candidate, of_user) in [
            (json!("true"), true, false),
            (json!("false"), true, false),
            (json!("True"), false, false),
            (json!(true), false, true),
            (json!(null), false, false),
        ] {
            let members = json!({ "SpecialNeeds": value });
            assert_eq!(is_taken(&members, &CANDIDATE), of_candidate, "{members}");
            assert_eq!(is_taken(&members, &USER), of_user, "{members}");
        }
    }

    #[test]
    fn what_no_page_names_is_refused() {
        for (members, table) in [
            (json!({ "firstName": "a" }), &CANDIDATE[..]),
            (json!({ "DisableLogin": true }), &CANDIDATE[..]),
            (json!({ "VoucherId": "a" }), &USER[..]),
            (json!({ "ReasonableAdjustmentPercentage": 20 }), &USER[..]),
            (
                json!({ "SpecialNeeds": "true", "ReasonableAdjustmentPercentage": "20" }),
                &CANDIDATE[..],
            ),
            (json!({ "CandidateExtId": "a b" }), &CANDIDATE[..]),
            (json!({ "Email": "a" }), &CANDIDATE[..]),
            (json!({ "City": "x".repeat(51) }), &CANDIDATE[..]),
            (json!({ "LastName": "" }), &USER[..]),
        ] {
            assert!(!is_taken(&members, table), "{members}");
        }
    }
}
