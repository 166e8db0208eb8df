//! Colours: X3D materials and what they are put on.
//!
//! An appearance lists its targets by id and usually stands at the end of the file, long after the polygons that it
//! colours. Several appearances may colour the same thing for different purposes; each belongs to a theme, and one theme is
//! shown.

use std::collections::{BTreeSet, HashMap};

use crate::Material;
use crate::cursor::{Cursor, Stop};
use crate::findings::Findings;
use crate::hash::id_hash;
use crate::limits;
use crate::ring::parse_numbers;

/// How many names of themes are kept for messages.
const THEMES_KEPT: usize = 32;

/// The theme whose colours are taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Theme {
    /// The one that was asked for.
    pub(crate) wanted: Option<String>,
    /// The one that is taken: the first that has a material. An appearance without a theme has the theme "".
    pub(crate) chosen: Option<String>,
    /// Those that were met.
    pub(crate) seen: BTreeSet<String>,
}

impl Theme {
    fn accepts(&self, theme: &str) -> bool {
        let chosen = self.wanted.as_deref().or(self.chosen.as_deref());
        chosen.is_none_or(|chosen| chosen == theme)
    }

    /// Takes a theme that has a material, unless one is taken.
    pub(crate) fn choose(&mut self, theme: &str) {
        self.chosen.get_or_insert_with(|| theme.to_owned());
    }

    pub(crate) fn met(&mut self, theme: &str) {
        if self.seen.len() < THEMES_KEPT {
            self.seen.insert(theme.to_owned());
        }
    }
}

/// Materials, by the ids they are put on.
#[derive(Debug, Default)]
pub(crate) struct Materials {
    list: Vec<Material>,
    targets: HashMap<u64, u32>,
}

impl Materials {
    /// The material put on the thing with this [`id_hash`].
    pub(crate) fn get(&self, id: u64) -> Option<&Material> {
        let index = *self.targets.get(&id)?;
        self.list.get(index as usize)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    fn add(&mut self, found: Found) {
        if !found.front || found.targets.is_empty() {
            return;
        }
        let index = self.list.len() as u32;
        self.list.push(found.material);
        for target in found.targets {
            // The first material of a theme holds.
            self.targets.entry(target).or_insert(index);
        }
    }
}

struct Found {
    material: Material,
    targets: Vec<u64>,
    front: bool,
}

/// Reads the `Appearance` that the cursor stands on; its materials are added where its theme is the one that is taken.
pub(crate) fn read(
    cursor: &mut Cursor,
    theme: &mut Theme,
    findings: &Findings<'_>,
    into: &mut Materials,
) -> Result<(), Stop> {
    let (line, id) = (cursor.line(), cursor.gml_id());
    let mut name = String::new();
    let mut left_out = false;
    while cursor.child()? {
        match cursor.local() {
            b"theme" => {
                name = limits::name(cursor.text()?.to_owned());
                theme.met(&name);
            }
            b"surfaceDataMember" | b"surfaceData" if theme.accepts(&name) => {
                surface_data(cursor, &name, theme, findings, into)?;
            }
            b"surfaceDataMember" | b"surfaceData" => {
                left_out = true;
                cursor.skip()?;
            }
            _ => cursor.skip()?,
        }
    }
    if left_out {
        let message = format!("the colours of theme \"{name}\" are left out, since another theme is shown.");
        findings.note(
            "theme-left-out",
            line,
            id.as_deref(),
            message,
            "Choose the theme by the option.",
        );
    }
    Ok(())
}

fn surface_data(
    cursor: &mut Cursor,
    name: &str,
    theme: &mut Theme,
    findings: &Findings<'_>,
    into: &mut Materials,
) -> Result<(), Stop> {
    while cursor.child()? {
        if cursor.local() == b"X3DMaterial" {
            theme.choose(name);
            let found = material(cursor, findings)?;
            into.add(found);
        } else {
            findings.note(
                "texture-left-out",
                cursor.line(),
                cursor.gml_id().as_deref(),
                format!("{} is left out.", cursor.local_text()),
                "Textures are not read yet; plain colours are.",
            );
            cursor.skip()?;
        }
    }
    Ok(())
}

fn material(cursor: &mut Cursor, findings: &Findings<'_>) -> Result<Found, Stop> {
    let (line, id) = (cursor.line(), cursor.gml_id());
    let mut found = Found {
        material: Material {
            // What X3D and CityGML say where nothing is written.
            diffuse: [0.8; 3],
            opacity: 1.0,
            name: None,
        },
        targets: Vec::new(),
        front: true,
    };
    while cursor.child()? {
        match cursor.local() {
            b"name" => found.material.name = Some(limits::name(cursor.text()?.to_owned())),
            b"isFront" => found.front = !matches!(cursor.text()?, "false" | "0"),
            b"diffuseColor" => match numbers(cursor.text()?).as_deref() {
                Some(&[r, g, b]) => found.material.diffuse = [r, g, b].map(unit),
                _ => bad_colour(findings, line, id.as_deref(), "diffuseColor"),
            },
            b"transparency" => match numbers(cursor.text()?).as_deref() {
                Some(&[transparency]) => found.material.opacity = 1.0 - unit(transparency),
                _ => bad_colour(findings, line, id.as_deref(), "transparency"),
            },
            b"target" => found.targets.push(target(cursor.text()?)),
            _ => cursor.skip()?,
        }
    }
    Ok(found)
}

fn bad_colour(findings: &Findings<'_>, line: u64, id: Option<&str>, what: &str) {
    let message = format!("{what} is not what it should be (numbers from 0 to 1); the default holds.");
    findings.warn("bad-colour", line, id, message, "Mend it in the source.");
}

fn numbers(text: &str) -> Option<Vec<f64>> {
    let mut numbers = Vec::with_capacity(3);
    parse_numbers(text.as_bytes(), &mut numbers).ok()?;
    Some(numbers)
}

fn unit(number: f64) -> f32 {
    number.clamp(0.0, 1.0) as f32
}

/// `#id`, `id` and `file.gml#id` all end in the id.
fn target(text: &str) -> u64 {
    let id = text.rsplit_once('#').map_or(text, |(_, id)| id);
    id_hash(id.as_bytes())
}
