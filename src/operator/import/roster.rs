//! A roster as a file: CSV or JSON Lines, row by row.

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use serde_json::{Map, Value};

use super::bad::BadLine;
use super::columns::{Columns, Header, MapError};
use super::json_lines::Objects;
use super::lines::Lines;
use super::{Format, csv};

/// Why a file cannot be read as a roster.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is not a file whose rows can be read twice.
    #[error("it is no plain file: save it first, since it is checked whole before it is imported")]
    NotPlain,
    /// Its columns cannot be meant.
    #[error(transparent)]
    Columns(#[from] MapError),
    /// It has no first line that names the columns.
    #[error("its first line does not name the columns: {0}")]
    Header(BadLine),
    /// It is empty.
    #[error("it is empty")]
    Empty,
}

/// What stands in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// No such member.
    Absent,
    /// A text, without the spaces around it; empty if there is nothing.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// Something else: a truth value, an object.
    Odd,
}

/// A row's cells in the order of the header, or why there are none.
pub(super) type Cells = Result<Vec<Cell>, BadLine>;

/// A roster that is open.
#[derive(Debug)]
pub(super) struct Roster {
    rows: Rows,
    columns: Columns,
    pub(super) header: Header,
    length: u64,
}

#[derive(Debug)]
enum Rows {
    Csv(Box<csv::Rows<BufReader<File>>>),
    JsonLines(Objects<BufReader<File>>),
}

impl Roster {
    /// Opens a file from its beginning.
    pub(super) fn open(path: &Path, format: Format, columns: Columns) -> Result<Self, RosterError> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(RosterError::NotPlain);
        }
        file.rewind()?;
        let lines = Lines::new(BufReader::with_capacity(1 << 16, file));
        let (rows, header) = match format {
            Format::JsonLines => (Rows::JsonLines(Objects::new(lines)), Header::default()),
            Format::Csv { delimiter } => {
                let mut rows = csv::Rows::new(lines, delimiter);
                let (_, names) = rows.next(None)?.ok_or(RosterError::Empty)?;
                let header = Header::of(names.map_err(RosterError::Header)?, &columns)?;
                (Rows::Csv(Box::new(rows)), header)
            }
        };
        Ok(Self {
            rows,
            columns,
            header,
            length: about.len(),
        })
    }

    /// Bytes of the file.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Bytes read so far.
    pub(super) const fn bytes_read(&self) -> u64 {
        match &self.rows {
            Rows::Csv(rows) => rows.bytes_read(),
            Rows::JsonLines(objects) => objects.bytes_read(),
        }
    }

    /// The next row's line and its cells, in the order of the header.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Cells)>, RosterError> {
        match &mut self.rows {
            Rows::Csv(rows) => {
                let next = rows.next(Some(self.header.names.len()))?;
                let text = |cell: String| Cell::Text(cell.trim().to_owned());
                Ok(next.map(|(line, cells)| {
                    (
                        line,
                        cells.map(|cells| cells.into_iter().map(text).collect()),
                    )
                }))
            }
            Rows::JsonLines(objects) => match objects.next()? {
                None => Ok(None),
                Some((line, Err(bad))) => Ok(Some((line, Err(bad)))),
                Some((line, Ok(members))) => {
                    let cells = self.cells(members)?;
                    Ok(Some((line, Ok(cells))))
                }
            },
        }
    }

    fn cells(&mut self, members: Map<String, Value>) -> Result<Vec<Cell>, MapError> {
        let mut cells = vec![Cell::Absent; self.header.names.len()];
        for (name, value) in members {
            let position = if let Some(position) = self.header.position(&name) {
                position
            } else {
                cells.push(Cell::Absent);
                self.header.add(name, &self.columns)?
            };
            if let Some(cell) = cells.get_mut(position) {
                *cell = Cell::from(value);
            }
        }
        Ok(cells)
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Text(String::new()),
            Value::String(text) => Self::Text(text.trim().to_owned()),
            Value::Number(number) if number.is_i64() || number.is_u64() => {
                Self::Text(number.to_string())
            }
            Value::Array(items) => {
                let text = |item: Value| match item {
                    Value::String(text) => Some(text.trim().to_owned()),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::Array(_)
                    | Value::Object(_) => None,
                };
                let texts: Option<Vec<String>> = items.into_iter().map(text).collect();
                texts.map_or(Self::Odd, Self::List)
            }
            Value::Number(_) | Value::Bool(_) | Value::Object(_) => Self::Odd,
        }
    }
}
