//! The choice of meters, on whatever machine the test runs.

use std::path::PathBuf;

use common::config::MeterChoice;
use common::energy::Method;
use common::id::SlotId;
use common::time::Millis;
use common::unit::Watts;
use energy::cpu::Machine;
use energy::{Device, Error, Options, SlotDevice, detect};

fn options(devices: &[Device]) -> Options {
    let slots =
        devices.iter().zip(0..).map(|(&device, slot)| SlotDevice { slot: SlotId(slot), device }).collect();
    Options {
        powercap: PathBuf::from("/nowhere"),
        machine: Machine { model: Some("AMD EPYC 7763 64-Core Processor".into()), cpus: 128 },
        ..Options::here(slots).unwrap()
    }
}

#[test]
fn without_counters_the_estimate_is_taken_and_says_why() {
    let options = options(&[Device::Cpu { cores: 32.0 }, Device::Cpu { cores: 32.0 }]);
    let mut meters = detect(&options, Millis(0)).unwrap();
    assert_eq!(meters.len(), 2);
    for meter in &mut meters {
        assert_eq!(meter.meter.method(), Method::Estimated);
        assert!(meter.meter.describe().contains("EPYC 7763, 280 W for 128"), "{}", meter.meter.describe());
        assert!(matches!(meter.shortfall, Some(Error::Unavailable { .. })));
        // At least a quarter of the machine at rest.
        let at_rest = 280.0 * 0.74 / 3.5 / 4.0 * 10.0;
        assert!(meter.meter.sample(Millis(10_000)).unwrap().0 > at_rest * 0.999);
    }
}

#[test]
fn a_choice_is_kept_to_or_refused() {
    let cpu = [Device::Cpu { cores: 1.0 }];
    let gpu = [Device::Gpu { index: 0 }];
    let chosen = |devices: &[Device], meter, tdp: Option<f64>| {
        detect(&Options { meter, tdp: tdp.map(Watts), ..options(devices) }, Millis(0))
    };
    assert!(chosen(&cpu, MeterChoice::Estimate, None).unwrap()[0].shortfall.is_none());
    assert!(matches!(chosen(&cpu, MeterChoice::Rapl, None), Err(Error::Unavailable { .. })));
    assert!(matches!(chosen(&cpu, MeterChoice::Nvml, None), Err(Error::Setting { .. })));
    assert!(matches!(chosen(&gpu, MeterChoice::Rapl, None), Err(Error::Setting { .. })));
    assert!(matches!(chosen(&gpu, MeterChoice::Estimate, None), Err(Error::Setting { .. })));
    assert!(matches!(chosen(&cpu, MeterChoice::Estimate, Some(-5.0)), Err(Error::Setting { .. })));
    let none = [Device::Cpu { cores: 0.0 }];
    assert!(matches!(chosen(&none, MeterChoice::Auto, None), Err(Error::Setting { .. })));
}

#[test]
fn an_estimated_board_draws_its_rating_while_it_is_held() {
    let options = Options {
        meter: MeterChoice::Estimate,
        tdp: Some(Watts(300.0)),
        idle: Some(Watts(30.0)),
        ..options(&[Device::Gpu { index: 0 }])
    };
    let mut meter = detect(&options, Millis(0)).unwrap().remove(0).meter;
    assert!((meter.sample(Millis(1_000)).unwrap().0 - 30.0).abs() < 1e-9);
    meter.set_busy(Millis(2_000), true);
    assert!((meter.sample(Millis(3_000)).unwrap().0 - 360.0).abs() < 1e-9);
}

/// With a board in the machine its meter is tried for good; without one, the refusal must be clear.
#[test]
fn a_gpu_slot_gets_a_real_meter_or_a_clear_refusal() {
    match detect(&options(&[Device::Gpu { index: 0 }]), Millis(0)) {
        Ok(mut meters) => {
            let meter = &mut meters[0].meter;
            assert!(matches!(meter.method(), Method::Counter | Method::Integrated), "{}", meter.describe());
            assert!(meter.sample(Millis(1)).unwrap().0 >= 0.0);
        }
        Err(error) => {
            println!("skipped: {error}");
            assert!(error.to_string().contains("NVML meter"), "{error}");
        }
    }
}
