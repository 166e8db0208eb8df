//! What can be made to order: the seam between the queue and the libraries that do the work.

use super::output::{Made, Work};
use crate::shelf::Collections;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Collection;

/// Something that is made of a collection to order (OGC 18-062r2, clause 7.10).
pub(crate) trait Process: Send + Sync {
    /// Its name in addresses.
    fn id(&self) -> &'static str;

    /// For people: what it is called and what it makes.
    fn about(&self) -> [&'static str; 2];

    /// Its inputs as JSON Schemas, and its outputs.
    fn interface(&self) -> Interface;

    /// Reads inputs: checks each and writes it in one way, so that equal wishes are equal.
    ///
    /// # Errors
    /// [`Refusal::Input`] with the input's name.
    fn read(&self, inputs: &Map<String, Value>, collections: &Collections) -> Result<Order, Refusal>;

    /// What the order will take.
    ///
    /// # Errors
    /// Those that can be known before the work begins.
    fn estimate(&self, collection: &Collection, inputs: &Value) -> Result<Estimate, Refusal>;

    /// Does it. Called on a thread of its own, which may use every thread of the pool it is in.
    ///
    /// # Errors
    /// [`Failure::Stopped`] soon after the work is cancelled; else why there is no result.
    fn run(&self, collection: &Collection, inputs: &Value, work: &Work) -> Result<Vec<Made>, Failure>;
}

/// Inputs and outputs as a process description holds them.
pub(crate) struct Interface {
    pub(crate) inputs: Value,
    pub(crate) outputs: Value,
}

/// A wish that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// The collection's name.
    pub(crate) collection: String,
    /// Every input that has a value, each written in one way.
    pub(crate) inputs: Value,
}

/// What an order will take, about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Estimate {
    /// Processor time in seconds, before this machine's own pace is known.
    pub(crate) seconds: f64,
    /// Length of the results in bytes.
    pub(crate) bytes: u64,
    /// What else is known before, for example blocks.
    pub(crate) details: Value,
}

/// Why an order is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// An input is missing, unknown or not possible.
    Input { name: String, reason: String },
    /// There is no such process.
    NoProcess,
    /// Too much is waiting already; ask again after this many seconds.
    Busy { seconds: u64 },
    /// The results that are kept leave no room; ask again after this many seconds.
    NoRoom { seconds: u64 },
    /// The disk is full or cannot be written to.
    Disk,
    /// Something inside does not work; it is in the log.
    Inside,
}

impl Refusal {
    /// An input that cannot be used.
    pub(crate) fn input(name: &str, reason: impl Into<String>) -> Self {
        Self::Input {
            name: name.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Why a run has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was cancelled.
    Stopped,
    /// The order cannot be met, and why; said to whoever asked.
    Impossible(String),
    /// The disk is full, or the results would take more than what they may.
    NoRoom,
    /// Something inside does not work: for the log.
    Inside(String),
}

/// Reads the members of an execute request's `inputs` one by one and remembers which were asked for.
pub(crate) struct Inputs<'a> {
    given: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(given: &'a Map<String, Value>) -> Self {
        Self {
            given,
            known: Vec::new(),
        }
    }

    /// The input of this name, if it was given. A value may be wrapped in `{"value": ...}` (OGC 18-062r2, table 12).
    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        let value = self.given.get(name).filter(|value| !value.is_null())?;
        match value.as_object() {
            Some(members) if members.len() == 1 => members.get("value").or(Some(value)),
            _ => Some(value),
        }
    }

    /// Refuses inputs that nothing has asked for: a name that is misspelt must not be left out in silence.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.given.keys().find(|name| !self.known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(Refusal::Input {
                name: name.chars().take(40).collect(),
                reason: format!("there is no input of this name; there are {}", self.known.join(", ")),
            }),
        }
    }

    /// The name of a collection that is served; it may be left out where there is one only.
    pub(crate) fn collection(&mut self, collections: &Collections) -> Result<String, Refusal> {
        let names = || collections.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.get("collection") {
            None => match collections.keys().next() {
                Some(only) if collections.len() == 1 => Ok(only.clone()),
                _ => Err(Refusal::input(
                    "collection",
                    format!("it is missing; there are {}", names()),
                )),
            },
            Some(Value::String(name)) if collections.contains_key(name) => Ok(name.clone()),
            Some(_) => Err(Refusal::input("collection", format!("it must be one of {}", names()))),
        }
    }

    /// West, south, east, north in degrees, to a tenth of a metre, in the forms of [`Self::exact_bbox`].
    pub(crate) fn bbox(&mut self) -> Result<[f64; 4], Refusal> {
        let numbers = self.exact_bbox()?;
        Ok(numbers.map(|degrees| (degrees * 1e6).round() / 1e6))
    }

    /// West, south, east, north in degrees: an array of four numbers, or the object that holds one as `bbox`
    /// (OGC 18-062r2, `bbox.yaml`).
    pub(crate) fn exact_bbox(&mut self) -> Result<[f64; 4], Refusal> {
        let expected = "it must be four numbers: west, south, east, north in degrees";
        let refused = |reason: &str| Refusal::input("bbox", reason);
        let given = self.get("bbox").ok_or_else(|| refused(expected))?;
        let numbers = match given {
            Value::Object(members) => {
                if let Some(crs) = members.get("crs").and_then(Value::as_str)
                    && !crs.ends_with("CRS84")
                {
                    return Err(refused("its crs must be http://www.opengis.net/def/crs/OGC/1.3/CRS84"));
                }
                members.get("bbox").unwrap_or(given)
            }
            other => other,
        };
        let numbers: Option<Vec<f64>> = numbers
            .as_array()
            .and_then(|array| array.iter().map(Value::as_f64).collect());
        let numbers = numbers.and_then(|numbers| <[f64; 4]>::try_from(numbers).ok());
        numbers.ok_or_else(|| refused(expected))
    }

    /// A list of names, sorted, each once.
    pub(crate) fn names(&mut self, name: &'static str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(given) = self.get(name) else {
            return Ok(None);
        };
        let names: Option<Vec<String>> = given
            .as_array()
            .and_then(|array| array.iter().map(|one| one.as_str().map(str::to_owned)).collect());
        let mut names = names
            .filter(|names| !names.is_empty())
            .ok_or_else(|| Refusal::input(name, "it must be an array of names"))?;
        names.sort();
        names.dedup();
        Ok(Some(names))
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn integer(&mut self, name: &'static str, least: i64, most: i64) -> Result<Option<i64>, Refusal> {
        let Some(given) = self.get(name) else {
            return Ok(None);
        };
        match given.as_i64().filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(Refusal::input(
                name,
                format!("it must be a whole number from {least} to {most}"),
            )),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;
    use serde_json::json;

    fn bbox(value: &Value) -> Result<[f64; 4], Refusal> {
        let given = json!({ "bbox": value });
        Inputs::new(given.as_object().unwrap()).bbox()
    }

    #[test]
    fn a_box_is_read_in_every_form_that_the_standard_knows() {
        let expected = Ok([24.94, 60.169, 24.95, 60.17]);
        assert_eq!(bbox(&json!([24.94, 60.169, 24.95, 60.17])), expected);
        assert_eq!(bbox(&json!([24.940_000_01, 60.169, 24.95, 60.17])), expected);
        assert_eq!(bbox(&json!({ "bbox": [24.94, 60.169, 24.95, 60.17] })), expected);
        assert_eq!(bbox(&json!({ "value": [24.94, 60.169, 24.95, 60.17] })), expected);
        let crs = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
        assert_eq!(
            bbox(&json!({ "bbox": [24.94, 60.169, 24.95, 60.17], "crs": crs })),
            expected
        );
    }

    #[test]
    fn a_box_that_is_none_names_the_input() {
        for wrong in [
            json!("24,60,25,61"),
            json!([1, 2, 3]),
            json!([1, 2, 3, "4"]),
            json!({ "bbox": [1, 2, 3, 4], "crs": "EPSG:3879" }),
            json!({}),
            json!(null),
        ] {
            let Err(Refusal::Input { name, .. }) = bbox(&wrong) else {
                unreachable!("{wrong}")
            };
            assert_eq!(name, "bbox");
        }
    }

    #[test]
    fn an_input_that_nobody_knows_is_named() {
        let given = json!({ "layer": "buildings" });
        let mut inputs = Inputs::new(given.as_object().unwrap());
        assert_eq!(inputs.names("layers"), Ok(None));
        let Err(Refusal::Input { name, reason }) = inputs.finish() else {
            unreachable!("it is unknown")
        };
        assert_eq!(name, "layer");
        assert!(reason.contains("layers"), "{reason}");
    }

    #[test]
    fn equal_lists_of_names_are_written_alike() {
        let given = json!({ "layers": ["water", "buildings", "water"] });
        let names = Inputs::new(given.as_object().unwrap()).names("layers");
        assert_eq!(names, Ok(Some(vec!["buildings".to_owned(), "water".to_owned()])));
    }
}
