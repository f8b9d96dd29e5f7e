//! Where everything stands in a picture: frame, ticks, names and legend.

use super::label::fitted;
use super::scene::{Scene, axis_name};
use super::style::{Look, spread};
use super::ticks::Ticks;
use super::trace::{Frame, Spot, segments, trace};

/// A picture of some size, laid out. Lengths are pixels, downwards from the upper left corner.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Size of the letters.
    pub(super) em: f64,
    pub(super) frame: Frame,
    pub(super) x: Ticks,
    pub(super) y: Ticks,
    pub(super) title: String,
    pub(super) x_name: String,
    pub(super) y_name: String,
    pub(super) note: String,
    pub(super) legend: Option<Legend>,
    /// The unbroken lines of each curve.
    pub(super) lines: Vec<Vec<Vec<Spot>>>,
}

/// The names of the lines.
pub(super) struct Legend {
    pub(super) frame: Frame,
    pub(super) entries: Vec<(String, Look)>,
    /// How many are not named.
    pub(super) more: usize,
    /// Whether it stands inside the frame of the curves.
    pub(super) inside: bool,
}

/// Lines of the legend, with the one that counts the rest.
const ENTRIES: usize = 12;
/// Length of the line before a name in the legend, and of the room around it, in `em`.
pub(super) const SAMPLE: f64 = 2.0;
pub(super) const GAP: f64 = 0.5;
/// Distance of lines of text in `em`.
pub(super) const LEADING: f64 = 1.35;
/// Details of this many pixels can be seen.
const GRAIN: f64 = 0.5;

/// Lays the scene out; `measure` gives the width of a text in letters of size 1.
pub(super) fn lay_out(
    scene: &Scene,
    width: f64,
    height: f64,
    measure: &dyn Fn(&str) -> f64,
) -> Layout {
    let em = ((width * height).sqrt() / 50.0).clamp(9.0, 28.0);
    let wide = |text: &str| em * measure(text);
    let figure = scene.figure;

    let title = fitted(&figure.title, (width - 2.0 * em) / 1.2, &wide);
    let top = if title.is_empty() { em } else { 2.6 * em };
    let note = fitted(&scene.note, width * 0.6, &wide);
    // Whether an offset is said depends on the ticks, so room for the name is always left.
    let bottom = height - 3.4 * em;
    let rows = ((bottom - top) / (2.0 * em)).floor().clamp(2.0, 10.0) as usize;
    let mut y = scene.y.ticks(rows, &|_| true);
    let widest = y.major.iter().map(|(_, text)| wide(text)).fold(0.0, f64::max);
    y.major.iter_mut().for_each(|(_, text)| *text = fitted(text, width / 4.0, &wide));
    let y_name = axis_name(&figure.y_label, y.offset.as_ref());
    let y_name = fitted(&y_name, bottom - top + 2.0 * em, &wide);
    let name = if y_name.is_empty() { 0.6 * em } else { 2.0 * em };
    let left = (name + widest.min(width / 4.0) + 0.8 * em).round();

    let mut legend = legend(scene, width, height - top - em, em, &wide);
    let mut frame =
        Frame { left, top: top.round(), right: (width - 2.0 * em).round(), bottom: bottom.round() };
    let lines_in = |frame: &Frame| -> Vec<Vec<Vec<Spot>>> {
        let all = figure.curves.iter();
        all.map(|curve| trace(curve, &scene.x, &scene.y, frame, GRAIN)).collect()
    };
    let mut lines = lines_in(&frame);
    if let Some(names) = &mut legend
        && names.settle(&frame, &lines, em) > 0
    {
        // Beside the curves nothing is hidden, if enough room is left for them.
        let wide = names.frame.right - names.frame.left;
        let right = (width - wide - 1.5 * em).round();
        if right - left > 0.4 * width {
            frame.right = right;
            lines = lines_in(&frame);
            names.move_to(frame.right + em, frame.top);
            names.inside = false;
        } else if names.frame.area() > 0.25 * frame.area() {
            legend = None;
        }
    }
    let across = frame.right - frame.left;
    let x = scene.x.ticks((across / (3.0 * em)).clamp(2.0, 12.0) as usize, &|ticks| {
        ticks.windows(2).all(|pair| {
            let room = (pair[1].0 - pair[0].0) * across;
            (wide(&pair[0].1) + wide(&pair[1].1)) / 2.0 + 1.2 * em <= room
        })
    });
    let x_name = axis_name(&figure.x_label, x.offset.as_ref());
    let taken = if note.is_empty() { 0.0 } else { 2.0 * (wide(&note) + 2.0 * em) };
    let x_name = fitted(&x_name, (width - taken).max(width * 0.2), &wide);
    Layout { width, height, em, frame, x, y, title, x_name, y_name, note, legend, lines }
}

/// The legend, not yet placed; none when the axis already names the only curve.
fn legend(
    scene: &Scene,
    width: f64,
    height: f64,
    em: f64,
    wide: &dyn Fn(&str) -> f64,
) -> Option<Legend> {
    let entries = scene.style.legend();
    if entries.len() == 1 && (entries[0].0 == scene.figure.y_label || entries[0].0.is_empty()) {
        return None;
    }
    let fit = ((height / em - 2.0 * GAP) / LEADING).max(1.0) as usize;
    let (mut entries, more) = spread(&entries, ENTRIES.min(fit));
    entries.iter_mut().for_each(|(name, _)| *name = fitted(name, width * 0.25, wide));
    let names = entries.iter().map(|(name, _)| wide(name));
    let names = names.fold(if more > 0 { wide(&more_text(more)) } else { 0.0 }, f64::max);
    let count = (entries.len() + usize::from(more > 0)) as f64;
    let frame = Frame {
        left: 0.0,
        top: 0.0,
        right: (names + (SAMPLE + 3.0 * GAP) * em).round(),
        bottom: ((count * LEADING + GAP) * em).round(),
    };
    Some(Legend { frame, entries, more, inside: true })
}

/// What the legend says about the lines that it does not name.
pub(super) fn more_text(more: usize) -> String {
    format!("and {more} more")
}

impl Legend {
    fn move_to(&mut self, left: f64, top: f64) {
        let (wide, high) = (self.frame.right - self.frame.left, self.frame.bottom - self.frame.top);
        self.frame = Frame { left, top, right: left + wide, bottom: top + high };
    }

    /// Moves to the corner or the middle of an edge of the frame where it hides fewest lines, and
    /// says how many pieces of lines those are.
    fn settle(&mut self, outer: &Frame, lines: &[Vec<Vec<Spot>>], em: f64) -> usize {
        // Places as shares of the free room; of equally good ones the first wins.
        const PLACES: [(f64, f64); 8] = [
            (1.0, 0.0),
            (0.0, 0.0),
            (1.0, 1.0),
            (0.0, 1.0),
            (1.0, 0.5),
            (0.0, 0.5),
            (0.5, 0.0),
            (0.5, 1.0),
        ];
        let pad = 0.6 * em;
        let (wide, high) = (self.frame.right, self.frame.bottom);
        let across = (outer.right - outer.left - wide - 2.0 * pad).max(0.0);
        let down = (outer.bottom - outer.top - high - 2.0 * pad).max(0.0);
        let mut best = (usize::MAX, self.frame);
        for (x, y) in PLACES {
            let left = outer.left + pad + x * across;
            let top = outer.top + pad + y * down;
            self.move_to(left.round(), top.round());
            let guard = Frame {
                left: self.frame.left - pad / 2.0,
                top: self.frame.top - pad / 2.0,
                right: self.frame.right + pad / 2.0,
                bottom: self.frame.bottom + pad / 2.0,
            };
            let pieces = lines.iter().flatten().flat_map(|line| segments(line));
            let hidden = pieces.filter(|(from, to)| crosses(*from, *to, &guard)).count();
            if hidden < best.0 {
                best = (hidden, self.frame);
            }
            if hidden == 0 {
                break;
            }
        }
        self.frame = best.1;
        best.0
    }
}

/// Whether a segment and a rectangle meet (Liang and Barsky 1984).
fn crosses(from: Spot, to: Spot, frame: &Frame) -> bool {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, distance) in [
        (-dx, from.0 - frame.left),
        (dx, frame.right - from.0),
        (-dy, from.1 - frame.top),
        (dy, frame.bottom - from.1),
    ] {
        if step == 0.0 {
            if distance < 0.0 {
                return false;
            }
        } else if step < 0.0 {
            enter = enter.max(distance / step);
        } else {
            leave = leave.min(distance / step);
        }
    }
    enter <= leave
}
