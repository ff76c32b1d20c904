//! All three platforms behind one relay process: what is wrong with one is its own affair, and
//! nothing that must not be seen leaves the process.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hris_relay::provider::startexam::wire::Status;
use hris_relay::secret::Secret;
use hris_relay::simulator::shared::Fault;
use hris_relay::simulator::{cirrus, examtesting, startexam};
use jiff::ToSpan;
use serde_json::json;

use crate::support::binary::{Installation, Process, free_address, get, metric};
use crate::support::logs::system_clock;
use crate::support::sender::{SECRET, tell};

/// Every secret, name and address of this file holds this word, and no line of ours does:
/// whoever greps the output of the whole test run for it must find nothing.
const PLANTED: &str = "planted";

const PROGRAM: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
const PEOPLE: usize = 12;

/// A provider, the file of its secret, and what the secret is.
const SECRETS: [(&str, &str, &str); 3] = [
    ("startexam", "startexam.secret", "planted-startexam-secret"),
    ("cirrus", "cirrus.secret", "planted-cirrus-token"),
    ("examtesting", "examtesting.pass", "planted-api-pass"),
];

struct Company {
    startexam: startexam::Running,
    cirrus: cirrus::Running,
    examtesting: examtesting::Running,
    installation: Installation,
    receiver: SocketAddr,
    admin: SocketAddr,
}

impl Company {
    /// Not started yet; every secret is as the platforms have it.
    fn new() -> Self {
        let anywhere = || "127.0.0.1:0".parse().unwrap();
        let [startexam_secret, cirrus_secret, pass] = SECRETS.map(|(_, _, secret)| secret);
        let account = startexam::SimulatorSettings {
            secret: Secret::new(startexam_secret),
            ..startexam::SimulatorSettings::default()
        };
        let startexam = startexam::Simulator::start(account, anywhere(), system_clock()).unwrap();
        let tenant = cirrus::SimulatorSettings {
            secret: Secret::new(cirrus_secret),
            ..cirrus::SimulatorSettings::default()
        };
        let cirrus = cirrus::Simulator::start(tenant, anywhere(), system_clock()).unwrap();
        let institution = examtesting::SimulatorSettings {
            api_key: Secret::new("planted-api-key"),
            api_pass: Secret::new(pass),
            ..examtesting::SimulatorSettings::default()
        };
        let examtesting =
            examtesting::Simulator::start(institution, anywhere(), system_clock()).unwrap();
        let company = Self {
            startexam,
            cirrus,
            examtesting,
            installation: Installation::new(""),
            receiver: free_address(),
            admin: free_address(),
        };
        company.installation.configure(&company.configuration());
        for (_, file, secret) in SECRETS {
            std::fs::write(company.installation.path(file), secret).unwrap();
        }
        let made = company.installation.run(&["topics", "create"]);
        assert_eq!(made.code, Some(0), "{}", made.stderr);
        company
    }

    fn configuration(&self) -> String {
        let file = |place: usize| {
            let (_, file, _) = SECRETS[place];
            self.installation.path(file).display().to_string()
        };
        let account = startexam::SimulatorSettings::default();
        format!(
            r#"
[receiver]
listen = "{receiver}"
[admin]
listen = "{admin}"
[log]
level = "debug"
[worker]
probe_every = "1s"
[sources.portal]
kind = "standard_webhooks"
secrets = ["{SECRET}"]
[[assignments]]
group = "Sales"
startexam = {{ programs = ["{PROGRAM}"] }}
cirrus = {{ schedules = [{{ schedule = "ScEXT1", group = "GrEXT1", group_name = "Group" }}] }}
examtesting = {{ group = "Class A" }}
[providers.startexam]
base_url = "http://{startexam}"
allow_insecure_http = true
account_id = {account_id}
secret_file = "{startexam_secret}"
profile_id = "{profile}"
max_rps = 100.0
[providers.cirrus]
base_url = "http://{cirrus}{path}"
allow_insecure_http = true
secret_file = "{cirrus_secret}"
publish_links = true
links_base = "https://planted.example"
max_rps = 100.0
[providers.examtesting]
base_url = "http://{examtesting}"
allow_insecure_http = true
institution_id = "{institution}"
api_key = "planted-api-key"
api_pass_file = "{pass}"
password_secret = "planted-password-secret"
max_rps = 100.0
"#,
            receiver = self.receiver,
            admin = self.admin,
            startexam = self.startexam.addr(),
            account_id = account.account_id,
            startexam_secret = file(0),
            profile = account.profile_id,
            cirrus = self.cirrus.addr(),
            path = cirrus::SimulatorSettings::default().base_path,
            cirrus_secret = file(1),
            examtesting = self.examtesting.addr(),
            institution = examtesting::SimulatorSettings::default().institution_id,
            pass = file(2),
        )
    }

    fn start(&self) -> Process {
        let mut process = self.installation.start(&["serve"]);
        process.until_ready(self.admin);
        process
    }

    fn metrics(&self) -> String {
        let text = get(self.admin, "/metrics").map(|(_, text)| text);
        text.unwrap_or_default()
    }

    fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        metric(&self.metrics(), name, labels)
    }

    /// How many people can get in and are registered, by provider.
    fn served(&self) -> BTreeMap<&'static str, usize> {
        let account = self.startexam.simulator().account();
        let startexam = account.employees.values();
        let startexam =
            startexam.filter(|it| it.status == Status::Active && !it.programs.is_empty());
        let tenant = self.cirrus.simulator().account();
        let on = &tenant.schedules["ScEXT1"].candidates;
        let cirrus = tenant.users.iter();
        let cirrus = cirrus.filter(|(id, it)| !it.login_disabled && on.contains_key(*id));
        let students = self.examtesting.simulator().account().students;
        let examtesting = students.values().filter(|it| it.is_enabled);
        BTreeMap::from([
            ("startexam", startexam.count()),
            ("cirrus", cirrus.count()),
            ("examtesting", examtesting.count()),
        ])
    }

    async fn hire(&self, people: &[String], email: &str) {
        let at = system_clock().now() - 5.minutes();
        let hire = |who: &String| {
            let event = json!({
                "type": "hr.employee.hired.v1",
                "timestamp": at,
                "subject": who,
                "data": {
                    "effective_at": "2020-01-01",
                    "attributes": {
                        "first_name": "Plantedanna", "last_name": "Plantedberg", "email": email,
                    },
                    "groups": { "current": ["Sales"] },
                },
            });
            event.to_string()
        };
        let id = format!("hired-{}", people.len());
        tell(self.receiver, &id, people.iter().map(hire).collect()).await;
    }
}

fn people() -> Vec<String> {
    (0..PEOPLE).map(|n| format!("planted-{n:02}")).collect()
}

fn seconds_of_503(words: &str) -> Vec<Fault> {
    let action = json!({ "do": "status", "status": 503, "message": words });
    serde_json::from_value(json!([{ "times": 4, "action": action }])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_at_one_platform_hold_up_no_other_and_heal_with_the_file() {
    for (wrong, file, secret) in SECRETS {
        let company = Company::new();
        std::fs::write(company.installation.path(file), "planted-but-wrong").unwrap();
        let mut process = company.start();
        company.hire(&people(), "planted@example.com").await;
        process.until("the other platforms to serve everybody", || {
            let served = company.served();
            served
                .iter()
                .all(|(name, count)| *count == PEOPLE || *name == wrong)
        });
        let labels = [("provider", wrong), ("reason", "credentials_rejected")];
        process.until("the quarantine to show", || {
            company.metric("hris_relay_gate", &labels) > 0.0
        });
        process.until_said("failure.code=\"credentials_rejected\"");
        assert_eq!(company.served()[wrong], 0, "{wrong}");
        std::fs::write(company.installation.path(file), secret).unwrap();
        process.until("everybody to be served", || {
            company.served().values().all(|count| *count == PEOPLE)
        });
        let dead = company.metric("hris_relay_dead_letters_total", &[("provider", wrong)]);
        assert!(dead.abs() < 0.5, "{wrong}: {dead} dead letters");
        assert!(
            company.metric("hris_relay_gate", &labels).abs() < 0.5,
            "{wrong}"
        );
        assert!(process.terminate().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_link_or_person_leaves_the_process_but_to_platform_and_log() {
    let company = Company::new();
    let words = "planted-03 planted@example.com Plantedanna";
    company.startexam.simulator().script(seconds_of_503(words));
    company.cirrus.simulator().script(seconds_of_503(words));
    company
        .examtesting
        .simulator()
        .script(seconds_of_503(words));
    let mut process = company.start();
    company.hire(&people(), "planted@example.com").await;
    // No platform takes this address; Cirrus' client finds it before the call.
    let odd = ["planted-odd".to_owned()];
    company.hire(&odd, "planted at nowhere").await;
    process.until("everybody else to be served", || {
        company.served().values().all(|count| *count >= PEOPLE)
    });
    let dead = [("provider", "cirrus")];
    process.until("the odd one to be given up", || {
        company.metric("hris_relay_dead_letters_total", &dead) > 0.0
    });
    let mut seen = vec![("metrics", company.metrics())];
    for page in ["/health/ready", "/health/live"] {
        seen.push((page, get(company.admin, page).unwrap().1));
    }
    for command in [&["check-config"][..], &["healthcheck", "--ready"]] {
        let ended = company.installation.run(command);
        seen.push((command[0], ended.stdout + &ended.stderr));
    }
    seen.push(("log", process.said()));
    assert!(process.terminate().success());
    let folder = company.installation.path("data").display().to_string();
    for (what, text) in seen {
        assert!(!text.is_empty(), "{what} says nothing");
        // The tests' own addresses, which the operator wrote into the configuration.
        let text = text
            .replace(&folder, "")
            .replace("https://planted.example", "");
        let found = text
            .lines()
            .find(|line| line.to_lowercase().contains(PLANTED));
        assert!(
            found.is_none(),
            "{what} shows something that must not be seen"
        );
    }
}
