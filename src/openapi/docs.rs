//! The page that shows the document, for people. Everything on it comes from this program: no foreign script, style,
//! font or picture.

use std::io::Read;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use flate2::read::GzDecoder;

use crate::error::{Error, Result};
use crate::server::unmatched;

const PAGE: &str = include_str!("docs/index.html");
const STYLE: &str = include_str!("docs/dateline.css");
const SCRIPT: &str = include_str!("docs/dateline.js");

/// What the page may load and call: itself. Swagger UI draws its icons as data: pictures.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The files of Swagger UI that the page uses. Its own start script is not among them: ours takes nothing from the
/// address, so that a link cannot make the page show, and send tokens to, another server.
const SWAGGER_UI: [&str; 3] = ["favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui.css"];

/// The addresses of the page.
pub fn routes(config: &mut web::ServiceConfig) {
    for (address, handler) in [("/docs", web::get().to(page)), ("/docs/", web::get().to(moved))] {
        config.service(web::resource(address).route(handler).default_service(web::to(unmatched::answer)));
    }
    let file = web::resource("/docs/{file}").route(web::get().to(file));
    config.service(file.default_service(web::to(unmatched::answer)));
}

async fn page() -> HttpResponse {
    answer("no-cache").content_type("text/html; charset=utf-8").body(PAGE)
}

/// What many type; relative, so that it is right behind any proxy.
async fn moved() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "../docs")).finish()
}

async fn file(name: Path<String>) -> Result<HttpResponse> {
    match name.as_str() {
        "dateline.css" => Ok(answer("no-cache").content_type("text/css; charset=utf-8").body(STYLE)),
        "dateline.js" => Ok(answer("no-cache").content_type("text/javascript; charset=utf-8").body(SCRIPT)),
        name if SWAGGER_UI.contains(&name) => swagger_ui(name),
        _ => Err(Error::NotFound("address")),
    }
}

fn swagger_ui(name: &str) -> Result<HttpResponse> {
    let unused = Arc::new(utoipa_swagger_ui::Config::new(["/openapi.json"]));
    match utoipa_swagger_ui::serve(name, unused) {
        Ok(Some(file)) => {
            let bytes = if file.gzpipped { unpack(&file.bytes)? } else { file.bytes.into_owned() };
            Ok(answer("public, max-age=86400").content_type(file.content_type).body(bytes))
        }
        Ok(None) => Err(Error::NotFound("address")),
        Err(error) => Err(Error::internal(error)),
    }
}

/// The files are packed inside the program, which is three megabytes smaller for it. They are coded anew for whoever asks,
/// as every other answer is.
fn unpack(packed: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

fn answer(cache_control: &'static str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, cache_control));
    answer
}
