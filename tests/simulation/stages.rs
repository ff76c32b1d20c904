//! The two stages of the relay: which core an owner gets, and what becomes of its calls.

use std::convert::Infallible;
use std::sync::Arc;

use hris_relay::log::{Group, Topic};
use hris_relay::metrics::Metrics;
use hris_relay::person::Rules;
use hris_relay::provider::startexam::RemovalOrder;
use hris_relay::provider::{Answer, Operation};
use hris_relay::roster::Roster;
use hris_relay::shard::ShardSettings;
use hris_relay::worker::{Outgoing, Worker, WorkerRules};

use crate::company;
use crate::history::{History, Kind};
use crate::owner::{Called, Stage};
use crate::provider::{Trouble, fate};
use crate::watch;
use crate::world::{Shared, WORKER};

pub(crate) struct RosterStage {
    rules: Rules,
    metrics: Metrics,
}

impl Stage for RosterStage {
    type Core = Roster;
    const GROUP: Group = Group::Roster;
    const SOURCE: Topic = Topic::Events;

    fn core(&self, _number: u64) -> Roster {
        Roster::new(self.rules.clone(), self.metrics.roster.clone())
    }

    fn settings(&self) -> ShardSettings {
        company::shard_settings()
    }

    fn call(&self, _shared: &mut Shared, _owner: u64, call: &Infallible) -> Called<Infallible> {
        match *call {}
    }
}

/// Owners have old and new assignments in turns; the owner's number is its epoch.
pub(crate) const fn is_new(kind: Kind, number: u64) -> bool {
    matches!(kind, Kind::Rollout) && number.is_multiple_of(2)
}

pub(crate) struct WorkerStage {
    kind: Kind,
    old: Arc<WorkerRules>,
    new: Arc<WorkerRules>,
    metrics: Metrics,
    seed: u64,
}

impl Stage for WorkerStage {
    type Core = Worker;
    const GROUP: Group = WORKER;
    const SOURCE: Topic = Topic::People;

    fn core(&self, number: u64) -> Worker {
        let metrics = self.metrics.worker.clone();
        let rules = if is_new(self.kind, number) {
            &self.new
        } else {
            &self.old
        };
        Worker::new(Arc::clone(rules), metrics, 0, self.seed ^ number)
    }

    fn settings(&self) -> ShardSettings {
        company::shard_settings()
    }

    fn call(&self, shared: &mut Shared, owner: u64, call: &Outgoing) -> Called<Answer> {
        let (now, call) = (shared.now, &call.call);
        shared.troubles.retain(|(until, _)| *until > now);
        let troubles: Vec<&Trouble> = shared.troubles.iter().map(|(_, trouble)| trouble).collect();
        let fate = fate(call, &troubles, now, &mut shared.rng);
        shared.tell(|| {
            format!(
                "owner {owner} calls {call:?}: over at {}, {:?}",
                fate.over_at, fate.answer
            )
        });
        watch::call(shared, call, fate.over_at, &fate.answer);
        let is_lock = |(_, operation): &(_, Operation)| matches!(operation, Operation::Lock { .. });
        let is_outdated = shared.is_rolled_out && !is_new(self.kind, owner);
        if is_outdated && !call.people.iter().all(is_lock) {
            shared.violated("a worker with old assignments calls after one with new ones");
        }
        let asked = (now, shared.watch.offset());
        let locked = |index: usize| match &fate.answer {
            Answer::Applied | Answer::Counted(_) => true,
            Answer::Each(each) => each.get(index).is_some_and(Result::is_ok),
            Answer::Failed(_) => false,
        };
        let people = call
            .people
            .iter()
            .enumerate()
            .map(|(index, (id, operation))| {
                let is_lock = matches!(operation, Operation::Lock { .. }) && locked(index);
                (id.as_str().to_owned(), is_lock.then_some(asked))
            });
        let people = people.collect();
        for (at, person, operation) in fate.acts {
            shared.acts_ahead += 1;
            shared
                .acts
                .insert((at, shared.acts_ahead), (person, operation));
        }
        Called {
            over_at: fate.over_at,
            answer: fate.answer,
            people,
        }
    }
}

impl RosterStage {
    pub(crate) fn new(rules: Rules, metrics: Metrics) -> Self {
        Self { rules, metrics }
    }
}

impl WorkerStage {
    pub(crate) fn new(history: &History, metrics: Metrics) -> Self {
        let order = if history.unregister_first {
            RemovalOrder::UnregisterFirst
        } else {
            RemovalOrder::HideFirst
        };
        let rules = |is_new| Arc::new(company::worker_rules(order, history.kind, is_new));
        Self {
            kind: history.kind,
            old: rules(false),
            new: rules(true),
            metrics,
            seed: history.seed,
        }
    }
}
