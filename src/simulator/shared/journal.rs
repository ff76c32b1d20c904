//! What was asked, when and how it ended; and whether calls for one person overlapped.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::stand::Subject;

/// Requests kept: more than any test or demonstration makes, and bounded for one that never
/// ends.
const LONGEST: usize = 100_000;

/// A second handle on a request's connection: to drop it, and to know if it is still open.
#[derive(Clone)]
pub(super) struct Connection(Arc<TcpStream>);

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(stream))
    }

    /// Closes it both ways, without an answer.
    pub(super) fn sever(&self) {
        // A connection that is closed already is as good as severed.
        drop(self.0.shutdown(Shutdown::Both));
    }

    /// Whether the client still waits at the other end.
    fn is_open(&self) -> bool {
        match self.0.peek(&mut [0]) {
            Ok(read) => read != 0,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// From 1, in the order the requests came.
    pub id: u64,
    /// HTTP method.
    pub method: String,
    /// As [`Subject::path`] has it.
    pub path: String,
    /// How many people it was about.
    pub people: usize,
    /// Programs, schedules, groups and tests it named.
    pub targets: Vec<String>,
    /// When it came.
    pub started: Timestamp,
    /// When its answer was ready; none: it is being handled.
    pub finished: Option<Timestamp>,
    /// The status it was answered with; none: not yet, or the connection was dropped.
    pub status: Option<u16>,
    /// The scripted fault that acted on it.
    pub fault: Option<&'static str>,
    /// The trace it said it was part of, as W3C Trace Context writes it.
    pub traceparent: Option<String>,
    #[serde(skip)]
    ids: Arc<BTreeSet<String>>,
}

/// Two calls for one person at the same time: invariant I3 is broken.
///
/// A call is over when it is answered, or when the client has closed its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The request that was being handled.
    pub earlier: u64,
    /// The request that came meanwhile.
    pub later: u64,
    /// Whom both were about.
    pub people: BTreeSet<String>,
}

/// Numbers over all requests: what `GET /_sim/counters` answers beside the platform's own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// Requests that came.
    pub requests: u64,
    /// People they were about, each as often as it was asked about.
    pub people: u64,
    /// Requests by the status they were answered with; `dropped`: without an answer.
    pub answers: BTreeMap<String, u64>,
    /// Requests that a scripted fault acted on.
    pub faults: u64,
    /// Overlaps found.
    pub overlaps: u64,
}

/// All requests of one account.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    last: u64,
    open: BTreeMap<u64, Option<Connection>>,
    /// Which open requests are about a person.
    busy: BTreeMap<String, BTreeSet<u64>>,
    overlaps: Vec<Overlap>,
    counters: Counters,
}

impl Journal {
    /// A request came; answers its id.
    pub(super) fn begin(
        &mut self,
        method: &str,
        subject: Subject,
        connection: Option<Connection>,
        now: Timestamp,
    ) -> u64 {
        self.last += 1;
        let id = self.last;
        let ids: BTreeSet<_> = subject.people.into_iter().collect();
        self.find_overlaps(id, &ids);
        for person in &ids {
            self.busy.entry(person.clone()).or_default().insert(id);
        }
        self.open.insert(id, connection);
        self.counters.requests += 1;
        self.counters.people += u64::try_from(ids.len()).unwrap_or(u64::MAX);
        if self.entries.len() == LONGEST {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            id,
            method: method.to_owned(),
            path: subject.path,
            people: ids.len(),
            targets: subject.targets,
            started: now,
            finished: None,
            status: None,
            fault: None,
            traceparent: None,
            ids: Arc::new(ids),
        });
        id
    }

    fn find_overlaps(&mut self, later: u64, ids: &BTreeSet<String>) {
        let mut found: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for person in ids {
            for earlier in self.busy.get(person).into_iter().flatten() {
                found.entry(*earlier).or_default().insert(person.clone());
            }
        }
        for (earlier, people) in found {
            let connection = self.open.get(&earlier).and_then(Option::as_ref);
            if connection.is_none_or(Connection::is_open) {
                self.counters.overlaps += 1;
                self.overlaps.push(Overlap {
                    earlier,
                    later,
                    people,
                });
            }
        }
    }

    /// A scripted fault acted on a request.
    pub(super) fn fault(&mut self, id: u64, word: &'static str) {
        self.counters.faults += 1;
        if let Some(entry) = self.entry(id) {
            entry.fault = Some(word);
        }
    }

    /// A request said which trace it is part of.
    pub(super) fn traced(&mut self, id: u64, traceparent: &str) {
        if let Some(entry) = self.entry(id) {
            entry.traceparent = Some(traceparent.to_owned());
        }
    }

    /// A request was handled; `status` is none when the connection was dropped.
    pub(super) fn end(&mut self, id: u64, status: Option<u16>, now: Timestamp) {
        if self.open.remove(&id).is_none() {
            return;
        }
        let word = status.map_or_else(|| "dropped".to_owned(), |status| status.to_string());
        *self.counters.answers.entry(word).or_default() += 1;
        let Some(entry) = self.entry(id) else {
            return;
        };
        entry.finished = Some(now);
        entry.status = status;
        let ids = Arc::clone(&entry.ids);
        for person in ids.iter() {
            if let Some(requests) = self.busy.get_mut(person) {
                requests.remove(&id);
                if requests.is_empty() {
                    self.busy.remove(person);
                }
            }
        }
    }

    /// All requests, or those about one person, oldest first.
    pub(super) fn entries(&self, person: Option<&str>) -> Vec<Entry> {
        let entries = self.entries.iter();
        entries
            .filter(|entry| person.is_none_or(|person| entry.ids.contains(person)))
            .cloned()
            .collect()
    }

    /// Every overlap so far.
    pub(super) fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    /// The numbers so far.
    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    fn entry(&mut self, id: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.id;
        let at = usize::try_from(id.checked_sub(first)?).ok()?;
        self.entries.get_mut(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn subject(people: &[&str]) -> Subject {
        Subject {
            path: "/v1/employees".to_owned(),
            people: people.iter().map(|&id| id.to_owned()).collect(),
            targets: Vec::new(),
        }
    }

    fn begin(journal: &mut Journal, people: &[&str]) -> u64 {
        journal.begin("POST", subject(people), None, NOW)
    }

    #[test]
    fn calls_for_one_person_must_not_overlap() {
        let mut journal = Journal::default();
        let first = begin(&mut journal, &["a", "b"]);
        let other = begin(&mut journal, &["c"]);
        let later = begin(&mut journal, &["b", "c", "d"]);
        let overlaps = [(first, "b"), (other, "c")].map(|(earlier, person)| Overlap {
            earlier,
            later,
            people: [person.to_owned()].into(),
        });
        assert_eq!(journal.overlaps(), overlaps);
        assert_eq!(journal.counters().overlaps, 2);
    }

    #[test]
    fn an_answered_call_is_over() {
        let mut journal = Journal::default();
        for _ in 0..3 {
            let id = begin(&mut journal, &["a"]);
            journal.end(id, Some(200), NOW);
        }
        assert_eq!(journal.overlaps(), []);
        assert_eq!(journal.busy.len(), 0);
        assert_eq!(journal.counters().answers["200"], 3);
    }

    #[test]
    fn a_call_whose_client_has_gone_is_over() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        let connection = Connection::new(server);
        assert!(connection.is_open());
        let mut journal = Journal::default();
        journal.begin("POST", subject(&["a"]), Some(connection), NOW);
        drop(client);
        begin(&mut journal, &["a"]);
        assert_eq!(journal.overlaps(), []);
    }

    #[test]
    fn entries_can_be_asked_for_by_person() {
        let mut journal = Journal::default();
        let first = begin(&mut journal, &["a", "b"]);
        let second = begin(&mut journal, &["b"]);
        journal.fault(first, "drop_before");
        journal.end(first, None, NOW);
        let ids = |person| {
            let entries = journal.entries(person);
            entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(None), [first, second]);
        assert_eq!(ids(Some("a")), [first]);
        assert_eq!(ids(Some("b")), [first, second]);
        let dropped = &journal.entries(Some("a"))[0];
        assert_eq!((dropped.fault, dropped.status), (Some("drop_before"), None));
        assert_eq!(journal.counters().answers["dropped"], 1);
    }
}
