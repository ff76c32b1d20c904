//! The fault scripts of docs/simulators.md are scripts, and show every action there is.

use std::collections::BTreeSet;

use hris_relay::simulator::shared::Fault;

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
