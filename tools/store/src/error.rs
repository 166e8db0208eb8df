//! What can go wrong with a store.

use std::path::PathBuf;

/// Why a store could not be written, opened or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The features of a publication cannot be read; nothing was published.
    #[error("the features to be published cannot be read: {source}")]
    Rows {
        /// What the system says.
        source: std::io::Error,
    },
    /// A file operation failed.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was tried, for example `cannot write`.
        what: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Another publisher holds the collection's lock.
    #[error("{} is being published by another process; wait for it to end", path.display())]
    Locked {
        /// The collection's directory.
        path: PathBuf,
    },
    /// There is no collection here.
    #[error("{} holds no tileset.json; publish a collection there first", path.display())]
    NotACollection {
        /// The directory that was opened.
        path: PathBuf,
    },
    /// There is no collection in the directory.
    #[error("{} is no store: no directory in it holds a tileset.json; name the directory that was given to `kortteli tile -o`", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
    },
    /// A name that the pointer or the manifest holds has no file, or one of another length.
    #[error("{} {problem}; publish the collection again", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A JSON file does not follow its model.
    #[error("{} is not readable: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A JSON document could not be written.
    #[error("cannot write {document} as JSON: {source}")]
    Serialize {
        /// Which document.
        document: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The pointer lacks what names the rest of the store.
    #[error("{} has no asset.extras.kortteli with {missing}; it is not a tileset that Kortteli published", path.display())]
    Pointer {
        /// The pointer.
        path: PathBuf,
        /// The member that is missing.
        missing: &'static str,
    },
    /// A database answered with an error.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// SQLite's answer.
        source: rusqlite::Error,
    },
    /// A collection or file name that could leave its directory or is not a plain name.
    #[error("{name:?} cannot be used as a {what}; use letters, digits, - and _, at most 64 of them")]
    Name {
        /// The refused name.
        name: String,
        /// What it was meant for.
        what: &'static str,
    },
    /// Two features of one collection have the same id.
    #[error("the feature {id} was given twice")]
    DuplicateFeature {
        /// The id, unique in a collection.
        id: String,
    },
    /// A name that the collection does not hold.
    #[error("the collection has no file {name}")]
    NoSuchFile {
        /// The name asked for.
        name: String,
    },
    /// A layer's tree of tiles that cannot be followed.
    #[error("the tileset {name}: {reason}")]
    Tileset {
        /// The tileset, or the address in it that leads nowhere.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A condition names a property that no feature of the collection has.
    #[error("there is no property {name}")]
    UnknownProperty {
        /// The name, as given.
        name: String,
    },
    /// A condition compares what cannot be compared.
    #[error("{problem}")]
    Comparison {
        /// What was compared with what, and what would be right.
        problem: String,
    },
    /// A query took longer than it may.
    #[error("the query was stopped after {seconds} s")]
    TooSlow {
        /// How long it was given.
        seconds: f64,
    },
    /// A stored encoding that does not decode.
    #[error("{} does not decode as {coding}", path.display())]
    Coding {
        /// The file.
        path: PathBuf,
        /// The content coding's name.
        coding: &'static str,
    },
}

/// The system's refusal with what was tried and where.
pub(crate) fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { what, path, source }
}

/// SQLite's refusal with the database it came from.
pub(crate) fn database(path: &std::path::Path) -> impl FnOnce(rusqlite::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Database { path, source }
}
