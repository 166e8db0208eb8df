//! The objects of a box, tile by tile.
//!
//! Of the tiles nothing is kept but what belongs to the box, so that memory holds the answer and one tile.

use crate::area::{Area, Plane, lon_lat_bounds};
use crate::block::{Paint, block};
use crate::frames::{City, Local};
use crate::ground::{Corner, cut, inside};
use crate::object::{Object, Shape, Vertex, properties};
use crate::{Error, Lod, Objects, Progress, Request, level};
use glam::{DMat4, DVec3};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use store::{Coding, Collection, FeatureRow, Leaf};
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::geodesy::{Enu, Geodetic};
use tiles::mesh::TileContent;
use tiles::surface::Surface;
use tiles::tileset::LayerInfo;

/// Farther from the origin a coordinate of 32 bits is worse than 4 mm.
const FARTHEST: f64 = 50_000.0;

/// What lies in the box.
pub(crate) struct Gathered {
    /// Longitude and latitude in degrees and ellipsoidal height of the file's zero.
    pub(crate) origin: [f64; 3],
    /// In drawing order; none is empty.
    pub(crate) layers: Vec<Layer>,
}

/// The objects of one layer, by id.
pub(crate) struct Layer {
    pub(crate) name: String,
    pub(crate) objects: BTreeMap<String, Object>,
}

impl Gathered {
    pub(crate) fn triangles(&self) -> usize {
        let objects = self.layers.iter().flat_map(|layer| layer.objects.values());
        objects.map(|object| object.shape.triangles()).sum()
    }
}

/// Gathers what the request asks for.
pub(crate) fn gather(collection: &Collection, request: &Request) -> Result<Gathered, Error> {
    let area = checked_area(collection, request)?;
    let layers = chosen(collection, request.layers.as_deref())?;
    let city = City::new(collection);
    let empty = || Error::Empty { bbox: request.bbox };
    let origin = match request.origin {
        Some(origin) => checked(origin, &area, &city)?,
        None => level::middle_on_ground(collection, &city, &area)?.ok_or_else(empty)?,
    };
    let mut gather = Gather {
        collection,
        request,
        area,
        plane: area.in_frame(&city.frame),
        city,
        local: Local::new(origin, &city),
        bytes: 0,
        progress: Progress { tiles: 0, total: 0 },
    };
    let layers = gather.layers(&layers)?;
    if layers.is_empty() {
        Err(empty())
    } else {
        Ok(Gathered { origin, layers })
    }
}

/// The box, which must not be larger than its limit nor lie outside the city.
pub(crate) fn checked_area(collection: &Collection, request: &Request) -> Result<Area, Error> {
    let area = Area::new(request.bbox)?;
    let km2 = area.km2();
    if km2 > request.limits.area_km2 {
        return Err(Error::TooLarge {
            area_km2: km2,
            limit_km2: request.limits.area_km2,
        });
    }
    match collection.manifest().extent {
        Some([west, south, _, east, north, _]) if !area.meets([west, south, east, north]) => Err(Error::OutsideCity {
            bbox: request.bbox,
            city: [west, south, east, north],
        }),
        _ => Ok(area),
    }
}

/// The layers to read, in drawing order.
pub(crate) fn chosen<'a>(collection: &'a Collection, wanted: Option<&[String]>) -> Result<Vec<&'a LayerInfo>, Error> {
    let layers = &collection.pointer().layers;
    let known = |name: &String| layers.iter().any(|layer| layer.name == *name);
    if let Some(layer) = wanted.unwrap_or_default().iter().find(|name| !known(name)) {
        return Err(Error::Layer {
            layer: layer.clone(),
            known: layers.iter().map(|layer| layer.name.clone()).collect(),
        });
    }
    let is_wanted = |layer: &&LayerInfo| wanted.is_none_or(|wanted| wanted.contains(&layer.name));
    Ok(layers.iter().filter(is_wanted).collect())
}

/// An origin that is a place near the box.
pub(crate) fn checked(origin: [f64; 3], area: &Area, city: &City) -> Result<[f64; 3], Error> {
    let wrong = |reason: String| Err(Error::Origin { origin, reason });
    let [lon, lat, height] = origin;
    if origin.iter().any(|number| !number.is_finite()) {
        return wrong("a number is missing".to_owned());
    }
    if lon.abs() > 180.0 || lat.abs() > 90.0 {
        return wrong("give longitude, latitude and ellipsoidal height; longitude comes first".to_owned());
    }
    let [middle_lon, middle_lat] = area.middle();
    let middle = Geodetic::from_degrees(middle_lon, middle_lat, city.frame.origin().height).to_ecef();
    let distance = (Geodetic::from_degrees(lon, lat, height).to_ecef().0 - middle.0).length();
    if distance > FARTHEST {
        return wrong(format!(
            "it lies {:.0} km from the box; at most {:.0} km are allowed, because coordinates of 32 bits are not fine enough beyond",
            distance / 1e3,
            FARTHEST / 1e3
        ));
    }
    Ok(origin)
}

/// A leaf's content.
pub(crate) fn read(collection: &Collection, leaf: &Leaf) -> Result<TileContent, Error> {
    let glb = collection.read(&leaf.name, Coding::Identity)?;
    tiles::glb::decode(&glb).map_err(|source| Error::Tile {
        name: leaf.name.clone(),
        source,
    })
}

/// The triangles of one feature in one tile.
struct Piece<'a> {
    content: &'a TileContent,
    /// From the tile's frame to the file's.
    to_file: DMat4,
    row: u16,
    triangles: Vec<[u32; 3]>,
}

impl Piece<'_> {
    fn feature(&self) -> &Feature {
        &self.content.features[usize::from(self.row)]
    }

    /// A vertex in the tile's frame.
    fn position(&self, vertex: u32) -> DVec3 {
        let mesh = &self.content.mesh;
        mesh.origin + DVec3::from(mesh.positions[vertex as usize].map(f64::from))
    }

    fn vertex(&self, vertex: u32) -> Vertex {
        let mesh = &self.content.mesh;
        let normal = DVec3::from(mesh.normals[vertex as usize].map(f64::from));
        Vertex {
            position: self.to_file.transform_point3(self.position(vertex)),
            normal: self.to_file.transform_vector3(normal),
            color: mesh.colors[vertex as usize],
        }
    }

    fn surface(&self, triangle: &[u32; 3]) -> Surface {
        Surface::from_number(self.content.mesh.surfaces[triangle[0] as usize])
    }

    fn points(&self) -> impl Iterator<Item = DVec3> {
        self.triangles.iter().flatten().map(|vertex| self.position(*vertex))
    }
}

/// The content by feature; features without triangles are left out.
fn pieces<'a>(content: &'a TileContent, to_file: &DMat4) -> Vec<Piece<'a>> {
    let mut triangles = vec![Vec::new(); content.features.len()];
    for corners in content.mesh.indices.as_chunks::<3>().0 {
        let row = content.mesh.feature_ids[corners[0] as usize];
        triangles[usize::from(row)].push(*corners);
    }
    let rows = triangles
        .into_iter()
        .zip(0..)
        .filter(|(triangles, _)| !triangles.is_empty());
    rows.map(|(triangles, row)| Piece {
        content,
        to_file: *to_file,
        row,
        triangles,
    })
    .collect()
}

/// Whether features of this class and layer are ground, which may be cut.
fn is_ground(layer: &str, kind: &str) -> bool {
    matches!(layer, "terrain" | "water" | "roads") || layer == "green" && kind != "SolitaryVegetationObject"
}

struct Gather<'a> {
    collection: &'a Collection,
    request: &'a Request,
    area: Area,
    plane: Plane,
    city: City,
    local: Local,
    /// Of all shapes so far.
    bytes: u64,
    progress: Progress,
}

/// What is known of one layer so far.
struct Found<'a> {
    layer: &'a LayerInfo,
    objects: BTreeMap<String, Object>,
    /// Objects that are spread over several leaves.
    spread: BTreeMap<String, FeatureRow>,
}

impl Gather<'_> {
    fn layers(&mut self, layers: &[&LayerInfo]) -> Result<Vec<Layer>, Error> {
        let mut found = Vec::new();
        for layer in layers {
            let leaves = self.collection.leaves(layer, |volume| self.plane.meets(volume))?;
            self.progress.total += leaves.len() as u64;
            found.push((*layer, leaves));
        }
        let mut gathered = Vec::new();
        for (layer, leaves) in found {
            let objects = self.layer(layer, &leaves)?;
            if !objects.is_empty() {
                gathered.push(Layer {
                    name: layer.name.clone(),
                    objects,
                });
            }
        }
        Ok(gathered)
    }

    fn layer(&mut self, layer: &LayerInfo, leaves: &[Leaf]) -> Result<BTreeMap<String, Object>, Error> {
        let mut found = Found {
            layer,
            objects: BTreeMap::new(),
            spread: BTreeMap::new(),
        };
        for leaf in leaves {
            let content = read(self.collection, leaf)?;
            for piece in pieces(&content, &self.local.of_tile(&leaf.transform)) {
                if is_ground(&layer.name, &piece.feature().kind) {
                    self.ground(&mut found, &piece)?;
                } else {
                    self.whole(&mut found, leaf, piece)?;
                }
            }
            self.step()?;
        }
        for (id, row) in std::mem::take(&mut found.spread) {
            if let Some(object) = self.spread(layer, &row)? {
                found.objects.insert(id, object);
            }
        }
        Ok(found.objects)
    }

    fn step(&mut self) -> Result<(), Error> {
        self.progress.tiles += 1;
        match &self.request.progress {
            Some(tell) if tell(self.progress) == ControlFlow::Break(()) => Err(Error::Stopped),
            _ => Ok(()),
        }
    }

    fn count(&mut self, bytes: u64) -> Result<(), Error> {
        self.bytes += bytes;
        let limit = self.request.limits.bytes;
        if self.bytes > limit {
            Err(Error::TooManyBytes { limit })
        } else {
            Ok(())
        }
    }

    /// Adds the part of a piece of ground that lies in the area.
    fn ground(&mut self, found: &mut Found<'_>, piece: &Piece<'_>) -> Result<(), Error> {
        let feature = piece.feature();
        let mut fresh = Shape::default();
        let known = found.objects.get_mut(&feature.id);
        let is_new = known.is_none();
        let shape = known.map_or(&mut fresh, |object| &mut object.shape);
        let before = shape.bytes();
        self.cut_into(shape, piece);
        let added = shape.bytes() - before;
        if is_new && fresh.triangles() > 0 {
            let row = self.collection.feature(&feature.id)?;
            let properties = properties(&found.layer.name, feature, row.as_ref());
            found.objects.insert(feature.id.clone(), Object::new(properties, fresh));
        }
        self.count(added)
    }

    fn cut_into(&self, shape: &mut Shape, piece: &Piece<'_>) {
        let mut corners: HashMap<u32, Corner> = HashMap::new();
        let mut placed: HashMap<u32, u32> = HashMap::new();
        for triangle in &piece.triangles {
            let surface = piece.surface(triangle);
            let triangle_corners =
                triangle.map(|vertex| *corners.entry(vertex).or_insert_with(|| self.corner(piece, vertex)));
            if inside(&triangle_corners, &self.area) {
                let mut number = 0;
                let numbers = triangle.map(|vertex| {
                    let corner = &triangle_corners[number];
                    number += 1;
                    *placed.entry(vertex).or_insert_with(|| shape.vertex(&corner.vertex))
                });
                shape.triangle(numbers, surface);
                continue;
            }
            let polygon = cut(&triangle_corners, &self.area);
            if polygon.len() < 3 {
                continue;
            }
            let numbers: Vec<u32> = polygon.iter().map(|corner| shape.vertex(&corner.vertex)).collect();
            for pair in numbers[1..].windows(2) {
                shape.triangle([numbers[0], pair[0], pair[1]], surface);
            }
        }
    }

    fn corner(&self, piece: &Piece<'_>, vertex: u32) -> Corner {
        let place = piece.vertex(vertex);
        let [lon, lat, _] = self.local.degrees(place.position);
        Corner {
            degrees: [lon, lat],
            vertex: place,
        }
    }

    /// Adds an object if it belongs to the area.
    fn whole(&mut self, found: &mut Found<'_>, leaf: &Leaf, piece: Piece<'_>) -> Result<(), Error> {
        let id = &piece.feature().id;
        if found.objects.contains_key(id) || found.spread.contains_key(id) || !self.holds(leaf, &piece) {
            return Ok(());
        }
        let row = self.collection.feature(id)?;
        if let Some(row) = &row
            && let Some(first) = first_of_several(row)
        {
            // Its middle is that of its part in the first of its leaves: whoever holds the middle reads that leaf.
            if self.request.objects == Objects::Touching || first == leaf.name {
                found.spread.insert(id.clone(), row.clone());
            }
            return Ok(());
        }
        let id = id.clone();
        let object = self.object(&found.layer.name, row.as_ref(), &[piece])?;
        found.objects.insert(id, object);
        Ok(())
    }

    /// Whether an object belongs to the area by what a leaf holds of it.
    fn holds(&self, leaf: &Leaf, piece: &Piece<'_>) -> bool {
        let points = piece.points().map(|point| leaf.transform.transform_point3(point));
        let bounds = Aabb::from_points(points);
        let degrees = |enu: Enu| self.city.degrees(enu);
        match self.request.objects {
            Objects::Centred => {
                let [lon, lat, _] = degrees(Enu(bounds.center()));
                self.area.holds(lon, lat)
            }
            Objects::Touching => self.area.meets(lon_lat_bounds(&bounds, degrees)),
        }
    }

    /// An object that is spread over several leaves, of which some may lie outside the area.
    fn spread(&mut self, layer: &LayerInfo, row: &FeatureRow) -> Result<Option<Object>, Error> {
        let Some([west, south, _, east, north, _]) = row.bbox else {
            return Ok(None);
        };
        let around = Area {
            west,
            south,
            east,
            north,
        }
        .in_frame(&self.city.frame);
        let mut leaves = self.collection.leaves(layer, |volume| around.meets(volume))?;
        leaves.retain(|leaf| row.tiles.iter().any(|tile| tile.level == 0 && tile.file == leaf.name));
        leaves.sort_by(|a, b| a.name.cmp(&b.name));
        let contents: Vec<TileContent> = leaves
            .iter()
            .map(|leaf| read(self.collection, leaf))
            .collect::<Result<_, _>>()?;
        let own = leaves.iter().zip(&contents).flat_map(|(leaf, content)| {
            let all = pieces(content, &self.local.of_tile(&leaf.transform));
            all.into_iter().filter(|piece| piece.feature().id == row.id)
        });
        let own: Vec<Piece<'_>> = own.collect();
        if own.is_empty() {
            return Ok(None);
        }
        self.object(&layer.name, Some(row), &own).map(Some)
    }

    /// An object of all its pieces, at the level of detail that is asked for.
    fn object(&mut self, layer: &str, row: Option<&FeatureRow>, pieces: &[Piece<'_>]) -> Result<Object, Error> {
        let feature = pieces[0].feature();
        let properties = properties(layer, feature, row);
        let is_building = matches!(feature.kind.as_str(), "Building" | "BuildingPart");
        let block = match row {
            Some(row) if self.request.lod == Lod::One && is_building => self.block(row, pieces)?,
            _ => None,
        };
        let mut object = Object::new(properties, Shape::default());
        if let Some(shape) = block {
            object.lod = 1;
            object.shape = shape;
        } else {
            object.shape = model(pieces);
        }
        self.count(object.shape.bytes())?;
        Ok(object)
    }

    fn block(&self, row: &FeatureRow, pieces: &[Piece<'_>]) -> Result<Option<Shape>, Error> {
        let mut paint = Paint::default();
        for piece in pieces {
            paint.add(&piece.content.mesh, &piece.triangles);
        }
        let mut parts = Vec::new();
        for id in self.collection.parts(&row.id)? {
            parts.extend(self.collection.feature(&id)?.filter(|part| part.kind.ends_with("Part")));
        }
        Ok(block(row, &parts, &paint, &self.local))
    }
}

/// The first of the leaves of a feature by name, if it has several.
fn first_of_several(row: &FeatureRow) -> Option<&str> {
    let leaves = || row.tiles.iter().filter(|tile| tile.level == 0);
    leaves().nth(1)?;
    leaves().map(|tile| tile.file.as_str()).min()
}

/// The full model, as the tiles hold it.
fn model(pieces: &[Piece<'_>]) -> Shape {
    let points = pieces
        .iter()
        .flat_map(|piece| piece.points().map(|point| piece.to_file.transform_point3(point)));
    let mut shape = Shape::about(points);
    for piece in pieces {
        let mut placed: HashMap<u32, u32> = HashMap::new();
        for triangle in &piece.triangles {
            let numbers = triangle.map(|vertex| {
                *placed
                    .entry(vertex)
                    .or_insert_with(|| shape.vertex(&piece.vertex(vertex)))
            });
            shape.triangle(numbers, piece.surface(triangle));
        }
    }
    shape
}
