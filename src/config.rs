//! Raw flags and environment in, checked values out.
//!
//! [`Settings`] is what a person can say: every flag with its environment variable, read by clap in the order flag,
//! environment, `.env` file, default. [`Config`] is what the rest of the house sees: checked once, at the start, so
//! that nothing later meets a value it cannot use.

mod passkeys;
mod secret;
mod single_sign_on;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use url::Url;

use crate::db::DatabaseUrl;
use crate::http::forwarded::TrustedProxies;
use crate::http::sharing::Sharing;
use crate::smtp::MailSettings;

pub use passkeys::{PasskeyConfig, PasskeySettings};
pub use secret::Secret;
pub use single_sign_on::{SingleSignOnConfig, SingleSignOnSettings, is_private_on_the_way};

/// Everything that can be set. Flags win over the environment, the environment over `.env`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Where the data lives: sqlite:PATH, or postgres://USER:PASSWORD@HOST/DATABASE. Default: dateline.db in the data
    /// folder.
    #[arg(long, env = "DATELINE_DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// Folder for the SQLite file and the generated key; made when missing.
    #[arg(long, env = "DATELINE_DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,

    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "DATELINE_BIND", value_parser = values::address, default_value = "127.0.0.1:8080", global = true)]
    pub bind: SocketAddr,

    /// Secret that tokens and cursors are signed with, and second factors encrypted; at least 32 characters. Required on PostgreSQL; on SQLite one is
    /// made at the first start and kept in the data folder.
    #[arg(long, env = "DATELINE_SECRET", hide_env_values = true, global = true)]
    pub secret: Option<String>,

    /// Address under which the outside world reaches this server; links are made from it. Default: the address it
    /// listens on.
    #[arg(long, env = "DATELINE_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,

    /// Page of your front end that takes invites and links for a new password; they stand behind its #. Default: /account
    /// below the public address.
    #[arg(long, env = "DATELINE_ACCOUNT_URL", global = true)]
    pub account_url: Option<String>,

    /// Mail server that sends them: smtps://USER:PASSWORD@HOST or smtp://USER:PASSWORD@HOST:587?tls=required. Without
    /// one, admins hand invites over.
    #[arg(long, env = "DATELINE_SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,

    /// Whom letters come from, such as News <news@example.org>; required with a mail server.
    #[arg(long, env = "DATELINE_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,

    /// Roles whose holders need a second factor, separated by commas, such as admin,editor. Whoever has such a role and none
    /// may only set one up. Default: none.
    #[arg(long, env = "DATELINE_SECOND_FACTOR_ROLES", value_delimiter = ',', global = true)]
    pub second_factor_roles: Vec<String>,

    /// Web origins that browsers may call the API from, separated by commas, such as https://www.example.org. Default:
    /// any origin, for reading without sign-in only.
    #[arg(long, env = "DATELINE_CORS_ORIGINS", value_delimiter = ',', global = true)]
    pub cors_origins: Vec<String>,

    /// Networks of the proxies in front of this server, separated by commas, such as 10.0.0.0/8. Only what they write
    /// into X-Forwarded-For (or, without that, Forwarded) is believed. Default: none.
    #[arg(long, env = "DATELINE_TRUSTED_PROXIES", value_delimiter = ',', global = true)]
    pub trusted_proxies: Vec<String>,

    /// Threads that answer requests. Default: one for each core.
    #[arg(long, env = "DATELINE_WORKERS", value_parser = values::number::<usize>, global = true)]
    pub workers: Option<usize>,

    /// Connections to the database that read at the same time.
    #[arg(long, env = "DATELINE_DATABASE_CONNECTIONS", value_parser = values::number::<u32>, default_value_t = 8, global = true)]
    pub database_connections: u32,

    /// Requests in a minute from one network of readers; after that the answer is 429. 0: as many as they like.
    #[arg(long, env = "DATELINE_RATE_LIMIT_READERS", value_parser = values::number::<u32>, default_value_t = 0, global = true)]
    pub rate_limit_readers: u32,

    /// Requests in a minute of one account, and of one API token; after that the answer is 429. 0: as many as they like.
    #[arg(long, env = "DATELINE_RATE_LIMIT_CALLERS", value_parser = values::number::<u32>, default_value_t = 6_000, global = true)]
    pub rate_limit_callers: u32,

    /// Memory for finished answers to readers, in megabytes; 0 makes every answer anew.
    #[arg(long, env = "DATELINE_CACHE_MB", value_parser = values::number::<u32>, default_value_t = 64, global = true)]
    pub cache_mb: u32,

    /// Seconds, up to 60, for which a CDN or proxy may give a public answer without asking again (s-maxage), but not
    /// beyond the next full minute. 0: it asks each time, and always gives what is true.
    #[arg(long, env = "DATELINE_SHARED_MAX_AGE", value_parser = values::number::<u32>, default_value_t = 0, global = true)]
    pub shared_max_age: u32,

    /// Seconds after that, up to the next full minute, for which it may give what it has while it asks
    /// (stale-while-revalidate).
    #[arg(long, env = "DATELINE_SHARED_STALE", value_parser = values::number::<u32>, default_value_t = 0, global = true)]
    pub shared_stale: u32,

    /// Longest time for one question to the database by a reader, in seconds; after that the caller gets 503. Writes and
    /// commands take the time they take.
    #[arg(long, env = "DATELINE_STATEMENT_TIMEOUT", value_parser = values::number::<u64>, default_value_t = 2, global = true)]
    pub statement_timeout: u64,

    /// Longest time for one answer, in seconds.
    #[arg(long, env = "DATELINE_REQUEST_TIMEOUT", value_parser = values::number::<u64>, default_value_t = 30, global = true)]
    pub request_timeout: u64,

    /// Serve the API docs page at /docs: true or false.
    #[arg(long, env = "DATELINE_DOCS", value_parser = values::truth, default_value_t = true, action = clap::ArgAction::Set, global = true)]
    pub docs: bool,

    /// What is logged: error, warn, info, debug or trace, also for one part (info,dateline::db=debug).
    #[arg(long, env = "DATELINE_LOG", default_value = "info", global = true)]
    pub log: String,

    /// How log lines look: text for people, json for programs.
    #[arg(long, env = "DATELINE_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,

    /// Who else vouches for people.
    #[command(flatten)]
    pub single_sign_on: SingleSignOnSettings,

    /// Where people sign in with a device.
    #[command(flatten)]
    pub passkeys: PasskeySettings,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line for each event.
    Text,
    /// One JSON object for each event.
    Json,
}

/// Checked settings: what the rest of the house works with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which database, and where.
    pub database: DatabaseUrl,
    /// Connections that read at the same time, at least 2.
    pub database_connections: u32,
    /// Longest time for one question to the database by a reader; `None` for commands, which take the time they take.
    pub statement_timeout: Option<Duration>,
    /// Folder for the SQLite file and the generated key.
    pub data_dir: PathBuf,
    /// Address to listen on.
    pub bind: SocketAddr,
    /// What tokens and cursors are signed with.
    pub secret: Secret,
    /// Base of every link we give out, without a slash at the end; `None` means the address we listen on.
    pub public_url: Option<String>,
    /// The page that one-time links lead to, when it is set.
    pub account_url: Option<String>,
    /// How letters are sent, when they are.
    pub mail: Option<MailSettings>,
    /// The names of the roles whose holders need a second factor.
    pub second_factor_roles: Vec<String>,
    /// The provider of single sign-on, when there is one.
    pub single_sign_on: Option<SingleSignOnConfig>,
    /// Where passkeys are good, when they are.
    pub passkeys: Option<PasskeyConfig>,
    /// Exact origins that browsers may call from; empty means any, for anonymous reads only.
    pub cors_origins: Vec<String>,
    /// Whose word on where a request comes from is believed.
    pub trusted_proxies: TrustedProxies,
    /// Threads that answer requests, at least 1.
    pub workers: usize,
    /// Requests in a minute from one network of readers; 0 for no limit.
    pub rate_limit_readers: u32,
    /// Requests in a minute of one account or API token; 0 for no limit.
    pub rate_limit_callers: u32,
    /// Bytes of memory for finished answers; 0 keeps none.
    pub cache_bytes: u64,
    /// What caches between us and readers may do.
    pub sharing: Sharing,
    /// Longest time for one answer.
    pub request_timeout: Duration,
    /// Whether `/docs` is served.
    pub docs: bool,
}

impl Config {
    /// The page that one-time links lead to. Comes from the settings alone: a caller can write anything into a header.
    pub fn account_page(&self) -> String {
        let below = || self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.bind));
        self.account_url.clone().unwrap_or_else(|| format!("{}/account", below()))
    }
}

/// A setting that cannot be used, by the name of its environment variable, and why.
#[derive(Debug, thiserror::Error)]
#[error("{setting} {reason}")]
pub struct SettingError {
    setting: &'static str,
    reason: String,
}

impl SettingError {
    /// `reason` continues the sentence that begins with the setting's name.
    pub fn new(setting: &'static str, reason: impl Into<String>) -> SettingError {
        SettingError { setting, reason: reason.into() }
    }
}

impl Settings {
    /// The database that these settings name, without touching it.
    pub fn database(&self) -> Result<DatabaseUrl, SettingError> {
        match &self.database_url {
            Some(text) => text.parse().map_err(|error| SettingError::new("DATELINE_DATABASE_URL", format!("{error}"))),
            None => Ok(DatabaseUrl::Sqlite(self.data_dir.join("dateline.db"))),
        }
    }

    /// Checks every value. Creates nothing, except the data folder and the key in it when no secret was given.
    pub fn check(self) -> Result<Config, SettingError> {
        let database = self.database()?;
        let public_url = self.public_url.as_deref().map(check_public_url).transpose()?;
        let account_url = self.account_url.as_deref().map(check_account_url).transpose()?;
        let mail = self.mail(public_url.is_some() || account_url.is_some())?;
        let given = self.second_factor_roles.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        let second_factor_roles =
            given.map(|name| check_role("DATELINE_SECOND_FACTOR_ROLES", name)).collect::<Result<_, _>>()?;
        let single_sign_on = self.single_sign_on.check((public_url.as_deref(), account_url.as_deref()))?;
        let passkeys = self.passkeys.check()?;
        let cors_origins = check_origins("DATELINE_CORS_ORIGINS", &self.cors_origins)?;
        let given = self.trusted_proxies.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let trusted_proxies =
            TrustedProxies::read(given).map_err(|reason| SettingError::new("DATELINE_TRUSTED_PROXIES", reason))?;
        if self.database_connections < 2 {
            return Err(SettingError::new("DATELINE_DATABASE_CONNECTIONS", "must be at least 2"));
        }
        if self.workers == Some(0) {
            return Err(SettingError::new("DATELINE_WORKERS", "must be at least 1"));
        }
        for (name, seconds) in
            [("DATELINE_SHARED_MAX_AGE", self.shared_max_age), ("DATELINE_SHARED_STALE", self.shared_stale)]
        {
            if seconds > 60 {
                return Err(SettingError::new(
                    name,
                    "must be 0 to 60 seconds: nothing is shared beyond the next minute",
                ));
            }
        }
        if self.statement_timeout == 0 {
            return Err(SettingError::new("DATELINE_STATEMENT_TIMEOUT", "must be at least 1 second"));
        }
        if self.request_timeout == 0 {
            return Err(SettingError::new("DATELINE_REQUEST_TIMEOUT", "must be at least 1 second"));
        }
        // Last, because it is the only step that may write: a setting refused above leaves nothing behind.
        let secret = self.secret(&database)?;
        Ok(Config {
            database,
            database_connections: self.database_connections,
            statement_timeout: Some(Duration::from_secs(self.statement_timeout)),
            data_dir: self.data_dir,
            bind: self.bind,
            secret,
            public_url,
            account_url,
            mail,
            second_factor_roles,
            single_sign_on,
            passkeys,
            cors_origins,
            trusted_proxies,
            workers: self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            rate_limit_readers: self.rate_limit_readers,
            rate_limit_callers: self.rate_limit_callers,
            cache_bytes: u64::from(self.cache_mb) << 20,
            sharing: Sharing { max_age: self.shared_max_age, stale: self.shared_stale },
            request_timeout: Duration::from_secs(self.request_timeout),
            docs: self.docs,
        })
    }

    /// Refuses to go on when the instance has no secret yet, for what needs the one that everything was signed with.
    pub fn require_secret(&self) -> Result<(), SettingError> {
        if self.secret.is_some() || secret::is_kept(&self.data_dir) {
            return Ok(());
        }
        let reason = format!(
            "is not set, and no secret is kept in {}; this needs the secret that the server runs with",
            self.data_dir.display()
        );
        Err(SettingError::new("DATELINE_SECRET", reason))
    }

    /// The mail server, when there is one. Letters must say where to go, so it needs an address that was set.
    fn mail(&self, is_reachable: bool) -> Result<Option<MailSettings>, SettingError> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let from = self.mail_from.as_deref().ok_or_else(|| {
            SettingError::new("DATELINE_MAIL_FROM", "is required with DATELINE_SMTP_URL: letters come from somebody")
        })?;
        if !is_reachable {
            let reason = "needs DATELINE_PUBLIC_URL or DATELINE_ACCOUNT_URL: letters hold links";
            return Err(SettingError::new("DATELINE_SMTP_URL", reason));
        }
        MailSettings::new(url, from).map(Some).map_err(|(setting, reason)| SettingError::new(setting, reason))
    }

    /// The secret that was given or, on SQLite only, the one kept in the data folder, made at the first start.
    fn secret(&self, database: &DatabaseUrl) -> Result<Secret, SettingError> {
        match (&self.secret, database) {
            (Some(text), _) => Secret::new(text.clone()),
            (None, DatabaseUrl::Postgres(_)) => Err(SettingError::new(
                "DATELINE_SECRET",
                "is required on PostgreSQL, because every instance must sign with the same one. Make one with: openssl \
                 rand -hex 32",
            )),
            (None, DatabaseUrl::Sqlite(_)) => secret::read_or_make(&self.data_dir),
        }
    }
}

/// An absolute http(s) address, given back without a slash at the end.
fn check_public_url(text: &str) -> Result<String, SettingError> {
    let refuse = |reason: &str| SettingError::new("DATELINE_PUBLIC_URL", reason);
    let url = Url::parse(text).map_err(|_| refuse("must be an absolute address such as https://news.example.org"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(refuse("must begin with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("must not have a query or a fragment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// An absolute http(s) address that something can be put behind, after a #.
fn check_account_url(text: &str) -> Result<String, SettingError> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.fragment().is_none() => {
            Ok(url.into())
        }
        _ => Err(SettingError::new(
            "DATELINE_ACCOUNT_URL",
            "must be an absolute address without a #, such as https://desk.example.org/account",
        )),
    }
}

/// The name of a role, as far as it can be told without the database.
fn check_role(setting: &'static str, text: &str) -> Result<String, SettingError> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return Ok(text.to_owned());
    }
    let reason = format!("has {text:?}; a role is named in small letters, such as admin or sports-desk");
    Err(SettingError::new(setting, reason))
}

/// Every origin of a list.
fn check_origins(setting: &'static str, list: &[String]) -> Result<Vec<String>, SettingError> {
    let given = list.iter().filter(|origin| !origin.trim().is_empty());
    given.map(|origin| check_origin(setting, origin)).collect()
}

/// An origin exactly as browsers send it: scheme, host and port, nothing else.
fn check_origin(setting: &'static str, text: &str) -> Result<String, SettingError> {
    let text = text.trim();
    let exact = Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    match exact {
        Some(origin) if origin.ascii_serialization() == text.trim_end_matches('/') => Ok(origin.ascii_serialization()),
        _ => Err(SettingError::new(
            setting,
            format!("has {text:?}; an origin is a scheme, a host and perhaps a port, such as https://www.example.org"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_exact_or_refused() {
        let check = |text| check_origin("DATELINE_CORS_ORIGINS", text);
        assert_eq!(check("https://www.example.org").unwrap(), "https://www.example.org");
        assert_eq!(check("http://localhost:5173").unwrap(), "http://localhost:5173");
        for wrong in ["*", "null", "www.example.org", "https://example.org/path", "https://EXAMPLE.org"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_address_has_no_slash_at_the_end() {
        assert_eq!(check_public_url("https://news.example.org/").unwrap(), "https://news.example.org");
        assert_eq!(check_public_url("https://example.org/api/").unwrap(), "https://example.org/api");
        assert!(check_public_url("ftp://example.org").is_err());
    }
}
