//! Operators' decisions: each kind in a register of its own, and never a fact.

use super::*;
use crate::event::{Command, CommandKind};
use crate::id::{FactVersion, Provider};

const STARTEXAM: Provider = Provider::STARTEXAM;

fn version(last: u8) -> FactVersion {
    FactVersion::new([0, 0, 0, 0, 0, 0, 0, last])
}

impl History {
    fn decided(self, kind: CommandKind, fact_version: Option<FactVersion>) -> Self {
        self.says(Fact::Command(Command {
            kind,
            provider: STARTEXAM,
            fact_version,
            operator: "jo".to_owned(),
            reason: "because".to_owned(),
        }))
    }
}

#[test]
fn no_kind_of_command_hides_another() {
    let person = history()
        .at("2026-03-01")
        .decided(CommandKind::Release, Some(version(1)))
        .at("2026-03-02")
        .decided(CommandKind::Redrive, Some(version(2)))
        .at("2026-03-03")
        .decided(CommandKind::Reconcile, None)
        .person();
    let judgement = person.judgement(STARTEXAM).unwrap();
    assert_eq!(judgement.kind, CommandKind::Release);
    assert_eq!(judgement.fact_version, Some(version(1)));
    assert_eq!(judgement.event.as_str(), "event-00");
    assert_eq!(judgement.said_at, instant("2026-03-01"));
    let redrive = person.redrive(STARTEXAM).unwrap();
    assert_eq!(redrive.fact_version, Some(version(2)));
    assert_eq!(person.reconcile(STARTEXAM).unwrap().fact_version, None);
}

#[test]
fn the_newest_judgement_counts_and_of_two_at_once_the_release() {
    let person = history()
        .at("2026-03-02")
        .decided(CommandKind::Reject, Some(version(1)))
        .at("2026-03-01")
        .decided(CommandKind::Release, Some(version(1)))
        .person();
    let newest = person.judgement(STARTEXAM).unwrap();
    assert_eq!(newest.kind, CommandKind::Reject);
    let person = history()
        .decided(CommandKind::Release, Some(version(1)))
        .decided(CommandKind::Reject, Some(version(1)))
        .person();
    let less_access = person.judgement(STARTEXAM).unwrap();
    assert_eq!(less_access.kind, CommandKind::Release);
}

#[test]
fn commands_are_ordered_by_when_they_were_given_whatever_orders_their_source() {
    let person = history()
        .versions_by(VersionBy::Sequence)
        .at("2026-03-01")
        .sequence(9)
        .decided(CommandKind::Release, Some(version(1)))
        .from("portal")
        .at("2026-03-02")
        .decided(CommandKind::Reject, Some(version(1)))
        .person();
    let newest = person.judgement(STARTEXAM).unwrap();
    assert_eq!(newest.kind, CommandKind::Reject);
}

#[test]
fn the_fact_version_names_the_facts_alone() {
    let hired = history().at("2026-01-10").hired("2026-01-15");
    let version = hired.clone().person().fact_version();
    let judged = hired.clone().decided(CommandKind::Reject, Some(version));
    assert_eq!(judged.person().fact_version(), version);
    let later = hired.at("2026-01-11");
    assert_ne!(later.clone().leaves().person().fact_version(), version);
    assert_ne!(later.erased().person().fact_version(), version);
}
