//! The space against its promises and the published networks' counts.

use super::count::Tally;
use super::*;
use crate::seed::Seed;
use crate::space::check_space;

fn once_for_all() -> Design {
    Design {
        widths: vec![1.0, 1.2],
        depths: vec![2, 3, 4],
        kernels: vec![3, 5, 7],
        expansions: vec![3, 4, 6],
        squeeze_excite: SqueezeExcite::Published,
        resolutions: vec![160, 192, 224, 236],
        planes: 3,
        classes: 1000,
    }
}

fn free() -> Design {
    Design { squeeze_excite: SqueezeExcite::Free, widths: vec![0.35, 0.5, 1.0], ..once_for_all() }
}

#[test]
fn keeps_the_promises_of_a_space() {
    check_space(&Mobile::new(once_for_all()), 300);
    check_space(&Mobile::new(free()), 300);
    let fixed = Design { depths: vec![3], kernels: vec![3], resolutions: vec![32], ..once_for_all() };
    check_space(&Mobile::new(fixed), 50);
}

/// The subnet "flops@595M_top1@80.0_finetune@75", with its image of 236 × 236: exactly what Once-for-All's program counts.
#[test]
fn counts_of_a_published_subnet() {
    let space = Mobile::new(once_for_all());
    let text = "w1.2 r236 | k3e3 k5e4 k3e3 | k5e4 k5e4 k3e6 k5e3 | k7e6 k5e6 k3e3 k5e4 | k3e6 k5e6 k7e6 k3e4 | \
                k3e6 k3e6 k5e6 k3e3";
    let architecture = space.decode(text).unwrap();
    assert_eq!(space.encode(&architecture), text);
    let cost = space.cost(&architecture).unwrap();
    assert_eq!((cost.parameters, cost.flops), (9_135_928, 595_189_032));
    let smaller = space.decode(&text.replace("r236", "r224")).unwrap();
    assert_eq!(space.cost(&smaller).unwrap(), Cost { parameters: 9_135_928, flops: 512_861_680 });
}

/// MobileNetV3-Large itself is not in the space: its blocks have 4, 2.5 and 2.3 times the channels, and two or three of them
/// a stage. The same tally counts it. A layer behind the pooling with a bias, as some programs have it, has 1,280 parameters
/// more (5,483,032); the multiply-accumulates are the same.
#[test]
fn counts_of_mobilenet_v3_large() {
    let mut tally = Tally::open(3, 224, 16);
    tally.block(3, 16, false, 1, 16);
    for (kernel, inner, squeeze_excite, stride, outer) in [
        (3, 64, false, 2, 24),
        (3, 72, false, 1, 24),
        (5, 72, true, 2, 40),
        (5, 120, true, 1, 40),
        (5, 120, true, 1, 40),
        (3, 240, false, 2, 80),
        (3, 200, false, 1, 80),
        (3, 184, false, 1, 80),
        (3, 184, false, 1, 80),
        (3, 480, true, 1, 112),
        (3, 672, true, 1, 112),
        (5, 672, true, 2, 160),
        (5, 960, true, 1, 160),
        (5, 960, true, 1, 160),
    ] {
        tally.block(kernel, inner, squeeze_excite, stride, outer);
    }
    let cost = tally.close([960, 1280], 1000);
    assert_eq!((cost.parameters, cost.flops), (5_481_752, 216_589_760));
}

#[test]
fn channels_are_multiples_of_eight() {
    let rounded = [16.0, 19.2, 20.0, 5.6, 134.4, 11.0].map(count::divisible);
    assert_eq!(rounded, [16, 24, 24, 8, 136, 16], "never more than a tenth below");
}

#[test]
fn blocks_beyond_the_depth_change_nothing() {
    let space = Mobile::new(free());
    let shallow = "w0.5 r192 | k3e3 k5e4s | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k7e6s";
    let with_rest = "w0.5 r192 | k3e3 k5e4s (k7e6s) (k3e4) | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 (k3e3) (k3e3s) | k3e3 k7e6s";
    let (shallow, with_rest) = (space.decode(shallow).unwrap(), space.decode(with_rest).unwrap());
    assert_ne!(shallow, with_rest);
    assert_eq!(space.canonical(&with_rest), shallow);
    let inactive = space.active(&with_rest).iter().filter(|active| !**active).count();
    assert_eq!(inactive, 5 * 2 * 3, "two of four blocks in each stage, three genes each");
    assert_eq!(space.network(&shallow), space.network(&with_rest));
    for wrong in [
        "w0.5 r192 | k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k7e6s",
        "w0.6 r192 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k7e6s",
        "w0.5 r192 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3",
        "w0.5 r192 | k3e3 k3e3 k3e3 k3e3 (k3e3) | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3",
        "w0.5 r192 | k3e3 k3e3 (k3e3) k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3",
        "w0.5 r192 | k3e3 k9e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3 | k3e3 k3e3",
    ] {
        assert!(space.decode(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn larger_options_never_cost_less() {
    let space = Mobile::new(free());
    for index in 0..50 {
        let some = space.random(&mut Seed(2).stream("mobile", index));
        let cost = space.cost(&some).unwrap();
        for larger in space.neighbours(&some) {
            if larger.genes().iter().zip(some.genes()).all(|(a, b)| a >= b) {
                let more = space.cost(&larger).unwrap();
                assert!(more.flops >= cost.flops && more.parameters >= cost.parameters);
            }
        }
    }
}

#[test]
fn designs_that_no_network_has_are_refused() {
    let fault = |design: Design| design.fault().map(|(setting, _)| setting);
    let base = once_for_all;
    assert_eq!(fault(base()), None);
    assert_eq!(fault(Design { depths: vec![], ..base() }), Some("depths"));
    assert_eq!(fault(Design { depths: vec![0, 1], ..base() }), Some("depths"));
    assert_eq!(fault(Design { kernels: vec![5, 3], ..base() }), Some("kernels"));
    assert_eq!(fault(Design { kernels: vec![3, 4], ..base() }), Some("kernels"));
    assert_eq!(fault(Design { widths: vec![f64::NAN], ..base() }), Some("widths"));
    assert_eq!(fault(Design { classes: 0, ..base() }), Some("classes"));
    let text = serde_json::to_string(&base()).unwrap();
    assert_eq!(serde_json::from_str::<Design>(&text).unwrap(), base());
    assert!(serde_json::from_str::<Design>(&text.replace("[2,3,4]", "[]")).is_err());
}
