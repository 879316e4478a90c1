//! Where passkeys are good: the pages that people sign in on, and the domain that their devices keep the keys for.

use clap::Args;
use url::{Host, Url};

use super::{SettingError, check_origins};

const ORIGINS: &str = "DATELINE_PASSKEY_ORIGINS";
const DOMAIN: &str = "DATELINE_PASSKEY_DOMAIN";

/// The settings of passkeys, as they are given.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Passkeys")]
pub struct PasskeySettings {
    /// Web origins of the pages on which people sign in with passkeys, separated by commas, such as
    /// https://desk.example.org. Default: no passkeys.
    #[arg(long, env = "DATELINE_PASSKEY_ORIGINS", value_delimiter = ',', global = true)]
    pub passkey_origins: Vec<String>,

    /// Domain that passkeys are made for: that of these pages, or one above it. With another one, all passkeys are good for
    /// nothing. Default: the host of the first origin.
    #[arg(long, env = "DATELINE_PASSKEY_DOMAIN", global = true)]
    pub passkey_domain: Option<String>,
}

/// The settings of passkeys, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyConfig {
    /// The origins at which ceremonies run, exactly as browsers send them.
    pub origins: Vec<String>,
    /// The relying party: what the devices of people keep their keys for.
    pub domain: String,
}

impl PasskeySettings {
    /// Checks every value; `None` without an origin.
    pub fn check(&self) -> Result<Option<PasskeyConfig>, SettingError> {
        let origins = check_origins(ORIGINS, &self.passkey_origins)?;
        let hosts = origins.iter().map(|origin| check_host(origin)).collect::<Result<Vec<_>, _>>()?;
        let domain = self.passkey_domain.as_deref().map(check_domain).transpose()?;
        let Some(first) = hosts.first() else {
            let reason =
                "is required with DATELINE_PASSKEY_DOMAIN: it says on which pages people sign in with passkeys";
            return domain.map_or(Ok(None), |_| Err(SettingError::new(ORIGINS, reason)));
        };
        let domain = domain.unwrap_or_else(|| first.clone());
        if let Some(outside) = hosts.iter().find(|host| !is_within(host, &domain)) {
            let reason = format!("is {domain}, and {outside} of {ORIGINS} is neither that nor below it");
            return Err(SettingError::new(DOMAIN, reason));
        }
        Ok(Some(PasskeyConfig { origins, domain }))
    }
}

/// The host of an origin at which browsers let ceremonies run.
fn check_host(origin: &str) -> Result<String, SettingError> {
    let url = Url::parse(origin).ok();
    let host = url.as_ref().and_then(|url| match (url.scheme(), url.host()) {
        ("https", Some(Host::Domain(name))) => Some(name),
        ("http", Some(Host::Domain(name @ "localhost"))) => Some(name),
        _ => None,
    });
    let reason = || {
        format!(
            "has {origin:?}; browsers make passkeys for names that are reached by https:// only, such as \
             https://desk.example.org, and for http://localhost"
        )
    };
    host.map(str::to_owned).ok_or_else(|| SettingError::new(ORIGINS, reason()))
}

/// A domain as browsers compare it.
fn check_domain(text: &str) -> Result<String, SettingError> {
    match Host::parse(text.trim()) {
        Ok(Host::Domain(name)) if !name.is_empty() && !name.ends_with('.') => Ok(name),
        _ => Err(SettingError::new(DOMAIN, format!("has {text:?}; it takes a name alone, such as example.org"))),
    }
}

/// Whether a host is this domain, or below it.
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(origins: &[&str], domain: Option<&str>) -> PasskeySettings {
        let passkey_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        PasskeySettings { passkey_origins, passkey_domain: domain.map(str::to_owned) }
    }

    fn domain(origins: &[&str], domain: Option<&str>) -> String {
        settings(origins, domain).check().unwrap().unwrap().domain
    }

    fn refused(origins: &[&str], domain: Option<&str>) -> String {
        settings(origins, domain).check().unwrap_err().to_string()
    }

    #[test]
    fn the_domain_is_that_of_every_page_or_above_it() {
        assert_eq!(settings(&[], None).check().unwrap(), None);
        assert_eq!(settings(&[" "], None).check().unwrap(), None);
        assert_eq!(domain(&["https://desk.example.org"], None), "desk.example.org");
        assert_eq!(domain(&["http://localhost:5173", "https://localhost"], None), "localhost");
        let two = ["https://desk.example.org", "https://example.org:8443"];
        assert_eq!(domain(&two, Some("Example.org")), "example.org");
        let one = ["https://desk.example.org"];
        let cases: [(&[&str], Option<&str>); 5] = [
            (&two, None),
            (&one, Some("ample.org")),
            (&one, Some("new.desk.example.org")),
            (&one, Some("https://example.org")),
            (&one, Some("example.org.")),
        ];
        for (origins, domain) in cases {
            assert!(refused(origins, domain).starts_with("DATELINE_PASSKEY_DOMAIN "), "{domain:?}");
        }
    }

    #[test]
    fn a_page_is_reached_in_private_and_by_its_name() {
        let wrong = [
            "http://desk.example.org",
            "https://192.0.2.1",
            "https://[::1]",
            "http://127.0.0.1:8080",
            "https://desk.example.org/account",
            "desk.example.org",
        ];
        for wrong in wrong {
            assert!(refused(&[wrong], None).starts_with("DATELINE_PASSKEY_ORIGINS "), "{wrong}");
        }
        assert!(refused(&[], Some("example.org")).starts_with("DATELINE_PASSKEY_ORIGINS "));
    }
}
