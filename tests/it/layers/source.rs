//! The files of the repository, as the tests about them see them.

use std::path::Path;
use std::process::Command;

/// A text file of the repository.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// From the repository's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One file, if it is there.
pub(super) fn file(path: &str) -> Option<Source> {
    let text = std::fs::read_to_string(root().join(path)).ok()?;
    Some(Source {
        path: path.to_owned(),
        text,
    })
}

/// Every Rust file below a folder.
pub(super) fn below(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    walk(folder, &mut found);
    let sources: Vec<Source> = found
        .iter()
        .filter(|path| Path::new(path).extension().is_some_and(|kind| kind == "rs"))
        .filter_map(|path| file(path))
        .collect();
    assert!(!sources.is_empty(), "no Rust file below {folder}");
    sources
}

/// Every text file that git tracks, or would on the next `git add`; outside a clone, every
/// text file that is neither built nor hidden.
pub(super) fn tracked() -> Vec<Source> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let paths: Vec<String> = match listed {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(str::to_owned)
            .collect(),
        Ok(_) | Err(_) => {
            let mut found = Vec::new();
            walk("", &mut found);
            found
        }
    };
    paths.iter().filter_map(|path| file(path)).collect()
}

fn walk(folder: &str, found: &mut Vec<String>) {
    let mut entries: Vec<_> = std::fs::read_dir(root().join(folder))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let is_built = folder.is_empty() && (name == "target" || name.starts_with('.'));
        if is_built {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}
