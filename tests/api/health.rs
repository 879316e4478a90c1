//! `/health` and `/metrics`.

use std::time::Duration;

use rstest_reuse::apply;

use crate::support::{Database, TestApp, each_database};

#[apply(each_database)]
fn a_healthy_server_is_live_and_ready(database: Database) {
    let app = TestApp::start(database);
    assert_eq!(app.anonymous().get("/health/live").expect(200).json()["state"], "live");
    assert_eq!(app.anonymous().get("/health/ready").expect(200).json()["state"], "ready");
}

#[apply(each_database)]
fn metrics_count_answers_by_class_and_seconds_by_the_clock(database: Database) {
    let app = TestApp::start(database);
    app.anonymous().get("/nowhere").expect(404);
    app.clock().advance(Duration::from_secs(90));
    let metrics = app.anonymous().get("/metrics").expect(200);
    let lines: Vec<String> = metrics.text().lines().map(str::to_owned).collect();
    for line in ["dateline_requests_total{status=\"4xx\"} 1", "dateline_uptime_seconds 90", "dateline_ready 1"] {
        assert!(lines.iter().any(|given| given == line), "{line} is not in\n{}", metrics.text());
    }
    assert_eq!(metrics.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
}
