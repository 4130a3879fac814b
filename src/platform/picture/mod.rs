//! A [`Chart`] as a PNG, for platforms that draw none themselves.
//!
//! Its labels are drawn from a font of a few characters, so that they are right on a machine without any. What has
//! others, a customer's name for instance, stands in the message's words.

mod label;

use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform};

use crate::chat::Chart;

/// In units of its own: as wide as a phone shows it.
const WIDTH: f32 = 400.0;
const HEIGHT: f32 = 225.0;
/// Pixels of a unit.
const SCALE: f32 = 2.0;
/// Room around the plot.
const LEFT: f32 = 36.0;
const RIGHT: f32 = 14.0;
const TOP: f32 = 48.0;
const BOTTOM: f32 = 30.0;
/// Units of a letter's height.
const TITLE: f32 = 15.0;
const VALUE: f32 = 14.0;
const AXIS: f32 = 11.0;

/// The colours of the report on paper.
const PAPER: [u8; 3] = [0xff, 0xff, 0xff];
const RED: [u8; 3] = [0xfd, 0xea, 0xea];
const YELLOW: [u8; 3] = [0xff, 0xf6, 0xdf];
const GREEN: [u8; 3] = [0xe9, 0xf9, 0xef];
const LINE: [u8; 3] = [0x25, 0x63, 0xeb];
const INK: [u8; 3] = [0x1f, 0x29, 0x37];
const SOFT: [u8; 3] = [0x6b, 0x72, 0x80];

/// The picture; `None` of a chart without points.
pub fn png(chart: &Chart) -> Option<Vec<u8>> {
    drawn(chart, SCALE)?.encode_png().ok()
}

fn drawn(chart: &Chart, scale: f32) -> Option<Pixmap> {
    if chart.points.is_empty() || chart.most == 0 {
        return None;
    }
    let mut pixmap = Pixmap::new(pixels(WIDTH * scale), pixels(HEIGHT * scale))?;
    pixmap.fill(colour(PAPER));
    let mut sheet = Sheet { pixmap, scale };
    sheet.bands(chart);
    sheet.label(&chart.title, LEFT, 20.0, TITLE, INK, Anchor::Start);
    sheet.trend(chart);
    Some(sheet.pixmap)
}

/// A length as whole pixels.
fn pixels(length: f32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some hundreds, all positive"
    )]
    let pixels = length.round() as u32;
    pixels
}

fn colour([red, green, blue]: [u8; 3]) -> Color {
    Color::from_rgba8(red, green, blue, 0xff)
}

/// Which end of a label stands at its place.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

struct Sheet {
    pixmap: Pixmap,
    scale: f32,
}

impl Sheet {
    /// The bands from the lower end up, their bounds on the axis, and the name of each.
    fn bands(&mut self, chart: &Chart) {
        let (yellow, green) = chart.bands.unwrap_or((0, 0));
        let bands = [(RED, "红", 0, yellow), (YELLOW, "黄", yellow, green), (GREEN, "绿", green, chart.most)];
        for (fill, name, from, to) in bands {
            let (top, bottom) = (y(to, chart.most), y(from, chart.most));
            let Some(rect) = Rect::from_ltrb(LEFT, top, WIDTH - RIGHT, bottom.max(top + 0.1)) else {
                continue;
            };
            if chart.bands.is_none() || from >= to {
                continue;
            }
            self.pixmap.fill_rect(rect, &paint(fill), self.transform(), None);
            if bottom - top > AXIS {
                self.label(name, WIDTH - RIGHT - 4.0, top + AXIS + 2.0, AXIS, SOFT, Anchor::End);
            }
        }
        let mut marks = vec![0, yellow, green, chart.most];
        marks.dedup();
        for mark in marks {
            let at = y(mark, chart.most) + AXIS / 3.0;
            self.label(&mark.to_string(), LEFT - 6.0, at, AXIS, SOFT, Anchor::End);
        }
    }

    fn trend(&mut self, chart: &Chart) {
        let count = u16::try_from(chart.points.len()).unwrap_or(u16::MAX);
        let step = (WIDTH - LEFT - RIGHT) / f32::from(count);
        // Each moment in the middle of its part of the axis.
        let x = |index: usize| LEFT + step * (f32::from(u16::try_from(index).unwrap_or(u16::MAX)) + 0.5);
        let mut line = PathBuilder::new();
        for (index, (_, score)) in chart.points.iter().enumerate() {
            let (x, y) = (x(index), y(*score, chart.most));
            if index == 0 { line.move_to(x, y) } else { line.line_to(x, y) }
        }
        if let Some(line) = line.finish() {
            let stroke = Stroke { width: 2.5, ..Stroke::default() };
            self.pixmap.stroke_path(&line, &paint(LINE), &stroke, self.transform(), None);
        }
        // Narrow parts leave room for some of the labels only; the newest is among them.
        let every = (60.0 / step).ceil().max(1.0);
        let told = |index: usize| (chart.points.len() - 1 - index).is_multiple_of(pixels(every) as usize);
        for (index, (at, score)) in chart.points.iter().enumerate() {
            let (x, y) = (x(index), y(*score, chart.most));
            if let Some(dot) = PathBuilder::from_circle(x, y, 4.0) {
                self.pixmap.fill_path(&dot, &paint(LINE), FillRule::Winding, self.transform(), None);
            }
            if !told(index) {
                continue;
            }
            // Above the point; in a valley below it, where the line does not go.
            let beside = [index.checked_sub(1), Some(index + 1)].into_iter().flatten();
            let beside = beside.filter_map(|index| Some(chart.points.get(index)?.1));
            let rise: i64 = beside.map(|other| i64::from(other) - i64::from(*score)).sum();
            let below = y + VALUE + 6.0;
            let label = if rise > 0 && below < HEIGHT - BOTTOM { below } else { y - 9.0 };
            self.label(&score.to_string(), x, label, VALUE, INK, Anchor::Middle);
            self.label(at, x, HEIGHT - BOTTOM + 18.0, AXIS, SOFT, Anchor::Middle);
        }
    }

    /// Writes a text on its line; one with a character that the font lacks is left out.
    fn label(&mut self, text: &str, x: f32, y: f32, size: f32, ink: [u8; 3], anchor: Anchor) {
        let Some(label) = label::Label::of(text, size) else { return };
        let from = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - label.width / 2.0,
            Anchor::End => x - label.width,
        };
        let transform = self.transform().pre_translate(from, y);
        self.pixmap.fill_path(&label.outline, &paint(ink), FillRule::Winding, transform, None);
    }

    fn transform(&self) -> Transform {
        Transform::from_scale(self.scale, self.scale)
    }
}

fn paint(fill: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(colour(fill));
    paint
}

/// Where a score lies; more than `most` lies at the top.
fn y(score: u32, most: u32) -> f32 {
    let part = f64::from(score.min(most)) / f64::from(most);
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    let part = part as f32;
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: &[(&str, u32)]) -> Chart {
        Chart {
            title: "健康度趋势".into(),
            most: 100,
            points: points.iter().map(|(at, score)| ((*at).to_owned(), *score)).collect(),
            bands: Some((60, 80)),
        }
    }

    fn at(pixmap: &Pixmap, x: f32, y: f32) -> [u8; 3] {
        let pixel = pixmap.pixel(pixels(x * SCALE), pixels(y * SCALE)).unwrap();
        [pixel.red(), pixel.green(), pixel.blue()]
    }

    #[test]
    fn scores_lie_on_the_bands_in_the_colours_of_their_lights() {
        let year = [("2026Q1", 92), ("2026Q2", 71), ("2026Q3", 38), ("2026Q4", 100), ("2027Q1", 250)];
        let drawn = drawn(&chart(&year), SCALE).unwrap();
        for (score, fill) in [(20, RED), (59, RED), (61, YELLOW), (79, YELLOW), (81, GREEN), (99, GREEN)] {
            assert_eq!(at(&drawn, LEFT + 2.0, y(score, 100)), fill, "{score}");
        }
        let step = (WIDTH - LEFT - RIGHT) / 5.0;
        for (index, (_, score)) in year.iter().enumerate() {
            let x = LEFT + step * (u16::try_from(index).map(f32::from).unwrap() + 0.5);
            assert_eq!(at(&drawn, x, y(*score, 100)), LINE, "{score}");
        }
        let file = png(&chart(&year)).unwrap();
        assert!(file.starts_with(b"\x89PNG\r\n\x1a\n") && file.len() < 40_000, "{} bytes", file.len());
    }

    #[test]
    fn one_point_and_many_are_drawn_and_none_is_not() {
        assert_eq!(png(&chart(&[])), None);
        for count in [1, 2, 12, 40] {
            let points: Vec<(String, u32)> = (0..count).map(|at| (format!("20{at:02}Q1"), at * 3)).collect();
            assert!(png(&Chart { points, bands: None, ..chart(&[]) }).is_some());
        }
    }

    #[test]
    fn every_fixed_label_can_be_written_and_what_cannot_is_left_out() {
        for label in ["健康度趋势", "红", "黄", "绿", "0123456789", "2026Q4"] {
            assert!(label::Label::of(label, AXIS).is_some(), "{label}");
        }
        assert!(label::Label::of("远山银行", AXIS).is_none());
        let mut named = chart(&[("2026Q3", 80), ("2026Q4", 72)]);
        named.title = "远山银行".into();
        assert!(png(&named).is_some());
    }
}
