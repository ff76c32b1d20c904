//! Dates become instants when they are asked for: whose zone, which midnight.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::rules::{Rules, SourceRules};
use crate::event::{Moment, TerminationDay, When};
use crate::mutation::{Mutation, is_on};

/// Reads one source's dates: the fact's zone, else the source's, else the relay's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar<'a> {
    rules: &'a Rules,
    source: &'a SourceRules,
}

impl<'a> Calendar<'a> {
    pub(crate) const fn new(rules: &'a Rules, source: &'a SourceRules) -> Self {
        Self { rules, source }
    }

    fn zone(&self, when: &When) -> TimeZone {
        when.zone
            .as_ref()
            .or(self.source.zone.as_ref())
            .unwrap_or(&self.rules.zone)
            .rules()
    }

    /// When something dated so begins: a day at its local midnight.
    pub(crate) fn begin(&self, when: &When) -> Timestamp {
        match when.moment {
            Moment::Instant(instant) => instant,
            Moment::Day(day) => midnight(day, self.zone(when)),
        }
    }

    /// When an employment dated so ends: a last day just before the next local midnight.
    pub(crate) fn end(&self, when: &When) -> Timestamp {
        let first_day_out = match (when.moment, self.source.termination_day) {
            (Moment::Instant(instant), _) => return instant,
            (Moment::Day(day), TerminationDay::FirstDayOut) => day,
            (Moment::Day(day), _) if is_on(Mutation::LastDayNotWorked) => day,
            (Moment::Day(day), TerminationDay::LastDay) => day.tomorrow().unwrap_or(Date::MAX),
        };
        just_before(midnight(first_day_out, self.zone(when)))
    }
}

/// The first instant of a day; where a zone skips midnight, the first one it has.
fn midnight(day: Date, zone: TimeZone) -> Timestamp {
    day.to_zoned(zone).map_or(
        if day < Date::constant(0, 1, 1) {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        },
        |zoned| zoned.timestamp(),
    )
}

fn just_before(instant: Timestamp) -> Timestamp {
    instant.checked_sub(1.nanosecond()).unwrap_or(instant)
}

/// The first reading of the clock, in whole milliseconds, that is not before an instant.
pub(crate) fn first_reading(instant: Timestamp) -> Timestamp {
    let floor = crate::clock::whole_milliseconds(instant);
    if floor < instant {
        floor.checked_add(1.millisecond()).unwrap_or(instant)
    } else {
        floor
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::event::Zone;

    fn calendar_end(day: &str, zone: &str, termination_day: TerminationDay) -> String {
        let rules = Rules::default();
        let source = SourceRules {
            zone: Some(Zone::from_str(zone).unwrap()),
            termination_day,
            ..SourceRules::default()
        };
        let when = When::day(day.parse().unwrap());
        Calendar::new(&rules, &source).end(&when).to_string()
    }

    #[test]
    fn a_last_day_ends_just_before_the_next_local_midnight() {
        for (zone, end) in [
            ("Pacific/Honolulu", "2026-04-01T09:59:59.999999999Z"),
            ("Europe/Berlin", "2026-03-31T21:59:59.999999999Z"),
            ("Pacific/Auckland", "2026-03-31T10:59:59.999999999Z"),
        ] {
            assert_eq!(
                calendar_end("2026-03-31", zone, TerminationDay::LastDay),
                end
            );
        }
    }

    #[test]
    fn a_first_day_out_ends_just_before_its_own_midnight() {
        let end = calendar_end("2026-04-01", "Europe/Berlin", TerminationDay::FirstDayOut);
        assert_eq!(end, "2026-03-31T21:59:59.999999999Z");
    }

    #[test]
    fn a_last_day_on_which_the_clocks_change_is_23_or_25_hours_long() {
        for (day, end) in [
            ("2026-03-29", "2026-03-29T21:59:59.999999999Z"),
            ("2026-10-25", "2026-10-25T22:59:59.999999999Z"),
        ] {
            assert_eq!(
                calendar_end(day, "Europe/Berlin", TerminationDay::LastDay),
                end
            );
        }
    }

    #[test]
    fn no_reading_of_the_clock_falls_between_an_end_and_the_next_midnight() {
        let end: Timestamp = "2026-03-31T21:59:59.999999999Z".parse().unwrap();
        assert_eq!(first_reading(end).to_string(), "2026-03-31T22:00:00Z");
        let whole: Timestamp = "2026-03-31T22:00:00Z".parse().unwrap();
        assert_eq!(first_reading(whole), whole);
    }
}
