//! What the simulated account knows, and how it decides where the page is silent.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::provider::examtesting::UpdateKey;
use crate::secret::Secret;
use crate::settings::Complaint;

/// A simulated account. The defaults are published credentials: good for trying things out,
/// and for nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimulatorSettings {
    /// Its `Institutionid`.
    pub institution_id: String,
    /// Its `Apikey`.
    pub api_key: Secret,
    /// Its `ApiPass`.
    pub api_pass: Secret,
    /// The student groups that exist from the start.
    pub groups: BTreeSet<String>,
    /// Where parameters are read from, `action` aside; undocumented.
    pub params_from: ParamsFrom,
    /// The form of answers; the page shows it in pictures only.
    pub response_shape: ResponseShape,
    /// What a group in an update does to the group before; undocumented.
    pub group_semantics: GroupSemantics,
    /// The most students the account's plan allows; none: any number.
    pub student_cap: Option<usize>,
    /// Whether every `add` is done and then answered by a closed connection, as if a fault
    /// script said so; another script replaces this one.
    pub lost_reply_after_commit: bool,
    /// What an update finds a student by; undocumented. By `stusID` it is either the one given
    /// by the caller or the account's own `StudentId`.
    pub update_key: UpdateKey,
    /// Whether an update must carry the group, as an add must; undocumented.
    pub update_requires_group: bool,
    /// Whether an update must carry a password; undocumented.
    pub update_requires_password: bool,
    /// The largest body; undocumented. Larger ones are answered 413.
    #[serde(with = "crate::settings::size")]
    #[schemars(with = "String")]
    pub body_limit: usize,
}

/// Where parameters are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParamsFrom {
    /// The body alone.
    Form,
    /// The address alone.
    Query,
    /// Either.
    #[default]
    Both,
}

/// The form of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseShape {
    /// `Status:SUCCESS,StudentId:123`.
    #[default]
    Text,
    /// `Status=ERROR|Reason=ERROR 1007|error=Username already exist`.
    KeyValue,
    /// An object.
    Json,
    /// Elements.
    Xml,
    /// The text within a page.
    Html,
}

/// What a group in an update does to the group before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupSemantics {
    /// The student leaves it.
    #[default]
    Replace,
    /// The student is in both.
    Add,
}

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self {
            institution_id: "4711".to_owned(),
            api_key: Secret::new("simulated-api-key"),
            api_pass: Secret::new("simulated-api-pass"),
            groups: ["Class A", "Class B"].map(str::to_owned).into(),
            params_from: ParamsFrom::default(),
            response_shape: ResponseShape::default(),
            group_semantics: GroupSemantics::default(),
            student_cap: None,
            lost_reply_after_commit: false,
            update_key: UpdateKey::default(),
            update_requires_group: true,
            update_requires_password: false,
            body_limit: 1 << 20,
        }
    }
}

impl SimulatorSettings {
    /// Everything that is wrong with them.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.institution_id.is_empty() {
            let key = format!("{prefix}.institution_id");
            complaints.push(Complaint::missing(key, "must not be empty"));
        }
        if self.groups.iter().any(|group| group.trim().is_empty()) {
            let key = format!("{prefix}.groups");
            complaints.push(Complaint::new(key, "\"\"", "a group must have a name"));
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
            institution_id: String::new(),
            groups: [" ".to_owned()].into(),
            ..sound
        };
        let complaints = wrong.complaints("s").into_iter();
        let keys: Vec<_> = complaints.map(|complaint| complaint.key).collect();
        assert_eq!(keys, ["s.institution_id", "s.groups"]);
    }

    #[test]
    fn switches_are_words() {
        let settings: SimulatorSettings = toml::from_str(
            "params_from = 'form'\nresponse_shape = 'key_value'\ngroup_semantics = 'add'\n\
             update_key = 'username'\nstudent_cap = 3\nbody_limit = '2 KiB'",
        )
        .unwrap();
        assert_eq!(settings.params_from, ParamsFrom::Form);
        assert_eq!(settings.response_shape, ResponseShape::KeyValue);
        assert_eq!(settings.group_semantics, GroupSemantics::Add);
        assert_eq!(settings.update_key, UpdateKey::UserName);
        assert_eq!((settings.student_cap, settings.body_limit), (Some(3), 2048));
    }
}
