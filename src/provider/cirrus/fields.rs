//! The fields of a person at Cirrus: their limits, and a profile as the members of a body. Pure.
//!
//! Sources: pages "Add candidates to existing schedule extended" and "Add user". Where they
//! differ the stricter limit counts, since adding a candidate makes a user.

use serde_json::{Map, Value};

use super::ids::is_external_id;
use crate::id::EmployeeId;
use crate::provider::Profile;

/// What the value of a field looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any text.
    Text,
    /// An e-mail address.
    Email,
    /// `true` or `false`: a text for a candidate, a boolean for a user.
    Flag,
    /// A whole number, sent only beside a flag that is true.
    Percentage,
    /// Texts with commas between.
    List,
}

/// One field.
#[derive(Debug, Clone, Copy)]
struct Field {
    name: &'static str,
    /// In characters.
    longest: usize,
    kind: Kind,
    /// Whether an existing user's can be changed (page "Add user", whose fields "Update user"
    /// shares). Without it the field is told only while somebody is added.
    is_users: bool,
}

/// Without these nobody can be added.
const MANDATORY: [&str; 3] = ["FirstName", "LastName", "Email"];

const SPECIAL_NEEDS: &str = "SpecialNeeds";

/// The member that locks a user out of logging in with a password.
pub(super) const DISABLE_LOGIN: &str = "DisableLogin";

const fn field(name: &'static str, longest: usize, kind: Kind, is_users: bool) -> Field {
    Field {
        name,
        longest,
        kind,
        is_users,
    }
}

/// Every field that may be sent, in the order it is sent. `CandidateExtId` is the employee's id,
/// and a password is never sent.
const FIELDS: [Field; 19] = [
    field("UserName", 50, Kind::Text, true),
    field("FirstName", 500, Kind::Text, true),
    field("LastName", 500, Kind::Text, true),
    field("Email", 100, Kind::Email, true),
    field(SPECIAL_NEEDS, 5, Kind::Flag, true),
    field("ReasonableAdjustmentPercentage", 5, Kind::Percentage, true),
    field("Photo", 500, Kind::Text, true),
    field("Company", 100, Kind::Text, true),
    field("City", 50, Kind::Text, true),
    field("State", 50, Kind::Text, true),
    field("CountryCode", 20, Kind::Text, true),
    field("PostalCode", 50, Kind::Text, true),
    field("AddressLine1", 500, Kind::Text, true),
    field("AddressLine2", 500, Kind::Text, true),
    field("PhoneNumber", 50, Kind::Text, true),
    field("RegistrationNumber", 500, Kind::Text, false),
    field("VoucherId", 500, Kind::Text, false),
    field("CompId", 500, Kind::Text, false),
    field("ProctorUIds", 500, Kind::List, false),
];

/// The names of all fields that can be mapped.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.name)
}

/// What of a person Cirrus would not take. It never repeats the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Cirrus' field name.
    pub(super) field: &'static str,
    /// Why.
    pub(super) reason: &'static str,
}

/// The id as Cirrus takes it.
///
/// # Errors
/// When nobody can have that id there.
pub(super) fn external_id(id: &EmployeeId) -> Result<&str, Misfit> {
    let raw = id.as_str();
    is_external_id(raw).then_some(raw).ok_or(Misfit {
        field: "CandidateExtId",
        reason: "must be 1 to 64 letters, digits and dashes",
    })
}

/// The members of a candidate of "Add candidates", as the page's sample orders them. Empty
/// values are left out.
///
/// # Errors
/// The first field that Cirrus would refuse.
pub(super) fn candidate(id: &EmployeeId, profile: &Profile) -> Result<Map<String, Value>, Misfit> {
    let mut members = Map::new();
    members.insert("CandidateExtId".to_owned(), external_id(id)?.into());
    for field in &FIELDS {
        let value = value_of(profile, field.name).filter(|value| !value.is_empty());
        let Some(value) = value else {
            if MANDATORY.contains(&field.name) {
                return Err(field.misfit("is required"));
            }
            continue;
        };
        let value = match (field.kind, field.checked(value)?) {
            (Kind::Flag, Value::Bool(flag)) => Value::String(flag.to_string()),
            (_, value) => value,
        };
        members.insert(field.name.to_owned(), value);
    }
    Ok(fit_together(members, &Value::from("true")))
}

/// The members of a user of "Update user". An empty value empties the field, except where a
/// user must have one.
///
/// # Errors
/// The first field that Cirrus would refuse.
pub(super) fn user(profile: &Profile) -> Result<Map<String, Value>, Misfit> {
    let mut members = Map::new();
    for field in FIELDS.iter().filter(|field| field.is_users) {
        let Some(value) = value_of(profile, field.name) else {
            continue;
        };
        let value = if value.is_empty() {
            if MANDATORY.contains(&field.name) {
                return Err(field.misfit("must not be empty"));
            }
            // An empty user name is no name to log in with: Cirrus keeps the one it has.
            if field.kind != Kind::Text || field.name == "UserName" {
                continue;
            }
            Value::from("")
        } else {
            field.checked(value)?
        };
        members.insert(field.name.to_owned(), value);
    }
    Ok(fit_together(members, &Value::Bool(true)))
}

/// "Parameter can only be sent if SpecialNeeds=true."
fn fit_together(mut members: Map<String, Value>, granted: &Value) -> Map<String, Value> {
    if members.get(SPECIAL_NEEDS) != Some(granted) {
        members.shift_remove("ReasonableAdjustmentPercentage");
    }
    members
}

fn value_of<'a>(profile: &'a Profile, name: &str) -> Option<&'a str> {
    let mut fields = profile.0.iter();
    let found = fields.find(|(field, _)| field == name);
    found.map(|(_, value)| value.trim())
}

impl Field {
    const fn misfit(&self, reason: &'static str) -> Misfit {
        Misfit {
            field: self.name,
            reason,
        }
    }

    /// The value as JSON, if it fits.
    fn checked(&self, value: &str) -> Result<Value, Misfit> {
        if self.longest < value.chars().count() {
            return Err(self.misfit("is too long"));
        }
        if value.chars().any(char::is_control) {
            return Err(self.misfit("must not contain control characters"));
        }
        match self.kind {
            Kind::Text => Ok(value.into()),
            Kind::Email if is_address(value) => Ok(value.into()),
            Kind::Email => Err(self.misfit("must be an e-mail address")),
            Kind::Flag => match value.to_lowercase().as_str() {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                _ => Err(self.misfit("must be true or false")),
            },
            Kind::Percentage => {
                let number: Result<u16, _> = value.parse();
                let number = number.map_err(|_| self.misfit("must be a whole number"))?;
                Ok(number.into())
            }
            Kind::List => {
                let parts = value.split(',').map(str::trim);
                Ok(parts.filter(|part| !part.is_empty()).collect())
            }
        }
    }
}

/// Whether a text looks like an address: what stricter rules allow is Cirrus' to say.
fn is_address(value: &str) -> bool {
    let is_blank = value.chars().any(char::is_whitespace);
    match value.rsplit_once('@') {
        Some((local, domain)) => !is_blank && !local.is_empty() && domain.contains(|c| c != '.'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(raw: &str) -> EmployeeId {
        EmployeeId::try_from(raw).unwrap()
    }

    fn john(more: &[(&str, &str)]) -> Profile {
        let base = [
            ("FirstName", "John"),
            ("LastName", "Doe"),
            ("Email", "john.doe@gmail.com"),
        ];
        let mut fields: Vec<(String, String)> = Vec::new();
        for (name, value) in base.iter().chain(more) {
            fields.retain(|(field, _)| field != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        Profile(fields)
    }

    fn refused(more: &[(&str, &str)]) -> Option<&'static str> {
        let outcome = candidate(&id("EXT1"), &john(more));
        outcome.err().map(|misfit| misfit.field)
    }

    #[test]
    fn a_candidate_is_written_as_the_page_prints_one() {
        let written = candidate(&id("EXT1"), &john(&[])).unwrap();
        assert_eq!(
            serde_json::to_string(&written).unwrap(),
            r#"{"CandidateExtId":"EXT1","FirstName":"John","LastName":"Doe","Email":"john.doe@gmail.com"}"#
        );
    }

    #[test]
    fn every_documented_field_can_be_mapped_but_the_password() {
        // The page's table, in its order.
        let documented = [
            "UserName",
            "CandidateExtId",
            "FirstName",
            "LastName",
            "Email",
            "Password",
            "SpecialNeeds",
            "ReasonableAdjustmentPercentage",
            "Photo",
            "Company",
            "City",
            "State",
            "CountryCode",
            "PostalCode",
            "AddressLine1",
            "AddressLine2",
            "PhoneNumber",
            "RegistrationNumber",
            "VoucherId",
            "CompId",
            "ProctorUIds",
        ];
        let mappable: Vec<_> = documented
            .into_iter()
            .filter(|name| !["CandidateExtId", "Password"].contains(name))
            .collect();
        assert_eq!(names().collect::<Vec<_>>(), mappable);
    }

    #[test]
    fn the_documentation_lists_every_field_with_its_limit() {
        let page = include_str!("../../../docs/providers.md");
        let (_, chapter) = page.split_once("\n## Cirrus\n").unwrap();
        let chapter = chapter.split("\n## ").next().unwrap();
        let listed: Vec<_> = chapter
            .lines()
            .filter(|line| line.contains("| added"))
            .map(|line| line.split(" | ").take(3).collect::<Vec<_>>().join(" | "))
            .collect();
        let fields = FIELDS.iter().map(|field| {
            let when = if field.is_users {
                "added, updated"
            } else {
                "added"
            };
            format!("| `{}` | {} | {when}", field.name, field.longest)
        });
        assert_eq!(listed, fields.collect::<Vec<_>>());
    }

    #[test]
    fn each_field_is_sent_in_its_own_form() {
        let profile = john(&[
            ("SpecialNeeds", "True"),
            ("ReasonableAdjustmentPercentage", "20"),
            ("ProctorUIds", "1235, 234,"),
            ("City", ""),
        ]);
        let as_candidate = Value::Object(candidate(&id("EXT1"), &profile).unwrap());
        assert_eq!(
            as_candidate,
            json!({
                "CandidateExtId": "EXT1", "FirstName": "John", "LastName": "Doe",
                "Email": "john.doe@gmail.com", "SpecialNeeds": "true",
                "ReasonableAdjustmentPercentage": 20, "ProctorUIds": ["1235", "234"],
            })
        );
        let as_user = Value::Object(user(&profile).unwrap());
        assert_eq!(
            as_user,
            json!({
                "FirstName": "John", "LastName": "Doe", "Email": "john.doe@gmail.com",
                "SpecialNeeds": true, "ReasonableAdjustmentPercentage": 20, "City": "",
            })
        );
    }

    #[test]
    fn a_percentage_goes_only_with_special_needs() {
        for needs in ["false", ""] {
            let profile = john(&[
                ("SpecialNeeds", needs),
                ("ReasonableAdjustmentPercentage", "20"),
            ]);
            let members = [candidate(&id("e"), &profile), user(&profile)];
            for member in members {
                let member = member.unwrap();
                assert!(!member.contains_key("ReasonableAdjustmentPercentage"));
            }
        }
    }

    #[test]
    fn what_cirrus_would_refuse_is_found_before_the_call() {
        let long = |length: usize| "x".repeat(length);
        let address = format!("{}@example.com", long(89));
        for (field, value) in [
            ("FirstName", ""),
            ("LastName", "  "),
            ("Email", ""),
            ("Email", "john"),
            ("Email", "@example.com"),
            ("Email", "john@"),
            ("Email", "john doe@example.com"),
            ("Email", address.as_str()),
            ("LastName", "Doe\u{0}"),
            ("SpecialNeeds", "yes"),
            ("ReasonableAdjustmentPercentage", "20%"),
            ("UserName", long(51).as_str()),
            ("Company", long(101).as_str()),
            ("CountryCode", long(21).as_str()),
            ("Photo", long(501).as_str()),
        ] {
            let more = [("SpecialNeeds", "true"), (field, value)];
            assert_eq!(refused(&more), Some(field), "{field} {value}");
        }
        assert_eq!(refused(&[("Company", &long(100))]), None);
        // Characters count, not bytes.
        assert_eq!(refused(&[("City", &"ü".repeat(50))]), None);
    }

    #[test]
    fn an_id_of_other_characters_is_nobodys_there() {
        for wrong in ["jane@example.com", "a b", "Müller", &"x".repeat(65)] {
            let misfit = candidate(&id(wrong), &john(&[])).unwrap_err();
            assert_eq!(misfit.field, "CandidateExtId", "{wrong}");
        }
    }

    #[test]
    fn a_user_is_not_emptied_of_what_everybody_has() {
        assert!(user(&john(&[("LastName", "")])).is_err());
        let kept = user(&john(&[("UserName", "")])).unwrap();
        assert!(!kept.contains_key("UserName"));
        assert_eq!(user(&Profile::default()).unwrap(), Map::new());
    }
}
