//! Viewers that fly through a city, as a server sees them.
//!
//! Nobody's requests are alike: a viewer asks for what its selector chooses along its way, and for nothing twice. So each
//! of N viewers runs the selector of the real ones ten times a second along a way of its own, over one kept connection,
//! with a cache of its own; N is doubled until the slowest hundredth of the answers takes longer than 100 ms.

use super::client::{Connection, Serving, Times};
use anyhow::{Context as _, bail, ensure};
use glam::dcamera::rh::proj::directx;
use glam::dcamera::rh::view::look_at_mat4;
use glam::{DMat4, DVec3};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tiles::bounds::{Aabb, Frustum};
use tiles::select::{ContentKind, Options as Selecting, SelectionTree, View};
use tiles::tileset::Tileset;

/// Which city, and how it is flown through.
#[derive(clap::Args)]
pub struct Options {
    /// Folder of a collection in a store.
    collection: PathBuf,
    /// The program; otherwise the release build.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Seconds that each number of viewers flies.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Kilometres an hour.
    #[arg(long, default_value_t = 60.0)]
    speed: f64,
    /// Metres above the city's middle height.
    #[arg(long, default_value_t = 120.0)]
    height: f64,
    /// The most viewers to try.
    #[arg(long, default_value_t = 1024)]
    most: usize,
}

/// How often a viewer looks.
const FRAME: Duration = Duration::from_millis(100);
/// The slowest hundredth may take so long, in milliseconds.
const MARK: f64 = 100.0;
const ACCEPT: &str = "Accept-Encoding: br\r\n";

struct Flown {
    times: Vec<Duration>,
    bytes: u64,
    settled: usize,
    frames: usize,
}

/// Flies and prints.
///
/// # Errors
/// When the server does not start, or an answer is not the one that was asked for.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = options.collection.canonicalize().context("no such collection")?;
    let (Some(store), Some(name)) = (folder.parent(), folder.file_name()) else {
        bail!("name the folder of a collection");
    };
    let program = super::serve::program(options.program.as_deref())?;
    let log = std::env::temp_dir().join(format!("kortteli-flight-{}.log", std::process::id()));
    let serving = Serving::kortteli(&program, store, &log, &[])?;
    let base = format!("/collections/{}/3dtiles/", name.to_string_lossy());
    println!("{} from {}", folder.display(), program.display());
    println!("viewers  requests  requests/s     MB/s   p50 ms   p99 ms  frames with all there");
    let mut viewers = 1;
    while viewers <= options.most {
        let (flown, took) = fly(serving.address, &base, viewers, options)?;
        let bytes: u64 = flown.iter().map(|flown| flown.bytes).sum();
        let settled: usize = flown.iter().map(|flown| flown.settled).sum();
        let frames: usize = flown.iter().map(|flown| flown.frames).sum();
        let times = Times::new(flown.into_iter().flat_map(|flown| flown.times).collect());
        println!(
            "{viewers:7} {:9} {:11.0} {:8.2} {:8.2} {:8.2}  {:.0} %",
            times.count(),
            times.count() as f64 / took,
            bytes as f64 / 1e6 / took,
            times.quantile(0.5),
            times.quantile(0.99),
            settled as f64 / frames.max(1) as f64 * 100.0,
        );
        if times.quantile(0.99) > MARK {
            break;
        }
        viewers *= 2;
    }
    let (memory, handles) = serving.resources()?;
    println!("server afterwards: {:.1} MB, {handles} handles", memory as f64 / 1024.0);
    let _ = std::fs::remove_file(log);
    Ok(())
}

fn fly(address: SocketAddr, base: &str, viewers: usize, options: &Options) -> anyhow::Result<(Vec<Flown>, f64)> {
    let begun = Instant::now();
    let flown = std::thread::scope(|scope| {
        let all: Vec<_> = (0..viewers)
            .map(|number| scope.spawn(move || fly_one(address, base, number, viewers, options)))
            .collect();
        let ended = all.into_iter().map(|viewer| match viewer.join() {
            Ok(flown) => flown,
            Err(_) => bail!("a viewer panicked"),
        });
        ended.collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok((flown, begun.elapsed().as_secs_f64()))
}

/// One viewer's connection and cache.
struct Fetcher<'a> {
    connection: Connection,
    base: &'a str,
    cache: HashMap<String, Vec<u8>>,
    flown: Flown,
}

impl Fetcher<'_> {
    /// The bytes at an address below the collection's, asked for once. `coded` says whether they may come compressed.
    fn get(&mut self, uri: &str, coded: bool) -> anyhow::Result<&[u8]> {
        if !self.cache.contains_key(uri) {
            let begun = Instant::now();
            let path = format!("{}{uri}", self.base);
            let answer = self.connection.get(&path, if coded { ACCEPT } else { "" })?;
            ensure!(answer.status == 200, "{path}: {}", answer.status);
            self.flown.times.push(begun.elapsed());
            self.flown.bytes += answer.body.len() as u64;
            // Of a mesh only the length is of use here; a thousand viewers would not fit else.
            let kept = if coded { Vec::new() } else { answer.body };
            self.cache.insert(uri.to_owned(), kept);
        }
        Ok(self.cache.get(uri).map_or(&[], Vec::as_slice))
    }
}

fn fly_one(address: SocketAddr, base: &str, number: usize, viewers: usize, options: &Options) -> anyhow::Result<Flown> {
    let flown = Flown {
        times: Vec::new(),
        bytes: 0,
        settled: 0,
        frames: 0,
    };
    let mut fetcher = Fetcher {
        connection: Connection::new(address),
        base,
        cache: HashMap::new(),
        flown,
    };
    // Viewers do not arrive all at once.
    std::thread::sleep(Duration::from_secs_f64(number as f64 / viewers as f64));
    let first = Tileset::from_json(fetcher.get("tileset.json", false)?)?;
    let hull = first
        .root
        .bounding_volume
        .as_box()
        .context("the root's volume is no box")?;
    let bounds = Aabb::from_points(hull.corners());
    let frame = DMat4::from_cols_array(&first.root.transform.context("the root has no transform")?).inverse();
    let mut tree = SelectionTree::new(&first, "tileset.json", frame, Selecting::default())?;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(options.seconds) {
        let next = Instant::now() + FRAME;
        let view = seen(&bounds, number, begun.elapsed().as_secs_f64(), options);
        let selection = tree.update(std::slice::from_ref(&view));
        fetcher.flown.frames += 1;
        fetcher.flown.settled += usize::from(selection.settled);
        for request in &selection.load {
            match request.kind {
                ContentKind::Mesh => {
                    fetcher.get(&request.uri, true)?;
                    ensure!(tree.loaded(request.tile, 1 << 16), "{} was not waited for", request.uri);
                }
                ContentKind::Tileset => {
                    let tileset = Tileset::from_json(fetcher.get(&request.uri, false)?)?;
                    tree.graft(request.tile, &tileset)?;
                }
            }
        }
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(fetcher.flown)
}

/// What a viewer sees after so many seconds: it circles over the middle half of the city, each viewer on a circle and
/// from a side of its own, and looks ahead and a little down.
fn seen(bounds: &Aabb, number: usize, seconds: f64, options: &Options) -> View {
    // Multiples of the golden ratio never gather anywhere.
    let share = |seed: f64| (number as f64 * seed).fract();
    let size = bounds.size();
    let radius = (0.1 + 0.3 * share(0.618_033_988_749_895)) * size.x.min(size.y);
    let angle = std::f64::consts::TAU * share(0.754_877_666_246_693) + options.speed / 3.6 * seconds / radius;
    let ahead = DVec3::new(-angle.sin(), angle.cos(), -0.25);
    let eye = bounds.center() + DVec3::new(angle.cos() * radius, angle.sin() * radius, options.height);
    let fovy = 60_f64.to_radians();
    let camera = directx::perspective(fovy, 16.0 / 9.0, 1.0, 1e6) * look_at_mat4(eye, eye + ahead, DVec3::Z);
    View::new(eye, Frustum::from_view_projection(&camera), 1080.0, fovy)
}
