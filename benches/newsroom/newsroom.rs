//! The database under load: made once through `dateline import`, and kept for the next run.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Result;
use super::data::Archive;
use super::http;
use super::program::{Dateline, Serving};

/// Stories of one file; the import reads a file into memory and commits it whole.
const STORIES_OF_A_FILE: usize = 10_000;

/// Most stories whose answers the reference knows by heart.
const MOST_ROWS: usize = 10_000;

/// Written last: a folder without it was not finished.
const FINISHED: &str = "finished";

/// An archive in a database.
pub struct Newsroom {
    /// What is in it.
    pub archive: Archive,
    /// The program that serves it.
    pub dateline: Dateline,
}

impl Newsroom {
    /// The newsroom with so many stories, made when there is none yet that this version can read. With an address of
    /// PostgreSQL it lives there, and the folder only says so.
    pub fn open(folder: &Path, seed: u64, stories: usize, postgres: Option<&str>) -> Result<Newsroom> {
        let kind = if postgres.is_some() { "postgres" } else { "sqlite" };
        let folder = folder.join(format!("{stories}-{seed}-{kind}-{:08x}", version(kind)?));
        let database = postgres.map_or_else(|| "sqlite:dateline.db".to_owned(), str::to_owned);
        let newsroom =
            Newsroom { archive: Archive::new(seed, stories), dateline: Dateline { database, folder: folder.clone() } };
        if !folder.join(FINISHED).exists() {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            newsroom.fill()?;
            File::create(folder.join(FINISHED))?;
        }
        Ok(newsroom)
    }

    fn fill(&self) -> Result<()> {
        let begun = Instant::now();
        let file = self.dateline.folder.join("stories.ndjson");
        let arguments = ["import", "stories.ndjson"].map(OsString::from);
        let total = self.archive.stories();
        for first in (0..total).step_by(STORIES_OF_A_FILE) {
            let end = total.min(first + STORIES_OF_A_FILE);
            let mut lines = BufWriter::new(File::create(&file)?);
            for number in first..end {
                writeln!(lines, "{}", self.archive.story(number))?;
            }
            lines.into_inner()?;
            self.dateline.run(&arguments, "")?;
            let seconds = begun.elapsed().as_secs_f64();
            eprintln!("imported {end} of {total} stories in {seconds:.0} s ({:.0} a second)", end as f64 / seconds);
        }
        fs::remove_file(&file)?;
        self.dateline.add_account()
    }

    /// The same newsroom in a folder of its own, for what writes; gone when the folder is dropped.
    pub fn copy(&self) -> Result<(tempfile::TempDir, Dateline)> {
        // Beside the original, and not in /tmp: durable writes are about this disk.
        let parent = self.dateline.folder.parent().unwrap_or(Path::new("."));
        let folder = tempfile::tempdir_in(parent)?;
        let copy = Dateline { folder: folder.path().to_owned(), ..self.dateline.clone() };
        if self.dateline.database.starts_with("sqlite:") {
            fs::copy(self.dateline.folder.join("dateline.db"), folder.path().join("dateline.db"))?;
        }
        Ok((folder, copy))
    }

    /// Stories from all over the archive, as many as the reference has rows.
    pub fn slugs(&self) -> Vec<String> {
        self.archive.slugs(MOST_ROWS)
    }

    /// The file with one finished answer for each of [`Newsroom::slugs`], made from what `serving` answers. It is made
    /// anew for each run, because what a version answers changes.
    pub fn rows(&self, serving: &Serving) -> Result<PathBuf> {
        let path = self.dateline.folder.join("rows.db");
        let agent = http::agent();
        let slugs = self.slugs();
        let answers = slugs.iter().map(|slug| {
            let answer = http::ask(&agent, serving.address(), &format!("/v1/articles/{slug}"), &[])?;
            match answer.status {
                200 => Ok((slug.as_str(), answer)),
                status => Err(format!("{slug}: {status}").into()),
            }
        });
        super::rows_file::write(&path, answers)?;
        Ok(path)
    }
}

/// A number that changes with the shape of the database and with the archive's own making.
fn version(kind: &str) -> Result<u32> {
    let mut hasher = DefaultHasher::new();
    include_str!("data.rs").hash(&mut hasher);
    include_str!("random.rs").hash(&mut hasher);
    let mut migrations: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind))? {
        migrations.push(entry?.path().join("up.sql"));
    }
    migrations.sort();
    for migration in migrations {
        fs::read(migration)?.hash(&mut hasher);
    }
    Ok(hasher.finish() as u32)
}
