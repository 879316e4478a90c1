//! Front matter from YAML to JSON. What the YAML parser would be slow at, or silent about, is refused before it.

use serde::de::DeserializeSeed;
use serde_json::{Map, Value};

use super::FrontMatterError;
use super::reading::{Reading, line_at, located};
use super::values::ValueSeed;

/// How many `[` and `{` may be in the front matter. The YAML parser reads all of it before it
/// hands out the first value, and its time grows with the square of the brackets that are
/// open: 60 000 of them keep it busy for seconds.
const MOST_BRACKETS: usize = 4096;

/// Reads the YAML, with the line `---` before it, as the fields of an object.
pub(super) fn fields_of(yaml: &str) -> Result<Map<String, Value>, FrontMatterError> {
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

#[cfg(test)]
mod tests {
    use super::super::tests::error;
    use super::MOST_BRACKETS;

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
    fn brackets_cannot_keep_the_parser_busy() {
        let deep = error(&format!("a: 1\nb: {}", "[".repeat(60_000)));
        assert!(deep.line == 3 && deep.message.contains("opening brackets"));
        let most = error(&format!("a: {}", "[".repeat(MOST_BRACKETS)));
        assert!(most.message.contains("nested deeper"), "{most}");
    }
}
