//! Every way a call can fail, on the wire.

use std::net::TcpListener;

use hris_relay::provider::{Answer, Blame, Platform};
use hris_relay::simulator::cirrus::{ErrorShape, Running, ScheduleSettings};
use serde_json::{Value, json};

use super::scripted::Scripted;
use super::{
    activate, call, client, end, ends, impatient, join, leave, listed, lock, make, methods, script,
    settings, start,
};

/// The failure of `operation` while `action` acts.
async fn failure(running: &Running, action: Value) -> &'static str {
    script(running, json!([{ "action": action }]));
    end(&impatient(running.addr()), "e-1", make()).await
}

#[tokio::test]
async fn statuses_become_failures_that_say_who_must_act() {
    let running = start(|_| ());
    for (status, code) in [
        (302, "credentials_rejected"),
        (400, "operation_refused"),
        (401, "credentials_rejected"),
        (403, "credentials_rejected"),
        (404, "credentials_rejected"),
        (408, "provider_throttled"),
        (413, "call_too_large"),
        (429, "provider_throttled"),
        (500, "provider_faulted"),
        (502, "provider_faulted"),
        (503, "provider_faulted"),
        (504, "provider_faulted"),
    ] {
        let action = json!({ "do": "status", "status": status });
        assert_eq!(failure(&running, action).await, code, "{status}");
    }
    assert!(listed(&running).is_empty());
}

#[tokio::test]
async fn a_wait_is_honoured() {
    let running = start(|_| ());
    for status in [429, 503] {
        let action = json!({ "do": "status", "status": status, "retry_after": "7" });
        script(&running, json!([{ "action": action }]));
        let answer = client(&settings(running.addr()))
            .perform(&call([("e-1", lock())]))
            .await;
        let Answer::Failed(failure) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(failure.retry_after().unwrap().as_secs(), 7);
    }
}

#[tokio::test]
async fn a_call_that_was_not_answered_may_have_been_done() {
    let running = start(|_| ());
    for (action, code, is_done) in [
        (json!({ "do": "drop_before" }), "provider_unanswered", false),
        (
            json!({ "do": "drop_after_commit" }),
            "provider_unanswered",
            true,
        ),
        (
            json!({ "do": "slow", "lasting": "5s" }),
            "provider_unanswered",
            true,
        ),
        (json!({ "do": "garbage_body" }), "provider_garbled", true),
    ] {
        running.simulator().reset();
        assert_eq!(failure(&running, action.clone()).await, code, "{action}");
        assert_eq!(!listed(&running).is_empty(), is_done, "{action}");
    }
}

#[tokio::test]
async fn a_platform_that_is_not_there_was_surely_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let client = impatient(addr);
    for operation in [make(), join(), leave(), lock(), activate()] {
        assert_eq!(end(&client, "e-1", operation).await, "provider_unreachable");
    }
}

#[tokio::test]
async fn an_unknown_schedule_closes_the_schedule_whatever_is_asked_of_it() {
    for shape in [
        ErrorShape::String,
        ErrorShape::Array,
        ErrorShape::Objects,
        ErrorShape::Message,
    ] {
        let running = start(|rules| {
            rules.error_shape = shape;
            rules.schedules.clear();
        });
        let client = client(&settings(running.addr()));
        for operation in [make(), join(), leave()] {
            assert_eq!(end(&client, "e-1", operation).await, "target_unknown");
        }
    }
}

#[tokio::test]
async fn nobody_leaves_an_activated_schedule_but_everybody_can_be_locked() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    let both = |operation| call([("a", operation), ("b", make())]);
    ends(&client, &both(make())).await;
    running.simulator().put_schedule(&ScheduleSettings {
        id: "ScEXT1".to_owned(),
        is_activated: true,
    });
    assert_eq!(end(&client, "a", lock()).await, "applied");
    // Adding is another matter: nothing says that it is refused.
    assert_eq!(
        ends(&client, &both(leave())).await,
        ["target_started", "applied"]
    );
    assert!(running.simulator().account().users["a"].login_disabled);
}

#[tokio::test]
async fn a_tenant_without_a_scheduler_is_ours_to_set_up() {
    let running = start(|rules| rules.scheduler_unset = true);
    let client = client(&settings(running.addr()));
    for operation in [make(), join(), leave()] {
        assert_eq!(end(&client, "e-1", operation).await, "credentials_rejected");
    }
}

#[tokio::test]
async fn somebody_in_the_trash_can_be_neither_found_nor_added() {
    let running = start(|rules| rules.user_in_trash = vec!["t".to_owned()]);
    let client = client(&settings(running.addr()));
    assert_eq!(end(&client, "t", lock()).await, "not_found");
    assert_eq!(end(&client, "t", activate()).await, "not_found");
    assert_eq!(end(&client, "t", join()).await, "not_found");
    assert_eq!(end(&client, "t", make()).await, "operation_refused");
    // In a batch nobody is taken, until the one to blame stands alone.
    let batch = call(["a", "t"].map(|id| (id, make())));
    assert_eq!(ends(&client, &batch).await, ["operation_refused"; 2]);
    assert_eq!(end(&client, "a", make()).await, "applied");
}

#[tokio::test]
async fn a_fault_of_one_request_spares_the_next_but_not_what_came_before() {
    let running = start(|_| ());
    let client = client(&settings(running.addr()));
    end(&client, "a", make()).await;
    let busy = json!({ "do": "status", "status": 429 });
    script(
        &running,
        json!([{ "match": { "method": "PUT" }, "action": busy }]),
    );
    let mixed = call([("a", leave()), ("b", join()), ("c", make())]);
    assert_eq!(
        ends(&client, &mixed).await,
        ["applied", "provider_throttled", "provider_throttled"]
    );
    assert_eq!(methods(&running), ["POST", "DELETE", "PUT"]);
}

#[tokio::test]
async fn a_call_that_failed_whole_says_so_even_if_somebody_was_not_sent() {
    let scripted = Scripted::answering(&[(503, "")]).await;
    let client = client(&settings(scripted.addr));
    let batch = call([("a", make()), ("not an id", make())]);
    let answer = client.perform(&batch).await;
    let Answer::Failed(failure) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(failure.blame(), Blame::Provider);
}

#[tokio::test]
async fn codes_of_refusals_are_read_in_every_shape() {
    for shape in [
        ErrorShape::String,
        ErrorShape::Array,
        ErrorShape::Objects,
        ErrorShape::Message,
    ] {
        let running = start(|rules| rules.error_shape = shape);
        let client = client(&settings(running.addr()));
        assert_eq!(end(&client, "x", lock()).await, "not_found", "{shape:?}");
    }
}
