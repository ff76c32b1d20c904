//! What the simulated account knows, and how it decides where the contract is silent.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::provider::startexam::SecretEncoding;
use crate::provider::startexam::signature::Signer;
use crate::secret::Secret;
use crate::settings::Complaint;

/// A simulated account. The defaults are a published key and the ids of the method pages:
/// good for trying things out, and for nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimulatorSettings {
    /// The number of the account.
    pub account_id: u64,
    /// Its secret.
    pub secret: Secret,
    /// Whether the secret's text is the key or encodes it.
    pub secret_encoding: SecretEncoding,
    /// GUID of its one profile.
    pub profile_id: String,
    /// The fields of the profile.
    pub profile_fields: BTreeSet<String>,
    /// The programs that exist from the start.
    pub programs: Vec<ProgramSettings>,
    /// The centers that exist.
    pub centers: BTreeSet<String>,
    /// GUIDs of the tests that exist outside of programs.
    #[schemars(with = "BTreeSet<String>")]
    pub tests: BTreeSet<Uuid>,
    /// Whether the account has proctoring.
    pub proctoring: bool,
    /// In which order the ids of sessions are answered; documented for one test only.
    pub participant_order: ParticipantOrder,
    /// What is answered for somebody registered before; undocumented.
    pub existing_participant: OnExisting,
    /// How far ahead of the machine's clock the account's own is: `20m`, or `-20m` if behind.
    #[schemars(with = "String")]
    pub clock_ahead: SignedDuration,
    /// How old a request's `Date` may be; documented: 15 minutes.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub oldest_date: Duration,
    /// How far in the future a request's `Date` may be; undocumented.
    #[serde(with = "crate::settings::duration")]
    #[schemars(with = "String")]
    pub furthest_date: Duration,
    /// The status that answers an unknown program, center or test; undocumented.
    pub unknown_program: OnUnknownProgram,
    /// What happens when an unknown employee is registered; undocumented.
    pub register_unknown: OnUnknown,
    /// What happens when an unknown employee is unregistered; undocumented.
    pub unregister_unknown: OnUnknown,
    /// What happens when a hidden employee is registered; undocumented.
    pub register_hidden: OnHidden,
    /// What happens when a hidden employee is unregistered; undocumented.
    pub unregister_hidden: OnHidden,
    /// Whether one bad person leaves the others of a request undone; undocumented.
    pub batch_atomic: bool,
    /// The most people in one list; documented for programs and tests: 500.
    pub people_max: usize,
    /// The largest body; undocumented. Larger ones are answered 413.
    #[serde(with = "crate::settings::size")]
    #[schemars(with = "String")]
    pub body_limit: usize,
}

/// A program of the simulated account; also the body of `POST /_sim/programs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProgramSettings {
    /// Its GUID.
    #[schemars(with = "String")]
    pub id: Uuid,
    /// The company's own id.
    #[serde(default)]
    pub external_id: Option<String>,
    /// GUIDs of its tests: registering to all of them creates an attempt for each.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub module_tests: Vec<Uuid>,
    /// Whether the caller may choose among the tests.
    #[serde(default)]
    pub manual: bool,
}

/// In which order the ids of sessions are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantOrder {
    /// All tests of the first employee, then those of the second.
    #[default]
    Employees,
    /// All employees of the first test, then those of the second.
    Tests,
    /// The last test of the last employee first.
    Reversed,
}

/// What is answered for a session that exists, where no second one is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExisting {
    /// Nothing: there are fewer ids than were asked for.
    #[default]
    Omit,
    /// The id it has.
    Return,
}

/// The status that answers an unknown program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum OnUnknownProgram {
    /// Bad request.
    #[serde(rename = "400")]
    BadRequest,
    /// Not found.
    #[default]
    #[serde(rename = "404")]
    NotFound,
}

/// What happens when an employee is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnUnknown {
    /// Refused with status 400.
    #[serde(rename = "400")]
    BadRequest,
    /// Refused with status 404.
    #[serde(rename = "404")]
    NotFound,
    /// Passed over, counted nowhere.
    #[serde(rename = "ignore")]
    Ignore,
}

/// What happens when an employee is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnHidden {
    /// Refused with status 400.
    #[serde(rename = "400")]
    BadRequest,
    /// Done as for an active employee.
    #[serde(rename = "accept")]
    Accept,
}

/// Two tests, so that attempts and employees are different numbers in every answer.
const TESTS: [Uuid; 2] = [
    Uuid::from_u128(0x4ebd_d1bf_410a_4212_ad54_de65_92db_cd1d),
    Uuid::from_u128(0xeede_017b_67a8_47a4_a3d4_6181_bf21_5ba0),
];

impl Default for SimulatorSettings {
    fn default() -> Self {
        Self {
            account_id: 99,
            secret: Secret::new("c3RhcnRleGFtLXRlc3Qta2V5LTMyYnl0ZXMtISEhISE="),
            secret_encoding: SecretEncoding::default(),
            profile_id: "d51b5efd-fb21-4cb8-94e2-145014839465".to_owned(),
            profile_fields: ["First Name", "Last Name", "Email"]
                .map(str::to_owned)
                .into(),
            programs: vec![
                ProgramSettings {
                    id: Uuid::from_u128(0x95a6_e267_1765_4a93_98b1_c6ca_5ef2_cd61),
                    external_id: Some("sales".to_owned()),
                    module_tests: TESTS.to_vec(),
                    manual: false,
                },
                ProgramSettings {
                    id: Uuid::from_u128(0xd4d9_897c_2c91_4c60_95c7_6842_efb5_42dc),
                    external_id: Some("support".to_owned()),
                    module_tests: TESTS.to_vec(),
                    manual: true,
                },
            ],
            centers: ["mycenter".to_owned()].into(),
            tests: TESTS
                .into_iter()
                .chain([Uuid::from_u128(0xd288_d3c9_6c23_46e9_9fac_3cc0_301d_84ef)])
                .collect(),
            proctoring: true,
            participant_order: ParticipantOrder::default(),
            existing_participant: OnExisting::default(),
            clock_ahead: SignedDuration::ZERO,
            oldest_date: Duration::from_mins(15),
            furthest_date: Duration::from_mins(15),
            unknown_program: OnUnknownProgram::NotFound,
            register_unknown: OnUnknown::BadRequest,
            unregister_unknown: OnUnknown::Ignore,
            register_hidden: OnHidden::BadRequest,
            unregister_hidden: OnHidden::Accept,
            batch_atomic: true,
            people_max: 500,
            body_limit: 4 << 20,
        }
    }
}

impl SimulatorSettings {
    /// Everything that is wrong with them.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if Uuid::try_parse(&self.profile_id).is_err() {
            let key = format!("{prefix}.profile_id");
            complaints.push(Complaint::new(key, &self.profile_id, "must be a GUID"));
        }
        if self.people_max == 0 {
            let key = format!("{prefix}.people_max");
            complaints.push(Complaint::new(key, 0, "must be at least 1"));
        }
        if let Err(complaint) = self.signer(prefix) {
            complaints.push(complaint);
        }
        complaints
    }

    /// The signer of the account.
    ///
    /// # Errors
    /// When the secret is not what `secret_encoding` says.
    pub(super) fn signer(&self, prefix: &str) -> Result<Signer, Complaint> {
        Signer::new(self.account_id, &self.secret, self.secret_encoding).map_err(|invalid| {
            let key = format!("{prefix}.secret_encoding");
            Complaint::new(key, "base64", invalid.to_string())
        })
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
            profile_id: "main".to_owned(),
            people_max: 0,
            secret: Secret::new("no base64!"),
            secret_encoding: SecretEncoding::Base64,
            ..sound
        };
        let keys: Vec<_> = wrong
            .complaints("s")
            .into_iter()
            .map(|complaint| complaint.key)
            .collect();
        assert_eq!(keys, ["s.profile_id", "s.people_max", "s.secret_encoding"]);
    }

    #[test]
    fn switches_are_written_as_the_statuses_they_stand_for() {
        let settings: SimulatorSettings = toml::from_str(
            "unknown_program = '400'\nregister_unknown = 'ignore'\nregister_hidden = 'accept'",
        )
        .unwrap();
        assert_eq!(settings.unknown_program, OnUnknownProgram::BadRequest);
        assert_eq!(settings.register_unknown, OnUnknown::Ignore);
        assert_eq!(settings.register_hidden, OnHidden::Accept);
        for (raw, minutes) in [("20m", 20), ("-20m", -20)] {
            let raw = format!("clock_ahead = '{raw}'");
            let settings: SimulatorSettings = toml::from_str(&raw).unwrap();
            assert_eq!(settings.clock_ahead, SignedDuration::from_mins(minutes));
        }
    }
}
