//! A city as the tiler makes it: a quadtree of stand-ins, cut into external tilesets. Counted leaf by leaf: from the moment the
//! coarsest tile is there, each cell that is seen is drawn once, whatever comes late, in which order, or not at all.

use crate::host::{Host, view};
use crate::tilesets::{Dice, Shelf, square, tile};
use glam::DVec3;
use serde_json::Value;
use tiles::bounds::OrientedBox;
use tiles::select::{Options, Selection, View};

/// Levels below the root.
const LEVELS: u32 = 5;
/// Cells of the finest level on a side, 60 m each.
const SIDE: u32 = 1 << LEVELS;
const CELL: f64 = 60.0;
/// What a mesh takes in memory: far more than its place in the tree.
const BYTES: u64 = 20_000;

/// Where the tree is cut.
#[derive(Clone, Copy)]
struct Borders {
    what: &'static str,
    /// Whether the tile of a level, column and row begins a tileset of its own.
    cuts: fn(u32, u32, u32) -> bool,
    /// Whether the children of every other tile are in two tilesets whose roots have no mesh, as where there are too many for one.
    grouped: bool,
}

const fn cut(what: &'static str, cuts: fn(u32, u32, u32) -> bool, grouped: bool) -> Borders {
    Borders { what, cuts, grouped }
}

const BORDERS: [Borders; 5] = [
    cut("nowhere", |_, _, _| false, false),
    cut("at every tile", |_, _, _| true, false),
    cut("at one level", |level, _, _| level == 2, false),
    cut(
        "here and there",
        |level, x, y| (level * 5 + x * 3 + y * 7) % 4 == 0,
        false,
    ),
    cut("in groups", |level, x, _| (level + x) % 3 == 0, true),
];

/// Middle and half a side of a tile, in metres.
fn place(level: u32, x: u32, y: u32) -> (f64, f64, f64) {
    let size = CELL * f64::from(SIDE >> level);
    let at = |number: u32| (f64::from(number) + 0.5) * size - CELL * f64::from(SIDE) * 0.5;
    (at(x), at(y), size * 0.5)
}

fn grow(shelf: &mut Shelf, borders: Borders, level: u32, x: u32, y: u32) -> Value {
    let (east, north, half) = place(level, x, y);
    let mut children = Vec::new();
    if level < LEVELS {
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            children.push(grow(shelf, borders, level + 1, x * 2 + dx, y * 2 + dy));
        }
    }
    let error = if level < LEVELS { half * 0.02 } else { 0.0 };
    let name = format!("{level}-{x}-{y}");
    if borders.grouped && level < LEVELS && (x + y).is_multiple_of(2) {
        children = in_groups(shelf, &name, &square(east, north, half), error, &children);
    }
    let mesh = format!("{name}.glb");
    *shelf = std::mem::take(shelf).weighing(&mesh, BYTES);
    let mut made = tile(&mesh, square(east, north, half), error, children);
    made["refine"] = "REPLACE".into();
    if level == 0 || !(borders.cuts)(level, x, y) {
        return made;
    }
    let file = format!("{name}.json");
    *shelf = std::mem::take(shelf).and(&file, &made);
    tile(&file, square(east, north, half), error, vec![])
}

/// The children in two tilesets, whose roots have the volume and the error of the tile above and no mesh.
fn in_groups(shelf: &mut Shelf, name: &str, volume: &Value, error: f64, children: &[Value]) -> Vec<Value> {
    let group = |(number, pair): (usize, &[Value])| {
        let file = format!("{name}-{number}.json");
        let mut root = tile("", volume.clone(), error, pair.to_vec());
        root["refine"] = "REPLACE".into();
        *shelf = std::mem::take(shelf).and(&file, &root);
        tile(&file, volume.clone(), error, vec![])
    };
    children.chunks(2).enumerate().map(group).collect()
}

fn city(borders: Borders) -> Shelf {
    let mut shelf = Shelf::default();
    let root = grow(&mut shelf, borders, 0, 0, 0);
    shelf.and("root.json", &root)
}

/// How often each cell is drawn.
fn drawn(names: &[String]) -> Vec<u32> {
    let mut times = vec![0; (SIDE * SIDE) as usize];
    for name in names {
        let numbers = name
            .strip_suffix(".glb")
            .unwrap()
            .split('-')
            .map(|n| n.parse().unwrap());
        let [level, x, y] = numbers.collect::<Vec<u32>>()[..] else {
            panic!("{name} is not a tile");
        };
        let size = SIDE >> level;
        for row in y * size..(y + 1) * size {
            for column in x * size..(x + 1) * size {
                times[(row * SIDE + column) as usize] += 1;
            }
        }
    }
    times
}

/// What is missing or drawn twice.
fn faults(names: &[String], at: &View) -> Vec<String> {
    let times = drawn(names);
    let mut faults = Vec::new();
    for (cell, times) in times.into_iter().enumerate() {
        let (x, y) = (cell as u32 % SIDE, cell as u32 / SIDE);
        let (east, north, half) = place(LEVELS, x, y);
        let volume = OrientedBox::from_array(&[east, north, 5.0, half, 0.0, 0.0, 0.0, half, 0.0, 0.0, 0.0, 5.0]);
        let seen = at.frustum.intersects(&volume);
        if times > 1 || (times == 0 && seen) {
            faults.push(format!("cell {x}, {y} is drawn {times} times"));
        }
    }
    faults
}

/// A flight over the city, with an answer now and then.
struct Flight {
    host: Host,
    dice: Dice,
    /// Part of the requests on their way that are answered in a frame.
    pace: f64,
    /// Part of the answers that are failures.
    failures: f64,
    eye: DVec3,
    target: DVec3,
}

impl Flight {
    /// Begins when the coarsest tile is there.
    fn new(borders: Borders, seed: u64, options: Options) -> Self {
        let mut flight = Self {
            host: Host::new(city(borders), options),
            dice: Dice::new(seed),
            pace: 0.2,
            failures: 0.0,
            eye: DVec3::new(0.0, -1500.0, 6000.0),
            target: DVec3::ZERO,
        };
        let first = view(flight.eye.to_array(), [0.0; 3]);
        flight.host.frame(std::slice::from_ref(&first));
        flight.host.answer("0-0-0.glb");
        flight
    }

    /// In and out, along, somewhere else at once, and away.
    fn steer(&mut self) -> View {
        let reach = CELL * f64::from(SIDE) * 0.5;
        let dice = &mut self.dice;
        match dice.below(40) {
            0 => {
                self.target = DVec3::new(dice.between(-reach, reach), dice.between(-reach, reach), 0.0);
                let height = 15.0 * 100_f64.powf(dice.part());
                self.eye = self.target + DVec3::new(height * dice.between(-1.0, 1.0), -height * dice.part(), height);
            }
            1 => {
                // To the sky: nothing of the city is seen.
                let up = self.eye + DVec3::new(1.0, 1.0, 40.0);
                return view(self.eye.to_array(), up.to_array());
            }
            2..14 => {
                let to = self.eye - self.target;
                self.eye = self.target + to * dice.between(0.8, 1.0);
            }
            14..25 => {
                let to = self.eye - self.target;
                self.eye = self.target + to * dice.between(1.0, 1.3);
            }
            _ => {
                let step = self.eye.z * 0.2;
                let shift = DVec3::new(dice.between(-step, step), dice.between(-step, step), 0.0);
                self.eye += shift;
                self.target += shift;
            }
        }
        self.eye.z = self.eye.z.clamp(3.0, 8000.0);
        view(self.eye.to_array(), self.target.to_array())
    }

    fn frame(&mut self, at: &View) -> Selection {
        let selection = self.host.frame(std::slice::from_ref(at));
        let found = faults(&self.host.drawn(&selection), at);
        let update = selection.statistics.update;
        assert!(found.is_empty(), "update {update}: {}", found.join(", "));
        let waiting: Vec<String> = self.host.waiting.values().map(|request| request.uri.clone()).collect();
        for uri in waiting {
            if self.dice.chance(self.pace) {
                if self.dice.chance(self.failures) {
                    self.host.fail(&uri);
                } else {
                    self.host.answer(&uri);
                }
            }
        }
        selection
    }

    /// Answers how often a coarser tile had to stay because finer ones were late.
    fn fly(&mut self, frames: u32) -> usize {
        (0..frames)
            .map(|_| {
                let at = self.steer();
                self.frame(&at).statistics.kicked
            })
            .sum()
    }
}

fn brisk() -> Options {
    Options {
        maximum_requests: 8,
        retry_after_updates: 4,
        prune_after_updates: 30,
        ..Options::default()
    }
}

#[test]
fn each_cell_is_drawn_once_however_late_and_in_whichever_order_tiles_and_tilesets_come() {
    for borders in BORDERS {
        let what = borders.what;
        let mut kicked = 0;
        for seed in 0..6 {
            let mut flight = Flight::new(borders, seed, brisk());
            flight.pace = [0.03, 0.2, 0.9][seed as usize % 3];
            kicked += flight.fly(300);
        }
        assert!(kicked > 100, "cut {what}: nothing was late, {kicked}");
    }
}

#[test]
fn each_cell_is_drawn_once_when_answers_fail_and_are_asked_for_again() {
    for borders in BORDERS {
        let what = borders.what;
        for seed in 0..4 {
            let mut flight = Flight::new(borders, seed, Options { retries: 2, ..brisk() });
            flight.failures = 0.4;
            flight.fly(300);
            // Some failed for good; with the network back the picture still becomes final.
            flight.failures = 0.0;
            flight.host.tree.retry_failed();
            let at = view([10.0, -200.0, 150.0], [0.0; 3]);
            let settled = (0..2000).any(|_| flight.frame(&at).settled);
            assert!(settled, "cut {what}: the picture never becomes final");
        }
    }
}

#[test]
fn each_cell_is_drawn_once_with_little_memory() {
    for borders in BORDERS {
        let what = borders.what;
        let whole = u64::from(SIDE * SIDE) * BYTES * 4 / 3;
        let options = Options {
            maximum_bytes: whole / 20,
            ..brisk()
        };
        let mut forgotten = 0;
        for seed in 0..4 {
            let mut flight = Flight::new(borders, seed, options.clone());
            flight.pace = 0.5;
            flight.fly(400);
            forgotten += flight.host.frame(&[]).statistics.unloaded_ever;
        }
        assert!(forgotten > 20, "cut {what}: memory was never short, {forgotten}");
    }
}

#[test]
fn a_city_that_is_seen_whole_settles_on_its_finest_cells() {
    for borders in BORDERS {
        let what = borders.what;
        let mut flight = Flight::new(
            borders,
            1,
            Options {
                maximum_screen_space_error: 0.01,
                ..brisk()
            },
        );
        let at = view([0.0, 0.0, 4000.0], [0.0; 3]);
        let last = (0..3000).map(|_| flight.frame(&at)).find(|selection| selection.settled);
        let names = flight.host.drawn(&last.unwrap());
        assert_eq!(names.len() as u32, SIDE * SIDE, "cut {what}");
        assert!(names.iter().all(|name| name.starts_with("5-")), "cut {what}");
    }
}
