//! From an [`Event`] to its canonical JSON: the same event is always the same bytes.

use serde::Serialize;

use super::Event;
use super::fact::{
    AccessChange, Attributes, Command, CommandKind, Fact, Groups, ObservedEnd, Phase, Snapshot,
};
use super::moment::{Moment, When, Zone};
use super::wire::{
    AccessData, CommandData, CurrentGroups, Envelope, ErasureData, GroupChangeData, HireData,
    ReconcileData, SnapshotData, TerminationData, UpdateData,
};

impl Event {
    /// The media type of its JSON.
    pub const CONTENT_TYPE: &'static str = "application/cloudevents+json; charset=utf-8";

    /// The event as canonical CloudEvents JSON: equal events are equal bytes, and parsing
    /// them gives the event back.
    pub fn to_json(&self) -> Vec<u8> {
        match &self.fact {
            Fact::Hired(hire) => self.bytes(HireData {
                employment_id: hire.employment.as_ref(),
                effective_at: hire.start.moment,
                time_zone: hire.start.zone.as_ref(),
                phase: said(hire.phase),
                attributes: some_attributes(&hire.attributes),
                groups: some_groups(&hire.groups),
            }),
            Fact::Updated(update) => self.bytes(UpdateData {
                effective_at: moment(update.effective.as_ref()),
                time_zone: zone(update.effective.as_ref()),
                phase: said(update.phase),
                attributes: some_attributes(&update.attributes),
            }),
            Fact::GroupChanged(change) => self.bytes(GroupChangeData {
                employment_id: change.employment.as_ref(),
                effective_at: moment(change.effective.as_ref()),
                time_zone: zone(change.effective.as_ref()),
                phase: said(change.phase),
                groups: &change.groups,
            }),
            Fact::Terminated(termination) => self.bytes(TerminationData {
                employment_id: termination.employment.as_ref(),
                effective_at: moment(termination.end.as_ref()),
                time_zone: zone(termination.end.as_ref()),
                phase: said(termination.phase),
                reason: termination.reason,
            }),
            Fact::AccessRevoked(change) | Fact::AccessRestored(change) => {
                self.bytes(access(change))
            }
            Fact::Erased => self.bytes(ErasureData {}),
            Fact::Snapshot(state) => self.bytes(snapshot(state)),
            Fact::Command(said) if said.kind == CommandKind::Reconcile => {
                self.bytes(reconcile(said))
            }
            Fact::Command(said) => self.bytes(command(said)),
        }
    }

    fn bytes<D: Serialize>(&self, data: D) -> Vec<u8> {
        #[expect(
            clippy::expect_used,
            reason = "only a map with keys that are no texts, or an own Serialize, can fail"
        )]
        serde_json::to_vec(&Envelope {
            specversion: "1.0",
            id: &self.id,
            source: &self.source,
            kind: self.fact.event_type(),
            subject: &self.subject,
            time: self.time,
            sequence: self.sequence,
            receivedtime: self.received_time,
            datacontenttype: Some("application/json"),
            data,
        })
        .expect("an event is JSON")
    }
}

fn access(change: &AccessChange) -> AccessData<'_> {
    AccessData {
        effective_at: moment(change.effective.as_ref()),
        time_zone: zone(change.effective.as_ref()),
        phase: said(change.phase),
    }
}

fn snapshot(state: &Snapshot) -> SnapshotData<'_> {
    SnapshotData {
        employment_id: state.employment.as_ref(),
        time_zone: state.zone.as_ref(),
        status: state.status,
        start_date: state.start,
        end_date: match state.end {
            ObservedEnd::Unmapped => None,
            ObservedEnd::Empty => Some(None),
            ObservedEnd::On(moment) => Some(Some(moment)),
        },
        attributes: some_attributes(&state.attributes),
        groups: state
            .groups
            .current
            .as_ref()
            .map(|current| CurrentGroups { current }),
        import: state.import.as_ref(),
    }
}

fn command(command: &Command) -> CommandData<'_> {
    CommandData {
        provider: command.provider,
        fact_version: command.fact_version,
        operator: &command.operator,
        reason: &command.reason,
    }
}

fn reconcile(command: &Command) -> ReconcileData<'_> {
    ReconcileData {
        provider: command.provider,
        fact_version: command.fact_version,
        operator: &command.operator,
        reason: &command.reason,
    }
}

fn said(phase: Phase) -> Option<Phase> {
    (phase != Phase::Effective).then_some(phase)
}

fn moment(when: Option<&When>) -> Option<Moment> {
    when.map(|when| when.moment)
}

fn zone(when: Option<&When>) -> Option<&Zone> {
    when.and_then(|when| when.zone.as_ref())
}

fn some_attributes(attributes: &Attributes) -> Option<&Attributes> {
    (!attributes.is_empty()).then_some(attributes)
}

fn some_groups(groups: &Groups) -> Option<&Groups> {
    (!groups.is_empty()).then_some(groups)
}
