//! What operators are promised, shown on the whole relay and the simulated platform.

use hris_relay::provider::startexam::wire::Status;
use hris_relay::simulator::startexam::ProgramSettings;
use serde_json::json;
use uuid::Uuid;

use crate::support::platform::{ALL, platform};
use crate::support::relay::{Relay, people};

/// A program that the platform does not have.
const MISSING: &str = "6a1f0b6e-31f5-4e0e-9d51-8f2f4f7a1b6c";

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_does_not_exist_holds_up_only_its_own_registrations() {
    const PEOPLE: usize = 40;
    let more = format!(
        "[[assignments]]\ngroup = \"Sales\"\nstartexam = {{ programs = [\"{ALL}\", \"{MISSING}\"] }}\n\
         [worker]\nprobe_every = \"1s\"\n"
    );
    let relay = Relay::new(platform(), &more);
    let mut process = relay.start();
    relay.hired(&people(PEOPLE), "Sales").await;
    let waits = || relay.waiting("pending") == PEOPLE;
    process.until("registered elsewhere", || {
        relay.registered() == PEOPLE && waits()
    });
    let account = relay.platform.simulator().account();
    assert!(
        account
            .employees
            .values()
            .all(|it| it.status == Status::Active)
    );
    let alert = "The provider does not know this target";
    process.until("probed", || {
        relay.metric(
            "hris_relay_provider_calls_total",
            &[("outcome", "target_unknown")],
        ) > 1.5
    });
    assert_eq!(process.said().matches(alert).count(), 1, "one alert");

    relay.platform.simulator().put_program(&ProgramSettings {
        id: MISSING.parse().unwrap(),
        external_id: None,
        module_tests: vec![Uuid::now_v7()],
        manual: false,
    });
    process.until("complete", || {
        let account = relay.platform.simulator().account();
        account.employees.values().all(|it| it.programs.len() == 2)
    });
    process.until("applied", || relay.waiting("applied") == PEOPLE);
    assert!(relay.metric("hris_relay_dead_letters_total", &[]) < 0.5);
    assert_eq!(process.terminate().code(), Some(0));
    relay.platform.stop().await;
}

/// How many people are locked out.
fn hidden(relay: &Relay) -> usize {
    let employees = relay.platform.simulator().account().employees;
    let hidden = employees.values().filter(|it| it.status == Status::Hidden);
    hidden.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mass_termination_waits_for_a_human_while_hires_go_on() {
    const COMPANY: usize = 1000;
    /// 2 % of the people who are active when it begins.
    const BUDGET: usize = 20;
    let more =
        format!("[[assignments]]\ngroup = \"Sales\"\nstartexam = {{ programs = [\"{ALL}\"] }}\n");
    let relay = Relay::new(platform(), &more);
    let mut process = relay.start();
    let company = people(COMPANY + 1);
    let (joiner, company) = company.split_last().unwrap();
    relay.hired(company, "Sales").await;
    process.until("registered", || relay.registered() == COMPANY);

    let left = json!({});
    let (leavers, _) = company.split_at(COMPANY / 2);
    relay.tell(5, "terminated", leavers, &left).await;
    let is_held = || relay.waiting("held") >= COMPANY / 2 - BUDGET;
    process.until("held", is_held);
    process.until_said("More removals than the hour's budget");
    assert!(hidden(&relay) <= BUDGET, "{} are out", hidden(&relay));
    relay.hired(std::slice::from_ref(joiner), "Sales").await;
    let has_joined = || {
        let employees = relay.platform.simulator().account().employees;
        employees
            .get(joiner)
            .is_some_and(|it| !it.programs.is_empty())
    };
    process.until("joined by a new hire", has_joined);

    let before = hidden(&relay);
    process.kill();
    let mut process = relay.start();
    process.until("held again", is_held);
    assert_eq!(hidden(&relay), before, "a restart refills nothing");

    let is_out = |who: &String| {
        let employees = relay.platform.simulator().account().employees;
        employees[who].status == Status::Hidden
    };
    let waiting = leavers.iter().find(|who| !is_out(who)).unwrap();
    let decided = relay.installation.run(&[
        "command",
        "release",
        "--provider",
        "startexam",
        "--person",
        waiting,
        "--fact-version",
        "present",
        "--operator",
        "ops",
        "--reason",
        "HR confirmed it",
    ]);
    assert_eq!(decided.code, Some(0), "{}", decided.stderr);
    process.until("released", || is_out(waiting));
    assert_eq!(hidden(&relay), before + 1, "nobody else");
    assert_eq!(process.terminate().code(), Some(0));
    assert!(relay.platform.simulator().overlaps().is_empty(), "I3");
    relay.platform.stop().await;
}
