//! The same for searches: what they ask of the index of words, explained over as many stories.

use serde_json::Value;

use crate::explain::{Explainer, apart, literal};
use crate::support::client::Client;

/// Every story has the first word, half of them the second, one in a hundred the third, and four the last; and forty
/// others, each of them one of a hundred and seven, as a text has.
fn text() -> String {
    let others: String =
        (0..40).map(|other| format!(" || ' o{other}x' || ((STORY * {} + {other}) % 107)", other + 3)).collect();
    "'¤ all' || CASE WHEN STORY % 2 = 0 THEN ' half' ELSE '' END || \
     CASE WHEN STORY % 100 = 0 THEN ' some' ELSE '' END || CASE WHEN STORY % 5000 = 0 THEN ' few' ELSE '' END"
        .to_owned()
        + &others
}

/// Puts what is published into the index.
pub fn statements(on_sqlite: bool) -> String {
    let (position, text) = match on_sqlite {
        true => ("CAST(strftime('%s', published_at) AS INTEGER) * 256000", text()),
        false => {
            let text = format!("array_to_tsvector(string_to_array({}, ' '))", text());
            ("CAST(extract(epoch FROM published_at) AS BIGINT) * 256000", text)
        }
    };
    let text = text.replace("STORY", "CAST(substr(article_id, 26) AS INTEGER)");
    let letter = |number: &str| format!("substr('abcdefghijklmnopqrstuvwxyz', ({number}) % 26 + 1, 1)");
    let (first, second) = (letter("n"), letter("n / 26"));
    format!(
        "INSERT INTO search_entries (position, publication_id, article_id, partner_from, live_from, live_until, head, filed) \
         SELECT {position}, id, article_id, partner_from, live_from, live_until, 'all', '' FROM publications WHERE NOT superseded; \
         INSERT INTO search_words (rowid, words) SELECT position, {text} FROM search_entries; \
         WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 30000) \
         INSERT INTO search_vocabulary (word, reversed, partner_from, live_from) \
         SELECT {first} || {second} || n, (n * 7919 % 100000) || {second} || {first}, BEGUN, BEGUN FROM count;"
    )
}

/// Words that many, some, few and no stories have, alone and together, for searches and for lists.
const TEXTS: [&str; 13] = [
    "",
    "all+",
    "half+",
    "all+half+",
    "some+",
    "all+some+",
    "few+",
    "half+few+",
    "%22half+some%22",
    "all+-half+",
    "few+-some",
    "ab13",
    "fex12+ab13x9+",
];

const FILTERS: [&str; 5] = [
    "",
    "tag=tag-30&language=de",
    "published_after=2020-01-14T00:00:00Z",
    "section=tag-51&published_before=2020-01-02T00:00:00Z",
    "featured=true&has_not=image",
];

/// Every search, and the list with the same words.
pub fn questions() -> Vec<String> {
    let mut questions = Vec::new();
    for (number, text) in TEXTS.iter().enumerate() {
        for filter in FILTERS {
            let sort = ["relevance", "-published_at"][number % 2];
            questions.push(format!("/v1/search?q={text}&sort={sort}&{filter}"));
            questions.push(format!("/v1/articles?q={text}&count=true&{filter}"));
        }
    }
    questions.into_iter().map(|path| path.trim_end_matches('&').to_owned()).collect()
}

/// Asks it, as a reader.
pub fn ask(reader: &Client, path: &str) {
    reader.get(path).expect(200);
}

/// Whether a statement asks the index of words, or for one.
pub fn is_about_words(statement: &str) -> bool {
    statement.starts_with("SELECT ") && statement.contains("search_")
}

/// Nothing, or the plan when the whole index is read or sorted, or few hits are not found by their words.
pub fn judge(explainer: &mut Explainer, statement: &str) -> Result<(), String> {
    let (sql, values) = statement.split_once(" -- binds: ").unwrap_or((statement, "[]"));
    let sql = with_values(sql, values);
    let plan = explainer.plan(&sql);
    let of_words = sql.contains("search_words");
    let fault = match &plan {
        Value::Array(steps) => judge_steps(steps, of_words),
        plan => judge_node(plan).or_else(|| {
            let among_all = [i64::MIN, i64::MAX - 1].iter().all(|end| sql.contains(&end.to_string()));
            let must = of_words && among_all && sql.contains("'few'");
            (must && !uses_words(plan)).then(|| "few hits are looked for among all stories".to_owned())
        }),
    };
    fault.map_or(Ok(()), |fault| Err(format!("{fault}\n{plan:#}")))
}

/// The statement with its values in their places; places have numbers or follow each other.
fn with_values(sql: &str, values: &str) -> String {
    let values = apart(values.trim().strip_prefix('[').and_then(|values| values.strip_suffix(']')).expect("a list"));
    let (mut out, mut rest, mut next) = (String::new(), sql, 0);
    while let Some(place) = rest.find(['?', '$']) {
        out.push_str(&rest[..place]);
        let digits = rest[place + 1..].chars().take_while(char::is_ascii_digit).count();
        let number = rest[place + 1..][..digits].parse().map_or(next, |number: usize| number - 1);
        out.push_str(&literal(values[number]));
        next = number + 1;
        rest = &rest[place + 1 + digits..];
    }
    out + rest
}

/// SQLite: words are always found by the index of words, which has its rows in order.
fn judge_steps(steps: &[Value], of_words: bool) -> Option<String> {
    let steps: Vec<&str> = steps.iter().filter_map(Value::as_str).collect();
    if steps.iter().any(|step| step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE")) {
        return Some("a whole table is read".to_owned());
    }
    let sorted = steps.iter().any(|step| step.contains("TEMP B-TREE"));
    (of_words && sorted).then(|| "hits are sorted".to_owned())
}

/// PostgreSQL: words that most stories have are found as fast by going through the newest.
fn judge_node(node: &Value) -> Option<String> {
    let relation = node["Relation Name"].as_str().unwrap_or_default();
    if node["Node Type"] == "Seq Scan" && relation.starts_with("search_") {
        return Some(format!("the whole of {relation} is read"));
    }
    node["Plans"].as_array().into_iter().flatten().find_map(judge_node)
}

fn uses_words(node: &Value) -> bool {
    node["Index Name"] == "search_words_words" || node["Plans"].as_array().into_iter().flatten().any(uses_words)
}
