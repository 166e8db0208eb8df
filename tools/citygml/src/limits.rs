//! What a file may ask for.
//!
//! A kilobyte can stand for a gigabyte: compressed, repeated by links, announced by a number. Each of these bounds is far
//! above what real cities have, and what goes beyond one is left out with a warning, so that reading any file takes memory
//! in proportion to one member ([`MEMBER_BYTES`]) and to what objects share ([`SHARED_POINTS`], [`FOREIGN_LINKS`]).
//! Entities are not bounded but refused: a file that could define some is an
//! [`Error::DocumentType`](crate::Error::DocumentType).

/// How long one tag may be, in bytes of text, with all its attributes. Real ones stay under 10 000.
pub const TAG_BYTES: usize = 1 << 20;

/// How long one text (a list of coordinates, an attribute's value), comment or CDATA section may be, in bytes.
pub const TEXT_BYTES: usize = 64 << 20;

/// How long an id, the name of an attribute or that of a reference system may be, in bytes: what is longer is cut, since
/// each face would carry a copy.
pub const NAME_BYTES: usize = 512;

/// How many bytes of text one member of the model may have, unless [`Options`](crate::Options) say otherwise: an object is
/// put together in memory.
pub const MEMBER_BYTES: u64 = 256 << 20;

/// How deep elements may be nested; what is deeper is left out. Real files stay under 60.
pub const DEPTH: u32 = 200;

/// How many bytes the names of all elements that are open may take, where none of them is closed again.
pub const OPEN_NAME_BYTES: usize = 16 << 20;

/// How many prefixes may be bound at one place. Real files bind about 30.
pub const NAMESPACES: usize = 1000;

/// How many faces one top-level object may get by links, besides four times those of its own.
pub const LINKED_FACES: usize = 500_000;

/// How many faces, groups and links may be gone through for one top-level object, besides sixteen times those of its own.
pub const VISITS: usize = 4_000_000;

/// How many links that lead out of their object are followed in one file.
pub const FOREIGN_LINKS: usize = 10_000_000;

/// How many points of geometries that other objects link to are kept (24 bytes each).
pub const SHARED_POINTS: usize = 20_000_000;

/// How many such links in a row may lead from one object to the next.
pub const LINKS_IN_A_ROW: usize = 8;

/// The text, cut to [`NAME_BYTES`].
pub(crate) fn name(mut text: String) -> String {
    if text.len() > NAME_BYTES {
        text.truncate(text.floor_char_boundary(NAME_BYTES));
    }
    text
}
