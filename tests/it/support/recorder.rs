//! A socket that records one request byte for byte and answers what it is told.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// One request as it came.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// The only header of this name.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut named = self.headers.iter().filter(|(header, _)| header == name);
        let value = &named.next().unwrap().1;
        assert!(named.next().is_none(), "{name} came twice");
        value
    }
}

/// Answers one request with these bytes and then closes the connection.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) addr: SocketAddr,
    serving: JoinSet<Recorded>,
}

impl Recorder {
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let answer = answer.into();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let recorded = record(&mut stream).await;
            stream.write_all(&answer).await.unwrap();
            stream.shutdown().await.unwrap();
            recorded
        });
        Self { addr, serving }
    }

    pub(crate) async fn recorded(mut self) -> Recorded {
        self.serving.join_next().await.unwrap().unwrap()
    }
}

pub(crate) async fn record(stream: &mut TcpStream) -> Recorded {
    let mut bytes = Vec::new();
    let end = loop {
        stream.read_buf(&mut bytes).await.unwrap();
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut recorded = Recorded {
        line,
        headers,
        body: bytes[end + 4..].to_vec(),
    };
    let length: usize = recorded.header("content-length").parse().unwrap();
    while recorded.body.len() < length {
        stream.read_buf(&mut recorded.body).await.unwrap();
    }
    recorded
}
