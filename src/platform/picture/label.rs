//! A label as an outline, from a font that has the characters of the drawing and no others (`labels.txt`).

use tiny_skia::{Path, PathBuilder, Transform};
use ttf_parser::{Face, OutlineBuilder};

const FONT: &[u8] = include_bytes!("labels.otf");

/// A text on its line, which begins at 0.
pub struct Label {
    pub outline: Path,
    pub width: f32,
}

impl Label {
    /// The text in letters of this size; `None` where there is nothing to write, or the font lacks a character of it.
    pub fn of(text: &str, size: f32) -> Option<Self> {
        let face = Face::parse(FONT, 0).ok()?;
        let scale = size / f32::from(face.units_per_em());
        let mut outline = Outline(PathBuilder::new(), 0.0);
        for c in text.chars() {
            let glyph = face.glyph_index(c)?;
            face.outline_glyph(glyph, &mut outline);
            outline.1 += f32::from(face.glyph_hor_advance(glyph)?);
        }
        let Outline(path, width) = outline;
        // In fonts up is up.
        let outline = path.finish()?.transform(Transform::from_scale(scale, -scale))?;
        Some(Self { outline, width: width * scale })
    }
}

/// Outlines one behind the other, and where the next begins.
struct Outline(PathBuilder, f32);

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x + self.1, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x + self.1, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.0.quad_to(x1 + self.1, y1, x + self.1, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.0.cubic_to(x1 + self.1, y1, x2 + self.1, y2, x + self.1, y);
    }

    fn close(&mut self) {
        self.0.close();
    }
}
