//! What holds for many operations is said here once, as a rule, so that no handler repeats it and none forgets it.

use std::collections::BTreeSet;

use actix_web::http::{Method, StatusCode};
use serde_json::to_value;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Required};

use super::operations_mut;
use super::problems::{Facts, RULES, Rule};
use crate::error::Problem;

/// Headers that answers carry: name, what they say, an example.
const HEADERS: [(&str, &str, &str); 8] = [
    (
        "X-Request-Id",
        "Names this request in the log; yours, when you sent one.",
        "01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10",
    ),
    (
        "ETag",
        "The version of what you got. Send it in `If-None-Match` to get 304, in `If-Match` to change it.",
        "\"7-kR2vXy0aQ1\"",
    ),
    ("Link", "The next page, when there is one (RFC 8288).", "</v1/articles?cursor=…>; rel=\"next\""),
    ("Location", "Where it is.", "/v1/tags/01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10"),
    (
        "RateLimit",
        "What is left of a limit, by its name: `r` requests, and after `t` seconds all of it again.",
        "\"callers\";r=0;t=30",
    ),
    ("RateLimit-Policy", "The limit, by its name: `q` requests in `w` seconds.", "\"callers\";q=6000;w=60"),
    ("Retry-After", "Seconds to wait.", "1"),
    ("WWW-Authenticate", "How to sign in.", "Bearer"),
];

/// Adds to the document what follows from the rules. What a handler said itself stays as it is.
pub fn complete(document: &mut OpenApi) {
    let mut used = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations_mut(item) {
            let facts = facts(path, method, operation);
            let of_api = facts.path.starts_with("/v1/");
            let is_list = facts.has("cursor");
            let reads = facts.method == Method::GET;
            // What is sent as it is read has no tag: nobody knows the end of it.
            let is_whole = !is_stream(operation);
            // Accounts, roles and tokens have no slugs; everything else that is read by one answers a former one with the
            // present one.
            let by_slug = ["/{id}", "/{id}/history", "/{id}/proof", "/{id}/related", "/{id}/articles"]
                .iter()
                .any(|end| facts.path.ends_with(end));
            let has_slug = !["/v1/users/", "/v1/roles/", "/v1/tokens/"].iter().any(|room| facts.path.starts_with(room));
            let leads_on = reads && of_api && by_slug && has_slug;
            let needs_version = facts.needs_version();
            let problems: Vec<&Rule> = RULES.iter().filter(|rule| (rule.applies)(&facts)).collect();
            for rule in problems {
                used.insert(rule.name);
                let status = (rule.example)().problem(String::new()).status.to_string();
                operation.responses.responses.entry(status).or_insert_with(|| component("responses", rule.name));
            }
            if needs_version {
                require_version(operation);
            }
            if of_api && reads && is_whole {
                let not_modified = component("responses", "NotModified");
                operation.responses.responses.entry("304".to_owned()).or_insert(not_modified);
            }
            if leads_on {
                operation
                    .responses
                    .responses
                    .entry("301".to_owned())
                    .or_insert_with(|| component("responses", "Moved"));
            }
            describe_answers(operation, is_list);
            describe_headers(operation, of_api && is_whole, is_list && is_whole);
            // Said, and not left open: nobody has to sign in here.
            operation.security.get_or_insert_default();
        }
    }
    let components = document.components.get_or_insert_with(Components::new);
    add_components(components, &used);
}

fn facts<'a>(path: &'a str, method: Method, operation: &'a Operation) -> Facts<'a> {
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(Parameter { name, .. }) => Some(name.as_str()),
        RefOr::Ref(_) => None,
    });
    Facts {
        path,
        method,
        parameters: parameters.collect(),
        has_body: operation.request_body.is_some(),
        is_guarded: operation.security.as_ref().is_some_and(|security| !security.is_empty()),
    }
}

/// Whether an operation answers line by line.
fn is_stream(operation: &Operation) -> bool {
    matches!(operation.responses.responses.get("200"), Some(RefOr::T(response))
        if response.content.contains_key("application/x-ndjson"))
}

/// Marks `If-Match` as required.
fn require_version(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == "If-Match"
        {
            parameter.required = Required::True;
        }
    }
}

/// Says what an answer is where the handler did not; the specification wants every one described.
fn describe_answers(operation: &mut Operation, is_list: bool) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = match (status.as_str(), is_list) {
                ("200", true) => "One page.",
                ("201", _) => "Made. `Location` says where it is.",
                ("204", _) => "Done.",
                _ => "As it is now.",
            }
            .to_owned();
        }
    }
}

/// Adds to the answers that a handler described the headers that they carry.
fn describe_headers(operation: &mut Operation, of_api: bool, is_list: bool) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let mut names = vec!["X-Request-Id"];
        if status == "201" || status == "301" {
            names.push("Location");
        }
        if of_api && matches!(status.as_str(), "200" | "201") {
            names.push("ETag");
        }
        if is_list && status == "200" {
            names.push("Link");
        }
        for name in names {
            response.headers.entry(name.to_owned()).or_insert_with(|| component("headers", name));
        }
    }
}

fn add_components(components: &mut Components, used: &BTreeSet<&str>) {
    for (name, description, example) in HEADERS {
        components.headers.insert(name.to_owned(), RefOr::T(header(description, example)));
    }
    let mut schemas = vec![(Problem::name().into_owned(), <Problem as utoipa::PartialSchema>::schema())];
    <Problem as ToSchema>::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for rule in RULES.iter().filter(|rule| used.contains(rule.name)) {
        components.responses.insert(rule.name.to_owned(), RefOr::T(problem(rule)));
    }
    let mut not_modified = Response::new("What you have is current; there is no body.");
    for name in ["ETag", "X-Request-Id"] {
        not_modified.headers.insert(name.to_owned(), component("headers", name));
    }
    components.responses.insert("NotModified".to_owned(), RefOr::T(not_modified));
    let mut moved = Response::new("This was a former slug; the answer names the present address.");
    for name in ["Location", "X-Request-Id"] {
        moved.headers.insert(name.to_owned(), component("headers", name));
    }
    let location = ObjectBuilder::new().property("location", ObjectBuilder::new().schema_type(Type::String));
    let example = serde_json::json!({ "location": "/v1/tags/kosovo" });
    let content = ContentBuilder::new().schema(Some(location.required("location"))).example(Some(example)).build();
    moved.content.insert("application/json".to_owned(), RefOr::T(content));
    components.responses.insert("Moved".to_owned(), RefOr::T(moved));
}

/// A problem as the document shows it: described, with the headers that belong to it, and an example made by the code
/// that makes the real ones.
fn problem(rule: &Rule) -> Response {
    let problem = (rule.example)().problem("01997b2e-8f5a-7c3e-9d41-3f6c2f0e9a10".to_owned());
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(Problem::name())))
        .example(to_value(&problem).ok())
        .build();
    let mut response =
        ResponseBuilder::new().description(rule.description).content("application/problem+json", content).build();
    let special: &[&str] = match StatusCode::from_u16(problem.status) {
        Ok(StatusCode::UNAUTHORIZED) => &["WWW-Authenticate"],
        Ok(StatusCode::PRECONDITION_FAILED) => &["ETag"],
        Ok(StatusCode::TOO_MANY_REQUESTS) => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        Ok(StatusCode::SERVICE_UNAVAILABLE) => &["Retry-After"],
        _ => &[],
    };
    for name in ["X-Request-Id"].iter().chain(special).copied() {
        response.headers.insert(name.to_owned(), component("headers", name));
    }
    response
}

fn header(description: &str, example: &str) -> Header {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    HeaderBuilder::new().schema(Some(text)).description(Some(description)).example(Some(example.into())).build()
}

fn component<T>(kind: &str, name: &str) -> RefOr<T> {
    RefOr::Ref(Ref::new(format!("#/components/{kind}/{name}")))
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpResponse, patch, post};
    use utoipa::OpenApi as _;

    use super::*;

    #[utoipa::path(params(("id" = String, Path), ("If-Match" = String, Header)), request_body = String, security(("bearer" = [])),
        responses((status = 200, description = "Changed."), (status = 404, description = "As the handler says.")))]
    #[patch("/v1/articles/{id}")]
    async fn change() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[utoipa::path(request_body = String, responses((status = 201, description = "Signed in.")))]
    #[post("/v1/auth/login")]
    async fn login() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    #[derive(utoipa::OpenApi)]
    #[openapi(paths(change, login))]
    struct Api;

    fn statuses(operation: &Operation) -> Vec<&str> {
        operation.responses.responses.keys().map(String::as_str).collect()
    }

    #[test]
    fn an_operation_gets_the_problems_that_follow_from_what_it_is() {
        let mut document = Api::openapi();
        complete(&mut document);
        let changing = document.paths.paths["/v1/articles/{id}"].patch.as_ref().unwrap();
        let all =
            ["200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "500", "503", "504"];
        assert_eq!(statuses(changing), all);
        assert!(matches!(changing.responses.responses["404"], RefOr::T(_)), "what the handler said stays");
        let signing_in = document.paths.paths["/v1/auth/login"].post.as_ref().unwrap();
        assert_eq!(statuses(signing_in), ["201", "400", "401", "413", "415", "422", "429", "500", "503", "504"]);
    }
}
