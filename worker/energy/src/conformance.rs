//! What every `PowerMeter` must do. A new meter brings a `Bench` that makes its instrument work, and passes.

use common::time::Millis;
use common::unit::{Joules, Watts};

use crate::meter::PowerMeter;

/// The metered thing, under control.
pub trait Bench {
    /// A fresh meter, opened at `now`.
    fn open(&mut self, now: Millis) -> Box<dyn PowerMeter>;
    /// Lets the thing work for `span` at `load`, in [0, 1].
    fn work(&mut self, span: Millis, load: f64);
}

/// # Panics
/// When the meter breaks a rule, which it names.
pub fn check_meter(bench: &mut dyn Bench) {
    let mut now = Millis(1_000_000);
    let mut meter = bench.open(now);
    assert!(!meter.describe().is_empty(), "a meter has a name");
    let opened = meter.sample(now).expect("a fresh meter answers");
    assert_eq!(opened, Joules::ZERO, "the total counts from the opening");

    let mut last = opened;
    let mut sample = |meter: &mut dyn PowerMeter, now: Millis| {
        let total = meter.sample(now).expect("a healthy instrument answers");
        assert!(total.is_finite() && total >= last, "the total never falls: {last} then {total}");
        let gained = total - last;
        last = total;
        gained
    };
    let mut run = |span: Millis, load: f64| {
        bench.work(span, load);
        now = Millis(now.0 + span.0);
        sample(meter.as_mut(), now)
    };

    let minute = Millis(60_000);
    let idle = run(minute, 0.0);
    assert!(idle > Joules::ZERO, "a powered device at rest draws something");
    let half = run(minute, 0.5);
    let busy = run(minute, 1.0);
    assert!(idle < half && half < busy, "work costs: {idle}, {half}, {busy}");
    assert!(busy < Watts(10_000.0).over(common::unit::Seconds(60.0)), "within what a slot can draw: {busy}");

    // A steady minute in unequal pieces, some of no length, costs about the same as at once. (The minute before held a
    // jump of the load, which an integrating meter smears.)
    let steady = run(minute, 1.0);
    let pieces: Joules =
        [1, 0, 999, 9_000, 20_000, 0, 30_000].map(|span_ms| run(Millis(span_ms), 1.0)).into_iter().sum();
    assert!((pieces.0 / steady.0 - 1.0).abs() < 0.05, "{pieces} in pieces, {steady} at once");

    // A clock that steps back must not take joules back, nor count the span twice.
    let back = sample(meter.as_mut(), Millis(now.0 - 30_000));
    let again = sample(meter.as_mut(), now);
    assert!(back + again < busy * 0.05, "nothing happened, {back} and {again} were booked");

    // The machine sleeps for a day: whatever the instrument makes of it, nothing is booked, and all goes on as before.
    let mut pass = |span: Millis| {
        bench.work(span, 1.0);
        now = Millis(now.0 + span.0);
        now
    };
    let woken = pass(Millis(24 * 3_600_000));
    meter.wake(woken).expect("a healthy instrument begins anew");
    let asleep = sample(meter.as_mut(), woken);
    assert_eq!(asleep, Joules::ZERO, "booked for a sleep");
    let awake = sample(meter.as_mut(), pass(minute));
    assert!((awake.0 / steady.0 - 1.0).abs() < 0.05, "{awake} after a sleep, {steady} before");
}
