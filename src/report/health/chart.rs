//! The trend as a drawing (SVG): the reader's own fonts write its labels.

use std::fmt::Write;

/// Its size in units of its own; the page scales it.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
/// Room for the labels: left, right, above, below.
const LEFT: f64 = 40.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 32.0;
/// The upper end of the axis.
const FULL: u32 = 100;

/// A line over quarters from 0 to 100, on bands in the colours of the lights that begin at `bounds`. The quarters
/// must not hold markup.
pub(super) fn svg(trend: &[(String, u32)], bounds: (u32, u32)) -> String {
    let y = |score: u32| TOP + (HEIGHT - TOP - BOTTOM) * f64::from(FULL - score.min(FULL)) / f64::from(FULL);
    let step = (WIDTH - LEFT - RIGHT) / f64::from(u32::try_from(trend.len()).unwrap_or(1).max(1));
    // Each quarter in the middle of its part of the axis.
    let x = |index: usize| LEFT + step * (f64::from(u32::try_from(index).unwrap_or(0)) + 0.5);
    let told: Vec<String> = trend.iter().map(|(quarter, score)| format!("{quarter} {score} 分")).collect();
    let mut svg = format!(
        "<svg class=\"trend\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"健康度趋势：{}\">",
        told.join("，")
    );
    let (yellow, green) = bounds;
    // Writing to a string cannot fail.
    for (class, from, to) in [("red", 0, yellow), ("yellow", yellow, green), ("green", green, FULL)] {
        let (top, bottom) = (y(to), y(from));
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            WIDTH - LEFT - RIGHT,
            (bottom - top).max(0.0)
        );
    }
    for mark in [0, yellow, green, FULL] {
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{mark}</text>",
            LEFT - 6.0,
            y(mark) + 4.0
        );
    }
    let points: Vec<String> = trend
        .iter()
        .enumerate()
        .map(|(index, (_, score))| format!("{:.1},{:.1}", x(index), y(*score)))
        .collect();
    let _ = write!(svg, "<polyline points=\"{}\"/>", points.join(" "));
    for (index, (quarter, score)) in trend.iter().enumerate() {
        let (x, y) = (x(index), y(*score));
        // Above the point, unless that is above the drawing.
        let label = if y < TOP + 8.0 { y + 20.0 } else { y - 10.0 };
        let _ = write!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
             <text class=\"value\" x=\"{x:.1}\" y=\"{label:.1}\" text-anchor=\"middle\">{score}</text>\
             <text class=\"axis\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{quarter}</text>",
            HEIGHT - BOTTOM + 20.0
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quarter_has_its_point_inside_the_drawing() {
        let trend: Vec<(String, u32)> =
            [("2026Q3", 0), ("2026Q4", 100), ("2027Q1", 250)].map(|(q, s)| (q.to_owned(), s)).to_vec();
        let svg = svg(&trend, (60, 80));
        assert_eq!(svg.matches("<circle").count(), 3);
        assert!(svg.contains("points=\"136.0,208.0 328.0,24.0 520.0,24.0\""), "{svg}");
        assert!(svg.contains("aria-label=\"健康度趋势：2026Q3 0 分，2026Q4 100 分，2027Q1 250 分\""));
    }
}
