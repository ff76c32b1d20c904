//! Traces for whoever runs a collector: spans out over OTLP, W3C context in and out of headers.
//!
//! In come contexts as others sent them and what a stage says of its work, out go spans. It
//! must never hold anything up, say who an event is about, or be found by anything but the
//! value that is passed down: there is no global tracer and no current span.

mod context;
mod exporter;
mod sampler;
mod settings;
mod span;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Link, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanLimits,
};

pub use context::{Header, MOST_STATE, Parent, TRACEPARENT, TRACESTATE, TraceContext};
pub use settings::TraceSettings;
pub use span::{Kind, Span, key};

use self::exporter::{BuildError, Exporter};
use self::sampler::ByLinks;

/// Spans in one request to the collector.
const BATCH: usize = 512;

/// Why there are no traces although they are configured.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The collector cannot be spoken to.
    #[error("spans cannot be sent")]
    Exporter(#[source] BuildError),
}

/// What a span is made of that is known at its start.
#[derive(Debug)]
pub struct New<'a> {
    /// What kind of work.
    pub kind: Kind,
    /// Its name: of few different ones, never with anything a sender said.
    pub name: Cow<'static, str>,
    /// What it is part of; none: a trace of its own.
    pub parent: Option<&'a Parent>,
    /// What it follows from without being part of it.
    pub links: &'a [TraceContext],
    /// When it began; none: now.
    pub began: Option<SystemTime>,
}

impl<'a> New<'a> {
    /// A span that begins now.
    pub fn of(kind: Kind, name: impl Into<Cow<'static, str>>, parent: Option<&'a Parent>) -> Self {
        Self {
            kind,
            name: name.into(),
            parent,
            links: &[],
            began: None,
        }
    }
}

/// The traces of one process; switched off, every question is answered by none.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Tracing>>);

#[derive(Debug)]
struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    tells_platforms: bool,
}

impl Traces {
    /// No traces: nothing is measured, nothing is sent, nothing is passed on.
    pub const fn off() -> Self {
        Self(None)
    }

    /// The traces that are configured, of a process of this name that keeps its events in
    /// `log` (`kafka` or `sqlite`).
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn start(
        settings: &TraceSettings,
        process: &str,
        log: &'static str,
    ) -> Result<Self, TracesError> {
        if !settings.is_on() {
            return Ok(Self::off());
        }
        let resource = Resource::builder_empty()
            .with_attributes([
                KeyValue::new("service.name", settings.service_name.clone()),
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", process.to_owned()),
                KeyValue::new(key::LOG, log),
            ])
            .build();
        let exporter = Exporter::new(settings, &resource).map_err(TracesError::Exporter)?;
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(
                BatchConfigBuilder::default()
                    .with_max_queue_size(settings.queue)
                    .with_max_export_batch_size(BATCH.min(settings.queue))
                    .with_scheduled_delay(settings.send_every)
                    .build(),
            )
            .build();
        // Everything that the library would else take from the environment is said here.
        let provider = SdkTracerProvider::builder()
            .with_sampler(ByLinks::new(settings.sample_ratio))
            .with_span_limits(SpanLimits::default())
            .with_resource(resource)
            .with_span_processor(processor)
            .build();
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Ok(Self(Some(Arc::new(Tracing {
            tracer: provider.tracer_with_scope(scope),
            provider,
            tells_platforms: settings.tell_platforms,
        }))))
    }

    /// Whether they are switched on.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether platforms are told the context of the call that is made to them.
    pub fn tells_platforms(&self) -> bool {
        self.0.as_ref().is_some_and(|on| on.tells_platforms)
    }

    /// Begins a span; `new` is asked only if traces are on.
    pub fn begin<'a>(&self, new: impl FnOnce() -> New<'a>) -> Span {
        let Some(on) = &self.0 else {
            return Span::none();
        };
        let New {
            kind,
            name,
            parent,
            links,
            began,
        } = new();
        let mut builder = on.tracer.span_builder(name).with_kind(kind.into());
        if let Some(began) = began {
            builder = builder.with_start_time(began);
        }
        if !links.is_empty() {
            let links = links.iter().map(|link| Link::with_context(link.remote()));
            builder = builder.with_links(links.collect());
        }
        let context = parent.map_or_else(Context::new, Parent::context);
        Span::new(on.tracer.build_with_context(builder, &context))
    }

    /// Sends what waits, for at most `limit`, and ends. It blocks.
    pub fn close(&self, limit: Duration) {
        if let Some(on) = &self.0
            && on.provider.shutdown_with_timeout(limit).is_err()
        {
            tracing::warn!("The last spans were not sent in time");
        }
    }
}
