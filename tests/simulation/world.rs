//! Everything together under one clock: roster, worker, log, platform, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use hris_relay::event::{Command, CommandKind, Event, Fact};
use hris_relay::id::{EmployeeId, EventId, Provider, SourceId};
use hris_relay::log::{Commit, Group, Record, Topic};
use hris_relay::metrics::Metrics;
use hris_relay::person::Rules;
use hris_relay::provider::Operation;
use jiff::{SignedDuration, Timestamp};

use crate::brake;
use crate::company;
use crate::history::{FOR_EVER, History, Kind, Step, Which};
use crate::log::Log;
use crate::owners::Owners;
use crate::provider::{Platform, Trouble};
use crate::stages::{RosterStage, WorkerStage, is_new};
use crate::watch::{self, Watch};

pub(crate) const WORKER: Group = Group::Worker(Provider::STARTEXAM);

/// What everybody shares.
pub(crate) struct Shared {
    pub(crate) now: Timestamp,
    pub(crate) rng: Rng,
    pub(crate) log: Log,
    pub(crate) platform: Platform,
    /// Every event the receiver accepted.
    pub(crate) accepted: Vec<Event>,
    pub(crate) people: Vec<EmployeeId>,
    pub(crate) kind: Kind,
    /// How many people may go in an hour, where there is a guard.
    pub(crate) budget: Option<usize>,
    /// Whether a worker with new assignments has committed.
    pub(crate) is_rolled_out: bool,
    /// What the platform will have done, and when.
    pub(crate) acts: BTreeMap<(Timestamp, u64), (String, Operation)>,
    pub(crate) troubles: Vec<(Timestamp, Trouble)>,
    unconfirmed: Vec<(Timestamp, Group)>,
    pub(crate) watch: Watch,
    pub(crate) acts_ahead: u64,
    violation: Option<String>,
    trace: Option<Vec<String>>,
}

impl Shared {
    /// Notes what happens, if anybody wants to read it.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{} {}", self.now, line()));
        }
    }

    /// Notes a promise that is broken; the first counts.
    pub(crate) fn violated(&mut self, what: &str) {
        let now = self.now;
        self.tell(|| format!("VIOLATION {what}"));
        self.violation
            .get_or_insert_with(|| format!("{now}: {what}"));
    }

    /// Programs that the platform does not know.
    pub(crate) fn missing(&self) -> BTreeSet<String> {
        let missing = self
            .troubles
            .iter()
            .filter_map(|(until, trouble)| match trouble {
                Trouble::MissesTarget(target) if *until > self.now => Some(target.clone()),
                _ => None,
            });
        missing.collect()
    }

    pub(crate) fn is_unconfirmed(&mut self, group: Group) -> bool {
        let now = self.now;
        self.unconfirmed.retain(|(until, _)| *until > now);
        self.unconfirmed.iter().any(|(_, of)| *of == group)
    }

    pub(crate) fn commit(&mut self, group: Group, epoch: u64, commit: &Commit) -> bool {
        let accepted = self.log.commit(group, epoch, commit, self.now);
        if accepted {
            // Nothing is noted beside no offset, but then nothing was planned either.
            let is_noted = self.log.committed(group).offset.is_some();
            self.is_rolled_out |= group == WORKER && is_noted && is_new(self.kind, epoch);
            watch::committed(self, group);
        }
        self.tell(|| {
            let records: Vec<_> = commit
                .records
                .iter()
                .map(|r| {
                    format!(
                        "{}/{}",
                        r.topic,
                        String::from_utf8_lossy(r.key.as_deref().unwrap_or_default())
                    )
                })
                .collect();
            format!(
                "{group} epoch {epoch} commits to {:?}: {accepted} {records:?}",
                commit.next_offset
            )
        });
        accepted
    }

    fn act(&mut self) {
        while let Some(entry) = self.acts.first_entry() {
            if entry.key().0 > self.now {
                return;
            }
            let (person, operation) = entry.remove();
            self.tell(|| format!("platform does {operation:?} for {person}"));
            brake::acts(self, &person, &operation);
            self.platform.act(&person, &operation);
        }
    }
}

/// One history as it runs.
pub(crate) struct World<'a> {
    history: &'a History,
    rules: Rules,
    pub(crate) shared: Shared,
    roster: Owners<RosterStage>,
    worker: Owners<WorkerStage>,
}

impl<'a> World<'a> {
    pub(crate) fn new(history: &'a History, metrics: &Metrics, with_trace: bool) -> Self {
        let rules = company::rules();
        let roster = RosterStage::new(rules.clone(), metrics.clone());
        let worker = WorkerStage::new(history, metrics.clone());
        Self {
            history,
            rules,
            shared: Shared {
                now: crate::history::beginning(),
                rng: Rng::with_seed(history.seed ^ 0x5eed),
                log: Log::default(),
                platform: Platform::default(),
                accepted: Vec::new(),
                people: history.people.clone(),
                kind: history.kind,
                budget: match history.kind {
                    Kind::Guarded(most) => Some(most),
                    Kind::Plain | Kind::Rollout => None,
                },
                is_rolled_out: false,
                acts: BTreeMap::new(),
                troubles: Vec::new(),
                unconfirmed: Vec::new(),
                watch: Watch::new(),
                acts_ahead: 0,
                violation: None,
                trace: with_trace.then(Vec::new),
            },
            roster: Owners::new(roster),
            worker: Owners::new(worker),
        }
    }

    /// Runs to the end; the first broken promise, if any.
    pub(crate) fn run(&mut self) -> Option<String> {
        let history = self.history;
        for (at, step) in &history.steps {
            self.run_until(*at);
            self.happens(step);
            if self.shared.violation.is_some() {
                return self.shared.violation.clone();
            }
        }
        let calm = history.calm_at();
        // By then nobody is about to take over.
        self.run_until(calm + SignedDuration::from_mins(1));
        self.end_rollout();
        for hours in [26, 72, 120, 24 * 12] {
            self.run_until(calm + SignedDuration::from_hours(hours));
            crate::rest::check(self.history, &self.rules, &mut self.shared);
            if hours == 72 {
                self.release_all();
            }
            // What was missing for ever appears.
            self.shared.troubles.clear();
        }
        self.shared.violation.clone()
    }

    pub(crate) fn trace(&mut self) -> Vec<String> {
        self.shared.trace.take().unwrap_or_default()
    }

    fn happens(&mut self, step: &Step) {
        let shared = &mut self.shared;
        shared.tell(|| format!("-- {step:?}"));
        let calm = self.history.calm_at();
        let until = |how_long: SignedDuration| {
            let ends = shared.now + how_long;
            if how_long == FOR_EVER {
                ends
            } else {
                ends.min(calm)
            }
        };
        match step {
            Step::Tell(event) => {
                let record = Record::new(Topic::Events, event.subject.as_str(), event.to_json());
                shared.log.append(record, shared.now);
                shared.accepted.push(event.as_ref().clone());
            }
            Step::Crash(Which::Roster, back) => self.roster.crash(shared, *back),
            Step::Crash(Which::Worker, back) => self.worker.crash(shared, *back),
            Step::Revoke(Which::Roster) => self.roster.revoke(shared),
            Step::Revoke(Which::Worker) => self.worker.revoke(shared),
            Step::Freeze(Which::Roster, long) => self.roster.freeze(shared, *long),
            Step::Freeze(Which::Worker, long) => self.worker.freeze(shared, *long),
            Step::Cut(Which::Roster, long) => self.roster.cut(shared, *long),
            Step::Cut(Which::Worker, long) => self.worker.cut(shared, *long),
            Step::Unconfirmed(Which::Roster, long) => {
                let until = until(*long);
                shared.unconfirmed.push((until, Group::Roster));
            }
            Step::Unconfirmed(Which::Worker, long) => {
                let until = until(*long);
                shared.unconfirmed.push((until, WORKER));
            }
            Step::Trouble(trouble, long) => {
                let until = until(*long);
                shared.troubles.push((until, trouble.clone()));
            }
            Step::Compact => shared.log.compact(),
            Step::Decide(kind, who) => self.decide(*kind, who),
        }
    }

    /// An operator decides about the facts as they are.
    fn decide(&mut self, kind: CommandKind, who: &EmployeeId) {
        let shared = &mut self.shared;
        let about = brake::facts(shared, who.as_str());
        brake::decided(shared, who.as_str(), kind, about);
        let number = shared.accepted.len();
        let event = Event {
            id: EventId::try_from(format!("decision-{number}")).unwrap(),
            source: SourceId::try_from("operators").unwrap(),
            subject: who.clone(),
            time: Some(shared.now),
            received_time: Some(shared.now),
            sequence: None,
            fact: Fact::Command(Command {
                kind,
                provider: Provider::STARTEXAM,
                fact_version: Some(about),
                operator: "ada".to_owned(),
                reason: "looked at".to_owned(),
            }),
        };
        let record = Record::new(Topic::Events, who.as_str(), event.to_json());
        shared.log.append(record, shared.now);
        shared.accepted.push(event);
    }

    /// At rest operators let go whoever is held, so that nothing is left to decide.
    fn release_all(&mut self) {
        for who in brake::all_held(&self.shared) {
            self.decide(CommandKind::Release, &who);
        }
    }

    /// The last worker of a rollout has the new assignments.
    fn end_rollout(&mut self) {
        let kind = self.history.kind;
        let is_well = |world: &Self| world.shared.violation.is_none();
        while kind == Kind::Rollout && is_well(self) && !is_new(kind, self.worker.last_number()) {
            self.worker.crash(&mut self.shared, SignedDuration::ZERO);
            self.run_until(self.shared.now + SignedDuration::from_mins(1));
        }
    }

    /// Does everything that is due before `until`, one thing after the other.
    fn run_until(&mut self, until: Timestamp) {
        let mut at_once = 0;
        while self.shared.violation.is_none() {
            self.shared.act();
            if self.roster.step(&mut self.shared) || self.worker.step(&mut self.shared) {
                at_once += 1;
                if at_once > 3000 {
                    self.shared
                        .violated("something is done again and again at one instant");
                }
                continue;
            }
            let acts = self.shared.acts.first_key_value().map(|((at, _), _)| *at);
            let next = [
                self.roster.next_at(&self.shared),
                self.worker.next_at(&self.shared),
                acts,
            ];
            let next = next.into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next < until) else {
                self.shared.now = until;
                return;
            };
            self.shared.now = next.max(self.shared.now);
            at_once = 0;
        }
    }
}
