//! `simulate` on the command line.

use crate::support::binary::run;

#[test]
fn a_simulator_says_what_is_wrong_with_what_it_is_given() {
    for platform in ["startexam", "cirrus", "examtesting"] {
        for (option, value, code, says) in [
            ("--script", "no-such-file", 1, "cannot be read"),
            ("--script", "Cargo.toml", 2, "docs/simulators.md"),
            ("--settings", "no-such-file", 78, "cannot be read"),
            ("--listen", "nowhere", 2, "--listen"),
        ] {
            let ended = run(&["simulate", platform, option, value]);
            let said = &ended.stderr;
            assert_eq!(ended.code, Some(code), "{platform} {option}: {said}");
            assert!(said.contains(says), "{platform} {option}: {said}");
        }
        let switches = run(&["simulate", platform, "--switches"]);
        assert_eq!(switches.code, Some(0), "{}", switches.stderr);
        assert!(switches.stdout.starts_with("[simulator]"), "{platform}");
    }
    let ended = run(&["simulate", "startexam", "--program", "x"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("a GUID"), "{}", ended.stderr);
}
