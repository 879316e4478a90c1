//! Rows that nobody changes unseen: the log has the hash of each, as it was written last, and `dateline verify` holds the
//! row against it.

use super::Resource;
use crate::db::AnyConnection;
use crate::error::Result;

/// A row whose hash is in the log.
pub trait Sealed {
    /// What the log calls it.
    const RESOURCE: Resource;

    /// Its name in the log.
    fn id(&self) -> &str;

    /// The hash of everything that only changes together with an entry of the log: what goes to [`super::Event::sealing`].
    fn seal(&self, connection: &mut AnyConnection) -> Result<String>;
}
