//! Takes a Markdown document apart: the YAML front matter at its top, and the body.
//!
//! Front matter comes from outside, so it is held to what it is for: a small mapping of
//! names to plain values. Everything in YAML that can surprise (tags, merge keys, keys that
//! are no text, aliases that multiply) is refused with the line where it stands.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The longest front matter, in bytes. Real ones have a few hundred.
const LONGEST_FRONT_MATTER: usize = 64 * 1024;

/// How much the values of the front matter may weigh together: one for each value and each
/// byte of text. Without aliases a front matter weighs less than three times its length (an
/// escape of two bytes can stand for a character of three), so only aliases that multiply
/// their anchors ever reach this.
const HEAVIEST_FRONT_MATTER: usize = 4 * LONGEST_FRONT_MATTER;

/// How deep lists and mappings may lie within each other.
const DEEPEST_NESTING: usize = 32;

/// How many `[` and `{` may be in the front matter. The YAML parser reads all of it before it
/// hands out the first value, and its time grows with the square of the brackets that are
/// open: 60 000 of them keep it busy for seconds.
const MOST_BRACKETS: usize = 4096;

/// What opens the front matter, as the first line of the document.
const OPENING: &str = "---";

/// What is wrong with a front matter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontMatterError {
    /// The line of the document, counted from 1.
    pub line: usize,
    /// What is wrong, in plain words, without the line.
    pub message: String,
}

impl FrontMatterError {
    fn new(line: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { line, message }
    }
}

impl fmt::Display for FrontMatterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl Error for FrontMatterError {}

/// Takes a document and gives its front matter, as a JSON object, and its body.
///
/// Front matter is there when the first line is `---`; it ends at the next line that is
/// `---` or `...`. The body begins with the first line after it that is not blank. A document
/// without front matter is all body and comes back as it is, but for a byte order mark.
///
/// Values become what YAML 1.2 makes of them: `true` and `2024` a boolean and a number, while
/// dates and times stay strings, as written. An empty front matter gives an empty object.
///
/// # Errors
///
/// When the front matter is not closed, longer than 64 KiB, no valid YAML or no mapping, or
/// when it has keys that are not strings or are there twice, tags, merge keys, numbers that
/// JSON does not have, or aliases that multiply it.
pub fn split_front_matter(text: &str) -> Result<(Option<Value>, &str), FrontMatterError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (first, rest) = first_line(text);
    if first.trim_end() != OPENING {
        return Ok((None, text));
    }
    let Some((yaml_length, body)) = find_closing(rest) else {
        return Err(FrontMatterError::new(
            1,
            "the front matter is opened here, but never closed: expected a line --- after it; \
             if this line is meant as a rule across the page, write *** instead",
        ));
    };
    if yaml_length > LONGEST_FRONT_MATTER {
        return Err(FrontMatterError::new(
            1,
            "the front matter is longer than 64 KiB: move the text of the story below the \
             line --- that closes it",
        ));
    }
    // The opening line goes to the parser too, so that places in it are places in the text.
    let yaml_end = text.len() - rest.len() + yaml_length;
    let fields = fields_of(text.get(..yaml_end).unwrap_or_default())?;
    Ok((Some(Value::Object(fields)), without_blank_lines(body)))
}

/// Takes a body and gives the text of its headline and what comes after, when it begins with
/// a line `# Headline`; the blank lines around that line are left out.
///
/// A closing row of `#` is no part of the headline, and `\#` becomes `#`. Other marks, such
/// as the stars of `*emphasis*`, are given as they are written.
pub fn first_heading(body: &str) -> Option<(String, &str)> {
    let (line, rest) = first_line(without_blank_lines(body));
    let line = line.trim_end();
    let marked = line.trim_start_matches(' ');
    // Four spaces make a line code.
    if line.len() - marked.len() > 3 {
        return None;
    }
    let text = marked.strip_prefix('#')?;
    let text = text.strip_prefix([' ', '\t'])?.trim();
    let title = unescaped(without_closing_marks(text));
    (!title.is_empty()).then(|| (title, without_blank_lines(rest)))
}

/// The first line without its end, and the text after it.
fn first_line(text: &str) -> (&str, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    (line.strip_suffix('\r').unwrap_or(line), rest)
}

/// Finds the line that closes the front matter: how long the YAML before it is, in bytes,
/// and the text after it.
fn find_closing(text: &str) -> Option<(usize, &str)> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        if matches!(line.trim_end(), "---" | "...") {
            return Some((text.len() - rest.len(), after));
        }
        rest = after;
    }
    None
}

/// The text without the blank lines at its beginning; the indentation of the first line that
/// is not blank stays, for it can have a meaning.
fn without_blank_lines(text: &str) -> &str {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        if !line.trim().is_empty() {
            break;
        }
        rest = after;
    }
    rest
}

/// The heading without the row of `#` that may close it, if a space is before the row.
fn without_closing_marks(heading: &str) -> &str {
    let text = heading.trim_end_matches('#');
    if text.is_empty() || text.ends_with([' ', '\t']) { text.trim_end() } else { heading }
}

/// The text without the backslashes that keep Markdown from reading a mark as such.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let escaped = characters.next_if(|next| character == '\\' && next.is_ascii_punctuation());
        result.push(escaped.unwrap_or(character));
    }
    result
}

/// Reads the YAML, with the line `---` before it, as the fields of an object.
fn fields_of(yaml: &str) -> Result<Map<String, Value>, FrontMatterError> {
    refuse_unreadable(yaml)?;
    refuse_many_brackets(yaml)?;
    refuse_second_document(yaml)?;
    let reading = Reading::default();
    let seed = ValueSeed { reading: &reading, depth: 0 };
    let value = seed
        .deserialize(yaml_serde::Deserializer::from_str(yaml))
        .map_err(|error| reading.explain(&located(error, yaml), yaml))?;
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(FrontMatterError::new(
            2,
            "the front matter must be a list of fields, each on a line like title: The headline",
        )),
    }
}

/// Refuses the characters that YAML forbids, here and not in the YAML parser, which would
/// give their place in bytes instead of lines.
fn refuse_unreadable(yaml: &str) -> Result<(), FrontMatterError> {
    let forbidden = |character: &char| match character {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        character => character.is_control() || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}'),
    };
    for (index, line) in yaml.lines().enumerate() {
        if let Some(character) = line.chars().find(forbidden) {
            let code = u32::from(character);
            return Err(FrontMatterError::new(
                index.saturating_add(1),
                format!("the front matter contains the invisible character U+{code:04X}: remove it"),
            ));
        }
    }
    Ok(())
}

/// Refuses more brackets than any front matter has. They are counted wherever they stand:
/// telling those in quotes apart would take the parser that this protects.
fn refuse_many_brackets(yaml: &str) -> Result<(), FrontMatterError> {
    let Some((index, _)) = yaml.match_indices(['[', '{']).nth(MOST_BRACKETS) else {
        return Ok(());
    };
    Err(FrontMatterError::new(
        line_at(yaml, index),
        format!("the front matter has more than {MOST_BRACKETS} opening brackets ([ and {{)"),
    ))
}

/// Refuses a line such as `--- words`, which would begin another YAML document; the parser
/// would refuse it too, but without saying where.
fn refuse_second_document(yaml: &str) -> Result<(), FrontMatterError> {
    let begins_document = |line: &str| line.starts_with("--- ") || line.starts_with("---\t");
    let second = yaml.lines().skip(1).position(begins_document);
    second.map_or(Ok(()), |index| {
        Err(FrontMatterError::new(
            index.saturating_add(2),
            "only the line that closes the front matter may begin with ---, with nothing after it",
        ))
    })
}

/// The line, counted from 1, in which the byte with this index is. Only `\n` counts: YAML
/// also ends lines where editors do not (U+2028, U+0085).
fn line_at(text: &str, index: usize) -> usize {
    let line_ends = text.bytes().take(index).filter(|byte| *byte == b'\n').count();
    line_ends.saturating_add(1)
}

/// The error, or the one behind it. What cannot belong to the first value any more the parser
/// takes for a second document, which it refuses without a place and a reason; asking for
/// that document gives both.
fn located(error: yaml_serde::Error, yaml: &str) -> yaml_serde::Error {
    if error.location().is_some() {
        return error;
    }
    yaml_serde::Deserializer::from_str(yaml)
        .nth(1)
        .and_then(|second| de::IgnoredAny::deserialize(second).err())
        .unwrap_or(error)
}

/// What is kept while one front matter is read.
#[derive(Default)]
struct Reading {
    weight: Cell<usize>,
    /// Why the reading was given up, in our own words. The error that carries it through the
    /// YAML parser comes out with paths and positions mixed in.
    refusal: RefCell<Option<String>>,
}

impl Reading {
    /// Gives up with a message; the YAML parser adds the line to the error.
    fn refuse<E: de::Error>(&self, message: impl Into<String>) -> E {
        let message = message.into();
        let error = E::custom(&message);
        self.refusal.replace(Some(message));
        error
    }

    /// Counts a value with so many bytes of text; refuses what has become too heavy.
    fn weigh<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        let weight = self.weight.get().saturating_add(bytes).saturating_add(1);
        self.weight.set(weight);
        if weight > HEAVIEST_FRONT_MATTER {
            return Err(self.refuse("the aliases (*name) make the front matter too large: write the values out"));
        }
        Ok(())
    }

    /// The error as the editor should read it.
    fn explain(&self, error: &yaml_serde::Error, yaml: &str) -> FrontMatterError {
        let index = error.location().map_or(0, |location| location.index());
        let line = line_at(yaml, index);
        let message = self.refusal.take().unwrap_or_else(|| {
            let problem = error.to_string();
            // What follows is the position again and what the parser was doing meanwhile.
            let problem = match problem.split(" at line ").next().unwrap_or_default() {
                "did not find expected <document start>" => {
                    "this does not belong to the fields before it; check its indentation and quotes"
                }
                problem => problem,
            };
            format!("the front matter is not valid YAML: {problem}")
        });
        FrontMatterError::new(line, message)
    }
}

/// Reads one value, and the values in it, straight into JSON.
#[derive(Clone, Copy)]
struct ValueSeed<'reading> {
    reading: &'reading Reading,
    depth: usize,
}

impl ValueSeed<'_> {
    /// The seed for the values inside this one.
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > DEEPEST_NESTING {
            let message = format!("the lists and mappings are nested deeper than {DEEPEST_NESTING}");
            return Err(self.reading.refuse(message));
        }
        Ok(Self { depth, ..self })
    }

    fn number<E: de::Error>(self, number: impl Into<Number>) -> Result<Value, E> {
        self.reading.weigh(0)?;
        Ok(Value::Number(number.into()))
    }

    fn refuse_number<E: de::Error>(self, number: impl fmt::Display) -> E {
        self.reading
            .refuse(format!("{number} is not a number that can be stored: put it in quotes if it is meant as text"))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plain value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.reading.weigh(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.reading.weigh(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.number(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.number(value)
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Err(self.refuse_number(value))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        Err(self.refuse_number(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| self.refuse_number(value))?;
        self.number(number)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.reading.weigh(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.reading.weigh(0)?;
        let seed = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(seed)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.reading.weigh(0)?;
        let seed = self.inner()?;
        let reading = self.reading;
        let mut fields = Map::new();
        while let Some(key) = entries.next_key_seed(KeySeed { reading, fields: &fields })? {
            let value = entries.next_value_seed(seed)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        let tag = tag.trim_start_matches('!');
        Err(self.reading.refuse(format!(
            "the tag !{tag} has no meaning here: remove it, or put the value in quotes if the \
             exclamation mark belongs to it"
        )))
    }
}

/// Reads one key of a mapping. It knows the fields before it, so that a key that is there
/// twice is refused at its own line and not at that of the mapping.
#[derive(Clone, Copy)]
struct KeySeed<'reading> {
    reading: &'reading Reading,
    fields: &'reading Map<String, Value>,
}

impl KeySeed<'_> {
    fn refuse_key<E: de::Error>(self, key: impl fmt::Display) -> E {
        self.reading.refuse(format!("the name of a field must be text: write \"{key}\" in quotes"))
    }
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = String;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        self.reading.weigh(key.len())?;
        if key == "<<" {
            return Err(self.reading.refuse("merge keys (<<) are not supported: write the fields out"));
        }
        if self.fields.contains_key(key) {
            return Err(self.reading.refuse(format!("the field {key} is there twice")));
        }
        Ok(key.to_owned())
    }

    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Err(self.reading.refuse("the name of a field must be text: there is none before the colon, or it is null"))
    }

    fn visit_bool<E: de::Error>(self, key: bool) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_i64<E: de::Error>(self, key: i64) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_u64<E: de::Error>(self, key: u64) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_i128<E: de::Error>(self, key: i128) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_u128<E: de::Error>(self, key: u128) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_f64<E: de::Error>(self, key: f64) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.reading.refuse("the name of a field must be text, not a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.reading.refuse("the name of a field must be text, not a mapping; a value with braces needs quotes"))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.reading.refuse("the name of a field must not have a tag (!)"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(yaml: &str) -> Value {
        match split_front_matter(&format!("---\n{yaml}\n---\nBody.")) {
            Ok((Some(fields), "Body.")) => fields,
            other => panic!("{other:?}\n{yaml}"),
        }
    }

    /// The error of a front matter whose first line is the second of the document.
    fn error(yaml: &str) -> FrontMatterError {
        split_front_matter(&format!("---\n{yaml}\n---\nBody.")).expect_err("this front matter must be refused")
    }

    #[test]
    fn front_matter_and_body_are_taken_apart() {
        let expected = Some(json!({"title": "Crane returns", "tags": ["harbour", "cranes"]}));
        for closing in ["---", "...", "--- "] {
            let text = format!("---\ntitle: Crane returns\ntags: [harbour, cranes]\n{closing}\n\n \n  It is back.\n");
            for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
                let (fields, body) = split_front_matter(&text).expect("valid front matter");
                assert_eq!(fields, expected, "{text:?}");
                assert_eq!(body.trim_end_matches(['\r', '\n']), "  It is back.");
            }
        }
    }

    #[test]
    fn a_document_without_front_matter_is_all_body() {
        for text in ["", "\n---\na: 1\n---\n", "# Title\n", "----\n", " ---\n", "--- a\n"] {
            assert_eq!(split_front_matter(text), Ok((None, text)));
        }
        assert_eq!(split_front_matter("\u{feff}text"), Ok((None, "text")));
    }

    #[test]
    fn an_empty_front_matter_is_an_empty_object() {
        for text in ["---\n---\n", "---\n# nothing yet\n---", "---\n\n...\n", "---\n{}\n---"] {
            assert_eq!(split_front_matter(text), Ok((Some(json!({})), "")), "{text:?}");
        }
    }

    #[test]
    fn values_become_json() {
        for (yaml, value) in [
            ("2024-05-01", json!("2024-05-01")),
            ("2024-05-01T10:00:00+02:00", json!("2024-05-01T10:00:00+02:00")),
            ("2024-05-01 10:00", json!("2024-05-01 10:00")),
            ("10:30", json!("10:30")),
            ("2024", json!(2024)),
            ("-3", json!(-3)),
            ("1.5", json!(1.5)),
            ("007", json!("007")),
            ("nan", json!("nan")),
            ("true", json!(true)),
            ("no", json!("no")),
            ("~", Value::Null),
            ("", Value::Null),
            ("\"2024\"", json!("2024")),
            ("!!str 2024", json!("2024")),
            ("\"!Foo &a *a <<\"", json!("!Foo &a *a <<")),
            ("\n  - a: 1\n    b: []\n  - |\n    text\n    more", json!([{"a": 1, "b": []}, "text\nmore\n"])),
        ] {
            assert_eq!(fields(&format!("key: {yaml}")), json!({ "key": value }), "{yaml}");
        }
        assert_eq!(fields("a: &name [x]\nb: *name"), json!({"a": ["x"], "b": ["x"]}));
    }

    #[test]
    fn what_is_no_plain_value_is_refused_at_its_line() {
        for (yaml, line, words) in [
            ("a: 1\nb: .inf", 3, "not a number"),
            ("a: 1\nb:\n  - .nan", 4, "not a number"),
            ("a: 99999999999999999999999", 2, "not a number"),
            ("a: 1\nb: !Foo x", 3, "tag !Foo"),
            ("a: 1\nb: !Foo {c: d}", 3, "tag !Foo"),
            ("a: 1\nb:\n  2024: x", 4, "\"2024\" in quotes"),
            ("true: x", 2, "\"true\" in quotes"),
            ("~: x", 2, "must be text"),
            ("a: \"\u{2028} b\"\nc: .inf", 3, "not a number"),
            ("é: \"ü\u{85}\"\nc: !Foo x", 3, "tag !Foo"),
            ("{a: 1}\nb: 2", 3, "does not belong"),
            ("a: 1\n--- b", 3, "may begin with ---"),
            ("a: 1\n[b]: x", 3, "must be text"),
            ("a: {{b}}", 2, "must be text"),
            ("a: 1\nb: 2\na: 3", 4, "a is there twice"),
            ("a: &a {x: 1}\nb:\n  <<: *a", 4, "merge keys"),
            ("a: 1\nb: \u{7}", 3, "U+0007"),
            ("a: 1\nb: c: d", 3, "not valid YAML: mapping values are not allowed"),
            ("a: 1\nb: *c", 3, "unknown anchor"),
            ("a: \"b", 3, "not valid YAML"),
            ("- a", 2, "a list of fields"),
            ("just words", 2, "a list of fields"),
        ] {
            let error = error(yaml);
            assert_eq!(error.line, line, "{yaml}: {error}");
            assert!(error.message.contains(words), "{yaml}: {error}");
        }
    }

    #[test]
    fn front_matter_must_be_closed_and_short() {
        let open = split_front_matter("---\ntitle: a\n").expect_err("not closed");
        assert!(open.to_string().starts_with("line 1: ") && open.message.contains("never closed"));
        let text = format!("---\na: {}\n---\n", "x".repeat(LONGEST_FRONT_MATTER));
        let long = split_front_matter(&text).expect_err("too long");
        assert!(long.message.contains("64 KiB"));
        assert!(fields(&format!("a: \"{}\"", "\\L".repeat(32_000))).is_object());
    }

    #[test]
    fn aliases_cannot_multiply_the_front_matter() {
        let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(error(&bomb).message.contains("too large"));
        let long = format!("a: &a {}\nb: [{}]", "x".repeat(30_000), "*a,".repeat(10_000));
        assert!(error(&long).message.contains("too large"));
        assert!(error("a: &a [*a]").message.contains("nested deeper"));
        assert!(error(&"- ".repeat(30_000)).message.contains("nested deeper"));
    }

    #[test]
    fn brackets_cannot_keep_the_parser_busy() {
        let deep = error(&format!("a: 1\nb: {}", "[".repeat(60_000)));
        assert!(deep.line == 3 && deep.message.contains("opening brackets"));
        let most = error(&format!("a: {}", "[".repeat(MOST_BRACKETS)));
        assert!(most.message.contains("nested deeper"), "{most}");
    }

    #[test]
    fn the_first_heading_is_the_title() {
        for (body, expected) in [
            ("# Crane returns\n\nIt is back.", Some(("Crane returns", "It is back."))),
            ("\r\n  #\tCrane returns ##  \r\n\r\nBack.", Some(("Crane returns", "Back."))),
            ("# C\\# and C#", Some(("C# and C#", ""))),
            ("# Issue #", Some(("Issue", ""))),
            ("# Title\n    code", Some(("Title", "    code"))),
            ("#Crane", None),
            ("## Crane", None),
            ("#", None),
            ("# #", None),
            ("    # Crane", None),
            ("It is.\n# Crane", None),
            ("", None),
        ] {
            let expected = expected.map(|(title, rest)| (title.to_owned(), rest));
            assert_eq!(first_heading(body), expected, "{body:?}");
        }
    }

    /// A small generator of numbers that only look random, so that a failure repeats.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
        }
    }

    /// What the random texts are put together from.
    const PIECES: [&str; 44] = [
        "---", "...", "\n", "\r\n", "a: ", "b", "- ", "[", "]", "{", "}", ",", ": ", "?", " ", "  ", "&a ", "*a",
        "!Foo ", "!!str ", "\"", "'", "|\n", ">-", "#", "# ", "\\", "\\x", "%", "@", "`", "<<: ", ".inf", "1", "0x",
        "-", "\t", "\u{85}", "\u{2028}", "é", "🚢", "\0", "\u{feff}", "~",
    ];

    #[test]
    fn no_document_makes_the_parser_panic() {
        let mut numbers = Numbers(11);
        for _ in 0..20_000 {
            let length = numbers.below(24);
            let text: String = (0..length).filter_map(|_| PIECES.get(numbers.below(PIECES.len()))).copied().collect();
            let _ = first_heading(&text);
            let document = format!("---\n{text}\n---\n{text}");
            for text in [text, document] {
                if let Err(error) = split_front_matter(&text) {
                    assert!(error.line >= 1 && error.line <= text.lines().count() + 1, "{text:?}");
                    assert!(!error.message.is_empty());
                }
            }
        }
    }
}
