//! A scene as a PNG picture. Letters come from a font of eight by eight dots, so that no font need be installed.

use anyhow::{Context, Result};
use font8x8::{BASIC_FONTS, UnicodeFonts};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};

use super::{Anchor, Colour, Scene, Shape};

const LETTER: f64 = 8.0;
/// Dots drawn a little larger than a pixel.
const DOT: f64 = 1.0;

pub fn encode(scene: &Scene) -> Result<Vec<u8>> {
    let mut canvas = Pixmap::new(scene.width as u32, scene.height as u32).context("the plot is too large")?;
    canvas.fill(Color::WHITE);
    for shape in &scene.shapes {
        match shape {
            Shape::Area { points, colour } => area(&mut canvas, points, *colour),
            Shape::Line { points, colour, width } => line(&mut canvas, points, *colour, *width),
            Shape::Text { at, anchor, text } => letters(&mut canvas, *at, *anchor, text),
        }
    }
    canvas.encode_png().context("the plot can't be encoded")
}

fn paint(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour[0], colour[1], colour[2], 255);
    paint
}

fn path(points: &[(f64, f64)], closed: bool) -> Option<tiny_skia::Path> {
    let mut path = PathBuilder::new();
    for (index, (x, y)) in points.iter().enumerate() {
        match index {
            0 => path.move_to(*x as f32, *y as f32),
            _ => path.line_to(*x as f32, *y as f32),
        }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn area(canvas: &mut Pixmap, points: &[(f64, f64)], colour: Colour) {
    if let Some(path) = path(points, true) {
        canvas.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
    }
}

fn line(canvas: &mut Pixmap, points: &[(f64, f64)], colour: Colour, width: f64) {
    if let Some(path) = path(points, false) {
        let stroke = Stroke { width: width as f32, ..Stroke::default() };
        canvas.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
    }
}

fn letters(canvas: &mut Pixmap, (x, y): (f64, f64), anchor: Anchor, text: &str) {
    let width = LETTER * text.chars().count() as f64;
    let left = match anchor {
        Anchor::Start => x,
        Anchor::Middle => x - width / 2.0,
        Anchor::End => x - width,
    };
    for (index, letter) in text.chars().enumerate() {
        let rows = BASIC_FONTS.get(letter).or_else(|| BASIC_FONTS.get('?')).unwrap_or_default();
        for (row, bits) in rows.iter().enumerate() {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                let (x, y) = (left + LETTER * index as f64 + f64::from(column), y - LETTER + row as f64);
                let dot = Rect::from_xywh(x.round() as f32, y.round() as f32, DOT as f32, DOT as f32);
                if let Some(dot) = dot {
                    canvas.fill_rect(dot, &paint(super::INK), Transform::identity(), None);
                }
            }
        }
    }
}
