//! The table of stages: what each may import, and which crates only some paths may name.

/// Every stage with the stages it may import, each listed before it is used: the order of
/// this table is a proof that the graph has no cycle.
pub(super) const STAGES: &[(&str, &[&str])] = &[
    // Leaves.
    ("registry", &[]),
    ("id", &["registry"]),
    ("clock", &[]),
    ("settings", &[]),
    ("metrics", &[]),
    ("shutdown", &[]),
    ("mutation", &[]),
    ("nearest", &[]),
    ("secret", &["settings"]),
    ("telemetry", &["settings"]),
    ("traces", &["settings", "secret"]),
    ("health", &["clock"]),
    ("admin", &["clock", "settings", "metrics", "health"]),
    // What happened, and the people it happened to. Pure.
    ("event", &["id", "clock"]),
    ("person", &["id", "clock", "mutation", "event"]),
    // The log, and one partition of one stage.
    (
        "log",
        &["id", "clock", "settings", "metrics", "shutdown", "secret"],
    ),
    (
        "shard",
        &[
            "id", "clock", "settings", "metrics", "mutation", "health", "traces", "log",
        ],
    ),
    // The platforms, and what each still has to be told.
    (
        "provider",
        &["id", "clock", "settings", "nearest", "metrics", "secret"],
    ),
    (
        "plan",
        &[
            "registry", "id", "settings", "mutation", "event", "person", "provider",
        ],
    ),
    // The stages of the pipeline.
    (
        "receiver",
        &[
            "id", "clock", "settings", "metrics", "shutdown", "secret", "health", "traces",
            "event", "log",
        ],
    ),
    (
        "roster",
        &[
            "id", "clock", "settings", "metrics", "health", "event", "person", "log", "shard",
        ],
    ),
    (
        "worker",
        &[
            "id", "clock", "settings", "metrics", "mutation", "health", "traces", "event",
            "person", "log", "shard", "provider", "plan",
        ],
    ),
    (
        "simulator",
        &["id", "clock", "settings", "secret", "provider"],
    ),
    (
        "operator",
        &[
            "id", "clock", "settings", "metrics", "secret", "event", "person", "log", "shard",
            "provider", "plan", "receiver", "roster", "worker",
        ],
    ),
    // What outsiders may rely on, as the stages say it.
    (
        "contract",
        &[
            "id", "metrics", "health", "admin", "event", "person", "log", "receiver", "worker",
        ],
    ),
    // Everything put together.
    (
        "config",
        &[
            "registry",
            "id",
            "settings",
            "nearest",
            "secret",
            "telemetry",
            "traces",
            "admin",
            "log",
            "shard",
            "provider",
            "plan",
            "receiver",
            "roster",
            "worker",
            "simulator",
            "operator",
        ],
    ),
    ("app", EVERYTHING_BELOW_APP),
    ("cli", EVERYTHING_BELOW_CLI),
    ("main", &["cli", "app"]),
    // It only declares modules.
    ("lib", &[]),
];

const EVERYTHING_BELOW_APP: &[&str] = &[
    "registry",
    "id",
    "clock",
    "settings",
    "metrics",
    "shutdown",
    "secret",
    "telemetry",
    "traces",
    "health",
    "admin",
    "event",
    "person",
    "log",
    "shard",
    "provider",
    "plan",
    "receiver",
    "roster",
    "worker",
    "simulator",
    "operator",
    "contract",
    "config",
];

const EVERYTHING_BELOW_CLI: &[&str] = &[
    "id",
    "clock",
    "settings",
    "metrics",
    "shutdown",
    "secret",
    "telemetry",
    "traces",
    "health",
    "admin",
    "event",
    "person",
    "log",
    "shard",
    "provider",
    "plan",
    "receiver",
    "roster",
    "worker",
    "simulator",
    "operator",
    "contract",
    "config",
    "app",
];

/// Crates, and modules of the standard library, that only these paths below `src/` may name.
pub(super) const FENCED: &[(&str, &[&str])] = &[
    ("rdkafka", &["log/kafka/", "log/kafka.rs"]),
    ("rusqlite", &["log/sqlite/", "log/sqlite.rs"]),
    ("reqwest", &["provider/", "traces/"]),
    ("opentelemetry", &["traces/"]),
    ("opentelemetry_proto", &["traces/"]),
    ("opentelemetry_sdk", &["traces/"]),
    ("prost", &["traces/"]),
    ("actix_web", &["receiver/", "simulator/", "admin/"]),
    ("prometheus", &["metrics/"]),
    ("std::env", &["config/"]),
];
