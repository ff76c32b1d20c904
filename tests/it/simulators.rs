//! The guide to simulators is right, and `simulate` starts one as it is asked to.

use std::collections::BTreeSet;

use hris_relay::id::Provider;
use hris_relay::simulator::shared::Fault;
use serde_json::Value;

use crate::support::binary::{Installation, free_address, get, run};

#[test]
fn the_scripts_of_the_guide_can_be_played_and_show_every_action() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulators.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut blocks = page.split("```");
    let mut shown = BTreeSet::new();
    while let (Some(_), Some(block)) = (blocks.next(), blocks.next()) {
        let Some(script) = block.strip_prefix("json\n") else {
            continue;
        };
        let faults: Vec<Fault> = serde_json::from_str(script).unwrap();
        shown.extend(faults.iter().map(|fault| fault.action.word()));
    }
    let every = [
        "status",
        "delay",
        "drop_before",
        "drop_after_commit",
        "garbage_body",
        "slow",
        "partial",
    ];
    assert_eq!(shown, every.into());
    for word in every {
        assert!(
            page.contains(&format!("| `{word}` |")),
            "{word} is not explained"
        );
    }
}

#[test]
fn every_platform_has_a_simulator_whose_help_teaches_and_whose_switches_are_shown() {
    for provider in Provider::ALL {
        let help = run(&["simulate", provider.as_str(), "--help"]);
        for word in ["Examples:", "--script", "--settings", "/_sim/journal"] {
            assert!(help.stdout.contains(word), "{provider}: no {word}");
        }
        let switches = run(&["simulate", provider.as_str(), "--switches"]);
        assert_eq!(switches.code, Some(0), "{}", switches.stderr);
        assert!(switches.stdout.starts_with("[simulator]\n"), "{provider}");
        assert!(switches.stdout.contains("One of: "), "{provider}");
    }
}

#[test]
fn a_simulator_plays_its_script_and_goes_by_its_settings() {
    let files = Installation::new("");
    let write = |name: &str, text: &str| {
        let path = files.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let script = write(
        "faults.json",
        r#"[{ "action": { "do": "status", "status": 503 } }]"#,
    );
    let settings = write("switches.toml", "[simulator]\nprograms = []\n");
    let address = free_address();
    let listen = address.to_string();
    let mut arguments = vec!["simulate", "startexam", "--listen", &listen];
    arguments.extend(["--script", &script, "--settings", &settings]);
    let mut simulator = files.start_bare(&arguments);
    simulator.until_said("state at /_sim/state");
    let status = || get(address, "/v1/employees").map(|(status, _)| status);
    assert_eq!([status(), status()], [Some(503), Some(403)]);
    let (_, state) = get(address, "/_sim/state").unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["programs"], serde_json::json!({}));
}

#[test]
fn a_script_or_settings_that_cannot_be_used_say_what_to_mend() {
    let files = Installation::new("");
    let wrong = files.path("wrong");
    std::fs::write(&wrong, "[simulator]\npeople_maxx = 3\n").unwrap();
    let wrong = wrong.display().to_string();
    for (option, code, says) in [
        ("--script", 2, "docs/simulators.md"),
        ("--settings", 78, "simulator.people_maxx"),
    ] {
        let ended = run(&["simulate", "startexam", option, &wrong]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
}
