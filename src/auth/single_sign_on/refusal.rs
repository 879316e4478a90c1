//! Why somebody does not get in by single sign-on: a word for the page of the front end, and the whole reason for the log.

use std::fmt;

/// Most characters of a reason that the log keeps.
const LONGEST: usize = 200;

/// Why somebody does not get in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The state is not ours, was used, is too old, or belongs to another browser.
    Expired,
    /// The person, or the provider, ended it there. In the provider's word.
    Cancelled(String),
    /// The provider does not answer, or not so that it makes sense.
    Unavailable(String),
    /// Too many from the same network came with what cannot be believed; the provider is not asked.
    TooMany,
    /// It broke off on our side.
    Broken,
    /// What the provider says cannot be believed.
    Untrusted(String),
    /// It is known who it is, and by the rules they do not get in.
    NotAllowed(String),
    /// The provider does not say that the e-mail address is theirs, and there is no account yet.
    EmailUnverified,
    /// There is an account with their e-mail address, which nobody has linked.
    AccountExists,
}

impl Refusal {
    /// The word for the page.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Expired => "expired",
            Refusal::Cancelled(_) => "cancelled",
            Refusal::Unavailable(_) | Refusal::TooMany | Refusal::Broken => "unavailable",
            Refusal::Untrusted(_) => "refused",
            Refusal::NotAllowed(_) => "not_allowed",
            Refusal::EmailUnverified => "email_unverified",
            Refusal::AccountExists => "account_exists",
        }
    }
}

/// The reason for the log, in one line.
impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, more) = match self {
            Refusal::Expired => ("the state is unknown, used, too old, or of another browser", ""),
            Refusal::Cancelled(more) => ("the provider says", more.as_str()),
            Refusal::Unavailable(more) => ("the provider is away", more.as_str()),
            Refusal::TooMany => ("too many answers that were not good came from this network", ""),
            Refusal::Broken => ("it broke off here", ""),
            Refusal::Untrusted(more) => ("the answer is not good", more.as_str()),
            Refusal::NotAllowed(more) => ("not allowed", more.as_str()),
            Refusal::EmailUnverified => ("no verified e-mail address", ""),
            Refusal::AccountExists => ("this account has the e-mail address, and is not linked", ""),
        };
        let more: String = more.chars().filter(|one| !one.is_control()).take(LONGEST).collect();
        let colon = if more.is_empty() { "" } else { ": " };
        write!(formatter, "{what}{colon}{more}")
    }
}
