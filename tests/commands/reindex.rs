//! `dateline reindex`

use diesel::connection::SimpleConnection;
use rstest_reuse::apply;

use dateline::db::DatabaseUrl;
use diesel::{Connection, PgConnection, SqliteConnection};

use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::{Database, each_database};

/// Does something to the database behind the program's back.
fn behind_its_back(database: &TestDatabase, statements: &str) {
    match database.url() {
        DatabaseUrl::Sqlite(path) => {
            let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
            connection.batch_execute(statements).unwrap();
        }
        DatabaseUrl::Postgres(text) => PgConnection::establish(text).unwrap().batch_execute(statements).unwrap(),
    }
}

#[apply(each_database)]
fn the_search_index_is_made_anew(database: Database) {
    let own = TestDatabase::migrated(database);
    let program = Program::new().with("DATELINE_DATABASE_URL", own.text());
    let program = program.with("DATELINE_SECRET", "canary-secret-of-the-instance-0123456789");
    let stories: String = (0..3).map(|number| format!("{{\"title\": \"Ferry {number}\"}}\n")).collect();
    program.file("stories.ndjson", stories);
    program.run(&["import", "stories.ndjson", "--publish"]).expect_success();
    let found = || {
        let serving = program.serve();
        let found = serving.anonymous().get("/v1/search?q=ferry").expect(200).json()["total"].clone();
        serving.stop();
        found
    };
    assert_eq!(found(), 3, "an import is found like anything else");
    program.run(&["verify"]).expect_success();
    behind_its_back(&own, "DELETE FROM search_entries");
    assert_eq!(found(), 0);
    let told = program.run(&["verify"]);
    assert!(told.failure().contains("dateline reindex"), "{told:?}");
    // Once because it is needed, and once more although it is not.
    for _ in 0..2 {
        assert_eq!(program.run(&["reindex"]).expect_success().output, "3 publications in the search index\n");
        program.run(&["verify"]).expect_success();
        assert_eq!(found(), 3);
    }
}
