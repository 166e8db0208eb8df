//! The reference: made of the comments at the settings, so that it cannot say anything else than they do.

use super::Config;
use serde_json::Value;
use std::fmt::Write;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name in the file, with a point before each level: `limits.poll`.
    pub path: String,
    /// What it is: the comment at it.
    pub about: String,
    /// Its default as TOML; none where it is not set by default.
    pub default: Option<String>,
}

impl Key {
    /// Every setting, in the order of the reference.
    pub fn all() -> Vec<Self> {
        let schema = schemars::SchemaGenerator::default().into_root_schema_for::<Config>();
        let schema = schema.to_value();
        let defaults = toml::Table::try_from(Config::default()).unwrap_or_default();
        let mut keys = Vec::new();
        collect(&schema, &schema, "", &defaults, &mut keys);
        keys
    }

    /// Its environment variable: `KORTTELI_LIMITS_POLL`.
    pub fn variable(&self) -> String {
        format!("KORTTELI_{}", self.path.replace('.', "_").to_ascii_uppercase())
    }
}

fn collect(root: &Value, object: &Value, before: &str, defaults: &toml::Table, keys: &mut Vec<Key>) {
    let properties = object["properties"].as_object().into_iter().flatten();
    let (sections, plain): (Vec<_>, Vec<_>) = properties.partition(|(_, schema)| section(root, schema).is_some());
    for (name, schema) in plain {
        keys.push(Key {
            path: format!("{before}{name}"),
            about: described(schema),
            default: defaults
                .get(name)
                .filter(|value| value.as_str() != Some(""))
                .map(ToString::to_string),
        });
    }
    for (name, schema) in sections {
        let inner = defaults
            .get(name)
            .and_then(toml::Value::as_table)
            .cloned()
            .unwrap_or_default();
        if let Some(object) = section(root, schema) {
            collect(root, object, &format!("{before}{name}."), &inner, keys);
        }
    }
}

/// The object that a property is, if it is one with settings of its own.
fn section<'a>(root: &'a Value, schema: &Value) -> Option<&'a Value> {
    let name = schema["$ref"].as_str()?.strip_prefix("#/$defs/")?;
    let object = &root["$defs"][name];
    object["properties"].is_object().then_some(object)
}

/// The comment as one paragraph.
fn described(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The reference page, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Settings of `kortteli serve`\n\n\
        This page is made of the comments in `src/config.rs`; `KORTTELI_BLESS=1 cargo test -p server` writes it anew.\n\n\
        A setting may stand in a TOML file (`--config FILE`), in the environment, or on the command line: as the flag of its\n\
        name where there is one, or as `--set NAME=VALUE`. The command line goes before the environment, the environment\n\
        before the file, the file before the default. A name that is not known is an error with its line and column.\n\
        `--check` reads all of it and stops; `--print-config` prints what is in force as a file that can be read back.\n\
        Durations are written as `500ms`, `5s` or `2min`, sizes as a number of bytes or with `K`, `M` or `G`. Relative paths\n\
        are taken from the working directory.\n",
    );
    let mut section = "";
    let keys = Key::all();
    for key in &keys {
        let (before, name) = key.path.rsplit_once('.').unwrap_or(("", &key.path));
        if before != section || std::ptr::eq(key, &raw const keys[0]) {
            section = before;
            let title = if section.is_empty() {
                "The server".to_owned()
            } else {
                format!("`[{section}]`")
            };
            let _ = write!(page, "\n## {title}\n");
        }
        let default = key
            .default
            .as_ref()
            .map_or("not set".to_owned(), |value| format!("`{value}`"));
        let _ = write!(
            page,
            "\n### `{name}`\n\n{}\n\nDefault: {default}. Environment: `{}`.\n",
            key.about,
            key.variable()
        );
    }
    page
}

impl Config {
    /// These settings as a file: every name, with its comment, and those that are not set commented out.
    pub fn to_toml(&self) -> String {
        let values = toml::Table::try_from(self).unwrap_or_default();
        let mut text = String::new();
        let mut section = String::new();
        for key in Key::all() {
            let (before, name) = key.path.rsplit_once('.').unwrap_or(("", &key.path));
            if before != section {
                before.clone_into(&mut section);
                let _ = write!(text, "\n[{section}]\n");
            }
            let mut levels = before.split('.').filter(|level| !level.is_empty());
            let table = levels.try_fold(&values, |table, level| table.get(level)?.as_table());
            for line in wrapped(&key.about, 100) {
                let _ = writeln!(text, "# {line}");
            }
            let _ = match table.and_then(|table| table.get(name)) {
                Some(value) => writeln!(text, "{name} = {value}"),
                None => writeln!(text, "# {name} ="),
            };
        }
        text
    }
}

/// `text` in lines of at most `width` letters where its words allow it.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut() {
            if line.is_empty() {
                line.push_str(word);
            } else if line.len() + 1 + word.len() <= width {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
    }
    lines
}
