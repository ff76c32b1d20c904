//! One row, one test; and each HR fact with the calls that the documentation says.

use std::time::Duration;

use hris_relay::secret::Secret;
use hris_relay::simulator::cirrus::{Readd, ScheduleSettings};
use serde_json::json;

use super::Company;

#[tokio::test(flavor = "multi_thread")]
async fn row_2xx_is_a_life_without_a_call_too_many() {
    let company = Company::with(|_| ()).await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    company.moves("a", &["Support"]).await;
    company.seats("ScEXT2", &["a"]).await;
    company.seats("ScEXT1", &[]).await;
    company.dismisses("a").await;
    company.seats("ScEXT2", &[]).await;
    assert!(company.account().users["a"].login_disabled);
    assert_eq!(company.requests(""), 5, "add, put, delete; lock, delete");
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    assert!(!company.account().users["a"].login_disabled);
    assert_eq!(company.requests(""), 7, "let in, put");
    company.ends().await;
}

/// The requests, in backticks, of a row of the chapter's table of facts.
fn documented(fact: &str) -> Vec<String> {
    let page = include_str!("../../../docs/providers.md");
    let (_, chapter) = page.split_once("\n## Cirrus\n").unwrap();
    let mut rows = chapter.lines();
    let row = rows
        .find(|row| row.starts_with(&format!("| {fact} |")))
        .unwrap();
    let quoted = row.split('`').skip(1).step_by(2);
    let requests = quoted.filter(|text| text.contains(" /"));
    requests.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fact_makes_the_calls_that_the_documentation_says() {
    let company = Company::with(|_| ()).await;
    let both = async |company: &Company| {
        company.seats("ScEXT1", &["a"]).await;
        company.seats("ScEXT2", &["a"]).await;
    };
    let mut seen = 0;
    let mut asked = |company: &Company| {
        let journal = company.tenant.simulator().journal(None);
        let new = journal.iter().skip(seen).map(|entry| {
            let path = entry.path.trim_start_matches("/api/v1/integrations");
            let path = path.replace("/user/a", "/user/{id}");
            let path = path.replace("ScEXT1", "{schedule}");
            format!("{} {}", entry.method, path.replace("ScEXT2", "{schedule}"))
        });
        let mut new: Vec<_> = new.collect();
        seen += new.len();
        new.dedup();
        new
    };
    company.hires_into("a", &["Sales", "Support"]).await;
    both(&company).await;
    assert_eq!(asked(&company), documented("hire, on its first day"));
    company.renames("a", "Eve").await;
    company
        .until("name", || {
            company.account().users["a"].fields["FirstName"] == "Eve"
        })
        .await;
    assert_eq!(asked(&company), documented("update of a mapped attribute"));
    company.moves("a", &["Sales"]).await;
    company.seats("ScEXT2", &[]).await;
    asked(&company);
    company.moves("a", &["Support"]).await;
    company.seats("ScEXT2", &["a"]).await;
    company.seats("ScEXT1", &[]).await;
    assert_eq!(asked(&company), documented("group change"));
    company.dismisses("a").await;
    company.seats("ScEXT2", &[]).await;
    assert_eq!(asked(&company), documented("termination, access revoked"));
    company.hires_into("a", &["Sales", "Support"]).await;
    both(&company).await;
    assert_eq!(asked(&company), documented("rehire"));
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_left_out_of_the_answer_is_tried_once_alone() {
    let company = Company::with(|rules| rules.partial_success = true).await;
    company.hires(&["a", "b", "c", "d"]).await;
    company.seats("ScEXT1", &["a", "b", "c", "d"]).await;
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_not_found_on_put_makes_the_user_and_registers_everywhere() {
    let company = Company::with(|_| ()).await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    // Somebody purged the user at Cirrus.
    company.tenant.simulator().reset();
    company.moves("a", &["Sales", "Support"]).await;
    company.seats("ScEXT2", &["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    assert!(company.account().users.contains_key("a"));
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_not_found_on_removal_count_as_removed() {
    let company = Company::with(|_| ()).await;
    // Nobody ever made them: asserted all the same.
    company.dismisses("never-there").await;
    company
        .until("lock", || company.requests("PATCH") == 1)
        .await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    company.tenant.simulator().reset();
    company.dismisses("a").await;
    company
        .until("leave", || company.requests("DELETE") == 1)
        .await;
    company.hires(&["b"]).await;
    company.seats("ScEXT1", &["b"]).await;
    assert_eq!(company.requests(""), 3, "nothing is repeated");
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_schedule_hasnt_been_found_holds_the_schedule_and_dead_letters_nobody() {
    let company = Company::with(|rules| {
        rules.schedules.retain(|schedule| schedule.id != "ScEXT1");
    })
    .await;
    company.hires(&["a", "b", "c"]).await;
    company.hires(&["d"]).await;
    company.moves("d", &["Support"]).await;
    company.seats("ScEXT2", &["d"]).await;
    assert_eq!(company.dead().await, []);
    let schedule = ScheduleSettings {
        id: "ScEXT1".to_owned(),
        is_activated: false,
    };
    company.tenant.simulator().put_schedule(&schedule);
    company.seats("ScEXT1", &["a", "b", "c"]).await;
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_cant_update_activated_schedule_locks_and_keeps_the_removal() {
    let company = Company::with(|rules| rules.schedule_activated = true).await;
    company.hires(&["a", "b"]).await;
    company.seats("ScEXT1", &["a", "b"]).await;
    company.dismisses("a").await;
    company
        .until("lock", || company.account().users["a"].login_disabled)
        .await;
    company
        .until("leave", || company.requests("DELETE") == 1)
        .await;
    // Whoever comes is served, whatever is kept.
    company.hires(&["c"]).await;
    company.seats("ScEXT1", &["a", "b", "c"]).await;
    assert_eq!(company.dead().await, []);
    assert_eq!(company.requests("DELETE"), 1, "kept for an hour");
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_about_the_scheduler_stop_everything_until_it_is_set() {
    let company = Company::with(|rules| rules.scheduler_unset = true).await;
    company.hires(&["a", "b"]).await;
    company
        .until("probe", || company.requests("POST") >= 2)
        .await;
    assert_eq!(company.dead().await, []);
    company
        .tenant
        .simulator()
        .switch(|rules| rules.scheduler_unset = false);
    company.seats("ScEXT1", &["a", "b"]).await;
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_already_exists_is_settled_by_the_schedule() {
    let company = Company::with(|rules| rules.readd = Readd::ErrorAlreadyExists).await;
    // Done, but never answered: found before it is repeated.
    company.faults(json!([{ "action": { "do": "drop_after_commit" } }]));
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    company.hires(&["b"]).await;
    company.seats("ScEXT1", &["a", "b"]).await;
    let tally = company.tenant.simulator().tally();
    assert_eq!((tally.candidates_added, tally.users_made), (2, 2));
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_102_unknown_error_is_tried_again() {
    let company = Company::with(|_| ()).await;
    company.hires(&["a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    let unknown = json!({ "do": "status", "status": 400, "message": "102: Unknown error" });
    company.faults(json!([{ "match": { "method": "PATCH" }, "times": 2, "action": unknown }]));
    company.dismisses("a").await;
    company
        .until("lock", || company.account().users["a"].login_disabled)
        .await;
    assert!(3 <= company.requests("PATCH"));
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_any_other_400_is_cut_until_one_stands_alone() {
    let company = Company::with(|rules| rules.user_in_trash = vec!["t".to_owned()]).await;
    company.hires(&["a", "b", "t", "c"]).await;
    company.seats("ScEXT1", &["a", "b", "c"]).await;
    let t = (
        "t".to_owned(),
        "join".to_owned(),
        "operation_refused".to_owned(),
    );
    let mut dead = company.dead().await;
    while dead.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        dead = company.dead().await;
    }
    assert_eq!(dead, [t]);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_cirrus_cannot_take_is_a_dead_letter_without_a_call() {
    let company = Company::with(|_| ()).await;
    company.hires(&["jane@example.com", "a"]).await;
    company.seats("ScEXT1", &["a"]).await;
    let mut dead = company.dead().await;
    while dead.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        dead = company.dead().await;
    }
    assert_eq!(dead[0].2, "profile_invalid");
    assert_eq!(dead.len(), 1);
    // Locking them out is no dead letter: nobody is there by that name.
    company.dismisses("jane@example.com").await;
    company.dismisses("a").await;
    company.seats("ScEXT1", &[]).await;
    assert_eq!(company.dead().await.len(), 1);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_401_and_403_wait_for_the_token_and_dead_letter_nobody() {
    let company = Company::with(|_| ()).await;
    company.tenant.simulator().switch(|rules| {
        rules.secret = Secret::new("rotated");
    });
    company.hires(&["a", "b"]).await;
    company
        .until("probe", || company.requests("POST") >= 2)
        .await;
    assert_eq!(company.dead().await, []);
    std::fs::write(company.token.path(), "rotated\n").unwrap();
    company.seats("ScEXT1", &["a", "b"]).await;
    assert_eq!(company.dead().await, []);
    company.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_429_and_5xx_are_read_back_before_they_are_repeated() {
    for (action, repeated) in [
        (json!({ "do": "status", "status": 429 }), 0),
        (json!({ "do": "status", "status": 503 }), 0),
        (json!({ "do": "partial", "people": 1, "status": 500 }), 0),
        (json!({ "do": "garbage_body" }), 0),
        (json!({ "do": "drop_before" }), 0),
    ] {
        let company = Company::with(|rules| rules.readd = Readd::ErrorAlreadyExists).await;
        company.faults(json!([{ "match": { "method": "POST" }, "action": action.clone() }]));
        company.hires(&["a", "b", "c"]).await;
        company.seats("ScEXT1", &["a", "b", "c"]).await;
        let tally = company.tenant.simulator().tally();
        assert_eq!(tally.candidates_added_again, repeated, "{action}");
        assert_eq!(tally.candidates_added, 3, "{action}");
        assert_eq!(company.dead().await, [], "{action}");
        company.ends().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn row_404_url_not_found_stops_everything_and_dead_letters_nobody() {
    let company = Company::with(|_| ()).await;
    let gone = json!({ "do": "status", "status": 404, "message": "Url not found" });
    company.faults(json!([{ "times": 3, "action": gone }]));
    company.hires(&["a", "b"]).await;
    company.seats("ScEXT1", &["a", "b"]).await;
    assert_eq!(company.dead().await, []);
    company.ends().await;
}
