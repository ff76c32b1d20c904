//! From a history that breaks a promise to the smallest one that still does.

use hris_relay::metrics::Metrics;

use crate::history::History;
use crate::world::World;

/// The first broken promise of a history.
pub(crate) fn broken(history: &History, metrics: &Metrics) -> Option<String> {
    World::new(history, metrics, false).run()
}

/// Leaves out whatever can be left out.
pub(crate) fn shrink(history: &History, metrics: &Metrics) -> History {
    let mut smallest = history.clone();
    let mut size = smallest.steps.len().div_ceil(2);
    while size > 0 {
        let mut from = 0;
        let mut is_smaller = false;
        while from < smallest.steps.len() {
            let mut smaller = smallest.clone();
            smaller
                .steps
                .drain(from..smallest.steps.len().min(from + size));
            if broken(&smaller, metrics).is_some() {
                smallest = smaller;
                is_smaller = true;
            } else {
                from += size;
            }
        }
        if size > 1 || !is_smaller {
            size /= 2;
        }
    }
    for index in (0..smallest.people.len()).rev() {
        let mut fewer = smallest.clone();
        fewer.people.remove(index);
        if broken(&fewer, metrics).is_some() {
            smallest = fewer;
        }
    }
    smallest
}

/// The trace of a history: what happened, and what the relay did.
pub(crate) fn tell(history: &History, metrics: &Metrics) -> Vec<String> {
    let mut world = World::new(history, metrics, true);
    let end = world.run();
    let mut lines = world.trace();
    lines.push(end.map_or("no promise was broken".to_owned(), |end| {
        format!("BROKEN {end}")
    }));
    lines
}
