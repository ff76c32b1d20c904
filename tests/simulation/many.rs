//! Many histories on all cores, and what came of them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use hris_relay::metrics::Metrics;

use crate::arguments::Arguments;
use crate::history::History;
use crate::mutations::{ALL, noticed};
use crate::shrink::{shrink, tell};
use crate::world::World;

/// After so many broken histories nobody reads on.
const MOST_BROKEN: usize = 3;
/// The longest trace that is printed, in lines.
const MOST_LINES: usize = 200;
/// A fault that so many histories do not notice is not noticed.
const MOST_FOR_A_MUTATION: u64 = 20_000;

/// Runs histories; says whether no promise was broken.
pub(crate) fn histories(arguments: &Arguments) -> bool {
    let first = arguments.seed.unwrap_or(0);
    let many = if arguments.seed.is_some() {
        1
    } else {
        arguments.histories
    };
    let started = Instant::now();
    let (next, calls, people) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let found: Mutex<BTreeMap<u64, String>> = Mutex::new(BTreeMap::new());
    let is_enough = AtomicBool::new(false);
    let work = || {
        let metrics = Metrics::new().unwrap();
        while !is_enough.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= many {
                return;
            }
            let history = History::of(first + number);
            let mut world = World::new(&history, &metrics, false);
            let end = world.run();
            calls.fetch_add(world.shared.watch.calls(), Ordering::Relaxed);
            people.fetch_add(history.people.len() as u64, Ordering::Relaxed);
            if number > 0 && number.is_multiple_of(100_000) {
                println!(
                    "{number} of {many} histories after {:.0?}",
                    started.elapsed()
                );
            }
            if let Some(end) = end {
                let mut found = found.lock().unwrap();
                found.insert(history.seed, end);
                is_enough.fetch_or(found.len() >= MOST_BROKEN, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs() {
            scope.spawn(work);
        }
    });
    let found = found.into_inner().unwrap();
    let ran = next.into_inner().min(many);
    println!(
        "{ran} histories of {} people, {} calls, {:.1?}: {} violations",
        people.into_inner(),
        calls.into_inner(),
        started.elapsed(),
        found.len()
    );
    for (seed, end) in &found {
        println!("seed {seed}: {end}");
    }
    for seed in found.keys() {
        explain(*seed, arguments.whole);
    }
    if arguments.seed.is_some() && found.is_empty() {
        print(&tell(&History::of(first), &Metrics::new().unwrap()));
    }
    found.is_empty()
}

/// Prints the smallest history that breaks a promise as this one does.
fn explain(seed: u64, is_whole: bool) {
    let metrics = Metrics::new().unwrap();
    let mut smallest = History::of(seed);
    if !is_whole {
        smallest = shrink(&smallest, &metrics);
    }
    println!("\nseed {seed} in {} steps:", smallest.steps.len());
    print(&tell(&smallest, &metrics));
    println!("to see it again: cargo test --test simulation -- --seed {seed}");
}

fn print(lines: &[String]) {
    let (head, tail) = lines.split_at(lines.len().min(MOST_LINES / 2));
    let left_out = tail.len().saturating_sub(MOST_LINES / 2);
    for line in head {
        println!("  {line}");
    }
    if left_out > 0 {
        println!("  ... {left_out} lines ...");
    }
    for line in &tail[left_out..] {
        println!("  {line}");
    }
}

/// Switches on one fault after the other; says whether each was noticed.
pub(crate) fn mutations(arguments: &Arguments) -> bool {
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let unnoticed = Mutex::new(Vec::new());
    let work = || {
        let metrics = Metrics::new().unwrap();
        while let Some(mutation) = ALL.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            match noticed(*mutation, MOST_FOR_A_MUTATION, &metrics) {
                Some((after, how)) => {
                    let how = how.split("; wanted").next().unwrap_or(&how);
                    println!("{mutation:?}: after {after} histories: {how}");
                }
                None => unnoticed.lock().unwrap().push(*mutation),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs() {
            scope.spawn(work);
        }
    });
    let unnoticed = unnoticed.into_inner().unwrap();
    let noticed = ALL.len() - unnoticed.len();
    println!(
        "{noticed} of {} mutations noticed, {:.1?}",
        ALL.len(),
        started.elapsed()
    );
    for mutation in &unnoticed {
        println!("{mutation:?}: not noticed by {MOST_FOR_A_MUTATION} histories");
    }
    unnoticed.is_empty()
}
