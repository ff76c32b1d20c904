//! Random histories: no order and no repetition matters, no leaver comes back, no timer is
//! missed, and the record stays small.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::ToSpan;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::event::{Command, CommandKind};
use crate::id::Provider;

/// Two sources that employ, one of them with sequences, and one that only enriches.
fn rules() -> Rules {
    history()
        .configure(|rules| {
            let portal = rules.sources.get_mut("portal").unwrap();
            portal.version_by = VersionBy::Sequence;
            portal.zone = Some(zone("Pacific/Auckland"));
        })
        .rules
}

/// Half-days since 2026-01-01: few, so that versions and dates collide.
fn half_day(number: i64) -> Timestamp {
    instant("2026-01-01T00:00:00Z") + (number * 12).hours()
}

const LAST: i64 = 40;

fn moments() -> impl Strategy<Value = Moment> {
    (0..LAST, any::<bool>()).prop_map(|(number, is_day)| {
        let instant = half_day(number);
        if is_day {
            Moment::Day(instant.to_zoned(jiff::tz::TimeZone::UTC).date())
        } else {
            Moment::Instant(instant)
        }
    })
}

fn whens() -> impl Strategy<Value = When> {
    let zones = option::weighted(0.2, select(vec!["Pacific/Honolulu", "Europe/Berlin"]));
    (moments(), zones).prop_map(|(moment, name)| When {
        moment,
        zone: name.map(zone),
    })
}

fn phases() -> impl Strategy<Value = Phase> {
    select(vec![Phase::Effective, Phase::Scheduled, Phase::Cancelled])
}

fn employments() -> impl Strategy<Value = Option<EmploymentId>> {
    let names = select(vec!["first", "second"]);
    option::of(names.prop_map(|name| EmploymentId::try_from(name).unwrap()))
}

fn memberships() -> impl Strategy<Value = Groups> {
    let some =
        || proptest::collection::btree_set(select(vec!["A", "B", "C"]).prop_map(group), 0..3);
    (some(), some(), option::weighted(0.3, some())).prop_map(|(joined, left, current)| {
        let left = left.difference(&joined).cloned().collect();
        Groups {
            joined,
            left,
            current,
        }
    })
}

fn attributes() -> impl Strategy<Value = BTreeMap<String, Option<String>>> {
    let names = select(vec!["email", "phone"]).prop_map(str::to_owned);
    let values = option::of(select(vec!["1", "2"]).prop_map(str::to_owned));
    proptest::collection::btree_map(names, values, 0..2)
}

fn snapshots() -> impl Strategy<Value = Fact> {
    let statuses = option::of(select(vec![Status::Active, Status::Inactive]));
    let ends = prop_oneof![
        Just(ObservedEnd::Unmapped),
        Just(ObservedEnd::Empty),
        moments().prop_map(ObservedEnd::On),
    ];
    let start = option::of(moments());
    (
        employments(),
        statuses,
        start,
        ends,
        attributes(),
        memberships(),
    )
        .prop_map(|(employment, status, start, end, attributes, groups)| {
            Fact::Snapshot(Snapshot {
                employment,
                zone: None,
                status,
                start,
                end,
                attributes,
                groups,
            })
        })
}

fn employing_facts() -> impl Strategy<Value = Fact> {
    let hires = (
        employments(),
        whens(),
        phases(),
        attributes(),
        memberships(),
    )
        .prop_map(|(employment, start, phase, attributes, groups)| {
            Fact::Hired(Hire {
                employment,
                start,
                phase,
                attributes,
                groups,
            })
        });
    let terminations =
        (employments(), option::of(whens()), phases()).prop_map(|(employment, end, phase)| {
            Fact::Terminated(Termination {
                employment,
                end,
                phase,
                reason: None,
            })
        });
    prop_oneof![4 => hires, 3 => terminations, 3 => snapshots()]
}

fn enriching_facts() -> impl Strategy<Value = Fact> {
    let changes = (employments(), option::of(whens()), phases(), memberships()).prop_map(
        |(employment, effective, phase, groups)| {
            Fact::GroupChanged(GroupChange {
                employment,
                effective,
                phase,
                groups,
            })
        },
    );
    let updates =
        (option::of(whens()), phases(), attributes()).prop_map(|(effective, phase, attributes)| {
            Fact::Updated(Update {
                effective,
                phase,
                attributes,
            })
        });
    let access = (option::of(whens()), phases(), any::<bool>()).prop_map(
        |(effective, phase, is_revoked)| {
            let change = AccessChange { effective, phase };
            if is_revoked {
                Fact::AccessRevoked(change)
            } else {
                Fact::AccessRestored(change)
            }
        },
    );
    prop_oneof![changes, updates, access]
}

/// An event of a source whose sequence, where it has one, follows its time.
fn event(source_name: &str, number: i64, delay: i64, id: usize, fact: Fact) -> Event {
    let has_sequence = source_name == "portal";
    let delay = if has_sequence { delay.abs() } else { delay };
    Event {
        id: EventId::try_from(format!("event-{id:02}")).unwrap(),
        source: source(source_name),
        subject: EmployeeId::try_from("e-17").unwrap(),
        time: Some(half_day(number)),
        received_time: Some(half_day(number + delay)),
        sequence: has_sequence.then_some(number),
        fact,
    }
}

/// Events of one person, some late, some with a clock ahead, told in some order.
fn histories(facts: impl Strategy<Value = Fact>) -> impl Strategy<Value = Vec<Event>> {
    let told = (
        select(vec!["hr", "portal", "sso"]),
        0..LAST,
        -2..8_i64,
        facts,
    );
    vec(told, 1..14)
        .prop_map(|told| {
            let numbered = told.into_iter().enumerate();
            numbered
                .map(|(id, (source, number, delay, fact))| event(source, number, delay, id, fact))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn commands() -> impl Strategy<Value = Fact> {
    let kinds = vec![
        CommandKind::Redrive,
        CommandKind::Release,
        CommandKind::Reject,
    ];
    (select(kinds), "[a-c]").prop_map(|(kind, fact_version)| {
        Fact::Command(Command {
            kind,
            provider: Provider::StartExam,
            fact_version,
            operator: "operator".to_owned(),
            reason: "reason".to_owned(),
        })
    })
}

fn states() -> impl Strategy<Value = Fact> {
    prop_oneof![8 => employing_facts(), 5 => enriching_facts()]
}

fn any_facts() -> impl Strategy<Value = Fact> {
    prop_oneof![20 => states(), 1 => Just(Fact::Erased), 1 => commands()]
}

fn folded(events: impl IntoIterator<Item: Borrow<Event>>) -> Person {
    let rules = rules();
    let mut person = Person::default();
    for event in events {
        let event = event.borrow();
        let source = &rules.sources[&event.source];
        fold(&mut person, event, source, instant("2030-01-01"));
    }
    person
}

fn json(person: &Person) -> String {
    serde_json::to_string(person).unwrap()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_order_and_any_repetition_give_the_same_record(
        (told, retold) in histories(any_facts()).prop_flat_map(|told| {
            let retold = Just(told.clone()).prop_shuffle();
            (Just(told), retold)
        }),
        repeated in vec(any::<Index>(), 0..6),
    ) {
        let again = repeated.iter().map(|index| index.get(&told));
        let (one, other) = (folded(&told), folded(again.chain(&retold)));
        prop_assert_eq!(json(&one), json(&other));
        prop_assert!(one == other);
    }

    #[test]
    fn a_fact_told_again_changes_nothing(told in histories(any_facts())) {
        let (rules, mut person) = (rules(), folded(&told));
        for event in &told {
            let source = &rules.sources[&event.source];
            let folded = fold(&mut person, event, source, instant("2030-01-01"));
            prop_assert!(!folded.changed);
        }
    }

    #[test]
    fn a_fact_changes_the_record_exactly_when_it_says_so(told in histories(any_facts())) {
        let (rules, mut person) = (rules(), Person::default());
        for event in &told {
            let mut before = person.clone();
            let source = &rules.sources[&event.source];
            let folded = fold(&mut person, event, source, instant("2030-01-01"));
            before.received = person.received;
            prop_assert_eq!(folded.changed, before != person);
        }
    }

    #[test]
    fn a_record_survives_its_json_unchanged(told in histories(any_facts()), time in 0..LAST * 2) {
        let (rules, person) = (rules(), folded(&told));
        let read: Person = serde_json::from_str(&json(&person)).unwrap();
        prop_assert!(read == person);
        prop_assert_eq!(json(&read), json(&person));
        let time = half_day(time);
        let (one, other) = (standing(&person, &rules, time), standing(&read, &rules, time));
        prop_assert!(one == other);
    }

    #[test]
    fn nothing_changes_before_the_next_change(
        told in histories(any_facts()),
        time in 0..LAST * 2,
        percent in 0..100_i64,
    ) {
        let (rules, person) = (rules(), folded(&told));
        let now = standing(&person, &rules, half_day(time));
        let until = now.next_change.unwrap_or(half_day(LAST * 4));
        let wait = until.as_millisecond() - half_day(time).as_millisecond() - 1;
        let between = half_day(time) + (wait * percent / 99).milliseconds();
        prop_assert!(now == standing(&person, &rules, between));
    }

    #[test]
    fn older_facts_never_make_a_leaver_active(
        older in histories(employing_facts()),
        later in 0..60_i64,
    ) {
        let leaves = || Fact::Terminated(Termination {
            employment: None,
            end: None,
            phase: Phase::Effective,
            reason: None,
        });
        let left_at = [event("hr", LAST, 0, 98, leaves()), event("portal", LAST, 0, 99, leaves())];
        let person = folded(left_at.iter().chain(&older));
        let standing = standing(&person, &rules(), half_day(LAST + later));
        prop_assert!(!standing.is_active());
    }

    #[test]
    fn older_facts_never_make_somebody_erased_known_again(older in histories(states())) {
        let erased = event("hr", LAST + 8, 0, 99, Fact::Erased);
        let alone = folded([&erased]);
        prop_assert_eq!(json(&alone), json(&folded([&erased].into_iter().chain(&older))));
    }
}

// Size.

/// The length of the record after that many nights of the same state.
fn length_after(nights: i64, state: &Snapshot) -> usize {
    let mut employed = history().at("2026-01-01").hired("2026-01-01");
    for night in 0..nights {
        let time = instant("2026-01-02T02:00:00Z") + (night * 24).hours();
        employed = employed
            .at(&time.to_string())
            .with_id(&format!("night-{night:03}"))
            .observed(state.clone());
    }
    json(&employed.person()).len()
}

#[test]
fn a_year_of_nightly_snapshots_does_not_grow_the_record() {
    let profile = Snapshot {
        attributes: [("email".to_owned(), Some("e@x.test".to_owned()))].into(),
        groups: Groups::all([group("Sales"), group("Berlin")]),
        ..Snapshot::default()
    };
    for state in [
        active(),
        inactive(),
        active().since("2026-01-01").open_ended(),
        active().since("2025-06-01").until("2027-12-31"),
    ] {
        let state = Snapshot {
            attributes: profile.attributes.clone(),
            groups: profile.groups.clone(),
            ..state
        };
        assert_eq!(length_after(365, &state), length_after(2, &state));
    }
}

#[test]
fn nightly_snapshots_grow_the_record_only_until_the_announced_first_day() {
    let state = inactive().since("2026-02-01");
    assert_eq!(length_after(365, &state), length_after(32, &state));
}
