//! GTX grids (NOAA VDatum, PROJ): forty bytes of header, then rows of big-endian floats from the south.

use super::Grid;

const HEADER: usize = 40;
/// The value that stands for none.
const NO_DATA: f32 = -88.8888;

/// Reads a GTX grid.
pub(super) fn parse(bytes: &[u8]) -> Result<Grid, String> {
    let (header, body) = bytes
        .split_at_checked(HEADER)
        .ok_or_else(|| "it is shorter than its header".to_owned())?;
    let (doubles, integers) = header.split_at(32);
    let number = |at: usize| {
        let mut eight = [0; 8];
        eight.copy_from_slice(&doubles[at * 8..at * 8 + 8]);
        f64::from_be_bytes(eight)
    };
    let count = |at: usize| {
        let mut four = [0; 4];
        four.copy_from_slice(&integers[at * 4..at * 4 + 4]);
        usize::try_from(i32::from_be_bytes(four)).unwrap_or(0)
    };
    let (south, west, step_lat, step_lon) = (number(0), number(1), number(2), number(3));
    let (rows, columns) = (count(0), count(1));
    if rows.checked_mul(columns).and_then(|n| n.checked_mul(4)) != Some(body.len()) {
        return Err(format!("it does not hold {rows} x {columns} values"));
    }
    let (chunks, _) = body.as_chunks::<4>();
    let mut values: Vec<f32> = Vec::with_capacity(rows * columns);
    for row in chunks.chunks_exact(columns.max(1)).rev() {
        values.extend(row.iter().map(|four| known(f32::from_be_bytes(*four))));
    }
    let north = south + step_lat * (rows as f64 - 1.0);
    Grid::new([west, north], [step_lon, step_lat], [columns, rows], values)
        .ok_or_else(|| "its header does not describe a grid".to_owned())
}

fn known(value: f32) -> f32 {
    if (value - NO_DATA).abs() < 1e-3 {
        f32::NAN
    } else {
        value
    }
}
