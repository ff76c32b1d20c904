//! Which group means which program, schedule or group name: `[[assignments]]`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::GroupId;
use crate::provider::Target;
use crate::registry::platforms;
use crate::settings::Complaint;

/// The group name of the rule for people whom no other rule covers.
pub(super) const EVERYBODY_ELSE: &str = "*";

macro_rules! assignment {
    ($($name:ident {
        constant: $constant:ident, client: $client:ident, settings: $settings:ident,
        planner: $planner:ident, assignment: $part:ident, account: $account:literal,
        meaning: $meaning:literal,
    })*) => {
        /// What members of one HR group are registered to, at each platform.
        #[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct Assignment {
            /// The group as HR names it, or `*` for active people in no other assigned group.
            pub group: String,
            $(
                #[doc = $meaning]
                pub $name: Option<super::$name::$part>,
            )*
        }
    };
}
platforms!(assignment);

impl Assignment {
    /// What contradicts itself.
    pub fn complaints(all: &[Self], prefix: &str) -> Vec<Complaint> {
        let mut seen = BTreeSet::new();
        let mut complaints = Vec::new();
        for (index, assignment) in all.iter().enumerate() {
            let key = format!("{prefix}[{index}].group");
            if assignment.group.is_empty() {
                complaints.push(Complaint::missing(
                    key,
                    "required: the group as HR names it, or \"*\" for everybody else",
                ));
            } else if !seen.insert(&assignment.group) {
                complaints.push(Complaint::new(
                    key,
                    &assignment.group,
                    "is assigned twice: put all its programs into one [[assignments]]",
                ));
            }
        }
        complaints
    }
}

/// The targets of somebody in these groups, by the part of each assignment a platform reads;
/// none: nobody mapped any of the groups.
pub(super) fn targets_of<'a, T>(
    assignments: &'a [Assignment],
    groups: &BTreeSet<GroupId>,
    part: impl Fn(&'a Assignment) -> Option<T>,
    targets: impl Fn(T) -> Vec<Target>,
) -> Option<BTreeSet<Target>> {
    let mapped = |assignment: &&Assignment| groups.contains(assignment.group.as_str());
    let mut parts: Vec<T> = assignments
        .iter()
        .filter(mapped)
        .filter_map(&part)
        .collect();
    if parts.is_empty() {
        let default = |assignment: &&Assignment| assignment.group == EVERYBODY_ELSE;
        parts = assignments
            .iter()
            .filter(default)
            .filter_map(&part)
            .collect();
    }
    if parts.is_empty() {
        return None;
    }
    Some(parts.into_iter().flat_map(targets).collect())
}
