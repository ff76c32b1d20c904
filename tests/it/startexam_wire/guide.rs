//! The chapter on StartExam in `docs/providers.md` says which calls each fact makes.

use std::collections::BTreeMap;

use hris_relay::id::GroupId;
use hris_relay::person::{Presence, Standing};
use hris_relay::plan::{
    Applied, Assignment, Desired, Planner, StartExamAssignment, StartExamPlanner,
};
use hris_relay::provider::Operation;
use hris_relay::provider::startexam::SessionSettings;
use hris_relay::simulator::startexam::SimulatorSettings;

use super::{apply, call, client, settings, start};

const SALES: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
const SUPPORT: &str = "d4d9897c-2c91-4c60-95c7-6842efb542dc";

/// The calls a row of the chapter names: each path, with the word that says what is asked.
fn told(fact: &str) -> Vec<String> {
    let page = include_str!("../../../docs/providers.md");
    let (_, chapter) = page
        .split_once("### Which fact makes which calls\n")
        .unwrap();
    let row = chapter
        .lines()
        .find(|line| line.starts_with(&format!("| {fact}")))
        .unwrap();
    // What is configured otherwise comes after the first sentence.
    let (row, _) = row.split_once(". ").unwrap_or((row, ""));
    let words = [
        "active",
        "hidden",
        "registerEmployees",
        "unregisterEmployees",
    ];
    let coded = row.split('`').skip(1).step_by(2);
    coded
        .filter(|code| code.starts_with("POST ") || words.contains(code))
        .map(|code| code.trim_start_matches("POST ").to_owned())
        .collect()
}

const fn word(operation: &Operation) -> &'static str {
    match operation {
        Operation::Lock { .. } => "hidden",
        Operation::Activate { .. } => "active",
        Operation::Join { .. } => "registerEmployees",
        Operation::Leave { .. } => "unregisterEmployees",
    }
}

fn stands(presence: Presence, group: &str, name: &str) -> Standing {
    Standing {
        presence,
        groups: [GroupId::try_from(group).unwrap()].into(),
        attributes: BTreeMap::from([("first_name".to_owned(), name.to_owned())]),
        disputed: false,
        ended_at: None,
        next_change: None,
    }
}

fn planner(settings: &hris_relay::provider::startexam::StartExamSettings) -> StartExamPlanner {
    let assign = |group: &str, program: &str, sessions: &[&str]| Assignment {
        group: group.to_owned(),
        startexam: Some(StartExamAssignment {
            programs: vec![program.to_owned()],
            sessions: sessions.iter().map(ToString::to_string).collect(),
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    };
    let assignments = vec![
        assign("Sales", SALES, &["day"]),
        assign("Support", SUPPORT, &[]),
    ];
    StartExamPlanner::new(assignments, settings)
}

#[tokio::test]
async fn each_fact_makes_the_calls_that_the_guide_says() {
    let running = start(SimulatorSettings::default());
    let mut settings = settings(running.addr());
    let session = SessionSettings {
        center: "mycenter".to_owned(),
        tests: vec!["d288d3c9-6c23-46e9-9fac-3cc0301d84ef".to_owned()],
        valid_days: Some(10),
        ..SessionSettings::default()
    };
    settings.sessions.insert("day".to_owned(), session);
    let (client, planner) = (client(&settings), planner(&settings));
    let mut applied = Applied::default();
    let now = super::WrongClock::ahead_by(0);
    for (fact, standing) in [
        ("hire, on", stands(Presence::Active, "Sales", "Ada")),
        ("update of", stands(Presence::Active, "Sales", "Augusta")),
        (
            "group change",
            stands(Presence::Active, "Support", "Augusta"),
        ),
        ("termination", stands(Presence::Gone, "Support", "Augusta")),
        ("hire, on", stands(Presence::Active, "Sales", "Augusta")),
    ] {
        let desired = Desired {
            heard: Some(hris_relay::clock::Clock::now(&*now)),
            ..planner.desired(&standing)
        };
        for target in planner.lapsed(&desired, &applied) {
            applied.targets.remove(&target);
        }
        let mut made = Vec::new();
        while let Some(step) = planner.steps(&desired, &applied).into_iter().next() {
            let before = running.simulator().journal(None).len();
            apply(&client, [call([("e-17", step.clone())])]).await;
            let journal = running.simulator().journal(None);
            assert_eq!(journal.len(), before + 1, "{fact}");
            let path = journal[before].path.clone();
            let is_session = path.ends_with("participants");
            made.push(path);
            made.extend((!is_session).then(|| word(&step).to_owned()));
            applied.confirm(&step);
        }
        assert_eq!(made, told(fact), "{fact}");
    }
}
