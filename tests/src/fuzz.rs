//! Readers of what comes from outside, fed with damaged input: files of a corpus, changed at random places. What breaks a reader is
//! printed with its seed, kept in a file, and belongs into `tests/corpus` from then on.
//!
//! Not here: guidance by coverage, which needs a nightly compiler. The corpus is made of real files instead, so that most changes leave
//! most of a file's structure whole.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use common::seed::Seed;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

/// Changed inputs for each reader, unless `CENAS_FUZZ_ROUNDS` says otherwise: seconds.
const ROUNDS: u64 = 1_500;
/// Most changes to one input.
const CHANGES: u32 = 6;
/// Inputs grow no further.
const LONGEST: usize = 256 * 1024;
/// What readers are apt to stumble over.
const WORDS: [&[u8]; 22] = [
    b"0",
    b"-1",
    b"1e400",
    b"-1e-400",
    b"NaN",
    b"inf",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"0x",
    b"\"",
    b"'",
    b",,,",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"[[",
    b"]]",
    b"{}",
    b"= ",
    b"9999-99-99T99:99Z",
    b"\xe2\x80\xae",
    b"\xdd\xff\xff\xff\xff",
];

/// The files of `tests/corpus/NAME`, in the order of their names.
pub fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name))
}

pub fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let found = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> =
        found.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    found.sort();
    found.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

/// Gives `reader` every file of `corpus` as it is, and many changed. Whatever it makes of them is its own; it must not panic.
pub fn feed(name: &str, corpus: &[(PathBuf, Vec<u8>)], reader: impl Fn(&[u8])) {
    assert!(!corpus.is_empty(), "{name}: nothing to begin with");
    for (path, bytes) in corpus {
        try_one(name, bytes, &path.display().to_string(), &reader);
    }
    let number = |variable: &str| std::env::var(variable).ok().map(|text| text.parse().expect("a number"));
    let seed = number("CENAS_FUZZ_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let rounds = number("CENAS_FUZZ_ROUNDS").unwrap_or(ROUNDS);
    println!("{name}: {rounds} inputs, CENAS_FUZZ_SEED={seed}");
    let texts: Vec<&[u8]> = corpus.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    for round in 0..rounds {
        let mut dice = Seed(seed).stream(name, round);
        let input = changed(&texts, &mut dice);
        try_one(name, &input, &format!("round {round} of CENAS_FUZZ_SEED={seed}"), &reader);
    }
}

fn try_one(name: &str, input: &[u8], origin: &str, reader: &impl Fn(&[u8])) {
    if catch_unwind(AssertUnwindSafe(|| reader(input))).is_err() {
        let kept = std::env::temp_dir().join(format!("cenas-fuzz-{name}-{}", std::process::id()));
        std::fs::write(&kept, input).expect("a file for the culprit");
        panic!(
            "{name} breaks on {origin}: mend the reader, and keep {} in tests/corpus/{name}",
            kept.display()
        );
    }
}

/// One of `texts` with a few changes.
pub fn changed(texts: &[&[u8]], dice: &mut impl Rng) -> Vec<u8> {
    let mut bytes = texts.choose(dice).expect("a corpus").to_vec();
    for _ in 0..dice.random_range(1..=CHANGES) {
        change(&mut bytes, texts, dice);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, texts: &[&[u8]], dice: &mut impl Rng) {
    let at = dice.random_range(0..=bytes.len());
    let end = (at + dice.random_range(0..=24)).min(bytes.len());
    match dice.random_range(0..9_u8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.random_range(0..8_u8),
        1 if at < bytes.len() => bytes[at] = dice.random(),
        2 => drop(bytes.drain(at..end)),
        3 => bytes.truncate(at),
        // A piece once more, where it stood or elsewhere.
        4 => {
            let piece = bytes[at..end].to_vec();
            let to = dice.random_range(0..=bytes.len());
            bytes.splice(to..to, piece);
        }
        5 => drop(bytes.splice(at..end, WORDS.choose(dice).expect("words").iter().copied())),
        6 => {
            let word = WORDS.choose(dice).expect("words").repeat(dice.random_range(1..=50));
            bytes.splice(at..at, word);
        }
        // A piece of another file.
        7 => {
            let other = texts.choose(dice).expect("a corpus");
            let from = dice.random_range(0..=other.len());
            let to = (from + dice.random_range(0..=200)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        // Another digit where one stands.
        _ => {
            if let Some(digit) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                *digit = b'0' + dice.random_range(0..10_u8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_input_and_every_kind_of_change_comes() {
        let texts: [&[u8]; 2] = [b"one,2,3\n4,5,6\n", b"[section]\nkey = 17\n"];
        let input = |round| changed(&texts, &mut Seed(5).stream("test", round));
        assert_eq!(input(3), input(3));
        let inputs: std::collections::BTreeSet<Vec<u8>> = (0..500).map(input).collect();
        assert!(inputs.len() > 400, "{}", inputs.len());
        let lengths: Vec<usize> = inputs.iter().map(Vec::len).collect();
        assert!(lengths.contains(&0) || lengths.iter().any(|length| *length < 10));
        assert!(lengths.iter().any(|length| *length > 60) && lengths.iter().all(|length| *length <= LONGEST));
    }

    #[test]
    #[should_panic(expected = "keep")]
    fn a_reader_that_panics_is_named() {
        let corpus = [(PathBuf::from("a"), b"12345".to_vec())];
        feed("fragile", &corpus, |bytes| assert_eq!(bytes.len(), 5, "it likes five"));
    }
}
