//! Which tiles of a level share a stand-in.

/// How tiles lie together in the quadtree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node<T> {
    Tile(T),
    Group(Vec<Node<T>>),
}

impl<T> Node<T> {
    /// The nodes under one, or the only one itself.
    pub(crate) fn of(mut nodes: Vec<Self>) -> Self {
        match nodes.pop() {
            Some(only) if nodes.is_empty() => only,
            Some(last) => {
                nodes.push(last);
                Self::Group(nodes)
            }
            None => Self::Group(nodes),
        }
    }

    /// Replaces the tiles, in order.
    pub(crate) fn map<U>(self, replace: &mut impl FnMut(T) -> U) -> Node<U> {
        match self {
            Self::Tile(tile) => Node::Tile(replace(tile)),
            Self::Group(nodes) => Node::Group(nodes.into_iter().map(|node| node.map(replace)).collect()),
        }
    }

    /// The same with every tile there; `None` where one is missing.
    pub(crate) fn all<U>(self) -> Option<Node<U>>
    where
        T: Into<Option<U>>,
    {
        Some(match self {
            Self::Tile(tile) => Node::Tile(tile.into()?),
            Self::Group(nodes) => Node::Group(nodes.into_iter().map(Self::all).collect::<Option<_>>()?),
        })
    }

    /// The tiles, in order.
    pub(crate) fn tiles(&self) -> Vec<&T> {
        match self {
            Self::Tile(tile) => vec![tile],
            Self::Group(nodes) => nodes.iter().flat_map(Self::tiles).collect(),
        }
    }

    fn tiles_mut(&mut self) -> Vec<&mut T> {
        match self {
            Self::Tile(tile) => vec![tile],
            Self::Group(nodes) => nodes.iter_mut().flat_map(Self::tiles_mut).collect(),
        }
    }
}

/// A group lighter than this part of the limit is not left alone: its stand-in would be all header.
const LITTLE: usize = 3;

/// Groups of neighbours that weigh at most `limit` together; one that is little joins another, which may then weigh a third more.
pub(crate) fn grouped(node: Node<usize>, limit: usize, bytes: &dyn Fn(usize) -> usize) -> Node<Vec<usize>> {
    let weight = |group: &[usize]| -> usize { group.iter().map(|&tile| bytes(tile)).sum() };
    let nodes = match node {
        Node::Tile(tile) => return Node::Tile(vec![tile]),
        Node::Group(nodes) => nodes,
    };
    let (mut whole, mut rest) = (Vec::new(), Vec::new());
    for node in nodes {
        match grouped(node, limit, bytes) {
            Node::Tile(group) => whole.push(group),
            group @ Node::Group(_) => rest.push(group),
        }
    }
    whole.sort_by_key(|group| weight(group));
    let mut packed: Vec<Vec<usize>> = Vec::new();
    for group in whole {
        match packed.last_mut() {
            Some(last) if weight(last).saturating_add(weight(&group)) <= limit => last.extend(group),
            _ => packed.push(group),
        }
    }
    let little = packed.first().is_some_and(|first| weight(first) < limit / LITTLE);
    let little = (little && packed.len() + rest.len() > 1).then(|| packed.remove(0));
    rest.extend(packed.into_iter().map(Node::Tile));
    let mut all = Node::of(rest);
    if let Some(little) = little
        && let Some(lightest) = all.tiles_mut().into_iter().min_by_key(|group| weight(group))
    {
        lightest.extend(little);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiles whose numbers are their weights.
    fn groups(node: Node<usize>, limit: usize) -> Node<Vec<usize>> {
        grouped(node, limit, &|tile| tile)
    }

    fn tiles(numbers: &[usize]) -> Vec<Node<usize>> {
        numbers.iter().map(|&n| Node::Tile(n)).collect()
    }

    #[test]
    fn what_fits_together_is_one_group() {
        let node = Node::Group(tiles(&[30, 20, 25, 20]));
        assert_eq!(groups(node, 100), Node::Tile(vec![20, 20, 25, 30]));
    }

    #[test]
    fn what_does_not_fit_is_several_groups_in_place() {
        let node = Node::Group(vec![Node::Group(tiles(&[60, 30])), Node::Group(tiles(&[50, 40]))]);
        let expected = Node::Group(vec![Node::Tile(vec![30, 60]), Node::Tile(vec![40, 50])]);
        assert_eq!(groups(node, 100), expected);
    }

    #[test]
    fn a_little_group_beside_large_ones_joins_the_lightest() {
        let large = Node::Group(vec![Node::Group(tiles(&[60, 35])), Node::Group(tiles(&[50, 40]))]);
        let node = Node::Group(vec![large, Node::Tile(5)]);
        let expected = Node::Group(vec![Node::Tile(vec![40, 50, 5]), Node::Tile(vec![35, 60])]);
        assert_eq!(groups(node, 100), expected);
    }
}
