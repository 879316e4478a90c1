//! What a database says about how it runs a statement, and whether that is good enough.

#![allow(clippy::disallowed_methods, reason = "tests ask the databases about themselves")]

use dateline::db::DatabaseUrl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::sql_types::{Integer, Text};
use diesel::sqlite::SqliteConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use rusqlite::StatementStatus;
use serde_json::Value;

/// The tables that grow with the stories.
const LARGE: [&str; 6] =
    ["publications", "articles", "publication_tags", "publication_authors", "article_tags", "article_authors"];

/// A limit that limits nothing: what stands before it has to be few rows by itself.
const FENCE: &str = "LIMIT 9223372036854775807";

/// How far the server counts to see whether a filter leaves few rows.
const MANY: i64 = 2000;

/// Partial indexes that hold few rows of a kind: all of one of them is not all of the table.
const PARTIAL: [&str; 11] = [
    "publications_featured",
    "publications_has_image",
    "publications_has_corrections",
    "publications_has_source",
    "articles_trashed",
    "articles_killed",
    "articles_review",
    "articles_featured",
    "articles_has_image",
    "articles_has_corrections",
    "articles_source",
];

/// Asks a database for plans, and for what it did.
pub enum Explainer {
    /// The second one counts its steps, which diesel does not tell.
    Sqlite(SqliteConnection, rusqlite::Connection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    parent: i32,
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

impl Explainer {
    pub fn new(url: &DatabaseUrl) -> Explainer {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let counting = rusqlite::Connection::open(path).unwrap();
                Explainer::Sqlite(SqliteConnection::establish(path.to_str().unwrap()).unwrap(), counting)
            }
            DatabaseUrl::Postgres(text) => {
                let mut connection = PgConnection::establish(text).unwrap();
                // Without it, EXPLAIN is JSON only in a column of its own type.
                connection.batch_execute("SET TIME ZONE 'UTC'").unwrap();
                Explainer::Postgres(connection)
            }
        }
    }

    /// Nothing, or the plan when it reads or sorts a whole table.
    pub fn judge(&mut self, statement: &str) -> Result<(), String> {
        let (sql, values) = statement.split_once(" -- binds: ").unwrap_or((statement, "[]"));
        let sql = with_values(sql, values);
        match self {
            Explainer::Sqlite(connection, _) => {
                let steps = steps(connection, &sql);
                let fault = judge_steps(&sql, &steps);
                let lines: Vec<String> =
                    steps.iter().map(|step| format!("  {} {} {}", step.id, step.parent, step.detail)).collect();
                fault.map_or(Ok(()), |fault| Err(format!("{fault}\n{}", lines.join("\n"))))
            }
            Explainer::Postgres(connection) => {
                let plan = node(connection, &sql);
                let asked = Asked { fenced: sql.contains(FENCE), counts_to: sql.contains("AS few") };
                judge_node(&plan, asked, false).map_or(Ok(()), |fault| Err(format!("{fault}\n{plan:#}")))
            }
        }
    }

    /// What a database does for a statement: SQLite its steps, PostgreSQL the rows that it looks at.
    pub fn work(&mut self, statement: &str) -> i64 {
        let (sql, values) = statement.split_once(" -- binds: ").unwrap_or((statement, "[]"));
        let sql = with_values(sql, values);
        match self {
            Explainer::Sqlite(_, connection) => {
                let mut statement = connection.prepare(&sql).unwrap();
                let mut rows = statement.query([]).unwrap();
                while rows.next().unwrap().is_some() {}
                drop(rows);
                statement.get_status(StatementStatus::VmStep).into()
            }
            Explainer::Postgres(connection) => rows(&explained(connection, "ANALYZE, TIMING OFF, FORMAT JSON", &sql)),
        }
    }

    /// The plan of a statement: a list of steps, or a tree of nodes.
    pub fn plan(&mut self, sql: &str) -> Value {
        match self {
            Explainer::Sqlite(connection, _) => steps(connection, sql).into_iter().map(|step| step.detail).collect(),
            Explainer::Postgres(connection) => node(connection, sql),
        }
    }
}

fn steps(connection: &mut SqliteConnection, sql: &str) -> Vec<Step> {
    sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(connection).unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

fn node(connection: &mut PgConnection, sql: &str) -> Value {
    explained(connection, "FORMAT JSON", sql)
}

/// How many rows a node and those below it looked at.
fn rows(node: &Value) -> i64 {
    let count = |name: &str| node[name].as_f64().unwrap_or(0.0);
    let looked_at = (count("Actual Rows") + count("Rows Removed by Filter")) * count("Actual Loops");
    looked_at as i64 + node["Plans"].as_array().into_iter().flatten().map(rows).sum::<i64>()
}

fn explained(connection: &mut PgConnection, options: &str, sql: &str) -> Value {
    let lines: Vec<Plan> = sql_query(format!("EXPLAIN ({options}) {sql}"))
        .load(connection)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let text: String = lines.into_iter().map(|line| line.text).collect();
    let plan: Value = serde_json::from_str(&text).expect("a plan in JSON");
    plan[0]["Plan"].clone()
}

/// The statement with its values in their places, so that the planner knows what the server's planner knew.
fn with_values(sql: &str, values: &str) -> String {
    let values = apart(values.trim().strip_prefix('[').and_then(|values| values.strip_suffix(']')).expect("a list"));
    let mut out = String::new();
    let mut rest = sql;
    let mut number = 0;
    while let Some(place) = rest.find(['?', '$']) {
        out.push_str(&rest[..place]);
        rest = rest[place + 1..].trim_start_matches(|digit: char| digit.is_ascii_digit());
        out.push_str(&literal(values[number]));
        number += 1;
    }
    assert_eq!(number, values.len(), "{sql} with {values:?}");
    out + rest
}

/// The values of a list, as they were written for people.
pub fn apart(values: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    let (mut quoted, mut escaped) = (false, false);
    for (place, letter) in values.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(values[begin..place].trim());
                begin = place + 1;
            }
            _ => {}
        }
    }
    parts.push(values[begin..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// A value as SQL.
pub fn literal(value: &str) -> String {
    let inner = |prefix: &str, suffix: char| value.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
    if let Some(moment) = inner("Timestamp(", ')') {
        return format!("'{}'", moment.trim_start_matches('+').replace('T', " "));
    }
    if let Some(values) = inner("[", ']') {
        // Without any, the type is the column's.
        if values.is_empty() {
            return "'{}'".to_owned();
        }
        return format!("ARRAY[{}]", apart(values).into_iter().map(literal).collect::<Vec<_>>().join(", "));
    }
    if let Some(text) = inner("\"", '"') {
        let text = text.replace("\\u{10ffff}", "\u{10ffff}").replace("\\\"", "\"").replace("\\\\", "\\");
        return format!("'{}'", text.replace('\'', "''"));
    }
    inner("Some(", ')').map_or_else(|| value.to_owned(), literal)
}

/// SQLite: within one select, a walk through a whole index must not be sorted, nor come without an end.
fn judge_steps(sql: &str, steps: &[Step]) -> Option<String> {
    for step in steps {
        let words: Vec<&str> = step.detail.split_whitespace().take(2).collect();
        let is_found_by_row = step.detail.contains("(publication_id=?") || step.detail.contains("(article_id=?");
        if matches!(words.as_slice(), ["SCAN" | "SEARCH", "linked"]) && !is_found_by_row {
            return Some("a link is not found from its row".to_owned());
        }
        let Some(table) = LARGE.iter().find(|table| {
            let mut words = step.detail.split_whitespace();
            matches!(words.next(), Some("SCAN" | "SEARCH")) && words.next() == Some(table)
        }) else {
            continue;
        };
        let scans = step.detail.starts_with("SCAN");
        if scans && !step.detail.contains("USING") {
            return Some(format!("the whole of {table} is read"));
        }
        let constraint = step.detail.rsplit_once('(').map_or("", |(_, constraint)| constraint);
        let is_partial = step.detail.split_whitespace().any(|word| PARTIAL.contains(&word));
        let whole = (scans || constraint == "superseded=?)") && !is_partial;
        // A part of the order is as good as all of it, but for a statement that is to find few rows by it.
        let walk = whole
            || !is_partial
                && !sql.contains(FENCE)
                && constraint.matches('=').count() == constraint.matches("superseded=?").count();
        if !walk || is_counted(sql, step, steps) {
            continue;
        }
        let mut beside = steps.iter().filter(|other| other.parent == step.parent);
        if beside.any(|other| other.detail == "USE TEMP B-TREE FOR ORDER BY") {
            return Some(format!("the whole of {table} is sorted"));
        }
        if whole && (sql.contains(FENCE) || sql.contains("AS few")) {
            return Some(format!("the whole of {table} is walked through for a few rows"));
        }
    }
    None
}

/// Whether a step belongs to the total, which is of everything by its nature.
fn is_counted(sql: &str, step: &Step, steps: &[Step]) -> bool {
    let mut parent = step.parent;
    while let Some(above) = steps.iter().find(|above| above.id == parent) {
        if above.detail.contains("SCALAR SUBQUERY") && sql.contains("SELECT COUNT(*)") && !sql.contains("AS few") {
            return true;
        }
        parent = above.parent;
    }
    sql.starts_with("SELECT COUNT(*)")
}

/// What a statement is about.
#[derive(Clone, Copy)]
struct Asked {
    /// It finds few rows and sorts them.
    fenced: bool,
    /// It counts to a limit.
    counts_to: bool,
}

/// PostgreSQL: the same. `sorted` says that something above would sort all that comes from here.
fn judge_node(node: &Value, asked: Asked, sorted: bool) -> Option<String> {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let relation = node["Relation Name"].as_str().unwrap_or_default();
    // The total is of everything by its nature.
    if kind == "Aggregate" && !node["Plans"].is_null() && !fenced_few(node) {
        return None;
    }
    // Search asks for a thousand of the twenty thousand by their ids: with statistics that differ by a hair the planner looks
    // each up or walks through all of them. Among more stories it looks them up.
    let among_a_thousand = node["Filter"].as_str().is_some_and(|filter| filter.contains("article_id = ANY"));
    if LARGE.contains(&relation) && !among_a_thousand {
        // Counting to a limit may begin anywhere in a table where one row in a few is one of them.
        let soon = asked.counts_to && node["Plan Rows"].as_i64().unwrap_or(0) >= MANY;
        if kind == "Seq Scan" && !soon {
            return Some(format!("the whole of {relation} is read"));
        }
        let condition = node["Index Cond"].as_str().or(node["Recheck Cond"].as_str()).unwrap_or_default();
        let plain: String = condition.chars().filter(|one| !"() ".contains(*one)).collect();
        let whole =
            matches!(plain.as_str(), "" | "NOTsuperseded" | "superseded=false" | "superseded=true" | "superseded");
        let whole = whole && !PARTIAL.contains(&node["Index Name"].as_str().unwrap_or_default());
        let is_found_by_row = condition.contains("publication_id =") || condition.contains("article_id =");
        if node["Alias"] == "linked" && !is_found_by_row {
            return Some("a link is not found from its row".to_owned());
        }
        if whole && sorted {
            return Some(format!("the whole of {relation} is sorted"));
        }
        if whole && asked.fenced {
            return Some(format!("the whole of {relation} is walked through for a few rows"));
        }
    }
    let sorted = match kind {
        "Sort" | "Hash" => true,
        // What is above a limit sorts no more than the limit lets through.
        "Limit" => false,
        _ => sorted,
    };
    node["Plans"].as_array().into_iter().flatten().find_map(|below| judge_node(below, asked, sorted))
}

/// Whether an aggregate counts to a limit: those must find their rows.
fn fenced_few(node: &Value) -> bool {
    node["Plans"].as_array().into_iter().flatten().any(|below| below["Node Type"] == "Limit")
}
