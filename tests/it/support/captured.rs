//! Every log line of the process, to be searched for what must not be there.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: OnceLock<()> = OnceLock::new();

#[derive(Debug, Clone, Copy)]
struct Lines;

impl Write for Lines {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        *self
    }
}

/// Starts capturing what the relay and its server log, once a process.
pub(crate) fn start() {
    STARTED.get_or_init(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(
                "hris_relay=trace,actix=trace,actix_server=trace",
            ))
            .with_ansi(false)
            .with_writer(Lines)
            .init();
    });
}

/// Everything that was logged so far, by all tests of the process.
pub(crate) fn lines() -> String {
    String::from_utf8(LINES.lock().unwrap().clone()).unwrap()
}
