//! What operators are promised, shown on the whole relay and the simulated platform.

use hris_relay::provider::startexam::wire::Status;
use hris_relay::simulator::startexam::ProgramSettings;
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
    let pending = [("state", "pending")];
    let waits = || relay.metric("hris_relay_waiting_people", &pending) > PEOPLE as f64 - 0.5;
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
    process.until("applied", || {
        let applied = [("state", "applied")];
        relay.metric("hris_relay_waiting_people", &applied) > PEOPLE as f64 - 0.5
    });
    assert!(relay.metric("hris_relay_dead_letters_total", &[]) < 0.5);
    assert_eq!(process.terminate().code(), Some(0));
    relay.platform.stop().await;
}
