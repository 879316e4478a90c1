//! What has to be known of a provider of single sign-on (OpenID Connect), and who gets in by it.

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use clap::Args;
use secrecy::SecretString;
use url::{Host, Url};

use super::{SettingError, check_role};

/// What the button says when nobody says otherwise.
const USUAL_NAME: &str = "Single sign-on";

/// What is asked for when nobody says otherwise.
const USUAL_SCOPES: &str = "email profile";

/// Where groups are looked for when nobody says otherwise.
const USUAL_CLAIM: &str = "groups";

/// Most characters on a button.
const LONGEST_NAME: usize = 100;

/// Where a provider is found below its issuer, which this is no part of.
const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// The settings of single sign-on, as they are given.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Single sign-on")]
pub struct SingleSignOnSettings {
    /// Provider of single sign-on by OpenID Connect: its issuer, such as https://login.example.org. It must know
    /// /v1/auth/single-sign-on/callback below the public address. Default: no single sign-on.
    #[arg(long, env = "DATELINE_OIDC_ISSUER", global = true)]
    pub oidc_issuer: Option<String>,

    /// What the provider calls this server; required with a provider.
    #[arg(long, env = "DATELINE_OIDC_CLIENT_ID", global = true)]
    pub oidc_client_id: Option<String>,

    /// The secret that goes with it. Without one, this server is a public client, whom PKCE protects alone.
    #[arg(long, env = "DATELINE_OIDC_CLIENT_SECRET", hide_env_values = true, global = true)]
    pub oidc_client_secret: Option<String>,

    /// What front ends write on the button, such as Example News.
    #[arg(long, env = "DATELINE_OIDC_NAME", default_value = USUAL_NAME, global = true)]
    pub oidc_name: String,

    /// Scopes that are asked for beside openid, separated by spaces.
    #[arg(long, env = "DATELINE_OIDC_SCOPES", default_value = USUAL_SCOPES, global = true)]
    pub oidc_scopes: String,

    /// Claim that has the groups of a person; realm_access.roles is the member roles of realm_access.
    #[arg(long, env = "DATELINE_OIDC_GROUPS_CLAIM", default_value = USUAL_CLAIM, global = true)]
    pub oidc_groups_claim: String,

    /// Which group has which role, the first that fits counts: admins=admin,newsdesk=editor. With it the provider decides at
    /// each sign-in, and the password of a linked account signs nobody in. Groups with commas in their names are separated by
    /// semicolons. Default: roles are given here.
    #[arg(long, env = "DATELINE_OIDC_ROLES", global = true)]
    pub oidc_roles: Option<String>,

    /// Role of whoever is in none of these groups. Default: none; they do not get in, and get no account.
    #[arg(long, env = "DATELINE_OIDC_DEFAULT_ROLE", global = true)]
    pub oidc_default_role: Option<String>,
}

/// The settings of single sign-on, checked.
#[derive(Clone)]
pub struct SingleSignOnConfig {
    /// The issuer, letter by letter as tokens name it.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// The secret that goes with it; a public client has none.
    pub client_secret: Option<SecretString>,
    /// What front ends write on the button.
    pub name: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that has the groups.
    pub groups_claim: String,
    /// Group and role, in the order in which they count.
    pub roles: Vec<(String, String)>,
    /// The role of whoever is in none of the groups.
    pub default_role: Option<String>,
    /// Where the provider sends browsers back to.
    pub callback: String,
}

impl fmt::Debug for SingleSignOnConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SingleSignOnConfig").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl SingleSignOnSettings {
    /// Checks every value; `None` without a provider. `public_url` is the address below which the provider answers,
    /// `account_url` the page that browsers are led to in the end.
    pub fn check(
        &self,
        (public_url, account_url): (Option<&str>, Option<&str>),
    ) -> Result<Option<SingleSignOnConfig>, SettingError> {
        let Some(issuer) = &self.oidc_issuer else { return self.refuse_without_issuer().map(|()| None) };
        let issuer = check_issuer(issuer)?;
        account_url.map_or(Ok(()), check_account_url)?;
        let client_id = required("DATELINE_OIDC_CLIENT_ID", self.oidc_client_id.as_deref())?;
        let client_secret = match &self.oidc_client_secret {
            Some(secret) => Some(required("DATELINE_OIDC_CLIENT_SECRET", Some(secret))?.into()),
            None => None,
        };
        let default_role = self.oidc_default_role.as_deref();
        let default_role = default_role.map(|role| check_role("DATELINE_OIDC_DEFAULT_ROLE", role)).transpose()?;
        Ok(Some(SingleSignOnConfig {
            issuer,
            client_id,
            client_secret,
            name: check_name(&self.oidc_name)?,
            scopes: check_scopes(&self.oidc_scopes)?,
            groups_claim: check_claim(&self.oidc_groups_claim)?,
            roles: self.oidc_roles.as_deref().map_or(Ok(Vec::new()), check_roles)?,
            default_role,
            callback: format!("{}/v1/auth/single-sign-on/callback", check_public_url(public_url)?),
        }))
    }

    /// A provider that is half set is a mistake, and not no single sign-on.
    fn refuse_without_issuer(&self) -> Result<(), SettingError> {
        let others = [&self.oidc_client_id, &self.oidc_client_secret, &self.oidc_roles, &self.oidc_default_role];
        let (given, usual) =
            ([&self.oidc_name, &self.oidc_scopes, &self.oidc_groups_claim], [USUAL_NAME, USUAL_SCOPES, USUAL_CLAIM]);
        if others.iter().all(|other| other.is_none()) && given == usual {
            return Ok(());
        }
        let reason = "is required with any other DATELINE_OIDC setting: it says which provider they are about";
        Err(SettingError::new("DATELINE_OIDC_ISSUER", reason))
    }
}

/// Whether what is sent to this address stays secret on the way: by TLS, or because it does not leave the machine.
pub fn is_private_on_the_way(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.host().is_some() && (url.scheme() == "https" || (url.scheme() == "http" && is_local))
}

fn required(setting: &'static str, value: Option<&str>) -> Result<String, SettingError> {
    match value.map(str::trim) {
        Some(value) if value.chars().any(char::is_control) => {
            Err(SettingError::new(setting, "has a line break or another character that cannot be seen"))
        }
        Some(value) if !value.is_empty() => Ok(value.to_owned()),
        _ => Err(SettingError::new(setting, "is required with DATELINE_OIDC_ISSUER, and must not be empty")),
    }
}

fn check_name(text: &str) -> Result<String, SettingError> {
    let name = required("DATELINE_OIDC_NAME", Some(text))?;
    match name.chars().count() <= LONGEST_NAME {
        true => Ok(name),
        false => {
            let reason = format!("must have at most {LONGEST_NAME} characters: it stands on a button");
            Err(SettingError::new("DATELINE_OIDC_NAME", reason))
        }
    }
}

/// A claim, or the way to a member of one.
fn check_claim(text: &str) -> Result<String, SettingError> {
    let claim = required("DATELINE_OIDC_GROUPS_CLAIM", Some(text))?;
    // A whole name may have dots in it, as in https://news.example/groups.
    let leads_nowhere = claim.split('.').all(str::is_empty);
    if leads_nowhere || claim.contains(char::is_whitespace) {
        let reason = "must be the name of a claim, such as groups or realm_access.roles";
        return Err(SettingError::new("DATELINE_OIDC_GROUPS_CLAIM", reason));
    }
    Ok(claim)
}

fn check_issuer(text: &str) -> Result<String, SettingError> {
    let text = text.trim();
    let is_one_word = !text.contains(|one: char| one.is_control() || one.is_whitespace());
    let url = Url::parse(text).ok().filter(is_private_on_the_way).filter(|url| {
        let is_bare = url.query().is_none() && url.fragment().is_none() && !url.path().ends_with(CONFIGURATION);
        is_one_word && is_bare && url.username().is_empty() && url.password().is_none()
    });
    let reason = "must be the issuer as the provider writes it, beginning with https:// (http:// on this machine only), \
                  such as https://login.example.org, without /.well-known/openid-configuration";
    url.map(|_| text.to_owned()).ok_or_else(|| SettingError::new("DATELINE_OIDC_ISSUER", reason))
}

/// The cookie that binds a sign-in to its browser, and the code that comes back, must not be seen on the way.
fn check_public_url(public_url: Option<&str>) -> Result<&str, SettingError> {
    let refuse = |reason: &str| SettingError::new("DATELINE_PUBLIC_URL", reason);
    let text = public_url.ok_or_else(|| {
        refuse("is required with DATELINE_OIDC_ISSUER: the provider sends browsers back to an address below it")
    })?;
    let is_private = Url::parse(text).is_ok_and(|url| is_private_on_the_way(&url));
    let reason = "must begin with https:// with DATELINE_OIDC_ISSUER (http:// on this machine only): what signs people in \
                  travels there";
    if is_private { Ok(text) } else { Err(refuse(reason)) }
}

/// The one-time code comes to this page, and the scripts that exchange it with it.
fn check_account_url(text: &str) -> Result<(), SettingError> {
    let reason = "must begin with https:// with DATELINE_OIDC_ISSUER (http:// on this machine only): what signs people in \
                  is exchanged there";
    match Url::parse(text).is_ok_and(|url| is_private_on_the_way(&url)) {
        true => Ok(()),
        false => Err(SettingError::new("DATELINE_ACCOUNT_URL", reason)),
    }
}

fn check_scopes(text: &str) -> Result<Vec<String>, SettingError> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\' && byte != b',';
    let scopes: Vec<String> = text.split_whitespace().filter(|scope| *scope != "openid").map(str::to_owned).collect();
    match scopes.iter().find(|scope| !scope.bytes().all(allowed)) {
        None => Ok(scopes),
        Some(wrong) => {
            let reason = format!("has {wrong:?}; scopes are separated by spaces, such as email profile groups");
            Err(SettingError::new("DATELINE_OIDC_SCOPES", reason))
        }
    }
}

/// At least one group, and each of them once: a rule that could never count is a mistake.
fn check_roles(text: &str) -> Result<Vec<(String, String)>, SettingError> {
    let refuse = |reason: String| SettingError::new("DATELINE_OIDC_ROLES", reason);
    let separator = if text.contains(';') { ';' } else { ',' };
    let pairs = text.split(separator).map(str::trim).filter(|pair| !pair.is_empty());
    let read = |pair: &str| {
        // The last one, because names of groups may have that sign in them.
        let (group, role) = pair.rsplit_once('=').map_or((pair, ""), |(group, role)| (group.trim(), role.trim()));
        if group.is_empty() || role.is_empty() {
            return Err(refuse(format!("has {pair:?}; it takes a group and its role, such as newsdesk=editor")));
        }
        Ok((group.to_owned(), check_role("DATELINE_OIDC_ROLES", role)?))
    };
    let roles: Vec<(String, String)> = pairs.map(read).collect::<Result<_, _>>()?;
    let mut names = HashSet::new();
    if let Some((twice, _)) = roles.iter().find(|(group, _)| !names.insert(group)) {
        return Err(refuse(format!("names {twice:?} twice; the first role would count and the other never")));
    }
    match roles.is_empty() {
        true => Err(refuse("names no group; it takes groups and their roles, such as newsdesk=editor".to_owned())),
        false => Ok(roles),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SingleSignOnSettings {
        SingleSignOnSettings {
            oidc_issuer: Some("https://login.example.org".to_owned()),
            oidc_client_id: Some("dateline".to_owned()),
            oidc_client_secret: Some("a secret".to_owned()),
            oidc_name: "Example News".to_owned(),
            oidc_scopes: "openid email  groups".to_owned(),
            oidc_groups_claim: "groups".to_owned(),
            oidc_roles: Some("admins=admin, newsdesk=editor".to_owned()),
            oidc_default_role: None,
        }
    }

    fn refused(settings: &SingleSignOnSettings) -> String {
        settings.check((Some("https://news.example.org"), None)).unwrap_err().to_string()
    }

    #[test]
    fn a_provider_is_whole_or_refused() {
        let checked = settings().check((Some("https://news.example.org"), None)).unwrap().unwrap();
        assert_eq!(checked.callback, "https://news.example.org/v1/auth/single-sign-on/callback");
        assert_eq!(checked.scopes, ["email", "groups"]);
        let pairs = [("admins", "admin"), ("newsdesk", "editor")];
        assert_eq!(checked.roles, pairs.map(|(group, role)| (group.to_owned(), role.to_owned())));
        assert!(!format!("{checked:?}").contains("a secret"));
        let without = SingleSignOnSettings { oidc_client_id: None, ..settings() };
        assert!(refused(&without).contains("DATELINE_OIDC_CLIENT_ID"));
        for (name, wrong) in [
            ("DATELINE_OIDC_CLIENT_ID", SingleSignOnSettings { oidc_client_id: Some("a\nb".to_owned()), ..settings() }),
            ("DATELINE_OIDC_NAME", SingleSignOnSettings { oidc_name: "\u{1b}[31m".to_owned(), ..settings() }),
            ("DATELINE_OIDC_NAME", SingleSignOnSettings { oidc_name: "n".repeat(101), ..settings() }),
            ("DATELINE_OIDC_GROUPS_CLAIM", SingleSignOnSettings { oidc_groups_claim: "..".to_owned(), ..settings() }),
        ] {
            assert!(refused(&wrong).contains(name), "{wrong:?}");
        }
        let name_alone = SingleSignOnSettings {
            oidc_issuer: None,
            oidc_client_id: None,
            oidc_client_secret: None,
            oidc_roles: None,
            oidc_scopes: USUAL_SCOPES.to_owned(),
            ..settings()
        };
        assert!(refused(&name_alone).contains("DATELINE_OIDC_ISSUER"));
        let half = SingleSignOnSettings { oidc_issuer: None, ..settings() };
        assert!(refused(&half).contains("DATELINE_OIDC_ISSUER"));
        for public_url in [None, Some("http://news.example.org")] {
            assert!(settings().check((public_url, None)).unwrap_err().to_string().contains("DATELINE_PUBLIC_URL"));
        }
    }

    #[test]
    fn the_page_that_gets_the_code_is_reached_in_private() {
        let led_to = |page| settings().check((Some("https://news.example.org"), Some(page)));
        assert!(led_to("https://desk.example.org/account").is_ok());
        assert!(led_to("http://desk.example.org/account").unwrap_err().to_string().contains("DATELINE_ACCOUNT_URL"));
    }

    #[test]
    fn an_issuer_is_reached_in_private() {
        let with = |issuer: &str| SingleSignOnSettings { oidc_issuer: Some(issuer.to_owned()), ..settings() };
        for right in
            ["https://login.example.org/realms/news", "http://127.0.0.1:3000", "http://[::1]:3000/", "http://localhost"]
        {
            assert_eq!(
                with(right)
                    .check((Some("http://localhost:8080"), Some("http://localhost:5173/account")))
                    .unwrap()
                    .unwrap()
                    .issuer,
                right
            );
        }
        let wrong = [
            "",
            "https://login.example.org/.well-known/openid-configuration",
            "https://login.example.org\nX",
            "https://login.example.org/ x",
            "login.example.org",
            "http://login.example.org",
            "https://u:p@x.org",
            "https://x.org?a",
            "ftp://localhost",
        ];
        for wrong in wrong {
            assert!(refused(&with(wrong)).contains("DATELINE_OIDC_ISSUER"), "{wrong}");
        }
    }

    #[test]
    fn names_of_groups_may_have_any_sign_in_them() {
        let groups = check_roles("CN=Desk,OU=News=editor; a b=writer").unwrap();
        assert_eq!(groups[0], ("CN=Desk,OU=News".to_owned(), "editor".to_owned()));
        assert_eq!(groups[1], ("a b".to_owned(), "writer".to_owned()));
        for wrong in
            ["newsdesk", "=editor", "newsdesk=", "newsdesk=Chief Editor", ";", " ", "a=editor,b=writer,a=writer"]
        {
            assert!(check_roles(wrong).is_err(), "{wrong}");
        }
    }
}
