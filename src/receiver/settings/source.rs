//! `[sources.<name>]`: one sender of HR facts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Admission, TerminationDay, VersionBy, Zone};
use crate::id::{InvalidName, SourceId};
use crate::receiver::signature::HmacKey;
use crate::receiver::signature::standard_webhooks::Key;
use crate::secret::{REDACTED, Secret, SecretSource};
use crate::settings::Complaint;

/// Who sends, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// `BambooHR` webhooks at `/hooks/<name>`.
    Bamboohr,
    /// Standard Webhooks with canonical events at `/hooks/<name>`.
    StandardWebhooks,
    /// CloudEvents at `/events`, or on the topic `hris.inbox`.
    Cloudevents,
}

impl SourceKind {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bamboohr => "bamboohr",
            Self::StandardWebhooks => "standard_webhooks",
            Self::Cloudevents => "cloudevents",
        }
    }

    const fn tolerance(self) -> Duration {
        match self {
            // It retries for 155 minutes, and whether it signs a retry anew is not known.
            Self::Bamboohr => Duration::from_hours(24),
            // What the Standard Webhooks reference library grants.
            Self::StandardWebhooks | Self::Cloudevents => Duration::from_mins(5),
        }
    }
}

/// Which attributes are let in: their canonical names, or those with the source's names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AttributeNames {
    /// `["first_name", "email"]`: the source uses the canonical names.
    Canonical(Vec<String>),
    /// `{ first_name = "First Name" }`: canonical name, then the source's.
    Mapped(BTreeMap<String, String>),
}

impl AttributeNames {
    /// Canonical name and the source's name of each attribute.
    pub fn pairs(&self) -> Vec<(String, String)> {
        match self {
            Self::Canonical(names) => names.iter().map(|n| (n.clone(), n.clone())).collect(),
            Self::Mapped(names) => names.iter().map(|(c, s)| (c.clone(), s.clone())).collect(),
        }
    }
}

impl Default for AttributeNames {
    fn default() -> Self {
        let usual = ["first_name", "last_name", "email"];
        Self::Canonical(usual.map(str::to_owned).to_vec())
    }
}

/// One sender of HR facts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SourceSettings {
    /// Who sends, and how.
    pub kind: Option<SourceKind>,
    /// The secrets it may sign with, several during a rotation. `standard_webhooks`:
    /// `whsec_...` or `whpk_...`; `bamboohr`: the webhook's private key; `cloudevents`:
    /// `whsec_...` to sign, anything else is a bearer token.
    pub secrets: Vec<Secret>,
    /// Files with such secrets, one each.
    pub secret_files: Vec<PathBuf>,
    /// How old a signature may be; none: 24h for `bamboohr`, else 5m.
    #[serde(with = "crate::settings::optional_duration")]
    #[schemars(with = "Option<String>")]
    pub tolerance: Option<Duration>,
    /// Whether its employments employ; other sources only revoke and enrich.
    pub employs: bool,
    /// What makes a fact of this source newer than another.
    pub version: VersionBy,
    /// Leads every version: raise it when the source starts its `sequence` anew.
    pub epoch: u32,
    /// The zone its dates are meant in where a fact names none; none: the relay's.
    pub time_zone: Option<Zone>,
    /// What the date of a termination means.
    pub termination_date: TerminationDay,
    /// The attributes that are let in: a list of canonical names, or canonical name to the
    /// source's name. Everything else stays outside.
    pub attributes: AttributeNames,
    /// Put before the source's employee id, to tell tenants apart.
    pub subject_prefix: String,
    /// `bamboohr`: the field with the employee id; none: the item's `id`.
    pub employee_id_field: Option<String>,
    /// `bamboohr`: the field with the status word.
    pub status_field: Option<String>,
    /// `bamboohr`: the words for working here.
    pub active_values: Vec<String>,
    /// `bamboohr`: the words for not working here.
    pub inactive_values: Vec<String>,
    /// `bamboohr`: the field with the first day.
    pub hire_date_field: Option<String>,
    /// `bamboohr`: the field with the last day.
    pub termination_date_field: Option<String>,
    /// `bamboohr`: the fields that name a group, each with what is put before its value
    /// (`{ Department = "", Location = "Location:" }`). A webhook must post all or none.
    pub group_fields: BTreeMap<String, String>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            kind: None,
            secrets: Vec::new(),
            secret_files: Vec::new(),
            tolerance: None,
            employs: true,
            version: VersionBy::default(),
            epoch: 0,
            time_zone: None,
            termination_date: TerminationDay::default(),
            attributes: AttributeNames::default(),
            subject_prefix: String::new(),
            employee_id_field: None,
            status_field: None,
            active_values: vec!["Active".to_owned()],
            inactive_values: vec!["Inactive".to_owned(), "Terminated".to_owned()],
            hire_date_field: None,
            termination_date_field: None,
            group_fields: BTreeMap::new(),
        }
    }
}

impl SourceSettings {
    /// How old a signature may be.
    pub fn tolerance(&self) -> Duration {
        let kind = self.kind.unwrap_or(SourceKind::StandardWebhooks);
        self.tolerance.unwrap_or(kind.tolerance())
    }

    /// What the source of this name may say.
    ///
    /// # Errors
    /// When the name cannot be one.
    pub fn admission(&self, name: &str) -> Result<Admission, InvalidName> {
        Ok(Admission {
            source: SourceId::try_from(name)?,
            version: self.version,
            attributes: self.attributes.pairs(),
            subject_prefix: self.subject_prefix.clone(),
        })
    }

    /// Every secret it may sign with, files read; `prefix` is `sources.<name>`.
    ///
    /// # Errors
    /// When there is none, or a file cannot be read or is empty.
    pub fn live_secrets(&self, prefix: &str) -> Result<Vec<Secret>, Complaint> {
        let inline = self.secrets.iter().cloned().map(SecretSource::Inline);
        let files = self.secret_files.iter().cloned().map(SecretSource::File);
        let sources: Vec<SecretSource> = inline.chain(files).collect();
        if sources.is_empty() {
            let reason = "required: set it, or secret_files, or nobody can sign";
            return Err(Complaint::missing(format!("{prefix}.secrets"), reason));
        }
        let key = format!("{prefix}.secret");
        sources.iter().map(|source| source.read(&key)).collect()
    }

    /// Everything that contradicts itself; `prefix` is `sources.<name>`.
    pub fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let Some(kind) = self.kind else {
            let reason = "required: `bamboohr`, `standard_webhooks` or `cloudevents`";
            return vec![Complaint::missing(format!("{prefix}.kind"), reason)];
        };
        let mut complaints = self.secret_complaints(prefix, kind);
        if self.tolerance.is_some_and(|tolerance| tolerance.is_zero()) {
            let reason = "must be longer than 0s";
            complaints.push(Complaint::new(format!("{prefix}.tolerance"), "0s", reason));
        }
        complaints.extend(self.version_complaint(prefix, kind));
        if kind == SourceKind::Bamboohr {
            complaints.extend(self.mapping_complaints(prefix));
        } else {
            complaints.extend(self.foreign_complaints(prefix, kind));
        }
        complaints
    }

    fn secret_complaints(&self, prefix: &str, kind: SourceKind) -> Vec<Complaint> {
        let secrets = match self.live_secrets(prefix) {
            Ok(secrets) => secrets,
            Err(complaint) => return vec![complaint],
        };
        let check = |secret: &Secret| match kind {
            SourceKind::StandardWebhooks => Key::parse(secret).err(),
            SourceKind::Cloudevents if secret.expose().starts_with("wh") => {
                Key::parse(secret).err()
            }
            SourceKind::Bamboohr | SourceKind::Cloudevents => HmacKey::from_text(secret).err(),
        };
        let key = format!("{prefix}.secrets");
        secrets
            .iter()
            .filter_map(check)
            .map(|error| Complaint::new(&key, REDACTED, error.to_string()))
            .collect()
    }

    fn version_complaint(&self, prefix: &str, kind: SourceKind) -> Option<Complaint> {
        let (shown, reason) = match (self.version, kind) {
            (VersionBy::ReceivedAt, _) => (
                "received_at",
                "webhooks arrive late and in any order: use `occurred_at` or `sequence`",
            ),
            (VersionBy::Sequence, SourceKind::Bamboohr) => {
                ("sequence", "BambooHR counts nothing: use `occurred_at`")
            }
            (VersionBy::OccurredAt | VersionBy::Sequence, _) => return None,
        };
        Some(Complaint::new(format!("{prefix}.version"), shown, reason))
    }

    /// What only a `bamboohr` source may have.
    fn foreign_complaints(&self, prefix: &str, kind: SourceKind) -> Vec<Complaint> {
        let set = [
            ("employee_id_field", self.employee_id_field.is_some()),
            ("status_field", self.status_field.is_some()),
            ("hire_date_field", self.hire_date_field.is_some()),
            (
                "termination_date_field",
                self.termination_date_field.is_some(),
            ),
            ("group_fields", !self.group_fields.is_empty()),
        ];
        let reason = format!("a `{}` source sends canonical events", kind.as_str());
        set.into_iter()
            .filter(|(_, is_set)| *is_set)
            .map(|(key, _)| Complaint::new(format!("{prefix}.{key}"), "(set)", &reason))
            .collect()
    }

    fn mapping_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.hire_date_field.is_some() && self.hire_date_field == self.termination_date_field {
            let reason = "is the hire_date_field as well: everybody would leave on their first day";
            let key = format!("{prefix}.termination_date_field");
            complaints.push(Complaint::new(key, "(set)", reason));
        }
        let lower = |words: &[String]| -> Vec<String> {
            words.iter().map(|word| word.to_lowercase()).collect()
        };
        let active = lower(&self.active_values);
        if let Some(word) = lower(&self.inactive_values)
            .into_iter()
            .find(|word| active.contains(word))
        {
            let reason = "is among the active_values as well";
            let key = format!("{prefix}.inactive_values");
            complaints.push(Complaint::new(key, word, reason));
        }
        complaints
    }
}
