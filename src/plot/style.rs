//! What curves look like: colours for quantities, dashes or shades for runs.

use super::{Curve, Figure};

/// Red, green and blue.
pub(super) type Colour = (u8, u8, u8);

/// Colours that also the colour-blind tell apart (Okabe and Ito 2008, "Color universal design"),
/// without the yellow, which is too faint on white.
const PALETTE: [Colour; 7] = [
    (0x00, 0x72, 0xb2),
    (0xd5, 0x5e, 0x00),
    (0x00, 0x9e, 0x73),
    (0xcc, 0x79, 0xa7),
    (0x56, 0xb4, 0xe9),
    (0xe6, 0x9f, 0x00),
    (0x00, 0x00, 0x00),
];

/// For more quantities than that, colours in their order: points along viridis (van der Walt and
/// Smith 2015), without its yellow end.
const RAMP: [Colour; 8] = [
    (68, 1, 84),
    (71, 45, 123),
    (59, 82, 139),
    (44, 114, 142),
    (33, 145, 140),
    (40, 174, 128),
    (94, 201, 98),
    (173, 220, 48),
];

/// Lengths of dashes and gaps in widths of the line, for up to four runs; round ends make each
/// dash one width longer.
const DASHES: [&[f64]; 4] = [&[], &[4.5, 4.0], &[0.3, 2.8], &[7.0, 3.2, 0.3, 3.2]];

/// Grey for what stands for a run of any quantity.
const GREY: Colour = (0x60, 0x60, 0x60);

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub(super) colour: Colour,
    /// Lengths of dashes and gaps in widths of the line; empty is unbroken.
    pub(super) dashes: &'static [f64],
}

/// The looks of a figure.
pub(super) struct Style<'a> {
    labels: Vec<&'a str>,
    runs: Vec<usize>,
}

impl<'a> Style<'a> {
    pub(super) fn of(figure: &'a Figure) -> Style<'a> {
        let mut labels: Vec<&str> = Vec::new();
        let mut known = std::collections::HashSet::new();
        for curve in &figure.curves {
            if known.insert(curve.label.as_str()) {
                labels.push(&curve.label);
            }
        }
        let mut runs: Vec<usize> = figure.curves.iter().map(|c| c.run).collect();
        runs.sort_unstable();
        runs.dedup();
        Style { labels, runs }
    }

    pub(super) fn look(&self, curve: &Curve) -> Look {
        let label = self.labels.iter().position(|l| *l == curve.label).unwrap_or(0);
        let run = self.runs.iter().position(|r| *r == curve.run).unwrap_or(0);
        self.run_of(self.quantity(label), run)
    }

    fn quantity(&self, index: usize) -> Colour {
        if self.labels.len() <= PALETTE.len() {
            return PALETTE[index];
        }
        along(index as f64 / (self.labels.len() - 1) as f64)
    }

    fn run_of(&self, colour: Colour, run: usize) -> Look {
        if self.runs.len() <= DASHES.len() {
            return Look { colour, dashes: DASHES[run] };
        }
        let faintness = 0.75 * run as f64 / (self.runs.len() - 1) as f64;
        Look { colour: mix(colour, (255, 255, 255), faintness), dashes: &[] }
    }

    /// Names and looks for the legend: the quantities, then the runs if there are several.
    pub(super) fn legend(&self) -> Vec<(String, Look)> {
        let mut entries: Vec<(String, Look)> = Vec::new();
        let several = self.runs.len() > 1;
        if self.labels.len() > 1 || !several {
            for (i, label) in self.labels.iter().enumerate() {
                let look = Look { colour: self.quantity(i), dashes: &[] };
                entries.push(((*label).to_string(), look));
            }
        }
        if several {
            let (name, colour) = match self.labels.as_slice() {
                [label] => (format!("{label}, "), self.quantity(0)),
                _ => (String::new(), GREY),
            };
            for (i, run) in self.runs.iter().enumerate() {
                entries.push((format!("{name}run {}", run + 1), self.run_of(colour, i)));
            }
        }
        entries
    }

    /// The name of one curve, with its run if there are several.
    pub(super) fn name(&self, curve: &Curve) -> String {
        if self.runs.len() > 1 {
            format!("{}, run {}", curve.label, curve.run + 1)
        } else {
            curve.label.clone()
        }
    }
}

/// At most `most` of the entries, evenly spread with the first and the last, and how many are
/// left out.
pub(super) fn spread<T: Clone>(entries: &[T], most: usize) -> (Vec<T>, usize) {
    if entries.len() <= most || most < 2 {
        let kept = entries.iter().take(most).cloned().collect();
        return (kept, entries.len().saturating_sub(most));
    }
    // One line is needed to say how many are missing.
    let shown = most - 1;
    let pick = |i: usize| entries[i * (entries.len() - 1) / (shown - 1).max(1)].clone();
    ((0..shown).map(pick).collect(), entries.len() - shown)
}

fn along(share: f64) -> Colour {
    let at = share * (RAMP.len() - 1) as f64;
    let below = (at as usize).min(RAMP.len() - 2);
    mix(RAMP[below], RAMP[below + 1], at - below as f64)
}

/// `share` of the way from one colour to another.
pub(super) fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    let part = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    (part(from.0, to.0), part(from.1, to.1), part(from.2, to.2))
}
