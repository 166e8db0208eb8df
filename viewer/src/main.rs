//! `kortteli-viewer`: a city in a window of the desktop.
#![allow(clippy::print_stderr, reason = "a program speaks to whoever started it")]

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    desktop::main()
}

/// In a browser the library is what runs.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod desktop {
    use anyhow::{Context, bail};
    use clap::Parser;
    use session::Command;
    use session::strings::Language;
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;
    use std::time::Duration;
    use tiles::select::Options;
    use viewer::app::{self, Setup};
    use viewer::gpu::Quality;
    use viewer::headless::Headless;
    use viewer::viewer::Beginning;

    /// Shows a city model in a window.
    ///
    /// Drag to move, drag with the right button to turn, turn the wheel to zoom; click a building for its attributes.
    /// Keys: arrows move, Q and E turn, R and F tilt, + and - zoom, N north, T from above, Home the whole city.
    #[derive(Debug, Parser)]
    #[command(version, about)]
    struct Arguments {
        /// The city: the address of a collection on a Kortteli server, or of any tileset.json; or such a file.
        #[arg(value_name = "URL")]
        url: String,
        /// Size of the picture in pixels.
        #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "1280x800", value_parser = size)]
        size: [u32; 2],
        /// Opens no window: waits until the picture is final, writes it as PNG and ends.
        #[arg(long, value_name = "FILE")]
        screenshot: Option<PathBuf>,
        /// How long a screenshot may take, in seconds; after that it is taken as it is, and the exit code is 1.
        #[arg(long, value_name = "SECONDS", default_value_t = 120)]
        timeout: u64,
        /// Where to look from: longitude, latitude, ellipsoidal height, heading and pitch, in degrees and metres.
        #[arg(long, value_name = "LON,LAT,HEIGHT,HEADING,PITCH", allow_hyphen_values = true, value_parser = camera)]
        camera: Option<Command>,
        /// Local time of day, as 14:30.
        #[arg(long, value_name = "HH:MM", value_parser = time)]
        time: Option<Command>,
        /// A command of the session as JSON, for example '{"command": "setLayer", "layer": "green", "visible": false}'.
        /// May be given several times.
        #[arg(long = "command", value_name = "JSON", value_parser = command)]
        commands: Vec<Command>,
        /// Language of the panels: fi, sv or en; the system's without it.
        #[arg(long, value_name = "LANGUAGE", value_parser = language)]
        language: Option<Language>,
        /// A tile is refined when its error on the screen is larger than this many pixels.
        #[arg(long, value_name = "PIXELS", default_value_t = 16.0)]
        error: f64,
        /// How much memory tiles may take, in MiB.
        #[arg(long, value_name = "MIB", default_value_t = 1024)]
        memory: u64,
        /// How well to draw: high, medium or low; as the device can, without it.
        #[arg(long, value_name = "QUALITY", value_parser = quality)]
        quality: Option<Quality>,
    }

    pub(super) fn main() -> ExitCode {
        env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn,egui_wgpu=error")).init();
        match run(Arguments::parse()) {
            Ok(code) => code,
            Err(error) => {
                eprintln!("kortteli-viewer: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
        let environment = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
        let spoken = environment.iter().find(|tag| !tag.is_empty()).map(String::as_str);
        let begin = Beginning {
            url: address(&arguments.url)?,
            language: arguments.language.unwrap_or_else(|| Language::preferred(spoken)),
            selection: Options {
                maximum_screen_space_error: arguments.error.max(0.1),
                maximum_bytes: arguments.memory << 20,
                ..Options::default()
            },
        };
        let commands = arguments
            .time
            .into_iter()
            .chain(arguments.camera)
            .chain(arguments.commands)
            .collect();
        let size = arguments.size;
        if let Some(path) = arguments.screenshot {
            let patience = Duration::from_secs(arguments.timeout);
            return screenshot(&path, size, arguments.quality, begin, commands, patience);
        }
        app::run(Setup {
            begin,
            size,
            quality: arguments.quality,
            commands,
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn screenshot(
        path: &Path,
        size: [u32; 2],
        quality: Option<Quality>,
        begin: Beginning,
        commands: Vec<Command>,
        patience: Duration,
    ) -> anyhow::Result<ExitCode> {
        let url = begin.url.clone();
        let mut headless = Headless::new(size, quality, begin)?;
        if !headless.open(patience) {
            let error = headless.viewer().session().snapshot().error;
            bail!("{url}: {}", error.unwrap_or_else(|| "no answer in time".to_owned()));
        }
        headless.follow_zone();
        for command in commands {
            headless.apply(command);
        }
        let settled = headless.settle(patience);
        let pixels = headless.photograph()?;
        image::save_buffer(path, &pixels, size[0], size[1], image::ColorType::Rgba8)
            .with_context(|| format!("writing {}", path.display()))?;
        let figures = headless.viewer().figures();
        eprintln!(
            "{}: {} tiles, {} triangles, {} MB{}",
            path.display(),
            figures.tiles.selected,
            figures.cost.triangles,
            figures.tiles.bytes >> 20,
            if settled {
                ""
            } else {
                "; not everything was there in time"
            }
        );
        Ok(if settled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The address of the first tileset: what is given, completed where it is a collection of a server or a folder.
    fn address(given: &str) -> anyhow::Result<String> {
        let plain = given.split(['?', '#']).next().unwrap_or(given);
        if plain.starts_with("http://") || plain.starts_with("https://") {
            let plain = plain.trim_end_matches('/');
            let named = Path::new(plain)
                .extension()
                .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
            return Ok(if named {
                given.to_owned()
            } else {
                format!("{plain}/3dtiles/tileset.json")
            });
        }
        let path = Path::new(plain.strip_prefix("file://").unwrap_or(plain));
        let path = if path.is_dir() {
            path.join("tileset.json")
        } else {
            path.to_owned()
        };
        if !path.is_file() {
            bail!(
                "{}: there is no such file; give a tileset.json, or an address with http:// or https://",
                path.display()
            );
        }
        path.to_str().map(str::to_owned).context("the file's name is not UTF-8")
    }

    fn size(text: &str) -> Result<[u32; 2], String> {
        let sides = text
            .split_once('x')
            .and_then(|(w, h)| Some([w.parse().ok()?, h.parse().ok()?]));
        match sides {
            Some([w, h]) if (1..=16384).contains(&w) && (1..=16384).contains(&h) => Ok([w, h]),
            _ => Err("two numbers from 1 to 16384 with an x between, as 1280x800".to_owned()),
        }
    }

    fn camera(text: &str) -> Result<Command, String> {
        let numbers: Vec<f64> = text
            .split(',')
            .filter_map(|number| number.trim().parse().ok())
            .collect();
        match numbers[..] {
            [lon, lat, height, heading, pitch] if numbers.iter().all(|number| number.is_finite()) => {
                Ok(Command::SetCamera {
                    lon,
                    lat,
                    height,
                    heading,
                    pitch,
                })
            }
            _ => Err("five numbers with commas between, as 24.9525,60.165,150,0,-25".to_owned()),
        }
    }

    fn time(text: &str) -> Result<Command, String> {
        let parts = text
            .split_once(':')
            .and_then(|(h, m)| Some((h.parse::<u8>().ok()?, m.parse::<u8>().ok()?)));
        match parts {
            Some((hours @ 0..24, minutes @ 0..60)) => Ok(Command::SetTimeOfDay {
                hours: f64::from(hours) + f64::from(minutes) / 60.0,
            }),
            _ => Err("a time of day, as 14:30".to_owned()),
        }
    }

    fn command(text: &str) -> Result<Command, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    fn language(text: &str) -> Result<Language, String> {
        let known = Language::ALL.into_iter().find(|language| language.code() == text);
        known.ok_or_else(|| "fi, sv or en".to_owned())
    }

    fn quality(text: &str) -> Result<Quality, String> {
        match text {
            "high" => Ok(Quality::HIGH),
            "medium" => Ok(Quality::MEDIUM),
            "low" => Ok(Quality::LOW),
            _ => Err("high, medium or low".to_owned()),
        }
    }
}
