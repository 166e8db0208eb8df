//! Days and times as RFC 3339 writes them, and the parameter `datetime`.

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

/// Whether a text is a day of the calendar, as `2021-04-15`.
pub(crate) fn is_day(text: &str) -> bool {
    let digits = text.bytes().enumerate().all(|(place, byte)| {
        if matches!(place, 4 | 7) {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    });
    // ISO 8601 has other ways to write a day: by its week, or without the dashes.
    text.len() == 10 && digits && Date::parse(text, &Iso8601::DATE).is_ok()
}

fn is_instant(text: &str) -> bool {
    is_day(text) || OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

/// Whether a text is an instant or an interval, open at one end or both (OGC 17-069r4, 7.15.4).
pub(crate) fn is_instant_or_interval(text: &str) -> bool {
    let open_or_instant = |end: &str| end.is_empty() || end == ".." || is_instant(end);
    match text.split_once('/') {
        None => is_instant(text),
        Some((from, to)) => open_or_instant(from) && open_or_instant(to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_intervals_are_known_from_other_texts() {
        for good in [
            "2018-02-12T23:20:50Z",
            "2018-02-12T23:20:50.52+02:00",
            "2018-02-12",
            "2018-02-12T00:00:00Z/2018-03-18T12:31:12Z",
            "2018-02-12T00:00:00Z/..",
            "../2018-03-18T12:31:12Z",
            "/2018-03-18",
            "../..",
        ] {
            assert!(is_instant_or_interval(good), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "2018-02-30",
            "2018",
            "20180212",
            "2018-W07-1",
            "..",
            "2018-02-12/x",
            "a/b/c",
        ] {
            assert!(!is_instant_or_interval(bad), "{bad}");
        }
    }
}
