//! Which schema an element belongs to.
//!
//! A prefix means nothing by itself: files write `bldg:Building`, `b:Building` or plain `Building` for the same thing.
//! What counts is the address that the prefix is bound to, and that names the module and the version at once.

use std::cell::Cell;

use crate::{Module, Version, limits};

/// A namespace that the reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// `.../citygml/N.0`, and the base profile, which holds every module
    Core,
    /// GML 3.1 and 3.2
    Gml,
    /// XML linking language
    XLink,
    /// `app`
    Appearance,
    /// `gen`
    Generics,
    /// A module with city objects.
    Module(Module),
    /// `grp`
    Group,
    /// `con` of CityGML 3.0
    Construction,
    /// Addresses, xAL 2 and 3
    Xal,
    /// No namespace at all.
    None,
    /// An application domain extension, or a prefix that nothing is bound to.
    Other,
}

impl Namespace {
    /// The namespace that an address names.
    pub(crate) fn from_uri(uri: &str) -> Self {
        if let Some((module, _)) = split(uri) {
            return from_module(module);
        }
        match uri {
            "" => Self::None,
            "http://www.opengis.net/gml" | "http://www.opengis.net/gml/3.2" => Self::Gml,
            "http://www.w3.org/1999/xlink" => Self::XLink,
            _ if uri.starts_with("urn:oasis:names:tc:ciq:") => Self::Xal,
            _ => Self::Other,
        }
    }
}

fn from_module(name: &str) -> Namespace {
    match name {
        "" | "profiles/base" => Namespace::Core,
        "appearance" => Namespace::Appearance,
        "generics" => Namespace::Generics,
        "cityobjectgroup" => Namespace::Group,
        "construction" => Namespace::Construction,
        "building" => Namespace::Module(Module::Building),
        "bridge" => Namespace::Module(Module::Bridge),
        "tunnel" => Namespace::Module(Module::Tunnel),
        "transportation" => Namespace::Module(Module::Transportation),
        "waterbody" => Namespace::Module(Module::WaterBody),
        "vegetation" => Namespace::Module(Module::Vegetation),
        "cityfurniture" => Namespace::Module(Module::CityFurniture),
        "landuse" => Namespace::Module(Module::LandUse),
        "relief" => Namespace::Module(Module::Relief),
        _ => Namespace::Other,
    }
}

/// Module and version of a CityGML namespace: `http://www.opengis.net/citygml/building/2.0` is `building`, 2.0; the
/// module of the core is empty.
fn split(uri: &str) -> Option<(&str, Version)> {
    let rest = uri.strip_prefix("http://www.opengis.net/citygml/")?;
    let (module, number) = rest.rsplit_once('/').unwrap_or(("", rest));
    let version = match number {
        "1.0" => Version::V1,
        "2.0" => Version::V2,
        "3.0" => Version::V3,
        _ => return None,
    };
    Some((module, version))
}

/// The CityGML version that an address names, where it names one.
pub(crate) fn version(uri: &str) -> Option<Version> {
    split(uri).map(|(_, version)| version)
}

/// A prefix bound to a namespace, from `depth` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    prefix: Box<[u8]>,
    namespace: Namespace,
    version: Option<Version>,
    depth: u32,
}

/// The bindings that hold at the place of the cursor.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    stack: Vec<Binding>,
    /// The binding that was asked for last: nine times out of ten it is asked for again.
    recent: Cell<Option<usize>>,
}

impl Bindings {
    /// Binds a prefix (empty: the default namespace) from `depth` inward; `false` where too many are bound.
    pub(crate) fn bind(&mut self, prefix: &[u8], uri: &str, depth: u32) -> bool {
        if self.stack.len() >= limits::NAMESPACES {
            return false;
        }
        self.recent.set(None);
        self.stack.push(Binding {
            prefix: prefix.into(),
            namespace: Namespace::from_uri(uri),
            version: version(uri),
            depth,
        });
        true
    }

    /// Forgets what was bound deeper than `depth`.
    pub(crate) fn leave(&mut self, depth: u32) {
        while self.stack.last().is_some_and(|last| last.depth > depth) {
            self.stack.pop();
            self.recent.set(None);
        }
    }

    /// What is bound at `depth` or further out.
    pub(crate) fn up_to(&self, depth: u32) -> &[Binding] {
        let count = self.stack.partition_point(|binding| binding.depth <= depth);
        self.stack.get(..count).unwrap_or_default()
    }

    /// The deepest level at which something is bound.
    pub(crate) fn deepest(&self) -> u32 {
        self.stack.last().map_or(0, |last| last.depth)
    }

    /// What a prefix stands for here.
    pub(crate) fn resolve(&self, prefix: &[u8]) -> Namespace {
        self.find(prefix).map_or(
            if prefix.is_empty() {
                Namespace::None
            } else {
                Namespace::Other
            },
            |binding| binding.namespace,
        )
    }

    /// The CityGML version that a prefix stands for here.
    pub(crate) fn version(&self, prefix: &[u8]) -> Option<Version> {
        self.find(prefix).and_then(|binding| binding.version)
    }

    /// The CityGML version that any binding names.
    pub(crate) fn any_version(&self) -> Option<Version> {
        self.stack.iter().find_map(|binding| binding.version)
    }

    fn find(&self, prefix: &[u8]) -> Option<&Binding> {
        let recent = self.recent.get().and_then(|index| self.stack.get(index));
        if let Some(binding) = recent.filter(|binding| *binding.prefix == *prefix) {
            return Some(binding);
        }
        let found = self.stack.iter().rposition(|binding| *binding.prefix == *prefix)?;
        self.recent.set(Some(found));
        self.stack.get(found)
    }
}

impl From<Vec<Binding>> for Bindings {
    fn from(stack: Vec<Binding>) -> Self {
        Self {
            stack,
            recent: Cell::new(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_module_and_version() {
        let uri = "http://www.opengis.net/citygml/building/1.0";
        assert_eq!(Namespace::from_uri(uri), Namespace::Module(Module::Building));
        assert_eq!(version(uri), Some(Version::V1));
        let core = "http://www.opengis.net/citygml/3.0";
        assert_eq!(Namespace::from_uri(core), Namespace::Core);
        assert_eq!(version(core), Some(Version::V3));
        assert_eq!(Namespace::from_uri("http://www.opengis.net/gml/3.2"), Namespace::Gml);
        assert_eq!(
            Namespace::from_uri("https://www.geospatial.jp/iur/uro/3.0"),
            Namespace::Other
        );
    }

    #[test]
    fn an_inner_binding_hides_the_outer_one_until_its_element_ends() {
        let mut bindings = Bindings::default();
        bindings.bind(b"", "http://www.opengis.net/citygml/2.0", 1);
        bindings.bind(b"", "http://www.opengis.net/gml", 3);
        assert_eq!(bindings.resolve(b""), Namespace::Gml);
        bindings.leave(2);
        assert_eq!(bindings.resolve(b""), Namespace::Core);
        assert_eq!(bindings.resolve(b"gml"), Namespace::Other);
    }
}
