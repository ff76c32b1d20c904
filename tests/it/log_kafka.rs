//! What only the cluster can show: frozen owners, handovers in time, a slow owner, topics.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hris_relay::log::kafka::KafkaSettings;
use hris_relay::log::{CommitError, ConsumeError, Delivery, Log, Member, Record, Topic};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::log_claims::{
    OUTCOMES, STAGE, STATE, append, commit, event, everything, in_time, join, number, readable,
    record,
};
use crate::support::kafka::{PARTITIONS, cluster, open, prepared, settings};
use crate::support::said::say;

/// Settings of the log in which `a_child_owns_partitions_until_told_to_commit` owns.
const CHILD: &str = "HRIS_RELAY_TEST_OWN_IN";

#[tokio::test(flavor = "multi_thread")]
async fn a_child_owns_partitions_until_told_to_commit() {
    // Not a child of the test below: nothing to do.
    let Ok(told) = std::env::var(CHILD) else {
        return;
    };
    let log = open(&serde_json::from_str(&told).unwrap());
    let mut joined = join(&*log).await;
    println!("owns {}", joined.partitions.len());
    let line = tokio::task::spawn_blocking(|| std::io::stdin().lines().next());
    line.await.unwrap().unwrap().unwrap();
    for (index, mut partition) in std::mem::take(&mut joined.partitions) {
        let late = hris_relay::log::Commit {
            records: vec![Record::new(STATE, &format!("late-{index}"), "666")],
            next_offset: Some(1),
            note: "a note".to_owned(),
        };
        match partition.commit(late).await {
            Err(CommitError::Fenced) => println!("fenced {index}"),
            other => println!("not fenced {index}: {other:?}"),
        }
    }
}

/// A child process, ended when dropped.
struct Owner {
    child: Child,
    input: ChildStdin,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Owner {
    fn start(settings: &KafkaSettings) -> Self {
        let name = "log_kafka::a_child_owns_partitions_until_told_to_commit";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, serde_json::to_string(settings).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            input,
            lines,
        }
    }

    fn says(&mut self, what: &str) -> String {
        let lines = self.lines.by_ref().map_while(Result::ok);
        lines.into_iter().find(|line| line.contains(what)).unwrap()
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_owner_that_thaws_after_a_takeover_is_fenced() {
    let Some(kafka) = cluster() else { return };
    let settings = KafkaSettings {
        session_timeout: Duration::from_secs(3),
        ..prepared(&kafka.brokers).await
    };
    let log = open(&settings);
    for number in 0..20 {
        append(&*log, event(&format!("e-{number}"), number)).await;
    }
    let mut frozen = Owner::start(&settings);
    let mut frozen = tokio::task::spawn_blocking(move || {
        frozen.says(&format!("owns {PARTITIONS}"));
        frozen
    })
    .await
    .unwrap();
    frozen.signal("-STOP");
    let started = Instant::now();
    let mut joined = join(&*log).await;
    let elapsed = started.elapsed();
    say(&format!(
        "kafka: took over from a frozen owner in {elapsed:?}, session 3 s"
    ));
    for (index, partition) in &mut joined.partitions {
        assert_eq!(partition.committed(), None);
        commit(
            &mut **partition,
            2,
            vec![Record::new(STATE, &format!("e-{index}"), "1")],
        )
        .await;
    }
    let before = readable(&*log, STATE, 3).await;
    frozen.signal("-CONT");
    frozen.input.write_all(b"commit\n").unwrap();
    let said = tokio::task::spawn_blocking(move || {
        (0..PARTITIONS)
            .map(|_| frozen.says("fenced "))
            .collect::<BTreeSet<_>>()
    });
    let expected: BTreeSet<_> = (0..PARTITIONS)
        .map(|index| format!("fenced {index}"))
        .collect();
    assert_eq!(said.await.unwrap(), expected);
    assert_eq!(everything(&*log, STATE).await, before);
    for index in 0..PARTITIONS {
        let committed = log
            .committed(STAGE.group, STAGE.source, index)
            .await
            .unwrap();
        assert_eq!(committed, Some(2), "the late commit moved nothing");
    }
    joined.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_partition_is_given_out_again_behind_its_commit() {
    let Some(kafka) = cluster() else { return };
    let log = open(&prepared(&kafka.brokers).await);
    let mut last = append(&*log, event("e-17", 0)).await;
    for number in 1..6 {
        last = append(&*log, event("e-17", number)).await;
    }
    let mut joined = join(&*log).await;
    let mut partition = joined.take(last.partition);
    for _ in 0..4 {
        record(&mut *partition).await;
    }
    commit(&mut *partition, last.offset - 3, Vec::new()).await;
    // As a panic does.
    drop(partition);
    for mut other in std::mem::take(&mut joined.partitions).into_values() {
        assert!(matches!(
            in_time(other.next()).await.unwrap(),
            Delivery::Revoked
        ));
        in_time(other.release()).await;
    }
    for _ in 0..PARTITIONS {
        let partition = in_time(joined.member.next()).await.unwrap().unwrap();
        joined.partitions.insert(partition.index(), partition);
    }
    let mut partition = joined.take(last.partition);
    assert_eq!(partition.committed(), Some(last.offset - 3));
    assert_eq!(number(&record(&mut *partition).await), 2);
    in_time(partition.release()).await;
    joined.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_and_takeovers_are_quick() {
    const COMMITS: usize = 100;
    let Some(kafka) = cluster() else { return };
    let log = open(&prepared(&kafka.brokers).await);
    let mut joined = join(&*log).await;
    let mut partition = joined.take(1);
    let mut spent = Vec::new();
    // As a stage commits: right behind another one the broker still writes its markers.
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    for turn in 0..COMMITS {
        pace.tick().await;
        let records = (0..20)
            .map(|person| Record::new(STATE, &format!("e-{person}"), turn.to_string()))
            .collect();
        let started = Instant::now();
        commit(&mut *partition, 1, records).await;
        spent.push(started.elapsed());
    }
    spent.sort();
    in_time(partition.release()).await;
    joined.leave().await;
    let started = Instant::now();
    let joined = join(&*log).await;
    let takeover = started.elapsed();
    let (half, most) = (spent[COMMITS / 2], spent[COMMITS * 95 / 100]);
    say(&format!(
        "kafka: a commit takes {half:?}, 95 of 100 at most {most:?}; a takeover {takeover:?}"
    ));
    joined.leave().await;
    // Far above what is expected: the machine may be busy.
    assert!(half < Duration::from_millis(100), "{half:?}");
    assert!(takeover < Duration::from_secs(10), "{takeover:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_owner_is_not_drowned_and_misses_nothing() {
    const RECORDS: usize = 6000;
    let Some(kafka) = cluster() else { return };
    let log = open(&prepared(&kafka.brokers).await);
    let mut partition = 0;
    for chunk in (0..RECORDS).collect::<Vec<_>>().chunks(500) {
        let records = chunk.iter().map(|&number| {
            let mut record = event("e-17", number);
            record.payload = Some(format!("{number:04000}").into());
            record
        });
        partition = in_time(log.append(records.collect())).await.unwrap()[0].partition;
    }
    let mut joined = join(&*log).await;
    let mut partition = joined.take(partition);
    for expected in 0..RECORDS {
        assert_eq!(number(&record(&mut *partition).await), expected);
    }
    in_time(partition.release()).await;
    joined.leave().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn appends_that_wait_together_are_gathered() {
    const WRITERS: usize = 64;
    const EACH: usize = 30;
    let Some(kafka) = cluster() else { return };
    let log = open(&prepared(&kafka.brokers).await);
    append(&*log, event("e-0", 0)).await;
    let alone = Instant::now();
    append(&*log, event("e-0", 0)).await;
    let alone = alone.elapsed();
    let started = Instant::now();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let log = Arc::clone(&log);
        writers.spawn(async move {
            for turn in 0..EACH {
                append(&*log, event(&format!("e-{writer}"), turn)).await;
            }
        });
    }
    writers.join_all().await;
    let elapsed = started.elapsed();
    let appends = WRITERS * EACH;
    say(&format!(
        "kafka: {appends} appends of {WRITERS} writers in {elapsed:?}; one alone {alone:?}"
    ));
    in_time(log.close()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_missing_or_unequal_are_refused() {
    let Some(kafka) = cluster() else { return };
    let settings = settings(&kafka.brokers);
    let log = open(&settings);
    let refused = log.join(STAGE).await.err().unwrap();
    assert!(matches!(refused, ConsumeError::Topic { .. }));
    assert!(
        refused
            .to_string()
            .contains("does not exist; create it with"),
        "{refused}"
    );
    assert!(!log.is_ready().await);
    let made = log
        .create_topics(&[STAGE.source, Topic::EventsDeadLetters])
        .await
        .unwrap();
    assert!(
        made[0].ends_with("hris.events: created, 3 partitions"),
        "{made:?}"
    );
    assert!(log.is_ready().await);
    assert!(
        log.join(STAGE)
            .await
            .err()
            .unwrap()
            .to_string()
            .contains("hris.people")
    );
    let other = open(&KafkaSettings {
        partitions: 2,
        ..settings
    });
    let refused = other.create_topics(&[STAGE.source]).await.unwrap_err();
    assert!(
        refused.to_string().contains("set kafka.partitions = 3"),
        "{refused}"
    );
    other.create_topics(&[STATE]).await.unwrap();
    let refused = log.join(STAGE).await.err().unwrap();
    assert!(
        refused.to_string().contains("has 2 partitions, but"),
        "{refused}"
    );
    assert!(log.partitions(OUTCOMES).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_is_heard_of_in_time() {
    let nobody = format!("127.0.0.1:{}", crate::support::kafka::free_port());
    let settings = KafkaSettings {
        append_timeout: Duration::from_secs(1),
        ..settings(&nobody)
    };
    let log = open(&settings);
    let started = Instant::now();
    let refused = in_time(log.append(vec![event("e-17", 1)]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "log_unconfirmed");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(!log.is_ready().await);
    assert!(in_time(log.join(STAGE)).await.is_err());
    in_time(log.close()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebalance_disturbs_no_commit_of_an_owner() {
    let Some(kafka) = cluster() else { return };
    let settings = prepared(&kafka.brokers).await;
    let (log, other) = (open(&settings), open(&settings));
    let member = in_time(log.join(STAGE)).await.unwrap();
    let stop = CancellationToken::new();
    let busy = tokio::spawn(keeps_committing(member, stop.clone()));
    for _ in 0..2 {
        let mut guest = in_time(other.join(STAGE)).await.unwrap();
        let partition = in_time(guest.next()).await.unwrap().unwrap();
        in_time(partition.release()).await;
        in_time(guest.leave()).await;
    }
    stop.cancel();
    let commits = in_time(busy).await.unwrap();
    let written = readable(&*log, OUTCOMES, commits).await.len();
    assert_eq!(written, commits, "each commit is there once");
    assert!(commits > 20, "{commits}");
}

/// Owns whatever it is given, commits all the time, and lets go when told; counts commits.
async fn keeps_committing(mut member: Box<dyn Member>, stop: CancellationToken) -> usize {
    let mut owners = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            partition = member.next() => {
                let mut partition = partition.unwrap().unwrap();
                let stop = stop.clone();
                owners.spawn(async move {
                    let mut commits = 0;
                    let mut pace = tokio::time::interval(Duration::from_millis(20));
                    loop {
                        tokio::select! {
                            () = stop.cancelled() => break,
                            ended = partition.next() => {
                                assert!(matches!(ended.unwrap(), Delivery::Revoked));
                                break;
                            }
                            _ = pace.tick() => {}
                        }
                        let said = vec![Record::new(OUTCOMES, "e-17", commits.to_string())];
                        commit(&mut *partition, 1, said).await;
                        commits += 1;
                    }
                    in_time(partition.release()).await;
                    commits
                });
            }
        }
    }
    let commits = owners.join_all().await.into_iter().sum();
    in_time(member.leave()).await;
    commits
}
