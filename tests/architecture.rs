//! The house rules of the source tree, read from its own `use crate::` lines. A broken rule fails with the sentence
//! that was broken.

#[path = "support/files.rs"]
mod files;

use std::collections::BTreeMap;
use std::fs;

use files::rust_files;

/// Foundations: they know nothing of news.
const FOUNDATIONS: &[&str] = &["clock", "config", "db", "error", "hash", "http", "panics", "smtp"];

/// Rooms, and which rooms each may import.
const ROOMS: &[(&str, &[&str])] = &[
    ("events", &[]),
    ("slugs", &["events"]),
    ("tallies", &[]),
    ("mail", &[]),
    ("auth", &["events", "slugs", "mail"]),
    ("tags", &["events", "slugs", "tallies", "auth"]),
    ("sources", &["events", "slugs", "tallies", "auth"]),
    ("authors", &["events", "slugs", "tallies", "auth"]),
    ("live", &["events", "slugs", "tallies", "auth", "tags", "sources", "authors"]),
    ("search", &["events", "slugs", "auth", "tags", "sources", "authors", "live"]),
    ("articles", &["events", "slugs", "auth", "tags", "sources", "authors", "live"]),
    ("audit", &["events", "slugs", "auth", "tags", "sources", "authors", "live", "articles"]),
];

/// The roof: it may import everything, and nobody may import it.
const ROOF: &[&str] = &["app", "commands", "health", "jobs", "openapi", "root", "routes", "server", "telemetry"];

/// One file of the source tree, without its tests.
struct Source {
    /// Path below `src`, with slashes.
    path: String,
    text: String,
}

impl Source {
    /// The part of the house that the file belongs to: `tags` for `tags/store.rs`, `clock` for `clock.rs`.
    fn part(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The parts of the house that the file names: every `crate::part`, in `use` lines and elsewhere.
    fn imports(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for after in self.text.split("crate::").skip(1) {
            match after.strip_prefix('{') {
                Some(group) => {
                    let group = group.split('}').next().unwrap_or_default();
                    parts.extend(group.split(',').map(|name| leading_word(name.trim())));
                }
                None => parts.push(leading_word(after)),
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }
}

fn leading_word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

/// Every file below `src`, without comments and without what stands behind `#[cfg(test)]`.
fn sources() -> Vec<Source> {
    let read = |(path, file)| {
        let text = fs::read_to_string(file).expect("a source file can be read");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        Source { path, text: code }
    };
    let sources: Vec<Source> = rust_files("src").into_iter().map(read).collect();
    assert!(sources.len() > 40, "the walk through src found only {} files", sources.len());
    sources
}

/// What a part may import, or `None` for the roof, which may import everything.
fn allowed(part: &str) -> Option<Vec<&'static str>> {
    if ROOF.contains(&part) || matches!(part, "main" | "lib") {
        return None;
    }
    let mut allowed = FOUNDATIONS.to_vec();
    if let Some((name, rooms)) = ROOMS.iter().find(|(name, _)| *name == part) {
        allowed.push(name);
        allowed.extend(*rooms);
    }
    Some(allowed)
}

#[test]
fn every_part_of_the_house_is_on_the_map() {
    for source in sources() {
        let part = source.part();
        let known =
            allowed(part).is_none() || FOUNDATIONS.contains(&part) || ROOMS.iter().any(|(name, _)| *name == part);
        assert!(
            known,
            "{}: the part `{part}` is on no list; say in tests/architecture.rs where it stands",
            source.path
        );
    }
}

#[test]
fn rooms_import_only_rooms_to_their_left_and_nobody_imports_the_roof() {
    let known: Vec<&str> = FOUNDATIONS.iter().chain(ROOF).copied().chain(ROOMS.iter().map(|(name, _)| *name)).collect();
    let mut broken = Vec::new();
    for source in sources() {
        let Some(allowed) = allowed(source.part()) else { continue };
        for import in source.imports() {
            if known.contains(&import.as_str()) && !allowed.contains(&import.as_str()) {
                broken.push(format!("{}: `{}` may not import `{import}`", source.path, source.part()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_reading_wing_cannot_name_a_draft() {
    for source in sources().iter().filter(|source| matches!(source.part(), "live" | "search" | "feeds")) {
        for never in
            ["crate::articles", "schema::articles", "articles::", "article_tags", "article_authors", "revisions"]
        {
            assert!(!source.text.contains(never), "{}: the reading wing names `{never}`", source.path);
        }
    }
}

#[test]
fn the_database_and_every_store_know_nothing_of_http_servers() {
    for source in sources() {
        if source.part() == "db" || source.path.ends_with("store.rs") {
            assert!(!source.text.contains("actix"), "{}: only api.rs files may import actix", source.path);
        }
    }
}

#[test]
fn only_the_door_writes_publications() {
    for source in sources() {
        if source.path == "articles/publishing.rs" || source.path == "db/schema.rs" {
            continue;
        }
        let code: String = source.text.split_whitespace().collect();
        for verb in ["insert_into", "update", "delete"] {
            let writes = format!("diesel::{verb}(publications");
            assert!(!code.contains(&writes), "{}: only articles/publishing.rs may write publications", source.path);
        }
    }
}

#[test]
fn s14_s15_text_becomes_sql_only_in_the_database_folder() {
    for source in sources().iter().filter(|source| source.part() != "db") {
        for raw in ["sql_query", "batch_execute", "dsl::sql", "SqlLiteral"] {
            assert!(!source.text.contains(raw), "{}: `{raw}` outside src/db", source.path);
        }
    }
}

/// A secret is looked up by its hash. Where two texts are compared letter by letter, the time it takes tells how far
/// they agree.
#[test]
fn s34_secrets_are_never_compared_printed_or_sent() {
    let mut kinds = 0;
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let compares = line.contains("==") || line.contains("!=");
            let bare = line.contains("expose_secret()") || line.contains(".expose()");
            assert!(!(compares && bare), "{}: a secret is compared: {}", source.path, line.trim());
            let declared = line.strip_suffix("(SecretString);");
            let Some(name) = declared.and_then(|line| line.rsplit(' ').next()) else { continue };
            kinds += 1;
            let derived: String =
                lines[..index].iter().rev().take_while(|line| line.starts_with("#[")).copied().collect();
            for never in ["Eq", "Hash", "Serialize", "Display"] {
                let is = derived.contains(never) || source.text.contains(&format!("{never} for {name}"));
                assert!(!is, "{}: {name} must not be {never}", source.path);
            }
        }
    }
    assert!(kinds >= 3, "the secrets were not found");
}

#[test]
fn main_is_short() {
    let sources: BTreeMap<String, usize> =
        sources().into_iter().map(|source| (source.path, source.text.lines().count())).collect();
    assert!(sources["main.rs"] < 60, "main.rs has {} lines", sources["main.rs"]);
}
