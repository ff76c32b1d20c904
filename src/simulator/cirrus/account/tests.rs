//! What the simulated tenant does with requests, switch by switch.

use serde_json::{Map, Value, json};

use super::super::settings::{
    OnExisting, Readd, ScheduleSettings, SimulatorSettings, UserSettings,
};
use super::{Account, Place};

const PLACE: Place<'static> = Place {
    schedule: "ScEXT1",
    group: "GrEXT1",
    group_name: "Group_ext_1",
};

/// A tenant and its switches.
struct Tenant {
    rules: SimulatorSettings,
    account: Account,
}

impl Tenant {
    fn with(change: impl FnOnce(&mut SimulatorSettings)) -> Self {
        let mut rules = SimulatorSettings::default();
        change(&mut rules);
        Self {
            account: Account::of(&rules),
            rules,
        }
    }

    /// Adds candidates; answers their ids and links, or the refusal's words.
    fn add(&mut self, ids: &[&str]) -> Result<Vec<(String, String)>, String> {
        let candidates: Vec<_> = ids.iter().map(|id| candidate(id)).collect();
        let added = self.account.add(&self.rules, &PLACE, &candidates, 50);
        let added = added.map_err(|refusal| refusal.text)?;
        let candidates = added.candidates.into_iter();
        Ok(candidates
            .map(|one| (one.candidate_ext_id, one.startup_link))
            .collect())
    }

    fn put(&mut self, ids: &[&str]) -> Result<Value, String> {
        let ids = owned(ids);
        let lists = self.account.put(&self.rules, "ScEXT1", &ids, 50);
        lists.map_err(|refusal| refusal.text)
    }

    fn remove(&mut self, ids: &[&str]) -> Result<Value, String> {
        let ids = owned(ids);
        let lists = self.account.remove(&self.rules, "ScEXT1", &ids, 50);
        lists.map_err(|refusal| refusal.text)
    }

    fn update(&mut self, id: &str, members: &Value) -> Result<(), Option<u32>> {
        let members = members.as_object().unwrap();
        let outcome = self.account.update(id, members);
        outcome.map_err(|refusal| refusal.code)
    }

    fn listed(&self) -> Vec<&str> {
        let candidates = self.account.schedules["ScEXT1"].candidates.keys();
        candidates.map(String::as_str).collect()
    }
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn candidate(id: &str) -> Map<String, Value> {
    let members = json!({
        "CandidateExtId": id, "FirstName": "John", "LastName": "Doe", "Email": "a@b.example",
    });
    members.as_object().unwrap().clone()
}

#[test]
fn adding_makes_users_in_the_group() {
    let mut tenant = Tenant::with(|_| ());
    let added = tenant.add(&["a", "b"]).unwrap();
    assert_eq!(tenant.listed(), ["a", "b"]);
    assert_ne!(added[0].1, added[1].1);
    let (_, session) = added[0].1.split_once("session=").unwrap();
    assert_eq!(session.len(), 64);
    assert!(tenant.account.users["a"].groups.contains("GrEXT1"));
    assert_eq!(tenant.account.groups["GrEXT1"].name, "Group_ext_1");
    assert_eq!(
        (
            tenant.account.tally.users_made,
            tenant.account.tally.candidates_added
        ),
        (2, 2)
    );
}

#[test]
fn adding_again_does_what_the_switch_says() {
    for (readd, same) in [
        (Readd::OkSameLink, Some(true)),
        (Readd::OkNewLink, Some(false)),
        (Readd::ErrorAlreadyExists, None),
    ] {
        let mut tenant = Tenant::with(|rules| rules.readd = readd);
        let first = tenant.add(&["a"]).unwrap();
        let again = tenant.add(&["a"]);
        assert_eq!(again.ok().map(|again| again == first), same, "{readd:?}");
    }
    let mut tenant = Tenant::with(|rules| rules.readd = Readd::ErrorAlreadyExists);
    tenant.add(&["a", "b"]).unwrap();
    let said = tenant.add(&["a", "b", "c"]).unwrap_err();
    assert_eq!(said, "Candidate with external id [a|b] already exists");
    assert_eq!(tenant.listed(), ["a", "b"], "the request is refused whole");
}

#[test]
fn an_existing_users_data_change_only_if_the_switch_says_so() {
    for existing_user in [OnExisting::Keep, OnExisting::Overwrite] {
        let overwrites = existing_user == OnExisting::Overwrite;
        let mut tenant = Tenant::with(|rules| {
            rules.existing_user = existing_user;
            rules.users = vec![UserSettings {
                id: "a".to_owned(),
                login_disabled: true,
                ..UserSettings::default()
            }];
        });
        tenant.add(&["a"]).unwrap();
        let user = &tenant.account.users["a"];
        assert_eq!(user.login_disabled, !overwrites);
        assert_eq!(user.fields.contains_key("Email"), overwrites);
    }
}

#[test]
fn every_second_of_several_is_passed_over_where_success_is_partial() {
    let mut tenant = Tenant::with(|rules| rules.partial_success = true);
    let added = tenant.add(&["a", "b", "c", "d"]).unwrap();
    let ids: Vec<_> = added.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((ids, tenant.listed()), (vec!["a", "c"], vec!["a", "c"]));
    tenant.add(&["b"]).unwrap();
    assert_eq!(tenant.listed(), ["a", "b", "c"]);
}

#[test]
fn an_addition_must_be_sound_in_every_part() {
    let mut tenant = Tenant::with(|rules| rules.people_max = 2);
    assert!(tenant.add(&["a", "b", "c"]).is_err());
    assert!(tenant.add(&["a", "a"]).is_err());
    assert!(tenant.add(&[]).is_err());
    assert!(tenant.add(&["a b"]).is_err());
    let mut nameless = candidate("a");
    nameless.shift_remove("LastName");
    let sound = [candidate("a")];
    let nameless = [nameless];
    let wrong = |schedule, group, group_name| Place {
        schedule,
        group,
        group_name,
    };
    for (place, candidates) in [
        (&PLACE, &nameless),
        (&wrong("ScEXT9", "GrEXT1", "Group_ext_1"), &sound),
        (&wrong("ScEXT1", "Gr EXT1", "Group_ext_1"), &sound),
        (&wrong("ScEXT1", "GrEXT1", ""), &sound),
    ] {
        let refused = tenant.account.add(&tenant.rules, place, candidates, 50);
        assert_eq!(refused.unwrap_err().status, 400, "{place:?}");
    }
    assert!(tenant.account.users.is_empty());
}

#[test]
fn lists_tell_people_apart() {
    let mut tenant = Tenant::with(|_| ());
    tenant.add(&["a"]).unwrap();
    tenant.account.put_user(&UserSettings {
        id: "b".to_owned(),
        ..UserSettings::default()
    });
    assert_eq!(
        tenant.put(&["a", "b", "x"]).unwrap(),
        json!({
            "AddedCandidateExternalIds": ["b"],
            "NotFoundUserExternalIds": ["x"],
            "AlreadyAddedCandidateExternalIds": ["a"],
        })
    );
    tenant.remove(&["b"]).unwrap();
    assert_eq!(
        tenant.remove(&["a", "b", "x"]).unwrap(),
        json!({
            "DeletedCandidateExternalIds": ["a"],
            "NotFoundCandidateExternalIds": ["b"],
            "NotFoundUserExternalIds": ["x"],
        })
    );
    assert_eq!(
        tenant.put(&[]).unwrap_err(),
        "No external ids have been provided"
    );
    assert_eq!(
        tenant.remove(&["x"]).unwrap_err(),
        "No users were found by external ids"
    );
}

#[test]
fn nobody_is_removed_from_an_activated_schedule() {
    for is_activated in [false, true] {
        let mut tenant = Tenant::with(|rules| rules.schedule_activated = !is_activated);
        tenant.account.put_schedule(&ScheduleSettings {
            id: "ScEXT1".to_owned(),
            is_activated,
        });
        tenant.add(&["a"]).unwrap();
        let said = tenant.remove(&["a"]).unwrap_err();
        assert_eq!(said, "Can\u{2019}t update activated schedule");
        let info = tenant.account.schedule(&tenant.rules, "ScEXT1").unwrap();
        assert_eq!(info["IsActivated"], true);
        assert_eq!(info["Candidates"][0]["ExternalId"], "a");
    }
}

#[test]
fn a_deleted_user_is_in_quarantine() {
    let mut tenant = Tenant::with(|rules| rules.user_in_trash = vec!["t".to_owned()]);
    tenant.add(&["a"]).unwrap();
    tenant.account.delete("a").unwrap();
    assert!(tenant.listed().is_empty());
    for id in ["a", "t"] {
        assert!(tenant.add(&[id]).unwrap_err().contains("Trash Can"));
        assert_eq!(tenant.account.delete(id).unwrap_err().code, Some(202));
        let lock = json!({ "DisableLogin": true });
        assert_eq!(tenant.update(id, &lock), Err(Some(202)));
    }
}

#[test]
fn an_update_changes_what_it_names() {
    let mut tenant = Tenant::with(|_| ());
    tenant.add(&["a"]).unwrap();
    tenant
        .update("a", &json!({ "DisableLogin": true }))
        .unwrap();
    assert!(tenant.account.users["a"].login_disabled);
    tenant.update("a", &json!({ "LastName": "Roe" })).unwrap();
    let user = tenant.account.user("a").unwrap();
    assert_eq!(user["User"]["LastName"], "Roe");
    assert_eq!(user["User"]["DisableLogin"], true);
    assert_eq!(tenant.update("a", &json!({ "VoucherId": "v" })), Err(None));
    assert_eq!(tenant.update("x", &json!({})), Err(Some(202)));
    assert_eq!(
        (
            tenant.account.tally.users_locked,
            tenant.account.tally.users_updated
        ),
        (1, 1)
    );
}
