//! Every reading operation of the document, with every parameter set to what somebody hostile would send.

use rstest_reuse::apply;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::{Database, TestApp, each_database};

/// Texts that broke other programs: search languages, SQL, patterns, numbers out of range, letters of every kind.
const TEXTS: [&str; 58] = [
    "",
    " ",
    "\"",
    "\"\"",
    "foo\"bar",
    "\"unfinished phrase",
    "'",
    "a-b",
    "-",
    "--",
    "-a -b",
    "AND",
    "OR NOT",
    "NEAR(a b, 5)",
    "a NEAR b",
    "a AND (b OR",
    "title:x",
    "{title body}: x",
    "^a",
    "a*",
    "*",
    "**",
    "a + b",
    "(",
    ")",
    "())",
    "a:b:c",
    "a & b",
    "a | !b",
    "!",
    "<->",
    "a <2> b",
    ":*",
    "\\",
    "\\\\'",
    "%",
    "_%_",
    "[a-z]",
    "' OR '1'='1",
    "'; DROP TABLE articles; --",
    "1); SELECT pg_sleep(10)--",
    "$1",
    "?1",
    "{{7*7}}",
    "../../etc/passwd",
    "true",
    "null",
    "-1",
    "0",
    "1e9",
    "1000000000000000000000",
    "NaN",
    "9999-99-99T99:99:99Z",
    "\u{202e}txet",
    "اختبار",
    "新聞",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "\u{7f}\u{1}\u{fffd}\u{feff}",
];

/// What is no text at all, as it stands in an address.
const BYTES: [&str; 7] = ["%00", "a%00b", "%ff%fe", "%c0%af", "%", "%zz", "%f0%9f"];

/// Numbers that no page has.
const NOT_A_LIMIT: [&str; 8] = ["-1", "0", "101", "1e9", "NaN", "1.5", "0x10", "99999999999999999999"];

/// How many of them each parameter gets that is not made of words.
const A_FEW: usize = 6;

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Everything that is put into a parameter, as it stands in an address.
fn hostile() -> Vec<String> {
    let long = [
        "a".repeat(200),
        "a".repeat(2000),
        "a ".repeat(100),
        "\"a ".repeat(66),
        "a,".repeat(300),
        "é".repeat(200),
        "((((".repeat(50),
    ];
    let texts = TEXTS.iter().map(|text| encoded(text)).chain(long.iter().map(|text| encoded(text)));
    texts.chain(BYTES.iter().map(|bytes| (*bytes).to_owned())).collect()
}

/// The next few of everything hostile each time, round and round: what reads a parameter is the same code for every
/// address, and all of it for each of them would take minutes.
fn a_few(hostile: &mut impl Iterator<Item = String>) -> Vec<String> {
    hostile.take(A_FEW).collect()
}

/// Every address that is read, with the names of its parameters; what stands in braces leads to a story.
fn operations() -> Vec<(String, Vec<String>)> {
    let document = serde_json::to_value(dateline::openapi::document(None)).expect("the document");
    let paths = document["paths"].as_object().expect("addresses");
    let reading = paths.iter().filter(|(_, item)| item.get("get").is_some());
    let operation = |(path, item): (&String, &Value)| {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let named = parameters.filter(|parameter| parameter["in"] == "query");
        (path.clone(), named.filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned())).collect())
    };
    reading.map(operation).collect()
}

/// The address with something in place of everything that stands in braces.
fn filled(path: &str, with: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { with.to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Asks; whatever the answer is, it is not that the server failed.
fn no_fault(client: &Client, address: &str) {
    status(client, address);
}

/// Asks, and gives the status.
fn status(client: &Client, address: &str) -> u16 {
    let reply = client.get(address);
    assert!(reply.status() < 500, "{address}: {} {}", reply.status(), reply.text());
    reply.status()
}

fn newsroom(app: &TestApp) -> [Client; 2] {
    let editor = app.editor();
    for number in 0..3 {
        editor.published(json!({"title": format!("Story {number}"), "slug": format!("story-{number}"),
            "body": "a-b \"foo\" bar", "tags": [{"name": "AND"}]}));
    }
    [app.anonymous(), editor]
}

#[apply(each_database)]
fn s14_s71_t22_t40_whatever_is_asked_the_server_is_not_at_fault(database: Database) {
    let app = TestApp::start(database);
    let callers = newsroom(&app);
    let operations = operations();
    assert!(operations.iter().filter(|(_, parameters)| !parameters.is_empty()).count() >= 8, "{operations:?}");
    let everything = hostile();
    let mut next = everything.iter().cloned().cycle();
    let mut callers = callers.iter().cycle();
    let mut ask = |address: &str| no_fault(callers.next().expect("round and round"), address);
    let raw = app.anonymous().unchecked();
    for (path, parameters) in &operations {
        let address = filled(path, "story-1");
        for parameter in parameters {
            let values = if parameter == "q" { everything.clone() } else { a_few(&mut next) };
            values.iter().for_each(|value| ask(&format!("{address}?{parameter}={value}")));
            ask(&format!("{address}?{parameter}=1&{parameter}=2"));
        }
        for value in a_few(&mut next) {
            no_fault(&raw, &format!("{address}?{value}"));
            no_fault(&raw, &filled(path, &value));
        }
    }
    // It is still the same newsroom.
    assert_eq!(app.anonymous().slugs("/v1/articles").len(), 3);
}

#[apply(each_database)]
fn s72_t41_a_limit_is_a_number_that_a_page_can_have(database: Database) {
    let app = TestApp::start(database);
    let [_, editor] = newsroom(&app);
    let lists: Vec<(String, Vec<String>)> =
        operations().into_iter().filter(|(_, parameters)| parameters.iter().any(|name| name == "limit")).collect();
    assert!(lists.len() >= 6, "{lists:?}");
    for (path, _) in lists {
        let address = filled(&path, "story-1");
        for limit in NOT_A_LIMIT {
            let asked = format!("{address}?limit={}", encoded(limit));
            let status = status(&editor, &asked);
            // What only an admin may see says so first.
            assert!(matches!(status, 400 | 403), "{asked}: {status}");
        }
    }
}

#[apply(each_database)]
fn s02_t41_a_cursor_that_was_touched_is_refused_wherever_it_was_touched(database: Database) {
    let app = TestApp::start(database);
    let [anonymous, _] = newsroom(&app);
    let page = anonymous.get("/v1/articles?limit=1").expect(200).json();
    let cursor = page["next"].as_str().expect("another page");
    anonymous.get(&format!("/v1/articles?limit=1&cursor={cursor}")).expect(200);
    for (place, letter) in cursor.char_indices() {
        let other = if letter == 'A' { 'B' } else { 'A' };
        let touched = format!("{}{other}{}", &cursor[..place], &cursor[place + 1..]);
        let reply = anonymous.get(&format!("/v1/articles?limit=1&cursor={touched}"));
        assert_eq!(reply.status(), 400, "{touched}\n{cursor}\n{}", reply.text());
        anonymous.get(&format!("/v1/articles?limit=1&cursor={}", &cursor[..place])).expect(400);
    }
    // A cursor of one list opens no other one.
    for other in ["/v1/articles?limit=1&sort=title&", "/v1/tags?limit=1&", "/v1/articles?limit=1&tag=and&"] {
        anonymous.get(&format!("{other}cursor={cursor}")).expect(400);
    }
}
