//! A collector of spans: takes what is posted, and keeps it as it came.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::recorder::{Recorded, record};

#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) addr: SocketAddr,
    requests: Arc<Mutex<Vec<Recorded>>>,
    _serving: JoinSet<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = record(&mut stream).await;
                kept.lock().unwrap().push(request);
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
            }
        });
        Self {
            addr,
            requests,
            _serving: serving,
        }
    }

    /// Every request: its line, its headers and its body.
    pub(crate) fn each(&self, mut look: impl FnMut(&Recorded)) {
        self.requests.lock().unwrap().iter().for_each(&mut look);
    }

    /// Every span so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        self.each(|request| {
            let request = ExportTraceServiceRequest::decode(request.body.as_slice()).unwrap();
            let resources = request.resource_spans.into_iter();
            let scopes = resources.flat_map(|resource| resource.scope_spans);
            spans.extend(scopes.flat_map(|scope| scope.spans));
        });
        spans
    }
}

/// What is said of a span under a name, as text.
pub(crate) fn said(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|said| said.key == name)?;
    let value = found.value.clone()?.value?;
    Some(match &value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(_)
        | Value::DoubleValue(_)
        | Value::ArrayValue(_)
        | Value::KvlistValue(_)
        | Value::BytesValue(_)
        | Value::StringValueStrindex(_) => format!("{value:?}"),
    })
}

/// An id as `traceparent` writes it.
pub(crate) fn hex(id: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
    id.iter().flat_map(digits).flatten().collect()
}
