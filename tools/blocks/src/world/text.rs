//! What a world tells people.

use super::About;
use crate::spawn::sign_lines;
use std::fmt::Write;

/// Removes lit TNT: the rule `tntExplodes` is younger than 1.21.1. Pack formats above 81 are described in another way, and
/// the versions that use them know the rule.
pub(super) const DATA_PACK: [(&str, &str); 3] = [
    (
        "pack.mcmeta",
        "{\"pack\":{\"description\":\"Kortteli: no TNT\",\"pack_format\":48,\"supported_formats\":{\"min_inclusive\":48,\"max_inclusive\":81}}}\n",
    ),
    (
        "data/minecraft/tags/function/tick.json",
        "{\"values\":[\"kortteli:tick\"]}\n",
    ),
    (
        "data/kortteli/function/tick.mcfunction",
        "kill @e[type=minecraft:tnt]\nkill @e[type=minecraft:tnt_minecart]\n",
    ),
];

/// The signs at the spawn: the city's name, then whom to credit, four lines each.
pub(super) fn signs(about: &About, most: usize) -> Vec<[String; 4]> {
    let mut title = sign_lines(&about.world_name());
    title.truncate(2);
    title.push("1 block = 1 m".to_owned());
    title.push("north is -Z".to_owned());
    let mut credits: Vec<String> = about.attribution.iter().flat_map(|line| sign_lines(line)).collect();
    let room = (most - 1) * 4;
    if credits.len() > room {
        credits.truncate(room - 1);
        credits.push("see README.txt".to_owned());
    }
    let four = |lines: &[String]| std::array::from_fn(|at| lines.get(at).cloned().unwrap_or_default());
    std::iter::once(four(&title))
        .chain(credits.chunks(4).map(four))
        .collect()
}

/// `README.txt`.
pub(super) fn readme(about: &About, spawn: [i32; 3]) -> String {
    let [x, y, z] = spawn;
    let anchor = about.anchor;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        let _ = writeln!(text, "{arguments}");
    };
    line(format_args!("{}", about.world_name()));
    line(format_args!(
        "a block world made with Kortteli {}\n",
        env!("CARGO_PKG_VERSION")
    ));
    line(format_args!("Whose data it is made of:"));
    for credit in &about.attribution {
        line(format_args!("  {credit}"));
    }
    if let Some(license) = &about.license {
        line(format_args!("  Licence: {license}"));
    }
    line(format_args!("Keep these lines with the world when you pass it on.\n"));
    line(format_args!("Installing (Minecraft: Java Edition 1.21.1 or newer):"));
    line(format_args!(
        "  1. Unpack the zip. It holds one folder, {}.",
        about.folder()
    ));
    line(format_args!(
        "  2. Move that folder into the folder `saves` of the game: in the game choose"
    ));
    line(format_args!(
        "     Options, Resource Packs, Open Pack Folder, and go one folder up."
    ));
    line(format_args!(
        "  3. Start the game, choose Singleplayer, and open \"{}\".\n",
        about.world_name()
    ));
    line(format_args!("Where everything is:"));
    line(format_args!(
        "  One block is one metre. Grid north is the game's north (-Z), east is +X, up is Y."
    ));
    line(format_args!("  easting  = x + {}    ({})", anchor.e0, about.horizontal));
    line(format_args!("  northing = {} - z", anchor.n0));
    line(format_args!(
        "  height   = y {:+}    ({})",
        -anchor.offset, about.vertical
    ));
    line(format_args!(
        "  True north lies {:.2} degrees {} of the game's north.",
        about.convergence.abs(),
        side(about)
    ));
    line(format_args!(
        "  You start at {x} {y} {z}. The same is in kortteli.json for programs."
    ));
    line(format_args!(
        "  objects.json tells which blocks belong to which building.\n"
    ));
    line(format_args!(
        "The world is set to creative mode and peace, with fixed noon and without weather, fire or TNT.\n"
    ));
    line(format_args!(
        "NOT AN OFFICIAL MINECRAFT PRODUCT. NOT APPROVED BY OR ASSOCIATED WITH MOJANG OR MICROSOFT."
    ));
    text
}

/// To which side of the game's north true north lies: opposite to where grid north lies of true north.
fn side(about: &About) -> &'static str {
    if about.convergence > 0.0 { "west" } else { "east" }
}
