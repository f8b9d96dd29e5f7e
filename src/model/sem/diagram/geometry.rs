//! Points, boxes and curves of pictures.

/// A point in pixels; y grows downwards.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Down.
    pub y: f64,
}

impl Point {
    /// A point.
    pub fn new(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    /// This point moved.
    pub fn plus(self, dx: f64, dy: f64) -> Point {
        Point::new(self.x + dx, self.y + dy)
    }

    /// The point at a share of the way to another one.
    pub fn towards(self, other: Point, share: f64) -> Point {
        self.plus(share * (other.x - self.x), share * (other.y - self.y))
    }

    /// The distance of two points.
    pub fn distance(self, other: Point) -> f64 {
        libm::hypot(self.x - other.x, self.y - other.y)
    }
}

/// What a variable looks like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Shape {
    /// The centre.
    pub centre: Point,
    /// Half of the width.
    pub half_width: f64,
    /// Half of the height.
    pub half_height: f64,
    /// Whether it is an ellipse.
    pub round: bool,
}

impl Shape {
    /// Where a ray from the centre to a point leaves the shape, `gap` outside of it.
    pub fn border(&self, to: Point, gap: f64) -> Point {
        let (dx, dy) = (to.x - self.centre.x, to.y - self.centre.y);
        let length = libm::hypot(dx, dy).max(1e-9);
        let (ux, uy) = (dx / length, dy / length);
        let (a, b) = (ux.abs() / self.half_width, uy.abs() / self.half_height);
        let reach = if self.round { 1.0 / libm::hypot(a, b) } else { 1.0 / a.max(b) };
        self.centre.plus(ux * (reach + gap), uy * (reach + gap))
    }

    /// Whether a point is inside or at most `margin` beside the box of the shape.
    pub fn holds(&self, p: Point, margin: f64) -> bool {
        (p.x - self.centre.x).abs() < self.half_width + margin
            && (p.y - self.centre.y).abs() < self.half_height + margin
    }

    /// Whether two boxes overlap.
    pub fn overlaps(&self, other: &Shape) -> bool {
        (self.centre.x - other.centre.x).abs() < self.half_width + other.half_width
            && (self.centre.y - other.centre.y).abs() < self.half_height + other.half_height
    }
}

/// A quadratic Bézier curve.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Curve {
    /// Where it begins.
    pub start: Point,
    /// What it is drawn to.
    pub control: Point,
    /// Where it ends.
    pub end: Point,
}

impl Curve {
    /// From one shape to another, bent so far to the left of its way.
    pub fn between(from: &Shape, to: &Shape, bend: f64, gaps: (f64, f64)) -> Curve {
        let (a, b) = (from.centre, to.centre);
        let length = a.distance(b).max(1.0);
        let control = a
            .towards(b, 0.5)
            .plus(2.0 * bend * (b.y - a.y) / length, -2.0 * bend * (b.x - a.x) / length);
        Curve { start: from.border(control, gaps.0), control, end: to.border(control, gaps.1) }
    }

    /// The point at a parameter from 0 to 1.
    pub fn at(&self, t: f64) -> Point {
        let (a, b) = (self.start.towards(self.control, t), self.control.towards(self.end, t));
        a.towards(b, t)
    }
}

/// Whether two segments cross inside.
pub fn cross(a: (Point, Point), b: (Point, Point)) -> bool {
    let side = |p: Point, q: Point, r: Point| (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
    side(a.0, a.1, b.0) * side(a.0, a.1, b.1) < 0.0
        && side(b.0, b.1, a.0) * side(b.0, b.1, a.1) < 0.0
}

/// The width of a text in pixels, roughly that of a sans-serif font of this size.
pub fn width(text: &str, size: f64) -> f64 {
    let narrow = |c: char| matches!(c, 'i' | 'j' | 'l' | '.' | ',' | '\'' | '|' | ' ' | 't' | 'f');
    let wide = |c: char| matches!(c, 'm' | 'w' | 'M' | 'W') || !c.is_ascii();
    let units = text.chars().map(|c| match c {
        c if narrow(c) => 0.34,
        c if wide(c) => 0.9,
        c if c.is_uppercase() => 0.7,
        _ => 0.58,
    });
    size * units.sum::<f64>()
}
