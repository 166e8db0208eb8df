//! Dependencies between our crates point one way.
//!
//! The design draws the arrows; this command reads what cargo resolved and fails on any arrow that is not drawn, and on
//! a core that reaches for files, sockets, threads or an engine. `ALLOWED` is the drawing, as data.

use anyhow::{Context, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;

/// For each crate of ours, the crates of ours that it may name (DESIGN, section 1; `ARCHITECTURE.md`).
const ALLOWED: &[(&str, &[&str])] = &[
    ("tiles", &[]),
    ("citygml", &[]),
    ("store", &["tiles"]),
    ("tiler", &["tiles", "citygml", "store"]),
    ("extract", &["tiles", "store"]),
    ("blocks", &["tiles", "store"]),
    ("server", &["tiles", "store", "blocks", "extract"]),
    (
        "kortteli",
        &["tiles", "citygml", "tiler", "store", "blocks", "extract", "server"],
    ),
    ("session", &["tiles"]),
    ("decoder", &["tiles"]),
    ("kortteli-viewer", &["tiles", "session"]),
    ("kortteli-bevy", &["tiles", "session"]),
    // The maintainers' program drives all of them, and nothing depends on it.
    ("xtask", &["tiles", "citygml", "tiler", "store", "blocks", "server"]),
];

/// Crates that the core, and what runs in a browser's worker, must never reach.
const FORBIDDEN_IN_CORE: &[&str] = &[
    "tokio", "axum", "hyper", "rayon", "reqwest", "ureq", "ehttp", "rusqlite", "proj", "wgpu", "winit", "bevy",
];

/// Checks the arrows; prints each wrong one.
///
/// # Errors
/// When cargo's metadata cannot be read, or an arrow is not drawn.
pub fn run() -> anyhow::Result<()> {
    let metadata = MetadataCommand::new().exec().context("reading cargo's metadata")?;
    let mut wrong = wrong_arrows(&metadata);
    for core in ["tiles", "session", "decoder"] {
        wrong.extend(
            reached_from(&metadata, core)
                .iter()
                .filter(|name| FORBIDDEN_IN_CORE.contains(&name.as_str()))
                .map(|name| format!("{core} reaches {name}, which does not belong in the core")),
        );
    }
    if wrong.is_empty() {
        println!("deps: every arrow is one that the design draws");
        return Ok(());
    }
    for line in &wrong {
        println!("deps: {line}");
    }
    bail!("{} arrow(s) that the design does not draw", wrong.len())
}

fn wrong_arrows(metadata: &Metadata) -> Vec<String> {
    let members: BTreeSet<&str> = metadata.workspace_packages().iter().map(|p| p.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name.as_str()) else {
            wrong.push(format!(
                "{} is not in the drawing: add it to ALLOWED and to ARCHITECTURE.md",
                package.name
            ));
            continue;
        };
        for target in our_dependencies(package, &members) {
            if !allowed.contains(&target) {
                wrong.push(format!("{} -> {target} is not drawn", package.name));
            }
        }
    }
    wrong
}

/// Dependencies of ours, tests' own ones left out: a test may read what any crate wrote.
fn our_dependencies<'a>(package: &'a Package, members: &BTreeSet<&str>) -> Vec<&'a str> {
    package
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development && members.contains(d.name.as_str()))
        .map(|d| d.name.as_str())
        .collect()
}

/// Names of all crates that `name` reaches by normal dependencies.
fn reached_from(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let Some(resolve) = &metadata.resolve else {
        return BTreeSet::new();
    };
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<_> = metadata
        .packages
        .iter()
        .filter(|p| p.name.as_str() == name)
        .map(|p| &p.id)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        reached.insert(metadata[id].name.to_string());
        if let Some(node) = resolve.nodes.iter().find(|n| n.id == *id) {
            waiting.extend(
                node.deps
                    .iter()
                    .filter(|d| d.dep_kinds.iter().any(|k| k.kind == DependencyKind::Normal))
                    .map(|d| &d.pkg),
            );
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(name: &str) -> &'static [&'static str] {
        ALLOWED.iter().find(|(n, _)| *n == name).map_or(&[], |(_, a)| a)
    }

    #[test]
    fn the_drawing_has_no_circle() {
        // Each crate must be strictly above what it names: walk down and never meet yourself.
        for (start, _) in ALLOWED {
            let mut waiting: Vec<&str> = allowed(start).to_vec();
            let mut seen = BTreeSet::new();
            while let Some(name) = waiting.pop() {
                assert_ne!(name, *start, "{start} reaches itself");
                if seen.insert(name) {
                    waiting.extend(allowed(name));
                }
            }
        }
    }

    #[test]
    fn the_core_is_seen_to_reach_serde_and_glam_and_no_runtime() {
        let metadata = MetadataCommand::new().exec().unwrap();
        let reached = reached_from(&metadata, "tiles");
        assert!(reached.contains("serde") && reached.contains("glam"), "{reached:?}");
        assert!(!reached.contains("tokio"));
        // and the walk does find a runtime where there is one
        assert!(reached_from(&metadata, "server").contains("tokio"));
    }
}
