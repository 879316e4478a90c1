//! `/v1/previews/{token}`: a working copy for whoever has the link.

use actix_web::web::Data;
use actix_web::{Responder, get};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::secret::PreviewSecret;
use super::store;
use crate::articles::{access, showing, store as articles};
use crate::auth::{Permission, SecondFactors, standing};
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Result};
use crate::http::answer::{Answer, Audience};
use crate::http::path::Reference;
use crate::http::service_config::ServiceConfig;
use crate::live::Article;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_preview);
}

/// A working copy as a preview link shows it: what readers would see of it, and nothing that is for colleagues.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    /// What readers would see.
    #[serde(flatten)]
    article: Article,
    /// Until when this link shows it.
    preview_expires_at: Timestamp,
}

/// Read a preview
///
/// The working copy as it is now, for whoever has the link: in the form in which readers get an article, without the note
/// for editors and without a word about accounts. It may change with the next save. No cache keeps it, and no search
/// engine should. A link that expired or was revoked, whose maker may no longer read the article, or whose article was
/// deleted or killed, is answered like one that never was.
#[utoipa::path(
    operation_id = "get_preview", tag = "Preview links",
    params(("token" = String, Path, description = "The `token` of the link")),
    responses((status = 200, body = Preview, example = json!(Preview::sample()))),
)]
#[get("/previews/{token}")]
async fn get_preview(
    secret: PreviewSecret,
    db: Data<Db>,
    second_factors: Data<SecondFactors>,
    clock: Data<Clock>,
) -> Result<impl Responder> {
    let now = clock.now();
    let preview = db.read(move |connection| find(connection, &secret, (&second_factors, now))).await?;
    let preview = preview.ok_or(Error::NotFound("preview"))?;
    Ok(Answer::one(&preview, Audience::Caller).customize().insert_header(("X-Robots-Tag", "noindex")))
}

/// What the link with this secret shows at this moment.
fn find(
    connection: &mut AnyConnection,
    secret: &PreviewSecret,
    (second_factors, now): (&SecondFactors, Timestamp),
) -> Result<Option<Preview>> {
    let Some(link) = store::find(connection, secret, now)? else { return Ok(None) };
    let maker = standing::of_maker(connection, (&link.made_by, link.token_id.as_deref()), (second_factors, now))?;
    let row = articles::find(connection, &Reference::Id(link.article_id))?;
    let (Some(maker), Some(row)) = (maker, row) else { return Ok(None) };
    if row.killed_at.is_some() || !access::may(&maker, Permission::ReadDrafts, &row) {
        return Ok(None);
    }
    let article = showing::show(connection, row, now)?.article;
    Ok(Some(Preview { article, preview_expires_at: link.expires_at }))
}

impl Preview {
    /// An example for the API docs.
    pub fn sample() -> Value {
        let mut sample = Article::sample();
        if let Some(members) = sample.as_object_mut() {
            members.remove("translations");
            members.insert("preview_expires_at".to_owned(), "2026-03-11T15:00:00Z".into());
        }
        sample
    }
}
