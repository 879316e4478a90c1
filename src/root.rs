//! `/`: where everything is, for whoever has only the address of a server.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Config;
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_root);
}

/// What this is, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
struct Root {
    /// What this is.
    #[schema(example = "Dateline")]
    name: &'static str,
    /// Which version of it; the document of the API says it, too.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The document of the API, for programs.
    #[schema(example = "/openapi.json")]
    openapi: &'static str,
    /// The same as a page, for people, when it is served.
    #[schema(example = "/docs")]
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<&'static str>,
    /// What readers see.
    #[schema(example = "/v1/articles")]
    articles: &'static str,
    /// What readers find.
    #[schema(example = "/v1/search")]
    search: &'static str,
    /// Where editors sign in.
    #[schema(example = "/v1/auth/login")]
    sign_in: &'static str,
    /// Whether it can serve.
    #[schema(example = "/health/ready")]
    health: &'static str,
}

impl Root {
    fn new(docs: bool) -> Root {
        Root {
            name: "Dateline",
            version: env!("CARGO_PKG_VERSION"),
            openapi: "/openapi.json",
            docs: docs.then_some("/docs"),
            articles: "/v1/articles",
            search: "/v1/search",
            sign_in: "/v1/auth/login",
            health: "/health/ready",
        }
    }
}

/// Where is everything?
///
/// The name and version of what runs here, and the addresses to go on from. A browser is led to the page of the API docs,
/// when that is served.
#[utoipa::path(
    operation_id = "get_root", tag = "Operations", path = "/",
    responses(
        (status = 200, description = "Where to go on.", body = Root, example = json!(Root::new(true))),
        (
            status = 303, description = "For whoever asks for HTML: the API docs are at `/docs`.",
            headers(("Location" = String, description = "Where it is."))
        ),
    ),
)]
#[get("/")]
async fn get_root(request: HttpRequest, config: Data<Config>) -> HttpResponse {
    let mut accepted = request.headers().get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    let wants_page = config.docs && accepted.any(|value| value.contains("text/html"));
    let mut answer = if wants_page { HttpResponse::SeeOther() } else { HttpResponse::Ok() };
    answer.insert_header((header::CACHE_CONTROL, "public, no-cache")).insert_header((header::VARY, "accept"));
    match wants_page {
        // Relative, so that it is right behind any proxy.
        true => answer.insert_header((header::LOCATION, "docs")).finish(),
        false => answer.json(Root::new(config.docs)),
    }
}
