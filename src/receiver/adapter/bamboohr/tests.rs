//! What each shape of body comes to.

use serde_json::json;

use super::*;
use crate::receiver::settings::SourceSettings;
use crate::receiver::source::Kind;

const WHOLE: &str = "
    status_field = 'Status'
    hire_date_field = 'Hire Date'
    termination_date_field = 'Termination Date'
    attributes = { first_name = 'First Name', email = 'Work Email' }
    group_fields = { Department = '', Location = 'Location:' }
";

fn mapped_as(settings: &str, content_type: &str, body: &str) -> Mapped {
    let text = format!("kind = 'bamboohr'\nsecrets = ['test_bamboo_private_key']\n{settings}");
    let settings: SourceSettings = toml::from_str(&text).unwrap();
    let source = Source::from_settings("bamboohr", &settings).unwrap();
    let Kind::BambooHr { mapping, .. } = &source.kind else {
        panic!("BambooHR");
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
    let sent_at = "2026-02-01T00:00:00Z".parse().unwrap();
    map(&source, mapping, &headers, body.as_bytes(), sent_at)
}

fn mapped(settings: &str, body: &Value) -> Mapped {
    mapped_as(settings, "application/json", &body.to_string())
}

fn updated(fields: &Value) -> Value {
    json!({ "employees": [{
        "id": "101", "action": "Updated", "timestamp": "2026-01-31T18:42:00+0000",
        "changedFields": [], "fields": fields
    }]})
}

/// The snapshot that one updated item becomes, and the code of what went wrong.
fn observed(settings: &str, fields: &Value) -> (Option<Snapshot>, Option<&'static str>) {
    let mapped = mapped(settings, &updated(fields));
    let snapshot = mapped.events.into_iter().next().map(|event| {
        assert_eq!(event.time, "2026-01-31T18:42:00Z".parse().ok());
        let Fact::Snapshot(snapshot) = event.fact else {
            panic!("a snapshot");
        };
        snapshot
    });
    (
        snapshot,
        mapped.unmappable.map(|unmappable| unmappable.code),
    )
}

#[test]
fn an_updated_item_is_a_snapshot_of_what_is_mapped() {
    let (snapshot, trouble) = observed(
        WHOLE,
        &json!({
            "status": {"value": "Active"}, "hireDate": "2026-03-01",
            "Termination Date": "0000-00-00", "First name": "Bryony", "workEmail": "",
            "Department": "Sales", "Location": "Berlin", "SSN": "078-05-1120"
        }),
    );
    assert_eq!(trouble, None);
    let groups = ["Sales", "Location:Berlin"].map(|group| group.try_into().unwrap());
    assert_eq!(
        snapshot,
        Some(Snapshot {
            status: Some(Status::Active),
            start: Some("2026-03-01".parse().unwrap()),
            end: ObservedEnd::Empty,
            attributes: [
                ("first_name".to_owned(), Some("Bryony".to_owned())),
                ("email".to_owned(), None),
            ]
            .into(),
            groups: Groups::all(groups),
            ..Snapshot::default()
        })
    );
}

#[test]
fn hire_and_termination_dates_come_from_their_own_fields() {
    let fields = json!({"Hire Date": "2020-01-01", "Termination Date": "2026-03-31"});
    let (snapshot, _) = observed(WHOLE, &fields);
    let snapshot = snapshot.unwrap();
    assert_eq!(snapshot.start, "2020-01-01".parse().ok());
    assert_eq!(snapshot.end, ObservedEnd::On("2026-03-31".parse().unwrap()));
}

#[test]
fn a_part_that_cannot_be_mapped_holds_back_no_other_part() {
    for (fields, code) in [
        (
            json!({"Status": "Inactive", "Department": "Sales"}),
            "groups_incomplete",
        ),
        (
            json!({"Status": "Inactive", "Hire Date": "01/03/2026"}),
            "bad_date",
        ),
        (
            json!({"Status": "Inactive", "Hire Date": "2026-03-01T00:00:00Z"}),
            "bad_date",
        ),
    ] {
        let (snapshot, trouble) = observed(WHOLE, &fields);
        assert_eq!(snapshot.unwrap().status, Some(Status::Inactive), "{fields}");
        assert_eq!(trouble, Some(code));
    }
    let (snapshot, trouble) = observed(WHOLE, &json!({"Status": "Leave", "First Name": "B"}));
    assert_eq!(snapshot.unwrap().status, None);
    assert_eq!(trouble, Some("unknown_status"));
}

#[test]
fn an_item_without_a_mapped_field_is_not_passed_over() {
    assert_eq!(observed(WHOLE, &json!({})), (None, Some("needs_read")));
    let fields = json!({"Shoe Size": "42"});
    assert_eq!(observed(WHOLE, &fields), (None, Some("no_mapped_field")));
}

#[test]
fn items_that_cannot_be_mapped_hold_back_no_others() {
    let at = "2026-01-31T18:42:00+0000";
    let body = json!({"employees": [
        {"id": "1", "action": "Deleted", "timestamp": at},
        {"id": "2", "action": "Updated", "timestamp": "2026-01-31 18:42", "fields": {"First Name": "x"}},
        {"id": "", "action": "Deleted", "timestamp": at},
        {"id": "4", "action": "Promoted", "timestamp": at},
        "five",
        {"id": 6, "action": "Updated", "timestamp": at, "fields": {"First Name": "x"}},
    ]});
    let mapped = mapped(WHOLE, &body);
    let subjects: Vec<&str> = mapped.events.iter().map(|e| e.subject.as_str()).collect();
    assert_eq!(subjects, ["1", "6"]);
    let unmappable = mapped.unmappable.unwrap();
    assert_eq!(unmappable.code, "several");
    for said in [
        "item 2 has no `timestamp`",
        "item 3 has no employee id",
        "item 4 has an `action`",
        "item 5 has no",
    ] {
        assert!(unmappable.reason.contains(said), "{}", unmappable.reason);
    }
}

#[test]
fn an_employee_id_over_250_characters_is_said_by_item() {
    let mut body = updated(&json!({"First Name": "x"}));
    body["employees"][0]["id"] = json!("x".repeat(251));
    let unmappable = mapped(WHOLE, &body).unmappable.unwrap();
    assert_eq!(unmappable.code, "no_employee_id");
    assert!(
        unmappable
            .reason
            .starts_with("item 1 has no employee id of 1 to 250")
    );
}

#[test]
fn a_created_item_is_a_hire_unless_its_first_day_is_still_to_come() {
    let created = |fields: Value| {
        json!({"employees": [{
            "id": "101", "action": "Created", "timestamp": "2026-01-01T00:00:05+0000",
            "changedFields": [], "fields": fields
        }]})
    };
    let Fact::Hired(hire) = &mapped("", &created(json!({}))).events[0].fact else {
        panic!("a hire");
    };
    assert_eq!(
        hire.start,
        When::instant("2026-01-01T00:00:05Z".parse().unwrap())
    );
    assert_eq!(mapped(WHOLE, &created(json!({}))), Mapped::default());
    let Fact::Snapshot(observed) =
        &mapped(WHOLE, &created(json!({"Hire Date": "", "First Name": "T"}))).events[0].fact
    else {
        panic!("what was observed");
    };
    assert_eq!(observed.start, None);
    assert_eq!(observed.attributes["first_name"].as_deref(), Some("T"));
    let bad = mapped(WHOLE, &created(json!({"Hire Date": "1 March"})));
    assert_eq!(bad.unmappable.unwrap().code, "bad_date");
    let with_day = created(json!({"Hire Date": "2026-03-01"}));
    let Fact::Hired(hire) = &mapped(WHOLE, &with_day).events[0].fact else {
        panic!("a hire");
    };
    assert_eq!(hire.start, When::day("2026-03-01".parse().unwrap()));
}

#[test]
fn a_created_item_that_says_more_than_a_hire_is_observed() {
    for (field, value, end, code) in [
        ("Status", "Inactive", ObservedEnd::Unmapped, None),
        (
            "Status",
            "On the moon",
            ObservedEnd::Unmapped,
            Some("unknown_status"),
        ),
        (
            "Termination Date",
            "2026-03-31",
            ObservedEnd::On("2026-03-31".parse().unwrap()),
            None,
        ),
        (
            "Termination Date",
            "soon",
            ObservedEnd::Unmapped,
            Some("bad_date"),
        ),
    ] {
        let body = json!({"employees": [{
            "id": "101", "action": "Created", "timestamp": "2026-01-01T00:00:05+0000",
            "fields": {"Hire Date": "2020-01-01", (field): value}
        }]});
        let mapped = mapped(WHOLE, &body);
        let Fact::Snapshot(observed) = &mapped.events[0].fact else {
            panic!("{value}: what was observed");
        };
        assert_eq!(observed.start, "2020-01-01".parse().ok());
        assert_eq!(observed.end, end);
        assert_eq!(
            observed.status == Some(Status::Inactive),
            value == "Inactive"
        );
        assert_eq!(mapped.unmappable.map(|unmappable| unmappable.code), code);
    }
}

#[test]
fn a_deletion_is_a_termination_in_every_shape() {
    let json = json!({"type": "employee.deleted", "timestamp": "2026-01-31T18:42:00+0000", "data": {"companyId": "1", "employeeId": "67890"}});
    let form = "type=employee.deleted&data%5BcompanyId%5D=1&data%5BemployeeId%5D=67890";
    let batch = json!({"employees": [{"id": "67890", "action": "Deleted", "timestamp": "2026-01-31T18:42:00+0000"}]});
    for (mapped, time) in [
        (mapped("", &json), "2026-01-31T18:42:00Z"),
        (
            mapped_as("", "application/x-www-form-urlencoded", form),
            "2026-02-01T00:00:00Z",
        ),
        (mapped("", &batch), "2026-01-31T18:42:00Z"),
    ] {
        assert_eq!(mapped.unmappable, None);
        assert_eq!(mapped.events[0].subject.as_str(), "67890");
        assert_eq!(mapped.events[0].time, time.parse().ok());
        assert_eq!(mapped.events[0].fact, deleted());
    }
}

#[test]
fn a_thin_notice_of_a_person_needs_a_read_and_others_are_no_facts() {
    for (kind, code) in [
        ("employee.created", Some("needs_read")),
        ("employee.updated", Some("needs_read")),
        ("company.updated", None),
        ("company-integrations.updated", None),
    ] {
        let body = json!({"type": kind, "data": {"companyId": "1", "employeeId": "2"}});
        let mapped = mapped("", &body);
        assert_eq!(mapped.events, []);
        assert_eq!(mapped.unmappable.map(|unmappable| unmappable.code), code);
    }
}

#[test]
fn what_is_no_webhook_of_this_sender_says_why() {
    for (content_type, body, code) in [
        ("application/json", "<xml/>", "not_json"),
        (
            "application/json",
            r#"{"type":"a","type":"b"}"#,
            "duplicate_member",
        ),
        ("application/json", "[]", "unknown_shape"),
        (
            "application/x-www-form-urlencoded; charset=utf-8",
            "type=a&type=b",
            "not_form",
        ),
    ] {
        let mapped = mapped_as("", content_type, body);
        assert_eq!(mapped.unmappable.unwrap().code, code);
    }
}

#[test]
fn a_fact_is_named_by_its_own_bytes_and_not_by_its_place() {
    let item =
        |id: &str| json!({"id": id, "action": "Deleted", "timestamp": "2026-01-31T18:42:00+0000"});
    let one = mapped("", &json!({"employees": [item("1"), item("2")]}));
    let two = mapped("", &json!({"employees": [item("2")]}));
    assert_eq!(one.events[1].id, two.events[0].id);
    assert_ne!(one.events[0].id, one.events[1].id);
    assert_eq!(one.events[0].id.as_str().len(), 64);
}

#[test]
fn the_employee_id_can_come_from_a_field_and_gets_the_prefix() {
    let settings = "employee_id_field = 'Employee #'\nsubject_prefix = 'acme/'";
    let mapped = mapped(
        settings,
        &updated(&json!({"Employee #": {"value": "300"}, "First Name": "T"})),
    );
    assert_eq!(mapped.events[0].subject.as_str(), "acme/300");
}
