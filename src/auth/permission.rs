//! What one may do, by name. Which role has what is in [`super::role`]; who may do what to which story is decided in
//! [`super::decide`](mod@super::decide) alone.
//!
//! A handler names what it needs in its signature (`caller: Allow<needs::WriteTaxonomy>`), so there is no way to write
//! one that forgot to ask. Limits to *this* object (a writer's own story) are asked about where the object is loaded.

use super::role::Role;
use crate::db::types::text_enum;

text_enum! {
    /// One thing that not everybody may do.
    pub enum Permission {
        /// Read working copies. Whoever may change or publish one may read it, too.
        ReadDrafts = "articles:read_drafts",
        /// Create, change and delete articles. Readers see none of it before somebody publishes.
        WriteArticles = "articles:write",
        /// Approve what was submitted for review, or ask for changes. Whoever may publish an article may do this, too.
        ReviewArticles = "articles:review",
        /// Publish, schedule, take down, kill.
        PublishArticles = "articles:publish",
        /// Publish a story again that was killed.
        LiftKills = "articles:lift_kill",
        /// Remove a story for good, with all its past.
        PurgeArticles = "articles:purge",
        /// Read what is published under an embargo, before readers do; each such read is logged.
        ReadEmbargoed = "embargo:read",
        /// Read the log of all changes.
        ReadLog = "events:read",
        /// Create, change and delete tags, sources and authors.
        WriteTaxonomy = "taxonomy:write",
        /// Create, change and delete accounts and roles.
        ManageUsers = "users:manage",
        /// Look at one's own account, and at what the roles may do. Every API token may.
        ReadAccount = "account:read",
        /// Set up a second factor for one's own account, and sign out: what is left to whoever has to set one up first. For
        /// people who sign in, not for API tokens.
        SecureAccount = "account:secure",
        /// Change one's own account: password, sessions, API tokens. For people who sign in, not for API tokens.
        OwnAccount = "account:own",
    }
}

impl Permission {
    /// Whether it is about single stories, so that it can be given for some of them only.
    pub fn is_about_stories(self) -> bool {
        matches!(
            self,
            Permission::ReadDrafts
                | Permission::WriteArticles
                | Permission::ReviewArticles
                | Permission::PublishArticles
                | Permission::LiftKills
                | Permission::PurgeArticles
        )
    }

    /// Whether a role that an admin makes, or an API token, may have it. Accounts stay with admins, because whoever makes
    /// accounts can make an admin; one's own account is everybody's already.
    pub fn is_grantable(self) -> bool {
        !matches!(
            self,
            Permission::ManageUsers | Permission::ReadAccount | Permission::SecureAccount | Permission::OwnAccount
        )
    }

    /// Whether it is left to whoever has to set up a second factor before anything else.
    pub fn precedes_second_factor(self) -> bool {
        matches!(self, Permission::ReadAccount | Permission::SecureAccount)
    }

    /// Whether having this one is enough to do `other`: nobody changes or publishes what they may not read, and whoever
    /// publishes need not ask anybody.
    pub fn covers(self, other: Permission) -> bool {
        self == other
            || (other == Permission::ReviewArticles && self == Permission::PublishArticles)
            || (other == Permission::ReadDrafts && self.is_about_stories())
            || (other.precedes_second_factor() && self == Permission::OwnAccount)
    }
}

/// The built-in roles that have a permission, as a sentence says them: "admin or editor".
pub fn roles_with(permission: Permission) -> String {
    let has = |role: &&Role| role.grants().iter().any(|grant| grant.action.covers(permission));
    Role::ALL.iter().filter(has).map(|role| role.as_str()).collect::<Vec<_>>().join(" or ")
}

/// A permission as a type, for the signatures of handlers.
pub trait Needs {
    /// The permission that the type stands for.
    const PERMISSION: Permission;
}

/// The permissions as types: `caller: Allow<needs::WriteTaxonomy>`.
pub mod needs {
    use super::{Needs, Permission};

    macro_rules! needs {
        ($($name:ident),+ $(,)?) => {$(
            #[doc = concat!("Needs [`Permission::", stringify!($name), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Needs for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+};
    }

    needs!(
        ReadDrafts,
        WriteArticles,
        ReviewArticles,
        PublishArticles,
        ReadLog,
        WriteTaxonomy,
        ManageUsers,
        ReadAccount,
        SecureAccount,
        OwnAccount,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_can_name_who_may() {
        assert_eq!(roles_with(Permission::WriteTaxonomy), "admin or editor");
        assert_eq!(roles_with(Permission::ManageUsers), "admin");
    }
}
