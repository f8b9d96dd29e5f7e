//! Text cases: `== verb: title`, input, `----`, expectation; several in one file.

use std::fs;
use std::path::{Path, PathBuf};

/// One case of a file.
pub struct Case {
    pub verb: String,
    pub title: String,
    pub input: String,
    pub expected: String,
}

/// Reads the cases of a file.
pub fn read(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut cases: Vec<Case> = Vec::new();
    let mut answering = false;
    for line in text.lines() {
        if let Some((verb, title)) = line.strip_prefix("== ").and_then(|l| l.split_once(": ")) {
            cases.push(Case {
                verb: verb.to_owned(),
                title: title.to_owned(),
                input: String::new(),
                expected: String::new(),
            });
            answering = false;
        } else if line == "----" {
            answering = true;
        } else if let Some(case) = cases.last_mut() {
            let part = if answering { &mut case.expected } else { &mut case.input };
            part.push_str(line);
            part.push('\n');
        }
    }
    cases
}

/// Runs every case of the files in a folder of `tests/cases`; with `UPDATE=1` in the environment
/// the expectations become what came out, for a person to read the difference.
pub fn run(folder: &str, act: impl Fn(&Case) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "case"))
        .collect();
    files.sort();
    let update = std::env::var_os("UPDATE").is_some();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        let mut out = String::new();
        for case in read(&file) {
            count += 1;
            let found = act(&case);
            let (found, expected) = (found.trim_end(), case.expected.trim_end());
            if found != expected {
                wrong.push(format!("{}: {}\n{found}", file.display(), case.title));
            }
            let input = case.input.trim_end();
            out += &format!("== {}: {}\n{input}\n----\n{found}\n\n", case.verb, case.title);
        }
        if update {
            fs::write(&file, out.trim_end().to_owned() + "\n").expect("rewriting the cases");
        }
    }
    assert!(count > 0, "no case in {}", folder.display());
    assert!(update || wrong.is_empty(), "{}", wrong.join("\n\n"));
}
