//! Training, as far as a test has time: both forward passes agree, steps change the network, and an interruption loses nothing.
#![cfg(feature = "torch")]

mod support;

use agent::Study;
use agent::ppo::{Actor, Jury, Options, Trainer, sets};
use allocation::agent::{INPUTS, Network, Observation, price};
use common::seed::Seed;
use support::{HOURS, START, grid, scenario};

const MOST_ZONES: usize = 4;

fn options() -> Options {
    Options { seed: Seed(2), updates: 4, worlds: 16, steps: 16, judges: 6, ..Options::default() }
}

#[test]
fn both_forward_passes_agree() {
    let grids = [grid("A", 1), grid("B", 2), grid("C", 3)];
    let actor = Actor::new(Seed(9));
    let network = actor.network();
    for zones in 1..=grids.len() {
        let fleet = (0..zones).map(|place| (place, 3 + place as u32)).collect();
        let study = Study::new(&grids, scenario(fleet, 2_000.0, &mut Seed(1).stream("agree", zones as u64)));
        let observation = Observation::of(&study.situation(), price(0.5)).unwrap();
        let (mut rows, mut mask) = (vec![0.0; MOST_ZONES * INPUTS], vec![0.0; MOST_ZONES]);
        for (zone, row) in observation.rows.iter().enumerate() {
            mask[zone] = 1.0;
            row.iter().enumerate().for_each(|(place, value)| rows[zone * INPUTS + place] = *value as f32);
        }
        let tensors = actor.forward(&sets(&rows, &mask));
        for (zone, said) in network.forward(&observation).iter().enumerate() {
            for (output, value) in said.iter().enumerate() {
                let tensor = tensors.double_value(&[0, zone as i64, output as i64]);
                assert!((tensor - value).abs() < 1e-5, "{zones} zones: {tensor} and {value}");
            }
        }
    }
}

#[test]
fn training_changes_the_network_and_goes_on_where_it_stopped() {
    let grids = [grid("A", 1), grid("B", 2)];
    // Short studies only reach so far: the made-up grids are forecast for one long one.
    let span = START..START.plus(HOURS as i64 + 1);
    let mut trainer = Trainer::new(&grids, span.clone(), options(), None);
    let before = trainer.network();
    let lesson = trainer.update();
    assert!(lesson.critic_loss.is_finite() && lesson.hours == 256);
    assert_ne!(trainer.network(), before);
    let mut twin = Trainer::new(&grids, span.clone(), options(), None);
    twin.update();
    assert_eq!(twin.network(), trainer.network(), "one seed, one training");
    let kept = Network::from_bytes(&trainer.network().to_bytes()).unwrap();
    let mut later = Trainer::new(&grids, span.clone(), options(), Some((kept.clone(), trainer.spread(), 1)));
    assert_eq!((later.updates(), later.network()), (1, kept));
    later.update();
    let verdict = Jury::new(&grids, &span, &options()).judge(&later.network());
    assert!(verdict.agent.is_finite() && verdict.unlearnt.is_finite());
}
