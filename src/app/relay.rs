//! A running relay: the roles of one process, from the first port to the last commit.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::parts;
use crate::admin::{self, Shown};
use crate::clock::Clock;
use crate::config::Settings;
use crate::health::Health;
use crate::id::Provider;
use crate::log::{Group, Log, Stage, Topic};
use crate::metrics::Metrics;
use crate::receiver::{Receiver, Surroundings};
use crate::roster::{IntakeHost, RosterHost};
use crate::settings::Complaint;
use crate::shard::{Host, Process, run_stage};
use crate::shutdown::Tasks;
use crate::traces::Traces;
use crate::worker::{WorkerHost, WorkerRules};

/// What is left after the drain: closing the log, answering the last scrape.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the last spans may take: a collector that is away must not keep a process.
const LAST_SPANS: Duration = Duration::from_secs(3);

/// How often a process asks whether the log would take an event.
const PULSE: Duration = Duration::from_secs(5);

/// One role of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Webhooks to events.
    Receiver,
    /// Other producers' records to events.
    Intake,
    /// Events to people.
    Roster,
    /// People to one platform.
    Worker(Provider),
}

impl Role {
    /// Every role that is configured: what `serve` runs.
    pub fn all(settings: &Settings) -> Vec<Self> {
        let mut roles = vec![Self::Receiver, Self::Intake, Self::Roster];
        roles.extend(
            settings
                .providers
                .configured()
                .into_iter()
                .map(Self::Worker),
        );
        roles
    }
}

impl Role {
    /// What the configuration lacks for this role.
    pub fn lacks(self, settings: &Settings) -> Option<Complaint> {
        match self {
            Self::Receiver => settings.sources.is_empty().then(|| {
                Complaint::missing(
                    "sources",
                    "required: without a source every webhook is refused; add [sources.<name>]",
                )
            }),
            Self::Intake | Self::Roster => None,
            Self::Worker(provider) => {
                let is_configured = settings.providers.configured().contains(&provider);
                (!is_configured).then(|| {
                    let key = format!("providers.{provider}");
                    let reason = format!("required: add [{key}] to the configuration");
                    Complaint::missing(key, reason)
                })
            }
        }
    }
}

/// Where a process listens.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// For webhooks, if it receives them.
    pub receiver: Option<SocketAddr>,
    /// For operators.
    pub admin: SocketAddr,
}

/// A relay that runs.
#[derive(Debug)]
pub struct Relay {
    tasks: Tasks,
    admin: JoinSet<std::io::Result<()>>,
    admin_stops: CancellationToken,
    addresses: Addresses,
    process: Process,
    log: Arc<dyn Log>,
    /// How long a stage may take to hand over.
    drain: Duration,
    /// How long the slowest role may take to stop.
    longest_stop: Duration,
}

impl Relay {
    /// Starts roles on a log.
    ///
    /// # Errors
    /// When a port cannot be opened, or a role lacks its settings.
    pub fn start(
        settings: &Settings,
        roles: &[Role],
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let owner = format!("{}-{}", std::process::id(), uuid::Uuid::now_v7());
        let traces = parts::traces(settings, &owner).context("traces cannot be sent")?;
        let process = Process {
            health: Health::new(Arc::clone(&clock)),
            metrics: Metrics::new().context("metrics cannot be registered")?,
            traces,
            clock,
            owner,
        };
        let admin_stops = CancellationToken::new();
        let (admin_address, server) = admin::open(
            &settings.admin,
            Shown {
                health: process.health.clone(),
                metrics: process.metrics.clone(),
                contracts: parts::contracts(settings),
            },
            admin_stops.clone().cancelled_owned(),
        )?;
        let mut admin = JoinSet::new();
        let _handle = admin.spawn(server);
        let mut relay = Self {
            tasks: Tasks::default(),
            admin,
            admin_stops,
            addresses: Addresses {
                receiver: None,
                admin: admin_address,
            },
            process,
            log,
            drain: settings.shard.drain,
            longest_stop: settings.shard.drain.max(settings.receiver.longest_stop()),
        };
        let answers = relay.ask_log();
        for role in roles {
            relay.add(settings, *role, answers.clone())?;
        }
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            log = relay.log.describe(),
            roles = ?roles,
            receiver.address = relay.addresses.receiver.map(tracing::field::display),
            admin.address = %relay.addresses.admin,
            "Relay started"
        );
        Ok(relay)
    }

    /// Asks the log again and again whether it would take an event, shows the answer and sends it:
    /// a process that has nothing to write must notice too that it would not.
    fn ask_log(&mut self) -> watch::Receiver<Option<bool>> {
        let (said, answers) = watch::channel(None);
        let log = Arc::clone(&self.log);
        let shown = self.process.metrics.process.log_reachable.clone();
        let stopping = self.tasks.stopping();
        self.tasks.spawn("log", async move {
            let mut beats = tokio::time::interval(PULSE);
            loop {
                let asked = async {
                    beats.tick().await;
                    log.is_ready().await
                };
                tokio::select! {
                    () = stopping.cancelled() => return Ok(()),
                    answer = asked => {
                        shown.set(answer.into());
                        let _before = said.send_replace(Some(answer));
                    }
                }
            }
        });
        answers
    }

    fn add(
        &mut self,
        settings: &Settings,
        role: Role,
        answers: watch::Receiver<Option<bool>>,
    ) -> anyhow::Result<()> {
        match role {
            Role::Receiver => self.add_receiver(settings, answers),
            Role::Intake => {
                let admissions = parts::admissions(settings);
                let (shard, process) = (settings.shard.clone(), self.process.clone());
                let host = IntakeHost::new(admissions, shard, process);
                self.add_stage("intake", Group::Intake, Topic::Inbox, |_| host);
                Ok(())
            }
            Role::Roster => {
                let rules = parts::people_rules(settings);
                let host = RosterHost::new(rules, settings.shard.clone(), self.process.clone());
                self.add_stage("roster", Group::Roster, Topic::Events, |_| host);
                Ok(())
            }
            Role::Worker(provider) => self.add_worker(settings, provider),
        }
    }

    fn add_receiver(
        &mut self,
        settings: &Settings,
        mut answers: watch::Receiver<Option<bool>>,
    ) -> anyhow::Result<()> {
        let receiver = Receiver::bind(
            &settings.receiver,
            &settings.sources,
            Surroundings {
                log: Arc::clone(&self.log),
                clock: Arc::clone(&self.process.clock),
                metrics: &self.process.metrics,
                traces: self.process.traces.clone(),
            },
        )?;
        self.addresses.receiver = Some(receiver.address());
        let pulse = self.process.health.component("receiver", PULSE * 12);
        let stopping = self.tasks.stopping();
        self.tasks.spawn("receiver", async move {
            let mut serving = std::pin::pin!(receiver.run(stopping));
            let mut beats = tokio::time::interval(PULSE);
            loop {
                tokio::select! {
                    ended = &mut serving => return Ok(ended?),
                    _ = beats.tick() => pulse.beat(),
                    // Nothing more is heard once the process stops.
                    Ok(()) = answers.changed() => match *answers.borrow_and_update() {
                        Some(true) => pulse.set_ready(),
                        Some(false) => pulse.set_waiting("the log does not answer"),
                        None => {}
                    }
                }
            }
        });
        Ok(())
    }

    fn add_worker(&mut self, settings: &Settings, provider: Provider) -> anyhow::Result<()> {
        let clock = Arc::clone(&self.process.clock);
        let (rules, platform) = parts::worker(settings, provider, clock)?;
        let settings = settings.shard.clone();
        let process = self.process.clone();
        let host = move |partitions| {
            let limits = rules.limits.shared_by(partitions);
            let rules = WorkerRules {
                partitions,
                limits,
                ..rules
            };
            WorkerHost::new(rules, platform, settings, process)
        };
        let (group, source) = (Group::Worker(provider), Topic::People);
        self.add_stage(provider.as_str(), group, source, host);
        Ok(())
    }

    /// Adds a stage; its host is made once it is known how many partitions share the work.
    fn add_stage<H: Host>(
        &mut self,
        name: &'static str,
        group: Group,
        source: Topic,
        host: impl FnOnce(u32) -> H + Send + 'static,
    ) {
        let stage = Stage {
            group,
            source,
            handover: self.drain,
        };
        let log = Arc::clone(&self.log);
        let stopping = self.tasks.stopping();
        // Registered before the task runs: the process is not ready until the stage has joined.
        let starting = self.process.health.component(name, PULSE * 24);
        self.tasks.spawn(name, async move {
            let host = host(log.partitions(source).await?);
            run_stage(Arc::new(host), log, stage, stopping).await?;
            drop(starting);
            Ok(())
        });
    }

    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Its metrics.
    pub const fn metrics(&self) -> &Metrics {
        &self.process.metrics
    }

    /// Runs until `signal`, then drains: readiness turns false, no more is taken, calls in
    /// flight end, the last commit is made.
    ///
    /// # Errors
    /// When a role ends by itself, or the drain takes too long.
    pub async fn run(mut self, signal: impl Future<Output = ()>) -> anyhow::Result<()> {
        let health = self.process.health.clone();
        let signal = async {
            signal.await;
            health.stop();
            tracing::info!("Stopping: draining what is under way");
        };
        let grace = self.longest_stop.saturating_add(FAREWELL);
        let outcome = self.tasks.run(signal, grace).await;
        let traces = self.process.traces.clone();
        tokio::join!(close(&*self.log), send_last_spans(traces));
        self.admin_stops.cancel();
        while self.admin.join_next().await.is_some() {}
        outcome?;
        tracing::info!("Stopped: everything is committed");
        Ok(())
    }
}

/// The thread that sends spans is waited for, but not by those that do anything else.
async fn send_last_spans(traces: Traces) {
    if traces.is_on() {
        let closed = tokio::task::spawn_blocking(move || traces.close(LAST_SPANS));
        // A panic there has been reported.
        drop(closed.await);
    }
}

async fn close(log: &dyn Log) {
    if tokio::time::timeout(FAREWELL, log.close()).await.is_err() {
        tracing::warn!("The log did not close in time");
    }
}
