//! The invented newsroom: the folder `examples/newsroom`, which is compiled in and goes the same way in as anybody's
//! files would.

use std::time::Duration;

use diesel::prelude::*;
use include_dir::{Dir, include_dir};
use serde_json::{Map, Value, json};

use crate::articles::{self, Publish};
use crate::commands::CommandError;
use crate::commands::import::{Defaults, Story, load, story_in_markdown};
use crate::db::AnyConnection;
use crate::db::schema::events;
use crate::error::{Error, Result};
use crate::events::{Actor, Journal, Ledger};
use crate::http::input::{Complete, Input};
use crate::http::query::WriteOptions;
use crate::{authors, sources, tags};

/// The story that the welcome text shows.
pub const SHOWN: &str = "timbers-under-the-long-arm";

/// The story that waits for tomorrow.
const SCHEDULED: &str = "long-arm-report-warnings-were-filed";

/// How far the stories lie apart.
const BETWEEN_STORIES: Duration = Duration::from_secs(7 * 3600 + 23 * 60);

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/newsroom");

/// Fills an empty database; one in which anything ever happened is left as it is.
pub async fn fill(ledger: &Ledger) -> Result<(), CommandError> {
    let stories = stories()?;
    let write = ledger.write(Actor::Operator, WriteOptions::default(), move |connection, journal| {
        if events::table.count().get_result::<i64>(connection)? > 0 {
            return Ok(());
        }
        make("tags.json", |input| tags::create(connection, journal, input).map(drop))?;
        make("sources.json", |input| sources::create(connection, journal, input).map(drop))?;
        make("authors.json", |input| authors::create(connection, journal, input).map(drop))?;
        // Oldest first, as a newsroom would have written them.
        for (age, story) in stories.iter().enumerate().rev() {
            store(connection, journal, story, u32::try_from(age).unwrap_or(0))?;
        }
        Ok(())
    });
    Ok(write.await?)
}

/// The stories, newest first.
fn stories() -> Result<Vec<Story>, CommandError> {
    let folder = FILES.get_dir("articles").ok_or_else(|| missing("articles"))?;
    let mut files: Vec<_> = folder.files().collect();
    files.sort_by_key(|file| file.path());
    let read = |file: &&include_dir::File<'_>| {
        let text = file.contents_utf8().unwrap_or_default();
        let refuse = |problem: crate::commands::import::Problem| {
            CommandError::Other(format!("{}: {}", file.path().display(), problem.message))
        };
        story_in_markdown(text, &Defaults::default()).map_err(refuse)
    };
    files.iter().map(read).collect()
}

fn missing(name: &str) -> CommandError {
    CommandError::Other(format!("examples/newsroom/{name} was not compiled in"))
}

/// Makes everything that a file lists.
fn make<T: Input>(name: &str, mut create: impl FnMut(T) -> Result<()>) -> Result<()> {
    let text = FILES.get_file(name).and_then(include_dir::File::contents_utf8).unwrap_or_default();
    let items: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(Error::internal)?;
    items.into_iter().try_for_each(|item| create(Complete::<T>::from_value(Value::Object(item))?))
}

fn store(connection: &mut AnyConnection, journal: &mut Journal, story: &Story, age: u32) -> Result<()> {
    let dated = journal.now().before(BETWEEN_STORIES * age + Duration::from_secs(40 * 60));
    let story = Story { dated: Some(dated), ..story.clone() };
    load::store(connection, journal, &story, false)?;
    if story.members.get("slug") == Some(&json!(SCHEDULED)) {
        let row = articles::find_by_slug(connection, SCHEDULED)?.ok_or(Error::NotFound("article"))?;
        let tomorrow = journal.now().after(Duration::from_secs(24 * 3600));
        let held = articles::hold(connection, journal, &row)?;
        articles::publish(connection, journal, held, Publish { at: Some(tomorrow), ..Publish::default() })?;
    }
    Ok(())
}
