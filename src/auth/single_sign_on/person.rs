//! What the provider says of somebody, once it is believed.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{AdditionalClaims, IdTokenClaims, StandardClaims, UserInfoClaims};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest name of somebody at the provider, in characters (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;

/// How the provider says that it asked for more than one factor (RFC 8176).
const SEVERAL_FACTORS: &str = "mfa";

/// Claims beyond the standard ones, as they came.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Others(Map<String, Value>);

impl AdditionalClaims for Others {}

impl Others {
    /// A claim by its name or, when none has that name, by the path to it.
    fn find(&self, name: &str) -> Option<&Value> {
        self.0.get(name).or_else(|| {
            let (first, rest) = name.split_once('.')?;
            rest.split('.').try_fold(self.0.get(first)?, |value, member| value.get(member))
        })
    }

    /// A moment in whole seconds.
    pub fn seconds(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    /// Whether a claim is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn groups(&self, name: &str) -> Option<Vec<String>> {
        match self.find(name)? {
            Value::Array(groups) => Some(groups.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            Value::String(group) => Some(vec![group.clone()]),
            _ => None,
        }
    }
}

/// Somebody at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What the provider calls them, for ever.
    pub subject: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Whether the provider made sure that it is theirs.
    pub email_verified: bool,
    /// Their name.
    pub name: Option<String>,
    /// Their groups; `None` when nothing was said of them.
    pub groups: Option<Vec<String>>,
    /// Whether they showed more than one factor.
    pub second_factor: bool,
}

impl Person {
    /// By the claims of an ID token; `groups` is the claim that has the groups. `None` when it says of nobody.
    pub fn of_token(claims: &IdTokenClaims<Others, CoreGenderClaim>, groups: &str) -> Option<Person> {
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return None;
        }
        let methods = claims.auth_method_refs().into_iter().flatten();
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        Some(Person {
            subject: subject.to_owned(),
            email: claims.email().map(|email| email.as_str().to_owned()),
            email_verified: claims.email_verified().unwrap_or(false),
            name: name.or_else(|| claims.preferred_username().map(|name| name.as_str().to_owned())),
            groups: claims.additional_claims().groups(groups),
            second_factor: methods.into_iter().any(|method| method.as_str() == SEVERAL_FACTORS),
        })
    }

    /// The same with what the provider says at its user info address, where the token was silent.
    pub fn completed(self, more: &UserInfoClaims<Others, CoreGenderClaim>, groups: &str) -> Person {
        let standard: &StandardClaims<CoreGenderClaim> = more.standard_claims();
        let name = standard.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
        let name = name.or_else(|| standard.preferred_username().map(|name| name.as_str().to_owned()));
        // An address and whether it was verified belong together.
        let (email, email_verified) = match self.email {
            Some(email) => (Some(email), self.email_verified),
            None => {
                let email = standard.email().map(|email| email.as_str().to_owned());
                (email, standard.email_verified().unwrap_or(false))
            }
        };
        Person {
            email,
            email_verified,
            name: self.name.or(name),
            groups: self.groups.or_else(|| more.additional_claims().groups(groups)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn groups_are_found_by_name_and_by_path() {
        let others: Others = from_value(json!({
            "groups": ["a", 7, "b"], "one": "c", "realm_access": { "roles": ["d"] }, "https://x.org/groups": ["e"]
        }))
        .unwrap();
        let groups = |name: &str| others.groups(name);
        assert_eq!(groups("groups"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(groups("one"), Some(vec!["c".to_owned()]));
        assert_eq!(groups("realm_access.roles"), Some(vec!["d".to_owned()]));
        assert_eq!(groups("https://x.org/groups"), Some(vec!["e".to_owned()]));
        for none in ["realm_access", "realm_access.none", "none", ""] {
            assert_eq!(groups(none), None, "{none}");
        }
    }
}
