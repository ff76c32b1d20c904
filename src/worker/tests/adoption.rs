//! First installations: people who were at the platform before the relay.

use super::*;
use crate::event::{Fact, Groups, Import, Moment, ObservedEnd, Snapshot, Status};
use crate::plan::Account;

fn name(n: usize) -> String {
    format!("e-{n:05}")
}

impl World {
    fn imported(&mut self, who: &str, status: Status, end: Option<&str>, adopt: &[Provider]) {
        let day = |day: &str| Moment::Day(day.parse().unwrap());
        let first_name = ("first_name".to_owned(), Some(who.to_uppercase()));
        let snapshot = Snapshot {
            status: Some(status),
            start: Some(day("2020-01-01")),
            end: end.map_or(ObservedEnd::Unmapped, |end| ObservedEnd::On(day(end))),
            attributes: BTreeMap::from([first_name]),
            groups: Groups::all([GroupId::try_from(SALES).unwrap()]),
            import: Some(Import {
                adopt: adopt.iter().copied().collect(),
            }),
            ..Snapshot::default()
        };
        self.tell(who, Fact::Snapshot(snapshot));
    }

    fn adopted(&mut self, who: &str) {
        self.imported(who, Status::Active, None, &[Provider::STARTEXAM]);
    }
}

#[test]
fn adopting_thousands_calls_nobody_and_the_first_change_calls_one() {
    let mut world = World::new();
    for n in 0..2500 {
        world.adopted(&name(n));
    }
    world.settle();
    assert!(world.take_calls().is_empty());
    world.renamed(&name(7), "Ada");
    world.settle();
    assert_eq!(world.take_calls(), ["activate e-00007"]);
    world.terminated(&name(8), None);
    world.settle();
    let removal = ["lock e-00008", "program:all -e-00008", "program:s -e-00008"];
    assert_eq!(world.take_calls(), removal);
    world.crash();
    world.settle();
    assert!(world.take_calls().is_empty(), "they stay adopted");
}

#[test]
fn whoever_was_heard_of_since_the_import_is_asserted() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.take_calls();
    // The worker has a record of them: nothing to adopt, nothing to do.
    world.adopted("a");
    world.renamed("a", "Ada");
    world.settle();
    assert_eq!(world.take_calls(), ["activate a"]);
    // Imported and changed while the worker was away.
    world.adopted("b");
    world.renamed("b", "Eve");
    world.settle();
    world.take_calls();
    world.durable.remove(&EmployeeId::try_from("b").unwrap());
    world.crash();
    world.settle();
    assert_eq!(world.take_calls().first().unwrap(), "activate b");
}

#[test]
fn an_import_that_does_not_adopt_asserts_everybody() {
    let mut world = World::new();
    world.imported("a", Status::Active, None, &[]);
    world.settle();
    assert!(world.is_active("a"));
}

#[test]
fn an_adopted_leaver_counts_as_locked() {
    let mut world = World::new();
    let end = Some("2026-02-27");
    world.imported("a", Status::Inactive, end, &[Provider::STARTEXAM]);
    world.settle();
    assert!(world.take_calls().is_empty());
    let state = world.state("a");
    assert_eq!(state.applied.account, Account::Locked);
    assert!(state.guard.is_out);
}

#[test]
fn an_adopted_first_day_ahead_is_asserted_when_it_comes() {
    let mut world = World::new();
    let first = Snapshot {
        start: Some(Moment::Day("2026-04-01".parse().unwrap())),
        groups: Groups::all([GroupId::try_from(SALES).unwrap()]),
        import: Some(Import {
            adopt: BTreeSet::from([Provider::STARTEXAM]),
        }),
        ..Snapshot::default()
    };
    world.tell("a", Fact::Snapshot(first));
    world.settle();
    assert!(world.take_calls().is_empty());
    world.settle_until("2026-04-01T00:00:01Z".parse().unwrap());
    assert!(world.is_active("a"));
}

#[test]
fn an_end_that_is_only_imported_and_older_than_a_month_is_never_asserted() {
    let mut world = World::new();
    world.imported("long gone", Status::Inactive, Some("2026-01-30"), &[]);
    world.imported("just gone", Status::Inactive, Some("2026-02-02"), &[]);
    world.settle();
    assert_eq!(world.take_calls(), ["lock just gone"]);
    world.crash();
    world.settle_until("2026-05-01T00:00:00Z".parse().unwrap());
    assert!(world.take_calls().is_empty());
    // What HR says itself is asserted, however long ago it was.
    world.terminated("long gone", Some("2026-01-30"));
    world.settle();
    assert_eq!(world.take_calls(), ["lock long gone"]);
}

#[test]
fn whom_the_relay_made_is_locked_though_their_end_is_an_old_import() {
    let mut world = World::new();
    world.adopted("a");
    world.imported("a", Status::Inactive, Some("2026-01-15"), &[]);
    world.settle();
    assert_eq!(world.take_calls().first().unwrap(), "lock a");
}

#[test]
fn somebody_adopted_and_then_erased_is_locked_with_the_profile_of_the_import() {
    let mut world = World::new();
    world.adopted("a");
    world.settle();
    world.erased("a");
    world.settle();
    assert_eq!(
        world.take_calls(),
        ["lock a", "program:all -a", "program:s -a"]
    );
    assert!(!world.locked_with["a"].0.is_empty());
    assert_eq!(world.state("a").profile, None);
}
