//! CSV as spreadsheets and HR systems write it (RFC 4180), a row at a time.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::bad::BadLine;
use super::lines::{Line, Lines};

/// A row whose cells hold line ends may take this many lines.
const MOST_LINES: usize = 100;

/// The rows of a CSV file.
///
/// A row that breaks off costs only its first line: reading goes on with the next one, so
/// that one stray quote does not swallow the lines behind it.
#[derive(Debug)]
pub(super) struct Rows<R> {
    lines: Lines<R>,
    core: Reader,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

/// The bytes of a row's cells, and how many lines it spans.
type Spanning = (Vec<Vec<u8>>, usize);

/// A row's cells, or why there are none.
pub(super) type Cells = Result<Vec<String>, BadLine>;

impl<R: BufRead> Rows<R> {
    pub(super) fn new(lines: Lines<R>, delimiter: u8) -> Self {
        Self {
            lines,
            core: ReaderBuilder::new().delimiter(delimiter).build(),
            cells: vec![0; 1024],
            ends: vec![0; 64],
        }
    }

    pub(super) const fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    /// The next row that is not empty, with the number of its first line. A row that spans
    /// lines and does not have `columns` cells is taken for a stray quote.
    pub(super) fn next(&mut self, columns: Option<usize>) -> io::Result<Option<(u64, Cells)>> {
        loop {
            match self.lines.peek(0)? {
                None => return Ok(None),
                Some(Line::Bytes(bytes)) if !bytes.trim_ascii().is_empty() => {
                    return self.row(columns).map(Some);
                }
                Some(Line::TooLong) => {
                    let number = self.lines.number();
                    self.lines.take()?;
                    return Ok(Some((number, Err(BadLine::TooLong))));
                }
                Some(Line::Bytes(_)) => {
                    self.lines.take()?;
                }
            }
        }
    }

    fn row(&mut self, columns: Option<usize>) -> io::Result<(u64, Cells)> {
        let number = self.lines.number();
        let read = self.read()?;
        let (cells, spanned) = match read {
            Ok((cells, spanned)) => {
                let is_stray =
                    spanned > 1 && columns.is_some_and(|expected| expected != cells.len());
                if is_stray {
                    (Err(BadLine::OpenQuote), 1)
                } else {
                    (Ok(cells), spanned)
                }
            }
            Err(bad) => (Err(bad), 1),
        };
        for _ in 0..spanned {
            self.lines.take()?;
        }
        let cells = cells.and_then(|cells| match columns {
            Some(expected) if expected != cells.len() => {
                let found = cells.len();
                Err(BadLine::CellCount { expected, found })
            }
            Some(_) | None => cells
                .into_iter()
                .map(|cell| String::from_utf8(cell).map_err(|_| BadLine::NotUtf8))
                .collect(),
        });
        Ok((number, cells))
    }

    /// The cells of the row that begins with the next line, and how many lines it spans.
    fn read(&mut self) -> io::Result<Result<Spanning, BadLine>> {
        self.core.reset();
        let (mut filled, mut ended) = (0, 0);
        for spanned in 1..=MOST_LINES {
            let Some(Line::Bytes(bytes)) = self.lines.peek(spanned.saturating_sub(1))? else {
                return Ok(Err(BadLine::OpenQuote));
            };
            let line = [bytes.as_slice(), b"\n"].concat();
            let mut input = line.as_slice();
            loop {
                let cells = self.cells.get_mut(filled..).unwrap_or_default();
                let ends = self.ends.get_mut(ended..).unwrap_or_default();
                let (result, read, wrote, closed) = self.core.read_record(input, cells, ends);
                input = input.get(read..).unwrap_or_default();
                filled = filled.saturating_add(wrote);
                ended = ended.saturating_add(closed);
                match result {
                    ReadRecordResult::OutputFull => {
                        self.cells.resize(self.cells.len().saturating_mul(2), 0);
                    }
                    ReadRecordResult::OutputEndsFull => {
                        self.ends.resize(self.ends.len().saturating_mul(2), 0);
                    }
                    // The line's end was inside quotes.
                    ReadRecordResult::InputEmpty => break,
                    // A lone carriage return ended the row within its line.
                    ReadRecordResult::Record if !input.is_empty() => {
                        return Ok(Err(BadLine::OpenQuote));
                    }
                    ReadRecordResult::Record => return Ok(Ok((self.split(ended), spanned))),
                    ReadRecordResult::End => return Ok(Err(BadLine::OpenQuote)),
                }
            }
        }
        Ok(Err(BadLine::OpenQuote))
    }

    fn split(&self, ended: usize) -> Vec<Vec<u8>> {
        let ends = self.ends.get(..ended).unwrap_or_default();
        let starts = std::iter::once(&0).chain(ends);
        starts
            .zip(ends)
            .map(|(start, end)| self.cells.get(*start..*end).unwrap_or_default().to_vec())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, columns: Option<usize>) -> Vec<(u64, Cells)> {
        let mut rows = Rows::new(Lines::new(text.as_bytes()), b',');
        std::iter::from_fn(|| rows.next(columns).unwrap()).collect()
    }

    fn cells(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn cells_may_be_quoted_hold_delimiters_quotes_and_line_ends() {
        let read = all("a,b\r\n\n\"x, \"\"y\"\"\",\"one\ntwo\"\nlast,\n", Some(2));
        let expected = [
            (1, Ok(cells(&["a", "b"]))),
            (3, Ok(cells(&["x, \"y\"", "one\ntwo"]))),
            (5, Ok(cells(&["last", ""]))),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_stray_quote_costs_one_line() {
        for text in ["\"open,b\nc,d\n", "\"open,b\nc,d\n\"e,f\",g\nh,i\n"] {
            let read = all(text, Some(2));
            assert_eq!(read[0], (1, Err(BadLine::OpenQuote)), "{text}");
            assert_eq!(read[1], (2, Ok(cells(&["c", "d"]))), "{text}");
        }
    }

    #[test]
    fn a_row_that_is_too_short_or_not_utf8_is_told_apart() {
        let read = all("a,b\nc\n", Some(2));
        let count = BadLine::CellCount {
            expected: 2,
            found: 1,
        };
        assert_eq!(read[1], (2, Err(count)));
        let mut rows = Rows::new(Lines::new(&b"M\xfcller,x\n"[..]), b',');
        assert_eq!(
            rows.next(Some(2)).unwrap(),
            Some((1, Err(BadLine::NotUtf8)))
        );
    }

    #[test]
    fn a_wide_row_fits() {
        let wide = vec!["wide"; 3000].join(",");
        assert_eq!(all(&wide, None)[0].1.as_ref().unwrap().len(), 3000);
    }
}
