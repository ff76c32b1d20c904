//! Byte for byte what the page says: names, case and order of the parameters, the codes.

use hris_relay::provider::Existence::Absent;
use hris_relay::provider::Profile;
use hris_relay::provider::examtesting::wire::{PARAMETERS, PERSONAL, decoded};
use hris_relay::provider::examtesting::{ExamTestingSettings, ParamLocation};
use hris_relay::simulator::examtesting::SimulatorSettings;

use super::{activate, apply, call, client, password, settings, start, student};
use crate::support::recorder::{Recorded, Recorder};
use hris_relay::provider::Platform;

/// The tables of the page, as it prints them.
const PAGE: &str = include_str!("page.txt");

/// The rows between two lines: the first word of each, and whether the second says `Yes`.
fn rows(after: &str, before: &str) -> Vec<(&'static str, bool)> {
    let (_, rest) = PAGE.split_once(after).unwrap();
    let (table, _) = rest.split_once(before).unwrap();
    let rows = table.lines().filter(|line| !line.trim().is_empty());
    rows.map(|row| {
        let mut words = row.split_whitespace();
        (words.next().unwrap(), words.next() == Some("Yes"))
    })
    .collect()
}

/// The names of the page's parameters, `action` first, in their order.
fn names() -> Vec<&'static str> {
    let rows = rows("Name Required Type Description", "Error Codes");
    rows.into_iter().map(|(name, _)| name).collect()
}

/// A profile with every personal field of the page, and settings that send them all.
fn everything(settings: ExamTestingSettings) -> (ExamTestingSettings, Profile) {
    let fields = PERSONAL.map(|name| (name.to_owned(), format!("my_{name}")));
    let settings = ExamTestingSettings {
        fields: fields.into(),
        ..settings
    };
    let group = ("groupName".to_owned(), "Class A".to_owned());
    let known = PERSONAL.map(|name| (name.to_owned(), format!("{name} & 1")));
    (
        settings,
        Profile(known.into_iter().chain([group]).collect()),
    )
}

/// What the client sends for an add of somebody with every field.
async fn sent(location: ParamLocation) -> Recorded {
    let body = "Status:SUCCESS,StudentId:123";
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let recorder = Recorder::answering(answer).await;
    let (settings, profile) = everything(ExamTestingSettings {
        param_location: location,
        ..settings(recorder.addr)
    });
    apply(&client(&settings), "e-17", [activate(&profile, Absent)]).await;
    recorder.recorded().await
}

#[test]
fn the_parameters_are_those_of_the_page_in_its_order() {
    assert_eq!(names()[0], "action");
    assert_eq!(names()[1..], PARAMETERS);
}

#[tokio::test]
async fn a_form_is_what_the_page_asks_for() {
    let sent = sent(ParamLocation::Form).await;
    assert_eq!(sent.line, "POST /ManageCandidate.aspx?action=add HTTP/1.1");
    assert_eq!(
        sent.header("content-type"),
        "application/x-www-form-urlencoded"
    );
    assert_eq!(sent.header("content-length"), sent.body.len().to_string());
    assert!(sent.header("user-agent").starts_with("hris-relay/"));
    let body = String::from_utf8(sent.body).unwrap();
    let pairs = decoded(&body);
    let sent: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(sent, names()[1..]);
    let password = password("e-17");
    let expected = [
        "4711",
        "simulated-api-key",
        "simulated-api-pass",
        "e-17",
        "Class A",
        "True",
    ];
    let expected = expected.map(str::to_owned).into_iter();
    let expected = expected
        .chain(PERSONAL.map(|name| format!("{name} & 1")))
        .chain(["e-17".to_owned(), password]);
    assert!(
        pairs.iter().map(|(_, value)| value.clone()).eq(expected),
        "{body}"
    );
}

#[tokio::test]
async fn the_same_bytes_can_be_in_the_address_and_it_is_still_a_post() {
    let form = sent(ParamLocation::Form).await;
    let query = sent(ParamLocation::Query).await;
    let body = String::from_utf8(form.body).unwrap();
    assert_eq!(
        query.line,
        format!("POST /ManageCandidate.aspx?action=add&{body} HTTP/1.1")
    );
    assert_eq!(query.header("content-length"), "0");
    assert!(query.body.is_empty());
}

#[tokio::test]
async fn the_simulator_takes_exactly_what_the_page_names() {
    let running = start(SimulatorSettings::default());
    let (settings, profile) = everything(settings(running.addr()));
    apply(&client(&settings), "e-17", [activate(&profile, Absent)]).await;
    let stored = student(&running, "e-17");
    assert_eq!(stored.data.len(), PERSONAL.len());
    assert_eq!(stored.data["phone"], "phone & 1");

    // Without each required parameter in turn, and with each one in another case.
    let body = String::from_utf8(sent(ParamLocation::Form).await.body).unwrap();
    let post = async |body: String| {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}/ManageCandidate.aspx?action=add", running.addr());
        let request = http.post(url).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap()
    };
    for (name, is_required) in rows("Name Required Type Description", "Error Codes") {
        let Some(at) = body.find(&format!("{name}=")).filter(|_| name != "action") else {
            continue;
        };
        let (before, rest) = body.split_at(at);
        let (_, after) = rest.split_once('&').unwrap_or((rest, ""));
        let without = format!("{before}{after}");
        let answered = post(without.trim_end_matches('&').to_owned()).await;
        let says_so = answered.contains(&format!("{name} is required"));
        assert_eq!(says_so, is_required, "{name}: {answered}");
        let shouted = name.to_uppercase();
        let other_case = body.replacen(&format!("{name}="), &format!("{shouted}="), 1);
        let answered = post(other_case).await;
        let refused = format!("{shouted} is not a parameter");
        assert!(answered.contains(&refused), "{name}: {answered}");
    }
}

#[tokio::test]
async fn a_call_for_several_people_or_none_asks_nothing() {
    let running = start(SimulatorSettings::default());
    let client = client(&settings(running.addr()));
    let (_, profile) = everything(settings(running.addr()));
    let mut both = call("e-1", activate(&profile, Absent));
    both.people
        .extend(call("e-2", activate(&profile, Absent)).people);
    let said = client.perform(&both).await;
    assert!(format!("{said:?}").contains("call_too_large"), "{said:?}");
    both.people.clear();
    let said = client.perform(&both).await;
    assert!(matches!(said, hris_relay::provider::Answer::Applied));
    assert_eq!(running.simulator().counters().requests, 0);
}
