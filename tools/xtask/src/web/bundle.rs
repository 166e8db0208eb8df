//! Names by content.
//!
//! A file's name holds the hash of its bytes, and its bytes hold the names of the files it refers to; so names are
//! settled from the leaves upward, as in a Merkle tree. A reference is a file name of the page after `./`, between
//! quotes or parentheses: `import "./view.js"`, `href="./style.css"`, `url(./icon.svg)`.

use super::Sources;
use anyhow::{bail, ensure};
use std::collections::BTreeMap;

/// The one name that does not change, since people type it.
pub(super) const INDEX: &str = "index.html";

/// A file ready to be published.
#[derive(Debug)]
pub(super) struct File {
    /// Its name before the hash was put in.
    pub(super) source: String,
    /// Its bytes, with references rewritten.
    pub(super) bytes: Vec<u8>,
}

/// Renames every file but `index.html` to `stem.<hash>.extension` and rewrites the references.
///
/// Fails on a cycle of references and on a reference to a file that does not exist.
pub(super) fn named_by_content(sources: Sources) -> anyhow::Result<BTreeMap<String, File>> {
    let mut naming = Naming {
        sources,
        names: BTreeMap::new(),
        open: Vec::new(),
        files: BTreeMap::new(),
    };
    ensure!(naming.sources.contains_key(INDEX), "the page has no {INDEX}");
    for source in naming.sources.keys().cloned().collect::<Vec<_>>() {
        naming.settle(&source)?;
    }
    Ok(naming.files)
}

struct Naming {
    sources: Sources,
    /// Settled names, by source.
    names: BTreeMap<String, String>,
    /// The chain of references that is being followed.
    open: Vec<String>,
    files: BTreeMap<String, File>,
}

impl Naming {
    /// The final name of a file; settles first what it refers to.
    fn settle(&mut self, source: &str) -> anyhow::Result<String> {
        if let Some(name) = self.names.get(source) {
            return Ok(name.clone());
        }
        if self.open.iter().any(|name| name == source) {
            bail!(
                "files of the page refer to each other in a circle: {} -> {source}",
                self.open.join(" -> ")
            );
        }
        let Some(mut bytes) = self.sources.get(source).cloned() else {
            bail!(
                "{} refers to ./{source}, which is not part of the page",
                self.open.join(" -> ")
            );
        };
        self.open.push(source.to_owned());
        if is_text(source) {
            bytes = self.rewrite(std::str::from_utf8(&bytes)?)?.into_bytes();
        }
        self.open.pop();
        let name = if source == INDEX {
            INDEX.to_owned()
        } else {
            hashed(source, &bytes)
        };
        self.names.insert(source.to_owned(), name.clone());
        self.files.insert(
            name.clone(),
            File {
                source: source.to_owned(),
                bytes,
            },
        );
        Ok(name)
    }

    fn rewrite(&mut self, text: &str) -> anyhow::Result<String> {
        let mut result = text.to_owned();
        for reference in references(text) {
            let name = self.settle(reference)?;
            for (open, close) in DELIMITERS {
                result = result.replace(
                    &format!("{open}./{reference}{close}"),
                    &format!("{open}./{name}{close}"),
                );
            }
        }
        Ok(result)
    }
}

const DELIMITERS: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('`', '`'), ('(', ')')];

fn is_text(name: &str) -> bool {
    [".html", ".css", ".js"]
        .iter()
        .any(|extension| name.ends_with(extension))
}

/// The file names that stand after `./` between delimiters.
fn references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (open, close) in DELIMITERS {
        let start = format!("{open}./");
        for (at, _) in text.match_indices(&start) {
            let rest = text.get(at + start.len()..).unwrap_or_default();
            let name = rest.split(close).next().unwrap_or_default();
            if is_file_name(name) && !found.contains(&name) {
                found.push(name);
            }
        }
    }
    found
}

/// Whether this is a reference to a file. wasm-bindgen's glue also names the *import module* of its wasm in this way,
/// `"./viewer_bg.js"`; there is no such file, and the name must stay, since the wasm says it too.
fn is_file_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.contains('.') && text.chars().all(allowed) && !text.ends_with("_bg.js")
}

/// `app.js` -> `app.0123456789abcdef.js`
fn hashed(source: &str, bytes: &[u8]) -> String {
    let hash = blake3::hash(bytes).to_hex();
    let (stem, extension) = source.rsplit_once('.').unwrap_or((source, "bin"));
    format!("{stem}.{}.{extension}", &hash[..16])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect()
    }

    fn name_of<'a>(files: &'a BTreeMap<String, File>, source: &str) -> &'a str {
        files.iter().find(|(_, file)| file.source == source).unwrap().0
    }

    #[test]
    fn a_change_deep_down_renames_everything_above_it_and_nothing_beside_it() {
        let page = |leaf: &str| {
            named_by_content(sources(&[
                ("index.html", "<link href=\"./style.css\"><script src='./app.js'>"),
                ("style.css", "body { color: red }"),
                ("app.js", "import x from \"./view.js\";"),
                ("view.js", leaf),
            ]))
            .unwrap()
        };
        let (before, after) = (page("1"), page("2"));
        for source in ["view.js", "app.js"] {
            assert_ne!(name_of(&before, source), name_of(&after, source));
        }
        assert_eq!(name_of(&before, "style.css"), name_of(&after, "style.css"));
        assert_eq!(name_of(&after, "index.html"), "index.html");
    }

    #[test]
    fn references_are_rewritten_to_the_hashed_names() {
        let files = named_by_content(sources(&[
            ("index.html", "<a href=\"./app.js\"> ./app.js"),
            ("app.js", "new URL('./tile.wasm', import.meta.url)"),
            ("tile.wasm", "\0asm"),
        ]))
        .unwrap();
        let app = name_of(&files, "app.js");
        let html = String::from_utf8(files["index.html"].bytes.clone()).unwrap();
        assert_eq!(html, format!("<a href=\"./{app}\"> ./app.js"));
        let script = String::from_utf8(files[app].bytes.clone()).unwrap();
        assert!(script.contains(&format!("'./{}'", name_of(&files, "tile.wasm"))));
    }

    #[test]
    fn a_reference_to_nothing_is_an_error_that_names_both_files() {
        let error = named_by_content(sources(&[("index.html", "<a href=\"./gone.js\">")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "index.html refers to ./gone.js, which is not part of the page"
        );
    }

    #[test]
    fn a_circle_of_references_is_an_error() {
        let circle = [
            ("index.html", "\"./a.js\""),
            ("a.js", "\"./b.js\""),
            ("b.js", "\"./a.js\""),
        ];
        let error = named_by_content(sources(&circle)).unwrap_err();
        assert!(error.to_string().contains("circle"), "{error}");
    }
}
