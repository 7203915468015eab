//! Pictures: shapes decided once, put on paper as PNG or as an HTML page.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `axis` | round numbers, and dates |
//! | `png`, `svg` | the two kinds of paper |
//!
//! What is drawn is decided where it is known: beside the commands that draw.

pub mod axis;
mod png;
mod svg;

use std::path::Path;

use anyhow::{Context, Result};
use coordinator::command::Usage;
use coordinator::directory::write_whole;

pub type Colour = [u8; 3];
pub const INK: Colour = [34, 34, 34];
pub const FAINT: Colour = [222, 222, 222];

/// In pixels from the upper left corner.
#[derive(Debug)]
pub enum Shape {
    Area {
        points: Vec<(f64, f64)>,
        colour: Colour,
    },
    Line {
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
    },
    /// `at` is the left, middle or right end of its base line.
    Text {
        at: (f64, f64),
        anchor: Anchor,
        text: String,
    },
}

#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Debug)]
pub struct Scene {
    pub title: String,
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

/// By the file's ending: PNG, or HTML with the drawing inside.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    Html,
    Png,
}

impl Format {
    pub fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase).as_deref() {
            Some("html" | "htm") => Ok(Self::Html),
            Some("png") => Ok(Self::Png),
            _ => {
                Err(Usage(format!("--plot {}: name a file that ends in .png or .html", path.display()))
                    .into())
            }
        }
    }
}

pub fn write(path: &Path, format: Format, scene: &Scene) -> Result<()> {
    let bytes = match format {
        Format::Html => svg::page(scene).into_bytes(),
        Format::Png => png::encode(scene)?,
    };
    write_whole(path, &bytes).with_context(|| format!("{} can't be written", path.display()))
}
