//! `kortteli verify`

use crate::arguments::VerifyArguments;
use crate::words::{counted, say};
use serde_json::json;
use std::process::ExitCode;
use store::VerifyReport;

/// Checks a store and says what is wrong with it.
pub(crate) fn run(arguments: &VerifyArguments) -> ExitCode {
    let report = store::verify(&arguments.store);
    if arguments.json {
        say(&format!("{:#}\n", document(&report)));
    } else {
        print(&report);
    }
    if report.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn document(report: &VerifyReport) -> serde_json::Value {
    let problems = report.problems.iter().map(|problem| {
        json!({
            "code": problem.code, "file": problem.file.to_string_lossy(), "what": problem.what, "advice": problem.advice,
        })
    });
    json!({
        "whole": report.is_whole(),
        "collections": report.collections, "files": report.files, "tiles": report.tiles, "features": report.features,
        "problems": problems.collect::<Vec<_>>(), "notes": report.notes,
    })
}

fn print(report: &VerifyReport) {
    for problem in &report.problems {
        say(&format!("{problem}\n"));
    }
    for note in &report.notes {
        say(&format!("note: {note}\n"));
    }
    say(&format!(
        "{}: {}, {}, {} and {} checked\n",
        if report.is_whole() {
            "whole".to_owned()
        } else {
            counted(report.problems.len() as u64, "problem", "problems")
        },
        counted(report.collections, "collection", "collections"),
        counted(report.files, "file", "files"),
        counted(report.tiles, "tile", "tiles"),
        counted(report.features, "feature", "features"),
    ));
}
