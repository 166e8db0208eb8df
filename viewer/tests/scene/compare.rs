//! How far two pictures are apart, as an eye would say.

use std::path::PathBuf;

/// More than this many steps of 255 a block is another picture: missing edge lines or contact shading are 0.9, a missing
/// shadow is 4.
pub const LIMIT: f64 = 0.6;

/// Two figures of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// Root mean square over blocks of 8 x 8 pixels of what their mean colours differ by, of 255. An edge that moves by
    /// a fraction of a pixel does not show here; another colour, shadow or shape does.
    pub blocks: f64,
    /// Share of pixels of which a channel differs by more than 32 of 255.
    pub pixels: f64,
}

/// Compares two pictures of one size, four bytes a pixel.
pub fn compare(size: [u32; 2], a: &[u8], b: &[u8]) -> Difference {
    assert_eq!(a.len(), b.len());
    assert_eq!(a.len(), (size[0] * size[1] * 4) as usize);
    let far = a
        .as_chunks::<4>()
        .0
        .iter()
        .zip(b.as_chunks::<4>().0)
        .filter(|(a, b)| a.iter().zip(b.iter()).any(|(a, b)| a.abs_diff(*b) > 32));
    let [across, down] = size.map(|side| side.div_ceil(8) as usize);
    let mut sums = vec![[0_i64; 3]; across * down];
    for (at, (a, b)) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0).enumerate() {
        let (x, y) = (at % size[0] as usize, at / size[0] as usize);
        for channel in 0..3 {
            sums[y / 8 * across + x / 8][channel] += i64::from(a[channel]) - i64::from(b[channel]);
        }
    }
    let squares: f64 = sums.iter().flatten().map(|sum| (*sum as f64 / 64.0).powi(2)).sum();
    Difference {
        blocks: (squares / (sums.len() * 3) as f64).sqrt(),
        pixels: far.count() as f64 / f64::from(size[0] * size[1]),
    }
}

/// Asserts that a picture looks like the stored one. With `BLESS=1` in the environment the stored one is rewritten.
pub fn assert_golden(name: &str, size: [u32; 2], pixels: &[u8]) {
    let drawn = super::save(&format!("{name}.png"), size, pixels);
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.png"));
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        std::fs::create_dir_all(golden.parent().expect("a folder")).expect("the folder can be made");
        std::fs::copy(&drawn, &golden).expect("the golden picture can be written");
    }
    let stored = image::open(&golden).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; look at {} and bless it",
            golden.display(),
            drawn.display()
        )
    });
    let stored = stored.to_rgba8();
    assert_eq!([stored.width(), stored.height()], size, "size of {}", golden.display());
    let difference = compare(size, pixels, stored.as_raw());
    assert!(
        difference.blocks < LIMIT && difference.pixels < 0.01,
        "{difference:?}: compare {} with {}",
        drawn.display(),
        golden.display()
    );
}
