//! The page on which people order block worlds, and its map. A browser uses it in `tools/checks/browser/blocks.mjs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::mem_forget,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "harness and samples are shared with other tests"
)]

mod harness;
#[path = "../../tools/store/tests/sample/mod.rs"]
mod sample;

use harness::{Running, quick};
use sample::Sample;

/// What is between the marks of a JSON block in a page.
fn embedded(page: &str) -> serde_json::Value {
    let (_, after) = page.split_once("id=\"city\">").expect("the page knows the city");
    let (json, _) = after.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_page_and_its_files_come_with_their_types_and_tags() {
    let server = Running::start();
    let page = server.get("/blocks");
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'") && !policy.contains("http"),
        "{policy}"
    );
    let city = embedded(&page.text());
    assert_eq!(city["collections"][0]["id"], "helsinki");
    assert_eq!(city["areaKm2"], 4.0);
    for (name, media_type) in [
        ("blocks.js", "text/javascript"),
        ("words.js", "text/javascript"),
        ("blocks.css", "text/css"),
    ] {
        let path = format!("/blocks/{name}");
        let file = server.get(&path);
        assert!(
            file.status == 200 && file.header("content-type").starts_with(media_type),
            "{name}"
        );
        let again = server.ask("GET", &path, &[("If-None-Match", file.header("etag"))]);
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(server.ask("HEAD", &path, &[]).body.len(), 0);
    }
    for name in ["blocks.html", "../blocks.js", "%2e%2e%2fmap.js", "nothing.js"] {
        assert_eq!(server.get(&format!("/blocks/{name}")).status, 404, "{name}");
    }
}

#[test]
fn what_a_city_is_called_cannot_end_the_script() {
    let fill = |path: &std::path::Path| {
        let sample = Sample {
            title: "</script><script>alert(1)</script>".to_owned(),
            ..Sample::default()
        };
        sample
            .publish(path, "helsinki", std::sync::Arc::new(store::RealFiles))
            .unwrap();
    };
    let server = Running::with(quick(), fill, None);
    let page = server.get("/blocks").text();
    assert!(!page.contains("alert(1)</script>"), "{page}");
    assert_eq!(
        embedded(&page)["collections"][0]["title"],
        "</script><script>alert(1)</script>"
    );
}

#[test]
fn the_map_shows_houses_where_they_are_and_nothing_elsewhere() {
    let server = Running::start();
    let city = embedded(&server.get("/blocks").text());
    let generation = city["collections"][0]["generation"].as_str().unwrap();
    let pixels = |path: &str| {
        let answer = server.get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "image/png"),
            "{path}"
        );
        let picture = image::load_from_memory(&answer.body).expect("it is a PNG").to_rgba8();
        assert_eq!(picture.dimensions(), (512, 512));
        let drawn = picture.pixels().filter(|pixel| pixel.0[3] > 128).count();
        let brown = picture
            .pixels()
            .filter(|pixel| pixel.0[3] == 255 && pixel.0[0] > pixel.0[2] + 30)
            .count();
        (drawn, brown)
    };
    // At 24.9525, 60.1703: level 16 shows a few hundred metres, level 10 the whole region.
    let near = pixels("/collections/helsinki/map/16/37310/18969");
    assert!(near.1 > 20 && near.0 < 512 * 512, "{near:?}");
    let far = pixels("/collections/helsinki/map/10/582/296");
    assert!(far.0 > 0 && far.0 < near.0, "{far:?}");
    assert_eq!(pixels("/collections/helsinki/map/10/0/0"), (0, 0));
    let kept = |query: &str| {
        let answer = server.get(&format!("/collections/helsinki/map/16/37310/18969{query}"));
        answer.header("cache-control").to_owned()
    };
    assert!(kept(&format!("?v={generation}")).contains("immutable"));
    assert!(!kept("?v=old").contains("immutable") && !kept("").contains("immutable"));
    for wrong in [
        "21/0/0",
        "3/8/0",
        "3/0/8",
        "-1/0/0",
        "a/0/0",
        "3/1.5/0",
        "3/0/99999999999",
    ] {
        let answer = server.get(&format!("/collections/helsinki/map/{wrong}"));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (404, "application/problem+json"),
            "{wrong}"
        );
    }
    assert_eq!(server.get("/collections/atlantis/map/0/0/0").status, 404);
}
