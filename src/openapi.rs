//! The OpenAPI document: what the rooms say about themselves, completed by rules, and where it is served.

pub mod docs;
mod problems;
mod rules;

use std::sync::OnceLock;

use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::{Tag, TagBuilder};
use utoipa::openapi::{Components, Info, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, ServerBuilder};
use utoipa_actix_web::AppExt;

use crate::http::etag;
use crate::http::service_config::ServiceConfig;
use crate::routes;
use crate::server::unmatched;

/// What front-end developers read first; Markdown.
const DESCRIPTION: &str = include_str!("openapi/description.md");

/// The chapters, in reading order.
const TAGS: [(&str, &str); 11] = [
    ("Articles", "Stories: what readers see, and what editors work on. Publish, schedule, correct, unpublish."),
    ("Revisions", "Everything that was ever saved of an article: who, when, what changed, and the way back."),
    ("Preview links", "Addresses that show one working copy to somebody without an account."),
    ("Authors", "Public profiles of those who write. They are not accounts; those are under Users."),
    ("Sources", "Where stories come from: agencies, outlets, institutions, and how they want to be credited."),
    ("Tags", "Topics, sections, people, organisations, places and events that stories are filed under."),
    ("Log", "Every committed change: who did what to what, and when."),
    ("Sign-in", "Tokens for editors and for programs."),
    ("API tokens", "For scripts and front ends: a part of what you may do, until it expires or is revoked."),
    ("Users", "Accounts and their roles."),
    ("Operations", "For those who run the server."),
];

/// The document of a server, made when somebody first asks for it or misses an address: a server starts and idles without.
#[derive(Debug)]
pub struct Document {
    server: Option<String>,
    written: OnceLock<Written>,
}

/// The document, ready to be sent, and what has to be known of it otherwise.
#[derive(Debug)]
struct Written {
    json: Bytes,
    tag: String,
    addresses: Vec<(String, Vec<Method>)>,
}

impl Document {
    /// `server` as for [`document`].
    pub fn new(server: Option<String>) -> Document {
        Document { server, written: OnceLock::new() }
    }

    /// Every address of the API, as a pattern, with its methods.
    pub fn addresses(&self) -> &[(String, Vec<Method>)] {
        &self.written().addresses
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(|| {
            let document = document(self.server.as_deref());
            let methods = |item| operations(item).map(|(method, _)| method).collect();
            let addresses = document.paths.paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect();
            let json = document.to_json().unwrap_or_default();
            Written { tag: etag::of(None, json.as_bytes()), json: json.into(), addresses }
        })
    }
}

/// The whole document. `server` is the address that the outside world uses; without one, addresses are relative to
/// wherever the document was found.
pub fn document(server: Option<&str>) -> OpenApi {
    let frame = OpenApiBuilder::new()
        .info(info())
        .servers(Some([ServerBuilder::new().url(server.unwrap_or("/")).build()]))
        .tags(Some(TAGS.map(chapter)))
        .components(Some(components()))
        .build();
    let app = actix_web::App::new().into_utoipa_app().openapi(frame);
    let rooms = app.configure(|config| routes::routes(&mut ServiceConfig::Describing(config)));
    let (_, mut document) = rooms.split_for_parts();
    rules::complete(&mut document);
    document
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Dateline API")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new().name(env!("CARGO_PKG_LICENSE")).identifier(Some(env!("CARGO_PKG_LICENSE"))).build(),
        ))
        .build()
}

fn chapter((name, description): (&str, &str)) -> Tag {
    TagBuilder::new().name(name).description(Some(description)).build()
}

fn components() -> Components {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The access token from POST /v1/auth/login, or an API token from POST /v1/tokens."))
        .build();
    let mut components = Components::new();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components
}

/// The operations of an address, in the order in which they are listed everywhere.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let all = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// The same, to be changed.
fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [
        (Method::GET, &mut item.get),
        (Method::POST, &mut item.post),
        (Method::PUT, &mut item.put),
        (Method::PATCH, &mut item.patch),
        (Method::DELETE, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Where the document is served.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/openapi.json").route(web::get().to(serve)).default_service(web::to(unmatched::answer)),
    );
}

/// Any page may read it, also when only some may call the API: it holds no secret, and tools fetch it from everywhere.
async fn serve(request: HttpRequest, document: Data<Document>) -> HttpResponse {
    let written = document.written();
    let known = etag::already_has(request.headers(), &written.tag);
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::ETAG, written.tag.as_str()))
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    if known {
        return answer.finish();
    }
    answer.content_type("application/json").body(written.json.clone())
}
