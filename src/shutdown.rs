//! The tasks of a process: supervised, so none dies unnoticed, and drained within a grace.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Why a process stopped otherwise than by being asked and draining in time.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// A process that is not whole ends.
    #[error("task `{name}` ended before it was asked to")]
    TaskEnded {
        /// The task's name.
        name: &'static str,
        /// Why, where it said so.
        #[source]
        reason: Option<anyhow::Error>,
    },
    /// A task panicked.
    #[error("a task panicked")]
    TaskPanicked(#[source] tokio::task::JoinError),
    /// A task failed while draining, so what it held may be unfinished.
    #[error("task `{name}` failed while draining")]
    DrainFailed {
        /// The task's name.
        name: &'static str,
        /// Why.
        #[source]
        reason: anyhow::Error,
    },
    /// Tasks were still running when the grace was over.
    #[error("drain took longer than {0:?}")]
    DrainTimedOut(Duration),
}

type Ended = (&'static str, anyhow::Result<()>);

/// The tasks of one process, with the token that asks them to stop.
#[derive(Debug, Default)]
pub struct Tasks {
    set: JoinSet<Ended>,
    stopping: CancellationToken,
}

impl Tasks {
    /// The token that is cancelled when the process must stop.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Starts a task that must run until it is asked to stop.
    pub fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let _handle = self.set.spawn(async move { (name, task.await) });
    }

    /// Runs until `signal`, then asks every task to stop and waits up to `grace`.
    ///
    /// # Errors
    /// When a task ends before the signal, panics, fails while draining, or does not
    /// end within `grace`.
    pub async fn run(
        mut self,
        signal: impl Future<Output = ()>,
        grace: Duration,
    ) -> Result<(), Stopped> {
        tokio::select! {
            () = signal => self.stopping.cancel(),
            Some(ended) = self.set.join_next() => {
                let (name, result) = ended.map_err(Stopped::TaskPanicked)?;
                return Err(Stopped::TaskEnded { name, reason: result.err() });
            }
        }
        let drain = async {
            while let Some(ended) = self.set.join_next().await {
                let (name, result) = ended.map_err(Stopped::TaskPanicked)?;
                result.map_err(|reason| Stopped::DrainFailed { name, reason })?;
            }
            Ok(())
        };
        tokio::time::timeout(grace, drain)
            .await
            .map_err(|_elapsed| Stopped::DrainTimedOut(grace))?
    }
}

/// Listens from now on; what it answers resolves when the process is asked to stop: SIGTERM
/// or SIGINT.
///
/// # Errors
/// When the signals cannot be listened to.
pub fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn a_drain_that_hangs_is_cut_off() {
        let mut tasks = Tasks::default();
        tasks.spawn("worker", std::future::pending());
        let outcome = tasks.run(async {}, GRACE).await;
        assert!(matches!(outcome, Err(Stopped::DrainTimedOut(GRACE))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_early_ends_the_process() {
        let mut tasks = Tasks::default();
        tasks.spawn("roster", async { Ok(()) });
        let outcome = tasks.run(std::future::pending(), GRACE).await;
        assert!(matches!(
            outcome,
            Err(Stopped::TaskEnded { name: "roster", .. })
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clean_drain_is_a_success() {
        let mut tasks = Tasks::default();
        let stopping = tasks.stopping();
        tasks.spawn("receiver", async move {
            stopping.cancelled().await;
            Ok(())
        });
        assert!(tasks.run(async {}, GRACE).await.is_ok());
    }
}
