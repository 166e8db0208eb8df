//! A layer's tree as tilesets, each of a few hundred tiles.
//!
//! A viewer reads a tileset whole before it draws anything of it, and a tile takes some 250 bytes of JSON: a city of a million tiles in one
//! file would be waited for by everybody who looks at one street. So whole subtrees are cut out as external tilesets (3D Tiles 1.1,
//! "External tilesets"): where one is cut out stays a tile with the box and the error of its root, no children, and the tileset as its
//! content. The root has a mesh of its own, so a viewer that must have something to draw for each child before it lets the tile above go
//! has to have that mesh: nothing tears at the border.
//!
//! *Where* a tree is cut depends, for each tile, on what is below it and on how many siblings it has: it is cut out where it holds more
//! than an even share of what a tileset may hold. So a building that moves changes the tilesets on the way from its tile to the root, and
//! no others.

use crate::Error;
use tiles::bounds::Aabb;
use tiles::tileset::{BoundingVolume, Refine, Tile, Tileset};

/// A tile of the tree that is cut.
pub(crate) struct Branch<'a> {
    /// The file of its mesh.
    pub(crate) name: &'a str,
    /// Around its mesh and everything below.
    pub(crate) hull: &'a Aabb,
    /// Metres.
    pub(crate) error: f64,
    pub(crate) children: &'a [usize],
}

/// Cuts a layer's tree.
pub(crate) struct Cutter<'a> {
    /// The most tiles in one tileset.
    pub(crate) most: usize,
    /// The tile of a number.
    pub(crate) tile: &'a dyn Fn(usize) -> Branch<'a>,
    /// Puts a tileset into the store and answers its name.
    pub(crate) put: &'a dyn Fn(&[u8]) -> Result<String, Error>,
}

/// A tile with what is not cut out of the tree below it.
struct Part {
    tile: Tile,
    /// How many tiles that is, with itself.
    tiles: usize,
}

impl Cutter<'_> {
    /// Puts the tilesets below a tile into the store; answers the one that begins with it and is yet to be put there.
    pub(crate) fn cut(&self, root: usize) -> Result<Tileset, Error> {
        Ok(tileset(self.part(root)?.tile))
    }

    /// A tree is as deep as it has levels, so the stack suffices.
    fn part(&self, at: usize) -> Result<Part, Error> {
        let branch = (self.tile)(at);
        let children = branch.children.iter().map(|&child| self.part(child));
        let children = children.collect::<Result<_, _>>()?;
        let tile = Tile::new(BoundingVolume::from_aabb(branch.hull), branch.error);
        self.join(tile.with_content(branch.name), children)
    }

    /// Puts those of the children that are large into tilesets of their own.
    fn join(&self, mut tile: Tile, mut children: Vec<Part>) -> Result<Part, Error> {
        let room = self.most - 1;
        while children.len() > room {
            children = self.in_groups(&tile, children, room)?;
        }
        let share = room / children.len().max(1);
        let mut tiles = 1;
        for child in children {
            let large = child.tiles > share;
            tiles += if large { 1 } else { child.tiles };
            tile.children
                .push(if large { self.outside(child.tile)? } else { child.tile });
        }
        Ok(Part { tile, tiles })
    }

    /// Children that are too many for one tileset, in tilesets whose roots have no mesh.
    ///
    /// Such a root has the box and the error of the tile above, so a viewer refines it exactly when it refines that one. With a smaller
    /// box there would be distances from which it is fine enough: then nothing would be drawn. And it is always a tileset's root: viewers
    /// look through the root of an external tileset for what can be drawn, while `CesiumJS` takes an empty child to be drawn as it is.
    fn in_groups(&self, above: &Tile, children: Vec<Part>, room: usize) -> Result<Vec<Part>, Error> {
        let size = children.len().div_ceil(children.len().div_ceil(room));
        let mut groups = Vec::new();
        let mut waiting = children.into_iter().peekable();
        while waiting.peek().is_some() {
            let mut group: Vec<Part> = waiting.by_ref().take(size).collect();
            groups.push(match group.pop() {
                Some(only) if group.is_empty() => only,
                last => {
                    group.extend(last);
                    let root = Tile::new(above.bounding_volume, above.geometric_error);
                    let tile = self.outside(self.join(root, group)?.tile)?;
                    Part { tile, tiles: 1 }
                }
            });
        }
        Ok(groups)
    }

    /// Puts a subtree into a tileset; answers the tile that refers to it.
    fn outside(&self, root: Tile) -> Result<Tile, Error> {
        let border = Tile::new(root.bounding_volume, root.geometric_error);
        // Tilesets and meshes lie in one folder, so a name is a relative address.
        let name = (self.put)(&serde_json::to_vec(&tileset(root))?)?;
        Ok(border.with_content(name))
    }
}

/// A tileset with this root, whose error is that of the tile that refers to it.
fn tileset(mut root: Tile) -> Tileset {
    root.refine = Some(Refine::Replace);
    Tileset::new(root)
}

#[cfg(test)]
mod tests;
