//! `import`: a roster from a file becomes snapshot events.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::arguments::{Configured, Output, pair};
use super::process::{known_source, load, start_quiet_logging, until_asked_to_stop};
use super::progress::Progress;
use super::{CommandError, print};
use crate::app::{open_log, open_log_read_only, people_rules};
use crate::clock::Clock;
use crate::event::rfc3339;
use crate::id::{Provider, SourceId};
use crate::operator::import::{self, Adopt, Format, ImportError, News, RosterError, Summary};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hris-relay import people.csv --source portal --as-of 2026-03-31T02:00:00Z --dry-run --config relay.toml
  hris-relay import people.csv --source portal --as-of 2026-03-31T02:00:00Z --config relay.toml
  hris-relay import export.txt --format csv --delimiter ';' --map 'Work E-Mail=email' --map Salary=ignore ...
  hris-relay import people.jsonl --source portal --as-of 2026-03-31T04:00:00+02:00 --no-adopt ...
  kubectl exec -i relay-hris-relay-serve-0 -- hris-relay import - --format csv ... < people.csv

Columns (CSV) or members (JSON Lines) that are known by themselves, also written `Employee ID`:
  employee_id     required; the same id the source's webhooks name
  status          active or inactive; one of status, start_date, end_date must be there
  start_date      2026-03-31, or an instant with its offset
  end_date        the last day as the source's termination_date says; empty: no end is known
  groups          separated by `;` (JSON: or an array): all groups of the person; may be several columns
  employment_id, time_zone, sequence, and every attribute of the source: first_name, last_name, email ...
The source's own names of them (attributes, status_field, group_fields ...) are known as well.

The file is checked whole before anything is written. Bad lines are named by number and reason, the
others are imported (exit code 65); if more than 1 in 100 and more than 10 are bad, nothing is.
It may run beside `serve`. Broken off, run the same command again: what is known already is passed
over. A corrected file needs a later --as-of. People who are not in the file stay as they are.")]
pub(super) struct Import {
    /// The file: CSV with a line that names the columns, or JSON Lines, in UTF-8; `-` reads
    /// standard input.
    file: PathBuf,
    /// The configured source whose facts these are.
    #[arg(long, value_name = "NAME")]
    source: String,
    /// When the file was exported, as RFC 3339 writes it. It decides which facts are newer.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    as_of: Timestamp,
    /// What the file is; otherwise its name tells (.csv, .tsv, .jsonl, .ndjson).
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// What separates the cells of CSV; otherwise a comma, in .tsv a tab.
    #[arg(long, value_parser = delimiter)]
    delimiter: Option<u8>,
    /// What a column holds, or `ignore`; may be repeated.
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = pair)]
    mapped: Vec<(String, String)>,
    /// Takes the accounts of people the relay has no record of for what is planned: nothing is
    /// called for them until something changes. The default while a platform has no state.
    #[arg(long)]
    adopt: bool,
    /// Calls the platforms for everybody in the file.
    #[arg(long, conflicts_with = "adopt")]
    no_adopt: bool,
    /// Imports nothing if more lines than this are bad.
    #[arg(long, value_name = "LINES")]
    max_bad: Option<u64>,
    /// Says what would come of it, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    configured: Configured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FileFormat {
    Csv,
    Jsonl,
}

fn instant(raw: &str) -> Result<Timestamp, String> {
    let expected = "expected an instant with its offset, like 2026-03-31T02:00:00Z";
    rfc3339(raw).ok_or_else(|| expected.to_owned())
}

fn delimiter(raw: &str) -> Result<u8, String> {
    match raw.as_bytes() {
        [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        _ => Err("expected one character, like `;`, or `\\t` for a tab".to_owned()),
    }
}

pub(super) async fn run(arguments: &Import, clock: Arc<dyn Clock>) -> Result<(), CommandError> {
    let settings = load(&arguments.configured)?.settings;
    start_quiet_logging(&settings)?;
    let source = known_source(&settings, &arguments.source)?;
    let rules = people_rules(&settings);
    let configured = settings.providers.configured();
    let format = arguments.format()?;
    // Before the log is opened: whoever types the roster takes their time.
    let kept = arguments.kept().context("standard input cannot be kept")?;
    let kept_at = kept.as_ref().map(descriptor);
    let log = if arguments.dry_run {
        open_log_read_only(&settings, Arc::clone(&clock))
    } else {
        open_log(&settings, Arc::clone(&clock)).map(Some)
    };
    let log = log.context("the log cannot be opened")?;
    let plan = import::Import {
        file: kept_at.as_ref().unwrap_or(&arguments.file),
        format,
        source: SourceId::try_from(arguments.source.as_str()).context("the source's name")?,
        settings: source,
        as_of: crate::clock::whole_milliseconds(arguments.as_of),
        adopt: arguments.adopt(configured.clone()),
        mapped: &arguments.mapped,
        max_bad: arguments.max_bad,
        is_dry_run: arguments.dry_run,
        rules: &rules,
    };
    let mut report = Report::new(arguments.output);
    let asked = until_asked_to_stop()?;
    let mut tell = |news: News<'_>| report.hear(&news);
    let imported = tokio::select! {
        biased;
        imported = import::import(&plan, log.as_deref(), &*clock, &mut tell) => imported,
        () = asked => {
            let said = "stopped; what was imported stays, run the same command again to go on";
            return Err(anyhow::anyhow!(said).into());
        }
    };
    if let Some(log) = log {
        log.close().await;
    }
    report.progress.finish();
    let summary = imported.map_err(refused)?;
    report.print(arguments, &summary, &configured);
    if summary.bad > 0 {
        return Err(CommandError::Partly(format!(
            "{} bad lines were not imported",
            summary.bad
        )));
    }
    Ok(())
}

/// What the arguments contradict is wrong usage; the rest has failed.
fn refused(error: ImportError) -> CommandError {
    match error {
        ImportError::Future | ImportError::Roster(RosterError::Columns(_)) => {
            CommandError::Usage(error.to_string())
        }
        ImportError::Roster(_)
        | ImportError::TooManyBad { .. }
        | ImportError::Changed
        | ImportError::Log(_)
        | ImportError::Append { .. } => CommandError::Failed(error.into()),
    }
}

/// Where a file that has no name can be opened again.
fn descriptor(file: &File) -> PathBuf {
    PathBuf::from(format!("/dev/fd/{}", file.as_raw_fd()))
}

impl Import {
    fn is_from_standard_input(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    /// Standard input as a file, which can be read twice; it has no name, so that nothing is
    /// left of it whatever becomes of this process.
    fn kept(&self) -> std::io::Result<Option<File>> {
        if !self.is_from_standard_input() {
            return Ok(None);
        }
        let mut file = tempfile::tempfile()?;
        std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
        Ok(Some(file))
    }

    fn format(&self) -> Result<Format, CommandError> {
        let extension = self.file.extension().and_then(|word| word.to_str());
        let extension = extension.map(str::to_ascii_lowercase);
        let csv = |usual| Format::Csv {
            delimiter: self.delimiter.unwrap_or(usual),
        };
        match (self.format, extension.as_deref()) {
            (Some(FileFormat::Jsonl), _) | (None, Some("jsonl" | "ndjson")) => {
                Ok(Format::JsonLines)
            }
            (Some(FileFormat::Csv) | None, Some("tsv")) => Ok(csv(b'\t')),
            (Some(FileFormat::Csv), _) | (None, Some("csv")) => Ok(csv(b',')),
            (None, _) if self.is_from_standard_input() => Err(CommandError::Usage(
                "standard input has no name that tells what it is: add --format csv or \
                 --format jsonl"
                    .to_owned(),
            )),
            (None, _) => Err(CommandError::Usage(
                "the file's name does not tell what it is: add --format csv or --format jsonl"
                    .to_owned(),
            )),
        }
    }

    fn adopt(&self, configured: Vec<Provider>) -> Adopt {
        if self.adopt {
            Adopt::At(configured.into_iter().collect())
        } else if self.no_adopt {
            Adopt::At(BTreeSet::new())
        } else {
            Adopt::Usual(configured)
        }
    }
}

/// What people, or programs, get to read.
struct Report {
    output: Output,
    progress: Progress,
    bad: Vec<Value>,
}

impl Report {
    fn new(output: Output) -> Self {
        Self {
            output,
            progress: Progress::default(),
            bad: Vec::new(),
        }
    }

    fn hear(&mut self, news: &News<'_>) {
        match *news {
            News::Checking(read, all) => self.progress.show("checked", read, all),
            News::Importing(done, all) => self.progress.show("imported", done, all),
            News::Bad(line, bad) if self.output == Output::Json => {
                let (code, reason) = (bad.code(), bad.to_string());
                self.bad
                    .push(json!({ "line": line, "code": code, "reason": reason }));
            }
            News::Bad(line, bad) => self.progress.say(&format!("line {line}: {bad}")),
            News::Unknown(columns) => {
                let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                self.progress.say(&format!(
                    "columns passed over: {}; import one with --map 'COLUMN=FIELD' (an attribute \
                     must be in the source's `attributes`)",
                    names.join(", ")
                ));
            }
        }
    }

    fn print(self, arguments: &Import, summary: &Summary, configured: &[Provider]) {
        match self.output {
            Output::Json => {
                let document = json!({
                    "dry_run": arguments.dry_run,
                    "source": arguments.source,
                    "as_of": arguments.as_of.to_string(),
                    "summary": summary,
                    "bad_lines": self.bad,
                });
                print::line(format!("{document:#}"));
            }
            Output::Text => lines(arguments, summary, configured)
                .iter()
                .for_each(print::line),
        }
    }
}

fn lines(arguments: &Import, summary: &Summary, configured: &[Provider]) -> Vec<String> {
    let (appended, unchanged) = if arguments.dry_run {
        ("would be appended", "would change nothing")
    } else {
        ("appended", "changed nothing: known already")
    };
    let mut lines: Vec<String> = [
        (summary.rows, "lines"),
        (summary.bad, "bad, not imported"),
        (summary.people, "people"),
        (summary.employments, "employments"),
        (summary.active, "active"),
        (summary.ahead, "still to come"),
        (summary.gone, "leavers"),
        (
            summary.unheard,
            "of whom nothing tells whether they work here",
        ),
        (summary.changed, appended),
        (summary.unchanged, unchanged),
    ]
    .into_iter()
    .map(|(count, what)| format!("{count:>9} {what}"))
    .collect();
    if summary.active_elsewhere > 0 {
        lines.push(format!(
            "{:>9} active people are not in the file; an import removes nobody",
            summary.active_elsewhere
        ));
    }
    for provider in configured {
        lines.push(if summary.adopt.contains(provider) {
            format!("adopted at {provider}: accounts count as planned until something changes")
        } else {
            format!("not adopted at {provider}: whatever is not as planned there is called")
        });
    }
    lines
}
