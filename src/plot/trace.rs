//! From points to the lines that a picture of some size can show.

use super::Curve;
use super::axis::Axis;

/// A point in the units of the picture: pixels or braille dots, downwards.
pub(super) type Spot = (f64, f64);

/// A rectangle in the units of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Frame {
    pub(super) fn area(&self) -> f64 {
        (self.right - self.left) * (self.bottom - self.top)
    }

    /// The spot at places `x` and `y` between 0 and 1, counted from the lower left corner.
    pub(super) fn spot(&self, x: f64, y: f64) -> Spot {
        (self.left + x * (self.right - self.left), self.bottom - y * (self.bottom - self.top))
    }
}

/// The unbroken lines of a curve, thinned to details of size `grain`.
pub(super) fn trace(
    curve: &Curve,
    x: &Axis,
    y: &Axis,
    frame: &Frame,
    grain: f64,
) -> Vec<Vec<Spot>> {
    let mut lines = Vec::new();
    let mut line = Vec::new();
    for &(a, b) in &curve.points {
        match (x.place(a), y.place(b)) {
            (Some(a), Some(b)) => line.push(frame.spot(a, b)),
            _ => lines.push(std::mem::take(&mut line)),
        }
    }
    lines.push(line);
    lines.retain(|line| !line.is_empty());
    for line in &mut lines {
        *line = thin(line, grain, |p| p);
        *line = thin(line, grain, |(x, y)| (y, x));
        *line = straighten(line, grain / 5.0);
    }
    lines
}

/// The pieces of a line from point to point; a single point is one piece.
pub(super) fn segments(line: &[Spot]) -> impl Iterator<Item = (Spot, Spot)> + '_ {
    let next = if line.len() == 1 { line } else { line.get(1..).unwrap_or_default() };
    line.iter().copied().zip(next.iter().copied())
}

/// Of neighbouring points in one column of width `grain` only the first, lowest, highest and
/// last, in their order: what they cover is the same (M4; Jugel, Jerzak, Hackenbroich and Markl
/// 2014). `turn` exchanges the coordinates to thin by rows.
fn thin(line: &[Spot], grain: f64, turn: impl Fn(Spot) -> Spot) -> Vec<Spot> {
    let mut kept: Vec<Spot> = Vec::new();
    let column = |p: Spot| (turn(p).0 / grain).floor();
    for group in line.chunk_by(|a, b| column(*a) == column(*b)) {
        let height = |i: usize| turn(group[i]).1;
        let (mut lowest, mut highest) = (0, 0);
        for i in 0..group.len() {
            if height(i) < height(lowest) {
                lowest = i;
            }
            if height(i) > height(highest) {
                highest = i;
            }
        }
        let mut chosen = [0, lowest, highest, group.len() - 1];
        chosen.sort_unstable();
        for i in chosen {
            if kept.last() != Some(&group[i]) {
                kept.push(group[i]);
            }
        }
    }
    kept
}

/// The line without points that lie within `tolerance` of the straight way between those kept:
/// from the last one kept, the directions that pass all points since form a cone, and a point
/// outside it begins the next piece (Sklansky and Gonzalez 1980).
fn straighten(line: &[Spot], tolerance: f64) -> Vec<Spot> {
    let mut kept: Vec<Spot> = line.iter().take(1).copied().collect();
    let mut cone: Option<Cone> = None;
    for pair in line.windows(2) {
        let from = kept[kept.len() - 1];
        if !Cone::passes(&mut cone, from, pair[1], tolerance) {
            kept.push(pair[0]);
            cone = None;
            Cone::passes(&mut cone, pair[0], pair[1], tolerance);
        }
    }
    if line.len() > 1 {
        kept.push(line[line.len() - 1]);
    }
    kept
}

/// Directions as angles around `centre`, and the farthest point in them.
struct Cone {
    centre: f64,
    low: f64,
    high: f64,
    far: f64,
}

impl Cone {
    /// Whether a straight line from `from` to `to` passes all points since; narrows the cone.
    fn passes(cone: &mut Option<Cone>, from: Spot, to: Spot, tolerance: f64) -> bool {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length <= tolerance {
            return cone.as_ref().is_none_or(|cone| cone.far <= 2.0 * tolerance);
        }
        let (angle, half) = (libm::atan2(dy, dx), libm::asin(tolerance / length));
        let Some(cone) = cone else {
            *cone = Some(Cone { centre: angle, low: -half, high: half, far: length });
            return true;
        };
        let turn = std::f64::consts::TAU;
        let mut side = angle - cone.centre;
        side -= turn * (side / turn).round();
        if side < cone.low || side > cone.high || length < cone.far - tolerance {
            return false;
        }
        cone.low = cone.low.max(side - half);
        cone.high = cone.high.min(side + half);
        cone.far = cone.far.max(length);
        true
    }
}

/// A line cut into dashes: `pattern` has lengths of dashes and gaps in turn; empty is unbroken.
pub(super) fn dashes(line: &[Spot], pattern: &[f64]) -> Vec<Vec<Spot>> {
    if pattern.is_empty() || line.len() < 2 {
        return vec![line.to_vec()];
    }
    let mut pieces = Vec::new();
    let mut piece = vec![line[0]];
    let (mut part, mut left) = (0, pattern[0]);
    for pair in line.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length < left {
                left -= length;
                break;
            }
            let share = if length > 0.0 { left / length } else { 1.0 };
            from = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            if part % 2 == 0 {
                piece.push(from);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![from];
            }
            part += 1;
            left = pattern[part % pattern.len()];
        }
        if part % 2 == 0 {
            piece.push(to);
        }
    }
    if part % 2 == 0 && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Spot, segments, straighten};

    fn distance(p: Spot, (a, b): (Spot, Spot)) -> f64 {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let square = dx * dx + dy * dy;
        let along = ((p.0 - a.0) * dx + (p.1 - a.1) * dy) / if square > 0.0 { square } else { 1.0 };
        let along = along.clamp(0.0, 1.0);
        (p.0 - a.0 - along * dx).hypot(p.1 - a.1 - along * dy)
    }

    #[test]
    fn straightened_lines_stay_near_all_points() {
        let mut seed = 1_u64;
        let mut noise = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 40) as f64 / f64::from(1 << 24) - 0.5
        };
        for case in 0..200 {
            let rough = f64::from(case % 20) / 20.0;
            let line: Vec<Spot> = (0..400)
                .map(|i| f64::from(i) / 10.0)
                .map(|t| {
                    (20.0 * (0.7 * t).sin() + rough * noise(), 20.0 * t.cos() + rough * noise())
                })
                .collect();
            let kept = straighten(&line, 0.1);
            assert_eq!((kept[0], kept[kept.len() - 1]), (line[0], line[399]));
            for p in &line {
                let near = segments(&kept).map(|s| distance(*p, s)).fold(f64::MAX, f64::min);
                assert!(near <= 0.2 + 1e-9, "case {case}: {near}");
            }
            assert!(rough > 0.0 || kept.len() < 250, "{}", kept.len());
        }
        let there_and_back = [(0.0, 0.0), (5.0, 0.0), (9.0, 0.0), (4.0, 0.0), (0.0, 0.0)];
        let straight = straighten(&there_and_back, 0.1);
        assert_eq!(straight, [(0.0, 0.0), (9.0, 0.0), (0.0, 0.0)]);
    }
}
