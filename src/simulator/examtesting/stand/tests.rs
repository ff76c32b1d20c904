//! What the simulated account answers to requests as they come.

use super::super::settings::GroupSemantics;
use super::*;
use crate::provider::examtesting::UpdateKey;
use crate::provider::examtesting::wire::{FORM, encoded};

/// A sound add; tests change single parameters of it.
const SOUND: [(&str, &str); 11] = [
    ("Institutionid", "4711"),
    ("Apikey", "simulated-api-key"),
    ("ApiPass", "simulated-api-pass"),
    ("stusID", "e-1"),
    ("groupName", "Class A"),
    ("Status", "True"),
    ("firstname", "Ada"),
    ("email", "ada@example.com"),
    ("username", "ada"),
    ("password", "secret-1"),
    ("zip", ""),
];

fn stand(rules: SimulatorSettings) -> ExamTestingStand {
    ExamTestingStand::new(rules).unwrap()
}

/// The answer to a sound request with some parameters otherwise; an empty one is left out.
fn ask(stand: &mut ExamTestingStand, action: &str, otherwise: &[(&str, &str)]) -> String {
    let changed = |name: &str| otherwise.iter().find(|(other, _)| *other == name);
    let sound = SOUND.iter().filter(|(name, _)| changed(name).is_none());
    let all = sound
        .chain(otherwise)
        .filter(|(_, value)| !value.is_empty());
    let body = encoded(all.copied());
    let query = format!("action={action}");
    let request = Request {
        method: "POST",
        path: PATH,
        query: &query,
        headers: &[("content-type", FORM)],
        body: body.as_bytes(),
    };
    let answer = stand.answer(&request, usize::MAX, Timestamp::UNIX_EPOCH);
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).unwrap()
}

fn code(code: u16) -> String {
    let message = Refusal::message(code);
    format!("Status:ERROR,Reason:ERROR {code},error:{message}")
}

fn missing(name: &str) -> String {
    format!("Status:ERROR,Reason:Validation error,error:{name} is required")
}

#[test]
fn an_add_makes_a_student_and_an_update_changes_what_it_names() {
    let mut stand = stand(SimulatorSettings::default());
    assert_eq!(ask(&mut stand, "add", &[]), "Status:SUCCESS,StudentId:1001");
    let student = &stand.state().students["ada"];
    assert_eq!(student.stus_id.as_deref(), Some("e-1"));
    assert_eq!(student.groups, ["Class A".to_owned()].into());
    assert!(student.is_enabled);
    assert_eq!(student.data["firstname"], "Ada");

    let changes = [
        ("groupName", "Class B"),
        ("Status", "False"),
        ("firstname", ""),
        ("city", "Ulm"),
    ];
    assert_eq!(
        ask(&mut stand, "update", &changes),
        "Status:SUCCESS,StudentId:1001"
    );
    let student = &stand.state().students["ada"];
    assert_eq!(student.groups, ["Class B".to_owned()].into());
    assert!(!student.is_enabled);
    assert_eq!(
        (
            student.data["firstname"].as_str(),
            student.data["city"].as_str()
        ),
        ("Ada", "Ulm")
    );
    assert_eq!(student.password_changes, 0);
    ask(
        &mut stand,
        "update",
        &[("password", "secret-2"), ("city", "")],
    );
    let student = &stand.state().students["ada"];
    assert_eq!((student.password_changes, student.groups.len()), (1, 1));
    let Tally {
        added,
        updated,
        errors,
    } = stand.tally();
    assert_eq!((added, updated, errors), (1, 2, 0));
}

#[test]
fn every_rule_of_the_page_has_its_code() {
    let mut stand = stand(SimulatorSettings {
        student_cap: Some(2),
        ..SimulatorSettings::default()
    });
    ask(&mut stand, "add", &[]);
    let other: [(&str, &str); 2] = [("username", "eve"), ("stusID", "e-2")];
    for (action, otherwise, expected) in [
        ("remove", vec![], code(1001)),
        ("add", vec![("Institutionid", "1")], code(1002)),
        ("add", vec![("Apikey", "x")], code(1003)),
        ("add", vec![("ApiPass", "x")], code(1003)),
        ("update", vec![("stusID", "e-9")], code(1004)),
        ("update", vec![("stusID", "")], code(1004)),
        ("add", vec![("username", "eve")], code(1004)),
        ("add", vec![("groupName", "class a")], code(1005)),
        ("update", vec![("groupName", "Class C")], code(1005)),
        ("add", vec![("Status", "true")], code(1006)),
        ("update", vec![("Status", "1")], code(1006)),
        ("add", vec![], code(1007)),
        ("add", vec![("groupName", "")], missing("groupName")),
        ("update", vec![("groupName", "")], missing("groupName")),
        ("add", vec![("email", "")], missing("email")),
        ("add", vec![("username", "")], missing("username")),
        ("add", vec![("password", "")], missing("password")),
        ("update", vec![("email", "")], missing("email")),
    ] {
        assert_eq!(
            ask(&mut stand, action, &otherwise),
            expected,
            "{otherwise:?}"
        );
    }
    assert_eq!(
        ask(&mut stand, "add", &other),
        "Status:SUCCESS,StudentId:1002"
    );
    let taken = [("username", "eve")];
    assert_eq!(ask(&mut stand, "update", &taken), code(1007));
    assert_eq!(
        ask(&mut stand, "add", &[("username", "bob"), ("stusID", "e-3")]),
        code(1008)
    );
    assert_eq!(
        ask(&mut stand, "update", &[]),
        "Status:SUCCESS,StudentId:1001"
    );
}

#[test]
fn an_update_finds_somebody_by_either_id_or_by_name() {
    let mut by_id = stand(SimulatorSettings::default());
    ask(&mut by_id, "add", &[]);
    for id in ["e-1", "1001"] {
        let renamed = [("stusID", id), ("username", "ada.l")];
        assert_eq!(
            ask(&mut by_id, "update", &renamed),
            "Status:SUCCESS,StudentId:1001"
        );
    }
    assert_eq!(by_id.state().students.len(), 1);
    let mut by_name = stand(SimulatorSettings {
        update_key: UpdateKey::UserName,
        ..SimulatorSettings::default()
    });
    ask(&mut by_name, "add", &[("stusID", "")]);
    assert_eq!(
        ask(&mut by_name, "update", &[("stusID", "")]),
        "Status:SUCCESS,StudentId:1001"
    );
    assert_eq!(
        ask(&mut by_name, "update", &[("username", "eve")]),
        code(1004)
    );
}

#[test]
fn switches_decide_what_the_page_leaves_open() {
    let mut strict = stand(SimulatorSettings {
        update_requires_password: true,
        update_requires_group: false,
        group_semantics: GroupSemantics::Add,
        ..SimulatorSettings::default()
    });
    ask(&mut strict, "add", &[]);
    assert_eq!(
        ask(&mut strict, "update", &[("password", "")]),
        missing("password")
    );
    ask(&mut strict, "update", &[("groupName", "Class B")]);
    ask(&mut strict, "update", &[("groupName", "")]);
    assert_eq!(strict.state().students["ada"].groups.len(), 2);
    assert!(
        strict
            .put("groups", br#"{"name":"Class A","exists":false}"#)
            .unwrap()
            .is_ok()
    );
    assert_eq!(ask(&mut strict, "update", &[]), code(1005));
    assert!(
        strict
            .put("groups", br#"{"name":"Class A"}"#)
            .unwrap()
            .is_ok()
    );
    assert!(
        strict
            .put("groups", br#"{"named":"Class A"}"#)
            .unwrap()
            .is_err()
    );
    assert!(strict.put("programs", b"{}").is_none());
    strict.reset();
    assert_eq!(
        (strict.state().students.len(), strict.state().groups.len()),
        (0, 2)
    );
}

#[test]
fn a_subject_has_the_person_and_the_group_and_no_secret() {
    let stand = stand(SimulatorSettings::default());
    let subject = |query: &str, body: &str| {
        let request = Request {
            method: "POST",
            path: PATH,
            query,
            headers: &[("content-type", FORM)],
            body: body.as_bytes(),
        };
        stand.subject(&request)
    };
    let form = subject("action=add", &encoded(SOUND));
    assert_eq!(form.path, "/ManageCandidate.aspx?action=add");
    assert_eq!(
        (form.people.as_slice(), form.targets.as_slice()),
        (
            ["e-1".to_owned()].as_slice(),
            ["Class A".to_owned()].as_slice()
        )
    );
    let query = subject(&format!("action=update&{}", encoded(SOUND)), "");
    assert_eq!(query.path, "/ManageCandidate.aspx?action=update");
    assert_eq!(
        (&query.people, &query.targets),
        (&form.people, &form.targets)
    );
    assert_eq!(subject("", "username=ada").people, ["ada"]);
    assert_eq!(
        subject("", "<html>"),
        Subject {
            path: PATH.to_owned(),
            ..Subject::default()
        }
    );
}
