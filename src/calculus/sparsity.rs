//! The pattern of a Jacobian in compressed columns, generated from its blocks.

use super::jacobian::Block;

/// Where the entries of a square matrix are, in compressed sparse columns, and how the values of
/// blocks go there.
///
/// Values are computed into *slots*, block after block in row-major order of their ranges, and
/// gathered into the *positions* of the compressed columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sparsity {
    /// The number of rows and of columns.
    pub dimension: usize,
    /// First position of each column, and the number of positions at the end; `dimension + 1`
    /// values.
    pub column_starts: Vec<usize>,
    /// The row of each position, increasing inside a column.
    pub row_indices: Vec<usize>,
    /// The first slot of each block, and the number of slots at the end.
    pub block_starts: Vec<usize>,
    /// The position to which each slot is added; `None` when slots are the positions already.
    pub positions: Option<Vec<usize>>,
}

impl Sparsity {
    /// The pattern of a Jacobian of `dimension` unknowns.
    ///
    /// Time and memory are proportional to the number of entries.
    ///
    /// # Panics
    /// When a block has a row or column outside the matrix; lowering a model checks that.
    pub fn of(dimension: usize, blocks: &[Block]) -> Sparsity {
        let block_starts = slot_starts(blocks);
        let mut slots: Vec<(usize, usize)> = Vec::new();
        for block in blocks {
            each_entry(block, |row, column| slots.push((row, column)));
        }

        let by_column = starts_of(dimension, slots.iter().map(|&(_, column)| column));
        let mut order = vec![0; slots.len()];
        let mut next = by_column.clone();
        for (slot, &(_, column)) in slots.iter().enumerate() {
            order[next[column]] = slot;
            next[column] += 1;
        }
        let mut row_indices: Vec<usize> = Vec::with_capacity(slots.len());
        let mut positions = vec![0; slots.len()];
        let mut column_starts = Vec::with_capacity(dimension + 1);
        for column in 0..dimension {
            let bucket = &mut order[by_column[column]..by_column[column + 1]];
            bucket.sort_by_key(|&slot| slots[slot].0);
            let first = row_indices.len();
            column_starts.push(first);
            for &slot in bucket.iter() {
                let row = slots[slot].0;
                if row_indices.len() == first || row_indices.last() != Some(&row) {
                    row_indices.push(row);
                }
                positions[slot] = row_indices.len() - 1;
            }
        }
        column_starts.push(row_indices.len());
        let identity = row_indices.len() == slots.len()
            && positions.iter().enumerate().all(|(slot, &p)| slot == p);
        Sparsity {
            dimension,
            column_starts,
            row_indices,
            block_starts,
            positions: (!identity).then_some(positions),
        }
    }

    /// The number of structurally nonzero entries.
    pub fn len(&self) -> usize {
        self.row_indices.len()
    }

    /// Whether no entry is structurally nonzero.
    pub fn is_empty(&self) -> bool {
        self.row_indices.is_empty()
    }

    /// The number of slots.
    pub fn slots(&self) -> usize {
        self.block_starts.last().copied().unwrap_or(0)
    }

    /// Adds the values of slots into positions; both slices have the lengths of this pattern.
    pub fn gather(&self, slots: &[f64], entries: &mut [f64]) {
        match &self.positions {
            None => entries.copy_from_slice(slots),
            Some(positions) => {
                entries.fill(0.0);
                for (&position, value) in positions.iter().zip(slots) {
                    entries[position] += value;
                }
            }
        }
    }
}

/// The first slot of each block, and the number of slots at the end.
pub fn slot_starts(blocks: &[Block]) -> Vec<usize> {
    let ends = blocks.iter().scan(0, |end, block| {
        *end += block.len();
        Some(*end)
    });
    std::iter::once(0).chain(ends).collect()
}

/// Calls `visit(row, column)` for each member in row-major order of the ranges.
fn each_entry(block: &Block, mut visit: impl FnMut(usize, usize)) {
    if block.is_empty() {
        return;
    }
    let mut at: Vec<i64> = block.ranges.iter().map(|r| r.from).collect();
    loop {
        let value = |binder| {
            let level = block.ranges.iter().position(|r| r.binder == binder);
            level.map_or(0, |k| at[k])
        };
        let place = |x: i64| usize::try_from(x).expect("a place inside the matrix");
        visit(place(block.row.at(value)), place(block.column.at(value)));
        let mut level = block.ranges.len();
        loop {
            if level == 0 {
                return;
            }
            level -= 1;
            if at[level] < block.ranges[level].to {
                at[level] += 1;
                break;
            }
            at[level] = block.ranges[level].from;
        }
    }
}

/// The start of each of `count` buckets when `keys` are sorted into them, with the end.
fn starts_of(count: usize, keys: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    for key in keys {
        starts[key + 1] += 1;
    }
    for k in 0..count {
        starts[k + 1] += starts[k];
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::super::derivative::IndexRange;
    use super::super::jacobian::{Block, Equation, jacobian};
    use super::*;
    use crate::term::{Affine, Binder, Graph, Number, Op, Term};

    const I: Binder = Binder(0);
    const J: Binder = Binder(1);

    fn range(binder: Binder, from: i64, to: i64) -> IndexRange {
        IndexRange { binder, from, to }
    }

    fn x(g: &mut Graph, binder: Binder, shift: i64) -> Term {
        let at = Affine::binder(binder);
        g.element("x", [at.plus(shift, &Affine::constant(1)).unwrap()])
    }

    fn blocks(g: &mut Graph, equations: &[Equation]) -> Vec<Block> {
        let column = |name: &str, at: &[Affine]| {
            (name == "x").then(|| at[0].plus(-1, &Affine::constant(1)).unwrap())
        };
        jacobian(g, equations, column).unwrap()
    }

    /// Diffusion on the inner cells of `n`: x[i-1] - 2*x[i] + x[i+1].
    fn diffusion(g: &mut Graph, n: i64) -> Vec<Block> {
        let parts = [(1, -1), (-2, 0), (1, 1)].map(|(c, s)| (Number::from(c), x(g, I, s)));
        let value = g.sum(Number::ZERO, parts);
        let row = Affine::binder(I).plus(-1, &Affine::constant(1)).unwrap();
        let ranges = vec![range(I, 2, n - 1)];
        blocks(g, &[Equation { ranges, row, value }])
    }

    #[test]
    fn the_jacobian_of_a_family_is_three_families_whatever_its_size() {
        let mut g = Graph::new();
        let blocks = diffusion(&mut g, 1_000_000_000);
        assert_eq!(blocks.len(), 3);
        let terms = g.len();
        diffusion(&mut g, 50);
        assert_eq!(g.len(), terms);
    }

    #[test]
    fn compressed_columns_of_a_tridiagonal_family() {
        let blocks = diffusion(&mut Graph::new(), 5);
        let s = Sparsity::of(5, &blocks);
        assert_eq!(s.column_starts, [0, 1, 3, 6, 8, 9]);
        assert_eq!(s.row_indices, [1, 1, 2, 1, 2, 3, 2, 3, 3]);
        let mut entries = vec![0.0; s.len()];
        let slots: Vec<f64> = (0..s.slots()).map(|k| [1.0, -2.0, 1.0][k / 3]).collect();
        s.gather(&slots, &mut entries);
        assert_eq!(entries.iter().filter(|&&v| v == -2.0).count(), 3);
    }

    #[test]
    fn a_reduction_gives_a_family_over_its_own_index_and_accumulates() {
        // x[i]' = x[i]*sum(sin(x[j]) for j in 1..4): the diagonal has two contributions.
        let mut g = Graph::new();
        let inner = x(&mut g, J, 0);
        let body = g.call(Op::Sin, &[inner]);
        let sum = g.reduce(J, 1, 4, body);
        let own = x(&mut g, I, 0);
        let value = g.mul(own, sum);
        let row = Affine::binder(I).plus(-1, &Affine::constant(1)).unwrap();
        let ranges = vec![range(I, 1, 4)];
        let blocks = blocks(&mut g, &[Equation { ranges, row, value }]);
        assert_eq!(blocks.len(), 2);
        let s = Sparsity::of(4, &blocks);
        assert_eq!((s.len(), s.slots()), (16, 20));
        let mut entries = vec![0.0; 16];
        s.gather(&[1.0; 20], &mut entries);
        assert_eq!((entries[0], entries[1], entries[5]), (2.0, 1.0, 2.0));
    }
}
