//! Devices that hold passkeys, and the browser in front of them, written from WebAuthn (§5.8.1, §6.1, §6.5) and not with the
//! server's own code. They can lie about everything.

use std::sync::atomic::{AtomicU8, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dateline::config::{Config, PasskeyConfig};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::PASSWORD;
use super::client::{Client, Reply};
use super::desk::text;

/// The page on which people sign in.
pub const ORIGIN: &str = "https://desk.news.example";

/// What their devices keep the keys for.
pub const DOMAIN: &str = "news.example";

const PASSKEYS: &str = "/v1/auth/passkeys";

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const CAN_BE_COPIED: u8 = 0x08;
const IS_COPIED: u8 = 0x10;
const WITH_KEY: u8 = 0x40;

/// Settings with passkeys.
pub fn with_passkeys(config: &mut Config) {
    let origins = vec![ORIGIN.to_owned(), "https://news.example".to_owned()];
    config.passkeys = Some(PasskeyConfig { origins, domain: DOMAIN.to_owned() });
}

/// How a device, and the browser in front of it, answer.
#[derive(Debug, Clone)]
pub struct Manner {
    /// The page that the browser shows.
    pub origin: String,
    /// Whether that page stands in a frame of another one.
    pub framed: bool,
    /// What the browser says that was asked; what was, when nothing is said.
    pub kind: Option<&'static str>,
    /// Which challenge it says that it was given.
    pub challenge: Option<String>,
    /// Whom the device signs for.
    pub domain: String,
    /// What the device says of its owner, and of itself.
    pub flags: u8,
    /// Whose passkey it says that it is.
    pub handle: Option<Vec<u8>>,
    /// Whether the signature is its own.
    pub is_forged: bool,
    /// What it has counted.
    pub counter: u32,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner {
            origin: ORIGIN.to_owned(),
            framed: false,
            kind: None,
            challenge: None,
            domain: DOMAIN.to_owned(),
            flags: PRESENT | VERIFIED,
            handle: None,
            is_forged: false,
            counter: 0,
        }
    }
}

impl Manner {
    /// Nobody touched the device.
    pub fn absent() -> Manner {
        Manner { flags: VERIFIED, ..Manner::default() }
    }

    /// Somebody touched it, and it asked for nothing else.
    pub fn unverified() -> Manner {
        Manner { flags: PRESENT, ..Manner::default() }
    }

    /// There is a copy of the key in somebody's cloud.
    pub fn copied() -> Manner {
        Manner { flags: PRESENT | VERIFIED | CAN_BE_COPIED | IS_COPIED, ..Manner::default() }
    }
}

/// A device with one passkey.
pub struct Device {
    key: SigningKey,
    credential_id: Vec<u8>,
    /// Whose it is, as it was told.
    pub handle: Vec<u8>,
}

impl Device {
    /// One that was never used.
    pub fn new() -> Device {
        static MADE: AtomicU8 = AtomicU8::new(1);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let key = SigningKey::from_slice(&[number; 32]).expect("a key");
        Device {
            key,
            credential_id: [b"a passkey of the tests, number ".as_slice(), &[number]].concat(),
            handle: Vec::new(),
        }
    }

    /// Makes the passkey: what `navigator.credentials.create` gives for these options.
    pub fn create(&mut self, options: &Value, manner: &Manner) -> Value {
        self.handle = decoded(&options["user"]["id"]);
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().expect("x"), point.y().expect("y"));
        // COSE, in the order of CTAP2: an elliptic curve key (2) for ES256 (-7), on P-256 (1).
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x.as_slice(), &[0x22, 0x58, 32], y.as_slice()];
        let id_length = u16::try_from(self.credential_id.len()).expect("short").to_be_bytes();
        let attested = [&[0; 16], id_length.as_slice(), &self.credential_id, &key.concat()].concat();
        let data = [authenticator_data(manner, manner.flags | WITH_KEY), attested].concat();
        let length = u8::try_from(data.len()).expect("short");
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        let client_data = client_data(options, manner, "webauthn.create");
        json!({
            "id": encoded(&self.credential_id), "rawId": encoded(&self.credential_id), "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encoded(&client_data), "attestationObject": encoded(&object), "transports": ["internal"],
                "authenticatorData": encoded(&data), "publicKeyAlgorithm": -7
            },
            "clientExtensionResults": { "credProps": { "rk": true } }
        })
    }

    /// Signs: what `navigator.credentials.get` gives for these options.
    pub fn get(&self, options: &Value, manner: &Manner) -> Value {
        let data = authenticator_data(manner, manner.flags);
        let client_data = client_data(options, manner, "webauthn.get");
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signer = if manner.is_forged { &SigningKey::from_slice(&[200; 32]).expect("a key") } else { &self.key };
        let signature: Signature = signer.sign(&signed);
        let handle = manner.handle.as_ref().unwrap_or(&self.handle);
        json!({
            "id": encoded(&self.credential_id), "rawId": encoded(&self.credential_id), "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": encoded(&client_data), "authenticatorData": encoded(&data),
                "signature": encoded(signature.to_der().as_bytes()), "userHandle": encoded(handle)
            },
            "clientExtensionResults": {}
        })
    }

    /// Adds the passkey to the account of whoever is signed in here.
    pub fn add_to(&mut self, person: &Client) -> Reply {
        self.add_in(person, json!({ "current_password": PASSWORD }), &Manner::default())
    }

    /// The same with another proof, and in another manner.
    pub fn add_in(&mut self, person: &Client, proof: Value, manner: &Manner) -> Reply {
        let begun = person.post(&format!("{PASSKEYS}/begin"), proof).expect(200).json();
        let credential = self.create(&begun["public_key"], manner);
        person.post(PASSKEYS, json!({ "name": "Phone", "ceremony": begun["ceremony"], "credential": credential }))
    }

    /// Signs in.
    pub fn sign_in(&self, caller: &Client) -> Reply {
        self.sign_in_in(caller, &Manner::default())
    }

    /// The same in another manner.
    pub fn sign_in_in(&self, caller: &Client, manner: &Manner) -> Reply {
        let begun = begin(caller);
        finish(caller, &begun, self.get(&begun["public_key"], manner))
    }
}

/// A sign-in that has begun.
pub fn begin(caller: &Client) -> Value {
    caller.send("POST", &format!("{PASSKEYS}/sign-in/begin"), None).expect(200).json()
}

/// Its end, with what a device says.
pub fn finish(caller: &Client, begun: &Value, credential: Value) -> Reply {
    let brought = json!({ "ceremony": begun["ceremony"], "credential": credential });
    caller.post(&format!("{PASSKEYS}/sign-in"), brought)
}

fn authenticator_data(manner: &Manner, flags: u8) -> Vec<u8> {
    [Sha256::digest(manner.domain.as_bytes()).as_slice(), &[flags], &manner.counter.to_be_bytes()].concat()
}

fn client_data(options: &Value, manner: &Manner, kind: &str) -> Vec<u8> {
    let challenge = manner.challenge.clone().unwrap_or_else(|| text(&options["challenge"]).to_owned());
    let mut data = json!({
        "type": manner.kind.unwrap_or(kind), "challenge": challenge, "origin": manner.origin, "crossOrigin": manner.framed
    });
    if manner.framed {
        data["topOrigin"] = json!("https://evil.example");
    }
    data.to_string().into_bytes()
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(value)).expect("base64url")
}
