//! How far a long command is: a bar on a terminal, now and then a line elsewhere.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use super::print;

/// How often a line is printed where there is no terminal: this many times in all.
const LINES: u64 = 4;

/// One thing after the other that takes its time.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    told: u64,
}

impl Progress {
    /// Shows that so much of something is done.
    pub(super) fn show(&mut self, what: &'static str, done: u64, all: u64) {
        if self.what != what {
            self.finish();
            self.what = what;
            self.told = 0;
            self.bar = stderr().is_terminal().then(|| bar(what, all));
        }
        match &self.bar {
            Some(bar) => {
                bar.set_length(all);
                bar.set_position(done);
            }
            None => self.tell(done, all),
        }
    }

    fn tell(&mut self, done: u64, all: u64) {
        let share = done.saturating_mul(LINES).checked_div(all).unwrap_or(0);
        if share > self.told && done < all {
            self.told = share;
            let percent = done.saturating_mul(100).checked_div(all).unwrap_or(0);
            print::problem(&format!("{}: {percent} %", self.what));
        }
    }

    /// Prints a line to standard error, above the bar.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print::problem(line)),
            None => print::problem(line),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &'static str, all: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {msg}, {eta} left");
    let bar = ProgressBar::new(all);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    bar
}
