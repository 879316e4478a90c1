//! What somebody is in the newsroom. What each role may do is in one table: [`super::permission::allows`].

use crate::db::types::text_enum;

text_enum! {
    /// What somebody is in the newsroom, and with it what they may do: an admin everything, an editor everything but
    /// accounts, a writer only own stories that are not published, a partner nothing but read ahead.
    pub enum Role {
        /// Runs the newsroom's Dateline: everything, accounts too.
        Admin = "admin",
        /// Edits and publishes everybody's stories; keeps tags, sources and authors.
        Editor = "editor",
        /// Writes own stories and hands them in; does not publish.
        Writer = "writer",
        /// Reads ahead what is under embargo, and nothing that readers will not see.
        Partner = "partner",
    }
}
