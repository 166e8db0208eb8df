//! The web viewer's files, read once.
//!
//! They are few and everybody who comes needs them, so they are kept in memory with their compressed forms: brotli as
//! the build wrote it, gzip made here for clients behind proxies that know nothing else.

use crate::Error;
use crate::headers::{IMMUTABLE, REVALIDATE};
use crate::representation::Representation;
use axum::body::Bytes;
use axum::http::HeaderValue;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use store::{CodedLength, Coding, ContentName};

/// The viewer's page.
pub(crate) const INDEX: &str = "index.html";
/// The most that a viewer may have, in MiB.
const LIMIT: u64 = 256;

/// One file in its forms.
pub(crate) struct ViewerFile {
    forms: Vec<(Coding, Bytes)>,
    codings: Vec<CodedLength>,
    hash: String,
    media_type: HeaderValue,
    cache: HeaderValue,
}

/// The viewer's files by name.
pub(crate) struct ViewerFiles {
    files: HashMap<String, ViewerFile>,
}

impl ViewerFiles {
    /// Reads every file below `directory`; links are left out.
    pub(crate) fn read(directory: &Path) -> Result<Self, Error> {
        let mut found = BTreeMap::new();
        let mut left = LIMIT << 20;
        collect(directory, directory, "", &mut left, &mut found)?;
        let mut files = HashMap::new();
        for (name, bytes) in &found {
            let coded_form = |suffix: &str| name.strip_suffix(suffix).is_some_and(|plain| found.contains_key(plain));
            if !coded_form(".br") && !coded_form(".gz") && !coded_form(".zst") {
                let brotli = found.get(&format!("{name}.br"));
                files.insert(name.clone(), ViewerFile::new(name, bytes, brotli));
            }
        }
        if files.contains_key(INDEX) {
            return Ok(Self { files });
        }
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no index.html in it");
        Err(Error::Viewer {
            path: directory.to_path_buf(),
            source,
        })
    }

    /// The file of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&ViewerFile> {
        self.files.get(name)
    }
}

impl ViewerFile {
    fn new(name: &str, bytes: &Bytes, brotli: Option<&Bytes>) -> Self {
        let length = bytes.len() as u64;
        let mut forms = vec![(Coding::Identity, bytes.clone())];
        forms.extend(brotli.map(|brotli| (Coding::Br, brotli.clone())));
        let gzip = Coding::Gzip
            .encode(bytes)
            .ok()
            .filter(|gzip| Coding::pays(gzip.len() as u64, length));
        forms.extend(gzip.map(|gzip| (Coding::Gzip, Bytes::from(gzip))));
        let codings = forms.iter().skip(1).map(|(coding, bytes)| CodedLength {
            coding: *coding,
            length: bytes.len() as u64,
        });
        let hashed = ContentName::parse(name.rsplit('/').next().unwrap_or(name)).is_some();
        Self {
            codings: codings.collect(),
            hash: blake3::hash(bytes).to_hex()[..16].to_owned(),
            media_type: media_type(name),
            cache: if hashed { IMMUTABLE } else { REVALIDATE },
            forms,
        }
    }

    pub(crate) fn representation(&self) -> Representation<'_> {
        Representation {
            hash: &self.hash,
            length: self.forms[0].1.len() as u64,
            codings: &self.codings,
            media_type: self.media_type.clone(),
            cache: self.cache.clone(),
        }
    }

    /// The bytes in a coding; the first form is identity.
    pub(crate) fn bytes(&self, coding: Coding) -> &Bytes {
        let form = self.forms.iter().find(|(known, _)| *known == coding);
        &form.unwrap_or(&self.forms[0]).1
    }
}

fn collect(
    root: &Path,
    directory: &Path,
    prefix: &str,
    left: &mut u64,
    found: &mut BTreeMap<String, Bytes>,
) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Viewer { path, source }
    };
    for entry in std::fs::read_dir(directory).map_err(failed(directory))? {
        let entry = entry.map_err(failed(directory))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed(directory))?);
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            collect(root, &path, &format!("{name}/"), left, found)?;
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).map_err(failed(&path))?;
            let too_large = || Error::ViewerTooLarge {
                path: root.to_path_buf(),
                limit: LIMIT,
            };
            *left = left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
            found.insert(name, Bytes::from(bytes));
        }
    }
    Ok(())
}

fn media_type(name: &str) -> HeaderValue {
    HeaderValue::from_static(match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "txt" | "md" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    })
}
