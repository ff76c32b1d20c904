//! People who are removed and whom the platform does not know.

use super::*;
use crate::event::{Fact, Groups, Import, Snapshot, Status};
use crate::worker::RemovalsOfUnknown;

const HOUR: Duration = Duration::from_hours(1);

fn name(n: usize) -> String {
    format!("e-{n:03}")
}

impl World {
    /// People whom an import says to be there as planned, whether or not they are.
    fn adopts(&mut self, people: usize) {
        for n in 0..people {
            let snapshot = Snapshot {
                status: Some(Status::Active),
                groups: Groups::all([GroupId::try_from(SALES).unwrap()]),
                import: Some(Import {
                    adopt: BTreeSet::from([Provider::STARTEXAM]),
                }),
                ..Snapshot::default()
            };
            self.tell(&name(n), Fact::Snapshot(snapshot));
        }
        self.settle();
    }

    /// Who has an outcome of this kind.
    fn outcomes(&self, outcome: &str) -> BTreeSet<String> {
        let topic = Topic::Outcomes(Provider::STARTEXAM);
        let letters = self.letters.iter().filter(|record| record.topic == topic);
        letters
            .filter(|record| {
                let body: serde_json::Value =
                    serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap();
                body["outcome"] == outcome
            })
            .map(|record| String::from_utf8(record.key.clone().unwrap().into()).unwrap())
            .collect()
    }

    fn removed_one_by_one(&mut self, people: std::ops::Range<usize>) {
        for n in people {
            self.terminated(&name(n), None);
            self.settle_for(Duration::from_secs(20));
        }
    }
}

#[test]
fn removing_somebody_unknown_counts_as_applied_and_is_listed() {
    let mut world = World::new();
    world.strangers.insert("a".to_owned());
    for who in ["a", "b"] {
        world.hired(who, "2026-03-01", "Nobody mapped this");
        world.terminated(who, None);
        world.settle();
    }
    assert_eq!(world.outcomes("removed_not_found"), ["a".to_owned()].into());
    assert_eq!(world.outcomes("applied"), ["b".to_owned()].into());
    assert!(world.dead_letters().is_empty());
    world.take_calls();
    world.settle_for(HOUR * 48);
    assert!(world.take_calls().is_empty());
    let text = world.metrics.render().unwrap();
    assert!(text.contains("hris_relay_removals_not_found_total{provider=\"startexam\"} 1"));
}

#[test]
fn unregistering_somebody_unknown_is_found_out_in_a_batch_and_listed() {
    let mut world = World::new();
    for who in ["a", "b", "c"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    world.strangers.insert("b".to_owned());
    for who in ["a", "b", "c"] {
        world.terminated(who, None);
    }
    world.settle_for(HOUR);
    assert!(world.members.is_empty());
    assert_eq!(world.outcomes("removed_not_found"), ["b".to_owned()].into());
}

#[test]
fn a_batch_that_does_not_tell_who_was_unknown_lists_nobody() {
    let mut world = World::new();
    world.adopts(4);
    world.strangers.insert(name(2));
    for n in 0..4 {
        world.terminated(&name(n), None);
    }
    world.pass(Duration::from_millis(60));
    world.feed(Input::Tick);
    world.answer();
    assert_eq!(world.take_calls(), ["lock e-000 e-001 e-002 e-003"]);
    assert!(world.outcomes("removed_not_found").is_empty());
    let text = world.metrics.render().unwrap();
    assert!(text.contains("hris_relay_removals_not_found_total{provider=\"startexam\"} 1"));
}

#[test]
fn ids_that_are_not_the_platforms_stop_the_calls() {
    let mut world = World::new();
    world.adopts(60);
    world.strangers.extend((0..60).map(name));
    world.removed_one_by_one(0..5);
    world.take_calls();
    assert!(!world.outcomes("removed_not_found").contains(&name(5)));
    world.removed_one_by_one(5..6);
    assert_eq!(
        world.take_calls(),
        ["lock e-005"],
        "its tidying waits already"
    );
    // From now on there is one probe every two minutes.
    for n in 6..40 {
        world.terminated(&name(n), None);
    }
    world.settle_for(Duration::from_mins(10));
    assert_eq!(world.take_calls().len(), 5);
    // A hire proves nothing: the platform would create anybody.
    world.hired("new", "2026-03-01", SALES);
    world.settle_for(Duration::from_mins(10));
    assert_eq!(world.take_calls().len(), 5);
    // A restart remembers the day.
    world.crash();
    world.settle_for(Duration::from_secs(1));
    world.take_calls();
    world.terminated(&name(50), None);
    world.settle_for(Duration::from_mins(10));
    assert!(world.take_calls().len() <= 6);
    // Somebody whom it knows proves the ids.
    world.strangers.clear();
    world.terminated(&name(51), None);
    world.settle_for(Duration::from_mins(10));
    assert!(world.state(&name(51)).applied.targets.is_empty());
    assert!(world.is_active("new"));
}

#[test]
fn whoever_left_before_they_had_an_account_makes_no_id_doubtful() {
    let mut world = World::new();
    world.strangers.extend((0..60).map(name));
    for n in 0..60 {
        world.hired(&name(n), "2026-03-01", "Nobody mapped this");
    }
    world.settle();
    world.removed_one_by_one(0..30);
    assert_eq!(world.take_calls().len(), 30);
    assert_eq!(world.outcomes("removed_not_found").len(), 30);
}

#[test]
fn a_few_strangers_among_many_removals_stop_nothing() {
    let mut rules = rules();
    rules.settings.guard.enabled = false;
    let mut world = World::with(rules);
    world.adopts(60);
    world.strangers.extend((24..34).map(name));
    world.removed_one_by_one(0..29);
    // Five of twenty-nine are no more than five.
    world.take_calls();
    world.removed_one_by_one(29..30);
    assert_eq!(
        world.take_calls().len(),
        3,
        "six are a fifth of thirty, not more"
    );
    world.removed_one_by_one(30..31);
    assert_eq!(world.take_calls(), ["lock e-030"]);
}

#[test]
fn strangers_of_yesterday_are_forgotten() {
    let mut world = World::new();
    world.adopts(60);
    world.strangers.extend((0..60).map(name));
    world.removed_one_by_one(0..5);
    world.settle_for(HOUR * 25);
    world.take_calls();
    world.removed_one_by_one(5..6);
    assert_eq!(world.take_calls().len(), 3);
}

#[test]
fn removals_of_people_nobody_knows_are_skipped_where_configured() {
    let mut rules = rules();
    rules.settings.removals_of_unknown = RemovalsOfUnknown::Skip;
    let mut world = World::with(rules);
    world.hired("unmapped", "2026-03-01", "Nobody mapped this");
    world.hired("created", "2026-03-01", SALES);
    world.adopts(1);
    world.take_calls();
    for who in ["unmapped", "created", "e-000", "never heard of"] {
        world.terminated(who, None);
    }
    world.settle();
    let locks: Vec<String> = world.take_calls();
    assert_eq!(locks.first().unwrap(), "lock created e-000");
}
