//! Codes that change every 30 seconds (RFC 6238), as every authenticator app makes them: HMAC-SHA-1, six digits. SHA-1 as a
//! hash is broken and as a part of HMAC is not, and some apps know no other whatever the address says.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use url::Url;

use super::code::AppCode;
use crate::auth::random;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// Bytes of a secret: as many as SHA-1 has (RFC 4226 §4).
pub const LENGTH: usize = 20;

/// Seconds for which an app shows one code.
const PERIOD: i64 = 30;

/// How many digits a code has, as the power of ten above it.
const ABOVE: u32 = 1_000_000;

/// How many steps a phone's clock may be ahead or behind (RFC 6238 §5.2).
const SKEW: i64 = 1;

/// What an authenticator app and we have in common.
pub struct TotpSecret(SecretBox<[u8; LENGTH]>);

impl TotpSecret {
    /// A fresh secret from the operating system's random numbers.
    pub fn make() -> Result<TotpSecret> {
        Ok(TotpSecret(SecretBox::new(Box::new(random::bytes()?))))
    }

    /// A secret that was kept, when it is as long as they are.
    pub fn from_bytes(bytes: &[u8]) -> Option<TotpSecret> {
        Some(TotpSecret(SecretBox::new(Box::new(bytes.try_into().ok()?))))
    }

    /// For the one place that encrypts it.
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// As people type it into an app, for the one answer that shows it.
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(self.bytes())
    }

    /// The address that apps read from a QR code.
    ///
    /// Errors: [`Error::Internal`] when no address can be made of the names.
    pub fn address(&self, issuer: &str, account: &str) -> Result<String> {
        let mut url = Url::parse("otpauth://totp").map_err(Error::internal)?;
        let mut path = url.path_segments_mut().map_err(|()| Error::internal("an address without a path"))?;
        path.push(&format!("{issuer}:{account}"));
        drop(path);
        url.query_pairs_mut().append_pair("secret", &self.base32()).append_pair("issuer", issuer);
        Ok(url.into())
    }

    /// The step of time whose code this is, when that is now or next to it.
    pub fn step_of(&self, code: &AppCode, now: Timestamp) -> Option<i64> {
        let current = now.seconds() / PERIOD;
        // Each is computed and compared in full, so that the time it takes tells nothing.
        (current - SKEW..=current + SKEW).fold(None, |found, step| {
            let is_right = bool::from(self.code(step).as_bytes().ct_eq(code.digits()));
            if is_right { Some(step) } else { found }
        })
    }

    /// The code of a step (RFC 4226 §5.3).
    fn code(&self, step: i64) -> String {
        let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(self.bytes()) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(&step.to_be_bytes());
        let digest: [u8; LENGTH] = mac.finalize().into_bytes().into();
        let [.., last] = digest;
        let offset = usize::from(last & 0x0f);
        let four = digest.iter().skip(offset).take(4);
        let number = four.fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % ABOVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_microseconds(seconds * 1_000_000).unwrap()
    }

    fn typed(code: &str) -> AppCode {
        AppCode::parse(code).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B; the last six of the eight digits there.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code(seconds / PERIOD), code);
            assert_eq!(secret().step_of(&typed(code), at(seconds)), Some(seconds / PERIOD));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_step_late() {
        let code = typed("287082");
        for (seconds, good) in [(0, true), (30, true), (89, true), (90, false), (120, false)] {
            assert_eq!(secret().step_of(&code, at(seconds)), good.then_some(1), "at {seconds}");
        }
        assert_eq!(secret().step_of(&typed("000000"), at(59)), None);
    }

    #[test]
    fn an_app_can_read_the_address_whatever_the_account_is_called() {
        let address = secret().address("news.example.org", "zoë+desk/1?a@example.org").unwrap();
        assert_eq!(
            address,
            "otpauth://totp/news.example.org:zo%C3%AB+desk%2F1%3Fa@example.org\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=news.example.org"
        );
    }
}
