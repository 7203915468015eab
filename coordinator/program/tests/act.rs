//! The commands that act on a study, where there is nothing to act on: what they say, and their exit codes. What they do to a running
//! study is tested in `tests/`, with workers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};

fn ce_nas(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ce-nas")).args(words).output().expect("the program was built")
}

fn refused(words: &[&str], code: i32) -> String {
    let output = ce_nas(words);
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    assert!(output.stdout.is_empty(), "{words:?}");
    said
}

/// Every order, as it is typed.
const ORDERS: [&[&str]; 7] = [
    &["pause"],
    &["resume"],
    &["stop", "--reason", "enough"],
    &["cancel", "3"],
    &["retry", "3"],
    &["budget", "--hours", "9"],
    &["workers", "drain", "--all"],
];

#[test]
fn without_a_coordinator_each_order_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = folder.path().to_str().expect("plain text");
    for order in ORDERS {
        let said = refused(&[order, &["--dir", directory]].concat(), 1);
        assert!(said.contains("no coordinator is at work on the study in"), "{order:?}: {said}");
        assert!(said.contains(&format!("ce-nas run --dir {directory}")), "{order:?}: {said}");
    }
    // One that was killed leaves its address behind.
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    std::fs::write(folder.path().join("http"), format!("http://{free}")).expect("a file");
    for order in ORDERS {
        let said = refused(&[order, &["--dir", directory]].concat(), 1);
        assert!(said.contains(&format!("no coordinator answers at http://{free}")), "{order:?}: {said}");
        assert!(said.contains("is it running?"), "{order:?}: {said}");
    }
}

#[test]
fn what_answers_but_is_no_coordinator_is_told_from_one() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        "220 smtp ready\r\n",
    ];
    let server = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut heard = [0; 4096];
            let _ = stream.read(&mut heard);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    for _ in answers {
        let said = refused(&["pause", "--url", &url], 1);
        assert!(said.contains("as a coordinator"), "{said}");
    }
    server.join().expect("it answered all");
}

#[test]
fn words_that_make_no_order_are_bad_usage() {
    for words in [
        &["workers", "drain"][..],
        &["workers", "drain", "a", "--all"],
        &["cancel"],
        &["cancel", "x"],
        &["budget", "--hours", "0"],
        &["budget", "--carbon-g", "some"],
    ] {
        refused(words, 2);
    }
    let said = refused(&["pause", "--url", "localhost:7591"], 1);
    assert!(said.contains("http://HOST:PORT"), "{said}");
}
