//! What a client asks of `/items`, from the text of its query.
//!
//! A parameter that is misspelt and left out of account gives an answer that looks right and is not. So every parameter
//! is known, or the answer says which is not and what there is.

use crate::crs::Crs;
use crate::cursor;
use crate::problem::Problem;
use crate::shelf::Served;
use crate::{cql2, datetime};
use axum::http::StatusCode;
use std::collections::BTreeMap;
use store::{Comparison, Condition, Error, Operand, Property, PropertyKind, Query};

/// Features of a page where nothing is said.
pub(crate) const DEFAULT_LIMIT: usize = 100;
/// The most features of a page; who asks for more gets so many (OGC 17-069r4, 7.15.2).
pub(crate) const MOST_FEATURES: usize = 10_000;
/// The parameters that are not properties.
pub(crate) const PARAMETERS: [&str; 13] = [
    "bbox",
    "bbox-crs",
    "crs",
    "cursor",
    "datetime",
    "f",
    "filter",
    "filter-crs",
    "filter-lang",
    "limit",
    "properties",
    "q",
    "skipGeometry",
];

/// What is asked, and in what form.
pub(crate) struct Asked<'a> {
    pub(crate) query: Query,
    pub(crate) crs: Crs<'a>,
    pub(crate) skip_geometry: bool,
    /// The properties to show, where not all are.
    pub(crate) properties: Option<Vec<String>>,
}

/// The parameters of a query by name.
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// All of a request's parameters.
    ///
    /// # Errors
    /// A problem that names a parameter that is given twice.
    pub(crate) fn read(query: Option<&str>) -> Result<Self, Problem> {
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if name.is_empty() && value.is_empty() {
                continue;
            }
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                let detail = format!("The parameter {} is given more than once; give it once.", shown(&name));
                return Err(Problem::parameter(name.into_owned(), detail));
            }
        }
        Ok(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The format asked for, if it is one of `offered`.
    ///
    /// # Errors
    /// A problem about `f`.
    pub(crate) fn format(&self, offered: &[&str]) -> Result<Option<&str>, Problem> {
        match self.get("f") {
            Some(f) if !offered.contains(&f) => Err(Problem::parameter(
                "f",
                format!("The parameter f must be {}.", offered.join(" or ")),
            )),
            f => Ok(f),
        }
    }

    /// Refuses every parameter that is not one of `known`.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), Problem> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(unknown(name, &format!("There are {}.", known.join(", ")))),
        }
    }

    /// The query without its cursor, as a link has it.
    pub(crate) fn encoded(&self, changes: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            if !changes.iter().any(|(changed, _)| changed == name) {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.finish()
    }
}

fn unknown(name: &str, there_are: &str) -> Problem {
    let detail = format!("There is no parameter {}. {there_are}", shown(name));
    Problem::parameter(name.to_owned(), detail)
}

/// A client's word in a sentence: not longer than a word.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    shown
}

/// The box and the heights that `bbox` names, as conditions on the query.
///
/// # Errors
/// A problem about `bbox` or its system.
pub(crate) fn place(parameters: &Parameters, served: &Served, query: &mut Query) -> Result<Vec<Condition>, Problem> {
    let crs = crs(parameters, "bbox-crs", served)?;
    let Some(text) = parameters.get("bbox") else {
        return Ok(Vec::new());
    };
    let wrong = |what: String| {
        let detail =
            format!("The parameter bbox is wrong: {what}. Give west,south,east,north or, with heights, six numbers.");
        Problem::parameter("bbox", detail)
    };
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse()).collect();
    let numbers = numbers.map_err(|_| wrong("it is a list of numbers with commas between".to_owned()))?;
    query.area = Some(crs.area_of_box(&numbers).map_err(wrong)?);
    let [_, _, low, _, _, high] = *numbers.as_slice() else {
        return Ok(Vec::new());
    };
    if low > high {
        return Err(wrong("its lowest height is above its highest".to_owned()));
    }
    if let Crs::City(_) = crs {
        let compare = |name: &str, comparison, bound| Condition::Compare {
            left: Operand::Property(name.to_owned()),
            comparison,
            right: Operand::Number(bound),
        };
        return Ok(vec![
            compare("top", Comparison::GreaterOrEqual, low),
            compare("ground", Comparison::LessOrEqual, high),
        ]);
    }
    query.heights = Some([low, high]);
    Ok(Vec::new())
}

/// The system that a parameter names.
pub(crate) fn crs<'a>(parameters: &Parameters, name: &'static str, served: &'a Served) -> Result<Crs<'a>, Problem> {
    let Some(wanted) = parameters.get(name) else {
        return Ok(Crs::Flat);
    };
    Crs::named(served, wanted).ok_or_else(|| {
        let offered: Vec<String> = Crs::all(served).iter().map(Crs::uri).collect();
        Problem::parameter(
            name,
            format!("The parameter {name} must be one of {}.", offered.join(", ")),
        )
    })
}

/// Reads everything that may be asked of a collection's items.
///
/// # Errors
/// A problem that names the parameter.
pub(crate) fn read<'a>(parameters: &Parameters, served: &'a Served) -> Result<Asked<'a>, Problem> {
    let properties = served.collection.properties();
    let mut query = Query {
        limit: limit(parameters, DEFAULT_LIMIT)?,
        ..Query::default()
    };
    let mut conditions = place(parameters, served, &mut query)?;
    for (name, value) in &parameters.0 {
        if !PARAMETERS.contains(&name.as_str()) {
            conditions.push(equals(name, value, properties)?);
        }
    }
    conditions.extend(filter(parameters, served)?);
    if let Some(value) = parameters.get("datetime")
        && !datetime::is_instant_or_interval(value)
    {
        let detail = "The parameter datetime must be a date or a time of RFC 3339, or two of them with / between, \
                      of which one may be .. for open.";
        return Err(Problem::parameter("datetime", detail));
    }
    query.condition = match conditions.len() {
        0 => None,
        _ => Some(Condition::All(conditions)),
    };
    query.words = words(parameters)?;
    query.after = cursor::read(parameters.get("cursor"), query.words.is_some())?;
    Ok(Asked {
        query,
        crs: crs(parameters, "crs", served)?,
        skip_geometry: truth(parameters, "skipGeometry")?,
        properties: chosen(parameters, properties)?,
    })
}

/// How many at most.
///
/// # Errors
/// A problem about `limit`.
pub(crate) fn limit(parameters: &Parameters, default: usize) -> Result<usize, Problem> {
    let Some(text) = parameters.get("limit") else {
        return Ok(default);
    };
    // A number that no computer word holds is above the most.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let limit = if digits { text.parse().unwrap_or(usize::MAX) } else { 0 };
    if limit == 0 {
        let detail = format!("The parameter limit must be a whole number from 1 to {MOST_FEATURES}.");
        return Err(Problem::parameter("limit", detail));
    }
    Ok(limit.min(MOST_FEATURES))
}

fn words(parameters: &Parameters) -> Result<Option<String>, Problem> {
    match parameters.get("q") {
        Some(text) if text.len() > 200 => Err(Problem::parameter("q", "The parameter q has at most 200 bytes.")),
        Some(text) => Ok(Some(text.to_owned())),
        None => Ok(None),
    }
}

fn truth(parameters: &Parameters, name: &'static str) -> Result<bool, Problem> {
    match parameters.get(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::parameter(
            name,
            format!("The parameter {name} must be true or false."),
        )),
    }
}

/// The properties to show.
fn chosen(parameters: &Parameters, properties: &[Property]) -> Result<Option<Vec<String>>, Problem> {
    let Some(text) = parameters.get("properties") else {
        return Ok(None);
    };
    let names: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    match names
        .iter()
        .find(|name| properties.iter().all(|property| property.name != **name))
    {
        None => Ok(Some(names)),
        Some(name) => {
            let detail = format!(
                "The parameter properties names {}, which no feature has. See ../schema.",
                shown(name)
            );
            Err(Problem::parameter("properties", detail))
        }
    }
}

/// A property as a parameter (OGC 17-069r4, 7.15.5).
fn equals(name: &str, value: &str, properties: &[Property]) -> Result<Condition, Problem> {
    let Some(property) = properties.iter().find(|property| property.name == name) else {
        let there_are = format!(
            "There are {} and the names of the collection's queryables.",
            PARAMETERS.join(", ")
        );
        return Err(unknown(name, &there_are));
    };
    let wrong = |kind: &str| {
        let detail = format!("The parameter {} must be {kind}, as the property is.", shown(name));
        Problem::parameter(name.to_owned(), detail)
    };
    let right = match property.kind {
        PropertyKind::Text => Operand::Text(value.to_owned()),
        PropertyKind::Integer | PropertyKind::Number => match value.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Operand::Number(number),
            _ => return Err(wrong("a number")),
        },
        PropertyKind::Boolean => match value {
            "true" | "1" => Operand::Boolean(true),
            "false" | "0" => Operand::Boolean(false),
            _ => return Err(wrong("true or false")),
        },
        PropertyKind::Date if datetime::is_day(value) => Operand::Date(value.to_owned()),
        PropertyKind::Date => return Err(wrong("a day as 2021-04-15")),
        PropertyKind::Json => {
            let detail = format!("The property {} holds lists, which cannot be asked for.", shown(name));
            return Err(Problem::parameter(name.to_owned(), detail));
        }
    };
    Ok(Condition::Compare {
        left: Operand::Property(name.to_owned()),
        comparison: Comparison::Equal,
        right,
    })
}

fn filter(parameters: &Parameters, served: &Served) -> Result<Option<Condition>, Problem> {
    let crs = crs(parameters, "filter-crs", served)?;
    match parameters.get("filter-lang") {
        // The name of the drafts, which GDAL gives it.
        None | Some("cql2-text" | "cql-text") => {}
        Some(_) => {
            return Err(Problem::parameter(
                "filter-lang",
                "The parameter filter-lang must be cql2-text.",
            ));
        }
    }
    let Some(text) = parameters.get("filter") else {
        return Ok(None);
    };
    let condition = cql2::parse(text, &crs).map_err(|refused| {
        let detail = format!("The filter cannot be read at letter {}: {}.", refused.at, refused.what);
        Problem::parameter("filter", detail)
    })?;
    Ok(Some(condition))
}

/// What a store's refusal of a query means for the client.
pub(crate) fn problem(error: &Error) -> Option<Problem> {
    Some(match error {
        Error::UnknownProperty { name } => Problem::parameter(
            "filter",
            format!(
                "The filter names {}, which no feature has. See the collection's queryables.",
                shown(name)
            ),
        ),
        Error::Comparison { problem } => Problem::parameter("filter", format!("In the filter, {problem}.")),
        Error::TooSlow { seconds } => Problem::of(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "The answer was not found within {seconds} s, because hardly any feature matches and all would have to \
                 be looked at. Ask of a smaller bbox, or by id, parent or q."
            ),
        ),
        _ => return None,
    })
}
