//! What HR says in the scenario, and what must come of it, reckoned by hand.

use std::collections::{BTreeMap, BTreeSet};

use hris_relay::provider::startexam::wire::Status;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::platform::{ALL, SAFETY, SELLING};

/// HR as it speaks: webhooks in the order in which things were said there.
struct Hr {
    now: Timestamp,
    webhooks: Vec<(&'static str, Value)>,
}

impl Hr {
    /// The day some days from today.
    fn day(&self, days: i64) -> String {
        let then = self.now + (days * 24).hours();
        then.strftime("%Y-%m-%d").to_string()
    }

    /// Says something of somebody in the portal, `ago` days ago.
    fn portal(&mut self, who: &str, fact: &str, ago: i64, data: &Value) {
        let event = json!({
            "type": format!("hr.employee.{fact}.v1"),
            "timestamp": self.now - (ago * 24).hours(),
            "subject": who,
            "data": data,
        });
        self.webhooks.push(("portal", event));
    }

    fn hired(&mut self, who: &str, day: i64, group: &str) {
        let data = json!({
            "effective_at": self.day(day),
            "attributes": { "first_name": who.to_uppercase() },
            "groups": { "current": [group] },
        });
        self.portal(who, "hired", 1.max(-day), &data);
    }

    fn left(&mut self, who: &str, day: i64) {
        let data = json!({ "effective_at": self.day(day) });
        self.portal(who, "terminated", 1.max(-day), &data);
    }

    /// Posts the fields of somebody in BambooHR, `ago` days ago.
    fn bamboohr(&mut self, who: &str, ago: i64, fields: &Value) {
        let at = self.now - (ago * 24).hours();
        let item = json!({
            "id": who,
            "action": "Updated",
            "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string(),
            "changedFields": fields.as_object().unwrap().keys().collect::<Vec<_>>(),
            "fields": fields,
        });
        self.webhooks
            .push(("bamboohr", json!({ "employees": [item] })));
    }

    fn employed(&mut self, who: &str, day: i64, department: &str) {
        let fields = json!({
            "First Name": who.to_uppercase(), "Department": department, "Status": "Active",
            "Hire Date": self.day(day), "Termination Date": "",
        });
        self.bamboohr(who, -day, &fields);
    }

    fn unemployed(&mut self, who: &str, day: i64) {
        let fields = json!({ "Status": "Inactive", "Termination Date": self.day(day) });
        self.bamboohr(who, -day, &fields);
    }
}

/// What HR says.
pub(super) fn history(now: Timestamp) -> Vec<(&'static str, Value)> {
    let mut hr = Hr {
        now,
        webhooks: Vec::new(),
    };
    for who in [
        "stays",
        "moves",
        "leaves",
        "rescinds",
        "returns",
        "leaves-soon",
    ] {
        hr.hired(who, -30, "Sales");
    }
    let moved = json!({ "groups": { "joined": ["Workshop"], "left": ["Sales"] } });
    hr.portal("moves", "group_changed", 20, &moved);
    hr.left("leaves", -2);
    hr.left("rescinds", -3);
    hr.portal(
        "rescinds",
        "terminated",
        2,
        &json!({ "phase": "cancelled" }),
    );
    hr.left("returns", -10);
    hr.hired("returns", -3, "Workshop");
    hr.left("leaves-soon", 7);
    hr.hired("comes-soon", 7, "Sales");
    hr.hired("cooks", -30, "Kitchen");
    for (employment, group) in [("first", "Sales"), ("second", "Workshop")] {
        let data = json!({
            "employment_id": employment,
            "effective_at": hr.day(-30),
            "attributes": { "first_name": "OVERLAPS" },
            "groups": { "current": [group] },
        });
        hr.portal("overlaps", "hired", 30, &data);
    }
    let first_ends = json!({ "employment_id": "first", "effective_at": hr.day(-2) });
    hr.portal("overlaps", "terminated", 2, &first_ends);
    for who in ["b-stays", "b-moves", "b-leaves", "b-returns"] {
        hr.employed(who, -30, "Sales");
    }
    hr.bamboohr("b-moves", 20, &json!({ "Department": "Workshop" }));
    hr.unemployed("b-leaves", -2);
    hr.unemployed("b-returns", -10);
    hr.employed("b-returns", -3, "Workshop");
    hr.webhooks
}

/// Everybody at the platform: whether they are active, and their programs.
pub(super) type People = BTreeMap<String, (Status, BTreeSet<Uuid>)>;

/// What must come of it. Who is still to come, or is in no mapped group, is not created.
pub(super) fn expected() -> People {
    let sales = [ALL, SELLING];
    let workshop = [ALL, SAFETY];
    let active = [
        ("stays", sales),
        ("moves", workshop),
        ("rescinds", sales),
        ("returns", workshop),
        ("leaves-soon", sales),
        ("overlaps", workshop),
        ("b-stays", sales),
        ("b-moves", workshop),
        ("b-returns", workshop),
    ];
    let programs = |of: [&str; 2]| of.map(|id| id.parse().unwrap()).into();
    let active = active.map(|(who, of)| (who.to_owned(), (Status::Active, programs(of))));
    let out = ["leaves", "b-leaves"].map(|who| (who.to_owned(), (Status::Hidden, BTreeSet::new())));
    active.into_iter().chain(out).collect()
}
