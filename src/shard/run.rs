//! The thin half of a shard: moves bytes between the log, the machine and its calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::host::{BEAT, Host, SILENCE, StageError, Standing};
use super::machine::{Found, Machine, Now};
use super::spans;
use super::stop::Stop;
use super::{CallId, Core};
use crate::health::Component;
use crate::log::{Arrived, Commit, CommitError, Delivery, Partition, Topic};

/// However far away the next tick is, the wall clock is read again after this long, since it
/// may be set forward; and the shard gives a sign of life.
const LONGEST_SLEEP: Duration = BEAT;

/// How a shard's ownership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Drained, committed, released.
    Released,
    /// Taken by somebody else: everything about it is forgotten.
    Taken,
}

/// A call's end; a call that came too late to start is handed back.
type CallEnd<C> = (CallId, Result<<C as Core>::Answer, <C as Core>::Call>);

pub(super) struct Shard<'a, H: Host> {
    host: &'a Arc<H>,
    pulse: Component,
    machine: Machine<H::Core>,
    partition: Box<dyn Partition>,
    source: Topic,
    calls: JoinSet<CallEnd<H::Core>>,
}

/// What the shard's loop woke up for.
enum Woken<C: Core> {
    Stop,
    Commit,
    Delivery(Delivery),
    Ended(CallEnd<C>),
    Tick,
}

/// Runs a partition until it goes or `stopping`.
pub(super) async fn run<H: Host>(
    host: &Arc<H>,
    partition: Box<dyn Partition>,
    source: Topic,
    stopping: &CancellationToken,
) -> Result<Ended, StageError> {
    let name = format!("{}/{}", host.name(), partition.index());
    // A stage is ready once it has joined; readiness must not come and go with partitions.
    let pulse = host.process().health.ready_component(name, SILENCE);
    let core = host.core(partition.index());
    let owner = host.process().owner.clone();
    let is_traced = host.process().traces.is_on();
    let mut shard = Shard {
        host,
        pulse,
        machine: Machine::new(core, host.settings().clone(), owner).traced(is_traced),
        partition,
        source,
        calls: JoinSet::new(),
    };
    let restored = tokio::select! {
        biased;
        // Nothing has begun: a large state must not keep a process from stopping.
        () = stopping.cancelled() => None,
        restored = shard.restore() => Some(restored?),
    };
    match restored {
        Some(Ok(())) => shard.serve(stopping).await,
        Some(Err(stop)) => shard.stand_still(&stop, stopping).await,
        None => {
            shard.partition.release().await;
            Ok(Ended::Released)
        }
    }
}

impl<H: Host> Shard<'_, H> {
    /// Restores everything there is, and compares it with what the owner before left.
    async fn restore(&mut self) -> Result<Result<(), Stop>, StageError> {
        let committed = self.partition.committed();
        for restored in self.machine.core().restored_from() {
            let before = restored.to_committed.then(|| committed.unwrap_or(0));
            let mut stopped = Ok(());
            let (machine, pulse) = (&mut self.machine, &self.pulse);
            let mut each = |record| {
                pulse.beat();
                if let (Ok(()), Err(stop)) = (&stopped, machine.restore(record)) {
                    stopped = Err(stop);
                }
            };
            self.partition
                .restore(restored.topic, before, &mut each)
                .await?;
            if stopped.is_err() {
                return Ok(stopped);
            }
        }
        let source = self.partition.source_bounds().await?;
        let note = self.partition.note().map(str::to_owned);
        let found = Found {
            committed,
            note: note.as_deref(),
            source,
        };
        let now = self.now();
        let begun = self.machine.begin(&found, now);
        if begun.is_ok() {
            let people = self.machine.core().people();
            self.host.count_people(self.partition.index(), people);
            tracing::info!(
                stage = self.host.name(),
                record.partition = self.partition.index(),
                record.offset = committed,
                people,
                "Partition restored"
            );
        }
        Ok(begun)
    }

    async fn serve(mut self, stopping: &CancellationToken) -> Result<Ended, StageError> {
        loop {
            self.pulse.beat();
            self.start_calls();
            let woken = self.woken(stopping).await?;
            let now = self.now();
            let stepped = match woken {
                Woken::Stop | Woken::Delivery(Delivery::Revoked) => return self.drain().await,
                Woken::Delivery(Delivery::Lost) => return Ok(self.taken_over()),
                Woken::Delivery(Delivery::Record(record)) => self.take(record, now),
                Woken::Ended(ended) => self.end_call(ended, now),
                Woken::Tick => self.machine.tick(now),
                Woken::Commit => {
                    if let Some(ended) = self.commit().await {
                        return Ok(ended);
                    }
                    Ok(())
                }
            };
            if let Err(stop) = stepped {
                return self.stop(&stop, stopping).await;
            }
        }
    }

    async fn woken(&mut self, stopping: &CancellationToken) -> Result<Woken<H::Core>, StageError> {
        let now = self.now();
        let commit_in = self
            .machine
            .commit_at()
            .map(|at| at.saturating_sub(now.elapsed));
        let has_room = self.machine.has_room();
        let sleep = self.until_tick(now);
        tokio::select! {
            biased;
            () = stopping.cancelled() => Ok(Woken::Stop),
            () = sleep_for(commit_in) => Ok(Woken::Commit),
            Some(ended) = self.calls.join_next() => {
                Ok(Woken::Ended(ended.map_err(StageError::CallPanicked)?))
            }
            () = tokio::time::sleep(sleep) => Ok(Woken::Tick),
            delivery = self.partition.next(), if has_room => Ok(Woken::Delivery(delivery?)),
        }
    }

    fn now(&self) -> Now {
        let clock = &self.host.process().clock;
        Now {
            wall: clock.now(),
            elapsed: clock.elapsed(),
        }
    }

    fn until_tick(&self, now: Now) -> Duration {
        self.machine.wake_at().map_or(LONGEST_SLEEP, |at| {
            Duration::try_from(at.duration_since(now.wall))
                .unwrap_or(Duration::ZERO)
                .min(LONGEST_SLEEP)
        })
    }

    fn start_calls(&mut self) {
        for start in self.machine.starts(self.now()) {
            let host = Arc::clone(self.host);
            let _handle = self.calls.spawn(async move {
                // The process may have been frozen since the lease was looked at.
                if host.process().clock.elapsed() < start.before {
                    (start.id, Ok(host.perform(start.call).await))
                } else {
                    (start.id, Err(start.call))
                }
            });
        }
    }

    fn take(&mut self, mut record: Arrived, now: Now) -> Result<(), Stop> {
        let key = record.key.as_deref().unwrap_or_default();
        if self.source.is_keyed_by_person() && !self.partition.owns(key) {
            let offset = record.position.offset;
            return Err(Stop::RecordMisplaced { offset });
        }
        let mut span = spans::taking(self.host.as_ref(), &mut record);
        let taken = self.machine.take(record, now);
        if let Err(stop) = &taken {
            span.fail(stop.code());
        }
        taken
    }

    fn end_call(&mut self, (id, end): CallEnd<H::Core>, now: Now) -> Result<(), Stop> {
        match end {
            Ok(answer) => self.machine.answered(id, answer, now),
            Err(call) => {
                self.machine.not_started(id, call, now);
                Ok(())
            }
        }
    }

    /// Tries a commit; says how the ownership ended, if it did.
    async fn commit(&mut self) -> Option<Ended> {
        match self.machine.commit() {
            Some(commit) => self.try_commit(commit).await,
            None => None,
        }
    }

    async fn try_commit(&mut self, mut commit: Commit) -> Option<Ended> {
        let asked_at = self.now().elapsed;
        let sending = spans::writing(self.host.as_ref(), &mut commit.records);
        let result = self.partition.commit(commit).await;
        spans::written(sending, result.as_ref().err());
        let took = self.now().elapsed.saturating_sub(asked_at);
        self.host.count_commit(result.as_ref().err(), took);
        match result {
            Ok(()) => {
                self.machine.committed(asked_at);
                let people = self.machine.core().people();
                self.host.count_people(self.partition.index(), people);
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
        self.machine.unconfirmed(self.now());
    }

    /// Starts nothing, waits for calls in flight, commits their outcomes, lets go.
    async fn drain(mut self) -> Result<Ended, StageError> {
        if let Some(ended) = self.wind_up().await? {
            return Ok(ended);
        }
        self.partition.release().await;
        Ok(Ended::Released)
    }

    /// Stops for somebody to act: what is known is committed, and the partition stays owned.
    async fn stop(
        mut self,
        stop: &Stop,
        stopping: &CancellationToken,
    ) -> Result<Ended, StageError> {
        if let Some(ended) = self.wind_up().await? {
            return Ok(ended);
        }
        self.stand_still(stop, stopping).await
    }

    async fn wind_up(&mut self) -> Result<Option<Ended>, StageError> {
        self.machine.drain(self.now());
        let deadline = self
            .now()
            .elapsed
            .saturating_add(self.host.settings().drain);
        while self.machine.calls() > 0 {
            let left = deadline.saturating_sub(self.now().elapsed);
            let Ok(Some(ended)) = tokio::time::timeout(left, self.calls.join_next()).await else {
                tracing::warn!(
                    stage = self.host.name(),
                    calls = self.machine.calls(),
                    "Calls in flight were cut off by the drain"
                );
                self.calls.abort_all();
                break;
            };
            let ended = ended.map_err(StageError::CallPanicked)?;
            // Whatever it cannot go on with, its next owner meets again.
            drop(self.end_call(ended, self.now()));
        }
        loop {
            let farewell = self.machine.farewell();
            if let Some(ended) = self.try_commit(farewell).await {
                return Ok(Some(ended));
            }
            let Some(again) = self.machine.commit_at() else {
                return Ok(None);
            };
            if again > deadline {
                return Err(StageError::DrainUncommitted);
            }
            tokio::time::sleep(again.saturating_sub(self.now().elapsed)).await;
        }
    }

    /// Does nothing until the partition goes: another owner would stop at the same place.
    async fn stand_still(
        mut self,
        stop: &Stop,
        stopping: &CancellationToken,
    ) -> Result<Ended, StageError> {
        let (stage, partition) = (self.host.name(), self.partition.index());
        tracing::error!(
            stage,
            record.partition = partition,
            failure.code = stop.code(),
            "Partition stops until somebody acts: {stop}"
        );
        let standing = Standing::new(self.host.as_ref(), partition, stop);
        let mut beats = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                _ = beats.tick() => self.pulse.beat(),
                delivery = self.partition.next() => match delivery? {
                    // Read on, so that the log's own queue is not what stands still; nothing
                    // of it is committed.
                    Delivery::Record(_) => {}
                    Delivery::Revoked => break,
                    Delivery::Lost => return Ok(Ended::Taken),
                },
            }
        }
        drop(standing);
        self.partition.release().await;
        Ok(Ended::Released)
    }
}

/// Sleeps for a while, or for ever.
async fn sleep_for(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
