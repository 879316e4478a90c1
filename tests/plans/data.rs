//! Enough stories for the planners to be honest: twenty thousand, with what is common and what is rare among them, made
//! by the databases themselves.

use dateline::db::DatabaseUrl;
use diesel::connection::{Connection, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

use crate::support::TestApp;
use crate::words;

/// How many stories there are.
pub const STORIES: usize = 20_000;

/// Fills the tables and has them analysed.
pub fn fill(app: &TestApp) {
    app.editor();
    app.writer();
    app.partner();
    let url = &app.app().config().database;
    let on_sqlite = matches!(url, DatabaseUrl::Sqlite(_));
    let of_words = words::statements(on_sqlite);
    let statements = STATEMENTS.into_iter().chain([of_words.as_str()]);
    let statements: String = statements.map(|statement| format!("{};\n", spelled(statement, on_sqlite))).collect();
    match url {
        DatabaseUrl::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            connection.batch_execute("PRAGMA busy_timeout = 5000; BEGIN").unwrap();
            connection.batch_execute(&statements).unwrap();
            connection.batch_execute("COMMIT").unwrap();
        }
        DatabaseUrl::Postgres(text) => {
            let mut connection = PgConnection::establish(text).unwrap();
            connection.batch_execute(&statements).unwrap();
            connection.batch_execute("VACUUM ANALYZE").unwrap();
        }
    }
}

/// What the two databases spell differently: a moment some minutes after the beginning, and a text that cannot be
/// compressed.
fn spelled(statement: &str, on_sqlite: bool) -> String {
    let mut text = statement.replace("STORIES", &STORIES.to_string());
    for (name, minutes) in [("BEGUN", "n"), ("SENT", "n + 5"), ("ENDED", "n + 9"), ("SOON", "n + 400000000")] {
        let moment = match on_sqlite {
            true => format!("strftime('%Y-%m-%d %H:%M:%S', '2020-01-01', '+' || ({minutes}) || ' minutes')"),
            false => format!("(TIMESTAMP '2020-01-01' + ({minutes}) * INTERVAL '1 minute')"),
        };
        text = text.replace(name, &moment);
    }
    let (forever, filler) = match on_sqlite {
        true => ("'9999-12-31 23:59:59'", "hex(randomblob(500))"),
        false => (
            "TIMESTAMP '9999-12-31 23:59:59'",
            "(SELECT string_agg(md5((n * 40 + i)::text), '') FROM generate_series(1, 32) i)",
        ),
    };
    text.replace("FOREVER", forever).replace("FILLER", filler).replace("CARD", &card())
}

/// What lists show of a story: no names, and moments that are nobody's.
fn card() -> String {
    let empty = ["summary", "section", "byline", "source", "source_url", "credit_line", "usage_terms", "canonical_url"];
    let empty = empty.into_iter().chain(["dateline", "urgency", "image"]).map(|name| format!("\"{name}\":null,"));
    let moments = ["first_published_at", "published_at", "modified_at", "created_at", "updated_at"];
    let moments = moments.map(|name| format!("\"{name}\":\"2020-01-01T00:00:00Z\"")).join(",");
    format!(
        "'\"id\":\"' || id || '\",\"slug\":\"' || slug || '\",\"title\":\"T\",\"language\":\"en\",\"type\":\"report\",\
         \"featured\":false,{}\"authors\":[],\"tags\":[],\"custom\":{{}},\"corrections_count\":0,\"retracted\":false,\
         {moments}'",
        empty.collect::<String>()
    )
}

/// Ids that sort as they were made. `number % k` decides what a story has, so that half of them have the first tag and
/// few the last; one in thirty is in a review, some of these were approved, and some of those were changed since.
const STATEMENTS: [&str; 9] = [
    "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 60) \
     INSERT INTO tags (id, slug, name, kind, version, created_at, updated_at) \
     SELECT '01997b2e-8f5a-7c3e-8001-' || CAST(100000000000 + n AS TEXT), 'tag-' || n, 'Tag ' || n, \
     CASE WHEN n > 50 THEN 'section' ELSE 'topic' END, 1, BEGUN, BEGUN FROM count",
    "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 20) \
     INSERT INTO authors (id, slug, name, links, version, created_at, updated_at) \
     SELECT '01997b2e-8f5a-7c3e-8002-' || CAST(100000000000 + n AS TEXT), 'author-' || n, 'Author ' || n, '[]', 1, BEGUN, \
     BEGUN FROM count",
    "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 20) \
     INSERT INTO sources (id, slug, name, kind, version, created_at, updated_at) \
     SELECT '01997b2e-8f5a-7c3e-8003-' || CAST(100000000000 + n AS TEXT), 'source-' || n, 'Source ' || n, 'agency', 1, \
     BEGUN, BEGUN FROM count",
    "WITH RECURSIVE count (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < STORIES) \
     INSERT INTO articles (id, slug, slug_taken_over, version, title, language, kind, featured, has_image, section_id, \
     source_id, document, body, body_html, corrections, created_by, created_at, updated_at, published_at, \
     first_published_at, publication_number, passed_at, deleted_at, killed_at, review_at, review_version, review_step) \
     SELECT '01997b2e-8f5a-7c3e-9000-' || CAST(100000000000 + n AS TEXT), 'story-' || n, (1 = 0), 2, \
     'Title ' || (n * 7919 % STORIES), \
     CASE WHEN n % 400 = 0 THEN 'fr' WHEN n % 5 = 0 THEN 'de' ELSE 'en' END, \
     CASE WHEN n % 300 = 0 THEN 'satire' WHEN n % 3 = 0 THEN 'analysis' ELSE 'report' END, n % 50 = 0, n % 2 = 0, \
     '01997b2e-8f5a-7c3e-8001-' || CAST(100000000051 + n % 3 * (n % 4) AS TEXT), \
     CASE WHEN n % 4 = 0 THEN '01997b2e-8f5a-7c3e-8003-' || CAST(100000000001 + n % 16 AS TEXT) END, \
     '{\"title\":\"T\",\"language\":\"en\",\"type\":\"report\",\"custom\":{\"filler\":\"' || FILLER || '\"}}', 'B', '<p>B</p>', \
     CASE WHEN n % 90 = 0 THEN '[{\"id\":\"c\",\"type\":\"update\",\"text\":\"T\"}]' ELSE '[]' END, \
     (SELECT id FROM users WHERE role = CASE WHEN n % 40 = 0 THEN 'writer' ELSE 'editor' END), BEGUN, ENDED, SENT, \
     SENT, 1, SENT, CASE WHEN n % 700 = 0 THEN SENT END, CASE WHEN n % 701 = 0 THEN SENT END, \
     CASE WHEN n % 30 = 0 THEN ENDED END, CASE WHEN n % 60 = 0 THEN 1 WHEN n % 30 = 0 THEN 2 END, CASE \
     WHEN n % 120 = 0 THEN 'approved' WHEN n % 150 = 0 THEN 'approved' WHEN n % 90 = 0 THEN 'changes_requested' \
     WHEN n % 30 = 0 THEN 'submitted' END FROM count",
    // The last version of each story, and an earlier one of every tenth.
    "INSERT INTO publications (id, article_id, number, revision, partner_from, live_from, live_until, expires_at, \
     superseded, slug, title, language, kind, featured, has_image, has_corrections, section_id, section_slug, source_id, \
     source_slug, original_id, document, card, body, body_html, created_at, first_published_at, published_at, modified_at, \
     hash) \
     SELECT '01997b2e-8f5a-7c3e-a000' || substr(id, 24), id, 2, 2, published_at, published_at, FOREVER, FOREVER, (1 = 0), \
     slug, title, language, kind, featured, has_image, corrections <> '[]', section_id, 'tag-' || substr(section_id, 35), \
     source_id, 'source-' || CAST(CAST(substr(source_id, 33) AS INTEGER) AS TEXT), id, document, CARD, body, body_html, \
     created_at, published_at, published_at, published_at, 'hash' FROM articles WHERE deleted_at IS NULL AND killed_at IS NULL",
    "INSERT INTO publications (id, article_id, number, revision, partner_from, live_from, live_until, expires_at, \
     superseded, slug, title, language, kind, featured, has_image, has_corrections, section_id, section_slug, source_id, \
     source_slug, original_id, document, card, body, body_html, created_at, first_published_at, published_at, modified_at, \
     hash) \
     SELECT '01997b2e-8f5a-7c3e-b000' || substr(id, 24), article_id, 1, 1, created_at, created_at, live_from, FOREVER, \
     (1 = 1), slug, title, language, kind, featured, has_image, has_corrections, section_id, section_slug, source_id, \
     source_slug, original_id, document, card, body, body_html, created_at, created_at, created_at, created_at, 'hash' \
     FROM publications WHERE substr(id, 36) = '0'",
    "INSERT INTO article_tags (article_id, tag_id) SELECT articles.id, tags.id FROM articles, tags \
     WHERE CAST(substr(articles.id, 26) AS INTEGER) % (CAST(substr(tags.id, 34) AS INTEGER) + 1) = 0 AND tags.kind = 'topic'",
    "INSERT INTO article_authors (article_id, author_id) SELECT articles.id, authors.id FROM articles, authors \
     WHERE CAST(substr(articles.id, 26) AS INTEGER) % (CAST(substr(authors.id, 34) AS INTEGER) * 2) = 1",
    "INSERT INTO publication_tags (publication_id, tag_id, slug, article_id, published_at, live_from, live_until, \
     superseded) SELECT p.id, t.tag_id, tags.slug, p.article_id, p.published_at, p.live_from, p.live_until, p.superseded \
     FROM publications p JOIN article_tags t ON t.article_id = p.article_id JOIN tags ON tags.id = t.tag_id; \
     INSERT INTO publication_authors (publication_id, author_id, slug, article_id, published_at, live_from, live_until, \
     superseded) SELECT p.id, t.author_id, authors.slug, p.article_id, p.published_at, p.live_from, p.live_until, \
     p.superseded FROM publications p JOIN article_authors t ON t.article_id = p.article_id JOIN authors ON \
     authors.id = t.author_id",
];
