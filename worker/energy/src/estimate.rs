//! An estimate from utilisation and rated power, for machines without a meter; every measurement of it is marked so.
//!
//! A slot of `c` of the machine's `n` logical processors, over a span `t` in which it used `s` CPU seconds:
//!
//! `E = c/n · (P_idle + (P_full − P_idle) · u) · t`, with utilisation `u = s / (c · t)`, that is
//! `E = P_idle · t · c/n + (P_full − P_idle) · s/n`
//!
//! The second form needs no utilisation, so a span of no length or a coarse clock can't spoil it, and a slot that uses
//! more than its cores pays for them. Linear in utilisation as in Fan, Weber, Barroso (2007), "Power provisioning for a
//! warehouse-sized computer".

use common::energy::Method;
use common::time::Millis;
use common::unit::{Joules, Seconds, Watts};

use crate::clock::CpuClock;
use crate::cpu::Rating;
use crate::error::Error;
use crate::meter::PowerMeter;

/// Utilisation times rated power, for one slot.
pub struct Estimate {
    clock: Box<dyn CpuClock>,
    /// Drawn by the slot's share of the machine at rest.
    idle: Watts,
    /// Drawn in addition by each processor in use.
    busy_per_cpu: Watts,
    words: String,
    latest: Millis,
    used: Seconds,
    total: Joules,
}

impl Estimate {
    /// A slot of `cores` of a machine of `cpus` logical processors that is rated as a whole.
    pub fn open(
        rating: &Rating,
        cores: f64,
        cpus: u32,
        mut clock: Box<dyn CpuClock>,
        now: Millis,
    ) -> Result<Self, Error> {
        let share = (cores / f64::from(cpus)).min(1.0);
        let idle = rating.idle * share;
        let full = rating.full * share;
        let words = format!("utilisation × TDP, {:.1}–{full:.1} ({})", idle.0, rating.source);
        let used = clock.used(now)?;
        let busy_per_cpu = (rating.full - rating.idle) * (1.0 / f64::from(cpus));
        Ok(Self { clock, idle, busy_per_cpu, words, latest: now, used, total: Joules::ZERO })
    }
}

impl PowerMeter for Estimate {
    fn describe(&self) -> String {
        self.words.clone()
    }

    fn method(&self) -> Method {
        Method::Estimated
    }

    fn sample(&mut self, now: Millis) -> Result<Joules, Error> {
        let now = now.max(self.latest);
        let used = self.clock.used(now)?.max(self.used);
        let span = Seconds((now.0 - self.latest.0) as f64 / 1000.0);
        self.total += self.idle.over(span) + self.busy_per_cpu.over(used - self.used);
        (self.latest, self.used) = (now, used);
        Ok(self.total)
    }

    fn wake(&mut self, now: Millis) -> Result<(), Error> {
        let now = now.max(self.latest);
        (self.used, self.latest) = (self.clock.used(now)?.max(self.used), now);
        Ok(())
    }

    fn set_busy(&mut self, now: Millis, busy: bool) {
        self.clock.set_busy(now, busy);
    }
}

impl std::fmt::Debug for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Estimate")
            .field("words", &self.words)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}
