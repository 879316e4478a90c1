//! One story on its way in: what a file said, completed by what the command line says.

use std::str::FromStr;

use clap::Args;
use serde_json::{Map, Value, json};

use super::Problem;
use crate::articles::ArticleInput;
use crate::clock::Timestamp;
use crate::http::input::Input;

/// What completes every story of an import.
#[derive(Debug, Clone, Default, Args)]
pub struct Defaults {
    /// Where stories come from that do not say it themselves: a name, an id or a slug.
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The original story's address, when it says none itself.
    #[arg(long, value_name = "URL")]
    pub source_url: Option<String>,
    /// A tag to add: a name, an id or a slug. May be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// An author for stories that name none. May be given several times.
    #[arg(long = "author", value_name = "NAME")]
    pub authors: Vec<String>,
    /// The section for stories that name none.
    #[arg(long, value_name = "SECTION")]
    pub section: Option<String>,
    /// The language for stories that name none, such as en or pt-BR.
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Publish every story.
    #[arg(long)]
    pub publish: bool,
}

/// A story that was read from a file.
#[derive(Debug, Clone)]
pub struct Story {
    /// Where it begins in the file, from 1.
    pub line: usize,
    /// The members of the API's article.
    pub members: Map<String, Value>,
    /// Whether readers should see it.
    pub publish: bool,
    /// The date that readers are told, when the story is older than today.
    pub dated: Option<Timestamp>,
    /// How many public corrections it has where it comes from. They are left out: each is dated and signed by the house that
    /// made it.
    pub corrections: usize,
}

impl Story {
    /// A story from the members of a JSON object. What only a server sets is passed over, so that what the API gives
    /// can be imported as it is; what is misspelled is refused later, by the same rules as over HTTP.
    pub fn new(line: usize, mut members: Map<String, Value>, defaults: &Defaults) -> Result<Story, Problem> {
        if members.contains_key("corrections_count") && !members.contains_key("body") {
            let what = "body: lists leave out the text; import what /v1/articles/export gives, or one article";
            return Err(Problem::at(line, what));
        }
        // A working copy that was changed since it was published says what no reader has seen.
        let published = members.get("status").and_then(Value::as_str) == Some("published");
        let publish = match members.remove("publish") {
            None => published || defaults.publish,
            Some(Value::Bool(publish)) => publish || defaults.publish,
            Some(_) => return Err(Problem::at(line, "publish: must be true or false")),
        };
        let dated = match members.get("first_published_at").or(members.get("published_at")) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => {
                Some(Timestamp::from_str(text).map_err(|error| Problem::at(line, format!("published_at: {error}")))?)
            }
            Some(_) => return Err(Problem::at(line, "published_at: must be an RFC 3339 time in quotes")),
        };
        let corrections = members.get("corrections").and_then(Value::as_array).map_or(0, Vec::len);
        // Where an export goes on after this story.
        members.remove("cursor");
        members.retain(|name, _| !ArticleInput::READ_ONLY.contains(&name.as_str()));
        complete(&mut members, defaults);
        Ok(Story { line, members, publish, dated, corrections })
    }
}

/// Adds what the command line says and the file does not.
fn complete(members: &mut Map<String, Value>, defaults: &Defaults) {
    let absent = |members: &Map<String, Value>, name: &str| members.get(name).is_none_or(Value::is_null);
    let texts = [
        ("source", &defaults.source),
        ("source_url", &defaults.source_url),
        ("section", &defaults.section),
        ("language", &defaults.language),
    ];
    for (name, value) in texts {
        if let Some(value) = value.as_ref().filter(|_| absent(members, name)) {
            members.insert(name.to_owned(), json!(value));
        }
    }
    if !defaults.authors.is_empty() && absent(members, "authors") {
        members.insert("authors".to_owned(), json!(defaults.authors));
    }
    if !defaults.tags.is_empty() {
        let tags = members.entry("tags").or_insert_with(|| json!([]));
        if let Value::Array(tags) = tags {
            tags.extend(defaults.tags.iter().map(|tag| json!(tag)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_gives_can_be_imported() {
        let Value::Object(members) = json!({
            "id": "x", "title": "T", "body_html": "<p>", "status": "published", "published_at": "2026-03-04T16:00:00Z",
            "corrections": [{ "type": "correction", "text": "It was Tuesday." }]
        }) else {
            unreachable!()
        };
        let story = Story::new(1, members, &Defaults::default()).unwrap();
        assert_eq!(story.members.keys().collect::<Vec<_>>(), ["title"]);
        assert!(story.publish);
        assert_eq!(story.corrections, 1);
        assert_eq!(story.dated.unwrap().to_string(), "2026-03-04T16:00:00Z");
    }

    #[test]
    fn the_command_line_completes_and_never_overrules() {
        let Value::Object(members) = json!({"title": "T", "source": "own", "tags": ["nato"]}) else { unreachable!() };
        let defaults = Defaults {
            source: Some("other".to_owned()),
            section: Some("politics".to_owned()),
            tags: vec!["kosovo".to_owned()],
            ..Defaults::default()
        };
        let story = Story::new(1, members, &defaults).unwrap();
        assert_eq!(story.members["source"], "own");
        assert_eq!(story.members["section"], "politics");
        assert_eq!(story.members["tags"], json!(["nato", "kosovo"]));
    }
}
