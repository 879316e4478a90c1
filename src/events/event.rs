//! What one row of the log says: who, when, what, and which version it made of what.

use crate::db::types::text_enum;

/// Who made a change. Never a name: names change and are personal data, ids do not and are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Somebody who signed in, by id.
    User(String),
    /// A program with an API token, by the token's id; and whose token it is.
    Token {
        /// The token.
        id: String,
        /// Its owner.
        user: String,
    },
    /// The person at the command line of the server.
    Operator,
    /// Nobody who is known: a failed sign-in.
    Anonymous,
    /// Nobody at all: time passed.
    Clock,
}

impl Actor {
    /// How the log spells it: the kind, and the id when there is one.
    pub fn as_columns(&self) -> (&'static str, Option<&str>) {
        match self {
            Actor::User(id) => ("user", Some(id)),
            Actor::Token { id, .. } => ("token", Some(id)),
            Actor::Operator => ("operator", None),
            Actor::Anonymous => ("anonymous", None),
            Actor::Clock => ("clock", None),
        }
    }

    /// The id of the account that answers for the change, when there is one.
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Actor::User(id) | Actor::Token { user: id, .. } => Some(id),
            Actor::Operator | Actor::Anonymous | Actor::Clock => None,
        }
    }
}

text_enum! {
    /// What was done.
    pub enum Action {
        /// Something new was made.
        Created = "created",
        /// Something was changed.
        Updated = "updated",
        /// Something was deleted.
        Deleted = "deleted",
        /// A story was submitted for review.
        Submitted = "submitted",
        /// A story was taken back from its review.
        Unsubmitted = "unsubmitted",
        /// A story was sent back from its review.
        ChangesRequested = "changes_requested",
        /// A version of a story was approved in its review.
        Approved = "approved",
        /// A story was published, or scheduled.
        Published = "published",
        /// A published story was published once more in another interval, because its embargo changed.
        Embargoed = "embargoed",
        /// A story was taken down, or its schedule cancelled.
        Unpublished = "unpublished",
        /// A schedule was cancelled.
        Unscheduled = "unscheduled",
        /// A story was withdrawn, its past included.
        Killed = "killed",
        /// A story came back from the trash.
        Restored = "restored",
        /// A story was removed for good, with all its past.
        Purged = "purged",
        /// A scheduled story reached its readers.
        WentLive = "went_live",
        /// A story reached its end.
        Expired = "expired",
        /// Somebody who may read under embargo did.
        ReadUnderEmbargo = "read_under_embargo",
        /// Another key signs the log from here on, because the secret of the instance changed.
        KeyChanged = "key_changed",
        /// The end of the log was not signed when the log was continued: somebody else wrote there.
        UnsignedEnd = "unsigned_end",
        /// Access tokens were given another key, which signs in a few seconds or at once.
        KeyRotated = "key_rotated",
        /// Somebody signed in.
        SignedIn = "signed_in",
        /// Somebody tried to sign in and was refused.
        SignInRefused = "sign_in_refused",
        /// A session ended: somebody signed out, or it was ended, alone or with others.
        SignedOut = "signed_out",
        /// All sessions of an account were ended, except perhaps the one that did it; each has an entry of its own, too.
        SessionsEnded = "sessions_ended",
        /// A used refresh token came back, so its session was ended.
        TokenReused = "token_reused",
        /// Somebody was asked to take an account that was made for them.
        Invited = "invited",
        /// Somebody who was invited set a password.
        InviteAccepted = "invite_accepted",
        /// Somebody asked for a link to set a new password.
        ResetAsked = "reset_asked",
        /// A new password was set by a link.
        PasswordReset = "password_reset",
        /// The hash of a password was made anew when somebody signed in, because hashes are made stronger now.
        PasswordRehashed = "password_rehashed",
        /// A letter to an account was given up: for days it could not be sent.
        LetterGivenUp = "letter_given_up",
        /// A one-time link was made, for a letter or for an admin to hand over.
        LinkMade = "link_made",
        /// Somebody came with a one-time link that is not good, or not any more.
        LinkRefused = "link_refused",
        /// Somebody turned on their second factor.
        SecondFactorEnrolled = "second_factor_enrolled",
        /// A second factor was removed: by its owner, by an admin, or by the operator.
        SecondFactorRemoved = "second_factor_removed",
        /// Somebody with the right password came with a wrong code.
        SecondFactorRefused = "second_factor_refused",
        /// A recovery code was used in place of a code from the app.
        RecoveryCodeUsed = "recovery_code_used",
        /// Somebody made other recovery codes.
        RecoveryCodesRenewed = "recovery_codes_renewed",
    }
}

impl Action {
    /// Whether readers may see something else after this was done to such a thing. What happens among editors, and what
    /// the clock does by itself, is no news to them.
    pub fn is_seen_by_readers(self, resource: Resource) -> bool {
        match resource {
            Resource::Tag | Resource::Author | Resource::Source => true,
            Resource::User
            | Resource::Role
            | Resource::Token
            | Resource::Session
            | Resource::Identity
            | Resource::Passkey
            | Resource::LogKey
            | Resource::AccessKey
            | Resource::PreviewLink => false,
            Resource::Article => match self {
                Action::Published
                | Action::Embargoed
                | Action::Unpublished
                | Action::Unscheduled
                | Action::Killed
                | Action::Deleted
                | Action::Restored
                | Action::Purged => true,
                Action::Created
                | Action::Updated
                | Action::Submitted
                | Action::Unsubmitted
                | Action::ChangesRequested
                | Action::Approved
                | Action::WentLive
                | Action::Expired
                | Action::ReadUnderEmbargo
                | Action::SignedIn
                | Action::SignInRefused
                | Action::SignedOut
                | Action::SessionsEnded
                | Action::TokenReused
                | Action::Invited
                | Action::InviteAccepted
                | Action::ResetAsked
                | Action::PasswordReset
                | Action::PasswordRehashed
                | Action::LetterGivenUp
                | Action::LinkMade
                | Action::LinkRefused
                | Action::SecondFactorEnrolled
                | Action::SecondFactorRemoved
                | Action::SecondFactorRefused
                | Action::RecoveryCodeUsed
                | Action::RecoveryCodesRenewed
                | Action::KeyChanged
                | Action::UnsignedEnd
                | Action::KeyRotated => false,
            },
        }
    }
}

text_enum! {
    /// What kind of thing a change was made to.
    pub enum Resource {
        /// An article.
        Article = "article",
        /// An author.
        Author = "author",
        /// A source.
        Source = "source",
        /// A tag.
        Tag = "tag",
        /// An account.
        User = "user",
        /// A role that an admin made.
        Role = "role",
        /// An API token.
        Token = "token",
        /// A session of an account.
        Session = "session",
        /// The link of an account with an identity at the provider of single sign-on.
        Identity = "identity",
        /// A passkey of an account.
        Passkey = "passkey",
        /// A key that the log is signed with.
        LogKey = "log_key",
        /// A key that access tokens are signed with.
        AccessKey = "access_key",
        /// A preview link of an article.
        PreviewLink = "preview_link",
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What was done.
    pub action: Action,
    /// To what kind of thing.
    pub resource: Resource,
    /// To which one.
    pub id: String,
    /// The version before, when there was one.
    pub before: Option<i32>,
    /// The version after, when there is one.
    pub after: Option<i32>,
    /// Why, in the words of whoever did it; for colleagues only.
    pub note: Option<String>,
    /// The hash of what the change made, so that the log can tell whether that was touched since.
    pub digest: Option<String>,
    /// What else looks different to readers after this; not written to the log.
    pub touched: Vec<String>,
}

impl Event {
    /// A change that is not about versions.
    pub fn new(action: Action, resource: Resource, id: impl Into<String>) -> Event {
        Event {
            action,
            resource,
            id: id.into(),
            before: None,
            after: None,
            note: None,
            digest: None,
            touched: Vec::new(),
        }
    }

    /// The same with a reason.
    pub fn noted(self, note: Option<String>) -> Event {
        Event { note, ..self }
    }

    /// The same with the hash of what the change made.
    pub fn sealing(self, digest: impl Into<String>) -> Event {
        Event { digest: Some(digest.into()), ..self }
    }

    /// The same, when something else looks different to readers, too: the story whose translation it is.
    pub fn touching(self, id: impl Into<String>) -> Event {
        Event { touched: vec![id.into()], ..self }
    }

    /// Something new, in version 1.
    pub fn created(resource: Resource, id: impl Into<String>) -> Event {
        Event { after: Some(1), ..Event::new(Action::Created, resource, id) }
    }

    /// A change from one version to the next.
    pub fn updated(resource: Resource, id: impl Into<String>, after: i32) -> Event {
        Event { before: Some(after - 1), after: Some(after), ..Event::new(Action::Updated, resource, id) }
    }

    /// The end of something that was in this version.
    pub fn deleted(resource: Resource, id: impl Into<String>, before: i32) -> Event {
        Event { before: Some(before), ..Event::new(Action::Deleted, resource, id) }
    }
}
