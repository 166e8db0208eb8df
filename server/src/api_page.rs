//! The document of the interface for people: the same content, without a script and without a foreign host.

use crate::openapi;
use crate::page::{escaped, filled};
use axum::body::Bytes;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

const PAGE: &str = include_str!("pages/api.html");
/// The methods that an address may have, in the order in which they are read.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The page.
pub(crate) fn html() -> Bytes {
    static HTML: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(page(&openapi::value())));
    HTML.clone()
}

fn page(document: &Value) -> String {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let tag = operation["tags"][0].as_str().unwrap_or("Other");
                let html = operation_html(document, path, method, operation);
                sections.entry(tag).or_default().push_str(&html);
            }
        }
    }
    let sections = sections
        .into_iter()
        .map(|(tag, operations)| format!("<section><h2>{}</h2>{operations}</section>", escaped(tag)));
    let sections = sections.collect::<Vec<_>>().concat();
    let text = |pointer: &str| escaped(document.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    filled(
        PAGE,
        &[
            ("title", text("/info/title")),
            ("version", text("/info/version")),
            ("description", text("/info/description")),
            ("operations", sections),
        ],
    )
}

fn operation_html(document: &Value, path: &str, method: &str, operation: &Value) -> String {
    let summary = operation["summary"].as_str().unwrap_or_default();
    let mut html = format!(
        "<details id=\"{}\"><summary><b>{}</b> <code>{}</code> <span>{}</span></summary>",
        escaped(operation["operationId"].as_str().unwrap_or_default()),
        method.to_uppercase(),
        escaped(path),
        escaped(summary)
    );
    if let Some(description) = operation["description"].as_str() {
        let _ = write!(html, "<p>{}</p>", escaped(description));
    }
    html.push_str(&parameters_html(document, operation));
    html.push_str(&body_html(document, operation));
    html.push_str("<h3>Answers</h3><dl>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let media: Vec<String> = response["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(media, content)| {
                format!(
                    "<code>{}</code>{}",
                    escaped(media),
                    schema_html(document, &content["schema"])
                )
            })
            .collect();
        let description = response["description"].as_str().unwrap_or_default();
        let _ = write!(
            html,
            "<dt>{}</dt><dd>{} {}</dd>",
            escaped(status),
            escaped(description),
            media.join(", ")
        );
    }
    html.push_str("</dl></details>");
    html
}

fn parameters_html(document: &Value, operation: &Value) -> String {
    let Some(parameters) = operation["parameters"].as_array().filter(|list| !list.is_empty()) else {
        return String::new();
    };
    let mut html = "<h3>Parameters</h3><dl>".to_owned();
    for parameter in parameters {
        let required = if parameter["required"] == true {
            ", required"
        } else {
            ""
        };
        let _ = write!(
            html,
            "<dt><code>{}</code></dt><dd><i>{}{required}</i>{} {}</dd>",
            escaped(parameter["name"].as_str().unwrap_or_default()),
            escaped(parameter["in"].as_str().unwrap_or_default()),
            schema_html(document, &parameter["schema"]),
            escaped(parameter["description"].as_str().unwrap_or_default()),
        );
    }
    html.push_str("</dl>");
    html
}

fn body_html(document: &Value, operation: &Value) -> String {
    let Some(content) = operation["requestBody"]["content"].as_object() else {
        return String::new();
    };
    let media: Vec<String> = content
        .iter()
        .map(|(media, content)| {
            format!(
                "<code>{}</code>{}",
                escaped(media),
                schema_html(document, &content["schema"])
            )
        })
        .collect();
    format!("<h3>Body</h3><p>{}</p>", media.join(", "))
}

/// A schema in a line: the name of one that has a name with its members, else its own JSON.
fn schema_html(document: &Value, schema: &Value) -> String {
    let Some(name) = schema["$ref"].as_str().and_then(|place| place.rsplit('/').next()) else {
        return match schema {
            Value::Null => String::new(),
            inline => format!(" <code class=\"schema\">{}</code>", escaped(&inline.to_string())),
        };
    };
    let members = &document["components"]["schemas"][name];
    format!(
        " <details class=\"schema\"><summary>{}</summary><code>{}</code></details>",
        escaped(name),
        escaped(&members.to_string())
    )
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::page;
    use crate::openapi;

    #[test]
    fn the_page_shows_every_operation_parameter_and_answer_of_the_document() {
        let document = openapi::value();
        let page = page(&document);
        let mut parameters = 0;
        for (path, item) in document["paths"].as_object().expect("paths") {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
            for operation in item.as_object().into_iter().flatten().map(|(_, operation)| operation) {
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    let name = parameter["name"].as_str().expect("a name");
                    assert!(page.contains(&format!("<dt><code>{name}</code></dt>")), "{name}");
                    parameters += 1;
                }
            }
        }
        assert!(parameters > 10, "{parameters} parameters");
        assert!(!page.contains("<script") && !page.contains("{{"), "{page}");
    }
}
