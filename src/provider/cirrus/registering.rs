//! Adding people to a schedule and removing them, until it is known of each what became of it.
//!
//! Adding whoever may not be there is not safe to repeat, and its answer may leave people out:
//! who is on the schedule is then read from the schedule itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::classify::{Asked, Refusal};
use super::client::Cirrus;
use super::envelope::{Envelope, text};
use super::exchange::Exchange;
use super::ids::{Group, Schedule};
use super::request::{Request, add, put, read, remove};
use super::sorting::{Place, Registrations};
use crate::provider::{Answer, Blame, Done, Failure};

/// What became of people, by their place in the call.
type Ends = Vec<(usize, Result<Done, Failure>)>;

/// What Cirrus says of somebody it left out of an answer that says success.
const LEFT_OUT: &str = "left out of the answer, and not on the schedule";
/// The same of somebody who was to be removed.
const STILL_THERE: &str = "left out of the answer, and still on the schedule";

/// Lists of an answer, and what being in one means.
const ADDED: [(&str, Done); 3] = [
    ("AddedCandidateExternalIds", Done::Applied),
    ("AlreadyAddedCandidateExternalIds", Done::Applied),
    // Nobody is there by that id, so nobody was added.
    ("NotFoundUserExternalIds", Done::NotFound),
];
const REMOVED: [(&str, Done); 3] = [
    ("DeletedCandidateExternalIds", Done::Applied),
    // There, but not on the schedule.
    ("NotFoundCandidateExternalIds", Done::Applied),
    ("NotFoundUserExternalIds", Done::NotFound),
];

/// Does what a call asks of one schedule.
pub(super) async fn register(cirrus: &Cirrus, sorted: Registrations<'_>, people: usize) -> Answer {
    let mut work = Work {
        cirrus,
        exchange: Exchange::new(cirrus),
        schedule: sorted.schedule,
    };
    let mut ends = sorted.settled;
    let mut stopped = None;
    if !sorted.leaves.is_empty() {
        let places = places(&sorted.leaves);
        let outcome = work.remove(&sorted.leaves).await;
        stopped = settle(&mut ends, &places, outcome);
    }
    if !sorted.known.is_empty() {
        let places = places(&sorted.known);
        let outcome = match stopped.take() {
            Some(failure) => Err(failure),
            None => work.put(&sorted.known).await,
        };
        stopped = settle(&mut ends, &places, outcome);
    }
    if !sorted.new.is_empty() {
        let places: Vec<_> = sorted.new.iter().map(|((place, _), _)| *place).collect();
        let outcome = match stopped.take() {
            Some(failure) => Err(failure),
            None => work.add(sorted.new, sorted.group, sorted.is_repeat).await,
        };
        settle(&mut ends, &places, outcome);
    }
    compiled(ends, people)
}

fn places(people: &[Place<'_>]) -> Vec<usize> {
    people.iter().map(|(place, _)| *place).collect()
}

/// Notes what became of people; answers a failure after which nothing else needs to be asked.
fn settle(ends: &mut Ends, places: &[usize], outcome: Result<Ends, Failure>) -> Option<Failure> {
    match outcome {
        Ok(each) => {
            ends.extend(each);
            None
        }
        Err(failure) => {
            ends.extend(places.iter().map(|place| (*place, Err(failure.clone()))));
            matches!(failure.blame(), Blame::Provider | Blame::Us).then_some(failure)
        }
    }
}

/// One answer for all, or one each, in the order of the call.
fn compiled(ends: Ends, people: usize) -> Answer {
    let mut by_place: BTreeMap<usize, Result<Done, Failure>> = ends.into_iter().collect();
    // Nothing is known of somebody who was passed over.
    let each: Vec<_> = (0..people)
        .map(|place| by_place.remove(&place).unwrap_or(Err(Failure::Unanswered)))
        .collect();
    if each.iter().all(|end| *end == Ok(Done::Applied)) {
        return Answer::Applied;
    }
    let is_sent = |failure: &&Failure| !matches!(failure, Failure::Invalid { .. });
    let failed: Vec<_> = each.iter().filter_map(|end| end.as_ref().err()).collect();
    let whole = failed.iter().copied().find(is_sent);
    match whole {
        // Whoever was not sent is found out again with the next call.
        Some(failure)
            if failed.len() == people
                && failed
                    .iter()
                    .copied()
                    .filter(is_sent)
                    .all(|one| one == failure)
                && (failure.blame() != Blame::Event || failed.iter().all(is_sent)) =>
        {
            Answer::Failed(failure.clone())
        }
        Some(_) | None => Answer::Each(each),
    }
}

struct Work<'a> {
    cirrus: &'a Cirrus,
    exchange: Exchange<'a>,
    schedule: Schedule,
}

impl Work<'_> {
    async fn remove(&mut self, people: &[Place<'_>]) -> Result<Ends, Failure> {
        let request = remove(&self.schedule, &ids(people));
        let outcome = self.exchange.ask(&request).await;
        self.listed_ends(people, &request, outcome).await
    }

    async fn put(&mut self, people: &[Place<'_>]) -> Result<Ends, Failure> {
        let ids = ids(people);
        let mut request = put(&self.schedule, self.cirrus.put_path(), &ids);
        let mut outcome = self.exchange.ask(&request).await;
        if outcome == Err(Refusal::NoPath)
            && let Some(other) = self.cirrus.other_put_path()
        {
            request = put(&self.schedule, other, &ids);
            outcome = self.exchange.ask(&request).await;
            if outcome != Err(Refusal::NoPath) {
                self.cirrus.prefer_other_put_path();
            }
        }
        self.listed_ends(people, &request, outcome).await
    }

    /// What became of people by the lists of an answer, or else by the schedule.
    async fn listed_ends(
        &mut self,
        people: &[Place<'_>],
        request: &Request,
        outcome: Result<Envelope, Refusal>,
    ) -> Result<Ends, Failure> {
        let envelope = match outcome {
            Ok(envelope) => envelope,
            Err(Refusal::Nobody) => {
                let nobody = people.iter().map(|(place, _)| (*place, Ok(Done::NotFound)));
                return Ok(nobody.collect());
            }
            Err(Refusal::Exists(failure)) => {
                return Ok(self.by_schedule(people, true, &failure).await);
            }
            Err(refusal @ (Refusal::NoPath | Refusal::Failed(_))) => return Err(refusal.into()),
        };
        let asked = request.asked;
        let lists = if matches!(asked, Asked::Remove { .. }) {
            &REMOVED
        } else {
            &ADDED
        };
        let mut known = BTreeMap::new();
        for (name, done) in lists {
            for id in envelope.content_texts(name) {
                known.entry(id).or_insert_with(|| Ok(done.clone()));
            }
        }
        for trouble in envelope.item_troubles() {
            if let Some(id) = &trouble.whom {
                known.insert(id.clone(), self.cirrus.patterns().item(asked, &trouble));
            }
        }
        let mut ends = Ends::new();
        let mut left_out = Vec::new();
        for (place, id) in people {
            match known.get(*id) {
                Some(end) => ends.push((*place, end.clone())),
                None => left_out.push((*place, *id)),
            }
        }
        ends.extend(self.read_back(&left_out, asked).await);
        Ok(ends)
    }

    /// What became of whom an answer left out.
    async fn read_back(&mut self, people: &[Place<'_>], asked: Asked) -> Ends {
        let is_removal = matches!(asked, Asked::Remove { .. });
        let said = if is_removal { STILL_THERE } else { LEFT_OUT };
        let refused = Failure::Refused {
            status: 200,
            said: said.to_owned(),
        };
        self.by_schedule(people, !is_removal, &refused).await
    }

    /// What became of people by who is on the schedule: whoever is (`wanted`), or is not, is
    /// done, for everybody else there is this failure.
    async fn by_schedule(&mut self, people: &[Place<'_>], wanted: bool, failure: &Failure) -> Ends {
        if people.is_empty() {
            return Ends::new();
        }
        let listed = self.read_after().await;
        let end = |id: &str| match &listed {
            Ok(listed) if listed.contains(id) == wanted => Ok(Done::Applied),
            Ok(_) => Err(failure.clone()),
            Err(unread) => Err(unread.clone()),
        };
        people.iter().map(|(place, id)| (*place, end(id))).collect()
    }

    /// Who is on the schedule, after a request that may have changed that: if it cannot be
    /// read, what became of the request is open.
    async fn read_after(&mut self) -> Result<BTreeSet<String>, Failure> {
        self.listed().await.map_err(|failure| {
            if failure.is_ambiguous() {
                failure
            } else {
                Failure::Unanswered
            }
        })
    }

    /// Who is on the schedule.
    async fn listed(&mut self) -> Result<BTreeSet<String>, Failure> {
        let envelope = self.exchange.ask(&read(&self.schedule)).await?;
        let candidates = envelope.content_objects("Candidates").unwrap_or_default();
        let ids = candidates
            .into_iter()
            .filter_map(|one| text(one, "ExternalId"));
        Ok(ids.map(str::to_owned).collect())
    }

    /// Makes and adds people. Whoever turns out to be on the schedule already is in; if that
    /// kept the others out, they are asked for once more without them.
    async fn add(
        &mut self,
        mut people: Vec<(Place<'_>, Map<String, Value>)>,
        group: Option<Group>,
        is_repeat: bool,
    ) -> Result<Ends, Failure> {
        let Some(group) = group else {
            return Err(Failure::TooLarge);
        };
        let mut ends = Ends::new();
        if is_repeat {
            let listed = self.listed().await?;
            take_listed(&mut people, &listed, &mut ends);
        }
        let mut may_ask_again = true;
        while !people.is_empty() {
            let members = people.iter().map(|(_, members)| members.clone());
            let request = add(&self.schedule, &group, members.collect());
            let places: Vec<_> = people.iter().map(|(place, _)| *place).collect();
            match self.exchange.ask(&request).await {
                Ok(envelope) => {
                    ends.extend(self.added(&places, &envelope).await);
                    break;
                }
                Err(Refusal::Exists(failure)) => {
                    let listed = self.read_after().await?;
                    let before = people.len();
                    take_listed(&mut people, &listed, &mut ends);
                    if people.len() == before || !may_ask_again {
                        let left = people.iter().map(|((place, _), _)| *place);
                        ends.extend(left.map(|place| (place, Err(failure.clone()))));
                        break;
                    }
                    may_ask_again = false;
                }
                Err(refusal @ (Refusal::Nobody | Refusal::NoPath | Refusal::Failed(_))) => {
                    let failure = Failure::from(refusal);
                    ends.extend(
                        places
                            .iter()
                            .map(|(place, _)| (*place, Err(failure.clone()))),
                    );
                    break;
                }
            }
        }
        Ok(ends)
    }

    /// What became of people by the candidates of an answer, or else by the schedule.
    async fn added(&mut self, people: &[Place<'_>], envelope: &Envelope) -> Ends {
        let candidates = envelope.objects("Candidates").unwrap_or_default();
        let by_id: BTreeMap<_, _> = candidates
            .into_iter()
            .filter_map(|one| Some((text(one, "CandidateExtId")?, one)))
            .collect();
        let mut ends = Ends::new();
        let mut left_out = Vec::new();
        for (place, id) in people {
            match by_id.get(id) {
                Some(candidate) => ends.push((*place, Ok(self.cirrus.done(candidate)))),
                None => left_out.push((*place, *id)),
            }
        }
        let asked = Asked::Add {
            people: people.len(),
        };
        ends.extend(self.read_back(&left_out, asked).await);
        ends
    }
}

fn ids<'a>(people: &[Place<'a>]) -> Vec<&'a str> {
    people.iter().map(|(_, id)| *id).collect()
}

/// Whoever is on the schedule is in, and needs no request.
fn take_listed(
    people: &mut Vec<(Place<'_>, Map<String, Value>)>,
    listed: &BTreeSet<String>,
    ends: &mut Ends,
) {
    people.retain(|((place, id), _)| {
        let is_there = listed.contains(*id);
        if is_there {
            ends.push((*place, Ok(Done::Applied)));
        }
        !is_there
    });
}
