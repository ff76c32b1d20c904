//! Requests and answers, member for member as the pages print them.

use serde::Serialize;
use serde_json::{Map, Value};

/// `Content-type` of every request.
pub const JSON: &str = "application/json";

/// What stands before the token in `Authorization`.
pub const SCHEME: &str = "EAPI";

/// Path of "Add candidates to existing schedule extended", below the address of the API.
pub const ADD_CANDIDATES: &str = "schedule/add-candidates";

/// "Add candidates to existing schedule extended": makes whoever is not there, and adds all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddCandidates {
    /// To which schedule, and into which group whoever is made.
    pub schedule: SchedulePart,
    /// Whom; the members are those that `fields.rs` lists.
    pub candidates: Vec<Map<String, Value>>,
}

/// The schedule of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SchedulePart {
    /// It exists: Cirrus' remark that the id must be new belongs to making schedules.
    pub schedule_ext_id: String,
    /// The group's external id.
    pub group_ext_id: String,
    /// The group's title.
    pub group_name: String,
}
