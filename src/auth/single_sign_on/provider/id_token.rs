//! What of the provider's words is believed: an ID token that it signed, for us, for this sign-in, and now.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::core::*;
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, IdToken, IdTokenClaims, IdTokenVerifier, Nonce, OAuth2TokenResponse,
    TokenResponse,
};

use super::metadata::Metadata;
use super::{Asked, Provider, Tokens};
use crate::auth::single_sign_on::person::Others;
use crate::auth::single_sign_on::refusal::Refusal;
use crate::clock::Timestamp;

/// How far the provider's clock may be from ours.
const SKEW: Duration = Duration::from_secs(60);

/// How old what it says may be: it was just asked.
const OLDEST: Duration = Duration::from_secs(10 * 60);

/// How it may sign. Never with a secret that both sides know, and never not at all.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Signed = IdToken<Others, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

impl Provider {
    /// Checks an ID token: signed by the provider in one of the ways that are allowed, for us alone, for this sign-in, and
    /// good now.
    pub(super) fn check<'a>(
        &self,
        metadata: &Metadata,
        token: &'a Signed,
        nonce: &Nonce,
        now: Timestamp,
    ) -> std::result::Result<&'a IdTokenClaims<Others, CoreGenderClaim>, ClaimsVerificationError> {
        let (latest, oldest) = (moment(now.after(SKEW)), moment(now.before(OLDEST)));
        // As a public client: no algorithm is allowed that takes the secret for its key.
        let verifier =
            IdTokenVerifier::new_public_client(self.client_id(), self.issuer.clone(), metadata.jwks().clone())
                .set_allowed_algs(ALGORITHMS.into_iter().collect::<HashSet<_>>())
                .set_time_fn(move || moment(now.before(SKEW)))
                .set_issue_time_verifier_fn(move |issued| {
                    if issued > latest {
                        return Err(format!("it was issued at {issued}, which is still to come"));
                    }
                    if issued < oldest {
                        return Err(format!("it was issued at {issued}, which is too long ago"));
                    }
                    Ok(())
                });
        let claims = token.claims(&verifier, nonce)?;
        let others = claims.additional_claims();
        // The library leaves these two to us.
        let begins = others.seconds("nbf");
        #[expect(clippy::cast_precision_loss, reason = "seconds are whole numbers far below 2^53")]
        if others.has("nbf") && begins.is_none_or(|begins| begins > latest.timestamp() as f64) {
            return Err(ClaimsVerificationError::Expired("it is not good yet (nbf)".to_owned()));
        }
        match claims.authorized_party() {
            Some(party) if **party != *self.settings.client_id => {
                Err(ClaimsVerificationError::InvalidAudience("it was made for somebody else (azp)".to_owned()))
            }
            _ => Ok(claims),
        }
    }

    /// Makes sure that the access token is the one that the ID token was given with, when that says so. What cannot be
    /// compared is not believed.
    pub(super) fn check_access_token(
        &self,
        metadata: &Metadata,
        tokens: &Tokens,
        claims: &IdTokenClaims<Others, CoreGenderClaim>,
    ) -> Asked<()> {
        let (Some(said), Some(token)) = (claims.access_token_hash(), tokens.id_token()) else { return Ok(()) };
        let keys = metadata.jwks().clone();
        let verifier = IdTokenVerifier::new_public_client(self.client_id(), self.issuer.clone(), keys);
        let is_same = match (token.signing_alg(), token.signing_key(&verifier)) {
            (Ok(algorithm), Ok(key)) => {
                AccessTokenHash::from_token(tokens.access_token(), algorithm, key).is_ok_and(|is| is == *said)
            }
            _ => false,
        };
        match is_same {
            true => Ok(()),
            false => Err(Refusal::Untrusted("the access token is another one (at_hash)".to_owned())),
        }
    }
}

fn moment(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.microseconds()).unwrap_or_default()
}
