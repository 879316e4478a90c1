//! The stories of an author, from a source, under a tag: shortcuts of the list of articles.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::text;
use crate::support::{Database, TestApp, each_database};

fn newsroom(app: &TestApp) -> Client {
    let editor = app.editor();
    editor.make("tags", json!({"name": "NATO"}));
    editor.make("tags", json!({"name": "World", "kind": "section"}));
    editor.make("authors", json!({"name": "Zoe"}));
    editor.make("sources", json!({"name": "Coastline"}));
    editor.published(
        json!({"title": "a", "tags": ["nato"], "authors": ["zoe"], "source": "coastline", "section": "world"}),
    );
    app.pass(1);
    editor.published(json!({"title": "b", "tags": ["nato", "world"], "authors": ["zoe"], "source": "coastline"}));
    app.pass(1);
    editor.published(json!({"title": "c", "authors": ["zoe"], "language": "de"}));
    editor.begin(json!({"title": "draft", "authors": ["zoe"], "tags": ["nato"], "source": "coastline"}));
    editor
}

#[apply(each_database)]
fn a_shortcut_is_the_list_with_one_filter_and_all_the_others(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (newsroom(&app), app.anonymous());
    let data = |client: &Client, path: &str| client.get(path).expect(200).json()["data"].clone();
    for (short, long) in [
        ("/v1/authors/zoe/articles?", "/v1/articles?author=zoe"),
        ("/v1/sources/coastline/articles?", "/v1/articles?source=coastline"),
        ("/v1/tags/nato/articles?", "/v1/articles?tag=nato"),
        ("/v1/tags/world/articles?", "/v1/articles?section=world"),
    ] {
        let now = app.later(0);
        let past = format!("&as_of={now}");
        for more in ["", "&language=de", "&sort=title&limit=1", "&count=true", "&view=live", &past] {
            for client in [&reader, &editor] {
                let (got, expected) = (data(client, &format!("{short}{more}")), data(client, &format!("{long}{more}")));
                assert_eq!(got, expected, "{short}{more}");
            }
        }
        assert_eq!(reader.walk(&format!("{short}limit=1")), reader.walk(&format!("{long}&limit=1")));
    }
    assert_eq!(reader.slugs("/v1/authors/zoe/articles"), ["c", "b", "a"]);
    assert_eq!(editor.slugs("/v1/authors/zoe/articles?sort=title"), ["a", "b", "c", "draft"]);
    assert_eq!(reader.slugs("/v1/tags/world/articles"), ["a"], "a section lists what stands in it");
    assert_eq!(reader.slugs("/v1/tags/world/articles?tag=nato"), ["a"]);
    let id = text(&reader.get("/v1/authors/zoe").expect(200).json()["id"]).to_owned();
    assert_eq!(reader.slugs(&format!("/v1/authors/{id}/articles?limit=1")), ["c"]);
    let page = reader.get("/v1/authors/zoe/articles?limit=1").expect(200);
    assert!(page.header("Link").unwrap().starts_with("</v1/authors/zoe/articles?limit=1&cursor="));
    assert_eq!(page.header("Cache-Control"), Some("public, no-cache"));
}

#[apply(each_database)]
fn a_former_slug_leads_on_and_an_unknown_one_nowhere(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (newsroom(&app), app.anonymous());
    for (room, slug) in [("authors", "zoe"), ("sources", "coastline"), ("tags", "nato")] {
        let tag = reader.get(&format!("/v1/{room}/{slug}")).expect(200).etag();
        editor.if_match(&tag).patch(&format!("/v1/{room}/{slug}"), json!({"slug": "renamed"})).expect(200);
        let moved = reader.get(&format!("/v1/{room}/{slug}/articles?limit=1&language=en,de")).expect(301);
        let place = format!("/v1/{room}/renamed/articles?limit=1&language=en,de");
        assert_eq!(moved.header("Location"), Some(place.as_str()));
        assert_eq!(reader.slugs(&place).len(), 1);
        reader.get(&format!("/v1/{room}/nobody/articles")).expect(404);
        reader.get(&format!("/v1/{room}/{}/articles", "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10")).expect(404);
    }
}

#[apply(each_database)]
fn what_the_address_says_is_not_said_again(database: Database) {
    let app = TestApp::start(database);
    newsroom(&app);
    let reader = app.anonymous();
    let refused = |path: &str| reader.get(path).expect(400).refusals();
    assert_eq!(refused("/v1/authors/zoe/articles?author=zoe"), ["author not_here"]);
    assert_eq!(refused("/v1/sources/coastline/articles?source=x"), ["source not_here"]);
    assert_eq!(refused("/v1/tags/nato/articles?tag=x"), ["tag not_here"]);
    assert_eq!(refused("/v1/tags/world/articles?section=x"), ["section not_here"]);
    assert_eq!(refused("/v1/tags/nato/articles?colour=x"), ["colour unknown_parameter"]);
    assert_eq!(refused("/v1/tags/nato/articles?status=draft"), ["status not_for_readers"]);
    assert_eq!(refused("/v1/authors/zoe/articles?status=gone"), ["status not_here"]);
    let none: [Value; 0] = [];
    assert_eq!(reader.get("/v1/tags/nato/articles?author=nobody").expect(200).json()["data"], json!(none));
}
