//! `cirrus` in `[[assignments]]`: schedules, and the groups in which people are made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Assignment;
use crate::provider::Target;
use crate::provider::cirrus::{CirrusSettings, Group, is_external_id, is_group_name};
use crate::settings::Complaint;

/// What a group means at Cirrus.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CirrusAssignment {
    /// The schedules its members are candidates of.
    pub schedules: Vec<CirrusSchedule>,
}

/// A schedule, and where its candidates are made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CirrusSchedule {
    /// The schedule's `ScheduleExtId`; it exists.
    pub schedule: String,
    /// `GroupExtId` of the group in which somebody is made whom Cirrus does not know.
    pub group: String,
    /// `GroupName` of that group.
    pub group_name: String,
}

impl CirrusSchedule {
    pub(super) fn target(&self) -> Target {
        Target(format!("schedule:{}", self.schedule))
    }

    pub(super) fn group(&self) -> Group {
        Group {
            id: self.group.clone(),
            name: self.group_name.clone(),
        }
    }
}

pub(super) fn schedules(
    assignments: &[Assignment],
) -> impl Iterator<Item = (usize, &CirrusSchedule)> {
    let numbered = assignments.iter().enumerate();
    numbered.flat_map(|(index, assignment)| {
        let part = assignment.cirrus.iter();
        part.flat_map(move |part| part.schedules.iter().map(move |one| (index, one)))
    })
}

/// What Cirrus would refuse, or what contradicts itself, whatever the settings; `prefix` is
/// `assignments`.
pub fn complaints(
    assignments: &[Assignment],
    _settings: Option<&CirrusSettings>,
    prefix: &str,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut groups: BTreeMap<&str, &CirrusSchedule> = BTreeMap::new();
    for (index, one) in schedules(assignments) {
        let key = format!("{prefix}[{index}].cirrus.schedules");
        for (name, id) in [("schedule", &one.schedule), ("group", &one.group)] {
            if !is_external_id(id) {
                let shown = format_args!("{{ {name} = {id:?} }}");
                let reason = "must be 1 to 64 letters, digits and dashes";
                complaints.push(Complaint::new(&key, shown, reason));
            }
        }
        if !is_group_name(&one.group_name) {
            let shown = format_args!("{{ group_name = {:?} }}", one.group_name);
            let reason = "must be 1 to 100 characters without control characters";
            complaints.push(Complaint::new(&key, shown, reason));
        }
        let first = groups.entry(&one.schedule).or_insert(one);
        if first.group() != one.group() {
            let shown = format_args!(
                "{{ schedule = {:?}, group = {:?} }}",
                one.schedule, one.group
            );
            let reason = format!(
                "the same schedule has the group {:?} ({:?}) elsewhere: people are made in one",
                first.group, first.group_name
            );
            complaints.push(Complaint::new(&key, shown, reason));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(schedule: &str, group: &str) -> CirrusSchedule {
        CirrusSchedule {
            schedule: schedule.to_owned(),
            group: group.to_owned(),
            group_name: format!("Group {group}"),
        }
    }

    fn assign(name: &str, schedules: Vec<CirrusSchedule>) -> Assignment {
        Assignment {
            group: name.to_owned(),
            cirrus: Some(CirrusAssignment { schedules }),
            ..Assignment::default()
        }
    }

    #[test]
    fn a_schedule_has_one_group_and_every_name_fits() {
        let sound = vec![
            assign("Sales", vec![schedule("s", "GrS"), schedule("all", "GrA")]),
            assign(
                "Support",
                vec![schedule("t", "GrT"), schedule("all", "GrA")],
            ),
        ];
        assert_eq!(complaints(&sound, None, "assignments"), []);
        let mut wrong = sound;
        wrong.push(assign("Other", vec![schedule("s", "GrX")]));
        wrong.push(assign(
            "Bad",
            vec![schedule("a b", ""), CirrusSchedule::default()],
        ));
        let said: Vec<_> = complaints(&wrong, None, "assignments")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(said.len(), 6, "{said:#?}");
        assert!(said[0].starts_with("assignments[2].cirrus.schedules = "));
        assert!(said[0].contains("the same schedule has the group \"GrS\""));
        assert!(said[1].starts_with("assignments[3].cirrus.schedules = "));
    }
}
