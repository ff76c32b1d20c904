//! Kafka in a container, where a Docker API answers.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use testcontainers::core::IntoContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};

use super::kafka::{free_port, open, settings};
use super::said::say;
use crate::log_claims::STAGE;
use hris_relay::log::Log;

/// Names the image, with its tag.
const IMAGE: &str = "HRIS_RELAY_TEST_KAFKA_IMAGE";
const DEFAULT_IMAGE: &str = "apache/kafka:4.3.0";

/// A running container; it ends when this is dropped.
#[derive(Debug)]
pub struct Container {
    pub brokers: String,
    pub name: String,
    _running: ContainerAsync<GenericImage>,
}

/// Starts Kafka in a container; none: skipped, loudly. An image that was asked for must run.
pub async fn start() -> Option<Container> {
    let asked = std::env::var(IMAGE).ok();
    let started = if is_docker_there() {
        let image = asked.clone().unwrap_or_else(|| DEFAULT_IMAGE.to_owned());
        run(&image).await
    } else {
        Err("no Docker API answers at DOCKER_HOST or /var/run/docker.sock".to_owned())
    };
    match started {
        Ok(container) => Some(container),
        Err(reason) => {
            say(&format!(
                "SKIPPED: no test on Kafka in a container ran: {reason}"
            ));
            assert!(asked.is_none(), "{IMAGE} is set, but: {reason}");
            None
        }
    }
}

fn is_docker_there() -> bool {
    let host = std::env::var("DOCKER_HOST").unwrap_or("unix:///var/run/docker.sock".to_owned());
    match host.split_once("://") {
        Some(("unix", path)) => UnixStream::connect(path).is_ok(),
        Some((_, address)) => TcpStream::connect(address).is_ok(),
        None => false,
    }
}

async fn run(image: &str) -> Result<Container, String> {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    let port = free_port();
    let request = GenericImage::new(name, tag)
        // The advertised listener must name the port before the container runs.
        .with_mapped_port(port, 9092.tcp())
        .with_startup_timeout(Duration::from_mins(2));
    let request = environment(port)
        .into_iter()
        .fold(request, |request, (name, value)| {
            request.with_env_var(name, value)
        });
    let container = request
        .start()
        .await
        .map_err(|error| format!("{image}: {error}"))?;
    let brokers = format!("127.0.0.1:{port}");
    // The port is open before the broker is: it is there once it has made a topic.
    let log = open(&settings(&brokers));
    let deadline = Instant::now() + Duration::from_mins(1);
    while let Err(error) = log.create_topics(&[STAGE.source]).await {
        if Instant::now() > deadline {
            return Err(format!("{image} does not answer: {error}"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(Container {
        brokers,
        name: format!("{image} in a container"),
        _running: container,
    })
}

/// One node that is broker and controller, as the image reads it.
fn environment(port: u16) -> [(&'static str, String); 16] {
    [
        ("KAFKA_NODE_ID", "1".to_owned()),
        ("KAFKA_PROCESS_ROLES", "broker,controller".to_owned()),
        (
            "KAFKA_LISTENERS",
            "HOST://:9092,INTERNAL://:9094,CONTROLLER://:9093".to_owned(),
        ),
        (
            "KAFKA_ADVERTISED_LISTENERS",
            format!("HOST://127.0.0.1:{port},INTERNAL://localhost:9094"),
        ),
        ("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER".to_owned()),
        (
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "CONTROLLER:PLAINTEXT,HOST:PLAINTEXT,INTERNAL:PLAINTEXT".to_owned(),
        ),
        // The broker ends transactions by calling itself, which it cannot at the host's port.
        ("KAFKA_INTER_BROKER_LISTENER_NAME", "INTERNAL".to_owned()),
        (
            "KAFKA_CONTROLLER_QUORUM_VOTERS",
            "1@localhost:9093".to_owned(),
        ),
        ("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "4".to_owned()),
        ("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1".to_owned()),
        ("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "4".to_owned()),
        (
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
            "1".to_owned(),
        ),
        ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1".to_owned()),
        (
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR",
            "1".to_owned(),
        ),
        (
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR",
            "1".to_owned(),
        ),
        ("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0".to_owned()),
    ]
}
