//! What pages for people are made with.

use axum::http::HeaderValue;

/// What the pages may load: nothing but their own style.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'",
);
/// Three houses.
pub(crate) const ICON: &str = include_str!("pages/icon.svg");
/// Shown in the place of a viewer that was not built.
pub(crate) const NO_VIEWER: &str = include_str!("pages/no-viewer.html");

/// `text` as it stands in HTML, also within quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `text` as HTML, its web addresses as links.
pub(crate) fn linked(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let address = word.trim_end_matches([',', ';', '.', ')']);
        let html = escaped(address);
        if address.starts_with("https://") || address.starts_with("http://") {
            format!("<a href=\"{html}\">{html}</a>{}", escaped(&word[address.len()..]))
        } else {
            escaped(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Puts values into a page; each pair is a mark and HTML.
pub(crate) fn filled(page: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::with_capacity(page.len() * 2);
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((mark, after)) = after.split_once("}}") else {
            break;
        };
        let value = values.iter().find(|(name, _)| *name == mark);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// A number in groups of three, parted by narrow spaces.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_city_says_cannot_become_markup() {
        let page = filled(
            "<h2>{{title}}</h2>",
            &[("title", escaped("<script>\"a\" & 'b'</script>{{name}}"))],
        );
        assert_eq!(
            page,
            "<h2>&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;{{name}}</h2>"
        );
    }

    #[test]
    fn an_address_in_a_credit_is_a_link() {
        let credit = linked("(c) A & B, https://example.org/?a=\"b\", ODbL");
        let link = "<a href=\"https://example.org/?a=&quot;b&quot;\">https://example.org/?a=&quot;b&quot;</a>";
        assert_eq!(credit, format!("(c) A &amp; B, {link}, ODbL"));
        assert_eq!(linked("javascript:alert(1)"), "javascript:alert(1)");
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
