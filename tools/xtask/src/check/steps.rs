//! The steps, in the order in which a fault shows soonest.

use super::output::{Counts, run};
use super::{Outcome, Place};
use anyhow::Context as _;
use std::path::Path;
use std::process::Command;

/// One step.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) run: fn(&Place) -> anyhow::Result<Outcome>,
}

/// All steps. The build steps come first; the later ones use the programs that these leave behind.
pub(crate) const ALL: &[Step] = &[
    Step {
        name: "fmt",
        what: "the code is formatted",
        run: fmt,
    },
    Step {
        name: "deps",
        what: "dependencies point one way",
        run: arrows,
    },
    Step {
        name: "licences",
        what: "licences and sources of all dependencies (cargo-deny)",
        run: licences,
    },
    Step {
        name: "clippy",
        what: "lints, warnings denied",
        run: clippy,
    },
    Step {
        name: "tests",
        what: "unit and integration tests",
        run: tests,
    },
    Step {
        name: "doctests",
        what: "examples in the documentation",
        run: doctests,
    },
    Step {
        name: "docs",
        what: "documentation builds without a warning",
        run: docs,
    },
    Step {
        name: "web",
        what: "the web viewer builds for wasm",
        run: web,
    },
    Step {
        name: "demo",
        what: "the README's demo, fetched over HTTP",
        run: demo,
    },
    Step {
        name: "tile",
        what: "the sample city is tiled and verified",
        run: tile,
    },
    Step {
        name: "schemas",
        what: "the official 3D Tiles 1.1 JSON schemas",
        run: schemas,
    },
    Step {
        name: "gltf",
        what: "Khronos gltf-validator and 3d-tiles-tools over every tile",
        run: gltf,
    },
    Step {
        name: "features",
        what: "OGC API - Features by GDAL, and the interface by schemathesis",
        run: features,
    },
    Step {
        name: "browser",
        what: "web viewer, CesiumJS and 3d-tiles-renderer in headless Chromium",
        run: browser,
    },
    Step {
        name: "webgpu",
        what: "the web viewer over WebGPU in Chromium under Xvfb",
        run: webgpu,
    },
    Step {
        name: "desktop",
        what: "the desktop viewer on a software Vulkan under Xvfb",
        run: desktop,
    },
    Step {
        name: "pages",
        what: "ordering a block world by keyboard, and the landing page's snippets, in headless Chromium",
        run: pages,
    },
    Step {
        name: "blocks",
        what: "the block world in independent readers",
        run: blocks,
    },
    Step {
        name: "extract",
        what: "extracts in three.js, Blender and Godot; plain tiles and archives in CesiumGS' tools",
        run: extract,
    },
    Step {
        name: "package",
        what: "the Debian package: contents, settings, unit, and the program in it",
        run: package,
    },
];

fn fmt(place: &Place) -> anyhow::Result<Outcome> {
    run(&mut place.command("cargo", &["fmt", "--all", "--check"]))
}

fn arrows(_: &Place) -> anyhow::Result<Outcome> {
    crate::deps::run()?;
    Ok(Outcome::Ran(Counts { passed: 1, failed: 0 }))
}

fn licences(place: &Place) -> anyhow::Result<Outcome> {
    if Command::new("cargo-deny").arg("--version").output().is_err() {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed (`cargo install cargo-deny --locked`)".into(),
        ));
    }
    run(&mut place.command("cargo", &["deny", "check", "bans", "licenses", "sources"]))
}

fn clippy(place: &Place) -> anyhow::Result<Outcome> {
    run(&mut place.command(
        "cargo",
        &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
    ))
}

fn tests(place: &Place) -> anyhow::Result<Outcome> {
    if Command::new("cargo-nextest").arg("--version").output().is_ok() {
        return run(&mut place.command("cargo", &["nextest", "run", "--workspace", "--no-fail-fast"]));
    }
    println!("cargo-nextest is not installed: cargo's own runner is used");
    run(&mut place.command(
        "cargo",
        &["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"],
    ))
}

fn doctests(place: &Place) -> anyhow::Result<Outcome> {
    run(&mut place.command("cargo", &["test", "--workspace", "--doc"]))
}

fn docs(place: &Place) -> anyhow::Result<Outcome> {
    run(place
        .command(
            "cargo",
            &["doc", "--workspace", "--no-deps", "--document-private-items"],
        )
        .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links"))
}

fn web(place: &Place) -> anyhow::Result<Outcome> {
    crate::web::run(&crate::web::WebOptions { release: false })?;
    let page = place.target.join("web/index.html");
    anyhow::ensure!(page.is_file(), "{} was not made", page.display());
    Ok(Outcome::Ran(Counts { passed: 1, failed: 0 }))
}

fn demo(place: &Place) -> anyhow::Result<Outcome> {
    run(&mut place.command("tools/demo", &["--check"]))
}

/// A new store, which the later steps read: one that is there already would keep its frame, and pictures would differ by it.
fn tile(place: &Place) -> anyhow::Result<Outcome> {
    let store = place.made().join("store");
    if store.exists() {
        std::fs::remove_dir_all(&store).with_context(|| format!("cannot remove {}", store.display()))?;
    }
    let store = store.to_string_lossy();
    let arguments = [
        "tile",
        "assets/samples/helsinki/helsinki-centre.gml.gz",
        "assets/samples/helsinki/helsinki-centre-context.gml.gz",
        "-o",
        &store,
        "--collection",
        "helsinki",
        "--tile-bytes",
        "48K",
        // So few that the small city is cut into tilesets as a large one is: every later step has to follow them.
        "--tileset-tiles",
        "6",
    ];
    let tiled = run(&mut place.command(place.program("kortteli"), &arguments))?;
    let verified = run(&mut place.command(place.program("kortteli"), &["verify", &store]))?;
    Ok(both(tiled, verified))
}

fn schemas(place: &Place) -> anyhow::Result<Outcome> {
    let store = place.made().join("store");
    run(&mut place.command(
        place.venv.join("bin/python"),
        &["tools/checks/tiles/schemas.py", &store.to_string_lossy()],
    ))
}

fn gltf(place: &Place) -> anyhow::Result<Outcome> {
    node(place, "tools/checks/tiles/validate.mjs", &[&place.made().join("store")])
}

fn features(place: &Place) -> anyhow::Result<Outcome> {
    let made = place.made().join("features");
    std::fs::create_dir_all(&made)?;
    let mut all = Outcome::Ran(Counts::default());
    for script in ["gdal.py", "contract.py"] {
        let mut command = place.command(
            place.venv.join("bin/python"),
            &[&format!("tools/checks/features/{script}")],
        );
        command
            .arg(place.program("kortteli"))
            .args([place.made().join("store"), made.clone()]);
        all = both(all, run(&mut command)?);
    }
    Ok(all)
}

fn browser(place: &Place) -> anyhow::Result<Outcome> {
    let mut all = Outcome::Ran(Counts::default());
    for script in ["viewer.mjs", "cesium.mjs", "three.mjs", "styles.mjs", "holes.mjs"] {
        let script = format!("tools/checks/browser/{script}");
        all = both(all, node(place, &script, &[&place.made().join("store")])?);
    }
    Ok(all)
}

fn pages(place: &Place) -> anyhow::Result<Outcome> {
    let mut all = Outcome::Ran(Counts::default());
    for script in ["blocks.mjs", "snippets.mjs"] {
        let script = format!("tools/checks/browser/{script}");
        all = both(all, node(place, &script, &[&place.made().join("store")])?);
    }
    Ok(all)
}

fn webgpu(place: &Place) -> anyhow::Result<Outcome> {
    node(place, "tools/checks/browser/webgpu.mjs", &[&place.made().join("store")])
}

fn desktop(place: &Place) -> anyhow::Result<Outcome> {
    node(
        place,
        "tools/checks/browser/desktop.mjs",
        &[&place.made().join("store")],
    )
}

fn blocks(place: &Place) -> anyhow::Result<Outcome> {
    run(place
        .command(
            "tools/checks/blocks/run",
            &[&place.made().join("store").to_string_lossy()],
        )
        .env("KORTTELI", place.program("kortteli"))
        .env("PYTHON", place.venv.join("bin/python")))
}

fn extract(place: &Place) -> anyhow::Result<Outcome> {
    let store = place.made().join("store");
    let models = node(place, "tools/checks/extract/check.mjs", &[&store])?;
    Ok(both(models, node(place, "tools/checks/extract/served.mjs", &[&store])?))
}

fn package(place: &Place) -> anyhow::Result<Outcome> {
    run(place
        .command(
            "tools/checks/package/run",
            &[&place.made().join("store").to_string_lossy()],
        )
        .env("KORTTELI", place.program("kortteli"))
        .env("KORTTELI_MADE", place.made()))
}

fn node(place: &Place, script: &str, paths: &[&Path]) -> anyhow::Result<Outcome> {
    let mut command = place.command("node", &[script]);
    command
        .args(paths)
        .env("KORTTELI", place.program("kortteli"))
        .env("KORTTELI_DESKTOP", place.program("kortteli-viewer"))
        .env("KORTTELI_XTASK", place.program("xtask"))
        .env("KORTTELI_WEB", place.target.join("web"))
        .env("KORTTELI_MADE", place.made());
    run(&mut command)
}

/// A step of two parts: a skip of one is not hidden by the other.
fn both(first: Outcome, second: Outcome) -> Outcome {
    match (first, second) {
        (Outcome::Ran(mut counts), Outcome::Ran(more)) => {
            counts += more;
            Outcome::Ran(counts)
        }
        (Outcome::Skipped(why), Outcome::Ran(counts)) | (Outcome::Ran(counts), Outcome::Skipped(why)) => {
            println!("part of this step was skipped: {why}");
            if counts == Counts::default() {
                Outcome::Skipped(why)
            } else {
                Outcome::Ran(counts)
            }
        }
        (Outcome::Skipped(why), Outcome::Skipped(_)) => Outcome::Skipped(why),
    }
}
