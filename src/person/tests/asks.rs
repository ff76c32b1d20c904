//! What a [`History`] is asked: where the person stands, in whatever order it was told.

use std::borrow::Borrow;

use super::*;

impl History {
    fn fold(&self, events: impl IntoIterator<Item: Borrow<Event>>) -> Person {
        let mut person = Person::default();
        for event in events {
            let event = event.borrow();
            let unknown = SourceRules::default();
            let rules = self.rules.sources.get(&event.source).unwrap_or(&unknown);
            fold(&mut person, event, rules, instant("2030-01-01"));
        }
        person
    }

    #[track_caller]
    pub(super) fn person(&self) -> Person {
        let person = self.fold(&self.events);
        let backwards_and_twice = self.events.iter().rev().chain(&self.events);
        assert!(
            person == self.fold(backwards_and_twice),
            "order or repetition changed the record"
        );
        person
    }

    #[track_caller]
    pub(super) fn stands_at(&self, time: &str) -> Standing {
        standing(&self.person(), &self.rules, instant(time))
    }

    #[track_caller]
    fn expect(self, time: &str, presence: Presence) -> Self {
        assert_eq!(self.stands_at(time).presence, presence, "at {time}");
        self
    }

    #[track_caller]
    pub(super) fn active_at(self, time: &str) -> Self {
        self.expect(time, Presence::Active)
    }

    #[track_caller]
    pub(super) fn gone_at(self, time: &str) -> Self {
        self.expect(time, Presence::Gone)
    }

    #[track_caller]
    pub(super) fn ahead_at(self, time: &str) -> Self {
        self.expect(time, Presence::Ahead)
    }

    #[track_caller]
    pub(super) fn unheard_at(self, time: &str) -> Self {
        self.expect(time, Presence::Unheard)
    }

    #[track_caller]
    pub(super) fn disputed_at(self, time: &str) -> Self {
        assert!(self.stands_at(time).disputed, "not disputed at {time}");
        self
    }

    #[track_caller]
    pub(super) fn undisputed_at(self, time: &str) -> Self {
        assert!(!self.stands_at(time).disputed, "disputed at {time}");
        self
    }

    /// When the end was that somebody gone then had.
    #[track_caller]
    pub(super) fn ended_at(self, time: &str, end: Option<&str>) -> Self {
        let end = end.map(instant);
        assert_eq!(self.stands_at(time).ended_at, end, "at {time}");
        self
    }

    #[track_caller]
    pub(super) fn has_groups_at<const N: usize>(self, time: &str, groups: [&str; N]) -> Self {
        let expected = groups.map(group).into();
        assert_eq!(self.stands_at(time).groups, expected, "at {time}");
        self
    }

    #[track_caller]
    pub(super) fn has_at(self, time: &str, name: &str, value: Option<&str>) -> Self {
        let standing = self.stands_at(time);
        let held = standing.attributes.get(name).map(String::as_str);
        assert_eq!(held, value, "{name} at {time}");
        self
    }

    #[track_caller]
    pub(super) fn changes_next(self, after: &str, next: Option<&str>) -> Self {
        let next = next.map(instant);
        assert_eq!(self.stands_at(after).next_change, next, "after {after}");
        self
    }
}
