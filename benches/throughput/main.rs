//! How much a relay takes on this machine: webhooks a second, and leavers locked out.
//!
//! In come what to measure and on which log, out comes a table on standard output. It
//! writes into folders of its own under `target/tmp`, which it removes.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a benchmark is a program for people, and shares the tests' broker"
)]

mod disk;
mod load;
mod place;
mod table;
mod terminations;
mod webhooks;

/// The tests' Kafka, with what it needs.
#[path = "../../tests/it/support"]
mod support {
    pub mod broker;
    pub mod said;
}

use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use hris_relay::clock::{Clock, SystemClock};

use place::Kind;

const EXAMPLES: &str = "\
Examples:
  cargo bench --bench throughput                                both, on both logs
  cargo bench --bench throughput -- webhooks sqlite             webhooks on SQLite
  cargo bench --bench throughput -- terminations --people 2000  a smaller company

Kafka is one broker of its own on loopback, fetched with mvn and run with java;
HRIS_RELAY_TEST_BROKERS names another. HRIS_RELAY_REQUIRE_KAFKA=1 fails without one.";

/// Measures a relay on this machine.
#[derive(Debug, Parser)]
#[command(name = "throughput", after_help = EXAMPLES)]
struct Arguments {
    /// What to measure, and on which log; all of them if none is named.
    #[arg(value_enum)]
    subjects: Vec<Subject>,
    /// How long each round of webhooks takes.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Requests at the same time, a round each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    concurrency: Vec<usize>,
    /// How many people are hired and terminated.
    #[arg(long, default_value_t = 25_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// Calls a second that the platform is said to take, as `max_rps` in a configuration.
    #[arg(long, default_value_t = 10_000.0)]
    max_rps: f64,
    /// How often each measurement is made; the table shows the median.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    repeat: u32,
    /// What `cargo bench` says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    Webhooks,
    Terminations,
    Sqlite,
    Kafka,
}

impl Arguments {
    /// Whether a subject was asked for, by its name or by naming none of its kind.
    fn wants(&self, subject: Subject, others: Subject) -> bool {
        self.subjects.contains(&subject) || !self.subjects.contains(&others)
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let mut kinds = Vec::new();
    if arguments.wants(Subject::Sqlite, Subject::Kafka) {
        kinds.push(Kind::Sqlite);
    }
    if arguments.wants(Subject::Kafka, Subject::Sqlite)
        && let Some(kafka) = support::broker::cluster()
    {
        let (brokers, name) = (kafka.brokers.clone(), kafka.name.clone());
        kinds.push(Kind::Kafka { brokers, name });
    }
    println!("{}\n", disk::described(&clock)?);
    if arguments.wants(Subject::Webhooks, Subject::Terminations) {
        let seconds = Duration::from_secs(arguments.seconds);
        for kind in &kinds {
            let mut rows = table::webhooks();
            for &concurrency in &arguments.concurrency {
                let round = webhooks::Round {
                    concurrency,
                    seconds,
                    repeat: arguments.repeat,
                };
                let measured = runtime.block_on(webhooks::measure(kind, round, &clock))?;
                table::add_webhooks(&mut rows, concurrency, &measured);
            }
            println!("Webhooks on {kind}\n{rows}\n");
        }
    }
    if arguments.wants(Subject::Terminations, Subject::Webhooks) {
        let mut rows = table::terminations();
        for kind in &kinds {
            let company = terminations::Company {
                people: arguments.people,
                max_rps: arguments.max_rps,
                repeat: arguments.repeat,
            };
            let measured = runtime.block_on(terminations::measure(kind, company, &clock))?;
            table::add_terminations(&mut rows, kind, &measured);
        }
        println!(
            "{} terminations at {} calls a second\n{rows}",
            arguments.people, arguments.max_rps
        );
    }
    Ok(())
}

/// The middle one of measurements by a number each has.
fn median<T>(mut measured: Vec<T>, by: impl Fn(&T) -> f64) -> T {
    measured.sort_by(|a, b| by(a).total_cmp(&by(b)));
    let middle = measured.len() / 2;
    measured.swap_remove(middle)
}
