//! The requests that Cirrus knows, and what each asks. Pure.

use serde::Serialize;
use serde_json::{Map, Value};

use super::classify::Asked;
use super::fields::{DISABLE_LOGIN, Misfit, external_id, user};
use super::ids::{Group, Schedule};
use super::settings::EXTERNAL_ID;
use super::wire::{ADD_CANDIDATES, AddCandidates, SchedulePart};
use crate::id::EmployeeId;
use crate::provider::http::Method;
use crate::provider::{Failure, Profile};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Below the address of the API.
    pub(super) path: String,
    /// JSON; empty: none.
    pub(super) body: Vec<u8>,
    pub(super) asked: Asked,
}

impl From<Misfit> for Failure {
    fn from(misfit: Misfit) -> Self {
        let Misfit { field, reason } = misfit;
        Self::Invalid { field, reason }
    }
}

/// "Add candidates to existing schedule extended".
pub(super) fn add(
    schedule: &Schedule,
    group: &Group,
    candidates: Vec<Map<String, Value>>,
) -> Request {
    let people = candidates.len();
    let body = AddCandidates {
        schedule: SchedulePart {
            schedule_ext_id: schedule.as_str().to_owned(),
            group_ext_id: group.id.clone(),
            group_name: group.name.clone(),
        },
        candidates,
    };
    Request {
        method: Method::POST,
        path: ADD_CANDIDATES.to_owned(),
        body: json(&body),
        asked: Asked::Add { people },
    }
}

/// "Add candidates to schedule", by one of its two paths.
pub(super) fn put(schedule: &Schedule, path: &str, ids: &[&str]) -> Request {
    let path = path.replace(EXTERNAL_ID, schedule.as_str());
    Request {
        method: Method::PUT,
        path: path.trim_start_matches('/').to_owned(),
        body: json(&ids),
        asked: Asked::Put { people: ids.len() },
    }
}

/// "Delete candidates from schedule".
pub(super) fn remove(schedule: &Schedule, ids: &[&str]) -> Request {
    Request {
        method: Method::DELETE,
        path: format!("external/schedule/{}/candidates", schedule.as_str()),
        body: json(&ids),
        asked: Asked::Remove { people: ids.len() },
    }
}

/// "Get schedule info".
pub(super) fn read(schedule: &Schedule) -> Request {
    Request {
        method: Method::GET,
        path: format!("external/schedule/{}", schedule.as_str()),
        body: Vec::new(),
        asked: Asked::Schedule,
    }
}

/// "Update user": locks somebody out of logging in.
///
/// # Errors
/// When nobody can be there by that id.
pub(super) fn lock(id: &EmployeeId) -> Result<Request, Misfit> {
    update(id, Map::new(), true)
}

/// "Update user": lets somebody log in, and tells their data.
///
/// # Errors
/// What of the person Cirrus would refuse.
pub(super) fn activate(id: &EmployeeId, profile: &Profile) -> Result<Request, Misfit> {
    update(id, user(profile)?, false)
}

fn update(
    id: &EmployeeId,
    mut members: Map<String, Value>,
    is_locked_out: bool,
) -> Result<Request, Misfit> {
    members.insert(DISABLE_LOGIN.to_owned(), Value::Bool(is_locked_out));
    Ok(Request {
        method: Method::PATCH,
        path: format!("user/{}", external_id(id)?),
        body: json(&members),
        asked: Asked::User,
    })
}

/// Texts, lists and maps with text keys always serialise.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT_PATH: &str = "/external/schedule/{externalId}/candidates";

    fn schedule() -> Schedule {
        "schedule:ScEXT1".parse().unwrap()
    }

    fn john() -> Profile {
        let fields = [
            ("FirstName", "John"),
            ("LastName", "Doe"),
            ("Email", "john.doe@gmail.com"),
        ];
        Profile(
            fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        )
    }

    fn text(request: &Request) -> String {
        String::from_utf8(request.body.clone()).unwrap()
    }

    #[test]
    fn the_pages_own_body_is_built_byte_for_byte() {
        let group = Group {
            id: "GrEXT1".to_owned(),
            name: "Group_ext_1".to_owned(),
        };
        let id = EmployeeId::try_from("EXT1").unwrap();
        let members = crate::provider::cirrus::fields::candidate(&id, &john()).unwrap();
        let request = add(&schedule(), &group, vec![members]);
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            ("POST", "schedule/add-candidates")
        );
        assert_eq!(
            text(&request),
            r#"{"Schedule":{"ScheduleExtId":"ScEXT1","GroupExtId":"GrEXT1","GroupName":"Group_ext_1"},"Candidates":[{"CandidateExtId":"EXT1","FirstName":"John","LastName":"Doe","Email":"john.doe@gmail.com"}]}"#
        );
    }

    #[test]
    fn lists_of_ids_are_arrays_of_separate_texts() {
        let ids = ["EXT1", "EXT3"];
        for (request, method, asked) in [
            (
                put(&schedule(), PUT_PATH, &ids),
                "PUT",
                Asked::Put { people: 2 },
            ),
            (
                remove(&schedule(), &ids),
                "DELETE",
                Asked::Remove { people: 2 },
            ),
        ] {
            assert_eq!(request.method.as_str(), method);
            assert_eq!(request.path, "external/schedule/ScEXT1/candidates");
            assert_eq!(text(&request), r#"["EXT1","EXT3"]"#);
            assert_eq!(request.asked, asked);
        }
        let documented = put(&schedule(), "/schedule/{externalId}/candidates", &ids);
        assert_eq!(documented.path, "schedule/ScEXT1/candidates");
    }

    #[test]
    fn a_lock_sends_nothing_but_itself() {
        let id = EmployeeId::try_from("EXT1").unwrap();
        let locked = lock(&id).unwrap();
        assert_eq!(locked.path, "user/EXT1");
        assert_eq!(text(&locked), r#"{"DisableLogin":true}"#);
        let active = activate(&id, &john()).unwrap();
        assert_eq!(
            text(&active),
            r#"{"FirstName":"John","LastName":"Doe","Email":"john.doe@gmail.com","DisableLogin":false}"#
        );
    }
}
