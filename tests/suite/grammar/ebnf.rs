//! Reads EBNF into plain productions, takes random sentences from them, and recognises sentences.

use std::collections::{BTreeMap, BTreeSet};

use crate::random::Random;

/// What stands in a production.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Symbol {
    /// A production by name.
    Production(String),
    /// A word or sign as it is.
    Literal(String),
    /// A kind of token, between question marks.
    Kind(String),
}

/// Productions by name, each a list of alternatives.
#[derive(Default)]
pub struct Grammar {
    productions: BTreeMap<String, Vec<Vec<Symbol>>>,
    cost: BTreeMap<String, usize>,
}

impl Grammar {
    /// Reads files one after the other; a later production replaces an earlier one.
    pub fn read(files: &[&str]) -> Grammar {
        let mut grammar = Grammar::default();
        for file in files {
            let tokens = tokens(file);
            let mut at = 0;
            while at < tokens.len() {
                let name = tokens[at].clone();
                assert_eq!(tokens[at + 1], "=", "after the production name {name}");
                at += 2;
                let alternatives = grammar.alternatives(&tokens, &mut at);
                assert_eq!(tokens[at], ";", "at the end of {name}");
                at += 1;
                grammar.productions.insert(name, alternatives);
            }
        }
        grammar.measure();
        grammar
    }

    fn alternatives(&mut self, tokens: &[String], at: &mut usize) -> Vec<Vec<Symbol>> {
        let mut alternatives = vec![Vec::new()];
        loop {
            let token = tokens[*at].as_str();
            match token {
                ";" | ")" | "]" | "}" => return alternatives,
                "|" => alternatives.push(Vec::new()),
                "," => {}
                "(" | "[" | "{" => {
                    *at += 1;
                    let mut inner = self.alternatives(tokens, at);
                    let name = format!("{token}{}", self.productions.len());
                    let symbol = Symbol::Production(name.clone());
                    if token == "{" {
                        inner.iter_mut().for_each(|a| a.push(symbol.clone()));
                    }
                    if token != "(" {
                        inner.push(Vec::new());
                    }
                    self.productions.insert(name, inner);
                    alternatives.last_mut().expect("one alternative").push(symbol);
                }
                _ => {
                    let symbol = if let Some(text) = token.strip_prefix('"') {
                        Symbol::Literal(text.to_owned())
                    } else if let Some(kind) = token.strip_prefix('?') {
                        Symbol::Kind(kind.to_owned())
                    } else {
                        Symbol::Production(token.to_owned())
                    };
                    alternatives.last_mut().expect("one alternative").push(symbol);
                }
            }
            *at += 1;
        }
    }

    /// The depth that each production needs at least.
    fn measure(&mut self) {
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for (name, alternatives) in &self.productions {
                let best = alternatives.iter().filter_map(|a| self.depth(a)).min();
                if let Some(best) = best
                    && self.cost.get(name).is_none_or(|&c| best + 1 < c)
                {
                    self.cost.insert(name.clone(), best + 1);
                    changed = true;
                    break;
                }
            }
        }
        for name in self.productions.keys() {
            assert!(self.cost.contains_key(name), "{name} derives no sentence");
        }
    }

    fn depth(&self, alternative: &[Symbol]) -> Option<usize> {
        alternative.iter().try_fold(0, |most, s| match s {
            Symbol::Production(p) => Some(most.max(*self.cost.get(p)?)),
            _ => Some(most),
        })
    }

    /// A random sentence of a production; beyond `depth` the shortest way out is taken.
    pub fn sample(
        &self,
        name: &str,
        depth: usize,
        random: &mut Random,
        token: &mut dyn FnMut(&str, &mut Random) -> String,
        sentence: &mut Vec<String>,
    ) {
        let alternatives =
            self.productions.get(name).unwrap_or_else(|| panic!("no production {name}"));
        let alternative = if depth == 0 {
            alternatives.iter().min_by_key(|a| self.depth(a)).expect("an alternative")
        } else {
            &alternatives[random.below(alternatives.len())]
        };
        for symbol in alternative {
            match symbol {
                Symbol::Literal(text) => sentence.push(text.clone()),
                Symbol::Kind(kind) => sentence.push(token(kind, random)),
                Symbol::Production(p) => {
                    self.sample(p, depth.saturating_sub(1), random, token, sentence);
                }
            }
        }
    }

    /// Whether the tokens are a sentence of a production (Earley 1970). `fits` says whether a
    /// token is of a kind.
    pub fn recognises(
        &self,
        start: &str,
        tokens: &[String],
        fits: &dyn Fn(&str, &str) -> bool,
    ) -> bool {
        type Item<'a> = (&'a str, usize, usize, usize);
        let mut columns: Vec<BTreeSet<Item<'_>>> = vec![BTreeSet::new(); tokens.len() + 1];
        for k in 0..self.productions[start].len() {
            columns[0].insert((start, k, 0, 0));
        }
        for at in 0..=tokens.len() {
            let mut agenda: Vec<Item<'_>> = columns[at].iter().copied().collect();
            while let Some(item) = agenda.pop() {
                let (name, alternative, dot, origin) = item;
                let mut add = |column: usize, item| {
                    if columns[column].insert(item) && column == at {
                        agenda.push(item);
                    }
                };
                match self.productions[name][alternative].get(dot) {
                    Some(Symbol::Production(p)) => {
                        let (p, alternatives) =
                            self.productions.get_key_value(p).expect("a production");
                        for k in 0..alternatives.len() {
                            add(at, (p.as_str(), k, 0, at));
                        }
                        if self.nullable(p) {
                            add(at, (name, alternative, dot + 1, origin));
                        }
                    }
                    Some(Symbol::Literal(text)) => {
                        if tokens.get(at) == Some(text) {
                            add(at + 1, (name, alternative, dot + 1, origin));
                        }
                    }
                    Some(Symbol::Kind(kind)) => {
                        if tokens.get(at).is_some_and(|t| fits(kind, t)) {
                            add(at + 1, (name, alternative, dot + 1, origin));
                        }
                    }
                    None => {
                        let waiting: Vec<Item<'_>> = columns[origin]
                            .iter()
                            .filter(|(n, a, d, _)| {
                                matches!(self.productions[*n][*a].get(*d), Some(Symbol::Production(p)) if p == name)
                            })
                            .copied()
                            .collect();
                        for (n, a, d, o) in waiting {
                            let next = (n, a, d + 1, o);
                            if columns[at].insert(next) {
                                agenda.push(next);
                            }
                        }
                    }
                }
            }
        }
        columns[tokens.len()]
            .iter()
            .any(|&(n, a, d, o)| n == start && o == 0 && d == self.productions[n][a].len())
    }

    /// Whether a production has the empty sentence; ours are `{…}` and `[…]`.
    fn nullable(&self, name: &str) -> bool {
        self.productions[name].iter().any(|a| {
            a.iter().all(|s| matches!(s, Symbol::Production(p) if p != name && self.nullable(p)))
        })
    }
}

/// Names, signs, `"literals` and `?kinds` of an EBNF text.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '(' if rest.starts_with("(*") => {
                rest = rest[rest.find("*)").expect("a comment ends") + 2..].trim_start();
                continue;
            }
            '"' | '?' => {
                let end = 1 + rest[1..].find(c).expect("the end of a terminal");
                tokens.push(format!("{c}{}", rest[1..end].trim()));
                rest = rest[end + 1..].trim_start();
                continue;
            }
            c if c.is_alphabetic() => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        tokens.push(rest[..len].to_owned());
        rest = rest[len..].trim_start();
    }
    tokens
}
