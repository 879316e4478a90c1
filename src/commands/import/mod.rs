//! `dateline import`: stories from files, all or nothing for each file.

pub mod load;
mod markdown;
mod pasted;
mod read;
mod story;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use self::load::Outcome;
use super::{CommandError, Shape, in_runtime};
use crate::app::App;
use crate::config::Settings;

pub use read::story_in_markdown;
pub use story::{Defaults, Story};

/// Most stories of one file that are named.
const MOST_SLUGS: usize = 20;

/// Bring in stories from files
///
/// Reads NDJSON and JSON in the shape that the API gives, Markdown with YAML front matter, and stories pasted as plain
/// text. Each file is imported whole or not at all. Importing the same file again changes nothing, also where editors took a
/// story down or scheduled it meanwhile. Public corrections that stand in a file are left out, and it says of which stories.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  dateline import stories.ndjson\n  dateline import drafts/*.md --section politics\n  \
    dateline import story.txt --source \"Coastline Press Agency\" --source-url https://coastline.example/ --tag harbour --publish"
)]
pub struct Import {
    /// Files to read; - is standard input, and needs --format.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What the files are. Default: by their ending (.ndjson .jsonl .json .md .markdown .txt).
    #[arg(long, value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    defaults: Defaults,

    /// Replace working copies that are there under the same slug and say something else.
    #[arg(long)]
    update: bool,

    /// Check everything and store nothing.
    #[arg(long)]
    dry_run: bool,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object on each line.
    Ndjson,
    /// One JSON object, an array of them, or an object with an array of them under "data".
    Json,
    /// Markdown, with the other fields as YAML between two lines of three hyphens at the top.
    Markdown,
    /// A story pasted from a page: headline, byline, paragraphs.
    Text,
}

/// A story, or a whole file, that was refused: one line for the person who imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, from 1; `None` when the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong, with the field where there is one.
    pub message: String,
}

impl Problem {
    /// A problem with the whole file.
    pub fn of_file(message: impl ToString) -> Problem {
        Problem { line: None, message: message.to_string() }
    }

    /// A problem with the story that begins at this line.
    pub fn at(line: usize, message: impl ToString) -> Problem {
        Problem { line: Some(line), message: message.to_string() }
    }
}

/// What is said of stories whose corrections were left out: each of the first ones, and how many more.
fn said_of_corrections(name: &str, slugs: &[String]) -> Vec<String> {
    let each = |slug: &String| {
        format!("{name}: /v1/articles/{slug}: its corrections were left out; make them with POST …/{slug}/corrections")
    };
    let mut lines: Vec<String> = slugs.iter().take(MOST_SLUGS).map(each).collect();
    if slugs.len() > MOST_SLUGS {
        lines.push(format!("{name}: the corrections of {} more stories were left out", slugs.len() - MOST_SLUGS));
    }
    lines
}

impl Import {
    /// Imports every file and says what happened. Errors: when anything was refused.
    pub fn run(self, settings: Settings) -> Result<(), CommandError> {
        in_runtime((settings, Shape::BroughtUp), |app| self.import(app))
    }

    async fn import(self, app: App) -> Result<(), CommandError> {
        let ledger = app.ledger();
        let mut total = Outcome::default();
        for file in &self.files {
            let name = file.display().to_string();
            let outcome = match read::stories(file, self.format, &self.defaults) {
                Ok(stories) => load::load(&ledger, &name, stories, (self.update, self.dry_run)).await,
                Err(problems) => Outcome { problems, ..Outcome::default() },
            };
            for problem in &outcome.problems {
                match problem.line {
                    Some(line) => eprintln!("{name}:{line}: {}", problem.message),
                    None => eprintln!("{name}: {}", problem.message),
                }
            }
            if outcome.slugs.len() <= MOST_SLUGS {
                outcome.slugs.iter().for_each(|slug| println!("{name}: /v1/articles/{slug}"));
            }
            for line in said_of_corrections(&name, &outcome.without_corrections) {
                eprintln!("{line}");
            }
            total.add(outcome);
        }
        println!("{total}{}", if self.dry_run { " (dry run: nothing was stored)" } else { "" });
        match total.problems.len() {
            0 => Ok(()),
            1 => Err(CommandError::Other("1 problem; nothing of that file was imported".to_owned())),
            count => Err(CommandError::Other(format!("{count} problems; nothing of those files was imported"))),
        }
    }
}
