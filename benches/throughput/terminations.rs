//! Terminations: a company that is hired, settles, and is terminated all at once.
//!
//! Roster, worker, simulated platform and measurement share this process and its cores.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use hris_relay::app::{Relay, Role};
use hris_relay::clock::Clock;
use hris_relay::event::{Event, Fact, Groups, Hire, Phase, Termination, When};
use hris_relay::id::{EmployeeId, EventId, GroupId, Provider, SourceId};
use hris_relay::log::{Log, Record, Topic};
use hris_relay::provider::startexam::wire::{SYNC_EMPLOYEES, Status};
use hris_relay::simulator::shared::Entry;
use hris_relay::simulator::startexam::{
    ProgramSettings, Running, Simulator, SimulatorSettings, Tally,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::place::{Kind, Place};

/// Every member of the company is registered to as many programs.
const PROGRAMS: u64 = 3;
/// Events appended at once, as a receiver under load gathers them.
const TOGETHER: usize = 500;
/// How long the platform may take to agree.
const PATIENCE: Duration = Duration::from_mins(10);
/// Nothing was asked of the platform for so long: it has settled.
const QUIET: Duration = Duration::from_secs(1);
/// How often the platform is asked for its counters.
const LOOK: Duration = Duration::from_millis(20);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Company {
    pub(super) people: u32,
    pub(super) max_rps: f64,
    pub(super) repeat: u32,
}

/// How long everything took, from the first event on.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) people: u32,
    /// Until the log held every termination.
    pub(super) appended: Duration,
    /// Until the platform had confirmed the last lock.
    pub(super) locked: Duration,
    /// Until nobody was registered to anything.
    pub(super) tidied: Duration,
    pub(super) lock_calls: usize,
    pub(super) tidy_calls: usize,
    /// From the start of a relay that finds everybody to the last partition restored.
    pub(super) restored: Duration,
    /// Memory of this process with everybody restored, the simulated platform's included.
    pub(super) resident_bytes: f64,
}

/// Measures a company several times; the answer is the median by the last lock.
pub(super) async fn measure(
    kind: &Kind,
    company: Company,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Measured> {
    let mut measured = Vec::new();
    for _ in 0..company.repeat {
        measured.push(measure_once(kind, company, clock).await?);
    }
    Ok(crate::median(measured, |one| one.locked.as_secs_f64()))
}

async fn measure_once(
    kind: &Kind,
    company: Company,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Measured> {
    let account = account();
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let platform = Simulator::start(account.clone(), anywhere, Arc::clone(clock))?;
    let more = configuration(&account, platform.addr(), company.max_rps);
    let place = Place::new(kind, &more, clock).await?;
    let log = place.open(clock)?;
    let roles = [Role::Roster, Role::Worker(Provider::STARTEXAM)];
    let relay = Relay::start(&place.settings, &roles, Arc::clone(&log), Arc::clone(clock))?;

    let people = u64::from(company.people);
    append(&*log, company.people, hire()?, clock.now()).await?;
    reached(&platform, clock, |tally| {
        tally.programs.employees_registered >= people * PROGRAMS
    })
    .await?;
    quiet(&platform).await;

    let calls_before = platform.simulator().journal(None).len();
    let started = clock.now();
    append(&*log, company.people, termination(), started).await?;
    let appended = clock.now();
    reached(&platform, clock, |tally| {
        tally.synced.became_hidden >= people
            && tally.programs.employees_unregistered >= people * PROGRAMS
    })
    .await?;
    quiet(&platform).await;
    relay.run(std::future::ready(())).await?;
    let again = Relay::start(
        &place.settings,
        &roles,
        place.open(clock)?,
        Arc::clone(clock),
    )?;
    let restored = restored(&again, company.people, clock).await?;
    let resident_bytes = sum(&again, "process_resident_memory_bytes")?;
    again.run(std::future::ready(())).await?;

    verify(&platform, company.people)?;
    let calls = platform.simulator().journal(None).split_off(calls_before);
    platform.stop().await;
    let (locks, tidying): (Vec<Entry>, Vec<Entry>) = calls
        .into_iter()
        .partition(|call| call.path.eq_ignore_ascii_case(SYNC_EMPLOYEES));
    let since = |at: Timestamp| Duration::try_from(at.duration_since(started));
    Ok(Measured {
        people: company.people,
        appended: since(appended)?,
        locked: since(last(&locks).context("nobody was locked")?)?,
        tidied: since(last(&tidying).context("nobody was unregistered")?)?,
        lock_calls: locks.len(),
        tidy_calls: tidying.len(),
        restored,
        resident_bytes,
    })
}

/// Waits until both stages have everybody in memory; answers how long it took.
async fn restored(relay: &Relay, people: u32, clock: &Arc<dyn Clock>) -> anyhow::Result<Duration> {
    let started = clock.elapsed();
    let everybody = 2.0 * f64::from(people);
    while sum(relay, "hris_relay_people")? < everybody {
        let took = clock.elapsed().saturating_sub(started);
        ensure!(took < PATIENCE, "not everybody was restored");
        tokio::time::sleep(LOOK).await;
    }
    Ok(clock.elapsed().saturating_sub(started))
}

/// The sum of a metric over all its labels.
fn sum(relay: &Relay, name: &str) -> anyhow::Result<f64> {
    let text = relay.metrics().render()?;
    let of_name = |line: &&str| {
        let rest = line.strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
    Ok(text.lines().filter(of_name).filter_map(value).sum())
}

/// When the last of the calls was answered.
fn last(calls: &[Entry]) -> Option<Timestamp> {
    calls.iter().filter_map(|call| call.finished).max()
}

fn account() -> SimulatorSettings {
    let program = |_| ProgramSettings {
        id: Uuid::now_v7(),
        external_id: None,
        module_tests: vec![Uuid::now_v7()],
        manual: false,
    };
    SimulatorSettings {
        programs: (0..PROGRAMS).map(program).collect(),
        ..SimulatorSettings::default()
    }
}

fn configuration(account: &SimulatorSettings, at: SocketAddr, max_rps: f64) -> String {
    let programs: Vec<String> = account
        .programs
        .iter()
        .map(|program| program.id.to_string())
        .collect();
    format!(
        "[sources.hr]\nkind = \"standard_webhooks\"\n\
         secrets = [\"whsec_YmVuY2htYXJrLWtleS1iZW5jaG1hcmstMDE=\"]\ntime_zone = \"UTC\"\n\
         [worker.guard]\nenabled = false\n\
         [providers.startexam]\nbase_url = \"http://{at}\"\nallow_insecure_http = true\n\
         account_id = {}\nsecret = {:?}\nprofile_id = {:?}\nmax_rps = {max_rps:?}\n\
         [[assignments]]\ngroup = \"Sales\"\nstartexam = {{ programs = {programs:?} }}\n",
        account.account_id,
        account.secret.expose(),
        account.profile_id,
    )
}

fn hire() -> anyhow::Result<Fact> {
    let attributes = [
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
        ("email", "ada@example.com"),
    ]
    .map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
    Ok(Fact::Hired(Hire {
        employment: None,
        start: When::day("2020-01-01".parse()?),
        phase: Phase::Effective,
        attributes: BTreeMap::from(attributes),
        groups: Groups::all([GroupId::try_from("Sales")?]),
    }))
}

fn termination() -> Fact {
    Fact::Terminated(Termination {
        employment: None,
        end: None,
        phase: Phase::Effective,
        reason: None,
    })
}

/// Appends one fact about everybody, as fast as the log takes it.
async fn append(log: &dyn Log, people: u32, fact: Fact, now: Timestamp) -> anyhow::Result<()> {
    let kind = fact.event_type();
    let mut records = Vec::with_capacity(TOGETHER);
    for number in 0..people {
        let who = format!("e-{number:06}");
        let event = Event {
            id: EventId::try_from(format!("{kind}-{who}"))?,
            source: SourceId::try_from("hr")?,
            subject: EmployeeId::try_from(who.as_str())?,
            time: Some(now),
            received_time: Some(now),
            sequence: None,
            fact: fact.clone(),
        };
        records.push(Record::new(Topic::Events, &who, event.to_json()));
        if records.len() == TOGETHER || number + 1 == people {
            log.append(std::mem::take(&mut records)).await?;
        }
    }
    Ok(())
}

/// Waits until the platform's counters are as wanted.
async fn reached(
    platform: &Running,
    clock: &Arc<dyn Clock>,
    is_wanted: impl Fn(&Tally) -> bool,
) -> anyhow::Result<()> {
    let deadline = clock.elapsed() + PATIENCE;
    loop {
        let tally = platform.simulator().tally();
        if is_wanted(&tally) {
            return Ok(());
        }
        ensure!(
            clock.elapsed() < deadline,
            "the platform does not agree: {tally:?}"
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until nothing more is asked of the platform.
async fn quiet(platform: &Running) {
    loop {
        let before = platform.simulator().counters().requests;
        tokio::time::sleep(QUIET).await;
        if platform.simulator().counters().requests == before {
            return;
        }
    }
}

/// Whether everybody is locked out and tidied away, and no call overlapped another.
fn verify(platform: &Running, people: u32) -> anyhow::Result<()> {
    let account = platform.simulator().account();
    let gone = account
        .employees
        .values()
        .filter(|employee| employee.status == Status::Hidden && employee.programs.is_empty());
    let (gone, overlaps) = (gone.count(), platform.simulator().overlaps().len());
    ensure!(
        u32::try_from(gone) == Ok(people) && overlaps == 0,
        "{gone} of {people} people are locked out, and {overlaps} calls overlapped"
    );
    Ok(())
}
