//! Claims about loading.

mod sample;

use std::collections::BTreeMap;
use std::time::Duration;

use self::sample::{Mode, Sample, SourceSample};
use super::*;
use crate::secret::Secret;

const SOURCE: &str = "[sources.acme]\nkind = \"open\"\nsubject = \"id\"\n";

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    variables.iter().map(owned).collect()
}

fn loaded(text: &str, variables: &[(&str, &str)]) -> Loaded<Sample> {
    from_layers(
        Some((Path::new("relay.toml"), text)),
        &environment(variables),
    )
    .unwrap()
}

fn refused(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let file = Some((Path::new("relay.toml"), text));
    let refused = from_layers::<Sample>(file, &environment(variables)).unwrap_err();
    refused.0.iter().map(ToString::to_string).collect()
}

#[test]
fn the_environment_lies_over_the_file_and_the_file_over_the_defaults() {
    let text = format!("{SOURCE}[worker]\nbatch = 7\ncall_timeout = \"9s\"\n");
    let loaded = loaded(&text, &[("HRIS_RELAY_WORKER__BATCH", "8"), ("HOME", "/")]);
    let worker = &loaded.settings.worker;
    assert_eq!(worker.batch, 8);
    assert_eq!(worker.call_timeout, Duration::from_secs(9));
    assert!(worker.enabled);
    let origin = |key| loaded.origins.of(key).to_string();
    assert_eq!(origin("worker.batch"), "HRIS_RELAY_WORKER__BATCH");
    assert_eq!(origin("worker.call_timeout"), "relay.toml:6");
    assert_eq!(origin("worker.enabled"), "default");
}

#[test]
fn a_variable_is_read_as_what_its_key_wants() {
    let loaded = loaded(
        "[sources.my-hr]\nkind = \"signed\"\n",
        &[
            ("HRIS_RELAY_DATA_DIR", "12"),
            ("HRIS_RELAY_WORKER__SHARE", "1"),
            ("HRIS_RELAY_WORKER__ENABLED", "false"),
            ("HRIS_RELAY_WORKER__MODE", "skip"),
            ("HRIS_RELAY_WORKER__SECRET", "[not, a, list]"),
            ("HRIS_RELAY_SOURCES__MY_HR__SECRETS", r#"["one", "two"]"#),
            ("HRIS_RELAY_SOURCES__NEW__KIND", "open"),
            ("HRIS_RELAY_SOURCES__NEW__SUBJECT", "true"),
            ("HRIS_RELAY_ASSIGNMENTS", r#"[{ group = "Sales" }]"#),
            ("HRIS_RELAY_PROPERTIES__CLIENT_ID", "42"),
        ],
    );
    let settings = loaded.settings;
    assert_eq!(settings.data_dir, "12");
    assert!((settings.worker.share - 1.0).abs() < f64::EPSILON);
    assert!(!settings.worker.enabled);
    assert!(matches!(settings.worker.mode, Mode::Skip));
    assert_eq!(settings.worker.secret.unwrap().expose(), "[not, a, list]");
    assert!(
        matches!(&settings.sources["my-hr"], SourceSample::Signed(signed)
        if signed.secrets.iter().map(Secret::expose).eq(["one", "two"]))
    );
    assert!(
        matches!(&settings.sources["new"], SourceSample::Open { subject } if subject == "true")
    );
    assert_eq!(settings.assignments[0].group, "Sales");
    assert_eq!(settings.properties["client_id"], "42");
}

#[test]
fn every_complaint_is_made_at_once() {
    let text = r#"
data_dri = "x"
[worker]
batch = "many"
share = true
call_timeout = "5"
mode = "skp"
[sources.acme]
kind = "signed"
tolerance = "5x"
tolerence = "5m"
[sources.other]
kind = "opne"
[sources.third]
kind = "open"
[[assignments]]
group = "Sales"
[[assignments]]
programs = "one"
"#;
    let said = refused(text, &[("HRIS_RELAY_WORKER__SPEED", "9")]);
    for expected in [
        "data_dri = (not shown): unknown key; did you mean `data_dir`? (from relay.toml:2)",
        "worker.batch = \"many\": expected a whole number (from relay.toml:4)",
        "worker.share = true: expected a number (from relay.toml:5)",
        "worker.call_timeout = \"5\": expected a duration with its unit, like \"250ms\", \"5s\" or \"8d\" (from relay.toml:6)",
        "worker.mode = \"skp\": expected \"assert\" or \"skip\"; did you mean \"skip\"? (from relay.toml:7)",
        "worker.speed = (not shown): unknown key (from HRIS_RELAY_WORKER__SPEED)",
        "sources.acme.tolerance = \"5x\": expected a duration with its unit, like \"250ms\", \"5s\" or \"8d\" (from relay.toml:10)",
        "sources.acme.tolerence = (not shown): unknown key; did you mean `tolerance`? (from relay.toml:11)",
        "sources.other.kind = \"opne\": expected \"signed\" or \"open\"; did you mean \"open\"? (from relay.toml:13)",
        "sources.third.subject = (not set): required: set it, or HRIS_RELAY_SOURCES__THIRD__SUBJECT (from default)",
        "assignments[1].group = (not set): required (from relay.toml:18)",
        "assignments[1].programs = \"one\": expected a list in square brackets (from relay.toml:19)",
    ] {
        assert!(
            said.iter().any(|line| line == expected),
            "{expected}\n{said:#?}"
        );
    }
    assert_eq!(said.len(), 12, "{said:#?}");
}

#[test]
fn contradictions_come_with_the_rest_but_not_because_of_it() {
    let text = "[worker]\nbatch = 900\n[sources.acme]\nkind = \"none\"\n";
    let said = refused(text, &[]);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(
        said.contains(&"worker.batch = 900: must not exceed 500 (from relay.toml:2)".to_owned())
    );
    assert_eq!(
        refused("", &[]),
        ["sources = (not set): at least one is needed (from default)"]
    );
}

#[test]
fn a_secret_is_shown_in_no_complaint() {
    let text = "[worker]\nsecret = [\"hunter2\"]\nsecert = \"hunter2\"\n\
                [sources.acme]\nkind = \"signed\"\nsecrets = \"hunter2\"\n\
                [sources.other]\nkind = \"signed\"\nsecrets = [\"hunter2\", 2]\n\
                [properties]\n\"sasl.password\" = 77112233\n";
    let said = refused(
        text,
        &[
            ("HRIS_RELAY_SOURCES__THIRD", "hunter2"),
            ("HRIS_RELAY_WORKER__SECRETT", "hunter2"),
        ],
    )
    .join("\n");
    assert!(
        !said.contains("hunter2") && !said.contains("77112233"),
        "{said}"
    );
    for key in [
        "worker.secret = [redacted]: expected text in quotes",
        "worker.secert = (not shown): unknown key; did you mean `secret`?",
        "sources.acme.secrets = [redacted]: expected a list",
        "sources.other.secrets[1] = [redacted]: expected text",
        "sources.third = [redacted]: expected a table",
        "worker.secrett = (not shown): unknown key; did you mean HRIS_RELAY_WORKER__SECRET?",
    ] {
        assert!(said.contains(key), "{key}\n{said}");
    }
}

#[test]
fn an_unknown_variable_is_refused_by_its_name() {
    for (name, expected) in [
        (
            "HRIS_RELAY_FOO",
            "foo = (not shown): unknown key (from HRIS_RELAY_FOO)",
        ),
        (
            "HRIS_RELAY_WORKER_BATCH",
            "worker_batch = (not shown): unknown key; did you mean HRIS_RELAY_WORKER__BATCH? \
             (from HRIS_RELAY_WORKER_BATCH)",
        ),
        (
            "HRIS_RELAY_RECEIVER_SERVICE_HOST",
            "receiver_service_host = (not shown): unknown key; Kubernetes sets such variables \
             for a Service: set enableServiceLinks: false on the pod \
             (from HRIS_RELAY_RECEIVER_SERVICE_HOST)",
        ),
        (
            "HRIS_RELAY_SOURCES__ACME__SUBJET",
            "sources.acme.subjet = (not shown): unknown key; did you mean `sources.acme.subject`? \
             (from HRIS_RELAY_SOURCES__ACME__SUBJET)",
        ),
        (
            "HRIS_RELAY_DATA_DIR__X",
            "data_dir.x = (not shown): stands below a value that is not a table \
             (from HRIS_RELAY_DATA_DIR__X)",
        ),
    ] {
        let text = format!("data_dir = \"x\"\n{SOURCE}");
        assert_eq!(refused(&text, &[(name, "1")]), [expected]);
    }
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_line_and_column() {
    let said = refused("data_dir = \"x\"\n[worker]\nbatch = = 3\n", &[]);
    assert!(said[0].starts_with("relay.toml:3:"), "{said:?}");
    let said = refused("data_dir = \"x\"\ndata_dir = \"y\"\n", &[]);
    assert_eq!(said[0], "relay.toml:2:1: duplicate key");
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let nowhere = Some(Path::new("/nowhere/relay.toml"));
    let refused = load::<Sample>(nowhere, &environment(&[]));
    let said = refused.unwrap_err().to_string();
    assert!(
        said.starts_with("config = /nowhere/relay.toml: cannot be read"),
        "{said}"
    );
}

#[test]
fn the_effective_configuration_names_every_origin_and_no_secret() {
    let text = "[sources.acme]\nkind = \"signed\"\nsecrets = [\"hunter2\"]\n\
                [[assignments]]\ngroup = \"Sales\"\nprograms = [\"p-1\"]\n";
    let loaded = loaded(text, &[("HRIS_RELAY_WORKER__MODE", "skip")]);
    let expected = r#"data_dir = ""  # default
worker.batch = 500  # default
worker.share = 0.2  # default
worker.call_timeout = "5s"  # default
# worker.secret is not set
worker.mode = "skip"  # HRIS_RELAY_WORKER__MODE
worker.enabled = true  # default
sources.acme.kind = "signed"  # relay.toml:2
sources.acme.secrets = ["[redacted]"]  # relay.toml:3
sources.acme.tolerance = "5m"  # default
assignments[0].group = "Sales"  # relay.toml:5
assignments[0].programs = ["p-1"]  # relay.toml:6
properties = {}  # default
"#;
    assert_eq!(effective(&loaded.settings, &loaded.origins), expected);
}

#[test]
fn the_reference_describes_every_key() {
    let page = reference::<Sample>();
    for line in [
        "| `data_dir` | text | `\"\"` | `HRIS_RELAY_DATA_DIR` | Where things are kept. |",
        "## `[worker]`",
        "| `share` | number | `0.2` | `HRIS_RELAY_WORKER__SHARE` | The share of failures that is too many. |",
        "| `secret` | secret | not set | `HRIS_RELAY_WORKER__SECRET` | What signs a call. |",
        "| `mode` | `\"assert\"` or `\"skip\"` | `\"assert\"` | `HRIS_RELAY_WORKER__MODE` | How careful to be. |",
        "## `[sources.<name>]` with `kind = \"signed\"`",
        "| `secrets` | list of secret | `[]` | `HRIS_RELAY_SOURCES__<NAME>__SECRETS` | Any of them may have signed. |",
        "## `[sources.<name>]` with `kind = \"open\"`",
        "| `subject` | text | required | `HRIS_RELAY_SOURCES__<NAME>__SUBJECT` | The field that names the person. |",
        "## `[[assignments]]`",
        "The whole list: `HRIS_RELAY_ASSIGNMENTS`.",
        "| `properties` | table of text | `{}` | `HRIS_RELAY_PROPERTIES` | Passed on as they are. |",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
}

#[test]
fn the_schema_takes_what_is_right_and_refuses_unknown_keys() {
    let schema: serde_json::Value = serde_json::from_str(&schema::<Sample>()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let judged = |text: &str| {
        let value: toml::Table = text.parse().unwrap();
        validator.is_valid(&serde_json::to_value(value).unwrap())
    };
    let right = format!("{SOURCE}[worker]\nbatch = 3\n[properties]\n\"a.b\" = \"c\"\n");
    assert!(judged(&right));
    assert!(judged(
        "[sources.acme]\nkind = \"signed\"\ntolerance = \"5m\"\n"
    ));
    for wrong in [
        "wroker = {}",
        "[worker]\nbtach = 3",
        "[sources.acme]\nkind = \"signed\"\nsubject = \"id\"",
        "[[assignments]]\ngroup = \"Sales\"\nprogram = []",
    ] {
        assert!(!judged(wrong), "{wrong}");
    }
}
