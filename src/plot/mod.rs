//! Pictures: curves as SVG, PNG and braille for terminals, and graphs.
//!
//! A [`Figure`] is numbers and names; what it looks like is decided here. One choice of axes,
//! ticks and colours serves all three kinds, so they show the same picture.

mod axis;
mod braille;
pub mod graph;
mod label;
mod layout;
mod picture;
mod raster;
mod scene;
mod style;
mod ticks;
mod trace;

use std::fmt;

/// Curves in one pair of axes.
///
/// ```
/// use isoterm::plot::{Curve, Figure};
///
/// let points = (0..100).map(|i| f64::from(i) / 10.0).map(|t| (t, t.sin())).collect();
/// let figure = Figure {
///     title: "oscillator".into(),
///     x_label: "t".into(),
///     curves: vec![Curve { label: "x".into(), points, run: 0 }],
///     ..Figure::default()
/// };
/// assert!(figure.svg(900, 600).unwrap().contains("oscillator"));
/// assert_eq!(figure.braille(60, 12, false).unwrap().lines().count(), 12);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figure {
    /// Above the curves; may be empty.
    pub title: String,
    /// Name of the abscissa; may be empty.
    pub x_label: String,
    /// Name of the ordinate; may be empty.
    pub y_label: String,
    /// Whether the abscissa is logarithmic.
    pub x_log: bool,
    /// Whether the ordinate is logarithmic.
    pub y_log: bool,
    /// What is drawn, the first below the others.
    pub curves: Vec<Curve>,
}

/// Points joined by straight lines, in their order.
///
/// A point with NaN or an infinite coordinate, or one that is not positive on a logarithmic axis,
/// is not drawn and breaks the line; the picture says how many were infinite or not positive.
/// A curve whose abscissa also decreases is a phase portrait: its first point is marked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// The quantity; curves with the same label have the same colour.
    pub label: String,
    /// Pairs of abscissa and ordinate.
    pub points: Vec<(f64, f64)>,
    /// Number of the run from 0; runs differ in dashes (up to four) or in shade. The legend
    /// counts from 1 and speaks of runs when there are several.
    pub run: usize,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// No curve has a point that can be shown; the text says what was found instead.
    Nothing(String),
    /// The picture would be too small or too large; the text has the size and what is possible.
    Size(String),
    /// The drawing library failed.
    Drawing(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Nothing(why) => write!(f, "nothing to plot: {why}"),
            Error::Size(why) => write!(f, "cannot plot in this size: {why}"),
            Error::Drawing(why) => write!(f, "cannot draw: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl Figure {
    /// The figure as SVG text, `width` by `height` in pixels. The legend has at most twelve lines
    /// and stands where it hides no curve; a picture too small for that has none.
    ///
    /// Fails when nothing can be shown, or for sides outside 160 x 120 to 4096 x 4096.
    pub fn svg(&self, width: u32, height: u32) -> Result<String, Error> {
        picture::svg(self, width, height)
    }

    /// The figure as the bytes of a PNG file, `width` by `height` pixels of 8-bit RGB; it
    /// looks like [`Figure::svg`], with an embedded font.
    ///
    /// Fails when nothing can be shown, or for sides outside 160 x 120 to 4096 x 4096.
    pub fn png(&self, width: u32, height: u32) -> Result<Vec<u8>, Error> {
        picture::png(self, width, height)
    }

    /// The figure in braille characters: `rows` lines of exactly `columns` characters each, every
    /// line ended by a line feed; with `colour`, also escape codes of the 256-colour palette.
    ///
    /// Fails when nothing can be shown, or for fewer than 24 columns or 6 rows, or more than 1000.
    pub fn braille(&self, columns: usize, rows: usize, colour: bool) -> Result<String, Error> {
        braille::draw(self, columns, rows, colour)
    }
}
