//! A scene as an HTML page with one SVG drawing, complete in itself.

use std::fmt::Write;

use super::{Anchor, Colour, Scene, Shape};

pub fn page(scene: &Scene) -> String {
    let mut body = String::new();
    for shape in &scene.shapes {
        // Writing into a string can't fail.
        let _ = match shape {
            Shape::Area { points, colour } => {
                writeln!(body, "<polygon points=\"{}\" fill=\"{}\"/>", list(points), hex(*colour))
            }
            Shape::Line { points, colour, width } => writeln!(
                body,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"/>",
                list(points),
                hex(*colour)
            ),
            Shape::Text { at: (x, y), anchor, text } => writeln!(
                body,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{}\">{}</text>",
                word(*anchor),
                escaped(text)
            ),
        };
    }
    let (title, width, height) = (escaped(&scene.title), scene.width, scene.height);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"margin:0;background:#fff\"><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"100%\" font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n{body}</svg></body></html>\n"
    )
}

fn list(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn word(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_not_break_out() {
        let shapes = vec![Shape::Text { at: (1.0, 2.0), anchor: Anchor::End, text: "<script>&".into() }];
        let page = page(&Scene { title: "a <b>".into(), width: 10.0, height: 5.0, shapes });
        assert!(page.contains("text-anchor=\"end\">&lt;script&gt;&amp;</text>"), "{page}");
        assert!(page.contains("<title>a &lt;b&gt;</title>"), "{page}");
    }
}
