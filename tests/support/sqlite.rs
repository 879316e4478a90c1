//! SQLite for tests: a file that was migrated once, copied for each test.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use dateline::db::{DatabaseUrl, migrate};

/// A fresh database in `folder`.
pub fn copy(folder: &Path) -> DatabaseUrl {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let folder = super::folder();
        let path = folder.path().join("template.db");
        migrate::up(&DatabaseUrl::Sqlite(path.clone())).expect("every migration applies");
        // The last connection to close moves everything into this one file.
        fs::read(path).expect("the template")
    });
    let path = folder.join("dateline.db");
    fs::write(&path, template).expect("a copy of the template");
    DatabaseUrl::Sqlite(path)
}
