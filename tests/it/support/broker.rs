//! A real Apache Kafka: one node on loopback, shared by the binary, ended with it.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::said::say;

/// Names a cluster that is there already.
const BROKERS: &str = "HRIS_RELAY_TEST_BROKERS";
/// `1`: no Kafka is a failure, not a reason to skip.
const REQUIRE: &str = "HRIS_RELAY_REQUIRE_KAFKA";

/// A cluster to test on, or why there is none.
#[derive(Debug)]
pub struct Kafka {
    pub brokers: String,
    pub name: String,
    _node: Option<Node>,
}

/// A broker of our own. Its guardian ends it when this process ends, however it ends.
#[derive(Debug)]
struct Node {
    guardian: Child,
    _folder: TempDir,
}

/// The cluster of this test run; none: skipped, loudly.
pub fn cluster() -> Option<&'static Kafka> {
    static CLUSTER: OnceLock<Result<Kafka, String>> = OnceLock::new();
    match CLUSTER.get_or_init(start) {
        Ok(kafka) => Some(kafka),
        Err(reason) => {
            say(&format!("SKIPPED: no test on Apache Kafka ran: {reason}"));
            let is_required = std::env::var(REQUIRE).is_ok_and(|value| value == "1");
            assert!(!is_required, "{REQUIRE}=1, but there is no Kafka: {reason}");
            None
        }
    }
}

fn start() -> Result<Kafka, String> {
    if let Ok(brokers) = std::env::var(BROKERS) {
        let name = format!("Kafka at {brokers}");
        return Ok(Kafka {
            brokers,
            name,
            _node: None,
        });
    }
    let jars = jars()?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (port, controller) = (free_port(), free_port());
    let settings = folder.path().join("server.properties");
    std::fs::write(&settings, properties(folder.path(), port, controller))
        .map_err(|error| error.to_string())?;
    let java = || {
        let mut java = Command::new("java");
        java.args(["-Xmx512m", "-cp", &format!("{}/*", jars.display())]);
        java.current_dir(folder.path())
            .env("LOG_DIR", folder.path());
        java
    };
    let formatted = java()
        .args([
            "kafka.tools.StorageTool",
            "format",
            "-t",
            "aGlpcy1yZWxheS10ZXN0cw",
        ])
        .arg("-c")
        .arg(&settings)
        .output()
        .map_err(|error| format!("java could not be started: {error}"))?;
    if !formatted.status.success() {
        let said = String::from_utf8_lossy(&formatted.stderr).into_owned();
        return Err(format!("the storage could not be formatted: {said}"));
    }
    let node = guarded(&jars, folder, &settings)?;
    let brokers = format!("127.0.0.1:{port}");
    let deadline = Instant::now() + Duration::from_mins(1);
    while TcpStream::connect(&brokers).is_err() {
        if Instant::now() > deadline {
            return Err("the broker did not listen within 60 s".to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let name = "Apache Kafka (one node of its own)".to_owned();
    Ok(Kafka {
        brokers,
        name,
        _node: Some(node),
    })
}

/// Starts the broker under a shell that kills it once its input is closed, which the
/// operating system does when this process ends, also by `kill -9`.
fn guarded(jars: &Path, folder: TempDir, settings: &Path) -> Result<Node, String> {
    const GUARD: &str = r#"
        trap '' INT TERM
        java -Xmx512m -Xms128m -cp "$1/*" kafka.Kafka "$2" </dev/null >"$3/broker.log" 2>&1 &
        broker=$!
        read -r line
        kill -9 $broker
        wait $broker
        rm -rf "$3"
    "#;
    let guardian = Command::new("sh")
        .args(["-c", GUARD, "guard"])
        .args([jars, settings, folder.path()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("the broker could not be started: {error}"))?;
    Ok(Node {
        guardian,
        _folder: folder,
    })
}

fn properties(folder: &Path, port: u16, controller: u16) -> String {
    let data = folder.join("data");
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={}
auto.create.topics.enable=false
num.partitions=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.backoff.ms=200
",
        data.display()
    )
}

/// The broker's jars, fetched once from Maven Central into the build folder.
fn jars() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let jars = target.join("kafka").join("libs");
    if std::fs::read_dir(&jars).is_ok_and(|found| found.count() > 30) {
        return Ok(jars);
    }
    let fetched = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(root.join("tests/it/kafka/pom.xml"))
        .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", jars.display()))
        .output()
        .map_err(|error| format!("mvn could not be started: {error}"))?;
    if fetched.status.success() {
        Ok(jars)
    } else {
        let said = String::from_utf8_lossy(&fetched.stdout).into_owned();
        Err(format!("mvn could not fetch Kafka: {said}"))
    }
}

/// A port nobody listens on at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut input) = self.guardian.stdin.take() {
            // The guardian ends the broker at the end of its input anyway.
            drop(input.write_all(b"\n"));
        }
    }
}
