//! The server beside Debian's nginx, with rude clients, and while generations change.
//!
//! Everything runs on one machine over loopback, load generator included, so only ratios of one run mean anything. Rounds
//! are interleaved: what else the machine does meets both.

use super::client::{Connection, Serving, Times, at_rate};
use anyhow::{Context as _, ensure};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is served, and for how long.
#[derive(clap::Args)]
pub struct Options {
    /// The store.
    store: PathBuf,
    /// The program; otherwise the release build.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Seconds of each round.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How many rounds of each server.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many generations to publish under load.
    #[arg(long, default_value_t = 100)]
    swaps: usize,
    /// Two CityGML files: what the generations that change are tiled from.
    #[arg(long, num_args = 2, default_values_t = SAMPLE.map(str::to_owned))]
    cities: Vec<String>,
}

const SAMPLE: [&str; 2] = [
    "assets/samples/helsinki/helsinki-centre-context.gml.gz",
    "assets/samples/helsinki/helsinki-centre.gml.gz",
];
const NGINX: &str = include_str!("nginx.conf");
const CONNECTIONS: usize = 64;
/// Bodies of about this many bytes, as they travel.
const BODY: std::ops::Range<u64> = 14 << 10..28 << 10;
const ACCEPT: &str = "Accept-Encoding: gzip\r\n";
/// Clients that misbehave, a third in each way.
const RUDE: usize = 1000;

/// The program that is measured.
///
/// # Errors
/// When it is not built.
pub(crate) fn program(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let target = cargo_metadata::MetadataCommand::new()
        .no_deps()
        .exec()?
        .target_directory;
    let program = named.map_or_else(|| target.join("release/kortteli").into(), Path::to_path_buf);
    ensure!(
        program.is_file(),
        "{} is not there: cargo build --release -p kortteli",
        program.display()
    );
    Ok(program)
}

/// Measures and prints.
///
/// # Errors
/// When nginx or wrk are not installed, a server does not start, or an answer is wrong.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let program = program(options.program.as_deref())?;
    let folder = std::env::temp_dir().join(format!("kortteli-serve-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(options, &program, &folder);
    std::fs::remove_dir_all(&folder)?;
    measured
}

fn measure(options: &Options, program: &Path, folder: &Path) -> anyhow::Result<()> {
    let (paths, mean) = bodies(&options.store)?;
    println!(
        "{} tiles of {:.1} KiB after gzip on average, {}",
        paths.len(),
        mean / 1024.0,
        program.display()
    );
    let ours = Serving::kortteli(program, &options.store, &folder.join("kortteli.log"), &[])?;
    let theirs = nginx(&options.store, folder)?;
    same(&paths, ours.address, theirs.address)?;
    let script = folder.join("paths.lua");
    std::fs::write(&script, lua(&paths))?;
    let (mut rates, mut others) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        let our = wrk(&script, ours.address, options.seconds)?;
        let their = wrk(&script, theirs.address, options.seconds)?;
        println!(
            "round {round}: kortteli {our:.0}/s, nginx {their:.0}/s, ratio {:.2}",
            our / their
        );
        rates.push(our);
        others.push(their);
    }
    let (our, their) = (median(&mut rates), median(&mut others));
    println!(
        "{CONNECTIONS} connections: kortteli {our:.0}/s, nginx {their:.0}/s, ratio {:.2}",
        our / their
    );
    for (name, address) in [("kortteli", ours.address), ("nginx", theirs.address)] {
        let time = Duration::from_secs(options.seconds);
        let times = at_rate(address, &paths, ACCEPT, CONNECTIONS, our / 2.0, time)?;
        print_times(&format!("{name} at {:.0}/s", our / 2.0), &times);
    }
    drop((ours, theirs));
    rude(program, &options.store, &paths, our / 4.0, folder)?;
    swaps(options, program, folder)
}

fn print_times(what: &str, times: &Times) {
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| times.quantile(share));
    println!(
        "{what}: {} answers, p50 {p50:.2} ms, p99 {p99:.2} ms, slowest {most:.1} ms",
        times.count()
    );
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The addresses of tiles whose gzip form has the wanted length, and their mean length.
fn bodies(store: &Path) -> anyhow::Result<(Vec<String>, f64)> {
    let (mut paths, mut bytes) = (Vec::new(), 0);
    for collection in std::fs::read_dir(store).with_context(|| format!("reading {}", store.display()))? {
        let collection = collection?;
        let Ok(files) = std::fs::read_dir(collection.path().join("files")) else {
            continue;
        };
        for file in files {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            let length = file.metadata()?.len();
            if let Some(tile) = name.strip_suffix(".glb.gz").filter(|_| BODY.contains(&length)) {
                bytes += length;
                let collection = collection.file_name();
                paths.push(format!(
                    "/collections/{}/3dtiles/files/{tile}.glb",
                    collection.to_string_lossy()
                ));
            }
        }
    }
    ensure!(!paths.is_empty(), "no tile of the store has {BODY:?} bytes after gzip");
    paths.sort();
    paths.truncate(256);
    let mean = bytes as f64 / paths.len() as f64;
    Ok((paths, mean))
}

/// nginx on the same files under the same addresses.
fn nginx(store: &Path, folder: &Path) -> anyhow::Result<Serving> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    for collection in std::fs::read_dir(store)? {
        let collection = collection?;
        let beside = folder.join("root/collections").join(collection.file_name());
        std::fs::create_dir_all(&beside)?;
        std::os::unix::fs::symlink(collection.path().canonicalize()?, beside.join("3dtiles"))?;
    }
    let config = NGINX
        .replace("{{folder}}", &folder.to_string_lossy())
        .replace("{{address}}", &address.to_string());
    let path = folder.join("nginx.conf");
    // As root nginx would give its workers another user, who may not read the folder.
    let user = if Path::new("/proc/self")
        .metadata()
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
    {
        "user root;\n"
    } else {
        ""
    };
    std::fs::write(&path, format!("{user}{config}"))?;
    let program = ["/usr/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).is_file());
    let program = program.context("nginx is not here: tools/install bench")?;
    let child = Command::new(program)
        .arg("-c")
        .arg(&path)
        .arg("-e")
        .arg(folder.join("nginx-error.log"))
        .spawn()?;
    Serving::at(address, child)
}

/// Both must send the same bytes, or the comparison means nothing.
fn same(paths: &[String], ours: SocketAddr, theirs: SocketAddr) -> anyhow::Result<()> {
    let (mut ours, mut theirs) = (Connection::new(ours), Connection::new(theirs));
    for path in paths {
        let (our, their) = (ours.get(path, ACCEPT)?, theirs.get(path, ACCEPT)?);
        ensure!(
            our.status == 200 && their.status == 200,
            "{path}: {} and {}",
            our.status,
            their.status
        );
        ensure!(our.body == their.body, "{path}: the bodies differ");
    }
    Ok(())
}

fn lua(paths: &[String]) -> String {
    let listed: Vec<String> = paths.iter().map(|path| format!("  {path:?},")).collect();
    format!(
        "local paths = {{\n{}\n}}\nlocal requests, number = {{}}, 0\n\
         function init(args)\n  for i, path in ipairs(paths) do\n    \
         requests[i] = wrk.format('GET', path, {{ ['Accept-Encoding'] = 'gzip' }})\n  end\nend\n\
         function request()\n  number = number % #requests + 1\n  return requests[number]\nend\n",
        listed.join("\n")
    )
}

/// Requests a second; an error of any kind is one of the measurement.
fn wrk(script: &Path, address: SocketAddr, seconds: u64) -> anyhow::Result<f64> {
    let connections = format!("-c{CONNECTIONS}");
    let ran = Command::new("wrk")
        .args(["-t1", &connections, &format!("-d{seconds}s"), "-s"])
        .arg(script)
        .arg(format!("http://{address}/"))
        .stderr(Stdio::inherit())
        .output()
        .context("wrk is not here: tools/install bench")?;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    ensure!(!said.contains("Non-2xx") && !said.contains("Socket errors"), "{said}");
    let line = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    line.and_then(|rate| rate.trim().parse().ok())
        .with_context(|| format!("wrk said {said}"))
}

/// Half-open heads, slow readers and slow bodies at once, and others beside them.
fn rude(program: &Path, store: &Path, paths: &[String], rate: f64, folder: &Path) -> anyhow::Result<()> {
    let serving = Serving::kortteli(program, store, &folder.join("rude.log"), &[])?;
    let address = serving.address;
    let before = at_rate(address, paths, ACCEPT, 32, rate, Duration::from_secs(5))?;
    print_times(&format!("without rude clients at {rate:.0}/s"), &before);
    let largest = largest(store)?;
    let slow = AtomicU64::new(0);
    let times = std::thread::scope(|scope| -> anyhow::Result<_> {
        let clients = scope.spawn(|| rude_clients(address, &largest, &slow));
        let times = at_rate(address, paths, ACCEPT, 32, rate, Duration::from_secs(45));
        let ended = clients
            .join()
            .map_err(|_| anyhow::anyhow!("the rude clients panicked"))?;
        for (what, count, longest) in ended? {
            println!(
                "{what}: {count} of {count} closed, the last after {:.1} s",
                longest.as_secs_f64()
            );
        }
        times
    })?;
    print_times(&format!("beside {RUDE} rude clients at {rate:.0}/s"), &times);
    Ok(())
}

/// The address of the largest file that can be downloaded: more than the system's buffers hold.
fn largest(store: &Path) -> anyhow::Result<String> {
    let mut found = (0, String::new());
    for collection in std::fs::read_dir(store)? {
        let collection = collection?;
        for file in std::fs::read_dir(collection.path())? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            let length = file.metadata()?.len();
            if name.starts_with("features.") && length > found.0 {
                found = (
                    length,
                    format!(
                        "/collections/{}/3dtiles/{name}",
                        collection.file_name().to_string_lossy()
                    ),
                );
            }
        }
    }
    Ok(found.1)
}

/// Each way to be rude: how many connections, and when the last was closed. Fails if one is open after two minutes.
fn rude_clients(
    address: SocketAddr,
    largest: &str,
    written: &AtomicU64,
) -> anyhow::Result<Vec<(&'static str, usize, Duration)>> {
    // Enough requests in a row that their answers fill every buffer on the way.
    let reader = format!("GET {largest} HTTP/1.1\r\nHost: h\r\n\r\n").repeat(40);
    let ways = [
        ("half-open heads", "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ".to_owned()),
        ("slow readers", reader),
        (
            "slow bodies",
            "POST /processes/block-world/execution HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{".to_owned(),
        ),
    ];
    let begun = Instant::now();
    let mut clients = Vec::new();
    for number in 0..RUDE {
        let way = number % ways.len();
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(ways[way].1.as_bytes())?;
        stream.set_nonblocking(true)?;
        clients.push((way, stream, None));
    }
    while clients.iter().any(|(_, _, closed)| closed.is_none()) {
        ensure!(
            begun.elapsed() < Duration::from_mins(2),
            "some rude clients were never closed"
        );
        for (way, stream, closed) in clients.iter_mut().filter(|(_, _, closed)| closed.is_none()) {
            // A byte now and then from those who send; those who read take nothing, so a write must tell.
            let drop = if *way == 1 { "G" } else { "a" };
            let refused = match stream.write(drop.as_bytes()) {
                Ok(_) => false,
                Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
            };
            let ended = *way != 1 && is_ended(stream);
            if refused || ended {
                *closed = Some(begun.elapsed());
            }
            written.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let of = |way: usize| {
        let times = clients
            .iter()
            .filter(move |client| client.0 == way)
            .filter_map(|client| client.2);
        (ways[way].0, times.clone().count(), times.max().unwrap_or_default())
    };
    Ok((0..ways.len()).map(of).collect())
}

fn is_ended(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

/// Generation after generation, as a publisher swaps them, while clients load the city whole.
fn swaps(options: &Options, program: &Path, folder: &Path) -> anyhow::Result<()> {
    let store = folder.join("store");
    let city = store.join("city");
    let pointer = city.join("tileset.json");
    let mut tiled = Vec::new();
    for source in &options.cities {
        let ran = Command::new(program)
            .args(["tile", source, "-o"])
            .arg(&store)
            .args(["--collection", "city", "--brotli", "1"])
            .output()?;
        ensure!(
            ran.status.success(),
            "tiling {source}: {}",
            String::from_utf8_lossy(&ran.stderr)
        );
        tiled.push(serde_json::from_slice(&std::fs::read(&pointer)?)?);
    }
    let pointers = generations(&city, &tiled, options.swaps)?;
    let serving = Serving::kortteli(program, &store, &folder.join("swaps.log"), &["limits.poll=50ms"])?;
    let (stop, loads) = (AtomicBool::new(false), AtomicU64::new(0));
    let (warm, end) = std::thread::scope(|scope| -> anyhow::Result<_> {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| load(serving.address, &stop, &loads)))
            .collect();
        let mut connection = Connection::new(serving.address);
        let mut warm = (0, 0);
        let swapped = pointers.iter().enumerate().try_for_each(|(number, bytes)| {
            swap(&pointer, bytes, &mut connection)?;
            if number == pointers.len() / 10 {
                warm = serving.resources()?;
            }
            anyhow::Ok(())
        });
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        swapped?;
        Ok((warm, serving.resources()?))
    })?;
    println!(
        "{} swaps under 8 clients: the city was loaded {} times, 0 errors, 0 mixed; {:.1} MB and {} handles after a tenth, {:.1} MB and {} at the end",
        options.swaps,
        loads.load(Ordering::Relaxed),
        warm.0 as f64 / 1024.0,
        warm.1,
        end.0 as f64 / 1024.0,
        end.1
    );
    Ok(())
}

/// The pointers of so many generations, each with the content of one of those that were tiled, and each after the one
/// before it: a publisher would write the same, only slower.
fn generations(city: &Path, tiled: &[serde_json::Value], count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut pointers: Vec<Vec<u8>> = Vec::new();
    // What is being served when they begin is one of them too: its clients are not left behind.
    let last = tiled.last().context("nothing was tiled")?;
    let mut previous = last["asset"]["extras"]["kortteli"]["manifest"]
        .as_str()
        .map(str::to_owned);
    for number in 0..count {
        let mut pointer = tiled[number % tiled.len()].clone();
        let named = &mut pointer["asset"]["extras"]["kortteli"]["manifest"];
        let name = named.as_str().context("the pointer names no manifest")?;
        let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(city.join(name))?)?;
        manifest["previous"] = previous.clone().into();
        manifest["title"] = format!("Generation {number}").into();
        let bytes = serde_json::to_vec(&manifest)?;
        let name = format!("manifest.{}.json", &blake3::hash(&bytes).to_hex()[..16]);
        std::fs::write(city.join(&name), bytes)?;
        *named = name.clone().into();
        pointers.push(serde_json::to_vec(&pointer)?);
        previous = Some(name);
    }
    Ok(pointers)
}

/// Puts a pointer into its place as a publisher does, and waits until the server has taken it.
fn swap(pointer: &Path, bytes: &[u8], connection: &mut Connection) -> anyhow::Result<()> {
    let beside = pointer.with_extension("tmp");
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, pointer)?;
    let begun = Instant::now();
    while connection.get("/collections/city/3dtiles/tileset.json", "")?.body != bytes {
        ensure!(
            begun.elapsed() < Duration::from_secs(10),
            "a generation was not taken over"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    // Faster than any city is published, slow enough that a client is at most one generation behind.
    std::thread::sleep(Duration::from_millis(200));
    Ok(())
}

/// Loads the city whole, again and again: whatever the pointer leads to must be there, with the bytes that its name says.
fn load(address: SocketAddr, stop: &AtomicBool, loads: &AtomicU64) -> anyhow::Result<()> {
    let mut connection = Connection::new(address);
    while !stop.load(Ordering::Relaxed) {
        let pointer = connection.get("/collections/city/3dtiles/tileset.json", "")?;
        ensure!(
            pointer.status == 200 && !pointer.etag.is_empty(),
            "the pointer: {}",
            pointer.status
        );
        let mut waiting = uris(&pointer.body, "")?;
        while let Some(uri) = waiting.pop() {
            let answer = connection.get(&format!("/collections/city/3dtiles/{uri}"), "")?;
            ensure!(answer.status == 200, "{uri}: {}", answer.status);
            let name = uri.rsplit('/').next().unwrap_or_default();
            let parts = store::ContentName::parse(name).with_context(|| format!("{name} has no hash"))?;
            ensure!(parts.matches(&answer.body), "{uri} has other bytes than its name says");
            if parts.extension == "json" {
                waiting.extend(uris(&answer.body, "files/")?);
            }
        }
        loads.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The contents that a tileset names, from its collection's address.
fn uris(tileset: &[u8], base: &str) -> anyhow::Result<Vec<String>> {
    let document: serde_json::Value = serde_json::from_slice(tileset)?;
    let (mut found, mut waiting) = (Vec::new(), vec![&document["root"]]);
    while let Some(tile) = waiting.pop() {
        if let Some(uri) = tile["content"]["uri"].as_str() {
            found.push(format!("{base}{uri}"));
        }
        waiting.extend(tile["children"].as_array().into_iter().flatten());
    }
    Ok(found)
}
