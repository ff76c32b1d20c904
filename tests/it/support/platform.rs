//! The simulated platform in this process, and the section that configures a relay for it.

use hris_relay::simulator::startexam::{ProgramSettings, Running, Simulator, SimulatorSettings};
use uuid::Uuid;

use super::logs::system_clock;

/// The program of everybody.
pub const ALL: &str = "95a6e267-1765-4a93-98b1-c6ca5ef2cd61";
pub const SELLING: &str = "d4d9897c-2c91-4c60-95c7-6842efb542dc";
pub const SAFETY: &str = "0f2b7a44-5a0e-4f0e-8a51-2f4f7a1b6c3d";

/// A platform with these three programs.
pub fn platform() -> Running {
    let programs = [ALL, SELLING, SAFETY].map(|id| ProgramSettings {
        id: id.parse().unwrap(),
        external_id: None,
        module_tests: vec![Uuid::now_v7()],
        manual: false,
    });
    let settings = SimulatorSettings {
        programs: programs.into(),
        ..SimulatorSettings::default()
    };
    Simulator::start(settings, "127.0.0.1:0".parse().unwrap(), system_clock()).unwrap()
}

/// `[providers.startexam]` of the platform, with a call that fits into a drain of 10s.
pub fn section(platform: &Running) -> String {
    format!("{}[shard]\ndrain = \"10s\"\n", account(platform, 5))
}

/// `[providers.startexam]` of the platform, with calls of at most this many seconds.
pub fn account(platform: &Running, call_timeout: u32) -> String {
    let account = SimulatorSettings::default();
    format!(
        r#"
[providers.startexam]
base_url = "http://{platform}"
allow_insecure_http = true
account_id = {account_id}
secret = "{secret}"
profile_id = "{profile}"
max_rps = 100.0
connect_timeout = "1s"
call_timeout = "{call_timeout}s"
"#,
        platform = platform.addr(),
        account_id = account.account_id,
        secret = account.secret.expose(),
        profile = account.profile_id,
    )
}
