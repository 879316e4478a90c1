//! `dateline migrate`

use std::fs;

use rstest_reuse::apply;

use crate::support::database::TestDatabase;
use crate::support::program::Program;
use crate::support::{Database, each_database};

#[apply(each_database)]
fn the_shape_of_the_database_goes_up_and_down_and_is_shown(database: Database) {
    let mut names: Vec<String> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let newest = names.last().unwrap();
    let own = TestDatabase::empty(database);
    let program = Program::new().with("DATELINE_DATABASE_URL", own.text());
    let lines = |arguments: &[&str]| -> Vec<String> {
        program.run(arguments).expect_success().output.lines().map(str::to_owned).collect()
    };
    let all = |word: &str| names.iter().map(|name| format!("{word} {name}")).collect::<Vec<_>>();

    assert_eq!(lines(&["migrate", "status"]), all("waiting "));
    assert_eq!(lines(&["migrate", "up"]), all("applied"));
    assert_eq!(lines(&["migrate", "up"]), ["nothing to do"]);
    assert_eq!(lines(&["migrate", "status"]), all("applied "));
    assert!(program.run(&["migrate", "down"]).failure().contains("--yes"));
    assert_eq!(lines(&["migrate", "status"]), all("applied "));
    assert_eq!(lines(&["migrate", "down", "--yes"]), [format!("took back {newest}")]);
    assert_eq!(lines(&["migrate", "status"]).last().unwrap(), &format!("waiting  {newest}"));
    assert_eq!(lines(&["migrate", "up"]), [format!("applied {newest}")]);
    assert!(program.files().is_empty(), "what is not needed is not made");
}
