//! Programs to copy, each for one way to use the city.
//!
//! They are files of their own, so that a check can run what the page shows. `{base}` stands for the server's address,
//! which the server does not know unless its operator named it: the page's script puts in the one it was loaded from.

use crate::json::segment;
use crate::page::escaped;
use crate::shelf::Served;
use std::fmt::Write;

/// For which program, the file's name, and the file.
const SNIPPETS: [(&str, &str, &str); 9] = [
    ("curl", "curl.sh", include_str!("../../web/snippets/curl.sh")),
    (
        "CesiumJS",
        "cesium.html",
        include_str!("../../web/snippets/cesium.html"),
    ),
    (
        "three.js (3d-tiles-renderer)",
        "three.html",
        include_str!("../../web/snippets/three.html"),
    ),
    (
        "Unreal Engine",
        "unreal.txt",
        include_str!("../../web/snippets/unreal.txt"),
    ),
    ("Unity", "unity.txt", include_str!("../../web/snippets/unity.txt")),
    ("Godot", "godot.gd", include_str!("../../web/snippets/godot.gd")),
    ("Blender", "blender.py", include_str!("../../web/snippets/blender.py")),
    ("bevy", "bevy.rs", include_str!("../../web/snippets/bevy.rs")),
    ("QGIS", "qgis.py", include_str!("../../web/snippets/qgis.py")),
];
/// Metres to each side of the middle that the snippets ask for.
const REACH: f64 = 150.0;

/// Every snippet with the addresses of a collection, as HTML; `base` is the server's address if it is known.
pub(super) fn html(name: &str, served: &Served, base: Option<&str>) -> String {
    let values = values(name, served, base);
    let mut html = String::new();
    for (title, file, text) in SNIPPETS {
        let mut text = text.trim_end().to_owned();
        for (mark, value) in &values {
            text = text.replace(&format!("{{{mark}}}"), value);
        }
        // Writing to a string cannot fail.
        let _ = write!(
            html,
            "<details data-snippet=\"{file}\"><summary>{title}</summary><pre tabindex=\"0\"><code>{}</code></pre><button type=\"button\" hidden>{{{{copy}}}}</button></details>",
            escaped(&text)
        );
    }
    html
}

fn values(name: &str, served: &Served, base: Option<&str>) -> Vec<(&'static str, String)> {
    let (pointer, manifest) = (served.collection.pointer(), served.collection.manifest());
    let [west, south, lowest, east, north, _] = manifest.extent.unwrap_or_default();
    let (lon, lat) = (west.midpoint(east), south.midpoint(north));
    // A degree of latitude is 111.2 km.
    let reach = [REACH / 111_200.0 / lat.to_radians().cos().max(0.01), REACH / 111_200.0];
    let bbox = [lon - reach[0], lat - reach[1], lon + reach[0], lat + reach[1]].map(|degrees| format!("{degrees:.4}"));
    let item = served.example.as_ref().map_or_else(String::new, |(id, _)| segment(id));
    // A quote would end the string it stands in.
    let title = pointer.title.replace(['"', '\\', '\n', '\r'], " ");
    let mut values = vec![
        ("collection", segment(name)),
        ("item", item),
        ("geopackage", pointer.features.clone()),
        ("title", title),
        ("bbox", bbox.join(",")),
        ("lat", format!("{lat:.5}")),
        ("lon", format!("{lon:.5}")),
        ("height", format!("{lowest:.1}")),
    ];
    values.extend(base.map(|base| ("base", base.to_owned())));
    values
}
