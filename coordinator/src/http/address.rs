//! Where the server is: the file `http` in the study's directory, for the commands that act on a study.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::directory::{StudyDirectory, write_whole};

/// "http://127.0.0.1:7591". An address that stands for all of a machine's is reached on the machine itself.
pub fn url(at: SocketAddr) -> String {
    let mut reached = at;
    if at.ip().is_unspecified() {
        reached.set_ip(match at {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{reached}")
}

pub fn remember(directory: &StudyDirectory, at: SocketAddr) -> io::Result<()> {
    write_whole(&directory.http(), url(at).as_bytes())
}

/// The address of the study's coordinator, should one be running.
pub fn remembered(directory: &Path) -> Option<String> {
    let text = std::fs::read_to_string(StudyDirectory::new(directory).http()).ok()?;
    let text = text.trim();
    text.starts_with("http://").then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_all_is_reached_on_this_machine() {
        assert_eq!(url("0.0.0.0:7591".parse().unwrap()), "http://127.0.0.1:7591");
        assert_eq!(url("[::]:7591".parse().unwrap()), "http://[::1]:7591");
        assert_eq!(url("10.0.0.7:80".parse().unwrap()), "http://10.0.0.7:80");
    }
}
