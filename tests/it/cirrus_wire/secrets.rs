//! What must never be seen, and the token that may change: in errors, `Debug` and logs.

use std::io;
use std::sync::{Arc, Mutex};

use hris_relay::clock::SystemClock;
use hris_relay::provider::cirrus::{Cirrus, CirrusSettings};
use hris_relay::provider::{Answer, Platform, StartError};
use hris_relay::secret::Secret;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{call, client, end, make, make_with, methods, profile, script, settings, start};

/// Collects what is logged.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Collects everything that this thread logs until the guard is dropped.
fn collected() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    (lines, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn neither_token_nor_link_nor_person_shows_in_logs_errors_or_debug_output() {
    let (lines, _guard) = collected();
    let running = start(|_| ());
    let settings = CirrusSettings {
        publish_links: true,
        links_base: Some("https://exams.example".to_owned()),
        ..settings(running.addr())
    };
    let client = client(&settings);
    let jane = profile(&[
        ("FirstName", "Jane"),
        ("LastName", "Planted"),
        ("Email", "jane@example.com"),
    ]);
    let call = call([("jane-17", make_with(&jane, false))]);
    let mut seen = format!("{settings:?} {client:?} {call:?}");
    for action in [
        json!({ "do": "drop_before" }),
        json!({ "do": "garbage_body" }),
        json!({ "do": "status", "status": 400, "message": "jane-17 jane@example.com" }),
        json!({ "do": "status", "status": 403, "message": "jane-17 jane@example.com" }),
    ] {
        script(&running, json!([{ "action": action }]));
        let Answer::Failed(failure) = client.perform(&call).await else {
            panic!("no failure");
        };
        seen.extend([failure.to_string(), format!("{failure:?}")]);
    }
    let answer = client.perform(&call).await;
    seen.extend([format!("{answer:?}"), format!("{running:?}")]);
    seen.push_str(&lines.text());
    let account = running.simulator().account();
    let link = &account.schedules["ScEXT1"].candidates["jane-17"];
    let session = link.split_once("session=").unwrap().1;
    for hidden in [
        "simulated-eapi-token",
        session,
        "jane-17",
        "Planted",
        "jane@example.com",
    ] {
        assert!(!seen.contains(hidden), "{hidden} in {seen}");
    }
}

#[test]
fn a_token_that_is_no_header_is_named_but_not_shown() {
    let wrong = CirrusSettings {
        secret: Some(Secret::new("hunter2\u{e9}")),
        ..settings(([127, 0, 0, 1], 1).into())
    };
    let error = Cirrus::from_settings(&wrong, Arc::new(SystemClock::new())).unwrap_err();
    let StartError::Settings(complaint) = &error else {
        panic!("{error}");
    };
    assert_eq!(complaint.key, "providers.cirrus.secret");
    assert!(!format!("{error} {error:?} {complaint}").contains("hunter2"));
}

#[tokio::test]
async fn a_rotated_token_is_read_again_before_anything_is_given_up() {
    let running = start(|_| ());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "an-old-token\n").unwrap();
    let client = client(&CirrusSettings {
        secret: None,
        secret_file: Some(file.path().to_owned()),
        ..settings(running.addr())
    });
    // Nothing else in the file: nothing is repeated.
    assert_eq!(end(&client, "a", make()).await, "credentials_rejected");
    assert_eq!(methods(&running), ["POST"]);
    // Another one, as wrong: tried once.
    std::fs::write(file.path(), "another-old-token\n").unwrap();
    assert_eq!(end(&client, "a", make()).await, "credentials_rejected");
    assert_eq!(methods(&running).len(), 3);
    // None at all, or one that is no header.
    for broken in ["", "a\u{e9}"] {
        std::fs::write(file.path(), broken).unwrap();
        assert_eq!(end(&client, "a", make()).await, "credentials_rejected");
    }
    std::fs::write(file.path(), "simulated-eapi-token\n").unwrap();
    assert_eq!(
        end(&client, "a", make()).await,
        "applied",
        "in the same call"
    );
    assert_eq!(end(&client, "b", make()).await, "applied");
}

#[tokio::test]
async fn an_inline_token_that_is_rejected_is_not_repeated() {
    let running = start(|_| ());
    let client = client(&CirrusSettings {
        secret: Some(Secret::new("wrong")),
        ..settings(running.addr())
    });
    assert_eq!(end(&client, "a", make()).await, "credentials_rejected");
    assert_eq!(methods(&running), ["POST"]);
}
