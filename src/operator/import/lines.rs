//! The lines of a text file, one after the other, in bounded memory.

use std::collections::VecDeque;
use std::io::{self, BufRead};

/// The longest line, in bytes: many times what a row of a roster takes.
pub(super) const LONGEST: usize = 64 << 10;

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// More bytes than a line may have: they were passed over.
    TooLong,
}

/// Lines with a look ahead.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    ahead: VecDeque<Line>,
    /// Lines taken so far.
    taken: u64,
    read: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self {
            reader,
            ahead: VecDeque::new(),
            taken: 0,
            read: 0,
        }
    }

    /// The number of the next line, from 1.
    pub(super) const fn number(&self) -> u64 {
        self.taken.saturating_add(1)
    }

    /// Bytes read so far.
    pub(super) const fn bytes_read(&self) -> u64 {
        self.read
    }

    /// The line so many lines behind the next one; none behind the last.
    pub(super) fn peek(&mut self, ahead: usize) -> io::Result<Option<&Line>> {
        while self.ahead.len() <= ahead {
            let is_first = self.taken == 0 && self.ahead.is_empty();
            match self.read_line(is_first)? {
                Some(line) => self.ahead.push_back(line),
                None => return Ok(None),
            }
        }
        Ok(self.ahead.get(ahead))
    }

    /// Takes the next line.
    pub(super) fn take(&mut self) -> io::Result<Option<Line>> {
        self.peek(0)?;
        let line = self.ahead.pop_front();
        if line.is_some() {
            self.taken = self.taken.saturating_add(1);
        }
        Ok(line)
    }

    fn read_line(&mut self, is_first: bool) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let mut is_too_long = false;
        let mut has_begun = false;
        loop {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                break;
            }
            has_begun = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = end
                .and_then(|end| available.get(..end))
                .unwrap_or(available);
            is_too_long |= bytes.len().saturating_add(part.len()) > LONGEST;
            if !is_too_long {
                bytes.extend_from_slice(part);
            }
            let used = end.map_or(available.len(), |end| end.saturating_add(1));
            self.reader.consume(used);
            self.read = self
                .read
                .saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
            if end.is_some() {
                break;
            }
        }
        if !has_begun {
            return Ok(None);
        }
        if is_too_long {
            return Ok(Some(Line::TooLong));
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        // What Windows programs put before UTF-8 text.
        if is_first && bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        Ok(Some(Line::Bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text));
        std::iter::from_fn(|| lines.take().unwrap()).collect()
    }

    #[test]
    fn lines_end_as_unix_windows_or_the_file_ends_them() {
        let line = |text: &str| Line::Bytes(text.into());
        let read = all(b"\xEF\xBB\xBFone\r\n\ntwo and more\nthree");
        assert_eq!(
            read,
            [line("one"), line(""), line("two and more"), line("three")]
        );
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_line_without_an_end_takes_no_memory_and_the_next_one_is_read() {
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend(b"\nnext\n");
        assert_eq!(all(&text), [Line::TooLong, Line::Bytes(b"next".into())]);
    }

    #[test]
    fn a_look_ahead_moves_nothing() {
        let mut lines = Lines::new(&b"a\nb\n"[..]);
        assert_eq!(lines.peek(1).unwrap(), Some(&Line::Bytes(b"b".into())));
        assert_eq!(lines.peek(2).unwrap(), None);
        assert_eq!(lines.number(), 1);
        assert_eq!(lines.take().unwrap(), Some(Line::Bytes(b"a".into())));
        assert_eq!(lines.number(), 2);
    }
}
