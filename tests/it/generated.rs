//! Pages, schemas and contracts made from the code are in the repository as they would be made anew.

use std::collections::BTreeMap;
use std::path::Path;

use hris_relay::config::{self, Settings};
use hris_relay::contract::{self, ASYNCAPI_FILE, OPENAPI_FILE};
use hris_relay::id::Provider;
use hris_relay::metrics::Metrics;

/// Compares a file of the repository with what it should hold; `UPDATE_SNAPSHOTS=1` writes it.
fn holds(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, made).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == made,
        "{path} is not what the code says: run `UPDATE_SNAPSHOTS=1 cargo test --test it generated`"
    );
}

/// The same for what stands between two markers of a page that people write.
fn holds_between(path: &str, markers: (&str, &str), made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let page = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(markers.0).expect("the first marker");
    let (_, after) = rest.split_once(markers.1).expect("the second marker");
    let (first, last) = markers;
    holds(path, &format!("{before}{first}\n\n{made}\n{last}{after}"));
}

#[test]
fn the_operators_guide_explains_every_metric() {
    let markers = (
        "<!-- metrics: made from src/metrics -->",
        "<!-- end of metrics -->",
    );
    let table = Metrics::new().unwrap().reference();
    holds_between("docs/operations.md", markers, &table);
}

#[test]
fn the_configuration_page_describes_the_settings() {
    holds("docs/configuration.md", &config::reference::<Settings>());
}

#[test]
fn the_configuration_schema_describes_the_settings() {
    holds("schemas/config.schema.json", &config::schema::<Settings>());
}

#[test]
fn the_contracts_describe_the_program() {
    let settings = Settings::default();
    let topics = contract::asyncapi(&settings.kafka, Provider::ALL);
    let surface = contract::openapi(&settings.receiver, &settings.admin);
    for (file, document) in [(ASYNCAPI_FILE, topics), (OPENAPI_FILE, surface)] {
        holds(&format!("schemas/{file}"), &format!("{document:#}\n"));
    }
}

#[test]
fn the_defaults_alone_are_a_configuration() {
    let empty: BTreeMap<String, String> = BTreeMap::new();
    let loaded = config::load::<Settings>(None, &empty).unwrap();
    let shown = config::effective(&loaded.settings, &loaded.origins);
    assert!(
        shown.starts_with("data_dir = \"./data\"  # default\n"),
        "{shown}"
    );
}
