//! What the simulated tenant knows, and how it decides where the contract is silent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::cirrus::is_external_id;
use crate::secret::{REDACTED, Secret};
use crate::settings::Complaint;

/// A simulated tenant. The defaults are a published token and the ids of the pages: good for
/// trying things out, and for nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimulatorSettings {
    /// The token of its external API.
    pub secret: Secret,
    /// What every path begins with.
    pub base_path: String,
    /// The schedules that exist from the start.
    pub schedules: Vec<ScheduleSettings>,
    /// The users that exist from the start.
    pub users: Vec<UserSettings>,
    /// What happens when a candidate of a schedule is added to it again; undocumented.
    pub readd: Readd,
    /// What adding an existing user to a schedule does to the user; undocumented.
    pub existing_user: OnExisting,
    /// Whether every schedule counts as activated, so that nobody can be removed.
    pub schedule_activated: bool,
    /// Whether the tenant's external API lacks its scheduler, so that calls about schedules
    /// are refused.
    pub scheduler_unset: bool,
    /// Ids of users who are in the Trash Can from the start: they can neither be found nor
    /// be added.
    pub user_in_trash: Vec<String>,
    /// How refusals are written; undocumented but for `string`.
    pub error_shape: ErrorShape,
    /// Whether every second candidate of several is passed over and left out of an answer
    /// that says success; undocumented.
    pub partial_success: bool,
    /// By which path existing users are added to a schedule; the pages name two.
    pub put_path: PutPath,
    /// The most people in one list; undocumented.
    pub people_max: usize,
    /// The largest body; undocumented. Larger ones are answered 413.
    #[serde(with = "crate::settings::size")]
    #[schemars(with = "String")]
    pub body_limit: usize,
}

/// A schedule of the simulated tenant; also the body of `POST /_sim/schedules`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSettings {
    /// Its external id.
    pub id: String,
    /// Whether nobody can be removed any more.
    #[serde(default)]
    pub is_activated: bool,
}

/// A user of the simulated tenant; also the body of `POST /_sim/users`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserSettings {
    /// Their external id.
    pub id: String,
    /// Their data, by Cirrus' names.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Whether they cannot log in with a password.
    #[serde(default)]
    pub login_disabled: bool,
    /// Whether they are in the Trash Can.
    #[serde(default)]
    pub in_trash: bool,
}

/// What happens when a candidate of a schedule is added to it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readd {
    /// Success, with the link they have.
    #[default]
    OkSameLink,
    /// Success, with a new link.
    OkNewLink,
    /// The whole request is refused.
    ErrorAlreadyExists,
}

/// What adding an existing user to a schedule does to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExisting {
    /// Nothing.
    #[default]
    Keep,
    /// Their data are changed, and they can log in.
    Overwrite,
}

/// How refusals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorShape {
    /// `"Errors": "text"`.
    #[default]
    String,
    /// `"Errors": ["text"]`.
    Array,
    /// `"Errors": [{"Code": 202, "Message": "text"}]`.
    Objects,
    /// `"Message": "text"`.
    Message,
}

/// By which path existing users are added to a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PutPath {
    /// `/external/schedule/{id}/candidates`, as its sibling calls.
    #[default]
    External,
    /// `/schedule/{id}/candidates`, as the page's heading says.
    Documented,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        let schedule = |id: &str| ScheduleSettings {
            id: id.to_owned(),
            is_activated: false,
        };
        Self {
            secret: Secret::new("simulated-eapi-token"),
            base_path: "/api/v1/integrations".to_owned(),
            schedules: vec![schedule("ScEXT1"), schedule("ScEXT2")],
            users: Vec::new(),
            readd: Readd::default(),
            existing_user: OnExisting::default(),
            schedule_activated: false,
            scheduler_unset: false,
            user_in_trash: Vec::new(),
            error_shape: ErrorShape::default(),
            partial_success: false,
            put_path: PutPath::default(),
            people_max: 50,
            body_limit: 4 << 20,
        }
    }
}

impl SimulatorSettings {
    /// Everything that is wrong with them.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut complain = |key: &str, value: &str, reason: &str| {
            complaints.push(Complaint::new(format!("{prefix}.{key}"), value, reason));
        };
        if self.secret.expose().is_empty() {
            complain("secret", REDACTED, "must not be empty");
        }
        if !self.base_path.starts_with('/') || self.base_path.ends_with('/') {
            complain(
                "base_path",
                &self.base_path,
                "must begin with / and not end with it",
            );
        }
        if self.people_max == 0 {
            complain("people_max", "0", "must be at least 1");
        }
        let schedules = self.schedules.iter().map(|one| ("schedules", &one.id));
        let users = self.users.iter().map(|one| ("users", &one.id));
        let trash = self.user_in_trash.iter().map(|id| ("user_in_trash", id));
        for (key, id) in schedules.chain(users).chain(trash) {
            if !is_external_id(id) {
                complain(key, id, "must be 1 to 64 letters, digits and dashes");
            }
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_every_contradiction_is_named() {
        let sound = SimulatorSettings::default();
        assert_eq!(sound.complaints("simulator"), []);
        let wrong = SimulatorSettings {
            secret: Secret::new(""),
            base_path: "api/".to_owned(),
            people_max: 0,
            user_in_trash: vec!["a b".to_owned()],
            ..sound
        };
        let keys: Vec<_> = wrong
            .complaints("s")
            .into_iter()
            .map(|complaint| complaint.key)
            .collect();
        assert_eq!(
            keys,
            ["s.secret", "s.base_path", "s.people_max", "s.user_in_trash"]
        );
    }

    #[test]
    fn switches_are_written_in_the_contracts_words() {
        let settings: SimulatorSettings = toml::from_str(
            "readd = 'error_already_exists'\nerror_shape = 'objects'\nput_path = 'documented'",
        )
        .unwrap();
        assert_eq!(settings.readd, Readd::ErrorAlreadyExists);
        assert_eq!(settings.error_shape, ErrorShape::Objects);
        assert_eq!(settings.put_path, PutPath::Documented);
    }
}
