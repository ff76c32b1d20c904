//! Locks that cannot be poisoned.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a panic while it was locked leaves nothing half done in what our locks guard.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
