//! One event of each type and the variants worth showing: in the schemas, in the
//! documentation, and in the tests that hold parser and schemas together.

use serde_json::{Value, json};

/// An example: the name of its file without `.json`, and the event.
pub type Example = (&'static str, Value);

fn hr(id: &str, kind: &str, time: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": id,
        "source": "portal",
        "type": kind,
        "subject": "E-1001",
        "time": time,
        "datacontenttype": "application/json",
        "data": data
    })
}

/// Every example, in the order of the types.
pub fn examples() -> Vec<Example> {
    let mut all = starts_and_changes();
    all.extend(ends());
    all.extend(states());
    all.extend(commands());
    all
}

fn starts_and_changes() -> Vec<Example> {
    vec![
        (
            "hired",
            hr(
                "portal-1",
                "hr.employee.hired.v1",
                "2026-02-20T09:15:00Z",
                &json!({
                    "employment_id": "C-2026-118",
                    "effective_at": "2026-03-01",
                    "time_zone": "Europe/Berlin",
                    "phase": "scheduled",
                    "attributes": { "first_name": "Ada", "last_name": "Byron", "email": "ada@example.com" },
                    "groups": { "current": ["Sales", "Berlin"] }
                }),
            ),
        ),
        (
            "hire_cancelled",
            hr(
                "portal-2",
                "hr.employee.hired.v1",
                "2026-02-25T16:00:00Z",
                &json!({ "employment_id": "C-2026-118", "effective_at": "2026-03-01", "phase": "cancelled" }),
            ),
        ),
        (
            "rehired",
            hr(
                "portal-3",
                "hr.employee.rehired.v1",
                "2027-01-04T08:00:00+01:00",
                &json!({ "employment_id": "C-2027-003", "effective_at": "2027-01-04T09:00:00+01:00" }),
            ),
        ),
        (
            "updated",
            hr(
                "portal-4",
                "hr.employee.updated.v1",
                "2026-05-06T07:30:00Z",
                &json!({ "attributes": { "last_name": "Lovelace", "phone": null } }),
            ),
        ),
        (
            "group_changed",
            hr(
                "portal-5",
                "hr.employee.group_changed.v1",
                "2026-06-01T06:00:00Z",
                &json!({ "effective_at": "2026-06-01", "groups": { "joined": ["Support"], "left": ["Sales"] } }),
            ),
        ),
    ]
}

fn ends() -> Vec<Example> {
    vec![
        (
            "terminated",
            hr(
                "portal-6",
                "hr.employee.terminated.v1",
                "2026-09-01T10:00:00Z",
                &json!({
                    "employment_id": "C-2026-118",
                    "effective_at": "2026-09-30",
                    "time_zone": "Europe/Berlin",
                    "phase": "scheduled",
                    "reason": "resignation"
                }),
            ),
        ),
        (
            "terminated_at_once",
            hr(
                "portal-7",
                "hr.employee.terminated.v1",
                "2026-09-12T13:45:00Z",
                &json!({ "reason": "dismissal" }),
            ),
        ),
        (
            "termination_cancelled",
            hr(
                "portal-8",
                "hr.employee.terminated.v1",
                "2026-09-20T09:00:00Z",
                &json!({ "employment_id": "C-2026-118", "phase": "cancelled" }),
            ),
        ),
        (
            "access_revoked",
            hr(
                "portal-9",
                "hr.employee.access_revoked.v1",
                "2026-07-10T11:00:00Z",
                &json!({}),
            ),
        ),
        (
            "access_restored",
            hr(
                "portal-10",
                "hr.employee.access_restored.v1",
                "2026-07-17T11:00:00Z",
                &json!({ "effective_at": "2026-07-20" }),
            ),
        ),
    ]
}

fn states() -> Vec<Example> {
    let mut counted = hr(
        "portal-13",
        "hr.employee.snapshot.v1",
        "2026-10-02T02:00:00Z",
        &json!({ "status": "inactive", "end_date": "2026-09-30" }),
    );
    if let Some(event) = counted.as_object_mut() {
        event.insert("sequence".to_owned(), json!(42));
    }
    vec![
        (
            "erased",
            hr(
                "portal-11",
                "hr.employee.erased.v1",
                "2028-01-02T00:00:00Z",
                &json!({}),
            ),
        ),
        (
            "snapshot",
            hr(
                "portal-12",
                "hr.employee.snapshot.v1",
                "2026-04-01T02:00:00Z",
                &json!({
                    "time_zone": "Europe/Berlin",
                    "status": "active",
                    "start_date": "2026-03-01",
                    "end_date": null,
                    "attributes": { "first_name": "Ada", "email": "ada@example.com" },
                    "groups": { "current": ["Sales"] }
                }),
            ),
        ),
        ("snapshot_with_sequence", counted),
        (
            "imported",
            hr(
                "import-2026-04-01-E-1001",
                "hr.employee.snapshot.v1",
                "2026-04-01T02:00:00Z",
                &json!({
                    "status": "active",
                    "attributes": { "first_name": "Ada", "email": "ada@example.com" },
                    "groups": { "current": ["Sales"] },
                    "import": { "adopt": ["startexam"] }
                }),
            ),
        ),
    ]
}

fn commands() -> Vec<Example> {
    let command = |id: &str, kind: &str, reason: &str| {
        let mut event = hr(
            id,
            kind,
            "2026-09-13T08:00:00Z",
            &json!({
                "provider": "startexam",
                "fact_version": "9c1f0e5ab27d4c31",
                "operator": "jo",
                "reason": reason
            }),
        );
        if let Some(event) = event.as_object_mut() {
            event.insert("source".to_owned(), json!("operator"));
        }
        event
    };
    let mut reconcile = command(
        "op-4",
        "relay.reconcile.v1",
        "accounts were changed by hand",
    );
    if let Some(Value::Object(data)) = reconcile.get_mut("data") {
        data.remove("fact_version");
    }
    vec![
        (
            "redrive",
            command("op-1", "relay.redrive.v1", "the e-mail address was mended"),
        ),
        (
            "release",
            command("op-2", "relay.release.v1", "the reorganisation is real"),
        ),
        (
            "reject",
            command("op-3", "relay.reject.v1", "the export was cut short"),
        ),
        ("reconcile", reconcile),
    ]
}
