//! Files in, events and reports out.

use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::clock::SystemClock;
use crate::event::{Fact, ObservedEnd, Snapshot, Status, Strictness, VersionBy};
use crate::log::Record;
use crate::log::sqlite::SqliteLog;
use crate::operator::topics::{Offsets, each_record};
use crate::person::SourceRules;

const AS_OF: &str = "2026-03-31T02:00:00Z";
const CSV: Format = Format::Csv { delimiter: b',' };

/// A file, an embedded log, and what was told.
struct Site {
    folder: TempDir,
    settings: SourceSettings,
    rules: Rules,
    format: Format,
    adopt: Adopt,
    max_bad: Option<u64>,
    is_dry_run: bool,
    told: Vec<String>,
}

impl Site {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("roster"), text).unwrap();
        let hr = SourceId::try_from("hr").unwrap();
        Self {
            folder,
            settings: SourceSettings::default(),
            rules: Rules {
                sources: [(hr, SourceRules::default())].into(),
                ..Rules::default()
            },
            format: CSV,
            adopt: Adopt::Usual(vec![Provider::STARTEXAM]),
            max_bad: None,
            is_dry_run: false,
            told: Vec::new(),
        }
    }

    async fn import(&mut self, mapped: &[(&str, &str)]) -> Result<Summary, ImportError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let log = SqliteLog::open(self.folder.path(), Arc::clone(&clock)).unwrap();
        let pair = |(column, field): &(&str, &str)| ((*column).to_owned(), (*field).to_owned());
        let mapped: Vec<_> = mapped.iter().map(pair).collect();
        let plan = Import {
            file: &self.folder.path().join("roster"),
            format: self.format,
            source: SourceId::try_from("hr").unwrap(),
            settings: &self.settings,
            as_of: AS_OF.parse().unwrap(),
            adopt: self.adopt.clone(),
            mapped: &mapped,
            max_bad: self.max_bad,
            is_dry_run: self.is_dry_run,
            rules: &self.rules,
        };
        let told = &mut self.told;
        let mut tell = |news: News<'_>| match news {
            News::Bad(line, bad) => told.push(format!("{line}: {bad}")),
            News::Unknown(columns) => told.push(format!("unknown: {columns:?}")),
            News::Checking(..) | News::Importing(..) => {}
        };
        let imported = import(&plan, Some(&log), &*clock, &mut tell).await;
        log.close().await;
        imported
    }

    /// The events on the log.
    async fn events(&self) -> Vec<Event> {
        let log = SqliteLog::open_read_only(self.folder.path()).unwrap();
        let mut events = Vec::new();
        let mut keep = |record: crate::log::Arrived| {
            let event = Event::parse(&record.payload.unwrap(), Strictness::Lenient).unwrap();
            assert_eq!(record.key.unwrap(), event.subject.as_str().as_bytes());
            events.push(event);
        };
        each_record(&log, Topic::Events, Offsets::default(), &mut keep)
            .await
            .unwrap();
        events
    }
}

fn snapshot(event: &Event) -> &Snapshot {
    let Fact::Snapshot(snapshot) = &event.fact else {
        panic!("{}", event.fact.event_type());
    };
    snapshot
}

#[tokio::test]
async fn csv_and_json_lines_state_the_same() {
    let mut csv = Site::new(
        "Employee ID,first_name,email,groups,start_date,end_date,status,employment_id,time_zone,Shoe\n\
         7, Ada ,,Sales; Night ;,2020-01-01,,Active,c-1,Europe/Berlin,39\n",
    );
    csv.settings.subject_prefix = "acme/".to_owned();
    let summary = csv.import(&[]).await.unwrap();
    assert_eq!((summary.rows, summary.bad, summary.active), (1, 0, 1));
    assert_eq!(csv.told, ["unknown: {\"Shoe\"}"]);
    let event = csv.events().await.remove(0);
    assert_eq!(event.subject.as_str(), "acme/7");
    assert_eq!(event.time, Some(AS_OF.parse().unwrap()));
    assert!(event.received_time.is_some());
    let said = snapshot(&event);
    assert_eq!(said.status, Some(Status::Active));
    assert_eq!(said.end, ObservedEnd::Empty);
    assert_eq!(said.attributes["first_name"], Some("Ada".to_owned()));
    assert_eq!(said.attributes["email"], None);
    assert_eq!(said.groups.current.as_ref().unwrap().len(), 2);
    assert_eq!(said.zone.as_ref().unwrap().as_str(), "Europe/Berlin");

    let mut json = Site::new(
        "{\"employee_id\":7,\"first_name\":\"Ada\",\"email\":null,\"groups\":[\"Sales\",\"Night\"],\
         \"start_date\":\"2020-01-01\",\"end_date\":\"\",\"status\":\"active\",\
         \"employment_id\":\"c-1\",\"time_zone\":\"Europe/Berlin\",\"Shoe\":{}}\n",
    );
    json.settings.subject_prefix = "acme/".to_owned();
    json.format = Format::JsonLines;
    json.import(&[]).await.unwrap();
    let mut same = json.events().await.remove(0);
    same.received_time = event.received_time;
    assert_eq!(same, event);
}

#[tokio::test]
async fn what_a_column_does_not_say_stays_unsaid() {
    let mut site = Site::new("employee_id,start_date\na,2020-01-01\n");
    site.import(&[]).await.unwrap();
    let event = site.events().await.remove(0);
    let said = snapshot(&event);
    assert_eq!(said.end, ObservedEnd::Unmapped);
    assert_eq!((said.status, &said.groups.current), (None, &None));
    assert!(said.attributes.is_empty());
}

#[tokio::test]
async fn every_bad_line_is_named_with_its_reason_and_without_its_values() {
    let mut site = Site::new(
        "employee_id,employment_id,email,groups,start_date,end_date,status,time_zone\n\
         ok,,ok@x,Sales,2020-01-01,,active,\n\
         ,,secret@x,Sales,2020-01-01,,active,\n\
         b,,secret@x,Sales,31.03.2020,,active,\n\
         c,,secret@x,Sales,2020-01-01,soon-secret,active,\n\
         d,,secret@x,Sales,,,secretive,\n\
         e,,secret@x,Sales,,,,\n\
         f,,secret@x,Sales,2020-01-01,,active,Secret/Zone\n\
         ok,,secret@x,Sales,2020-01-01,,active,\n\
         ok,c-2,ok@x,Sales,2020-01-01,,active,\n\
         g,secret\n\
         h,,\"secret,Sales,2020-01-01,,active,\n",
    );
    let summary = site.import(&[]).await.unwrap();
    let lines: Vec<&str> = site
        .told
        .iter()
        .map(|told| told.split(',').next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "3: employee_id: expected 1 to 250 characters without control characters",
            "4: start_date: expected a date (2026-03-31) or an instant with its offset (2026-03-31T17:00:00Z)",
            "5: end_date: expected a date (2026-03-31) or an instant with its offset (2026-03-31T17:00:00Z)",
            "6: status: expected `active` or `inactive`",
            "7: status: expected a status",
            "8: time_zone: expected an IANA time zone (Europe/Berlin)",
            "9: the same person and employment as on line 2",
            "11: expected 8 cells as in the header",
            "12: a quote is opened that no quote closes",
        ]
    );
    assert!(!site.told.concat().to_lowercase().contains("secret"));
    let counted = (
        summary.rows,
        summary.bad,
        summary.people,
        summary.employments,
    );
    assert_eq!(counted, (11, 9, 1, 2));
    assert_eq!(site.events().await.len(), 2);
}

#[tokio::test]
async fn too_many_bad_lines_import_nothing() {
    let rows = |good: usize| {
        let good: Vec<String> = (0..good).map(|n| format!("e-{n},active\n")).collect();
        format!(
            "employee_id,status\n{}{}",
            good.concat(),
            ",active\n".repeat(11)
        )
    };
    let mut site = Site::new(&rows(500));
    let refused = site.import(&[]).await.unwrap_err();
    assert!(matches!(
        refused,
        ImportError::TooManyBad {
            bad: 11,
            rows: 511,
            most: 10
        }
    ));
    assert_eq!(site.told.len(), 11, "all are named all the same");
    assert_eq!(site.events().await, []);
    site.max_bad = Some(11);
    assert_eq!(site.import(&[]).await.unwrap().changed, 500);
    let mut site = Site::new(&rows(1100));
    assert_eq!(site.import(&[]).await.unwrap().bad, 11);
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_of_it_and_writes_nothing() {
    let mut site = Site::new(
        "employee_id,employment_id,start_date,end_date,status\n\
         a,1,2019-01-01,2020-01-01,\na,2,2021-01-01,,\nb,,2020-01-01,2020-02-01,\n\
         c,,2999-01-01,,\nd,,,2999-01-01,\n",
    );
    site.is_dry_run = true;
    let summary = site.import(&[]).await.unwrap();
    let standing = (summary.active, summary.gone, summary.ahead, summary.unheard);
    assert_eq!(standing, (1, 1, 1, 1));
    assert_eq!(
        (summary.people, summary.employments, summary.changed),
        (4, 5, 5)
    );
    assert_eq!(site.events().await, []);
}

#[tokio::test]
async fn a_source_ordered_by_sequence_needs_one_on_every_line() {
    let mut site = Site::new("employee_id,status,Rev\na,active,7\nb,active,\n");
    site.settings.version = VersionBy::Sequence;
    let summary = site.import(&[("Rev", "sequence")]).await.unwrap();
    assert_eq!(summary.bad, 1);
    assert_eq!(
        site.told,
        ["3: Rev: expected an integer: the facts of this source are ordered by it, found nothing"]
    );
    assert_eq!(site.events().await[0].sequence, Some(7));
}

#[tokio::test]
async fn the_same_row_of_the_same_export_is_the_same_event() {
    let text = "employee_id,employment_id,status\na,,active\na,1,active\nb,,active\n";
    let (mut one, mut other) = (Site::new(text), Site::new(text));
    one.import(&[]).await.unwrap();
    other.import(&[]).await.unwrap();
    let ids = |events: Vec<Event>| -> Vec<String> {
        events
            .iter()
            .map(|event| event.id.as_str().to_owned())
            .collect()
    };
    let ids = (ids(one.events().await), ids(other.events().await));
    assert_eq!(ids.0, ids.1);
    let distinct: BTreeSet<&String> = ids.0.iter().collect();
    assert_eq!(distinct.len(), 3);
}

#[tokio::test]
async fn an_export_from_the_future_or_a_column_that_cannot_be_meant_is_refused() {
    let mut site = Site::new("id,status\na,active\n");
    let refused = site.import(&[]).await.unwrap_err();
    assert!(
        refused.to_string().contains("--map COLUMN=employee_id"),
        "{refused}"
    );
    assert!(!refused.to_string().contains("id,status"));
    let refused = site.import(&[("id", "name")]).await.unwrap_err();
    assert!(
        refused.to_string().starts_with("`name` is no field"),
        "{refused}"
    );
    assert_eq!(
        site.import(&[("id", "employee_id")]).await.unwrap().active,
        1
    );
}

/// Writes a record that says the provider holds state.
async fn with_state(site: &Site) {
    let clock = Arc::new(SystemClock::new());
    let log = SqliteLog::open(site.folder.path(), clock).unwrap();
    let state = Record::new(Topic::State(Provider::STARTEXAM), "x", "{}");
    log.append(vec![state]).await.unwrap();
    log.close().await;
}

#[tokio::test]
async fn an_import_adopts_where_a_platform_has_no_state() {
    let text = "employee_id,status\na,active\n";
    let mut first = Site::new(text);
    let adopted = first.import(&[]).await.unwrap().adopt;
    assert_eq!(adopted, [Provider::STARTEXAM].into());
    let event = first.events().await.remove(0);
    let import = snapshot(&event).import.clone().unwrap();
    assert_eq!(import.adopt, adopted);

    let mut later = Site::new(text);
    with_state(&later).await;
    assert!(later.import(&[]).await.unwrap().adopt.is_empty());
    later.adopt = Adopt::At(adopted.clone());
    assert_eq!(later.import(&[]).await.unwrap().adopt, adopted);
}

#[tokio::test]
async fn an_import_that_broke_off_goes_on_adopting_where_it_began_to() {
    let mut site = Site::new("employee_id,status\na,active\nb,active\n");
    let event = {
        site.import(&[]).await.unwrap();
        site.events().await.remove(0)
    };
    // The roster has taken one of the two in, and a worker has adopted them.
    let mut person = crate::person::Person::default();
    let received = event.received_time.unwrap();
    crate::person::fold(&mut person, &event, &SourceRules::default(), received);
    let clock = Arc::new(SystemClock::new());
    let log = SqliteLog::open(site.folder.path(), clock).unwrap();
    let bytes = serde_json::to_vec(&person).unwrap();
    log.append(vec![Record::new(Topic::People, "a", bytes)])
        .await
        .unwrap();
    log.close().await;
    with_state(&site).await;
    let summary = site.import(&[]).await.unwrap();
    assert_eq!(summary.adopt, [Provider::STARTEXAM].into());
    assert_eq!((summary.changed, summary.unchanged), (1, 1));
}
