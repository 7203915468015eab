//! Numbers that nobody can guess and nobody has drawn before, from the operating system.

use std::fs::File;
use std::io::{self, Read};

/// So many bytes, each as two hexadecimal digits.
pub fn hex<const BYTES: usize>() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
