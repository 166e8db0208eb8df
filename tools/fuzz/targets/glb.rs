//! A tile of any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = tiles::glb::to_plain(bytes);
    let _ = tiles::glb::decode(bytes);
});
