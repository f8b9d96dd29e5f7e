//! What a factorization of a pattern needs to know once: order, fill, and the fronts.
//!
//! A matrix is eliminated along the pattern of `A + Aᵀ` in an order of low fill. Columns with the
//! same rows below them form a front, a dense block; fronts are the nodes of a tree whose parents
//! take up what their children leave (Duff and Reid, 1983; Liu, 1992).

use isoterm_stiff::{Pattern, minimum_degree};

/// The order, the fronts, and where the entries of a matrix go.
#[derive(Clone, Debug)]
pub struct Symbolic {
    /// Number of rows.
    pub dimension: usize,
    /// The row that is eliminated at each place.
    pub order: Vec<u32>,
    /// The fronts, children before parents.
    pub fronts: Vec<Front>,
    /// Entries of the two factors, the zeros within fronts included.
    pub fill: usize,
    /// Multiplications (each with a subtraction) of a factorization.
    pub multiplications: usize,
    /// The largest number of rows of a front.
    pub widest: usize,
    /// The largest number of values that are left for parents at one time.
    pub stack: usize,
}

/// Columns that are eliminated together.
#[derive(Clone, Debug)]
pub struct Front {
    /// The place of its first pivot.
    pub first: usize,
    /// Number of pivots.
    pub pivots: usize,
    /// Places of its rows, increasing; the first ones are the pivots.
    pub rows: Vec<u32>,
    /// Its number of children, which are the last so many fronts that nobody has taken up.
    pub children: usize,
    /// For each row beyond the pivots its index among the rows of the parent.
    pub in_parent: Vec<u32>,
    /// Pairs of an entry of the matrix and its index in the front, by columns.
    pub entries: Vec<(u32, u32)>,
}

impl Front {
    /// Number of rows that are left to the parent.
    pub fn rest(&self) -> usize {
        self.rows.len() - self.pivots
    }
}

/// Why a pattern is not analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The pattern does not describe a matrix.
    Inconsistent,
    /// The factors would have more entries than were allowed.
    Fill,
}

/// Patterns up to this dimension are one dense front: pivots may then be sought in all rows.
pub const DENSE: usize = 32;

/// Most zeros, as a part of all its entries, that a front with so many pivots may gain when it takes
/// up a child: few wide fronts are faster than many narrow ones, up to where solves read the zeros.
const ZEROS: [(usize, f64); 3] = [(4, 0.5), (16, 0.15), (usize::MAX, 0.05)];

impl Symbolic {
    /// Analyses a pattern whose factors may have up to `most` entries.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn new(pattern: &Pattern, most: usize) -> Result<Symbolic, Refusal> {
        let n = pattern.dimension;
        if !pattern.is_consistent() || u32::try_from(pattern.entries().max(n)).is_err() {
            return Err(Refusal::Inconsistent);
        }
        if n <= DENSE {
            let rows: Vec<u32> = (0..n as u32).collect();
            let chains = if n == 0 { Vec::new() } else { vec![(0, n, rows.clone())] };
            return Ok(Symbolic::of_fronts(pattern, rows, chains));
        }
        let order = minimum_degree(pattern).ok_or(Refusal::Inconsistent)?;
        let neighbours = neighbours(pattern);
        let parents = elimination_tree(&neighbours, &order);
        let order: Vec<u32> = postorder(&parents).into_iter().map(|k| order[k] as u32).collect();
        let places = inverse(&order);
        let columns = columns(&neighbours, &order, &places, most).ok_or(Refusal::Fill)?;
        Ok(Symbolic::of_fronts(pattern, order, chains(columns)))
    }

    fn of_fronts(
        pattern: &Pattern,
        order: Vec<u32>,
        chains: Vec<(usize, usize, Vec<u32>)>,
    ) -> Symbolic {
        let mut fronts: Vec<Front> = chains
            .into_iter()
            .map(|(first, pivots, rows)| Front {
                first,
                pivots,
                rows,
                children: 0,
                in_parent: Vec::new(),
                entries: Vec::new(),
            })
            .collect();
        let mut front_of = vec![0_u32; pattern.dimension];
        for (k, front) in fronts.iter().enumerate() {
            front_of[front.first..front.first + front.pivots].fill(k as u32);
        }
        for k in 0..fronts.len() {
            let Some(&next) = fronts[k].rows.get(fronts[k].pivots) else { continue };
            let parent = front_of[next as usize] as usize;
            let mut found = Vec::with_capacity(fronts[k].rest());
            let mut at = 0;
            for row in &fronts[k].rows[fronts[k].pivots..] {
                while fronts[parent].rows[at] != *row {
                    at += 1;
                }
                found.push(at as u32);
            }
            fronts[k].in_parent = found;
            fronts[parent].children += 1;
        }
        let places = inverse(&order);
        pattern.for_each(|entry, row, column| {
            let (row, column) = (places[row], places[column]);
            let front = &mut fronts[front_of[row.min(column) as usize] as usize];
            let index = |place: u32| match (place as usize).checked_sub(front.first) {
                Some(k) if k < front.pivots => k,
                _ => front.rows.binary_search(&place).expect("a row of the front"),
            };
            let at = index(column) * front.rows.len() + index(row);
            front.entries.push((entry as u32, at as u32));
        });
        let (mut fill, mut multiplications, mut widest, mut stack) = (0, 0, 0, 0);
        let (mut left, mut height) = (Vec::new(), 0_usize);
        for front in &fronts {
            let (m, k, rest) = (front.rows.len(), front.pivots, front.rest());
            fill += k * (m + rest);
            multiplications += (rest..m).map(|r| r * r).sum::<usize>();
            widest = widest.max(m);
            for _ in 0..front.children {
                height -= left.pop().expect("what a child has left");
            }
            left.push(rest * rest);
            height += rest * rest;
            stack = stack.max(height);
        }
        let dimension = pattern.dimension;
        Symbolic { dimension, order, fronts, fill, multiplications, widest, stack }
    }
}

fn inverse(order: &[u32]) -> Vec<u32> {
    let mut places = vec![0; order.len()];
    for (place, &row) in order.iter().enumerate() {
        places[row as usize] = place as u32;
    }
    places
}

/// The pattern of `A + Aᵀ` without its diagonal, row by row.
fn neighbours(pattern: &Pattern) -> Vec<Vec<u32>> {
    let mut lists = vec![Vec::new(); pattern.dimension];
    pattern.for_each(|_, row, column| {
        if row != column {
            lists[row].push(column as u32);
            lists[column].push(row as u32);
        }
    });
    for list in &mut lists {
        list.sort_unstable();
        list.dedup();
    }
    lists
}

/// For each place the place of the first later row that its elimination touches (Liu, 1986).
fn elimination_tree(neighbours: &[Vec<u32>], order: &[usize]) -> Vec<Option<usize>> {
    let n = order.len();
    let mut places = vec![0; n];
    order.iter().enumerate().for_each(|(place, &row)| places[row] = place);
    let (mut parents, mut ancestors) = (vec![None; n], vec![None::<usize>; n]);
    for k in 0..n {
        for &neighbour in &neighbours[order[k]] {
            let mut at = places[neighbour as usize];
            while at < k {
                // The path is made shorter for those who come after.
                let next = ancestors[at].replace(k);
                match next {
                    None => {
                        parents[at] = Some(k);
                        break;
                    }
                    Some(next) => at = next,
                }
            }
        }
    }
    parents
}

/// The nodes of a forest, each right after its descendants.
fn postorder(parents: &[Option<usize>]) -> Vec<usize> {
    let n = parents.len();
    let (mut first, mut next) = (vec![None; n + 1], vec![None; n]);
    for k in (0..n).rev() {
        let parent = parents[k].unwrap_or(n);
        next[k] = first[parent].replace(k);
    }
    let (mut order, mut path) = (Vec::with_capacity(n), vec![n]);
    while let Some(&node) = path.last() {
        match first[node].take() {
            Some(child) => {
                first[node] = next[child];
                path.push(child);
            }
            None => {
                path.pop();
                if node < n {
                    order.push(node);
                }
            }
        }
    }
    order
}

/// For each place the later places that are nonzero in its column of the lower factor, increasing;
/// `None` when both factors would have more than `most` entries.
fn columns(
    neighbours: &[Vec<u32>],
    order: &[u32],
    places: &[u32],
    most: usize,
) -> Option<Vec<Vec<u32>>> {
    let n = order.len();
    let mut columns: Vec<Vec<u32>> = Vec::with_capacity(n);
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); n];
    let mut seen = vec![u32::MAX; n];
    let mut fill = n;
    for k in 0..n {
        let mut rows = Vec::new();
        let mut add = |row: u32| {
            if row as usize > k && seen[row as usize] != k as u32 {
                seen[row as usize] = k as u32;
                rows.push(row);
            }
        };
        for &neighbour in &neighbours[order[k] as usize] {
            add(places[neighbour as usize]);
        }
        for &child in &children[k] {
            columns[child as usize].iter().copied().for_each(&mut add);
        }
        rows.sort_unstable();
        fill += 2 * rows.len();
        if fill > most {
            return None;
        }
        if let Some(&parent) = rows.first() {
            children[parent as usize].push(k as u32);
        }
        columns.push(rows);
    }
    Some(columns)
}

/// Fronts as their first pivot, number of pivots and rows: columns that follow each other with the
/// same rows, or with so few others that dense storage gains.
fn chains(columns: Vec<Vec<u32>>) -> Vec<(usize, usize, Vec<u32>)> {
    // The rows, the pivots included, and how many entries of the lower part are zeros.
    let mut fronts: Vec<(usize, usize, Vec<u32>, usize)> = Vec::new();
    for (k, rows) in columns.into_iter().enumerate() {
        let (mut first, mut pivots, mut zeros) = (k, 1, 0);
        // The child that comes right before, and again the one before the two.
        while let Some((f, p, r, z)) = fronts.last() {
            if r.first() != Some(&(first as u32)) {
                break;
            }
            let gained = p * (pivots + rows.len() - r.len());
            let (all, total) = (zeros + z + gained, pivots + p);
            let size = total * rows.len() + total * (total + 1) / 2;
            let allowed = ZEROS.iter().find(|(most, _)| total <= *most).map_or(0.0, |z| z.1);
            if gained > 0 && all as f64 > allowed * size as f64 {
                break;
            }
            (first, pivots, zeros) = (*f, total, all);
            fronts.pop();
        }
        fronts.push((first, pivots, rows, zeros));
    }
    fronts
        .into_iter()
        .map(|(first, pivots, rest, _)| {
            let rows = (first as u32..(first + pivots) as u32).chain(rest).collect();
            (first, pivots, rows)
        })
        .collect()
}
