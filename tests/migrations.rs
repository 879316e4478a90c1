//! The shape of the database: the same on both, the one that the code expects, and reversible.

#![allow(clippy::disallowed_methods, reason = "tests ask the databases about themselves")]

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use dateline::db::{AnyConnection, DatabaseUrl, migrate};
use diesel::connection::Connection;
use diesel::pg::PgConnection;
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::SqliteConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use rstest_reuse::apply;
use serde_json::json;

use support::database::TestDatabase;
use support::{Database, TestApp, each_database};

/// Everything that makes up the shape of a database, one text for each part.
#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = Text)]
    part: String,
}

/// A column as the database knows it.
#[derive(Debug, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Bool)]
    is_view: bool,
}

const SQLITE_PARTS: &str = "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS part FROM sqlite_schema \
    WHERE tbl_name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const POSTGRES_PARTS: &str = "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, \
    collation_name) AS part FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' \
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%' \
    UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE '\\_\\_%' \
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
    UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype <> 'c' \
    AND typelem = 0";

/// Full-text indexes have a shape of their own on each database, and only `db/fulltext` names them.
const SQLITE_COLUMNS: &str = "SELECT m.name AS table_name, p.name AS column_name, p.type AS kind, \
    p.\"notnull\" = 0 AS nullable, m.type = 'view' AS is_view \
    FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS p \
    JOIN pragma_table_list AS l ON l.name = m.name AND l.type IN ('table', 'view') \
    WHERE m.type IN ('table', 'view') AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";

const POSTGRES_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text AS kind, \
    is_nullable = 'YES' AS nullable, table_type = 'VIEW' AS is_view \
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) \
    WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' AND table_name <> 'search_words'";

fn connect(url: &DatabaseUrl) -> AnyConnection {
    match url {
        DatabaseUrl::Sqlite(path) => {
            AnyConnection::Sqlite(SqliteConnection::establish(path.to_str().unwrap()).unwrap())
        }
        DatabaseUrl::Postgres(text) => AnyConnection::Postgres(PgConnection::establish(text).unwrap()),
    }
}

fn shape(url: &DatabaseUrl) -> Vec<String> {
    let mut connection = connect(url);
    let question = if matches!(url, DatabaseUrl::Sqlite(_)) { SQLITE_PARTS } else { POSTGRES_PARTS };
    let mut parts: Vec<String> =
        sql_query(question).load::<Part>(&mut connection).unwrap().into_iter().map(|row| row.part).collect();
    parts.sort();
    parts
}

fn columns(url: &DatabaseUrl) -> Vec<Column> {
    let question = if matches!(url, DatabaseUrl::Sqlite(_)) { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    sql_query(question).load(&mut connect(url)).unwrap()
}

/// The columns of `src/db/schema.rs` by `table.column`: what diesel takes them for, and whether they may be NULL.
fn expected() -> BTreeMap<String, (String, bool)> {
    let (mut columns, mut table) = (BTreeMap::new(), String::new());
    for line in include_str!("../src/db/schema.rs").lines().map(str::trim) {
        if let Some((name, _)) = line.strip_suffix(" {").and_then(|line| line.split_once(" (")) {
            table = name.to_owned();
        } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            columns.insert(format!("{table}.{column}"), (inner.unwrap_or(kind).to_owned(), inner.is_some()));
        }
    }
    assert!(columns.len() > 100, "{columns:?}");
    columns
}

/// What a column of this kind is called by the databases.
fn kind(diesel: &str, url: &DatabaseUrl) -> &'static str {
    let (on_sqlite, on_postgres) = match diesel {
        "Text" => ("TEXT", "text"),
        "Integer" => ("INTEGER", "integer"),
        "Binary" => ("BLOB", "bytea"),
        "BigInt" => ("INTEGER", "bigint"),
        "Bool" => ("INTEGER", "boolean"),
        "Timestamp" => ("TEXT", "timestamp without time zone"),
        other => panic!("say here what {other} is called by the databases"),
    };
    if matches!(url, DatabaseUrl::Sqlite(_)) { on_sqlite } else { on_postgres }
}

#[test]
fn both_trees_have_the_same_steps_and_each_can_be_taken_back() {
    let tree = |name: &str| {
        let root = format!("{}/migrations/{name}", env!("CARGO_MANIFEST_DIR"));
        let mut steps: Vec<String> =
            fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        steps.sort();
        for step in &steps {
            for file in ["up.sql", "down.sql"] {
                let path = format!("{}/migrations/{name}/{step}/{file}", env!("CARGO_MANIFEST_DIR"));
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
                assert!(text.contains(';'), "{path} does nothing");
            }
        }
        steps
    };
    let steps = tree("sqlite");
    assert_eq!(steps, tree("postgres"));
    let number = |step: &String| step.split_once('_').and_then(|(number, _)| number.parse::<u32>().ok());
    let numbers: Vec<u32> = steps.iter().map(|step| number(step).unwrap_or_else(|| panic!("{step}"))).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "two steps have the same number: {steps:?}");
}

#[apply(each_database)]
fn what_goes_up_comes_down_without_a_trace_and_goes_up_again(database: Database) {
    let own = TestDatabase::empty(database);
    let applied = migrate::up(own.url()).unwrap();
    let first = shape(own.url());
    assert!(first.len() > 20, "{first:?}");
    let mut taken_back: Vec<String> = Vec::new();
    while let Some(name) = migrate::down(own.url()).unwrap() {
        taken_back.insert(0, name);
    }
    assert_eq!(taken_back, applied);
    assert_eq!(shape(own.url()), Vec::<String>::new());
    assert_eq!(migrate::up(own.url()).unwrap(), applied);
    assert_eq!(shape(own.url()), first);
    assert_eq!(migrate::up(own.url()).unwrap(), Vec::<String>::new());
}

#[apply(each_database)]
fn each_step_can_be_taken_back_and_repeated_by_itself(database: Database) {
    let own = TestDatabase::empty(database);
    let whole = migrate::up(own.url()).unwrap().len();
    let complete = shape(own.url());
    for back in 1..=whole {
        for _ in 0..back {
            migrate::down(own.url()).unwrap().expect("a step to take back");
        }
        assert_eq!(migrate::up(own.url()).unwrap().len(), back);
        assert_eq!(shape(own.url()), complete);
    }
}

#[apply(each_database)]
fn the_code_expects_exactly_the_columns_that_there_are(database: Database) {
    let own = TestDatabase::migrated(database);
    let (views, tables): (Vec<Column>, Vec<Column>) = columns(own.url()).into_iter().partition(|one| one.is_view);
    let name = |column: &Column| format!("{}.{}", column.table_name, column.column_name);
    let views: BTreeSet<String> = views.iter().map(name).collect();
    let (of_views, of_tables): (BTreeMap<_, _>, BTreeMap<_, _>) =
        expected().into_iter().partition(|(column, _)| views.contains(column));
    let expected: BTreeMap<String, (String, bool)> = of_tables
        .into_iter()
        .map(|(name, (diesel, nullable))| (name, (kind(&diesel, own.url()).to_owned(), nullable)))
        .collect();
    let actual: BTreeMap<String, (String, bool)> =
        tables.into_iter().map(|column| (name(&column), (column.kind, column.nullable))).collect();
    assert_eq!(actual, expected);
    // Neither database knows whether a column of a view can be empty, nor SQLite of which kind it is.
    assert_eq!(of_views.into_keys().collect::<BTreeSet<_>>(), views);
}

#[test]
fn s78_every_table_of_sqlite_keeps_to_its_types() {
    let own = TestDatabase::migrated(Database::Sqlite);
    let lax = "SELECT name AS part FROM pragma_table_list WHERE type = 'table' AND NOT strict \
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let all = "SELECT name AS part FROM pragma_table_list WHERE type = 'table' AND strict";
    let names = |question: &str| -> Vec<String> {
        let rows = sql_query(question).load::<Part>(&mut connect(own.url())).unwrap();
        rows.into_iter().map(|row| row.part).collect()
    };
    assert_eq!(names(lax), Vec::<String>::new());
    assert!(names(all).len() >= 15);
}

#[test]
fn nothing_in_a_used_database_refers_to_what_is_not_there() {
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor();
    let story = json!({
        "title": "Salt", "section": { "name": "Culture" }, "source": { "name": "Coastline" },
        "tags": [{ "name": "Food" }], "authors": [{ "name": "Ana Lund" }]
    });
    for title in ["Salt", "Ferry", "Choir"] {
        let mut story = story.clone();
        story["title"] = json!(title);
        let id = editor.post("/v1/articles", story).expect(201).json()["id"].as_str().unwrap().to_owned();
        editor.post(&format!("/v1/articles/{id}/publish"), json!({})).expect(200);
    }
    editor.delete("/v1/tags/food?force=true").expect(204);
    editor.delete("/v1/sources/coastline?force=true").expect(204);
    editor.delete("/v1/authors/ana-lund?force=true").expect(204);
    app.admin().delete(&format!("/v1/users/{}", editor.get("/v1/auth/me").json()["id"].as_str().unwrap())).expect(204);
    let file = app.app().config().data_dir.join("dateline.db");
    let broken = "SELECT \"table\" AS part FROM pragma_foreign_key_check";
    let broken = sql_query(broken).load::<Part>(&mut connect(&DatabaseUrl::Sqlite(file))).unwrap();
    assert!(broken.is_empty(), "{:?}", broken.iter().map(|row| &row.part).collect::<Vec<_>>());
}
