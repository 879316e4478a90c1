//! Hashes and checks passwords: argon2id, a few at a time, off the threads that answer requests.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};
use argon2::{ARGON2ID_IDENT, Argon2, Params};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::password::{NewPassword, Password, site_words};
use crate::error::{Error, Result};

/// Memory of one hash in KiB, passes, lanes: the first recommendation of OWASP.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Hashes that run at the same time: each takes 19 MiB.
const MOST_RUNNING: usize = 4;

/// Hashes that may wait for their turn; past that the answer is 503.
const LONGEST_QUEUE: usize = 64;

/// What a password is checked against when there is no such account, so that the answer takes as long. Nobody knows a
/// password for it: its hash is made up.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzLg$bm9ib2R5IGtub3dzIHRoZSBwYXNzd29yZCB0byBpdCE";

/// What stands in place of a hash until somebody who was invited sets a password, and for whoever comes by single sign-on
/// alone. No password fits.
pub fn no_password() -> String {
    NOBODY.to_owned()
}

/// Whether a stored hash is of a password, and does not stand in place of one.
pub fn is_a_password(stored: &str) -> bool {
    stored != NOBODY
}

/// Hashes and checks passwords. Clones share the same places in the queue.
#[derive(Clone)]
pub struct Passwords {
    /// The names of the site, which no password may contain.
    site: Arc<[String]>,
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// What became of a check.
pub enum Verdict {
    /// Not the password, or no such account.
    Wrong,
    /// The password. `stronger` is a fresh hash when the stored one was made with weaker settings than today's.
    Right {
        /// What to store instead.
        stronger: Option<String>,
    },
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords {
            site: Arc::default(),
            admitted: Arc::new(Semaphore::new(MOST_RUNNING + LONGEST_QUEUE)),
            running: Arc::new(Semaphore::new(MOST_RUNNING)),
        }
    }
}

impl Passwords {
    /// Of a site that is reached under this address.
    pub fn of_site(public_url: Option<&str>) -> Passwords {
        Passwords { site: site_words(public_url).into(), ..Passwords::default() }
    }

    /// The names of the site, which no password may contain.
    pub fn site(&self) -> &[String] {
        &self.site
    }

    /// The hash to store for a new password, with its settings and a random salt (PHC format).
    pub async fn hash(&self, password: &NewPassword) -> Result<String> {
        let password = SecretString::from(password.expose());
        self.in_turn(move || hash(password.expose_secret())).await
    }

    /// Checks a password against a stored hash. Without one, it takes as long and is wrong.
    pub async fn verify(&self, password: &Password, stored: Option<String>) -> Result<Verdict> {
        let password = SecretString::from(password.expose());
        self.in_turn(move || verify(password.expose_secret(), stored.as_deref())).await
    }

    /// Runs `work` when it is its turn. The places are given back by the work itself, so that a caller who goes away
    /// cannot start more than fit.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let full = |_| Error::Unavailable("the queue of password checks is full".to_owned());
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(full)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(Error::internal)?;
        let job = move || {
            let _places = (admitted, running);
            work()
        };
        tokio::task::spawn_blocking(job).await.map_err(Error::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    Params::new(memory, passes, lanes, None).map(Argon2::from).map_err(Error::internal)
}

fn hash(password: &str) -> Result<String> {
    let hash: PasswordHash = argon2()?.hash_password(password.as_bytes()).map_err(Error::internal)?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: Option<&str>) -> Result<Verdict> {
    let parsed = PasswordHash::new(stored.unwrap_or(NOBODY)).map_err(Error::internal)?;
    let verified = argon2()?.verify_password(password.as_bytes(), &parsed);
    match (verified, stored) {
        (Ok(()), Some(_)) => {
            let stronger = is_weaker(&parsed).then(|| hash(password)).transpose()?;
            Ok(Verdict::Right { stronger })
        }
        (Ok(()), None) | (Err(HashError::PasswordInvalid), _) => Ok(Verdict::Wrong),
        (Err(error), _) => Err(Error::internal(error)),
    }
}

/// Whether a stored hash was made with less effort than a new one would be.
fn is_weaker(hash: &PasswordHash) -> bool {
    let (memory, passes, _) = COST;
    match Params::try_from(hash) {
        Ok(params) => hash.algorithm != ARGON2ID_IDENT || params.m_cost() < memory || params.t_cost() < passes,
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        serde_json::from_value(text.into()).unwrap()
    }

    async fn is_right(passwords: &Passwords, text: &str, stored: &str) -> bool {
        let verdict = passwords.verify(&password(text), Some(stored.to_owned())).await;
        matches!(verdict.unwrap(), Verdict::Right { stronger: None })
    }

    #[actix_web::test]
    async fn s35_nothing_of_a_long_password_is_cut_off() {
        let passwords = Passwords::default();
        let text = format!("{} and so on for 100 characters, {}", "x".repeat(30), "yz ".repeat(12));
        let stored = passwords.hash(&NewPassword::parse(&format!("{text}1")).ok().unwrap()).await.unwrap();
        assert!(is_right(&passwords, &format!("{text}1"), &stored).await);
        assert!(!is_right(&passwords, &format!("{text}2"), &stored).await);
    }

    #[test]
    fn s17_a_check_for_nobody_costs_what_a_real_one_does() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = PasswordHash::new(&hash("whatever it may be").unwrap()).unwrap();
        assert_eq!((nobody.algorithm, nobody.version, &nobody.params), (real.algorithm, real.version, &real.params));
        assert_eq!(nobody.hash.unwrap().as_bytes().len(), real.hash.unwrap().as_bytes().len());
        assert_eq!(nobody.salt.unwrap().len(), real.salt.unwrap().len());
        assert!(matches!(verify("whatever it may be", None).unwrap(), Verdict::Wrong));
    }

    #[test]
    fn p10_a_hash_made_with_less_effort_is_replaced() {
        let weak = Argon2::from(Params::new(8, 1, 1, None).unwrap());
        let weak: PasswordHash = weak.hash_password(b"an old password").unwrap();
        let Verdict::Right { stronger: Some(stronger) } = verify("an old password", Some(&weak.to_string())).unwrap()
        else {
            panic!("not replaced")
        };
        assert!(matches!(verify("an old password", Some(&stronger)).unwrap(), Verdict::Right { stronger: None }));
    }

    #[actix_web::test]
    async fn p10_a_full_queue_is_503_and_not_more_memory() {
        let passwords = Passwords::default();
        let places = passwords.admitted.clone().try_acquire_many_owned(68).unwrap();
        assert!(matches!(passwords.verify(&password("x"), None).await, Err(Error::Unavailable(_))));
        drop(places);
        assert!(passwords.verify(&password("x"), None).await.is_ok());
    }
}
