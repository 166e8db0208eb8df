//! The report: what it keeps, what it counts, and in which order.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test may panic")]

use citygml::{Report, Warning};

fn warning(line: u64) -> Warning {
    Warning::new("bad-number", "a word is no number.", "Mend it.")
        .in_file("city.gml")
        .at_line(line)
        .about("b")
}

#[test]
fn the_first_examples_by_line_are_kept_whatever_the_order_they_come_in() {
    let report = Report::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let report = &report;
            scope.spawn(move || {
                for line in (0..250).rev() {
                    report.warn(warning(line * 4 + thread));
                }
            });
        }
    });
    assert_eq!(report.total(), 1000);
    let group = &report.warnings()[0];
    assert_eq!((group.code.as_str(), group.count), ("bad-number", 1000));
    let lines: Vec<_> = group.examples.iter().map(|w| w.line.unwrap()).collect();
    assert_eq!(lines, (0..Report::EXAMPLES as u64).collect::<Vec<_>>());
}

#[test]
fn notes_are_no_warnings() {
    let report = Report::new();
    report.note(Warning::new("texture-left-out", "left out.", "Nothing."));
    assert_eq!(report.total(), 0);
    assert_eq!(report.note_counts()["texture-left-out"], 1);
    assert_eq!(report.to_json()["notes"][0]["count"], 1);
    assert_eq!(report.to_json()["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_taken_is_gone() {
    let report = Report::new();
    report.warn(warning(3));
    assert_eq!(report.take()[0].examples, [warning(3)]);
    assert_eq!(report.total(), 0);
}

#[test]
fn a_warning_reads_as_a_sentence_with_its_place() {
    assert_eq!(
        warning(3).to_string(),
        "city.gml:3: b: a word is no number. Mend it. [bad-number]"
    );
    let json = serde_json::to_value(warning(3)).unwrap();
    assert_eq!(
        (&json["line"], &json["id"], &json["file"]),
        (&3.into(), &"b".into(), &"city.gml".into())
    );
    assert_eq!(serde_json::from_value::<Warning>(json).unwrap(), warning(3));
}
