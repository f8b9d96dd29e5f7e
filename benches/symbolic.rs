//! Symbolic speed: what computer algebra is measured by, beside boxed trees in the same run.
//!
//! `report` prints for each item the least time of isoterm and of the trees of `naive`, their
//! ratio, and what other systems were measured at on a machine of the same kind. Both sides do the
//! same and are compared by value before they are timed. Graphs are fresh for each run: nothing is
//! found that an earlier run has built.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use isoterm::calculus::{Equation, derivative, determinant, expand, jacobian};
use isoterm::term::evaluate::{Floating, evaluate};
use isoterm::term::visit::substitute;
use isoterm::term::{Affine, Graph, Number, Op, Term};
use naive::{Function, Tree, add, call, mul, pow};
use seeded::Random;

mod naive;
#[path = "../tests/suite/seeded.rs"]
mod seeded;

/// Most terms of an expansion.
const TERMS: usize = 1_000_000;

/// Work on one side of an item: it prepares, lets its argument time the run, and drops the result
/// when the clock has stopped.
type Run = Box<dyn Fn(&mut dyn FnMut(&mut dyn FnMut()))>;

/// One item: how isoterm and the trees do it.
struct Item {
    name: &'static str,
    /// What others were measured at, in milliseconds.
    peers: &'static str,
    ours: Run,
    naive: Run,
}

/// One side of an item, and the value of its result.
fn side<P: Clone + 'static, R: 'static>(
    prepared: P,
    run: impl Fn(&mut P) -> R + 'static,
    value: impl Fn(&P, &R) -> f64,
) -> (Run, f64) {
    let mut first = prepared.clone();
    let result = run(&mut first);
    let value = value(&first, &result);
    let timed: Run = Box::new(move |timer| {
        let (mut work, mut result) = (prepared.clone(), None);
        timer(&mut || result = Some(run(&mut work)));
        black_box(&result);
    });
    (timed, value)
}

fn item(name: &'static str, peers: &'static str, ours: (Run, f64), naive: (Run, f64)) -> Item {
    let ((ours, x), (naive, y)) = (ours, naive);
    assert!((x - y).abs() <= 1e-9 * x.abs().max(y.abs()), "{name}: {x} and {y}");
    Item { name, peers, ours, naive }
}

/// The value of variable `k`: between 1/2 and 3/2, in no simple relation to the others.
fn at(k: usize) -> f64 {
    0.5 + Random(k as u64).below(1009) as f64 / 1009.0
}

fn values(count: usize) -> Vec<f64> {
    (0..count).map(at).collect()
}

/// Variables are called `x0`, `x1`, …
fn variable(g: &mut Graph, k: usize) -> Term {
    g.symbol(&format!("x{k}"))
}

fn value(g: &Graph, root: Term) -> f64 {
    scaled_value(g, root, 1.0)
}

/// The value where all variables are multiplied by a factor.
fn scaled_value(g: &Graph, root: Term, factor: f64) -> f64 {
    let leaf = |name: &str| factor * at(name[1..].parse().expect("a variable"));
    evaluate(g, root, &mut Floating(leaf))
}

fn x(k: usize) -> Tree {
    Tree::Symbol(k)
}

fn number(n: i128) -> Tree {
    Tree::Number(n)
}

fn sum_of(parts: impl IntoIterator<Item = Tree>) -> Tree {
    parts.into_iter().fold(number(0), add)
}

/// A graph with one term in it.
type Prepared = (Graph, Term);

fn prepare(build: impl Fn(&mut Graph) -> Term) -> Prepared {
    let mut g = Graph::new();
    let root = build(&mut g);
    (g, root)
}

fn of_term((g, _): &Prepared, root: &Term) -> f64 {
    value(g, *root)
}

/// `(x + y + z + w)^15`.
fn power_of_four() -> Item {
    let prepared = prepare(|g| {
        let parts: Vec<_> = (0..4).map(|k| (Number::ONE, variable(g, k))).collect();
        let sum = g.sum(Number::ZERO, parts);
        g.power(sum, 15)
    });
    item(
        "expand (x+y+z+w)^15",
        "FLINT 0.15, GiNaC 0.63, SymEngine 0.87, SymPy 154",
        side(prepared, |(g, root)| expand(g, *root, TERMS).expect("few terms"), of_term),
        side(pow(sum_of((0..4).map(x)), number(15)), |t| t.expand(), |_, t| t.value(&values(4))),
    )
}

/// The expanded form of `(x^y + y^z + z^x)^50`, 1,326 terms.
fn mixed_powers() -> (Prepared, Tree) {
    let prepared = prepare(|g| {
        let [a, b, c] = [0, 1, 2].map(|k| variable(g, k));
        let parts = [(a, b), (b, c), (c, a)].map(|(a, b)| (Number::ONE, g.pow(a, b)));
        let sum = g.sum(Number::ZERO, parts);
        g.power(sum, 50)
    });
    let tree = pow(sum_of([(0, 1), (1, 2), (2, 0)].map(|(a, b)| pow(x(a), x(b)))), number(50));
    (prepared, tree)
}

fn derivative_of_a_long_sum() -> Item {
    let ((mut g, root), tree) = mixed_powers();
    let expanded = expand(&mut g, root, TERMS).expect("few terms");
    item(
        "derivative of expand((x^y+y^z+z^x)^50)",
        "",
        side(
            (g, expanded),
            |(g, root)| {
                let by = variable(g, 0);
                derivative(g, *root, by).expect("rules for powers")
            },
            of_term,
        ),
        side(tree.expand(), |t| t.derivative(0), |_, t| t.value(&values(3))),
    )
}

/// A random tree of 3,000 nodes over three variables, on both sides.
fn tree_of_3000() -> (Prepared, Tree) {
    fn grow(g: &mut Graph, random: &mut Random, size: usize) -> (Term, Tree) {
        match (size, random.below(6)) {
            (0 | 1, _) => {
                let k = random.below(3);
                (variable(g, k), x(k))
            }
            (2.., 0) | (2, _) => {
                let (t, tree) = grow(g, random, size - 1);
                (g.call(Op::Sin, &[t]), call(Function::Sin, tree))
            }
            (_, way) => {
                let left = 1 + random.below(size - 2);
                let ((a, s), (b, t)) = (grow(g, random, left), grow(g, random, size - 1 - left));
                match way % 2 {
                    0 => (g.add(a, b), add(s, t)),
                    _ => (g.mul(a, b), mul(s, t)),
                }
            }
        }
    }
    let mut g = Graph::new();
    let (root, tree) = grow(&mut g, &mut Random(3), 3000);
    ((g, root), tree)
}

fn substitution() -> Item {
    let (prepared, tree) = tree_of_3000();
    // Small values keep sines of long sums from amplifying what rounding leaves.
    const SMALL: f64 = 1e-3;
    item(
        "substitute x := x*y + z in 3,000 nodes",
        "",
        side(
            prepared,
            |(g, root)| {
                let [x, y, z] = [0, 1, 2].map(|k| variable(g, k));
                let product = g.mul(x, y);
                let by = g.add(product, z);
                substitute(g, *root, &[(x, by)])
            },
            |(g, _), root| scaled_value(g, *root, SMALL),
        ),
        side(
            tree,
            |t| t.substitute(0, &add(mul(x(0), x(1)), x(2))),
            |_, t| t.value(&values(3).iter().map(|v| SMALL * v).collect::<Vec<_>>()),
        ),
    )
}

/// The 8th derivative of `sin(exp(x)*cos(x^2))`: every order needs the chain rule through all of
/// it, and the parts of each order are those of the orders before.
fn eighth_derivative() -> Item {
    let prepared = prepare(|g| {
        let x = variable(g, 0);
        let (e, square) = (g.call(Op::Exp, &[x]), g.power(x, 2));
        let cosine = g.call(Op::Cos, &[square]);
        let product = g.mul(e, cosine);
        g.call(Op::Sin, &[product])
    });
    let cosine = call(Function::Cos, pow(x(0), number(2)));
    let tree = call(Function::Sin, mul(call(Function::Exp, x(0)), cosine));
    item(
        "8th derivative of sin(exp(x)*cos(x^2))",
        "",
        side(
            prepared,
            |(g, root)| {
                let by = variable(g, 0);
                (0..8).fold(*root, |t, _| derivative(g, t, by).expect("known rules"))
            },
            of_term,
        ),
        side(tree, |t| (0..8).fold(t.clone(), |t, _| t.derivative(0)), |_, t| t.value(&values(1))),
    )
}

/// A square matrix of different variables.
fn generic(g: &mut Graph, rows: usize) -> Vec<Vec<Term>> {
    (0..rows).map(|i| (0..rows).map(|j| variable(g, rows * i + j)).collect()).collect()
}

fn generic_trees(rows: usize) -> Vec<Vec<Tree>> {
    (0..rows).map(|i| (0..rows).map(|j| x(rows * i + j)).collect()).collect()
}

const ROWS: usize = 8;

fn shared_minors() -> Item {
    item(
        "determinant 8x8 as it comes, minors shared",
        "",
        side(
            Graph::new(),
            |g| {
                let matrix = generic(g, ROWS);
                determinant(g, &matrix).expect("a square matrix")
            },
            |g, root| value(g, *root),
        ),
        side(generic_trees(ROWS), |m| naive::determinant(m), |_, t| t.value(&values(ROWS * ROWS))),
    )
}

fn expanded_determinant() -> Item {
    item(
        "determinant 8x8 multiplied out",
        "FLINT 14, GiNaC 206, SymEngine 265",
        side(
            Graph::new(),
            |g| {
                let matrix = generic(g, ROWS);
                let shared = determinant(g, &matrix).expect("a square matrix");
                expand(g, shared, TERMS).expect("40,320 terms")
            },
            |g, root| value(g, *root),
        ),
        side(
            generic_trees(ROWS),
            |m| naive::determinant(m).expand(),
            |_, t| t.value(&values(ROWS * ROWS)),
        ),
    )
}

const SPECIES: usize = 200;

/// Mass action: 1,000 random reactions of one or two among 200 species; species `k` is variable
/// `k`, the rate constant of reaction `r` variable `200 + r`. The rates of all species.
fn network() -> ((Graph, Vec<Equation>), Vec<Tree>) {
    let (mut random, mut g) = (Random(11), Graph::new());
    let mut rates: Vec<Vec<(Number, Term)>> = vec![Vec::new(); SPECIES];
    let mut trees: Vec<Vec<Tree>> = vec![Vec::new(); SPECIES];
    for reaction in 0..1000 {
        let mut pick =
            || (0..1 + random.below(2)).map(|_| random.below(SPECIES)).collect::<Vec<_>>();
        let (before, after) = (pick(), pick());
        let all = || std::iter::once(SPECIES + reaction).chain(before.iter().copied());
        let factors: Vec<_> = all().map(|k| (variable(&mut g, k), Number::ONE)).collect();
        let flux = g.product(factors);
        let tree = all().map(x).fold(number(1), mul);
        for (list, sign) in [(&before, -1), (&after, 1)] {
            for &species in list {
                rates[species].push((Number::from(sign), flux));
                trees[species].push(mul(number(sign.into()), tree.clone()));
            }
        }
    }
    let equations = rates.into_iter().enumerate().map(|(k, parts)| {
        let value = g.sum(Number::ZERO, parts);
        Equation { ranges: Vec::new(), row: Affine::constant(k as i64), value }
    });
    let equations = equations.collect();
    ((g, equations), trees.into_iter().map(sum_of).collect())
}

fn network_jacobian() -> Item {
    let (prepared, trees) = network();
    let weight = |row: usize, column: usize| at(row + 3) * at(column + 5);
    item(
        "Jacobian of 1,000 mass-action reactions",
        "",
        side(
            prepared,
            |(g, equations)| {
                let column = |name: &str, _: &[Affine]| {
                    let k: usize = name[1..].parse().ok()?;
                    (k < SPECIES).then(|| Affine::constant(k as i64))
                };
                jacobian(g, equations, column).expect("known rules")
            },
            |(g, _), blocks| {
                let place = |at: &Affine| at.offset as usize;
                let entries = blocks.iter();
                entries.map(|b| weight(place(&b.row), place(&b.column)) * value(g, b.value)).sum()
            },
        ),
        side(
            trees,
            |trees| {
                let mut entries = Vec::new();
                for (row, rate) in trees.iter().enumerate() {
                    for column in 0..SPECIES {
                        let entry = rate.derivative(column);
                        if entry != number(0) {
                            entries.push((row, column, entry));
                        }
                    }
                }
                entries
            },
            |_, entries| {
                let at = values(SPECIES + 1000);
                entries.iter().map(|(r, c, entry)| weight(*r, *c) * entry.value(&at)).sum()
            },
        ),
    )
}

/// Terms `(i + j + 2) * xᵢ * xⱼ` and `sin(xᵢ + j)`: a million nodes of the graph.
fn million() -> Item {
    const SIDE: usize = 500;
    item(
        "build 1,000,000 terms",
        "",
        side(
            Graph::new(),
            |g| {
                let names: Vec<Term> = (0..2 * SIDE).map(|k| variable(g, k)).collect();
                let mut last = Vec::with_capacity(2 * SIDE * SIDE);
                for i in 0..SIDE {
                    for j in 0..SIDE {
                        let product = g.mul(names[i], names[SIDE + j]);
                        last.push(g.scale((i + j + 2) as i64, product));
                        let sum = g.sum(Number::from(j as i64 + 1), [(Number::ONE, names[i])]);
                        last.push(g.call(Op::Sin, &[sum]));
                    }
                }
                last
            },
            |g, terms| {
                assert!((900_000..=1_100_000).contains(&g.len()), "{} terms", g.len());
                terms.iter().step_by(9973).map(|&t| value(g, t)).sum()
            },
        ),
        side(
            (),
            |()| {
                let mut last = Vec::with_capacity(2 * SIDE * SIDE);
                for i in 0..SIDE {
                    for j in 0..SIDE {
                        last.push(mul(number((i + j + 2) as i128), mul(x(i), x(SIDE + j))));
                        last.push(call(Function::Sin, add(x(i), number(j as i128 + 1))));
                    }
                }
                last
            },
            |(), trees| trees.iter().step_by(9973).map(|t| t.value(&values(2 * SIDE))).sum(),
        ),
    )
}

fn items() -> Vec<Item> {
    vec![
        power_of_four(),
        derivative_of_a_long_sum(),
        substitution(),
        eighth_derivative(),
        shared_minors(),
        expanded_determinant(),
        network_jacobian(),
        million(),
    ]
}

/// The least time of a run, over at least three runs and about half a second.
fn least(run: &dyn Fn(&mut dyn FnMut(&mut dyn FnMut()))) -> Duration {
    let (begun, mut best) = (Instant::now(), Duration::MAX);
    for k in 0.. {
        if k >= 3 && begun.elapsed() > Duration::from_millis(500) {
            break;
        }
        run(&mut |work| {
            let start = Instant::now();
            work();
            best = best.min(start.elapsed());
        });
    }
    best
}

fn symbolic(c: &mut Criterion) {
    let items = items();
    println!("milliseconds: isoterm, boxed trees, ratio; others");
    for item in &items {
        let (ours, naive) = (least(&*item.ours), least(&*item.naive));
        let [a, b] = [ours, naive].map(|t| t.as_secs_f64() * 1e3);
        println!("{:<44} {a:>10.3} {b:>10.3} {:>9.1}  {}", item.name, b / a, item.peers);
    }
    let mut group = c.benchmark_group("symbolic");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.measurement_time(Duration::from_millis(500));
    for item in &items {
        group.bench_function(item.name, |b| {
            b.iter_custom(|n| {
                let mut total = Duration::ZERO;
                for _ in 0..n {
                    (item.ours)(&mut |work| {
                        let start = Instant::now();
                        work();
                        total += start.elapsed();
                    });
                }
                total
            })
        });
    }
    group.finish();
}

criterion_group!(benches, symbolic);
criterion_main!(benches);
