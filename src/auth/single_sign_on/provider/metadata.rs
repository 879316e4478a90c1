//! What the provider says of itself: its addresses and its keys. That is kept for an hour; while the provider is away, what it
//! said last is still good for a day.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::*;
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, EndSessionUrl, JsonWebKeySet, LogoutProviderMetadata, ProviderMetadata,
};
use serde::{Deserialize, Serialize};

use super::{Asked, Provider, in_full};
use crate::auth::single_sign_on::refusal::Refusal;
use crate::clock::Timestamp;

/// For how long what the provider says of itself is used without asking again.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// For how long it is used when the provider cannot be asked.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a provider that did not answer is not asked again.
const REST: Duration = Duration::from_secs(10);

/// How long the keys are not asked for again after an unknown one.
const BETWEEN_KEYS: Duration = Duration::from_secs(30);

/// What else a provider says of itself.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct More {
    /// Whether its answers name it (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// Its addresses, its keys, and what it can.
pub type Metadata = ProviderMetadata<
    LogoutProviderMetadata<More>,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is known of it.
#[derive(Default)]
pub struct Known {
    said: Option<Said>,
    failed_at: Option<Timestamp>,
    keys_asked_at: Option<Timestamp>,
}

/// What it said of itself, its keys included, and when.
#[derive(Clone)]
struct Said {
    metadata: Arc<Metadata>,
    at: Timestamp,
}

impl Provider {
    /// What the provider says of itself, as it was said within the hour, or within the day when it is away now. Whoever comes
    /// while it is asked waits for the answer, and asks no second time.
    pub(super) async fn metadata(self: &Arc<Self>, now: Timestamp) -> Asked<Arc<Metadata>> {
        let mut known = self.known.lock().await;
        if let Some(said) = known.said.as_ref().filter(|said| now < said.at.after(FRESH)) {
            return Ok(Arc::clone(&said.metadata));
        }
        let rests = known.failed_at.is_some_and(|failed| now < failed.after(REST));
        let began = Instant::now();
        let asked = if rests {
            Err(Refusal::Unavailable(format!("it did not answer within the last {REST:?}")))
        } else {
            self.off_thread(Provider::discover).await
        };
        match asked {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *known = Known { said: Some(Said { metadata: Arc::clone(&metadata), at: now }), ..Known::default() };
                Ok(metadata)
            }
            Err(refusal) => {
                if !rests {
                    // It may have taken a while, and the rest begins after that.
                    known.failed_at = Some(now.after(began.elapsed()));
                    tracing::warn!(issuer = self.issuer(), reason = %refusal, "the provider of single sign-on is away");
                }
                let usable = known.said.as_ref().filter(|said| now < said.at.after(USABLE));
                usable.map(|said| Arc::clone(&said.metadata)).ok_or(refusal)
            }
        }
    }

    fn discover(&self) -> Asked<Metadata> {
        let metadata = Metadata::discover(&self.issuer, &self.client).map_err(unreadable)?;
        let end = metadata.additional_metadata().end_session_endpoint.as_ref().map(EndSessionUrl::url);
        let leads_to = [Some(metadata.authorization_endpoint().url()), end];
        if let Some(url) = leads_to.into_iter().flatten().find(|url| !self.client.may_ask(url)) {
            return Err(Refusal::Unavailable(format!("{url} is no address that a browser may be sent to")));
        }
        Ok(metadata)
    }

    /// The same with the keys of this moment, unless they were asked for a moment ago.
    pub(super) async fn with_other_keys(self: &Arc<Self>, now: Timestamp) -> Asked<Arc<Metadata>> {
        let mut known = self.known.lock().await;
        let Some(said) = known.said.clone() else {
            return Err(Refusal::Unavailable("nothing is known of it".to_owned()));
        };
        if known.keys_asked_at.is_some_and(|asked| now < asked.after(BETWEEN_KEYS)) {
            return Ok(said.metadata);
        }
        known.keys_asked_at = Some(now);
        let metadata = Arc::clone(&said.metadata);
        let keys = self.off_thread(move |provider| {
            JsonWebKeySet::fetch(metadata.jwks_uri(), &provider.client).map_err(unreadable)
        });
        let metadata = Arc::new(said.metadata.as_ref().clone().set_jwks(keys.await?));
        known.said = Some(Said { metadata: Arc::clone(&metadata), at: said.at });
        Ok(metadata)
    }
}

fn unreadable<E: StdError + 'static>(error: DiscoveryError<E>) -> Refusal {
    Refusal::Unavailable(in_full(&error))
}
