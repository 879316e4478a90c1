//! The provider: where its addresses are, with which keys it signs, and what it says of whoever was sent to it.
//!
//! It is asked when somebody needs it, so that one which is away keeps nothing from starting. `metadata` keeps what it says of
//! itself, `id_token` says what of the rest is believed.

mod id_token;
mod metadata;

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::*;
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

use self::metadata::{Known, Metadata};
use super::client::ProviderClient;
use super::person::{Others, Person};
use super::refusal::Refusal;
use crate::clock::Timestamp;
use crate::config::SingleSignOnConfig;
use crate::error::{Error, Result};

/// Longest time for everything that it is asked about one person.
const PATIENCE: Duration = Duration::from_secs(15);

/// How much it is asked at once. Whoever comes while it is slow must not use up the threads that others wait on, too.
const MOST_AT_ONCE: usize = 8;

/// Longest wait for a turn. A whole newsroom may come back in the same minute.
const QUEUE: Duration = Duration::from_secs(8);

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Tokens = StandardTokenResponse<Fields, CoreTokenType>;

type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What a provider can be asked, and why not.
type Asked<T> = std::result::Result<T, Refusal>;

/// The provider of an instance.
pub struct Provider {
    settings: SingleSignOnConfig,
    issuer: IssuerUrl,
    callback: RedirectUrl,
    client: ProviderClient,
    known: Mutex<Known>,
    turns: Arc<Semaphore>,
}

/// What a browser brings back.
pub struct Answer {
    /// What is exchanged for what the provider says.
    pub code: String,
    /// Our secret of this sign-in.
    pub verifier: String,
    /// What the provider has to repeat.
    pub nonce: String,
}

impl Provider {
    /// As the settings say. Asks nothing yet.
    ///
    /// Errors: [`Error::Internal`] for addresses that are none, which the settings were checked for.
    pub fn new(settings: &SingleSignOnConfig) -> Result<Provider> {
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(Error::internal)?;
        Ok(Provider {
            client: ProviderClient::new(issuer.url()),
            issuer,
            callback: RedirectUrl::new(settings.callback.clone()).map_err(Error::internal)?,
            settings: settings.clone(),
            known: Mutex::default(),
            turns: Arc::new(Semaphore::new(MOST_AT_ONCE)),
        })
    }

    /// Who it is, letter by letter.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Where a browser goes to sign in there.
    ///
    /// Errors: the provider is away.
    pub async fn address(self: &Arc<Self>, state: &str, nonce: &str, verifier: &str, now: Timestamp) -> Asked<String> {
        let metadata = self.metadata(now).await?;
        let client = self.client_of(&metadata);
        let (state, nonce) = (CsrfToken::new(state.to_owned()), Nonce::new(nonce.to_owned()));
        let verifier = PkceCodeVerifier::new(verifier.to_owned());
        let request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new));
        Ok(request.url().0.into())
    }

    /// Where a browser goes to be signed out there, and back to `page`; `None` when the provider has no such address, or is
    /// away.
    pub async fn sign_out_address(self: &Arc<Self>, page: &str, now: Timestamp) -> Option<String> {
        let metadata = self.metadata(now).await.ok()?;
        let address = metadata.additional_metadata().end_session_endpoint.clone()?;
        let page = PostLogoutRedirectUrl::new(page.to_owned()).ok()?;
        let request = LogoutRequest::from(address).set_client_id(self.client_id()).set_post_logout_redirect_uri(page);
        Some(request.http_get_url().into())
    }

    /// Makes sure that it was this provider who sent the browser back (RFC 9207).
    pub async fn check_sender(self: &Arc<Self>, named: Option<&str>, now: Timestamp) -> Asked<()> {
        let untrusted = |what: &str| Err(Refusal::Untrusted(what.to_owned()));
        match named {
            Some(named) if named == self.issuer() => Ok(()),
            Some(_) => untrusted("the answer names another issuer"),
            None => {
                let metadata = self.metadata(now).await?;
                let more = &metadata.additional_metadata().additional_metadata;
                if more.authorization_response_iss_parameter_supported {
                    return untrusted("the answer does not name its issuer");
                }
                Ok(())
            }
        }
    }

    /// Who it is that came back with this.
    ///
    /// Errors: the provider is away, or what it says cannot be believed.
    pub async fn person(self: &Arc<Self>, answer: Answer, now: Timestamp) -> Asked<Person> {
        let away = |_| Err(Refusal::Unavailable(format!("it took longer than {PATIENCE:?}")));
        timeout(PATIENCE, self.ask_who(answer, now)).await.unwrap_or_else(away)
    }

    async fn ask_who(self: &Arc<Self>, answer: Answer, now: Timestamp) -> Asked<Person> {
        let Answer { code, verifier, nonce } = answer;
        let mut metadata = self.metadata(now).await?;
        let at = Arc::clone(&metadata);
        let tokens = self.in_turn(move |provider| provider.exchange(&at, code, verifier)).await?;
        let token = tokens.id_token().ok_or_else(|| Refusal::Untrusted("there is no ID token".to_owned()))?;
        let nonce = Nonce::new(nonce);
        let claims = match self.check(&metadata, token, &nonce, now) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
            )) => {
                // Keys change, also under the same name. This is asked for once in a while, whatever anybody sends.
                metadata = self.with_other_keys(now).await?;
                self.check(&metadata, token, &nonce, now)
            }
            checked => checked,
        };
        let claims = claims.map_err(|error| Refusal::Untrusted(in_full(&error)))?;
        self.check_access_token(&metadata, &tokens, claims)?;
        let groups = self.settings.groups_claim.clone();
        let person =
            Person::of_token(claims, &groups).ok_or_else(|| Refusal::Untrusted("it is of nobody".to_owned()))?;
        let is_whole = person.email.is_some() && (person.groups.is_some() || self.settings.roles.is_empty());
        if is_whole || metadata.userinfo_endpoint().is_none() {
            return Ok(person);
        }
        self.in_turn(move |provider| provider.complete(&metadata, &tokens, person, &groups)).await
    }

    /// Exchanges what the browser brought for what the provider says.
    fn exchange(&self, metadata: &Metadata, code: String, verifier: String) -> Asked<Tokens> {
        let client = self.client_of(metadata);
        let request = client.exchange_code(AuthorizationCode::new(code));
        let request = request.map_err(|error| Refusal::Unavailable(in_full(&error)))?;
        let tokens = request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request(&self.client);
        tokens.map_err(|error| match error {
            RequestTokenError::ServerResponse(refused) => {
                Refusal::Untrusted(format!("the provider refuses the code: {}", refused.error().as_ref()))
            }
            RequestTokenError::Parse(error, _) => {
                Refusal::Untrusted(format!("what it gives for the code cannot be read: {}", in_full(&error)))
            }
            error => Refusal::Unavailable(in_full(&error)),
        })
    }

    /// Asks for what the ID token does not say.
    fn complete(&self, metadata: &Metadata, tokens: &Tokens, person: Person, groups: &str) -> Asked<Person> {
        let client = self.client_of(metadata);
        let subject = openidconnect::SubjectIdentifier::new(person.subject.clone());
        let request = client.user_info(tokens.access_token().clone(), Some(subject));
        let more = request.map_err(|error| Refusal::Unavailable(in_full(&error)))?.request(&self.client);
        match more {
            Ok(more) => Ok(person.completed(&more, groups)),
            Err(error @ openidconnect::UserInfoError::ClaimsVerification(_)) => {
                Err(Refusal::Untrusted(in_full(&error)))
            }
            Err(error) => Err(Refusal::Unavailable(in_full(&error))),
        }
    }

    /// Asks the provider about somebody, when it is their turn.
    async fn in_turn<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Provider) -> Asked<T> + Send + 'static,
    ) -> Asked<T> {
        let full = || Refusal::Unavailable(format!("{MOST_AT_ONCE} others were asked about for {QUEUE:?}"));
        let turn = timeout(QUEUE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or_else(full)?;
        self.off_thread(move |provider| {
            // Kept by the work itself: it goes on when whoever waits for it has left.
            let _turn = turn;
            work(provider)
        })
        .await
    }

    /// Runs what waits for the provider off the threads that answer requests.
    async fn off_thread<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Provider) -> Asked<T> + Send + 'static,
    ) -> Asked<T> {
        let provider = Arc::clone(self);
        let ended = tokio::task::spawn_blocking(move || work(&provider));
        ended.await.unwrap_or_else(|panic| Err(Refusal::Unavailable(format!("asking it failed: {panic}"))))
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.settings.client_id.clone())
    }

    fn client_of(&self, metadata: &Metadata) -> Client {
        let secret = self.settings.client_secret.as_ref();
        let secret = secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        // The usual way, unless the provider knows only the other one.
        let way = match metadata.token_endpoint_auth_methods_supported() {
            Some(ways) if !ways.contains(&CoreClientAuthMethod::ClientSecretBasic) => AuthType::RequestBody,
            _ => AuthType::BasicAuth,
        };
        Client::from_provider_metadata(metadata.clone(), self.client_id(), secret)
            .set_auth_type(way)
            .set_redirect_uri(self.callback.clone())
    }
}

/// An error with everything that it came from.
fn in_full(error: &dyn StdError) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
