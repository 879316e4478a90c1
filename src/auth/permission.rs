//! What one may do: the one table of the house.
//!
//! A handler names what it needs in its signature (`caller: Allow<needs::WriteTaxonomy>`), so there is no way to write
//! one that forgot to ask. Rules about *this* object (a writer's own story) are checked where the object is loaded.

use super::role::Role;

/// One thing that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read working copies; a writer only own ones.
    ReadDrafts,
    /// Create, change and delete articles; a writer only own ones. Readers see none of it before somebody publishes.
    WriteArticles,
    /// Do with every article what is otherwise done with one's own.
    EditEveryArticle,
    /// Publish, schedule, take down, kill.
    PublishArticles,
    /// Publish a story again that was killed.
    LiftKills,
    /// Read what is published under an embargo, before readers do; each such read is logged.
    ReadEmbargoed,
    /// Read the log of all changes.
    ReadLog,
    /// Remove a story for good, with all its past.
    PurgeArticles,
    /// Create, change and delete tags, sources and authors.
    WriteTaxonomy,
    /// Create, change and delete accounts.
    ManageUsers,
    /// Look at one's own account, change one's password, sign out.
    OwnAccount,
}

impl Permission {
    /// Every permission, in the order of the table.
    pub const ALL: [Permission; 11] = [
        Permission::ReadDrafts,
        Permission::WriteArticles,
        Permission::EditEveryArticle,
        Permission::PublishArticles,
        Permission::LiftKills,
        Permission::ReadEmbargoed,
        Permission::ReadLog,
        Permission::PurgeArticles,
        Permission::WriteTaxonomy,
        Permission::ManageUsers,
        Permission::OwnAccount,
    ];
}

/// The table: whether a role has a permission. There is no other rule by role in the house.
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission::{
        EditEveryArticle, OwnAccount, PublishArticles, ReadDrafts, ReadEmbargoed, ReadLog, WriteArticles, WriteTaxonomy,
    };
    let allowed: &[Permission] = match role {
        // Who sees working copies needs no embargo lifted; what readers see, an admin sees exactly as they do.
        Role::Admin => return permission != ReadEmbargoed,
        Role::Editor => {
            &[ReadDrafts, WriteArticles, EditEveryArticle, PublishArticles, ReadLog, WriteTaxonomy, OwnAccount]
        }
        Role::Writer => &[ReadDrafts, WriteArticles, OwnAccount],
        Role::Partner => &[ReadEmbargoed, OwnAccount],
    };
    allowed.contains(&permission)
}

/// The roles that have a permission, as a sentence says them: "admin or editor".
pub fn roles_with(permission: Permission) -> String {
    let roles = Role::ALL.iter().filter(|role| allows(**role, permission));
    roles.map(|role| role.as_str()).collect::<Vec<_>>().join(" or ")
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

    needs!(ReadDrafts, WriteArticles, PublishArticles, ReadLog, WriteTaxonomy, ManageUsers, OwnAccount);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_this_one() {
        // admin, editor, writer, partner
        let expected = [
            (Permission::ReadDrafts, [true, true, true, false]),
            (Permission::WriteArticles, [true, true, true, false]),
            (Permission::EditEveryArticle, [true, true, false, false]),
            (Permission::PublishArticles, [true, true, false, false]),
            (Permission::LiftKills, [true, false, false, false]),
            (Permission::ReadEmbargoed, [false, false, false, true]),
            (Permission::ReadLog, [true, true, false, false]),
            (Permission::PurgeArticles, [true, false, false, false]),
            (Permission::WriteTaxonomy, [true, true, false, false]),
            (Permission::ManageUsers, [true, false, false, false]),
            (Permission::OwnAccount, [true, true, true, true]),
        ];
        assert_eq!(expected.map(|(permission, _)| permission), Permission::ALL);
        for (permission, row) in expected {
            let actual = [Role::Admin, Role::Editor, Role::Writer, Role::Partner].map(|role| allows(role, permission));
            assert_eq!(actual, row, "{permission:?}");
        }
    }

    #[test]
    fn a_refusal_can_name_who_may() {
        assert_eq!(roles_with(Permission::WriteTaxonomy), "admin or editor");
        assert_eq!(roles_with(Permission::ManageUsers), "admin");
    }
}
