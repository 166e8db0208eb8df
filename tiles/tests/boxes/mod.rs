//! A made-up quarter of box-shaped buildings: the content that tests and benchmarks write as tiles.

use glam::{DVec3, Vec3};
use tiles::feature::Feature;
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;

/// `count` boxes in rows of forty, 12 m apart, none like another; every seventh has a wall of glass.
pub(crate) fn city(count: u16) -> TileContent {
    let mut content = TileContent {
        mesh: Mesh {
            origin: DVec3::new(-812.25, 431.5, 17.125),
            ..Mesh::default()
        },
        features: Vec::new(),
        copyright: "City of Boxes, CC BY 4.0".to_owned(),
    };
    for row in 0..count {
        let number = f32::from(row);
        let least = Vec3::new(number % 40.0, (number / 40.0).floor(), 0.0) * 12.0 + Vec3::splat(number.sin());
        let size = Vec3::new(8.0, 7.0, 10.0) + 3.0 * Vec3::new(number.cos(), (0.7 * number).sin(), number.sin());
        add_box(&mut content.mesh, row, least, size);
        content.features.push(feature(row, least, size));
    }
    content
}

/// Appends the six faces of a box.
pub(crate) fn add_box(mesh: &mut Mesh, row: u16, least: Vec3, size: Vec3) {
    for axis in 0..3 {
        for up in [false, true] {
            let normal = Vec3::AXES[axis] * if up { 1.0 } else { -1.0 };
            let (u, v) = (Vec3::AXES[(axis + 1) % 3] * size, Vec3::AXES[(axis + 2) % 3] * size);
            let (u, v) = if up { (u, v) } else { (v, u) };
            let corner = if up { least + normal * size } else { least };
            let surface = match (axis, up) {
                (2, true) => Surface::Roof,
                (2, false) => Surface::Ground,
                _ if row.is_multiple_of(7) && axis == 0 && up => Surface::Window,
                _ => Surface::Wall,
            };
            add_face(
                mesh,
                row,
                [corner, corner + u, corner + u + v, corner + v],
                normal,
                surface,
            );
        }
    }
}

/// Appends a rectangle.
fn add_face(mesh: &mut Mesh, row: u16, corners: [Vec3; 4], normal: Vec3, surface: Surface) {
    let first = mesh.positions.len() as u32;
    let shade = (row % 97) as u8;
    let color = match surface {
        Surface::Roof => [40 + shade, 12, 9, 255],
        Surface::Window => [90, 120, 140, 128],
        _ => [150 + shade, 140, 3, 255],
    };
    for corner in corners {
        mesh.positions.push(corner.to_array());
        mesh.normals.push(normal.to_array());
        mesh.colors.push(color);
        mesh.feature_ids.push(row);
        mesh.surfaces.push(surface as u8);
    }
    mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
}

fn feature(row: u16, least: Vec3, size: Vec3) -> Feature {
    Feature {
        id: format!("BID_{:08x}-box-{row}", u32::from(row).wrapping_mul(2_654_435_761)),
        kind: "Building".to_owned(),
        name: if row % 10 == 3 {
            format!("Kortteli {row} – Kvarteret")
        } else {
            String::new()
        },
        function: "1000".to_owned(),
        address: format!("Laatikkokatu {row}, 00100 Helsinki"),
        roof_type: "1000".to_owned(),
        height: Some(size.z),
        ground_level: (!row.is_multiple_of(3)).then_some(least.z),
        storeys: (!row.is_multiple_of(4)).then_some(row % 9),
        year: (!row.is_multiple_of(5)).then_some(1812 + (row % 200) as i16),
        merged: 1 + u32::from(row % 2),
        ..Feature::default()
    }
}
