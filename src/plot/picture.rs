//! Figures as SVG and PNG, drawn by one routine over the backends of plotters.

use std::sync::Once;

use plotters::backend::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
    register_font,
};
use plotters_backend::DrawingBackend;

use super::layout::{GAP, LEADING, Layout, SAMPLE, lay_out, more_text};
use super::raster::Raster;
use super::scene::Scene;
use super::style::{Colour, Look, mix};
use super::trace::{Spot, dashes};
use super::{Error, Figure};

const WHITE: Colour = (255, 255, 255);
const INK: Colour = (0x26, 0x26, 0x26);
const FAINT: Colour = (0x70, 0x70, 0x70);
const EDGE: Colour = (0x8c, 0x8c, 0x8c);
const GRID: Colour = (0xe2, 0xe2, 0xe2);
const MINOR: Colour = (0xf1, 0xf1, 0xf1);

/// Places of plotters are whole numbers; SVG is drawn this many times as large and scaled by its
/// `viewBox`.
const FINENESS: u32 = 10;

/// Sizes of a font in plotters for letters of size 1: its SVG backend divides by this,
const SVG_SIZE: f64 = 1.24;
/// and its rasteriser takes the size for the whole height of the font.
const RASTER_SIZE: f64 = 1.13;

pub(super) fn svg(figure: &Figure, width: u32, height: u32) -> Result<String, Error> {
    let layout = prepare(figure, width, height)?;
    let (wide, high) = (width * FINENESS, height * FINENESS);
    let mut text = String::new();
    let backend = SVGBackend::with_string(&mut text, (wide, high));
    let mut pen = Pen { backend, scale: f64::from(FINENESS), font: SVG_SIZE };
    paint(&mut pen, &layout, figure)?;
    drop(pen);
    Ok(text.replacen(
        &format!("width=\"{wide}\" height=\"{high}\""),
        &format!(
            "width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\" \
             stroke-linecap=\"round\""
        ),
        1,
    ))
}

pub(super) fn png(figure: &Figure, width: u32, height: u32) -> Result<Vec<u8>, Error> {
    let layout = prepare(figure, width, height)?;
    // Less smoothing for pictures whose memory would be hundreds of megabytes.
    let scale = if width * height <= 4_000_000 { 4 } else { 2 };
    let backend = Raster::new(width, height, scale);
    let mut pen = Pen { backend, scale: f64::from(scale), font: RASTER_SIZE };
    paint(&mut pen, &layout, figure)?;
    pen.backend.encode()
}

fn prepare(figure: &Figure, width: u32, height: u32) -> Result<Layout, Error> {
    if !(160..=4096).contains(&width) || !(120..=4096).contains(&height) {
        return Err(Error::Size(format!(
            "{width} x {height} pixels; possible are 160 x 120 to 4096 x 4096"
        )));
    }
    static FONT: Once = Once::new();
    FONT.call_once(|| {
        // A failure shows when a text is measured.
        let _ = register_font(FAMILY, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
    });
    let scene = Scene::of(figure)?;
    let ruler = FontDesc::new(FontFamily::Name(FAMILY), 100.0 * RASTER_SIZE, FontStyle::Normal);
    ruler.layout_box("x").map_err(failed)?;
    // The viewer of an SVG may have wider letters.
    let measure = |text: &str| {
        ruler.layout_box(text).map_or(0.0, |((left, _), (right, _))| f64::from(right - left)) * 1.08
            / 100.0
    };
    Ok(lay_out(&scene, f64::from(width), f64::from(height), &measure))
}

/// The family that an SVG asks for; pictures of pixels have the embedded font.
const FAMILY: &str = "sans-serif";

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Drawing(error.to_string())
}

/// A backend of plotters with lengths in pixels of the finished picture.
struct Pen<B> {
    backend: B,
    scale: f64,
    /// Size of the font for letters of size 1.
    font: f64,
}

impl<B: DrawingBackend> Pen<B> {
    fn at(&self, (x, y): Spot) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn style(&self, colour: Colour, width: f64) -> ShapeStyle {
        let stroke_width = (width * self.scale).round().max(1.0) as u32;
        ShapeStyle { color: rgb(colour).to_rgba(), filled: true, stroke_width }
    }

    fn line(&mut self, line: &[Spot], colour: Colour, width: f64) -> Result<(), Error> {
        let path: Vec<(i32, i32)> = line.iter().map(|p| self.at(*p)).collect();
        let style = self.style(colour, width);
        self.backend.draw_path(path, &style).map_err(failed)
    }

    fn curve(&mut self, line: &[Spot], look: Look, width: f64) -> Result<(), Error> {
        if let [point] = line {
            return self.disc(*point, 1.2 * width, look.colour);
        }
        let lengths: Vec<f64> = look.dashes.iter().map(|d| d * width).collect();
        dashes(line, &lengths).iter().try_for_each(|dash| self.line(dash, look.colour, width))
    }

    fn disc(&mut self, centre: Spot, radius: f64, colour: Colour) -> Result<(), Error> {
        let style = self.style(colour, 1.0);
        let radius = (radius * self.scale).round() as u32;
        self.backend.draw_circle(self.at(centre), radius, &style, true).map_err(failed)
    }

    fn fill(&mut self, from: Spot, to: Spot, colour: Colour) -> Result<(), Error> {
        let style = self.style(colour, 1.0);
        self.backend.draw_rect(self.at(from), self.at(to), &style, true).map_err(failed)
    }

    /// A text whose anchor is at half the height of its small letters.
    fn text(&mut self, text: &str, place: Text) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        let size = place.size * self.scale * self.font;
        let family = FontFamily::Name(FAMILY);
        let mut font = FontDesc::new(family, size, FontStyle::Normal);
        if place.upwards {
            font = font.transform(FontTransform::Rotate270);
        }
        let colour = rgb(place.colour);
        let style = TextStyle::from(font).color(&colour).pos(Pos::new(place.anchor, VPos::Center));
        self.backend.draw_text(text, &style, self.at(place.at)).map_err(failed)
    }
}

fn rgb((r, g, b): Colour) -> RGBColor {
    RGBColor(r, g, b)
}

/// How a text is set.
struct Text {
    at: Spot,
    size: f64,
    colour: Colour,
    anchor: HPos,
    upwards: bool,
}

fn paint<B: DrawingBackend>(
    pen: &mut Pen<B>,
    layout: &Layout,
    figure: &Figure,
) -> Result<(), Error> {
    pen.backend.ensure_prepared().map_err(failed)?;
    pen.fill((0.0, 0.0), (layout.width, layout.height), WHITE)?;
    axes(pen, layout)?;
    names(pen, layout)?;
    let scene = Scene::of(figure)?;
    let width = (layout.em / 7.0).clamp(1.5, 3.0);
    // Many lines hide each other less when they are thinner.
    let width = if figure.curves.len() > 12 { 0.7 * width } else { width };
    for (curve, lines) in figure.curves.iter().zip(&layout.lines) {
        let look = scene.style.look(curve);
        for line in lines {
            pen.curve(line, look, width)?;
        }
    }
    for (curve, x, y) in scene.starts() {
        let at = layout.frame.spot(x, y);
        pen.disc(at, 2.6 * width, scene.style.look(curve).colour)?;
        pen.disc(at, 1.5 * width, WHITE)?;
    }
    legend(pen, layout, width)?;
    pen.backend.present().map_err(failed)
}

fn axes<B: DrawingBackend>(pen: &mut Pen<B>, layout: &Layout) -> Result<(), Error> {
    let (frame, em) = (layout.frame, layout.em);
    let hair = (em / 15.0).max(1.0).round();
    // Hairlines are rectangles on whole pixels, so that smoothing does not blur them.
    let vertical = |x: f64, from: f64, to: f64| {
        let x = x.round();
        ((x, from), (x + hair, to))
    };
    let level = |y: f64, from: f64, to: f64| {
        let y = y.round();
        ((from, y), (to, y + hair))
    };
    let (left, right, top, bottom) = (frame.left, frame.right, frame.top, frame.bottom);
    for (minor, colour) in [(true, MINOR), (false, GRID)] {
        let places = |ticks: &super::ticks::Ticks| -> Vec<f64> {
            if minor { ticks.minor.clone() } else { ticks.major.iter().map(|m| m.0).collect() }
        };
        for place in places(&layout.x) {
            let (from, to) = vertical(frame.spot(place, 0.0).0, top, bottom);
            pen.fill(from, to, colour)?;
        }
        for place in places(&layout.y) {
            let (from, to) = level(frame.spot(0.0, place).1, left, right);
            pen.fill(from, to, colour)?;
        }
    }
    for (from, to) in [
        vertical(left, top, bottom + hair),
        vertical(right, top, bottom + hair),
        level(top, left, right),
        level(bottom, left, right),
    ] {
        pen.fill(from, to, EDGE)?;
    }
    let mark = 0.3 * em;
    let set = |at, anchor| Text { at, size: em, colour: INK, anchor, upwards: false };
    for (place, text) in &layout.x.major {
        let x = frame.spot(*place, 0.0).0;
        let (from, to) = vertical(x, bottom, bottom + mark);
        pen.fill(from, to, EDGE)?;
        pen.text(text, set((x, bottom + 1.05 * em), HPos::Center))?;
    }
    for (place, text) in &layout.y.major {
        let y = frame.spot(0.0, *place).1;
        let (from, to) = level(y, left - mark, left);
        pen.fill(from, to, EDGE)?;
        pen.text(text, set((left - 0.6 * em, y), HPos::Right))?;
    }
    Ok(())
}

fn names<B: DrawingBackend>(pen: &mut Pen<B>, layout: &Layout) -> Result<(), Error> {
    let (frame, em) = (layout.frame, layout.em);
    let (middle, centre) = ((frame.left + frame.right) / 2.0, (frame.top + frame.bottom) / 2.0);
    let plain = |at, anchor| Text { at, size: em, colour: INK, anchor, upwards: false };
    let below = layout.height - 0.9 * em;
    pen.text(
        &layout.title,
        Text { size: 1.2 * em, ..plain((layout.width / 2.0, 1.35 * em), HPos::Center) },
    )?;
    pen.text(&layout.x_name, plain((middle, below), HPos::Center))?;
    pen.text(&layout.y_name, Text { upwards: true, ..plain((1.05 * em, centre), HPos::Center) })?;
    let corner = (layout.width - em, below);
    pen.text(&layout.note, Text { size: 0.85 * em, colour: FAINT, ..plain(corner, HPos::Right) })
}

fn legend<B: DrawingBackend>(pen: &mut Pen<B>, layout: &Layout, width: f64) -> Result<(), Error> {
    let Some(legend) = &layout.legend else { return Ok(()) };
    let (frame, em) = (legend.frame, layout.em);
    if legend.inside {
        pen.fill((frame.left, frame.top), (frame.right, frame.bottom), mix(GRID, EDGE, 0.3))?;
        let inner = |x: f64, y: f64, by: f64| (x + by, y + by);
        let (from, to) =
            (inner(frame.left, frame.top, 1.0), inner(frame.right, frame.bottom, -1.0));
        pen.fill(from, to, WHITE)?;
    }
    let start = frame.left + GAP * em;
    let names = start + (SAMPLE + GAP) * em;
    let mut y = frame.top + (GAP + LEADING) / 2.0 * em;
    let set =
        |y, colour| Text { at: (names, y), size: em, colour, anchor: HPos::Left, upwards: false };
    for (name, look) in &legend.entries {
        pen.curve(&[(start, y), (start + SAMPLE * em, y)], *look, width)?;
        pen.text(name, set(y, INK))?;
        y += LEADING * em;
    }
    if legend.more > 0 {
        pen.text(&more_text(legend.more), set(y, FAINT))?;
    }
    Ok(())
}
