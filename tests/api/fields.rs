//! `fields`: which members of an article somebody wants, in lists and of one.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::desk::{address, text, with_cursor};
use crate::support::{Database, TestApp, each_database};

fn story(editor: &Client) -> Value {
    editor.published(json!({
        "title": "Bridge closed", "slug": "bridge", "summary": "In short.", "tags": [{"name": "NATO"}, {"name": "Kosovo"}],
        "authors": [{"name": "Zoe", "role": "reporter"}], "body": "The **bridge** is closed.\n\nNobody knows until when.",
        "custom": {"b": 1, "a": {"deep": [1, 2]}}, "editor_note": "Call again.",
    }))
}

#[apply(each_database)]
fn members_are_kept_left_out_and_added_in_the_usual_order(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = story(&editor);
    let expected = [
        ("title", r#"{"title":"Bridge closed"}"#),
        ("title,slug", r#"{"slug":"bridge","title":"Bridge closed"}"#),
        ("authors.name,tags.slug", r#"{"authors":[{"name":"Zoe"}],"tags":[{"slug":"nato"},{"slug":"kosovo"}]}"#),
        ("authors,-authors.id", r#"{"authors":[{"slug":"zoe","name":"Zoe","role":"reporter"}]}"#),
        ("custom.a.deep,image.url", r#"{"image":null,"custom":{"a":{"deep":[1,2]}}}"#),
        ("excerpt(22)", r#"{"excerpt":"The bridge is closed…"}"#),
        ("slug,excerpt", r#"{"slug":"bridge","excerpt":"The bridge is closed. Nobody knows until when."}"#),
        ("body,-body", "{}"),
        ("body", r#"{"body":"The **bridge** is closed.\n\nNobody knows until when."}"#),
        ("corrections,retracted", r#"{"retracted":false,"corrections":[]}"#),
    ];
    for (fields, members) in expected {
        for (client, view) in [(&reader, "live"), (&editor, "live"), (&editor, "draft")] {
            let list = client.get(&format!("/v1/articles?view={view}&fields={fields}")).expect(200);
            assert_eq!(list.text(), format!("{{\"data\":[{members}],\"next\":null}}"), "{fields} for {view}");
            let one = client.get(&format!("{}?view={view}&fields={fields}", address(&story))).expect(200);
            assert_eq!(one.text(), members, "{fields} for {view}");
        }
        let now = app.later(0);
        assert_eq!(reader.get(&format!("/v1/articles/bridge?as_of={now}&fields={fields}")).expect(200).text(), members);
    }
    // Everything that comes without asking, and more or less than that.
    let whole = reader.get("/v1/articles").expect(200).json()["data"][0].clone();
    let with =
        |fields: &str| reader.get(&format!("/v1/articles?fields={fields}")).expect(200).json()["data"][0].clone();
    assert_eq!(with("*"), whole);
    let mut less = whole.clone();
    assert!(less.as_object_mut().unwrap().remove("custom").is_some());
    assert_eq!(with("-custom"), less);
    assert_eq!(with("-custom,-body"), less);
    let mut more = whole.clone();
    more["excerpt"] = json!("The bridge is closed. Nobody knows until when.");
    assert_eq!(with("*,excerpt(300)"), more);
    assert!(with("*,body")["body_html"].is_string());
    let alone = reader.get("/v1/articles/bridge?fields=-body,-body_html,-corrections,-translations").expect(200).json();
    assert_eq!(alone, whole);
    // The tag of an answer is that of its bytes; the version of a working copy stays in front.
    let part = editor.get(&format!("{}?fields=title", address(&story))).expect(200);
    assert!(part.etag().starts_with("\"1-"), "{}", part.etag());
    assert_ne!(part.etag(), editor.get(&address(&story)).expect(200).etag());
    assert_eq!(
        editor.get(&format!("{}?fields=editor_note,version", address(&story))).expect(200).text(),
        r#"{"version":1,"editor_note":"Call again."}"#
    );
}

#[apply(each_database)]
fn s01_what_is_wrong_in_fields_is_named_and_nothing_is_left_out_silently(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    let story = story(&editor);
    let refusal = |client: &Client, path: &str| {
        let refused = client.get(path).expect(400).json();
        let first = refused["errors"][0].clone();
        assert_eq!(first["parameter"], "fields", "{path}");
        (text(&first["code"]).to_owned(), text(&first["detail"]).to_owned())
    };
    for place in ["/v1/articles".to_owned(), address(&story)] {
        let (code, detail) = refusal(&reader, &format!("{place}?fields=titel,slug"));
        assert_eq!(code, "unknown_field");
        assert!(
            detail.starts_with("titel is not a field here; did you mean title? Allowed: id, slug, title, "),
            "{detail}"
        );
        let (_, detail) = refusal(&reader, &format!("{place}?fields=authors.nmae"));
        let expected =
            "authors.nmae is not a field here; did you mean authors.name? Allowed in authors: id, slug, name, role";
        assert_eq!(detail, expected);
        let (code, detail) = refusal(&reader, &format!("{place}?fields=title,editor_note"));
        assert_eq!(code, "not_for_readers");
        assert!(
            detail.starts_with("editor_note is for working copies; readers do not get it; allowed: id, "),
            "{detail}"
        );
        assert_eq!(refusal(&editor, &format!("{place}?view=live&fields=status")).0, "not_for_readers");
        assert_eq!(refusal(&reader, &format!("{place}?fields=title.size")).1, "title has no parts; name it alone");
        assert_eq!(refusal(&reader, &format!("{place}?fields=excerpt(2000)")).0, "invalid_size");
        assert_eq!(
            refusal(&reader, &format!("{place}?fields=title(3)")).1,
            "title has no size; only these have: excerpt"
        );
        for wrong in ["", ",", "title,", "-", ".", "authors."] {
            assert_eq!(refusal(&reader, &format!("{place}?fields={wrong}")).0, "empty", "{wrong}");
        }
    }
    let (code, detail) = refusal(&reader, "/v1/articles?fields=title,translations");
    assert_eq!(
        (code.as_str(), detail.as_str()),
        ("not_in_lists", "translations comes only when one is read, not in lists")
    );
    assert_eq!(reader.get("/v1/articles/bridge?fields=translations").expect(200).text(), r#"{"translations":[]}"#);
    // Together with what else is wrong.
    let all = reader.get("/v1/articles?fields=titel&limit=0&sort=x").expect(400).refusals();
    assert_eq!(all, ["fields unknown_field", "limit out_of_range", "sort invalid_sort"]);
}

#[apply(each_database)]
fn a_cursor_goes_on_whatever_fields_are_wanted(database: Database) {
    let app = TestApp::start(database);
    let (editor, reader) = (app.editor(), app.anonymous());
    for title in ["a", "b", "c"] {
        editor.published(json!({"title": title}));
    }
    let first = reader.get("/v1/articles?sort=title&limit=1&fields=title&count=true").expect(200);
    assert_eq!(first.json()["total"], 3);
    let cursor = text(&first.json()["next"]).to_owned();
    let rest = reader.get(&with_cursor("/v1/articles?sort=title&fields=slug", &cursor)).expect(200);
    assert_eq!(rest.text(), r#"{"data":[{"slug":"b"},{"slug":"c"}],"next":null}"#);
    assert!(first.header("Link").unwrap_or_default().contains("fields=title"));
}
