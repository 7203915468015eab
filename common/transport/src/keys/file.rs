//! Key files: a few commented lines of TOML that a person can read. A secret file is readable by
//! its owner alone, appears whole or not at all, and is never overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{KeyPair, PublicKey};

/// A key file is about 300 bytes; anything beyond this is something else.
const MAX_FILE_BYTES: u64 = 4096;

const SECRET_HEAD: &str = "\
# A secret key. Whoever has this file can act under its name: keep it to yourself.
# It belongs on the machine that uses it, readable by its owner alone (chmod 600).
";
const PUBLIC_HEAD: &str = "\
# A public key. It may be shown to anybody.
";

/// A key file can't be used. Every message names the file and the cure.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("no key file at {}: make one with keygen, or correct the path", path.display())]
    Missing { path: PathBuf },
    #[error("{} exists and is not overwritten: move it away first if you want a new key", path.display())]
    Exists { path: PathBuf },
    #[error("{} is readable by others (mode {mode:03o}); a secret must not be: run `chmod 600 {}`, and make a new key if others may have read it", path.display(), path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("{} is no key file: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{} holds a secret key where a public one is wanted: use the public file, and keep this one private", path.display())]
    SecretGiven { path: PathBuf },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl KeyPair {
    /// Writes the secret file with mode 0600. Fails if `path` exists.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let text =
            format!("{SECRET_HEAD}public = \"{}\"\nsecret = \"{}\"\n", self.public(), self.secret_text());
        create_whole(path, &text, 0o600)
    }

    /// Reads a secret file, and refuses one that its group or others can read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let fields = read_fields(path, Privacy::OwnerOnly)?;
        let malformed = |reason: &str| KeyError::Malformed { path: path.into(), reason: reason.into() };
        let secret = fields
            .secret
            .ok_or_else(|| malformed("it has no line `secret = \"…\"`; is it the public file?"))?;
        let pair =
            Self::from_secret_text(&secret).map_err(|bad| malformed(&format!("the secret is {bad}")))?;
        if fields.public.is_some_and(|public| public != pair.public()) {
            return Err(malformed(
                "public and secret are not a pair; restore it from a copy, or make a new one",
            ));
        }
        Ok(pair)
    }
}

impl PublicKey {
    /// Writes a file with the public key alone. Fails if `path` exists.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        create_whole(path, &format!("{PUBLIC_HEAD}public = \"{self}\"\n"), 0o644)
    }

    /// Reads a public file. A secret file is refused, so that nobody copies one around.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let fields = read_fields(path, Privacy::Anybody)?;
        if fields.secret.is_some() {
            return Err(KeyError::SecretGiven { path: path.into() });
        }
        fields.public.ok_or_else(|| KeyError::Malformed {
            path: path.into(),
            reason: "it has no line `public = \"…\"`".into(),
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Privacy {
    OwnerOnly,
    Anybody,
}

#[derive(Default)]
struct Fields {
    public: Option<PublicKey>,
    secret: Option<String>,
}

fn read_fields(path: &Path, privacy: Privacy) -> Result<Fields, KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Missing { path: path.into() },
        _ => KeyError::Io { path: path.into(), source },
    };
    let malformed = |reason: String| KeyError::Malformed { path: path.into(), reason };
    // Opening a pipe would wait for its other end, so look before opening.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(malformed("it is not a regular file".into()));
    }
    let file = File::open(path).map_err(failed)?;
    // Asked of the open file: the path may have been exchanged meanwhile.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if privacy == Privacy::OwnerOnly && mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.into(), mode });
    }
    let mut text = String::new();
    let read = file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(bytes) if bytes as u64 > MAX_FILE_BYTES => return Err(malformed("it is too long".into())),
        Ok(_) => {}
        Err(source) if source.kind() == io::ErrorKind::InvalidData => {
            return Err(malformed("it is not text".into()));
        }
        Err(source) => return Err(failed(source)),
    }
    parse(&text).map_err(malformed)
}

/// Messages quote line numbers, never contents.
fn parse(text: &str) -> Result<Fields, String> {
    let mut fields = Fields::default();
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let unreadable = || format!("line {number} is not of the form `name = \"value\"`");
        let (name, value) = line.split_once('=').ok_or_else(unreadable)?;
        let value =
            value.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(unreadable)?;
        let twice = match name.trim() {
            "public" => {
                let key = value.parse().map_err(|bad| format!("line {number} is {bad}"))?;
                fields.public.replace(key).is_some()
            }
            "secret" => fields.secret.replace(value.to_owned()).is_some(),
            _ => return Err(format!("line {number} is neither `public` nor `secret`")),
        };
        if twice {
            return Err(format!("line {number} repeats an earlier one"));
        }
    }
    Ok(fields)
}

/// Writes a sibling, then links it to its name. The link fails if the name exists, and readers
/// see the whole file or none, even if the power fails in between.
fn create_whole(path: &Path, text: &str, mode: u32) -> Result<(), KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.into() },
        _ => KeyError::Io { path: path.into(), source },
    };
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
    if path.symlink_metadata().is_ok() {
        return Err(KeyError::Exists { path: path.into() });
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Two processes that create the same file each need a sibling of their own.
    let dice = KeyPair::generate().public();
    let suffix: String = dice.as_bytes()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let sibling = folder.join(format!(".{}.{suffix}.new", name.to_string_lossy()));

    let written = write_synced(&sibling, text, mode).and_then(|()| fs::hard_link(&sibling, path));
    let removed = if sibling.exists() { fs::remove_file(&sibling) } else { Ok(()) };
    written.and(removed).and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
}

fn write_synced(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn both_files_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, public) = (folder.path().join("w.secret"), folder.path().join("w.public"));
        let pair = KeyPair::generate();
        pair.save(&secret).unwrap();
        pair.public().save(&public).unwrap();
        let loaded = KeyPair::load(&secret).unwrap();
        assert_eq!(loaded.public(), pair.public());
        assert_eq!(loaded.secret_text(), pair.secret_text());
        assert_eq!(PublicKey::load(&public).unwrap(), pair.public());
        assert_eq!(mode_of(&secret), 0o600);
        assert!(!fs::read_to_string(&public).unwrap().contains(&pair.secret_text()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no sibling is left behind");
    }

    #[test]
    fn an_existing_file_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "precious");
        assert!(matches!(KeyPair::generate().save(&path), Err(KeyError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let dangling = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).unwrap();
        assert!(matches!(KeyPair::generate().save(&dangling), Err(KeyError::Exists { .. })));
    }

    #[test]
    fn of_many_that_create_one_file_one_wins_and_the_file_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let won: usize = std::thread::scope(|scope| {
            let save = || usize::from(KeyPair::generate().save(&path).is_ok());
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(save)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(won, 1);
        KeyPair::load(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_exposed_secret_is_refused_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        KeyPair::generate().save(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = KeyPair::load(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        KeyPair::load(&path).unwrap();
    }

    #[test]
    fn malformed_files_say_why_and_never_quote_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let (pair, other) = (KeyPair::generate(), KeyPair::generate());
        let (public, secret) = (pair.public(), pair.secret_text());
        let check = |text: String, expected: &str| {
            write(&path, &text);
            let error = KeyPair::load(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} should say {expected}");
            assert!(!error.contains(&secret), "{error}");
        };
        check(String::new(), "no line `secret");
        check(format!("public = \"{public}\""), "is it the public file");
        check(format!("secret = {secret}"), "line 1");
        check(format!("secret = \"{}\"", &secret[1..]), "not a key");
        check(format!("secret = \"{secret}\"\nsecret = \"{secret}\""), "line 2 repeats");
        check(format!("secret = \"{secret}\"\ncolour = \"red\""), "neither");
        check(format!("public = \"{}\"\nsecret = \"{secret}\"", other.public()), "not a pair");
        check("x".repeat(5000), "too long");
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(KeyPair::load(&path).unwrap_err().to_string().contains("not text"));
        assert!(KeyPair::load(folder.path()).unwrap_err().to_string().contains("not a regular file"));
        assert!(matches!(KeyPair::load(&folder.path().join("none")), Err(KeyError::Missing { .. })));
    }

    #[test]
    fn a_secret_file_is_no_public_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        KeyPair::generate().save(&path).unwrap();
        assert!(matches!(PublicKey::load(&path), Err(KeyError::SecretGiven { .. })));
    }
}
