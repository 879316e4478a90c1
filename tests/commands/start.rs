//! Bad starts: an exit code, one line, and nothing left behind.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use rstest::rstest;

use crate::add_user;
use crate::support::program::Program;

/// Every file below a folder, with its length.
fn inventory(folder: &Path) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (path, length) = (entry.path(), entry.metadata().unwrap().len());
        if path.is_dir() {
            all.extend(inventory(&path));
        }
        all.push((path.display().to_string(), length));
    }
    all.sort();
    all
}

const NOBODY: &str = "postgres://editor:canary-in-the-address@127.0.0.1:1/news";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[rstest]
#[case::mistyped_scheme(&[("DATABASE_URL", "postgress://localhost/news")], "DATELINE_DATABASE_URL")]
#[case::no_scheme(&[("DATABASE_URL", "news.db")], "DATELINE_DATABASE_URL")]
#[case::no_such_folder(&[("DATABASE_URL", "sqlite:nowhere/news.db")], "DATELINE_DATABASE_URL")]
#[case::unreachable(&[("DATABASE_URL", NOBODY), ("SECRET", SECRET)], "cannot be reached")]
#[case::no_secret_on_postgres(&[("DATABASE_URL", NOBODY)], "DATELINE_SECRET is required on PostgreSQL")]
#[case::empty_secret_on_postgres(&[("DATABASE_URL", NOBODY), ("SECRET", "")], "DATELINE_SECRET is required on PostgreSQL")]
#[case::short_secret(&[("SECRET", "too short")], "DATELINE_SECRET has 9 characters")]
#[case::one_connection(&[("DATABASE_CONNECTIONS", "1")], "DATELINE_DATABASE_CONNECTIONS must be at least 2")]
#[case::no_workers(&[("WORKERS", "0")], "DATELINE_WORKERS")]
#[case::role(&[("SECOND_FACTOR_ROLES", "admin,Sports Desk")], "DATELINE_SECOND_FACTOR_ROLES has \"Sports Desk\"")]
#[case::public_address(&[("PUBLIC_URL", "news.example.org")], "DATELINE_PUBLIC_URL")]
#[case::origins(&[("CORS_ORIGINS", "*")], "DATELINE_CORS_ORIGINS")]
#[case::proxies(&[("TRUSTED_PROXIES", "10.0.0.0/8, proxy.internal")], "DATELINE_TRUSTED_PROXIES has \"proxy.internal\"")]
#[case::everybody_a_proxy(&[("TRUSTED_PROXIES", "0.0.0.0/0")], "which is everybody")]
#[case::log(&[("LOG", "info,=loud")], "DATELINE_LOG")]
#[case::address(&[("BIND", "nonsense")], "DATELINE_BIND has \"nonsense\" and must be an IP address and a port, such as")]
#[case::words_for_a_number(&[("WORKERS", "x")], "DATELINE_WORKERS has \"x\" and must be a whole number, such as 4")]
#[case::perhaps(&[("DOCS", "maybe")], "DATELINE_DOCS has \"maybe\" and must be true or false")]
#[case::format(&[("LOG_FORMAT", "xml")], "DATELINE_LOG_FORMAT has \"xml\" and must be text or json")]
#[case::mistyped_name(&[("DATABSE_URL", "sqlite:a.db")], "DATELINE_DATABSE_URL is set and is not a setting; did you mean DATELINE_DATABASE_URL?")]
#[case::another_name(&[("PORT", "80")], "DATELINE_PORT is set and is not a setting. See .env.example")]
fn s36_a_setting_that_cannot_be_used_is_named_and_nothing_is_made(
    #[case] settings: &[(&str, &str)],
    #[case] expected: &str,
) {
    let program = settings
        .iter()
        .fold(Program::new(), |program, (name, value)| program.with(&format!("DATELINE_{name}"), *value));
    // The flag would win over the variable.
    let serve = if settings[0].0 == "BIND" { &["serve"][..] } else { &["serve", "--bind", "127.0.0.1:0"] };
    let run = program.run(serve);
    assert!(run.failure().contains(expected), "{run:?}");
    assert!(!run.errors.contains("canary"), "{run:?}");
    assert!(run.output.is_empty() && program.files().is_empty(), "{run:?}");
}

#[test]
fn a_port_in_use_is_said_before_anything_is_made() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "demo"] {
        let program = Program::new();
        let run = program.run(&[command, "--bind", &address]);
        assert!(run.failure().contains(&address) && run.failure().contains("DATELINE_BIND"), "{run:?}");
        assert!(program.files().is_empty());
    }
}

#[test]
fn a_database_from_a_newer_version_is_refused_by_every_command_and_left_as_it_is() {
    let program = Program::new();
    program.run(&["migrate", "up"]).expect_success();
    let file = program.folder().join("data/dateline.db");
    let fake = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
    SqliteConnection::establish(file.to_str().unwrap()).unwrap().batch_execute(fake).unwrap();
    program.file("story.md", "# Title\n\nText");
    let before = inventory(program.folder());
    for arguments in [
        &["serve", "--bind", "127.0.0.1:0"][..],
        &["serve", "--no-migrate", "--bind", "127.0.0.1:0"],
        &["migrate", "up"],
        &["migrate", "down", "--yes"],
        &["migrate", "status"],
        &["user", "list"],
        &["import", "story.md"],
    ] {
        let run = program.run(arguments);
        assert!(run.failure().contains("migration 9999"), "{arguments:?} {run:?}");
        assert_eq!(inventory(program.folder()), before, "{arguments:?}");
    }
}

#[test]
fn looking_at_a_database_that_is_not_there_makes_none() {
    let program = Program::new();
    let status = program.run(&["migrate", "status"]).expect_success().output;
    assert!(status.lines().count() > 5 && status.lines().all(|line| line.starts_with("waiting  0")), "{status}");
    assert!(program.run(&["serve", "--no-migrate", "--bind", "127.0.0.1:0"]).failure().contains("migrate up"));
    assert_eq!(program.run(&["migrate", "down", "--yes"]).expect_success().output, "nothing to do\n");
    assert!(program.files().is_empty());
}

#[test]
fn the_copy_of_a_database_does_not_go_on_with_another_secret() {
    let program = Program::migrated();
    add_user(&program, "ada@example.org", "admin").expect_success();
    let secret = program.folder().join("data/secret");
    fs::remove_file(&secret).unwrap();
    let serve = ["serve", "--bind", "127.0.0.1:0", "--no-migrate"];
    for command in [&serve[..3], &serve, &["user", "add", "--email", "bo@example.org"], &["audit"]] {
        let refused = program.run(command);
        assert!(refused.failure().contains("Put the file secret of that newsroom there, too"), "{refused:?}");
        assert!(!secret.exists());
    }
    // Whoever lost it goes on with another one, and says so.
    let program = program.with("DATELINE_SECRET", "another-secret-of-the-instance-0123456789");
    add_user(&program, "bo@example.org", "editor").expect_success();
    assert!(program.run(&["verify"]).expect_success().output.contains("signed with a former key"));
    assert!(!secret.exists());
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let program = Program::new();
    let story = "This is not a database, it is a story that somebody keeps. ".repeat(100);
    program.file("story.txt", &story);
    for command in [&["serve", "--bind", "127.0.0.1:0"][..], &["migrate", "status"], &["migrate", "up"]] {
        let run = program.run(&[command, &["--database-url", "sqlite:story.txt"]].concat());
        assert!(run.failure().contains("sqlite:story.txt"), "{run:?}");
        assert_eq!(fs::read_to_string(program.folder().join("story.txt")).unwrap(), story);
        assert_eq!(program.files(), ["story.txt"]);
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let names =
        ["BIND", "CORS_ORIGINS", "DATABASE_CONNECTIONS", "DATABASE_URL", "DATA_DIR", "DOCS", "LOG", "LOG_FORMAT"];
    let more = ["PUBLIC_URL", "REQUEST_TIMEOUT", "SECRET", "WORKERS"];
    let empty = |program: Program, name: &&str| program.with(&format!("DATELINE_{name}"), "");
    let program = names.iter().chain(&more).fold(Program::new(), empty);
    program.file(".env", "DATELINE_CORS_ORIGINS=\nDATELINE_SECRET=\n");
    let serving = program.serve();
    serving.anonymous().get("/health/ready").expect(200);
    assert_eq!(serving.stop().0, Some(0));
    let mut made: Vec<String> = inventory(program.folder()).into_iter().map(|(path, _)| path).collect();
    // SQLite may leave its log behind, emptied.
    made.retain(|path| ![".env", "-wal", "-shm"].iter().any(|ending| path.ends_with(ending)));
    let made: Vec<&str> = made.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
    assert_eq!(made, ["data", "dateline.db", "secret"]);
}

#[rstest]
#[case::no_name("DATELINE_LOG=info\n\ncanary in a line\n", 3, "there is no =")]
#[case::a_wrong_name("# settings\nmy canary=1\n", 2, "what stands before the = is no name")]
#[case::a_space("DATELINE_SECRET=canary and more of it\n", 1, "the value has a space")]
#[case::an_open_quote("DATELINE_LOG=info\nDATELINE_SECRET='canary\n", 2, "a quote that does not end")]
fn s33_a_line_of_the_file_that_cannot_be_read_is_named_and_not_shown(
    #[case] file: &str,
    #[case] line: usize,
    #[case] reason: &str,
) {
    let program = Program::new();
    program.file(".env", file);
    let run = program.run(&["serve", "--bind", "127.0.0.1:0"]);
    assert!(run.failure().contains(&format!(".env, line {line}: ")) && run.errors.contains(reason), "{run:?}");
    assert!(!run.errors.contains("canary"), "{run:?}");
}

#[test]
fn what_was_typed_is_blamed_before_the_variable() {
    let typed = Program::new().with("DATELINE_WORKERS", "x").run(&["serve", "--workers", "y"]);
    assert!(typed.errors.contains("'y' for '--workers") && typed.errors.contains("a whole number"), "{typed:?}");
}

#[test]
fn a_flag_wins_over_the_environment_and_the_environment_over_the_file() {
    let program = Program::new().with("DATELINE_DATA_DIR", "from-environment");
    program.file(".env", "DATELINE_DATA_DIR=from-file\n");
    program.run(&["migrate", "up"]).expect_success();
    program.run(&["migrate", "up", "--data-dir", "from-flag"]).expect_success();
    let mut files = program.files();
    files.sort();
    assert_eq!(files, [".env", "from-environment", "from-flag"]);
}
