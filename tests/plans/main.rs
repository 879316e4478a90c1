//! Every list is answered from an index. This asks the server for lists with every filter alone and in pairs, in every
//! order, for everybody, takes the statements that it really runs, and has both databases explain them over tables that
//! are filled and analysed. A full scan of a table, or a sort of all of it, fails.

#[path = "../support/mod.rs"]
mod support;

mod data;
mod explain;
mod questions;
mod words;

use std::sync::{Mutex, Once, PoisonError};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};

use explain::Explainer;
use questions::{Asker, Question};
use rstest_reuse::apply;
use support::{Database, TestApp, each_database};
use words::is_about_words;

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The statements that `act` makes the server run.
fn statements<T>(act: impl FnOnce() -> T) -> (T, Vec<String>) {
    STATEMENTS.lock().unwrap().clear();
    let done = act();
    (done, std::mem::take(&mut *STATEMENTS.lock().unwrap()))
}

/// Not who is calling, not what is due: what reads stories.
fn is_about_lists(statement: &str) -> bool {
    let reads = statement.starts_with("SELECT ") && !statement.contains("announcements") && !is_about_words(statement);
    reads && ["publications", "publication_", "articles", "article_"].iter().any(|table| statement.contains(table))
}

fn ask_and_explain(database: Database) {
    let app = TestApp::start(database);
    data::fill(&app);
    let mut explainer = Explainer::new(&app.app().config().database);
    let asker = Asker::new(&app);
    let (mut bad, mut explained, mut most) = (Vec::new(), 0, 0);
    let mut ask = |question: &Question| {
        let (next, ran) = statements(|| asker.ask(question));
        let ran: Vec<String> = ran.into_iter().filter(|statement| is_about_lists(statement)).collect();
        assert!(!ran.is_empty(), "{question:?}: no statement was seen");
        most = most.max(ran.len());
        for statement in ran {
            explained += 1;
            if let Err(plan) = explainer.judge(&statement) {
                bad.push(format!("{question:?}\n{statement}\n{plan}"));
            }
        }
        next
    };
    for (number, question) in asker.questions().iter().enumerate() {
        let next = ask(question);
        if let (Some(next), 0) = (next, number % 3) {
            ask(&next);
        }
    }
    println!("{database:?}: {explained} statements explained, at most {most} about stories for a list");
    assert!(
        bad.is_empty(),
        "{} of {explained} statements are bad:\n{}",
        bad.len(),
        bad.iter().step_by(bad.len() / 8 + 1).cloned().collect::<Vec<_>>().join("\n\n")
    );
    assert!(explained > 2000, "only {explained} statements");
    // One to see how many rows a filter leaves, one for the keys, one for the rows, and one for the schedules of working
    // copies; names are asked for apart.
    assert!(most <= 4, "{most} statements about stories for one list");
    bad_plans_are_seen(&mut explainer);
    cursors_pass_over_nothing(&app, &mut explainer);
    search_and_explain(&app, &mut explainer);
}

fn search_and_explain(app: &TestApp, explainer: &mut Explainer) {
    let (reader, mut bad, mut explained) = (app.anonymous(), Vec::new(), 0);
    for path in words::questions() {
        let ((), ran) = statements(|| words::ask(&reader, &path));
        for statement in ran {
            let judged = match is_about_words(&statement) {
                true => words::judge(explainer, &statement),
                false if is_about_lists(&statement) => explainer.judge(&statement),
                false => continue,
            };
            explained += 1;
            if let Err(plan) = judged {
                bad.push(format!("{path}\n{statement}\n{plan}"));
            }
        }
    }
    println!("{explained} statements of searches explained");
    assert!(bad.is_empty(), "{} of {explained} statements are bad:\n{}", bad.len(), bad.join("\n\n"));
    assert!(explained > 300, "only {explained} statements");
}

/// A page behind a cursor costs what the first one does, also where a filter says another end of the same walk. The plan
/// would not tell: SQLite begins at one of both ends, and passes over every row up to the cursor when that is the filter's.
fn cursors_pass_over_nothing(app: &TestApp, explainer: &mut Explainer) {
    let reader = app.anonymous();
    for filter in ["updated_after=2020-01-01T00:00:00Z", "published_before=2090-01-01T00:00:00Z"] {
        let (mut costs, mut cursor) = (Vec::new(), String::new());
        for _ in 0..30 {
            let path = format!("/v1/articles?limit=100&{filter}{cursor}");
            let (page, ran) = statements(|| reader.get(&path).expect(200).json());
            let about_lists = ran.iter().filter(|statement| is_about_lists(statement));
            costs.push(about_lists.map(|statement| explainer.work(statement)).sum::<i64>());
            cursor = format!("&cursor={}", page["next"].as_str().expect("more than three thousand stories"));
        }
        let (first, last) = (costs[0], costs[costs.len() - 1]);
        assert!(first > 100 && last < first * 2, "{filter}: {costs:?}");
    }
}

/// The judge must be able to say no.
fn bad_plans_are_seen(explainer: &mut Explainer) {
    let bad = [
        "SELECT id FROM publications WHERE modified_at > '2020-01-01' LIMIT 21",
        "SELECT article_id FROM publications WHERE NOT superseded ORDER BY modified_at DESC LIMIT 21",
        "SELECT article_id FROM publications WHERE superseded = FALSE AND (language = 'de') IS TRUE ORDER BY body LIMIT 21",
        "SELECT id FROM articles WHERE deleted_at IS NULL ORDER BY document LIMIT 21",
        "SELECT k FROM (SELECT * FROM (SELECT article_id AS k FROM publications WHERE superseded = FALSE AND \
         (language = 'xx') IS TRUE LIMIT 9223372036854775807) AS b) AS m ORDER BY k LIMIT 21",
        "SELECT article_id FROM publications WHERE superseded = FALSE AND EXISTS (SELECT 1 FROM publication_tags AS linked \
         WHERE linked.slug = 'tag-1' AND (linked.publication_id = publications.id) IS TRUE) ORDER BY published_at LIMIT 21",
        "SELECT publication_id FROM publication_tags WHERE live_from > '2020-01-01' ORDER BY live_until LIMIT 21",
    ];
    for statement in bad {
        assert!(explainer.judge(statement).is_err(), "{statement} was let through");
    }
    let good = [
        "SELECT article_id FROM publications WHERE superseded = FALSE ORDER BY published_at DESC, article_id DESC LIMIT 21",
        "SELECT id FROM articles WHERE deleted_at IS NULL ORDER BY updated_at, id LIMIT 21",
    ];
    for statement in good {
        assert_eq!(explainer.judge(statement), Ok(()), "{statement}");
    }
}

/// One database after the other: the statements are those of the whole program.
static TURN: Mutex<()> = Mutex::new(());

#[apply(each_database)]
fn every_list_is_read_from_an_index(database: Database) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        set_default_instrumentation(|| {
            Some(Box::new(|event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    STATEMENTS.lock().unwrap().push(query.to_string());
                }
            }))
        })
        .expect("the first to set it");
    });
    ask_and_explain(database);
}
