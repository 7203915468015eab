//! Holds what lies in the store against its name: once in a process, before anything of it is given away or an upload of it is thought
//! superfluous. A disk, a copy or a backup may have made another thing of it.
//!
//! A large blob takes seconds. It is read in stretches, one at each look, so that its keeper can hear others in between.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use common::blob::BlobId;
use common::wire::CHUNK_BYTES;
use sha2::{Digest, Sha256};

/// Hashed in a fiftieth of a second: others wait no longer than for a disk's sync.
const STRETCH: u64 = 16 * CHUNK_BYTES as u64;

#[derive(Debug, Default)]
pub(super) struct Proofs {
    proven: BTreeSet<BlobId>,
    under_way: BTreeMap<BlobId, UnderWay>,
}

#[derive(Debug)]
struct UnderWay {
    file: File,
    hash: Sha256,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// Not read to its end yet: look again.
    UnderWay,
    Whole,
    /// Something else lies under the blob's name.
    Damaged,
}

impl Proofs {
    /// Looks at what lies at `path` under the blob's name. After a failure the next look begins anew.
    pub fn look(&mut self, blob: BlobId, path: &Path) -> io::Result<Found> {
        if self.proven.contains(&blob) {
            return Ok(Found::Whole);
        }
        let begun = self.under_way.remove(&blob).map_or_else(|| UnderWay::begin(path), Ok);
        let mut proof = match begun {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            begun => begun?,
        };
        let read = io::copy(&mut (&proof.file).take(STRETCH), &mut proof.hash)?;
        if read == STRETCH {
            self.under_way.insert(blob, proof);
            return Ok(Found::UnderWay);
        }
        if BlobId::from_digest(proof.hash.finalize().into()) != blob {
            return Ok(Found::Damaged);
        }
        self.proven.insert(blob);
        Ok(Found::Whole)
    }

    /// It was hashed as it came.
    pub fn came_whole(&mut self, blob: BlobId) {
        self.under_way.remove(&blob);
        self.proven.insert(blob);
    }

    pub fn forget(&mut self, blob: BlobId) {
        self.under_way.remove(&blob);
        self.proven.remove(&blob);
    }
}

impl UnderWay {
    fn begin(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, hash: Sha256::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(bytes: &[u8], blob: BlobId) -> Vec<Found> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        std::fs::write(&path, bytes).unwrap();
        let mut proofs = Proofs::default();
        let mut found = vec![proofs.look(blob, &path).unwrap()];
        while found.last() == Some(&Found::UnderWay) {
            found.push(proofs.look(blob, &path).unwrap());
        }
        found
    }

    #[test]
    fn a_long_blob_takes_several_looks_and_what_is_damaged_anywhere_is_found() {
        let stretch = STRETCH as usize;
        for (length, stretches) in [(1, 0), (stretch, 1), (2 * stretch + 1, 2)] {
            let bytes = vec![7; length];
            let blob = BlobId::of(&bytes);
            let whole = [vec![Found::UnderWay; stretches], vec![Found::Whole]].concat();
            assert_eq!(looks(&bytes, blob), whole, "{length} bytes");
            let longer = [&bytes[..], b"a tail"].concat();
            let mut flipped = bytes.clone();
            flipped[length - 1] ^= 1;
            for damaged in [&longer, &flipped, &bytes[..length - 1]] {
                assert_eq!(looks(damaged, blob).last(), Some(&Found::Damaged), "{length} bytes");
            }
        }
    }

    #[test]
    fn once_proven_it_is_not_read_again_until_it_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        let blob = BlobId::of(b"whole");
        let mut proofs = Proofs::default();
        assert_eq!(proofs.look(blob, &path).unwrap(), Found::Nothing);
        std::fs::write(&path, b"whole").unwrap();
        assert_eq!(proofs.look(blob, &path).unwrap(), Found::Whole);
        std::fs::write(&path, b"other").unwrap();
        assert_eq!(proofs.look(blob, &path).unwrap(), Found::Whole);
        proofs.forget(blob);
        assert_eq!(proofs.look(blob, &path).unwrap(), Found::Damaged);
        // A folder can be opened, and not be read.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(proofs.look(blob, &path).is_err() && proofs.look(blob, &path).is_err());
    }
}
