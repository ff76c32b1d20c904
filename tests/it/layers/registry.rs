//! Every platform of the registry is whole: client, plan, simulator, chapter.

use std::path::Path;

use hris_relay::id::Provider;

#[test]
fn every_platform_of_the_registry_has_a_client_a_plan_a_simulator_and_a_chapter() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chapters = std::fs::read_to_string(root.join("docs/providers.md")).unwrap();
    let mut missing = Vec::new();
    for provider in Provider::ALL {
        let parts = [
            format!("src/provider/{provider}/settings"),
            format!("src/provider/{provider}/client"),
            format!("src/plan/{provider}"),
            format!("src/simulator/{provider}"),
            format!("tests/it/{provider}_wire"),
        ];
        let is_missing = |part: &String| {
            let (file, folder) = (format!("{part}.rs"), format!("{part}/mod.rs"));
            !root.join(file).exists() && !root.join(folder).exists()
        };
        missing.extend(parts.into_iter().filter(is_missing));
        let plans = ["src/plan/{}.rs", "src/plan/{}/mod.rs"];
        let mut plans = plans
            .map(|form| form.replace("{}", provider.as_str()))
            .into_iter();
        if !plans.any(|plan| root.join(plan).exists()) {
            missing.push(format!("a plan for {provider} in src/plan"));
        }
        let has_chapter = chapters.lines().any(|line| {
            let heading = line.strip_prefix("## ");
            heading.is_some_and(|name| name.to_lowercase() == provider.as_str())
        });
        if !has_chapter {
            missing.push(format!("a chapter on {provider} in docs/providers.md"));
        }
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
}
