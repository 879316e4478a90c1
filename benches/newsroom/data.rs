//! An invented archive: the same stories for the same seed, whatever their number.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::random::{Random, Zipf};

const AUTHORS: usize = 50;
const SOURCES: usize = 40;
const TAGS: usize = 300;
const TAGS_OF_A_STORY: usize = 4;
const WORDS: usize = 20_000;
const SECTIONS: [&str; 8] = ["World", "Politics", "Business", "Culture", "Sport", "Science", "Health", "Opinion"];
const KINDS: [&str; 6] = ["report", "report", "report", "report", "analysis", "opinion"];

/// Length of a story's text, in bytes.
const BODY: usize = 3_400;

/// The newest story, in seconds since 1970: 31 December 2025. Fixed, so that the archive does not change with the day.
const NEWEST: u64 = 1_767_139_200;

/// Over how many seconds the archive is spread: eight years.
const SPREAD: u64 = 8 * 365 * 24 * 60 * 60;

/// What stands for each made thing beside its number, so that none is made from another's numbers.
const OF_WORDS: u64 = 1 << 40;
const OF_NAMES: u64 = 2 << 40;
const OF_QUESTIONS: u64 = 3 << 40;

/// Everything that stories are made of.
pub struct Archive {
    seed: u64,
    stories: usize,
    words: Vec<String>,
    word_ranks: Zipf,
    tags: Vec<String>,
    tag_ranks: Zipf,
    authors: Vec<String>,
    author_ranks: Zipf,
    sources: Vec<String>,
    source_ranks: Zipf,
}

impl Archive {
    /// The archive of a seed with this many stories.
    pub fn new(seed: u64, stories: usize) -> Archive {
        let words = words(&mut Random::new(seed, OF_WORDS));
        let mut random = Random::new(seed, OF_NAMES);
        let mut names = |count: usize, parts: usize| {
            let mut seen = HashSet::new();
            while seen.len() < count {
                let name: Vec<String> = (0..parts).map(|_| capitalised(random.choose::<String>(&words))).collect();
                seen.insert(name.join(" "));
            }
            let mut names: Vec<String> = seen.into_iter().collect();
            // A set has no order of its own.
            names.sort();
            names
        };
        let (tags, authors, sources) = (names(TAGS, 2), names(AUTHORS, 2), names(SOURCES, 3));
        Archive {
            seed,
            stories,
            word_ranks: Zipf::new(words.len()),
            words,
            tag_ranks: Zipf::new(tags.len()),
            tags,
            author_ranks: Zipf::new(authors.len()),
            authors,
            source_ranks: Zipf::new(sources.len()),
            sources,
        }
    }

    /// How many stories there are.
    pub fn stories(&self) -> usize {
        self.stories
    }

    /// The slug of a story. Number 0 is the oldest one.
    pub fn slug(&self, number: usize) -> String {
        let title = self.title(&mut Random::new(self.seed, number as u64));
        format!("{}-{number}", title.to_lowercase().replace(' ', "-"))
    }

    /// The slugs of so many stories, evenly from the whole archive.
    pub fn slugs(&self, count: usize) -> Vec<String> {
        let count = count.min(self.stories);
        (0..count).map(|number| self.slug(number * self.stories / count)).collect()
    }

    /// The slugs of all tags, the most popular first.
    pub fn tags(&self) -> Vec<String> {
        self.tags.iter().map(|tag| tag.to_lowercase().replace(' ', "-")).collect()
    }

    /// Two words that stories use: one that many have, one that fewer have.
    pub fn searches(&self, count: usize) -> Vec<String> {
        let mut random = Random::new(self.seed, OF_QUESTIONS);
        let word = |rank: usize| self.words[rank].clone();
        (0..count).map(|_| format!("{} {}", word(random.below(500)), word(500 + random.below(4_500)))).collect()
    }

    /// A published story, as `dateline import` takes it.
    pub fn story(&self, number: usize) -> Value {
        let mut random = Random::new(self.seed, number as u64);
        let mut story = self.working_copy(&mut random);
        story["slug"] = json!(self.slug(number));
        story["status"] = json!("published");
        story["published_at"] = json!(moment(NEWEST - SPREAD + SPREAD * number as u64 / self.stories as u64));
        story
    }

    /// A story that is not in the archive, as `POST /v1/articles` takes it, with names that are known already.
    pub fn new_story(&self, number: usize) -> Value {
        let mut random = Random::new(self.seed, OF_QUESTIONS + 1 + number as u64);
        self.working_copy(&mut random)
    }

    fn working_copy(&self, random: &mut Random) -> Value {
        let title = self.title(random);
        let mut tags = HashSet::new();
        while tags.len() < TAGS_OF_A_STORY {
            tags.insert(self.tag_ranks.rank(random));
        }
        let mut tags: Vec<usize> = tags.into_iter().collect();
        tags.sort_unstable();
        json!({
            "title": title,
            "summary": self.sentence(random, 22),
            "type": random.choose(&KINDS),
            "featured": random.one_in(50),
            "section": { "name": random.choose(&SECTIONS) },
            "authors": [{ "name": self.authors[self.author_ranks.rank(random)], "role": "reporter" }],
            "source": { "name": self.sources[self.source_ranks.rank(random)] },
            "tags": tags.into_iter().map(|rank| json!({ "name": self.tags[rank] })).collect::<Vec<_>>(),
            "dateline": self.word(random).to_uppercase(),
            "urgency": 1 + random.below(9),
            "body": self.body(random),
        })
    }

    fn title(&self, random: &mut Random) -> String {
        let count = 5 + random.below(5);
        let title: Vec<&str> = (0..count).map(|_| self.word(random)).collect();
        capitalised(&title.join(" "))
    }

    fn word(&self, random: &mut Random) -> &str {
        &self.words[self.word_ranks.rank(random)]
    }

    fn sentence(&self, random: &mut Random, longest: usize) -> String {
        let count = longest / 2 + random.below(longest / 2);
        let words: Vec<&str> = (0..count).map(|_| self.word(random)).collect();
        format!("{}.", capitalised(&words.join(" ")))
    }

    /// Paragraphs with what Markdown of newsrooms has: links, emphasis, a heading, a quotation.
    fn body(&self, random: &mut Random) -> String {
        let mut body = String::with_capacity(BODY + 400);
        let mut paragraphs = 0;
        while body.len() < BODY {
            paragraphs += 1;
            match paragraphs {
                4 => body.push_str(&format!("## {}\n\n", self.title(random))),
                6 => body.push_str("> "),
                _ => {}
            }
            for sentence in 0..3 + random.below(3) {
                let separator = if sentence == 0 { "" } else { " " };
                body.push_str(&format!("{separator}{}", self.sentence(random, 24)));
            }
            if paragraphs % 2 == 0 {
                let (strong, link) = (self.word(random), self.word(random));
                body.push_str(&format!(" **{strong}** [{link}](https://{link}.example/{strong})."));
            }
            body.push_str("\n\n");
        }
        body.truncate(body.trim_end().len());
        body
    }
}

/// Words that can be spoken, each once, the short ones first, as in every language the common ones are short.
fn words(random: &mut Random) -> Vec<String> {
    const BEGINNINGS: [&str; 16] = ["b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "br"];
    const MIDDLES: [&str; 10] = ["a", "e", "i", "o", "u", "ai", "ea", "ou", "an", "er"];
    let mut seen = HashSet::new();
    let mut words = Vec::with_capacity(WORDS);
    while words.len() < WORDS {
        let syllables = 1 + words.len() * 4 / WORDS + random.below(2);
        let syllable = |random: &mut Random| format!("{}{}", random.choose(&BEGINNINGS), random.choose(&MIDDLES));
        let word: String = (0..syllables).map(|_| syllable(random)).collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// RFC 3339, from seconds since 1970.
fn moment(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    moment.unwrap_or_default().to_rfc3339()
}
