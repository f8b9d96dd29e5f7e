//! Runs exported files: one program for many models, fed with points, answering with bits.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A model's files and the points at which its functions are evaluated.
pub struct Case {
    pub title: String,
    /// Dimensions: states, parameters, observables, nonzero entries.
    pub sizes: [usize; 4],
    /// Names of the states.
    pub names: Vec<String>,
    /// The prefix of its names in C.
    pub prefix: String,
    /// Text by language.
    pub files: Vec<(&'static str, String)>,
    /// Time, states and parameters.
    pub points: Vec<(f64, Vec<f64>, Vec<f64>)>,
    /// At each point rates, entries of the Jacobian and observables in a row.
    pub expected: Vec<Vec<f64>>,
    /// Whether all operations are rounded correctly everywhere, so that the bits agree.
    pub exact: bool,
}

impl Case {
    pub fn file(&self, language: &str) -> &str {
        self.files.iter().find(|(l, _)| *l == language).map_or("", |(_, text)| text)
    }
}

/// Whether a command runs and succeeds; says so when it does not.
pub fn present(command: &str, args: &[&str]) -> bool {
    let status =
        Command::new(command).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let present = status.is_ok_and(|s| s.success());
    if !present {
        eprintln!("skipped: `{command} {}` does not run here", args.join(" "));
    }
    present
}

/// A fresh folder for a test's files.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exports").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("an old folder");
    }
    fs::create_dir_all(&folder).expect("a folder for the files");
    folder
}

pub fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("writing a file of a test");
}

/// Runs a command in a folder with an input; its output, or a failed test with what it said.
pub fn run(folder: &Path, command: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(command)
        .args(args)
        .current_dir(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{command}: {e}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("its output");
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command} {args:?} in {}:\n{said}", folder.display());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The points of all cases as bits: for each point time, states, parameters.
fn input(cases: &[Case]) -> String {
    let mut text = String::new();
    for (time, states, parameters) in cases.iter().flat_map(|c| &c.points) {
        for x in [time].into_iter().chain(states).chain(parameters) {
            text += &format!("{}\n", x.to_bits());
        }
    }
    text
}

/// Compares the answers of a program with the kernel.
fn compare(cases: &[Case], language: &str, output: &str) {
    let mut found = output.split_whitespace().map(|word| {
        f64::from_bits(word.parse().unwrap_or_else(|_| panic!("{language}: `{word}` is not bits")))
    });
    let mut wrong = Vec::new();
    for case in cases {
        for (point, expected) in case.points.iter().zip(&case.expected) {
            for (place, &expected) in expected.iter().enumerate() {
                let found = found.next().unwrap_or_else(|| panic!("{language}: too few numbers"));
                if !agrees(expected, found, case.exact) {
                    let what = format!("{}, result {place} at {point:?}", case.title);
                    wrong.push(format!("{what}: {found:?} instead of {expected:?}"));
                }
            }
        }
    }
    assert!(found.next().is_none(), "{language}: too many numbers");
    let shown = wrong.len().min(40);
    assert!(wrong.is_empty(), "{} in {language}:\n{}", wrong.len(), wrong[..shown].join("\n"));
}

/// Equal bits, whatever the payload of NaN; functions of different libraries to 1e-12.
pub fn agrees(expected: f64, found: f64, exact: bool) -> bool {
    if expected.to_bits() == found.to_bits() || (expected.is_nan() && found.is_nan()) {
        return true;
    }
    let error = (expected - found).abs();
    !exact && error <= 1e-12 * expected.abs().max(f64::MIN_POSITIVE)
}

/// The flags that the files must pass.
const STRICT: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"];

pub fn c(name: &str, cases: &[Case]) {
    if !present("cc", &["--version"]) {
        return;
    }
    let folder = folder(&format!("c_{name}"));
    let (mut main, mut calls) = (String::from(C_MAIN), String::new());
    let mut sources = vec!["main.c".to_owned()];
    for (k, case) in cases.iter().enumerate() {
        let (file, prefix) = (format!("m{k}.c"), &case.prefix);
        write(&folder, &file, case.file("c"));
        sources.push(file);
        let [states, parameters, observables, nonzeros] = case.sizes;
        for (function, length) in
            [("rhs", states), ("jacobian", nonzeros), ("observe", observables)]
        {
            if function != "observe" || length > 0 {
                main += &format!(
                    "void {prefix}_{function}(double, const double *, const double *, double *);\n"
                );
            }
        }
        main += &format!("extern const char *const {prefix}_state_names[];\n");
        for (place, name) in case.names.iter().enumerate() {
            let bytes: String = name.bytes().map(|b| format!("\\x{b:02x}")).collect();
            calls += &format!("    same({prefix}_state_names[{place}], \"{bytes}\");\n");
        }
        calls += &format!("    for (k = 0; k < {}; ++k) {{\n", case.points.len());
        calls += &format!("        read(1, &t); read({states}, u); read({parameters}, p);\n");
        for (function, length) in
            [("rhs", states), ("jacobian", nonzeros), ("observe", observables)]
        {
            if function != "observe" || length > 0 {
                calls +=
                    &format!("        {prefix}_{function}(t, u, p, out); print({length}, out);\n");
            }
        }
        calls += "    }\n";
    }
    main += &format!("int main(void)\n{{\n    double t;\n    int k;\n{calls}    return 0;\n}}\n");
    write(&folder, "main.c", &main);
    let mut args: Vec<&str> = STRICT.to_vec();
    args.extend(sources.iter().map(String::as_str));
    args.extend(["-o", "main", "-lm"]);
    run(&folder, "cc", &args, "");
    let program = folder.join("main");
    compare(cases, "c", &run(&folder, &program.to_string_lossy(), &[], &input(cases)));
}

const C_MAIN: &str = "
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static double u[8192], p[8192], out[65536];
static void same(const char *found, const char *expected)
{
    if (strcmp(found, expected) != 0) {
        fprintf(stderr, \"%s instead of %s\\n\", found, expected);
        exit(1);
    }
}
static void read(int n, double *x)
{
    uint64_t bits;
    while (n-- > 0 && scanf(\"%\" SCNu64, &bits) == 1) {
        memcpy(x++, &bits, sizeof bits);
    }
}
static void print(int n, const double *x)
{
    uint64_t bits;
    while (n-- > 0) {
        memcpy(&bits, x++, sizeof bits);
        printf(\"%\" PRIu64 \"\\n\", bits);
    }
}
";

pub fn rust(name: &str, cases: &[Case]) {
    if !present("rustc", &["--version"]) {
        return;
    }
    let folder = folder(&format!("rust_{name}"));
    let (mut library, mut calls) = (String::new(), String::new());
    for (k, case) in cases.iter().enumerate() {
        write(&folder, &format!("m{k}.rs"), case.file("rust"));
        library += &format!("pub mod m{k};\n");
        let [states, parameters, observables, nonzeros] = case.sizes;
        calls += &format!(
            "    assert_eq!([m{k}::STATES, m{k}::PARAMETERS, m{k}::OBSERVABLES, m{k}::NONZEROS], {:?});\n",
            case.sizes
        );
        calls += &format!("    assert_eq!(m{k}::STATE_NAMES, {:?});\n", case.names);
        calls += &format!("    for _ in 0..{} {{\n", case.points.len());
        calls +=
            &format!("        let (t, u, p) = (read(1)[0], read({states}), read({parameters}));\n");
        for (function, length) in
            [("rhs", states), ("jacobian", nonzeros), ("observe", observables)]
        {
            if function != "observe" || length > 0 {
                calls += &format!(
                    "        let mut out = vec![f64::NAN; {length}];\n        m{k}::{function}(t, &u, &p, &mut out);\n        print(&out);\n"
                );
            }
        }
        calls += "    }\n";
    }
    write(&folder, "models.rs", &library);
    let edition = "--edition=2021";
    run(&folder, "rustc", &[edition, "--crate-type", "lib", "-D", "warnings", "models.rs"], "");
    write(&folder, "main.rs", &format!("{RUST_MAIN}\nfn main() {{\n{RUST_READ}{calls}}}\n"));
    run(
        &folder,
        "rustc",
        &[edition, "--extern", "models=libmodels.rlib", "main.rs", "-o", "main"],
        "",
    );
    let program = folder.join("main");
    compare(cases, "rust", &run(&folder, &program.to_string_lossy(), &[], &input(cases)));
}

const RUST_MAIN: &str = "use models::*;
fn print(x: &[f64]) {
    let text: Vec<String> = x.iter().map(|x| x.to_bits().to_string() + \"\\n\").collect();
    print!(\"{}\", text.concat());
}
";

const RUST_READ: &str = "    let input = std::io::read_to_string(std::io::stdin()).unwrap();
    let mut words = input.split_whitespace();
    let mut read = |n: usize| -> Vec<f64> {
        (0..n).map(|_| f64::from_bits(words.next().unwrap().parse().unwrap())).collect()
    };
";

/// Whether Python has these modules.
pub fn python_has(modules: &str) -> bool {
    present("python3", &["-c", &format!("import {modules}")])
}

pub fn python(name: &str, cases: &[Case]) {
    if !python_has("numpy") {
        return;
    }
    let folder = folder(&format!("python_{name}"));
    let mut main = String::from(PYTHON_MAIN);
    for (k, case) in cases.iter().enumerate() {
        write(&folder, &format!("m{k}.py"), case.file("python"));
        let sizes = case.sizes.map(|n| n.to_string()).join(", ");
        let names = case.names.join("\0");
        let bytes: String = names.bytes().map(|b| format!("{b:02x}")).collect();
        main += &format!("check('m{k}', '{bytes}', {}, {sizes})\n", case.points.len());
    }
    write(&folder, "main.py", &main);
    compare(cases, "python", &run(&folder, "python3", &["-W", "error", "main.py"], &input(cases)));
}

const PYTHON_MAIN: &str = "import importlib, sys
import numpy as np
bits = np.array(sys.stdin.read().split(), dtype=np.uint64).view(float)
at = 0

def read(n):
    global at
    at += n
    return bits[at - n:at].copy()

def show(x):
    assert x.dtype == float
    print('\\n'.join(map(str, x.view(np.uint64))))

def check(name, names, points, states, parameters, observables, nonzeros):
    m = importlib.import_module(name)
    assert (m.states, m.parameters, m.observables, m.nonzeros) == (states, parameters, observables, nonzeros)
    assert len(m.u0) == len(m.state_names) == states and len(m.p0) == len(m.parameter_names) == parameters
    assert '\\0'.join(m.state_names) == bytes.fromhex(names).decode()
    for _ in range(points):
        t, u, p = read(1)[0], read(states), read(parameters)
        show(m.rhs(t, u, p))
        values = m.jacobian_values(t, u, p)
        show(values)
        if states < 100:
            dense = m.jacobian(t, u, p)
            for j in range(states):
                a, b = m.column_starts[j:j + 2]
                assert np.array_equal(dense[m.row_indices[a:b], j], values[a:b], equal_nan=True)
            assert np.count_nonzero(dense) == np.count_nonzero(values)
        if observables:
            show(m.observe(t, u, p))

";
