//! JSON Lines: one object a line, one line an employment.

use std::io::{self, BufRead};

use serde_json::{Map, Value};

use super::bad::BadLine;
use super::lines::{Line, Lines};
use crate::event::read_json;

/// A line's members, or why there are none.
type Members = Result<Map<String, Value>, BadLine>;

/// The objects of a JSON Lines file.
#[derive(Debug)]
pub(super) struct Objects<R> {
    lines: Lines<R>,
}

impl<R: BufRead> Objects<R> {
    pub(super) const fn new(lines: Lines<R>) -> Self {
        Self { lines }
    }

    pub(super) const fn bytes_read(&self) -> u64 {
        self.lines.bytes_read()
    }

    /// The object of the next line that is not empty, with its number.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Members)>> {
        loop {
            let number = self.lines.number();
            match self.lines.take()? {
                None => return Ok(None),
                Some(Line::TooLong) => return Ok(Some((number, Err(BadLine::TooLong)))),
                Some(Line::Bytes(bytes)) if bytes.trim_ascii().is_empty() => {}
                Some(Line::Bytes(bytes)) => return Ok(Some((number, object(&bytes)))),
            }
        }
    }
}

fn object(bytes: &[u8]) -> Members {
    if std::str::from_utf8(bytes).is_err() {
        return Err(BadLine::NotUtf8);
    }
    match read_json(bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(_) => Err(BadLine::NotObject),
    }
}
