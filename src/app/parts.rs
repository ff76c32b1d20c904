//! Real parts, made from settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;

use crate::clock::Clock;
use crate::config::Settings;
use crate::id::{Provider, SourceId};
use crate::log::kafka::KafkaLog;
use crate::log::sqlite::SqliteLog;
use crate::log::{ConsumeError, Log};
use crate::person::{Rules, SourceRules};
use crate::plan::StartExamPlanner;
use crate::provider::Platform;
use crate::provider::startexam::{StartExam, StartExamSettings};
use crate::receiver::SourceKind;
use crate::roster::Admissions;
use crate::worker::{BURST, Generation, Limits, WorkerRules};

/// Opens the log that is configured: Kafka if brokers are named, else the embedded one.
///
/// # Errors
/// When the log cannot be opened.
pub fn open_log(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Arc<dyn Log>, ConsumeError> {
    if settings.kafka.is_used() {
        Ok(Arc::new(KafkaLog::connect(&settings.kafka, clock)?))
    } else {
        Ok(Arc::new(SqliteLog::open(&settings.data_dir, clock)?))
    }
}

/// Opens the log that is configured for looking only; none: there is none yet.
///
/// # Errors
/// When the log cannot be opened.
pub fn open_log_read_only(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<Option<Arc<dyn Log>>, ConsumeError> {
    if settings.kafka.is_used() {
        return open_log(settings, clock).map(Some);
    }
    if !SqliteLog::is_at(&settings.data_dir) {
        return Ok(None);
    }
    Ok(Some(Arc::new(SqliteLog::open_read_only(
        &settings.data_dir,
    )?)))
}

/// How facts are read.
pub fn people_rules(settings: &Settings) -> Rules {
    let sources: BTreeMap<SourceId, SourceRules> = settings
        .sources
        .iter()
        .filter_map(|(name, source)| {
            // A name that is none was refused with the configuration.
            let name = SourceId::try_from(name.as_str()).ok()?;
            let rules = SourceRules {
                employs: source.employs,
                version_by: source.version,
                epoch: source.epoch,
                zone: source.time_zone.clone(),
                termination_day: source.termination_date,
            };
            Some((name, rules))
        })
        .collect();
    Rules {
        zone: settings.roster.time_zone.clone(),
        revival_grace: settings.roster.revival_grace,
        precedence: settings.roster.precedence.clone(),
        sources,
    }
}

/// What each source that writes to the inbox may say.
pub(super) fn admissions(settings: &Settings) -> Admissions {
    let cloudevents = settings
        .sources
        .iter()
        .filter(|(_, source)| source.kind == Some(SourceKind::Cloudevents));
    // A name that is none was refused with the configuration.
    let admissions = cloudevents.filter_map(|(name, source)| source.admission(name).ok());
    Arc::new(
        admissions
            .map(|admission| (admission.source.clone(), admission))
            .collect(),
    )
}

/// What a provider's worker goes by.
///
/// # Errors
/// When the provider is not configured, or cannot be called as it is.
pub fn worker_rules(
    settings: &Settings,
    provider: Provider,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<WorkerRules> {
    match provider {
        Provider::StartExam => {
            let account = settings.providers.startexam.as_ref();
            let account = account.context("providers.startexam is not configured")?;
            startexam(settings, account, clock).map(|(rules, _)| rules)
        }
    }
}

/// What a StartExam worker goes by, and the client it calls through.
pub(super) fn startexam(
    settings: &Settings,
    account: &StartExamSettings,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<(WorkerRules, Arc<dyn Platform>)> {
    let platform =
        StartExam::from_settings(account, clock).context("the StartExam client cannot be made")?;
    let planner = StartExamPlanner::new(
        settings.assignments.clone(),
        account.profile_fields.clone(),
        account.removal_order,
    );
    let rules = WorkerRules {
        provider: Provider::StartExam,
        people: people_rules(settings),
        planner: Box::new(planner),
        assignments: Generation::new(settings.assignments_generation, &settings.assignments),
        partitions: 1,
        limits: Limits {
            calls_per_second: account.max_rps,
            burst: BURST,
            in_flight: account.max_in_flight,
            accounts: account.sync_batch_max,
            registrations: account.program_batch_max,
            call_timeout: account.call_timeout,
        },
        settings: settings.worker.clone(),
    };
    Ok((rules, Arc::new(platform)))
}
