//! Figures as lines of braille characters for terminals.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::label::fitted;
use super::scene::{Scene, axis_name};
use super::style::{Colour, Look, spread};
use super::trace::{Frame, Spot, dashes, segments, trace};
use super::{Error, Figure};

/// Dots of a character: two columns and four rows (Unicode 17, chapter 21.1).
const ACROSS: usize = 2;
const DOWN: usize = 4;

/// Entries beside the curves, at most.
const ENTRIES: usize = 12;

pub(super) fn draw(
    figure: &Figure,
    columns: usize,
    rows: usize,
    colour: bool,
) -> Result<String, Error> {
    if !(24..=1000).contains(&columns) || !(6..=1000).contains(&rows) {
        return Err(Error::Size(format!(
            "{columns} columns and {rows} rows; possible are 24 to 1000 columns and 6 to 1000 rows"
        )));
    }
    let scene = Scene::of(figure)?;
    let mut sheet = Sheet::new(columns, rows);

    // Rows from above: names, curves, axis, its labels, its name if there is room and need.
    let high = rows - 3;
    let across = |text: &str| text.width() as f64;
    let fits = |text: &str, room: usize| fitted(text, room as f64, &across);
    let mut y = scene.y.ticks((high / 3).clamp(2, 8), &|_| true);
    let widest = y.major.iter().map(|(_, text)| text.width()).max().unwrap_or(0);
    y.major.iter_mut().for_each(|(_, text)| *text = fits(text, columns / 3));
    let left = widest.min(columns / 3) + 1;
    let x_offset = scene.x.ticks(12, &|_| true).offset;
    let footer = axis_name(&figure.x_label, x_offset.as_ref());
    let footed = !footer.is_empty() || !scene.note.is_empty();
    let high = if footed { high - 1 } else { high };

    let entries = entries(&scene, high);
    let names = entries.iter().map(|e| e.name.width()).max().unwrap_or(0);
    let names = if names > 0 { (names + 1).min(columns / 4) } else { 0 };
    let wide = columns - left - 1 - names;
    let canvas = Canvas { left: left + 1, top: 1, wide, high };
    let frame = canvas.frame();

    // The name of the ordinate above its labels; the title in the middle.
    let title = fits(&figure.title, columns);
    let start = (columns - title.width()) / 2;
    sheet.write(start, 0, &title, None);
    let y_name = axis_name(&figure.y_label, y.offset.as_ref());
    let room = if title.is_empty() { columns } else { start.saturating_sub(2) };
    sheet.write(0, 0, &fits(&y_name, room), None);

    for row in 0..high {
        sheet.write(left, 1 + row, "│", None);
    }
    for (place, text) in &y.major {
        let (_, row) = canvas.cell(frame.spot(0.0, *place));
        sheet.write(left, 1 + row, "┤", None);
        sheet.write(left - 1 - text.width().min(left - 1), 1 + row, text, None);
    }
    sheet.write(left, 1 + high, "└", None);
    for column in 0..wide {
        sheet.write(canvas.left + column, 1 + high, "─", None);
    }
    let place_of = |place: f64| canvas.cell(frame.spot(place, 0.0)).0;
    let x = scene.x.ticks((wide / 8).clamp(2, 12), &|ticks| {
        ticks.windows(2).all(|pair| {
            let room = place_of(pair[1].0) as f64 - place_of(pair[0].0) as f64;
            (across(&pair[0].1) + across(&pair[1].1)) / 2.0 + 2.0 <= room
        })
    });
    let mut free = 0;
    for (place, text) in &x.major {
        let column = canvas.left + place_of(*place);
        sheet.write(column, 1 + high, "┬", None);
        let text = fits(text, columns);
        let start = column.saturating_sub(text.width() / 2).min(columns - text.width());
        if start >= free {
            sheet.write(start, 2 + high, &text, None);
            free = start + text.width() + 1;
        }
    }
    if footed {
        let note = fits(&scene.note, columns);
        sheet.write(columns - note.width(), 3 + high, &note, None);
        let name = axis_name(&figure.x_label, x.offset.as_ref());
        let room = if note.is_empty() { columns } else { columns.saturating_sub(note.width() + 1) };
        let name = fits(&name, room);
        let middle = (canvas.left + wide / 2).saturating_sub(name.width() / 2);
        sheet.write(middle.min(room - name.width()), 3 + high, &name, None);
    }

    for curve in &figure.curves {
        let look = scene.style.look(curve);
        // Dots are finer than dashes of line widths.
        let lengths: Vec<f64> = look.dashes.iter().map(|d| d.max(1.0) * 1.5).collect();
        for line in trace(curve, &scene.x, &scene.y, &frame, 1.0) {
            for dash in dashes(&line, &lengths) {
                sheet.line(&canvas, &dash, look.colour);
            }
        }
    }
    for (curve, x, y) in scene.starts() {
        let (column, row) = canvas.cell(frame.spot(x, y));
        let look = scene.style.look(curve);
        sheet.write(canvas.left + column, 1 + row, "○", Some(look.colour));
    }
    let ends: Vec<usize> =
        entries.iter().map(|e| canvas.cell(frame.spot(0.0, e.height)).1).collect();
    for (entry, row) in entries.iter().zip(apart(&ends, high)) {
        let text = fits(&entry.name, names.saturating_sub(1));
        sheet.write(columns - names + 1, 1 + row, &text, entry.look.map(|l| l.colour));
    }
    Ok(sheet.print(colour))
}

/// The name of a curve, to stand beside its end.
#[derive(Clone)]
struct Entry {
    name: String,
    look: Option<Look>,
    /// Place of the last point on the ordinate.
    height: f64,
}

/// Names from the highest end to the lowest; the count of the others last.
fn entries(scene: &Scene, rows: usize) -> Vec<Entry> {
    let curves = &scene.figure.curves;
    if let [curve] = curves.as_slice()
        && (curve.label == scene.figure.y_label || curve.label.is_empty())
    {
        return Vec::new();
    }
    let all: Vec<Entry> = curves
        .iter()
        .filter_map(|curve| {
            let shown = curve.points.iter().rev().filter(|p| scene.x.place(p.0).is_some());
            let height = shown.filter_map(|p| scene.y.place(p.1)).next()?;
            let look = Some(scene.style.look(curve));
            Some(Entry { name: scene.style.name(curve), look, height })
        })
        .collect();
    let (mut entries, more) = spread(&all, ENTRIES.min(rows));
    entries.sort_by(|a, b| b.height.total_cmp(&a.height));
    if more > 0 {
        entries.push(Entry { name: format!("+{more} more"), look: None, height: 0.0 });
    }
    entries
}

/// Rows near the wanted ones (in order), all different and below `rows`.
fn apart(wanted: &[usize], rows: usize) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut next = 0;
    for (i, row) in wanted.iter().enumerate() {
        let last = rows.saturating_sub(wanted.len() - i);
        let row = (*row).max(next).min(last);
        chosen.push(row);
        next = row + 1;
    }
    chosen
}

/// The part of the sheet that has the curves, in characters.
struct Canvas {
    left: usize,
    top: usize,
    wide: usize,
    high: usize,
}

impl Canvas {
    /// The centres of the dots at the edges, so that each end of an axis has its dots.
    fn frame(&self) -> Frame {
        Frame {
            left: 0.5,
            top: 0.5,
            right: (self.wide * ACROSS) as f64 - 0.5,
            bottom: (self.high * DOWN) as f64 - 0.5,
        }
    }

    fn dot(&self, (x, y): Spot) -> (usize, usize) {
        ((x as usize).min(self.wide * ACROSS - 1), (y as usize).min(self.high * DOWN - 1))
    }

    fn cell(&self, spot: Spot) -> (usize, usize) {
        let (x, y) = self.dot(spot);
        (x / ACROSS, y / DOWN)
    }
}

/// A character of the sheet.
#[derive(Clone, Copy)]
struct Cell {
    /// What is written; nothing where the character before is two columns wide.
    text: Option<char>,
    /// Braille dots, bits as in Unicode.
    dots: u8,
    colour: Option<Colour>,
}

struct Sheet {
    columns: usize,
    cells: Vec<Cell>,
}

impl Sheet {
    fn new(columns: usize, rows: usize) -> Sheet {
        let blank = Cell { text: Some(' '), dots: 0, colour: None };
        Sheet { columns, cells: vec![blank; columns * rows] }
    }

    /// Writes a text that has room in its row.
    fn write(&mut self, column: usize, row: usize, text: &str, colour: Option<Colour>) {
        let mut at = column;
        for c in text.chars() {
            // Marks that combine with the letter before have no cell of their own.
            let wide = c.width().unwrap_or(0);
            if wide == 0 || at + wide > self.columns {
                continue;
            }
            let start = row * self.columns + at;
            self.cells[start] = Cell { text: Some(c), dots: 0, colour };
            for cell in &mut self.cells[start + 1..start + wide] {
                *cell = Cell { text: None, dots: 0, colour };
            }
            at += wide;
        }
    }

    /// Sets the dots of a line (Bresenham 1965).
    fn line(&mut self, canvas: &Canvas, line: &[Spot], colour: Colour) {
        let dots = |spot: &Spot| {
            let (x, y) = canvas.dot(*spot);
            (x as i64, y as i64)
        };
        for (from, to) in segments(line) {
            let ((mut x, mut y), (to_x, to_y)) = (dots(&from), dots(&to));
            let (dx, dy) = ((to_x - x).abs(), -(to_y - y).abs());
            let (step_x, step_y) = ((to_x - x).signum(), (to_y - y).signum());
            let mut error = dx + dy;
            loop {
                self.dot(canvas, x as usize, y as usize, colour);
                if (x, y) == (to_x, to_y) {
                    break;
                }
                let twice = 2 * error;
                if twice >= dy {
                    error += dy;
                    x += step_x;
                }
                if twice <= dx {
                    error += dx;
                    y += step_y;
                }
            }
        }
    }

    fn dot(&mut self, canvas: &Canvas, x: usize, y: usize, colour: Colour) {
        const BITS: [[u8; ACROSS]; DOWN] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (column, row) = (canvas.left + x / ACROSS, canvas.top + y / DOWN);
        let cell = &mut self.cells[row * self.columns + column];
        cell.dots |= BITS[y % DOWN][x % ACROSS];
        cell.colour = Some(colour);
    }

    fn print(&self, colour: bool) -> String {
        let mut text = String::new();
        for row in self.cells.chunks(self.columns) {
            let mut current = None;
            for cell in row {
                let wanted = if colour { cell.colour } else { None };
                let blank = cell.dots == 0 && matches!(cell.text, Some(' ') | None);
                if wanted != current && !blank {
                    text.push_str(&escape(wanted));
                    current = wanted;
                }
                match (cell.dots, cell.text) {
                    (0, Some(c)) => text.push(c),
                    (0, None) => {}
                    (dots, _) => text.extend(char::from_u32(0x2800 + u32::from(dots))),
                }
            }
            if current.is_some() {
                text.push_str(&escape(None));
            }
            text.push('\n');
        }
        text
    }
}

/// The code that selects the nearest colour of the 6 x 6 x 6 cube, or the terminal's own for
/// black and none: black would not show on a dark terminal.
fn escape(colour: Option<Colour>) -> String {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let Some((r, g, b)) = colour.filter(|c| *c != (0, 0, 0)) else { return "\x1b[39m".into() };
    let nearest = |x: u8| (0..6).min_by_key(|i| LEVELS[*i].abs_diff(x)).unwrap_or(0);
    format!("\x1b[38;5;{}m", 16 + 36 * nearest(r) + 6 * nearest(g) + nearest(b))
}
