//! Running a command while counting what its output says passed.

use anyhow::Context as _;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The exit code by which a script says that it could not run; its last line says why.
const SKIP: i32 = 77;

/// Checks that passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    pub(crate) fn one_failed() -> Self {
        Self { passed: 0, failed: 1 }
    }

    /// What one line of a runner's output adds.
    ///
    /// Known are nextest's summary, the closing line of cargo's own runner, and TAP (`ok`, `not ok`).
    fn of_line(line: &str) -> Self {
        // A failed test's own closing line is shown indented; nextest counts it in its summary.
        let own = line.starts_with("test result: ");
        let line = line.trim_start();
        if line.starts_with("Summary [") || own {
            return Self {
                passed: number_before(line, " passed"),
                failed: number_before(line, " failed"),
            };
        }
        Self {
            passed: u64::from(line.starts_with("ok ")),
            failed: u64::from(line.starts_with("not ok ")),
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

fn number_before(line: &str, word: &str) -> u64 {
    let Some(end) = line.find(word) else { return 0 };
    let digits = line[..end].rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|d| d.parse().ok()).unwrap_or(0)
}

/// Runs a command, passes its output on and counts.
///
/// A command that counts nothing itself counts as one check. One that fails without saying what failed counts as one
/// failure. Exit code 77 is a skip.
///
/// # Errors
/// When the command cannot be started.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<super::Outcome> {
    let shown = format!("{command:?}");
    // The runners write their summaries to either stream: one shell joins them.
    let program = command.get_program().to_owned();
    let arguments: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    let mut joined = Command::new("sh");
    joined
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .arg(program)
        .args(arguments);
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            joined.env(key, value);
        }
    }
    if let Some(directory) = command.get_current_dir() {
        joined.current_dir(directory);
    }
    let mut child = joined
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {shown}"))?;
    let mut counts = Counts::default();
    let mut last = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            counts += Counts::of_line(&line);
            if !line.trim().is_empty() {
                last = line;
            }
        }
    }
    let status = child.wait()?;
    if status.code() == Some(SKIP) {
        return Ok(super::Outcome::Skipped(last));
    }
    if !status.success() && counts.failed == 0 {
        println!("failed ({status}): {shown}");
        counts.failed = 1;
    } else if status.success() && counts == Counts::default() {
        counts.passed = 1;
    }
    Ok(super::Outcome::Ran(counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nextest_summary_is_counted() {
        let line = "     Summary [   3.921s] 101 tests run: 99 passed (1 slow), 2 failed, 4 skipped";
        assert_eq!(Counts::of_line(line), Counts { passed: 99, failed: 2 });
    }

    #[test]
    fn cargos_own_closing_line_is_counted() {
        let line = "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Counts::of_line(line), Counts { passed: 7, failed: 0 });
    }

    #[test]
    fn tap_lines_are_counted_and_other_lines_are_not() {
        assert_eq!(Counts::of_line("ok 3 the page loads"), Counts { passed: 1, failed: 0 });
        assert_eq!(
            Counts::of_line("not ok 4 the picture differs"),
            Counts { passed: 0, failed: 1 }
        );
        assert_eq!(Counts::of_line("okay, nothing passed here"), Counts::default());
    }

    #[test]
    fn a_command_that_fails_in_silence_is_one_failure() {
        let super::super::Outcome::Ran(counts) = run(&mut Command::new("false")).unwrap() else {
            panic!("`false` was skipped");
        };
        assert_eq!(counts, Counts::one_failed());
    }

    #[test]
    fn exit_code_77_is_a_skip_with_its_last_line_as_the_reason() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; echo no such data; exit 77"]);
        let super::super::Outcome::Skipped(why) = run(&mut command).unwrap() else {
            panic!("not skipped");
        };
        assert_eq!(why, "no such data");
    }
}
