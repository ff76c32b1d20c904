//! Adding people until it is known of each what became of them.

use hris_relay::provider::cirrus::CirrusSettings;
use hris_relay::provider::{Answer, Done, Link, Platform};
use hris_relay::simulator::cirrus::Readd;
use serde_json::json;

use super::scripted::Scripted;
use super::{
    BASE, call, client, end, ends, impatient, join, leave, listed, make, make_again, methods,
    script, settings, start,
};

#[tokio::test]
async fn adding_again_is_in_force_whatever_cirrus_does_then() {
    for readd in [
        Readd::OkSameLink,
        Readd::OkNewLink,
        Readd::ErrorAlreadyExists,
    ] {
        let running = start(|rules| rules.readd = readd);
        let client = client(&settings(running.addr()));
        for _ in 0..2 {
            assert_eq!(end(&client, "a", make()).await, "applied", "{readd:?}");
        }
        let batch = call(["a", "b"].map(|id| (id, make())));
        assert_eq!(ends(&client, &batch).await, ["applied"; 2], "{readd:?}");
        assert_eq!(listed(&running), ["a", "b"], "{readd:?}");
    }
}

#[tokio::test]
async fn somebody_who_is_there_already_keeps_nobody_else_out() {
    let running = start(|rules| rules.readd = Readd::ErrorAlreadyExists);
    let client = client(&settings(running.addr()));
    end(&client, "b", make()).await;
    let batch = call(["a", "b", "c"].map(|id| (id, make())));
    assert_eq!(ends(&client, &batch).await, ["applied"; 3]);
    assert_eq!(listed(&running), ["a", "b", "c"]);
    assert_eq!(methods(&running)[1..], ["POST", "GET", "POST"]);
}

#[tokio::test]
async fn an_addition_without_an_answer_is_read_back_before_it_is_repeated() {
    for (action, requests) in [
        // It was done: the repetition finds it.
        (json!({ "do": "drop_after_commit" }), vec!["POST", "GET"]),
        (json!({ "do": "garbage_body" }), vec!["POST", "GET"]),
        // It was not done: the repetition does it.
        (json!({ "do": "drop_before" }), vec!["POST", "GET", "POST"]),
        (
            json!({ "do": "status", "status": 500 }),
            vec!["POST", "GET", "POST"],
        ),
    ] {
        // Adding again without a look would be refused.
        let running = start(|rules| rules.readd = Readd::ErrorAlreadyExists);
        let client = impatient(running.addr());
        script(&running, json!([{ "action": action }]));
        let first = end(&client, "a", make()).await;
        assert!(first.starts_with("provider_"), "{first}");
        assert_eq!(end(&client, "a", make_again()).await, "applied");
        assert_eq!(listed(&running), ["a"]);
        assert_eq!(methods(&running), requests, "{action}");
    }
}

#[tokio::test]
async fn a_batch_done_in_part_is_completed() {
    let running = start(|rules| rules.readd = Readd::ErrorAlreadyExists);
    let client = client(&settings(running.addr()));
    let partial = json!({ "do": "partial", "people": 2, "status": 500 });
    script(&running, json!([{ "action": partial }]));
    let ids = ["a", "b", "c"];
    let batch = call(ids.map(|id| (id, make())));
    assert_eq!(ends(&client, &batch).await, ["provider_faulted"; 3]);
    let again = call(ids.map(|id| (id, make_again())));
    assert_eq!(ends(&client, &again).await, ["applied"; 3]);
    let tally = running.simulator().tally();
    assert_eq!(
        (tally.candidates_added, tally.candidates_added_again),
        (3, 0)
    );
}

#[tokio::test]
async fn whoever_is_left_out_of_an_answer_is_looked_for_on_the_schedule() {
    let running = start(|rules| rules.partial_success = true);
    let client = client(&settings(running.addr()));
    let batch = call(["a", "b", "c"].map(|id| (id, make())));
    // A refusal of one in a batch: tried alone next, and given up only then.
    assert_eq!(
        ends(&client, &batch).await,
        ["applied", "operation_refused", "applied"]
    );
    assert_eq!(methods(&running), ["POST", "GET"]);
    assert_eq!(end(&client, "b", make()).await, "applied");

    // Left out of the answer, but there.
    let listed = r#"{"Content":{"ExternalId":"ScEXT1","Candidates":[{"ExternalId":"e-1"}]},"Success":true,"Errors":null}"#;
    let empty = r#"{"Result":"ok","Schedule":{},"Candidates":[]}"#;
    for (read, expected) in [
        ((200, listed), ["applied", "operation_refused"]),
        // If the schedule cannot be read, it is open.
        ((500, ""), ["provider_faulted"; 2]),
        ((429, ""), ["provider_unanswered"; 2]),
        ((200, "<html>"), ["provider_garbled"; 2]),
    ] {
        let scripted = Scripted::answering(&[(200, empty), read]).await;
        let client = super::client(&settings(scripted.addr));
        let batch = call(["e-1", "e-2"].map(|id| (id, make())));
        assert_eq!(ends(&client, &batch).await, expected);
        let asked = scripted.asked();
        assert_eq!(asked[1], format!("GET {BASE}/external/schedule/ScEXT1"));
    }
}

#[tokio::test]
async fn lists_that_leave_somebody_out_are_checked_against_the_schedule() {
    let lists = r#"{"Content":{"DeletedCandidateExternalIds":["a"],"AddedCandidateExternalIds":["a"]},"Success":true,"Errors":null}"#;
    let listed = r#"{"Content":{"ExternalId":"ScEXT1","Candidates":[{"ExternalId":"b"}]},"Success":true,"Errors":null}"#;
    for (operation, expected) in [
        (leave(), ["applied", "operation_refused", "applied"]),
        (join(), ["applied", "applied", "operation_refused"]),
    ] {
        let scripted = Scripted::answering(&[(200, lists), (200, listed)]).await;
        let client = client(&settings(scripted.addr));
        let batch = call(["a", "b", "c"].map(|id| (id, operation.clone())));
        assert_eq!(ends(&client, &batch).await, expected);
        assert_eq!(scripted.requests()[0].body, r#"["a","b","c"]"#);
    }
}

#[tokio::test]
async fn errors_of_single_people_hide_in_a_success() {
    let answer = r#"{"Content":{"DeletedCandidateExternalIds":["a"],"Errors":[{"UserName":"b","Error":"User not found"},{"ExternalId":"c","Error":"Can’t update activated schedule"}]},"Success":true,"Errors":null}"#;
    let scripted = Scripted::answering(&[(200, answer)]).await;
    let client = client(&settings(scripted.addr));
    let batch = call(["a", "b", "c"].map(|id| (id, leave())));
    assert_eq!(
        ends(&client, &batch).await,
        ["applied", "not_found", "target_started"]
    );
}

#[tokio::test]
async fn links_are_made_whole_where_they_are_wanted() {
    let running = start(|_| ());
    let wanting = client(&CirrusSettings {
        publish_links: true,
        links_base: Some("https://exams.example".to_owned()),
        ..settings(running.addr())
    });
    let Answer::Each(each) = wanting.perform(&call([("a", make())])).await else {
        panic!("no links");
    };
    let path = running.simulator().account().schedules["ScEXT1"].candidates["a"].clone();
    let link = Link(format!("https://exams.example{path}"));
    assert_eq!(each, [Ok(Done::Linked(vec![link]))]);
    let plain = client(&settings(running.addr()));
    assert_eq!(end(&plain, "b", make()).await, "applied");
}

#[tokio::test]
async fn a_call_ends_in_time_however_many_requests_it_takes() {
    let running = start(|rules| rules.partial_success = true);
    let slow = json!({ "do": "delay", "lasting": "700ms" });
    script(&running, json!([{ "times": 9, "action": slow }]));
    let client = impatient(running.addr());
    let batch = call(["a", "b"].map(|id| (id, make())));
    let started = std::time::Instant::now();
    // The addition was answered; who was left out of it could not be read in time.
    assert_eq!(
        ends(&client, &batch).await,
        ["applied", "provider_unanswered"]
    );
    assert!(started.elapsed().as_millis() < 1300);
}
