//! What operators decided about a person, one register a kind of decision and provider.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::Person;
use super::register::{Register, Stamp, Value, say};
use crate::event::{Command, CommandKind};
use crate::id::{EventId, FactVersion, Provider};

/// The newest decisions about a person at one provider. A register for each thing that can be
/// decided, so that none hides another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Commands {
    /// Whether a held removal may go.
    #[serde(rename = "j", skip_serializing_if = "Option::is_none")]
    judgement: Option<Register<Decided>>,
    /// To try again what was given up.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none")]
    redrive: Option<Register<Decided>>,
    /// To assert everything again.
    #[serde(rename = "c", skip_serializing_if = "Option::is_none")]
    reconcile: Option<Register<Decided>>,
}

/// What was decided, about which facts; none: whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Decided {
    #[serde(rename = "k")]
    kind: CommandKind,
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    fact_version: Option<FactVersion>,
}

impl Value for Decided {
    fn restraint(&self) -> i64 {
        match self.kind {
            // A removal that goes is what gives less access.
            CommandKind::Release => 1,
            CommandKind::Reject => -1,
            CommandKind::Redrive | CommandKind::Reconcile => 0,
        }
    }
}

/// An operator's decision, as the workers read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The event that brought it, by which a worker knows whether it has obeyed.
    pub event: &'a EventId,
    /// What was decided.
    pub kind: CommandKind,
    /// The facts it judges: with another version than the person's present one it has no
    /// effect. None: whatever the facts are.
    pub fact_version: Option<FactVersion>,
    /// When it was said.
    pub said_at: Timestamp,
}

impl Commands {
    /// Notes a decision; tells whether that changed a register.
    pub(crate) fn say(&mut self, command: &Command, stamp: Stamp) -> bool {
        let value = Decided {
            kind: command.kind,
            fact_version: command.fact_version,
        };
        let slot = match command.kind {
            CommandKind::Release | CommandKind::Reject => &mut self.judgement,
            CommandKind::Redrive => &mut self.redrive,
            CommandKind::Reconcile => &mut self.reconcile,
        };
        say(slot, Register { stamp, value })
    }
}

fn read(slot: Option<&Register<Decided>>) -> Option<Decision<'_>> {
    slot.map(|register| Decision {
        event: &register.stamp.event,
        kind: register.value.kind,
        fact_version: register.value.fact_version,
        said_at: register.stamp.said_at,
    })
}

impl Person {
    /// The newest release or rejection of a held removal at a provider.
    pub fn judgement(&self, provider: Provider) -> Option<Decision<'_>> {
        read(self.commands.get(&provider)?.judgement.as_ref())
    }

    /// The newest redrive at a provider.
    pub fn redrive(&self, provider: Provider) -> Option<Decision<'_>> {
        read(self.commands.get(&provider)?.redrive.as_ref())
    }

    /// The newest reconciliation at a provider.
    pub fn reconcile(&self, provider: Provider) -> Option<Decision<'_>> {
        read(self.commands.get(&provider)?.reconcile.as_ref())
    }
}
