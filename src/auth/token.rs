//! Access tokens: short-lived, signed, and worth nothing without a living session (see [`super::authenticate`]).
//!
//! A JSON Web Token with exactly one header and exactly these claims (RFC 8725, RFC 9068). Whatever a token says about
//! how it wants to be checked is not listened to: there is one algorithm, and `kid` picks one of our own keys.

use std::sync::LazyLock;
use std::time::Duration;

use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize};

use super::access_keys::Keyring;
use crate::clock::Timestamp;
use crate::db::types::new_id;
use crate::error::{Error, Result};

/// How long an access token is good for.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// How far the clocks of two instances may be apart.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// The kind of token, in its header (RFC 9068 §2.1).
pub const KIND: &str = "at+jwt";

/// Longest token that is looked at, in bytes; ours have about 400.
const LONGEST: usize = 4096;

/// Who makes our tokens.
const ISSUER: &str = "dateline";

/// What these tokens are for. Another kind of token would name something else, so that none passes for another.
const AUDIENCE: &str = "dateline:access";

/// What is asked of a token's claims, beside their types and times.
static VALIDATION: LazyLock<Validation> = LazyLock::new(|| {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    // The library would ask the system's clock; ours is asked in `check_times`.
    validation.validate_exp = false;
    validation
});

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

/// A token for a session that ends at `session_end` at the latest.
pub fn issue(keys: &Keyring, grant: Grant, now: Timestamp, session_end: Timestamp) -> Result<AccessToken> {
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
    let key = keys.signing(now)?;
    let text = jsonwebtoken::encode(&key.header, &claims, &key.signing).map_err(Error::internal)?;
    Ok(AccessToken { text, expires_in })
}

/// Who a token was made for, when it is ours and its time has not run out.
///
/// Errors: the reason, for the log; the caller is told the same whatever it was.
pub fn verify(keys: &Keyring, token: &str, now: Timestamp) -> Result<Grant, &'static str> {
    if token.len() > LONGEST {
        return Err("too long");
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| "not a token")?;
    let key = keys.that_writes(&header, now).ok_or("no header that a key of ours writes")?;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key.verifying, &VALIDATION);
    let claims = decoded.map_err(|_| "not a token of ours")?.claims;
    check_times(&claims, now)?;
    if claims.jti.is_empty() {
        return Err("no id");
    }
    Ok(Grant { user_id: claims.sub, session_id: claims.sid })
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), &'static str> {
    let lifetime = claims.exp.checked_sub(claims.iat);
    if claims.exp <= now.seconds() {
        return Err("expired");
    }
    if claims.iat > now.after(LEEWAY).seconds() {
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
    use ed25519_dalek::SigningKey;
    use jsonwebtoken::EncodingKey;
    use serde_json::{Map, Value, json};

    use super::super::access_keys::{AccessKey, Term};
    use super::*;
    use crate::config::Secret;

    fn secret() -> Secret {
        Secret::new("0123456789abcdef0123456789abcdef".to_owned()).unwrap()
    }

    fn term(id: &str, signs_from: &str, trusted_until: &str) -> Term {
        Term {
            id: id.to_owned(),
            signs_from: signs_from.parse().unwrap(),
            trusted_until: trusted_until.parse().unwrap(),
        }
    }

    fn keys() -> Keyring {
        Keyring::new(&secret(), &[term("first", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z")])
    }

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn grant() -> Grant {
        Grant { user_id: "user".to_owned(), session_id: "session".to_owned() }
    }

    fn issued(keys: &Keyring, at: Timestamp) -> String {
        issue(keys, grant(), at, Timestamp::FOREVER).unwrap().text
    }

    fn genuine() -> String {
        issued(&keys(), now())
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn header() -> Value {
        json!({"typ": "at+jwt", "alg": "EdDSA", "kid": keys().signing(now()).unwrap().kid()})
    }

    fn claims() -> Map<String, Value> {
        let at = now().seconds();
        let claims = json!({"iss": "dateline", "aud": "dateline:access", "sub": "user", "exp": at + 900, "iat": at,
            "jti": "token", "sid": "session"});
        claims.as_object().unwrap().clone()
    }

    /// Signed with our own key: what is wrong is only what the header and the claims say.
    fn signed(header: &Value, claims: &Value) -> String {
        signed_with(keys().signing(now()).unwrap(), header, claims)
    }

    fn signed_with(key: &AccessKey, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key.signing, Algorithm::EdDSA).unwrap();
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
        let public = SigningKey::from_bytes(&secret().derive("access-token/first")).verifying_key();
        let mut header = header();
        header["alg"] = json!("HS256");
        let message = format!("{}.{}", part(&header), part(&claims().into()));
        let key = EncodingKey::from_secret(public.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn a_genuine_token_names_its_user_and_session_until_it_expires() {
        assert_eq!(verify(&keys(), &genuine(), now()), Ok(grant()));
        assert_eq!(verify(&keys(), &signed(&header(), &claims().into()), now()), Ok(grant()));
        let almost = now().after(Duration::from_secs(899));
        assert!(verify(&keys(), &genuine(), almost).is_ok());
        assert_eq!(verify(&keys(), &genuine(), now().after(LIFETIME)), Err("expired"));
    }

    #[test]
    fn a_token_never_outlives_its_session() {
        let token = issue(&keys(), grant(), now(), now().after(Duration::from_secs(60))).unwrap();
        assert_eq!(token.expires_in, 60);
    }

    #[test]
    fn the_newest_key_whose_time_has_come_signs_and_the_one_before_it_is_trusted_for_a_while() {
        let rotated = Keyring::new(
            &secret(),
            &[
                term("first", "1970-01-01T00:00:00Z", "2026-11-23T12:15:35Z"),
                term("second", "2026-11-23T12:00:05Z", "9999-12-31T23:59:59Z"),
            ],
        );
        let at = |seconds: u64| now().after(Duration::from_secs(seconds));
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let before = issued(&rotated, at(4));
        assert_eq!(kid(&before), kid(&genuine()), "the new key is known and does not sign yet");
        let after = issued(&rotated, at(5));
        assert_ne!(kid(&after), kid(&before));
        for moment in [at(5), at(900)] {
            assert_eq!(verify(&rotated, &before, moment), Ok(grant()));
            assert_eq!(verify(&rotated, &after, moment), Ok(grant()));
        }
        assert_eq!(rotated.trusted(at(934)).count(), 2);
        assert_eq!(rotated.trusted(at(935)).count(), 1);
        assert!(verify(&keys(), &after, at(5)).is_err(), "who does not know the new key does not trust it");
        // Another key's name does not help, and neither does the right name on another key.
        let [first, second] = rotated.trusted(at(5)).collect::<Vec<_>>()[..] else { panic!("two keys") };
        let named = |key: &AccessKey| json!({"typ": "at+jwt", "alg": "EdDSA", "kid": key.kid()});
        assert!(verify(&rotated, &signed_with(first, &named(second), &claims().into()), at(5)).is_err());
        assert!(verify(&rotated, &signed_with(second, &named(first), &claims().into()), at(5)).is_err());
        assert!(verify(&rotated, &signed_with(second, &named(second), &claims().into()), at(5)).is_ok());
    }

    #[test]
    fn s21_s22_s23_a_token_whose_claims_or_header_are_not_ours_is_refused_although_the_key_is() {
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
            with_header("typ", json!("preview+jwt")),
            with_header("kid", json!("../../dev/null")),
            with_header("kid", json!("' OR 1=1 --")),
            with_header("kid", json!("first")),
            with_header("kid", json!("")),
            with_header("kid", json!(null)),
            with_header("jku", json!("https://example.org/keys")),
            with_header("crit", json!(["b64"])),
            with_header("zip", json!("DEF")),
            with_header("anything", json!(1)),
        ];
        for (index, token) in forged.iter().enumerate() {
            assert!(verify(&keys(), token, now()).is_err(), "forged token {index} was accepted: {token}");
        }
    }

    #[test]
    fn s22_a_token_that_we_did_not_sign_is_refused() {
        let genuine = genuine();
        let [first, claims, signature] = genuine.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let forever = || term("first", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
        let other_secret = Secret::new("another secret of the same length".to_owned()).unwrap();
        // What the secret gives for other purposes signs nothing here.
        let other_purpose = EncodingKey::from_ed_der(
            &[
                [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20].as_slice(),
                &secret().derive("log"),
            ]
            .concat(),
        );
        let message = format!("{}.{}", part(&header()), part(&self::claims().into()));
        let of_log = jsonwebtoken::crypto::sign(message.as_bytes(), &other_purpose, Algorithm::EdDSA).unwrap();
        let mut forged = vec![
            signed_with_public_key(),
            format!("{message}.{of_log}"),
            issued(&Keyring::new(&other_secret, &[forever()]), now()),
            signed_with(&AccessKey::derive(&other_secret, forever()), &header(), &self::claims().into()),
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
            let mut header = header();
            header["alg"] = json!(algorithm);
            let header = part(&header);
            forged.push(format!("{header}.{claims}."));
            forged.push(format!("{header}.{claims}.{signature}"));
        }
        for (index, token) in forged.iter().enumerate() {
            assert!(verify(&keys(), token, now()).is_err(), "forged token {index} was accepted: {token}");
        }
    }

    #[test]
    fn no_changed_byte_goes_unnoticed() {
        let genuine = genuine();
        for index in 0..genuine.len() {
            let mut changed = genuine.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verify(&keys(), &changed, now()).is_err(), "byte {index}");
        }
    }
}
