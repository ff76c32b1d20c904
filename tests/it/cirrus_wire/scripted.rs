//! A socket that answers requests with what a script says, byte for byte, and keeps them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// One request as it came.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    /// Method, path and version.
    pub(super) line: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Recorded {
    /// The only header of this name.
    pub(super) fn header(&self, name: &str) -> &str {
        let mut named = self.headers.iter().filter(|(header, _)| header == name);
        let value = &named.next().unwrap().1;
        assert!(named.next().is_none(), "{name} came twice");
        value
    }

    /// Method and path.
    pub(super) fn asked(&self) -> &str {
        self.line.strip_suffix(" HTTP/1.1").unwrap()
    }
}

/// Answers one request after the other; a request too many is not answered.
#[derive(Debug)]
pub(super) struct Scripted {
    pub(super) addr: SocketAddr,
    requests: Arc<Mutex<Vec<Recorded>>>,
    _serving: JoinSet<()>,
}

impl Scripted {
    /// Each answer is a status and a body.
    pub(super) async fn answering(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<Recorded>>> = Arc::default();
        let answers: Vec<_> = answers
            .iter()
            .map(|(status, body)| {
                let length = body.len();
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
            })
            .collect();
        let mut serving = JoinSet::new();
        let kept = Arc::clone(&requests);
        serving.spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let recorded = record(&mut stream).await;
                kept.lock().unwrap().push(recorded);
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
            let (mut stream, _) = listener.accept().await.unwrap();
            let recorded = record(&mut stream).await;
            kept.lock().unwrap().push(recorded);
        });
        Self {
            addr,
            requests,
            _serving: serving,
        }
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.requests.lock().unwrap().clone()
    }

    /// Method and path of each request.
    pub(super) fn asked(&self) -> Vec<String> {
        let requests = self.requests();
        requests.iter().map(|one| one.asked().to_owned()).collect()
    }
}

async fn record(stream: &mut TcpStream) -> Recorded {
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
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        stream.read_buf(&mut body).await.unwrap();
    }
    Recorded {
        line,
        headers,
        body: String::from_utf8(body).unwrap(),
    }
}
