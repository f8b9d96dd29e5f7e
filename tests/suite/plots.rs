//! Pictures: what must be in an SVG, in the pixels of a PNG and in the cells of a terminal.

use isoterm::plot::{Curve, Error, Figure};
use proptest::prelude::*;

/// The first colours of Okabe and Ito (2008) as published: blue, vermillion, bluish green.
const OKABE_ITO: [[u8; 3]; 3] = [[0, 114, 178], [213, 94, 0], [0, 158, 115]];

fn curve(label: &str, run: usize, points: impl IntoIterator<Item = (f64, f64)>) -> Curve {
    Curve { label: label.into(), points: points.into_iter().collect(), run }
}

fn figure(curves: Vec<Curve>) -> Figure {
    Figure { x_label: "t".into(), curves, ..Figure::default() }
}

fn line(from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..=100).map(f64::from).map(move |i| (i / 100.0, from + (to - from) * i / 100.0))
}

/// The names of the elements of an XML text in their order and the texts between them; fails on
/// tags that do not match, attributes without quotes and signs that are not escaped.
fn elements(xml: &str) -> (Vec<String>, Vec<String>) {
    let (mut open, mut names, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "{text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "the innermost element is closed");
        } else {
            let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(name.chars().all(|c| c.is_ascii_alphabetic()), "{name}");
            let quoted: Vec<&str> = attributes.split('"').collect();
            assert!(quoted.len() % 2 == 1 && quoted.last().unwrap().trim().is_empty(), "{tag}");
            for attribute in quoted.chunks_exact(2) {
                let name = attribute[0].trim().strip_suffix('=').expect("name=\"value\"");
                assert!(name.chars().all(|c| c.is_ascii_alphabetic() || c == '-'), "{name}");
            }
            names.push(name.to_string());
            if !alone {
                open.push(name.to_string());
            }
        }
        for reference in text.split('&').skip(1) {
            let name = reference.split(';').next().unwrap_or_default();
            assert!(["lt", "gt", "amp", "quot", "apos"].contains(&name), "{text}");
        }
        if !text.trim().is_empty() {
            texts.push(text.trim().to_string());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert!(xml.chars().all(|c| c == '\n' || !c.is_control()));
    (names, texts)
}

fn polylines(figure: &Figure) -> usize {
    let (names, _) = elements(&figure.svg(900, 600).unwrap());
    names.iter().filter(|n| *n == "polyline").count()
}

/// Width, height and pixels.
fn pixels(figure: &Figure, width: u32, height: u32) -> Vec<[u8; 3]> {
    let bytes = figure.png(width, height).unwrap();
    let mut reader = png::Decoder::new(bytes.as_slice()).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!((info.width, info.height, info.color_type), (width, height, png::ColorType::Rgb));
    data[..info.buffer_size()].chunks(3).map(|p| [p[0], p[1], p[2]]).collect()
}

fn lines_of(figure: &Figure, columns: usize, rows: usize) -> Vec<Vec<char>> {
    let text = figure.braille(columns, rows, false).unwrap();
    let lines: Vec<Vec<char>> = text.lines().map(|l| l.chars().collect()).collect();
    assert!(lines.len() == rows && lines.iter().all(|l| l.len() == columns), "{text}");
    lines
}

/// Places of braille cells with dots.
fn inked(lines: &[Vec<char>]) -> Vec<(usize, usize)> {
    let cells = lines
        .iter()
        .enumerate()
        .flat_map(|(row, line)| line.iter().enumerate().map(move |(column, c)| (column, row, *c)));
    cells.filter(|c| ('\u{2801}'..='\u{28ff}').contains(&c.2)).map(|c| (c.0, c.1)).collect()
}

#[test]
fn svg_is_well_formed_and_has_each_name_and_line() {
    let mut figure = figure(vec![
        curve("prey", 0, line(0.0, 1.0)),
        curve("a<b & \"c\"", 0, line(1.0, 2.0)),
        curve("bell\u{7}", 0, line(2.0, 3.0)),
    ]);
    figure.title = "x > y".into();
    figure.y_label = "population".into();
    let svg = figure.svg(900, 600).unwrap();
    let (names, texts) = elements(&svg);
    assert_eq!(names[0], "svg");
    assert!(svg.contains("width=\"900\" height=\"600\""));
    for text in ["prey", "a&lt;b &amp; &quot;c&quot;", "bell", "x &gt; y", "population", "t"] {
        assert!(texts.iter().any(|t| t == text), "{text}: {texts:?}");
    }
    // Three curves and their lines in the legend.
    assert_eq!(polylines(&figure), 6);
}

#[test]
fn the_axis_alone_names_a_single_curve() {
    let mut figure = figure(vec![curve("x", 0, line(0.0, 1.0))]);
    assert_eq!(polylines(&figure), 2);
    figure.y_label = "x".into();
    assert_eq!(polylines(&figure), 1);
}

#[test]
fn gaps_break_lines_and_lone_points_are_discs() {
    let values = [1.0, 2.0, f64::NAN, 2.0, f64::NAN, 1.0, f64::INFINITY, 3.0, 1.0];
    let points = values.iter().enumerate().map(|(i, v)| (i as f64, *v));
    let mut figure = figure(vec![curve("x", 0, points)]);
    figure.y_label = "x".into();
    let (names, texts) = elements(&figure.svg(900, 600).unwrap());
    assert_eq!(names.iter().filter(|n| *n == "polyline").count(), 2);
    assert_eq!(names.iter().filter(|n| *n == "circle").count(), 2);
    assert!(texts.iter().any(|t| t == "points left out: 1 infinite"), "{texts:?}");
}

#[test]
fn a_path_in_the_plane_has_its_start_marked() {
    let turn = |i: i32| f64::from(i) / 50.0 * std::f64::consts::TAU;
    let circle = (0..=50).map(turn).map(|a| (a.cos(), a.sin()));
    let mut path = figure(vec![curve("y", 0, circle)]);
    path.y_label = "y".into();
    let count = |figure: &Figure, what: &str| {
        let (names, _) = elements(&figure.svg(900, 600).unwrap());
        names.iter().filter(|n| *n == what).count()
    };
    assert_eq!(count(&path, "circle"), 2, "a ring is a disc in a disc");
    let start = lines_of(&path, 60, 20).concat().iter().filter(|c| **c == '○').count();
    assert_eq!(start, 1);
    let function = figure(vec![curve("y", 0, line(0.0, 1.0))]);
    assert_eq!(count(&function, "circle"), 0);
}

#[test]
fn png_has_the_colours_of_its_curves() {
    let names = ["a", "b", "c"];
    for shown in 1..=3 {
        let curves = (0..shown).map(|i| curve(names[i], 0, line(i as f64, i as f64 + 0.5)));
        let pixels = pixels(&figure(curves.collect()), 640, 400);
        for (i, colour) in OKABE_ITO.iter().enumerate() {
            let ink = pixels.iter().filter(|p| *p == colour).count();
            // A line of about two pixels' width across some 550 pixels.
            assert_eq!(ink > 300, i < shown, "{shown} curves, colour {i}: {ink} pixels");
        }
        let white = pixels.iter().filter(|p| **p == [255; 3]).count();
        assert!(white * 10 > pixels.len() * 8, "the ground is white: {white}");
    }
}

#[test]
fn a_horizontal_line_stands_where_its_value_is() {
    // Values 0 and 1 in the corners; the line at 0.25 lies between: its distances from the ends
    // are as 1 to 3.
    let figure = figure(vec![
        curve("low", 0, [(0.0, 0.0), (1.0, 0.0)]),
        curve("quarter", 0, [(0.0, 0.25), (1.0, 0.25)]),
        curve("high", 0, [(0.0, 1.0), (1.0, 1.0)]),
    ]);
    let pixels = pixels(&figure, 640, 400);
    // Down one column, the centres of what is not grey, weighted by how colourful it is.
    let (mut centres, mut weight, mut moment) = (Vec::new(), 0.0, 0.0);
    for y in 0..400 {
        let pixel = pixels[y * 640 + 200];
        let colour = f64::from(pixel.iter().max().unwrap() - pixel.iter().min().unwrap());
        if colour > 0.0 {
            (weight, moment) = (weight + colour, moment + colour * (y as f64 + 0.5));
        } else if weight > 0.0 {
            centres.push(moment / weight);
            (weight, moment) = (0.0, 0.0);
        }
    }
    let [high, quarter, low] = centres[..] else { panic!("{centres:?}") };
    let share = (low - quarter) / (low - high);
    assert!((share - 0.25).abs() < 0.5 / (low - high), "{share}, {centres:?}");
}

#[test]
fn pictures_are_the_same_each_time() {
    let figure =
        figure((0..20).map(|i| curve(&format!("u[{i}]"), 0, line(0.0, i.into()))).collect());
    assert_eq!(figure.svg(640, 400), figure.clone().svg(640, 400));
    assert_eq!(figure.png(640, 400), figure.clone().png(640, 400));
    assert_eq!(figure.braille(80, 20, true), figure.clone().braille(80, 20, true));
}

#[test]
fn runs_share_the_colour_and_differ_in_dashes() {
    let runs = |n: usize| {
        figure((0..n).map(|run| curve("x", run, line(run as f64, run as f64 + 1.0))).collect())
    };
    let (_, texts) = elements(&runs(2).svg(900, 600).unwrap());
    assert!(["x, run 1", "x, run 2"].iter().all(|t| texts.iter().any(|s| s == t)), "{texts:?}");
    let count = |n| pixels(&runs(n), 640, 400).iter().filter(|p| **p == OKABE_ITO[0]).count();
    let (one, two) = (count(1), count(2));
    assert!(two > one + one / 4 && two < 2 * one - one / 5, "{one} and {two} pixels");
    let vermillion = pixels(&runs(2), 640, 400).iter().filter(|p| **p == OKABE_ITO[1]).count();
    assert_eq!(vermillion, 0);
    assert!(polylines(&runs(2)) > 4, "dashes are lines of their own");
    // Shades instead from the fifth run: unbroken lines, one each and one in the legend.
    assert_eq!(polylines(&runs(5)), 10);
}

#[test]
fn the_legend_is_short_and_says_how_many_are_missing() {
    let many = figure((0..40).map(|i| curve(&format!("u[{i}]"), 0, line(0.0, i.into()))).collect());
    let (_, texts) = elements(&many.svg(900, 600).unwrap());
    let named = texts.iter().filter(|t| t.starts_with("u[")).count();
    assert!(named <= 12 && texts.iter().any(|t| *t == format!("and {} more", 40 - named)));
    let text = many.braille(80, 20, false).unwrap();
    let named = text.matches("u[").count();
    assert!(named <= 12 && text.contains(&format!("+{} more", 40 - named)), "{text}");
}

/// The number that an attribute of an SVG element has.
fn number(element: &str, name: &str) -> f64 {
    let value = element.split_once(&format!(" {name}=\"")).expect("the attribute").1;
    value.split('"').next().unwrap().parse().unwrap()
}

/// The points of a polyline of an SVG.
fn points(element: &str) -> Vec<(f64, f64)> {
    let text = element.split_once("points=\"").unwrap().1.split('"').next().unwrap();
    let pairs = text.split_whitespace().map(|p| p.split_once(',').unwrap());
    pairs.map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
}

#[test]
fn the_legend_hides_no_curve() {
    let corner = |x: f64, y: f64| (0..=20).map(f64::from).map(move |i| (x, y * i / 20.0));
    let low = || curve("low", 0, [(0.0, 0.0), (1.0, 0.0)]);
    let wave = |k: i32| line(0.0, 1.0).map(move |(t, x)| (t, (40.0 * x + f64::from(k)).sin()));
    for (curves, inside) in [
        (vec![low(), curve("left", 0, corner(0.0, 1.0))], true),
        (vec![low(), curve("right", 0, corner(1.0, 1.0))], true),
        (vec![curve("fall", 0, line(1.0, 0.0)), curve("rise", 0, line(0.0, 1.0))], true),
        (vec![curve("high", 0, line(1.0, 1.0)), low(), curve("fall", 0, line(1.0, 0.0))], true),
        ((0..6).map(|k| curve(&format!("wave {k}"), 0, wave(k))).collect(), false),
    ] {
        let svg = figure(curves.clone()).svg(900, 600).unwrap();
        let of =
            |kind: &str| -> Vec<&str> { svg.split('<').filter(|e| e.starts_with(kind)).collect() };
        let (rects, polylines) = (of("rect"), of("polyline"));
        assert_eq!(polylines.len(), 2 * curves.len());
        let curve_points = || polylines[..curves.len()].iter().flat_map(|p| points(p));
        let samples: Vec<_> = polylines[curves.len()..].iter().flat_map(|p| points(p)).collect();
        let farthest = curve_points().map(|p| p.0).fold(0.0, f64::max);
        // The last rectangle is the ground of a legend inside the frame.
        let box_ = rects.last().unwrap();
        let (x, y) = (number(box_, "x"), number(box_, "y"));
        let (right, bottom) = (x + number(box_, "width"), y + number(box_, "height"));
        if inside {
            let within = |p: &(f64, f64)| p.0 > x && p.0 < right && p.1 > y && p.1 < bottom;
            assert!(samples.iter().all(within), "the legend has its lines");
            assert!(!curve_points().any(|p| within(&p)), "{svg}");
        } else {
            assert!(samples.iter().all(|p| p.0 > farthest), "the legend is beside the curves");
        }
    }
}

#[test]
fn braille_covers_the_cells_of_a_straight_line() {
    let mut figure = figure(vec![curve("x", 0, [(0.0, 0.0), (1.0, 1.0)])]);
    figure.y_label = "x".into();
    let lines = lines_of(&figure, 60, 20);
    let cells = inked(&lines);
    let (left, right) = (cells.iter().map(|c| c.0).min(), cells.iter().map(|c| c.0).max());
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!((lines[5][left - 1], right), ('│', 59), "from the axis to the last column");
    // 16 rows of curves, the ordinate from -0.05 to 1.05: the line is 1/1.1 of the height.
    for column in left..=right {
        let rows: Vec<usize> = cells.iter().filter(|c| c.0 == column).map(|c| c.1).collect();
        let x = (column - left) as f64 + 0.5;
        let y = 0.05 / 1.1 + x / (right - left + 1) as f64 / 1.1;
        let row = 1.0 + 16.0 * (1.0 - y);
        assert!(!rows.is_empty() && rows.len() <= 2, "column {column}: {rows:?}");
        assert!(rows.iter().any(|r| (*r as f64 + 0.5 - row).abs() <= 1.0), "{rows:?}, {row}");
    }
}

#[test]
fn braille_has_colours_only_when_asked() {
    let figure = figure(vec![curve("x", 0, line(0.0, 1.0)), curve("y", 0, line(1.0, 0.0))]);
    let plain = figure.braille(70, 16, false).unwrap();
    assert!(!plain.contains('\x1b'));
    let coloured = figure.braille(70, 16, true).unwrap();
    let mut stripped = String::new();
    for part in coloured.split("\x1b[") {
        stripped.push_str(if stripped.is_empty() { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, stripped);
    for line in coloured.lines() {
        let last = line.rsplit_once("\x1b[").map(|(_, code)| code);
        assert!(last.is_none_or(|code| code.starts_with("39m")), "each line ends uncoloured");
    }
}

#[test]
fn logarithmic_axes_have_powers_of_ten_and_leave_out_the_rest() {
    let points = (0..=12).map(|k| (f64::from(k), 10_f64.powi(-k)));
    let mut log = figure(vec![curve("x", 0, points.chain([(13.0, 0.0), (14.0, -1.0)]))]);
    log.y_log = true;
    let (_, texts) = elements(&log.svg(900, 600).unwrap());
    assert!(texts.iter().any(|t| t == "points left out: 2 not positive"), "{texts:?}");
    for power in ["1e0", "1e-6", "1e-12"] {
        assert!(texts.iter().any(|t| t == power), "{texts:?}");
    }
    // Straight in logarithms: as many columns from power to power.
    let lines = lines_of(&log, 80, 24);
    let text = log.braille(80, 24, false).unwrap();
    assert!(text.contains("1e-12 ┤") && text.contains("2 not positive"), "{text}");
    let first = inked(&lines).iter().map(|c| c.1).min();
    let last = inked(&lines).iter().map(|c| c.1).max();
    assert!(last.unwrap() - first.unwrap() > 16, "the line crosses the picture:\n{text}");
}

#[test]
fn ticks_can_be_read_from_small_to_large() {
    for (largest, expected) in [
        (1e-12, "1e-12"),
        (1e-5, "1e-5"),
        (0.001, "0.001"),
        (1.0, "1"),
        (50.0, "50"),
        (1e5, "100000"),
        (1e11, "1e11"),
        (1e300, "1e300"),
    ] {
        let figure = figure(vec![curve("x", 0, line(0.0, largest))]);
        let (_, texts) = elements(&figure.svg(900, 600).unwrap());
        assert!(texts.iter().any(|t| t == expected), "{largest}: {texts:?}");
        let numbers = texts.iter().filter(|t| t.parse::<f64>().is_ok());
        assert!(numbers.clone().count() >= 6 && numbers.clone().all(|t| t.len() <= 7), "{texts:?}");
    }
    // What is common to all labels is said once.
    let figure = figure(vec![curve("x", 0, line(1e6, 1e6 + 0.25))]);
    let (_, texts) = elements(&figure.svg(900, 600).unwrap());
    assert!(texts.iter().any(|t| t == "- 1e6") && texts.iter().any(|t| t == "0.1"), "{texts:?}");
}

#[test]
fn constants_are_level_and_rounding_is_not_magnified() {
    for value in [0.0, 1.0, -3e-7, 1e300, f64::MAX, 5e-324] {
        let noisy = [value, value * (1.0 - f64::EPSILON), value, value];
        let points = noisy.iter().enumerate().map(|(i, v)| (i as f64, *v));
        let figure = figure(vec![curve("x", 0, points)]);
        let rows: Vec<usize> = inked(&lines_of(&figure, 60, 16)).iter().map(|c| c.1).collect();
        assert!(rows.len() > 40 && rows.iter().all(|r| r.abs_diff(rows[0]) == 0), "{value}");
        assert!(figure.svg(640, 400).is_ok() && figure.png(640, 400).is_ok());
    }
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let nothing = |figure: &Figure| match (figure.svg(640, 400), figure.braille(60, 16, false)) {
        (Err(Error::Nothing(a)), Err(Error::Nothing(b))) if a == b => a,
        other => panic!("{other:?}"),
    };
    assert_eq!(nothing(&Figure::default()), "there are no curves");
    assert_eq!(nothing(&figure(vec![curve("x", 0, [])])), "none of the 1 curves has a point");
    let bad = [(0.0, f64::NAN), (1.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0)];
    let why = nothing(&figure(vec![curve("x", 0, bad)]));
    assert_eq!(why, "no point can be shown; 1 without a value, 2 infinite");
    let mut log = figure(vec![curve("x", 0, [(0.0, -1.0)])]);
    log.y_log = true;
    assert!(nothing(&log).ends_with("1 not positive on a logarithmic axis"));
    let fine = figure(vec![curve("x", 0, line(0.0, 1.0))]);
    for (width, height) in [(0, 0), (159, 400), (640, 119), (4097, 400), (u32::MAX, u32::MAX)] {
        assert!(matches!(fine.svg(width, height), Err(Error::Size(_))));
        assert!(matches!(fine.png(width, height), Err(Error::Size(_))));
    }
    for (columns, rows) in [(0, 0), (23, 16), (60, 5), (usize::MAX, 16)] {
        let error = fine.braille(columns, rows, true).unwrap_err();
        assert!(error.to_string().contains("24 to 1000 columns"), "{error}");
    }
}

#[test]
fn a_million_points_become_a_small_picture() {
    let noise = |i: i32| f64::from(i.wrapping_mul(0x2545_f491) >> 16) / 32768.0;
    let points = (0..1_000_000).map(|i| (f64::from(i), noise(i)));
    let figure = figure(vec![curve("x", 0, points)]);
    let svg = figure.svg(900, 600).unwrap();
    // Four points of some ten bytes for each half pixel of 900.
    assert!(svg.len() < 900 * 2 * 4 * 12 + 10_000, "{} bytes", svg.len());
    // The highest and the lowest point are kept: the ink reaches as far as that of the two alone.
    let rows: Vec<usize> = inked(&lines_of(&figure, 60, 20)).iter().map(|c| c.1).collect();
    assert!(rows.contains(&1) && rows.contains(&16), "{rows:?}");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -10.0..10.0_f64,
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(0.0),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(f64::MIN_POSITIVE),
        Just(5e-324),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_data_panics(
        curves in prop::collection::vec(
            (".{0,12}", prop::collection::vec((any_value(), any_value()), 0..12), 0..7_usize),
            0..9,
        ),
        title in ".{0,80}",
        (x_log, y_log) in any::<(bool, bool)>(),
        (columns, rows) in (24..90_usize, 6..30_usize),
    ) {
        let curves = curves.into_iter().map(|(label, points, run)| curve(&label, run, points));
        let names = (title.clone(), title.clone(), title);
        let figure = Figure {
            title: names.0, x_label: names.1, y_label: names.2, x_log, y_log,
            curves: curves.collect(),
        };
        let visible = |&(x, y): &(f64, f64)| {
            x.is_finite() && y.is_finite() && !(x_log && x <= 0.0) && !(y_log && y <= 0.0)
        };
        let something = figure.curves.iter().flat_map(|c| &c.points).any(visible);
        let svg = figure.svg(200, 150);
        prop_assert_eq!(svg.is_ok(), something);
        if let Ok(svg) = svg {
            let (_, texts) = elements(&svg);
            prop_assert!(!texts.iter().any(|t| ["NaN", "inf", "-inf"].contains(&t.as_str())));
            let lines = svg.split('<').filter(|e| e.starts_with("polyline"));
            for (x, y) in lines.flat_map(points) {
                prop_assert!((0.0..=2000.0).contains(&x) && (0.0..=1500.0).contains(&y));
            }
        }
        prop_assert_eq!(figure.png(160, 120).is_ok(), something);
        let text = figure.braille(columns, rows, false);
        prop_assert_eq!(text.is_ok(), something);
        if let Ok(text) = text {
            prop_assert_eq!(text.lines().count(), rows);
            for line in text.lines() {
                let width = unicode_width::UnicodeWidthStr::width(line);
                prop_assert_eq!(width, columns, "{:?}", line);
            }
        }
    }
}
