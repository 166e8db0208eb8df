//! `level.dat`: what kind of world it is.

use super::DATA_VERSION;
use crate::Error;
use fastnbt::Value;
use flate2::{Compression, GzBuilder};
use std::collections::HashMap;
use std::io::Write;

/// What differs between worlds.
#[derive(Debug, Clone)]
pub struct LevelInfo {
    /// The name in the game's list.
    pub name: String,
    /// Where players come into the world.
    pub spawn: [i32; 3],
    /// The compound `kortteli`: the same as `kortteli.json`.
    pub about: serde_json::Value,
}

/// The game version that writes data version 3955.
const GAME_VERSION: &str = "1.21.1";
/// The version of the Anvil format.
const ANVIL_VERSION: i32 = 19133;
/// Ticks from midnight to noon, as the game counts a day from six in the morning.
const NOON: i64 = 6000;
/// Facing north, in degrees from south over west.
const NORTH: f32 = 180.0;

/// Rules for a classroom: nothing attacks, burns, floods, grows or explodes, and it is always noon. Names that 1.21.1
/// does not know (`tntExplodes`) take effect in the versions that do.
const RULES: &[(&str, &str)] = &[
    ("announceAdvancements", "false"),
    ("commandBlockOutput", "false"),
    ("disableRaids", "true"),
    ("doDaylightCycle", "false"),
    ("doFireTick", "false"),
    ("doInsomnia", "false"),
    ("doMobSpawning", "false"),
    ("doPatrolSpawning", "false"),
    ("doTraderSpawning", "false"),
    ("doVinesSpread", "false"),
    ("doWardenSpawning", "false"),
    ("doWeatherCycle", "false"),
    ("keepInventory", "true"),
    ("mobGriefing", "false"),
    ("randomTickSpeed", "0"),
    ("spawnRadius", "0"),
    ("tntExplodes", "false"),
];

fn compound<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Compound(entries.map(|(name, value)| (name.to_owned(), value)).into())
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// The file, compressed with gzip.
///
/// # Errors
/// As the encoder has them; none is known.
pub fn level_dat(info: &LevelInfo) -> Result<Vec<u8>, Error> {
    let root = Sorted(&compound([("Data", data(info))])).to_bytes()?;
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::new(9));
    encoder.write_all(&root)?;
    Ok(encoder.finish()?)
}

fn data(info: &LevelInfo) -> Value {
    let [x, y, z] = info.spawn;
    let rules: HashMap<String, Value> = RULES
        .iter()
        .map(|(rule, value)| ((*rule).to_owned(), string(value)))
        .collect();
    compound([
        ("version", Value::Int(ANVIL_VERSION)),
        ("DataVersion", Value::Int(DATA_VERSION)),
        (
            "Version",
            compound([
                ("Id", Value::Int(DATA_VERSION)),
                ("Name", string(GAME_VERSION)),
                ("Series", string("main")),
                ("Snapshot", Value::Byte(0)),
            ]),
        ),
        ("LevelName", string(&info.name)),
        ("GameType", Value::Int(1)),
        ("allowCommands", Value::Byte(1)),
        ("Difficulty", Value::Byte(0)),
        ("DifficultyLocked", Value::Byte(0)),
        ("hardcore", Value::Byte(0)),
        ("initialized", Value::Byte(1)),
        ("WasModded", Value::Byte(0)),
        ("LastPlayed", Value::Long(0)),
        ("Time", Value::Long(0)),
        ("DayTime", Value::Long(NOON)),
        ("clearWeatherTime", Value::Int(1_000_000)),
        ("rainTime", Value::Int(0)),
        ("raining", Value::Byte(0)),
        ("thunderTime", Value::Int(0)),
        ("thundering", Value::Byte(0)),
        ("SpawnX", Value::Int(x)),
        ("SpawnY", Value::Int(y)),
        ("SpawnZ", Value::Int(z)),
        ("SpawnAngle", Value::Float(NORTH)),
        ("GameRules", Value::Compound(rules)),
        (
            "DataPacks",
            compound([
                ("Enabled", Value::List(vec![string("vanilla"), string("file/kortteli")])),
                ("Disabled", Value::List(Vec::new())),
            ]),
        ),
        ("WorldGenSettings", generator()),
        ("kortteli", from_json(&info.about)),
    ])
}

/// A flat world of nothing, so that nothing grows at the border; the other dimensions are the game's own.
fn generator() -> Value {
    let flat = compound([
        ("biome", string("minecraft:plains")),
        ("features", Value::Byte(0)),
        ("lakes", Value::Byte(0)),
        (
            "layers",
            Value::List(vec![compound([
                ("block", string("minecraft:air")),
                ("height", Value::Int(1)),
            ])]),
        ),
        ("structure_overrides", Value::List(Vec::new())),
    ]);
    let dimension = |kind: &str, generator: Value| compound([("type", string(kind)), ("generator", generator)]);
    let noise = |settings: &str, biomes: Value| {
        compound([
            ("type", string("minecraft:noise")),
            ("settings", string(settings)),
            ("biome_source", biomes),
        ])
    };
    let nether_biomes = compound([
        ("type", string("minecraft:multi_noise")),
        ("preset", string("minecraft:nether")),
    ]);
    let end_biomes = compound([("type", string("minecraft:the_end"))]);
    compound([
        ("seed", Value::Long(0)),
        ("generate_features", Value::Byte(0)),
        ("bonus_chest", Value::Byte(0)),
        (
            "dimensions",
            compound([
                (
                    "minecraft:overworld",
                    dimension(
                        "minecraft:overworld",
                        compound([("type", string("minecraft:flat")), ("settings", flat)]),
                    ),
                ),
                (
                    "minecraft:the_nether",
                    dimension("minecraft:the_nether", noise("minecraft:nether", nether_biomes)),
                ),
                (
                    "minecraft:the_end",
                    dimension("minecraft:the_end", noise("minecraft:end", end_biomes)),
                ),
            ]),
        ),
    ])
}

/// JSON as NBT: numbers without a fraction become longs, and a list is one of strings unless all its values are of one
/// kind.
fn from_json(json: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => string(""),
        Json::Bool(value) => Value::Byte(i8::from(*value)),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Double(number.as_f64().unwrap_or_default()), Value::Long),
        Json::String(text) => string(text),
        Json::Array(values) => {
            let numbers = values.iter().all(Json::is_number);
            let whole = values.iter().all(Json::is_i64);
            Value::List(match (numbers, whole) {
                (true, true) => values.iter().map(from_json).collect(),
                (true, false) => values
                    .iter()
                    .map(|value| Value::Double(value.as_f64().unwrap_or_default()))
                    .collect(),
                _ => values
                    .iter()
                    .map(|value| string(value.as_str().unwrap_or(&value.to_string())))
                    .collect(),
            })
        }
        Json::Object(members) => Value::Compound(
            members
                .iter()
                .map(|(name, value)| (name.clone(), from_json(value)))
                .collect(),
        ),
    }
}

/// Writes compounds in order of name: the encoder's own maps are in no order.
struct Sorted<'a>(&'a Value);

impl Sorted<'_> {
    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(fastnbt::to_bytes(self)?)
    }
}

impl serde::Serialize for Sorted<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Compound(members) => {
                let ordered: std::collections::BTreeMap<&String, Sorted<'_>> =
                    members.iter().map(|(name, value)| (name, Sorted(value))).collect();
                serializer.collect_map(ordered)
            }
            Value::List(values) => serializer.collect_seq(values.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;
    use std::io::Read;

    fn read(info: &LevelInfo) -> Value {
        let bytes = level_dat(info).unwrap();
        assert_eq!(bytes, level_dat(info).unwrap());
        let mut nbt = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut nbt).unwrap();
        fastnbt::from_bytes(&nbt).unwrap()
    }

    fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
        path.split('/').fold(value, |value, name| match value {
            Value::Compound(members) => members.get(name).unwrap_or_else(|| unreachable!("no {name}")),
            other => unreachable!("{name} of {other:?}"),
        })
    }

    #[test]
    fn a_world_for_a_classroom_that_knows_where_it_is() {
        let about =
            serde_json::json!({ "crs": "EPSG:3879", "anchor": { "e0": 25496576 }, "bbox": [24.9, 60.1, 25, 60.2] });
        let level = read(&LevelInfo {
            name: "Kortteli".into(),
            spawn: [3, 4, -5],
            about,
        });
        let value = |path: &str| at(&level, &format!("Data/{path}")).clone();
        assert_eq!(value("DataVersion"), Value::Int(3955));
        assert_eq!(
            (value("SpawnX"), value("SpawnY"), value("SpawnZ")),
            (Value::Int(3), Value::Int(4), Value::Int(-5))
        );
        assert_eq!(
            (value("GameType"), value("Difficulty")),
            (Value::Int(1), Value::Byte(0))
        );
        assert_eq!(value("GameRules/doMobSpawning"), Value::String("false".into()));
        assert_eq!(value("kortteli/anchor/e0"), Value::Long(25_496_576));
        assert_eq!(
            value("kortteli/bbox"),
            Value::List([24.9, 60.1, 25.0, 60.2].map(Value::Double).into())
        );
        let dimensions = "WorldGenSettings/dimensions/minecraft:overworld/generator/type";
        assert_eq!(value(dimensions), Value::String("minecraft:flat".into()));
    }
}
