//! Which vertex attribute lies in which buffer view, and how it is stored there.
//!
//! What counts is what goes over the wire, after brotli, then what lies on the disk. Measured over the sample
//! (`cargo xtask bench encoding`), positions and normals want one of two forms:
//!
//! * Buildings repeat **coordinates**: top and bottom of a wall share two of three, the faces at a corner all three. As
//!   they are, brotli finds those repetitions over thousands of vertices, and up to a third of them is saved. meshopt's
//!   codec hides them, because it stores differences bit by bit.
//! * Trees, lamps and ground repeat **differences** or nothing at all. There meshopt's codec is smaller before brotli and
//!   after.
//!
//! [`repeats_coordinates`] tells the two apart. All else is constant over long runs and is cheapest as one interleaved
//! view through meshopt's codec: each view costs some 200 bytes of JSON, which is much in a tile of 32 KB.

use super::json;
use super::meshopt::Codec;
use super::pack::{self, Packed, Vertex};
use super::{Encoding, color};

/// How the elements of an accessor are to be read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// `componentType`
    pub(super) component_type: u16,
    pub(super) normalized: bool,
    /// `type`
    pub(super) shape: &'static str,
}

/// One attribute of all vertices.
pub(super) struct Attribute {
    /// Its name in the primitive.
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// Bytes of one vertex, with what pads them to a multiple of four.
    pub(super) width: usize,
    /// Bytes of one vertex that mean something.
    size: usize,
    bytes: Vec<u8>,
}

/// Attributes that share a buffer view, interleaved.
pub(super) struct Group {
    pub(super) attributes: Vec<Attribute>,
    /// How the view is compressed, if it is.
    pub(super) codec: Option<Codec>,
}

impl Group {
    fn of(attributes: Vec<Attribute>, codec: Option<Codec>) -> Self {
        Self { attributes, codec }
    }

    /// Bytes from vertex to vertex.
    pub(super) fn stride(&self) -> usize {
        self.attributes.iter().map(|attribute| attribute.width).sum()
    }

    /// Whether there is one attribute without padding, whose stride goes without saying.
    pub(super) fn is_tight(&self) -> bool {
        matches!(&self.attributes[..], [only] if only.size == only.width)
    }

    /// The view's bytes.
    pub(super) fn interleaved(&self) -> Vec<u8> {
        let vertices = self
            .attributes
            .first()
            .map_or(0, |first| first.bytes.len() / first.width);
        let mut bytes = Vec::with_capacity(vertices * self.stride());
        for vertex in 0..vertices {
            for attribute in &self.attributes {
                bytes.extend_from_slice(&attribute.bytes[vertex * attribute.width..][..attribute.width]);
            }
        }
        bytes
    }
}

/// The views of all vertex attributes.
pub(super) fn groups(packed: &Packed, encoding: Encoding) -> Vec<Group> {
    let alone = |attribute| Group::of(vec![attribute], None);
    let rest = [colors(packed), features(packed), surfaces(packed)];
    match encoding {
        Encoding::Plain => {
            let first = [float_positions(packed), float_normals(packed)];
            first.into_iter().chain(rest).map(alone).collect()
        }
        Encoding::Compact if repeats_coordinates(packed) => {
            let rest = Group::of(rest.into(), Some(Codec::Attributes));
            vec![alone(float_positions(packed)), alone(byte_normals(packed)), rest]
        }
        Encoding::Compact => {
            let positions = Group::of(vec![exponential_positions(packed)], Some(Codec::Exponential));
            let rest = std::iter::once(byte_normals(packed)).chain(rest).collect();
            vec![positions, Group::of(rest, Some(Codec::Attributes))]
        }
    }
}

/// Whether coordinates repeat more than the differences between one vertex and the next. Counted in runs of vertices, some
/// buildings long: over a whole large tile every difference occurs twice somewhere, which does not help. In such runs of the
/// sample and of the synthetic city, leaves of buildings have 1.3 to 2.5 times as many different differences as
/// coordinates, everything else 0.2 to 1.1 times.
fn repeats_coordinates(packed: &Packed) -> bool {
    const RUN: usize = 1024;
    let (mut coordinates, mut differences) = (0, 0);
    for run in packed.vertices.chunks(RUN) {
        for axis in 0..3 {
            let values: Vec<i32> = run.iter().map(|vertex| vertex.position[axis]).collect();
            differences += different(values.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect());
            coordinates += different(values);
        }
    }
    differences * 5 > coordinates * 6
}

/// How many different numbers there are.
fn different(mut numbers: Vec<i32>) -> usize {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

fn float_positions(packed: &Packed) -> Attribute {
    attribute("POSITION", FLOATS, packed, |v| float_bytes(packed.metres(v.position)))
}

/// Positions as meshopt's exponential filter takes them.
fn exponential_positions(packed: &Packed) -> Attribute {
    let exponent = (packed.exponent as u32) << 24;
    attribute("POSITION", FLOATS, packed, |v| {
        word_bytes(v.position.map(|whole| exponent | (whole as u32 & 0x00FF_FFFF)))
    })
}

fn float_normals(packed: &Packed) -> Attribute {
    attribute("NORMAL", FLOATS, packed, |v| {
        float_bytes(pack::unit(v.normal.map(f64::from)))
    })
}

fn byte_normals(packed: &Packed) -> Attribute {
    let form = Form {
        component_type: json::BYTE,
        normalized: true,
        shape: "VEC3",
    };
    let padded = attribute("NORMAL", form, packed, |v| {
        let [x, y, z] = v.normal.map(i8::cast_unsigned);
        [x, y, z, 0]
    });
    Attribute { size: 3, ..padded }
}

fn colors(packed: &Packed) -> Attribute {
    let form = Form {
        component_type: json::UNSIGNED_SHORT,
        normalized: true,
        shape: "VEC4",
    };
    attribute("COLOR_0", form, packed, |v| {
        bytemuck::cast::<[u16; 4], [u8; 8]>(color::to_linear(v.color).map(u16::to_le))
    })
}

fn features(packed: &Packed) -> Attribute {
    let form = Form {
        component_type: json::UNSIGNED_SHORT,
        normalized: false,
        shape: "SCALAR",
    };
    let padded = attribute("_FEATURE_ID_0", form, packed, |v| {
        let [low, high] = (v.feature as u16).to_le_bytes();
        [low, high, 0, 0]
    });
    Attribute { size: 2, ..padded }
}

fn surfaces(packed: &Packed) -> Attribute {
    let form = Form {
        component_type: json::UNSIGNED_BYTE,
        normalized: false,
        shape: "SCALAR",
    };
    let padded = attribute("_FEATURE_ID_1", form, packed, |v| [v.surface, 0, 0, 0]);
    Attribute { size: 1, ..padded }
}

const FLOATS: Form = Form {
    component_type: json::FLOAT,
    normalized: false,
    shape: "VEC3",
};

fn attribute<const N: usize>(
    name: &'static str,
    form: Form,
    packed: &Packed,
    element: impl Fn(&Vertex) -> [u8; N],
) -> Attribute {
    let elements: Vec<[u8; N]> = packed.vertices.iter().map(element).collect();
    Attribute {
        name,
        form,
        width: N,
        size: N,
        bytes: elements.into_flattened(),
    }
}

fn float_bytes(floats: [f32; 3]) -> [u8; 12] {
    word_bytes(floats.map(f32::to_bits))
}

fn word_bytes(words: [u32; 3]) -> [u8; 12] {
    bytemuck::cast(words.map(u32::to_le))
}
