//! One partition in hand: what the poll thread and its owner say to each other.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::bytes;
use crate::log::sync::locked;
use crate::log::{Arrived, Delivery};

/// Above one of these a partition is paused.
const HIGH: (usize, usize) = (2000, 4 << 20);
/// Below both of these it is resumed: pausing throws away what was fetched already, so it
/// must not happen often.
const LOW: (usize, usize) = (500, 1 << 20);

/// How an ownership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It goes to somebody else once it is released.
    Revoked,
    /// It is gone.
    Lost,
}

#[derive(Debug, Default)]
struct Inner {
    records: VecDeque<Arrived>,
    bytes: usize,
    end: Option<End>,
    /// Whether an owner has it.
    is_given: bool,
    /// Whether the owner let go in a way that the partition must be taken anew.
    is_abandoned: bool,
}

/// A partition in hand.
#[derive(Debug, Default)]
pub(super) struct Hand {
    inner: Mutex<Inner>,
    news: Notify,
}

/// The owner's half: the partition is released when it is dropped.
#[derive(Debug)]
pub(super) struct Grip {
    pub(super) hand: Arc<Hand>,
    _alive: Sender<Infallible>,
}

/// The poll thread's half.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) hand: Arc<Hand>,
    released: Mutex<Receiver<Infallible>>,
}

/// Both halves of a partition that was just assigned.
pub(super) fn grip() -> (Held, Grip) {
    let hand = Arc::new(Hand::default());
    let (alive, released) = channel();
    let held = Held {
        hand: Arc::clone(&hand),
        released: Mutex::new(released),
    };
    (
        held,
        Grip {
            hand,
            _alive: alive,
        },
    )
}

impl Held {
    /// Waits until the owner has let go; says whether it did in time.
    pub(super) fn await_release(&self, patience: Duration) -> bool {
        if !locked(&self.hand.inner).is_given {
            return true;
        }
        let released = locked(&self.released).recv_timeout(patience);
        released == Err(RecvTimeoutError::Disconnected)
    }

    /// Whether the owner let go although the partition is still this process's, and must
    /// be given to an owner again.
    pub(super) fn is_abandoned(&self) -> bool {
        let is_gone = locked(&self.released).try_recv() == Err(TryRecvError::Disconnected);
        is_gone && locked(&self.hand.inner).is_abandoned
    }
}

impl Hand {
    /// Hands a record to the owner.
    pub(super) fn push(&self, record: Arrived) {
        let mut inner = locked(&self.inner);
        inner.bytes = inner.bytes.saturating_add(bytes::weight(&record));
        inner.records.push_back(record);
        drop(inner);
        self.news.notify_one();
    }

    /// Whether there is more than the owner can take soon.
    pub(super) fn is_full(&self) -> bool {
        let inner = locked(&self.inner);
        inner.records.len() >= HIGH.0 || inner.bytes >= HIGH.1
    }

    /// Whether the owner will soon want more.
    pub(super) fn has_room(&self) -> bool {
        let inner = locked(&self.inner);
        inner.records.len() <= LOW.0 && inner.bytes <= LOW.1
    }

    /// Ends the ownership; lost is for good.
    pub(super) fn end(&self, end: End) {
        let mut inner = locked(&self.inner);
        if inner.end != Some(End::Lost) {
            inner.end = Some(end);
        }
        drop(inner);
        self.news.notify_one();
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<End> {
        locked(&self.inner).end
    }

    /// Begins to make it ready for an owner, unless it has ended. From here on a revocation
    /// waits: taking over late would fence whoever has it then.
    pub(super) fn give(&self) -> bool {
        let mut inner = locked(&self.inner);
        inner.is_given = inner.end.is_none();
        inner.is_given
    }

    /// The owner lets go without having said everything.
    pub(super) fn abandon(&self) {
        locked(&self.inner).is_abandoned = true;
    }

    /// The next thing the owner hears, leaving out records before `from`. Cancel-safe.
    pub(super) async fn next(&self, from: i64) -> Delivery {
        loop {
            if let Some(delivery) = self.take(from) {
                return delivery;
            }
            // One owner waits, and a permit is kept for it, so no news is missed.
            self.news.notified().await;
        }
    }

    fn take(&self, from: i64) -> Option<Delivery> {
        let mut inner = locked(&self.inner);
        match inner.end {
            Some(End::Revoked) => return Some(Delivery::Revoked),
            Some(End::Lost) => return Some(Delivery::Lost),
            None => {}
        }
        while let Some(record) = inner.records.pop_front() {
            inner.bytes = inner.bytes.saturating_sub(bytes::weight(&record));
            if record.position.offset >= from {
                return Some(Delivery::Record(record));
            }
        }
        None
    }
}
