//! Every call, against the simulator.

use hris_relay::provider::cirrus::CirrusSettings;
use hris_relay::provider::{Call, Operation, Target};
use hris_relay::simulator::cirrus::{PutPath, UserSettings};

use super::{
    activate, call, client, end, ends, join, leave, listed, lock, make, make_with, methods,
    profile, settings, start,
};

#[tokio::test]
async fn a_person_is_hired_changed_locked_removed_and_let_in_again() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    assert_eq!(end(&client, "e-1", make()).await, "applied");
    let elsewhere = Operation::join(Target("schedule:ScEXT2".to_owned()));
    assert_eq!(end(&client, "e-1", elsewhere).await, "applied");
    assert_eq!(end(&client, "e-1", activate()).await, "applied");
    assert_eq!(end(&client, "e-1", lock()).await, "applied");
    assert!(running.simulator().account().users["e-1"].login_disabled);
    assert_eq!(end(&client, "e-1", leave()).await, "applied");
    assert!(listed(&running).is_empty());
    assert_eq!(end(&client, "e-1", activate()).await, "applied");
    assert_eq!(end(&client, "e-1", join()).await, "applied");
    assert_eq!(listed(&running), ["e-1"]);
    let account = running.simulator().account();
    assert!(!account.users["e-1"].login_disabled);
    assert_eq!(account.users["e-1"].fields["Email"], "john.doe@gmail.com");
    assert_eq!(
        methods(&running),
        ["POST", "PUT", "PATCH", "PATCH", "DELETE", "PATCH", "PUT"],
        "one request each"
    );
}

#[tokio::test]
async fn every_operation_is_safe_to_repeat() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    for operation in [make(), join(), activate(), lock(), leave()] {
        for _ in 0..2 {
            assert_eq!(end(&client, "e-1", operation.clone()).await, "applied");
        }
    }
    let tally = running.simulator().tally();
    assert_eq!((tally.users_made, tally.candidates_removed), (1, 1));
}

#[tokio::test]
async fn people_share_a_request_by_what_they_need() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    let made = call(["a", "b", "c"].map(|id| (id, make())));
    assert_eq!(ends(&client, &made).await, ["applied"; 3]);
    let mixed = call([
        ("a", leave()),
        ("d", make()),
        ("b", join()),
        ("c", leave()),
        ("x", leave()),
        ("y", join()),
    ]);
    assert_eq!(
        ends(&client, &mixed).await,
        [
            "applied",
            "applied",
            "applied",
            "applied",
            "not_found",
            "not_found"
        ]
    );
    assert_eq!(listed(&running), ["b", "d"]);
    assert_eq!(methods(&running), ["POST", "DELETE", "PUT", "POST"]);
}

#[tokio::test]
async fn whoever_cirrus_does_not_know_is_told_apart() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    // Alone, Cirrus says that nobody was found.
    for operation in [lock(), activate(), join(), leave()] {
        assert_eq!(end(&client, "x", operation).await, "not_found");
    }
    running.simulator().put_user(&UserSettings {
        id: "e-1".to_owned(),
        ..UserSettings::default()
    });
    let both = |operation: Operation| call([("e-1", operation.clone()), ("x", operation)]);
    assert_eq!(ends(&client, &both(join())).await, ["applied", "not_found"]);
    assert_eq!(
        ends(&client, &both(leave())).await,
        ["applied", "not_found"]
    );
    // There, but not on the schedule.
    assert_eq!(
        ends(&client, &both(leave())).await,
        ["applied", "not_found"]
    );
}

#[tokio::test]
async fn an_id_cirrus_cannot_have_is_nobodys_there() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    let id = "jane@example.com";
    assert_eq!(end(&client, id, lock()).await, "not_found");
    assert_eq!(end(&client, id, leave()).await, "not_found");
    for operation in [make(), join(), activate()] {
        assert_eq!(end(&client, id, operation).await, "profile_invalid");
    }
    assert_eq!(running.simulator().counters().requests, 0);
}

#[tokio::test]
async fn somebody_whose_data_cirrus_cannot_take_holds_nobody_back() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    let nameless = make_with(&profile(&[("FirstName", "Ada")]), false);
    let batch = call([("a", make()), ("b", nameless), ("c", make())]);
    assert_eq!(
        ends(&client, &batch).await,
        ["applied", "profile_invalid", "applied"]
    );
    assert_eq!(listed(&running), ["a", "c"]);
}

#[tokio::test]
async fn every_field_is_taken_in_the_form_it_is_sent_in() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    let full = profile(&[
        ("UserName", "jdoe"),
        ("FirstName", "John"),
        ("LastName", "Doe"),
        ("Email", "john.doe@gmail.com"),
        ("SpecialNeeds", "true"),
        ("ReasonableAdjustmentPercentage", "20"),
        ("Photo", "p"),
        ("Company", "c"),
        ("City", "c"),
        ("State", "s"),
        ("CountryCode", "NL"),
        ("PostalCode", "1"),
        ("AddressLine1", "a"),
        ("AddressLine2", "b"),
        ("PhoneNumber", "1"),
        ("RegistrationNumber", "r"),
        ("VoucherId", "v"),
        ("CompId", "c"),
        ("ProctorUIds", "1235, 234"),
    ]);
    assert_eq!(
        end(&client, "e-1", make_with(&full, false)).await,
        "applied"
    );
    let stored = running.simulator().account().users["e-1"].fields.clone();
    assert_eq!(stored.len(), full.0.len());
    assert_eq!(stored["ProctorUIds"], serde_json::json!(["1235", "234"]));
    let changed = Operation::activate(full);
    assert_eq!(end(&client, "e-1", changed).await, "applied");
    assert_eq!(
        running.simulator().account().users["e-1"].fields["SpecialNeeds"],
        true,
        "a user's is a boolean"
    );
}

#[tokio::test]
async fn known_users_are_added_by_whichever_path_there_is() {
    for (put_path, requests) in [(PutPath::External, 1), (PutPath::Documented, 2)] {
        let running = start(|rules| rules.put_path = put_path);
        let client = client(&settings(running.addr()));
        for id in ["a", "b"] {
            running.simulator().put_user(&UserSettings {
                id: id.to_owned(),
                ..UserSettings::default()
            });
        }
        assert_eq!(end(&client, "a", join()).await, "applied");
        assert_eq!(running.simulator().counters().requests, requests);
        assert_eq!(end(&client, "b", join()).await, "applied");
        // What was found out once is remembered.
        assert_eq!(running.simulator().counters().requests, requests + 1);
    }
}

#[tokio::test]
async fn fifty_people_take_one_request_and_more_must_be_cut() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    let ids: Vec<_> = (0..51).map(|n| format!("e-{n}")).collect();
    let batch = |many: usize| call(ids[..many].iter().map(|id| (id, make())));
    assert_eq!(ends(&client, &batch(50)).await, ["applied"; 50]);
    assert_eq!(running.simulator().counters().requests, 1);
    assert_eq!(ends(&client, &batch(51)).await, ["call_too_large"; 51]);
    let users = call([("a", lock()), ("b", lock())]);
    assert_eq!(ends(&client, &users).await, ["call_too_large"; 2]);
    assert_eq!(running.simulator().counters().requests, 1);
}

#[tokio::test]
async fn an_empty_call_asks_nothing() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    assert!(ends(&client, &Call { people: Vec::new() }).await.is_empty());
    assert_eq!(running.simulator().counters().requests, 0);
}

#[tokio::test]
async fn requests_of_one_call_keep_the_pace() {
    let running = start(|_| ());
    let client = client(&CirrusSettings {
        max_rps: 10.0,
        ..settings(running.addr())
    });
    let mixed = call([("a", leave()), ("b", make())]);
    ends(&client, &mixed).await;
    let entries = running.simulator().journal(None);
    let apart = entries[1].started.duration_since(entries[0].started);
    assert!(90 <= apart.as_millis(), "{apart:?}");
}
