//! Sends spans to the collector: OTLP over HTTP, from the batch processor's own thread.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::runtime::{Builder, Runtime};

use super::settings::TraceSettings;
use crate::settings::Complaint;

/// The section of the configuration these settings are from.
const SECTION: &str = "traces";

/// Why spans cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The settings are wrong.
    #[error("the settings of the traces are wrong")]
    Settings(#[source] Complaint),
    /// The TLS library did not start.
    #[error("the http client could not be built")]
    Client(#[source] reqwest::Error),
    /// There is nothing to run it on.
    #[error("the runtime of the http client could not be built")]
    Runtime(#[source] std::io::Error),
}

/// Why a request with spans was for nothing.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("a header cannot be read: {0}")]
    Header(Complaint),
    #[error("no answer within the timeout")]
    Late,
    #[error("the collector cannot be reached")]
    Unreachable,
    #[error("the collector did not answer")]
    Unanswered,
    #[error("the collector answered with status {0}")]
    Refused(u16),
}

/// Posts spans. A request that fails is not made again: the next spans come in seconds.
#[derive(Debug)]
pub(super) struct Exporter {
    settings: TraceSettings,
    address: Url,
    client: Client,
    /// Of its own, so that what hangs here hangs nowhere else.
    runtime: Mutex<Runtime>,
    resource: ResourceAttributesWithSchema,
    /// Spans lost since the collector took any.
    lost: AtomicU64,
}

impl Exporter {
    pub(super) fn new(settings: &TraceSettings, resource: &Resource) -> Result<Self, BuildError> {
        let address = settings.address().map_err(|reason| {
            let key = format!("{SECTION}.endpoint");
            BuildError::Settings(Complaint::new(key, &settings.endpoint, reason))
        })?;
        let client = Client::builder()
            .user_agent(concat!("hris-relay/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            // Nobody looks after an idle connection between two requests.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(BuildError::Client)?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(BuildError::Runtime)?;
        Ok(Self {
            settings: settings.clone(),
            address,
            client,
            runtime: Mutex::new(runtime),
            resource: ResourceAttributesWithSchema::from(resource),
            lost: AtomicU64::new(0),
        })
    }

    fn send(&self, batch: Vec<SpanData>) -> Result<(), SendError> {
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let mut headers = self
            .settings
            .read_headers(SECTION)
            .map_err(SendError::Header)?;
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        headers.insert(CONTENT_TYPE, protobuf);
        let request = self
            .client
            .post(self.address.clone())
            .headers(headers)
            .body(request.encode_to_vec());
        let runtime = self.runtime.lock().map_err(|_| SendError::Unanswered)?;
        let answer = runtime
            // Inside the runtime already when it is made: its timeout needs one.
            .block_on(async { request.send().await })
            .map_err(|error| SendError::from(&error))?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(SendError::Refused(status.as_u16()))
        }
    }

    /// Says once that spans are lost, and once that they are taken again.
    fn tell(&self, spans: u64, sent: Result<(), SendError>) {
        match sent {
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tell_taken(lost);
                }
            }
            Err(error) => {
                if self.lost.fetch_add(spans, Ordering::Relaxed) == 0 {
                    tell_lost(&error);
                }
            }
        }
    }
}

fn tell_lost(error: &SendError) {
    tracing::warn!(
        failure.code = "spans_lost",
        "Spans are lost until the collector takes them: {error}"
    );
}

fn tell_taken(lost: u64) {
    tracing::info!(spans.lost = lost, "The collector takes spans again");
}

impl From<&reqwest::Error> for SendError {
    fn from(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Late
        } else if error.is_connect() {
            Self::Unreachable
        } else {
            Self::Unanswered
        }
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let sent = self.send(batch);
        self.tell(spans, sent);
        // Told already, in our words.
        Ok(())
    }
}
