//! Writing the page where the server finds it.
//!
//! `assets.json` lists the files of the build:
//!
//! ```json
//! {
//!   "index": "index.html",
//!   "files": {
//!     "app.0123456789abcdef.js": {
//!       "source": "app.js", "type": "text/javascript; charset=utf-8", "length": 5120, "hash": "<blake3, 64 hex digits>",
//!       "immutable": true, "encodings": { "br": { "file": "app.0123456789abcdef.js.br", "length": 1500 } }
//!     }
//!   }
//! }
//! ```
//!
//! A running server must always find a whole page: new files come first, then `index.html` and `assets.json`, each by a
//! rename; files of the build before go last.

use super::bundle::{File, INDEX};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

const MANIFEST: &str = "assets.json";

#[derive(Serialize, Deserialize)]
struct Manifest {
    index: String,
    files: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    source: String,
    #[serde(rename = "type")]
    media_type: String,
    length: usize,
    hash: String,
    immutable: bool,
    encodings: BTreeMap<String, Encoded>,
}

#[derive(Serialize, Deserialize)]
struct Encoded {
    file: String,
    length: usize,
}

/// What was published.
#[derive(Default)]
pub(super) struct Summary {
    files: usize,
    bytes: usize,
    compressed: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} files, {} bytes, {} compressed",
            self.files, self.bytes, self.compressed
        )
    }
}

/// Writes the files, their brotli forms and the manifest; removes what the build before left.
pub(super) fn write(out: &Path, files: &BTreeMap<String, File>, quality: i32) -> anyhow::Result<Summary> {
    fs::create_dir_all(out).with_context(|| format!("creating {}", out.display()))?;
    let before = names_on_disk(out);
    let mut entries = BTreeMap::new();
    let mut summary = Summary::default();
    let (pages, rest): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| name.as_str() == INDEX);
    for (name, file) in rest.into_iter().chain(pages) {
        let entry = write_file(out, name, file, quality)?;
        summary.files += 1;
        summary.bytes += entry.length;
        summary.compressed += entry.encodings.get("br").map_or(entry.length, |encoded| encoded.length);
        entries.insert(name.clone(), entry);
    }
    let manifest = Manifest {
        index: INDEX.to_owned(),
        files: entries,
    };
    replace(&out.join(MANIFEST), serde_json::to_string_pretty(&manifest)?.as_bytes())?;
    for stale in before.difference(&names(&manifest)) {
        fs::remove_file(out.join(stale)).with_context(|| format!("removing {stale}"))?;
    }
    Ok(summary)
}

/// Writes one file, and its brotli form where that is smaller.
fn write_file(out: &Path, name: &str, file: &File, quality: i32) -> anyhow::Result<Entry> {
    let mut encodings = BTreeMap::new();
    let compressed = brotli(&file.bytes, quality)?;
    if compressed.len() < file.bytes.len() {
        let encoded = format!("{name}.br");
        replace(&out.join(&encoded), &compressed)?;
        encodings.insert(
            "br".to_owned(),
            Encoded {
                file: encoded,
                length: compressed.len(),
            },
        );
    }
    replace(&out.join(name), &file.bytes)?;
    Ok(Entry {
        source: file.source.clone(),
        media_type: media_type(name).unwrap_or("application/octet-stream").to_owned(),
        length: file.bytes.len(),
        hash: blake3::hash(&file.bytes).to_hex().to_string(),
        immutable: name != INDEX,
        encodings,
    })
}

/// Writes by a temporary name, so that a reader sees the old bytes or the new ones; leaves equal bytes alone.
fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    fs::write(&temporary, bytes).with_context(|| format!("writing {}", path.display()))?;
    fs::rename(&temporary, path).with_context(|| format!("writing {}", path.display()))
}

/// What the manifest in the folder lists; nothing where there is none.
fn names_on_disk(out: &Path) -> BTreeSet<String> {
    let manifest = fs::read(out.join(MANIFEST))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    manifest.as_ref().map(names).unwrap_or_default()
}

fn names(manifest: &Manifest) -> BTreeSet<String> {
    let encoded = manifest
        .files
        .values()
        .flat_map(|entry| entry.encodings.values())
        .map(|encoded| encoded.file.clone());
    manifest
        .files
        .keys()
        .cloned()
        .chain(encoded)
        .filter(|name| !name.contains(['/', '\\']))
        .collect()
}

/// The bytes in brotli, at a quality from 0 to 11.
pub(super) fn brotli(bytes: &[u8], quality: i32) -> anyhow::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: 22,
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters).context("compressing")?;
    Ok(compressed)
}

/// The media type of a file of the page, or `None` for a file that has no place in it.
pub(super) fn media_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "wasm" => Some("application/wasm"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        "webmanifest" => Some("application/manifest+json"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::web::{Sources, bundle};

    fn publish(out: &Path, script: &str) -> Vec<String> {
        let sources: Sources = [("index.html", "<script src=\"./app.js\">"), ("app.js", script)]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into();
        write(out, &bundle::named_by_content(sources).unwrap(), 5).unwrap();
        let mut names: Vec<_> = fs::read_dir(out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_second_build_removes_the_files_of_the_first_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let first = publish(folder.path(), &"let a = 1;".repeat(100));
        let again = publish(folder.path(), &"let a = 1;".repeat(100));
        let second = publish(folder.path(), &"let b = 2;".repeat(100));
        assert_eq!(first, again);
        assert_eq!(second.len(), first.len());
        let kept: Vec<_> = first.iter().filter(|name| second.contains(name)).collect();
        assert_eq!(kept, ["assets.json", "index.html", "notes.txt"]);
    }

    #[test]
    fn the_brotli_form_holds_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let script = "let city = 1;".repeat(50);
        let names = publish(folder.path(), &script);
        let compressed = names.iter().find(|name| name.ends_with(".js.br")).unwrap();
        let mut plain = Vec::new();
        let mut file = fs::File::open(folder.path().join(compressed)).unwrap();
        brotli::BrotliDecompress(&mut file, &mut plain).unwrap();
        assert_eq!(plain, script.as_bytes());
    }
}
