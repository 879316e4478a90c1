//! Holds every answer of the suite against the OpenAPI document, so that the document cannot drift from the truth.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::client::Reply;

/// Addresses that are about the document and therefore not in it.
const OUTSIDE: [&str; 2] = ["/docs", "/openapi.json"];

/// The document, and a validator for each schema that was needed so far.
struct Contract {
    document: Value,
    components: Value,
    /// The same without what only `fields` may leave of an article.
    components_whole: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Whether an article may lack members: only when `fields` was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whole {
    Only,
    OrPart,
}

/// Panics with what is wrong when the document does not allow this answer.
#[track_caller]
pub fn check(method: &str, path: &str, reply: &Reply) {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    let contract = CONTRACT.get_or_init(Contract::new);
    if let Err(fault) = contract.check(method, path, reply) {
        panic!(
            "{method} {path} answered {}, which openapi.json does not allow: {fault}\n{}",
            reply.status(),
            reply.text()
        );
    }
}

impl Contract {
    fn new() -> Contract {
        let document = serde_json::to_value(dateline::openapi::document(None)).expect("the document as JSON");
        let mut components = document["components"].clone();
        close_all(&mut components);
        let mut components_whole = components.clone();
        let views = components_whole["schemas"]["ArticleView"]["anyOf"].as_array_mut().expect("several views");
        views.retain(|view| view["$ref"] != "#/components/schemas/ArticlePart");
        assert_eq!(views.len(), 2, "one view is the part");
        Contract { document, components, components_whole, validators: Mutex::default() }
    }

    fn check(&self, method: &str, path: &str, reply: &Reply) -> Result<(), String> {
        let address = path.split('?').next().unwrap_or(path);
        let outside = OUTSIDE.iter().any(|known| address == *known || address.starts_with(&format!("{known}/")));
        if outside || method == "OPTIONS" {
            return Ok(());
        }
        let operation = if method == "HEAD" { "get" } else { &method.to_ascii_lowercase() };
        match self.operation(address, operation) {
            Some(operation) if method == "HEAD" => self.check_described(&operation["responses"], reply, None),
            Some(operation) => {
                let whole = if path.contains("fields=") { Whole::OrPart } else { Whole::Only };
                self.check_described(&operation["responses"], reply, Some(whole))
            }
            // An address or a method that does not exist is not described; that it says so is.
            None if matches!(reply.status(), 401 | 404 | 405) => {
                let schema = json!({ "$ref": "#/components/schemas/Problem" });
                if method == "HEAD" { Ok(()) } else { self.check_body(&schema, reply, Whole::Only) }
            }
            None => Err("there is no such operation".to_owned()),
        }
    }

    /// The operation with the most specific address that fits.
    fn operation(&self, address: &str, method: &str) -> Option<&Value> {
        let fits = |template: &str| {
            let (template, address) = (template.split('/'), address.split('/'));
            template.clone().count() == address.clone().count()
                && template.zip(address).all(|(one, other)| one == other || (one.starts_with('{') && !other.is_empty()))
        };
        let paths = self.document["paths"].as_object()?;
        let fitting = paths.iter().filter(|(template, item)| fits(template) && item.get(method).is_some());
        fitting.min_by_key(|(template, _)| template.matches('{').count()).map(|(_, item)| &item[method])
    }

    fn check_described(&self, responses: &Value, reply: &Reply, whole: Option<Whole>) -> Result<(), String> {
        let response = responses.get(reply.status().to_string()).ok_or("this status is not described")?;
        let response = self.resolve(response);
        let Some(whole) = whole else {
            return if reply.bytes().is_empty() { Ok(()) } else { Err("HEAD has no body".to_owned()) };
        };
        let Some(content) = response.get("content").and_then(Value::as_object) else {
            return if reply.bytes().is_empty() { Ok(()) } else { Err("a body, and none is described".to_owned()) };
        };
        let sent = reply.header("Content-Type").unwrap_or_default();
        let sent = sent.split(';').next().unwrap_or_default().trim();
        let media = content.get(sent).ok_or(format!("Content-Type {sent:?} is not described"))?;
        match media.get("schema") {
            Some(schema) if sent == "application/x-ndjson" => self.check_lines(schema, reply, whole),
            Some(schema) if sent.ends_with("json") => self.check_body(schema, reply, whole),
            _ => Ok(()),
        }
    }

    /// Holds every line against the schema.
    fn check_lines(&self, schema: &Value, reply: &Reply, whole: Whole) -> Result<(), String> {
        reply.bytes().split_inclusive(|byte| *byte == b'\n').try_for_each(|line| self.check_json(schema, line, whole))
    }

    fn check_body(&self, schema: &Value, reply: &Reply, whole: Whole) -> Result<(), String> {
        self.check_json(schema, reply.bytes(), whole)
    }

    fn check_json(&self, schema: &Value, bytes: &[u8], whole: Whole) -> Result<(), String> {
        let body: Value = serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
        let validator = self.validator(schema, whole);
        let faults: Vec<String> =
            validator.iter_errors(&body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
    }

    fn validator(&self, schema: &Value, whole: Whole) -> Arc<Validator> {
        let name = format!("{whole:?} {schema}");
        let components = if whole == Whole::Only { &self.components_whole } else { &self.components };
        let mut validators = self.validators.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let compile = || {
            let mut schema = schema.clone();
            close(&mut schema);
            let whole = json!({ "allOf": [schema], "components": components });
            let built = jsonschema::draft202012::options().should_validate_formats(true).build(&whole);
            Arc::new(built.unwrap_or_else(|error| panic!("the schema {name} is not valid: {error}")))
        };
        validators.entry(name.clone()).or_insert_with(compile).clone()
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap_or(value),
            None => value,
        }
    }
}

/// Closes every object of the components: a member that the document does not name is a fault. Parts of an `allOf` stay
/// open, because each of them sees the members of the others; the whole is closed instead.
fn close_all(components: &mut Value) {
    let mut parts = HashSet::new();
    collect_parts(components, &mut parts);
    if let Some(schemas) = components["schemas"].as_object_mut() {
        for (name, schema) in schemas {
            if !parts.contains(&format!("#/components/schemas/{name}")) {
                close(schema);
            }
        }
    }
}

fn collect_parts(value: &Value, parts: &mut HashSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(all) = members.get("allOf").and_then(Value::as_array).filter(|all| all.len() > 1) {
                parts.extend(all.iter().filter_map(|part| part["$ref"].as_str()).map(str::to_owned));
            }
            members.values().for_each(|member| collect_parts(member, parts));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_parts(item, parts)),
        _ => {}
    }
}

fn close(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("allOf").and_then(Value::as_array).is_some_and(|all| all.len() > 1) {
                members.entry("unevaluatedProperties").or_insert(Value::Bool(false));
                return;
            }
            if is_closable(members) {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn is_closable(schema: &Map<String, Value>) -> bool {
    schema.get("properties").is_some_and(Value::is_object)
        && schema.contains_key("type")
        && !schema.contains_key("additionalProperties")
}
