//! What a machine's processors draw at full load and at rest: from the settings, a table of models, or an average.
//!
//! A virtual machine has a few of a processor's threads; it is rated by their share of the package.

use std::fs;

use common::unit::Watts;

use crate::error::Error;

/// The processors of a machine, as the operating system names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// None where the kernel doesn't tell (most ARM machines).
    pub model: Option<String>,
    /// Logical processors.
    pub cpus: u32,
}

/// Of a whole machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    pub full: Watts,
    pub idle: Watts,
    /// Where the figures come from, in words.
    pub source: String,
}

/// Watts a logical processor draws at full load when its model is unknown: the average over a large cloud's servers in
/// the coefficients of Cloud Carbon Footprint (3.5 W; 0.74 W at rest).
const AVERAGE_W_PER_CPU: f64 = 3.5;
/// Power at rest as a share of full load, from the same coefficients.
const IDLE_SHARE: f64 = 0.74 / 3.5;

impl Machine {
    /// This one.
    pub fn here() -> Result<Self, Error> {
        let text = fs::read_to_string("/proc/cpuinfo")
            .map_err(|error| Error::Unavailable { meter: "/proc/cpuinfo", reason: error.to_string() })?;
        Ok(Self::parse(&text))
    }

    /// From the text of `/proc/cpuinfo`.
    pub fn parse(text: &str) -> Self {
        let field = |line: &str, name: &str| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        };
        Self {
            model: text.lines().find_map(|line| field(line, "model name")).filter(|model| !model.is_empty()),
            cpus: text.lines().filter(|line| field(line, "processor").is_some()).count().max(1) as u32,
        }
    }

    /// `full` and `idle` as the user sets them, if at all.
    pub fn rating(&self, full: Option<Watts>, idle: Option<Watts>) -> Result<Rating, Error> {
        for (setting, value) in [("worker.tdp_w", full), ("worker.idle_w", idle)] {
            if let Some(value) = value.filter(|value| !value.is_finite() || *value <= Watts::ZERO) {
                let cure = "watts are above 0; \"auto\" takes this machine's usual figure";
                return Err(Error::Setting { setting, value: value.0.to_string(), cure });
            }
        }
        let (found, source) = match full {
            Some(full) => (full, "as configured".to_owned()),
            None => self.usual(),
        };
        let rest = idle.unwrap_or(found * IDLE_SHARE);
        if rest > found {
            let cure = "at rest a processor draws no more than at full load: lower idle_w or raise tdp_w";
            return Err(Error::Setting { setting: "worker.idle_w", value: rest.0.to_string(), cure });
        }
        Ok(Rating { full: found, idle: rest, source })
    }

    fn usual(&self) -> (Watts, String) {
        let cpus = f64::from(self.cpus);
        let model = self.model.as_deref().unwrap_or("unnamed processor");
        let words: Vec<&str> = model.split_whitespace().collect();
        let known = MODELS.iter().find(|(name, ..)| {
            let name: Vec<&str> = name.split(' ').collect();
            words.windows(name.len()).any(|window| window == name)
        });
        match known {
            Some(&(name, package_w, threads)) => {
                let full = Watts(package_w * cpus / f64::from(threads));
                (full, format!("{cpus} CPUs of {name}, {package_w} W for {threads}"))
            }
            None => (
                Watts(AVERAGE_W_PER_CPU * cpus),
                format!("{AVERAGE_W_PER_CPU} W per CPU assumed, since no TDP is known of {model:?}"),
            ),
        }
    }
}

/// Consecutive words of the model name; thermal design power of a package in watts; its threads. From the makers' pages.
const MODELS: &[(&str, f64, u32)] = &[
    ("EPYC 7402", 180.0, 48),
    ("EPYC 7502", 180.0, 64),
    ("EPYC 7543", 225.0, 64),
    ("EPYC 7713", 225.0, 128),
    ("EPYC 7742", 225.0, 128),
    ("EPYC 7763", 280.0, 128),
    ("EPYC 9354", 280.0, 64),
    ("EPYC 9554", 360.0, 128),
    ("EPYC 9654", 360.0, 192),
    ("EPYC 9755", 500.0, 256),
    ("EPYC 9965", 500.0, 384),
    ("Platinum 8168", 205.0, 48),
    ("Platinum 8280", 205.0, 56),
    ("Platinum 8358", 250.0, 64),
    ("Platinum 8380", 270.0, 80),
    ("Platinum 8480+", 350.0, 112),
    ("Gold 6148", 150.0, 40),
    ("Gold 6248", 150.0, 40),
    ("Gold 6338", 205.0, 64),
    ("Silver 4214", 85.0, 24),
    ("E5-2650 v4", 105.0, 24),
    ("E5-2680 v4", 120.0, 28),
    ("E5-2690 v4", 135.0, 28),
    ("E5-2699 v4", 145.0, 44),
    ("Threadripper 3970X", 280.0, 64),
    ("Threadripper 3990X", 280.0, 128),
    ("Ryzen 9 3950X", 105.0, 32),
    ("Ryzen 9 5900X", 105.0, 24),
    ("Ryzen 9 5950X", 105.0, 32),
    ("Ryzen 9 7950X", 170.0, 32),
    ("Ryzen 7 5800X", 105.0, 16),
    ("Ryzen 5 5600X", 65.0, 12),
    ("i9-13900K", 125.0, 32),
    ("i9-12900K", 125.0, 24),
    ("i9-9900K", 95.0, 16),
    ("i7-12700", 65.0, 20),
    ("i7-10700", 65.0, 16),
    ("i7-9700K", 95.0, 8),
    ("i7-8700", 65.0, 12),
    ("i7-8550U", 15.0, 8),
    ("i5-8250U", 15.0, 8),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(model: &str, cpus: u32) -> Machine {
        Machine { model: Some(model.into()), cpus }
    }

    #[test]
    fn the_kernel_s_list_is_read() {
        let text = "processor\t: 0\nmodel name\t: AMD EPYC 7763 64-Core Processor\n\nprocessor\t: 1\nmodel name\t: x\n";
        assert_eq!(Machine::parse(text), machine("AMD EPYC 7763 64-Core Processor", 2));
        assert_eq!(Machine::parse("processor : 0\nCPU part : 0xd0c\n"), Machine { model: None, cpus: 1 });
        assert_eq!(Machine::parse(""), Machine { model: None, cpus: 1 });
    }

    #[test]
    fn a_share_of_a_known_package_is_a_share_of_its_power() {
        let check = |model: &str, cpus: u32, expected: f64| {
            let rating = machine(model, cpus).rating(None, None).unwrap();
            assert!((rating.full.0 - expected).abs() < 1e-9, "{model}: {rating:?}");
            assert!(rating.idle > Watts::ZERO && rating.idle < rating.full);
        };
        check("AMD EPYC 7763 64-Core Processor", 4, 8.75);
        check("AMD EPYC 7763 64-Core Processor", 256, 560.0); // two packages
        check("Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz", 12, 65.0);
        check("Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz", 12, 42.0); // another model, not in the table
        check("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", 28, 120.0);
        check("AMD EPYC", 2, 7.0);
    }

    #[test]
    fn settings_win_and_are_checked() {
        let here = machine("AMD EPYC", 2);
        let rating = here.rating(Some(Watts(65.0)), Some(Watts(10.0))).unwrap();
        assert_eq!((rating.full, rating.idle), (Watts(65.0), Watts(10.0)));
        for (full, idle) in
            [(Some(0.0), None), (Some(f64::NAN), None), (None, Some(-1.0)), (Some(5.0), Some(6.0))]
        {
            let error = here.rating(full.map(Watts), idle.map(Watts)).unwrap_err();
            assert!(matches!(error, Error::Setting { .. }), "{error}");
        }
    }
}
