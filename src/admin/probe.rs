//! Asks a running process how it is, for images without a shell or curl.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::clock::Clock;

/// The longest start of an answer that is looked at, in bytes: its status line.
const STATUS_LINE: usize = 64;

/// Why a process is not well.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The address is not one that can be asked.
    #[error("expected an address like http://127.0.0.1:9090/health/ready")]
    Address,
    /// It did not answer in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// It cannot be reached.
    #[error("cannot be reached")]
    Unreachable(#[source] std::io::Error),
    /// It answered otherwise than with 200.
    #[error("answered with status {0}")]
    Unwell(u16),
    /// Its answer is not HTTP.
    #[error("answered with something that is not HTTP")]
    NotHttp,
}

/// Asks `url` (`http://host:port/path`) and succeeds when the answer is 200 within `limit`.
///
/// It blocks, and is for the command line.
///
/// # Errors
/// Why the process is not well.
pub fn probe(url: &str, limit: Duration, clock: &dyn Clock) -> Result<(), ProbeError> {
    let (host, path) = parts(url).ok_or(ProbeError::Address)?;
    let deadline = clock.elapsed() + limit;
    let left = || {
        let left = deadline.saturating_sub(clock.elapsed());
        if left.is_zero() {
            Err(ProbeError::Late(limit))
        } else {
            Ok(left)
        }
    };
    let failed = |error: std::io::Error| {
        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
            ProbeError::Late(limit)
        } else {
            ProbeError::Unreachable(error)
        }
    };

    let address = host
        .to_socket_addrs()
        .map_err(failed)?
        .next()
        .ok_or(ProbeError::Address)?;
    let mut stream = TcpStream::connect_timeout(&address, left()?).map_err(failed)?;
    stream.set_write_timeout(Some(left()?)).map_err(failed)?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;

    let mut start = Vec::with_capacity(STATUS_LINE);
    while start.len() < STATUS_LINE && !start.contains(&b'\n') {
        stream.set_read_timeout(Some(left()?)).map_err(failed)?;
        let mut byte = [0; 1];
        if stream.read(&mut byte).map_err(failed)? == 0 {
            break;
        }
        start.extend(byte);
    }
    match status(&start).ok_or(ProbeError::NotHttp)? {
        200 => Ok(()),
        other => Err(ProbeError::Unwell(other)),
    }
}

/// Host with port, and path, of a plain HTTP address.
fn parts(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let path_at = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(path_at)?;
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let path = if path.is_empty() { "/" } else { path };
    (is_plain && host.contains(':')).then_some((host, path))
}

/// The status of an answer that begins like this.
fn status(start: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(start).ok()?;
    let mut words = line.strip_prefix("HTTP/1.")?.split(' ');
    let _minor_version = words.next()?;
    words.next()?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_a_port_and_perhaps_a_path() {
        assert_eq!(
            parts("http://127.0.0.1:9090/health/ready"),
            Some(("127.0.0.1:9090", "/health/ready"))
        );
        assert_eq!(parts("http://[::1]:80"), Some(("[::1]:80", "/")));
        for refused in ["https://a:1/", "http://a/", "a:1", "http://a:1/\r\nX: y"] {
            assert_eq!(parts(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_status_is_read_from_the_first_line_only() {
        assert_eq!(status(b"HTTP/1.1 503 Service Unavailable\r\n"), Some(503));
        assert_eq!(status(b"HTTP/1.0 200\r\n"), Some(200));
        for refused in [
            &b"SSH-2.0-x\r\n"[..],
            b"",
            b"HTTP/1.1 \r\n",
            b"HTTP/2 200\r\n",
        ] {
            assert_eq!(status(refused), None);
        }
    }
}
