//! What is kept, what goes, and what happens when there is too little room.

use crate::host::{Host, from_above, plain, view};
use crate::tilesets::{BYTES, Shelf, quarters, square, tile};
use serde_json::{Value, json};
use tiles::select::{Options, View};

/// Four quarters and what the tree itself takes.
fn options(host_bytes: u64, meshes: u64) -> Options {
    Options {
        maximum_screen_space_error: 5.0,
        maximum_bytes: host_bytes + meshes * BYTES,
        ..plain()
    }
}

/// What a tree takes without any mesh.
fn bare(shelf: &Shelf) -> u64 {
    Host::new(shelf.clone(), plain()).tree.update(&[]).statistics.bytes
}

fn over(name: &str) -> [View; 1] {
    let (east, north) = match name {
        "sw" => (-200.0, -200.0),
        "se" => (200.0, -200.0),
        "nw" => (-200.0, 200.0),
        _ => (200.0, 200.0),
    };
    [from_above(east, north, 120.0)]
}

fn held(host: &Host) -> Vec<&str> {
    let mut names: Vec<&str> = host.meshes.values().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_is_out_of_view_is_kept_while_there_is_room() {
    let shelf = Shelf::with(&quarters());
    let mut host = Host::new(shelf.clone(), options(bare(&shelf), 5));
    for name in ["sw", "se", "nw", "ne"] {
        host.settle(&over(name));
    }
    assert_eq!(held(&host), ["all", "ne", "nw", "se", "sw"]);
    let selection = host.frame(&over("sw"));
    assert_eq!(host.drawn(&selection), ["sw"], "nothing to wait for");
    assert_eq!(selection.statistics.bytes, bare(&shelf) + 5 * BYTES);
}

#[test]
fn without_room_that_goes_which_was_not_used_for_longest_and_never_what_stands_behind_the_picture() {
    let shelf = Shelf::with(&quarters());
    let mut host = Host::new(shelf.clone(), options(bare(&shelf), 3));
    for name in ["sw", "se"] {
        host.settle(&over(name));
    }
    assert_eq!(held(&host), ["all", "se", "sw"]);
    host.settle(&over("sw"));
    host.settle(&over("nw"));
    assert_eq!(held(&host), ["all", "nw", "sw"], "se was looked at before sw");
    host.settle(&over("ne"));
    assert_eq!(held(&host), ["all", "ne", "nw"]);
}

#[test]
fn when_the_view_itself_is_too_much_the_picture_gets_coarser_until_it_fits_and_stays_so() {
    let shelf = Shelf::with(&quarters());
    let room = bare(&shelf) + 3 * BYTES;
    let mut host = Host::new(
        shelf.clone(),
        Options {
            maximum_bytes: room,
            ..options(0, 0)
        },
    );
    let all = [from_above(0.0, 0.0, 390.0)];
    let selection = host.settle(&all);
    assert_eq!(host.drawn(&selection), ["all"]);
    assert!(
        selection.statistics.screen_space_error > 10.0,
        "{:?}",
        selection.statistics
    );
    let at_rest = selection.statistics.screen_space_error;
    for _ in 0..300 {
        let selection = host.frame(&all);
        assert!(selection.idle && selection.statistics.screen_space_error == at_rest);
        assert!(selection.statistics.bytes <= room);
    }
}

#[test]
fn with_room_again_the_picture_gets_finer_again() {
    let shelf = Shelf::with(&quarters());
    let mut host = Host::new(shelf.clone(), options(bare(&shelf), 3));
    host.settle(&[from_above(0.0, 0.0, 390.0)]);
    assert!(host.tree.update(&[]).statistics.screen_space_error > 10.0);
    // Somewhere where little is needed, a little on every frame.
    for step in 0..200 {
        host.frame(&[from_above(-200.0 - f64::from(step) * 0.01, -200.0, 120.0)]);
        host.answer_all();
    }
    let selection = host.settle(&over("sw"));
    assert_eq!(host.drawn(&selection), ["sw"]);
    assert_eq!(selection.statistics.screen_space_error, 5.0);
    // More room for all: at once.
    host.settle(&[from_above(0.0, 0.0, 390.0)]);
    host.tree.set_options(options(bare(&shelf), 100));
    let selection = host.settle(&[from_above(0.0, 0.0, 390.0)]);
    assert_eq!(host.drawn(&selection).len(), 4);
}

#[test]
fn a_budget_too_small_for_anything_still_shows_the_coarsest_picture() {
    let shelf = Shelf::with(&quarters());
    let mut host = Host::new(
        shelf,
        Options {
            maximum_bytes: 1,
            ..options(0, 0)
        },
    );
    let all = [from_above(0.0, 0.0, 390.0)];
    for _ in 0..2000 {
        host.frame(&all);
        host.answer_all();
    }
    let selection = host.frame(&all);
    assert_eq!(host.drawn(&selection), ["all"]);
    assert_eq!(held(&host), ["all"]);
}

#[test]
fn preloading_never_makes_anything_go() {
    let shelf = Shelf::with(&quarters());
    let options = Options {
        preload_siblings: true,
        ..options(bare(&shelf), 3)
    };
    let mut host = Host::new(shelf, options);
    for turn in 0..200 {
        let selection = host.frame(&over("sw"));
        assert_eq!(selection.unload, [], "in turn {turn}");
        host.answer_all();
    }
    assert!(host.frame(&over("sw")).idle, "what does not fit is not waited for");
}

#[test]
fn what_was_preloaded_goes_first_of_all_when_room_is_needed() {
    let shelf = Shelf::with(&quarters());
    let options = Options {
        preload_siblings: true,
        ..options(bare(&shelf), 4)
    };
    let mut host = Host::new(shelf, options);
    host.settle(&over("sw"));
    assert_eq!(
        held(&host).len(),
        3,
        "what is seen, what is behind, and one beside: {:?}",
        held(&host)
    );
    let north = [from_above(0.0, 250.0, 150.0)];
    let selection = host.settle(&north);
    assert_eq!(host.drawn(&selection), ["ne", "nw"]);
    assert_eq!(selection.statistics.screen_space_error, 5.0, "there was room enough");
}

/// A row of `count` files to the east, a hundred metres each, every one a coarse tile and a fine one.
fn suburbs(count: u32) -> Shelf {
    let name = |i: u32| format!("suburb{i}.json");
    let east = |i: u32| f64::from(i) * 1000.0;
    let outside = |i: u32| tile(&name(i), square(east(i), 0.0, 50.0), 50.0, vec![]);
    let half = f64::from(count) * 1000.0;
    let mut root = tile(
        "",
        square(0.0, 0.0, half),
        1000.0,
        (0..count).map(outside).collect::<Vec<Value>>(),
    );
    root["refine"] = json!("ADD");
    (0..count).fold(Shelf::with(&root), |shelf, i| {
        let fine = tile(&format!("fine{i}"), square(east(i), 0.0, 50.0), 0.0, vec![]);
        let mut coarse = tile(&format!("coarse{i}"), square(east(i), 0.0, 50.0), 50.0, vec![fine]);
        coarse["refine"] = json!("REPLACE");
        shelf.and(&name(i), &coarse)
    })
}

fn suburb(i: u32) -> [View; 1] {
    let east = f64::from(i) * 1000.0;
    [view([east, -100.0, 60.0], [east, 0.0, 0.0])]
}

#[test]
fn tilesets_that_are_of_no_use_any_more_give_their_memory_back() {
    let shelf = suburbs(30);
    let few = Options {
        maximum_bytes: bare(&shelf) + 6 * BYTES + 4000,
        ..options(0, 0)
    };
    let mut host = Host::new(shelf.clone(), few);
    let mut most = 0;
    for turn in 0..3 {
        for i in 0..30 {
            let selection = host.settle(&suburb(i));
            assert_eq!(host.drawn(&selection), [format!("fine{i}")], "in turn {turn}");
            assert!(selection.statistics.bytes <= host.tree.options().maximum_bytes);
            most = most.max(selection.statistics.tilesets);
        }
    }
    assert!((3..10).contains(&most), "{most} tilesets were held at once");
}

#[test]
fn a_tileset_without_anything_held_is_pruned_after_a_while_even_when_there_is_room() {
    let shelf = suburbs(3);
    let mut host = Host::new(
        shelf,
        Options {
            prune_after_updates: 100,
            ..options(1 << 30, 0)
        },
    );
    host.frame(&suburb(0));
    host.answer("suburb0.json");
    let inside = host.tree.children(host.tree.root()).next().unwrap();
    let inside = host.tree.children(inside).next().unwrap();
    assert!(host.tree.tile(inside).is_some());
    let mut selection = host.frame(&suburb(1));
    for _ in 0..200 {
        selection = host.frame(&[]);
    }
    assert_eq!(selection.statistics.tilesets, 1);
    assert_eq!(host.tree.tile(inside), None, "its tiles are known no more");
    assert_eq!(host.tree.uri(inside), None);
    assert_eq!(host.tree.children(inside).count(), 0);

    host.frame(&suburb(2));
    host.answer("suburb2.json");
    assert_eq!(host.tree.tile(inside), None, "and never taken for another's");
    let selection = host.settle(&suburb(0));
    assert_eq!(host.drawn(&selection), ["fine0"], "it comes back when it is wanted");
}

#[test]
fn bytes_are_counted_exactly_whatever_comes_and_goes() {
    let shelf = suburbs(8).weighing("fine3", 70_000).weighing("coarse5", 12);
    let mut host = Host::new(
        shelf.clone(),
        Options {
            maximum_bytes: 100_000,
            ..options(0, 0)
        },
    );
    for i in [0, 3, 5, 1, 7, 3, 0, 6, 2, 5] {
        let selection = host.settle(&suburb(i));
        let meshes: u64 = host.meshes.values().map(|name| shelf.bytes(name)).sum();
        let trees = selection.statistics.bytes - meshes;
        assert!(
            (bare(&shelf)..bare(&shelf) + 8 * 2000).contains(&trees),
            "{trees} bytes of trees"
        );
        assert!(selection.statistics.bytes <= 100_000);
    }
}
