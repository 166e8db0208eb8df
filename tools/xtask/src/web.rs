//! Building the web viewer.
//!
//! The page must load fast, be cached for ever and never mix the files of two builds. So every file but `index.html`
//! carries the hash of its content in its name, the references between them are rewritten to those names, each has a
//! brotli form beside it, and `assets.json` lists what belongs to this build. The server looks names up in that list.
//!
//! The steps: [`compile`] turns the two crates into wasm modules with their JavaScript glue, [`bundle`] names files by
//! content and rewrites references, [`publish`] writes what changed. There is no bundler: what is in `viewer/web` is
//! what the browser runs.

mod bundle;
mod compile;
mod publish;

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What to build.
#[derive(clap::Args)]
pub struct WebOptions {
    /// Optimise for size, with link-time optimisation.
    #[arg(long)]
    pub release: bool,
}

/// Files of the page by name, before they are named by content.
type Sources = BTreeMap<String, Vec<u8>>;

/// Builds the web viewer into `$CARGO_TARGET_DIR/web`.
///
/// # Errors
/// When Rust's wasm target is missing (the message says how to get it), a crate does not compile, or the page names a
/// file that does not exist.
pub fn run(options: &WebOptions) -> anyhow::Result<()> {
    let root = workspace_root()?;
    let out = target_directory().join("web");
    let mut sources = compile::modules(&root, &wasm_target_directory(), options.release)?;
    read_page(&root.join("viewer/web"), &mut sources)?;
    sources.insert(
        "strings.js".to_owned(),
        strings_module(&root.join("viewer/session/strings.json"))?,
    );
    let files = bundle::named_by_content(sources)?;
    let quality = if options.release { 9 } else { 5 };
    let summary = publish::write(&out, &files, quality)?;
    println!("web: {} in {}", summary, out.display());
    Ok(())
}

fn workspace_root() -> anyhow::Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask web`")?;
    let root = Path::new(&manifest)
        .ancestors()
        .nth(2)
        .context("finding the workspace")?;
    Ok(root.to_owned())
}

/// Where native builds go: `CARGO_TARGET_DIR`, or the cache folder that `tools/demo` and `tools/test` use.
fn target_directory() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/kortteli/target"),
        PathBuf::from,
    )
}

/// Where wasm builds go: a folder of its own, so that both kinds stay warm and neither waits for the other's lock.
fn wasm_target_directory() -> PathBuf {
    std::env::var_os("KORTTELI_WASM_TARGET_DIR").map_or_else(
        || {
            let mut path = target_directory().into_os_string();
            path.push("-wasm");
            PathBuf::from(path)
        },
        PathBuf::from,
    )
}

/// Adds the hand-written files of the page.
fn read_page(folder: &Path, sources: &mut Sources) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .context("a file name that is not UTF-8")?
            .to_owned();
        if !path.is_file() || publish::media_type(&name).is_none() {
            continue;
        }
        let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        if sources.insert(name.clone(), bytes).is_some() {
            bail!("{name}: both a generated file and one in {}", folder.display());
        }
    }
    Ok(())
}

/// The table of texts as a JavaScript module, so that the page needs no request of its own for it.
fn strings_module(path: &Path) -> anyhow::Result<Vec<u8>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let table: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("{}: not JSON", path.display()))?;
    Ok(format!("export default {table};\n").into_bytes())
}
