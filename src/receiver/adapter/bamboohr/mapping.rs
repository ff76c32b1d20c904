//! Which posted field means what: configuration, ready to use.

use std::collections::BTreeSet;

use super::item::{Item, Said};
use super::trouble::Trouble;
use crate::event::{Attributes, Groups, Status};
use crate::id::GroupId;
use crate::receiver::settings::SourceSettings;

/// Which posted field means what.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub(super) employee_id: Option<String>,
    pub(super) hire_date: Option<String>,
    pub(super) termination_date: Option<String>,
    status: Option<String>,
    active: Vec<String>,
    inactive: Vec<String>,
    /// Canonical name and field.
    attributes: Vec<(String, String)>,
    /// Field and what is put before its value.
    groups: Vec<(String, String)>,
}

impl Mapping {
    pub(crate) fn from_settings(settings: &SourceSettings) -> Self {
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect();
        Self {
            employee_id: settings.employee_id_field.clone(),
            hire_date: settings.hire_date_field.clone(),
            termination_date: settings.termination_date_field.clone(),
            status: settings.status_field.clone(),
            active: lower(&settings.active_values),
            inactive: lower(&settings.inactive_values),
            attributes: settings.attributes.pairs(),
            groups: settings
                .group_fields
                .iter()
                .map(|(field, prefix)| (field.clone(), prefix.clone()))
                .collect(),
        }
    }

    pub(super) fn status(&self, item: &Item<'_>) -> Result<Option<Status>, Trouble> {
        let said = self.status.as_deref().map(|field| item.field(field));
        let Some(Said::Text(word)) = said else {
            return Ok(None);
        };
        let word = word.to_lowercase();
        if self.active.contains(&word) {
            Ok(Some(Status::Active))
        } else if self.inactive.contains(&word) {
            Ok(Some(Status::Inactive))
        } else {
            Err(Trouble::UnknownStatus)
        }
    }

    pub(super) fn attributes(&self, item: &Item<'_>) -> Attributes {
        self.attributes
            .iter()
            .filter_map(|(canonical, field)| match item.field(field) {
                Said::Nothing => None,
                Said::Empty => Some((canonical.clone(), None)),
                Said::Text(text) => Some((canonical.clone(), Some(text))),
            })
            .collect()
    }

    /// All groups, or none said. A part of them cannot be told from a person who left the
    /// others.
    pub(super) fn groups(&self, item: &Item<'_>) -> Result<Groups, Trouble> {
        let mut current = BTreeSet::new();
        let mut said = 0_usize;
        for (field, prefix) in &self.groups {
            match item.field(field) {
                Said::Nothing => continue,
                Said::Empty => {}
                Said::Text(text) => {
                    let group = GroupId::try_from(format!("{prefix}{text}"));
                    current.insert(group.map_err(|_| Trouble::BadGroup)?);
                }
            }
            said = said.saturating_add(1);
        }
        match said {
            0 => Ok(Groups::default()),
            all if all == self.groups.len() => Ok(Groups::all(current)),
            _ => Err(Trouble::GroupsIncomplete),
        }
    }
}
