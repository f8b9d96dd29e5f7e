//! Published networks for benches, where they are present.

use std::path::{Path, PathBuf};

/// Names of published networks and their files, those of them that are there.
pub fn published() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/networks");
    let files = [
        ("multistate", "multistate.net"),
        ("multisite2", "multisite2.net"),
        ("repressilator", "repressilator/Repressilator.net"),
        ("bcr", "bcr/bcr.net"),
    ];
    let (found, missing): (Vec<_>, Vec<_>) = files
        .into_iter()
        .map(|(name, file)| (name.to_owned(), folder.join(file)))
        .partition(|(_, file)| file.is_file());
    for (name, file) in missing {
        println!("{name} is absent: there is no {}", file.display());
    }
    found
}
