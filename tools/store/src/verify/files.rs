//! Every file against what the manifest says of it.

use super::{Checker, PUBLISH_AGAIN, REMOVE_AND_PUBLISH, TILER_FAULT};
use crate::collection::{EARLIER_GENERATIONS, content_name};
use crate::generations::Generations;
use crate::name::ContentName;
use crate::publisher::{FILES, LOCK, POINTER, REPORT, hash_file, is_temporary};
use crate::{FileEntry, Manifest};
use std::collections::BTreeSet;
use tiles::tileset::Pointer;

pub(super) fn check(checker: &mut Checker<'_>, pointer: &Pointer, manifest: &Manifest) {
    for (key, entry) in &manifest.files {
        check_name(checker, key, entry);
        check_bytes(checker, key, entry);
    }
    for (what, name) in [("features", &pointer.features), ("search", &pointer.search)] {
        if !manifest.files.contains_key(name) {
            let problem = format!("names {name} as its {what}, which the manifest does not list");
            checker.problem("pointer", POINTER, problem, PUBLISH_AGAIN);
        }
    }
    note_strays(checker, pointer, manifest);
}

fn check_name(checker: &mut Checker<'_>, key: &str, entry: &FileEntry) {
    let named = ContentName::parse(content_name(key).unwrap_or(key));
    if !named.is_some_and(|name| entry.hash.starts_with(name.hash)) {
        let what = format!("its name does not hold its hash {}", entry.hash);
        checker.problem("name", key, what, TILER_FAULT);
    }
}

fn check_bytes(checker: &mut Checker<'_>, key: &str, entry: &FileEntry) {
    let path = checker.directory.join(key);
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return checker.problem("link", key, "is not a regular file", PUBLISH_AGAIN);
    }
    let (hash, length) = match hash_file(&path) {
        Ok(read) => read,
        Err(error) => return checker.problem("missing", key, error.to_string(), PUBLISH_AGAIN),
    };
    checker.report.files += 1;
    if length != entry.length {
        let what = format!("has {length} bytes instead of {}", entry.length);
        checker.problem("length", key, what, PUBLISH_AGAIN);
    } else if hash.to_hex().as_str() != entry.hash {
        checker.problem("hash", key, "has other bytes than were published", REMOVE_AND_PUBLISH);
    }
    for coded in &entry.codings {
        let key = format!("{key}{}", coded.coding.suffix());
        let bytes = std::fs::read(checker.directory.join(&key)).unwrap_or_default();
        let decoded = coded.coding.decode(&bytes, entry.length);
        let whole = decoded.is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == entry.hash);
        if !whole || bytes.len() as u64 != coded.length {
            let what = format!("does not hold the {} form of its file", coded.coding.token());
            checker.problem("coding", &key, what, REMOVE_AND_PUBLISH);
        }
    }
}

/// Files that no generation names are not wrong, but nobody needs them.
fn note_strays(checker: &mut Checker<'_>, pointer: &Pointer, manifest: &Manifest) {
    let mut known: BTreeSet<String> = [POINTER, LOCK, REPORT, &pointer.manifest].map(str::to_owned).into();
    let generations = Generations::from(checker.directory, &pointer.manifest);
    let earlier: Vec<Manifest> = generations
        .skip(1)
        .take(EARLIER_GENERATIONS)
        .map(|(_, manifest)| manifest)
        .collect();
    for generation in std::iter::once(manifest).chain(&earlier) {
        for (key, entry) in &generation.files {
            known.extend(
                entry
                    .codings
                    .iter()
                    .map(|coded| format!("{key}{}", coded.coding.suffix())),
            );
            known.insert(key.clone());
        }
    }
    let mut strays = 0u64;
    for prefix in ["", "files/"] {
        let directory = if prefix.is_empty() {
            checker.directory.to_path_buf()
        } else {
            checker.directory.join(FILES)
        };
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let manifest = ContentName::parse(&name).is_some_and(|parts| parts.stem == "manifest");
            if path.is_dir() || known.contains(&name) || manifest {
                continue;
            }
            if is_temporary(&path) {
                checker.note(format!(
                    "{name} was left by an interrupted publication; the next one removes it"
                ));
            } else {
                strays += 1;
                if strays <= 5 {
                    checker.note(format!("no generation names {name}"));
                }
            }
        }
    }
    if strays > 5 {
        checker.note(format!("no generation names {} further files", strays - 5));
    }
    if !earlier.is_empty() {
        checker.note(format!("{} earlier generation(s) are kept", earlier.len()));
    }
}
