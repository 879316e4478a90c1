//! `/v1/auth/can`: what a front end should offer. It stands here and not with the sign-in, because the answer is about a
//! story.

use actix_web::get;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{access, store, trash};
use crate::auth::{Allow, Permission, SignedIn, decide, needs};
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db};
use crate::error::{Error, Result};
use crate::http::answer::{Answer, Audience};
use crate::http::path::Reference;
use crate::http::query::{List, Query};
use crate::http::service_config::ServiceConfig;
use crate::live;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(can);
}

/// What is asked.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Wish {
    /// Which actions, separated by commas; all of them when absent.
    #[param(value_type = Option<String>, example = "articles:write,articles:publish")]
    action: List<Permission>,
    /// With which article, by id or slug. Without it, the answer says whether you may do it with any article at all.
    id: Option<String>,
}

/// What you may do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Possibilities {
    /// Whether all of it is allowed.
    allowed: bool,
    /// One by one.
    actions: Vec<Possibility>,
}

/// Whether you may do one thing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Possibility {
    /// What.
    action: Permission,
    /// Whether you may.
    allowed: bool,
    /// Why not, in words for people.
    #[schema(required)]
    reason: Option<String>,
}

/// Ask what you may do
///
/// For front ends, to offer only what will not be refused: the same decision that the operations themselves make. To submit
/// an article is to write it; to approve it or to send it back is `articles:review`. It is about permissions; whether an
/// article can be published in the state that it is in is another question.
#[utoipa::path(
    operation_id = "can", tag = "Sign-in", path = "/auth/can", params(Wish), security(("bearer" = [])),
    responses((status = 200, body = Possibilities, example = json!(Possibilities::sample()))),
)]
#[get("/auth/can")]
async fn can(caller: Allow<needs::ReadAccount>, wish: Query<Wish>, db: Data<Db>, clock: Data<Clock>) -> Result<Answer> {
    let (user, Wish { action, id }, now) = (SignedIn::clone(&caller), wish.0, clock.now());
    let actions = if action.0.is_empty() { Permission::ALL.to_vec() } else { action.0 };
    let answer = db.read(move |connection| possibilities(connection, &user, (actions, id), now)).await?;
    Ok(Answer::one(&answer, Audience::Caller))
}

fn possibilities(
    connection: &mut AnyConnection,
    caller: &SignedIn,
    (actions, id): (Vec<Permission>, Option<String>),
    now: Timestamp,
) -> Result<Possibilities> {
    let reference = id.as_deref().map(Reference::parse);
    let row = match &reference {
        None => None,
        Some(reference) => match store::find(connection, reference)? {
            Some(row) => Some(row),
            None => trash::find(connection, reference)?,
        },
    };
    let mut answers = Vec::with_capacity(actions.len());
    for action in actions {
        let decided = match (&reference, &row) {
            (Some(reference), Some(row)) if action.is_about_stories() => {
                access::check(caller, action, row, || live::is_read(connection, reference, now))
            }
            (Some(_), None) if action.is_about_stories() => Err(Error::NotFound("article")),
            _ => decide(Some(caller), action, None).map_err(Error::from),
        };
        let reason = match decided {
            Ok(()) => None,
            Err(refusal @ (Error::Forbidden(_) | Error::SecondFactorRequired(_) | Error::NotFound(_))) => {
                Some(refusal.detail())
            }
            Err(other) => return Err(other),
        };
        answers.push(Possibility { action, allowed: reason.is_none(), reason });
    }
    Ok(Possibilities { allowed: answers.iter().all(|answer| answer.allowed), actions: answers })
}

impl Possibilities {
    fn sample() -> Value {
        json!({
            "allowed": false,
            "actions": [
                { "action": "articles:write", "allowed": true, "reason": null },
                { "action": "articles:publish", "allowed": false,
                  "reason": "This needs the permission articles:publish (role admin or editor); you are signed in as writer." }
            ]
        })
    }
}
