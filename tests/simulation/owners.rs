//! One stage of the relay: the rightful owner of its partition, those that still think they are,
//! and what happens to them.

use hris_relay::shard::{Core, Found, Machine};
use jiff::{SignedDuration, Timestamp};

use crate::company::{HEARTBEAT, SESSION};
use crate::history::beginning;
use crate::owner::{Owner, Stage, both};
use crate::world::Shared;

/// The owners of one stage's partition; the last one is the rightful one.
pub(crate) struct Owners<S: Stage> {
    stage: S,
    all: Vec<Owner<S::Core>>,
    next_owner_at: Option<Timestamp>,
    last_number: u64,
}

impl<S: Stage> Owners<S> {
    pub(crate) fn new(stage: S) -> Self {
        Self {
            stage,
            all: Vec::new(),
            next_owner_at: Some(beginning()),
            last_number: 0,
        }
    }

    /// The number of the newest owner.
    pub(crate) const fn last_number(&self) -> u64 {
        self.last_number
    }

    /// When something happens next.
    pub(crate) fn next_at(&self, shared: &Shared) -> Option<Timestamp> {
        let owners = self
            .all
            .iter()
            .filter_map(|owner| owner.next_at::<S>(shared));
        owners.chain(self.next_owner_at).min()
    }

    /// Does one thing that is due; says whether there was any.
    pub(crate) fn step(&mut self, shared: &mut Shared) -> bool {
        if self.next_owner_at.is_some_and(|at| at <= shared.now) {
            self.next_owner_at = None;
            self.take_over(shared);
            return true;
        }
        let due = |owner: &Owner<S::Core>| {
            owner
                .next_at::<S>(shared)
                .is_some_and(|at| at <= shared.now)
        };
        let Some(index) = self.all.iter().position(due) else {
            return false;
        };
        let is_over = self.all[index].step(&self.stage, shared);
        if is_over {
            let was_last = index + 1 == self.all.len();
            let owner = self.all.remove(index);
            owner.hang_up(shared);
            if was_last && self.next_owner_at.is_none() {
                let wait = SignedDuration::from_millis(shared.rng.i64(0..500));
                self.next_owner_at = Some(shared.now + wait);
            }
        }
        true
    }

    fn take_over(&mut self, shared: &mut Shared) {
        self.last_number += 1;
        let (number, now) = (self.last_number, shared.now);
        for owner in &mut self.all {
            let hears = SignedDuration::from_millis(shared.rng.i64(0..3000));
            let comes_back = owner
                .frozen_until
                .max(owner.cut_until)
                .unwrap_or(now)
                .max(now);
            owner.hears_at = Some(comes_back + hears);
        }
        let epoch = shared.log.take_over(S::GROUP);
        let core = self.stage.core(number);
        let settings = self.stage.settings();
        let mut machine = Machine::new(core, settings, format!("owner-{number}"));
        let committed = shared.log.committed(S::GROUP);
        let (offset, note) = (committed.offset, committed.note.clone());
        for restored in machine.core().restored_from() {
            let before = if restored.to_committed {
                offset.unwrap_or(0)
            } else {
                i64::MAX
            };
            for record in shared.log.read(restored.topic, 0, before) {
                machine.restore(record.clone()).unwrap();
            }
        }
        let found = Found {
            committed: offset,
            note: note.as_deref(),
            source: (0, shared.log.end(S::SOURCE)),
        };
        shared.tell(|| format!("{} owner {number} takes over at {offset:?}", S::GROUP));
        if let Err(stop) = machine.begin(&found, both(now)) {
            shared.violated(&format!("{} stopped: {stop}", S::GROUP));
            return;
        }
        self.all
            .push(Owner::new(number, machine, epoch, offset.unwrap_or(0)));
    }

    /// The rightful owner, unless another is about to take over or it is letting go.
    fn rightful(&mut self) -> Option<&mut Owner<S::Core>> {
        let is_settled = self.next_owner_at.is_none();
        let last = self.all.last_mut().filter(|_| is_settled)?;
        let is_well =
            last.draining.is_none() && last.frozen_until.is_none() && last.cut_until.is_none();
        is_well.then_some(last)
    }

    pub(crate) fn crash(&mut self, shared: &mut Shared, back: SignedDuration) {
        if self.next_owner_at.is_none()
            && let Some(owner) = self.all.pop()
        {
            owner.hang_up(shared);
            self.next_owner_at = Some(shared.now + back);
        }
    }

    pub(crate) fn revoke(&mut self, shared: &Shared) {
        let settings = self.stage.settings();
        if let Some(owner) = self.rightful() {
            owner.drain(&settings, shared.now);
        }
    }

    pub(crate) fn freeze(&mut self, shared: &mut Shared, how_long: SignedDuration) {
        let now = shared.now;
        if let Some(owner) = self.rightful() {
            owner.frozen_until = Some(now + how_long);
            self.is_missed(shared, how_long);
        }
    }

    pub(crate) fn cut(&mut self, shared: &mut Shared, how_long: SignedDuration) {
        let now = shared.now;
        if let Some(owner) = self.rightful() {
            owner.cut_until = Some(now + how_long);
            self.is_missed(shared, how_long);
        }
    }

    /// Somebody not heard of for a session is replaced; the last heartbeat was a while ago.
    fn is_missed(&mut self, shared: &mut Shared, how_long: SignedDuration) {
        let since = SignedDuration::from_millis(shared.rng.i64(0..HEARTBEAT.as_millis() as i64));
        if how_long > SESSION - since {
            self.next_owner_at = Some(shared.now + SESSION - since);
        }
    }
}
