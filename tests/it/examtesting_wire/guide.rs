//! The chapter of `docs/providers.md` says what is so.

use std::path::Path;

use hris_relay::id::GroupId;
use hris_relay::person::{Presence, Standing};
use hris_relay::plan::{Applied, Assignment, ExamTestingAssignment, ExamTestingPlanner, Planner};
use hris_relay::provider::examtesting::wire::PARAMETERS;
use hris_relay::provider::examtesting::{ExamTestingSettings, Passwords};
use hris_relay::secret::Secret;
use hris_relay::simulator::examtesting::{Running, SimulatorSettings};

use super::{apply, client, settings, start};

fn chapter() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, chapter) = page.split_once("\n## ExamTesting\n").unwrap();
    let end = chapter.find("\n## ").unwrap_or(chapter.len());
    chapter[..end].to_owned()
}

/// The rows of the table under a heading, without its head; code marks are left out.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let chapter = chapter();
    let (_, section) = chapter.split_once(&format!("### {heading}\n")).unwrap();
    let (section, _) = section.split_once("\n### ").unwrap_or((section, ""));
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells = line.trim_matches('|').split(" |");
            cells
                .map(|cell| cell.replace('`', "").trim().to_owned())
                .collect()
        })
        .collect()
}

#[test]
fn every_parameter_is_in_the_guide_in_the_order_of_the_page() {
    let rows = rows("Which field goes where");
    let named: Vec<_> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(named[0], "action");
    assert_eq!(named[1..], PARAMETERS);
}

#[test]
fn every_code_has_the_class_that_the_guide_says() {
    let rows = rows("What answers mean");
    let written = toml::Table::try_from(ExamTestingSettings::default().classes).unwrap();
    let codes: Vec<_> = rows
        .iter()
        .filter(|row| row[0].parse::<u16>().is_ok())
        .collect();
    assert_eq!(codes.len(), 8);
    for row in codes {
        assert_eq!(written[&row[0]].as_str(), Some(row[1].as_str()), "{row:?}");
    }
}

#[test]
fn the_recipe_of_the_guide_gives_its_example() {
    let passwords = Passwords::new(&Secret::new("correct horse"), "4711", 20);
    let example = format!("`{}`", passwords.of("e-17").expose());
    assert!(chapter().contains(&example));
}

/// Where Ada stands after each fact of the guide, one after the other.
fn standings() -> Vec<(&'static str, Standing)> {
    let at = |presence: Presence, group: &str, attributes: &[(&str, &str)]| Standing {
        presence,
        groups: [GroupId::try_from(group).unwrap()].into(),
        attributes: attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        disputed: false,
        ended_at: None,
        next_change: None,
    };
    let before = [("first_name", "Ada"), ("email", "ada@example.com")];
    let renamed = [("first_name", "Augusta"), ("email", "ada@example.com")];
    let paid = [
        ("first_name", "Augusta"),
        ("email", "ada@example.com"),
        ("salary", "1"),
    ];
    vec![
        (
            "hire for a day ahead",
            at(Presence::Ahead, "Sales", &before),
        ),
        ("hire", at(Presence::Active, "Sales", &before)),
        (
            "new name or e-mail address",
            at(Presence::Active, "Sales", &renamed),
        ),
        (
            "attribute that is not mapped",
            at(Presence::Active, "Sales", &paid),
        ),
        ("other group", at(Presence::Active, "Support", &renamed)),
        (
            "termination, access revoked",
            at(Presence::Gone, "Support", &renamed),
        ),
        ("rehire", at(Presence::Active, "Sales", &renamed)),
    ]
}

/// The `action` and the `Status` of the one request since the last look; none: no request.
fn asked(running: &Running, seen: &mut usize) -> (String, String) {
    let journal = running.simulator().journal(None);
    let new = &journal[*seen..];
    *seen = journal.len();
    let [request] = new else {
        assert!(new.is_empty());
        return ("none".to_owned(), String::new());
    };
    let (_, action) = request.path.split_once("action=").unwrap();
    let student = super::student(running, "e-17");
    let status = if student.is_enabled { "True" } else { "False" };
    (action.to_owned(), status.to_owned())
}

#[tokio::test]
async fn each_fact_makes_the_call_that_the_guide_says() {
    let running = start(SimulatorSettings {
        update_requires_group: false,
        ..SimulatorSettings::default()
    });
    let settings = settings(running.addr());
    let client = client(&settings);
    let assign = |group: &str, class: &str| Assignment {
        group: group.to_owned(),
        examtesting: Some(ExamTestingAssignment {
            group: class.to_owned(),
        }),
        ..Assignment::default()
    };
    let assignments = vec![assign("Sales", "Class A"), assign("Support", "Class B")];
    let planner = ExamTestingPlanner::new(assignments, &settings);
    let mut applied = Applied::default();
    let (mut seen, mut made) = (0, Vec::new());
    for (fact, standing) in standings() {
        let desired = planner.desired(&standing);
        while let Some(step) = planner.steps(&desired, &applied).into_iter().next() {
            apply(&client, "e-17", [step.clone()]).await;
            applied.confirm(&step);
        }
        let (action, status) = asked(&running, &mut seen);
        made.push(vec![fact.to_owned(), action, status]);
    }
    let mut told: Vec<_> = rows("Which fact makes which call")
        .into_iter()
        .map(|row| row[..3].to_vec())
        .collect();
    told.sort();
    made.sort();
    assert_eq!(told, made);
}
