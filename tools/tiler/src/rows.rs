//! The rows of the GeoPackage, put aside until it is known which tiles show them.

use crate::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use store::FeatureRow;

/// Takes rows one object at a time.
pub(crate) struct Rows {
    directory: PathBuf,
    file: BufWriter<File>,
    pub(crate) count: u64,
}

/// The rows of an object and its parts as they are put aside.
pub(crate) fn pack(number: u64, rows: &[FeatureRow]) -> Result<Vec<u8>, serde_json::Error> {
    let text = serde_json::to_vec(rows)?;
    let mut bytes = Vec::with_capacity(12 + text.len());
    bytes.extend(number.to_le_bytes());
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text);
    Ok(bytes)
}

impl Rows {
    pub(crate) fn new(directory: &Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(directory).map_err(|source| aside(directory, source))?;
        Ok(Self {
            directory: directory.to_owned(),
            file: BufWriter::new(file),
            count: 0,
        })
    }

    /// Adds what [`pack`] made of `rows` rows.
    pub(crate) fn add(&mut self, packed: &[u8], rows: u64) -> Result<(), Error> {
        self.count += rows;
        self.file
            .write_all(packed)
            .map_err(|source| aside(&self.directory, source))
    }

    /// Each object's number with its rows, in the order in which they were added.
    pub(crate) fn read(self) -> Result<Reader, Error> {
        let failed = |source| aside(&self.directory, source);
        let mut file = self
            .file
            .into_inner()
            .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        Ok(Reader {
            file: BufReader::new(file),
        })
    }
}

/// Reads what was put aside.
pub(crate) struct Reader {
    file: BufReader<File>,
}

impl Iterator for Reader {
    type Item = std::io::Result<(u64, Vec<FeatureRow>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut number = [0; 8];
        match self.file.read(&mut number[..1]) {
            Ok(0) => None,
            Ok(_) => Some(self.rest(number)),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Reader {
    fn rest(&mut self, mut number: [u8; 8]) -> std::io::Result<(u64, Vec<FeatureRow>)> {
        self.file.read_exact(&mut number[1..])?;
        let mut length = [0; 4];
        self.file.read_exact(&mut length)?;
        let mut text = vec![0; u32::from_le_bytes(length) as usize];
        self.file.read_exact(&mut text)?;
        Ok((u64::from_le_bytes(number), serde_json::from_slice(&text)?))
    }
}

fn aside(directory: &Path, source: std::io::Error) -> Error {
    Error::Aside {
        path: directory.to_owned(),
        source,
    }
}
