//! Interned names: each text once, in one string.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Texts that are compared by their numbers.
#[derive(Clone, Default, Debug)]
pub struct Names {
    text: String,
    /// Where each name ends; it begins where the one before it ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
}

impl Names {
    /// The number of a name, the next free one when it is new.
    pub fn intern(&mut self, name: &str) -> u32 {
        let hash = FxBuildHasher.hash_one(name);
        if let Some(&found) = self.table.find(hash, |&k| self.get(k) == name) {
            return found;
        }
        let number = u32::try_from(self.ends.len()).expect("a graph holds fewer than 2^32 names");
        self.text.push_str(name);
        self.ends.push(self.text.len());
        let (text, ends) = (&self.text, &self.ends);
        self.table.insert_unique(hash, number, |&k| FxBuildHasher.hash_one(part(text, ends, k)));
        number
    }

    /// The text of a number.
    pub fn get(&self, number: u32) -> &str {
        part(&self.text, &self.ends, number)
    }
}

fn part<'a>(text: &'a str, ends: &[usize], number: u32) -> &'a str {
    let k = number as usize;
    let start = if k == 0 { 0 } else { ends[k - 1] };
    &text[start..ends[k]]
}
