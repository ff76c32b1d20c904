//! placeholder
mod settings;
pub use settings::AdminSettings;
