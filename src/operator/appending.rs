//! Appending what operators say: events, keyed and stamped as the receiver does it.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use crate::event::Event;
use crate::log::{AppendError, Log, Record, Topic, header};

/// How long a log that does not confirm is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// An event as a record of `hris.events`.
pub(super) fn record(event: &Event) -> Record {
    Record::new(Topic::Events, event.subject.as_str(), event.to_json())
        .with_header(header::EVENT_ID, event.id.as_str().to_owned())
        .with_header(header::CONTENT_TYPE, Event::CONTENT_TYPE)
}

/// Appends records; a log that is busy is asked again for a while. Not confirmed is not "not
/// written": an event may be there twice, which changes nothing.
pub(super) async fn append(log: &dyn Log, records: Vec<Record>) -> Result<(), AppendError> {
    let attempt = || async { log.append(records.clone()).await.map(drop) };
    let waits = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_total_delay(Some(PATIENCE))
        .without_max_times();
    attempt
        .retry(waits)
        .when(|error| match error {
            AppendError::Unconfirmed(_) | AppendError::Full => true,
            AppendError::TooLarge | AppendError::Closed(_) => false,
        })
        .await
}
