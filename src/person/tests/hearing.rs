//! Adoption: who is known from an imported roster alone, and until when.

use super::*;
use crate::event::Import;
use crate::id::Provider;

const STARTEXAM: Provider = Provider::STARTEXAM;

impl History {
    fn imported(self, state: Snapshot, adopt: bool) -> Self {
        let adopt = adopt.then_some(STARTEXAM).into_iter().collect();
        self.observed(Snapshot {
            import: Some(Import { adopt }),
            ..state
        })
    }

    #[track_caller]
    fn adopted(self, expected: bool) -> Self {
        assert_eq!(self.person().is_adopted_at(STARTEXAM), expected);
        self
    }
}

#[test]
fn an_imported_person_is_adopted_until_something_newer_is_said() {
    history()
        .adopted(false)
        .at("2026-03-01")
        .imported(active(), true)
        .adopted(true)
        .at("2026-03-02")
        .updated("email", "new@x.test")
        .adopted(false)
        .at("2026-03-03")
        .imported(active(), true)
        .adopted(true)
        .at("2026-03-04")
        .imported(inactive(), false)
        .adopted(false);
}

#[test]
fn a_fact_older_than_the_import_leaves_the_adoption_as_it_is() {
    history()
        .at("2026-03-02")
        .imported(active(), true)
        .from("portal")
        .at("2026-03-01")
        .hired("2026-01-01")
        .adopted(true);
}

#[test]
fn an_import_that_adopts_nowhere_adopts_nowhere() {
    history().imported(active(), false).adopted(false);
}

#[test]
fn somebody_is_only_imported_until_any_source_spoke_of_them_however_long_ago() {
    let imported = history().at("2026-03-02").imported(inactive(), true);
    assert!(imported.person().is_only_imported());
    let known = imported.at("2025-01-01").updated("email", "old@x.test");
    assert!(!known.person().is_only_imported());
    assert!(!history().person().is_only_imported());
}

#[test]
fn an_import_before_an_erasure_adopts_nobody() {
    history()
        .at("2026-03-01")
        .imported(active(), true)
        .at("2026-03-02")
        .erased()
        .adopted(false);
}

#[test]
fn a_roster_is_as_old_as_its_export_even_where_facts_count_from_their_receipt() {
    history()
        .versions_by(VersionBy::ReceivedAt)
        .at("2026-03-02")
        .leaves()
        .at("2026-03-01")
        .received("2026-03-05")
        .imported(active(), true)
        .gone_at("2026-03-06")
        .at("2026-03-04")
        .received("2026-03-05")
        .imported(active(), true)
        .active_at("2026-03-06");
}
