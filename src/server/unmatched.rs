//! Answers what no handler does: 404 for an address that does not exist, 405 or the list of methods for one that does.

use std::sync::OnceLock;

use actix_web::dev::ResourceDef;
use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::error::{Error, Result};
use crate::openapi::Document;

/// Every address there is and what it answers, taken from the OpenAPI document, so that there is no second list.
#[derive(Debug)]
pub struct Addresses {
    document: Data<Document>,
    docs: bool,
    known: OnceLock<Vec<(ResourceDef, String)>>,
}

impl Addresses {
    /// The addresses of the document, and the few that describe the document itself.
    pub fn new(document: Data<Document>, docs: bool) -> Addresses {
        Addresses { document, docs, known: OnceLock::new() }
    }

    /// The methods of this address as `Allow` lists them, or `None` when it does not exist.
    fn allow(&self, path: &str) -> Option<&str> {
        let known = self.known.get_or_init(|| self.list());
        known.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, allow)| allow.as_str())
    }

    fn list(&self) -> Vec<(ResourceDef, String)> {
        let of_docs: &[&str] = if self.docs { &["/docs", "/docs/{file}"] } else { &[] };
        // OpenAPI has it that `…/sign-in` is found before `…/{id}`, which would fit, too.
        let mut described: Vec<_> = self.document.addresses().iter().collect();
        described.sort_by_key(|(path, _)| path.matches('{').count());
        let described = described.into_iter().map(|(path, methods)| (ResourceDef::new(path.as_str()), allow(methods)));
        let about_itself = ["/openapi.json"].iter().chain(of_docs);
        let about_itself = about_itself.map(|path| (ResourceDef::new(*path), allow(&[Method::GET])));
        described.chain(about_itself).collect()
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
