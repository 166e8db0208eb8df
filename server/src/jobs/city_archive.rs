//! The process that lays a collection down as one file.
//!
//! The file is that of the address `3dtiles.3tz`, byte for byte. Whoever takes a whole city over a bad line may rather
//! have it from a job: it stays as it is for a day, while the city goes on being published.

use super::output::{Made, Work};
use super::process::{Estimate, Failure, Inputs, Interface, Order, Process, Refusal};
use crate::archive::{Archive, MEDIA_TYPE};
use crate::shelf::Collections;
use serde_json::{Map, Value, json};
use store::Collection;

/// Processor time for a megabyte that is copied and hashed, in seconds. This and the two below are guesses: the queue
/// corrects them by what finished runs took.
const SECONDS_A_MEGABYTE: f64 = 0.004;
/// Processor time for a file that is opened, looked at and opened again, in seconds.
const SECONDS_A_FILE: f64 = 0.000_1;
/// Processor time for anything at all, in seconds.
const SECONDS_TO_BEGIN: f64 = 0.02;

/// Makes archives.
pub(crate) struct CityArchive;

impl Process for CityArchive {
    fn id(&self) -> &'static str {
        "archive"
    }

    fn about(&self) -> [&'static str; 2] {
        [
            "Archive",
            "Puts the tileset of a collection into one file, a 3D Tiles archive (3TZ 1.3), to be opened without a server.",
        ]
    }

    fn interface(&self) -> Interface {
        let inputs = json!({ "collection": {
            "title": "Collection",
            "description": "Which city; it may be left out where there is one only.",
            "schema": { "type": "string" },
            "minOccurs": 0,
        } });
        let outputs = json!({ "archive": {
            "title": "Archive",
            "description": "A 3D Tiles archive, which is a zip: the same bytes as the collection's 3dtiles.3tz.",
            "schema": { "type": "string", "contentMediaType": MEDIA_TYPE, "contentEncoding": "binary" },
        } });
        Interface { inputs, outputs }
    }

    fn read(&self, inputs: &Map<String, Value>, collections: &Collections) -> Result<Order, Refusal> {
        let mut inputs = Inputs::new(inputs);
        let collection = inputs.collection(collections)?;
        inputs.finish()?;
        Ok(Order {
            collection,
            inputs: json!({}),
        })
    }

    fn estimate(&self, collection: &Collection, _inputs: &Value) -> Result<Estimate, Refusal> {
        let (bytes, files) = Archive::size_of(collection);
        Ok(Estimate {
            seconds: SECONDS_TO_BEGIN + bytes as f64 / 1e6 * SECONDS_A_MEGABYTE + files as f64 * SECONDS_A_FILE,
            bytes,
            details: json!({ "files": files }),
        })
    }

    fn run(&self, collection: &Collection, _inputs: &Value, work: &Work) -> Result<Vec<Made>, Failure> {
        let archive = Archive::of(collection)?;
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let name: String = collection.name().chars().map(plain).collect();
        let made = Made {
            output: "archive".to_owned(),
            file: "archive.3tz".to_owned(),
            download: format!("{name}.3tz"),
            media_type: MEDIA_TYPE.to_owned(),
            bytes: 0,
            hash: String::new(),
        };
        let (report, total) = (work.reporter(), archive.length());
        let made = work.write(made, |out| {
            for number in 0..archive.count() {
                work.cancel.check().map_err(|_| Failure::Stopped)?;
                report(archive.write_entry(number, out)?, total);
            }
            Ok(archive.write_directory(out)?)
        })?;
        Ok(vec![made])
    }
}
