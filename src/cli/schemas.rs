//! `schemas`: prints or writes the contracts that this program keeps.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::arguments::{Document, Schemas};
use super::process::load;
use super::{CommandError, print};
use crate::config::Settings;
use crate::contract::{self, ASYNCAPI_FILE, OPENAPI_FILE};
use crate::event;
use crate::id::Provider;

pub(super) fn run(arguments: &Schemas) -> Result<(), CommandError> {
    let settings = load(&arguments.configured)?.settings;
    if let Some(folder) = &arguments.out {
        let written = write(folder, &settings);
        return Ok(written.with_context(|| format!("{} cannot be written", folder.display()))?);
    }
    match arguments.document {
        Document::Events => {
            for (_, document) in event::documents() {
                print::line(format!("{document:#}"));
            }
        }
        Document::Asyncapi => print::line(format!("{:#}", contract::whole(topics(&settings)))),
        Document::Openapi => print::line(format!("{:#}", contract::whole(surface(&settings)))),
    }
    Ok(())
}

/// The topics of an installation; of every platform as long as none is configured.
fn topics(settings: &Settings) -> Value {
    let configured = settings.providers.configured();
    let providers = if configured.is_empty() {
        Provider::ALL
    } else {
        &configured
    };
    contract::asyncapi(&settings.kafka, providers)
}

fn surface(settings: &Settings) -> Value {
    contract::openapi(&settings.receiver, &settings.admin)
}

fn write(folder: &Path, settings: &Settings) -> std::io::Result<()> {
    let mut documents = event::documents();
    documents.push((ASYNCAPI_FILE.to_owned(), topics(settings)));
    documents.push((OPENAPI_FILE.to_owned(), surface(settings)));
    std::fs::create_dir_all(folder)?;
    for (name, document) in &documents {
        let path = folder.join(name);
        std::fs::write(&path, format!("{document:#}\n"))?;
        print::line(path.display());
    }
    Ok(())
}
