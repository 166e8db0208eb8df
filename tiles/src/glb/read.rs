//! Reading a tile.
//!
//! The bytes may come from anywhere: every number is checked before it is used, and what is decompressed is counted
//! before it is allocated.

use super::json::{self, Accessor, Gltf, MeshFeatures, Node, Primitive};
use super::{Error, MAX_DECOMPRESSED, MAX_VERTICES, color, container, meshopt, metadata, pack};
use crate::mesh::{Mesh, TileContent};
use crate::surface::Surface;
use glam::DVec3;
use std::borrow::Cow;
use std::collections::BTreeMap;

const KNOWN_EXTENSIONS: [&str; 4] = [
    json::MESHOPT,
    json::QUANTIZATION,
    json::MESH_FEATURES,
    json::STRUCTURAL_METADATA,
];

/// A tile as read, with what is not in its content.
pub(super) struct Tile {
    pub(super) content: TileContent,
    /// Where the metadata schema is.
    pub(super) schema_uri: String,
    /// Whether reading it took an extension.
    pub(super) plain: bool,
}

/// Reads a tile.
pub(super) fn read(glb: &[u8]) -> Result<Tile, Error> {
    let reader = Reader::open(glb)?;
    let metadata = reader
        .gltf
        .extensions
        .structural_metadata
        .as_ref()
        .ok_or_else(|| Error::Unsupported("no EXT_structural_metadata".to_owned()))?;
    let table = |class| {
        let number = metadata.property_tables.iter().position(|table| table.class == class);
        number.ok_or_else(|| Error::Unsupported(format!("no property table of class {class}")))
    };
    let tables = [table(metadata::FEATURE)?, table(metadata::SURFACE)?];
    let features = metadata::read(&metadata.property_tables[tables[0]], &reader)?;
    let mesh = reader.mesh(tables)?;
    if let Some(id) = mesh.feature_ids.iter().find(|&&id| usize::from(id) >= features.len()) {
        return Err(Error::Invalid(format!(
            "feature id {id} of {} features",
            features.len()
        )));
    }
    Ok(Tile {
        content: TileContent {
            mesh,
            features,
            copyright: reader.gltf.asset.copyright.clone().unwrap_or_default(),
        },
        schema_uri: metadata.schema_uri.clone().unwrap_or_default(),
        plain: reader.gltf.extensions_required.is_empty(),
    })
}

/// A glTF with its buffer views at hand.
pub(super) struct Reader<'a> {
    gltf: Gltf,
    views: Vec<Cow<'a, [u8]>>,
}

impl<'a> Reader<'a> {
    fn open(glb: &'a [u8]) -> Result<Self, Error> {
        let chunks = container::split(glb)?;
        let gltf: Gltf = serde_json::from_slice(chunks.json).map_err(|error| Error::Invalid(error.to_string()))?;
        if !gltf.asset.version.starts_with("2.") {
            return Err(Error::Unsupported(format!("glTF version {:?}", gltf.asset.version)));
        }
        let unknown = |name: &&String| !KNOWN_EXTENSIONS.contains(&name.as_str());
        if let Some(name) = gltf.extensions_required.iter().find(unknown) {
            return Err(Error::Unsupported(format!("the extension {name}")));
        }
        let mut budget = MAX_DECOMPRESSED;
        let views = (0..gltf.buffer_views.len())
            .map(|number| view(&gltf, number, chunks.bin, &mut budget))
            .collect::<Result<_, Error>>()?;
        Ok(Self { gltf, views })
    }

    /// The bytes of a buffer view, decompressed.
    pub(super) fn view(&self, number: usize) -> Result<&[u8], Error> {
        self.views
            .get(number)
            .map(AsRef::as_ref)
            .ok_or_else(|| Error::Invalid(format!("there is no buffer view {number}")))
    }

    /// The triangles of all primitives in one mesh. `tables` are the numbers of the feature and the surface table.
    fn mesh(&self, tables: [usize; 2]) -> Result<Mesh, Error> {
        let (node, primitives) = self.only_mesh()?;
        let [x, y, z] = node.translation.unwrap_or_default();
        let mut mesh = Mesh {
            origin: DVec3::new(x + 0.0, -z + 0.0, y + 0.0),
            ..Mesh::default()
        };
        // Our opaque and translucent primitives share their vertices.
        let mut read: Option<(&BTreeMap<String, usize>, u32)> = None;
        for primitive in primitives {
            if primitive.mode.unwrap_or(4) != 4 {
                return Err(Error::Unsupported("primitives other than triangles".to_owned()));
            }
            let first = match read {
                Some((attributes, first)) if *attributes == primitive.attributes => first,
                _ => self.vertices(primitive, tables, &mut mesh)?,
            };
            read = Some((&primitive.attributes, first));
            self.triangles(primitive, first, &mut mesh)?;
        }
        Ok(mesh)
    }

    /// The one node with a mesh, moved by nothing but a translation.
    fn only_mesh(&self) -> Result<(&Node, &[Primitive]), Error> {
        let unsupported = |what: &str| Error::Unsupported(what.to_owned());
        let mut nodes = self.gltf.nodes.iter().filter(|node| node.mesh.is_some());
        let node = nodes.next().ok_or_else(|| unsupported("no mesh"))?;
        if nodes.next().is_some() {
            return Err(unsupported("several nodes with a mesh"));
        }
        if self.gltf.nodes.iter().any(|node| !node.children.is_empty()) {
            return Err(unsupported("nodes in nodes"));
        }
        if node.rotation.is_some() || node.scale.is_some() || node.matrix.is_some() {
            return Err(unsupported("a node with more than a translation"));
        }
        let mesh = node.mesh.and_then(|number| self.gltf.meshes.get(number));
        let mesh = mesh.ok_or_else(|| Error::Invalid("the node's mesh is not there".to_owned()))?;
        Ok((node, &mesh.primitives))
    }

    /// Appends the vertices of a primitive; answers the number of the first.
    fn vertices(&self, primitive: &Primitive, tables: [usize; 2], mesh: &mut Mesh) -> Result<u32, Error> {
        let first = mesh.positions.len();
        let positions = self.attribute(primitive, "POSITION")?;
        let count = positions.count;
        if count > MAX_VERTICES - first {
            return Err(Error::TooLarge("vertices"));
        }
        if (positions.component, positions.components) != (json::FLOAT, 3) {
            return Err(Error::Unsupported("positions other than floats".to_owned()));
        }
        for position in positions.vectors::<3>() {
            if !position.iter().all(|c| c.is_finite()) {
                return Err(Error::Invalid("a position is not finite".to_owned()));
            }
            mesh.positions.push(pack::to_enu(position.map(|c| c as f32)));
        }
        self.normals(primitive, count, mesh)?;
        self.colors(primitive, count, mesh)?;
        for row in self.rows(primitive, tables[0], count)? {
            let id =
                u16::try_from(row).map_err(|_| Error::Invalid(format!("feature id {row} does not fit 16 bits")))?;
            mesh.feature_ids.push(id);
        }
        for row in self.rows(primitive, tables[1], count)? {
            // A surface of a later version is one that we know nothing of.
            let number = u8::try_from(row).unwrap_or_default();
            mesh.surfaces.push(Surface::from_number(number) as u8);
        }
        Ok(first as u32)
    }

    fn normals(&self, primitive: &Primitive, count: usize, mesh: &mut Mesh) -> Result<(), Error> {
        let normals = self.attribute(primitive, "NORMAL")?.of(count, 3)?;
        let whole = normals.component != json::FLOAT;
        // Neighbours mostly lie on one face and share its normal.
        let mut known = None;
        for normal in normals.vectors::<3>() {
            let enu = match known {
                Some((before, enu)) if before == normal => enu,
                _ if !normal.iter().all(|c| c.is_finite()) => {
                    return Err(Error::Invalid("a normal is not finite".to_owned()));
                }
                _ if whole => pack::to_enu(pack::unit(normal)),
                _ => pack::to_enu(normal.map(|c| c as f32)),
            };
            known = Some((normal, enu));
            mesh.normals.push(enu);
        }
        Ok(())
    }

    /// Reads `COLOR_0`; a mesh without it is white.
    fn colors(&self, primitive: &Primitive, count: usize, mesh: &mut Mesh) -> Result<(), Error> {
        if !primitive.attributes.contains_key("COLOR_0") {
            mesh.colors.resize(mesh.positions.len(), [255; 4]);
            return Ok(());
        }
        let colors = self.attribute(primitive, "COLOR_0")?.of(count, 3)?;
        let mut known = None;
        for color in colors.vectors::<4>() {
            let srgb = match known {
                Some((before, srgb)) if before == color => srgb,
                _ => {
                    let mut linear = color.map(|c| colors.in_16_bits(c));
                    if colors.components == 3 {
                        linear[3] = u16::MAX;
                    }
                    color::to_srgb(linear)
                }
            };
            known = Some((color, srgb));
            mesh.colors.push(srgb);
        }
        Ok(())
    }

    /// The row of each vertex in a property table.
    fn rows(&self, primitive: &Primitive, table: usize, count: usize) -> Result<impl Iterator<Item = u64>, Error> {
        let missing = || Error::Unsupported(format!("no feature ids of property table {table}"));
        let MeshFeatures { feature_ids } = primitive.extensions.mesh_features.as_ref().ok_or_else(missing)?;
        let attribute = feature_ids
            .iter()
            .find(|set| set.property_table == Some(table))
            .and_then(|set| set.attribute)
            .ok_or_else(missing)?;
        let ids = self.attribute(primitive, &format!("_FEATURE_ID_{attribute}"))?;
        let rows = ids.of(count, 1)?.vectors::<1>();
        Ok(rows.into_iter().map(|[row]| row as u64))
    }

    /// Appends the triangles of a primitive whose first vertex is number `first`.
    fn triangles(&self, primitive: &Primitive, first: u32, mesh: &mut Mesh) -> Result<(), Error> {
        let count = mesh.positions.len() - first as usize;
        let begin = mesh.indices.len();
        if let Some(accessor) = primitive.indices {
            let indices =
                self.accessor(accessor)?
                    .of_kind(&[json::UNSIGNED_BYTE, json::UNSIGNED_SHORT, json::UNSIGNED_INT])?;
            if indices.count > MAX_VERTICES * 3 - begin {
                return Err(Error::TooLarge("triangles"));
            }
            for [index] in indices.vectors::<1>() {
                let index = index as u32;
                if index as usize >= count {
                    return Err(Error::Invalid(format!("index {index} of {count} vertices")));
                }
                mesh.indices.push(first + index);
            }
        } else {
            if count > MAX_VERTICES * 3 - begin {
                return Err(Error::TooLarge("triangles"));
            }
            mesh.indices.extend((0..count as u32).map(|index| first + index));
        }
        if mesh.indices.len().is_multiple_of(3) {
            Ok(())
        } else {
            Err(Error::Invalid("the indices are not whole triangles".to_owned()))
        }
    }

    fn attribute(&self, primitive: &Primitive, name: &str) -> Result<Elements<'_>, Error> {
        let accessor = primitive
            .attributes
            .get(name)
            .ok_or_else(|| Error::Unsupported(format!("a primitive without {name}")))?;
        self.accessor(*accessor)
    }

    fn accessor(&self, number: usize) -> Result<Elements<'_>, Error> {
        let accessor = self
            .gltf
            .accessors
            .get(number)
            .ok_or_else(|| Error::Invalid(format!("there is no accessor {number}")))?;
        let (Some(view), None) = (accessor.buffer_view, &accessor.sparse) else {
            return Err(Error::Unsupported("sparse accessors".to_owned()));
        };
        let stride = self.gltf.buffer_views.get(view).and_then(|v| v.byte_stride);
        Elements::new(accessor, self.view(view)?, stride)
            .ok_or_else(|| Error::Invalid(format!("accessor {number} does not fit its buffer view")))
    }
}

/// The bytes of a buffer view, decompressed.
fn view<'a>(gltf: &Gltf, number: usize, bin: &'a [u8], budget: &mut usize) -> Result<Cow<'a, [u8]>, Error> {
    let view = &gltf.buffer_views[number];
    let slice = |buffer: usize, offset: usize, length: usize| {
        let uri = gltf.buffers.get(buffer).and_then(|b| b.uri.as_ref());
        if buffer != 0 || uri.is_some() {
            return Err(Error::Unsupported("buffers outside the file".to_owned()));
        }
        bin.get(offset..)
            .and_then(|rest| rest.get(..length))
            .ok_or_else(|| Error::Invalid(format!("buffer view {number} reaches beyond its buffer")))
    };
    match &view.extensions.meshopt {
        None => slice(view.buffer, view.byte_offset, view.byte_length).map(Cow::Borrowed),
        Some(packed) => {
            let stream = slice(packed.buffer, packed.byte_offset, packed.byte_length)?;
            meshopt::decompress(stream, packed, view.byte_length, budget).map(Cow::Owned)
        }
    }
}

/// The elements of an accessor, known to lie within their bytes.
struct Elements<'a> {
    bytes: &'a [u8],
    offset: usize,
    stride: usize,
    count: usize,
    /// `componentType`
    component: u16,
    components: usize,
    normalized: bool,
}

impl<'a> Elements<'a> {
    fn new(accessor: &Accessor, bytes: &'a [u8], stride: Option<usize>) -> Option<Self> {
        let width = match accessor.component_type {
            json::BYTE | json::UNSIGNED_BYTE => 1,
            json::SHORT | json::UNSIGNED_SHORT => 2,
            json::UNSIGNED_INT | json::FLOAT => 4,
            _ => return None,
        };
        let components = match accessor.shape.as_str() {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" => 4,
            _ => return None,
        };
        let size = width * components;
        let stride = stride.unwrap_or(size);
        let last = accessor.count.checked_sub(1)?.checked_mul(stride)?;
        let end = last.checked_add(accessor.byte_offset)?.checked_add(size)?;
        (stride >= size && end <= bytes.len()).then_some(Self {
            bytes,
            offset: accessor.byte_offset,
            stride,
            count: accessor.count,
            component: accessor.component_type,
            components,
            normalized: accessor.normalized,
        })
    }

    /// Refuses another count, or fewer components.
    fn of(self, count: usize, components: usize) -> Result<Self, Error> {
        if self.count == count && self.components >= components {
            Ok(self)
        } else {
            Err(Error::Invalid(
                "the attributes of a primitive do not fit each other".to_owned(),
            ))
        }
    }

    /// Refuses component types other than these.
    fn of_kind(self, component_types: &[u16]) -> Result<Self, Error> {
        if component_types.contains(&self.component) {
            Ok(self)
        } else {
            Err(Error::Invalid(format!(
                "component type {} where whole numbers belong",
                self.component
            )))
        }
    }

    /// The elements as they are stored, without normalisation; components that they lack are 0. Every type fits an `f64`
    /// exactly.
    fn vectors<const N: usize>(&self) -> Vec<[f64; N]> {
        match self.component {
            json::BYTE => self.collect(|byte| f64::from(i8::from_le_bytes(byte))),
            json::UNSIGNED_BYTE => self.collect(|byte| f64::from(u8::from_le_bytes(byte))),
            json::SHORT => self.collect(|bytes| f64::from(i16::from_le_bytes(bytes))),
            json::UNSIGNED_SHORT => self.collect(|bytes| f64::from(u16::from_le_bytes(bytes))),
            json::UNSIGNED_INT => self.collect(|bytes| f64::from(u32::from_le_bytes(bytes))),
            _ => self.collect(|bytes| f64::from(f32::from_le_bytes(bytes))),
        }
    }

    fn collect<const N: usize, const WIDTH: usize>(&self, number: impl Fn([u8; WIDTH]) -> f64) -> Vec<[f64; N]> {
        let bytes = self.bytes.get(self.offset..).unwrap_or_default();
        bytes
            .chunks(self.stride)
            .take(self.count)
            .map(|element| {
                let (words, _) = element.as_chunks::<WIDTH>();
                let mut vector = [0.0; N];
                for (slot, &word) in vector.iter_mut().zip(words.iter().take(self.components)) {
                    *slot = number(word);
                }
                vector
            })
            .collect()
    }

    /// A component of 0 to 1 in 16 bits.
    fn in_16_bits(&self, number: f64) -> u16 {
        match (self.component, self.normalized) {
            (json::UNSIGNED_BYTE, true) => number as u16 * 257,
            (json::UNSIGNED_SHORT, true) => number as u16,
            // `as` saturates, and makes 0 of what is not a number.
            _ => (number * 65535.0).round() as u16,
        }
    }
}
