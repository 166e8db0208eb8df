//! Where a link points to.

/// The target of an `xlink:href`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// Something in the file itself, by its `gml:id`.
    Here(&'a str),
    /// Something in another file.
    Elsewhere,
}

/// The target of a link in the file of this name: `#id`, or `name.gml#id` with the file's own name.
pub(crate) fn target<'a>(href: &'a str, file_name: &str) -> Target<'a> {
    match href.trim().split_once('#') {
        Some(("", id)) => Target::Here(id),
        Some((file, id)) if file == file_name => Target::Here(id),
        _ => Target::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_names_its_own_file_points_into_it() {
        assert_eq!(target("#a", "x.gml"), Target::Here("a"));
        assert_eq!(target("x.gml#a", "x.gml"), Target::Here("a"));
        assert_eq!(target("y.gml#a", "x.gml"), Target::Elsewhere);
        assert_eq!(target("../tran/y.gml", "x.gml"), Target::Elsewhere);
    }
}
