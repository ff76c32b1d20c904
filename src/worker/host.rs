//! The worker's process half: what its shards are given, and how their calls are made.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::core::Worker;
use super::outcomes::OUTCOMES;
use super::outgoing::{self, Outgoing};
use super::retry::Verdict;
use super::rules::WorkerRules;
use crate::provider::http::told;
use crate::provider::{Answer, Failure, Platform};
use crate::shard::{Host, Process, ShardSettings};

/// Hosts one provider's shards.
#[derive(Debug)]
pub struct WorkerHost {
    rules: Arc<WorkerRules>,
    platform: Arc<dyn Platform>,
    settings: ShardSettings,
    process: Process,
}

impl WorkerHost {
    /// A host for any number of partitions.
    pub fn new(
        rules: WorkerRules,
        platform: Arc<dyn Platform>,
        settings: ShardSettings,
        process: Process,
    ) -> Self {
        let (provider, metrics) = (rules.provider.as_str(), &process.metrics.worker);
        let too_old = Verdict::Expired.code(&Failure::Unanswered);
        metrics.expect(provider, &OUTCOMES, Failure::CODES, too_old);
        Self {
            rules: Arc::new(rules),
            platform,
            settings,
            process,
        }
    }
}

impl Host for WorkerHost {
    type Core = Worker;

    fn name(&self) -> &'static str {
        self.rules.provider.as_str()
    }

    fn core(&self, partition: u32) -> Worker {
        let rules = Arc::clone(&self.rules);
        let metrics = self.process.metrics.worker.clone();
        let worker = Worker::new(rules, metrics, partition, fastrand::u64(..));
        worker.writing(self.settings.state_format)
    }

    fn perform(&self, call: Outgoing) -> BoxFuture<'static, Answer> {
        let platform = Arc::clone(&self.platform);
        let clock = Arc::clone(&self.process.clock);
        let metrics = self.process.metrics.worker.clone();
        let provider = self.name();
        let timeout = self.rules.limits.call_timeout;
        let traces = self.process.traces.clone();
        async move {
            let started = clock.elapsed();
            let span = call.begin(&traces, provider);
            let own = span.parent().filter(|_| traces.tells_platforms());
            let own = own.map(|own| own.ids().traceparent());
            let call = call.call;
            let people = u32::try_from(call.people.len()).unwrap_or(u32::MAX);
            // The platform keeps its own timeout; this one holds whatever it does, since a
            // call must be over before anybody else may own the partition.
            let answer = tokio::time::timeout(timeout, told(own, platform.perform(&call)))
                .await
                .unwrap_or(Answer::Failed(Failure::Unanswered));
            outgoing::end(span, &answer);
            let took = clock.elapsed().saturating_sub(started);
            let seconds = metrics.call_seconds.with_label_values(&[provider]);
            seconds.observe(took.as_secs_f64());
            let sizes = metrics.batch_people.with_label_values(&[provider]);
            sizes.observe(f64::from(people));
            answer
        }
        .boxed()
    }

    fn settings(&self) -> &ShardSettings {
        &self.settings
    }

    fn process(&self) -> &Process {
        &self.process
    }
}
