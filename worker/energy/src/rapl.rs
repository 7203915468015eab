//! RAPL: the energy counters of processor packages, through Linux's powercap files.
//!
//! Only packages are read: cores and graphics are parts of them, and memory is left out as on the machines without a
//! counter for it. A slot gets a fixed share of all packages, its part of the machine's cores: the counter can't tell
//! processes apart, so a busy neighbour is charged to a resting slot in part. A counter wraps after some 262 kJ, about
//! 20 minutes at 200 W; sampling less often than that would lose whole rounds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use common::energy::Method;
use common::time::Millis;
use common::unit::Joules;

use crate::error::Error;
use crate::meter::PowerMeter;

/// Where Linux keeps the counters.
pub const POWERCAP: &str = "/sys/class/powercap";
/// A powered package can't rest this long without a microjoule: the counter is updated every millisecond.
const STILL_MS: i64 = 5_000;
const JOULES_PER_UJ: f64 = 1e-6;

/// A share of all processor packages.
#[derive(Debug)]
pub struct Rapl {
    packages: Vec<Package>,
    share: f64,
    total: Joules,
    moved_at: Millis,
}

#[derive(Debug)]
struct Package {
    name: String,
    counter: PathBuf,
    range_uj: u64,
    last_uj: u64,
}

impl Rapl {
    /// `root` is `POWERCAP` but in tests; `share` is the slot's part of the machine, in (0, 1].
    pub fn open(root: &Path, share: f64, now: Millis) -> Result<Self, Error> {
        let packages = packages(root)?;
        if packages.is_empty() {
            return Err(unavailable(format!("no processor package under {}", root.display())));
        }
        if packages.iter().all(|package| package.last_uj == 0) {
            return Err(unavailable(
                "its counters read 0, as in virtual machines that only pretend to have them".into(),
            ));
        }
        Ok(Self { packages, share: share.clamp(0.0, 1.0), total: Joules::ZERO, moved_at: now })
    }
}

impl Rapl {
    /// All are read before any is booked: a failure between two packages must not book the first twice.
    fn read(&mut self) -> Result<impl Iterator<Item = (&mut Package, u64)>, Error> {
        let readings =
            self.packages.iter().map(|package| number(&package.counter)).collect::<io::Result<Vec<_>>>();
        let readings =
            readings.map_err(|error| Error::Unread { meter: self.describe(), reason: error.to_string() })?;
        Ok(self.packages.iter_mut().zip(readings))
    }
}

impl PowerMeter for Rapl {
    fn describe(&self) -> String {
        let names: Vec<_> = self.packages.iter().map(|package| package.name.as_str()).collect();
        format!("RAPL {}, share {:.3}", names.join(" + "), self.share)
    }

    fn method(&self) -> Method {
        Method::Counter
    }

    fn sample(&mut self, now: Millis) -> Result<Joules, Error> {
        let mut passed_uj = 0;
        for (package, reading) in self.read()? {
            passed_uj += package.advance(reading);
        }
        if passed_uj > 0 {
            self.moved_at = self.moved_at.max(now);
            self.total += Joules(passed_uj as f64 * JOULES_PER_UJ * self.share);
        } else if now.0 - self.moved_at.0 >= STILL_MS {
            return Err(Error::Stuck { meter: self.describe(), still_s: (now.0 - self.moved_at.0) / 1000 });
        }
        Ok(self.total)
    }

    fn wake(&mut self, now: Millis) -> Result<(), Error> {
        for (package, reading) in self.read()? {
            package.last_uj = reading;
        }
        self.moved_at = self.moved_at.max(now);
        Ok(())
    }
}

impl Package {
    /// Microjoules since the last reading.
    fn advance(&mut self, reading_uj: u64) -> u64 {
        let passed = if reading_uj >= self.last_uj {
            reading_uj - self.last_uj
        } else {
            self.range_uj.saturating_sub(self.last_uj) + reading_uj
        };
        self.last_uj = reading_uj;
        passed
    }
}

/// The top-level domains called `package-…`, each name once: some kernels show a package again through other interfaces.
fn packages(root: &Path) -> Result<Vec<Package>, Error> {
    let entries = fs::read_dir(root).map_err(|error| unavailable(format!("{}: {error}", root.display())))?;
    let mut domains: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix("intel-rapl:").is_some_and(|number| !number.contains(':'))
        })
        .collect();
    domains.sort();
    let mut packages: Vec<Package> = Vec::new();
    for domain in domains {
        let Ok(name) = fs::read_to_string(domain.join("name")) else { continue };
        let name = name.trim().to_owned();
        if !name.starts_with("package-") || packages.iter().any(|known| known.name == name) {
            continue;
        }
        let read = |file: &str| {
            let path = domain.join(file);
            number(&path).map_err(|error| match error.kind() {
                io::ErrorKind::PermissionDenied => unavailable(format!(
                    "{} is for root alone: `sudo chmod a+r {POWERCAP}/intel-rapl:*/energy_uj` opens it until the next boot",
                    path.display()
                )),
                _ => unavailable(format!("{}: {error}", path.display())),
            })
        };
        let (range_uj, last_uj) = (read("max_energy_range_uj")?, read("energy_uj")?);
        packages.push(Package { name, counter: domain.join("energy_uj"), range_uj, last_uj });
    }
    Ok(packages)
}

fn number(path: &Path) -> io::Result<u64> {
    let text = fs::read_to_string(path)?;
    text.trim().parse().map_err(|_| {
        let start: String = text.chars().take(40).collect();
        io::Error::new(io::ErrorKind::InvalidData, format!("{start:?} is no number"))
    })
}

fn unavailable(reason: String) -> Error {
    Error::Unavailable { meter: "RAPL counter", reason }
}
