//! Real parts, made from settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::admin::Contracts;
use crate::clock::Clock;
use crate::config::Settings;
use crate::contract;
use crate::id::{Provider, SourceId};
use crate::log::kafka::KafkaLog;
use crate::log::sqlite::SqliteLog;
use crate::log::{ConsumeError, Log};
use crate::person::{Rules, SourceRules};
use crate::plan::Planner;
use crate::provider::Platform;
use crate::receiver::SourceKind;
use crate::registry::platforms;
use crate::roster::Admissions;
use crate::traces::{Traces, TracesError};
use crate::worker::{BURST, Generation, Limits, WorkerRules};

/// The document of an installation's topics; of every platform as long as none is configured.
pub fn asyncapi(settings: &Settings) -> Value {
    let configured = settings.providers.configured();
    let providers = if configured.is_empty() {
        Provider::ALL
    } else {
        &configured
    };
    contract::asyncapi(&settings.kafka, providers)
}

/// The document of an installation's HTTP surface.
pub fn openapi(settings: &Settings) -> Value {
    contract::openapi(&settings.receiver, &settings.admin)
}

/// Both, each in one piece.
pub(super) fn contracts(settings: &Settings) -> Contracts {
    let whole = |document| contract::whole(document).to_string().into();
    Contracts {
        openapi: whole(openapi(settings)),
        asyncapi: whole(asyncapi(settings)),
    }
}

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

/// The traces that are configured, of a process of this name.
///
/// # Errors
/// When there is no way to send them.
pub(super) fn traces(settings: &Settings, process: &str) -> Result<Traces, TracesError> {
    let log = if settings.kafka.is_used() {
        "kafka"
    } else {
        "sqlite"
    };
    Traces::start(&settings.traces, process, log)
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

macro_rules! clients {
    ($($name:ident {
        constant: $constant:ident, client: $client:ident, settings: $settings:ident,
        planner: $planner:ident, assignment: $part:ident, account: $account:literal,
        meaning: $meaning:literal,
    })*) => {
        /// How a provider is planned for, and the client it is called through.
        fn planner_and_client(
            settings: &Settings,
            provider: Provider,
            clock: Arc<dyn Clock>,
        ) -> anyhow::Result<(Box<dyn Planner>, Arc<dyn Platform>)> {
            let is_not_configured = || format!("providers.{provider} is not configured");
            $(
                if provider == Provider::$constant {
                    let account = settings.providers.$name.as_ref();
                    let account = account.with_context(is_not_configured)?;
                    let client = crate::provider::$name::$client::from_settings(account, clock)
                        .with_context(|| format!("the {provider} client cannot be made"))?;
                    let assignments = settings.assignments.clone();
                    let planner = crate::plan::$planner::new(assignments, account);
                    return Ok((Box::new(planner), Arc::new(client)));
                }
            )*
            bail!(is_not_configured())
        }
    };
}
platforms!(clients);

/// What a provider's worker goes by, and the client it calls through.
///
/// # Errors
/// When the provider is not configured, or cannot be called as it is.
pub fn worker(
    settings: &Settings,
    provider: Provider,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<(WorkerRules, Arc<dyn Platform>)> {
    let (planner, client) = planner_and_client(settings, provider, clock)?;
    let accounts = settings.providers.accounts();
    let account = accounts.into_iter().find(|(known, _)| *known == provider);
    let (_, account) = account.context("the provider is not configured")?;
    let rules = WorkerRules {
        provider,
        people: people_rules(settings),
        planner,
        assignments: Generation::new(settings.assignments_generation, &settings.assignments),
        partitions: 1,
        limits: Limits::new(account.capacity(), BURST),
        settings: settings.worker.clone(),
    };
    Ok((rules, client))
}
