//! The source files of the house, for tests that read them.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder of the repository, such as `src`, with its path below that folder.
pub fn rust_files(folder: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    collect(&root, &mut files);
    let below = |file: &Path| file.strip_prefix(&root).expect("below the folder").to_string_lossy().replace('\\', "/");
    files.into_iter().map(|file| (below(&file), file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("a folder entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false if path.extension().is_some_and(|ending| ending == "rs") => files.push(path),
            false => {}
        }
    }
}
