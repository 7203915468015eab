//! Every reader of what strangers and other programs write, fed with damaged files for a bounded time. `scripts/fuzz` does so for longer;
//! a failing run prints its seed, and `CENAS_FUZZ_SEED` replays it.

use std::path::{Path, PathBuf};

use common::config;
use common::id::Zone;
use common::space::FreeForm;
use common::space::free_form::Description;
use common::wire::{FromWorker, ToWorker, decode, encode};
use coordinator::carbon::Trace;
use coordinator::core::State;
use coordinator::warm_start;
use simulation::sheet::Sheet;
use simulation::table::RecordedTable;
use system_tests::fuzz::{corpus, feed, files};
use system_tests::lab::programs::checkout;

/// A file of its own for readers that want one.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn holding(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

/// What can't be read is refused in words.
fn refused<T, E: std::fmt::Display>(read: Result<T, E>) {
    if let Err(error) = read {
        assert!(!format!("{error:#}").trim().is_empty(), "a refusal without a word");
    }
}

fn from_hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a digit") as u8;
    digits.chunks_exact(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

#[test]
fn frames() {
    let recorded = files(&checkout().join("tests/frames/v1"));
    let mut frames: Vec<_> = recorded.into_iter().map(|(path, text)| (path, from_hex(&text))).collect();
    frames.extend(corpus("frame"));
    feed("frame", &frames, |frame| {
        // What is taken in can be said again (W-1), whoever made the frame.
        if let Ok(message) = decode::<FromWorker>(frame) {
            let again = encode(&message);
            let said = decode::<FromWorker>(&again).map(|message| encode(&message));
            assert_eq!(said.as_deref(), Ok(again.as_slice()));
        }
        if let Ok(message) = decode::<ToWorker>(frame) {
            let again = encode(&message);
            let said = decode::<ToWorker>(&again).map(|message| encode(&message));
            assert_eq!(said.as_deref(), Ok(again.as_slice()));
        }
    });
}

#[test]
fn traces() {
    let scratch = Scratch::new();
    feed("trace", &corpus("trace"), |bytes| {
        let path = scratch.holding("trace.csv", bytes);
        for column in ["auto", "mix_direct", "g"] {
            let read = Trace::read(&path, Zone::new("DE"), column);
            if let Ok(trace) = &read {
                // What was taken in can be asked for.
                let _ = trace.series();
            }
            refused(read);
        }
    });
}

#[test]
fn tables() {
    let shipped = checkout().join("coordinator/simulation/data");
    let read = |name: &str| std::fs::read(shipped.join(name)).expect("the table that comes with the program");
    let (rows, description) = (read("fashion_cells.csv"), read("fashion_cells.toml"));
    let parse = |rows: &[u8], description: &[u8]| {
        let (rows, description) = (String::from_utf8_lossy(rows), String::from_utf8_lossy(description));
        refused(Sheet::parse("table.csv", &rows, &description).and_then(|sheet| RecordedTable::of(&sheet)));
    };
    // A table is large, and most of it is rows: a few of them say as much.
    let head: Vec<u8> = rows.split_inclusive(|byte| *byte == b'\n').take(12).flatten().copied().collect();
    let mut kept = corpus("table");
    kept.push((PathBuf::from("fashion_cells.csv"), head.clone()));
    feed("table", &kept, |bytes| parse(bytes, &description));
    feed("description", &[(PathBuf::from("fashion_cells.toml"), description.clone())], |bytes| {
        parse(&head, bytes);
    });
    let scratch = Scratch::new();
    feed("table", &kept, |bytes| {
        let described = scratch.holding("table.toml", &description);
        // The same by way of a file, where it may as well be compressed or Parquet by its name.
        for name in ["table.csv.gz", "table.parquet"] {
            refused(RecordedTable::read(&scratch.holding(name, bytes), Some(&described)));
        }
    });
}

#[test]
fn configurations() {
    let mut kept = files(&checkout().join("configs"));
    kept.retain(|(path, _)| path.extension().is_some_and(|ending| ending == "toml"));
    kept.extend(corpus("config"));
    let scratch = Scratch::new();
    feed("config", &kept, |bytes| {
        let path = scratch.holding("study.toml", bytes);
        let read = config::load(Some(&path), [], &[]);
        if let Ok(config) = &read {
            refused(config.study_spec());
        }
        refused(read);
    });
}

#[test]
fn spaces() {
    let mut kept = corpus("space");
    for name in ["configs/digits-space.toml", "configs/free-form.toml"] {
        kept.push((PathBuf::from(name), std::fs::read(checkout().join(name)).expect("a space")));
    }
    feed("space", &kept, |bytes| {
        let read = Description::from_toml(&String::from_utf8_lossy(bytes));
        refused(read.map(FreeForm::new));
    });
}

#[test]
fn known_results() {
    let config = config::load(None, [], &[]).expect("the defaults");
    let spec = config.study_spec().expect("a study");
    let scratch = Scratch::new();
    feed("warm-start", &corpus("warm-start"), |bytes| {
        for name in ["known.csv", "known.json"] {
            let path = scratch.holding(name, bytes);
            refused(warm_start::read(&[path], &spec, &State::default()));
        }
    });
}

/// Damage to what is refused anyway would find little.
#[test]
fn what_is_whole_is_read() {
    let folder = checkout().join("tests/corpus");
    for (name, column) in [("hours", "auto"), ("export", "auto"), ("mix", "mix_direct")] {
        let read =
            Trace::read(&folder.join("trace").join(name).with_extension("csv"), Zone::new("DE"), column);
        assert!(read.is_ok(), "{name}: {:?}", read.err());
    }
    let spec = config::load(None, [], &[]).and_then(|config| config.study_spec()).expect("the defaults");
    for name in ["known.csv", "known.json"] {
        let read = warm_start::read(&[folder.join("warm-start").join(name)], &spec, &State::default());
        assert!(read.is_ok_and(|known| !known.given.is_empty()), "{name}");
    }
    let space = std::fs::read_to_string(folder.join("space/conditional.toml")).expect("a space");
    assert!(Description::from_toml(&space).is_ok(), "{:?}", Description::from_toml(&space).err());
}

#[test]
fn the_corpus_is_there_and_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for folder in std::fs::read_dir(root).expect("the corpus").flatten() {
        for (path, bytes) in files(&folder.path()) {
            assert!(bytes.len() <= 64 * 1024, "{}: cut it down to what breaks the reader", path.display());
        }
    }
}
