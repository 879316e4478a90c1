//! A real browser.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use headless_chrome::browser::tab::Tab;
use headless_chrome::{Browser, LaunchOptions};

/// Longest that anything in the browser may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What Chromium is started with beyond what the library says: nothing that calls home.
const ARGUMENTS: [&str; 7] = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
];

/// Chromium with an empty page; it ends when the first of the two is dropped. `None`, said loudly, where there is none: then
/// this was not tested.
pub fn start(what: &str) -> Option<(Browser, Arc<Tab>)> {
    let Some(program) = program() else {
        complain(what);
        return None;
    };
    let options = LaunchOptions {
        path: Some(program),
        sandbox: false,
        window_size: Some((1280, 1600)),
        args: ARGUMENTS.iter().map(OsStr::new).collect(),
        idle_browser_timeout: PATIENCE * 2,
        ..LaunchOptions::default()
    };
    let browser = Browser::new(options).expect("Chromium starts");
    let tab = browser.new_tab().expect("a tab");
    tab.set_default_timeout(PATIENCE);
    Some((browser, tab))
}

fn program() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let all = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|path| path.is_file())
}

/// Past the test harness, which swallows what passing tests print.
fn complain(what: &str) {
    assert!(std::env::var("TEST_REQUIRE_CHROMIUM").as_deref() != Ok("1"), "Chromium is required and not there");
    let text = format!(
        "\n*** {what} NOT tested in a browser: there is no Chromium in PATH.\n\
         *** Install it; TEST_REQUIRE_CHROMIUM=1 makes this an error.\n\n"
    );
    let _ = io::stderr().write_all(text.as_bytes());
}
