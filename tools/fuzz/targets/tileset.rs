//! A tileset of any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tiles::tileset::Tileset;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tileset) = Tileset::from_json(bytes) {
        let written = tileset.to_json().expect("what was read can be written");
        assert_eq!(Tileset::from_json(&written).ok().as_ref(), Some(&tileset));
    }
});
