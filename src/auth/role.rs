//! The roles that every newsroom has. Admins can make others: see [`super::roles`].

use super::grant::Grant;
use super::permission::Permission;
use crate::db::types::text_enum;

text_enum! {
    /// A built-in role.
    pub enum Role {
        /// Runs the newsroom's Dateline: everything, accounts too.
        Admin = "admin",
        /// Edits, reviews and publishes everybody's stories; keeps tags, sources and authors.
        Editor = "editor",
        /// Writes own stories and hands them in; does not publish.
        Writer = "writer",
        /// Writes own stories until they are first published, and hands them in.
        Contributor = "contributor",
        /// Reads ahead what is under embargo, and nothing that readers will not see.
        Partner = "partner",
        /// Sees every working copy and changes nothing.
        Viewer = "viewer",
    }
}

impl Role {
    /// What the role may do: the table of the built-in roles.
    pub fn grants(self) -> Vec<Grant> {
        use Permission::{
            OwnAccount, PublishArticles, ReadDrafts, ReadEmbargoed, ReadLog, ReviewArticles, WriteArticles,
            WriteTaxonomy,
        };
        let everything = |actions: &[Permission]| actions.iter().map(|action| Grant::of(*action)).collect();
        let own = |action| Grant { own: true, ..Grant::of(action) };
        match self {
            Role::Admin => everything(Permission::ALL),
            Role::Editor => everything(&[
                ReadDrafts,
                WriteArticles,
                ReviewArticles,
                PublishArticles,
                ReadLog,
                WriteTaxonomy,
                OwnAccount,
            ]),
            Role::Writer => vec![own(ReadDrafts), own(WriteArticles), Grant::of(OwnAccount)],
            Role::Contributor => {
                let unpublished = Grant { unpublished: true, ..own(WriteArticles) };
                vec![own(ReadDrafts), unpublished, Grant::of(OwnAccount)]
            }
            Role::Partner => everything(&[ReadEmbargoed, OwnAccount]),
            Role::Viewer => everything(&[ReadDrafts, OwnAccount]),
        }
    }

    /// What the role is for, in a line.
    pub fn description(self) -> &'static str {
        match self {
            Role::Admin => "Runs the newsroom's Dateline: everything, accounts too.",
            Role::Editor => "Edits, reviews and publishes everybody's stories; keeps tags, sources and authors.",
            Role::Writer => "Writes own stories and hands them in; does not publish.",
            Role::Contributor => "Writes own stories until they are first published, and hands them in.",
            Role::Partner => "Reads ahead what is under embargo, and nothing that readers will not see.",
            Role::Viewer => "Sees every working copy and changes nothing.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_this_one() {
        // "any" story, "own" ones, own ones that were "new"ly begun and never published, or none.
        let expected = [
            (Permission::ReadDrafts, ["any", "any", "own", "own", "", "any"]),
            (Permission::WriteArticles, ["any", "any", "own", "new", "", ""]),
            (Permission::ReviewArticles, ["any", "any", "", "", "", ""]),
            (Permission::PublishArticles, ["any", "any", "", "", "", ""]),
            (Permission::LiftKills, ["any", "", "", "", "", ""]),
            (Permission::PurgeArticles, ["any", "", "", "", "", ""]),
            (Permission::ReadEmbargoed, ["any", "", "", "", "any", ""]),
            (Permission::ReadLog, ["any", "any", "", "", "", ""]),
            (Permission::WriteTaxonomy, ["any", "any", "", "", "", ""]),
            (Permission::ManageUsers, ["any", "", "", "", "", ""]),
            // OwnAccount covers these.
            (Permission::ReadAccount, ["any", "", "", "", "", ""]),
            (Permission::SecureAccount, ["any", "", "", "", "", ""]),
            (Permission::OwnAccount, ["any", "any", "any", "any", "any", "any"]),
        ];
        assert_eq!(expected.map(|(permission, _)| permission), Permission::ALL);
        let reach = |role: &Role, permission: Permission| {
            let grant = role.grants().into_iter().find(|grant| grant.action == permission);
            grant.map_or("", |grant| match (grant.own, grant.unpublished) {
                (false, false) => "any",
                (true, false) => "own",
                (true, true) => "new",
                (false, true) => "somebody's new",
            })
        };
        for (permission, row) in expected {
            let actual: Vec<&str> = Role::ALL.iter().map(|role| reach(role, permission)).collect();
            assert_eq!(actual, row, "{permission:?}");
        }
    }
}
