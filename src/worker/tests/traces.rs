//! Which traces a call follows from.

use super::*;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const NEWER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

impl World {
    /// What follows is said of somebody in this trace.
    fn in_trace(&mut self, who: &str, traceparent: &str) {
        let id = EmployeeId::try_from(who).unwrap();
        self.traces.insert(id, traceparent.to_owned());
    }
}

fn traces(of: &[&str]) -> Vec<TraceContext> {
    let of = of.iter().map(|one| TraceContext::parse(one).unwrap());
    of.collect()
}

#[test]
fn a_call_follows_from_the_newest_fact_of_each_of_its_people() {
    let mut world = World::new();
    world.in_trace("e-1", TRACE);
    world.in_trace("e-3", "00-no-trace");
    for who in ["e-1", "e-2", "e-3"] {
        world.hired(who, "2026-01-01", SALES);
    }
    world.in_trace("e-2", NEWER);
    world.hired("e-2", "2026-01-02", SALES);
    world.settle();
    assert_eq!(world.sent[0], (traces(&[TRACE, NEWER]), 1));
}

#[test]
fn the_trace_of_a_fact_outlives_a_crash() {
    let mut world = World::new();
    world.in_trace("e-1", TRACE);
    world.hired("e-1", "2026-01-01", SALES);
    world.crash();
    world.settle();
    assert!(!world.sent.is_empty());
    assert!(
        world
            .sent
            .iter()
            .all(|(facts, _)| *facts == traces(&[TRACE]))
    );
}
