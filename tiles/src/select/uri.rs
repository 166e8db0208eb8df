//! Where a tile's content is.
//!
//! A tileset names its parts relative to itself (3D Tiles 1.1, 7.4 "URIs"), and it may itself have been named by a
//! relative name. So a base need not be absolute here, which is where the crate `url` would give up.

/// The reference resolved against `base`, after RFC 3986, 5.2, for `base` absolute or relative.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    if has_scheme(reference) || base.is_empty() {
        return reference.to_owned();
    }
    let (prefix, path) = split_authority(base);
    if let Some(rest) = reference.strip_prefix("//") {
        let scheme = prefix.split_once("//").map_or("", |(scheme, _)| scheme);
        return format!("{scheme}//{rest}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (name, query) = reference.split_at(reference.find(['?', '#']).unwrap_or(reference.len()));
    let merged = if name.starts_with('/') {
        name.to_owned()
    } else if name.is_empty() {
        path.to_owned()
    } else {
        let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
        let root = if folder.is_empty() && !prefix.is_empty() {
            "/"
        } else {
            folder
        };
        format!("{root}{name}")
    };
    format!("{prefix}{}{query}", without_dots(&merged))
}

/// Whether content with this URI is a tileset rather than something to draw.
pub(super) fn names_tileset(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.len() >= 5 && path.as_bytes()[path.len() - 5..].eq_ignore_ascii_case(b".json")
}

/// Whether the reference begins with a scheme, as `https:` (RFC 3986, 3.1).
fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// `https://host:1` and `/path` of an absolute URI; nothing and everything of a relative one.
fn split_authority(base: &str) -> (&str, &str) {
    let after = base.find("//").map_or(0, |at| at + 2);
    if after == 0 || !(base.starts_with("//") || has_scheme(base)) {
        return ("", base);
    }
    let end = base[after..].find(['/', '?', '#']).map_or(base.len(), |at| after + at);
    base.split_at(end)
}

/// The path without `.` and `..` (RFC 3986, 5.2.4). A relative path keeps the `..` that lead out of it.
fn without_dots(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut folder = false;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if absolute => {}
            _ => kept.push(segment),
        }
    }
    let (lead, trail) = (if absolute { "/" } else { "" }, if folder { "/" } else { "" });
    format!("{lead}{}{trail}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_resolve_as_rfc_3986_lists_them() {
        // RFC 3986, 5.4.1 and 5.4.2, without the references that no tileset has.
        for (reference, target) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("g?y", "http://a/b/c/g?y"),
            ("g#s", "http://a/b/c/g#s"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("https:g", "https:g"),
            ("data:,x", "data:,x"),
        ] {
            assert_eq!(resolve("http://a/b/c/d;p?q", reference), target, "{reference}");
        }
    }

    #[test]
    fn a_base_may_be_relative_or_bare() {
        assert_eq!(resolve("tileset.json", "files/a.glb"), "files/a.glb");
        assert_eq!(resolve("files/l.json", "a.glb"), "files/a.glb");
        assert_eq!(resolve("files/l.json", "../../a.glb"), "../a.glb");
        assert_eq!(resolve("/c/tileset.json", "files/a.glb"), "/c/files/a.glb");
        assert_eq!(resolve("http://host", "a.glb"), "http://host/a.glb");
        assert_eq!(resolve("", "a.glb"), "a.glb");
    }

    #[test]
    fn a_tileset_is_told_by_its_name_without_the_query() {
        assert!(names_tileset("a/b.JSON?key=1"));
        assert!(!names_tileset("b.glb?as=.json"));
        assert!(!names_tileset("ö.js"));
    }
}
