//! Colours: what they are put on, and which theme is shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use citygml::{CityObject, Options};
use written::{building, city, multi_surface, polygon, read, read_as, read_clean, square};

fn appearance(theme: &str, materials: &str) -> String {
    let theme = if theme.is_empty() {
        String::new()
    } else {
        format!("<app:theme>{theme}</app:theme>")
    };
    format!("<app:Appearance>{theme}{materials}</app:Appearance>")
}

fn of_model(theme: &str, materials: &str) -> String {
    format!(
        "<app:appearanceMember>{}</app:appearanceMember>\n",
        appearance(theme, materials)
    )
}

/// A material with this shade of red, put on these targets.
fn red(shade: f64, targets: &[&str]) -> String {
    let targets = targets
        .iter()
        .map(|t| format!("<app:target>{t}</app:target>"))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<app:surfaceDataMember><app:X3DMaterial gml:id=\"m\"><gml:name>red {shade}</gml:name><app:diffuseColor>{shade} 0 0</app:diffuseColor>{targets}</app:X3DMaterial></app:surfaceDataMember>"
    )
}

/// Five polygons, each in one more thing that may be coloured.
fn house() -> String {
    let roof = format!(
        "<bldg:boundedBy><bldg:RoofSurface gml:id=\"roof\"><bldg:lod2MultiSurface><gml:MultiSurface gml:id=\"multi\"><gml:surfaceMember>{}</gml:surfaceMember><gml:surfaceMember><gml:CompositeSurface gml:id=\"composite\"><gml:surfaceMember>{}</gml:surfaceMember></gml:CompositeSurface></gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>",
        polygon("in_multi", &square(1.0)),
        polygon("in_composite", &square(2.0))
    );
    let wall = format!(
        "<bldg:boundedBy><bldg:WallSurface gml:id=\"wall\"><bldg:lod2MultiSurface>{}</bldg:lod2MultiSurface></bldg:WallSurface></bldg:boundedBy>",
        multi_surface(&[polygon("in_wall", &square(3.0))])
    );
    let loose = format!(
        "<bldg:lod2MultiSurface>{}</bldg:lod2MultiSurface>",
        multi_surface(&[polygon("loose", &square(4.0))])
    );
    building("house", &format!("{loose}{roof}{wall}"))
}

/// The red of each polygon, by its id.
fn reds(object: &CityObject) -> Vec<(String, Option<f32>)> {
    let polygons = object.geometries.iter().flat_map(|g| &g.polygons);
    polygons
        .map(|p| (p.id.clone().unwrap(), p.material.as_ref().map(|m| m.diffuse[0])))
        .collect()
}

fn expect(object: &CityObject, expected: &[(&str, Option<f32>)]) {
    let expected: Vec<_> = expected.iter().map(|(id, red)| ((*id).to_owned(), *red)).collect();
    assert_eq!(reds(object), expected);
}

#[test]
fn the_nearest_thing_that_is_coloured_gives_the_colour() {
    let materials = [
        red(0.1, &["#in_multi"]),
        red(0.2, &["#composite"]),
        red(0.3, &["#multi"]),
        red(0.4, &["#wall"]),
        red(0.5, &["#house"]),
    ];
    let outcome = read_clean(&city(&format!("{}{}", house(), of_model("", &materials.concat()))));
    expect(
        outcome.only(),
        &[
            ("loose", Some(0.5)),
            ("in_multi", Some(0.1)),
            ("in_composite", Some(0.2)),
            ("in_wall", Some(0.4)),
        ],
    );
    let without_inner = [red(0.3, &["#multi"])].concat();
    let outcome = read_clean(&city(&format!("{}{}", house(), of_model("", &without_inner))));
    expect(
        outcome.only(),
        &[
            ("loose", None),
            ("in_multi", Some(0.3)),
            ("in_composite", Some(0.3)),
            ("in_wall", None),
        ],
    );
}

#[test]
fn a_colour_on_the_solid_that_links_is_seen_where_nothing_nearer_is() {
    let solid = "<bldg:lod2Solid><gml:Solid gml:id=\"solid\"><gml:exterior><gml:CompositeSurface><gml:surfaceMember xlink:href=\"#in_multi\"/><gml:surfaceMember xlink:href=\"#in_wall\"/></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>";
    let text = house().replacen("<bldg:boundedBy>", &format!("{solid}<bldg:boundedBy>"), 1);
    let outcome = read_clean(&city(&format!(
        "{text}{}",
        of_model("", &[red(0.6, &["#solid"]), red(0.4, &["#wall"])].concat())
    )));
    let of_solid = &outcome.only().geometries[0].polygons;
    assert_eq!(of_solid[0].material.as_ref().unwrap().diffuse[0], 0.6);
    assert_eq!(of_solid[1].material.as_ref().unwrap().diffuse[0], 0.4);
}

#[test]
fn an_appearance_may_stand_before_the_objects_or_in_them() {
    let before = format!("{}{}", of_model("", &red(0.7, &["#loose"])), house());
    assert_eq!(reds(read_clean(&city(&before)).only())[0].1, Some(0.7));
    let own = format!(
        "<app:appearance>{}</app:appearance>",
        appearance("", &red(0.8, &["#loose", "#roof"]))
    );
    let inside = house().replacen("<bldg:lod2MultiSurface>", &format!("{own}<bldg:lod2MultiSurface>"), 1);
    let outcome = read_clean(&city(&inside));
    expect(
        outcome.only(),
        &[
            ("loose", Some(0.8)),
            ("in_multi", Some(0.8)),
            ("in_composite", Some(0.8)),
            ("in_wall", None),
        ],
    );
}

#[test]
fn the_first_theme_is_shown_or_the_one_that_is_asked_for() {
    let themes = format!(
        "{}{}",
        of_model("summer", &red(0.1, &["#loose"])),
        of_model("winter", &red(0.2, &["#loose"]))
    );
    let text = city(&format!("{}{themes}", house()));
    let first = read_clean(&text);
    assert_eq!(reds(first.only())[0].1, Some(0.1));
    assert!(first.notes("theme-left-out")[0].message.contains("winter"));
    let with = |theme: &str| {
        let options = Options {
            theme: Some(theme.to_owned()),
            ..Options::default()
        };
        read_as("model.gml", text.as_bytes(), &options).unwrap()
    };
    assert_eq!(reds(with("winter").only())[0].1, Some(0.2));
    let unknown = with("autumn");
    assert_eq!(reds(unknown.only())[0].1, None);
    let warning = &unknown.warnings("theme-not-found")[0];
    assert!(
        warning.message.contains("autumn") && warning.message.contains("summer, winter"),
        "{warning}"
    );
}

#[test]
fn the_theme_of_appearances_in_objects_counts_as_the_first_where_it_comes_first() {
    let own = format!(
        "<app:appearance>{}</app:appearance>",
        appearance("inner", &red(0.8, &["#loose"]))
    );
    let inside = house().replacen("<bldg:lod2MultiSurface>", &format!("{own}<bldg:lod2MultiSurface>"), 1);
    let outcome = read_clean(&city(&format!(
        "{inside}{}",
        of_model("outer", &red(0.1, &["#in_wall"]))
    )));
    expect(
        outcome.only(),
        &[
            ("loose", Some(0.8)),
            ("in_multi", None),
            ("in_composite", None),
            ("in_wall", None),
        ],
    );
}

#[test]
fn transparency_defaults_and_back_sides_are_understood() {
    let material = |inside: &str, target: &str| {
        format!(
            "<app:surfaceDataMember><app:X3DMaterial>{inside}<app:target>#{target}</app:target></app:X3DMaterial></app:surfaceDataMember>"
        )
    };
    let materials = [
        material(
            "<app:isFront>false</app:isFront><app:diffuseColor>1 0 0</app:diffuseColor>",
            "loose",
        ),
        material("<app:transparency>0.25</app:transparency>", "in_multi"),
        material("<app:diffuseColor>2 -1 0.5</app:diffuseColor>", "in_composite"),
        material("<app:diffuseColor>red</app:diffuseColor>", "in_wall"),
    ];
    let outcome = read(&city(&format!("{}{}", house(), of_model("", &materials.concat()))));
    let materials: Vec<_> = outcome
        .only()
        .geometries
        .iter()
        .flat_map(|g| &g.polygons)
        .map(|p| p.material.clone())
        .collect();
    assert_eq!(materials[0], None);
    let glass = materials[1].clone().unwrap();
    assert_eq!((glass.diffuse, glass.opacity), ([0.8; 3], 0.75));
    assert_eq!(materials[2].clone().unwrap().diffuse, [1.0, 0.0, 0.5]);
    assert_eq!(materials[3].clone().unwrap().diffuse, [0.8; 3]);
    assert_eq!(outcome.codes(), ["bad-colour"]);
}

#[test]
fn textures_are_left_out_and_counted() {
    let texture = "<app:surfaceDataMember><app:ParameterizedTexture gml:id=\"t\"><app:imageURI>roof.jpg</app:imageURI><app:target uri=\"#loose\"><app:TexCoordList><app:textureCoordinates ring=\"#r\">0 0 1 1</app:textureCoordinates></app:TexCoordList></app:target></app:ParameterizedTexture></app:surfaceDataMember>";
    let outcome = read_clean(&city(&format!(
        "{}{}",
        house(),
        of_model("rgbTexture", &[texture, texture, &red(0.3, &["#loose"])].concat())
    )));
    assert_eq!(reds(outcome.only())[0].1, Some(0.3));
    assert_eq!(outcome.report.note_counts()["texture-left-out"], 2);
    assert_eq!(outcome.notes("texture-left-out")[0].id.as_deref(), Some("t"));
}
