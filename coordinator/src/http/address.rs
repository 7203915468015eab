//! Where the server is: the file `http` in the study's directory, for the commands that act on a study. Its first line is the address,
//! its second the life of the coordinator that wrote it; another release may have left the address alone.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use super::life::Life;
use crate::directory::{StudyDirectory, write_whole};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub url: String,
    pub life: Option<Life>,
}

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

pub fn remember(directory: &StudyDirectory, at: SocketAddr, life: &Life) -> io::Result<()> {
    write_whole(&directory.http(), format!("{}\n{}\n", url(at), life.text()).as_bytes())
}

/// The address of the study's coordinator, should one be running.
pub fn remembered(directory: &Path) -> Option<Address> {
    read(&std::fs::read_to_string(StudyDirectory::new(directory).http()).ok()?)
}

fn read(text: &str) -> Option<Address> {
    let mut lines = text.lines().map(str::trim);
    let url = lines.next().filter(|line| line.starts_with("http://"))?.to_owned();
    Some(Address { url, life: lines.next().and_then(Life::read) })
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

    #[test]
    fn what_a_coordinator_leaves_is_read_with_its_life_or_without() {
        let folder = tempfile::tempdir().unwrap();
        let directory = StudyDirectory::new(folder.path());
        assert_eq!(remembered(folder.path()), None);
        let life = Life::draw().unwrap();
        remember(&directory, "127.0.0.1:7591".parse().unwrap(), &life).unwrap();
        let url = "http://127.0.0.1:7591".to_owned();
        assert_eq!(remembered(folder.path()), Some(Address { url: url.clone(), life: Some(life) }));
        for old in ["http://127.0.0.1:7591", "http://127.0.0.1:7591\n", "http://127.0.0.1:7591\nno life\n"] {
            assert_eq!(read(old), Some(Address { url: url.clone(), life: None }), "{old:?}");
        }
        assert_eq!(read(""), None);
        assert_eq!(read("somewhere"), None);
    }
}
