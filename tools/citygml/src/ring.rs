//! Coordinates: from text to the ring of a polygon.
//!
//! A ring is written as one list of numbers, as single positions or as GML 2 tuples, in two or three dimensions, closed by
//! repeating the first point or (in some real files) not. What leaves here is a ring of at least three different points that
//! does not repeat its first, or the reason why it is none.

use crate::cursor::{Cursor, Stop};

/// Why a list of coordinates is no ring.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BadRing {
    /// This is not a finite number.
    Number(String),
    /// So many numbers are no whole number of points.
    Count {
        /// How many numbers there are.
        numbers: usize,
        /// How many make a point.
        dimension: u8,
    },
    /// Fewer than three different points.
    Short(usize),
    /// A curve of a kind that has no straight lines.
    Curve(String),
}

/// What had to be done to a ring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mended {
    /// The last point did not repeat the first.
    pub(crate) open: bool,
    /// How many points repeated the one before.
    pub(crate) repeated: usize,
    /// The points have no height; 0 was put in.
    pub(crate) flat: bool,
}

/// A ring that can be used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ring {
    pub(crate) points: Vec<[f64; 3]>,
    pub(crate) mended: Mended,
}

/// Adds the numbers of a text, separated by white space, to a list; the error is the first word that is no finite number.
pub(crate) fn parse_numbers(text: &[u8], into: &mut Vec<f64>) -> Result<(), String> {
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() {
        match fast_float2::parse_partial::<f64, _>(rest) {
            Ok((number, length)) if number.is_finite() && ends_word(rest, length) => {
                into.push(number);
                rest = rest.get(length..).unwrap_or_default().trim_ascii_start();
            }
            _ => return Err(first_word(rest)),
        }
    }
    Ok(())
}

fn ends_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_none_or(u8::is_ascii_whitespace)
}

fn first_word(text: &[u8]) -> String {
    let end = text.iter().position(u8::is_ascii_whitespace);
    let word = text.get(..end.unwrap_or(text.len()).min(40)).unwrap_or_default();
    String::from_utf8_lossy(word).into_owned()
}

/// Reads rings; keeps its buffers from one to the next.
#[derive(Debug, Default)]
pub(crate) struct RingReader {
    numbers: Vec<f64>,
    dimension: Option<u8>,
    bad: Option<BadRing>,
    /// `srsDimension` of the model, where coordinates name none and cannot be three-dimensional.
    pub(crate) fallback: Option<u8>,
}

impl RingReader {
    /// Reads a property of a ring (`exterior`, `gml:interior`, `outerBoundaryIs`, ...) on which the cursor stands.
    pub(crate) fn read(&mut self, cursor: &mut Cursor) -> Result<Result<Ring, BadRing>, Stop> {
        self.numbers.clear();
        self.dimension = None;
        self.bad = None;
        self.positions(cursor)?;
        Ok(match self.bad.take() {
            Some(bad) => Err(bad),
            None => self.points().and_then(clean),
        })
    }

    /// Collects the positions in an element, however deep they are.
    fn positions(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        while cursor.child()? {
            match cursor.local() {
                b"posList" | b"pos" => self.list(cursor)?,
                b"coordinates" => self.tuples(cursor)?,
                b"coord" => self.coord(cursor)?,
                b"Arc"
                | b"ArcString"
                | b"Circle"
                | b"ArcByBulge"
                | b"CubicSpline"
                | b"BSpline"
                | b"Bezier"
                | b"ArcByCenterPoint"
                | b"CircleByCenterPoint"
                | b"Clothoid" => {
                    self.bad.get_or_insert(BadRing::Curve(cursor.local_text()));
                    cursor.skip()?;
                }
                _ => self.positions(cursor)?,
            }
        }
        Ok(())
    }

    fn list(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        self.note_dimension(cursor);
        let text = cursor.text_bytes()?;
        self.take(text);
        Ok(())
    }

    fn take(&mut self, text: &[u8]) {
        if let Err(word) = parse_numbers(text, &mut self.numbers) {
            self.bad.get_or_insert(BadRing::Number(word));
        }
    }

    fn note_dimension(&mut self, cursor: &Cursor) {
        self.dimension = self.dimension.or(cursor.dimension());
    }

    /// GML 2: `x,y,z x,y,z`, with any separators.
    fn tuples(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        self.note_dimension(cursor);
        let separator = |name: &[u8], default: &str| {
            let written = cursor.attribute(name).filter(|text| !text.is_empty());
            written.unwrap_or_else(|| default.to_owned())
        };
        let (decimal, cs, ts) = (separator(b"decimal", "."), separator(b"cs", ","), separator(b"ts", " "));
        let text = cursor.text()?;
        let spaced = text.replace(&ts, " ");
        if self.dimension.is_none() && !cs.trim().is_empty() {
            let first = spaced.split_whitespace().next();
            self.dimension = first.map(|tuple| tuple.split(&cs).count().min(255) as u8);
        }
        let mut plain = spaced.replace(&cs, " ");
        if decimal != "." {
            plain = plain.replace(&decimal, ".");
        }
        self.take(plain.as_bytes());
        Ok(())
    }

    /// GML 2: `<X>1</X><Y>2</Y><Z>3</Z>`.
    fn coord(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        let before = self.numbers.len();
        while cursor.child()? {
            let text = cursor.text()?;
            if let Err(word) = parse_numbers(text.as_bytes(), &mut self.numbers) {
                self.bad.get_or_insert(BadRing::Number(word));
            }
        }
        self.dimension
            .get_or_insert((self.numbers.len() - before).min(255) as u8);
        Ok(())
    }

    fn points(&self) -> Result<Ring, BadRing> {
        let count = self.numbers.len();
        let dimension = match self.dimension {
            Some(dimension) => dimension,
            None if count.is_multiple_of(3) => 3,
            None => self.fallback.unwrap_or(3),
        };
        let bad = BadRing::Count {
            numbers: count,
            dimension,
        };
        if !matches!(dimension, 2 | 3) || !count.is_multiple_of(usize::from(dimension)) {
            return Err(bad);
        }
        let points = self
            .numbers
            .chunks_exact(usize::from(dimension))
            .map(|point| match *point {
                [x, y, z] => [x, y, z],
                [x, y] => [x, y, 0.0],
                _ => [0.0; 3],
            });
        Ok(Ring {
            points: points.collect(),
            mended: Mended {
                flat: dimension == 2,
                ..Mended::default()
            },
        })
    }
}

/// Removes the closing point and repeated points.
fn clean(mut ring: Ring) -> Result<Ring, BadRing> {
    let written = ring.points.len();
    ring.points.dedup();
    ring.mended.repeated = written - ring.points.len();
    ring.mended.open = ring.points.first() != ring.points.last();
    while ring.points.len() > 1 && ring.points.first() == ring.points.last() {
        ring.points.pop();
    }
    if different(&ring.points) < 3 {
        return Err(BadRing::Short(different(&ring.points)));
    }
    Ok(ring)
}

/// How many different points there are, up to 3.
fn different(points: &[[f64; 3]]) -> usize {
    let Some(first) = points.first() else { return 0 };
    let Some(second) = points.iter().find(|point| *point != first) else {
        return 1;
    };
    let third = points.iter().any(|point| point != first && point != second);
    if third { 3 } else { 2 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn ring(points: &[[f64; 3]]) -> Result<Ring, BadRing> {
        clean(Ring {
            points: points.to_vec(),
            mended: Mended::default(),
        })
    }

    const A: [f64; 3] = [0.0, 0.0, 0.0];
    const B: [f64; 3] = [1.0, 0.0, 0.0];
    const C: [f64; 3] = [1.0, 1.0, 0.0];

    #[test]
    fn the_closing_point_and_repeated_points_go() {
        let cleaned = ring(&[A, B, B, C, A]).unwrap();
        assert_eq!(cleaned.points, [A, B, C]);
        assert_eq!(cleaned.mended.repeated, 1);
        assert!(!cleaned.mended.open);
    }

    #[test]
    fn an_open_ring_is_taken_as_closed_and_says_so() {
        let cleaned = ring(&[A, B, C]).unwrap();
        assert_eq!(cleaned.points, [A, B, C]);
        assert!(cleaned.mended.open);
    }

    #[test]
    fn a_line_to_and_fro_is_no_ring() {
        assert_eq!(ring(&[A, B, A, B, A]), Err(BadRing::Short(2)));
        assert_eq!(ring(&[A, A]), Err(BadRing::Short(1)));
        assert_eq!(ring(&[]), Err(BadRing::Short(0)));
    }

    #[test]
    fn numbers_are_read_in_every_form_and_a_word_that_is_none_is_named() {
        let mut numbers = Vec::new();
        parse_numbers(b"\n 1.5\t-2 3e2\r\n+4.", &mut numbers).unwrap();
        assert_eq!(numbers, [1.5, -2.0, 300.0, 4.0]);
        assert_eq!(parse_numbers(b"1 12,5", &mut numbers), Err("12,5".to_owned()));
        assert_eq!(parse_numbers(b"1 nan", &mut numbers), Err("nan".to_owned()));
        assert_eq!(parse_numbers(b"1e999", &mut numbers), Err("1e999".to_owned()));
    }
}
