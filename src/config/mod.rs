//! The configuration: built-in defaults, under one TOML file, under the environment.
//!
//! In come a file and variables named `HRIS_RELAY_<SECTION>__<KEY>`, out come settings that
//! contradict neither their types nor each other, or everything that is wrong with them at
//! once, by key, value, reason and origin. It must never fall back to something nobody asked
//! for, and never show a secret. It is the only place that reads the environment.

mod layers;
mod origin;
mod place;
mod reading;
mod reference;
mod refused;
mod report;
mod review;
mod settings;
mod shape;

use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::settings::Complaint;
use layers::Layers;
use review::Review;
use shape::Shape;

pub use origin::{Environment, Origin, Origins, ProcessEnvironment, temporary_folder, user_name};
pub use reference::{reference, schema};
pub use refused::{Refusal, Refused};
pub use report::effective;
pub use settings::{Providers, Settings};

/// Settings that know what contradicts itself in them.
pub trait Consistent {
    /// Every contradiction, by its dotted key.
    fn complaints(&self) -> Vec<Complaint>;
}

/// Settings, and where each value that is no default comes from.
#[derive(Debug, Clone)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// The origins of their values.
    pub origins: Origins,
}

/// Loads settings from a file, if one is named, and the environment.
///
/// # Errors
/// Everything that is wrong with them at once: a file that cannot be read or is not TOML,
/// keys nobody knows, values of a wrong kind, contradictions.
pub fn load<T>(file: Option<&Path>, environment: &dyn Environment) -> Result<Loaded<T>, Refused>
where
    T: Consistent + DeserializeOwned + JsonSchema,
{
    let text = match file {
        None => None,
        Some(path) => match std::fs::read_to_string(path) {
            Ok(text) => Some((path, text)),
            Err(error) => {
                let reason = format!("cannot be read: {error}");
                return Err(Refused(vec![Refusal::Key {
                    complaint: Complaint::new("config", path.display(), reason),
                    origin: Origin::CommandLine,
                }]));
            }
        },
    };
    let text = text.as_ref().map(|(path, text)| (*path, text.as_str()));
    from_layers(text, environment)
}

/// The same from a file's name and text.
fn from_layers<T>(
    file: Option<(&Path, &str)>,
    environment: &dyn Environment,
) -> Result<Loaded<T>, Refused>
where
    T: Consistent + DeserializeOwned + JsonSchema,
{
    let schema = schemars::schema_for!(T).to_value();
    let shape = Shape::of(&schema);
    let mut layers = Layers::default();
    if let Some((path, text)) = file {
        layers.add_file(path, text);
    }
    layers.add_variables(environment, &shape);
    let Layers {
        mut table,
        origins,
        mut refusals,
    } = layers;

    let mut broken = Vec::new();
    for finding in Review::of(&shape, &table.clone(), &origins) {
        refusals.extend(finding.refusals);
        let _gone = finding.place.remove(&mut table);
        broken.push(finding.place);
    }
    let reading = reading::read::<T>(table, &shape, &origins);
    let about = |key: &str| {
        broken
            .iter()
            .any(|place| origin::is_within(key, &place.to_string()))
    };
    refusals.extend(
        reading
            .refusals
            .into_iter()
            .filter(|refusal| match refusal {
                Refusal::Key { complaint, .. } => !about(&complaint.key),
                Refusal::Syntax { .. } => true,
            }),
    );
    broken.extend(reading.refused);
    let contradictions = reading.settings.as_ref().map(T::complaints);
    for complaint in contradictions.unwrap_or_default() {
        if !broken
            .iter()
            .any(|place| touches(&complaint.key, &place.to_string()))
        {
            let origin = origins.of(&complaint.key);
            refusals.push(Refusal::Key { complaint, origin });
        }
    }
    match reading.settings {
        Some(settings) if refusals.is_empty() => Ok(Loaded { settings, origins }),
        Some(_) | None => {
            refusals.sort_by_key(Refusal::rank);
            Err(Refused(refusals))
        }
    }
}

/// Whether what is said about a key may only follow from what is wrong at another place.
fn touches(key: &str, broken: &str) -> bool {
    origin::is_within(key, broken) || origin::is_within(broken, key)
}

#[cfg(test)]
mod tests;
