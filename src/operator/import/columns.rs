//! Which column of a roster holds what.

use std::collections::{BTreeMap, BTreeSet};

use crate::receiver::settings::SourceSettings;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    EmployeeId,
    EmploymentId,
    Status,
    StartDate,
    EndDate,
    TimeZone,
    Sequence,
    /// Groups, each with this before its name.
    Groups(String),
    /// A profile attribute by its canonical name.
    Attribute(String),
}

/// The columns that are known without being mapped.
const USUAL: [(&str, Field); 9] = [
    ("employee_id", Field::EmployeeId),
    ("employment_id", Field::EmploymentId),
    ("status", Field::Status),
    ("start_date", Field::StartDate),
    ("end_date", Field::EndDate),
    ("time_zone", Field::TimeZone),
    ("sequence", Field::Sequence),
    ("groups", Field::Groups(String::new())),
    ("group", Field::Groups(String::new())),
];

/// What `--map` says cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// No such field.
    #[error("`{field}` is no field: expected one of {}", known.join(", "))]
    Unknown {
        /// What was written.
        field: String,
        /// What can be written.
        known: Vec<String>,
    },
    /// Two columns hold the same.
    #[error("{first} and {second} both hold {field}: map one of them to `ignore`")]
    Twice {
        /// A column.
        first: String,
        /// Another one.
        second: String,
        /// What they hold.
        field: String,
    },
    /// A column that must be there is not.
    #[error(
        "no column is {field}: the first line must name the columns, or --map COLUMN={map} say \
         which it is ({columns} found; is --delimiter right?)"
    )]
    Absent {
        /// What is missing, for people.
        field: &'static str,
        /// What `--map` calls it.
        map: &'static str,
        /// How many columns there are.
        columns: usize,
    },
}

/// The columns a source's roster may have.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// By the name of a column, in the form in which names are compared.
    known: BTreeMap<String, Known>,
}

/// What is known of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Known {
    Holds(Field),
    /// Nothing of interest is in it.
    Ignored,
}

impl Columns {
    /// The usual names, those the source itself uses, and what was mapped by hand; a column
    /// mapped to `ignore` is passed over.
    pub(super) fn new(
        source: &SourceSettings,
        mapped: &[(String, String)],
    ) -> Result<Self, MapError> {
        let mut known = BTreeMap::new();
        let mut add = |name: &str, field: Field| {
            known.insert(comparable(name), Known::Holds(field));
        };
        for (name, field) in USUAL {
            add(name, field);
        }
        let attributes = source.attributes.pairs();
        for (canonical, theirs) in &attributes {
            add(theirs, Field::Attribute(canonical.clone()));
            add(canonical, Field::Attribute(canonical.clone()));
        }
        let own = [
            (&source.employee_id_field, Field::EmployeeId),
            (&source.status_field, Field::Status),
            (&source.hire_date_field, Field::StartDate),
            (&source.termination_date_field, Field::EndDate),
        ];
        for (name, field) in own {
            if let Some(name) = name {
                add(name, field);
            }
        }
        for (name, prefix) in &source.group_fields {
            add(name, Field::Groups(prefix.clone()));
        }
        for (column, field) in mapped {
            let field = field_named(field, &attributes)?;
            known.insert(comparable(column), field);
        }
        Ok(Self { known })
    }
}

fn field_named(name: &str, attributes: &[(String, String)]) -> Result<Known, MapError> {
    if name == "ignore" {
        return Ok(Known::Ignored);
    }
    let usual = USUAL.into_iter().find(|(usual, _)| *usual == name);
    let attribute = attributes.iter().any(|(canonical, _)| canonical == name);
    match usual {
        Some((_, field)) => Ok(Known::Holds(field)),
        None if attribute => Ok(Known::Holds(Field::Attribute(name.to_owned()))),
        None => {
            let usual = USUAL.map(|(name, _)| name.to_owned()).into_iter();
            let attributes = attributes.iter().map(|(canonical, _)| canonical.clone());
            let ignore = std::iter::once("ignore".to_owned());
            Err(MapError::Unknown {
                field: name.to_owned(),
                known: usual.chain(attributes).chain(ignore).collect(),
            })
        }
    }
}

/// `Employee ID`, `employee-id` and `employee_id` are one name.
fn comparable(name: &str) -> String {
    let spaced = |c: char| if c == ' ' || c == '-' { '_' } else { c };
    name.trim().to_lowercase().chars().map(spaced).collect()
}

/// The columns that were found: what each holds, by position.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub(super) names: Vec<String>,
    pub(super) fields: Vec<Option<Field>>,
    /// Columns nobody knows.
    pub(super) unknown: BTreeSet<String>,
}

impl Header {
    /// The header of a CSV file, which must name all it takes.
    pub(super) fn of(names: Vec<String>, columns: &Columns) -> Result<Self, MapError> {
        let mut header = Self::default();
        for name in names {
            header.add(name, columns)?;
        }
        header.complete()
    }

    /// Takes one more column; answers its position.
    pub(super) fn add(&mut self, name: String, columns: &Columns) -> Result<usize, MapError> {
        let field = match columns.known.get(&comparable(&name)) {
            Some(Known::Holds(field)) => Some(field.clone()),
            Some(Known::Ignored) => None,
            None => {
                let name = Some(name.trim()).filter(|name| !name.is_empty());
                self.unknown.extend(name.map(str::to_owned));
                None
            }
        };
        let holds_groups = matches!(field, Some(Field::Groups(_)));
        let before = self.fields.iter().position(|other| *other == field);
        if let (Some(field), Some(before), false) = (&field, before, holds_groups) {
            return Err(MapError::Twice {
                first: self.names.get(before).cloned().unwrap_or_default(),
                second: name,
                field: field.to_string(),
            });
        }
        self.names.push(name);
        self.fields.push(field);
        Ok(self.fields.len().saturating_sub(1))
    }

    /// The column with this name, if there is one.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// Refuses a file that cannot say who people are or whether they work here.
    fn complete(self) -> Result<Self, MapError> {
        let has = |wanted: &[Field]| {
            let mut fields = self.fields.iter().flatten();
            fields.any(|field| wanted.contains(field))
        };
        let absent = |field, map| MapError::Absent {
            field,
            map,
            columns: self.names.len(),
        };
        if !has(&[Field::EmployeeId]) {
            return Err(absent("the employee id", "employee_id"));
        }
        if !has(&[Field::Status, Field::StartDate, Field::EndDate]) {
            return Err(absent("the status or a first or last day", "status"));
        }
        Ok(self)
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::EmployeeId => "employee_id",
            Self::EmploymentId => "employment_id",
            Self::Status => "status",
            Self::StartDate => "start_date",
            Self::EndDate => "end_date",
            Self::TimeZone => "time_zone",
            Self::Sequence => "sequence",
            Self::Groups(_) => "groups",
            Self::Attribute(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str], mapped: &[(&str, &str)]) -> Result<Header, MapError> {
        let source: SourceSettings = toml::from_str(
            "attributes = { email = 'Work E-Mail', first_name = 'First Name' }\n\
             status_field = 'State'\ngroup_fields = { Location = 'Location:' }",
        )
        .unwrap();
        let pair = |(column, field): &(&str, &str)| ((*column).to_owned(), (*field).to_owned());
        let mapped: Vec<_> = mapped.iter().map(pair).collect();
        let columns = Columns::new(&source, &mapped)?;
        Header::of(
            names.iter().map(|name| (*name).to_owned()).collect(),
            &columns,
        )
    }

    #[test]
    fn a_column_is_known_by_its_usual_name_the_sources_own_or_a_mapping() {
        let names = [
            "Employee ID",
            "State",
            "work e-mail",
            "Location",
            "Dept",
            "Shoe",
            "Pay",
        ];
        let header = header(&names, &[("Dept", "groups"), ("pay", "ignore")]).unwrap();
        let expected = [
            Some(Field::EmployeeId),
            Some(Field::Status),
            Some(Field::Attribute("email".to_owned())),
            Some(Field::Groups("Location:".to_owned())),
            Some(Field::Groups(String::new())),
            None,
            None,
        ];
        assert_eq!(header.fields, expected);
        assert_eq!(header.unknown, ["Shoe".to_owned()].into());
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused() {
        let refused = |names: &[&str], mapped: &[(&str, &str)]| header(names, mapped).unwrap_err();
        let twice = refused(&["employee_id", "State", "status"], &[]);
        assert_eq!(
            twice.to_string(),
            "State and status both hold status: map one of them to `ignore`"
        );
        let absent = refused(&["a", "status"], &[]).to_string();
        assert!(absent.contains("--map COLUMN=employee_id"), "{absent}");
        let absent = refused(&["employee_id", "email"], &[]).to_string();
        assert!(absent.contains("--map COLUMN=status"), "{absent}");
        let unknown = refused(&["employee_id"], &[("a", "salary")]).to_string();
        assert!(unknown.contains("first_name, ignore"), "{unknown}");
    }
}
