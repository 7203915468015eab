//! Which start of which study's coordinator answers at an address. A coordinator that was killed leaves its address behind, another
//! study's may have the port by now, and 127.0.0.1 is another machine's wherever else the directory is read. So each start draws a
//! mark of its own: it stands beside the address, whoever found the address there shows it, and nobody else obeys.

use std::io;

use super::random;

/// The header in which it is shown.
pub const HEADER: &str = "ce-nas-life";
/// Random bytes of one: no two starts draw the same.
const BYTES: usize = 16;

/// No secret: it tells coordinators apart, and admits nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life(String);

impl Life {
    pub fn draw() -> io::Result<Self> {
        random::hex::<BYTES>().map(Self)
    }

    /// None where the text is something else.
    pub fn read(text: &str) -> Option<Self> {
        let is_one = text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_owned()))
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}
