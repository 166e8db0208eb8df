//! What stops the reading of a file altogether.
//!
//! One bad building never stops a city: what can be left out is a [`Warning`](crate::Warning). An [`Error`] says that
//! nothing of use can be read, and what to do about it.

use std::path::PathBuf;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file, or it may not be read.
    #[error("{}: cannot be read: {source}. Check the path and its permissions.", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file has no bytes, or nothing but white space.
    #[error("{}: the file is empty. Was the download or the export cut short?", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else than CityGML.
    #[error("{}: this is {found}, not CityGML. {advice}", path.display())]
    NotCityGml {
        /// The file.
        path: PathBuf,
        /// What it is, for example `an HTML page`.
        found: String,
        /// What to do.
        advice: String,
    },
    /// The root element is not `CityModel`.
    #[error("{}:{line}: the root element is <{found}>, not <core:CityModel>. {advice}", path.display())]
    WrongRoot {
        /// The file.
        path: PathBuf,
        /// Where the element is.
        line: u64,
        /// The element as written.
        found: String,
        /// What to do.
        advice: String,
    },
    /// The XML is broken before the first city object.
    #[error("{}:{line}: broken XML: {message}. Export the file again, or mend that line.", path.display())]
    Xml {
        /// The file.
        path: PathBuf,
        /// Where the reader stopped.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// A document type declaration, which could define entities.
    #[error("{}:{line}: the file has a document type declaration (<!DOCTYPE), which is refused because it can define entities. Remove it.", path.display())]
    DocumentType {
        /// The file.
        path: PathBuf,
        /// Where it is.
        line: u64,
    },
    /// The receiver of the objects asked to stop.
    #[error("{}: reading was stopped", path.display())]
    Stopped {
        /// The file.
        path: PathBuf,
    },
}
