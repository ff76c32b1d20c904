//! What every command of the binary answers: exit codes, lines for people, requests.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::binary::{
    Ended, Installation, Process, files, free_address, get, is_taken, metric, run,
};

const SECRET: &str = "simulator-secret";
const PORTAL_SECRET: &str = "whsec_ZGVtby1rZXktb2YtdGhlLXBvcnRhbC0h";
const PROGRAM: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";

/// An installation with one source and one platform.
struct Site {
    installation: Installation,
    receiver: SocketAddr,
    admin: SocketAddr,
    platform: SocketAddr,
}

impl Site {
    fn new() -> Self {
        let (receiver, admin, platform) = (free_address(), free_address(), free_address());
        let site = Self {
            installation: Installation::new(""),
            receiver,
            admin,
            platform,
        };
        site.installation.configure(&site.configuration());
        site
    }

    fn configuration(&self) -> String {
        let (receiver, admin, platform) = (self.receiver, self.admin, self.platform);
        format!(
            r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{PORTAL_SECRET}"]
[[assignments]]
group = "Sales"
startexam = {{ programs = ["{PROGRAM}"] }}
[providers.startexam]
base_url = "http://{platform}"
allow_insecure_http = true
account_id = 99
secret = "{SECRET}"
profile_id = "d51b5efd-fb21-4cb8-94e2-145014839465"
"#
        )
    }

    /// The configuration with something else in the place of `old`.
    fn configured(old: &str, new: &str) -> Self {
        let site = Self::new();
        let text = site.configuration();
        assert!(text.contains(old), "{old}");
        site.installation.configure(&text.replace(old, new));
        site
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.installation.run(arguments)
    }

    fn serve(&self) -> Process {
        let mut process = self.installation.start(&["serve"]);
        process.until_ready(self.admin);
        process
    }

    /// Commands that would bind ports or write data must refuse before they do.
    fn refuses(&self, lines: &[&str]) {
        for command in [
            &["check-config"][..],
            &["serve"],
            &["receiver"],
            &["topics", "create"],
        ] {
            let ended = self.run(command);
            assert_eq!(ended.code, Some(78), "{command:?}: {}", ended.stderr);
            assert_eq!(ended.stdout, "");
            let said: Vec<&str> = ended.stderr.lines().collect();
            assert_eq!(said.len(), lines.len(), "{}", ended.stderr);
            for (said, expected) in said.iter().zip(lines) {
                assert!(said.starts_with(expected), "{said:?}, not {expected:?}");
                assert!(said.contains(" (from "), "{said}");
            }
        }
        assert!(!is_taken(self.receiver) && !is_taken(self.admin));
        assert_eq!(files(&self.installation.path("")), ["relay.toml"]);
    }
}

const MISSPELT: &str = "receiver.listne = (not shown): unknown key; did you mean `listen`?";
const DRAIN: &str = "shard.drain = 10s: must be longer than providers.startexam.call_timeout (30s)";
const UNSIGNED: &str = "sources.portal.secrets = (not set): required: set it, or secret_files";

#[test]
fn a_valid_configuration_is_shown_with_origins_and_without_secrets() {
    let site = Site::new();
    let ended = site.run(&["check-config"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let file = site.installation.path("relay.toml");
    let listen = format!(
        "receiver.listen = \"{}\"  # {}:4",
        site.receiver,
        file.display()
    );
    assert!(ended.stdout.contains(&listen), "{}", ended.stdout);
    for line in [
        "shard.drain = \"40s\"  # default",
        "providers.startexam.secret = \"[redacted]\"  # ",
        "sources.portal.secrets = [\"[redacted]\"]  # ",
        "assignments[0].group = \"Sales\"  # ",
    ] {
        assert!(ended.stdout.contains(line), "no {line}: {}", ended.stdout);
    }
    for secret in [SECRET, PORTAL_SECRET] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret));
    }
    assert!(!site.installation.path("data").exists());
}

#[test]
fn an_unknown_key_is_refused_before_anything_is_bound() {
    Site::configured("[receiver]\nlisten", "[receiver]\nlistne").refuses(&[MISSPELT]);
}

#[test]
fn a_missing_secret_is_refused_before_anything_is_bound() {
    let secrets = format!("secrets = [\"{PORTAL_SECRET}\"]\n");
    Site::configured(&secrets, "").refuses(&[UNSIGNED]);
}

#[test]
fn a_drain_shorter_than_a_call_is_refused_before_anything_is_bound() {
    Site::configured("[admin]", "[shard]\ndrain = \"10s\"\n[admin]").refuses(&[DRAIN]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let site = Site::new();
    let text = site.configuration();
    let text = text
        .replace("[receiver]\nlisten", "[receiver]\nlistne")
        .replace(&format!("secrets = [\"{PORTAL_SECRET}\"]\n"), "")
        .replace("[admin]", "[shard]\ndrain = \"10s\"\n[admin]");
    site.installation.configure(&text);
    site.refuses(&[MISSPELT, DRAIN, UNSIGNED]);
}

#[test]
fn a_configuration_that_is_no_file_or_no_toml_is_refused() {
    let ended = run(&["serve", "--config", "no-such.toml"]);
    assert_eq!(ended.code, Some(78));
    let expected = "config = no-such.toml: cannot be read: ";
    assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
    let ended = Installation::new("[receiver").run(&["serve"]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.stderr.contains("relay.toml:2:"), "{}", ended.stderr);
}

#[test]
fn topics_are_named_when_they_are_created_and_again_when_they_exist() {
    let site = Site::new();
    for _ in 0..2 {
        let ended = site.run(&["topics", "create"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for topic in ["hris.events: ", "hris.people: ", "hris.startexam.state: "] {
            assert!(ended.stdout.contains(topic), "{}", ended.stdout);
        }
    }
}

#[test]
fn help_of_every_command_says_what_it_does() {
    let overview = run(&["--help"]);
    assert_eq!(overview.code, Some(0));
    for word in ["Examples:", "hris-relay demo", "Exit codes:", "78"] {
        assert!(overview.stdout.contains(word), "no {word}");
    }
    for (command, says) in [
        (&["demo"][..], "simulated platform"),
        (&["serve"], "in one process"),
        (&["receiver"], "verifies webhooks"),
        (&["roster"], "one record per person"),
        (&["worker"], "startexam, cirrus, examtesting"),
        (&["simulate"], "startexam"),
        (&["simulate", "startexam"], "--switches"),
        (&["simulate", "cirrus"], "Examples:"),
        (&["simulate", "examtesting"], "Examples:"),
        (&["send"], "Examples:"),
        (&["import"], "Broken off, run the same command again"),
        (&["reconcile"], "--no-wait"),
        (&["topics"], "create"),
        (&["topics", "create"], "missing"),
        (&["check-config"], "where each value comes from"),
        (&["schemas"], "Examples:"),
        (&["healthcheck"], "whether it is well"),
    ] {
        let help = run(&[command, &["--help"]].concat());
        assert_eq!(help.code, Some(0), "{command:?}");
        assert!(help.stdout.contains(says), "{command:?}: {}", help.stdout);
        assert!(overview.stdout.contains(command[0]), "{command:?}");
    }
}

#[test]
fn wrong_usage_exits_2_and_a_lacking_configuration_78() {
    let site = Site::new();
    for (arguments, code, says) in [
        (&["no-such-command"][..], 2, "no-such-command"),
        (&[], 2, "Usage: hris-relay"),
        (&["serve", "--no-such-flag"], 2, "--no-such-flag"),
        (&["worker", "nobody"], 2, "startexam, cirrus, examtesting"),
        (&["demo", "--people", "3"], 2, "20..=25000"),
        (&["send", "portal", "hired", "e"], 2, "is --config missing?"),
        (&["serve"], 78, "add [sources.<name>]"),
        (&["worker", "startexam"], 78, "add [providers.startexam]"),
    ] {
        let ended = run(arguments);
        let said = &ended.stderr;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    let ended = site.run(&["send", "nobody", "hired", "e-1"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("one of [portal]"), "{}", ended.stderr);
}

#[test]
fn a_dry_run_shows_the_request_and_no_secret() {
    let site = Site::new();
    let ended = site.run(&["send", "portal", "terminated", "e-17", "--dry-run"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let (head, body) = ended.stdout.split_once("\n\n").unwrap();
    let request = format!("POST http://{}/hooks/portal", site.receiver);
    assert!(head.starts_with(&request), "{head}");
    for name in [
        "webhook-id: ",
        "webhook-timestamp: ",
        "webhook-signature: v1,",
    ] {
        assert!(head.contains(name), "{head}");
    }
    let event: Value = serde_json::from_str(body).unwrap();
    assert_eq!(event["type"], "hr.employee.terminated.v1");
    assert_eq!(event["subject"], "e-17");
    assert!(!ended.stdout.contains("ZGVtby1rZXktb2Yt"));
    assert!(!is_taken(site.receiver));
}

#[test]
fn a_bearer_token_is_not_shown_by_a_dry_run() {
    let sources =
        "[sources.erp]\nkind = \"cloudevents\"\nsecrets = [\"a-token-of-the-erp-32-bytes-long\"]\n";
    let site = Site::configured("[[assignments]]", &format!("{sources}[[assignments]]"));
    let ended = site.run(&["send", "erp", "hired", "e-17", "--dry-run"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("authorization: [redacted]"));
    assert!(!ended.stdout.contains("a-token-of-the-erp"));
}

#[test]
fn what_send_says_reaches_the_simulated_platform() {
    let site = Site::new();
    let platform = site.platform.to_string();
    let mut simulator = site.installation.start_bare(&[
        "simulate",
        "startexam",
        "--listen",
        &platform,
        "--program",
        PROGRAM,
    ]);
    let address = site.platform;
    let state = move || get(address, "/_sim/state").filter(|(status, _)| *status == 200);
    simulator.until("listening", || state().is_some());
    assert!(simulator.said().contains("state at /_sim/state"));

    // A sender is patient: the receiver may still be starting.
    let mut relay = site.installation.start(&["serve"]);
    let sent = site.run(&[
        "send",
        "portal",
        "hired",
        "e-17",
        "--day",
        "2026-03-01",
        "--group",
        "Sales",
        "--attribute",
        "first_name=Ada",
    ]);
    assert_eq!(
        (sent.code, sent.stdout.trim()),
        (Some(0), "200"),
        "{}",
        sent.stderr
    );
    relay.until("applied", || {
        let state: Value = serde_json::from_str(&state().unwrap().1).unwrap();
        let employee = &state["employees"]["e-17"];
        employee["data"]["First Name"] == "Ada" && employee["programs"][0] == PROGRAM
    });
    let (_, metrics) = get(site.admin, "/metrics").unwrap();
    let accepted = [("source", "portal"), ("outcome", "accepted")];
    let counted = metric(&metrics, "hris_relay_webhooks_total", &accepted);
    assert!((counted - 1.0).abs() < f64::EPSILON, "{metrics}");
    assert!(!relay.said().contains(SECRET) && !relay.said().contains("e-17"));
    assert_eq!(relay.terminate().code(), Some(0));
    assert_eq!(simulator.terminate().code(), Some(0));
}

#[test]
fn a_health_check_is_0_while_the_relay_runs_and_1_after() {
    let site = Site::new();
    let relay = site.serve();
    for question in [&["healthcheck"][..], &["healthcheck", "--ready"]] {
        let ended = site.run(question);
        assert_eq!(ended.code, Some(0), "{question:?}: {}", ended.stderr);
    }
    assert_eq!(relay.terminate().code(), Some(0));
    let ended = site.run(&["healthcheck"]);
    assert_eq!(ended.code, Some(1));
    let expected = format!("error: http://{}/health/live is not well", site.admin);
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
}

#[test]
fn a_second_relay_on_the_same_data_is_told_who_holds_it() {
    let site = Site::new();
    let relay = site.serve();
    let text = site
        .configuration()
        .replace(&site.receiver.to_string(), &free_address().to_string())
        .replace(&site.admin.to_string(), &free_address().to_string());
    site.installation.configure(&text);
    let second = site.run(&["serve"]);
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    let last = second.stderr.lines().last().unwrap_or_default();
    assert!(last.contains(&relay.id().to_string()), "{last}");
    assert!(last.starts_with("error: "), "{last}");
    assert_eq!(get(site.admin, "/health/ready").unwrap().0, 200);
    assert_eq!(relay.terminate().code(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    for role in ["receiver", "admin"] {
        let site = Site::new();
        let address = if role == "admin" {
            site.admin
        } else {
            site.receiver
        };
        let _holder = std::net::TcpListener::bind(address).unwrap();
        let ended = site.run(&["serve"]);
        assert_eq!(ended.code, Some(1), "{role}: {}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: "), "{last}");
        assert!(last.contains(&address.to_string()), "{last}");
        assert!(last.contains("in use"), "{last}");
    }
}
