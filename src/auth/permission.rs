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
    /// Create, change and delete tags, sources and authors.
    WriteTaxonomy,
    /// Create, change and delete accounts.
    ManageUsers,
    /// Look at one's own account, change one's password, sign out.
    OwnAccount,
}

impl Permission {
    /// Every permission, in the order of the table.
    pub const ALL: [Permission; 7] = [
        Permission::ReadDrafts,
        Permission::WriteArticles,
        Permission::EditEveryArticle,
        Permission::PublishArticles,
        Permission::WriteTaxonomy,
        Permission::ManageUsers,
        Permission::OwnAccount,
    ];
}

/// The table: whether a role has a permission. There is no other rule by role in the house.
pub fn allows(role: Role, permission: Permission) -> bool {
    use Permission::{
        EditEveryArticle, ManageUsers, OwnAccount, PublishArticles, ReadDrafts, WriteArticles, WriteTaxonomy,
    };
    match role {
        Role::Admin => true,
        Role::Editor => match permission {
            ReadDrafts | WriteArticles | EditEveryArticle | PublishArticles | WriteTaxonomy | OwnAccount => true,
            ManageUsers => false,
        },
        Role::Writer => match permission {
            ReadDrafts | WriteArticles | OwnAccount => true,
            EditEveryArticle | PublishArticles | WriteTaxonomy | ManageUsers => false,
        },
    }
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

    needs!(ReadDrafts, WriteArticles, PublishArticles, WriteTaxonomy, ManageUsers, OwnAccount);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_this_one() {
        // admin, editor, writer
        let expected = [
            (Permission::ReadDrafts, [true, true, true]),
            (Permission::WriteArticles, [true, true, true]),
            (Permission::EditEveryArticle, [true, true, false]),
            (Permission::PublishArticles, [true, true, false]),
            (Permission::WriteTaxonomy, [true, true, false]),
            (Permission::ManageUsers, [true, false, false]),
            (Permission::OwnAccount, [true, true, true]),
        ];
        assert_eq!(expected.map(|(permission, _)| permission), Permission::ALL);
        for (permission, row) in expected {
            let actual = [Role::Admin, Role::Editor, Role::Writer].map(|role| allows(role, permission));
            assert_eq!(actual, row, "{permission:?}");
        }
    }

    #[test]
    fn a_refusal_can_name_who_may() {
        assert_eq!(roles_with(Permission::WriteTaxonomy), "admin or editor");
        assert_eq!(roles_with(Permission::ManageUsers), "admin");
    }
}
