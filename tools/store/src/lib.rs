//! The tileset store: publish, open, verify, clean.
//!
//! A city is published again and again while people look at it, by a program that can be stopped at any moment, and
//! its files are copied to caches that nobody can empty. So a store never changes a file: every name holds the hash of
//! its bytes, and only `tileset.json`, the pointer, is replaced, in one rename, after everything it names lies safely
//! on disk. A crash at any step leaves the old city whole.
//!
//! ```text
//! <store>/<collection>/
//!   tileset.json                  the pointer: the only name whose bytes change
//!   files/<name>.<hash>.glb|json  immutable; .br, .zst and .gz beside a file where that pays
//!   features.<hash>.gpkg          OGC GeoPackage: footprints, attributes and the tiles of each feature
//!   search.<hash>.sqlite          full-text index over name, address and id
//!   manifest.<hash>.json          every file with its length and hash; sources, licence, counts, warnings
//! ```
//!
//! [`Publisher`] writes a collection, [`Collection`] reads one, [`verify`](verify::verify) checks one whole,
//! [`gc`](gc::gc) removes what no generation needs. The directory is also a plain static web site.

mod coding;
mod collection;
mod column;
mod database;
mod error;
mod failing;
mod feature;
mod feature_table;
mod file_ops;
pub mod gc;
mod generations;
mod geometry_blob;
mod geopackage;
pub mod info;
mod leaves;
mod listing;
mod manifest;
mod name;
mod outline;
mod property;
mod publication;
mod publisher;
mod query;
mod search;
mod spool;
pub mod verify;

pub use coding::Coding;
pub use collection::{Collection, SearchHit, collections};
pub use error::Error;
pub use failing::{FailingFiles, Fault};
pub use feature::{AttributeNote, FeatureRow, Footprint, TileRef};
pub use file_ops::{FileOps, RealFiles};
pub use gc::{GcOptions, GcReport, gc};
pub use info::{CollectionFigures, figures};
pub use leaves::Leaf;
pub use manifest::{CodedLength, FileEntry, Frame, Manifest, Source};
pub use name::ContentName;
pub use outline::{Outline, Window};
pub use property::{Property, PropertyKind};
pub use publication::{Publication, Published};
pub use publisher::Publisher;
pub use query::area::Area;
pub use query::condition::{Comparison, Condition, Fold, Operand};
pub use query::{Cursor, MOST_COUNTED, Page, Query};
pub use verify::{Problem, VerifyReport, verify};
