//! The program as its users run it: the commands of the README, and mistakes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn isoterm(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_isoterm")).args(args).output().expect("the program runs")
}

fn answer(expression: &str) -> String {
    let output = isoterm(&["simplify", expression]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// A folder of its own for a test, with example models and data where the README has them.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    for part in ["examples/models", "examples/data"] {
        let copies = folder.join(part);
        std::fs::create_dir_all(&copies).expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(part);
        for entry in std::fs::read_dir(source).expect("the examples") {
            let path = entry.expect("an entry").path();
            std::fs::copy(&path, copies.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    folder
}

/// The words of a command line, with quotes.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(k, part)| match k % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// The text with times replaced, which differ in every run, and the spaces before them; so with the
/// rounding that is left of a gradient.
fn without_times(text: &str) -> String {
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        for k in 1..words.len() {
            if ["ms", "ns", "times"].iter().any(|unit| words[k].starts_with(unit)) {
                words[k - 1] = "_";
            }
            if words[k - 1] == "gradient" {
                words[k] = "_";
            }
        }
        if words.contains(&"_") {
            words.retain(|word| !word.is_empty());
        }
        words.join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_commands_of_the_readme_print_what_it_shows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let folder = folder("readme");
    let run = |line: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_isoterm"))
            .args(words(line))
            .current_dir(&folder)
            .output()
            .expect("the program runs");
        String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
    };
    let mut written = String::new();
    let (mut commands, mut wrong) = (0, Vec::new());
    // A block with commands: each is followed by what it prints, up to the next or the end.
    for (k, block) in readme.split("```").enumerate() {
        let commands_of = block.strip_prefix("text\n$ isoterm ").filter(|_| k % 2 == 1);
        let mut text = match commands_of {
            None => block.to_owned(),
            Some(commands_of) => {
                let mut text = "text\n".to_owned();
                for command in commands_of.split("\n$ isoterm ") {
                    let (line, shown) = command.split_once('\n').unwrap_or((command, ""));
                    let mut found = run(line);
                    commands += 1;
                    // Long answers are cut where the README has a line `…`.
                    if let Some(shown) = shown.trim_end().strip_suffix("\n…") {
                        let kept: Vec<&str> = found.lines().take(shown.lines().count()).collect();
                        found = kept.join("\n") + "\n…";
                    }
                    if without_times(found.trim_end()) != without_times(shown.trim_end()) {
                        wrong.push(format!("$ isoterm {line}\n{found}"));
                    }
                    text += &format!("$ isoterm {line}\n{}\n", found.trim_end());
                }
                text
            }
        };
        if k > 0 {
            text.insert_str(0, "```");
        }
        written += &text;
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).expect("the README");
    } else {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    assert!(commands >= 5, "{commands} commands");
    assert!(readme.contains("cargo run --release -- simulate examples/models/robertson.model"));
    let table = std::fs::read_to_string(folder.join("robertson.csv")).expect("the solution");
    assert_eq!(table.lines().next(), Some("t,A,B,C,total"));
    assert_eq!(table.lines().count(), 201);
}

#[test]
fn every_example_is_simulated_shown_and_checked() {
    let folder = folder("examples");
    let run = |args: &[&str]| {
        let program = env!("CARGO_BIN_EXE_isoterm");
        Command::new(program).args(args).current_dir(&folder).output().expect("the program runs")
    };
    let broken = ["misspelt.model", "blow_up.model"];
    for entry in std::fs::read_dir(folder.join("examples/models")).expect("the examples") {
        let path = entry.expect("an entry").path();
        let file = path.to_str().expect("a path in UTF-8");
        if !file.ends_with(".model") || broken.iter().any(|b| file.ends_with(b)) {
            continue;
        }
        let output = run(&["simulate", file, "--points", "2", "-o", "out.csv"]);
        assert!(output.status.success(), "{file}: {output:?}");
        assert!(run(&["check", file]).status.success(), "{file}");
        for stage in ["terms", "optimised", "tape", "jacobian", "clif", "asm"] {
            let output = run(&["show", file, "--stage", stage]);
            assert!(output.status.success() && output.stdout.len() > 20, "{file} {stage}");
        }
    }
}

#[test]
fn failures_name_time_state_and_expression_and_leave_no_file() {
    let folder = folder("failures");
    std::fs::write(folder.join("force.csv"), "t,F\n0,0\n1,2\n2,1\n3,0\n").expect("a table");
    for (name, body, wanted) in [
        ("blow", "state x = 1\nx' = x^2\nsimulate t = 0..2", &["t = 1", "`x`", "`x^2`"][..]),
        (
            "domain",
            "state level = 1\nlevel' = -1 + 0*log(level)\nstate y = 0\ny' = log(level)\nsimulate t = 0..2",
            &["t = 1", "`y`", "`log(level)` is NaN", "level = -"],
        ),
        (
            "table",
            "force(t) = table(\"force.csv\")\nstate x = 0\nx' = force(t)\nsimulate t = 0..5",
            &["t = 3", "`force(t)`", "`force.csv` covers 0..3"],
        ),
        (
            "value",
            "parameter k = log(-1)\nstate x = k\nx' = x\nsimulate t = 0..1",
            &["`k` has no finite value"],
        ),
        ("circle", "state x = y, y = x\nx' = 1\ny' = 1\nsimulate t = 0..1", &["`x` has no"]),
        ("plan", "state x = 1\nx' = x", &["simulate t = 0..10"]),
    ] {
        let file = folder.join(format!("{name}.model"));
        std::fs::write(&file, format!("ode {name}\n{body}\nend\n")).expect("a model");
        let output = Command::new(env!("CARGO_BIN_EXE_isoterm"))
            .args(["simulate", file.to_str().expect("a path in UTF-8")])
            .current_dir(&folder)
            .output()
            .expect("the program runs");
        let shown = String::from_utf8(output.stderr).expect("text");
        assert!(!output.status.success(), "{name}: {shown}");
        for part in wanted {
            assert!(shown.contains(part), "{name}: no {part} in {shown}");
        }
        assert!(!folder.join(format!("{name}.csv")).exists(), "{name}");
        assert!(!folder.join(format!("{name}.csv.partial")).exists(), "{name}");
    }
    let nowhere = folder.join("nowhere/out.csv");
    let model = folder.join("examples/models/lorenz.model");
    let (model, nowhere) = (model.to_str().expect("a path"), nowhere.to_str().expect("a path"));
    assert_eq!(isoterm(&["simulate", model, "-o", nowhere]).status.code(), Some(2));
    assert_eq!(isoterm(&["simulate", "nothing.model"]).status.code(), Some(2));
    let source = isoterm(&["export", model, "--to", "c", "-o", "-"]).stdout;
    assert!(source.ends_with(b"}\n"), "nothing else is printed");
    let both = isoterm(&["simulate", model, "-o", "-", "--json"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&both.stderr).contains("give `-o` a file"));
    assert_eq!(isoterm(&["check", model, "--limit", "cells=many"]).status.code(), Some(2));
    assert_eq!(isoterm(&["check", model, "--limit", "bytes=10"]).status.code(), Some(2));
}

#[test]
fn what_is_no_file_is_written_to_and_not_replaced() {
    let folder = folder("devices");
    let model = folder.join("examples/models/lorenz.model");
    let run = |output: &str| {
        let program = env!("CARGO_BIN_EXE_isoterm");
        let model = model.to_str().expect("a path");
        let args = ["simulate", model, "--points", "3", "-o", output];
        Command::new(program).args(args).current_dir(&folder).output().expect("the program runs")
    };
    let text = |output: Output| String::from_utf8(output.stderr).expect("text");
    let into_folder = run("examples");
    assert_eq!(into_folder.status.code(), Some(2));
    assert!(text(into_folder).contains("cannot write `examples`"));
    #[cfg(unix)]
    {
        // A link leads to its file, which stays where it is.
        std::os::unix::fs::symlink("real.csv", folder.join("link.csv")).expect("a link");
        std::fs::write(folder.join("real.csv"), "old").expect("a file");
        assert!(run("link.csv").status.success());
        assert!(folder.join("link.csv").is_symlink());
        let written = std::fs::read_to_string(folder.join("real.csv")).expect("the file");
        assert!(written.starts_with("t,x,y,z\n"), "{written}");
        // A pipe with a name gets the table as it is.
        let pipe = folder.join("pipe.csv");
        if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|s| s.success()) {
            let reader = pipe.clone();
            let reader = std::thread::spawn(move || std::fs::read_to_string(reader));
            assert!(run("pipe.csv").status.success());
            assert!(reader.join().expect("a reader").expect("text").starts_with("t,x,y,z\n"));
            assert!(!std::fs::metadata(&pipe).expect("the pipe").is_file());
        }
    }
    #[cfg(target_os = "linux")]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let output = Command::new(env!("CARGO_BIN_EXE_isoterm"))
            .args(["simplify", "x + x"])
            .stdout(full)
            .output()
            .expect("the program runs");
        assert_eq!(output.status.code(), Some(1));
        assert!(text(output).contains("cannot write to standard output"));
    }
    let left: Vec<_> = std::fs::read_dir(&folder).expect("the folder").flatten().collect();
    assert!(left.iter().all(|f| !f.file_name().to_string_lossy().ends_with(".partial")));
}

#[test]
fn standard_input_and_marks_of_other_editors_are_read() {
    let ask = |args: &[&str], input: &str| {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_isoterm"))
            .args(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program runs");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("input");
        let output = child.wait_with_output().expect("the program ends");
        String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
    };
    assert_eq!(ask(&["equal", "-", "2*x"], "x + x\n"), "equal\n");
    assert_eq!(ask(&["equal", "2*x", "-"], "x + x\n"), "equal\n");
    assert!(ask(&["equal", "-", "-"], "x").contains("standard input can be read once"));
    assert_eq!(ask(&["simplify", "-"], "2*π"), "2*pi\n");
    let model = "\u{feff}ode a\r\n  state x = 1\r\n  x' = -x\r\nend\r\n";
    assert!(ask(&["check", "-"], model).contains("a is sound"));
    let wrong = "ode a\n  state x = y\n  x' = z\nend\n";
    let reply = ask(&["check", "-", "--json"], wrong);
    let reply: serde_json::Value =
        serde_json::from_str(reply.lines().next().expect("a line")).expect("JSON");
    let errors = reply["errors"].as_array().expect("all errors");
    let messages: Vec<&str> = errors.iter().filter_map(|e| e["message"].as_str()).collect();
    assert_eq!(messages, ["unknown name `y`", "unknown name `z`"]);
    assert_eq!((errors[1]["position"].as_u64(), errors[1]["in"].as_str()), (Some(27), Some("-")));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_command_within_a_second() {
    use std::time::{Duration, Instant};
    // Half a minute of work.
    let row = |i: usize| (0..8).map(|j| format!("a{i}_{j}")).collect::<Vec<_>>().join(", ");
    let large = (0..8).map(row).collect::<Vec<_>>().join("; ");
    let mut child = Command::new(env!("CARGO_BIN_EXE_isoterm"))
        .args(["inverse", &large])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program runs");
    std::thread::sleep(Duration::from_millis(500));
    let pressed = Instant::now();
    let pid = child.id().to_string();
    let status = Command::new("kill").args(["-INT", &pid]).status();
    assert!(status.is_ok_and(|s| s.success()));
    let output = child.wait().expect("the program ends");
    assert_eq!(output.code(), Some(130));
    assert!(pressed.elapsed() < Duration::from_secs(10), "{:?}", pressed.elapsed());
}

#[test]
fn the_guard_of_the_clock_says_that_it_has_ended_work() {
    // Nothing is done within a tenth of a microsecond: the expression stays as it is.
    let text = "sin(x)^2 + cos(x)^2";
    let output = isoterm(&["simplify", text, "--seconds", "1e-7", "--json"]);
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["expr"], &json["stopped"]), (&text.into(), &true.into()));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("stopped after 0.0000001 s (`--seconds`)"), "{said}");
    let output = isoterm(&["simplify", text, "--seconds", "1000", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["expr"], json.get("stopped")), (&"1".into(), None));
    for wrong in ["0", "-1", "soon"] {
        assert_eq!(isoterm(&["simplify", text, "--seconds", wrong]).status.code(), Some(2));
    }
}

#[test]
fn mistakes_are_answered_with_a_place_and_exit_code_2() {
    for (text, message) in [
        ("1 +", "found the end"),
        ("foo(x)", "unknown function `foo`"),
        ("sin(x, y)", "`sin` takes 1 argument, 2 given"),
        ("x < 1", "a condition stands where a number is needed"),
        ("x[1]", "unknown array `x`"),
        ("1e999999999", "digits"),
    ] {
        let output = isoterm(&["simplify", text]);
        let shown = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(shown.contains(message) && shown.contains('^'), "{text}: {shown}");
    }
    assert_eq!(isoterm(&["simulat"]).status.code(), Some(2));
}

#[test]
fn deep_and_long_expressions_are_answered() {
    let deep = format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000));
    let output = isoterm(&["simplify", &deep[..100_000]]);
    assert_eq!(output.status.code(), Some(2));
    let long = vec!["x"; 20_000].join("+");
    assert_eq!(answer(&long), "20000*x");
}
