//! Each meter through the suite, on an instrument made for the purpose.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use common::time::Millis;
use common::unit::{Seconds, Watts};
use energy::conformance::{Bench, check_meter};
use energy::cpu::Machine;
use energy::estimate::Estimate;
use energy::nvml::{Board, BoardMeter};
use energy::rapl::Rapl;
use energy::{PowerMeter, Scripted, clock};
use tempfile::TempDir;

#[derive(Default)]
struct CpuBench {
    used_s: Arc<Mutex<f64>>,
}

impl Bench for CpuBench {
    fn open(&mut self, now: Millis) -> Box<dyn PowerMeter> {
        let used = Arc::clone(&self.used_s);
        let process: clock::ProcessTime = Box::new(move || Ok(Seconds(*used.lock().unwrap())));
        let clock = clock::divide(process, &[2.0]).unwrap().remove(0);
        let rating = Machine { model: None, cpus: 4 }.rating(Some(Watts(65.0)), Some(Watts(10.0))).unwrap();
        Box::new(Estimate::open(&rating, 2.0, 4, Box::new(clock), now).unwrap())
    }
    fn work(&mut self, span: Millis, load: f64) {
        *self.used_s.lock().unwrap() += 2.0 * load * span.seconds();
    }
}

#[test]
fn the_estimate_conforms() {
    check_meter(&mut CpuBench::default());
}

/// The script follows the suite's course: a minute at rest, one at half load, then full load.
struct ScriptBench;

impl Bench for ScriptBench {
    fn open(&mut self, now: Millis) -> Box<dyn PowerMeter> {
        let course = [(0, 10.0), (60_000, 50.0), (120_000, 90.0)];
        let steps = course.map(|(after_ms, power_w)| (Millis(now.0 + after_ms), Watts(power_w)));
        Box::new(Scripted::new(steps.to_vec(), now))
    }
    fn work(&mut self, _span: Millis, _load: f64) {}
}

#[test]
fn the_script_conforms() {
    check_meter(&mut ScriptBench);
}

#[test]
fn the_estimate_follows_its_formula() {
    let mut bench = CpuBench::default();
    let mut meter = bench.open(Millis(0));
    bench.work(Millis(10_000), 0.25);
    // Half of the machine: 5 W at rest, 32.5 W at full load; a quarter of the way between.
    let expected = (5.0 + (32.5 - 5.0) * 0.25) * 10.0;
    assert!((meter.sample(Millis(10_000)).unwrap().0 - expected).abs() < 1e-9);
    assert!(meter.describe().contains("5.0–32.5 W (as configured)"), "{}", meter.describe());
}

/// Two packages; the first begins just below its wrap.
struct RaplBench {
    root: TempDir,
    uj: [u64; 2],
}

const RANGE_UJ: u64 = 262_143_328_850;

impl RaplBench {
    fn new() -> Self {
        let bench = Self { root: tempfile::tempdir().unwrap(), uj: [RANGE_UJ - 1_000_000_000, 77] };
        for (domain, name) in [
            ("intel-rapl:0", "package-0"),
            ("intel-rapl:0:0", "core"),
            ("intel-rapl:1", "package-1"),
            ("intel-rapl:2", "psys"),
            ("intel-rapl:3", "package-0"),
            ("intel-rapl-mmio:0", "package-0"),
        ] {
            let folder = bench.root.path().join(domain);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("name"), format!("{name}\n")).unwrap();
            fs::write(folder.join("max_energy_range_uj"), format!("{RANGE_UJ}\n")).unwrap();
            fs::write(folder.join("energy_uj"), "5\n").unwrap();
        }
        bench.show();
        bench
    }
    fn counter(&self, package: usize) -> PathBuf {
        self.root.path().join(format!("intel-rapl:{package}/energy_uj"))
    }
    fn show(&self) {
        for package in [0, 1] {
            fs::write(self.counter(package), format!("{}\n", self.uj[package])).unwrap();
        }
    }
}

impl Bench for RaplBench {
    fn open(&mut self, now: Millis) -> Box<dyn PowerMeter> {
        Box::new(Rapl::open(self.root.path(), 0.25, now).unwrap())
    }
    fn work(&mut self, span: Millis, load: f64) {
        for counter in &mut self.uj {
            *counter = (*counter + ((20.0 + 80.0 * load) * span.seconds() * 1e6) as u64) % RANGE_UJ;
        }
        self.show();
    }
}

#[test]
fn rapl_conforms() {
    check_meter(&mut RaplBench::new());
}

#[test]
fn rapl_counts_packages_once_and_across_the_wrap() {
    let mut bench = RaplBench::new();
    let mut meter = bench.open(Millis(0));
    assert_eq!(meter.describe(), "RAPL package-0 + package-1, share 0.250");
    bench.work(Millis(60_000), 1.0);
    assert!(bench.uj[0] < RANGE_UJ / 2, "the first counter has wrapped");
    // A quarter of two packages at 100 W for a minute.
    assert!((meter.sample(Millis(60_000)).unwrap().0 - 3000.0).abs() < 1e-3);
}

#[test]
fn rapl_never_passes_off_a_dead_counter_as_zero() {
    let mut bench = RaplBench::new();
    let mut meter = bench.open(Millis(0));
    assert_eq!(meter.sample(Millis(100)).unwrap().0, 0.0, "too soon to tell");
    let error = meter.sample(Millis(60_000)).unwrap_err();
    assert!(matches!(error, energy::Error::Stuck { still_s: 60, .. }), "{error}");
    fs::write(bench.counter(1), "rubbish").unwrap();
    let error = meter.sample(Millis(61_000)).unwrap_err();
    assert!(matches!(error, energy::Error::Unread { .. }) && error.can_retry(), "{error}");
    bench.work(Millis(1_000), 0.0);
    assert!((meter.sample(Millis(62_000)).unwrap().0 - 10.0).abs() < 1e-3, "it goes on where it was");

    bench.uj = [0, 0];
    bench.show();
    let error = Rapl::open(bench.root.path(), 1.0, Millis(0)).unwrap_err();
    assert!(error.to_string().contains("virtual machines"), "{error}");
    Rapl::open(&bench.root.path().join("nowhere"), 1.0, Millis(0)).unwrap_err();
}

/// A board with faults that tests switch on.
#[derive(Debug, Clone)]
struct FakeBoard(Arc<Mutex<Fake>>);

#[derive(Debug, Default)]
struct Fake {
    mj: f64,
    mw: u32,
    no_counter: bool,
    frozen: bool,
    no_power: bool,
    reset: bool,
}

impl Board for FakeBoard {
    fn name(&self) -> String {
        "fake".into()
    }
    fn energy_mj(&mut self) -> Result<u64, String> {
        let fake = self.0.lock().unwrap();
        match (fake.no_counter, fake.reset) {
            (true, _) => Err("not supported".into()),
            (_, true) => Ok(3),
            _ => Ok(fake.mj as u64),
        }
    }
    fn power_mw(&mut self) -> Result<u32, String> {
        let fake = self.0.lock().unwrap();
        if fake.no_power { Err("not supported".into()) } else { Ok(fake.mw) }
    }
}

impl FakeBoard {
    fn new(fake: Fake) -> Self {
        Self(Arc::new(Mutex::new(Fake { mj: 1e9, mw: 50_000, ..fake })))
    }
    fn set(&self, change: impl FnOnce(&mut Fake)) {
        change(&mut self.0.lock().unwrap());
    }
}

impl Bench for FakeBoard {
    fn open(&mut self, now: Millis) -> Box<dyn PowerMeter> {
        Box::new(BoardMeter::open(self.clone(), now).unwrap())
    }
    fn work(&mut self, span: Millis, load: f64) {
        self.set(|fake| {
            fake.mw = (50_000.0 + 450_000.0 * load) as u32;
            if !fake.frozen {
                fake.mj += f64::from(fake.mw) * span.seconds();
            }
        });
    }
}

#[test]
fn a_board_with_a_counter_conforms() {
    check_meter(&mut FakeBoard::new(Fake::default()));
}

#[test]
fn a_board_without_a_counter_conforms_by_integration() {
    let mut board = FakeBoard::new(Fake { no_counter: true, ..Fake::default() });
    assert_eq!(board.open(Millis(0)).method(), common::energy::Method::Integrated);
    check_meter(&mut board);
    board.set(|fake| fake.mw = 0);
    let error = BoardMeter::open(board.clone(), Millis(0)).unwrap_err();
    assert!(error.to_string().contains("reads 0 W"), "{error}");
}

#[test]
fn a_counter_that_freezes_or_falls_gives_way_to_power_readings() {
    type Fault = fn(&mut Fake);
    let faults: [Fault; 2] = [|fake| fake.frozen = true, |fake| fake.reset = true];
    for fault in faults {
        let mut board = FakeBoard::new(Fake::default());
        let mut meter = board.open(Millis(0));
        board.work(Millis(10_000), 0.0);
        assert!((meter.sample(Millis(10_000)).unwrap().0 - 500.0).abs() < 1e-6);
        assert_eq!(meter.method(), common::energy::Method::Counter);
        board.set(fault);
        board.work(Millis(10_000), 1.0);
        board.set(|fake| fake.no_power = true);
        let error = meter.sample(Millis(20_000)).unwrap_err();
        assert!(matches!(error, energy::Error::Stuck { .. }), "{error}");
        board.set(|fake| fake.no_power = false);
        assert!((meter.sample(Millis(20_000)).unwrap().0 - 5500.0).abs() < 1e-6);
        assert_eq!(meter.method(), common::energy::Method::Integrated);
        assert!(meter.describe().contains("power readings"), "{}", meter.describe());
    }
}

/// A suspended machine's counters may begin anew: that is no wrap of theirs, and no fault.
#[test]
fn a_counter_that_a_sleep_reset_is_no_wrap() {
    let (asleep, awake) = (Millis(3_600_000), Millis(3_610_000));
    let mut rapl = RaplBench::new();
    let mut meter = rapl.open(Millis(0));
    rapl.uj = [1, 1];
    rapl.show();
    meter.wake(asleep).unwrap();
    rapl.work(Millis(10_000), 0.0);
    // A quarter of two packages at 20 W.
    assert!((meter.sample(awake).unwrap().0 - 100.0).abs() < 1e-3);

    let mut board = FakeBoard::new(Fake::default());
    let mut meter = board.open(Millis(0));
    board.set(|fake| fake.mj = 5.0);
    meter.wake(asleep).unwrap();
    board.work(Millis(10_000), 0.0);
    assert!((meter.sample(awake).unwrap().0 - 500.0).abs() < 1e-3);
    assert_eq!(meter.method(), common::energy::Method::Counter);
}

#[test]
fn visible_boards_follow_cuda() {
    let board = |index| energy::nvml::BoardInfo {
        index,
        uuid: format!("GPU-{index}f3c"),
        name: "fake".into(),
        memory_mb: 0,
        power_limit: None,
        temperature_c: None,
        compute_capability: None,
        slices: 0,
        strangers: 0,
        near_cpus: Vec::new(),
    };
    let boards = [board(0), board(1), board(2)];
    let check = |list: Option<&str>, expected: &[u32]| {
        let found: Vec<_> = energy::nvml::visible(&boards, list).iter().map(|board| board.index).collect();
        assert_eq!(found, expected, "{list:?}");
    };
    check(None, &[0, 1, 2]);
    check(Some(""), &[]);
    check(Some("2, 0"), &[2, 0]);
    check(Some("GPU-1f"), &[1]);
    check(Some("0,-1,1"), &[0]);
    check(Some("MIG-GPU-1f3c/1/0"), &[]);
}
