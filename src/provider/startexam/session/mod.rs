//! Sessions: tests that people are registered for directly, in a center and for a window.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire::{EmployeeId, Field, RegisterEmployees};
use crate::provider::{Failure, Operation};
use crate::settings::Complaint;

/// The most tests one request may name (page "Register Employees").
const MOST_TESTS: usize = 10;
/// The longest window in days: ten years, beyond which a window is a mistake.
const MOST_DAYS: u32 = 3660;

/// One session: `[providers.startexam.sessions.<name>]`. Assignments name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionSettings {
    /// The unique name of the center, from its page in the app.
    pub center: String,
    /// GUIDs of the tests, from 1 to 10.
    pub tests: Vec<String>,
    /// When the links begin to work, in UTC: a date (its first second), or an instant like
    /// `2026-03-31T08:00:00Z`. Together with `valid_till`, instead of `valid_days`.
    pub valid_from: Option<String>,
    /// When the links end to work, in UTC: a date (its last second), or an instant.
    pub valid_till: Option<String>,
    /// Instead of fixed dates: from the day of the fact, in UTC, for so many whole days from
    /// it, or from the day of the call if that is later. A request carries one window, that
    /// of whoever in it began first and ends last.
    pub valid_days: Option<u32>,
    /// Whether the tests are proctored; only for accounts with proctoring.
    pub proctoring: bool,
    /// Parameters of the proctoring, by name.
    pub proctoring_parameters: BTreeMap<String, String>,
    /// Whether StartExam makes no second registration for the same employee, center and test.
    /// Without it a registration whose answer was lost is not repeated but given up.
    pub do_not_create_if_exist: bool,
    /// Whether the links are published where `publish_links` is on; such a session has one
    /// test, and each of its requests one employee.
    pub links: bool,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            center: String::new(),
            tests: Vec::new(),
            valid_from: None,
            valid_till: None,
            valid_days: None,
            proctoring: false,
            proctoring_parameters: BTreeMap::new(),
            do_not_create_if_exist: true,
            links: true,
        }
    }
}

impl SessionSettings {
    /// Everything that is wrong with it; `prefix` is `providers.startexam.sessions.<name>`.
    pub(super) fn complaints(&self, prefix: &str, publishes: bool) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut complain = |key: &str, value: &dyn std::fmt::Display, reason: &str| {
            complaints.push(Complaint::new(format!("{prefix}.{key}"), value, reason));
        };
        if self.center.trim().is_empty() {
            complain("center", &"\"\"", "required: the unique name of the center");
        }
        if !(1..=MOST_TESTS).contains(&self.tests.len()) {
            let reason = "must name from 1 to 10 tests by their GUIDs";
            complain("tests", &format!("{:?}", self.tests), reason);
        } else if publishes && self.links && self.tests.len() != 1 {
            let reason = "must name one test where links are published: with several, StartExam \
                          does not say whose link is whose; or set links = false";
            complain("tests", &format!("{:?}", self.tests), reason);
        }
        let mut seen = BTreeSet::new();
        for test in &self.tests {
            match Uuid::try_parse(test) {
                Ok(guid) if seen.insert(guid) => {}
                Ok(_) => complain("tests", test, "is named twice"),
                Err(_) => complain("tests", test, "must be a GUID"),
            }
        }
        if !self.proctoring && !self.proctoring_parameters.is_empty() {
            let names: Vec<_> = self.proctoring_parameters.keys().cloned().collect();
            let reason = "needs proctoring = true";
            complain("proctoring_parameters", &names.join(", "), reason);
        }
        if let Err((key, value, reason)) = self.window() {
            complain(key, &value, reason);
        }
        complaints
    }

    /// The window as it is configured.
    ///
    /// # Errors
    /// Key, value and reason of what is wrong with it.
    fn window(&self) -> Result<Window, (&'static str, String, &'static str)> {
        const EITHER: &str = "set valid_from and valid_till, or valid_days instead";
        const FORM: &str = "expected a date (2026-03-31) or an instant (2026-03-31T08:00:00Z)";
        match (&self.valid_from, &self.valid_till, self.valid_days) {
            (None, None, Some(days)) if (1..=MOST_DAYS).contains(&days) => Ok(Window::Days(days)),
            (None, None, Some(days)) => {
                Err(("valid_days", days.to_string(), "must be from 1 to 3660"))
            }
            (Some(from), Some(till), None) => {
                let first = moment(from, Time::midnight());
                let last = moment(till, LAST_SECOND);
                let first = first.ok_or_else(|| ("valid_from", from.clone(), FORM))?;
                let last = last.ok_or_else(|| ("valid_till", till.clone(), FORM))?;
                if first < last {
                    Ok(Window::Fixed(first, last))
                } else {
                    Err(("valid_till", till.clone(), "must be after valid_from"))
                }
            }
            (None, None, None) => Err(("valid_days", "(not set)".to_owned(), EITHER)),
            (from, till, days) => {
                let shown = [
                    from.clone(),
                    till.clone(),
                    days.map(|days| days.to_string()),
                ];
                let shown: Vec<_> = shown.into_iter().flatten().collect();
                Err(("valid_from", shown.join(", "), EITHER))
            }
        }
    }
}

/// When links work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Window {
    Fixed(Timestamp, Timestamp),
    Days(u32),
}

const LAST_SECOND: Time = Time::constant(23, 59, 59, 0);

/// A date at this time of day in UTC, or an instant.
fn moment(raw: &str, time: Time) -> Option<Timestamp> {
    if let Ok(instant) = raw.parse() {
        return Some(instant);
    }
    at(raw.parse().ok()?, time)
}

fn at(date: Date, time: Time) -> Option<Timestamp> {
    let zoned = date.to_datetime(time).to_zoned(TimeZone::UTC);
    zoned.ok().map(|zoned| zoned.timestamp())
}

/// A session that people can be registered for.
#[derive(Debug, Clone)]
pub(super) struct Session {
    settings: SessionSettings,
    window: Window,
    /// Whether its links are to be built.
    pub(super) has_links: bool,
}

impl Session {
    /// None if the settings have a complaint about its window.
    pub(super) fn from_settings(settings: &SessionSettings, publishes: bool) -> Option<Self> {
        Some(Self {
            window: settings.window().ok()?,
            has_links: publishes && settings.links,
            settings: settings.clone(),
        })
    }

    /// How many tests somebody is registered for.
    pub(super) fn tests(&self) -> usize {
        self.settings.tests.len()
    }

    pub(super) fn center(&self) -> &str {
        &self.settings.center
    }

    /// Why this operation must not be sent: StartExam would register somebody twice whose
    /// first registration may be there.
    pub(super) fn forbids(&self, operation: &Operation) -> Option<Failure> {
        let is_repeat = matches!(
            operation,
            Operation::Join {
                is_repeat: true,
                ..
            }
        );
        let is_twice = is_repeat && !self.settings.do_not_create_if_exist;
        is_twice.then_some(Failure::Invalid {
            field: "doNotCreateIfExist",
            reason: "is off, and an earlier registration may be in force: it is not repeated",
        })
    }

    /// The request for these people; `heard` are the moments of the facts behind it.
    pub(super) fn query(
        &self,
        people: impl Iterator<Item = String>,
        heard: impl Iterator<Item = Timestamp> + Clone,
        now: Timestamp,
    ) -> RegisterEmployees {
        let (from, till) = self.bounds(heard, now);
        let settings = &self.settings;
        let parameters = settings.proctoring_parameters.iter();
        let parameters = parameters.map(|(name, value)| Field {
            name: name.clone(),
            value: value.clone(),
        });
        RegisterEmployees {
            center: settings.center.clone(),
            valid_from: written(from),
            valid_till: written(till),
            proctoring: settings.proctoring,
            proctoring_activation_parameters: (!settings.proctoring_parameters.is_empty())
                .then(|| parameters.collect()),
            do_not_create_if_exist: settings.do_not_create_if_exist,
            tests: settings.tests.clone(),
            employees: people.map(|id| EmployeeId { id }).collect(),
        }
    }

    fn bounds(
        &self,
        heard: impl Iterator<Item = Timestamp> + Clone,
        now: Timestamp,
    ) -> (Timestamp, Timestamp) {
        let days = match self.window {
            Window::Fixed(from, till) => return (from, till),
            Window::Days(days) => days,
        };
        let day = |instant: Timestamp| instant.to_zoned(TimeZone::UTC).date();
        let first = day(heard.clone().min().unwrap_or(now).min(now));
        let last = day(heard.max().unwrap_or(now).max(now));
        let last = last.saturating_add(Span::new().days(days));
        (
            at(first, Time::midnight()).unwrap_or(now),
            at(last, LAST_SECOND).unwrap_or(now),
        )
    }
}

/// As the page writes it: UTC, to the second.
fn written(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
