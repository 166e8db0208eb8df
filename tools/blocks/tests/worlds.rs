//! Whole worlds, opened and read.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod scenery;

use blocks::area::ChunkArea;
use blocks::{Error, Options, export_from};
use fastnbt::Value;
use scenery::{World, about, export, region_chunks, town};
use std::io::Cursor;

const WHOLE: ChunkArea = ChunkArea {
    x0: 30,
    z0: -4,
    x1: 40,
    z1: 4,
};

fn name_of(value: &Value, member: &str) -> Value {
    match value {
        Value::Compound(members) => members[member].clone(),
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn the_town_stands_where_it_was_put() {
    let (summary, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    assert_eq!((summary.chunks, summary.regions), (80, 4));
    assert_eq!(world.chunks().count(), 80);
    // Ground at 4.0 m: the top block is the one from 3 to 4.
    assert_eq!(world.block(485, 3, -50), "mushroom_stem");
    assert_eq!(world.block(485, 2, -50), "dirt");
    assert_eq!(world.block(485, 4, -50), "air");
    assert_eq!(
        (world.block(485, -1, -50), world.block(485, -64, -50)),
        ("stone", "bedrock")
    );
    assert_eq!(world.block(560, 3, 12), "cyan_terracotta");
    // Water fills its column, and the bridge has water below it and air between.
    assert_eq!((world.block(490, -1, 50), world.block(490, 0, 50)), ("water", "air"));
    assert_eq!(
        (
            world.block(503, 3, 50),
            world.block(503, 2, 50),
            world.block(503, -1, 50)
        ),
        ("cyan_terracotta", "air", "water")
    );
    // The tower's roof at 52.5 m lies in the block from 52 to 53; inside is air.
    assert_eq!(world.block(520, 52, -31), "polished_andesite");
    assert_eq!(world.block(520, 53, -31), "air");
    assert_eq!(world.block(520, 30, -31), "air");
    // House 3 ends at 14.0 m: its roof is the block below that.
    assert_eq!(
        (world.block(536, 13, -2), world.block(536, 14, -2)),
        ("polished_andesite", "air")
    );
}

#[test]
fn grid_north_is_the_games_north() {
    // House 0 spans z from -6.4 (north) to 4.1 (south): its north wall has the smaller z.
    let (_, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    let walls: Vec<i32> = (-20..9).filter(|z| world.block(508, 8, *z) == "bone_block").collect();
    assert_eq!(walls, [-7, 4]);
    // And the east wall of the last house has the greater x: 504 + 6 * 9.3 = 559.8.
    let east = (540..580).rev().find(|x| world.block(*x, 8, 0) == "bone_block");
    assert_eq!(east, Some(559));
}

#[test]
fn trees_and_lamps_stand_on_the_ground_and_reach_over_chunk_borders() {
    let (_, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    assert_eq!(
        (world.block(530, 4, 22), world.block(530, 3, 22)),
        ("oak_log", "mushroom_stem")
    );
    assert_eq!(world.block(530, 11, 22), "oak_leaves");
    // Tree 1 at x 511.9 has its crown in two regions.
    assert_eq!(
        (world.block(510, 9, 22), world.block(513, 9, 22)),
        ("oak_leaves", "oak_leaves")
    );
    assert_eq!(
        (world.block(512, 4, 19), world.block(512, 9, 19)),
        ("polished_deepslate_wall", "lantern")
    );
}

#[test]
fn the_spawn_is_on_open_ground_near_the_middle_with_the_credits_in_sight() {
    let (summary, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    let [x, y, z] = summary.spawn;
    let (dx, dz) = (x - 559, z);
    assert!(dx * dx + dz * dz < 20 * 20, "{:?}", summary.spawn);
    assert_ne!(world.block(x, y - 1, z), "air");
    assert!((y..320).all(|y| world.block(x, y, z) == "air"));
    let signs: Vec<&Value> = world.chunks().flat_map(|chunk| &chunk.block_entities).collect();
    let mut texts = Vec::new();
    for sign in &signs {
        let at = |axis: &str| match name_of(sign, axis) {
            Value::Int(number) => number,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(world.block(at("x"), at("y"), at("z")), "oak_sign");
        assert_eq!((at("y"), at("z")), (y, z - 2));
        assert_ne!(world.block(at("x"), at("y") - 1, at("z")), "air");
        let Value::List(lines) = name_of(&name_of(sign, "front_text"), "messages") else {
            unreachable!()
        };
        texts.push((at("x"), lines));
    }
    texts.sort_by_key(|text| text.0);
    let words: String = texts
        .iter()
        .flat_map(|text| &text.1)
        .map(|line| match line {
            Value::String(json) => serde_json::from_str::<String>(json).unwrap(),
            other => unreachable!("{other:?}"),
        })
        .collect();
    assert!(words.contains("A small town"), "{words}");
    assert!(
        words
            .replace(' ', "")
            .contains("OpenStreetMapcontributors,ODbL1.0,https://www.openstreetmap.org/copyright"),
        "{words}"
    );
}

#[test]
fn heightmaps_say_what_the_columns_hold() {
    let (_, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    for chunk in world.chunks() {
        assert_eq!((chunk.data_version, chunk.status.as_str()), (3955, "minecraft:full"));
        for x in 0..16 {
            for z in 0..16 {
                let top = |counts: &dyn Fn(&str) -> bool| {
                    (-64..320)
                        .rev()
                        .find(|y| counts(chunk.block(x, *y, z)))
                        .map_or(0, |y| y + 65)
                };
                let solid = |name: &str| name != "air" && name != "water";
                let expected = [
                    ("WORLD_SURFACE", top(&|name| name != "air")),
                    ("MOTION_BLOCKING", top(&|name| name != "air")),
                    (
                        "MOTION_BLOCKING_NO_LEAVES",
                        top(&|name| name != "air" && !name.ends_with("_leaves")),
                    ),
                    ("OCEAN_FLOOR", top(&solid)),
                ];
                for (map, height) in expected {
                    assert_eq!(chunk.height(map, x, z), height, "{map} {} {} {x} {z}", chunk.x, chunk.z);
                }
            }
        }
    }
}

#[test]
fn two_neighbouring_exports_are_one_big_one() {
    let town = town();
    let (whole_summary, whole) = export(&town, WHOLE);
    let whole = World::read(&whole);
    for parts in [
        [ChunkArea { x1: 33, ..WHOLE }, ChunkArea { x0: 33, ..WHOLE }],
        [ChunkArea { z1: 1, ..WHOLE }, ChunkArea { z0: 1, ..WHOLE }],
    ] {
        let mut joined = 0;
        for part in parts {
            let (summary, zip) = export(&town, part);
            // The signs stand where the export's own middle is.
            let signs =
                [whole_summary.spawn, summary.spawn].map(|[x, _, z]| (x.div_euclid(16), (z - 2).div_euclid(16)));
            for (name, file) in World::read(&zip)
                .files
                .iter()
                .filter(|(name, _)| name.starts_with("region/"))
            {
                let big = region_chunks(&whole.files[name]);
                for (place, chunk) in region_chunks(file) {
                    let region: Vec<i32> = name.split('.').filter_map(|word| word.parse().ok()).collect();
                    let at = (region[0] * 32 + place as i32 % 32, region[1] * 32 + place as i32 / 32);
                    joined += 1;
                    if !signs.contains(&at) {
                        assert_eq!(chunk, big[&place], "{name} {at:?}");
                    }
                }
            }
        }
        assert_eq!(joined, 80);
    }
}

#[test]
fn one_thread_or_several_or_a_second_time_gives_the_same_bytes() {
    let (_, several) = export(&town(), WHOLE);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (_, one) = pool.install(|| export(&town(), WHOLE));
    assert_eq!(several, one);
    let mut shuffled = town();
    shuffled.reverse();
    for piece in &mut shuffled {
        piece.triangles.reverse();
    }
    let (_, other) = export(&shuffled, WHOLE);
    assert_eq!(several, other);
}

#[test]
fn a_block_leads_back_to_its_building() {
    let (summary, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    let objects: serde_json::Value = serde_json::from_slice(&world.files["objects.json"]).unwrap();
    assert_eq!(objects.as_object().unwrap().len() as u64, summary.objects);
    let tower = &objects["tower"];
    assert_eq!(
        (tower["min"][1].as_i64(), tower["max"][1].as_i64()),
        (Some(4), Some(52))
    );
    let count = |x: std::ops::Range<i32>, z: std::ops::Range<i32>| {
        let columns = x.flat_map(|x| z.clone().map(move |z| (x, z)));
        columns
            .flat_map(|(x, z)| (4..60).map(move |y| (x, y, z)))
            .filter(|(x, y, z)| world.block(*x, *y, *z) != "air")
            .count()
    };
    assert_eq!(tower["blocks"].as_u64(), Some(count(514..528, -36..-24) as u64));
    assert_eq!(objects["lamp"]["blocks"], 6);
    assert_eq!(objects["tree-0"]["kind"], "SolitaryVegetationObject");
}

#[test]
fn the_world_says_where_it_is_and_whose_data_it_is_made_of() {
    let (_, zip) = export(&town(), WHOLE);
    let world = World::read(&zip);
    let about: serde_json::Value = serde_json::from_slice(&world.files["kortteli.json"]).unwrap();
    assert_eq!(
        (about["e0"].as_i64(), about["n0"].as_i64()),
        (Some(25_496_576), Some(6_673_408))
    );
    assert_eq!(about["horizontalCrs"], "EPSG:3879");
    let readme = String::from_utf8(world.files["README.txt"].clone()).unwrap();
    assert!(readme.contains("OpenStreetMap contributors, ODbL 1.0"));
    assert!(readme.contains("NOT AN OFFICIAL MINECRAFT PRODUCT"));
    assert!(readme.contains("easting  = x + 25496576"));
    assert!(world.files.contains_key("level.dat"));
    assert!(world.files.contains_key("datapacks/kortteli/pack.mcmeta"));
}

#[test]
fn an_area_with_nothing_in_it_is_refused() {
    let area = ChunkArea {
        x0: 100,
        z0: 100,
        x1: 102,
        z1: 102,
    };
    let result = export_from(
        &town(),
        area,
        &about(&area),
        &Options::new().unwrap(),
        Cursor::new(Vec::new()),
        None,
    );
    assert!(matches!(result, Err(Error::Empty { .. })), "{result:?}");
}

#[test]
fn an_export_can_be_stopped() {
    let mut options = Options::new().unwrap();
    options.progress = Some(std::sync::Arc::new(|progress: blocks::Progress| {
        if progress.chunks >= 3 {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    }));
    let result = export_from(&town(), WHOLE, &about(&WHOLE), &options, Cursor::new(Vec::new()), None);
    assert!(matches!(result, Err(Error::Stopped)), "{result:?}");
}
