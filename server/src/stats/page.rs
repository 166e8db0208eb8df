//! The page of figures and the page that says what is kept: HTML without scripts.

use super::texts::{self, StatsTexts};
use super::{Comparison, Summary};
use crate::language::Language;
use crate::page::{escaped, filled, grouped};
use crate::uses::{Kind, written};
use std::collections::BTreeMap;
use std::fmt::Write;
use time::{Date, Duration};

const PAGE: &str = include_str!("../pages/figures.html");
/// The most bars of a chart; more days are drawn several to a bar.
const BARS: i64 = 92;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 72.0;

/// The page of figures. `collections` are the names and titles to choose from, `chosen` is the one that was.
pub(crate) fn stats(
    summary: &Summary,
    collections: &[(String, String)],
    chosen: Option<&str>,
    language: Language,
) -> String {
    let texts = texts::stats(language);
    let mut body = form(summary, collections, chosen, texts, language);
    let totals = summary.totals();
    if totals.values().all(|(count, before)| count + before == 0) {
        let _ = write!(body, "<p>{}</p>", texts.nothing);
    }
    for kind in Kind::ALL {
        if let Some(counts) = totals.get(&kind) {
            section(&mut body, summary, kind, *counts, texts, language);
        }
    }
    if !summary.kept {
        let _ = write!(body, "<p><strong>{}</strong></p>", texts.forgotten);
    }
    let _ = write!(body, "<p>{}: {}.</p>", texts.since, written(summary.since));
    let query = |language: Language| {
        let collection = chosen.map(|name| format!("&amp;collection={}", crate::json::segment(name)));
        format!(
            "?lang={}&amp;from={}&amp;to={}{}",
            language.code(),
            written(summary.range.from),
            written(summary.range.to),
            collection.unwrap_or_default()
        )
    };
    let json = format!("{}&amp;f=json", query(language));
    let links = format!(
        "<a href=\"privacy?lang={}\">{}</a> · <a href=\"{json}\">{}</a> · <a href=\".\">{}</a>",
        language.code(),
        texts.privacy,
        texts.json,
        texts.home
    );
    page(language, texts.title, texts.about, &body, &links, query)
}

/// The page that says what is kept.
pub(crate) fn privacy(kept: bool, logged: bool, language: Language) -> String {
    let texts = texts::privacy(language);
    let mut body = String::new();
    for (number, (heading, paragraphs)) in texts.sections.iter().enumerate() {
        let _ = write!(body, "<section><h2>{heading}</h2>");
        let own = match number {
            0 => Some(texts.kept[usize::from(!kept)]),
            1 => Some(texts.logged[usize::from(!logged)]),
            _ => None,
        };
        for paragraph in own.iter().chain(*paragraphs) {
            let _ = write!(body, "<p>{paragraph}</p>");
        }
        body.push_str("</section>");
    }
    let stats = texts::stats(language);
    let links = format!(
        "<a href=\"stats?lang={}\">{}</a> · <a href=\".\">{}</a>",
        language.code(),
        stats.title,
        stats.home
    );
    page(language, texts.title, texts.about, &body, &links, |language| {
        format!("?lang={}", language.code())
    })
}

fn page(
    language: Language,
    title: &str,
    about: &str,
    body: &str,
    links: &str,
    query: impl Fn(Language) -> String,
) -> String {
    let languages: Vec<String> = Language::ALL
        .into_iter()
        .map(|other| {
            let current = if other == language {
                " aria-current=\"true\""
            } else {
                ""
            };
            let (code, name) = (other.code(), other.name());
            format!(
                "<a href=\"{}\" lang=\"{code}\" hreflang=\"{code}\"{current}>{name}</a>",
                query(other)
            )
        })
        .collect();
    filled(
        PAGE,
        &[
            ("lang", language.code().to_owned()),
            ("title", title.to_owned()),
            ("about", about.to_owned()),
            ("language", texts::stats(language).language.to_owned()),
            ("languages", languages.join(" ")),
            ("body", body.to_owned()),
            ("links", links.to_owned()),
        ],
    )
}

fn form(
    summary: &Summary,
    collections: &[(String, String)],
    chosen: Option<&str>,
    texts: &StatsTexts,
    language: Language,
) -> String {
    let option = |value: &str, text: &str, selected: bool| {
        let selected = if selected { " selected" } else { "" };
        format!(
            "<option value=\"{}\"{selected}>{}</option>",
            escaped(value),
            escaped(text)
        )
    };
    let mut choices = option("", texts.all, chosen.is_none());
    for (name, title) in collections {
        choices.push_str(&option(name, title, chosen == Some(name)));
    }
    let comparison = summary.range.comparison;
    let comparisons = [
        option("previous", texts.previous, comparison == Comparison::Previous),
        option("year", texts.year, comparison == Comparison::Year),
    ]
    .concat();
    format!(
        "<form method=\"get\"><input type=\"hidden\" name=\"lang\" value=\"{}\">\
         <label>{} <input type=\"date\" name=\"from\" value=\"{}\"></label>\
         <label>{} <input type=\"date\" name=\"to\" value=\"{}\"></label>\
         <label>{} <select name=\"collection\">{choices}</select></label>\
         <label>{} <select name=\"compare\">{comparisons}</select></label>\
         <button>{}</button></form>",
        language.code(),
        texts.from,
        written(summary.range.from),
        texts.to,
        written(summary.range.to),
        texts.collection,
        texts.compare,
        texts.show
    )
}

/// One kind of use: a chart by day, and a table by collection beside the compared range.
fn section(
    body: &mut String,
    summary: &Summary,
    kind: Kind,
    total: (u64, u64),
    texts: &StatsTexts,
    language: Language,
) {
    let title = texts::kind(language, kind);
    let _ = write!(body, "<section><h2>{title}</h2>");
    let by_day = by_day(summary, kind);
    body.push_str(&chart(summary, &by_day, title));
    let _ = write!(
        body,
        "<table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
        texts.collection, texts.count, texts.before, texts.change
    );
    let rows = summary.collections.iter().filter_map(|(name, kinds)| {
        let name = if name.is_empty() { texts.without } else { name };
        Some((name, *kinds.get(&kind)?))
    });
    for (name, counts) in rows.chain([(texts.all, total)]) {
        let _ = write!(
            body,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            grouped(counts.0),
            grouped(counts.1),
            change(counts, texts)
        );
    }
    let _ = write!(
        body,
        "</tbody></table><details><summary>{}</summary><table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
        texts.by_day, texts.day, texts.count
    );
    for (date, count) in &by_day {
        let _ = write!(
            body,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            written(*date),
            grouped(*count)
        );
    }
    body.push_str("</tbody></table></details></section>");
}

fn by_day(summary: &Summary, kind: Kind) -> BTreeMap<Date, u64> {
    let count = |day: &crate::uses::Day| day.values().filter_map(|counts| counts.get(&kind)).sum::<u64>();
    let days = summary.days.iter().map(|(date, day)| (*date, count(day)));
    days.filter(|(_, count)| *count > 0).collect()
}

/// The change in whole per cent.
fn change((count, before): (u64, u64), texts: &StatsTexts) -> String {
    if before == 0 {
        return if count == 0 {
            "–".to_owned()
        } else {
            texts.new.to_owned()
        };
    }
    let percent = ((count as f64 / before as f64 - 1.0) * 100.0).round();
    let sign = if percent > 0.0 {
        "+"
    } else if percent < 0.0 {
        "−"
    } else {
        "±"
    };
    format!("{sign}{}\u{a0}%", grouped(percent.abs() as u64))
}

/// A bar for each day, or for a few where there are many.
fn chart(summary: &Summary, by_day: &BTreeMap<Date, u64>, title: &str) -> String {
    let days = summary.range.days();
    let together = (days.max(1) + BARS - 1) / BARS;
    let bars = (days + together - 1) / together;
    let bar = |number: i64| {
        let from = summary.range.from.saturating_add(Duration::days(number * together));
        let to = from.saturating_add(Duration::days(together - 1)).min(summary.range.to);
        (from, to, by_day.range(from..=to).map(|(_, count)| count).sum::<u64>())
    };
    let counts: Vec<(Date, Date, u64)> = (0..bars).map(bar).collect();
    let most = counts.iter().map(|(_, _, count)| *count).max().unwrap_or(0).max(1);
    let width = WIDTH / bars as f64;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">");
    for (number, (from, to, count)) in counts.iter().enumerate().filter(|(_, (_, _, count))| *count > 0) {
        let height = (*count as f64 / most as f64 * (HEIGHT - 2.0)).max(1.0);
        let days = if from == to {
            written(*from)
        } else {
            format!("{} – {}", written(*from), written(*to))
        };
        let _ = write!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"><title>{days}: {}</title></rect>",
            number as f64 * width,
            HEIGHT - height,
            (width * 0.86).min(24.0),
            grouped(*count)
        );
    }
    svg.push_str("</svg>");
    svg
}
