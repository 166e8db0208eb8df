//! Questions about a million features: how many a second by id, how long a box takes, what a hopeless filter costs.
//!
//! A store without tiles is published: boxes for footprints on a grid, with heights, years and names that repeat as those
//! of a city do. The server runs as a process of its own; clients on threads of this one hold their connections and ask
//! one question after the other, so what is measured is the server together with a small client on the same processors.

use anyhow::{Context as _, bail, ensure};
use glam::DVec3;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{FeatureRow, Frame, Publication, Publisher, RealFiles};
use tiles::bounds::Aabb;
use tiles::geodesy::{EnuFrame, Geodetic};
use tiles::tileset::{Asset, BoundingVolume, LayerInfo, Refine, Tile, Tileset};

/// How many features, asked for how long.
#[derive(clap::Args)]
pub struct Options {
    /// Features of the synthetic collection.
    #[arg(long, default_value_t = 1_000_000)]
    features: u64,
    /// Connections that ask for single features at once.
    #[arg(long, default_value_t = 16)]
    connections: u64,
    /// Connections that ask for pages at once: more than processors only wait for each other.
    #[arg(long, default_value_t = 2)]
    pages: u64,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The program that serves, instead of the one of this build.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Where the synthetic city stands: west, south, and its sides in degrees.
const PLACE: [f64; 4] = [24.5, 60.0, 0.8, 0.4];
const FUNCTIONS: [&str; 6] = ["residential", "office", "school", "retail", "industrial", "church"];

/// Publishes if need be, serves, asks and prints.
///
/// # Errors
/// When the store cannot be written, the program not be run, or an answer is not what it should be.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    let target = metadata.target_directory.as_std_path();
    let store = target.join(format!("bench/items_{}", options.features));
    if !store.join("city/tileset.json").is_file() {
        let begun = Instant::now();
        publish(&store, options.features)?;
        println!(
            "published {} features in {:.1} s",
            options.features,
            begun.elapsed().as_secs_f64()
        );
    }
    let program = match &options.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?.with_file_name("kortteli"),
    };
    println!("{} serves {}", program.display(), store.display());
    let served = Served::start(&program, &store)?;
    println!(
        "ready after {:.2} s with {} MB resident",
        served.started.as_secs_f64(),
        served.resident()? / 1_000_000
    );
    let mut random = Random(7);
    let by_id = (0..4096).map(|_| format!("/collections/city/items/{}", id(random.below(options.features))));
    measure(
        "item by id",
        &served,
        options.connections,
        options.seconds,
        by_id.collect(),
    )?;
    for (what, side) in [
        ("bbox of some 40 features, limit 100", 1.0),
        ("bbox of some 4 000 features, limit 100", 10.0),
    ] {
        measure(
            what,
            &served,
            options.pages,
            options.seconds,
            boxes(&mut random, options.features, side),
        )?;
    }
    let pages = (0..64).map(|page| {
        format!(
            "/collections/city/items?limit=100&cursor={}",
            cursor(options.features * page / 64)
        )
    });
    measure(
        "next page, limit 100",
        &served,
        options.pages,
        options.seconds,
        pages.collect(),
    )?;
    let equal = (0..64).map(|_| {
        format!(
            "/collections/city/items?limit=100&yearOfConstruction={}",
            1900 + random.below(100)
        )
    });
    measure(
        "a property that one in a hundred has, limit 100",
        &served,
        options.pages,
        options.seconds,
        equal.collect(),
    )?;
    let words = FUNCTIONS.map(|_| {
        format!(
            "/collections/city/items?limit=10&q=house+{}",
            random.below(options.features / 20)
        )
    });
    measure(
        "q= of two words, limit 10",
        &served,
        options.pages,
        options.seconds,
        words.to_vec(),
    )?;
    hopeless(&served, options)?;
    println!("{} MB resident at the end", served.resident()? / 1_000_000);
    Ok(())
}

/// A filter that no feature fulfils and no index helps.
fn hopeless(served: &Served, options: &Options) -> anyhow::Result<()> {
    let begun = Instant::now();
    let filter = "/collections/city/items?filter=CASEI(kind)%20LIKE%20%27%25castle%25%27";
    let mut client = Client::connect(served.port)?;
    let (status, _) = client.get(filter)?;
    println!(
        "a filter that looks at all {} features: {status} after {:.2} s",
        options.features,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Asks `targets` over and over on every connection and prints rate and latency.
fn measure(what: &str, served: &Served, connections: u64, seconds: u64, targets: Vec<String>) -> anyhow::Result<()> {
    let targets = Arc::new(targets);
    let end = Instant::now() + Duration::from_secs(seconds);
    let clients = (0..connections).map(|number| {
        let (targets, port) = (Arc::clone(&targets), served.port);
        std::thread::spawn(move || -> anyhow::Result<Vec<Duration>> {
            let mut client = Client::connect(port)?;
            let mut took = Vec::new();
            let mut next = number as usize * 97;
            while Instant::now() < end {
                let begun = Instant::now();
                let (status, body) = client.get(&targets[next % targets.len()])?;
                took.push(begun.elapsed());
                ensure!(status == 200, "{status} for {}: {body}", targets[next % targets.len()]);
                next += 1;
            }
            Ok(took)
        })
    });
    let mut took = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        match client.join() {
            Ok(durations) => took.extend(durations?),
            Err(_) => bail!("a client panicked"),
        }
    }
    took.sort();
    let at = |share: f64| {
        took.get((took.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
            .as_secs_f64()
            * 1e3
    };
    println!(
        "{what}: {:.0} a second over {} connections, p50 {:.2} ms, p99 {:.2} ms",
        took.len() as f64 / seconds as f64,
        connections,
        at(0.5),
        at(0.99)
    );
    Ok(())
}

fn boxes(random: &mut Random, features: u64, side: f64) -> Vec<String> {
    let [west, south, width, height] = PLACE;
    // A side of 1 holds some 40 features, whatever their number.
    let share = (40.0 / features as f64).sqrt() * side;
    let one = |_| {
        let x = west + width * (1.0 - share) * random.fraction();
        let y = south + height * (1.0 - share) * random.fraction();
        let (e, n) = (x + width * share, y + height * share);
        format!("/collections/city/items?limit=100&bbox={x:.6},{y:.6},{e:.6},{n:.6}")
    };
    (0..512).map(one).collect()
}

/// The cursor after a feature, as the server writes it (base64 of its layer and id).
fn cursor(number: u64) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(format!("abuildings\n{}", id(number)))
}

fn id(number: u64) -> String {
    // The order of ids shall not be that of places: identifiers of cities are drawn at random.
    format!("gml_{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// A sequence that is the same on every machine (Steele et al., `SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn publish(store: &Path, features: u64) -> anyhow::Result<()> {
    std::fs::create_dir_all(store)?;
    let publisher = Publisher::begin(store, "city", Arc::new(RealFiles))?;
    let [west, south, width, height] = PLACE;
    let origin = [west + width / 2.0, south + height / 2.0, 0.0];
    let bounds = Aabb {
        min: DVec3::splat(-30_000.0),
        max: DVec3::splat(30_000.0),
    };
    let frame = EnuFrame::new(Geodetic::from_degrees(origin[0], origin[1], origin[2]));
    let layer = serde_json::to_vec(&tileset(bounds, None))?;
    let layer = publisher.put("buildings", "json", &layer)?;
    publisher.finish(Publication {
        tileset: tileset(bounds, Some(frame.transform())),
        title: "Synthetic city".to_owned(),
        attribution: vec!["Synthetic".to_owned()],
        license: None,
        sources: Vec::new(),
        source_date: None,
        crs: None,
        crs_name: "EPSG:4979".to_owned(),
        layers: vec![LayerInfo {
            name: "buildings".to_owned(),
            tileset: format!("files/{layer}"),
            count: features,
        }],
        frame: Frame {
            origin,
            curve: [-30_000.0, -30_000.0, 60_000.0],
        },
        features: Box::new((0..features).map(move |number| Ok(row(number, features)))),
        counts: BTreeMap::new(),
        warnings: BTreeMap::new(),
    })?;
    Ok(())
}

fn tileset(bounds: Aabb, transform: Option<[f64; 16]>) -> Tileset {
    Tileset {
        asset: Asset {
            version: "1.1".into(),
            tileset_version: None,
            extras: None,
        },
        schema_uri: None,
        geometric_error: 100.0,
        root: Tile {
            bounding_volume: BoundingVolume::from_aabb(&bounds),
            geometric_error: 100.0,
            refine: Some(Refine::Add),
            transform,
            content: None,
            children: Vec::new(),
            extras: None,
        },
        extensions_used: vec![],
        extensions_required: vec![],
        extras: None,
    }
}

/// One building: a rectangle in its cell of the grid.
fn row(number: u64, features: u64) -> FeatureRow {
    let [west, south, width, height] = PLACE;
    let side = (features as f64).sqrt().ceil();
    let mut random = Random(number);
    let x = west + width * ((number as f64 % side).floor() + 0.2 * random.fraction()) / side;
    let y = south + height * ((number as f64 / side).floor() + 0.2 * random.fraction()) / side;
    let (e, n) = (x + width / side * 0.6, y + height / side * 0.6);
    let top = 3.0 + 30.0 * random.fraction() * random.fraction();
    let named = number.is_multiple_of(20).then(|| format!("House {}", number / 20));
    FeatureRow {
        id: id(number),
        parent: None,
        layer: "buildings".to_owned(),
        kind: "Building".to_owned(),
        name: named,
        address: Some(format!("Street {} {}", number / 300, number % 300)),
        footprint: vec![vec![vec![[x, y], [e, y], [e, n], [x, n], [x, y]]]],
        bbox: Some([x, y, 0.0, e, n, top]),
        ground: Some(0.0),
        top: Some(top),
        attributes: vec![
            ("function".to_owned(), json!(FUNCTIONS[random.below(6) as usize])),
            ("yearOfConstruction".to_owned(), json!(1900 + random.below(100))),
            ("measuredHeight".to_owned(), json!(top)),
            ("storeysAboveGround".to_owned(), json!((top / 3.0) as i64)),
            (
                "energyClass".to_owned(),
                json!(["A", "B", "C", "D"][random.below(4) as usize]),
            ),
        ],
        notes: Vec::new(),
        tiles: Vec::new(),
    }
}

/// The server as a process.
struct Served {
    process: Child,
    port: u16,
    started: Duration,
}

impl Served {
    fn start(program: &Path, store: &Path) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut process = Command::new(program)
            .arg("serve")
            .arg(store)
            .args(["--listen", "127.0.0.1:0"])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let out = process.stdout.take().context("the server's output")?;
        let mut lines = BufReader::new(out).lines();
        let port = loop {
            let line = lines.next().context("the server ended before it said where it is")??;
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break digits.parse()?;
            }
        };
        // Nobody else reads what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        let mut served = Self {
            process,
            port,
            started: Duration::ZERO,
        };
        let (status, _) = Client::connect(port)?.get("/health/ready")?;
        ensure!(status == 200, "the server is not ready");
        served.started = begun.elapsed();
        Ok(served)
    }

    /// Bytes of memory that the process holds.
    fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()).context("VmRSS")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection that is kept.
struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    fn connect(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self {
            reader: BufReader::with_capacity(64 << 10, stream),
        })
    }

    /// Status and body of an answer that says its length.
    fn get(&mut self, target: &str) -> anyhow::Result<(u16, String)> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n");
        self.reader.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            ensure!(self.reader.read_line(&mut line)? > 0, "the server hung up");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().unwrap_or_default().parse()?;
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}
