//! What each class needs in every solution: the classes that none of its nodes can do without.

/// For each class a set of classes.
pub struct Needs {
    words: usize,
    bits: Vec<u64>,
}

/// A set of classes.
pub type Set = Vec<u64>;

/// The most classes for which all needs are found; beyond it each class only needs itself.
const MOST: usize = 4_096;

impl Needs {
    /// The needs of the classes in `order`, given for each class the children of its nodes; the
    /// order has children first but where there are cycles.
    ///
    /// A class needs itself and what all of its nodes need through their children. The largest
    /// sets with this property are right: they hold for every finite tree, by induction.
    pub fn new<'n, I: Iterator<Item = &'n [u32]>>(
        classes: usize,
        order: &[u32],
        cyclic: bool,
        nodes: impl Fn(u32) -> I,
    ) -> Needs {
        if order.len() > MOST {
            return Needs { words: 0, bits: Vec::new() };
        }
        let words = classes.div_ceil(64);
        let mut needs = Needs { words, bits: vec![u64::MAX; words * classes] };
        let (mut all, mut one) = (vec![0; words], vec![0; words]);
        loop {
            let mut changed = false;
            for &class in order {
                all.fill(u64::MAX);
                for children in nodes(class) {
                    needs.closure(children, &mut one);
                    all.iter_mut().zip(&one).for_each(|(a, b)| *a &= b);
                }
                all[class as usize / 64] |= 1 << (class % 64);
                let row = &mut needs.bits[class as usize * words..][..words];
                if *row != all[..] {
                    row.copy_from_slice(&all);
                    changed = true;
                }
            }
            if !changed || !cyclic {
                return needs;
            }
        }
    }

    /// Everything that some classes need, themselves included.
    pub fn closure(&self, classes: &[u32], set: &mut Set) {
        set.resize(self.words, 0);
        set.fill(0);
        for &class in classes {
            set.iter_mut().zip(self.row(class)).for_each(|(a, b)| *a |= b);
        }
    }

    /// Whether a class is among some sorted classes or in their closure.
    pub fn covers(&self, classes: &[u32], closure: &Set, class: u32) -> bool {
        match self.words {
            0 => classes.binary_search(&class).is_ok(),
            _ => closure[class as usize / 64] >> (class % 64) & 1 == 1,
        }
    }

    /// Calls `f` with what a class needs besides itself.
    pub fn each(&self, class: u32, mut f: impl FnMut(u32)) {
        for (k, &word) in self.row(class).iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                let needed = 64 * k as u32 + rest.trailing_zeros();
                rest &= rest - 1;
                if needed != class {
                    f(needed);
                }
            }
        }
    }

    fn row(&self, class: u32) -> &[u64] {
        &self.bits[class as usize * self.words..][..self.words]
    }
}
