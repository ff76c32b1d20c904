//! The books: what every person of a partition waits for at this provider (I2).

use crate::id::Provider;
use crate::metrics::{IntGauge, WorkerMetrics};

/// What a person waits for; every person is in exactly one book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Book {
    /// Nothing: the provider agrees with HR.
    Applied,
    /// A date.
    Scheduled,
    /// A call, or another try of one.
    Pending,
    /// A call that locks them out.
    LeaverNotLocked,
    /// A person to lock them out by hand, and whatever the platform refuses to be mended: until
    /// then it is tried hourly.
    LockRefused,
    /// An operator to release or reject what is beyond the guard's budget.
    Held,
    /// A newer fact: an operator decided that they stay as they are.
    Rejected,
    /// A person to change the plan, or to redrive.
    Dead,
    /// A worker with the newer assignments that are in force.
    Outdated,
    /// An assignment for one of their groups.
    Unmapped,
    /// Their own record to be mended.
    Undecodable,
}

impl Book {
    const ALL: [Self; 11] = [
        Self::Applied,
        Self::Scheduled,
        Self::Pending,
        Self::LeaverNotLocked,
        Self::LockRefused,
        Self::Held,
        Self::Rejected,
        Self::Dead,
        Self::Outdated,
        Self::Unmapped,
        Self::Undecodable,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Scheduled => "scheduled",
            Self::Pending => "pending",
            Self::LeaverNotLocked => "leaver_not_locked",
            Self::LockRefused => "lock_refused",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Dead => "dead",
            Self::Outdated => "outdated",
            Self::Unmapped => "unmapped",
            Self::Undecodable => "undecodable",
        }
    }

    /// Whether a call is to be made that nobody must mend anything for.
    pub(super) const fn waits_for_a_call(self) -> bool {
        match self {
            Self::Pending | Self::LeaverNotLocked => true,
            Self::Applied
            | Self::Scheduled
            | Self::LockRefused
            | Self::Held
            | Self::Rejected
            | Self::Dead
            | Self::Outdated
            | Self::Unmapped
            | Self::Undecodable => false,
        }
    }

    /// Says what is asked of people when somebody comes into this book from another.
    pub(super) fn tell(self, from: Option<Self>, provider: Provider, event: &str) {
        if from == Some(self) {
            return;
        }
        match self {
            Self::Undecodable => tell_undecodable(provider, event),
            Self::Unmapped => tell_unmapped(provider, event),
            Self::Applied
            | Self::Scheduled
            | Self::Pending
            | Self::LeaverNotLocked
            | Self::LockRefused
            | Self::Held
            | Self::Rejected
            | Self::Outdated
            | Self::Dead => {}
        }
    }
}

fn tell_undecodable(provider: Provider, event: &str) {
    tracing::error!(
        provider = provider.as_str(),
        event.id = event,
        failure.code = "person_undecodable",
        "A person's record cannot be read; nothing is done for them"
    );
}

fn tell_unmapped(provider: Provider, event: &str) {
    tracing::warn!(
        provider = provider.as_str(),
        event.id = event,
        "Nobody mapped a group of this active person; add one of them to [[assignments]]"
    );
}

/// The number of people in each book of one partition.
#[derive(Debug)]
pub(super) struct Books {
    counts: Vec<(Book, IntGauge)>,
}

impl Books {
    pub(super) fn new(metrics: &WorkerMetrics, provider: Provider, partition: u32) -> Self {
        let partition = partition.to_string();
        let counts = Book::ALL.map(|book| {
            let labels = [provider.as_str(), &partition, book.as_str()];
            (book, metrics.waiting.with_label_values(&labels))
        });
        for (_, count) in &counts {
            count.set(0);
        }
        Self {
            counts: counts.into(),
        }
    }

    /// Moves a person from one book to another.
    pub(super) fn move_person(&self, from: &mut Option<Book>, to: Book) {
        if *from == Some(to) {
            return;
        }
        for (book, count) in &self.counts {
            if Some(*book) == *from {
                count.dec();
            } else if *book == to {
                count.inc();
            }
        }
        *from = Some(to);
    }
}

impl Drop for Books {
    /// A partition that is let go counts nobody here: its next owner does.
    fn drop(&mut self) {
        for (_, count) in &self.counts {
            count.set(0);
        }
    }
}
