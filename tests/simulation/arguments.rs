//! The command line: our own arguments, and those that `cargo test` hands to every test target.

use clap::Parser;

/// What this target proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    Histories,
    Mutations,
}

impl Test {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Histories => "histories_break_no_promise",
            Self::Mutations => "every_mutation_is_noticed",
        }
    }
}

/// Random histories against everything the relay promises.
#[derive(Debug, Parser)]
#[command(name = "simulation")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Arguments {
    /// How many histories to run.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) histories: u64,
    /// The seed of the first history; alone, only this one is run, and told in full.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many threads run histories; as many as there are cores, if not set.
    #[arg(long)]
    jobs: Option<usize>,
    /// Tell a history that breaks a promise as it is, not shrunk.
    #[arg(long)]
    pub(crate) whole: bool,
    /// Run the mutation check alone.
    #[arg(long)]
    mutations: bool,
    /// List the tests and run none.
    #[arg(long)]
    pub(crate) list: bool,
    /// Run only tests whose name contains one of these.
    filters: Vec<String>,
    /// The filter is the whole name.
    #[arg(long)]
    exact: bool,
    /// Leave out tests whose name contains this.
    #[arg(long)]
    skip: Vec<String>,
    /// Run only ignored tests: there are none.
    #[arg(long)]
    ignored: bool,
    #[command(flatten)]
    harness: Harness,
}

/// What the standard test harness knows and this one has no use for.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "as many as the harness has")]
struct Harness {
    #[arg(long, hide = true)]
    nocapture: bool,
    #[arg(long, hide = true)]
    no_capture: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    test: bool,
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true)]
    test_threads: Option<usize>,
    #[arg(long, hide = true)]
    color: Option<String>,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    report_time: bool,
    #[arg(short = 'Z', hide = true)]
    unstable: Vec<String>,
}

impl Arguments {
    pub(crate) fn read() -> Self {
        Self::parse()
    }

    pub(crate) fn jobs(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.jobs.unwrap_or(cores).max(1)
    }

    /// What is to be run.
    pub(crate) fn tests(&self) -> Vec<Test> {
        let asked = if self.mutations {
            vec![Test::Mutations]
        } else if self.seed.is_some() {
            vec![Test::Histories]
        } else {
            vec![Test::Histories, Test::Mutations]
        };
        let is_meant = |test: &Test| {
            let name = test.name();
            let matches = |filter: &String| {
                if self.exact {
                    name == filter
                } else {
                    name.contains(filter.as_str())
                }
            };
            let is_skipped = self.skip.iter().any(matches);
            !self.ignored
                && !is_skipped
                && (self.filters.is_empty() || self.filters.iter().any(matches))
        };
        asked.into_iter().filter(is_meant).collect()
    }
}
