//! A feature's attributes, as a server has them.

use serde_json::Value;
use session::Command;

/// Where the server has a feature of the collection whose tileset this is; none when the address is no server's.
pub(super) fn item_url(tileset: &str, id: &str) -> Option<String> {
    let collection = tileset
        .split(['?', '#'])
        .next()?
        .strip_suffix("/3dtiles/tileset.json")?;
    let mut url = format!("{collection}/items/");
    for byte in id.bytes() {
        // RFC 3986, 2.3: unreserved characters stay as they are.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            use std::fmt::Write;
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    Some(url)
}

/// What a server's item (a GeoJSON feature) tells the session.
pub(super) fn attributes(id: String, item: Option<Value>) -> Command {
    let Some(Value::Object(mut item)) = item else {
        return Command::AttributesFailed { id };
    };
    let bbox = item
        .get("bbox")
        .and_then(|bbox| serde_json::from_value(bbox.clone()).ok());
    match item.remove("properties") {
        Some(Value::Object(attributes)) => Command::SetAttributes { id, attributes, bbox },
        _ => Command::AttributesFailed { id },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test may panic")]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_features_item_lies_beside_its_collections_tileset() {
        let url = item_url("http://h:8080/collections/helsinki/3dtiles/tileset.json", "osm_w1/ä");
        assert_eq!(
            url.as_deref(),
            Some("http://h:8080/collections/helsinki/items/osm_w1%2F%C3%A4")
        );
        assert_eq!(item_url("/data/helsinki/tileset.json", "a"), None);
    }

    #[test]
    fn an_item_becomes_attributes_and_anything_else_a_failure() {
        let item = json!({"type": "Feature", "bbox": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "properties": {"year": 1852}});
        let Command::SetAttributes {
            attributes: read, bbox, ..
        } = attributes("a".into(), Some(item))
        else {
            panic!("not attributes");
        };
        assert_eq!(read.get("year"), Some(&json!(1852)));
        assert_eq!(bbox, Some([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        for wrong in [None, Some(json!([1])), Some(json!({"properties": 3}))] {
            let command = attributes("a".into(), wrong);
            assert_eq!(command, Command::AttributesFailed { id: "a".into() });
        }
    }
}
