//! Where settings come from: defaults, then the file, then the environment, then the command line.

use super::{Config, Key};
use crate::Error;
use serde::Deserialize;
use std::path::Path;
use toml::{Table, Value};

impl Config {
    /// The settings of `file`, over them those of the environment variables `KORTTELI_*`, over them those of the
    /// command line. `flags` are names as in the file, with a point before each level, and values as on the command
    /// line.
    ///
    /// # Errors
    /// [`Error::ConfigFile`] for a file that cannot be read, [`Error::ConfigText`] with line and column for one that is
    /// not TOML, holds a name that is not known or a value that cannot be, [`Error::Setting`] for a variable or flag.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| Error::ConfigFile {
                    path: path.to_path_buf(),
                    source,
                })?;
                Self::from_toml(path, &text)?
            }
        };
        let keys = Key::all();
        for (variable, value) in variables {
            if let Some(key) = keys.iter().find(|key| key.variable() == variable) {
                config = config.with(&variable, &key.path, &value)?;
            } else if is_misspelt(&variable, &keys) {
                return Err(Error::Setting {
                    name: variable,
                    reason: "no setting is called so; `--print-config` shows all names".to_owned(),
                });
            }
        }
        for (name, value) in flags {
            if !keys.iter().any(|key| key.path == name) {
                return Err(Error::Setting {
                    reason: "no setting is called so; `--print-config` shows all names".to_owned(),
                    name,
                });
            }
            config = config.with(&name, &name, &value)?;
        }
        Ok(config)
    }

    fn from_toml(path: &Path, text: &str) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            Error::ConfigText {
                path: path.to_path_buf(),
                line: before.matches('\n').count() + 1,
                column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
                reason: error.message().to_owned(),
            }
        })
    }

    /// The same with one setting changed; `called` is what the operator calls it.
    fn with(&self, called: &str, key: &str, text: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Setting {
            name: called.to_owned(),
            reason,
        };
        let table = Table::try_from(self).map_err(|error| refuse(error.to_string()))?;
        // Which type a setting has is the struct's affair: it is tried as text, then as whatever TOML reads in it.
        let literal = toml::from_str::<Table>(&format!("value = {text}"));
        let literal = literal.ok().and_then(|mut table| table.remove("value"));
        let mut reason = String::new();
        for value in [Some(Value::String(text.to_owned())), literal].into_iter().flatten() {
            let mut changed = table.clone();
            insert(&mut changed, key, value);
            match Self::deserialize(changed) {
                Ok(config) => return Ok(config),
                Err(error) => error.message().clone_into(&mut reason),
            }
        }
        Err(refuse(reason))
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some((section, rest)) => {
            if let Value::Table(section) = table.entry(section).or_insert_with(|| Value::Table(Table::new())) {
                insert(section, rest, value);
            }
        }
    }
}

/// Whether a variable begins as those of a section do. Others that begin with our name belong to other programs.
fn is_misspelt(variable: &str, keys: &[Key]) -> bool {
    keys.iter()
        .filter_map(|key| key.path.split_once('.'))
        .any(|(section, _)| variable.starts_with(&format!("KORTTELI_{}_", section.to_ascii_uppercase())))
}
