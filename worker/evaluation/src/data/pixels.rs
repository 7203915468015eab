//! The bytes of images: in memory, or in a file that the kernel reads where it is looked at.

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;

/// Bytes that many owners share.
#[derive(Debug, Clone)]
pub enum Pixels {
    Owned(Arc<Vec<u8>>),
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Pixels {
    /// The bytes of `file` in `range`, which must lie in it.
    pub fn map(file: &File) -> io::Result<Arc<Mmap>> {
        #[allow(unsafe_code)]
        // SAFETY: the mapping is private and read only; a packed file is replaced whole and never written in place.
        let map = unsafe { Mmap::map(file) }?;
        Ok(Arc::new(map))
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(Arc::new(bytes))
    }
}

impl Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Mapped(map, range) => &map[range.clone()],
        }
    }
}

impl PartialEq for Pixels {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Pixels {}
