//! Networks of DARTS' cells (Liu, Simonyan and Yang, ICLR 2019), after NASNet's (Zoph et al., CVPR 2018), alone or sharing
//! weights: each cell reads the two before it.

mod auxiliary;
mod cell;
mod operation;

use common::architecture::Architecture;
use common::space::Darts;
use common::space::darts::{NODES, Skeleton, Stem};
use tch::Tensor;

use super::Logits;
use super::layer::{ConvNorm, Linear, conv_norm};
use super::pass::{Pass, pool};
use super::weights::Layout;
use auxiliary::Auxiliary;
use cell::{Cell, Place};

/// Stem, cells, pooling, classifier.
#[derive(Debug)]
pub struct Cells {
    /// One convolution, or three that halve height and width each.
    stem: Vec<ConvNorm>,
    cells: Vec<Cell>,
    reductions: [u32; 2],
    classifier: Linear,
    auxiliary: Option<Auxiliary>,
}

impl Cells {
    /// With the operations of `architecture`, or with all of them.
    pub fn new(
        layout: &mut Layout,
        skeleton: &Skeleton,
        architecture: Option<&Architecture>,
        auxiliary_head: bool,
    ) -> Self {
        let cells = architecture.map(Darts::cells);
        let [planes, channels, classes] =
            [skeleton.input[0], skeleton.channels, skeleton.classes].map(i64::from);
        let (steps, stride) = match skeleton.stem {
            Stem::Cifar => (vec![[planes, 3 * channels]], 1),
            Stem::Imagenet => (vec![[planes, channels / 2], [channels / 2, channels], [channels; 2]], 2),
        };
        let name = |index: usize| format!("stem.{index}");
        let stem: Vec<ConvNorm> = steps
            .iter()
            .enumerate()
            .map(|(index, &step)| conv_norm(layout, &name(index), step, 3, stride))
            .collect();
        let opened = steps[steps.len() - 1][1];
        let mut place = Place {
            given: [opened; 2],
            elder_is_larger: skeleton.stem == Stem::Imagenet,
            channels,
            halves: false,
        };
        let reductions = skeleton.reductions();
        let mut before_head = 0;
        let cells = (0..skeleton.layers).map(|layer| {
            place.halves = reductions.contains(&layer);
            place.channels *= if place.halves { 2 } else { 1 };
            let chosen = cells.as_ref().map(|cells| &cells[usize::from(place.halves)]);
            let cell = Cell::new(layout, &format!("cells.{layer}"), place, chosen);
            let output = place.channels * NODES as i64;
            (place.given, place.elder_is_larger) = ([place.given[1], output], place.halves);
            if layer == reductions[1] {
                before_head = output;
            }
            cell
        });
        let cells = cells.collect();
        let classifier = Linear::new(layout, "classifier", place.given[1], classes);
        let auxiliary = auxiliary_head.then(|| Auxiliary::new(layout, before_head, classes));
        Self { stem, cells, reductions, classifier, auxiliary }
    }

    /// Numbers that one image is after the stem.
    pub fn numbers(&self, skeleton: &Skeleton) -> u32 {
        let [_, height, width] = skeleton.input;
        match skeleton.stem {
            Stem::Cifar => 4 * skeleton.channels * height * width,
            Stem::Imagenet => skeleton.channels * height * width / 8,
        }
    }

    /// Every edge that is not an identity is one.
    pub fn branches(&self) -> usize {
        2 * NODES * self.cells.len()
    }

    /// Logits of normalised `images` `[b, c, h, w]`; the auxiliary head's only where the pass `learns`.
    pub fn forward(&self, pass: &Pass, images: &Tensor, architecture: &Architecture, learns: bool) -> Logits {
        let paths = Darts::cells(architecture);
        let (mut elder, mut younger) = self.open(pass, images);
        let mut auxiliary = None;
        for (layer, cell) in (0..).zip(&self.cells) {
            let path = &paths[usize::from(self.reductions.contains(&layer))];
            let output = cell.forward(pass, path, &elder, &younger);
            (elder, younger) = (younger, output);
            if learns && layer == self.reductions[1] {
                auxiliary = self.auxiliary.as_ref().map(|head| head.forward(pass, &younger));
            }
        }
        Logits { main: pass.classify(&self.classifier, &pool(&younger)), auxiliary }
    }

    /// The first cell's inputs: the same twice, `[b, 3·channels, h, w]`, or the second and the third convolution's,
    /// `[b, channels, h / 4, w / 4]` and `[b, channels, h / 8, w / 8]`.
    fn open(&self, pass: &Pass, images: &Tensor) -> (Tensor, Tensor) {
        let (first, norm) = &self.stem[0];
        let mut x = pass.norm(norm, &pass.open(first, images));
        let [second, third] = &self.stem[1..] else { return (x.shallow_clone(), x) };
        let elder = pass.conv_norm(second, &x.relu_());
        let younger = pass.conv_norm(third, &elder.relu());
        (elder, younger)
    }
}

#[cfg(test)]
mod tests;
