//! `/v1/auth/single-sign-on`: to the provider, back, and out again.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::SingleSignOn;
use super::proof::{Challenge, Verifier};
use super::signing_in::Brought;
use super::ticket::{Errand, SignInCode, StateToken};
use crate::auth::Allow;
use crate::auth::api::LARGEST;
use crate::auth::permission::needs;
use crate::auth::second_factor::{SignIn, SignInChallenge};
use crate::auth::sessions::{SessionTokens, Sessions};
use crate::auth::user::given;
use crate::auth::visitor::Visitor;
use crate::error::{Error, Rejection, Result};
use crate::http::answer::{Answer, Audience};
use crate::http::input::{Complete, Input};
use crate::http::patch::Patch;
use crate::http::query::Query;
use crate::http::service_config::ServiceConfig;

/// The addresses of this file.
pub fn routes(config: &mut ServiceConfig) {
    config.service(get_single_sign_on).service(begin_single_sign_on).service(finish_single_sign_on);
    config.service(exchange_sign_in_code).service(sign_out_everywhere);
}

/// What a front end has to know to offer single sign-on.
#[derive(Debug, Serialize, ToSchema)]
struct SingleSignOnState {
    /// Whether there is single sign-on here.
    enabled: bool,
    /// What to write on the button; `null` without single sign-on.
    #[schema(required)]
    name: Option<String>,
    /// The address to lead the browser to, with your `challenge`; `null` without single sign-on.
    #[schema(required)]
    start: Option<String>,
}

/// How a sign-in begins.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct BeginOptions {
    /// The SHA-256 of your verifier, in base64url: 43 characters. Keep the verifier, in `sessionStorage` for example.
    #[param(value_type = String, required, pattern = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
    challenge: Option<Challenge>,
    /// `link` to link the account that somebody is signed in with; `sign_in`, the default, to sign in.
    #[param(inline)]
    purpose: Option<Errand>,
}

/// The one-time code, and what was kept.
#[derive(Default, Deserialize, ToSchema)]
pub struct SignInCodeInput {
    /// What stands behind `#sign_in=` in the address.
    #[serde(default)]
    #[schema(value_type = SignInCode, required)]
    code: Patch<SignInCode>,
    /// The verifier whose challenge the sign-in began with.
    #[serde(default)]
    #[schema(value_type = Verifier, required)]
    verifier: Patch<Verifier>,
}

impl Input for SignInCodeInput {
    const REQUIRED: &'static [&'static str] = &["code", "verifier"];
    const LARGEST: usize = LARGEST;
}

/// Where to go on.
#[derive(Debug, Serialize, ToSchema)]
struct SignOutAddress {
    /// Lead the browser there, to sign out at the provider; it comes back to the account page. `null` when the account is
    /// not linked with it, or it has no such address or does not answer.
    #[schema(required)]
    address: Option<String>,
}

/// What the query of the address has, in whatever form: nobody but the provider makes it.
impl FromRequest for Brought {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs: Vec<_> = url::form_urlencoded::parse(request.query_string().as_bytes()).collect();
        // Of two it is a guess which one is meant.
        let one = |name: &str| {
            let mut values = pairs.iter().filter(|(given, _)| given == name).map(|(_, value)| value.to_string());
            values.next().filter(|_| values.next().is_none())
        };
        let state = one("state").and_then(|state| StateToken::parse(&state));
        ready(Ok(Brought { state, code: one("code"), error: one("error"), issuer: one("iss") }))
    }
}

/// Look whether there is single sign-on
///
/// What a sign-in page needs to offer it: whether it is on, what to write on the button, and where the button leads. It
/// changes with the settings of the server only.
#[utoipa::path(
    operation_id = "get_single_sign_on", tag = "Sign-in", path = "/auth/single-sign-on",
    responses((status = 200, body = SingleSignOnState, example = json!({
        "enabled": true, "name": "Example News", "start": "https://news.example.org/v1/auth/single-sign-on/start"
    }))),
)]
#[get("/auth/single-sign-on")]
async fn get_single_sign_on(single_sign_on: Data<SingleSignOn>) -> Result<Answer> {
    let on = single_sign_on.on().ok();
    let state = SingleSignOnState {
        enabled: on.is_some(),
        name: on.as_ref().map(|on| on.name.clone()),
        start: on.as_ref().map(|on| on.start.clone()),
    };
    Ok(Answer::one(&state, Audience::Everyone))
}

/// Begin single sign-on
///
/// For browsers: lead them to this address, do not fetch it. It answers with a redirect to the provider, and a cookie by
/// which the same browser is known when it comes back. In the end the browser is at the account page
/// (`DATELINE_ACCOUNT_URL`), with `#sign_in=CODE`, or with `#sign_in_error=` and why not: `cancelled`, `expired`,
/// `unavailable`, `refused`, `not_allowed`, `email_unverified`, or `account_exists` when an account that is not linked has
/// the e-mail address. With `purpose=link` it is `#link=` and `#link_error=`. While the provider is away, that is where this
/// leads at once. More than 100 of one network that have not come back within 10 minutes are 429.
#[utoipa::path(
    operation_id = "begin_single_sign_on", tag = "Sign-in", path = "/auth/single-sign-on/start", params(BeginOptions),
    responses((status = 303, description = "To the provider.",
        headers(("Location" = String, description = "Where to go")))),
)]
#[get("/auth/single-sign-on/start")]
async fn begin_single_sign_on(
    request: HttpRequest,
    visitor: Visitor,
    sessions: Sessions,
    single_sign_on: Data<SingleSignOn>,
    options: Query<BeginOptions>,
) -> Result<HttpResponse> {
    let missing =
        || Error::bad_parameter("challenge", "required", "is required: the SHA-256 of a verifier that you keep");
    let challenge = options.0.challenge.ok_or_else(missing)?;
    let on = single_sign_on.on()?;
    refuse_embedded(&request)?;
    let errand = (options.0.purpose.unwrap_or(Errand::SignIn), challenge);
    let departure = sessions.depart(&on, &visitor, on.cookie.of(&request), errand).await?;
    Ok(led_to(departure.address, departure.cookie))
}

/// Come back from the provider
///
/// For browsers that the provider sends back; front ends have nothing to do with it. Answers with a redirect to the account
/// page, whatever happened.
#[utoipa::path(
    operation_id = "finish_single_sign_on", tag = "Sign-in", path = "/auth/single-sign-on/callback",
    params(
        ("state" = Option<String>, Query, description = "What was sent to the provider"),
        ("code" = Option<String>, Query, description = "What the provider gives"),
        ("error" = Option<String>, Query, description = "Why it gives none"),
        ("iss" = Option<String>, Query, description = "Who the provider is (RFC 9207)")
    ),
    responses((status = 303, description = "To the account page.",
        headers(("Location" = String, description = "Where to go")))),
)]
#[get("/auth/single-sign-on/callback")]
async fn finish_single_sign_on(
    request: HttpRequest,
    visitor: Visitor,
    sessions: Sessions,
    single_sign_on: Data<SingleSignOn>,
    brought: Brought,
) -> Result<HttpResponse> {
    let on = single_sign_on.on()?;
    let address = sessions.arrive(&on, &visitor, on.cookie.of(&request), brought).await?;
    Ok(led_to(address, None))
}

/// Finish single sign-on
///
/// Gives what `POST /v1/auth/login` gives, for the code that the browser brought to the account page and the verifier that
/// was kept there. A code is good once and for two minutes. Whoever has a second factor on is asked for a code (202), unless
/// the provider says that it asked for several factors (`mfa` in `amr`).
#[utoipa::path(
    operation_id = "exchange_sign_in_code", tag = "Sign-in", path = "/auth/single-sign-on/exchange",
    request_body(content = SignInCodeInput, example = json!({
        "code": "dlo_ZXhhbXBsZSBvbmx5LCBub3QgYSB0b2tlbiBvZiBhbnk",
        "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    })),
    responses(
        (status = 200, description = "Signed in.", body = SessionTokens, example = json!(SessionTokens::sample())),
        (status = 202, description = "A code of the second factor is to come.", body = SignInChallenge,
            example = json!(SignInChallenge::sample()))
    ),
)]
#[post("/auth/single-sign-on/exchange")]
async fn exchange_sign_in_code(
    visitor: Visitor,
    sessions: Sessions,
    single_sign_on: Data<SingleSignOn>,
    input: Complete<SignInCodeInput>,
) -> Result<Answer> {
    let code = given(input.0.code, "/code")?;
    let verifier = given(input.0.verifier, "/verifier")?;
    let on = single_sign_on.on()?;
    Ok(match sessions.exchange(&on, &visitor, code, verifier).await? {
        SignIn::Whole(tokens) => Answer::one(&tokens, Audience::Caller),
        SignIn::Challenged(challenge) => Answer::halfway(&challenge),
    })
}

/// Sign out, and get the address to sign out at the provider
///
/// Ends the session like `POST /v1/auth/logout`. The answer has the address at which the browser is signed out at the
/// provider, too; whoever is not led there may come back without being asked for anything.
#[utoipa::path(
    operation_id = "sign_out_everywhere", tag = "Sign-in", path = "/auth/single-sign-on/sign-out",
    security(("bearer" = [])),
    responses((status = 200, description = "Signed out.", body = SignOutAddress, example = json!({
        "address": "https://login.example.org/session/end?client_id=dateline"
    }))),
)]
#[post("/auth/single-sign-on/sign-out")]
async fn sign_out_everywhere(
    caller: Allow<needs::SecureAccount>,
    sessions: Sessions,
    single_sign_on: Data<SingleSignOn>,
) -> Result<Answer> {
    // First, because the provider may not answer.
    sessions.sign_out(&caller).await?;
    let address = match single_sign_on.on() {
        Ok(on) => sessions.address_to_sign_out(&on, &caller).await?,
        Err(_) => None,
    };
    Ok(Answer::one(&SignOutAddress { address }, Audience::Caller))
}

/// Browsers say what an address is loaded for. Pictures on somebody's page must not use up the attempts of an office.
///
/// Errors: 400 when it is for anything but a page.
fn refuse_embedded(request: &HttpRequest) -> Result<()> {
    match request.headers().get("Sec-Fetch-Dest") {
        Some(destination) if destination != "document" => {
            let detail = "must be document: lead the browser to this address, do not fetch or embed it";
            Err(Error::BadRequest(vec![Rejection::header("Sec-Fetch-Dest", "not_a_page", detail)]))
        }
        _ => Ok(()),
    }
}

/// A redirect of a browser, which nobody keeps.
fn led_to(address: String, cookie: Option<String>) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((header::LOCATION, address)).insert_header((header::CACHE_CONTROL, "private, no-store"));
    if let Some(cookie) = cookie {
        answer.insert_header((header::SET_COOKIE, cookie));
    }
    answer.finish()
}
