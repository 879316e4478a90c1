//! Reads request bodies: JSON in, a typed input out, or every refused member at once.
//!
//! serde stops at the first fault. A person who sends five wrong fields wants to hear of five, so each member is read
//! by itself against the same type, and what was wrong is collected with a JSON pointer.

mod body;
mod members;

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::{PartialSchema, ToSchema};

use self::body::json_body;
use self::members::read;
use crate::error::{Error, Rejection, Result};

pub use members::{field_names, nearest, one_of};

/// Largest body that is read, in bytes after decompression: a story's body may have 5 MiB, JSON escapes add to it.
pub const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// Largest body of everything that is not a story, in bytes.
pub const LARGEST_SMALL_BODY: usize = 1024 * 1024;

/// A request body: a JSON object whose members are all optional by type (`Patch`), so that one type serves creating,
/// replacing and changing.
pub trait Input: DeserializeOwned + 'static {
    /// Members without which the resource cannot exist, and which can never be null.
    const REQUIRED: &'static [&'static str] = &[];

    /// Members of the answer that only the server sets, to say so when somebody sends one back.
    const READ_ONLY: &'static [&'static str] = &["id", "created_at", "updated_at"];

    /// Largest body, in bytes.
    const LARGEST: usize = LARGEST_SMALL_BODY;

    /// Refuses what the types of the members cannot: rules between members.
    fn check(&self, _refuse: &mut Vec<Rejection>) {}
}

/// A whole resource: what `POST` and `PUT` take. Required members must be there.
#[derive(Debug)]
pub struct Complete<T>(pub T);

/// A change (JSON Merge Patch, RFC 7396): what `PATCH` takes. Absent members are kept.
#[derive(Debug)]
pub struct Partial<T>(pub T);

impl<T: Input> Complete<T> {
    /// Reads a resource from a JSON value; what the import does with each line of a file.
    pub fn from_value(value: Value) -> Result<T> {
        read(value, true)
    }
}

/// `TagInput` is known as `NewTag` where a whole tag is sent, and as `TagPatch` where a change is.
fn base_name<T: ToSchema>() -> String {
    T::name().trim_end_matches("Input").to_owned()
}

/// The schema of an input whose unknown members are refused and whose `required` members must be there.
fn strict_schema<T: ToSchema>(required: &[&str]) -> RefOr<Schema> {
    match T::schema() {
        RefOr::T(Schema::Object(mut object)) => {
            object.required = required.iter().map(|name| (*name).to_owned()).collect();
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

impl<T: Input + ToSchema> PartialSchema for Complete<T> {
    fn schema() -> RefOr<Schema> {
        strict_schema::<T>(T::REQUIRED)
    }
}

impl<T: Input + ToSchema> ToSchema for Complete<T> {
    fn name() -> Cow<'static, str> {
        format!("New{}", base_name::<T>()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Input + ToSchema> PartialSchema for Partial<T> {
    fn schema() -> RefOr<Schema> {
        strict_schema::<T>(&[])
    }
}

impl<T: Input + ToSchema> ToSchema for Partial<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Patch", base_name::<T>()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}

impl<T: Input> Partial<T> {
    /// Reads a change from a JSON value; for commands.
    pub fn from_value(value: Value) -> Result<T> {
        read(value, false)
    }
}

impl<T: Input> FromRequest for Complete<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = json_body(request, payload, T::LARGEST);
        Box::pin(async move { read(body.await?, true).map(Complete) })
    }
}

impl<T: Input> FromRequest for Partial<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = json_body(request, payload, T::LARGEST);
        Box::pin(async move { read(body.await?, false).map(Partial) })
    }
}
