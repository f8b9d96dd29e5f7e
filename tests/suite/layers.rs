//! The layers of ARCHITECTURE.md, enforced: which module may use which.

use std::fs;
use std::path::{Path, PathBuf};

/// A layer and the layers that it may name.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("term", &[]),
    ("syntax", &["text", "term"]),
    ("polynomial", &["term"]),
    ("rewrite", &["text", "term", "syntax", "polynomial", "kernel"]),
    ("calculus", &["text", "term", "syntax", "polynomial", "rewrite"]),
    ("kernel", &["term"]),
    ("numeric", &[]),
    ("plot", &[]),
    ("model", &["text", "term", "syntax", "rewrite", "calculus", "numeric"]),
    ("study", &["text", "term", "syntax", "model", "calculus", "rewrite", "kernel", "numeric"]),
    (
        "session",
        &[
            "text", "term", "syntax", "rewrite", "calculus", "kernel", "numeric", "plot", "model",
            "study",
        ],
    ),
    (
        "cli",
        &[
            "text", "syntax", "term", "rewrite", "calculus", "kernel", "numeric", "plot", "model",
            "study", "session",
        ],
    ),
];

/// Crates that only one module may name.
const CONFINED: &[(&str, &str)] = &[
    ("egg::", "src/rewrite/"),
    ("cranelift", "src/kernel/jit/"),
    ("isoterm_stiff", "src/numeric/"),
    ("nom::", "src/syntax/"),
    ("clap", "src/cli/"),
    ("plotters", "src/plot/"),
    ("rustyline", "src/cli/"),
    ("npyz", "src/session/"),
];

pub fn sources(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The text without line comments, where a sentence may name any layer.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file is text");
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn relative(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.strip_prefix(root).expect("inside the package").to_string_lossy().replace('\\', "/")
}

#[test]
fn each_layer_names_only_the_layers_below_it() {
    let mut wrong = Vec::new();
    let mut uses = 0;
    for path in sources("src") {
        let name = relative(&path);
        let Some((layer, allowed)) =
            ALLOWED.iter().find(|(l, _)| name.starts_with(&format!("src/{l}/")))
        else {
            continue;
        };
        let code = code(&path);
        for (other, _) in ALLOWED {
            if code.contains(&format!("crate::{other}")) {
                uses += 1;
                if other != layer && !allowed.contains(other) {
                    wrong.push(format!("{name} uses {other}"));
                }
            }
        }
    }
    assert!(uses > 20, "the test finds the uses at all: {uses}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn confined_crates_are_named_in_one_place() {
    let mut wrong = Vec::new();
    for path in sources("src") {
        let (name, code) = (relative(&path), code(&path));
        for (word, home) in CONFINED {
            if code.contains(word) && !name.starts_with(home) {
                wrong.push(format!("{name} names {word}"));
            }
        }
        if code.contains("unsafe ") && !name.starts_with("src/kernel/jit/") {
            wrong.push(format!("{name} has unsafe code"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
