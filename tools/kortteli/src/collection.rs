//! The collection that a command is about.

use anyhow::bail;
use std::path::Path;
use store::Collection;

/// The collection of this name, or the only one there is.
pub(crate) fn open(store: &Path, name: Option<&str>) -> anyhow::Result<Collection> {
    let (mut opened, errors) = store::collections(store);
    for error in &errors {
        eprintln!("warning: {error}");
    }
    let names: Vec<String> = opened.iter().map(|collection| collection.name().to_owned()).collect();
    match name {
        Some(name) => match names.iter().position(|known| known == name) {
            Some(place) => Ok(opened.swap_remove(place)),
            None => bail!(
                "{} holds no collection {name:?}; it holds {}",
                store.display(),
                names.join(", ")
            ),
        },
        None if opened.len() == 1 => Ok(opened.remove(0)),
        None if opened.is_empty() => {
            bail!(
                "{} holds no collection; make one with `kortteli tile <files> -o {}`",
                store.display(),
                store.display()
            )
        }
        None => bail!(
            "{} holds several collections; name one with --collection: {}",
            store.display(),
            names.join(", ")
        ),
    }
}
