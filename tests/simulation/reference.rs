//! What the set of accepted facts comes to: section 4 of the design once more, sentence by
//! sentence and without a line of the code it judges.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::words::{Of, Value, Word, latest, registers};

/// Active in groups and with a profile; gone; or neither, yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    Active(BTreeSet<String>, BTreeMap<String, String>),
    Gone,
    NotYet,
}

type Words<'a> = Vec<&'a Word>;

/// One employment: its standing starts, each with the first word for it, and its ends.
struct Employment<'a> {
    source: usize,
    name: String,
    starts: Vec<(&'a Word, &'a Word)>,
    ends: Words<'a>,
    no_ends: Words<'a>,
    end: Option<&'a Word>,
    seen: Option<&'a Word>,
    seen_alone: bool,
    withdrawn: Words<'a>,
}

fn newest<'a>(ends: impl Iterator<Item = &'a Word>) -> Option<&'a Word> {
    ends.max_by_key(|end| (end.version, Reverse(end.from)))
}

impl<'a> Employment<'a> {
    fn new(source: usize, name: &str, words: &[&'a Word]) -> Self {
        let held = |of: fn(String) -> Of| registers(words, &of(name.to_owned()));
        let each = |of: Of| words.iter().copied().filter(move |word| word.of == of);
        let all: Words<'a> = each(Of::Start(name.to_owned()))
            .filter(|w| w.value.is_some())
            .collect();
        let (seen, ends, mut no_ends) = (held(Of::Seen).pop(), held(Of::End), held(Of::NoEnd));
        no_ends.extend(each(Of::Rescinded(name.to_owned())));
        let (mut starts, mut is_explained) = (Vec::new(), false);
        for start in held(Of::Start) {
            let first = all.iter().copied().filter(|word| word.date == start.date);
            let first = first.min_by_key(|word| (word.version, word.at));
            let replaces = |word: &&&Word| {
                let both_ahead = word.at < start.from.min(word.from);
                both_ahead && (word.version, word.from) > (start.version, start.from)
            };
            let newer = all.iter().filter(replaces).map(|word| word.version).max();
            let withdrawn = start.value.is_none().then_some(start.version);
            match (withdrawn.or(newer), seen) {
                (None, _) => starts.push((start, first.unwrap_or(start))),
                (Some(taken), Some(seen)) if seen.version < taken => {
                    let stood = first.is_some_and(|first| first.version <= seen.version);
                    is_explained |= stood || start.from <= seen.at;
                }
                (Some(_), _) => {}
            }
        }
        starts.sort_by_key(|(start, _)| (start.from, start.version));
        let end = newest(ends.iter().copied());
        let end = end.filter(|end| no_ends.iter().all(|none| none.version <= end.version));
        let seen_alone = seen.is_some() && starts.is_empty() && !is_explained;
        let withdrawn = held(Of::Start)
            .into_iter()
            .filter(|start| start.value.is_none());
        let (source, name, withdrawn) = (source, name.to_owned(), withdrawn.collect());
        Self {
            source,
            name,
            starts,
            ends,
            no_ends,
            end,
            seen,
            seen_alone,
            withdrawn,
        }
    }

    fn begun_by(&self, t: Timestamp) -> bool {
        self.seen_alone || self.starts.iter().any(|(start, _)| start.from <= t)
    }

    /// The end before a start: said since, or in force when the start was said first; unless
    /// it was taken back, before another took its place.
    fn end_before(&self, (start, first): (&Word, &Word)) -> Option<&'a Word> {
        let knew = |word: &&&Word| word.version < first.version && word.at < start.from;
        let nones: Words<'_> = self
            .no_ends
            .iter()
            .copied()
            .filter(|none| none.at < start.from || matches!(none.of, Of::Rescinded(_)))
            .collect();
        let (before, since): (Words<'a>, Words<'a>) = self.ends.iter().partition(|end| knew(end));
        let none = nones.iter().filter(knew).map(|none| none.version).max();
        let in_force = newest(before.into_iter()).filter(|end| none <= Some(end.version));
        let since = newest(since.into_iter().filter(|end| end.from <= start.from));
        let is_next = |end: &Word, none: &Word| {
            self.ends.iter().all(|other| {
                !(end.version..none.version).contains(&other.version)
                    || other.version == end.version
            })
        };
        let mut ends = [since, in_force].into_iter().flatten();
        ends.find(|end| {
            end.from <= start.from
                && !nones
                    .iter()
                    .any(|none| end.version < none.version && is_next(end, none))
        })
    }

    fn ended_by(&self, t: Timestamp) -> Option<&'a Word> {
        self.end.filter(|end| end.from <= t).or_else(|| {
            let begun = self.starts.iter().rfind(|(start, _)| start.from <= t)?.0;
            let next = self.starts.iter().find(|(start, _)| start.from > t)?;
            self.end_before(*next)
                .filter(|end| begun.from < end.from && end.from <= t)
        })
    }

    /// None: disputed.
    fn runs(&self, t: Timestamp, grace: SignedDuration) -> Option<bool> {
        let start = self.starts.iter().rfind(|(start, _)| start.from <= t);
        let Some(end) = self.ended_by(t) else {
            return Some(start.is_some() || self.seen_alone);
        };
        let runs = start.is_some_and(|(start, _)| match end.from.cmp(&start.from) {
            Ordering::Greater => false,
            Ordering::Equal => start.version > end.version,
            Ordering::Less => end.version <= start.version || self.begun_by(end.from),
        });
        let seen = self
            .seen
            .filter(|seen| seen.version > end.version && (end.from..=t).contains(&seen.at));
        match seen.filter(|seen| seen.at > end.from && !runs) {
            Some(seen) => (seen.at.duration_since(end.from) >= grace).then_some(true),
            None => Some(runs),
        }
    }

    /// An end that was said of another employment, or of none, gives nothing back.
    fn end_with(&mut self, end: &'a Word, grace: SignedDuration) {
        let own = self
            .no_ends
            .iter()
            .chain(&self.end)
            .map(|word| word.version)
            .max();
        let is_sooner = self.end.is_none_or(|own| end.from < own.from);
        let is_over = [end.at, end.from]
            .iter()
            .all(|t| self.runs(*t, grace) == Some(false));
        self.ends.push(end);
        if own < Some(end.version) && (is_sooner || !is_over) {
            self.end = Some(end);
        }
    }
}

/// An end that names no employment ends those begun by then, and any end the nameless one.
fn employments<'a>(
    source: usize,
    words: &[&'a Word],
    grace: SignedDuration,
) -> Vec<Employment<'a>> {
    let names: BTreeSet<&str> = words
        .iter()
        .filter_map(|word| word.of.employment())
        .collect();
    let mut all: Vec<_> = names
        .iter()
        .map(|name| Employment::new(source, name, words))
        .collect();
    let ends = all
        .iter()
        .filter_map(|one| Some((one.name.is_empty(), one.end?)));
    let (mut of_none, mut others): (Vec<_>, Vec<_>) = ends.partition(|(of_none, _)| *of_none);
    others.sort_by_key(|(_, end)| (end.version, end.from));
    for one in &mut all {
        let ends = if one.name.is_empty() {
            &mut others
        } else {
            &mut of_none
        };
        for (_, end) in ends {
            if one.name.is_empty() || one.begun_by(end.from) {
                one.end_with(end, grace);
            }
        }
    }
    all
}

/// When the last gap began in which none of these ran.
fn gap(all: &[&Employment<'_>], grace: SignedDuration, t: Timestamp) -> Timestamp {
    let runs = |t: Timestamp| all.iter().any(|one| one.runs(t, grace) == Some(true));
    let ends = all
        .iter()
        .flat_map(|one| &one.ends)
        .map(|end| end.from)
        .filter(|end| *end <= t);
    let begins = |end: &Timestamp| runs(*end - 1.nanosecond()) && !runs(*end + 1.nanosecond());
    ends.filter(begins).max().unwrap_or(Timestamp::MIN)
}

/// The newer of a full set and what was said of the group alone.
fn groups(words: &[&Word], of: &str, floor: Timestamp, t: Timestamp) -> BTreeSet<String> {
    let all = latest(words, &Of::Groups(of.to_owned()), floor, t);
    let said = words
        .iter()
        .filter(|word| word.of.memberships() == Some(of));
    let mut names: BTreeSet<&String> = said.flat_map(|word| word.value.iter().flatten()).collect();
    names.retain(|group| {
        let one = latest(words, &Of::Group(of.to_owned(), (*group).clone()), floor, t);
        let is_in = |word: &&Word| {
            word.value
                .as_ref()
                .is_some_and(|value| value.contains(*group))
        };
        let rank = |word: &&Word| (word.from, word.version, !is_in(word), word.id.clone());
        one.into_iter()
            .chain(all)
            .max_by_key(rank)
            .is_some_and(|word| is_in(&word))
    });
    names.into_iter().cloned().collect()
}

/// Whether one source's revocation counts against an employment at t. Of somebody erased a
/// start may be older than what is known of it, unless it was told ahead.
fn is_locked(
    one: &Employment<'_>,
    (source, words): (usize, &[&Word]),
    is_erased: bool,
    t: Timestamp,
) -> bool {
    let access = registers(words, &Of::Access).into_iter();
    let access = access.filter(|word| word.value.is_some() && word.from <= t);
    let (restored, revoked): (Words<'_>, Words<'_>) =
        access.partition(|word| word.value.as_ref().is_some_and(BTreeSet::is_empty));
    revoked.iter().any(|out| {
        let is_back =
            |back: &&Word| back.version > out.version && back.from.max(back.at) >= out.from;
        let clears = |(start, first): &(&Word, &Word)| {
            let is_later = if one.source == source {
                first.version > out.version
            } else {
                first.at > out.at
            };
            let is_known = !is_erased || first.at < start.from;
            let is_after = start.from > out.from && (is_known || start.from > out.at);
            is_later && start.from <= t && is_after
        };
        one.begun_by(out.from) && !restored.iter().any(is_back) && !one.starts.iter().any(clears)
    })
}

type Sources<'a> = BTreeMap<usize, Words<'a>>;

/// Groups come from the first source that knows them; memberships belong to the employment
/// they name, none named: to any, and those effective before a gap do not count after it.
fn joined(
    sources: &Sources<'_>,
    all: &[Employment<'_>],
    grace: SignedDuration,
    t: Timestamp,
) -> BTreeSet<String> {
    let holds = |words: &[&Word], of: &Of| latest(words, of, Timestamp::MIN, t).is_some();
    let knows = |words: &Words<'_>| {
        let mut said = words.iter().filter(|word| word.of.memberships().is_some());
        said.any(|word| holds(words, &word.of))
    };
    let mut joined = BTreeSet::new();
    for (source, words) in sources.iter().filter(|(_, words)| knows(words)).take(1) {
        let names = words.iter().filter_map(|word| word.of.memberships());
        for name in names.collect::<BTreeSet<_>>() {
            let is_own = |one: &&Employment<'_>| one.source == *source && one.name == name;
            let own: Vec<_> = all
                .iter()
                .filter(|one| is_own(one) && !name.is_empty())
                .collect();
            let whose = if own.is_empty() {
                all.iter().collect()
            } else {
                own.clone()
            };
            if own.iter().all(|own| own.runs(t, grace) == Some(true)) {
                joined.extend(groups(words, name, gap(&whose, grace, t), t));
            }
        }
    }
    joined
}

/// Each attribute comes from the first source that knows it.
fn profile(sources: &Sources<'_>, t: Timestamp) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for words in sources.values() {
        for of in words.iter().map(|word| &word.of) {
            let newest = latest(words, of, Timestamp::MIN, t);
            if let (Of::Attribute(name), Some(newest)) = (of, newest) {
                known
                    .entry(name.clone())
                    .or_insert_with(|| newest.value.clone().unwrap());
            }
        }
    }
    let is_not_empty = |(name, value): (String, Value)| Some((name, value.into_iter().next()?));
    known.into_iter().filter_map(is_not_empty).collect()
}

/// Where the facts say that a person must be at t.
pub(crate) fn wanted(words: &[Word], grace: SignedDuration, t: Timestamp) -> Wanted {
    let (floors, words): (Words<'_>, Words<'_>) =
        words.iter().partition(|word| word.of == Of::Erased);
    let is_below = |word: &Word, floor: &Word| {
        let is_older = word.source == floor.source && word.version <= floor.version;
        word.at <= floor.at || is_older
    };
    let mut sources: Sources<'_> = BTreeMap::new();
    for word in words
        .iter()
        .filter(|word| !floors.iter().any(|floor| is_below(word, floor)))
    {
        sources.entry(word.source).or_default().push(word);
    }
    let employing = sources.iter().filter(|(_, words)| words[0].employs);
    let all: Vec<_> = employing
        .flat_map(|(source, words)| employments(*source, words, grace))
        .collect();
    let runs = |one: &Employment<'_>| one.runs(t, grace) == Some(true);
    let is_out = |one: &Employment<'_>| {
        sources
            .iter()
            .any(|(source, words)| is_locked(one, (*source, words), !floors.is_empty(), t))
    };
    let was_here = |one: &Employment<'_>| {
        let was_withdrawn = one.withdrawn.iter().any(|start| start.from <= t);
        runs(one) || one.ended_by(t).is_some() || was_withdrawn
    };
    if all.iter().any(|one| runs(one) && !is_out(one)) {
        Wanted::Active(joined(&sources, &all, grace, t), profile(&sources, t))
    } else if all.iter().any(was_here) || !floors.is_empty() {
        Wanted::Gone
    } else {
        Wanted::NotYet
    }
}
