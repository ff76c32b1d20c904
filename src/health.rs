//! Whether the parts of this process are alive and ready, by their own word.
//!
//! Live means that no part is wedged, ready that each can take work. Neither ever asks
//! whether a broker or a platform can be reached: an outage of theirs would otherwise
//! restart every process of ours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::Clock;

/// The health of a process: what its components last said about themselves.
#[derive(Debug, Clone)]
pub struct Health {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    components: BTreeMap<String, Pulse>,
}

#[derive(Debug)]
struct Pulse {
    limit: Duration,
    /// `Clock::elapsed` at the last beat.
    beaten_at: Duration,
    waiting_for: Option<&'static str>,
}

/// What is said about all components together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Report {
    /// Whether all is well.
    pub ok: bool,
    /// Each component, by name.
    pub components: BTreeMap<String, Verdict>,
}

/// What is said about one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Verdict {
    /// Whether it is well.
    pub ok: bool,
    /// What is the matter, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub why: Option<&'static str>,
    /// Milliseconds since it last gave a sign of life.
    pub silent_ms: u64,
}

impl Health {
    /// The health of a process that has no components.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    /// Registers a component: alive from here on, not ready until it says so. It must beat
    /// more often than `limit`; it is forgotten when the returned value is dropped.
    pub fn component(&self, name: impl Into<String>, limit: Duration) -> Component {
        self.register(name.into(), limit, Some("starting"))
    }

    /// The same, ready from here on: one that comes and goes while the process works must not
    /// make it unready in between.
    pub fn ready_component(&self, name: impl Into<String>, limit: Duration) -> Component {
        self.register(name.into(), limit, None)
    }

    fn register(
        &self,
        name: String,
        limit: Duration,
        waiting_for: Option<&'static str>,
    ) -> Component {
        let pulse = Pulse {
            limit,
            beaten_at: self.clock.elapsed(),
            waiting_for,
        };
        self.lock().components.insert(name.clone(), pulse);
        Component {
            name,
            health: self.clone(),
        }
    }

    /// Makes the process not ready for good: it is going to end.
    pub fn stop(&self) {
        self.lock().stopping = true;
    }

    /// Whether no component has been silent for longer than its limit.
    pub fn live(&self) -> Report {
        self.report(|pulse, silent, _| (silent > pulse.limit).then_some("silent"))
    }

    /// Whether every component is ready and the process is not ending.
    pub fn ready(&self) -> Report {
        self.report(|pulse, _, stopping| {
            if stopping {
                Some("stopping")
            } else {
                pulse.waiting_for
            }
        })
    }

    fn report(&self, judge: impl Fn(&Pulse, Duration, bool) -> Option<&'static str>) -> Report {
        let now = self.clock.elapsed();
        let state = self.lock();
        let components: BTreeMap<String, Verdict> = state
            .components
            .iter()
            .map(|(name, pulse)| {
                let silent = now.saturating_sub(pulse.beaten_at);
                let why = judge(pulse, silent, state.stopping);
                let verdict = Verdict {
                    ok: why.is_none(),
                    why,
                    silent_ms: u64::try_from(silent.as_millis()).unwrap_or(u64::MAX),
                };
                (name.clone(), verdict)
            })
            .collect();
        Report {
            ok: components.values().all(|verdict| verdict.ok),
            components,
        }
    }

    /// What a thread that panicked left is whole: every change is a single assignment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A component's own end of its health.
#[derive(Debug)]
pub struct Component {
    name: String,
    health: Health,
}

impl Component {
    /// Gives a sign of life.
    pub fn beat(&self) {
        let now = self.health.clock.elapsed();
        self.change(|pulse| pulse.beaten_at = now);
    }

    /// Says that it can take work; a sign of life too.
    pub fn set_ready(&self) {
        self.change(|pulse| pulse.waiting_for = None);
        self.beat();
    }

    /// Says that it cannot take work and what it waits for; a sign of life too.
    pub fn set_waiting(&self, why: &'static str) {
        self.change(|pulse| pulse.waiting_for = Some(why));
        self.beat();
    }

    fn change(&self, change: impl FnOnce(&mut Pulse)) {
        if let Some(pulse) = self.health.lock().components.get_mut(&self.name) {
            change(pulse);
        }
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        let _gone = self.health.lock().components.remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[derive(Debug, Default)]
    struct Hand(Mutex<Duration>);

    impl Hand {
        fn advance(&self, by: Duration) {
            *self.0.lock().unwrap() += by;
        }
    }

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn elapsed(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    fn health() -> (Arc<Hand>, Health) {
        let hand = Arc::new(Hand::default());
        let clock: Arc<Hand> = Arc::clone(&hand);
        (hand, Health::new(clock))
    }

    #[test]
    fn a_component_that_falls_silent_is_not_alive_until_it_beats_again() {
        let (hand, health) = health();
        let roster = health.component("roster", LIMIT);
        let worker = health.component("worker", LIMIT * 4);
        hand.advance(LIMIT);
        assert!(health.live().ok);
        hand.advance(Duration::from_millis(1));
        let report = health.live();
        assert!(!report.ok);
        assert_eq!(report.components["roster"].why, Some("silent"));
        assert_eq!(report.components["roster"].silent_ms, 30_001);
        assert!(report.components["worker"].ok);
        roster.beat();
        assert!(health.live().ok);
        drop(worker);
        assert_eq!(health.live().components.len(), 1);
    }

    #[test]
    fn a_component_that_comes_while_the_process_works_does_not_make_it_unready() {
        let (_, health) = health();
        let partition = health.ready_component("worker/3", LIMIT);
        assert!(health.ready().ok);
        partition.set_waiting("restoring");
        assert!(!health.ready().ok);
    }

    #[test]
    fn a_process_is_ready_when_every_component_is_and_never_while_it_stops() {
        let (_, health) = health();
        let receiver = health.component("receiver", LIMIT);
        let worker = health.component("worker", LIMIT);
        receiver.set_ready();
        let report = health.ready();
        assert!(!report.ok);
        assert_eq!(report.components["worker"].why, Some("starting"));
        worker.set_ready();
        assert!(health.ready().ok);
        worker.set_waiting("restoring");
        assert_eq!(health.ready().components["worker"].why, Some("restoring"));
        worker.set_ready();
        health.stop();
        assert_eq!(health.ready().components["worker"].why, Some("stopping"));
        assert!(health.live().ok);
    }
}
