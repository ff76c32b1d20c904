//! Every call, and every switch of the contract.

use hris_relay::provider::Existence::{Absent, Perhaps, Present};
use hris_relay::provider::examtesting::{
    ExamTestingSettings, ParamLocation, UpdateKey, UpdatePassword,
};
use hris_relay::simulator::examtesting::{
    GroupSemantics, ParamsFrom, ResponseShape, SimulatorSettings,
};

use super::{activate, ada, apply, client, lock, outcome, password, settings, start, student};

const SHAPES: [ResponseShape; 5] = [
    ResponseShape::Text,
    ResponseShape::KeyValue,
    ResponseShape::Json,
    ResponseShape::Xml,
    ResponseShape::Html,
];

#[tokio::test]
async fn a_person_is_hired_renamed_moved_locked_and_rehired_by_one_call_each() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let hire = activate(&ada("Class A"), Absent);
    apply(&client, "e-17", [hire]).await;
    let hired = student(&running, "e-17");
    assert_eq!(hired.stus_id.as_deref(), Some("e-17"));
    assert_eq!(
        (hired.is_enabled, hired.data["email"].as_str()),
        (true, "ada@example.com")
    );
    assert_eq!(hired.groups, ["Class A".to_owned()].into());
    assert_eq!(hired.password.expose(), password("e-17"));

    let mut renamed = ada("Class B");
    renamed.0[1].1 = "Augusta Ada".to_owned();
    apply(&client, "e-17", [activate(&renamed, Present)]).await;
    let moved = student(&running, "e-17");
    assert_eq!(moved.groups, ["Class B".to_owned()].into());
    assert_eq!(moved.data["firstname"], "Augusta Ada");

    apply(&client, "e-17", [lock(&renamed, Present)]).await;
    assert!(!student(&running, "e-17").is_enabled);
    apply(&client, "e-17", [activate(&renamed, Present)]).await;
    let back = student(&running, "e-17");
    assert_eq!(
        (back.is_enabled, back.id, back.password_changes),
        (true, hired.id, 0)
    );
    assert_eq!(running.simulator().counters().requests, 4);
}

#[tokio::test]
async fn changes_and_locks_are_safe_to_repeat() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let known = ada("Class A");
    apply(&client, "e-1", [activate(&known, Absent)]).await;
    for operation in [activate(&known, Present), lock(&known, Present)] {
        apply(&client, "e-1", [operation.clone(), operation]).await;
    }
    let tally = running.simulator().tally();
    assert_eq!((tally.added, tally.updated, tally.errors), (1, 4, 0));
}

#[tokio::test]
async fn every_form_of_answer_is_understood() {
    for response_shape in SHAPES {
        let running = start(SimulatorSettings {
            response_shape,
            ..SimulatorSettings::default()
        });
        let client = client(&settings(running.addr()));
        let known = ada("Class A");
        let mut words = Vec::new();
        for (id, operation) in [
            ("e-1", activate(&known, Absent)),
            ("e-1", activate(&known, Absent)),
            ("e-1", activate(&known, Present)),
            ("e-1", activate(&ada("Class Z"), Present)),
            ("e-2", lock(&known, Absent)),
            ("e-1", lock(&known, Present)),
        ] {
            words.push(outcome(&client, id, operation).await);
        }
        let expected = [
            "applied",
            "account_exists",
            "applied",
            "target_unknown",
            "not_found",
            "applied",
        ];
        assert_eq!(words, expected, "{response_shape:?}");
    }
}

#[tokio::test]
async fn parameters_arrive_wherever_both_sides_agree() {
    for (param_location, params_from, agree) in [
        (ParamLocation::Form, ParamsFrom::Form, true),
        (ParamLocation::Form, ParamsFrom::Both, true),
        (ParamLocation::Form, ParamsFrom::Query, false),
        (ParamLocation::Query, ParamsFrom::Query, true),
        (ParamLocation::Query, ParamsFrom::Both, true),
        (ParamLocation::Query, ParamsFrom::Form, false),
    ] {
        let running = start(SimulatorSettings {
            params_from,
            ..SimulatorSettings::default()
        });
        let client = client(&ExamTestingSettings {
            param_location,
            ..settings(running.addr())
        });
        let word = outcome(&client, "e-1", activate(&ada("Class A"), Absent)).await;
        let expected = if agree {
            "applied"
        } else {
            "operation_refused"
        };
        assert_eq!(word, expected, "{param_location:?} {params_from:?}");
    }
}

#[tokio::test]
async fn people_are_found_by_the_key_that_both_sides_use() {
    let known = ada("Class A");
    for (update_key, send_stusid_on_add, simulated, works) in [
        (UpdateKey::StudentId, true, UpdateKey::StudentId, true),
        (UpdateKey::UserName, true, UpdateKey::UserName, true),
        (UpdateKey::UserName, false, UpdateKey::UserName, true),
        (UpdateKey::StudentId, true, UpdateKey::UserName, true),
        (UpdateKey::UserName, true, UpdateKey::StudentId, false),
    ] {
        let running = start(SimulatorSettings {
            update_key: simulated,
            ..SimulatorSettings::default()
        });
        let client = client(&ExamTestingSettings {
            update_key,
            send_stusid_on_add,
            stusid_template: "S-{id}".to_owned(),
            username_template: "acme.{id}".to_owned(),
            ..settings(running.addr())
        });
        apply(&client, "e-1", [activate(&known, Absent)]).await;
        let stored = student(&running, "acme.e-1");
        let given = send_stusid_on_add.then_some("S-e-1");
        assert_eq!(stored.stus_id.as_deref(), given);
        assert_eq!(stored.password.expose(), password("acme.e-1"));
        let word = outcome(&client, "e-1", lock(&known, Present)).await;
        let expected = if works {
            "applied"
        } else {
            "operation_refused"
        };
        assert_eq!(word, expected, "{update_key:?} {simulated:?}");
        assert_eq!(student(&running, "acme.e-1").is_enabled, !works);
    }
}

#[tokio::test]
async fn a_new_user_name_keeps_the_account_that_its_student_id_finds() {
    let running = start(SimulatorSettings::default());
    let client = client(&ExamTestingSettings {
        username_template: "{login}".to_owned(),
        ..settings(running.addr())
    });
    let named = |login: &str| {
        let mut known = ada("Class A");
        known.0.push(("{login}".to_owned(), login.to_owned()));
        known
    };
    apply(&client, "e-1", [activate(&named("ada"), Absent)]).await;
    apply(&client, "e-1", [activate(&named("countess"), Present)]).await;
    let account = running.simulator().account();
    assert_eq!(account.students.keys().collect::<Vec<_>>(), ["countess"]);
    // The password is the new name's.
    let stored = student(&running, "countess");
    assert_eq!(stored.password.expose(), password("countess"));
}

#[tokio::test]
async fn updates_carry_the_same_password_or_none() {
    let known = ada("Class A");
    for (update_sends_password, update_requires_password, word) in [
        (UpdatePassword::Same, true, "applied"),
        (UpdatePassword::Same, false, "applied"),
        (UpdatePassword::Omit, false, "applied"),
        (UpdatePassword::Omit, true, "operation_refused"),
    ] {
        let running = start(SimulatorSettings {
            update_requires_password,
            ..SimulatorSettings::default()
        });
        let client = client(&ExamTestingSettings {
            update_sends_password,
            ..settings(running.addr())
        });
        apply(&client, "e-1", [activate(&known, Absent)]).await;
        for operation in [activate(&known, Present), lock(&known, Present)] {
            assert_eq!(outcome(&client, "e-1", operation).await, word);
        }
        assert_eq!(student(&running, "e-1").password_changes, 0);
    }
}

#[tokio::test]
async fn a_platform_that_only_adds_groups_keeps_the_old_one() {
    for (group_semantics, groups) in [(GroupSemantics::Replace, 1), (GroupSemantics::Add, 2)] {
        let running = start(SimulatorSettings {
            group_semantics,
            ..SimulatorSettings::default()
        });
        let client = client(&settings(running.addr()));
        apply(&client, "e-1", [activate(&ada("Class A"), Absent)]).await;
        apply(&client, "e-1", [activate(&ada("Class B"), Present)]).await;
        assert_eq!(student(&running, "e-1").groups.len(), groups);
    }
}

#[tokio::test]
async fn an_add_whose_answer_was_lost_is_recognised_and_brought_up_to_date() {
    let running = start(SimulatorSettings {
        lost_reply_after_commit: true,
        ..SimulatorSettings::default()
    });
    let client = client(&settings(running.addr()));
    let word = outcome(&client, "e-1", activate(&ada("Class A"), Absent)).await;
    assert_eq!(word, "provider_unanswered");
    assert_eq!(
        student(&running, "e-1").groups,
        ["Class A".to_owned()].into()
    );
    running.simulator().script(Vec::new());
    let mut words = Vec::new();
    for account in [Perhaps, Present] {
        words.push(outcome(&client, "e-1", activate(&ada("Class B"), account)).await);
    }
    assert_eq!(words, ["account_exists", "applied"]);
    assert_eq!(
        student(&running, "e-1").groups,
        ["Class B".to_owned()].into()
    );
}

#[tokio::test]
async fn nobody_stays_in_because_their_group_is_gone() {
    for (update_requires_group, word, is_enabled) in
        [(false, "applied", false), (true, "operation_refused", true)]
    {
        let running = start(SimulatorSettings {
            update_requires_group,
            ..SimulatorSettings::default()
        });
        let client = client(&settings(running.addr()));
        let known = ada("Class A");
        apply(&client, "e-1", [activate(&known, Absent)]).await;
        running.simulator().put_group("Class A", false);
        assert_eq!(outcome(&client, "e-1", lock(&known, Present)).await, word);
        assert_eq!(student(&running, "e-1").is_enabled, is_enabled);
        assert_eq!(running.simulator().counters().requests, 3);
    }
}
