//! Answers what no handler does: 404 for an address that does not exist, 405 or the list of methods for one that does.

use actix_web::dev::ResourceDef;
use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;

use crate::error::{Error, Result};
use crate::openapi;

/// Every address there is and what it answers, taken from the OpenAPI document, so that there is no second list.
#[derive(Debug)]
pub struct Addresses {
    known: Vec<(ResourceDef, String)>,
}

impl Addresses {
    /// The addresses of the document, and the few that describe the document itself.
    pub fn new(document: &OpenApi, docs: bool) -> Addresses {
        let about_itself: &[&str] = if docs { &["/openapi.json", "/docs", "/docs/{file}"] } else { &["/openapi.json"] };
        let described = document.paths.paths.iter().map(|(path, item)| {
            let methods: Vec<Method> = openapi::operations(item).map(|(method, _)| method).collect();
            (ResourceDef::new(path.as_str()), allow(&methods))
        });
        let about_itself = about_itself.iter().map(|path| (ResourceDef::new(*path), allow(&[Method::GET])));
        Addresses { known: described.chain(about_itself).collect() }
    }

    /// The methods of this address as `Allow` lists them, or `None` when it does not exist.
    fn allow(&self, path: &str) -> Option<&str> {
        self.known.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, allow)| allow.as_str())
    }
}

fn allow(methods: &[Method]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    names.join(", ")
}

/// The last handler.
pub async fn answer(request: HttpRequest, addresses: Data<Addresses>) -> Result<HttpResponse> {
    match addresses.allow(request.match_info().as_str()) {
        None => Err(Error::NotFound("address")),
        Some(allow) if request.method() == Method::OPTIONS => {
            Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish())
        }
        Some(allow) => Err(Error::MethodNotAllowed(allow.to_owned())),
    }
}
