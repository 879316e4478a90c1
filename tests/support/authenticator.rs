//! An authenticator app, written from RFC 6238 and not from the server's own code.

use data_encoding::BASE32_NOPAD;
use dateline::clock::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use super::client::Client;
use super::desk::text;
use super::{PASSWORD, TestApp};

/// An app that was given a secret.
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// The app after somebody typed this secret into it.
    pub fn new(secret: &str) -> Authenticator {
        Authenticator(BASE32_NOPAD.decode(secret.as_bytes()).expect("base32"))
    }

    /// What it shows at this moment.
    pub fn code_at(&self, now: Timestamp) -> String {
        let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(&self.0).expect("a key");
        mac.update(&(now.seconds() / 30).to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let offset = usize::from(digest[19] & 15);
        let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().expect("four bytes"));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// What it shows by the clock of this server.
    pub fn code(&self, app: &TestApp) -> String {
        self.code_at(app.clock().now())
    }
}

/// Somebody with a second factor.
pub struct Enrolled {
    /// Their app.
    pub authenticator: Authenticator,
    /// The recovery codes that they wrote down.
    pub recovery_codes: Vec<String>,
}

/// Sets up a second factor for whoever is signed in here, and waits until the app shows another code than the one that did.
pub fn enrol(app: &TestApp, person: &Client) -> Enrolled {
    let begun = person.post("/v1/auth/second-factor", json!({ "current_password": PASSWORD })).expect(200).json();
    let authenticator = Authenticator::new(text(&begun["secret"]));
    let confirm = json!({ "code": authenticator.code(app) });
    let confirmed = person.post("/v1/auth/second-factor/confirm", confirm).expect(200).json();
    let recovery_codes = written_down(&confirmed);
    app.clock().advance(std::time::Duration::from_secs(30));
    Enrolled { authenticator, recovery_codes }
}

/// The recovery codes of an answer.
pub fn written_down(answer: &Value) -> Vec<String> {
    answer["recovery_codes"].as_array().expect("codes").iter().map(|code| text(code).to_owned()).collect()
}
