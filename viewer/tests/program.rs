//! The program as it is called: what it says of a wrong command line, and the picture it writes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kortteli-viewer"))
        .args(arguments)
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_command_line_says_what_is_right() {
    for (arguments, said) in [
        (&["x.json", "--size", "big"][..], "as 1280x800"),
        (&["x.json", "--size", "0x100"][..], "as 1280x800"),
        (&["x.json", "--camera", "24.9,60.1"][..], "five numbers"),
        (&["x.json", "--camera", "a,b,c,d,e"][..], "five numbers"),
        (&["x.json", "--time", "25:00"][..], "14:30"),
        (&["x.json", "--language", "de"][..], "fi, sv or en"),
        (&["x.json", "--command", "{}"][..], "command"),
        (&["x.json", "--quality", "best"][..], "high, medium or low"),
        (&[][..], "URL"),
    ] {
        let output = run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(errors(&output).contains(said), "{arguments:?}: {}", errors(&output));
    }
}

#[test]
fn a_city_that_is_not_there_is_named() {
    let output = run(&["/no/such/tileset.json", "--screenshot", "/tmp/never.png"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).contains("/no/such/tileset.json: there is no such file"),
        "{}",
        errors(&output)
    );
    let output = run(&[
        "http://127.0.0.1:1/collections/x",
        "--screenshot",
        "/tmp/never.png",
        "--size",
        "64x64",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = errors(&output);
    assert!(
        said.contains("http://127.0.0.1:1/collections/x/3dtiles/tileset.json"),
        "{said}"
    );
}

#[test]
fn help_tells_how_to_move() {
    let output = run(&["--help"]);
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success());
    for word in ["Drag to move", "--screenshot", "--camera", "tileset.json"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
