//! The spellings of a reference system's name.
//!
//! `urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900`, `EPSG:25832`, `http://www.opengis.net/def/crs/EPSG/0/6697`, a version in the
//! middle, one colon too few, a space after the comma, the German survey's own names: all of them occur in real files.

/// The EPSG codes in a name, horizontal first; `None` when there is none, or what else is named is not known.
pub fn parse(name: &str) -> Option<Vec<u32>> {
    let name = name.trim();
    if let Some(survey) = strip_prefix_ignoring_case(name, "urn:adv:crs:") {
        return adv(survey);
    }
    let codes = epsg_codes(name);
    (1..=2).contains(&codes.len()).then_some(codes)
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

/// Every code that follows `EPSG` and its separators, and codes joined by `+`.
fn epsg_codes(name: &str) -> Vec<u32> {
    let upper = name.to_ascii_uppercase();
    let mut codes = Vec::new();
    for after in upper.split("EPSG").skip(1) {
        // A file of codes (`gml/srs/epsg.xml#4326`), or a URL parameter that follows.
        let after = after.trim_start_matches(".XML");
        let end = after
            .find(|c: char| !(c.is_ascii_digit() || ":/.#+ ".contains(c)))
            .unwrap_or(after.len());
        // `6.12:31466`, `0/6697`, `3879+3900`: what stands before the last separator but `+` is a version.
        let numbers = after[..end].trim_matches([' ', ':', '/', '#']);
        let last = numbers.rsplit([':', '/', '#']).next().unwrap_or_default();
        for code in last.split('+').filter_map(|n| n.trim().parse().ok()) {
            codes.push(code);
        }
    }
    codes
}

/// Names of the German survey, `ETRS89_UTM32*DE_DHHN2016_NH*GCG2016` (AdV GeoInfoDok).
fn adv(name: &str) -> Option<Vec<u32>> {
    let mut parts = name.split('*');
    let horizontal = match parts.next()?.to_ascii_uppercase().as_str() {
        "ETRS89_UTM31" => 25831,
        "ETRS89_UTM32" => 25832,
        "ETRS89_UTM33" => 25833,
        "DE_DHDN_3GK2" => 31466,
        "DE_DHDN_3GK3" => 31467,
        "DE_DHDN_3GK4" => 31468,
        "DE_DHDN_3GK5" => 31469,
        _ => return None,
    };
    let mut codes = vec![horizontal];
    if let Some(vertical) = parts.next() {
        codes.push(match vertical.to_ascii_uppercase().as_str() {
            "DE_DHHN2016_NH" => 7837,
            // The second is a slip of the pen that several states publish.
            "DE_DHHN92_NH" | "DE_DHN92_NH" => 5783,
            "DE_DHHN12_NOH" => 7699,
            _ => return None,
        });
    }
    Some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_seen_in_real_files_is_understood() {
        for (name, codes) in [
            ("urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900", &[3879, 3900][..]),
            ("urn:ogc:def:crs,crs:EPSG:6.12:25832,crs:EPSG:6.12:5783", &[25832, 5783]),
            ("urn:ogc:def:crs:EPSG:25832, crs:EPSG:5783", &[25832, 5783]),
            ("urn:ogc:def:crs:EPSG::25833", &[25833]),
            ("urn:ogc:def:crs:EPSG:6.12:31466", &[31466]),
            ("EPSG:32632", &[32632]),
            (" epsg:32632 ", &[32632]),
            ("EPSG:3879+3900", &[3879, 3900]),
            ("EPSG:3879+EPSG:3900", &[3879, 3900]),
            ("http://www.opengis.net/def/crs/EPSG/0/6697", &[6697]),
            ("https://www.opengis.net/def/crs/EPSG/9.9.1/6697", &[6697]),
            ("http://www.opengis.net/gml/srs/epsg.xml#4326", &[4326]),
            (
                "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/3879&2=http://www.opengis.net/def/crs/EPSG/0/3900",
                &[3879, 3900],
            ),
            ("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016", &[25832, 7837]),
            ("urn:adv:crs:ETRS89_UTM32*DE_DHN92_NH", &[25832, 5783]),
            ("urn:adv:crs:ETRS89_UTM33", &[25833]),
        ] {
            assert_eq!(parse(name).as_deref(), Some(codes), "{name}");
        }
    }

    #[test]
    fn a_name_without_a_code_is_not_guessed_at() {
        for name in [
            "",
            "CH1903",
            "#local-CRS-1",
            "EPSG:",
            "EPSG:x",
            "urn:adv:crs:MOON",
            "EPSG:1+2+3",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
