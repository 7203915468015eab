//! The commands that read points, as programs: pipes, the standard input and exit codes.

use std::io::Write;
use std::process::{Command, Output, Stdio};

const TABLE: &str = "name,error,energy\na,0.5,0.25\nb,0.25,0.5\nc,0.75,0.75\n";

/// `ce-nas` with `words`, which reads `input`.
fn ce_nas(words: &str, input: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ce-nas"))
        .args(words.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built");
    // A program that refuses its words may be gone before it reads.
    let _ = program.stdin.take().expect("a pipe").write_all(input.as_bytes());
    program.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn one_reads_what_the_other_prints() {
    let front = ce_nas("front -", TABLE);
    assert_eq!(text(&front.stdout), "name,error,energy\na,0.5,0.25\nb,0.25,0.5\n");
    let volume = ce_nas("hypervolume --reference 1,1 -", text(&front.stdout));
    assert_eq!((text(&volume.stdout), volume.status.code()), ("0.5\n", Some(0)));
}

#[test]
fn exit_codes_tell_bad_usage_from_bad_data() {
    let cases = [
        ("hypervolume --reference 1 -", TABLE, 2),
        ("hypervolume -", TABLE, 2),
        ("front --columns eror -", TABLE, 2),
        ("front --columns error", TABLE, 2),
        ("front --dir runs/study -", TABLE, 2),
        ("front -", "0.5,x\n0.5,NaN\n", 0),
        ("front -", "0.5,1\n0.5,NaN\n", 1),
        ("front /nowhere/front.csv", "", 1),
    ];
    for (words, input, code) in cases {
        let output = ce_nas(words, input);
        assert_eq!(output.status.code(), Some(code), "{words}: {}", text(&output.stderr));
        if code != 0 {
            assert!(output.stdout.is_empty(), "{words}");
            assert!(text(&output.stderr).starts_with("error: "), "{}", text(&output.stderr));
        }
    }
}
