//! Exported files are compiled and run by the tools of their languages, and agree with the kernel.

mod drivers;

use std::path::Path;

use isoterm::kernel::conformance::GRID;
use isoterm::kernel::export::{self, Jacobian, LANGUAGES, Program};
use isoterm::kernel::{
    Backend, Instruction, Interpreter, Layout, Options, Output, Scratch, Step, Tape, Variable,
};
use isoterm::model::{Builder, System};
use isoterm::session::models;
use isoterm::study::export::{export, languages};
use isoterm::study::{Compilation, Compiled, Settings};
use isoterm::term::op::TABLE;
use isoterm::term::{Function, Graph, Op, Scope, Term};
use isoterm::text::{Limits, Source};

use drivers::{Case, folder, present, python_has, run, write};

fn system(name: &str, text: &str) -> System {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/model");
    models(Source::new(name, text), &folder, &Limits::default())
        .unwrap_or_else(|e| panic!("{name}: {e}"))
        .remove(0)
}

fn compiled(system: &System) -> Compiled {
    compiled_in(system, false)
}

fn compiled_in(system: &System, exact_order: bool) -> Compiled {
    let how =
        Compilation { backend: "interpreter".to_owned(), exact_order, ..Compilation::default() };
    Compiled::new(system, &how, &mut |_| {}).unwrap_or_else(|e| panic!("{}: {e}", system.name))
}

/// The models of `examples/models` that can be simulated.
fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/models");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "model"))
        .collect();
    files.sort();
    let texts = files.iter().map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("text"))
    });
    texts.filter(|(name, _)| name != "misspelt").collect()
}

/// Models for what the examples lack.
const OTHERS: &[(&str, &str)] = &[
    ("strange names", "ode λ
  parameter lambda = 2, for_ = 3, int = 0.5, E = 1, def = 0.25, fn = 2, β = 1.5, u = 3, v1 = 0.125
  state double = 1, rhs = 2, np = 3, α_1 = 0.5, return = 4, p = 5, du = 6, struct[k] = k for k in 1..3
  double' = lambda*rhs - int*np
  rhs' = for_*α_1*β - E
  np' = double*np/(1 + rhs^2)
  α_1' = def*return*u*v1
  return' = -fn*p*du
  p' = du - p
  du' = struct[2]*p
  struct[k]' = -struct[k]*k for k in 1..3
  observe while = double + np
  observe I = struct[1]*E
end"),
    ("no parameter, no entry", "ode bare\n state x = 1\n x' = 1\nend"),
    ("entries added up", "ode sums
  size N = 5
  parameter w[i] = i/10 for i in 1..N
  state x[i] = i/7 for i in 1..N
  x[i]' = x[i]*w[i]*sum(x[j]^2*w[j] for j in 1..N) + sum(x[j]*x[i] for j in 1..N) - x[i]^3 for i in 1..N
  observe y[i] = x[i] + w[i] for i in 1..N
end"),
    ("two dimensions", "ode plane
  size N = 4, M = 6
  parameter d = 0.5
  state a[i, j] = 1 + i/(1 + j) for i in 1..N, j in 0..M periodic
  state b[i, j] = i - j for i in 1..N, j in 0..M
  a[i, j]' = d*(a[i+1, j] + a[i-1, j] + a[i, j+1] + a[i, j-1] - 4*a[i, j]) + b[i, j]*i for i in 1..N, j in 0..M
  b[i, j]' = if(i == j, a[i, j], b[i, j]/(i + j + 1)) - sum(a[i, k]*k for k in 0..M) for i in 1..N, j in 0..M
  observe row[i] = sum(a[i, j]*b[i, j] for j in 0..M) for i in 1..N
end"),
    ("backwards", "ode mirror
  size N = 6
  state x[i] = i for i in 1..N
  x[i]' = x[N + 1 - i]*i - x[i] for i in 1..N
end"),
    ("a table", "ode forced
  forcing(t) = table(\"forcing.csv\")
  parameter k = 0.75
  size N = 3
  state x = 0.5, y[i] = 0.2*i for i in 1..N
  x' = forcing(t) - k*forcing(x)
  y[i]' = forcing(y[i])*x for i in 1..N
end"),
    ("functions", "ode functions
  size N = 7
  parameter k = 1.25
  state x[i] = i/8 for i in 1..N
  x[i]' = sin(k*x[i]) + erf(x[i]) + max(x[i], 0.4) + round(10*x[i])*exp(-t) for i in 1..N
  observe far = sum(tanh(x[i])^2 for i in 1..N)
end"),
];

/// A model in all languages, with what the kernel says at several points.
fn case(title: &str, system: &System, prefix: &str) -> Case {
    case_of(title, system, compiled(system), prefix)
}

fn case_of(title: &str, system: &System, mut compiled: Compiled, prefix: &str) -> Case {
    let texts = LANGUAGES.iter().map(|l| {
        let text = export(system, &compiled, l.name()).unwrap_or_else(|e| panic!("{title}: {e}"));
        (l.name(), text)
    });
    let files = texts.collect();
    let names: Vec<String> = system.parameters.iter().flat_map(|v| v.element_names()).collect();
    let (initial, values) = (compiled.initial().to_vec(), compiled.parameters().to_vec());
    let (mut points, mut expected) = (Vec::new(), Vec::new());
    let observed: usize = system.observables.iter().map(|o| o.variable.len()).sum();
    let mut scratch = Scratch::new();
    for k in 0..3 {
        let moved = |(i, &x): (usize, &f64)| x + 0.03 * f64::from(k) * (1.0 + (i as f64).sin());
        let states: Vec<f64> = initial.iter().enumerate().map(moved).collect();
        let parameters: Vec<f64> = values.iter().enumerate().map(moved).collect();
        let given: Vec<_> = names.iter().cloned().zip(parameters.iter().copied()).collect();
        compiled.set(system, &given).expect("values of parameters");
        let time = 0.25 * f64::from(k);
        let mut results = vec![f64::NAN; states.len()];
        compiled.rates(time, &states, &mut results, &mut scratch);
        let mut entries = vec![f64::NAN; compiled.nonzeros()];
        compiled.jacobian(time, &states, &mut entries, &mut Vec::new(), &mut scratch);
        results.append(&mut entries);
        let mut observables = vec![f64::NAN; observed];
        let kernel = Interpreter.compile(&compiled.observable_tape).expect("a kernel");
        kernel.evaluate(time, &states, &parameters, &mut observables, &mut scratch);
        results.append(&mut observables);
        points.push((time, states, parameters));
        expected.push(results);
    }
    let tapes = [&compiled.tape, &compiled.jacobian_tape, &compiled.observable_tape];
    Case {
        title: title.to_owned(),
        sizes: [initial.len(), values.len(), observed, compiled.nonzeros()],
        names: system.state_names(),
        prefix: prefix.to_owned(),
        files,
        points,
        expected,
        exact: tapes.iter().all(|tape| is_exact(&tape.steps)),
    }
}

/// Whether an operation has one result in all libraries: elementary functions do not.
fn rounds_alike(op: Op) -> bool {
    !op.row().is_called() || matches!(op, Op::Sign | Op::Round)
}

/// Whether every operation is rounded in the same way by all libraries.
fn is_exact(steps: &[Step]) -> bool {
    steps.iter().all(|step| match step {
        Step::Loop(inner) => is_exact(&inner.body),
        Step::Let(_, Instruction::Call(op, _)) => rounds_alike(*op),
        _ => true,
    })
}

fn all() -> Vec<Case> {
    let examples = examples();
    let written = examples.clone();
    let examples = examples.iter().map(|(name, text)| case(name, &system(name, text), name));
    // A letter that C does not have stands by its code point.
    let prefixes = ["u03bb", "bare", "sums", "plane", "mirror", "forced", "functions"];
    let others = OTHERS.iter().zip(prefixes);
    let others = others.map(|((title, text), prefix)| case(title, &system(title, text), prefix));
    let hostile = case("hostile names", &hostile(), "model_u002au002fu0022u003fu003fu002f");
    let exact = written.iter().map(|(name, text)| {
        let mut system = system(name, text);
        system.name = format!("{name}_written");
        let compiled = compiled_in(&system, true);
        case_of("in the order of the text", &system, compiled, &system.name)
    });
    examples.chain(others).chain([hostile]).chain(exact).collect()
}

/// Names that end strings and comments wherever they are written as they stand.
fn hostile() -> System {
    let names = ["a\"*/??/", "b\n#{}\\", "'''\"\"\"\u{202e}%"];
    let scope = Scope::new();
    let [a, b, c] = names.map(|name| scope.symbol(name));
    Builder::new("_*/\"??/")
        .parameter(names[0], 3)
        .state(names[1], scope.number(2), a * b)
        .state(names[2], scope.number(5), c - b)
        .observe("\\", b * c)
        .finish(&scope)
}

#[test]
fn c_files_compile_without_warnings_and_agree_with_the_kernel() {
    drivers::c("models", &all());
}

#[test]
fn rust_files_compile_without_warnings_and_agree_with_the_kernel() {
    drivers::rust("models", &all());
}

#[test]
fn python_files_run_and_agree_with_the_kernel() {
    drivers::python("models", &all());
}

/// Every operation of the table on special values, as one program of three states.
fn operations(wanted: impl Fn(Op) -> bool, title: &str) -> Case {
    let mut graph = Graph::written();
    let names = ["x", "y", "z"];
    let states: Vec<Term> = names.iter().map(|n| graph.symbol(n)).collect();
    let mut variable = |(offset, name): (usize, &&str)| Variable {
        name: graph.intern(name),
        extents: Vec::new(),
        offset,
    };
    let states_of_layout = names.iter().enumerate().map(&mut variable).collect();
    let layout = Layout { time: None, states: states_of_layout, parameters: Vec::new() };
    let mut outputs = Vec::new();
    for row in TABLE.iter().filter(|row| wanted(row.op)) {
        let value = graph.call(row.op, &states[..row.arity()]);
        outputs.push(Output::scalar(outputs.len() as i64, value));
        // On a constant and on a truth value too.
        let constant = graph.number(-1);
        let truth = graph.call(Op::Less, &states[..2]);
        for first in [constant, truth] {
            if row.arity() > 0 {
                let args: Vec<Term> =
                    [first].into_iter().chain(states.iter().copied()).take(row.arity()).collect();
                let value = graph.call(row.op, &args);
                outputs.push(Output::scalar(outputs.len() as i64, value));
            }
        }
    }
    let tape = Tape::lower(&graph, &layout, &outputs, &Options::exact()).expect("a tape");
    let nothing = Tape::lower(&graph, &layout, &[], &Options::exact()).expect("a tape");
    let labels =
        |prefix: &str, n: usize| (0..n).map(|k| format!("{prefix}{k}")).collect::<Vec<_>>();
    let rates: Vec<Output> =
        (0..).zip(&states).map(|(place, &state)| Output::scalar(place, state)).collect();
    let rates = Tape::lower(&graph, &layout, &rates, &Options::exact()).expect("a tape");
    // The results are more than the states: they stand where observables do.
    let program = Program {
        name: title,
        notes: &[],
        states: &labels("s", 3),
        parameters: &[],
        observables: &labels("o", outputs.len()),
        initial: &[0.0; 3],
        values: &[],
        right_hand_side: &rates,
        jacobian: Jacobian {
            tape: &nothing,
            column_starts: &[0; 4],
            row_indices: &[],
            positions: None,
        },
        observe: &tape,
        curves: &[],
    };
    let files = LANGUAGES.iter().map(|l| (l.name(), export::export(&program, *l).expect("a file")));
    let files = files.collect();
    let mut points = Vec::new();
    for (i, &x) in GRID.iter().enumerate() {
        for (j, &y) in GRID.iter().enumerate() {
            points.push((0.0, vec![x, y, GRID[(5 * i + 7 * j) % GRID.len()]], Vec::new()));
        }
    }
    let kernel = Interpreter.compile(&tape).expect("a kernel");
    let expected = points.iter().map(|(time, states, parameters)| {
        let mut out = vec![0.0; outputs.len()];
        kernel.evaluate(*time, states, parameters, &mut out, &mut Scratch::new());
        [states.as_slice(), &out].concat()
    });
    let expected = expected.collect();
    Case {
        title: title.to_owned(),
        sizes: [3, 0, outputs.len(), 0],
        names: labels("s", 3),
        prefix: title.to_owned(),
        files,
        points,
        expected,
        exact: is_exact(&tape.steps),
    }
}

/// One program of the operations that all libraries round alike, one of the others.
fn tables() -> [Case; 2] {
    let cases =
        [operations(rounds_alike, "exact"), operations(|op| !rounds_alike(op), "libraries")];
    assert!(cases[0].exact && !cases[1].exact);
    cases
}

#[test]
fn every_operation_agrees_on_special_values() {
    let cases = tables();
    drivers::c("operations", &cases);
    drivers::rust("operations", &cases);
    drivers::python("operations", &cases);
}

#[test]
fn what_cannot_be_exported_is_refused_by_name() {
    let system = system("m", "ode m\n state x = 1\n x' = -x\nend");
    let compiled = compiled(&system);
    let said = export(&system, &compiled, "pyton").unwrap_err().to_string();
    assert_eq!(said, "no language is named `pyton`; did you mean `python`?");
    let said = export(&system, &compiled, "fortran90").unwrap_err().to_string();
    assert_eq!(said, "no language is named `fortran90`; there are c, rust, python, latex");

    let hostile = hostile();
    let said = export(&hostile, &self::compiled(&hostile), "latex").unwrap_err().to_string();
    assert!(said.contains("has the character '\\n', which LaTeX cannot show"), "{said}");

    let mut graph = Graph::new();
    let id = graph.register(Function::unary("gauss", |x| (-x * x).exp()));
    let x = graph.symbol("x");
    let value = graph.apply(id, &[x]);
    let name = graph.intern("x");
    let states = vec![Variable { name, extents: Vec::new(), offset: 0 }];
    let layout = Layout { states, ..Layout::default() };
    let outputs = [Output::scalar(0, value)];
    let tape = Tape::lower(&graph, &layout, &outputs, &Options::default()).expect("a tape");
    let program = Program {
        name: "m",
        notes: &[],
        states: &["x".to_owned()],
        parameters: &[],
        observables: &[],
        initial: &[1.0],
        values: &[],
        right_hand_side: &tape,
        jacobian: Jacobian {
            tape: &tape,
            column_starts: &[0, 1],
            row_indices: &[0],
            positions: None,
        },
        observe: &tape,
        curves: &[],
    };
    let large = vec![0; export::MAX_NUMBERS];
    let jacobian = Jacobian { row_indices: &large, ..program.jacobian };
    let huge = Program { jacobian, ..program };
    let refused = export::export(&huge, LANGUAGES[0]).unwrap_err().to_string();
    assert!(refused.contains("20000004 numbers and names"), "{refused}");
    for language in LANGUAGES {
        let refused = export::export(&program, *language).unwrap_err();
        assert_eq!(refused, export::Error::Function("gauss".to_owned()));
        assert!(refused.to_string().contains("`gauss`"));
    }
}

#[test]
fn scipy_integrates_an_exported_model() {
    if !python_has("numpy, scipy.integrate") {
        return;
    }
    let folder = folder("scipy");
    for (name, text) in examples() {
        if !["lotka_volterra", "robertson"].contains(&name.as_str()) {
            continue;
        }
        let system = system(&name, &text);
        let compiled = compiled(&system);
        write(
            &folder,
            &format!("{name}.py"),
            &export(&system, &compiled, "python").expect("a file"),
        );
        let settings = Settings::of(&system).expect("a plan");
        let solution = compiled.run(&system, &settings, &|_| false).expect("a solution");
        let (end, method) = if name == "robertson" {
            (1e11, "BDF', jac=m.jacobian, first_step='1e-6")
        } else {
            (10.0, "DOP853")
        };
        let script = format!(
            "import {name} as m\nfrom scipy.integrate import solve_ivp\n\
             s = solve_ivp(m.rhs, (0.0, {end:?}), m.u0, method='{method}', rtol=1e-9, atol=1e-13)\n\
             assert s.success\nprint(*s.y[:, -1])"
        )
        .replace("first_step='1e-6'", "first_step=1e-6");
        let printed = run(&folder, "python3", &["-W", "error", "-c", &script], "");
        let last = solution.rows.last().expect("a row");
        for (found, expected) in printed.split_whitespace().zip(last) {
            let found: f64 = found.parse().expect("a number");
            assert!(
                (found - expected).abs() <= 1e-5 * expected.abs(),
                "{name}: {found} {expected}"
            );
        }
    }
}

/// That groups of a LaTeX text close in the order in which they open.
fn is_balanced(text: &str) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}', '\\']) {
        rest = &rest[at..];
        let word: String = match rest.strip_prefix('\\') {
            None => rest[..1].to_owned(),
            Some(after) => {
                let letters: String = after.chars().take_while(char::is_ascii_alphabetic).collect();
                if letters.is_empty() { after.chars().take(1).collect() } else { letters }
            }
        };
        let escaped = rest.starts_with('\\');
        rest = &rest[word.len() + usize::from(escaped)..];
        let argument = || rest.split(['{', '}']).nth(1).unwrap_or_default().to_owned();
        let (opens, closes) = match (escaped, word.as_str()) {
            (false, "{") => (Some("}".to_owned()), None),
            (false, _) => (None, Some("}".to_owned())),
            (true, "left") => (Some("right".to_owned()), None),
            (true, "right") => (None, Some("right".to_owned())),
            (true, "begin") => (Some(argument()), None),
            (true, "end") => (None, Some(argument())),
            _ => (None, None),
        };
        // The argument of `begin` and `end` is read with them.
        if matches!(word.as_str(), "begin" | "end") {
            rest = &rest[rest.find('}').map_or(0, |k| k + 1)..];
        }
        open.extend(opens);
        if let Some(closes) = closes {
            let expected = open.pop();
            if expected.as_ref() != Some(&closes) {
                return Err(format!("{closes} closes {expected:?} before {rest:.60}"));
            }
        }
    }
    if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

#[test]
fn latex_is_balanced_plain_and_says_the_equations() {
    assert!(is_balanced("\\left({x}\\right)").is_ok() && is_balanced("{\\left(}\\right)").is_err());
    let examples = examples();
    let others = OTHERS.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned()));
    let compile = present("pdflatex", &["--version"]);
    let folder = folder("latex");
    for (name, text) in examples.into_iter().chain(others) {
        let system = system(&name, &text);
        let document = export(&system, &compiled(&system), "latex").expect("a document");
        is_balanced(&document).unwrap_or_else(|e| panic!("{name}: {e}\n{document}"));
        assert!(document.is_ascii(), "{name}: {document}");
        let expected: &[&str] = match name.as_str() {
            "lorenz" => &[
                "\\frac{\\mathrm{d} x}{\\mathrm{d} t} &= \\sigma \\, \\left(y - x\\right)",
                "$\\beta$ & $\\frac{8}{3}$ &",
                "$y$ & $0$ &",
            ],
            "lorenz96" => {
                &["&& i = 3, \\dots, 39", "\\sum_{", "$x_{i}$ & $8$ & $i = 1, \\dots, 19$"]
            }
            "strange names" => &["\\section*{\\ensuremath{\\lambda}}", "\\ensuremath{\\alpha}_{1}"],
            "backwards" => &["x_{-i+7}"],
            "a table" => &["\\texttt{forcing.csv}", "\\mathrm{forcing}\\left(t\\right)"],
            _ => &[],
        };
        for line in expected {
            assert!(document.contains(line), "{name}: no {line} in\n{document}");
        }
        let file = format!("{}.tex", name.replace(' ', "_"));
        write(&folder, &file, &document);
        if compile {
            let args = ["-halt-on-error", "-interaction=batchmode", &file];
            run(&folder, "pdflatex", &args, "");
        }
    }
}

#[test]
fn each_language_has_a_name_and_an_extension_of_its_own() {
    let all: Vec<_> = languages().collect();
    assert_eq!(all, [("c", "c"), ("rust", "rs"), ("python", "py"), ("latex", "tex")]);
}

#[test]
fn a_file_starts_from_the_values_that_were_set() {
    let system =
        system("m", "ode m\n parameter k = 2\n state x = 3*k, y = 1\n x' = -y\n y' = x\nend");
    let mut compiled = compiled(&system);
    compiled.set(&system, &[("k".to_owned(), 0.1), ("y".to_owned(), -7.0)]).expect("values");
    for language in LANGUAGES {
        let text = export(&system, &compiled, language.name()).expect("a file");
        // Three tenths as doubles multiply, not the nearest double.
        assert!(text.contains("\n    0.30000000000000004, -7.0,\n"), "{text}");
        assert!(text.contains("\n    0.1,\n"), "{text}");
    }
}
