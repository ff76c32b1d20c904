//! From a call for one schedule to whom it takes which request. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fields::{candidate, external_id};
use super::ids::{Group, Schedule};
use crate::id::EmployeeId;
use crate::provider::{Call, Done, Failure, Operation, Target};

/// Somebody in a call: their place there, and their external id.
pub(super) type Place<'a> = (usize, &'a str);

/// A call that registers and unregisters, sorted by the requests it takes.
#[derive(Debug)]
pub(super) struct Registrations<'a> {
    pub(super) schedule: Schedule,
    /// Whom to remove.
    pub(super) leaves: Vec<Place<'a>>,
    /// Whom to add who have an account.
    pub(super) known: Vec<Place<'a>>,
    /// Whom to add who may have none, with the members of a candidate.
    pub(super) new: Vec<(Place<'a>, Map<String, Value>)>,
    /// In which group they are made.
    pub(super) group: Option<Group>,
    /// Some of the new may be on the schedule by an earlier try.
    pub(super) is_repeat: bool,
    /// Who is settled without a request, by place.
    pub(super) settled: Vec<(usize, Result<Done, Failure>)>,
}

impl<'a> Registrations<'a> {
    /// Sorts a call for one target; `most` people may join, and as many leave.
    ///
    /// # Errors
    /// [`Failure::TooLarge`] when the call does not fit: cut smaller, it does.
    /// [`Failure::UnknownTarget`] with status 0 when the target names no schedule.
    pub(super) fn of(call: &'a Call, target: &Target, most: usize) -> Result<Self, Failure> {
        let schedule = Schedule::try_from(target).map_err(|invalid| Failure::UnknownTarget {
            status: 0,
            said: invalid.to_string(),
        })?;
        let ids: BTreeSet<_> = call.people.iter().map(|(id, _)| id).collect();
        let is_foreign = |step: &Operation| step.registration() != Some(target);
        let people = &call.people;
        if ids.len() != people.len() || people.iter().any(|(_, step)| is_foreign(step)) {
            return Err(Failure::TooLarge);
        }
        let mut sorted = Self {
            schedule,
            leaves: Vec::new(),
            known: Vec::new(),
            new: Vec::new(),
            group: None,
            is_repeat: false,
            settled: Vec::new(),
        };
        for (place, (id, step)) in people.iter().enumerate() {
            sorted.sort(place, id, step)?;
        }
        let joins = sorted.known.len().saturating_add(sorted.new.len());
        if most < joins.max(sorted.leaves.len()) {
            return Err(Failure::TooLarge);
        }
        Ok(sorted)
    }

    fn sort(&mut self, place: usize, id: &'a EmployeeId, step: &Operation) -> Result<(), Failure> {
        match (step, external_id(id)) {
            (Operation::Leave { .. }, Ok(id)) => self.leaves.push((place, id)),
            // Nobody can be there by that id.
            (Operation::Leave { .. }, Err(_)) => self.settled.push((place, Ok(Done::NotFound))),
            (Operation::Join { profile: None, .. }, Ok(id)) => self.known.push((place, id)),
            (
                Operation::Join {
                    profile: Some(profile),
                    is_repeat,
                    ..
                },
                Ok(name),
            ) => match candidate(id, profile) {
                Ok(members) => {
                    self.join_group(Group::of(profile))?;
                    self.is_repeat |= is_repeat;
                    self.new.push(((place, name), members));
                }
                Err(misfit) => self.settled.push((place, Err(misfit.into()))),
            },
            (Operation::Join { .. }, Err(misfit)) => {
                self.settled.push((place, Err(misfit.into())));
            }
            // Sorted out before: these name no registration.
            (Operation::Lock { .. } | Operation::Activate { .. }, _) => {
                self.settled.push((place, Err(Failure::TooLarge)));
            }
        }
        Ok(())
    }

    /// A request names one group for everybody it makes.
    fn join_group(&mut self, group: Option<Group>) -> Result<(), Failure> {
        let Some(group) = group else {
            return Err(Failure::UnknownTarget {
                status: 0,
                said: "no assignment names the group of this schedule".to_owned(),
            });
        };
        if self.group.get_or_insert_with(|| group.clone()) == &group {
            Ok(())
        } else {
            Err(Failure::TooLarge)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Profile;

    fn target() -> Target {
        Target("schedule:ScEXT1".to_owned())
    }

    fn john() -> Profile {
        let fields = [
            ("FirstName", "John"),
            ("LastName", "Doe"),
            ("Email", "john.doe@gmail.com"),
        ];
        Profile(
            fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        )
    }

    fn group(id: &str) -> Group {
        Group {
            id: id.to_owned(),
            name: "Group_ext_1".to_owned(),
        }
    }

    fn make(profile: &Profile, is_repeat: bool) -> Operation {
        Operation::Join {
            target: target(),
            profile: Some(group("GrEXT1").making(profile)),
            heard: None,
            is_repeat,
        }
    }

    fn call(people: Vec<(&str, Operation)>) -> Call {
        let people = people
            .into_iter()
            .map(|(id, operation)| (EmployeeId::try_from(id).unwrap(), operation))
            .collect();
        Call { people }
    }

    #[test]
    fn a_person_cirrus_cannot_take_holds_nobody_back() {
        let call = call(vec![
            ("a", make(&john(), false)),
            ("b", make(&Profile::default(), true)),
            ("c d", make(&john(), false)),
            ("e f", Operation::leave(target())),
            ("g", Operation::leave(target())),
            ("h", Operation::join(target())),
        ]);
        let sorted = Registrations::of(&call, &target(), 50).unwrap();
        let places: Vec<_> = sorted.new.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [(0, "a")]);
        assert_eq!(
            (sorted.leaves, sorted.known),
            (vec![(4, "g")], vec![(5, "h")])
        );
        let settled: Vec<_> = sorted
            .settled
            .iter()
            .map(|(place, result)| match result {
                Ok(done) => (*place, format!("{done:?}")),
                Err(failure) => (*place, failure.to_string()),
            })
            .collect();
        assert_eq!(
            settled,
            [
                (1, "the field FirstName is required".to_owned()),
                (
                    2,
                    "the field CandidateExtId must be 1 to 64 letters, digits and dashes"
                        .to_owned()
                ),
                (3, "NotFound".to_owned()),
            ]
        );
        assert!(!sorted.is_repeat, "only those who are sent count");
    }

    #[test]
    fn what_does_not_fit_one_request_must_be_cut_smaller() {
        let other = Target("schedule:other".to_owned());
        for people in [
            vec![
                ("a", Operation::leave(target())),
                ("a", Operation::join(target())),
            ],
            vec![
                ("a", Operation::leave(target())),
                ("b", Operation::leave(other)),
            ],
            vec![
                ("a", Operation::leave(target())),
                ("b", Operation::lock(Profile::default())),
            ],
            vec![
                ("a", Operation::join(target())),
                ("b", make(&john(), false)),
                ("c", Operation::join(target())),
            ],
        ] {
            let call = call(people);
            let refused = Registrations::of(&call, &target(), 2).unwrap_err();
            assert_eq!(refused, Failure::TooLarge);
        }
    }

    #[test]
    fn nobody_is_made_without_a_group_or_in_another_ones() {
        let join = |profile: Profile| Operation::Join {
            target: target(),
            profile: Some(profile),
            heard: None,
            is_repeat: false,
        };
        let other = group("GrEXT2").making(&john());
        for (second, code) in [(other, "call_too_large"), (john(), "target_unknown")] {
            let call = call(vec![("a", make(&john(), false)), ("b", join(second))]);
            let refused = Registrations::of(&call, &target(), 50).unwrap_err();
            assert_eq!(refused.code(), code);
        }
    }

    #[test]
    fn a_target_that_names_no_schedule_is_an_unknown_target() {
        let target = Target("program:p".to_owned());
        let call = call(vec![("a", Operation::leave(target.clone()))]);
        let refused = Registrations::of(&call, &target, 50).unwrap_err();
        assert_eq!(refused.code(), "target_unknown");
    }
}
