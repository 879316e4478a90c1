//! The secret of an instance, from which every key of its own is derived; and the file in which it is kept on SQLite when
//! none was given.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::SettingError;

/// Shortest secret that is accepted, in bytes: 256 bits when it is random.
const SHORTEST_SECRET: usize = 32;

/// Name of the file in the data folder.
const FILE: &str = "secret";

/// The secret of an instance; never printed, never compared.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret of at least 32 characters.
    pub fn new(text: String) -> Result<Secret, SettingError> {
        let text = text.trim().to_owned();
        if text.len() < SHORTEST_SECRET {
            return Err(SettingError::new(
                "DATELINE_SECRET",
                format!(
                    "has {} characters; it needs at least {SHORTEST_SECRET}. Make one with: openssl rand -hex 32",
                    text.len()
                ),
            ));
        }
        Ok(Secret(text.into()))
    }

    /// A key for one purpose only (HMAC-SHA256 of its name), so that what is signed for one can never pass for another.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.expose_secret().as_bytes()) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(b"dateline/1/");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Whether one is kept.
pub fn is_kept(data_dir: &Path) -> bool {
    data_dir.join(FILE).exists()
}

/// Reads the kept secret, or makes one of 256 random bits that only this user can read.
pub fn read_or_make(data_dir: &Path) -> Result<Secret, SettingError> {
    let path = data_dir.join(FILE);
    let refuse = |error: std::io::Error| {
        SettingError::new("DATELINE_DATA_DIR", format!("cannot keep a secret at {}: {error}", path.display()))
    };
    match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(data_dir, &path).map_err(refuse)?,
        _ => {}
    }
    Secret::new(fs::read_to_string(&path).map_err(refuse)?)
}

/// Makes the file whole or not at all: it is written under another name first, and whoever is second of two that
/// start together keeps what the first one made.
fn make(data_dir: &Path, path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(data_dir)?;
    let mut random = [0_u8; 32];
    SysRng.try_fill_bytes(&mut random).map_err(std::io::Error::other)?;
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(URL_SAFE_NO_PAD.encode(random).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s33_s36_a_secret_is_long_and_never_printed() {
        assert!(Secret::new("short".to_owned()).is_err());
        let secret = Secret::new("0123456789abcdef0123456789abcdef".to_owned()).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
