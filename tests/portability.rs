//! What the house relies on when it writes one query for two databases. When a new version of diesel or of a database
//! breaks one of these, this file says which.

#[path = "support/mod.rs"]
mod support;

use dateline::clock::Timestamp;
use dateline::db::schema::{
    articles, authors, event_head, events, publication_authors, refresh_tokens, sessions, tags, users,
};
use dateline::db::{AnyConnection, Backend, Db};
use dateline::error::{Error, Result};
use diesel::prelude::*;
use rstest_reuse::apply;
use serde_json::json;

use support::database::TestDatabase;
use support::{Database, TestApp, each_database};

const LARGE: usize = 5 * 1024 * 1024;

/// A database, and a way to its two doors.
struct House {
    db: Db,
    runtime: tokio::runtime::Runtime,
    _own: TestDatabase,
}

impl House {
    fn new(database: Database) -> House {
        let own = TestDatabase::migrated(database);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        House { db: Db::open(own.url(), 2, None).unwrap(), runtime, _own: own }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.runtime.block_on(self.db.write(work))
    }

    fn read<T: Send + 'static>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T> + Send + 'static) -> T {
        self.runtime.block_on(self.db.read(work)).unwrap()
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn add_tag(connection: &mut AnyConnection, id: &str, name: &str) -> QueryResult<usize> {
    add_tag_at(connection, id, name, time("2026-11-23T12:00:00Z"))
}

fn add_tag_at(connection: &mut AnyConnection, id: &str, name: &str, at: Timestamp) -> QueryResult<usize> {
    let row = (
        (tags::id.eq(id), tags::slug.eq(id), tags::name.eq(name), tags::kind.eq("topic")),
        (tags::version.eq(1), tags::created_at.eq(at), tags::updated_at.eq(at)),
    );
    diesel::insert_into(tags::table).values(row).execute(connection)
}

fn ids(connection: &mut AnyConnection) -> Result<Vec<String>> {
    Ok(tags::table.select(tags::id).order(tags::id.asc()).load(connection)?)
}

#[apply(each_database)]
fn an_update_gives_back_what_it_wrote(database: Database) {
    let house = House::new(database);
    let next = || {
        house.write(|connection| {
            let head = diesel::update(event_head::table).set(event_head::position.eq(event_head::position + 3));
            Ok(head.returning(event_head::position).get_result::<i64>(connection)?)
        })
    };
    assert_eq!((next().unwrap(), next().unwrap()), (3, 6));
}

#[apply(each_database)]
fn rows_are_copied_from_one_table_to_another_by_the_database(database: Database) {
    let house = House::new(database);
    house
        .write(|connection| {
            add_tag(connection, "a", "A")?;
            add_tag(connection, "b", "B")?;
            add_tag(connection, "c", "C")?;
            let copied = tags::table
                .filter(tags::id.eq_any(["a", "c", "missing"]))
                .select((tags::id, "copied".into_sql::<diesel::sql_types::Text>(), tags::slug, tags::created_at))
                .insert_into(dateline::db::schema::former_slugs::table)
                .into_columns({
                    use dateline::db::schema::former_slugs::{kind, resource_id, retired_at, slug};
                    (slug, kind, resource_id, retired_at)
                })
                .execute(connection)?;
            assert_eq!(copied, 2);
            Ok(())
        })
        .unwrap();
}

#[apply(each_database)]
fn boxed_queries_take_subqueries_existence_and_case(database: Database) {
    let house = House::new(database);
    house
        .write(|connection| {
            add_tag(connection, "a", "Alpha")?;
            add_tag(connection, "b", "Beta")?;
            diesel::update(tags::table.find("b")).set(tags::parent_id.eq("a")).execute(connection)?;
            Ok(())
        })
        .unwrap();
    let found = house.read(|connection| {
        let parents = diesel::alias!(tags as parents);
        let alpha = parents.filter(parents.field(tags::name).eq("Alpha"));
        let mut query: tags::BoxedQuery<'_, Backend> = tags::table.into_boxed();
        query = query.filter(tags::parent_id.assume_not_null().eq_any(alpha.select(parents.field(tags::id))));
        query = query.filter(diesel::dsl::exists(alpha));
        query = query.filter(tags::name.eq("beta").or(tags::name.eq("Beta")));
        Ok(query.select(tags::id).load::<String>(connection)?)
    });
    assert_eq!(found, ["b"]);
}

#[apply(each_database)]
fn after_a_refusal_in_a_savepoint_the_transaction_goes_on(database: Database) {
    let house = House::new(database);
    let refused = house.write(|connection| {
        add_tag(connection, "before", "Before")?;
        let refused = connection.transaction(|connection| {
            add_tag(connection, "lost", "Lost with the savepoint")?;
            add_tag(connection, "before", "There is one")?;
            Ok::<_, Error>(())
        });
        add_tag(connection, "after", "After")?;
        Ok(refused)
    });
    let Err(Error::Conflict(rejection)) = refused.unwrap() else { panic!("two rows with one id") };
    assert_eq!(rejection.code, "taken");
    assert_eq!(house.read(ids), ["after", "before"]);
}

#[apply(each_database)]
fn a_write_that_fails_leaves_nothing_and_hurts_no_other(database: Database) {
    let house = House::new(database);
    let failed = house.write(|connection| {
        add_tag(connection, "lost", "Lost")?;
        Err::<(), _>(Error::NotFound("tag"))
    });
    assert!(matches!(failed, Err(Error::NotFound("tag"))));
    house.write(|connection| Ok(add_tag(connection, "kept", "Kept")?)).unwrap();
    assert_eq!(house.read(ids), ["kept"]);
}

#[apply(each_database)]
fn a_broken_unique_rule_names_the_field(database: Database) {
    let house = House::new(database);
    let refused = house.write(|connection| {
        add_tag(connection, "a", "A")?;
        let row = (
            (tags::id.eq("b"), tags::slug.eq("a"), tags::name.eq("B"), tags::kind.eq("topic"), tags::version.eq(1)),
            (tags::created_at.eq(time("2026-11-23T12:00:00Z")), tags::updated_at.eq(time("2026-11-23T12:00:00Z"))),
        );
        diesel::insert_into(tags::table).values(row).execute(connection)?;
        Ok(())
    });
    let Err(Error::Conflict(rejection)) = refused else { panic!("two tags with one slug") };
    assert_eq!((rejection.code.as_str(), rejection.pointer.as_deref()), ("taken", Some("/slug")));
}

#[apply(each_database)]
fn a_moment_comes_back_to_the_microsecond_and_sorts_as_time_does(database: Database) {
    let house = House::new(database);
    let moments = [
        "0001-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "2026-11-23T11:59:59.999999Z",
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00:00.000001Z",
        "2026-11-23T12:00:00.1Z",
        "2026-11-23T12:00:00.100001Z",
        "2026-11-23T12:00:00.999Z",
        "2026-11-23T12:00:01Z",
        "9999-12-31T23:59:59Z",
    ]
    .map(time);
    house
        .write(move |connection| {
            for (index, at) in moments.iter().enumerate().rev() {
                add_tag_at(connection, &format!("{index}"), "M", *at)?;
            }
            Ok(())
        })
        .unwrap();
    let sorted = house.read(|connection| {
        Ok(tags::table.select(tags::created_at).order(tags::created_at.asc()).load::<Timestamp>(connection)?)
    });
    assert_eq!(sorted, moments);
    for (index, at) in moments.into_iter().enumerate() {
        let (before, same, after) = house.read(move |connection| {
            let count =
                |query: tags::BoxedQuery<'_, Backend>, connection: &mut _| query.count().get_result::<i64>(connection);
            Ok((
                count(tags::table.filter(tags::created_at.lt(at)).into_boxed(), connection)?,
                count(tags::table.filter(tags::created_at.eq(at)).into_boxed(), connection)?,
                count(tags::table.filter(tags::created_at.gt(at)).into_boxed(), connection)?,
            ))
        });
        let index = i64::try_from(index).unwrap();
        assert_eq!((before, same, after), (index, 1, 9 - index), "{at}");
    }
}

#[apply(each_database)]
fn text_comes_back_as_it_was_and_sorts_by_its_bytes(database: Database) {
    let house = House::new(database);
    let mut names = [
        "",
        " ",
        "Z",
        "a",
        "A",
        "_",
        "é",
        "e\u{301}",
        "Vučić",
        "Ž",
        "ß",
        "İ",
        "日本",
        "🦊",
        "\u{feff}",
        "a b",
        "a-b",
        "ab",
        "\u{10ffff}",
    ]
    .map(str::to_owned);
    let written = names.clone();
    house
        .write(move |connection| {
            for (index, name) in written.iter().enumerate() {
                add_tag(connection, &format!("{index}"), name)?;
            }
            Ok(())
        })
        .unwrap();
    names.sort();
    let sorted = house
        .read(|connection| Ok(tags::table.select(tags::name).order(tags::name.asc()).load::<String>(connection)?));
    assert_eq!(sorted, names);
    for name in names {
        let found = name.clone();
        let count = house.read(move |connection| {
            Ok(tags::table.filter(tags::name.eq(found)).count().get_result::<i64>(connection)?)
        });
        assert_eq!(count, 1, "{name:?} is itself and nothing else");
    }
}

#[apply(each_database)]
fn five_mebibytes_of_text_come_back_whole(database: Database) {
    let house = House::new(database);
    let text: String = "Vučić 🦊 said — “no”.\n".chars().cycle().take(LARGE / 2).collect();
    let written = text.clone();
    house
        .write(move |connection| {
            add_tag(connection, "large", "Large")?;
            diesel::update(tags::table.find("large")).set(tags::description.eq(written)).execute(connection)?;
            Ok(())
        })
        .unwrap();
    let read = house.read(|connection| {
        Ok(tags::table.find("large").select(tags::description.assume_not_null()).first::<String>(connection)?)
    });
    assert!(read == text && text.len() > LARGE / 2);
}

#[apply(each_database)]
fn what_refers_to_a_row_goes_with_it_or_lets_go_of_it(database: Database) {
    let app = TestApp::start(database);
    let (admin, writer) = (app.admin(), app.writer());
    admin.post("/v1/tags", json!({ "name": "Culture", "kind": "section" })).expect(201);
    admin.post("/v1/authors", json!({ "name": "Ana Lund" })).expect(201);
    let story = json!({ "title": "Salt", "section": "culture", "authors": ["ana-lund"] });
    let id = writer.post("/v1/articles", story).expect(201).json()["id"].as_str().unwrap().to_owned();
    admin.post(&format!("/v1/articles/{id}/publish"), json!({})).expect(200);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let counts = || {
        let counted = app.app().db().read(|connection| {
            Ok([
                sessions::table.count().get_result::<i64>(connection)?,
                refresh_tokens::table.count().get_result(connection)?,
                publication_authors::table.count().get_result(connection)?,
                articles::table.filter(articles::created_by.is_not_null()).count().get_result(connection)?,
                articles::table.filter(articles::section_id.is_not_null()).count().get_result(connection)?,
                articles::table.count().get_result(connection)?,
            ])
        });
        runtime.block_on(counted).unwrap()
    };
    assert_eq!(counts(), [2, 2, 1, 1, 1, 1]);
    let deleted = app.app().db().write(|connection| {
        diesel::delete(users::table.filter(users::email_key.eq("writer@example.org"))).execute(connection)?;
        diesel::delete(authors::table).execute(connection)?;
        diesel::delete(tags::table).execute(connection)?;
        Ok(())
    });
    runtime.block_on(deleted).unwrap();
    // What was published keeps the ids of those who wrote it.
    assert_eq!(counts(), [1, 1, 1, 0, 0, 1]);
}

#[apply(each_database)]
fn nul_is_refused_before_it_reaches_the_database(database: Database) {
    let app = TestApp::start(database);
    let admin = app.admin();
    let count = || {
        let count = app.app().db().read(|connection| Ok(events::table.count().get_result::<i64>(connection)?));
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(count).unwrap()
    };
    let before = count();
    for (room, body) in [
        ("tags", json!({ "name": "a\u{0}b" })),
        ("tags", json!({ "name": "a", "description": "a\u{0}b" })),
        ("sources", json!({ "name": "a", "usage_terms": "\u{0}" })),
        ("authors", json!({ "name": "a", "bio": "\u{0}" })),
        ("articles", json!({ "title": "a", "body": "a\u{0}b" })),
        ("articles", json!({ "title": "a", "custom": { "deep": ["a\u{0}b"] } })),
        ("articles", json!({ "title": "a", "custom": { "a\u{0}b": 1 } })),
        ("articles", json!({ "title": "a", "tags": ["a\u{0}b"] })),
        (
            "users",
            json!({ "email": "a\u{0}b@example.org", "name": "a", "role": "writer", "password": "a long \u{0} password" }),
        ),
        ("auth/login", json!({ "email": "a\u{0}b@example.org", "password": "a long \u{0} password" })),
    ] {
        admin.post(&format!("/v1/{room}"), body.clone()).expect(422);
    }
    for query in ["articles?tag=a%00b", "articles?author=%00", "articles?cursor=%00", "tags?kind=%00", "users?role=%00"]
    {
        let reply = admin.get(&format!("/v1/{query}"));
        assert!(matches!(reply.status(), 200 | 400), "{query}: {} {}", reply.status(), reply.text());
    }
    for room in ["articles", "tags", "sources", "authors", "users"] {
        admin.get(&format!("/v1/{room}/a%00b")).expect(404);
    }
    assert_eq!(count(), before);
}
