//! Why a line of a roster is not imported: its column and what was expected, never a value.

/// Why a line is not imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// The line is longer than a line may be.
    #[error("longer than 64 KiB")]
    TooLong,
    /// The line, or one of its cells, is not UTF-8.
    #[error("not UTF-8: save the file as UTF-8")]
    NotUtf8,
    /// A quote is opened and not closed, or closed where the row has not as many cells.
    #[error("a quote is opened that no quote closes")]
    OpenQuote,
    /// Not as many cells as the header names.
    #[error("expected {expected} cells as in the header, found {found}")]
    CellCount {
        /// Columns of the header.
        expected: usize,
        /// Cells of the line.
        found: usize,
    },
    /// A line of JSON Lines that is no object, or has a member twice.
    #[error("expected one JSON object on the line, each member once")]
    NotObject,
    /// A cell that must be filled is empty.
    #[error("{column}: expected {expected}, found nothing")]
    Missing {
        /// The column.
        column: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A cell is not what its column must hold.
    #[error("{column}: expected {expected}")]
    Wrong {
        /// The column.
        column: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// The same employment of the same person as on an earlier line.
    #[error("the same person and employment as on line {first}, which counts")]
    Repeated {
        /// The earlier line.
        first: u64,
    },
}

impl BadLine {
    /// The stable word for it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "line_too_long",
            Self::NotUtf8 => "line_not_utf8",
            Self::OpenQuote => "line_open_quote",
            Self::CellCount { .. } => "line_cell_count",
            Self::NotObject => "line_not_object",
            Self::Missing { .. } => "line_missing_value",
            Self::Wrong { .. } => "line_wrong_value",
            Self::Repeated { .. } => "line_repeated",
        }
    }
}
