//! What is asked for, in which order, and what becomes of it.

use crate::host::{Host, from_above, plain, view};
use crate::tilesets::{Shelf, quarters, square, tile};
use serde_json::{Value, json};
use tiles::select::{Error, Options, Priority, View};

fn eager() -> Options {
    Options {
        maximum_screen_space_error: 5.0,
        ..plain()
    }
}

fn near() -> [View; 1] {
    [from_above(0.0, 0.0, 390.0)]
}

/// A row of squares to the north, each under a coarse one, under a root without content.
fn street(count: u32) -> Value {
    let house = |i: u32| {
        let north = f64::from(i) * 100.0;
        let fine = tile(&format!("fine{i}"), square(0.0, north, 40.0), 0.0, vec![]);
        tile(&format!("coarse{i}"), square(0.0, north, 40.0), 10.0, vec![fine])
    };
    let mut root = tile("", square(0.0, 1000.0, 2000.0), 500.0, (0..count).map(house).collect());
    root["refine"] = json!("ADD");
    root["children"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|child| child["refine"] = json!("REPLACE"));
    root
}

#[test]
fn what_is_nearest_and_worst_comes_first_and_holes_before_all() {
    let mut host = Host::new(
        Shelf::with(&street(4)),
        Options {
            maximum_screen_space_error: 1.0,
            ..plain()
        },
    );
    let along = [view([0.0, -200.0, 30.0], [0.0, 400.0, 0.0])];
    let first = host.frame(&along);
    assert_eq!(
        Host::asked(&first),
        [
            "coarse0", "coarse1", "coarse2", "coarse3", "fine0", "fine1", "fine2", "fine3"
        ]
    );
    let urgent = first
        .load
        .iter()
        .filter(|request| request.priority == Priority::Urgent)
        .count();
    assert_eq!(urgent, 4);
}

#[test]
fn no_more_requests_than_allowed_are_on_their_way_and_none_twice() {
    let mut host = Host::new(
        Shelf::with(&street(10)),
        Options {
            maximum_requests: 3,
            maximum_screen_space_error: 1.0,
            ..plain()
        },
    );
    let along = [view([0.0, -200.0, 30.0], [0.0, 400.0, 0.0])];
    assert_eq!(Host::asked(&host.frame(&along)), ["coarse0", "coarse1", "coarse2"]);
    assert_eq!(host.frame(&along).load, []);
    host.answer("coarse1");
    assert_eq!(Host::asked(&host.frame(&along)), ["coarse3"]);
    host.settle(&along);
    assert_eq!(host.tree.update(&along).statistics.requested_ever, 20);
}

#[test]
fn what_left_the_view_is_cancelled_and_its_answer_not_taken() {
    let mut host = Host::new(Shelf::with(&quarters()), eager());
    host.frame(&[from_above(-200.0, -200.0, 120.0)]);
    let south_west = host.tile("sw");
    let selection = host.frame(&[from_above(200.0, 200.0, 120.0)]);
    assert_eq!(selection.cancel, [south_west]);
    assert!(!host.tree.loaded(south_west, 1000), "it came too late");
    assert!(!host.tree.failed(south_west));
    assert!(Host::asked(&selection).contains(&"ne"));
    host.settle(&[from_above(-200.0, -200.0, 120.0)]);
    assert!(
        host.meshes.values().any(|name| name == "sw"),
        "it can be asked for again"
    );
}

#[test]
fn an_answer_that_nobody_asked_for_is_not_taken() {
    let mut host = Host::new(Shelf::with(&quarters()), eager());
    let root = host.tree.root();
    assert!(!host.tree.loaded(root, 10));
    host.frame(&near());
    host.answer("all");
    assert!(!host.tree.loaded(root, 10), "not twice");
    let other = host.tile("sw");
    let quarters = Shelf::with(&quarters());
    assert_eq!(
        host.tree.graft(other, quarters.root()),
        Err(Error::NotWaiting),
        "a mesh is no tileset"
    );
}

#[test]
fn a_failed_tile_is_tried_again_after_longer_and_longer_waits_and_then_given_up() {
    let options = Options {
        retries: 2,
        retry_after_updates: 10,
        ..eager()
    };
    let mut host = Host::new(Shelf::with(&quarters()), options);
    host.frame(&near());
    host.answer_each(&["all", "sw", "se", "nw"]);
    host.fail("ne");
    for wait in [10, 20] {
        for _ in 0..wait {
            let selection = host.frame(&near());
            assert_eq!(Host::asked(&selection), [] as [&str; 0]);
            assert_eq!(host.drawn(&selection), ["all"], "the coarse one stays in its place");
            assert_eq!((selection.statistics.retrying, selection.settled), (1, false));
        }
        assert_eq!(Host::asked(&host.frame(&near())), ["ne"]);
        host.fail("ne");
    }
    for _ in 0..500 {
        let selection = host.frame(&near());
        assert_eq!(host.drawn(&selection), ["all"]);
        assert!(
            selection.idle && selection.statistics.failed == 1,
            "there is nothing more to do"
        );
    }
    host.tree.retry_failed();
    let selection = host.settle(&near());
    assert_eq!(host.drawn(&selection).len(), 4);
    assert_eq!(selection.statistics.failed, 0);
}

#[test]
fn a_parent_that_cannot_be_had_does_not_keep_its_children_from_being_shown() {
    let mut host = Host::new(Shelf::with(&quarters()), Options { retries: 0, ..eager() });
    // From far off the coarse one would do.
    let far = [from_above(0.0, 0.0, 5000.0)];
    host.frame(&far);
    host.fail("all");
    let selection = host.settle(&far);
    assert_eq!(host.drawn(&selection), ["ne", "nw", "se", "sw"]);
    assert!(selection.settled);
}

#[test]
fn a_coarse_tile_in_between_that_cannot_be_had_is_passed_over() {
    let root = tile("root", square(0.0, 0.0, 400.0), 40.0, vec![quarters()]);
    let mut host = Host::new(
        Shelf::with(&root),
        Options {
            retries: 0,
            maximum_screen_space_error: 15.0,
            ..plain()
        },
    );
    let views = [from_above(0.0, 0.0, 1000.0)];
    host.frame(&views);
    host.answer("root");
    host.fail("all");
    let selection = host.frame(&views);
    assert_eq!(host.drawn(&selection), ["root"]);
    let selection = host.settle(&views);
    assert_eq!(host.drawn(&selection), ["ne", "nw", "se", "sw"]);
}

#[test]
fn another_tileset_is_fetched_grafted_in_and_walked_in_its_tiles_place() {
    let outside = tile("files/part.json", square(0.0, 0.0, 400.0), 10.0, vec![]);
    let root = tile("root", square(0.0, 0.0, 400.0), 40.0, vec![outside]);
    let mut part = quarters();
    part["children"][0]["content"]["uri"] = json!("../sw");
    let shelf = Shelf::with(&root).and("files/part.json", &part);
    let mut host = Host::new(shelf, eager());
    let selection = host.frame(&near());
    assert_eq!(Host::asked(&selection), ["root", "files/part.json"]);
    host.answer("root");
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["root"]);
    host.answer("files/part.json");
    let selection = host.frame(&near());
    assert_eq!(selection.statistics.tilesets, 2);
    assert_eq!(host.drawn(&selection), ["root"]);
    assert_eq!(
        Host::asked(&selection),
        ["files/all", "sw", "files/se", "files/nw", "files/ne"]
    );
    let selection = host.settle(&near());
    assert_eq!(host.drawn(&selection), ["files/ne", "files/nw", "files/se", "sw"]);
    let leaf = selection.render[0];
    let above = std::iter::successors(Some(leaf), |tile| host.tree.parent(*tile)).count();
    assert_eq!(above, 4, "leaf, its parent, the tile that names the file, the root");
    assert_eq!(host.tree.uri(leaf).as_deref(), Some("sw"));
}

#[test]
fn a_tileset_that_contains_itself_ends_somewhere() {
    let mut again = tile("again.json", square(0.0, 0.0, 100.0), 10.0, vec![]);
    again["refine"] = json!("REPLACE");
    let shelf = Shelf::with(&again).and("again.json", &again);
    let mut host = Host::new(shelf.clone(), plain());
    for _ in 0..1000 {
        let selection = host.frame(&near());
        let Some(request) = selection.load.first() else {
            break;
        };
        host.waiting.remove(&request.tile);
        if let Err(error) = host.tree.graft(request.tile, shelf.root()) {
            assert_eq!(
                error,
                Error::TooDeep {
                    uri: "again.json".into(),
                    limit: 256
                }
            );
        }
    }
    let selection = host.frame(&near());
    assert_eq!((selection.load.len(), selection.statistics.failed), (0, 1));
}

#[test]
fn numbers_that_nothing_can_be_drawn_with_are_an_error_and_the_rest_stays() {
    let bad = tile("bad.json", square(0.0, 0.0, 100.0), 10.0, vec![]);
    let root = tile("root", square(0.0, 0.0, 400.0), 40.0, vec![bad]);
    let mut inside = quarters();
    inside["children"][2]["geometricError"] = json!(-1.0);
    let shelf = Shelf::with(&root);
    let mut host = Host::new(shelf, eager());
    host.frame(&near());
    host.answer("root");
    let tile = host.tile("bad.json");
    host.waiting.remove(&tile);
    let broken = Shelf::with(&inside);
    let what = "a geometric error that is negative or not finite";
    assert_eq!(
        host.tree.graft(tile, broken.root()),
        Err(Error::Number {
            uri: "bad.json".into(),
            tile: 3,
            what
        })
    );
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["root"]);
    assert!(selection.idle);
    inside["children"][2]["geometricError"] = json!(0.0);
    inside["boundingVolume"] = json!({"sphere": [0, 0, 0, -3]});
    let broken = Shelf::with(&inside);
    let tree = tiles::select::SelectionTree::new(broken.root(), "x", glam::DMat4::IDENTITY, plain());
    assert_eq!(
        tree.err().unwrap().to_string(),
        "tileset x: tile number 0 in breadth-first order has a bounding volume that holds nothing"
    );
}
