//! A real receiver on a port of its own, before a log in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use hris_relay::clock::{Clock, SystemClock};
use hris_relay::metrics::Metrics;
use hris_relay::receiver::signature::{sign_bamboohr, sign_standard_webhook};
use hris_relay::receiver::{
    Receiver, ReceiverError, ReceiverSettings, SourceSettings, Surroundings,
};
use hris_relay::secret::Secret;
use hris_relay::traces::Traces;
use jiff::SignedDuration;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::captured;
use super::memory_log::MemoryLog;

pub(crate) const PORTAL_SECRET: &str = "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LTAx";
pub(crate) const ERP_SECRET: &str = "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LTAy";
pub(crate) const ERP_TOKEN: &str = "a-bearer-token-of-the-erp";
pub(crate) const BAMBOO_SECRET: &str = "test_bamboo_private_key";

const SOURCES: &str = "
    [portal]
    kind = 'standard_webhooks'
    secrets = ['whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LTAx']
    [bamboohr]
    kind = 'bamboohr'
    secrets = ['test_bamboo_private_key']
    status_field = 'Status'
    [erp]
    kind = 'cloudevents'
    secrets = ['whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LTAy', 'a-bearer-token-of-the-erp']
";

/// A running receiver; dropping it ends it.
pub(crate) struct TestReceiver {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) client: Client,
    url: String,
    metrics: Metrics,
    stopping: CancellationToken,
    tasks: JoinSet<Result<(), ReceiverError>>,
}

impl TestReceiver {
    /// Starts with a body limit of 16 KiB, so that a test can pass it.
    pub(crate) fn start() -> Self {
        captured::start();
        let log = Arc::new(MemoryLog::new());
        let metrics = Metrics::new().unwrap();
        let settings: ReceiverSettings = toml::from_str(
            "listen = '127.0.0.1:0'\nbody_limit = '16 KiB'\nanswer_within = '200ms'\n\
             body_within = '300ms'\nretry_after = '7s'\nworkers = 1",
        )
        .unwrap();
        let sources: BTreeMap<String, SourceSettings> = toml::from_str(SOURCES).unwrap();
        let kept: Arc<MemoryLog> = Arc::clone(&log);
        let clock = Arc::new(SystemClock::new());
        let surroundings = Surroundings {
            log: kept,
            clock,
            metrics: &metrics,
            traces: Traces::off(),
        };
        let receiver = Receiver::bind(&settings, &sources, surroundings).unwrap();
        let url = format!("http://{}", receiver.address());
        let stopping = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let _handle = tasks.spawn(receiver.run(stopping.clone()));
        Self {
            log,
            client: Client::builder().no_proxy().build().unwrap(),
            url,
            metrics,
            stopping,
            tasks,
        }
    }

    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// Sends a Standard Webhook of the portal, signed `age` seconds ago.
    pub(crate) async fn portal(&self, body: &[u8], age: i64) -> Answer {
        let at = SystemClock::new().now() - SignedDuration::from_secs(age);
        let secret = Secret::new(PORTAL_SECRET);
        let mut request = self.post("/hooks/portal").body(body.to_vec());
        for (name, value) in sign_standard_webhook(&secret, "msg_1", at, body).unwrap() {
            request = request.header(name, value);
        }
        Answer::of(request).await
    }

    /// Sends a `BambooHR` webhook.
    pub(crate) async fn bamboohr(&self, body: &[u8]) -> Answer {
        let at = SystemClock::new().now();
        let mut request = self
            .post("/hooks/bamboohr")
            .header("content-type", "application/json")
            .body(body.to_vec());
        for (name, value) in sign_bamboohr(&Secret::new(BAMBOO_SECRET), at, body).unwrap() {
            request = request.header(name, value);
        }
        Answer::of(request).await
    }

    /// Sends to `/events` with the bearer token.
    pub(crate) async fn events(&self, content_type: &str, body: &Value) -> Answer {
        let request = self
            .post("/events")
            .bearer_auth(ERP_TOKEN)
            .header("content-type", content_type)
            .body(body.to_string());
        Answer::of(request).await
    }

    pub(crate) fn metrics(&self) -> String {
        self.metrics.render().unwrap()
    }

    /// How often requests of a source had an outcome.
    pub(crate) fn counted(&self, source: &str, outcome: &str) -> u64 {
        let labels = [source, outcome];
        self.metrics
            .receiver
            .webhooks
            .with_label_values(&labels)
            .get()
    }

    /// Asks it to stop.
    pub(crate) fn ask_to_stop(&self) {
        self.stopping.cancel();
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<(), ReceiverError> {
        self.ask_to_stop();
        self.tasks.join_next().await.unwrap().unwrap()
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        Self::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn read(response: Response) -> Self {
        let retry_after = response.headers().get("retry-after");
        let content_type = response.headers().get("content-type");
        if !response.status().is_success() {
            assert_eq!(content_type.unwrap(), "application/problem+json");
        }
        Self {
            status: response.status(),
            retry_after: retry_after.map(|value| value.to_str().unwrap().to_owned()),
            text: response.text().await.unwrap(),
        }
    }

    /// The problem, which must say what to mend.
    pub(crate) fn problem(&self) -> Value {
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        problem
    }

    /// Status and code.
    pub(crate) fn verdict(&self) -> (u16, String) {
        let code = self.problem()["code"].as_str().unwrap().to_owned();
        (self.status.as_u16(), code)
    }
}
