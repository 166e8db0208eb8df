//! Footprints as the GeoPackage stores them: a small header with the envelope, then well-known binary
//! (OGC 12-128r18, 2.1.3; ISO 13249-3).

use crate::Footprint;

/// `GP`, version 1, flags: little endian with an envelope of minimum and maximum x and y; then EPSG:4326.
const HEADER: [u8; 8] = [b'G', b'P', 0, 0b0000_0011, 0xe6, 0x10, 0, 0];
const LITTLE_ENDIAN: u8 = 1;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;
/// Header and four numbers of the envelope.
const WKB_START: usize = HEADER.len() + 32;

/// Least longitude, greatest longitude, least latitude, greatest latitude, as the R-tree orders them.
pub(crate) fn envelope(footprint: &Footprint) -> Option<[f64; 4]> {
    let mut points = footprint.iter().flatten().flatten();
    let &[x, y] = points.next()?;
    Some(points.fold([x, x, y, y], |[x0, x1, y0, y1], &[x, y]| {
        [x0.min(x), x1.max(x), y0.min(y), y1.max(y)]
    }))
}

/// The envelope that a blob's header holds, in the same order.
pub(crate) fn stored_envelope(blob: &[u8]) -> Option<[f64; 4]> {
    let mut reader = Reader(blob.strip_prefix(&HEADER)?);
    let ([x0, x1], [y0, y1]) = (reader.point()?, reader.point()?);
    Some([x0, x1, y0, y1])
}

/// The blob of a footprint, or `None` for an empty one.
pub(crate) fn encode(footprint: &Footprint) -> Option<Vec<u8>> {
    let envelope = envelope(footprint)?;
    let points: usize = footprint.iter().flatten().map(Vec::len).sum();
    let rings: usize = footprint.iter().map(Vec::len).sum();
    let mut blob = Vec::with_capacity(WKB_START + 9 + footprint.len() * 9 + rings * 4 + points * 16);
    blob.extend_from_slice(&HEADER);
    for number in envelope {
        blob.extend_from_slice(&number.to_le_bytes());
    }
    begin(&mut blob, MULTI_POLYGON, footprint.len());
    for polygon in footprint {
        begin(&mut blob, POLYGON, polygon.len());
        for ring in polygon {
            blob.extend_from_slice(&(ring.len() as u32).to_le_bytes());
            for [x, y] in ring {
                blob.extend_from_slice(&x.to_le_bytes());
                blob.extend_from_slice(&y.to_le_bytes());
            }
        }
    }
    Some(blob)
}

fn begin(blob: &mut Vec<u8>, kind: u32, count: usize) {
    blob.push(LITTLE_ENDIAN);
    blob.extend_from_slice(&kind.to_le_bytes());
    blob.extend_from_slice(&(count as u32).to_le_bytes());
}

/// The footprint of a blob that [`encode`] made; `None` for any other bytes.
pub(crate) fn decode(blob: &[u8]) -> Option<Footprint> {
    let mut reader = Reader(blob.strip_prefix(&HEADER)?.get(WKB_START - HEADER.len()..)?);
    let polygons = reader.begin(MULTI_POLYGON)?;
    let mut footprint = Vec::new();
    for _ in 0..polygons {
        let rings = reader.begin(POLYGON)?;
        let mut polygon = Vec::new();
        for _ in 0..rings {
            let points = reader.count()?;
            let ring: Option<Vec<[f64; 2]>> = (0..points).map(|_| reader.point()).collect();
            polygon.push(ring?);
        }
        footprint.push(polygon);
    }
    reader.0.is_empty().then_some(footprint)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn begin(&mut self, kind: u32) -> Option<u32> {
        let as_expected = self.take()? == [LITTLE_ENDIAN] && u32::from_le_bytes(self.take()?) == kind;
        if as_expected { self.count() } else { None }
    }

    fn count(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn point(&mut self) -> Option<[f64; 2]> {
        Some([f64::from_le_bytes(self.take()?), f64::from_le_bytes(self.take()?)])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    fn courtyard() -> Footprint {
        let ring = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b], [a, a]];
        vec![vec![ring(0.0, 9.0), ring(3.0, 4.0)], vec![ring(-2.5, -1.0)]]
    }

    #[test]
    fn a_footprint_comes_back_from_its_blob() {
        let blob = encode(&courtyard()).unwrap();
        assert_eq!(decode(&blob).unwrap(), courtyard());
        assert_eq!(&blob[..2], b"GP");
        assert_eq!(envelope(&courtyard()), Some([-2.5, 9.0, -2.5, 9.0]));
        assert_eq!(stored_envelope(&blob), envelope(&courtyard()));
    }

    #[test]
    fn an_empty_footprint_has_no_blob() {
        assert_eq!(encode(&Vec::new()), None);
        assert_eq!(encode(&vec![Vec::new()]), None);
    }

    #[test]
    fn no_truncation_of_a_blob_decodes_or_panics() {
        let blob = encode(&courtyard()).unwrap();
        for length in 0..blob.len() {
            assert_eq!(decode(&blob[..length]), None, "{length} bytes");
        }
    }
}
