//! What is drawn: refinement, culling, errors on the screen.

use crate::host::{Host, from_above, plain, view};
use crate::tilesets::{Shelf, quarters, square, tile};
use glam::{DMat4, DVec3};
use serde_json::json;
use tiles::select::{Options, Priority, SelectionTree, View};

/// From here 10 m of error are 50 pixels, and everything is seen.
fn near() -> [View; 1] {
    [from_above(0.0, 0.0, 110.0 + 280.0)]
}

/// From here 10 m of error are 5 pixels.
fn far() -> [View; 1] {
    [from_above(0.0, 0.0, 1010.0)]
}

#[test]
fn a_tile_is_replaced_when_all_its_children_are_there_and_not_before() {
    let mut host = Host::new(
        Shelf::with(&quarters()),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    let first = host.frame(&near());
    assert_eq!(first.render, []);
    assert_eq!(first.load[0].uri, "all", "the coarse one first");
    assert_eq!(first.load[0].priority, Priority::Urgent);
    assert_eq!(first.load.len(), 5);
    host.answer("all");
    for child in ["sw", "ne", "se"] {
        host.answer(child);
        let selection = host.frame(&near());
        assert_eq!(host.drawn(&selection), ["all"], "while a quarter is missing");
        assert!(!selection.settled);
    }
    host.answer("nw");
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["ne", "nw", "se", "sw"]);
    assert!(selection.settled && selection.idle);
}

#[test]
fn children_that_come_before_their_parent_are_shown_until_then() {
    let mut host = Host::new(
        Shelf::with(&quarters()),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    host.frame(&near());
    host.answer("sw");
    host.answer("ne");
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["ne", "sw"], "better than nothing");
    host.answer("all");
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["all"], "the coarse one shows everything");
}

#[test]
fn zooming_out_the_children_stay_until_the_parent_is_there() {
    let mut host = Host::new(
        Shelf::with(&quarters()),
        Options {
            maximum_screen_space_error: 5.1,
            ..plain()
        },
    );
    host.frame(&near());
    host.answer_each(&["sw", "se", "nw", "ne"]);
    let selection = host.frame(&far());
    assert_eq!(host.drawn(&selection), ["ne", "nw", "se", "sw"]);
    assert!(!selection.settled, "the coarse one is on its way");
    host.answer("all");
    let selection = host.frame(&far());
    assert_eq!(host.drawn(&selection), ["all"]);
    assert!(selection.settled);
}

#[test]
fn the_error_on_the_screen_decides_and_is_measured_from_the_nearest_point_of_the_box() {
    // 500 pixels a metre at a metre: 10 m at 500 m are 10 pixels. The top of the box is at 10 m.
    let options = |error| Options {
        maximum_screen_space_error: error,
        ..plain()
    };
    for (error, refined) in [(9.99, true), (10.01, false)] {
        let mut host = Host::new(Shelf::with(&quarters()), options(error));
        let selection = host.settle(&[from_above(0.0, 0.0, 510.0)]);
        assert_eq!(host.drawn(&selection).len(), if refined { 4 } else { 1 }, "{error}");
    }
    // From inside a box any error is too large.
    let mut host = Host::new(Shelf::with(&quarters()), options(1e9));
    let selection = host.settle(&[view([0.0, 0.0, 5.0], [0.0, 100.0, 5.0])]);
    assert_eq!(host.drawn(&selection), ["ne", "nw"]);
}

#[test]
fn children_outside_the_view_are_not_waited_for_and_the_parent_stands_in_when_they_come_into_it() {
    let mut host = Host::new(
        Shelf::with(&quarters()),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    let south_west = [from_above(-200.0, -200.0, 120.0)];
    let selection = host.settle(&south_west);
    assert_eq!(host.drawn(&selection), ["sw"]);
    assert_eq!(selection.statistics.culled, 3);
    assert_eq!(
        host.meshes.len(),
        2,
        "nothing but what is seen, and the coarse one behind"
    );
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["all"], "no hole while the others come");
    host.answer_all();
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection).len(), 4);
}

#[test]
fn siblings_outside_the_view_are_loaded_last_so_that_panning_finds_them() {
    let options = Options {
        maximum_screen_space_error: 5.0,
        ..Options::default()
    };
    let mut host = Host::new(Shelf::with(&quarters()), options);
    let views = [from_above(-200.0, -200.0, 120.0)];
    let first = host.frame(&views);
    assert_eq!(Host::asked(&first), ["all", "sw"]);
    host.answer_all();
    let selection = host.frame(&views);
    assert!(selection.settled && !selection.idle);
    assert!(
        selection
            .load
            .iter()
            .all(|request| request.priority == Priority::Preload)
    );
    assert_eq!(selection.load.len(), 3);
    host.answer_all();
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection).len(), 4, "no step back to the coarse one");
}

#[test]
fn additive_tiles_are_drawn_with_their_children() {
    let mut additive = quarters();
    additive["refine"] = json!("ADD");
    let mut host = Host::new(
        Shelf::with(&additive),
        Options {
            maximum_screen_space_error: 5.1,
            ..plain()
        },
    );
    let selection = host.settle(&near());
    assert_eq!(host.drawn(&selection), ["all", "ne", "nw", "se", "sw"]);
    let selection = host.settle(&far());
    assert_eq!(host.drawn(&selection), ["all"]);
}

#[test]
fn children_of_an_additive_tile_appear_one_by_one() {
    let mut additive = quarters();
    additive["refine"] = json!("ADD");
    let mut host = Host::new(
        Shelf::with(&additive),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    host.frame(&near());
    host.answer("all");
    host.answer("se");
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["all", "se"]);
}

#[test]
fn refinement_is_inherited_and_may_change_on_the_way() {
    let mut root = tile("", square(0.0, 0.0, 400.0), 100.0, vec![quarters()]);
    root["refine"] = json!("ADD");
    let mut inner = Host::new(
        Shelf::with(&root),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    let selection = inner.settle(&near());
    assert_eq!(inner.drawn(&selection), ["all", "ne", "nw", "se", "sw"], "inherited");
    root["children"][0]["refine"] = json!("REPLACE");
    let mut inner = Host::new(
        Shelf::with(&root),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    let selection = inner.settle(&near());
    assert_eq!(inner.drawn(&selection), ["ne", "nw", "se", "sw"], "its own");
}

#[test]
fn a_root_without_content_shows_its_children_from_any_distance() {
    let mut root = quarters();
    root.as_object_mut().unwrap().remove("content");
    let mut host = Host::new(Shelf::with(&root), plain());
    let selection = host.settle(&[from_above(0.0, 0.0, 50_000.0)]);
    assert_eq!(host.drawn(&selection), ["ne", "nw", "se", "sw"]);
}

#[test]
fn a_tile_without_content_on_the_way_does_not_let_its_parent_go_before_what_is_below_is_there() {
    let mut middle = quarters();
    middle.as_object_mut().unwrap().remove("content");
    let root = tile("root", square(0.0, 0.0, 400.0), 20.0, vec![middle]);
    let mut host = Host::new(
        Shelf::with(&root),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    host.frame(&near());
    host.answer_each(&["root", "sw", "se", "ne"]);
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["root"]);
    host.answer("nw");
    let selection = host.frame(&near());
    assert_eq!(host.drawn(&selection), ["ne", "nw", "se", "sw"]);
}

#[test]
fn an_empty_leaf_holds_nobody_up() {
    let empty = tile("", square(300.0, 0.0, 100.0), 0.0, vec![]);
    let full = tile("full", square(-300.0, 0.0, 100.0), 0.0, vec![]);
    let root = tile("root", square(0.0, 0.0, 400.0), 10.0, vec![empty, full]);
    let mut host = Host::new(
        Shelf::with(&root),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    let selection = host.settle(&near());
    assert_eq!(host.drawn(&selection), ["full"]);
}

#[test]
fn each_level_appears_as_it_comes_because_coarse_tiles_are_asked_for_first() {
    let leaf = tile("c", square(0.0, 0.0, 50.0), 0.0, vec![]);
    let middle = tile("b", square(0.0, 0.0, 100.0), 10.0, vec![leaf]);
    let root = tile("a", square(0.0, 0.0, 200.0), 40.0, vec![middle]);
    let options = Options {
        maximum_screen_space_error: 5.0,
        maximum_requests: 1,
        ..plain()
    };
    let mut host = Host::new(Shelf::with(&root), options);
    let views = [from_above(0.0, 0.0, 60.0)];
    assert_eq!(Host::asked(&host.frame(&views)), ["a"]);
    for (come, next) in [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec![])] {
        host.answer(come);
        let selection = host.frame(&views);
        assert_eq!(host.drawn(&selection), [come]);
        assert_eq!(Host::asked(&selection), next);
    }
}

#[test]
fn a_tile_is_as_fine_as_the_view_that_looks_closest_wants_it_and_knows_who_sees_it() {
    let mut host = Host::new(
        Shelf::with(&quarters()),
        Options {
            maximum_screen_space_error: 5.1,
            ..plain()
        },
    );
    let both = [from_above(0.0, 0.0, 1010.0), from_above(-200.0, -200.0, 120.0)];
    let selection = host.settle(&both);
    assert_eq!(host.drawn(&selection).len(), 4);
    for (tile, seen_by) in selection.render.iter().zip(&selection.seen_by) {
        assert_eq!(*seen_by, if host.meshes[tile] == "sw" { 0b11 } else { 0b01 });
    }
    let selection = host.settle(&both[1..]);
    assert_eq!(host.drawn(&selection), ["sw"]);
    assert_eq!(selection.seen_by, [0b01]);
}

#[test]
fn what_throws_a_shadow_into_the_view_is_drawn_with_less_detail() {
    let mut host = Host::new(
        Shelf::with(&quarters()),
        Options {
            maximum_screen_space_error: 5.0,
            ..plain()
        },
    );
    let seen = from_above(-200.0, -200.0, 120.0);
    let morning = seen.of_casters(DVec3::new(1.0, 0.0, 0.02), 500.0, 4.0);
    assert_eq!(morning.coarseness, 4.0);
    let selection = host.settle(&[seen, morning]);
    assert_eq!(
        host.drawn(&selection),
        ["se", "sw"],
        "the quarter in the east stands before the sun"
    );
    let by = |name: &str| {
        selection
            .render
            .iter()
            .position(|tile| host.meshes[tile] == name)
            .unwrap()
    };
    assert_eq!(selection.seen_by[by("sw")], 0b11);
    assert_eq!(selection.seen_by[by("se")], 0b10);
}

#[test]
fn without_a_view_nothing_is_drawn_or_asked_for() {
    let mut host = Host::new(Shelf::with(&quarters()), plain());
    host.frame(&near());
    let selection = host.frame(&[]);
    assert_eq!((selection.render.len(), selection.load.len()), (0, 0));
    assert_eq!(selection.cancel.len(), 1);
    assert!(selection.idle);
}

#[test]
fn transforms_compose_and_scale_boxes_and_errors() {
    let mut child = tile("child", square(0.0, 0.0, 10.0), 0.0, vec![]);
    child["transform"] = json!([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 30, 0, 0, 1]);
    let mut root = tile("root", square(0.0, 0.0, 100.0), 7.0, vec![child]);
    // Twice as large, turned a quarter anticlockwise, a kilometre to the east.
    root["transform"] = json!([0, 2, 0, 0, -2, 0, 0, 0, 0, 0, 2, 0, 1000, 0, 0, 1]);
    let up = DMat4::from_translation(DVec3::Z * 50.0);
    let shelf = Shelf::with(&root);
    let tree = SelectionTree::new(shelf.root(), "root.json", up, plain()).unwrap();
    let top = tree.tile(tree.root()).unwrap();
    assert_eq!(top.geometric_error, 14.0);
    assert!((top.volume.center - DVec3::new(1000.0, 0.0, 60.0)).length() < 1e-9);
    let child = tree.tile(tree.children(tree.root()).next().unwrap()).unwrap();
    assert!((child.transform.transform_point3(DVec3::ZERO) - DVec3::new(1000.0, 60.0, 50.0)).length() < 1e-9);
    assert!(child.volume.contains(DVec3::new(1019.0, 79.0, 60.0), 1e-9));
    assert!(!child.volume.contains(DVec3::new(1021.0, 60.0, 60.0), 1e-9));
}

#[test]
fn layers_go_off_and_on() {
    let layer = |name: &str, east: f64| tile(name, square(east, 0.0, 100.0), 0.0, vec![]);
    let mut root = tile(
        "",
        square(0.0, 0.0, 300.0),
        100.0,
        vec![layer("houses", -150.0), layer("trees", 150.0)],
    );
    root["refine"] = json!("ADD");
    let mut host = Host::new(Shelf::with(&root), plain());
    assert_eq!(host.tree.layers(), 2);
    host.tree.set_layer_visible(1, false);
    host.tree.set_layer_visible(7, false);
    let selection = host.settle(&near());
    assert_eq!(host.drawn(&selection), ["houses"]);
    assert_eq!((host.tree.layer_visible(1), host.tree.layer_visible(7)), (false, false));
    host.tree.set_layer_visible(1, true);
    host.frame(&near());
    host.tree.set_layer_visible(1, false);
    let selection = host.frame(&near());
    assert_eq!(
        selection.cancel.len(),
        1,
        "a layer that goes off is not fetched any further"
    );
    host.tree.set_layer_visible(1, true);
    let selection = host.settle(&near());
    assert_eq!(host.drawn(&selection), ["houses", "trees"]);
    let trees = selection
        .render
        .iter()
        .find(|tile| host.meshes[tile] == "trees")
        .unwrap();
    assert_eq!(host.tree.layer(*trees), Some(1));
    assert_eq!(host.tree.layer(host.tree.root()), None);
}

#[test]
fn the_same_calls_give_the_same_answers() {
    let run = || {
        let mut host = Host::new(crate::tilesets::Wild::new(7).grow(), Options::default());
        let mut log = Vec::new();
        for step in 0..80 {
            let east = f64::from(step % 20) * 60.0 - 600.0;
            log.push(host.frame(&[view([east, -300.0, 40.0 + f64::from(step)], [east + 50.0, 100.0, 0.0])]));
            if step % 3 == 0 {
                host.answer_all();
            }
        }
        log
    };
    assert_eq!(run(), run());
}
