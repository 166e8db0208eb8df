//! A CityGML file of any bytes.

#![no_main]

use std::io::Write as _;

use citygml::{CityObject, Reader, Report, Summary};
use libfuzzer_sys::fuzz_target;

/// Objects, report and summary, as a whole or in pieces of one member.
fn read(path: &std::path::Path, in_pieces: bool) -> Option<(Vec<CityObject>, String, Summary)> {
    let report = Report::new();
    let reader = Reader::open(path, &report).ok()?;
    let mut objects = Vec::new();
    let summary = if in_pieces {
        let read = reader
            .chunks(1)
            .map(|chunk| reader.read_chunk(chunk, |object| objects.push(object)));
        let read = read.collect::<Result<Vec<_>, _>>().ok()?;
        reader.finish(read)
    } else {
        reader.for_each(|object| objects.push(object)).ok()?
    };
    Some((objects, report.to_json().to_string(), summary))
}

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file");
    let whole = read(file.path(), false);
    let pieces = read(file.path(), true);
    assert!(whole == pieces, "{whole:#?}\n{pieces:#?}");
});
