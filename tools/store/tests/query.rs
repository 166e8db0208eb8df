//! Questions about many features of a collection.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the sample is shared with other tests"
)]

mod sample;

use sample::Sample;
use std::sync::Arc;
use std::time::Duration;
use store::{
    Area, Collection, Comparison, Condition, Cursor, Error, Fold, Operand, Page, PropertyKind, Query, RealFiles,
};

const SECOND: Duration = Duration::from_secs(1);

fn city(sample: &Sample) -> (tempfile::TempDir, Collection) {
    let store = tempfile::tempdir().unwrap();
    sample.publish(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    (store, collection)
}

fn ids(page: &Page) -> Vec<&str> {
    page.features.iter().map(|row| row.id.as_str()).collect()
}

fn property(name: &str) -> Operand {
    Operand::Property(name.to_owned())
}

fn text(text: &str) -> Operand {
    Operand::Text(text.to_owned())
}

fn compare(left: Operand, comparison: Comparison, right: Operand) -> Condition {
    Condition::Compare {
        left,
        comparison,
        right,
    }
}

fn matching(collection: &Collection, condition: Condition) -> Vec<String> {
    let query = Query {
        condition: Some(condition),
        limit: 100,
        ..Query::default()
    };
    let page = collection.query(&query, SECOND).unwrap();
    assert_eq!(page.matched, Some(page.features.len() as u64));
    page.features.into_iter().map(|row| row.id).collect()
}

/// Every page of a query, in order.
fn pages(collection: &Collection, mut query: Query) -> Vec<Page> {
    let mut pages = Vec::new();
    loop {
        let page = collection.query(&query, SECOND).unwrap();
        query.after.clone_from(&page.next);
        pages.push(page);
        if query.after.is_none() {
            return pages;
        }
    }
}

#[test]
fn pages_hold_every_feature_once_in_a_stable_order_with_buildings_first() {
    let (_store, city) = city(&Sample::default());
    let expected = [
        "church",
        "church_tower",
        "house_0",
        "house_1",
        "house_2",
        "house_3",
        "pond",
    ];
    for limit in 1..=8 {
        let pages = pages(
            &city,
            Query {
                limit,
                ..Query::default()
            },
        );
        let all: Vec<&str> = pages.iter().flat_map(|page| ids(page)).collect();
        assert_eq!(all, expected, "limit {limit}");
        assert_eq!(pages.len(), 7usize.div_ceil(limit), "limit {limit}");
        assert!(pages.iter().all(|page| page.matched == Some(7)));
    }
}

#[test]
fn a_page_goes_on_in_a_later_generation_where_the_earlier_one_ended() {
    let (store, before) = city(&Sample::default());
    let query = Query {
        limit: 3,
        ..Query::default()
    };
    let page = before.query(&query, SECOND).unwrap();
    assert_eq!(ids(&page), ["church", "church_tower", "house_0"]);
    let later = Sample {
        spoil_rows: |rows| rows.retain(|row| row.id != "church"),
        ..Sample::default()
    };
    later.publish(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let after = Collection::open(&store.path().join("helsinki")).unwrap();
    let next = Query {
        after: page.next,
        limit: 2,
        ..Query::default()
    };
    assert_eq!(ids(&after.query(&next, SECOND).unwrap()), ["house_1", "house_2"]);
}

#[test]
fn a_place_finds_what_meets_it_and_nothing_beside() {
    let (_store, city) = city(&Sample::default());
    let row = city.feature("house_2").unwrap().unwrap();
    let [west, south, low, east, north, high] = row.bbox.unwrap();
    let sliver = (east - west) / 1000.0;
    let find = |bounds, heights| {
        let area = Area {
            boxes: vec![bounds],
            ..Area::default()
        };
        let query = Query {
            area: Some(area),
            heights,
            limit: 10,
            ..Query::default()
        };
        let page = city.query(&query, SECOND).unwrap();
        assert_eq!(page.matched, Some(page.features.len() as u64));
        ids(&page).join(" ")
    };
    assert_eq!(find([west, south, east, north], None), "house_2");
    assert_eq!(
        find([east - sliver, north - sliver, east + 1.0, north + 1.0], None),
        "house_2 house_3"
    );
    assert_eq!(find([east + sliver, south, east + 2.0 * sliver, north], None), "");
    assert_eq!(find([west, south, east, north], Some([low - 9.0, low - 1.0])), "");
    assert_eq!(find([west, south, east, north], Some([high, high + 9.0])), "house_2");
    assert_eq!(find([-180.0, -90.0, 180.0, 90.0], None).split(' ').count(), 7);
}

#[test]
fn conditions_hold_over_all_layers_and_a_missing_value_is_neither_true_nor_false() {
    let (_store, city) = city(&Sample::default());
    let high = compare(
        property("measuredHeight"),
        Comparison::GreaterOrEqual,
        Operand::Number(9.0),
    );
    assert_eq!(matching(&city, high.clone()), ["church", "church_tower", "house_3"]);
    let water = compare(property("layer"), Comparison::Equal, text("water"));
    assert_eq!(matching(&city, water.clone()), ["pond"]);
    assert_eq!(
        matching(&city, Condition::Any(vec![high.clone(), water])),
        ["church", "church_tower", "house_3", "pond"]
    );
    let listed = compare(property("listed"), Comparison::Equal, Operand::Boolean(true));
    assert_eq!(matching(&city, listed.clone()), ["house_0"]);
    assert_eq!(matching(&city, Condition::Not(Box::new(listed))), ["house_1"]);
    assert_eq!(
        matching(&city, Condition::IsNull("listed".to_owned())),
        ["church", "church_tower", "house_2", "house_3", "pond"]
    );
    let function = Condition::In {
        value: property("function"),
        list: vec![text("religious"), text("residential")],
    };
    assert_eq!(matching(&city, function), ["church", "house_0"]);
    let floor = Condition::Between {
        value: property("Floor area (m2)"),
        low: Operand::Number(250.0),
        high: Operand::Number(310.0),
    };
    assert_eq!(matching(&city, floor), ["house_0"]);
    assert_eq!(
        matching(&city, compare(property("id"), Comparison::Equal, text("pond"))),
        ["pond"]
    );
    assert_eq!(matching(&city, Condition::All(vec![])).len(), 7);
    assert!(matching(&city, Condition::Any(vec![])).is_empty());
    assert!(matching(&city, Condition::NoFootprint).is_empty());
}

#[test]
fn texts_are_like_patterns_and_letters_may_be_folded() {
    let (_store, city) = city(&Sample::default());
    let like = |value, pattern: Operand| matching(&city, Condition::Like { value, pattern });
    assert_eq!(
        like(property("id"), text("house\\__")),
        ["house_0", "house_1", "house_2", "house_3"]
    );
    assert_eq!(like(property("name"), text("%kirkko%")), ["church"]);
    assert!(like(property("name"), text("%KIRKKO%")).is_empty());
    let folded = |fold, operand| Operand::Folded(fold, Box::new(operand));
    assert_eq!(
        like(
            folded(Fold::Case, property("name")),
            folded(Fold::Case, text("%KIRKKO%"))
        ),
        ["church"]
    );
    let plain = compare(
        folded(Fold::Accents, property("name")),
        Comparison::Equal,
        text("Aitias talo"),
    );
    assert_eq!(matching(&city, plain), ["house_0"]);
    let injection = compare(property("name"), Comparison::Equal, text("' OR 1=1 --"));
    assert!(matching(&city, injection).is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let (_store, city) = city(&Sample::default());
    let refused = |condition| {
        let query = Query {
            condition: Some(condition),
            limit: 1,
            ..Query::default()
        };
        city.query(&query, SECOND).unwrap_err()
    };
    let unknown = refused(compare(property("heigth"), Comparison::Less, Operand::Number(1.0)));
    assert!(matches!(unknown, Error::UnknownProperty { name } if name == "heigth"));
    let mixed = refused(compare(property("measuredHeight"), Comparison::Less, text("tall")));
    assert_eq!(
        mixed.to_string(),
        "measuredHeight is a number and 'tall' is a text: they cannot be compared"
    );
    let quoted = refused(compare(
        property("\"; DROP TABLE buildings"),
        Comparison::Less,
        Operand::Number(1.0),
    ));
    assert!(matches!(quoted, Error::UnknownProperty { .. }));
}

#[test]
fn words_find_by_relevance_and_together_with_the_rest() {
    let (_store, city) = city(&Sample::default());
    let words = |words: &str, limit| Query {
        words: Some(words.to_owned()),
        limit,
        ..Query::default()
    };
    assert_eq!(ids(&city.query(&words("tuomio", 9), SECOND).unwrap()), ["church"]);
    let pages = pages(&city, words("house", 3));
    let found: Vec<&str> = pages.iter().flat_map(|page| ids(page)).collect();
    assert_eq!((found.len(), pages.len()), (4, 2), "{found:?}");
    assert_eq!(pages[0].next, Some(Cursor::Offset(3)));
    assert_eq!(pages[0].matched, Some(4));
    let both = Query {
        condition: Some(compare(
            property("measuredHeight"),
            Comparison::Greater,
            Operand::Number(7.5),
        )),
        ..words("house", 9)
    };
    assert_eq!(city.query(&both, SECOND).unwrap().matched, Some(2));
}

#[test]
fn properties_join_what_the_layers_say() {
    let (_store, city) = city(&Sample::default());
    let kind = |name: &str| {
        let property = city.properties().iter().find(|property| property.name == name);
        property.map(|property| (property.kind, property.mixed, property.unit.as_deref()))
    };
    assert_eq!(kind("layer"), Some((PropertyKind::Text, false, None)));
    assert_eq!(kind("measuredHeight"), Some((PropertyKind::Number, false, Some("m"))));
    assert_eq!(
        kind("function"),
        Some((PropertyKind::Text, true, None)),
        "the church has two"
    );
    assert_eq!(kind("listed"), Some((PropertyKind::Boolean, false, None)));
    assert_eq!(kind("Floor area (m2)"), Some((PropertyKind::Number, false, None)));
    assert_eq!(kind("west"), None);
    assert_eq!(
        city.properties()[0].codes,
        [("buildings".to_owned(), None), ("water".to_owned(), None)]
    );
}

#[test]
fn a_query_that_takes_too_long_is_stopped() {
    let sample = Sample {
        houses: 3000,
        ..Sample::default()
    };
    let (_store, city) = city(&sample);
    let rare = compare(
        Operand::Folded(Fold::Case, Box::new(property("kind"))),
        Comparison::Equal,
        text("castle"),
    );
    let query = Query {
        condition: Some(rare),
        limit: 10,
        ..Query::default()
    };
    let outcome = city.query(&query, Duration::ZERO);
    assert!(matches!(outcome, Err(Error::TooSlow { .. })), "{outcome:?}");
    // The connection is as good as before.
    let page = city.query(&query, Duration::from_secs(20)).unwrap();
    assert_eq!((page.features.len(), page.matched), (0, Some(0)));
}
