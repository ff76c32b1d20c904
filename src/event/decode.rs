//! From a CloudEvents 1.0 JSON event to an [`Event`]: everything is checked here, once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::fact::{
    AccessChange, Command, CommandKind, Fact, GroupChange, Hire, ObservedEnd, Phase, Reason,
    Snapshot, Status, Termination, Update,
};
use super::fields::{Fields, PROVIDER, Strictness, rfc3339};
use super::json::{read_json, read_plain};
use super::{Event, Found, ParseError};
use crate::id::{EmployeeId, EmploymentId, EventId, Provider, SourceId};

/// Every `type` the relay reads.
pub const TYPES: &[&str] = &[
    "hr.employee.hired.v1",
    "hr.employee.rehired.v1",
    "hr.employee.updated.v1",
    "hr.employee.group_changed.v1",
    "hr.employee.terminated.v1",
    "hr.employee.access_revoked.v1",
    "hr.employee.access_restored.v1",
    "hr.employee.erased.v1",
    "hr.employee.snapshot.v1",
    "relay.redrive.v1",
    "relay.release.v1",
    "relay.reject.v1",
    "relay.reconcile.v1",
];

const NAME: &str = "a text of 1 to 250 characters without control characters";
const SOURCE: &str = "a text of 1 to 64 characters without control characters";
const INSTANT: &str = "an instant as RFC 3339 writes it (2026-03-31T17:00:00Z)";
const INTEGER: &str = "an integer of 64 bits, or the same as decimal text";
const VERSION: &str = "a fact version: 16 hexadecimal digits in lower case";
const PHASE: &str = "one of `scheduled`, `effective`, `cancelled`";
const REASON: &str = "one of `resignation`, `dismissal`, `contract_end`, `retirement`, `deleted`, \
                      `merged`, `other`";

impl Event {
    /// Reads an event from bytes.
    ///
    /// # Errors
    /// A [`ParseError`] that names the first field that is wrong.
    pub fn parse(bytes: &[u8], strictness: Strictness) -> Result<Self, ParseError> {
        let value = match strictness {
            Strictness::Strict => read_json(bytes)?,
            Strictness::Lenient => read_plain(bytes)?,
        };
        Self::from_value(&value, strictness)
    }

    /// Reads an event from JSON.
    ///
    /// # Errors
    /// A [`ParseError`] that names the first field that is wrong.
    pub fn from_value(value: &Value, strictness: Strictness) -> Result<Self, ParseError> {
        let Value::Object(members) = value else {
            return Err(ParseError::Field {
                field: "(the event)".to_owned(),
                expected: "an object: one CloudEvents 1.0 event",
                found: Found::of(Some(value)),
            });
        };
        let envelope = Fields::new("", members);
        envelope.required("specversion", "\"1.0\"", |raw| (raw == "1.0").then_some(()))?;
        let json = "\"application/json\", or no such member";
        envelope.parsed("datacontenttype", json, |raw| is_json(raw).then_some(()))?;
        let kind = envelope.required("type", "the type of a CloudEvents event", Some)?;
        if !TYPES.contains(&kind) {
            return Err(ParseError::UnknownType);
        }
        let received_time = match strictness {
            Strictness::Strict => None,
            Strictness::Lenient => envelope.parsed("receivedtime", INSTANT, rfc3339)?,
        };
        Ok(Self {
            id: envelope.required("id", NAME, |raw| EventId::try_from(raw).ok())?,
            source: envelope.required("source", SOURCE, |raw| SourceId::try_from(raw).ok())?,
            subject: envelope.required("subject", NAME, |raw| EmployeeId::try_from(raw).ok())?,
            time: envelope.parsed("time", INSTANT, rfc3339)?,
            received_time,
            sequence: sequence(&envelope)?,
            fact: fact(kind, envelope, strictness)?,
        })
    }
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn sequence(envelope: &Fields<'_>) -> Result<Option<i64>, ParseError> {
    let read = match envelope.get("sequence") {
        None => return Ok(None),
        Some(Value::Number(number)) => number.as_i64(),
        // `parse` alone would take a leading `+`.
        Some(Value::String(text)) if !text.starts_with('+') => text.parse().ok(),
        Some(_) => None,
    };
    read.map(Some)
        .ok_or_else(|| envelope.wrong("sequence", INTEGER))
}

fn fact(kind: &str, envelope: Fields<'_>, strictness: Strictness) -> Result<Fact, ParseError> {
    let decoded;
    let none = Map::new();
    let data = match (envelope.get("data"), envelope.get("data_base64")) {
        (None, None) => &none,
        (Some(Value::Object(members)), None) => members,
        (None, Some(_)) => {
            decoded = base64_object(&envelope)?;
            &decoded
        }
        (Some(_), _) => return Err(envelope.wrong("data", "an object, and no `data_base64`")),
    };
    Data {
        fields: Fields::new("data", data),
        strictness,
    }
    .fact(kind)
}

fn base64_object(envelope: &Fields<'_>) -> Result<Map<String, Value>, ParseError> {
    let expected = "an object as JSON in base64";
    let read = |raw: &str| match read_json(&STANDARD.decode(raw).ok()?).ok()? {
        Value::Object(members) => Some(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    };
    envelope.required("data_base64", expected, read)
}

struct Data<'a> {
    fields: Fields<'a>,
    strictness: Strictness,
}

impl Data<'_> {
    fn fact(&self, kind: &str) -> Result<Fact, ParseError> {
        match kind {
            "hr.employee.hired.v1" | "hr.employee.rehired.v1" => self.hire(),
            "hr.employee.updated.v1" => self.update(),
            "hr.employee.group_changed.v1" => self.group_change(),
            "hr.employee.terminated.v1" => self.termination(),
            "hr.employee.access_revoked.v1" => self.access().map(Fact::AccessRevoked),
            "hr.employee.access_restored.v1" => self.access().map(Fact::AccessRestored),
            "hr.employee.erased.v1" => self.only(&[]).map(|()| Fact::Erased),
            "hr.employee.snapshot.v1" => self.snapshot(),
            "relay.redrive.v1" => self.command(CommandKind::Redrive),
            "relay.release.v1" => self.command(CommandKind::Release),
            "relay.reject.v1" => self.command(CommandKind::Reject),
            "relay.reconcile.v1" => self.command(CommandKind::Reconcile),
            _ => Err(ParseError::UnknownType),
        }
    }

    fn only(&self, known: &[&str]) -> Result<(), ParseError> {
        self.fields.only(known, self.strictness)
    }

    fn hire(&self) -> Result<Fact, ParseError> {
        self.only(&[
            "employment_id",
            "effective_at",
            "time_zone",
            "phase",
            "attributes",
            "groups",
        ])?;
        let start = self.fields.when()?;
        Ok(Fact::Hired(Hire {
            employment: self.employment()?,
            start: start.ok_or_else(|| self.fields.missing_moment("effective_at"))?,
            phase: self.phase()?,
            attributes: self.fields.attributes()?,
            groups: self.fields.groups(self.strictness)?,
        }))
    }

    fn update(&self) -> Result<Fact, ParseError> {
        self.only(&["effective_at", "time_zone", "phase", "attributes"])?;
        let AccessChange { effective, phase } = self.dated()?;
        Ok(Fact::Updated(Update {
            effective,
            phase,
            attributes: self.fields.attributes()?,
        }))
    }

    fn group_change(&self) -> Result<Fact, ParseError> {
        self.only(&[
            "employment_id",
            "effective_at",
            "time_zone",
            "phase",
            "groups",
        ])?;
        let AccessChange { effective, phase } = self.dated()?;
        let groups = self.fields.groups(self.strictness)?;
        if groups.is_empty() {
            let expected = "at least one group in `joined` or `left`, or `current`";
            return Err(self.fields.wrong("groups", expected));
        }
        Ok(Fact::GroupChanged(GroupChange {
            employment: self.employment()?,
            effective,
            phase,
            groups,
        }))
    }

    fn termination(&self) -> Result<Fact, ParseError> {
        self.only(&[
            "employment_id",
            "effective_at",
            "time_zone",
            "phase",
            "reason",
        ])?;
        let end = self.fields.when()?;
        let phase = self.phase()?;
        if phase == Phase::Scheduled && end.is_none() {
            return Err(self.fields.missing_moment("effective_at"));
        }
        Ok(Fact::Terminated(Termination {
            employment: self.employment()?,
            end,
            phase,
            reason: self
                .fields
                .parsed("reason", REASON, |raw| self.reason(raw))?,
        }))
    }

    fn access(&self) -> Result<AccessChange, ParseError> {
        self.only(&["effective_at", "time_zone", "phase"])?;
        self.dated()
    }

    fn snapshot(&self) -> Result<Fact, ParseError> {
        self.only(&[
            "employment_id",
            "time_zone",
            "status",
            "start_date",
            "end_date",
            "attributes",
            "groups",
            "import",
        ])?;
        let status = "`active` or `inactive`";
        Ok(Fact::Snapshot(Snapshot {
            employment: self.employment()?,
            zone: self.fields.zone()?,
            status: self.fields.parsed("status", status, |raw| match raw {
                "active" => Some(Status::Active),
                "inactive" => Some(Status::Inactive),
                _ => None,
            })?,
            start: self.fields.moment("start_date")?,
            end: match self.fields.get("end_date") {
                Some(Value::Null) => ObservedEnd::Empty,
                None | Some(_) => self
                    .fields
                    .moment("end_date")?
                    .map_or(ObservedEnd::Unmapped, ObservedEnd::On),
            },
            attributes: self.fields.attributes()?,
            groups: self.fields.current_groups(self.strictness)?,
            import: self.fields.import(self.strictness)?,
        }))
    }

    fn command(&self, kind: CommandKind) -> Result<Fact, ParseError> {
        self.only(&["provider", "fact_version", "operator", "reason"])?;
        let text = |name| {
            let expected = "a text that is not empty";
            let filled = |raw: &str| (!raw.is_empty()).then(|| raw.to_owned());
            self.fields.required(name, expected, filled)
        };
        let fact_version = self
            .fields
            .parsed("fact_version", VERSION, |raw| raw.parse().ok())?;
        if fact_version.is_none() && kind != CommandKind::Reconcile {
            return Err(self.fields.wrong("fact_version", VERSION));
        }
        Ok(Fact::Command(Command {
            kind,
            provider: self
                .fields
                .required("provider", PROVIDER, |raw| raw.parse::<Provider>().ok())?,
            fact_version,
            operator: text("operator")?,
            reason: text("reason")?,
        }))
    }

    /// `effective_at`, which a fact announced or taken back must have, and `phase`.
    fn dated(&self) -> Result<AccessChange, ParseError> {
        let phase = self.phase()?;
        let effective = self.fields.when()?;
        if phase != Phase::Effective && effective.is_none() {
            return Err(self.fields.missing_moment("effective_at"));
        }
        Ok(AccessChange { effective, phase })
    }

    fn employment(&self) -> Result<Option<EmploymentId>, ParseError> {
        self.fields.parsed("employment_id", NAME, |raw| {
            EmploymentId::try_from(raw).ok()
        })
    }

    fn phase(&self) -> Result<Phase, ParseError> {
        let phase = self.fields.parsed("phase", PHASE, |raw| match raw {
            "scheduled" => Some(Phase::Scheduled),
            "effective" => Some(Phase::Effective),
            "cancelled" => Some(Phase::Cancelled),
            _ => None,
        })?;
        Ok(phase.unwrap_or_default())
    }

    fn reason(&self, raw: &str) -> Option<Reason> {
        match (raw, self.strictness) {
            ("resignation", _) => Some(Reason::Resignation),
            ("dismissal", _) => Some(Reason::Dismissal),
            ("contract_end", _) => Some(Reason::ContractEnd),
            ("retirement", _) => Some(Reason::Retirement),
            ("deleted", _) => Some(Reason::Deleted),
            ("merged", _) => Some(Reason::Merged),
            // A reason that a newer version knows must not make the log unreadable.
            ("other", _) | (_, Strictness::Lenient) => Some(Reason::Other),
            (_, Strictness::Strict) => None,
        }
    }
}
