//! What any picture of a figure needs to know: its axes, and what cannot be shown.

use super::axis::Axis;
use super::style::Style;
use super::{Curve, Error, Figure};

/// A figure that has something to show.
pub(super) struct Scene<'a> {
    pub(super) figure: &'a Figure,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) style: Style<'a>,
    /// How many points are left out and why; empty when none is.
    pub(super) note: String,
}

impl<'a> Scene<'a> {
    pub(super) fn of(figure: &'a Figure) -> Result<Scene<'a>, Error> {
        let (mut infinite, mut gaps, mut negative) = (0_usize, 0_usize, 0_usize);
        let mut visible = |&(x, y): &(f64, f64)| {
            if x.is_nan() || y.is_nan() {
                gaps += 1;
            } else if x.is_infinite() || y.is_infinite() {
                infinite += 1;
            } else if (figure.x_log && x <= 0.0) || (figure.y_log && y <= 0.0) {
                negative += 1;
            } else {
                return true;
            }
            false
        };
        let points = || figure.curves.iter().flat_map(|c| &c.points);
        // Only points of which both coordinates can be shown stretch the axes.
        let shown: Vec<bool> = points().map(&mut visible).collect();
        let chosen = || points().zip(&shown).filter(|(_, shown)| **shown).map(|(p, _)| *p);
        let margin = if figure.curves.iter().any(returns) { 0.04 } else { 0.0 };
        let x = Axis::over(chosen().map(|p| p.0), figure.x_log, margin);
        let y = Axis::over(chosen().map(|p| p.1), figure.y_log, 0.05);
        let count = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
        let (Some(x), Some(y)) = (x, y) else {
            let found = [
                count(gaps, "without a value"),
                count(infinite, "infinite"),
                count(negative, "not positive on a logarithmic axis"),
            ];
            let found: Vec<String> = found.into_iter().flatten().collect();
            return Err(Error::Nothing(match (figure.curves.len(), found.is_empty()) {
                (0, _) => "there are no curves".into(),
                (n, true) => format!("none of the {n} curves has a point"),
                (_, false) => format!("no point can be shown; {}", found.join(", ")),
            }));
        };
        let left_out = [count(negative, "not positive"), count(infinite, "infinite")];
        let left_out: Vec<String> = left_out.into_iter().flatten().collect();
        let note = match left_out.as_slice() {
            [] => String::new(),
            _ => format!("points left out: {}", left_out.join(", ")),
        };
        Ok(Scene { figure, x, y, style: Style::of(figure), note })
    }

    /// Where the phase portraits start, as places on the axes.
    pub(super) fn starts(&self) -> impl Iterator<Item = (&'a Curve, f64, f64)> + '_ {
        self.figure.curves.iter().filter(|c| returns(c)).filter_map(|curve| {
            let (x, y) = curve
                .points
                .iter()
                .find_map(|&(x, y)| Some((self.x.place(x)?, self.y.place(y)?)))?;
            Some((curve, x, y))
        })
    }
}

/// Whether the abscissa decreases somewhere: the curve is a path in the plane and not a function.
fn returns(curve: &Curve) -> bool {
    curve.points.windows(2).any(|w| w[1].0 < w[0].0)
}

/// The name of an axis, with what was subtracted from its labels.
pub(super) fn axis_name(label: &str, offset: Option<&String>) -> String {
    let Some(offset) = offset else { return label.to_string() };
    match offset.strip_prefix('-') {
        Some(size) => format!("{label} + {size}"),
        None => format!("{label} - {offset}"),
    }
}
