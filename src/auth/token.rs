//! Access tokens: short-lived, signed, and worth nothing without a living session (see [`super::authenticate`]).
//!
//! A JSON Web Token with exactly one header and exactly these claims (RFC 8725, RFC 9068). Whatever a token says about
//! how it wants to be checked is not listened to: there is one algorithm and one key.

use std::time::Duration;

use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::config::Secret;
use crate::db::types::new_id;
use crate::error::{Error, Result};

/// How long an access token is good for.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How far the clocks of two instances may be apart, in seconds.
const LEEWAY: i64 = 30;

/// Longest token that is looked at, in bytes; ours have about 400.
const LONGEST: usize = 4096;

/// Who makes our tokens.
const ISSUER: &str = "dateline";

/// What these tokens are for. Another kind of token would name something else, so that none passes for another.
const AUDIENCE: &str = "dateline:access";

/// The kind of token, in its header (RFC 9068 §2.1).
const KIND: &str = "at+jwt";

/// What precedes the 32 bytes of a private Ed25519 key in its PKCS #8 form (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Makes and checks access tokens.
pub struct Tokens {
    signing: EncodingKey,
    verifying: DecodingKey,
    header: Header,
    validation: Validation,
}

/// What a token says. All of it is required, nothing else is allowed, and each has one type: a time that is text is
/// not a time.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: i64,
    iat: i64,
    jti: String,
    sid: String,
}

/// A fresh access token.
pub struct AccessToken {
    /// The token, for the `Authorization` header.
    pub text: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

/// Who a token was made for. Whether the session still lives is the database's to say.
#[derive(Debug, PartialEq, Eq)]
pub struct Grant {
    /// The account.
    pub user_id: String,
    /// The session.
    pub session_id: String,
}

impl Tokens {
    /// Tokens signed with a key of their own (Ed25519), derived from the instance's secret.
    pub fn new(secret: &Secret) -> Tokens {
        let seed = secret.derive("access-token");
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The library would ask the system's clock; ours is asked in `check_times`.
        validation.validate_exp = false;
        Tokens {
            signing: EncodingKey::from_ed_der(&[PKCS8_PREFIX.as_slice(), &seed].concat()),
            verifying: DecodingKey::from_ed_der(public.as_bytes()),
            header: Header { typ: Some(KIND.to_owned()), ..Header::new(Algorithm::EdDSA) },
            validation,
        }
    }

    /// A token for a session that ends at `session_end` at the latest.
    pub fn issue(&self, grant: Grant, now: Timestamp, session_end: Timestamp) -> Result<AccessToken> {
        let exp = now.after(LIFETIME).min(session_end).seconds();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: grant.user_id,
            exp,
            iat: now.seconds(),
            jti: new_id(),
            sid: grant.session_id,
        };
        let expires_in = exp - claims.iat;
        let text = jsonwebtoken::encode(&self.header, &claims, &self.signing).map_err(Error::internal)?;
        Ok(AccessToken { text, expires_in })
    }

    /// Who a token was made for, when it is ours and its time has not run out.
    ///
    /// Errors: the reason, for the log; the caller is told the same whatever it was.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Grant, &'static str> {
        if token.len() > LONGEST {
            return Err("too long");
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.verifying, &self.validation);
        let decoded = decoded.map_err(|_| "not a token of ours")?;
        // Not only typ and alg: a header that names keys, compression or extensions is not one that we wrote.
        if decoded.header != self.header {
            return Err("another kind of token");
        }
        check_times(&decoded.claims, now.seconds())?;
        if decoded.claims.jti.is_empty() {
            return Err("no id");
        }
        Ok(Grant { user_id: decoded.claims.sub, session_id: decoded.claims.sid })
    }
}

fn check_times(claims: &Claims, now: i64) -> Result<(), &'static str> {
    let lifetime = claims.exp.checked_sub(claims.iat);
    if claims.exp <= now {
        return Err("expired");
    }
    if claims.iat > now + LEEWAY {
        return Err("from the future");
    }
    match lifetime.and_then(|seconds| u64::try_from(seconds).ok()) {
        Some(seconds) if seconds <= LIFETIME.as_secs() => Ok(()),
        _ => Err("lives too long"),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Map, Value, json};

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn tokens() -> Tokens {
        Tokens::new(&Secret::new(SECRET.to_owned()).unwrap())
    }

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn genuine() -> String {
        let grant = Grant { user_id: "user".to_owned(), session_id: "session".to_owned() };
        tokens().issue(grant, now(), Timestamp::FOREVER).unwrap().text
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn header() -> Value {
        json!({"typ": "at+jwt", "alg": "EdDSA"})
    }

    fn claims() -> Map<String, Value> {
        let at = now().seconds();
        let claims = json!({"iss": "dateline", "aud": "dateline:access", "sub": "user", "exp": at + 900, "iat": at,
            "jti": "token", "sid": "session"});
        claims.as_object().unwrap().clone()
    }

    /// Signed with our own key: what is wrong is only what the header and the claims say.
    fn signed(header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &tokens().signing, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn with_claim(name: &str, value: Value) -> String {
        let mut claims = claims();
        claims.insert(name.to_owned(), value);
        signed(&header(), &claims.into())
    }

    fn without_claim(name: &str) -> String {
        let mut claims = claims();
        claims.remove(name);
        signed(&header(), &claims.into())
    }

    fn with_header(name: &str, value: Value) -> String {
        let mut header = header();
        header[name] = value;
        signed(&header, &claims().into())
    }

    /// HMAC with the public key as its secret: the classic confusion.
    fn signed_with_public_key() -> String {
        let seed = Secret::new(SECRET.to_owned()).unwrap().derive("access-token");
        let public = SigningKey::from_bytes(&seed).verifying_key();
        let message = format!("{}.{}", part(&json!({"typ": "at+jwt", "alg": "HS256"})), part(&claims().into()));
        let key = EncodingKey::from_secret(public.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn a_genuine_token_names_its_user_and_session_until_it_expires() {
        let grant = Grant { user_id: "user".to_owned(), session_id: "session".to_owned() };
        assert_eq!(tokens().verify(&genuine(), now()).unwrap(), grant);
        assert_eq!(tokens().verify(&signed(&header(), &claims().into()), now()).unwrap(), grant);
        let almost = now().after(Duration::from_secs(899));
        assert!(tokens().verify(&genuine(), almost).is_ok());
        assert_eq!(tokens().verify(&genuine(), now().after(LIFETIME)), Err("expired"));
    }

    #[test]
    fn a_token_never_outlives_its_session() {
        let grant = Grant { user_id: "user".to_owned(), session_id: "session".to_owned() };
        let token = tokens().issue(grant, now(), now().after(Duration::from_secs(60))).unwrap();
        assert_eq!(token.expires_in, 60);
    }

    #[test]
    fn a_token_whose_claims_or_header_are_not_ours_is_refused_although_the_key_is() {
        let at = now().seconds();
        let forged = [
            with_claim("exp", json!((at + 900).to_string())),
            with_claim("exp", json!(9_999_999_999_i64)),
            with_claim("exp", json!(1e300)),
            with_claim("exp", json!(null)),
            with_claim("exp", json!(at)),
            with_claim("exp", json!(-1)),
            with_claim("nbf", json!("x")),
            with_claim("nbf", json!(at + 600)),
            with_claim("iat", json!("x")),
            with_claim("iat", json!(at + 60)),
            with_claim("iat", json!(i64::MIN)),
            with_claim("iss", json!("elsewhere")),
            with_claim("iss", json!(["dateline"])),
            with_claim("aud", json!("dateline:refresh")),
            with_claim("aud", json!(["dateline:access", "other"])),
            with_claim("sub", json!(7)),
            with_claim("sid", json!({})),
            with_claim("jti", json!("")),
            with_claim("admin", json!(true)),
            without_claim("exp"),
            without_claim("iat"),
            without_claim("iss"),
            without_claim("aud"),
            without_claim("sub"),
            without_claim("jti"),
            without_claim("sid"),
            with_header("typ", json!("JWT")),
            with_header("typ", json!(null)),
            with_header("kid", json!("../../dev/null")),
            with_header("jku", json!("https://example.org/keys")),
            with_header("crit", json!(["b64"])),
            with_header("zip", json!("DEF")),
            with_header("anything", json!(1)),
        ];
        for (index, token) in forged.iter().enumerate() {
            assert!(tokens().verify(token, now()).is_err(), "forged token {index} was accepted: {token}");
        }
    }

    #[test]
    fn a_token_that_we_did_not_sign_is_refused() {
        let genuine = genuine();
        let [first, claims, signature] = genuine.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let other = Tokens::new(&Secret::new("another secret of the same length".to_owned()).unwrap());
        let grant = Grant { user_id: "user".to_owned(), session_id: "session".to_owned() };
        let mut forged = vec![
            signed_with_public_key(),
            other.issue(grant, now(), Timestamp::FOREVER).unwrap().text,
            format!("{first}.{claims}"),
            format!("{first}.{claims}."),
            format!("{first}..{signature}"),
            format!(".{claims}.{signature}"),
            format!("{genuine}."),
            format!("{genuine}.{signature}"),
            format!("{genuine}="),
            format!("{genuine} "),
            format!("{genuine}AAAA"),
            format!("{first}.{claims}.{}", &signature[..signature.len() - 1]),
            format!("{first}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
            format!("{first}.{}.{signature}", part(&json!({}))),
            "..".to_owned(),
            String::new(),
            "dlr_0123456789012345678901234567890123456789012".to_owned(),
            "a".repeat(5000),
            format!("{genuine}{}", "A".repeat(4096)),
        ];
        for algorithm in ["none", "None", "nOnE", "", "HS256", "RS256", "ES256", "Ed25519"] {
            let header = part(&json!({"typ": "at+jwt", "alg": algorithm}));
            forged.push(format!("{header}.{claims}."));
            forged.push(format!("{header}.{claims}.{signature}"));
        }
        for (index, token) in forged.iter().enumerate() {
            assert!(tokens().verify(token, now()).is_err(), "forged token {index} was accepted: {token}");
        }
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let genuine = genuine();
        for index in 0..genuine.len() {
            let mut changed = genuine.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(tokens().verify(&changed, now()).is_err(), "byte {index}");
        }
    }
}
