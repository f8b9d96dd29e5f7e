//! Names of coefficients and covariances, made of those of the variables.

use rustc_hash::FxHashSet;

/// How the coefficients of a graph and its covariances are called, so that two never have one name
/// and formulas can be read again.
#[derive(Clone, Debug)]
pub struct Naming {
    /// What stands for each variable: its name with `_` for what no name in a formula has.
    symbols: Vec<String>,
    /// What stands between two of them.
    joint: &'static str,
    /// What stands before a covariance.
    covariance: &'static str,
}

/// What may stand between two variables, the first that leaves no doubt.
const JOINTS: [&str; 3] = ["_", "__", "___"];

/// What may stand before a covariance, the first that no label has.
const COVARIANCES: [&str; 3] = ["s", "sigma", "cov"];

impl Naming {
    /// The names for variables beside `labels`, which are taken.
    pub fn new(names: &[String], labels: &FxHashSet<String>) -> Naming {
        let plain = |n: &String| -> String {
            n.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
        };
        // Names that are plain stay as they are.
        let mut taken: FxHashSet<String> =
            names.iter().filter(|n| plain(n) == **n).cloned().collect();
        let symbol = |n: &String| match taken.contains(n) {
            true => n.clone(),
            false => fresh(plain(n), &mut taken),
        };
        let mut symbols: Vec<String> = names.iter().map(symbol).collect();
        let joint = JOINTS.into_iter().find(|joint| are_distinct(&symbols, joint));
        if joint.is_none() {
            symbols = (1..=names.len()).map(|k| k.to_string()).collect();
        }
        let mut naming =
            Naming { symbols, joint: joint.unwrap_or("_"), covariance: COVARIANCES[0] };
        let free = |prefix: &&str| {
            let start = format!("{prefix}_");
            labels.iter().all(|l| !l.starts_with(&start))
        };
        // Labels such as `s_1` are common and no covariances, so that pairs are asked for.
        if !free(&COVARIANCES[0]) && naming.is_covariance(labels) {
            naming.covariance = COVARIANCES.into_iter().find(free).unwrap_or("covariance");
        }
        naming
    }

    /// The name of what belongs to two variables in this order.
    pub fn pair(&self, letter: &str, a: usize, b: usize) -> String {
        format!("{letter}_{}{}{}", self.symbols[a], self.joint, self.symbols[b])
    }

    /// The name of the covariance of two variables in any order.
    pub fn covariance(&self, a: usize, b: usize) -> String {
        self.pair(self.covariance, a.min(b), a.max(b))
    }

    /// Whether one of the labels is the name of a covariance.
    fn is_covariance(&self, labels: &FxHashSet<String>) -> bool {
        let n = self.symbols.len();
        (0..n).any(|a| (a..n).any(|b| labels.contains(&self.covariance(a, b))))
    }
}

/// Whether two of the symbols with a joint between them are those two in no other way.
fn are_distinct(symbols: &[String], joint: &str) -> bool {
    // Only where one symbol begins with another and the joint there is any doubt.
    let known: FxHashSet<&str> = symbols.iter().map(String::as_str).collect();
    let begins = |s: &String| {
        s.char_indices().any(|(k, _)| s[k..].starts_with('_') && known.contains(&s[..k]))
    };
    if !symbols.iter().any(begins) {
        return true;
    }
    let mut seen = FxHashSet::default();
    symbols.iter().all(|a| symbols.iter().all(|b| seen.insert(format!("{a}{joint}{b}"))))
}

/// A name that nothing has yet.
pub fn fresh(wanted: String, taken: &mut FxHashSet<String>) -> String {
    let mut name = wanted.clone();
    let mut k = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}_{k}");
        k += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &[&str], labels: &[&str]) -> Naming {
        let of: Vec<String> = of.iter().map(|n| (*n).to_owned()).collect();
        Naming::new(&of, &labels.iter().map(|l| (*l).to_owned()).collect())
    }

    #[test]
    fn two_covariances_never_have_one_name() {
        for list in [
            &["a", "b_c", "a_b", "c"][..],
            &["a_", "b", "a", "_b"],
            &["x y", "x-y", "x_y", "x"],
            &["_", "__", "___", "____"],
            &["y_1", "y_2", "y"],
        ] {
            let naming = names(list, &[]);
            let mut seen = FxHashSet::default();
            for a in 0..list.len() {
                for b in 0..list.len() {
                    assert!(seen.insert(naming.pair("l", a, b)), "{list:?}");
                }
            }
        }
    }

    #[test]
    fn names_are_plain_where_they_can_be() {
        assert_eq!(names(&["x", "y"], &["s_1"]).covariance(1, 0), "s_x_y");
        assert_eq!(names(&["x", "y"], &["s_x_y"]).covariance(0, 1), "sigma_x_y");
        assert_eq!(names(&["y_1", "y_2"], &[]).pair("l", 0, 1), "l_y_1_y_2");
        assert_eq!(names(&["a", "b_c", "a_b", "c"], &[]).pair("l", 0, 1), "l_a__b_c");
        assert_eq!(names(&["c-d", "a b"], &[]).pair("w", 0, 1), "w_c_d_a_b");
    }
}
