//! The command line. Its help is the reference.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// A 3D city model tile server.
///
/// Makes a streamable 3D city of CityGML files, serves it to viewers, GIS programs and game engines, and takes pieces of
/// it home as block worlds.
#[derive(Debug, Parser)]
#[command(
    name = "kortteli",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a 3D Tiles tileset of CityGML files and publish it in a store.
    ///
    /// Reads CityGML, transforms it into an earth-fixed frame, cuts it into tiles with coarser stand-ins above them, and
    /// publishes the result in one step: while it works, and if it fails, the city that was there before stays whole.
    ///
    /// An object that cannot be tiled is reported with file, line and gml:id and left out; the rest is tiled. The full
    /// report is written to report.json in the collection's directory.
    #[command(
        after_help = "Example:\n  kortteli tile city.gml context.gml -o store --collection helsinki --title Helsinki\n\nExit status: 0 published, 1 failed, 2 wrong command line."
    )]
    Tile(TileArguments),
    /// Check a store whole: every file, tile, tree and feature.
    ///
    /// Hashes every file, decodes every tile, and checks boxes, geometric errors, ids and the GeoPackage against one
    /// another. Changes nothing.
    #[command(after_help = "Exit status: 0 whole, 1 something is wrong, 2 wrong command line.")]
    Verify(VerifyArguments),
    /// Tell what is in a store, a collection or a tile.
    ///
    /// Of a store: each collection's title, sources, licence, extent, reference system, objects, layers, sizes and
    /// generations. Of a tile (.glb): triangles, features and whom to credit. Changes nothing.
    #[command(
        after_help = "Example:\n  kortteli info store\n  kortteli info store/helsinki/files/buildings-0.0123456789abcdef.glb\n\nExit status: 0 told, 1 something cannot be read, 2 wrong command line."
    )]
    Info(InfoArguments),
    /// Remove the files that no kept generation of a store needs.
    ///
    /// Each publication leaves the files of the one before for those who still look at it. This keeps the newest
    /// generations of every collection and removes the files that none of them names, and what broken publications
    /// left. A file that Kortteli did not make is named and left; links are not followed. While a collection is being
    /// published it is left as it is.
    #[command(
        after_help = "Example:\n  kortteli gc store --dry-run\n\nDo not copy a city into the store meanwhile: files that no manifest names yet would go.\nExit status: 0 done, 1 something could not be removed, 2 wrong command line."
    )]
    Gc(GcArguments),
    /// Serve a store over HTTP: landing page, tiles, features and the web viewer.
    ///
    /// Publishing into the store while it is served is safe: a new generation is taken over within seconds, and one that
    /// is not whole is not. Stops on Ctrl-C or SIGTERM after answers that have begun are sent.
    #[command(
        after_help = "Examples:\n  kortteli serve store --listen 0.0.0.0:8080 --viewer target/web\n  kortteli serve --config /etc/kortteli/kortteli.toml --check\n\nThe log goes to standard error; RUST_LOG=warn leaves out the line of each request.\nExit status: 0 stopped, 1 failed, 2 wrong command line."
    )]
    Serve(ServeArguments),
    /// Take a box of a city as one glTF file, for game engines and modelling programs.
    ///
    /// A GLB in metres with a node for each building, named by its id, with its attributes as extras; x is east, y up, z
    /// south. Boxes that share an edge and an origin fit: each building is in one of them, whole, and the ground meets.
    #[command(
        after_help = "Example:\n  kortteli extract store --bbox 24.950,60.168,24.956,60.171 -o senate-square.glb\n\nExit status: 0 written, 1 failed, 2 wrong command line."
    )]
    Extract(ExtractArguments),
    /// Export a part of a city as a block world for Minecraft Java Edition.
    ///
    /// One block is one metre, grid north is game north, and exports of the same city join block for block. Unzip the
    /// world into the game's saves folder.
    #[command(
        after_help = "Example:\n  kortteli blocks store --bbox 24.950,60.168,24.956,60.171 -o senate-square.zip\n\nExit status: 0 written, 1 failed, 2 wrong command line."
    )]
    Blocks(BlocksArguments),
}

#[derive(Debug, Args)]
pub(crate) struct TileArguments {
    /// CityGML files, plain (.gml, .xml) or compressed (.gz).
    #[arg(required = true, value_name = "FILE")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The store: a directory that holds collections. It is made if it is not there.
    #[arg(short, long, value_name = "STORE")]
    pub(crate) output: PathBuf,
    /// Name of the collection in the store and in addresses: letters, digits, - and _.
    #[arg(short, long, value_name = "NAME", default_value = "city", value_parser = parse_collection)]
    pub(crate) collection: String,
    /// Title for people; otherwise the gml:name of the first file that has one.
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Most bytes of an encoded tile, with K or M for KiB or MiB. A feature that is larger makes a larger tile.
    #[arg(long, value_name = "SIZE", default_value = "1M", value_parser = parse_size)]
    pub(crate) tile_bytes: usize,
    /// Most tiles of a tileset's JSON; more are cut into external tilesets. For trying how programs take those.
    #[arg(long, value_name = "N", default_value_t = tiler::Options::TILESET_TILES, hide = true)]
    pub(crate) tileset_tiles: usize,
    /// Geoid grid for heights above sea level: ESRI ASCII (.asc), GTX (.gtx) or GeoTIFF (.tif). A grid of the Helsinki
    /// region for N2000 is built in.
    #[arg(long, value_name = "FILE")]
    pub(crate) geoid: Option<PathBuf>,
    /// What the heights of the files are measured from.
    #[arg(long, value_enum, default_value_t = Heights::Geoid)]
    pub(crate) heights: Heights,
    /// Order of the horizontal axes in the files.
    #[arg(long, value_enum, default_value_t = Axis::Auto)]
    pub(crate) axis: Axis,
    /// Reference system of the files in place of what they say, for example EPSG:3879+3900.
    #[arg(long, value_name = "CRS")]
    pub(crate) crs: Option<String>,
    /// Take this level of detail only; otherwise the highest of each object.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=4))]
    pub(crate) lod: Option<u8>,
    /// How many threads work; otherwise one for each processor. The result does not depend on it.
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    pub(crate) threads: Option<usize>,
    /// About how much memory to take, with M or G for MiB or GiB; otherwise half of the machine's. The result does not depend on it.
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(crate) memory: Option<u64>,
    /// Where to keep intermediate results while it runs; otherwise beside the collection. They grow with the files.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) temp: Option<PathBuf>,
    /// Publish nothing if there is a warning.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Whom to credit, in the viewer and in every tile; may be given several times. Otherwise taken from the files.
    #[arg(long, value_name = "TEXT")]
    pub(crate) attribution: Vec<String>,
    /// The licence as a link.
    #[arg(long, value_name = "URL")]
    pub(crate) license: Option<String>,
    /// How hard Brotli tries on new files, 0 to 11. Higher makes them smaller and publishing slower.
    #[arg(long, value_name = "QUALITY", default_value_t = store::Coding::BROTLI_QUALITY, value_parser = clap::value_parser!(u8).range(0..=11))]
    pub(crate) brotli: u8,
    /// How tiles are stored.
    #[arg(long, value_enum, default_value_t = Encoding::Compact)]
    pub(crate) encoding: Encoding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Heights {
    /// The geoid or datum that the reference system names.
    Geoid,
    /// The ellipsoid, whatever the reference system says.
    Ellipsoidal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Axis {
    /// The order that falls into the reference system's area of use.
    Auto,
    /// Easting (or longitude) first.
    EastNorth,
    /// Northing (or latitude) first.
    NorthEast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Encoding {
    /// Small: compressed by two extensions of glTF that most clients read.
    Compact,
    /// Core glTF 2.0 without any required extension, for clients that read nothing else.
    Plain,
    /// Compact tiles as the collection, and plain ones as a second collection NAME-plain.
    Both,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The store.
    pub(crate) store: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArguments {
    /// The store, a collection in it, or a tile.
    pub(crate) path: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GcArguments {
    /// The store.
    pub(crate) store: PathBuf,
    /// How many generations of each collection stay, with the current one; at least 2.
    #[arg(long, value_name = "N", default_value_t = store::gc::LEAST_KEPT, value_parser = parse_keep)]
    pub(crate) keep: usize,
    /// Only say what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print the result as JSON, with the name of every file.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The store; it may be named in the configuration instead.
    pub(crate) store: Option<String>,
    /// A TOML file with settings; server/CONFIG.md describes each. An environment variable `KORTTELI_<NAME>` goes before
    /// it, and a flag before that.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address and port, 127.0.0.1:8080 unless set; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Address and port of a listener for /metrics alone.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// Directory of the web viewer, as `cargo xtask web` wrote it.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) viewer: Option<String>,
    /// The address under which the public reaches the server; makes links absolute.
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Directory for what must outlive a restart.
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) state_dir: Option<String>,
    /// Any setting by its name in the configuration, for example limits.connections=500; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(crate) set: Vec<(String, String)>,
    /// Read the settings and look at the store, say what is wrong, and stop.
    #[arg(long)]
    pub(crate) check: bool,
    /// Print the settings in force as a configuration that can be read back, and stop.
    #[arg(long)]
    pub(crate) print_config: bool,
}

impl ServeArguments {
    /// The flags that set something, by their names in the configuration; `--set` comes first, so that a flag of its own
    /// goes before it.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let own = [
            ("store", self.store.clone()),
            ("listen", self.listen.map(|address| address.to_string())),
            ("metrics_listen", self.metrics_listen.map(|address| address.to_string())),
            ("viewer", self.viewer.clone()),
            ("public_url", self.public_url.clone()),
            ("state_dir", self.state_dir.clone()),
        ];
        let own = own
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        self.set.iter().cloned().chain(own).collect()
    }
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write it as NAME=VALUE, for example limits.connections=500")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[derive(Debug, Args)]
pub(crate) struct ExtractArguments {
    /// The store.
    pub(crate) store: PathBuf,
    /// West, south, east, north in degrees of longitude and latitude (WGS 84).
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, value_parser = parse_bbox)]
    pub(crate) bbox: BoundingBox,
    /// The file to write.
    #[arg(short, long, value_name = "GLB")]
    pub(crate) output: PathBuf,
    /// The collection, where the store holds several.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// 1: a block for each building; 2: the full model.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) lod: u8,
    /// The file's zero: longitude and latitude in degrees and height above the ellipsoid in metres. Otherwise the middle
    /// of the box, on the ground.
    #[arg(long, value_name = "LON,LAT,HEIGHT", allow_hyphen_values = true, value_parser = parse_origin)]
    pub(crate) origin: Option<Origin>,
    /// Only these layers, separated by commas, for example buildings,terrain.
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    pub(crate) layers: Option<Vec<String>>,
    /// Which buildings, trees and lamps belong to the box. They are never cut.
    #[arg(long, value_enum, default_value_t = Membership::Centred)]
    pub(crate) objects: Membership,
    /// The largest area in square kilometres.
    #[arg(long, value_name = "KM2", default_value_t = extract::Limits::default().area_km2)]
    pub(crate) area_limit: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Membership {
    /// Those whose bounding box has its middle in the box.
    Centred,
    /// Those whose bounding box meets the box; neighbouring boxes may hold the same ones.
    Touching,
}

/// Longitude and latitude in degrees, ellipsoidal height in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Origin(pub(crate) [f64; 3]);

fn parse_origin(text: &str) -> Result<Origin, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse::<f64>()).collect();
    let numbers: Option<[f64; 3]> = numbers.ok().and_then(|numbers| numbers.try_into().ok());
    match numbers {
        Some(origin) if origin.iter().all(|number| number.is_finite()) => Ok(Origin(origin)),
        _ => Err("give longitude, latitude and height without spaces, for example 24.9525,60.1703,22.5".to_owned()),
    }
}

#[derive(Debug, Args)]
pub(crate) struct BlocksArguments {
    /// The store.
    pub(crate) store: PathBuf,
    /// West, south, east, north in degrees of longitude and latitude (WGS 84).
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, value_parser = parse_bbox)]
    pub(crate) bbox: BoundingBox,
    /// The world to write, a zip file.
    #[arg(short, long, value_name = "ZIP")]
    pub(crate) output: PathBuf,
    /// The collection, where the store holds several.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// Only these layers, separated by commas, for example buildings,water.
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    pub(crate) layers: Option<Vec<String>>,
    /// Which block a surface becomes: a palette file in place of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) palette: Option<PathBuf>,
    /// What is added to a height in metres to get the block's y; otherwise fixed for the city. Worlds join only where it
    /// is the same.
    #[arg(long, value_name = "METRES", allow_negative_numbers = true)]
    pub(crate) height_offset: Option<i32>,
    /// The largest area in square kilometres.
    #[arg(long, value_name = "KM2", default_value_t = blocks::export::AREA_LIMIT_KM2)]
    pub(crate) area_limit: f64,
    /// Also writes the blocks as a grid, for checking the world with other programs (tools/checks/blocks).
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) dump_grid: Option<PathBuf>,
}

/// West, south, east, north in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BoundingBox(pub(crate) [f64; 4]);

fn parse_bbox(text: &str) -> Result<BoundingBox, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse::<f64>()).collect();
    let right = "give four numbers without spaces, for example 24.950,60.168,24.956,60.171";
    let numbers: [f64; 4] = numbers.ok().and_then(|numbers| numbers.try_into().ok()).ok_or(right)?;
    let [west, south, east, north] = numbers;
    if !(-180.0..=180.0).contains(&west) || !(-180.0..=180.0).contains(&east) {
        return Err("longitudes lie between -180 and 180; the order is west,south,east,north".to_owned());
    }
    if !(-90.0..=90.0).contains(&south) || !(-90.0..=90.0).contains(&north) {
        return Err("latitudes lie between -90 and 90; the order is west,south,east,north".to_owned());
    }
    if west >= east || south >= north {
        return Err("the order is west,south,east,north, so the first must be less than the third and the second less than the fourth".to_owned());
    }
    Ok(BoundingBox(numbers))
}

/// Less than this is taken by the program itself.
const LEAST_MEMORY: u64 = 64 << 20;

fn parse_memory(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        _ => (text, 0),
    };
    let bytes = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift));
    match bytes {
        None => Err("give a number of bytes, for example 512M or 2G".to_owned()),
        Some(bytes) if bytes < LEAST_MEMORY => Err("the program itself takes 64M".to_owned()),
        Some(bytes) => Ok(bytes),
    }
}

fn parse_size(text: &str) -> Result<usize, String> {
    let (digits, factor) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 1024),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 1024 * 1024),
        _ => (text, 1),
    };
    let least = tiler::Options::LEAST_TILE_BYTES;
    let size = digits
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(factor));
    match size {
        None => Err("give a number of bytes, for example 500000, 32K or 1M".to_owned()),
        Some(size) if size < least => Err(format!(
            "a tile needs at least {}K, its own header takes the rest",
            least / 1024
        )),
        Some(size) => Ok(size),
    }
}

fn parse_keep(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(keep) if keep >= store::gc::LEAST_KEPT => Ok(keep),
        _ => Err("give a number of generations, at least 2: the one before the current is still looked at".to_owned()),
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(threads @ 1..=1024) => Ok(threads),
        _ => Err("give a number from 1 to 1024".to_owned()),
    }
}

fn parse_collection(text: &str) -> Result<String, String> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if plain && (1..=58).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(
            "use letters, digits, - and _, at most 58 of them: the name becomes a directory and a part of addresses"
                .to_owned(),
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_are_bytes_or_kibibytes_or_mebibytes() {
        assert_eq!(parse_size("32K").unwrap(), 32 * 1024);
        assert_eq!(parse_memory("2G").unwrap(), 2 << 30);
        assert!(parse_memory("1K").unwrap_err().contains("512M") && parse_memory("9M").unwrap_err().contains("64M"));
        assert_eq!(parse_size("1M").unwrap(), 1 << 20);
        assert_eq!(parse_size("500000").unwrap(), 500_000);
        for wrong in ["", "K", "1G", "-1", "1.5M", "99999999999999999999M", "1K", "0"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_origin_is_three_numbers() {
        assert_eq!(parse_origin("-1.5, 60,-20.25").unwrap().0, [-1.5, 60.0, -20.25]);
        for wrong in ["1,2", "1,2,3,4", "a,b,c", "1,2,NaN", "1,2,inf", ""] {
            assert!(parse_origin(wrong).unwrap_err().contains("height"), "{wrong}");
        }
    }

    #[test]
    fn a_box_is_west_south_east_north() {
        assert_eq!(parse_bbox("-1.5, -2,3,4").unwrap().0, [-1.5, -2.0, 3.0, 4.0]);
        for (wrong, why) in [
            ("1,2,3", "four numbers"),
            ("a,b,c,d", "four numbers"),
            ("3,2,1,4", "west,south,east,north"),
            ("1,4,3,2", "west,south,east,north"),
            ("60,24,61,125", "between -90 and 90"),
            ("1,2,NaN,4", "between -180 and 180"),
        ] {
            assert!(parse_bbox(wrong).unwrap_err().contains(why), "{wrong}");
        }
    }
}
