//! `schemas`: prints or writes the contracts that this program keeps.

use std::path::Path;

use anyhow::Context;

use super::arguments::{Document, Schemas};
use super::process::load;
use super::{CommandError, print};
use crate::app::{asyncapi, openapi};
use crate::config::Settings;
use crate::contract::{self, ASYNCAPI_FILE, OPENAPI_FILE};
use crate::event;

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
        Document::Asyncapi => print::line(format!("{:#}", contract::whole(asyncapi(&settings)))),
        Document::Openapi => print::line(format!("{:#}", contract::whole(openapi(&settings)))),
    }
    Ok(())
}

fn write(folder: &Path, settings: &Settings) -> std::io::Result<()> {
    let mut documents = event::documents();
    documents.push((ASYNCAPI_FILE.to_owned(), asyncapi(settings)));
    documents.push((OPENAPI_FILE.to_owned(), openapi(settings)));
    std::fs::create_dir_all(folder)?;
    for (name, document) in &documents {
        let path = folder.join(name);
        std::fs::write(&path, format!("{document:#}\n"))?;
        print::line(path.display());
    }
    Ok(())
}
