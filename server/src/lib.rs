//! The HTTP server of Kortteli.
//!
//! A tileset is a directory of files, and any web server can send files. What is left to do is what decides whether a
//! city can stay in the open for years: names from strangers must never become paths, a new generation must take over
//! without a restart and without a mixed answer, caches must keep what cannot change and ask for what can, slow and
//! rude clients must not hold the others up, and a person or a program that follows the links must find everything.
//!
//! | address | what |
//! |---|---|
//! | `/` | landing page, HTML or JSON |
//! | `/api` | this table for programs, as `OpenAPI` 3.1 |
//! | `/conformance`, `/collections`, `/collections/{collectionId}` | OGC API - Common |
//! | `/collections/{collectionId}/3dtiles/tileset.json` | the pointer: the only tile address whose bytes change |
//! | `/collections/{collectionId}/3dtiles/files/{name}` | immutable tiles and tilesets, precompressed |
//! | `/collections/{collectionId}/3dtiles/{name}` | GeoPackage, search index and manifest |
//! | `/collections/{collectionId}/items` | features as GeoJSON: by place, property, CQL2, words; page by page |
//! | `/collections/{collectionId}/3dtiles/plain/tileset.json`, `.../plain/{recipe}/{name}` | the same tree in core glTF |
//! | `/collections/{collectionId}/3dtiles.3tz` | the tileset as one file |
//! | `/collections/{collectionId}/extract` | a box of the city as one model |
//! | `/collections/{collectionId}/items/{featureId}` | one feature as GeoJSON |
//! | `/processes`, `/processes/{processId}/execution` | OGC API - Processes: what can be made to order |
//! | `/jobs/{jobId}`, `.../events`, `.../results/{name}` | what became of an order, for who knows its secret |
//! | `/collections/{collectionId}/queryables`, `.../schema` | what features say of themselves, as JSON Schema |
//! | `/blocks` | the page on which people order block worlds |
//! | `/collections/{collectionId}/map/{z}/{x}/{y}` | a map of footprints, for that page |
//! | `/viewer/` | the web viewer |
//! | `/stats`, `/privacy` | how much the city is used, and what is kept of that |
//! | `/health/live`, `/health/ready` | for whoever operates it |
//!
//! Every address is relative, so the server works behind any proxy and under any prefix. Every GET has a HEAD. Errors
//! are problems (RFC 9457) that show nothing of the inside.

mod accept;
mod api_page;
mod app;
mod archive;
mod axis_order;
mod blocks_page;
mod body;
mod cache;
mod config;
mod connection;
mod cql2;
mod crs;
mod cursor;
mod datetime;
mod document;
mod error;
mod features;
mod front;
mod headers;
mod items_query;
mod jobs;
mod json;
mod landing;
mod language;
mod map;
mod metrics;
mod openapi;
mod page;
mod places;
mod plain;
mod problem;
mod public;
mod queries;
mod representation;
mod routes;
mod schema;
mod serve;
mod shelf;
mod stats;
mod uses;
mod viewer_files;
mod workshop;

pub use config::{Config, JobLimits, Key, Limits, LogFormat, LogSettings, reference};
pub use error::Error;
pub use serve::{Server, check};
