//! What holds for every answer, whichever room it comes from.

use rstest::rstest;

use crate::support::client::Reply;
use crate::support::{Database, TestApp};

fn app() -> TestApp {
    TestApp::start(Database::Sqlite)
}

fn app_for(origin: &str) -> TestApp {
    TestApp::start_with(Database::Sqlite, |config| config.cors_origins = vec![origin.to_owned()])
}

fn vary(reply: &Reply) -> Vec<String> {
    reply.header("Vary").unwrap_or_default().split(", ").map(str::to_owned).collect()
}

#[rstest]
#[case::unknown("/nowhere")]
#[case::version("/v1")]
#[case::unknown_in_version("/v1/nothing")]
#[case::doubled_slash("//health/live")]
#[case::doubled_inside("/health//live")]
#[case::slash_at_the_end("/health/live/")]
#[case::encoded_slash("/health%2Flive")]
#[case::upper_case("/Health/Live")]
#[case::dots("/health/../health/live/..")]
#[case::nul("/health/live%00")]
fn s09_an_address_that_does_not_exist_is_a_plain_404(#[case] path: &str) {
    let app = app();
    let reply = app.anonymous().get(path).expect(404);
    assert_eq!(reply.header("Content-Type"), Some("application/problem+json"));
    assert_eq!(reply.code(), "not_found");
    assert_eq!(reply.header("Location"), None);
    assert_eq!(app.anonymous().unchecked().send("OPTIONS", path, None).status(), 404);
}

#[test]
fn the_root_says_where_everything_is_and_leads_browsers_to_the_docs() {
    let app = app();
    let reader = app.anonymous();
    let root = reader.get("/").expect(200);
    assert!(root.header("Vary").unwrap().contains("accept"), "{:?}", root.header("Vary"));
    let root = root.json();
    assert_eq!((&root["name"], &root["version"]), (&"Dateline".into(), &env!("CARGO_PKG_VERSION").into()));
    for link in ["openapi", "docs", "articles", "health"] {
        reader.get(root[link].as_str().unwrap()).expect(200);
    }
    let browser = reader.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    assert_eq!(browser.get("/").expect(303).header("Location"), Some("docs"));
    assert_eq!(reader.send("POST", "/", None).expect(405).header("Allow"), Some("GET, HEAD, OPTIONS"));
    let without = TestApp::start_with(Database::Sqlite, |config| config.docs = false);
    let browser = without.anonymous().header("Accept", "text/html");
    assert!(browser.get("/").expect(200).json().get("docs").is_none());
}

#[test]
fn a_wrong_method_is_405_and_says_which_are_right() {
    let app = app();
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
        let reply = app.anonymous().send(method, "/health/live", None).expect(405);
        assert_eq!(reply.header("Allow"), Some("GET, HEAD, OPTIONS"), "{method}");
        assert_eq!(reply.code(), "method_not_allowed");
    }
    for path in ["/openapi.json", "/docs", "/docs/dateline.js"] {
        let reply = app.anonymous().send("POST", path, None).expect(405);
        assert_eq!(reply.header("Allow"), Some("GET, HEAD, OPTIONS"), "{path}");
    }
}

#[test]
fn options_lists_the_methods() {
    let reply = app().anonymous().send("OPTIONS", "/health/live", None).expect(204);
    assert_eq!(reply.header("Allow"), Some("GET, HEAD, OPTIONS"));
    assert!(reply.bytes().is_empty());
}

#[test]
fn options_lists_what_the_document_has_for_every_address() {
    let app = app();
    let reader = app.anonymous();
    let document = reader.get("/openapi.json").expect(200).json();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let mut expected: Vec<_> = operations.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        expected.push("OPTIONS".to_owned());
        if expected.contains(&"GET".to_owned()) {
            expected.push("HEAD".to_owned());
        }
        let reply = reader.send("OPTIONS", &path.replace(['{', '}'], ""), None).expect(204);
        let mut listed: Vec<_> = reply.header("Allow").unwrap().split(", ").collect();
        expected.sort();
        listed.sort();
        assert_eq!(listed, expected, "{path}");
    }
}

#[test]
fn head_is_get_without_the_body() {
    let app = app();
    for path in ["/health/live", "/openapi.json", "/docs", "/nowhere"] {
        let head = app.anonymous().send("HEAD", path, None);
        let get = app.anonymous().get(path).expect(head.status());
        assert!(head.bytes().is_empty(), "{path}");
        for name in ["Content-Length", "Content-Type", "ETag"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

#[test]
fn every_answer_has_a_request_id_and_a_harmless_one_of_the_caller_is_kept() {
    let app = app();
    let missing = app.anonymous().get("/nowhere").expect(404);
    assert_eq!(missing.header("X-Request-Id").unwrap(), missing.json()["request_id"]);
    let kept = app.anonymous().header("X-Request-Id", "front-end:42").get("/nowhere").expect(404);
    assert_eq!(kept.header("X-Request-Id"), Some("front-end:42"));
    assert_eq!(kept.json()["request_id"], "front-end:42");
    for hostile in ["a b", "<script>", &"a".repeat(129), "a\"b"] {
        let reply = app.anonymous().header("X-Request-Id", hostile).get("/health/live").expect(200);
        assert_ne!(reply.header("X-Request-Id"), Some(hostile));
    }
}

#[test]
fn every_answer_has_the_security_headers() {
    let app = app();
    let preflight =
        app.anonymous().header("Origin", "https://a.example").header("Access-Control-Request-Method", "GET");
    for reply in [
        app.anonymous().get("/health/live").expect(200),
        app.anonymous().get("/nowhere").expect(404),
        app.anonymous().send("POST", "/health/live", None).expect(405),
        preflight.send("OPTIONS", "/health/live", None).expect(204),
    ] {
        assert_eq!(reply.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(reply.header("Referrer-Policy"), Some("no-referrer"));
        assert_eq!(reply.header("X-Frame-Options"), Some("DENY"));
        assert_eq!(reply.header("Cross-Origin-Resource-Policy"), Some("same-origin"));
        assert_eq!(reply.header("Content-Security-Policy"), Some("default-src 'none'; frame-ancestors 'none'"));
        assert!(vary(&reply).contains(&"origin".to_owned()) && vary(&reply).contains(&"accept-encoding".to_owned()));
        assert_eq!(reply.header("Server"), None);
    }
    let of_api = app.anonymous().get("/v1/nothing").expect(404);
    assert!(vary(&of_api).contains(&"authorization".to_owned()));
}

#[test]
fn s66_without_a_list_any_page_may_read_anonymously_and_nothing_else() {
    let app = app();
    let page = app.anonymous().header("Origin", "https://a.example");
    let reply = page.get("/health/live").expect(200);
    assert_eq!(reply.header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(reply.header("Access-Control-Allow-Credentials"), None);
    assert!(reply.header("Access-Control-Expose-Headers").unwrap().contains("ETag"));
    assert_eq!(page.get("/nowhere").expect(404).header("Access-Control-Allow-Origin"), Some("*"));

    let signed_in = page.unchecked().bearer("anything").get("/health/live");
    assert_eq!(signed_in.header("Access-Control-Allow-Origin"), None);
    assert_eq!(page.send("POST", "/health/live", None).header("Access-Control-Allow-Origin"), None);
    let asking = |method| page.header("Access-Control-Request-Method", method).send("OPTIONS", "/health/live", None);
    let allowed = asking("GET").expect(204);
    assert_eq!(allowed.header("Access-Control-Allow-Methods"), Some("GET, HEAD, OPTIONS"));
    assert!(!allowed.header("Access-Control-Allow-Headers").unwrap().contains("Authorization"));
    assert_eq!(asking("POST").expect(204).header("Access-Control-Allow-Origin"), None);
}

#[test]
fn s66_with_a_list_exactly_those_origins_may_call() {
    let app = app_for("https://www.example.org");
    let from = |origin: &str| app.anonymous().header("Origin", origin);
    let listed = from("https://www.example.org");
    for reply in [listed.get("/health/live").expect(200), listed.get("/nowhere").expect(404)] {
        assert_eq!(reply.header("Access-Control-Allow-Origin"), Some("https://www.example.org"));
        assert_eq!(reply.header("Access-Control-Allow-Credentials"), None);
    }
    let preflight = listed.header("Access-Control-Request-Method", "PATCH").send("OPTIONS", "/health/live", None);
    assert!(preflight.header("Access-Control-Allow-Methods").unwrap().contains("PATCH"));
    assert!(preflight.header("Access-Control-Allow-Headers").unwrap().contains("Authorization"));

    let others = "null|https://www.example.org.evil.test|http://www.example.org|https://example.org|\
                  https://www.example.org:8443|https://evil.test?https://www.example.org|https://WWW.example.org|\
                  https://www.example.org/|*";
    for origin in others.split('|') {
        let read = from(origin).get("/health/live").expect(200);
        let preflight =
            from(origin).header("Access-Control-Request-Method", "GET").send("OPTIONS", "/health/live", None);
        for reply in [read, preflight] {
            assert_eq!(reply.header("Access-Control-Allow-Origin"), None, "{origin}");
            assert!(vary(&reply).contains(&"origin".to_owned()), "{origin}");
        }
    }
    // The document is for everybody.
    let document = from("https://other.example").get("/openapi.json").expect(200);
    assert_eq!(document.header("Access-Control-Allow-Origin"), Some("*"));
}

#[rstest]
#[case("br")]
#[case("gzip")]
#[case("zstd")]
fn large_answers_are_compressed_and_small_ones_are_not(#[case] encoding: &str) {
    let app = app();
    let client = app.anonymous().header("Accept-Encoding", encoding);
    let large = client.get("/openapi.json").expect(200);
    assert_eq!(large.header("Content-Encoding"), Some(encoding));
    assert!(large.bytes().len() < app.anonymous().get("/openapi.json").bytes().len() / 2);
    let small = client.get("/health/live").expect(200);
    assert_eq!(small.header("Content-Encoding"), None);
    assert_eq!(small.json()["state"], "live");
}

#[test]
fn an_encoding_that_nobody_has_is_answered_plainly() {
    let app = app();
    for asked in ["identity;q=0", "*;q=0", "rot13, identity;q=0", "gzip;q=nonsense", ";;;", ""] {
        let reply = app.anonymous().header("Accept-Encoding", asked).get("/openapi.json").expect(200);
        assert_eq!(reply.header("Content-Encoding"), None, "{asked}");
        assert!(reply.json()["openapi"].is_string(), "{asked}");
    }
}

#[test]
fn the_document_is_not_sent_twice() {
    let app = app();
    let first = app.anonymous().get("/openapi.json").expect(200);
    let client = app.anonymous().header("Accept-Encoding", "br").header("If-None-Match", &first.etag());
    let second = client.get("/openapi.json").expect(304);
    assert!(second.bytes().is_empty());
    assert_eq!(second.etag(), first.etag());
    assert_eq!(second.header("Content-Encoding"), None);
}

#[test]
fn s60_s61_t48_the_docs_page_loads_nothing_foreign_and_can_be_switched_off() {
    let app = app();
    for path in ["/docs", "/docs?url=https://evil.test/x.json&configUrl=https://evil.test/c.json"] {
        let page = app.anonymous().get(path).expect(200);
        assert!(!page.text().contains("://"), "{}", page.text());
        let policy = page.header("Content-Security-Policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png", "dateline.css", "dateline.js"] {
        assert!(!app.anonymous().get(&format!("/docs/{file}")).expect(200).bytes().is_empty());
    }
    // They are packed inside the program, and told in plain to those who ask for nothing else.
    let script = app.anonymous().get("/docs/swagger-ui-bundle.js").expect(200);
    assert_eq!(script.header("Content-Encoding"), None);
    assert!(script.text().contains("SwaggerUIBundle"));
    app.anonymous().get("/docs/").expect(308);
    app.anonymous().get("/docs/swagger-initializer.js").expect(404);
    app.anonymous().get("/docs/..%2f..%2fCargo.toml").expect(404);
    let without = TestApp::start_with(Database::Sqlite, |config| config.docs = false);
    without.anonymous().get("/docs").expect(404);
    without.anonymous().get("/openapi.json").expect(200);
}
