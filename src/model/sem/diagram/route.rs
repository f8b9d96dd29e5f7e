//! How arrows run: bent around variables, with labels where they can be read.

use super::geometry::{Curve, Point, Shape, cross, width};
use super::layout::{Layout, Side};
use super::{Line, Sketch};

/// Pixels of the letters at arrows.
pub const LETTERS: f64 = 11.0;

/// An arrow with its way.
pub struct Route {
    /// Its way; that of a variance is a loop at this side.
    pub way: Way,
    /// The middle of its label.
    pub label: Point,
}

/// The way of an arrow.
pub enum Way {
    /// A curve.
    Curve(Curve),
    /// A loop: where it begins, what it is drawn to, where it ends.
    Loop([Point; 4]),
}

/// Bends that are tried, in pixels, the least first.
const BENDS: [f64; 9] = [0.0, 18.0, 34.0, 55.0, 80.0, 110.0, 150.0, 200.0, 260.0];

/// Points at which a curve is looked at.
const POINTS: usize = 24;

/// Arrows up to which crossings are counted.
const COUNTED: usize = 120;

/// The ways of all arrows, in their order.
pub fn route(sketch: &Sketch, layout: &Layout) -> Vec<Route> {
    let mut ways: Vec<Option<Way>> = sketch.lines.iter().map(|_| None).collect();
    let mut drawn: Vec<Vec<Point>> = Vec::new();
    // Straight arrows first, short ones before long ones; then curved ones, then loops.
    let span = |l: &Line| layout.shapes[l.from].centre.distance(layout.shapes[l.to].centre);
    let mut order: Vec<usize> =
        (0..sketch.lines.len()).filter(|&k| sketch.lines[k].from != sketch.lines[k].to).collect();
    order.sort_by(|&a, &b| {
        let key = |k: usize| (sketch.lines[k].double, span(&sketch.lines[k]));
        let (x, y) = (key(a), key(b));
        x.0.cmp(&y.0).then(x.1.total_cmp(&y.1))
    });
    let loops = |k: &usize| sketch.lines[*k].from == sketch.lines[*k].to;
    let (settled, rest): (Vec<usize>, Vec<usize>) = (0..sketch.lines.len())
        .filter(loops)
        .partition(|&k| layout.outside[sketch.lines[k].from].is_some());
    for k in settled {
        let (way, points) = looped(layout, sketch.lines[k].from, &drawn);
        drawn.push(points);
        ways[k] = Some(way);
    }
    for k in order {
        let curve = best(sketch, layout, &sketch.lines[k], &drawn);
        drawn.push(points(&curve));
        ways[k] = Some(Way::Curve(curve));
    }
    for k in rest {
        let (way, points) = looped(layout, sketch.lines[k].from, &drawn);
        drawn.push(points);
        ways[k] = Some(way);
    }
    let mut taken: Vec<Shape> = layout.shapes.clone();
    let mut routes: Vec<Route> =
        ways.into_iter().flatten().map(|way| Route { way, label: Point::default() }).collect();
    // Labels of loops have one place each.
    for round in [true, false] {
        for (line, route) in sketch.lines.iter().zip(&mut routes) {
            if round == (line.from == line.to) {
                route.label = label(line, &route.way, &taken);
                if !line.label.is_empty() {
                    taken.push(text_box(&line.label, route.label));
                }
            }
        }
    }
    routes
}

fn points(curve: &Curve) -> Vec<Point> {
    (0..=POINTS).map(|k| curve.at(k as f64 / POINTS as f64)).collect()
}

/// The curve with the least cost: bends, variables and other arrows in its way.
fn best(sketch: &Sketch, layout: &Layout, line: &Line, drawn: &[Vec<Point>]) -> Curve {
    let (from, to) = (&layout.shapes[line.from], &layout.shapes[line.to]);
    let gaps = if line.double { (2.0, 2.0) } else { (0.0, 2.0) };
    let twin = sketch.lines.iter().any(|l| {
        let ends = (l.from, l.to);
        let same = ends == (line.from, line.to) || ends == (line.to, line.from);
        same && (l.double != line.double || ends == (line.to, line.from)) && l.from != l.to
    });
    let least = usize::from(line.double || twin);
    let signs = [1.0, -1.0];
    let tried = BENDS[least..].iter().flat_map(|b| signs.map(|s| s * b));
    let cost = |bend: f64| {
        let curve = Curve::between(from, to, bend, gaps);
        let way = points(&curve);
        let blocked = way
            .iter()
            .flat_map(|p| layout.shapes.iter().enumerate().map(move |(v, s)| (p, v, s)))
            .filter(|(p, v, s)| *v != line.from && *v != line.to && s.holds(**p, 4.0))
            .count();
        let ends = [(from, line.from), (to, line.to)];
        let outside = ends.iter().filter(|(s, v)| {
            // Curves at the outer side of indicators do not run through their fan of loadings.
            let middle = curve.at(0.5);
            match layout.outside[*v] {
                Some(Side::Left) => middle.x > s.centre.x,
                Some(Side::Right) => middle.x < s.centre.x,
                Some(Side::Above) => middle.y > s.centre.y,
                Some(Side::Below) => middle.y < s.centre.y,
                None => false,
            }
        });
        let outside = if line.double { outside.count() } else { 0 };
        let crossed = match drawn.len() < COUNTED {
            true => drawn.iter().map(|other| crossings(&way, other)).sum::<usize>(),
            false => 0,
        };
        // Away from their ends curves keep apart.
        let middle = &way[POINTS / 4..=3 * POINTS / 4];
        let near = |p: &Point| drawn.iter().flatten().any(|q| p.distance(*q) < 5.0);
        let touching = match drawn.len() < COUNTED {
            true => middle.iter().filter(|p| near(p)).count(),
            false => 0,
        };
        let cost = 6.0 * blocked as f64
            + 2.5 * crossed as f64
            + 8.0 * outside as f64
            + 0.8 * touching as f64;
        (cost + bend.abs() / 22.0, curve)
    };
    let mut found = cost(BENDS[least]);
    for bend in tried.skip(1) {
        let next = cost(bend);
        if next.0 < found.0 - 1e-9 {
            found = next;
        }
    }
    found.1
}

fn crossings(a: &[Point], b: &[Point]) -> usize {
    let pairs = a.windows(2).flat_map(|x| b.windows(2).map(move |y| (x, y)));
    pairs.filter(|(x, y)| cross((x[0], x[1]), (y[0], y[1]))).count()
}

/// The loop of a variance, at the outer side of an indicator, else where there is most room.
fn looped(layout: &Layout, v: usize, drawn: &[Vec<Point>]) -> (Way, Vec<Point>) {
    let shape = &layout.shapes[v];
    let sides = match layout.outside[v] {
        Some(side) => vec![side],
        None => vec![Side::Above, Side::Below, Side::Right, Side::Left],
    };
    let candidate = |side: Side| {
        let (dx, dy) = match side {
            Side::Left => (-1.0, 0.0),
            Side::Right => (1.0, 0.0),
            Side::Above => (0.0, -1.0),
            Side::Below => (0.0, 1.0),
        };
        let c = shape.centre;
        let reach = if dx == 0.0 { shape.half_height } else { shape.half_width } + 1.0;
        let at = |along: f64, out: f64| {
            c.plus(dx * (reach + out) - dy * along, dy * (reach + out) + dx * along)
        };
        let corner = if shape.round { 1.5 } else { 0.0 };
        let way = [at(-6.0, -corner), at(-15.0, 26.0), at(15.0, 26.0), at(6.0, -corner)];
        let tip = at(0.0, 20.0);
        let room =
            Shape { centre: at(0.0, 18.0), half_width: 16.0, half_height: 16.0, round: false };
        let near = drawn.iter().flatten().filter(|p| room.holds(**p, 0.0)).count();
        let others = layout.shapes.iter().enumerate();
        let shapes = others.filter(|(w, s)| *w != v && s.overlaps(&room)).count();
        (near + 20 * shapes, way, tip)
    };
    let mut found = candidate(sides[0]);
    for &side in &sides[1..] {
        let next = candidate(side);
        if next.0 < found.0 {
            found = next;
        }
    }
    let (_, way, tip) = found;
    (Way::Loop(way), vec![way[0], tip, way[3]])
}

/// The box of a label.
fn text_box(text: &str, centre: Point) -> Shape {
    let half_width = width(text, LETTERS) / 2.0 + 1.0;
    Shape { centre, half_width, half_height: LETTERS / 2.0 + 1.0, round: false }
}

/// Where a label stands: on the curve, away from what is there; beyond a loop.
fn label(line: &Line, way: &Way, taken: &[Shape]) -> Point {
    match way {
        Way::Loop([start, a, b, end]) => {
            let (base, tip) = (start.towards(*end, 0.5), a.towards(*b, 0.5));
            let length = base.distance(tip).max(1.0);
            let (dx, dy) = ((tip.x - base.x) / length, (tip.y - base.y) / length);
            let half = width(&line.label, LETTERS) / 2.0;
            base.plus(dx * (24.0 + half), dy * (24.0 + LETTERS / 2.0))
        }
        Way::Curve(curve) => {
            const PLACES: [f64; 9] = [0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8];
            let clash = |t: f64| {
                let room = text_box(&line.label, curve.at(t));
                taken.iter().filter(|s| s.overlaps(&room)).count()
            };
            let mut found = (clash(PLACES[0]), PLACES[0]);
            for t in PLACES {
                let count = clash(t);
                if count < found.0 {
                    found = (count, t);
                }
            }
            curve.at(found.1)
        }
    }
}
