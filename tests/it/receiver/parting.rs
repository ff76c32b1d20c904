//! What senders meet while a receiver stops.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{signed, termination};
use crate::support::test_receiver::{PORTAL_SECRET, TestReceiver};

/// A request on a connection that asks for no end of it; answers what came back first.
fn ask(stream: &mut TcpStream) -> String {
    let body = termination().to_string();
    let length = body.len();
    let signature = signed(PORTAL_SECRET, body.as_bytes());
    let signature = signature.map(|(name, value)| format!("{name}: {value}\r\n"));
    let request = format!(
        "POST /hooks/portal HTTP/1.1\r\nHost: relay\r\nContent-Length: {length}\r\n{}\r\n{body}",
        signature.concat()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).unwrap();
    String::from_utf8(answer[..read].to_vec()).unwrap()
}

fn is_last(answer: &str) -> bool {
    answer.to_lowercase().contains("connection: close")
}

fn connected(receiver: &TestReceiver) -> TcpStream {
    let stream = TcpStream::connect(receiver.address()).unwrap();
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_stops_answers_once_more_and_says_it_is_the_last() {
    let receiver = TestReceiver::start();
    let (mut used, mut idle) = (connected(&receiver), connected(&receiver));
    let first = ask(&mut used);
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    assert!(!is_last(&first), "{first}");
    ask(&mut idle);

    receiver.ask_to_stop();
    let mut last = ask(&mut used);
    while !is_last(&last) {
        last = ask(&mut used);
    }
    assert!(last.starts_with("HTTP/1.1 200"), "{last}");
    assert_eq!(used.read(&mut [0]).unwrap(), 0, "the connection is over");
    let fresh = ask(&mut connected(&receiver));
    assert!(fresh.starts_with("HTTP/1.1 200"), "{fresh}");
    assert!(is_last(&fresh), "{fresh}");
    assert_eq!(idle.read(&mut [0]).unwrap(), 0, "an idle one is closed");
    receiver.stop().await.unwrap();
}
