//! Reads CityGML as a stream of city objects.
//!
//! City models come as XML files of up to gigabytes, in which one polygon is linked to from three places and coloured
//! from a fourth at the end of the file. [`Reader`] looks through a file once to learn which of those places matter,
//! then hands out one top-level [`CityObject`] at a time with every link followed, to one thread or, piece by piece, to
//! many ([`Reader::chunks`]): memory is bounded by the largest object and by the number of links across objects, not by
//! the file. What is wrong with the data goes to a [`Report`]; only a file of which nothing can be read is an [`Error`].
//!
//! No coordinate is touched: axis order, unit and reference system are those of the file.

mod error;
pub mod limits;
mod model;
mod reader;
mod report;

pub use chunk::{Chunk, Chunks};
pub use error::Error;
pub use model::{
    Address, Attribute, AttributeValue, CityObject, Code, ExternalReference, Geometry, GeometryRole, Material, Module,
    Polygon, SurfaceKind,
};
pub use reader::{ChunkSummary, Header, Options, Reader, Summary, Version};
pub use report::{Report, Warning, Warnings};
mod address;
#[cfg(test)]
mod against_quick_xml;
mod appearance;
mod arena;
mod attribute;
mod chunk;
mod class;
mod cursor;
mod document;
mod feature;
mod findings;
mod geometry;
mod hash;
mod implicit;
mod library;
mod link;
mod markup;
mod namespace;
mod resolve;
mod ring;
mod sniff;
mod source;
mod split;
mod survey;
mod twins;
mod walk;
