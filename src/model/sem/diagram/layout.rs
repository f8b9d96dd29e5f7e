//! Where variables stand.

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

use super::Sketch;
use super::geometry::{Point, Shape, width};

/// Pixels of the letters in variables.
pub const LETTERS: f64 = 14.0;

/// Half of the height of a variable.
const HALF_HEIGHT: f64 = 15.0;

/// Pixels between columns, and between what stands above each other.
const COLUMN_GAP: f64 = 105.0;
const ROW_GAP: f64 = 22.0;

/// A side of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Before it.
    Left,
    /// Behind it.
    Right,
    /// Over it.
    Above,
    /// Under it.
    Below,
}

/// Variables with their places.
pub struct Layout {
    /// The shapes.
    pub shapes: Vec<Shape>,
    /// The side of a variable where nothing is: away from its latent variable, or of the picture.
    pub outside: Vec<Option<Side>>,
}

/// Places the variables of a diagram.
pub fn layout(sketch: &Sketch) -> Layout {
    let n = sketch.nodes.len();
    let owner = owners(sketch);
    let inner: Vec<usize> = (0..n).filter(|&v| owner[v].is_none()).collect();
    let mut layout = Layout {
        shapes: sketch.nodes.iter().map(|node| shape(&node.name, node.latent)).collect(),
        outside: vec![None; n],
    };
    let arrows =
        |a: usize, b: usize| sketch.lines.iter().any(|l| !l.double && (l.from, l.to) == (a, b));
    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<_> = inner.iter().map(|&v| graph.add_node(v)).collect();
    for (a, &v) in inner.iter().enumerate() {
        for (b, &w) in inner.iter().enumerate() {
            if a != b && arrows(v, w) {
                graph.add_edge(nodes[a], nodes[b], ());
            }
        }
    }
    let components: Vec<Vec<usize>> = tarjan_scc(&graph)
        .into_iter()
        .rev()
        .map(|c| {
            let mut c: Vec<usize> = c.into_iter().map(|k| graph[k]).collect();
            c.sort_unstable();
            c
        })
        .collect();
    if components.len() == 1 && inner.len() > 2 {
        circle(&mut layout, &inner);
        return layout;
    }
    let columns = ordered(columns(&components, &arrows), sketch);
    place(&mut layout, &columns, &owner, sketch);
    layout
}

fn shape(name: &str, latent: bool) -> Shape {
    let room = if latent { 18.0 } else { 9.0 };
    Shape {
        centre: Point::default(),
        half_width: (width(name, LETTERS) / 2.0 + room).max(22.0),
        half_height: if latent { HALF_HEIGHT + 4.0 } else { HALF_HEIGHT },
        round: latent,
    }
}

/// For each variable the latent one that it only measures.
fn owners(sketch: &Sketch) -> Vec<Option<usize>> {
    let effects = || sketch.lines.iter().filter(|l| !l.double);
    let owner = |v: usize| {
        let measures = !sketch.nodes[v].latent
            && effects().all(|l| l.from != v)
            && effects().filter(|l| l.to == v).all(|l| sketch.nodes[l.from].latent);
        let first = effects().find(|l| l.to == v).map(|l| l.from);
        first.filter(|_| measures)
    };
    (0..sketch.nodes.len()).map(owner).collect()
}

/// All on a circle, in order from the top.
fn circle(layout: &mut Layout, inner: &[usize]) {
    let n = inner.len() as f64;
    let widest = inner.iter().map(|&v| layout.shapes[v].half_width).fold(0.0, f64::max);
    let radius = (n * (2.0 * widest + 50.0) / (2.0 * std::f64::consts::PI)).max(110.0);
    for (k, &v) in inner.iter().enumerate() {
        let angle = 2.0 * std::f64::consts::PI * k as f64 / n - std::f64::consts::FRAC_PI_2;
        let centre = Point::new(radius * libm::cos(angle), radius * libm::sin(angle));
        layout.shapes[v].centre = centre;
    }
}

/// Columns of variables: each behind its causes; the arrows that close cycles do not count, and two
/// that only act on each other share a column.
fn columns(components: &[Vec<usize>], arrows: &dyn Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut level: Vec<(usize, usize)> = Vec::new();
    for component in components {
        let before = |v: usize, level: &[(usize, usize)]| {
            let causes = level.iter().filter(|(w, _)| arrows(*w, v));
            causes.map(|(_, l)| l + 1).max().unwrap_or(0)
        };
        let start = component.iter().map(|&v| before(v, &level)).max().unwrap_or(0);
        if component.len() <= 2 {
            level.extend(component.iter().map(|&v| (v, start)));
            continue;
        }
        // In order: an arrow to an earlier one closes a cycle.
        let first = level.len();
        for &v in component {
            let inside = level[first..].iter().filter(|(w, _)| arrows(*w, v));
            let at = inside.map(|(_, l)| l + 1).max().unwrap_or(start);
            level.push((v, at));
        }
    }
    let count = level.iter().map(|(_, l)| l + 1).max().unwrap_or(0);
    let mut columns = vec![Vec::new(); count];
    level.sort_unstable();
    level.into_iter().for_each(|(v, l)| columns[l].push(v));
    columns
}

/// Columns with variables near to what they are joined with: means of places, again and again.
fn ordered(mut columns: Vec<Vec<usize>>, sketch: &Sketch) -> Vec<Vec<usize>> {
    let owner = owners(sketch);
    let whole = |v: usize| owner[v].unwrap_or(v);
    for _ in 0..6 {
        let mut height = vec![0.0; sketch.nodes.len()];
        for column in &columns {
            for (k, &v) in column.iter().enumerate() {
                height[v] = k as f64 - (column.len() as f64 - 1.0) / 2.0;
            }
        }
        for column in &mut columns {
            let outside = |v: &usize| !column.contains(v);
            let wish = |v: usize| {
                let lines = sketch.lines.iter().map(|l| (whole(l.from), whole(l.to)));
                let others = lines.filter_map(|(a, b)| match (a == v, b == v) {
                    (true, false) => Some(b).filter(outside),
                    (false, true) => Some(a).filter(outside),
                    _ => None,
                });
                let (count, sum) =
                    others.fold((1.0, height[v]), |(n, s), w| (n + 1.0, s + height[w]));
                sum / count
            };
            let mut wishes: Vec<(f64, usize)> = column.iter().map(|&v| (wish(v), v)).collect();
            wishes.sort_by(|a, b| a.0.total_cmp(&b.0));
            *column = wishes.into_iter().map(|(_, v)| v).collect();
        }
    }
    columns
}

/// Places columns from left to right with the indicators of each variable around it.
fn place(layout: &mut Layout, columns: &[Vec<usize>], owner: &[Option<usize>], sketch: &Sketch) {
    let of =
        |v: usize| -> Vec<usize> { (0..owner.len()).filter(|&i| owner[i] == Some(v)).collect() };
    let mut left = 0.0;
    for (c, column) in columns.iter().enumerate() {
        let side = |k: usize| match (c, c + 1 == columns.len()) {
            (_, true) => Side::Right,
            (0, false) => Side::Left,
            _ if 2 * k < column.len() => Side::Above,
            _ => Side::Below,
        };
        // Room before and behind the centre of the column, and the heights of its parts.
        let (mut before, mut behind): (f64, f64) = (0.0, 0.0);
        let mut heights = Vec::new();
        for (k, &v) in column.iter().enumerate() {
            let (list, own) = (of(v), layout.shapes[v]);
            let widest = list.iter().map(|&i| layout.shapes[i].half_width).fold(0.0, f64::max);
            let row = list.len() as f64 * (2.0 * widest + 14.0);
            let stack = list.len() as f64 * (2.0 * HALF_HEIGHT + ROW_GAP * 0.6);
            let (mut reach, mut height) = ((own.half_width, own.half_width), 2.0 * own.half_height);
            match side(k) {
                _ if list.is_empty() => {}
                Side::Left => reach.0 += 70.0 + 2.0 * widest,
                Side::Right => reach.1 += 70.0 + 2.0 * widest,
                Side::Above | Side::Below => {
                    reach = (reach.0.max(row / 2.0), reach.1.max(row / 2.0));
                    height += 60.0 + 2.0 * HALF_HEIGHT;
                }
            }
            if matches!(side(k), Side::Left | Side::Right) {
                height = height.max(stack);
            }
            (before, behind) = (before.max(reach.0), behind.max(reach.1));
            heights.push(height);
        }
        let centre = left + before;
        // Arrows within a column need room for their labels.
        let inside = |l: &super::Line| {
            l.from != l.to && !l.faint && column.contains(&l.from) && column.contains(&l.to)
        };
        let gap = if sketch.lines.iter().any(inside) { 3.0 * ROW_GAP } else { ROW_GAP };
        let total: f64 = heights.iter().sum::<f64>() + gap * (heights.len().max(1) - 1) as f64;
        let mut top = -total / 2.0;
        for (k, &v) in column.iter().enumerate() {
            let list = of(v);
            let middle = top + heights[k] / 2.0;
            let own = layout.shapes[v];
            let at = match side(k) {
                Side::Above if !list.is_empty() => top + heights[k] - own.half_height,
                Side::Below if !list.is_empty() => top + own.half_height,
                _ => middle,
            };
            layout.shapes[v].centre = Point::new(centre, at);
            let widest = list.iter().map(|&i| layout.shapes[i].half_width).fold(0.0, f64::max);
            let step = match side(k) {
                Side::Left | Side::Right => 2.0 * HALF_HEIGHT + ROW_GAP * 0.6,
                Side::Above | Side::Below => 2.0 * widest + 14.0,
            };
            for (m, &i) in list.iter().enumerate() {
                let along = step * (m as f64 - (list.len() as f64 - 1.0) / 2.0);
                let away = own.half_width + 70.0 + widest;
                let over = own.half_height + 60.0 + HALF_HEIGHT;
                layout.shapes[i].centre = match side(k) {
                    Side::Left => Point::new(centre - away, at + along),
                    Side::Right => Point::new(centre + away, at + along),
                    Side::Above => Point::new(centre + along, at - over),
                    Side::Below => Point::new(centre + along, at + over),
                };
                layout.outside[i] = Some(side(k));
            }
            if list.is_empty() && columns.len() > 1 && matches!(side(k), Side::Left | Side::Right) {
                layout.outside[v] = Some(side(k));
            }
            top += heights[k] + gap;
        }
        left = centre + behind + COLUMN_GAP;
    }
}
