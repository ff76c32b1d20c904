//! The thin half of a shard: moves bytes between the log, the core and its calls.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::host::{BEAT, Host, SILENCE, StageError};
use super::outbox::Outbox;
use super::{CallId, Core, Effect, Input};
use crate::health::Component;
use crate::log::{CommitError, Delivery, Partition};

/// However far away the next tick is, the wall clock is read again after this long, since it
/// may be set forward; and the shard gives a sign of life.
const LONGEST_SLEEP: Duration = BEAT;
/// A commit that was not confirmed is tried again after this long.
const COMMIT_AGAIN: Duration = Duration::from_millis(500);
/// With this many times a commit's records waiting, no more input is taken.
const OUTBOX_COMMITS: usize = 4;

/// How a shard's ownership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Drained, committed, released.
    Released,
    /// Taken by somebody else: everything about it is forgotten.
    Taken,
}

pub(super) struct Shard<'a, H: Host> {
    host: &'a H,
    pulse: Component,
    core: H::Core,
    partition: Box<dyn Partition>,
    calls: JoinSet<(CallId, <H::Core as Core>::Answer)>,
    /// Calls that start once what announces them is committed.
    announced: Vec<(CallId, <H::Core as Core>::Call)>,
    outbox: Outbox,
    commit_at: Option<Instant>,
}

/// What the shard's loop woke up for.
enum Woken<A> {
    Stop,
    Commit,
    Delivery(Delivery),
    Answered(CallId, A),
    Tick,
}

impl<'a, H: Host> Shard<'a, H> {
    /// Restores a core for a partition.
    pub(super) async fn restore(
        host: &'a H,
        mut partition: Box<dyn Partition>,
    ) -> Result<Self, StageError> {
        let name = format!("{}/{}", host.name(), partition.index());
        let pulse = host.process().health.component(name, SILENCE);
        // A stage is ready once it has joined; readiness must not come and go with partitions.
        pulse.set_ready();
        let mut core = host.core(partition.index());
        let committed = partition.committed();
        for source in core.restored_from() {
            let before = source.to_committed.then(|| committed.unwrap_or(0));
            partition
                .restore(source.topic, before, &mut |record| {
                    pulse.beat();
                    core.restore(record);
                })
                .await?;
        }
        let mut shard = Self {
            host,
            pulse,
            core,
            partition,
            calls: JoinSet::new(),
            announced: Vec::new(),
            outbox: Outbox::default(),
            commit_at: None,
        };
        shard.feed(Input::Restored);
        tracing::info!(
            stage = host.name(),
            record.partition = shard.partition.index(),
            record.offset = committed,
            people = shard.core.people(),
            "Partition restored"
        );
        Ok(shard)
    }

    /// Runs until the partition goes or `stopping`.
    pub(super) async fn run(mut self, stopping: &CancellationToken) -> Result<Ended, StageError> {
        loop {
            self.pulse.beat();
            match self.woken(stopping).await? {
                Woken::Stop | Woken::Delivery(Delivery::Revoked) => return self.drain().await,
                Woken::Delivery(Delivery::Lost) => return Ok(Ended::Taken),
                Woken::Delivery(Delivery::Record(record)) => {
                    let offset = record.position.offset;
                    self.feed(Input::Record(record));
                    self.outbox.reflects(offset);
                    self.plan_commit();
                }
                Woken::Answered(call, answer) => self.feed(Input::Answered(call, answer)),
                Woken::Tick => self.feed(Input::Tick),
                Woken::Commit => {
                    if let Some(ended) = self.commit().await {
                        return Ok(ended);
                    }
                }
            }
        }
    }

    async fn woken(
        &mut self,
        stopping: &CancellationToken,
    ) -> Result<Woken<<H::Core as Core>::Answer>, StageError> {
        let commit_at = self.commit_at;
        let full = self
            .host
            .settings()
            .commit_records
            .saturating_mul(OUTBOX_COMMITS);
        let has_room = self.outbox.len() < full;
        let sleep = self.until_tick();
        tokio::select! {
            biased;
            () = stopping.cancelled() => Ok(Woken::Stop),
            () = sleep_until(commit_at) => Ok(Woken::Commit),
            Some(ended) = self.calls.join_next() => {
                let (call, answer) = ended.map_err(StageError::CallPanicked)?;
                Ok(Woken::Answered(call, answer))
            }
            () = tokio::time::sleep(sleep) => Ok(Woken::Tick),
            delivery = self.partition.next(), if has_room => Ok(Woken::Delivery(delivery?)),
        }
    }

    fn until_tick(&self) -> Duration {
        self.core.wake_at().map_or(LONGEST_SLEEP, |at| {
            let now = self.host.process().clock.now();
            Duration::try_from(at.duration_since(now))
                .unwrap_or(Duration::ZERO)
                .min(LONGEST_SLEEP)
        })
    }

    fn feed(&mut self, input: Input<<H::Core as Core>::Answer>) {
        let now = self.host.process().clock.now();
        for effect in self.core.handle(input, now) {
            match effect {
                Effect::Write(record) => self.outbox.write(record),
                Effect::Call(id, call) => self.announced.push((id, call)),
            }
        }
        if self.outbox.is_empty() {
            self.start_announced();
        }
        self.plan_commit();
    }

    /// Starts the calls whose announcement is durable: whoever owns the partition next knows
    /// of everything that may have been asked of a provider.
    fn start_announced(&mut self) {
        for (id, call) in self.announced.drain(..) {
            let answered = self.host.perform(call);
            let _handle = self.calls.spawn(async move { (id, answered.await) });
        }
    }

    fn plan_commit(&mut self) {
        if self.outbox.is_empty() {
            return;
        }
        let settings = self.host.settings();
        let is_urgent = !self.announced.is_empty();
        let due = if is_urgent || self.outbox.len() >= settings.commit_records {
            Instant::now()
        } else {
            Instant::now() + settings.commit_every
        };
        self.commit_at = Some(self.commit_at.map_or(due, |planned| planned.min(due)));
    }

    /// Tries a commit; says how the ownership ended, if it did.
    async fn commit(&mut self) -> Option<Ended> {
        self.commit_at = None;
        if self.outbox.is_empty() {
            return None;
        }
        let started = self.host.process().clock.elapsed();
        let result = self.partition.commit(self.outbox.commit()).await;
        let took = self.host.process().clock.elapsed().saturating_sub(started);
        self.host.count_commit(result.as_ref().err(), took);
        match result {
            Ok(()) => {
                self.outbox.clear();
                self.start_announced();
                self.host
                    .count_people(self.partition.index(), self.core.people());
                None
            }
            Err(CommitError::Fenced) => Some(self.taken_over()),
            Err(CommitError::Unconfirmed(reason)) => {
                self.write_again(&reason);
                None
            }
        }
    }

    fn taken_over(&self) -> Ended {
        let stage = self.host.name();
        let partition = self.partition.index();
        tracing::warn!(
            stage,
            record.partition = partition,
            "Partition was taken over; forgetting it"
        );
        Ended::Taken
    }

    fn write_again(&mut self, reason: &str) {
        let stage = self.host.name();
        let partition = self.partition.index();
        tracing::warn!(
            stage,
            record.partition = partition,
            reason,
            "Commit was not confirmed; writing it again"
        );
        self.commit_at = Some(Instant::now() + COMMIT_AGAIN);
    }

    /// Starts nothing, waits for calls in flight, commits their outcomes, lets go.
    async fn drain(mut self) -> Result<Ended, StageError> {
        self.feed(Input::Draining);
        self.announced.clear();
        let deadline = Instant::now() + self.host.settings().drain;
        while !self.calls.is_empty() {
            let Ok(Some(ended)) = tokio::time::timeout_at(deadline, self.calls.join_next()).await
            else {
                tracing::warn!(
                    stage = self.host.name(),
                    calls = self.calls.len(),
                    "Calls in flight were cut off by the drain"
                );
                self.calls.abort_all();
                break;
            };
            let (call, answer) = ended.map_err(StageError::CallPanicked)?;
            self.feed(Input::Answered(call, answer));
        }
        while !self.outbox.is_empty() {
            if let Some(ended) = self.commit().await {
                return Ok(ended);
            }
            if let Some(again) = self.commit_at {
                if again > deadline {
                    return Err(StageError::DrainUncommitted);
                }
                tokio::time::sleep_until(again).await;
            }
        }
        self.partition.release().await;
        Ok(Ended::Released)
    }
}

/// Sleeps until an instant, or for ever.
async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
