//! The history the demo plays, and what must come of it, reckoned without the relay's fold.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

/// The source whose webhooks look like BambooHR's.
pub(super) const BAMBOOHR: &str = "bamboohr";
/// The source whose webhooks are Standard Webhooks with canonical events.
pub(super) const PORTAL: &str = "portal";

/// Both.
pub(super) const SOURCES: [&str; 2] = [BAMBOOHR, PORTAL];

/// A group of the demo's company, with the programs its members are registered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Team {
    pub(super) group: &'static str,
    pub(super) programs: &'static [&'static str],
}

const ONBOARDING: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
const SELLING: &str = "d4d9897c-2c91-4c60-95c7-6842efb542dc";
const SAFETY: &str = "0f2b7a44-5a0e-4f0e-8a51-2f4f7a1b6c3d";

/// The groups: all share one program, so that moving between them never leaves it.
pub(super) const TEAMS: [Team; 3] = [
    Team {
        group: "Sales",
        programs: &[ONBOARDING, SELLING],
    },
    Team {
        group: "Workshop",
        programs: &[ONBOARDING, SAFETY],
    },
    Team {
        group: "Office",
        programs: &[ONBOARDING],
    },
];

/// Every program of the company.
pub(super) const PROGRAMS: [&str; 3] = [ONBOARDING, SELLING, SAFETY];

/// How a person must end up: in a team, or gone.
pub(super) type Expected = Option<Team>;

/// One webhook, not signed yet.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    pub(super) source: &'static str,
    /// The message id, for senders that have one.
    pub(super) id: String,
    pub(super) body: Vec<u8>,
    /// Signed with a key nobody was given.
    pub(super) is_forged: bool,
}

/// Webhooks in the order they are sent, and what must come of them.
#[derive(Debug)]
pub(super) struct History {
    pub(super) webhooks: Vec<Webhook>,
    pub(super) expected: BTreeMap<String, Expected>,
    pub(super) facts: BTreeMap<&'static str, usize>,
    /// Calls that a relay would have made that calls for every webhook, a person a call.
    pub(super) calls_one_by_one: usize,
}

/// Writes the history of `people` people who were hired ten days before `now`.
pub(super) fn write(people: u32, now: Timestamp) -> History {
    let start = now.checked_sub((24 * 10).hours()).unwrap_or(now);
    let mut author = Author {
        day: start.to_zoned(jiff::tz::TimeZone::UTC).date(),
        said_at: start,
        history: History {
            webhooks: Vec::new(),
            expected: BTreeMap::new(),
            facts: BTreeMap::new(),
            calls_one_by_one: 0,
        },
    };
    for n in 1..=people {
        author.life(n);
    }
    // Senders reorder; the relay must not care. Duplicates come last, as retries do.
    let mut dice = fastrand::Rng::with_seed(u64::from(people));
    dice.shuffle(&mut author.history.webhooks);
    author.retry_some();
    author.attack();
    author.history
}

struct Author {
    day: Date,
    said_at: Timestamp,
    history: History,
}

impl Author {
    /// One person's story; which one depends on their number.
    fn life(&mut self, n: u32) {
        let employee = Employee::new(n);
        let [first, second, _] = employee.teams();
        self.hire(employee, first, 0);
        let mut expected = Some(first);
        if n.is_multiple_of(5) {
            self.change_group(employee, first, second, 2);
            expected = Some(second);
        }
        if n.is_multiple_of(4) {
            let team = expected.unwrap_or(first);
            self.terminate(employee, team, 4);
            expected = None;
            if n.is_multiple_of(8) {
                self.hire(employee, second, 7);
                self.count("rehires");
                expected = Some(second);
            } else if n.is_multiple_of(12) {
                // The first day of somebody who has left is told once more, under a new id,
                // long after the termination: it happened before it all the same.
                self.hire(employee, first, 0);
                self.count("hires told after the termination");
            }
        }
        self.history.expected.insert(employee.id(), expected);
    }

    fn hire(&mut self, employee: Employee, team: Team, day: i32) {
        self.count("hires");
        self.history.calls_one_by_one += 1 + team.programs.len();
        let day = self.on(day);
        let said_at = self.said(day);
        let (first_name, last_name, email) = employee.profile();
        let body = match employee.source() {
            BAMBOOHR => employee.bamboohr(
                said_at,
                &json!({
                    "First Name": first_name, "Last Name": last_name, "Email": email,
                    "Department": team.group, "Status": "Active",
                    "Hire Date": day.to_string(), "Termination Date": "",
                }),
            ),
            _ => employee.event(
                "hired",
                said_at,
                &json!({
                    "effective_at": day.to_string(),
                    "attributes": {
                        "first_name": first_name, "last_name": last_name, "email": email,
                    },
                    "groups": { "current": [team.group] },
                }),
            ),
        };
        self.send(employee, &body);
    }

    fn change_group(&mut self, employee: Employee, from: Team, to: Team, day: i32) {
        self.count("group changes");
        self.history.calls_one_by_one += from.programs.len() + to.programs.len();
        let said_at = self.said(self.on(day));
        let body = match employee.source() {
            BAMBOOHR => employee.bamboohr(said_at, &json!({ "Department": to.group })),
            _ => employee.event(
                "group_changed",
                said_at,
                &json!({ "groups": { "joined": [to.group], "left": [from.group] } }),
            ),
        };
        self.send(employee, &body);
    }

    fn terminate(&mut self, employee: Employee, from: Team, day: i32) {
        self.count("terminations");
        self.history.calls_one_by_one += 1 + from.programs.len();
        let last_day = self.on(day);
        let said_at = self.said(last_day);
        let body = match employee.source() {
            BAMBOOHR => employee.bamboohr(
                said_at,
                &json!({ "Status": "Inactive", "Termination Date": last_day.to_string() }),
            ),
            _ => employee.event(
                "terminated",
                said_at,
                &json!({ "effective_at": last_day.to_string(), "reason": "resignation" }),
            ),
        };
        self.send(employee, &body);
    }

    fn send(&mut self, employee: Employee, body: &serde_json::Value) {
        let id = format!("msg_{}", self.history.webhooks.len());
        self.history.webhooks.push(Webhook {
            source: employee.source(),
            id,
            body: body.to_string().into_bytes(),
            is_forged: false,
        });
    }

    /// Sends every tenth webhook again, to the byte.
    fn retry_some(&mut self) {
        let again: Vec<Webhook> = self.history.webhooks.iter().step_by(10).cloned().collect();
        self.history
            .facts
            .insert("duplicates of the above", again.len());
        self.history.calls_one_by_one += again.len();
        self.history.webhooks.extend(again);
    }

    /// One forged signature, and one body that is signed but is no event.
    fn attack(&mut self) {
        if let Some(forged) = self.history.webhooks.first().cloned() {
            self.history.webhooks.push(Webhook {
                is_forged: true,
                ..forged
            });
        }
        self.history.webhooks.push(Webhook {
            source: PORTAL,
            id: "msg_poison".to_owned(),
            body: b"{\"type\": \"hr.employee.hired.v1\", \"data\": ".to_vec(),
            is_forged: false,
        });
    }

    fn count(&mut self, fact: &'static str) {
        *self.history.facts.entry(fact).or_default() += 1;
    }

    fn on(&self, day: i32) -> Date {
        self.day.saturating_add(day.days())
    }

    /// A minute of that day, later with every fact.
    fn said(&mut self, day: Date) -> Timestamp {
        let begins = day
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_or(self.said_at, |zoned| zoned.timestamp());
        let minute = self.history.webhooks.len() % 1000;
        begins
            .checked_add(i64::try_from(minute).unwrap_or_default().minutes())
            .unwrap_or(begins)
    }
}

#[derive(Debug, Clone, Copy)]
struct Employee(u32);

impl Employee {
    const fn new(n: u32) -> Self {
        Self(n)
    }

    fn id(self) -> String {
        format!("{}", 10_000 + self.0)
    }

    /// Half of the company is in each HR system.
    const fn source(self) -> &'static str {
        if (self.0 / 7).is_multiple_of(2) {
            PORTAL
        } else {
            BAMBOOHR
        }
    }

    fn teams(self) -> [Team; 3] {
        let [a, b, c] = TEAMS;
        match self.0 % 3 {
            0 => [a, b, c],
            1 => [b, c, a],
            _ => [c, a, b],
        }
    }

    fn profile(self) -> (String, String, String) {
        const FIRST: [&str; 8] = [
            "Ada", "Bryony", "Chidi", "Dora", "Emre", "Fatma", "Grace", "Zoë",
        ];
        const LAST: [&str; 7] = [
            "Lovelace",
            "Иванова",
            "Okafor",
            "Berg",
            "Yılmaz",
            "Hopper",
            "Nguyễn",
        ];
        let of = |names: &[&str]| {
            let index = usize::try_from(self.0).unwrap_or_default() % names.len().max(1);
            names.get(index).copied().unwrap_or_default().to_owned()
        };
        let email = format!("person.{}@example.com", self.0);
        (of(&FIRST), of(&LAST), email)
    }

    /// A field-based BambooHR webhook about this person.
    fn bamboohr(self, said_at: Timestamp, fields: &serde_json::Value) -> serde_json::Value {
        let changed: Vec<&String> = fields
            .as_object()
            .map(|fields| fields.keys().collect())
            .unwrap_or_default();
        json!({ "employees": [{
            "id": self.id(),
            "action": "Updated",
            "timestamp": said_at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
            "changedFields": changed,
            "fields": fields,
        }] })
    }

    /// A canonical event about this person.
    fn event(self, fact: &str, said_at: Timestamp, data: &serde_json::Value) -> serde_json::Value {
        json!({
            "type": format!("hr.employee.{fact}.v1"),
            "timestamp": said_at.to_string(),
            "subject": self.id(),
            "data": data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_has_everything_that_can_go_wrong() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let history = write(240, now);
        for fact in [
            "hires",
            "group changes",
            "terminations",
            "rehires",
            "hires told after the termination",
            "duplicates of the above",
        ] {
            assert!(history.facts.get(fact).copied() > Some(5), "{fact}");
        }
        assert_eq!(history.expected.len(), 240);
        assert!(history.webhooks.iter().any(|webhook| webhook.is_forged));
        for source in [BAMBOOHR, PORTAL] {
            let of = history.webhooks.iter().filter(|w| w.source == source);
            assert!(of.count() > 100);
        }
        let gone = history.expected.values().filter(|team| team.is_none());
        assert!(gone.count() > 20);
    }
}
