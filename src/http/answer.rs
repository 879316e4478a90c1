//! Writes answers: JSON, entity tag, 304, cache headers, the same for every room.

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use super::cache::Freshness;
use super::etag;
use super::page::List;
use super::projection::{Projected, Projection};
use super::sharing::Sharing;
use crate::clock::Clock;
use crate::error::Error;

/// Who an answer may be shown to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anybody: caches may keep it and must ask whether it is still current.
    Everyone,
    /// Anybody, and it changes only when something is withdrawn: whoever has it may keep it for ever (RFC 8246), and
    /// shared caches ask every minute, so that nobody gets it from them any more.
    Forever,
    /// This caller only: nobody may keep it.
    Caller,
}

impl Audience {
    fn cache_control(self) -> HeaderValue {
        match self {
            Audience::Everyone => HeaderValue::from_static("public, no-cache"),
            Audience::Forever => HeaderValue::from_static("public, max-age=31536000, immutable, s-maxage=60"),
            Audience::Caller => HeaderValue::from_static("private, no-store"),
        }
    }
}

/// Stands in the extensions of a request whose answer is kept: the whole of it is wanted, whatever the caller has.
#[derive(Debug, Clone, Copy)]
pub struct WholeAnswer;

/// A successful answer.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    audience: Audience,
    body: Result<Vec<u8>, String>,
    is_list: bool,
    version: Option<i32>,
    location: Option<String>,
    next: Option<String>,
    replayed: bool,
    freshness: Option<Freshness>,
}

/// Finished JSON, which is sent as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(Vec<u8>);

impl Json {
    /// Takes bytes that are JSON.
    pub fn finished(bytes: Vec<u8>) -> Json {
        Json(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What has to be kept of an answer to a write, to give it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The status.
    pub status: u16,
    /// The JSON.
    pub body: String,
    /// The version in the entity tag.
    pub version: Option<i32>,
    /// Where the thing is.
    pub location: Option<String>,
}

impl Answer {
    /// 200 with one thing.
    pub fn one(value: &impl Serialize, audience: Audience) -> Answer {
        Answer {
            status: StatusCode::OK,
            audience,
            body: serde_json::to_vec(value).map_err(|error| error.to_string()),
            is_list: false,
            version: None,
            location: None,
            next: None,
            replayed: false,
            freshness: None,
        }
    }

    /// 200 with one page of a list, and a `Link` to the next one.
    pub fn list<T: Serialize>(list: &List<T>, audience: Audience) -> Answer {
        Answer { is_list: true, next: list.next.clone(), ..Answer::one(list, audience) }
    }

    /// The same with only those members that were asked for: of the thing, or of each row of the list.
    ///
    /// Errors: [`Error::Internal`] when there is nothing that could be sent.
    pub fn projected<T: Projected>(self, fields: Option<&Projection<T>>) -> crate::error::Result<Answer> {
        let Some(fields) = fields else { return Ok(self) };
        let whole = self.body.map_err(Error::Internal)?;
        let body = if self.is_list { fields.list(&whole)? } else { fields.one(&whole)? };
        Ok(Answer { body: Ok(body), ..self })
    }

    /// 200 with one thing that is finished already.
    pub fn finished(json: Json, audience: Audience) -> Answer {
        Answer { body: Ok(json.0), ..Answer::one(&(), audience) }
    }

    /// 200 with one page of things that are finished already.
    pub fn finished_list<'a>(
        data: impl IntoIterator<Item = &'a Json>,
        (next, total): (Option<String>, Option<i64>),
        audience: Audience,
    ) -> Answer {
        #[derive(Serialize)]
        struct Rest<'a> {
            next: &'a Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            total: Option<i64>,
        }
        let rest = serde_json::to_string(&Rest { next: &next, total }).unwrap_or_default();
        let mut body = b"{\"data\":[".to_vec();
        for (index, json) in data.into_iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(json.as_bytes());
        }
        body.extend_from_slice(b"],");
        body.extend_from_slice(rest.trim_start_matches('{').as_bytes());
        Answer { is_list: true, next, ..Answer::finished(Json(body), audience) }
    }

    /// 201 with the thing that was made, and where it is.
    pub fn created(value: &impl Serialize, location: String) -> Answer {
        Answer { status: StatusCode::CREATED, location: Some(location), ..Answer::one(value, Audience::Caller) }
    }

    /// 202 with what it takes to go on.
    pub fn halfway(value: &impl Serialize) -> Answer {
        Answer { status: StatusCode::ACCEPTED, ..Answer::one(value, Audience::Caller) }
    }

    /// The cursor that the `Link` to the next page carries, for what is a page and more.
    pub fn next(self, next: Option<String>) -> Answer {
        Answer { next, ..self }
    }

    /// The version that the entity tag carries, for `If-Match`.
    pub fn version(self, version: i32) -> Answer {
        Answer { version: Some(version), ..self }
    }

    /// What it was made from, so that it can be kept and given to everybody who asks the same; `None` for what is made
    /// anew each time.
    pub fn fresh(self, freshness: impl Into<Option<Freshness>>) -> Answer {
        Answer { freshness: freshness.into(), ..self }
    }

    /// What has to be kept of this answer, to give it again.
    ///
    /// Errors: [`Error::Internal`] when there is nothing that could be sent.
    pub fn keep(&self) -> crate::error::Result<Kept> {
        let body = self.body.clone().map_err(Error::Internal)?;
        Ok(Kept {
            status: self.status.as_u16(),
            body: String::from_utf8(body).map_err(Error::internal)?,
            version: self.version,
            location: self.location.clone(),
        })
    }

    /// An answer that was given before, marked with `Idempotent-Replayed`.
    pub fn again(kept: Kept) -> Answer {
        Answer {
            status: StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK),
            audience: Audience::Caller,
            body: Ok(kept.body.into_bytes()),
            is_list: false,
            version: kept.version,
            location: kept.location,
            next: None,
            replayed: true,
            freshness: None,
        }
    }

    /// 202: noted, to be done later; nothing to say.
    pub fn later() -> HttpResponse {
        HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, Audience::Caller.cache_control())).finish()
    }

    /// 204: done, nothing to say.
    pub fn nothing() -> HttpResponse {
        HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, Audience::Caller.cache_control())).finish()
    }

    /// 301 to where a renamed resource lives now, with whatever else was asked; never for ever, because it may be renamed
    /// again.
    pub fn moved(location: String, audience: Audience) -> Answer {
        let audience = if audience == Audience::Forever { Audience::Everyone } else { audience };
        Answer { status: StatusCode::MOVED_PERMANENTLY, location: Some(location), ..Answer::one(&(), audience) }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let answer = if self.status == StatusCode::MOVED_PERMANENTLY { self.asking_the_same(request) } else { self };
        answer.write(request)
    }
}

impl Answer {
    /// A redirect that keeps the query.
    fn asking_the_same(self, request: &HttpRequest) -> Answer {
        let location = self.location.unwrap_or_default();
        let query = Some(request.query_string()).filter(|query| !query.is_empty() && query.is_ascii());
        let location = query.map_or(location.clone(), |query| format!("{location}?{query}"));
        let body = serde_json::to_vec(&serde_json::json!({ "location": location })).map_err(|error| error.to_string());
        Answer { body, location: Some(location), ..self }
    }

    fn write(self, request: &HttpRequest) -> HttpResponse {
        let body = match self.body {
            Ok(body) => body,
            Err(cause) => return actix_web::ResponseError::error_response(&Error::Internal(cause)),
        };
        let tag = etag::of(self.version, &body);
        let reading = request.method() == Method::GET;
        let freshness = self.freshness.filter(|_| self.audience != Audience::Caller);
        // Whoever keeps the answer wants all of it, and says by itself that the caller has it already.
        let is_kept = freshness.is_some() && request.extensions().contains::<WholeAnswer>();
        let is_whole = is_kept || !reading || self.status != StatusCode::OK;
        let not_modified = !is_whole && etag::already_has(request.headers(), &tag);
        let mut answer = HttpResponse::build(if not_modified { StatusCode::NOT_MODIFIED } else { self.status });
        // Only what can be read again has a tag worth keeping: lists and things, not the answer of an action.
        if reading || self.version.is_some() {
            answer.insert_header((header::ETAG, tag));
        }
        answer.insert_header((header::CACHE_CONTROL, self.audience.cache_control()));
        if let (Audience::Everyone, Some(freshness)) = (self.audience, &freshness)
            && let (Some(sharing), Some(clock)) =
                (request.app_data::<Data<Sharing>>(), request.app_data::<Data<Clock>>())
        {
            answer.insert_header((header::CACHE_CONTROL, sharing.cache_control(clock.now())));
            for key in sharing.purge_keys(freshness) {
                answer.insert_header(key);
            }
        }
        if self.replayed {
            answer.insert_header(("Idempotent-Replayed", "true"));
        }
        if let Some(location) = self.location {
            answer.insert_header((header::LOCATION, location));
        }
        if let Some(cursor) = self.next {
            answer.insert_header((header::LINK, format!("<{}>; rel=\"next\"", next_address(request, &cursor))));
        }
        if not_modified {
            return answer.finish();
        }
        answer.insert_header((header::CONTENT_TYPE, "application/json"));
        let mut answer = answer.body(body);
        if let Some(freshness) = freshness {
            answer.extensions_mut().insert(freshness);
        }
        answer
    }
}

/// The address of the next page: by number when this one was asked for by number, otherwise by cursor. Relative, so
/// that it is right behind any proxy (RFC 8288 §3.1).
fn next_address(request: &HttpRequest, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let mut by_number = false;
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        match &*name {
            "cursor" => {}
            "page" => {
                by_number = true;
                let number = value.parse::<u64>().unwrap_or(1).saturating_add(1);
                query.append_pair("page", &number.to_string());
            }
            _ => {
                query.append_pair(&name, &value);
            }
        }
    }
    if !by_number {
        query.append_pair("cursor", cursor);
    }
    format!("{}?{}", request.path(), query.finish())
}
