//! Networks in one line that a person can read; see `Mobile::encode`.

use super::{Block, Mobile, STAGES, SqueezeExcite};
use crate::architecture::Architecture;

pub(super) fn write(space: &Mobile, architecture: &Architecture) -> String {
    let genes = architecture.genes();
    let design = space.design();
    let [width, resolution] =
        [design.widths[genes[0] as usize], f64::from(design.resolutions[genes[1] as usize])];
    let mut text = format!("w{width} r{resolution}");
    for stage in 0..STAGES {
        text.push_str(" |");
        let genes = &genes[space.stage(stage)];
        let depth = design.depths[genes[0] as usize] as usize;
        let blocks: Vec<&[u32]> = genes[1..].chunks_exact(space.genes_per_block()).collect();
        let told =
            blocks.iter().rposition(|genes| genes.iter().any(|&gene| gene > 0)).map_or(0, |last| last + 1);
        for (index, genes) in blocks[..told.max(depth)].iter().enumerate() {
            let block = name(space.block(stage, genes), design.squeeze_excite);
            text.push_str(&if index < depth { format!(" {block}") } else { format!(" ({block})") });
        }
    }
    text
}

fn name(block: Block, squeeze_excite: SqueezeExcite) -> String {
    let excited = squeeze_excite == SqueezeExcite::Free && block.squeeze_excite;
    format!("k{}e{}{}", block.kernel, block.expansion, if excited { "s" } else { "" })
}

pub(super) fn read(space: &Mobile, text: &str) -> Option<Architecture> {
    let design = space.design();
    let mut parts = text.split('|');
    let mut head = parts.next()?.split_whitespace();
    let width: f64 = head.next()?.strip_prefix('w')?.parse().ok()?;
    let resolution: u32 = head.next()?.strip_prefix('r')?.parse().ok()?;
    let mut genes = vec![place(&design.widths, &width)?, place(&design.resolutions, &resolution)?];
    for _ in 0..STAGES {
        genes.extend(stage(space, parts.next()?)?);
    }
    (head.next().is_none() && parts.next().is_none()).then(|| Architecture::new(genes))
}

/// The genes of a stage: its depth is the number of blocks without brackets, which come first.
fn stage(space: &Mobile, text: &str) -> Option<Vec<u32>> {
    let design = space.design();
    let blocks: Vec<&str> = text.split_whitespace().collect();
    let depth = blocks.iter().take_while(|block| !block.starts_with('(')).count();
    let mut genes = vec![place(&design.depths, &u32::try_from(depth).ok()?)?];
    for (index, name) in blocks.iter().enumerate() {
        let name = if index < depth { name } else { name.strip_prefix('(')?.strip_suffix(')')? };
        genes.extend(block(space, name)?);
    }
    let length = space.stage(0).len();
    if genes.len() > length {
        return None;
    }
    genes.resize(length, 0);
    Some(genes)
}

fn block(space: &Mobile, name: &str) -> Option<Vec<u32>> {
    let design = space.design();
    let free = design.squeeze_excite == SqueezeExcite::Free;
    let (name, excited) = match name.strip_suffix('s') {
        Some(name) if free => (name, true),
        _ => (name, false),
    };
    let (kernel, expansion) = name.strip_prefix('k')?.split_once('e')?;
    let mut genes = vec![
        place(&design.kernels, &kernel.parse().ok()?)?,
        place(&design.expansions, &expansion.parse().ok()?)?,
    ];
    genes.extend(free.then_some(u32::from(excited)));
    Some(genes)
}

/// The gene of `value`: its place among the options.
fn place<T: PartialEq>(options: &[T], value: &T) -> Option<u32> {
    options.iter().position(|option| option == value).map(|place| place as u32)
}
