//! The API docs page in a real browser: it shows the API, its requests work, and nothing on it comes from elsewhere.

#[path = "support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use dateline::auth::Role;
use headless_chrome::Browser;
use headless_chrome::browser::tab::Tab;
use headless_chrome::protocol::cdp::types::Event;
use headless_chrome::protocol::cdp::{Network, Page};
use serde_json::json;

use support::chromium::{self, PATIENCE};
use support::{Database, PASSWORD, TestApp};

/// A page, and everything that it asked for or complained of. The browser ends when this is dropped.
struct Visit {
    tab: Arc<Tab>,
    requests: Arc<Mutex<Vec<String>>>,
    complaints: Arc<Mutex<Vec<String>>>,
    _browser: Browser,
}

impl Visit {
    fn begin() -> Option<Visit> {
        let (browser, tab) = chromium::start("The docs page was")?;
        let (requests, complaints) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (asked, said) = (Arc::clone(&requests), Arc::clone(&complaints));
        let listen = move |event: &Event| match event {
            Event::NetworkRequestWillBeSent(event) => asked.lock().unwrap().push(event.params.request.url.clone()),
            Event::NetworkWebSocketCreated(event) => asked.lock().unwrap().push(event.params.url.clone()),
            Event::LogEntryAdded(event) => said.lock().unwrap().push(event.params.entry.text.clone()),
            Event::RuntimeExceptionThrown(event) => said.lock().unwrap().push(format!("{:?}", event.params)),
            _ => {}
        };
        tab.add_event_listener(Arc::new(listen)).expect("a listener");
        let network = Network::Enable {
            max_total_buffer_size: None,
            max_resource_buffer_size: None,
            max_post_data_size: None,
            report_direct_socket_traffic: None,
            enable_durable_messages: None,
        };
        tab.call_method(network).expect("requests are told");
        tab.enable_log().and_then(Tab::enable_runtime).expect("complaints are told");
        Some(Visit { tab, requests, complaints, _browser: browser })
    }

    fn open(&self, address: &str) {
        self.tab.navigate_to(address).and_then(|tab| tab.wait_until_navigated()).expect("the page");
        self.wait_until("document.querySelectorAll('.opblock-tag').length > 0");
    }

    /// Asks a question about the page, in its own language, until the answer is yes.
    fn wait_until(&self, question: &str) {
        let begun = Instant::now();
        loop {
            let answer = self.tab.evaluate(question, false).expect("a script runs");
            if answer.value == Some(json!(true)) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "this did not come true: {question}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks what can be seen, once it can.
    fn click(&self, selector: &str) {
        self.wait_until(&format!(
            "(e => !!e && e.checkVisibility() && !e.disabled && (e.focus(), e.click(), true))(document.querySelector({selector:?}))"
        ));
    }

    /// The texts of everything that fits.
    fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!("JSON.stringify([...document.querySelectorAll({selector:?})].map(e => e.textContent))");
        let value = self.tab.evaluate(&script, false).expect("a script runs").value.expect("a value");
        serde_json::from_str(value.as_str().expect("text")).expect("JSON")
    }

    /// Opens an operation, runs it as it stands there, and gives the status and the body that the page shows.
    fn execute(&self, operation: &str) -> (String, String) {
        let place = format!("#operations-{operation}");
        self.click(&format!("{place} .opblock-summary-control"));
        self.click(&format!("{place} button.execute"));
        let answer = format!("{place} .live-responses-table tbody");
        let begun = Instant::now();
        loop {
            let status = self.texts(&format!("{answer} .response-col_status"));
            let body = self.texts(&format!(
                "{answer} .response-col_description .microlight, {answer} .response-col_description pre"
            ));
            if let (Some(status), false) = (status.first(), body.is_empty()) {
                return (status.clone(), body.concat());
            }
            assert!(begun.elapsed() < PATIENCE, "{operation} shows no answer");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn picture(&self, name: &str) {
        // Only when somebody wants to look.
        let Some(folder) = std::env::var_os("DATELINE_SCREENSHOTS") else { return };
        let picture = self.tab.capture_screenshot(Page::CaptureScreenshotFormatOption::Png, None, None, true);
        std::fs::write(PathBuf::from(folder).join(name), picture.expect("a picture")).expect("a file");
    }
}

#[test]
fn s60_s61_t48_the_docs_page_shows_the_api_runs_requests_and_calls_nobody_else() {
    let Some(visit) = Visit::begin() else { return };
    let app = TestApp::start(Database::Sqlite);
    let editor = app.editor();
    editor.post("/v1/tags", json!({ "name": "KFOR", "kind": "organisation" })).expect(201);
    editor.post("/v1/articles", json!({ "title": "Salt" })).expect(201);
    editor.post("/v1/articles/salt/publish", json!({})).expect(200);
    app.make_account("ana@example.org", Role::Writer);
    let sign_in = json!({ "email": "ana@example.org", "password": PASSWORD });
    let tokens = app.anonymous().post("/v1/auth/login", sign_in).expect(200).json();
    let home = format!("http://{}/", app.address());

    visit.open(&format!("{home}docs"));
    let chapters = visit.texts(".opblock-tag > a, .opblock-tag > span");
    let expected = ["Articles", "Revisions", "Preview links", "Authors", "Sources", "Tags"];
    assert!(expected.iter().zip(&chapters).all(|(expected, shown)| shown == expected), "{chapters:?}");
    visit.picture("docs.png");

    // As it stands there, so nothing may be filled in that hides what is there.
    let (status, body) = visit.execute("Articles-list_articles");
    assert!(status.starts_with("200") && body.contains("Salt"), "{status} {body}");
    let (status, body) = visit.execute("Tags-list_tags");
    assert!(status.starts_with("200") && body.contains("KFOR"), "{status} {body}");
    visit.picture("docs-answer.png");

    visit.click(".btn.authorize");
    visit.click(".auth-container input");
    visit.tab.send_character(tokens["access_token"].as_str().unwrap()).expect("the token is pasted");
    visit.picture("docs-authorize.png");
    visit.click(".auth-btn-wrapper button.authorize");
    visit.click(".auth-btn-wrapper .btn-done");
    let (status, body) = visit.execute("Sign-in-get_me");
    assert!(status.starts_with("200") && body.contains("ana@example.org"), "{status} {body}");

    // A link must not make the page show, and send tokens to, another server.
    let elsewhere = "https://elsewhere.invalid";
    visit.open(&format!(
        "{home}docs?url={elsewhere}/a.json&configUrl={elsewhere}/b.json&urls.primaryName=c&oauth2RedirectUrl={elsewhere}"
    ));
    assert_eq!(visit.texts(".opblock-tag > a, .opblock-tag > span"), chapters);

    let requests = visit.requests.lock().unwrap().clone();
    assert!(requests.iter().any(|url| url.starts_with(&format!("{home}v1/tags"))), "{requests:?}");
    assert!(requests.contains(&format!("{home}v1/auth/me")), "{requests:?}");
    let foreign = requests.iter().filter(|url| !url.starts_with(&home) && !url.starts_with("data:"));
    assert_eq!(foreign.collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(*visit.complaints.lock().unwrap(), Vec::<String>::new());
}
