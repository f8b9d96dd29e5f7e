//! Rules of the repository itself: short files, a purpose for each module, nothing left over.

use std::fs;
use std::path::Path;

use crate::layers::sources;

#[test]
fn source_files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "crates", "tests", "benches", "examples"] {
        for path in sources(folder) {
            let text = fs::read_to_string(&path).expect("a source file is text");
            let name = path.display();
            if text.lines().count() > 620 {
                wrong.push(format!("{name} has {} lines", text.lines().count()));
            }
            if !text.trim_start().starts_with("//!") {
                wrong.push(format!("{name} does not say what it is for"));
            }
            let leftovers = [
                ["todo", "!("],
                ["unimplemented", "!("],
                ["dbg", "!("],
                ["FIX", "ME"],
                ["#[allow", "("],
            ];
            for word in leftovers.map(|w| w.concat()) {
                if text.contains(&word) {
                    wrong.push(format!("{name} contains {word}"));
                }
            }
            if text.lines().any(|l| l.ends_with(' ') || l.contains('\t')) {
                wrong.push(format!("{name} has trailing blanks or tabs"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_top_level_is_what_architecture_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["src", "grammar", "rules", "tests", "examples", "benches"] {
        assert!(root.join(name).is_dir(), "{name}");
    }
    for name in
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", ".ci/run"]
    {
        assert!(root.join(name).is_file(), "{name}");
    }
}

#[test]
fn cranelift_is_pinned_to_one_version() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("manifest");
    let pins: Vec<&str> = manifest
        .lines()
        .filter(|l| l.starts_with("cranelift"))
        .map(|l| l.split('"').find(|part| part.starts_with('=')).unwrap_or("not pinned"))
        .collect();
    assert!(
        pins.len() >= 4 && pins.iter().all(|p| *p == pins[0] && p.starts_with("=0.135")),
        "{pins:?}"
    );
}
