//! Networks in one line that a person can read; see `Mobile::encode`.

use std::fmt::{self, Write as _};

use super::{Mobile, STAGES, SqueezeExcite};
use crate::architecture::Architecture;

/// Bytes of a line: five stages of four blocks.
const TYPICAL: usize = 160;

pub(super) fn write(space: &Mobile, architecture: &Architecture) -> String {
    let mut text = String::with_capacity(TYPICAL);
    // A string takes whatever is written.
    let _ = write_to(&mut text, space, architecture);
    text
}

fn write_to(text: &mut String, space: &Mobile, architecture: &Architecture) -> fmt::Result {
    let genes = architecture.genes();
    let design = space.design();
    let [width, resolution] =
        [design.widths[genes[0] as usize], f64::from(design.resolutions[genes[1] as usize])];
    write!(text, "w{width} r{resolution}")?;
    for stage in 0..STAGES {
        text.push_str(" |");
        let genes = &genes[space.stage(stage)];
        let depth = design.depths[genes[0] as usize] as usize;
        let blocks = || genes[1..].chunks_exact(space.genes_per_block());
        let told = blocks().rposition(|genes| genes.iter().any(|&gene| gene > 0)).map_or(0, |last| last + 1);
        for (index, genes) in blocks().take(told.max(depth)).enumerate() {
            let block = space.block(stage, genes);
            let excited = design.squeeze_excite == SqueezeExcite::Free && block.squeeze_excite;
            let (open, close) = if index < depth { ("", "") } else { ("(", ")") };
            let mark = if excited { "s" } else { "" };
            write!(text, " {open}k{}e{}{mark}{close}", block.kernel, block.expansion)?;
        }
    }
    Ok(())
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
