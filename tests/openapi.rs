//! The document itself: complete, current, and usable by tools.

use std::collections::HashSet;
use std::fs;

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(dateline::openapi::document(None)).unwrap()
}

/// Every operation with its address and method.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap();
        item.iter().map(|(method, operation)| (format!("{method} {path}"), operation.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

#[test]
fn the_committed_file_is_current() {
    let kept = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json")).unwrap();
    let current = dateline::openapi::document(None).to_pretty_json().unwrap();
    assert!(kept.trim_end() == current, "it is stale. Run: cargo run -- openapi --out openapi/openapi.json");
}

#[test]
fn every_operation_has_a_name_of_its_own_a_chapter_and_a_summary() {
    let document = document();
    let chapters: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut names = HashSet::new();
    for (place, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(names.insert(name.clone()), "{place}: another operation is called {name}");
        let tags = operation["tags"].as_array().unwrap();
        assert!(tags.len() == 1 && chapters.contains(&&tags[0]), "{place}: {tags:?}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{place} has no summary");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn visit(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
                }
                members.values().for_each(|member| visit(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| visit(item, document)),
            _ => {}
        }
    }
    let document = document();
    visit(&document, &document);
}

#[test]
fn every_operation_and_every_parameter_says_what_it_is() {
    for (place, operation) in operations(&document()) {
        let description = operation["description"].as_str().unwrap_or_default();
        assert!(!description.is_empty(), "{place} has no description");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = &parameter["name"];
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{place}: {name}");
        }
    }
}

#[test]
fn every_example_is_what_its_schema_allows() {
    let document = document();
    let mut checked = 0;
    for (place, operation) in operations(&document) {
        let bodies = operation["responses"].as_object().into_iter().flat_map(|responses| responses.values());
        for body in bodies.chain([&operation["requestBody"]]) {
            for content in body["content"].as_object().into_iter().flat_map(|content| content.values()) {
                let one = content.get("example");
                let several = content["examples"].as_object().into_iter().flat_map(|examples| examples.values());
                for example in one.into_iter().chain(several.filter_map(|example| example.get("value"))) {
                    check_example(&place, example, &content["schema"], &document);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 40, "only {checked} examples were found");
}

fn check_example(place: &str, example: &Value, schema: &Value, document: &Value) {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&root).unwrap_or_else(|error| panic!("{place}: {error}"));
    let faults: Vec<String> = validator.iter_errors(example).map(|error| format!("{error}")).collect();
    assert!(faults.is_empty(), "{place}: {faults:?}\n{example:#}");
}

#[test]
fn every_success_with_a_body_has_an_example() {
    for (place, operation) in operations(&document()) {
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            for content in response["content"].as_object().into_iter().flat_map(|content| content.values()) {
                let shown = content.get("example").is_some() || content.get("examples").is_some();
                assert!(!status.starts_with('2') || shown, "{place}: {status} has no example");
            }
        }
    }
}
