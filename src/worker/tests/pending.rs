//! What is still to be done, and for how long: what operators page and scale on.

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

impl World {
    fn has_pending(&mut self, people: usize, oldest: u64) {
        self.feed(Input::Tick);
        let text = self.metrics.render().unwrap();
        let labels = "{partition=\"3\",provider=\"startexam\"}";
        for (name, value) in [
            ("pending_people", people.to_string()),
            ("oldest_pending_seconds", oldest.to_string()),
        ] {
            let line = format!("hris_relay_{name}{labels} {value}\n");
            assert!(text.contains(&line), "{line} is not in:\n{text}");
        }
    }

    fn platform_is_down(&mut self) {
        let down = Does::Fails(Failure::Unreachable);
        self.script.extend(vec![down; 10_000]);
    }
}

#[test]
fn whoever_waits_for_a_call_is_pending_from_the_first_change_on() {
    let mut world = World::new();
    world.has_pending(0, 0);
    world.platform_is_down();
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(MINUTE);
    world.renamed("a", "Ada");
    world.hired("b", "2026-03-01", SALES);
    world.settle_for(MINUTE);
    world.has_pending(2, 120);
    world.script.clear();
    world.settle_for(MINUTE * 30);
    world.has_pending(0, 0);
}

#[test]
fn a_restart_does_not_make_a_leaver_younger() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.hired("due", "2026-03-01", SALES);
    world.terminated("due", Some("2026-03-02"));
    world.settle();
    world.platform_is_down();
    world.terminated("a", None);
    let told = world.now;
    world.settle_for(MINUTE * 10);
    world.crash();
    world.has_pending(1, 600);
    // An end told long ago is overdue since its date, not since it was told.
    world.settle_until("2026-03-03T00:05:00Z".parse().unwrap());
    world.script.clear();
    world.platform_is_down();
    world.crash();
    let since_told = world.now.duration_since(told).as_secs();
    world.has_pending(2, u64::try_from(since_told).unwrap());
}

#[test]
fn what_somebody_must_mend_is_not_pending() {
    let mut world = World::new();
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    world.refused.extend(["a".to_owned(), "b".to_owned()]);
    world.terminated("a", None);
    world.hired("b", "2026-03-01", SALES);
    world.hired("c", "2026-05-01", SALES);
    world.settle_for(MINUTE);
    world.has_pending(0, 0);
}

#[test]
fn tries_are_counted_when_an_operation_is_in_force() {
    let mut world = World::new();
    world
        .script
        .extend(vec![Does::Fails(Failure::Unreachable); 2]);
    world.hired("a", "2026-03-01", SALES);
    world.settle_for(MINUTE * 5);
    let text = world.metrics.render().unwrap();
    let sum = "hris_relay_operation_attempts_sum{provider=\"startexam\"} 5";
    assert!(
        text.contains(sum),
        "three for the account, one a program: {text}"
    );
}
