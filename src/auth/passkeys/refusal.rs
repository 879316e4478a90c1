//! Why somebody does not get in by a passkey: for the log. Whoever was refused hears one sentence, whatever the reason.

use std::fmt;

use super::fault::Fault;

/// Why somebody does not get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No account has this passkey, or not any more.
    Unknown,
    /// The ceremony has run out, was for something else, or never began here.
    Over,
    /// Somebody has signed in by this ceremony before.
    Used,
    /// The device is not believed.
    Fault(Fault),
    /// It was used or removed at the same moment.
    Overtaken,
    /// The account is switched off, or was never taken.
    SwitchedOff,
    /// Groups at the provider of single sign-on decide over the account.
    ByGroups,
    /// The account has neither a password nor a link, so it is closed.
    Closed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Refusal::Unknown => "no account has it",
            Refusal::Over => "the ceremony has run out, or began for something else",
            Refusal::Used => "the ceremony was used before",
            Refusal::Fault(fault) => return fault.fmt(formatter),
            Refusal::Overtaken => "it was used or removed at the same moment",
            Refusal::SwitchedOff => "it is right, but the account is switched off",
            Refusal::ByGroups => "it is right, but the account is linked and groups decide",
            Refusal::Closed => "it is right, but the account has neither a password nor a link",
        })
    }
}
