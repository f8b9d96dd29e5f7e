//! The table of commands: every example is run, at the prompt and in the shell.

use std::path::Path;
use std::process::Command as Process;

use isoterm::session::command::{Command, Place, Shown, Silent};
use isoterm::session::line::{self, Line};
use isoterm::session::{COMMANDS, Session, command};
use isoterm::text::Limits;

fn session() -> Session {
    Session::new(&Limits::default(), || false)
}

/// What a line prints, or its error.
fn say(session: &mut Session, text: &str) -> String {
    match session.line(text, &Silent) {
        Ok(text) => text,
        Err(stop) => stop.render(false),
    }
}

/// Several lines and what the last one prints.
fn last(lines: &[&str]) -> String {
    let mut session = session();
    lines.iter().fold(String::new(), |_, line| say(&mut session, line))
}

fn words_of(example: &str) -> (Vec<String>, Vec<(&'static str, String)>) {
    match line::read(example).expect("a line") {
        Line::Command { arguments, options, .. } => (arguments, options),
        other => panic!("{example} is {other:?}"),
    }
}

fn matches(shown: &str, wanted: &str) -> bool {
    match wanted.strip_suffix('…') {
        Some(beginning) => shown.starts_with(beginning),
        None => shown.trim_end() == wanted,
    }
}

#[test]
fn every_example_of_the_table_gives_its_result_at_the_prompt() {
    let mut count = 0;
    for row in COMMANDS {
        assert!(!row.about.is_empty() && !row.about.ends_with('.'), "{}", row.name);
        for example in row.examples {
            count += 1;
            let mut session = session();
            session.style = isoterm::session::Style::Plain;
            let (arguments, options) = words_of(example.line);
            let answer = session
                .command(command(row.name).expect("a command"), arguments, options, &Silent)
                .unwrap_or_else(|e| panic!("{}: {}", example.line, e.render(false)));
            let shown = match &answer.shown {
                Shown::Text(text) => text.clone(),
                _ => session.plain(&answer).expect("a text"),
            };
            assert!(matches(&shown, example.result), "{}\n{shown}", example.line);
        }
    }
    assert!(count >= 20, "{count} examples");
}

#[test]
fn every_example_of_the_table_gives_its_result_in_the_shell() {
    let root = env!("CARGO_MANIFEST_DIR");
    let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join("commands");
    std::fs::create_dir_all(&files).expect("a folder");
    let rows = COMMANDS.iter().filter(|c| c.place == Place::Everywhere);
    for (row, example) in rows.flat_map(|r| r.examples.iter().map(move |e| (r, e))) {
        let (arguments, options) = words_of(example.line);
        let mut args: Vec<String> = row.name.split(' ').map(str::to_owned).collect();
        let is_model = arguments.first().is_some_and(|a| a.ends_with(".model"));
        match row.arguments.len() {
            1 if !is_model => args.push(arguments.join(", ")),
            _ => args.extend(arguments),
        }
        for (name, value) in options {
            args.push(format!("--{name}"));
            args.extend((!value.is_empty()).then_some(value));
        }
        if row.name == "simulate" {
            args.push("-o".to_owned());
            args.push(files.join("run.csv").to_string_lossy().into_owned());
        }
        let run = |args: &[String]| {
            let program = env!("CARGO_BIN_EXE_isoterm");
            Process::new(program).args(args).current_dir(root).output().expect("it runs")
        };
        let output = run(&args);
        let shown = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        assert!(matches(&shown, example.result), "{args:?}\n{shown}");
        args.push("--json".to_owned());
        let json = String::from_utf8(run(&args).stdout).expect("text");
        let value: serde_json::Value = serde_json::from_str(&json).expect("one line of JSON");
        assert!(value.is_object(), "{json}");
    }
}

#[test]
fn definitions_are_formulas_that_follow_their_names() {
    assert_eq!(last(&["a = 3", "f(x, y) = a*x^2 + y", "f(2, z)"]), "ans1 = z + 12");
    assert_eq!(last(&["a = 3", "f(x) = a*x", "a = 4", "f(2)"]), "ans1 = 8");
    assert_eq!(last(&["x^2 + x", "ans - x"]), "ans2 = x²");
    assert_eq!(last(&["x + 1", "y", "ans1*2 + ans2"]), "ans3 = 2·(x + 1) + y");
    // The argument hides a definition of the same name; an index of a sum is no name.
    assert_eq!(last(&["x = 7", "f(x) = x + 1", "f(2)"]), "ans1 = 3");
    assert_eq!(last(&["f(x) = sum(x*j for j in 1..3)", "eval sum(f(j) for j in 1..2)"]), "18");
    assert!(last(&["b = b + 1"]).contains("`b` is defined by itself"));
    assert!(last(&["f(x) = g(x)"]).contains("unknown function `g`"));
    assert!(last(&["sin = 3"]).contains("`sin` is a function of isoterm"));
    assert!(last(&["f(x) = x^2", "f(1, 2)"]).contains("takes 1 argument, 2 given"));
}

#[test]
fn a_recursion_through_a_later_definition_is_refused() {
    let lines = ["g(x) = x", "f(x) = g(x)", "g(x) = f(x)", "f(1)"];
    assert!(last(&lines[..3]).contains("defined by itself"), "{}", last(&lines[..3]));
    assert_eq!(last(&lines), "ans1 = 1");
}

#[test]
fn matrices_are_defined_and_used() {
    let a = "A = [[1, x], [2, y]]";
    assert_eq!(last(&[a, "det A"]), "ans1 = y - 2·x");
    assert!(last(&[a, "inverse A"]).contains("⎣ 2/(2·x - y)"));
    assert!(last(&[a, "sin(A)"]).contains("this is not done with a matrix"));
    assert!(last(&[a, "f(x) = A*x"]).contains("`A` is a matrix"));
    assert!(last(&["A = [[1, 2], [3]]"]).contains("row 2 of the matrix has 1 entries"));
    assert!(last(&["det [[1, 2], [2, 4]]"]).contains("ans1 = 0"));
    assert!(last(&["inverse [[1, 2], [2, 4]]"]).contains("no inverse: its determinant is zero"));
}

#[test]
fn matrices_are_added_multiplied_and_raised_to_powers() {
    let [a, b] = ["A = [[1, 2], [3, 4]]", "B = [[0, 1], [1, 0]]"];
    for (line, entries) in [
        ("A*B", ["2  1", "4  3"]),
        ("B*A", ["3  4", "1  2"]),
        ("A + 2*B - A/2", ["0.5  3", "3.5  2"]),
        ("-A", ["-1  -2", "-3  -4"]),
        ("transpose(A)", ["1  3", "2  4"]),
        ("transpose A*B", ["2  4", "1  3"]),
        ("A^3", ["37  54", "81  118"]),
        ("A^0", ["1  0", "0  1"]),
        // The Fibonacci numbers, as powers of their matrix.
        ("[[1, 1], [1, 0]]^20", ["10946  6765", "6765   4181"]),
        ("A^-1*A", ["1  0", "0  1"]),
        ("inverse(A)*A", ["1  0", "0  1"]),
        ("inverse A*B", ["1.5  -0.5", "-2   1"]),
        ("inverse(B) + [[x - x, 0], [0, 1]]", ["0  1", "1  1"]),
        ("A*[[x], [1]]", ["x + 2", "3·x + 4"]),
    ] {
        let text = last(&[a, b, line]);
        let rows: Vec<&str> = text
            .lines()
            .filter_map(|l| l.split(['⎡', '⎣']).nth(1))
            .map(|l| l.trim_end_matches(['⎤', '⎦']).trim())
            .collect();
        assert_eq!(rows, entries, "{line}\n{text}");
    }
    assert_eq!(last(&[a, b, "det A*B"]), "ans1 = 2");
    assert_eq!(last(&[a, "C = A*A"]), "C = [[7, 10], [15, 22]]");
    for (line, wanted) in [
        ("A*[[1, 2, 3]]", "matrices of 2 × 2 and 1 × 3: a product needs as many columns"),
        ("A + [[1]]", "matrices of 2 × 2 and 1 × 1: a sum needs"),
        ("A + 1", "`transpose(A)` and `inverse(A)`"),
        ("A^x", "a whole number from -1000 to 1000"),
        ("[[1, 2]]^2", "a square matrix, not one of 1 × 2"),
        ("A*[[1], [y +]]", "found the end\n --> expression:1:13"),
    ] {
        let text = last(&[a, line]);
        assert!(text.contains(wanted), "{line}\n{text}");
    }
}

#[test]
fn linear_systems_are_solved_or_refused_with_the_reason() {
    assert_eq!(last(&["solve 2*x = 1"]), "x = 0.5");
    assert!(last(&["solve x + y = 1, 2*x + 2*y = 2"]).contains("infinitely many"));
    assert!(last(&["solve x + y = 1, 2*x + 2*y = 3"]).contains("no solution"));
    assert!(last(&["solve x^2 = 4"]).contains("equation 1 is not linear in `x`"));
    assert!(last(&["solve x + 1"]).contains("no equation"));
    assert!(last(&["solve a*x = b"]).contains("not linear"));
    assert!(last(&["solve a*x = b --for x"]).starts_with("x = b/a\nprovided that a is not zero"));
}

#[test]
fn a_model_is_typed_run_changed_and_run_again_without_compiling() {
    let mut session = session();
    let model = "ode decay\n parameter k = 0.5\n state u = 1\n u' = -k*u\n simulate t = 0..2\nend";
    assert_eq!(say(&mut session, model), "decay is sound: 1 states, 1 parameters");
    let end = |text: String| -> f64 {
        let (_, value) = text.rsplit_once("u = ").expect("the end");
        value.trim().parse().expect("a number")
    };
    let first = say(&mut session, "simulate --rtol 1e-10 --atol 1e-12");
    assert!(first.contains(", compile "), "{first}");
    assert!((end(first) - (-1.0_f64).exp()).abs() < 1e-9);
    assert_eq!(say(&mut session, "set k = 1.5, u = 2"), "k = 1.5\nu = 2");
    let second = say(&mut session, "simulate --rtol 1e-10 --atol 1e-12");
    assert!(!second.contains(", compile "), "{second}");
    assert!((end(second) - 2.0 * (-3.0_f64).exp()).abs() < 1e-9);
    assert!(say(&mut session, "set kk = 1").contains("did you mean `k`?"));
    say(&mut session, "set");
    assert!((end(say(&mut session, "simulate")) - (-1.0_f64).exp()).abs() < 1e-6);
}

#[test]
fn a_saved_session_is_loaded_again() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("saved.iso");
    let file = file.to_str().expect("UTF-8");
    let mut session = session();
    for text in [
        "a = 3/7",
        "f(x, y) = a*x^2 + y",
        "M = [[1, a], [b, 2]]",
        "assume q > 0",
        "ode decay\n parameter k = 0.5\n state u = 1\n u' = -k*u\n simulate t = 0..2\nend",
        "set k = 0.25",
    ] {
        say(&mut session, text);
    }
    let names = say(&mut session, "names");
    assert!(say(&mut session, &format!("save {file}")).contains("lines"));
    say(&mut session, "clear");
    assert_eq!(say(&mut session, "names"), "");
    say(&mut session, &format!("load {file}"));
    assert_eq!(say(&mut session, "names"), names);
    assert_eq!(say(&mut session, "sqrt(q^2)"), "ans1 = q");
}

#[test]
fn every_command_has_help_and_no_option_twice() {
    for row in COMMANDS {
        let text = last(&[&format!("help {}", row.name)]);
        assert!(text.contains(row.about), "{text}");
        let names: Vec<&str> = row.options.iter().map(|f| f.long).collect();
        for (k, name) in names.iter().enumerate() {
            assert!(!names[..k].contains(name), "--{name} of {}", row.name);
        }
    }
    let text = last(&["help"]);
    assert!(COMMANDS.iter().all(|c: &Command| text.contains(c.name)));
    assert!(last(&["help simulat"]).contains("did you mean `simulate`?"));
    assert!(last(&["help atan2"]).contains("derivative by y"));
}

#[test]
fn mistakes_name_the_fix() {
    for (line, wanted) in [
        ("simplify", "needs EXPRESSION"),
        ("diff x^2", "needs VARIABLE"),
        ("diff x^2, x --ordr 2", "did you mean `--order`?"),
        ("diff x^2, x --order two", "--order is a whole number from 1 to 100, not `two`"),
        ("diff x^2, x --order", "`--order` needs a value N"),
        ("style fancy", "styles are unicode, plain, latex"),
        ("use lorentz", "no model `lorentz`"),
        ("simulate", "name a model file"),
        ("load nowhere.model", "cannot read `nowhere.model`"),
        ("assume x >", "write `x > 0`"),
        ("eval x", "--at x=1.5"),
        ("eval x --at y", "not of the form NAME=NUMBER"),
        ("forget q", "nothing is defined as `q`"),
        ("equal x", "needs OTHER"),
        ("simplfy (x + 1)", "did you mean"),
        ("names x", "takes no argument"),
        ("simulate examples/models/lorenz.model --method rk45", "unknown method `rk45`"),
        ("simulate examples/models/lorenz.model --rtol -1", "--rtol is a positive number"),
        ("simulate examples/models/lorenz.model --set sigm=3", "did you mean `sigma`?"),
        ("simulate examples/models/lorenz.model --set sigma", "NAME=NUMBER"),
        ("simulate examples/models/lorenz.model -o x.xlsx", "csv, npy, json"),
        ("simulate examples/models/lorenz.model --output x.xlsx", "csv, npy, json"),
        ("show examples/models/lorenz.model --stage masm", "did you mean `asm`?"),
        ("det [[1, 2], 3]", "is no row of a matrix"),
        ("det [[1, 2, 3], [4, 5, 6]]", "square"),
        ("simulate examples/models", "it is a folder\nhelp: name a file in it"),
        ("simulate examples/models/lorenz.model --hold 2", "add `--steady`"),
        ("simulate examples/models/lorenz.model --steady --plot x", "leave one of the two out"),
        ("simulate examples/models/lorenz.model --scan sigma=1,,2", "a number is missing"),
        ("simulate examples/models/lorenz.model --sensitivity x(1)", "did you mean `x(0)`?"),
        (
            "simulate examples/models/lorenz.model --rtol 1e-20 --atol 1e-300",
            "ask for less than `--rtol 1e-20`",
        ),
        ("solve x = 1 --for y", "the unknown `y` is in none of the equations"),
        ("solve total = 1 --for totl", "did you mean `total`?"),
        ("solve x + y = 1", "name fewer unknowns with `--for`"),
        ("expand (a + b + c + d + e + f)^50", "raise it with `--limit terms=NUMBER`"),
        ("diff sin(cos(exp(x^x))), x --order 30", "raise it with `--limit printed=NUMBER`"),
        ("2×x", "write a product as `x*y`"),
        ("x²", "write a power as `x^2`"),
        ("x**2", "a power is `x^2`"),
        ("1 − x", "write a minus as `-`"),
        ("if(x ≤ 1, 2, 3)", "write `<=`"),
        ("1,5", "write a decimal with a point"),
        ("simplify x = 1", "write a comparison as `x == y`"),
    ] {
        let text = last(&[line]);
        assert!(text.contains(wanted), "{line}\n{text}");
    }
}

/// The reference of the README, from the table.
fn reference() -> String {
    let mut text = "| command | what it does |\n|---|---|\n".to_owned();
    for row in COMMANDS {
        let usage = line::usage(row).split(" [--").next().unwrap_or_default().replace('|', "\\|");
        let options: Vec<String> = row.options.iter().map(|f| format!("`--{}`", f.long)).collect();
        let options = match options.is_empty() {
            true => String::new(),
            false => format!(" ({})", options.join(" ")),
        };
        let place = if row.place == Place::Prompt { ", at the prompt" } else { "" };
        text += &format!("| `{usage}` | {}{place}{options} |\n", row.about);
    }
    text
}

#[test]
fn the_readme_has_the_reference_and_what_its_prompt_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once("<!-- commands -->\n").expect("the reference");
    let (_, after) = rest.split_once("<!-- end of commands -->").expect("its end");
    let mut wanted =
        format!("{before}<!-- commands -->\n{}<!-- end of commands -->{after}", reference());
    let (before, rest) = wanted.split_once("```text\n> ").expect("a conversation");
    let (block, after) = rest.split_once("```").expect("its end");
    let mut session = session();
    let lines = format!("\n> {block}");
    let typed = lines.split("\n> ").skip(1).map(|part| part.lines().next().unwrap_or_default());
    let mut shown = String::new();
    for text in typed {
        let answer = say(&mut session, text);
        assert!(!answer.contains("error"), "{text}: {answer}");
        shown += format!("> {text}\n{}\n", answer.trim_end()).trim_end();
        shown.push('\n');
    }
    wanted = format!("{before}```text\n{shown}```{after}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("the README");
    } else {
        assert!(wanted == readme, "`UPDATE=1 cargo test` writes:\n{}\n{shown}", reference());
    }
}

#[test]
fn solutions_are_written_as_csv_npy_and_json() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats");
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, more: &str| {
        let path = folder.join(name);
        let model = "simulate examples/models/lotka_volterra.model";
        let text = last(&[&format!("{model} --points 11 {more} -o {}", path.display())]);
        assert!(text.contains("11 rows") || text.contains("22 rows"), "{text}");
        std::fs::read(path).expect("the file")
    };
    let text = String::from_utf8(write("run.csv", "")).expect("text");
    let csv: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|x| x.parse().expect("a number")).collect())
        .collect();
    assert!(text.starts_with("t,prey,predator\n") && csv.len() == 11, "{text}");

    let json: serde_json::Value = serde_json::from_slice(&write("run.json", "")).expect("JSON");
    for (k, name) in ["t", "prey", "predator"].into_iter().enumerate() {
        let column: Vec<f64> = serde_json::from_value(json[name].clone()).expect("numbers");
        assert_eq!(column, csv.iter().map(|row| row[k]).collect::<Vec<_>>(), "{name}");
    }

    // The format of NumPy: magic, version, length of the header, header, doubles.
    let npy = write("run.npy", "");
    assert_eq!(&npy[..6], b"\x93NUMPY");
    let end = 10 + usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    let header = String::from_utf8_lossy(&npy[10..end]);
    assert!(header.contains("'<f8'") && header.contains("(11, 3"), "{header}");
    let numbers: Vec<f64> = npy[end..]
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
        .collect();
    assert_eq!(numbers, csv.concat());

    let scan = String::from_utf8(write("scan.csv", "--scan growth=1,1.5")).expect("text");
    assert!(scan.starts_with("growth,t,prey,predator\n1,0,1,1\n"), "{scan}");
    assert!(scan.lines().nth(12).is_some_and(|l| l == "1.5,0,1,1"), "{scan}");
    assert_eq!(scan.lines().last().map(|l| &l[4..]), text.lines().last());
}

#[test]
fn runs_are_drawn_kept_and_drawn_together() {
    let mut session = session();
    let run = "simulate examples/models/lotka_volterra.model";
    assert!(say(&mut session, "plot").contains("there is no model"));
    say(&mut session, run);
    let one = say(&mut session, "plot prey");
    assert!(one.contains("lotka_volterra") && one.contains('⠉'), "{one}");
    say(&mut session, "simulate --set growth=2 --keep");
    let two = say(&mut session, "plot prey");
    assert!(two.contains("as written") && two.contains("growth = 2"), "{two}");
    let phase = say(&mut session, "plot prey:predator --log xy");
    assert!(phase.contains("predator"), "{phase}");
    say(&mut session, "simulate");
    assert!(!say(&mut session, "plot prey").contains("growth = 2"));
    assert!(say(&mut session, "plot pray").contains("did you mean `prey`?"));
    assert!(say(&mut session, "plot prey --log z").contains("choices are none, x, y, xy"));
}

#[test]
fn runs_end_elsewhere_rest_and_tell_their_sensitivities() {
    let mut session = session();
    let text = say(&mut session, "simulate examples/models/lotka_volterra.model --until 3");
    assert!(text.contains("end          t = 3:"), "{text}");
    // The point where neither grows: (death, growth).
    let text = say(&mut session, "simulate --steady --set growth=2");
    assert!(text.contains("neutral") && text.contains("predator     2.00000"), "{text}");
    let text = say(&mut session, "simulate --sensitivity growth");
    assert!(text.contains("d(prey)/d(growth) = "), "{text}");
    assert!(say(&mut session, "plot d(prey)/d(growth)").contains("d(prey)/d(growth)"));
    assert!(say(&mut session, "simulate --sensitivity grwth").contains("did you mean `growth`?"));
}
