//! The inputs: opened, with the reference systems their coordinates are in.

use crate::crs::{self, SourceCrs, Transformer};
use crate::{Error, Options};
use citygml::{CityObject, Report};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

/// One input while its objects are turned into records.
pub(crate) struct Source<'a> {
    pub(crate) path: &'a Path,
    pub(crate) options: &'a Options,
    pub(crate) report: &'a Report,
    /// The reference system of the header.
    pub(crate) crs: SourceCrs,
    /// Those that geometries name themselves; `None` for one that cannot be used.
    others: Mutex<HashMap<String, Option<SourceCrs>>>,
    /// What the header names.
    name: Option<String>,
}

thread_local! {
    /// Operations of this thread, by what they transform from: creating one costs milliseconds.
    static OPERATIONS: RefCell<HashMap<u64, Rc<Transformer>>> = RefCell::default();
}

impl<'a> Source<'a> {
    /// The source behind an opened file.
    pub(crate) fn new(
        path: &'a Path,
        header: &citygml::Header,
        options: &'a Options,
        report: &'a Report,
    ) -> Result<Self, Error> {
        let name = options.source_crs.clone().or_else(|| header.srs_name.clone());
        let crs = name
            .as_deref()
            .ok_or(crs::Error::Missing)
            .and_then(|name| SourceCrs::new(name, options))
            .map_err(|source| in_file(path, source))?;
        Ok(Self {
            path,
            options,
            report,
            crs,
            others: Mutex::default(),
            name,
        })
    }

    /// Finds the axis order from the first objects.
    pub(crate) fn settle_axes(&mut self, first: &[CityObject]) -> Result<(), Error> {
        let examples: Vec<[f64; 3]> = first.iter().filter_map(any_point).collect();
        self.crs
            .settle_axes(&examples, self.options.axis)
            .map_err(|source| in_file(self.path, source))
    }

    /// The operation for a geometry that names this reference system, or none and so has the header's.
    pub(crate) fn transformer(&self, srs_name: Option<&str>, object: &CityObject) -> Option<Rc<Transformer>> {
        let crs = match srs_name {
            Some(name) if self.options.source_crs.is_none() && self.name.as_deref() != Some(name) => {
                self.other(name, object)?
            }
            _ => self.crs.clone(),
        };
        let key = crs.serial();
        OPERATIONS.with_borrow_mut(|operations| {
            if let Some(known) = operations.get(&key) {
                return Some(Rc::clone(known));
            }
            let made = Rc::new(Transformer::new(&crs).ok()?);
            operations.insert(key, Rc::clone(&made));
            Some(made)
        })
    }

    /// What PROJ does for the header's reference system, and how far off it may be.
    pub(crate) fn describe(&self) -> Result<(String, Option<f64>), crs::Error> {
        Ok(Transformer::new(&self.crs)?.describe())
    }

    /// A reference system named by a geometry. One that says nothing of heights, or cannot be used as it is, has the header's heights.
    fn other(&self, name: &str, object: &CityObject) -> Option<SourceCrs> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(name) {
            return known.clone();
        }
        let made = self.crs.sibling(name, self.options).and_then(|mut crs| {
            crs.settle_axes(&any_point(object).into_iter().collect::<Vec<_>>(), self.options.axis)?;
            Transformer::new(&crs)?;
            Ok(crs)
        });
        let made = made
            .inspect_err(|error| {
                let advice = "Name the reference system of the whole input with --crs.";
                self.warn(
                    "geometry-crs",
                    object,
                    object.line,
                    &format!("{error}; the geometry is left out."),
                    advice,
                );
            })
            .ok();
        others.insert(name.to_owned(), made.clone());
        made
    }

    /// Reports a warning about an object of this input.
    pub(crate) fn warn(&self, code: &'static str, object: &CityObject, line: u64, message: &str, advice: &str) {
        let warning = crate::record::warning(code, self.path, line, &object.id, message, advice);
        self.report.warn(warning);
    }
}

pub(crate) fn in_file(path: &Path, source: crs::Error) -> Error {
    Error::Crs {
        path: path.to_owned(),
        source,
    }
}

/// The first point of the object or of its parts.
fn any_point(object: &CityObject) -> Option<[f64; 3]> {
    let own = object
        .geometries
        .iter()
        .flat_map(|g| &g.polygons)
        .find_map(|p| p.exterior.first().copied());
    own.or_else(|| object.children.iter().find_map(any_point))
}
