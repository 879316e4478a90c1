//! From stories to the database: one transaction for each file.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use diesel::Connection;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::{Problem, Story};
use crate::articles::{self, ArticleInput, ArticleRow, NewArticle, Publish, Schedule};
use crate::clock::Timestamp;
use crate::db::{AnyConnection, statistics};
use crate::error::{Error, Result};
use crate::events::{Actor, Journal, Ledger};
use crate::http::path::Reference;
use crate::http::query::WriteOptions;
use crate::slugs::Slug;
use crate::{authors, sources, tags};

/// What became of the stories of one file, or of several.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Stories that were not there before.
    pub new: usize,
    /// Stories that were there and said something else.
    pub changed: usize,
    /// Stories that were there and said the same.
    pub unchanged: usize,
    /// Stories that readers see now and did not before.
    pub published: usize,
    /// What was refused.
    pub problems: Vec<Problem>,
    /// Where the stories are that are new or changed.
    pub slugs: Vec<String>,
    /// Where the stories are whose corrections were left out.
    pub without_corrections: Vec<String>,
    /// Where the story is, when this is the outcome of one.
    pub slug: String,
}

impl Outcome {
    /// Adds another file's outcome.
    pub fn add(&mut self, other: Outcome) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.published += other.published;
        self.problems.extend(other.problems);
        self.slugs.extend(other.slugs);
        self.without_corrections.extend(other.without_corrections);
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { new, changed, unchanged, published, problems, .. } = self;
        write!(formatter, "{new} new, {changed} changed, {unchanged} unchanged, {published} published, ")?;
        write!(formatter, "{} refused", problems.len())
    }
}

/// Stores all stories of a file, or none of them and says why. `update` replaces what is there under the same slug.
pub async fn load(ledger: &Ledger, name: &str, stories: Vec<Story>, (update, dry_run): (bool, bool)) -> Outcome {
    let progress = progress_bar(name, stories.len());
    let bar = progress.clone();
    let (refuse, refused) = std::sync::mpsc::channel();
    let write = ledger.write(Actor::Operator, WriteOptions { dry_run }, move |connection, journal| {
        let mut outcome = Outcome::default();
        let mut seen = HashSet::new();
        // How many new stories there were when the database last looked: from 100 on, ten times as many each time.
        let mut looked_at = 10;
        for story in &stories {
            if outcome.new >= looked_at * 10 {
                looked_at = outcome.new;
                statistics::renew(connection, outcome.new);
            }
            // Each in a savepoint, so that one refused story does not hide what is wrong with the next.
            match connection.transaction(|connection| store(connection, journal, story, update)) {
                Ok(stored) if !seen.insert(stored.slug.clone()) => {
                    let detail = format!(
                        "slug: {} is the slug of an earlier story of this file; give one of them another",
                        stored.slug
                    );
                    outcome.problems.push(Problem::at(story.line, detail));
                }
                Ok(stored) => outcome.add(stored),
                Err(error) => outcome.problems.extend(problems(story, error)?),
            }
            bar.inc(1);
        }
        if outcome.problems.is_empty() {
            return Ok(outcome);
        }
        // The only way out of a transaction without a commit.
        let _ = refuse.send(outcome.problems);
        Err(Error::internal("the file was refused"))
    });
    let written = write.await;
    progress.finish_and_clear();
    match (written, refused.try_recv()) {
        (_, Ok(problems)) => Outcome { problems, ..Outcome::default() },
        (Ok(outcome), Err(_)) => outcome,
        (Err(error), Err(_)) => Outcome { problems: vec![Problem::of_file(error)], ..Outcome::default() },
    }
}

/// Appears on a terminal when a file takes more than a moment.
fn progress_bar(name: &str, stories: usize) -> ProgressBar {
    if stories < 200 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(stories as u64).with_message(name.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// One line for each refused field; a fault that is not the story's ends the import.
fn problems(story: &Story, error: Error) -> Result<Vec<Problem>> {
    match error {
        Error::BadRequest(_) | Error::Unprocessable(_) | Error::Conflict(_) => {
            let line = |rejection: &crate::error::Rejection| {
                let place = rejection.place().trim_start_matches('/').to_owned();
                let separator = if place.is_empty() { "" } else { ": " };
                Problem::at(story.line, format!("{place}{separator}{}", rejection.detail))
            };
            Ok(error.rejections().iter().map(line).collect())
        }
        other => Err(other),
    }
}

/// Stores one story: as a new one, or as what is there under its slug.
pub fn store(connection: &mut AnyConnection, journal: &mut Journal, story: &Story, update: bool) -> Result<Outcome> {
    let mut members = story.members.clone();
    make_at_home(connection, &mut members)?;
    let input = NewArticle::from_value(Value::Object(members))?;
    let there = articles::find_by_slug(connection, &slug_of(&input))?;
    let mut outcome = Outcome::default();
    let row = match there {
        None if articles::was_killed(connection, &slug_of(&input))? => {
            let detail = "an article that readers knew under this slug was killed, and an import does not bring it back; \
                          another slug makes this a story of its own";
            return Err(Error::taken("/slug", detail));
        }
        None => {
            outcome.new = 1;
            articles::create(connection, journal, None, input)?
        }
        Some(before) => {
            let version = before.version;
            let row = articles::change(connection, journal, before, input, None)?.row;
            if row.version == version {
                outcome.unchanged = 1;
            } else if update {
                outcome.changed = 1;
            } else {
                let detail = "another version of this story is there already; --update replaces its working copy, \
                              another slug makes it a story of its own";
                return Err(Error::taken("/slug", detail));
            }
            row
        }
    };
    outcome.slug.clone_from(&row.slug);
    if outcome.unchanged == 0 {
        outcome.slugs.push(row.slug.clone());
    }
    if story.corrections > 0 {
        outcome.without_corrections.push(row.slug.clone());
    }
    if story.publish && is_to_be_published(connection, (&row, outcome.unchanged > 0), journal.now())? {
        let dated = story.dated.filter(|dated| *dated < journal.now());
        let held = articles::hold(connection, journal, &row)?;
        articles::publish(connection, journal, held, Publish { dated, ..Publish::default() })?;
        outcome.published = 1;
    }
    Ok(outcome)
}

/// Whether a story that should be published still has to be. One that comes again as it is stays as the editors left it:
/// what they took down, scheduled or hold back under an embargo is theirs to bring back.
fn is_to_be_published(
    connection: &mut AnyConnection,
    (row, comes_again): (&ArticleRow, bool),
    now: Timestamp,
) -> Result<bool> {
    let Schedule { running, pending, .. } = Schedule::of(connection, &row.id, now)?;
    let is_current = running.as_ref().is_some_and(|running| running.revision == row.version);
    let is_left = comes_again && row.publication_number > 0 && (running.is_none() || pending.is_some());
    Ok(!is_current && !is_left)
}

/// The slug by which a story is recognised when it comes again.
fn slug_of(input: &ArticleInput) -> String {
    let title = || input.title.as_value().map(|title| Slug::from_title(title, "story"));
    input.slug.as_value().cloned().or_else(title).map(Slug::into_string).unwrap_or_default()
}

/// Turns what another house calls authors, sources, sections and tags into what they are here: what is known by its id
/// or slug stays so, everything else goes by its name, which is found or made.
fn make_at_home(connection: &mut AnyConnection, members: &mut Map<String, Value>) -> Result<()> {
    if let Some(Value::Array(tags)) = members.get_mut("tags") {
        for tag in tags {
            at_home(tag, |reference| Ok(tags::find(connection, reference)?.is_some()))?;
        }
    }
    if let Some(section) = members.get_mut("section") {
        at_home(section, |reference| Ok(tags::find(connection, reference)?.is_some()))?;
    }
    if let Some(source) = members.get_mut("source") {
        at_home(source, |reference| Ok(sources::find(connection, reference)?.is_some()))?;
    }
    if let Some(Value::Array(authors)) = members.get_mut("authors") {
        for author in authors {
            at_home(author, |reference| Ok(authors::find(connection, reference)?.is_some()))?;
        }
    }
    Ok(())
}

fn at_home(mention: &mut Value, mut is_known: impl FnMut(&Reference) -> Result<bool>) -> Result<()> {
    match mention {
        Value::String(text) if !is_known(&Reference::parse(text))? => *mention = json!({ "name": text }),
        Value::Object(parts) => {
            for name in ["id", "slug"] {
                let known = match parts.get(name).and_then(Value::as_str) {
                    Some(text) => is_known(&Reference::parse(text))?,
                    None => continue,
                };
                if !known && (parts.contains_key("name") || name == "id" && parts.contains_key("slug")) {
                    parts.remove(name);
                } else if !known {
                    let text = parts.remove(name).unwrap_or_default();
                    parts.insert("name".to_owned(), text);
                }
            }
        }
        _ => {}
    }
    Ok(())
}
