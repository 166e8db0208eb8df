//! Whom to credit.

use crate::Options;
use citygml::Reader;

/// The texts to show: as given, else what the inputs say of their origin.
pub(crate) fn attribution(readers: &[Reader<'_>], options: &Options) -> Vec<String> {
    if !options.attribution.is_empty() {
        return options.attribution.clone();
    }
    let mut texts: Vec<String> = Vec::new();
    for text in readers
        .iter()
        .filter_map(|r| r.header().description.as_deref())
        .filter_map(credit_in)
    {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// The credit in a description. OpenStreetMap's is put the way its foundation asks for; otherwise it is the first sentence that speaks of
/// a right or a source.
fn credit_in(description: &str) -> Option<String> {
    if description.contains("OpenStreetMap") {
        let text = "(c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright";
        return Some(text.to_owned());
    }
    let marks = ["(c)", "©", "copyright", "licen", "cc by", "source", "lähde", "källa"];
    let speaks = |sentence: &&str| {
        let lower = sentence.to_lowercase();
        marks.iter().any(|mark| lower.contains(mark))
    };
    let sentence = description.split(". ").find(speaks)?;
    Some(sentence.trim().trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credit_of_a_map_is_found_in_a_description() {
        let osm = "Derived from OpenStreetMap data, (c) OpenStreetMap contributors, Open Database License.";
        assert_eq!(
            credit_in(osm).as_deref(),
            Some("(c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright")
        );
        assert_eq!(
            credit_in("Buildings of 2021. Source: City of Espoo, CC BY 4.0. Heights in N2000.").as_deref(),
            Some("Source: City of Espoo, CC BY 4.0")
        );
        assert_eq!(credit_in("Buildings of 2021."), None);
    }
}
