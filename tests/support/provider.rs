//! Providers of OpenID Connect: a real one (npm `oidc-provider`, see tests/single_sign_on), and one that says whatever a test
//! wants it to say.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dateline::config::{Config, SingleSignOnConfig};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::TestApp;

/// The address under which the outside world knows the server of a test.
pub const SITE: &str = "http://127.0.0.1:8080";

/// The page of the front end that browsers come back to.
pub const PAGE: &str = "http://127.0.0.1:8080/account";

/// Where the provider sends browsers back to.
pub const CALLBACK: &str = "http://127.0.0.1:8080/v1/auth/single-sign-on/callback";

const CLIENT: &str = "dateline";
const SECRET: &str = "a secret that both sides know";

/// Settings of single sign-on: groups with their roles, and the role of everybody else.
pub fn by_provider(
    issuer: &str,
    roles: &[(&str, &str)],
    default_role: Option<&str>,
) -> impl FnOnce(&mut Config) + use<> {
    let single_sign_on = SingleSignOnConfig {
        issuer: issuer.to_owned(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(SECRET.into()),
        name: "Example News".to_owned(),
        scopes: ["email", "profile", "groups"].map(str::to_owned).to_vec(),
        groups_claim: "groups".to_owned(),
        roles: roles.iter().map(|(group, role)| ((*group).to_owned(), (*role).to_owned())).collect(),
        default_role: default_role.map(str::to_owned),
        callback: CALLBACK.to_owned(),
    };
    move |config| {
        config.public_url = Some(SITE.to_owned());
        config.single_sign_on = Some(single_sign_on);
    }
}

/// A real provider, in a process of its own. It ends when this is dropped.
pub struct RealProvider {
    issuer: String,
    child: Child,
}

impl RealProvider {
    /// Starts one; `None`, said loudly, where there is no Node.js.
    pub fn start() -> Option<RealProvider> {
        RealProvider::try_start().map_err(|reason| complain(&reason)).ok()
    }

    fn try_start() -> Result<RealProvider, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/single_sign_on");
        if !folder.join("node_modules").is_dir() {
            return Err("its packages are not there; run: npm ci --prefix tests/single_sign_on".to_owned());
        }
        let mut command = Command::new("node");
        command.arg(folder.join("provider.mjs")).args(["0", CALLBACK, PAGE]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("node cannot be started: {error}"))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        let issuer = line.trim().strip_prefix("listening on ").map(str::to_owned);
        Ok(RealProvider { issuer: issuer.ok_or(format!("it did not start: {line}"))?, child })
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Drop for RealProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Past the test harness, which swallows what passing tests print.
fn complain(reason: &str) {
    if std::env::var("TEST_REQUIRE_NODE").is_ok_and(|value| value == "1") {
        panic!("a provider was asked for by TEST_REQUIRE_NODE, and is not there: {reason}");
    }
    let text = format!("\n*** Single sign-on was NOT tested against a real provider.\n*** {reason}\n\n");
    let _ = io::stderr().write_all(text.as_bytes());
}

/// How the forger answers at one of its addresses.
#[derive(Clone)]
pub enum Manner {
    /// With this, as JSON.
    Json(Value),
    /// With these bytes, as JSON.
    Bytes(Vec<u8>),
    /// With a redirect.
    Redirect(String),
    /// Not at all, until the caller has lost its patience.
    Never,
    /// As usual, after a while.
    Slowly(Duration),
    /// With 500.
    Broken,
}

/// A key that the forger signs with.
#[derive(Clone)]
pub struct Key {
    name: String,
    signing: SigningKey,
}

/// What we asked the forger for.
#[derive(Debug, Clone)]
pub struct Asked {
    query: HashMap<String, String>,
}

/// A provider that says what a test wants it to say.
pub struct Forger {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    keys: Mutex<Vec<Key>>,
    manners: Mutex<HashMap<String, Manner>>,
    /// By code: the challenge of the sign-in, and the ID token.
    given: Mutex<HashMap<String, (String, String)>>,
    user_info: Mutex<Option<Value>>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Key {
    /// A key of this name; another number is another key.
    pub fn new(name: &str, number: u8) -> Key {
        Key { name: name.to_owned(), signing: SigningKey::from_bytes(&[number; 32]) }
    }

    fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    fn published(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.public());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.name, "x": x })
    }

    /// A token that is signed with it, as it should be.
    pub fn sign(&self, claims: &Value) -> String {
        let text = unsigned(&json!({ "alg": "EdDSA", "kid": self.name }), claims);
        let signature = URL_SAFE_NO_PAD.encode(self.signing.sign(text.as_bytes()).to_bytes());
        format!("{text}.{signature}")
    }

    /// A token that is signed as if the public key were a secret.
    pub fn sign_with_public_key_as_secret(&self, claims: &Value) -> String {
        sign_with_secret(&self.public(), &self.name, claims)
    }

    /// A token that is signed with the secret that both sides know.
    pub fn sign_with_client_secret(&self, claims: &Value) -> String {
        sign_with_secret(SECRET.as_bytes(), &self.name, claims)
    }
}

/// A token that is not signed at all.
pub fn sign_not_at_all(claims: &Value) -> String {
    format!("{}.", unsigned(&json!({ "alg": "none" }), claims))
}

fn sign_with_secret(secret: &[u8], kid: &str, claims: &Value) -> String {
    let text = unsigned(&json!({ "alg": "HS256", "kid": kid }), claims);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).expect("any length");
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

impl Asked {
    /// What we asked, by the address that we sent the browser to.
    #[track_caller]
    pub fn of(address: &str) -> Asked {
        let url = Url::parse(address).expect("an address");
        assert_eq!(url.path(), "/authorize", "{address}");
        Asked { query: url.query_pairs().into_owned().collect() }
    }

    /// One parameter.
    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        self.query.get(name).unwrap_or_else(|| panic!("{name} is missing: {self:?}"))
    }
}

impl Forger {
    /// One that listens, with one key.
    pub fn start() -> Forger {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        shared.keys.lock().unwrap().push(Key::new("first", 1));
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                thread::spawn(move || serve(&stream, address, &shared));
            }
        });
        Forger { address, shared }
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that it signs with now.
    pub fn key(&self) -> Key {
        self.shared.keys.lock().unwrap()[0].clone()
    }

    /// From now on signs with another key, and publishes no other.
    pub fn rotate(&self, key: Key) {
        *self.shared.keys.lock().unwrap() = vec![key];
    }

    /// From now on answers otherwise at one of its addresses, or as usual again.
    pub fn answer(&self, path: &str, manner: Option<Manner>) {
        let mut manners = self.shared.manners.lock().unwrap();
        match manner {
            Some(manner) => drop(manners.insert(path.to_owned(), manner)),
            None => drop(manners.remove(path)),
        }
    }

    /// What it says of somebody at its user info address; without it there is none.
    pub fn tell(&self, user_info: Value) {
        *self.shared.user_info.lock().unwrap() = Some(user_info);
    }

    /// How often it was asked at one of its addresses.
    pub fn times(&self, path: &str) -> usize {
        self.shared.asked.lock().unwrap().get(path).copied().unwrap_or(0)
    }

    /// What it says of itself.
    pub fn usual(&self) -> Value {
        usual(self.address, &self.shared)
    }

    /// Claims that are good now, of Ada, who is in the newsdesk.
    pub fn claims(&self, app: &TestApp, asked: &Asked) -> Value {
        let now = app.clock().now().seconds();
        json!({
            "iss": self.issuer(), "aud": CLIENT, "sub": "ada", "nonce": asked.get("nonce"), "iat": now, "exp": now + 300,
            "email": "ada@example.org", "email_verified": true, "name": "Ada Lund", "groups": ["newsdesk"],
        })
    }

    /// Gives the browser a code for an ID token; where the browser goes with it.
    pub fn give(&self, asked: &Asked, token: String) -> String {
        let mut given = self.shared.given.lock().unwrap();
        let code = format!("code-{}", given.len());
        given.insert(code.clone(), (asked.get("code_challenge").to_owned(), token));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", asked.get("state"))
            .append_pair("iss", &self.issuer())
            .finish();
        format!("{CALLBACK}?{query}")
    }
}

fn usual(address: SocketAddr, shared: &Shared) -> Value {
    let issuer = format!("http://{address}");
    let mut said = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"), "end_session_endpoint": format!("{issuer}/end"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
        "authorization_response_iss_parameter_supported": true,
    });
    if shared.user_info.lock().unwrap().is_some() {
        said["userinfo_endpoint"] = format!("{issuer}/me").into();
    }
    said
}

/// One request, as far as ureq speaks.
fn serve(stream: &TcpStream, address: SocketAddr, shared: &Shared) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length, mut authorization) = (String::new(), 0, String::new());
    if reader.read_line(&mut first).is_err() {
        return;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let path = first.split_whitespace().nth(1).unwrap_or_default().to_owned();
    *shared.asked.lock().unwrap().entry(path.clone()).or_default() += 1;
    let manner = shared.manners.lock().unwrap().get(&path).cloned();
    let (status, body) = match manner {
        Some(Manner::Json(json)) => ("200 OK".to_owned(), json.to_string().into_bytes()),
        Some(Manner::Bytes(bytes)) => ("200 OK".to_owned(), bytes),
        Some(Manner::Redirect(place)) => (format!("302 Found\r\nLocation: {place}"), Vec::new()),
        Some(Manner::Broken) => ("500 Broken".to_owned(), b"{}".to_vec()),
        Some(Manner::Never) => {
            // Until whoever asked hangs up.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
            let _ = reader.read(&mut [0]);
            return;
        }
        Some(Manner::Slowly(while_)) => {
            std::thread::sleep(while_);
            as_usual(&path, &body, &authorization, address, shared)
        }
        None => as_usual(&path, &body, &authorization, address, shared),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    // Whoever has hung up is no longer answered.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn as_usual(path: &str, body: &[u8], authorization: &str, address: SocketAddr, shared: &Shared) -> (String, Vec<u8>) {
    let found = |json: Value| ("200 OK".to_owned(), json.to_string().into_bytes());
    let refused = |error: &str| ("400 Bad Request".to_owned(), json!({ "error": error }).to_string().into_bytes());
    match path {
        "/.well-known/openid-configuration" => found(usual(address, shared)),
        "/jwks" => found(json!({ "keys": shared.keys.lock().unwrap().iter().map(Key::published).collect::<Vec<_>>() })),
        "/me" => match shared.user_info.lock().unwrap().clone() {
            Some(user_info) if authorization == "Bearer an-access-token" => found(user_info),
            _ => refused("invalid_token"),
        },
        "/token" => {
            let form: HashMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
            let basic =
                base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT}:{}", SECRET.replace(' ', "+")));
            if authorization != format!("Basic {basic}") || form["redirect_uri"] != CALLBACK {
                return refused("invalid_client");
            }
            // A code is good once, and for whoever has its verifier.
            let Some((challenge, token)) =
                shared.given.lock().unwrap().insert(form["code"].clone(), Default::default())
            else {
                return refused("invalid_grant");
            };
            if URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) != challenge {
                return refused("invalid_grant");
            }
            found(
                json!({ "access_token": "an-access-token", "token_type": "Bearer", "expires_in": 60, "id_token": token }),
            )
        }
        _ => ("404 Not Found".to_owned(), b"{}".to_vec()),
    }
}
