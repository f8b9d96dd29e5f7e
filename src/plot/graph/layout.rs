//! Where the nodes of a graph are drawn.
//!
//! Distances in the picture follow those in the graph (stress majorisation node by node: Gansner,
//! Koren and North 2005), then names that touch are pushed apart. Parts that are not connected are
//! set side by side. Nothing is drawn at random.

use petgraph::algo::dijkstra;
use petgraph::graph::{NodeIndex, UnGraph};

use super::{Graph, Node, Shape};

/// Size of letters.
pub(super) const EM: f64 = 14.0;
/// Size of the letters beside lines.
pub(super) const SMALL: f64 = 12.0;
/// Radius of a dot.
pub(super) const DOT: f64 = 3.5;
/// The least distance between things.
const GAP: f64 = 8.0;
/// What a line is long at least, beyond the nodes that it joins.
const LINE: f64 = 34.0;
/// Around everything.
const MARGIN: f64 = 16.0;

/// A rectangle: its centre and half of its width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The centre.
    pub centre: (f64, f64),
    /// Half of the width and of the height.
    pub half: (f64, f64),
}

impl Frame {
    /// Whether two frames have points in common.
    pub fn meets(&self, other: &Frame) -> bool {
        let (x, y) = self.overlap(other, 0.0);
        x > 0.0 && y > 0.0
    }

    /// How far the frames, widened by a gap between them, reach into each other.
    fn overlap(&self, other: &Frame, gap: f64) -> (f64, f64) {
        let of = |a: f64, b: f64, half: f64| half + gap - (a - b).abs();
        (
            of(self.centre.0, other.centre.0, self.half.0 + other.half.0),
            of(self.centre.1, other.centre.1, self.half.1 + other.half.1),
        )
    }
}

/// A graph with a place for everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Width and height of the picture.
    pub size: (f64, f64),
    /// The frames of the nodes.
    pub nodes: Vec<Frame>,
}

/// The width of a text in letters of size 1, rather too much than too little, whatever sans-serif
/// font a viewer has.
pub(super) fn width(text: &str) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | 't' | 'f' | '.' | ',' | ':' | '[' | ']' | '(' | ')' | '|' | '!' => {
            0.4
        }
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 1.0,
        'A'..='Z' | '~' | '+' | '=' | '<' | '>' | '&' => 0.76,
        c if c.is_ascii() => 0.62,
        _ => 1.0,
    };
    text.chars().map(of).sum()
}

/// Half of the width and height of a node.
fn half(node: &Node) -> (f64, f64) {
    let letters = width(&node.name) * EM / 2.0;
    match node.shape {
        Shape::Dot => (DOT, DOT),
        Shape::Box => (letters + 8.0, 13.0),
        // A name fits into an ellipse that is wider and higher than it.
        Shape::Ellipse => (1.12 * letters + 10.0, 16.0),
    }
}

/// Places all nodes.
pub(super) fn place(graph: &Graph) -> Placed {
    let mut nodes: Vec<Frame> =
        graph.nodes.iter().map(|n| Frame { centre: (0.0, 0.0), half: half(n) }).collect();
    let reach = |k: usize| (nodes[k].half.0 + nodes[k].half.1) / 2.0;
    let mut joined: UnGraph<(), f64> = UnGraph::default();
    let handles: Vec<NodeIndex> = nodes.iter().map(|_| joined.add_node(())).collect();
    for line in &graph.lines {
        let beside = width(&line.label) * SMALL;
        let length = reach(line.from) + reach(line.to) + LINE + beside;
        joined.add_edge(handles[line.from], handles[line.to], length);
    }
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut seen = vec![false; nodes.len()];
    for k in 0..nodes.len() {
        if !seen[k] {
            let reached = dijkstra(&joined, handles[k], None, |e| *e.weight());
            let mut part: Vec<usize> = reached.keys().map(|n| n.index()).collect();
            part.sort_unstable();
            part.iter().for_each(|&n| seen[n] = true);
            parts.push(part);
        }
    }
    for part in &parts {
        let distances: Vec<Vec<f64>> = part
            .iter()
            .map(|&k| {
                let reached = dijkstra(&joined, handles[k], None, |e| *e.weight());
                part.iter().map(|&n| reached[&handles[n]]).collect()
            })
            .collect();
        let mut spots = start(&distances);
        settle(&mut spots, &distances);
        for (&k, spot) in part.iter().zip(spots) {
            nodes[k].centre = spot;
        }
        let lines: Vec<(usize, usize)> = graph
            .lines
            .iter()
            .filter(|l| part.binary_search(&l.from).is_ok())
            .map(|l| (l.from, l.to))
            .collect();
        clear(&mut nodes, part, &lines);
        separate(&mut nodes, part);
    }
    let size = pack(&mut nodes, &parts);
    Placed { size, nodes }
}

/// First places: along the longest way through the graph, and across it.
fn start(distances: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let farthest = |of: &dyn Fn(usize) -> f64| {
        (0..distances.len()).max_by(|&a, &b| of(a).total_cmp(&of(b)).then(b.cmp(&a))).unwrap_or(0)
    };
    let one = farthest(&|k| distances[0][k]);
    let other = farthest(&|k| distances[one][k]);
    let aside = farthest(&|k| distances[one][k].min(distances[other][k]));
    let spot = |k: usize| {
        // Nodes that the three distances do not tell apart lie on a small spiral.
        let (angle, radius) = (2.4 * k as f64, 1.0 + k as f64 / 16.0);
        let x = (distances[one][k] - distances[other][k]) / 2.0;
        let y = distances[aside][k];
        (x + radius * angle.cos(), y + radius * angle.sin())
    };
    (0..distances.len()).map(spot).collect()
}

/// Work on distances, in pairs of nodes.
const PAIRS: usize = 20_000_000;

/// Moves each node to where its distances to all others are best, again and again.
fn settle(spots: &mut [(f64, f64)], distances: &[Vec<f64>]) {
    let n = spots.len();
    let rounds = (PAIRS / (n * n).max(1)).clamp(10, 400);
    for _ in 0..rounds {
        let mut moved = 0.0_f64;
        for i in 0..n {
            let (mut x, mut y, mut weights) = (0.0, 0.0, 0.0);
            for j in (0..n).filter(|&j| j != i) {
                let wanted = distances[i][j];
                let (dx, dy) = (spots[i].0 - spots[j].0, spots[i].1 - spots[j].1);
                let pull = wanted / dx.hypot(dy).max(1e-9);
                let weight = wanted.powi(-2);
                x += weight * (spots[j].0 + pull * dx);
                y += weight * (spots[j].1 + pull * dy);
                weights += weight;
            }
            if weights > 0.0 {
                let to = (x / weights, y / weights);
                moved = moved.max((to.0 - spots[i].0).hypot(to.1 - spots[i].1));
                spots[i] = to;
            }
        }
        if moved < 0.01 {
            return;
        }
    }
}

/// Moves nodes off lines that pass over them, as far as a few rounds do.
fn clear(nodes: &mut [Frame], part: &[usize], lines: &[(usize, usize)]) {
    const ROUNDS: usize = 60;
    if part.len() * lines.len() > PAIRS / ROUNDS {
        return;
    }
    for _ in 0..ROUNDS {
        let mut quiet = true;
        for &(from, to) in lines {
            let (a, b) = (nodes[from].centre, nodes[to].centre);
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let length = dx.hypot(dy).max(1e-9);
            let across = (-dy / length, dx / length);
            for &k in part.iter().filter(|&&k| k != from && k != to) {
                let Frame { centre, half } = nodes[k];
                let along = ((centre.0 - a.0) * dx + (centre.1 - a.1) * dy) / (length * length);
                if !(0.0..=1.0).contains(&along) {
                    continue;
                }
                let off = (centre.0 - a.0) * across.0 + (centre.1 - a.1) * across.1;
                let room = (half.0 * across.0).hypot(half.1 * across.1) + GAP / 2.0;
                let lack = room - off.abs();
                if lack > 0.0 {
                    quiet = false;
                    let side = if off < 0.0 { -1.0 } else { 1.0 };
                    let shift = |n: &mut Frame, by: f64| {
                        n.centre = (n.centre.0 + by * across.0, n.centre.1 + by * across.1);
                    };
                    shift(&mut nodes[k], side * lack / 2.0);
                    shift(&mut nodes[from], -side * lack / 4.0);
                    shift(&mut nodes[to], -side * lack / 4.0);
                }
            }
        }
        push(nodes, part);
        if quiet {
            return;
        }
    }
}

/// Pushes nodes that touch a little apart; whether there were some.
fn push(nodes: &mut [Frame], part: &[usize]) -> bool {
    let mut touching = false;
    for (n, &i) in part.iter().enumerate() {
        for &j in &part[n + 1..] {
            let (x, y) = nodes[i].overlap(&nodes[j], GAP);
            if x <= 0.0 || y <= 0.0 {
                continue;
            }
            touching = true;
            // A little more than needed, so that rounding leaves nothing.
            let half = |overlap: f64| overlap / 2.0 + 0.01;
            if x < y {
                let by = half(x).copysign(nodes[i].centre.0 - nodes[j].centre.0);
                nodes[i].centre.0 += by;
                nodes[j].centre.0 -= by;
            } else {
                let by = half(y).copysign(nodes[i].centre.1 - nodes[j].centre.1);
                nodes[i].centre.1 += by;
                nodes[j].centre.1 -= by;
            }
        }
    }
    touching
}

/// Pushes nodes apart until none touch.
fn separate(nodes: &mut [Frame], part: &[usize]) {
    let rounds = (PAIRS / (part.len() * part.len()).max(1)).clamp(20, 200);
    loop {
        if (0..rounds).any(|_| !push(nodes, part)) {
            return;
        }
        // Twice as far apart everything has room in the end: no two centres are the same.
        for &k in part {
            let (x, y) = nodes[k].centre;
            nodes[k].centre = (1.25 * x, 1.25 * y);
        }
    }
}

/// Sets the parts in rows; width and height of the whole.
fn pack(nodes: &mut [Frame], parts: &[Vec<usize>]) -> (f64, f64) {
    let bounds = |part: &[usize], nodes: &[Frame]| {
        let ends = part.iter().map(|&k| nodes[k]).map(|f| {
            let (x, y) = f.centre;
            (x - f.half.0, y - f.half.1, x + f.half.0, y + f.half.1)
        });
        ends.fold((f64::MAX, f64::MAX, f64::MIN, f64::MIN), |a, b| {
            (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3))
        })
    };
    let boxes: Vec<_> = parts.iter().map(|part| bounds(part, nodes)).collect();
    let sizes: Vec<(f64, f64)> = boxes.iter().map(|b| (b.2 - b.0, b.3 - b.1)).collect();
    let area: f64 = sizes.iter().map(|(w, h)| (w + 3.0 * GAP) * (h + 3.0 * GAP)).sum();
    let widest = sizes.iter().fold(0.0_f64, |m, s| m.max(s.0)).max((1.6 * area).sqrt());
    // High parts first, so that rows are full.
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| sizes[b].1.total_cmp(&sizes[a].1).then(a.cmp(&b)));
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
    let mut whole = (0.0_f64, 0.0_f64);
    for k in order {
        let (w, h) = sizes[k];
        if x > 0.0 && x + w > widest {
            (x, y, row) = (0.0, y + row + 3.0 * GAP, 0.0);
        }
        for &n in &parts[k] {
            let (at_x, at_y) = nodes[n].centre;
            nodes[n].centre = (at_x - boxes[k].0 + x + MARGIN, at_y - boxes[k].1 + y + MARGIN);
        }
        whole = (whole.0.max(x + w), whole.1.max(y + h));
        (x, row) = (x + w + 3.0 * GAP, row.max(h));
    }
    (whole.0 + 2.0 * MARGIN, whole.1 + 2.0 * MARGIN)
}
