//! The machine's promises, on a core that writes what it reads and calls when told to.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::log::{Headers, Position, Topic};

/// Writes every record it reads to the state, and calls for those that say `call`.
#[derive(Debug, Default)]
struct Echo {
    held: usize,
    restored_note: Option<String>,
}

impl Core for Echo {
    type Call = String;
    type Answer = String;

    fn restored_from(&self) -> Vec<Restored> {
        Vec::new()
    }

    fn restore(&mut self, _record: Arrived) -> Result<(), Stop> {
        self.held += 1;
        Ok(())
    }

    fn held(&self) -> usize {
        self.held
    }

    fn note(&self) -> Option<String> {
        Some("generation 7".to_owned())
    }

    fn restore_note(&mut self, note: &str) {
        self.restored_note = Some(note.to_owned());
    }

    fn handle(&mut self, input: Input<String>, _now: Timestamp) -> Vec<Effect<String>> {
        match input {
            Input::Record(record) => {
                let payload = record.payload.unwrap();
                if payload.as_ref() == b"stop" {
                    return vec![Effect::Stop(Stop::RecordTooNew { v: 9 })];
                }
                self.held += 1;
                let write = Effect::Write(state(&payload));
                let call = Effect::Call(CallId(1), "call".to_owned());
                if payload.as_ref() == b"call" {
                    vec![write, call]
                } else {
                    vec![write]
                }
            }
            Input::Answered(_, answer) => vec![Effect::Write(state(answer.as_bytes()))],
            Input::Restored | Input::Tick | Input::Draining => Vec::new(),
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    fn people(&self) -> usize {
        self.held
    }
}

fn state(payload: &[u8]) -> Record {
    Record::new(Topic::People, "e-1", Bytes::copy_from_slice(payload))
}

fn record(offset: i64, payload: &str) -> Arrived {
    Arrived {
        position: Position {
            topic: Topic::Events,
            partition: 0,
            offset,
        },
        appended_at: Timestamp::UNIX_EPOCH,
        key: Some("e-1".into()),
        headers: Headers::default(),
        payload: Some(payload.to_owned().into()),
    }
}

fn at(seconds: u64) -> Now {
    Now {
        wall: Timestamp::UNIX_EPOCH,
        elapsed: Duration::from_secs(seconds),
    }
}

fn machine() -> Machine<Echo> {
    let settings = ShardSettings::default();
    Machine::new(Echo::default(), settings, "test".to_owned())
}

const fn found(committed: Option<i64>, note: Option<&str>) -> Found<'_> {
    Found {
        committed,
        note,
        source: (0, 100),
    }
}

/// A machine that has begun on its first day.
fn begun() -> Machine<Echo> {
    let mut machine = machine();
    machine.begin(&found(None, None), at(0)).unwrap();
    machine
}

/// The note an owner left that took one record.
fn note_of_one() -> String {
    let mut machine = begun();
    machine.take(record(41, "one"), at(0)).unwrap();
    machine.farewell().note
}

#[test]
fn a_commit_says_what_follows_from_the_records_up_to_its_offset() {
    let mut machine = begun();
    assert!(machine.commit().is_none());
    machine.take(record(41, "one"), at(0)).unwrap();
    let commit = machine.commit().unwrap();
    assert_eq!((commit.records.len(), commit.next_offset), (1, Some(42)));
    machine.unconfirmed(at(0));
    assert!(machine.commit_at() > Some(at(0).elapsed));
    machine.take(record(42, "two"), at(1)).unwrap();
    let commit = machine.commit().unwrap();
    assert_eq!(commit.next_offset, Some(43));
    assert_eq!(commit.records[0].payload.as_deref(), Some(&b"two"[..]));
    machine.committed(at(1).elapsed);
    assert!(machine.commit().is_none());
}

#[test]
fn a_call_starts_only_when_what_announces_it_is_committed() {
    let mut machine = begun();
    machine.take(record(41, "call"), at(0)).unwrap();
    assert!(machine.starts(at(0)).is_empty());
    assert_eq!(machine.commit_at(), Some(at(0).elapsed));
    assert!(machine.commit().is_some());
    machine.unconfirmed(at(0));
    assert!(machine.starts(at(0)).is_empty());
    assert!(machine.commit().is_some());
    machine.committed(at(1).elapsed);
    assert_eq!(machine.starts(at(1)).len(), 1);
    assert_eq!(machine.calls(), 1);
    assert!(machine.starts(at(1)).is_empty());
}

#[test]
fn an_owner_that_was_frozen_renews_its_lease_before_it_calls() {
    let mut machine = begun();
    machine.take(record(41, "call"), at(0)).unwrap();
    assert!(machine.commit().is_some());
    machine.committed(at(0).elapsed);
    // Frozen between the commit and the call.
    assert!(machine.starts(at(60)).is_empty());
    assert_eq!(machine.commit_at(), Some(at(60).elapsed));
    let renewal = machine.commit().unwrap();
    assert_eq!((renewal.records.len(), renewal.next_offset), (0, Some(42)));
    machine.committed(at(60).elapsed);
    let started = machine.starts(at(61));
    assert_eq!(started[0].before, at(65).elapsed);
    // Frozen between the look at the lease and the call.
    let call = started.into_iter().next().unwrap();
    machine.not_started(call.id, call.call, at(90));
    assert!(machine.starts(at(90)).is_empty());
    assert!(machine.commit().is_some());
    machine.committed(at(91).elapsed);
    assert_eq!(machine.starts(at(91)).len(), 1);
}

#[test]
fn a_partition_that_is_let_go_starts_nothing_more_and_commits_what_it_knows() {
    let mut machine = begun();
    machine.take(record(41, "call"), at(0)).unwrap();
    assert!(machine.commit().is_some());
    machine.committed(at(0).elapsed);
    let started = machine.starts(at(0));
    machine.drain(at(1));
    machine
        .answered(started[0].id, "answer".to_owned(), at(2))
        .unwrap();
    let farewell = machine.farewell();
    let payload = farewell.records[0].payload.as_deref();
    assert_eq!(payload, Some(&b"answer"[..]));
    assert!(farewell.note.contains("\"clean\":true"));
    assert!(machine.starts(at(3)).is_empty());
}

#[test]
fn a_record_the_core_cannot_go_on_behind_is_not_counted_as_taken() {
    let mut machine = begun();
    machine.take(record(41, "one"), at(0)).unwrap();
    let stopped = machine.take(record(42, "stop"), at(0));
    assert_eq!(stopped, Err(Stop::RecordTooNew { v: 9 }));
    assert_eq!(machine.farewell().next_offset, Some(42));
}

#[test]
fn lost_state_never_looks_like_nothing_to_do() {
    let note = note_of_one();
    let mut machine = machine();
    let lost = machine.begin(&found(Some(42), Some(&note)), at(0));
    let (held, restored) = (1, 0);
    assert_eq!(lost, Err(Stop::StateLost { held, restored }));
    let begin = |found: &Found<'_>| tests::machine().begin(found, at(0));
    assert_eq!(begin(&found(Some(42), None)), Err(Stop::RecordMissing));
    let broken = found(Some(42), Some("not a note"));
    assert_eq!(begin(&broken), Err(Stop::RecordUnreadable));
    let newer = note.replace("\"v\":1", "\"v\":2");
    let newer = begin(&found(Some(42), Some(&newer)));
    assert_eq!(newer, Err(Stop::RecordTooNew { v: 2 }));
    let remade = Found {
        source: (0, 3),
        ..found(Some(42), Some(&note))
    };
    let (committed, end) = (42, 3);
    assert_eq!(begin(&remade), Err(Stop::SourceLost { committed, end }));
}

#[test]
fn the_next_owner_goes_on_where_the_last_one_ended() {
    let note = note_of_one();
    let mut machine = machine();
    machine.restore(record(7, "one")).unwrap();
    machine.begin(&found(Some(42), Some(&note)), at(0)).unwrap();
    let restored = machine.core().restored_note.as_deref();
    assert_eq!(restored, Some("generation 7"));
    machine.take(record(42, "two"), at(0)).unwrap();
    assert_eq!(machine.commit().unwrap().next_offset, Some(43));
}

#[test]
fn records_of_a_newer_form_are_refused_and_broken_ones_pass() {
    assert_eq!(
        refuse_newer(b"{\"v\":2,\"x\":[]}", 1),
        Err(Stop::RecordTooNew { v: 2 })
    );
    for known in [&b"{\"v\":1}"[..], b"{}", b"not JSON", b""] {
        assert_eq!(refuse_newer(known, 1), Ok(()));
    }
}

#[test]
fn the_note_is_written_in_the_form_that_is_set() {
    let settings = ShardSettings {
        state_format: 7,
        ..ShardSettings::default()
    };
    let mut machine = Machine::new(Echo::default(), settings, "test".to_owned());
    machine.begin(&found(None, None), at(0)).unwrap();
    machine.take(record(41, "one"), at(0)).unwrap();
    assert!(machine.farewell().note.contains("\"v\":7"));
}

#[test]
fn what_is_made_of_a_record_belongs_to_its_trace_if_there_are_traces() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for is_traced in [true, false] {
        let mut machine = machine().traced(is_traced);
        machine.begin(&found(None, None), at(0)).unwrap();
        let mut traced = record(41, "call");
        traced.headers.push("traceparent", trace);
        traced.headers.push("tracestate", "acme=t61");
        machine.take(traced, at(0)).unwrap();
        let written = &machine.commit().unwrap().records[0].headers;
        assert_eq!(written.text("traceparent"), is_traced.then_some(trace));
        assert_eq!(written.text("tracestate"), is_traced.then_some("acme=t61"));

        machine.committed(at(0).elapsed);
        machine.take(record(42, "one"), at(1)).unwrap();
        machine
            .answered(CallId(1), "two".to_owned(), at(1))
            .unwrap();
        let records = machine.commit().unwrap().records;
        let of_none = |record: &Record| record.headers.is_empty();
        assert!(
            records.iter().all(of_none),
            "neither the next nor an answer"
        );
    }
}
