#![allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by failing")]

use super::{MOST_BYTES, Refused, parse};
use crate::crs::Crs;
use proptest::prelude::*;
use store::{Comparison, Condition, Fold, Operand};

fn read(text: &str) -> Result<Condition, Refused> {
    parse(text, &Crs::Flat)
}

fn property(name: &str) -> Operand {
    Operand::Property(name.to_owned())
}

fn compare(name: &str, comparison: Comparison, right: Operand) -> Condition {
    Condition::Compare {
        left: property(name),
        comparison,
        right,
    }
}

/// Examples of the standard (OGC 21-065r2, clauses 6 and 7 and annex C) that are understood.
const UNDERSTOOD: &[&str] = &[
    "city='Toronto'",
    "updated >= date('1970-01-01')",
    "geometry IS NOT NULL",
    "name LIKE 'Smith%'",
    "depth BETWEEN 100.0 and 150.0",
    "cityName IN ('Toronto','Frankfurt','Tokyo','New York')",
    "category NOT IN (1,2,3,4)",
    "CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))",
    "ACCENTI(etat_vol) = ACCENTI('débárquér')",
    "S_INTERSECTS(geometry,POINT(36.319836 32.288087))",
    "landsat:scene_id = 'LC82030282019133LGN00'",
    "eo:instrument LIKE 'OLI%'",
    "eo:cloud_cover < 0.1 AND landsat:wrs_row=28 AND landsat:wrs_path=203",
    "eo:cloud_cover=0.1 OR eo:cloud_cover=0.2",
    "eo:cloud_cover BETWEEN 0.1 AND 0.2 AND landsat:wrs_row=28 AND landsat:wrs_path=203",
    "floors>5",
    "owner NOT LIKE '%Mike%'",
    "swimming_pool = true",
    "swimming_pool=true AND (floors>5 OR material LIKE 'brick%' OR material LIKE '%brick')",
    "(floors>5 AND material='brick') OR swimming_pool=true",
    "NOT (floors<5) OR swimming_pool=true",
    "S_INTERSECTS(geometry,POLYGON((-10.0 -10.0,10.0 -10.0,10.0 10.0,-10.0 -10.0)))",
    "CASEI(geophys:SURVEY_NAME) LIKE CASEI('%calcutta%')",
    "\"id\" <> 'fa7e1920-9107-422d-a3db-c468cbc5d6df'",
    "NOT \"name\" LIKE 'foo%'",
    "\"value\" NOT BETWEEN 10 AND 20",
    "\"value\" NOT IN ('a', 'b', 'c')",
    "\"value\" IS NULL",
    "\"value\" IS NOT NULL",
    "(\"value\" IS NULL OR \"value\" BETWEEN 10 AND 20)",
    "S_INTERSECTS(\"geometry\", BBOX(-128.098193, -1.1, -99999.0, 180.0, 90.0, 100000.0))",
    "\"name\" LIKE CASEI('FOO%')",
    "vehicle_height > bridge_clearance",
];

/// Examples of classes that are not declared, and a part of what is said of each.
const REFUSED: &[(&str, &str)] = &[
    ("avg(windSpeed) < 4", "the function avg is not supported"),
    ("balance-150.0 > 0", "arithmetic is not supported"),
    ("vehicle_height > (bridge_clearance-1)", "arithmetic is not supported"),
    ("\"value\" < (\"foo\" - 10)", "arithmetic is not supported"),
    ("1 = (\"foo\" div 2)", "arithmetic is not supported"),
    (
        "S_CROSSES(road,POLYGON((0 0,1 0,1 1,0 0)))",
        "the function S_CROSSES is not supported",
    ),
    (
        "S_WITHIN(location,BBOX(-118,33.8,-117.9,34))",
        "the function S_WITHIN is not supported",
    ),
    (
        "S_INTERSECTS(footprint,POINT(1 2))",
        "expected a geometry as well-known text",
    ),
    (
        "T_BEFORE(built, DATE('2015-01-01'))",
        "the function T_BEFORE is not supported",
    ),
    ("updated_at < TIMESTAMP('2012-08-10T05:30:00Z')", "compare with DATE"),
    (
        "A_CONTAINS(layer:ids, ('layers-ca','layers-us'))",
        "the function A_CONTAINS is not supported",
    ),
    ("Foo(\"geometry\") = TRUE", "the function Foo is not supported"),
];

#[test]
fn the_standards_examples_are_understood_or_refused_by_name() {
    for text in UNDERSTOOD {
        read(text).unwrap_or_else(|refused| panic!("{text}: {refused:?}"));
    }
    for (text, part) in REFUSED {
        let refused = read(text).unwrap_err();
        assert!(refused.what.contains(part), "{text}: {refused:?}");
    }
}

#[test]
fn not_binds_closer_than_and_and_and_closer_than_or() {
    let [a, b, c] = ["a", "b", "c"].map(|name| compare(name, Comparison::Equal, Operand::Number(1.0)));
    assert_eq!(
        read("NOT a = 1 AND b = 1 OR c = 1").unwrap(),
        Condition::Any(vec![
            Condition::All(vec![Condition::Not(Box::new(a.clone())), b.clone()]),
            c.clone()
        ])
    );
    assert_eq!(
        read("not (a = 1 and (b = 1 or c = 1))").unwrap(),
        Condition::Not(Box::new(Condition::All(vec![a, Condition::Any(vec![b, c])])))
    );
}

#[test]
fn names_numbers_and_texts_are_taken_as_they_are_written() {
    let text = |text: &str| Operand::Text(text.to_owned());
    assert_eq!(
        read("\"Floor area (\"\"net\"\")\" >= -1.5e2").unwrap(),
        compare(
            "Floor area (\"net\")",
            Comparison::GreaterOrEqual,
            Operand::Number(-150.0)
        )
    );
    assert_eq!(
        read("name='it''s \"here\" AND 1=1'").unwrap(),
        compare("name", Comparison::Equal, text("it's \"here\" AND 1=1"))
    );
    assert_eq!(
        read("nimiä.x_1:b <> 'Ä'").unwrap(),
        compare("nimiä.x_1:b", Comparison::NotEqual, text("Ä"))
    );
    assert_eq!(
        read("casei(accenti(name)) = 'x'").unwrap(),
        Condition::Compare {
            left: Operand::Folded(
                Fold::Case,
                Box::new(Operand::Folded(Fold::Accents, Box::new(property("name"))))
            ),
            comparison: Comparison::Equal,
            right: text("x"),
        }
    );
    assert_eq!(
        read("notes = 'x'").unwrap(),
        compare("notes", Comparison::Equal, text("x")),
        "a name may begin with a keyword"
    );
    assert_eq!(read("TRUE").unwrap(), Condition::Always(true));
    assert_eq!(
        read("opened = DATE('2024-02-29')").unwrap(),
        compare("opened", Comparison::Equal, Operand::Date("2024-02-29".to_owned()))
    );
}

#[test]
fn geometries_become_places() {
    let place = |text: &str| match read(&format!("S_INTERSECTS(geometry, {text})")).unwrap() {
        Condition::Intersects(area) => area,
        other => panic!("{other:?}"),
    };
    assert_eq!(place("BBOX(1,2,3,4)").boxes, [[1.0, 2.0, 3.0, 4.0]]);
    assert_eq!(
        place("BBOX(170,2,-170,4)").boxes,
        [[170.0, 2.0, 180.0, 4.0], [-180.0, 2.0, -170.0, 4.0]]
    );
    assert_eq!(place("MULTIPOINT((1 2), 3 4)").points, [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(place("LINESTRING Z (1 2 9, 3 4 9)").lines, [[[1.0, 2.0], [3.0, 4.0]]]);
    let polygons = place("MULTIPOLYGON(((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1)),((5 5,6 5,6 6,5 5)))").polygons;
    assert_eq!(polygons.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
    let mixed = place("GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(1 2, 3 4))");
    assert_eq!((mixed.points.len(), mixed.lines.len()), (1, 1));
    for (text, part) in [
        ("POLYGON((0 0,1 1,2 2))", "ends where it begins"),
        ("POINT(200 0)", "longitude lies between"),
        ("POINT(1)", "expected a number"),
        ("BBOX(1,2,3)", "four numbers"),
        ("BBOX(1,4,3,2)", "not above its upper bound"),
        (
            "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2)))",
            "within a collection",
        ),
    ] {
        let refused = read(&format!("S_INTERSECTS(geometry, {text})")).unwrap_err();
        assert!(refused.what.contains(part), "{text}: {refused:?}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, at, part) in [
        ("", 1, "empty"),
        ("height > ", 9, "the filter ends"),
        ("height >> 3", 9, "> stands"),
        ("height = 'x", 10, "never closed"),
        ("(a = 1", 7, "the filter ends"),
        ("a = 1)", 6, "never opened"),
        ("a = 1 b = 2", 7, "AND, OR or the end"),
        ("a = 12x", 5, "no number"),
        ("a = 1 AND", 10, "the filter ends"),
        ("a ; b", 3, "no meaning"),
        ("a = DATE('2023-02-29')", 10, "no day of the calendar"),
        ("a NOT = 1", 7, "LIKE, IN or BETWEEN"),
        ("'x' IS NULL", 1, "only a property"),
        ("a", 2, "the filter ends"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(refused.what.contains(part), "{text}: {refused:?}");
        assert_eq!(refused.at, at, "{text}: {refused:?}");
    }
}

#[test]
fn length_depth_and_number_are_bounded() {
    let deep = |depth: usize| format!("{}a=1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&deep(30)).is_ok());
    assert!(read(&deep(2000)).unwrap_err().what.contains("deep"));
    assert!(
        read(&format!("{}a=1", "NOT ".repeat(1500)))
            .unwrap_err()
            .what
            .contains("deep")
    );
    let folded = format!("{}a{}='x'", "CASEI(".repeat(500), ")".repeat(500));
    assert!(read(&folded).unwrap_err().what.contains("deep"));
    let many = |number: usize| vec!["a=1"; number].join(" OR ");
    assert!(read(&many(200)).is_ok());
    assert!(read(&many(201)).unwrap_err().what.contains("at most 200"));
    assert!(read(&"a".repeat(MOST_BYTES + 1)).unwrap_err().what.contains("bytes"));
    assert!(read(&"\u{e4}".repeat(MOST_BYTES)).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_within_its_length(text in "\\PC{0,80}") {
        if let Err(refused) = read(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&refused.at), "{refused:?}");
        }
    }

    #[test]
    fn any_row_of_words_is_read_or_refused(words in proptest::collection::vec(
        prop_oneof![
            Just("AND"), Just("OR"), Just("NOT"), Just("("), Just(")"), Just("a"), Just("\"b c\""), Just("="), Just("<>"),
            Just("LIKE"), Just("IN"), Just("BETWEEN"), Just("IS"), Just("NULL"), Just("'x%'"), Just("1.5"), Just("-"),
            Just(","), Just("S_INTERSECTS("), Just("geometry"), Just("POINT(1 2)"), Just("BBOX(1,2,3,4)"), Just("CASEI("),
            Just("DATE('2020-01-01')"), Just("TRUE"), Just("POLYGON(("), Just("0 0")
        ], 0..30)) {
        let _ = read(&words.join(" "));
    }
}
