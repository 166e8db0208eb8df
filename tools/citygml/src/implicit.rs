//! Implicit geometries: one tree drawn six hundred times.
//!
//! A prototype in coordinates of its own, a 4 x 4 matrix and a point where its origin stands: p' = M p + reference point
//! (CityGML 2.0, 8.3). The prototype is written in the first object that uses it; the others link to it.

use crate::cursor::{Cursor, Stop};
use crate::geometry::{GeometryReader, Root};
use crate::ring::parse_numbers;

/// Where a prototype stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Placement {
    /// Row by row.
    matrix: [f64; 16],
    point: [f64; 3],
}

impl Placement {
    /// Moves a point of the prototype into the city.
    pub(crate) fn apply(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = self.matrix;
        let [east, north, up] = self.point;
        [
            a * x + b * y + c * z + d + east,
            e * x + f * y + g * z + h + north,
            i * x + j * y + k * z + l + up,
        ]
    }

    /// Whether it turns left into right, and with that the outside of faces into the inside.
    pub(crate) fn mirrors(&self) -> bool {
        let [a, b, c, _, e, f, g, _, i, j, k, ..] = self.matrix;
        a * (f * k - g * j) - b * (e * k - g * i) + c * (e * j - f * i) < 0.0
    }
}

/// An implicit geometry that can be drawn.
#[derive(Debug)]
pub(crate) struct Implicit {
    pub(crate) root: Root,
    pub(crate) placement: Placement,
}

/// What has been read of one.
#[derive(Default)]
struct Parts {
    matrix: Option<Vec<f64>>,
    point: Option<Vec<f64>>,
    prototype: Option<Root>,
    srs_name: Option<String>,
    library: Option<String>,
}

/// Reads the property that holds an implicit geometry.
pub(crate) fn read(
    cursor: &mut Cursor,
    geometry: &mut GeometryReader<'_>,
    object: &str,
) -> Result<Option<Implicit>, Stop> {
    let mut implicit = None;
    while cursor.child()? {
        let line = cursor.line();
        let parts = parts(cursor, geometry)?;
        implicit = assemble(parts, geometry, line, object).or(implicit);
    }
    Ok(implicit)
}

fn parts(cursor: &mut Cursor, geometry: &mut GeometryReader<'_>) -> Result<Parts, Stop> {
    let mut parts = Parts::default();
    while cursor.child()? {
        match cursor.local() {
            b"transformationMatrix" => parts.matrix = Some(numbers(cursor.text()?)),
            b"relativeGMLGeometry" | b"relativeGeometry" => parts.prototype = geometry.property(cursor)?,
            b"referencePoint" => point(cursor, &mut parts)?,
            b"libraryObject" => parts.library = Some(cursor.text()?.to_owned()),
            _ => cursor.skip()?,
        }
    }
    Ok(parts)
}

fn point(cursor: &mut Cursor, parts: &mut Parts) -> Result<(), Stop> {
    while cursor.child()? {
        parts.srs_name = cursor.srs_name().or(parts.srs_name.take());
        while cursor.child()? {
            let text = cursor.text()?;
            parts.point = Some(if text.contains(',') {
                numbers(&text.replace(',', " "))
            } else {
                numbers(text)
            });
        }
    }
    Ok(())
}

/// A text that is not all numbers gives none, and that is then the wrong number of them.
fn numbers(text: &str) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(16);
    match parse_numbers(text.as_bytes(), &mut numbers) {
        Ok(()) => numbers,
        Err(_) => Vec::new(),
    }
}

fn assemble(parts: Parts, geometry: &GeometryReader<'_>, line: u64, object: &str) -> Option<Implicit> {
    let warn = |code, message: &str, advice| {
        geometry.findings.warn(code, line, Some(object), message, advice);
        None
    };
    let Some(mut root) = parts.prototype else {
        return match parts.library {
            Some(uri) => warn(
                "implicit-library-object",
                &format!("the shape is in another file ({uri}), which is not read; it was left out."),
                "Export with the shape in the file (relativeGMLGeometry).",
            ),
            None => warn(
                "implicit-without-shape",
                "an implicit geometry has no shape; it was left out.",
                "Export the object again.",
            ),
        };
    };
    let matrix = parts.matrix.unwrap_or_else(|| IDENTITY.to_vec());
    let (Ok(matrix), Some(Ok(point))) = (matrix.try_into(), parts.point.map(TryInto::try_into)) else {
        return warn(
            "implicit-without-place",
            "an implicit geometry needs a matrix of 16 numbers and a reference point of 3; it was left out.",
            "Mend transformationMatrix or referencePoint in the source.",
        );
    };
    // The prototype's own system is not that of the city.
    root.srs_name = parts.srs_name;
    Some(Implicit {
        root,
        placement: Placement { matrix, point },
    })
}

const IDENTITY: [f64; 16] = [
    1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_row_major_and_the_reference_point_is_added() {
        // A quarter turn to the left, twice as high, one metre east.
        let placement = Placement {
            matrix: [
                0.0, -1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 1.0,
            ],
            point: [100.0, 200.0, 4.0],
        };
        assert_eq!(placement.apply([3.0, 0.0, 5.0]), [101.0, 203.0, 14.0]);
        assert!(!placement.mirrors());
    }

    #[test]
    fn a_mirror_is_known() {
        let mut matrix = IDENTITY;
        matrix[0] = -1.0;
        let placement = Placement {
            matrix,
            point: [0.0; 3],
        };
        assert!(placement.mirrors());
    }
}
