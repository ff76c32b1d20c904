//! The built binary as processes of its own: a configuration file, its data, what they say.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::kafka::free_port;

/// A process that is asked for something does it within this time, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A folder with a configuration file, for as many processes as a test starts.
#[derive(Debug)]
pub struct Installation {
    folder: TempDir,
}

/// What a process that has ended said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A process that runs; dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stderr: PathBuf,
}

/// An address of this machine that nobody listens at.
pub fn free_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}

/// The binary, without the settings that whoever runs the tests may have in the environment.
fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hris-relay"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HRIS_RELAY_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command that ends by itself.
pub fn run(arguments: &[&str]) -> Ended {
    Ended::from(binary().args(arguments).output().unwrap())
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Installation {
    /// Writes `text` as the configuration, with `data_dir` in the folder.
    pub fn new(text: &str) -> Self {
        let installation = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        installation.configure(text);
        installation
    }

    /// Replaces the configuration; the data stays.
    pub fn configure(&self, text: &str) {
        let text = format!("data_dir = \"{}\"\n{text}", self.path("data").display());
        std::fs::write(self.path("relay.toml"), text).unwrap();
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command on the configuration until it ends by itself.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let config = self.path("relay.toml");
        let config = ["--config", config.to_str().unwrap()];
        run(&[arguments, &config].concat())
    }

    /// The same with a text as its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = binary();
        command
            .args(arguments)
            .arg("--config")
            .arg(self.path("relay.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that refuses its arguments reads nothing.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        Ended::from(child.wait_with_output().unwrap())
    }

    /// Starts a role; what it says is added to a file named after it.
    pub fn start(&self, arguments: &[&str]) -> Process {
        let name = arguments.join("-");
        let mut command = binary();
        command
            .args(arguments)
            .arg("--config")
            .arg(self.path("relay.toml"));
        Process::spawn(command, self.path(&format!("{name}.log")))
    }

    /// Starts a command that needs no configuration.
    pub fn start_bare(&self, arguments: &[&str]) -> Process {
        let mut command = binary();
        command.args(arguments);
        Process::spawn(command, self.path("bare.log"))
    }
}

impl Process {
    fn spawn(mut command: Command, stderr: PathBuf) -> Self {
        let file = File::options()
            .create(true)
            .append(true)
            .open(&stderr)
            .unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { child, stderr }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it, and those before it under the same name, said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// Waits until it has said something.
    pub fn until_said(&mut self, what: &str) {
        let file = self.stderr.clone();
        let is_said = || std::fs::read_to_string(&file).is_ok_and(|said| said.contains(what));
        self.until(what, is_said);
    }

    /// Waits until the admin port answers that it can take work.
    pub fn until_ready(&mut self, admin: SocketAddr) {
        self.until("ready", || {
            get(admin, "/health/ready").is_some_and(|(status, _)| status == 200)
        });
    }

    /// Waits for a condition of the world, as long as the process runs.
    pub fn until(&mut self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("ended with {status} before it was {what}:\n{}", self.said());
            }
            let is_late = Instant::now() > deadline;
            assert!(!is_late, "not {what} in time:\n{}", self.said());
            std::thread::sleep(POLL);
        }
    }

    /// Ends it as a power loss would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal: `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(sent.unwrap().success(), "kill -{name} {id}");
    }

    /// Asks it to stop and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            let is_late = Instant::now() > deadline;
            assert!(!is_late, "did not end in time:\n{}", self.said());
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended needs neither.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Asks with GET; answers status and body, or nothing if nobody answers.
pub fn get(address: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// The value of a metric with these labels in the text of `/metrics`; without it, 0. Labels
/// that are not named are summed up.
pub fn metric(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let is_it = |line: &&str| {
        let rest = line.strip_prefix(name).unwrap_or_default();
        let named = |(key, value): &(&str, &str)| rest.contains(&format!("{key}=\"{value}\""));
        rest.starts_with(['{', ' ']) && labels.iter().all(named)
    };
    let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
    text.lines()
        .filter(is_it)
        .filter_map(value)
        .fold(0.0, |sum, value| sum + value)
}

/// Whether anybody listens.
pub fn is_taken(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// The names of the files in a folder; none if it does not exist.
pub fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
